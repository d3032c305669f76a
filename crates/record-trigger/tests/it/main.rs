//! Tests of what both triggers share: what becomes of an event, what the operator sees of it, and
//! which records are accepted. No network is used; the tests set the time of day.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails"
)]

mod records;
mod trigger;
