//! template.yaml deployed by `sam deploy` to an emulator of AWS that others wrote, as everybody
//! deploys it, and logins through what is there then: `cargo xtask interop stack` builds the
//! functions, starts the emulator and runs this. What the emulator can't take in a stack is in one
//! place: `limits.rs`. Each test has a stack of its own; all of them share one account.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that can't go on fails"
)]

mod api;
mod aws;
mod deployment;
mod emulator;
mod life;
mod limits;
mod login;
mod rotation;
mod world;
