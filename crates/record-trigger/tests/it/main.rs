//! What both triggers share, seen from outside: what becomes of an event, what the operator sees of
//! it, and which records are believed. No network; the time of day is the test's.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails"
)]

mod records;
mod trigger;
