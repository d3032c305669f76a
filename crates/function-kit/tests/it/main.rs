//! What all functions share, seen from outside: what becomes of a trigger's event, and what the operator sees of it.
//! No network; the time of day is the test's.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails"
)]

mod secrets;
mod trigger;
