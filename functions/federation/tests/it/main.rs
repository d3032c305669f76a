//! The bridge, driven as the HTTP API drives it: an event in, an answer out, without another
//! process.
//! Every endpoint with bad input and its exact answer; beside each fault stands the same request
//! without it, which succeeds. The service is a small server in the test, and time is the test's.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on fails"
)]

mod authorize;
mod bridge;
mod callback;
mod deadlines;
mod front_door;
mod head;
mod limits;
mod metadata;
mod metrics;
mod privacy;
mod properties;
mod sealed;
mod secrets;
mod service;
mod start;
#[path = "../support/mod.rs"]
mod support;
mod token;
mod userinfo;
mod verified_record;
mod versions;
