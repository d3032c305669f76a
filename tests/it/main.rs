//! The tests that need more than one crate and nothing but cargo. Most of them drive the built
//! functions over HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on stops, also in the functions that several share"
)]

mod app;
mod cases;
mod checks;
mod claims;
mod command;
mod configuration;
mod conformance;
mod faults;
mod front_channel;
mod frozen;
mod limits;
mod login;
mod members;
mod metrics;
mod numbers;
mod own_app;
mod privacy;
mod process;
mod runtime;
mod simulate;
mod triggers;
