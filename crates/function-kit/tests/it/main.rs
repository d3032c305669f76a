//! Tests of what all functions share: secrets that come late or not at all, checks, and how a
//! failure is reported. No network is used; the tests set the time of day.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails"
)]

mod check;
mod failure;
mod secrets;
