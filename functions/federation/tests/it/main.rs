//! Integration tests of the bridge, which is called as the HTTP API calls it: an event in, an
//! answer out, all in one process.
//! Every endpoint gets wrong input, and the whole answer is compared. For each fault, the same
//! request without the fault succeeds. The service is a small server in the test, and the test
//! moves the clock.
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
mod secrets;
mod service;
mod start;
#[path = "../support/mod.rs"]
mod support;
mod token;
mod userinfo;
mod verified_record;
mod verify;
mod versions;
