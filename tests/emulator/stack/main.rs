//! Deploys template.yaml to an emulator of AWS with `sam deploy`, as an operator deploys it, and
//! signs people in through the result. `cargo xtask interop stack` builds the functions, starts the
//! emulator and runs these tests.
//! What the emulator doesn't support in a stack is listed in `limits.rs`. Each test has a stack of
//! its own, and all stacks are in one account.
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
mod members;
mod rotation;
mod world;
