//! The HTTP client, seen from outside. The peer is a server on this machine that can misbehave; the
//! time of day is the test's.
//! No other network.
#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a test that can't go on fails"
)]

mod client;
