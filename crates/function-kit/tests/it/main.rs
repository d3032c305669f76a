//! What all functions share, seen from outside: secrets that come late or not at all, and how a
//! failure is told.
//! No network; the time of day is the test's.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails"
)]

mod check;
mod failure;
mod secrets;
