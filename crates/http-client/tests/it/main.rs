//! Tests of the HTTP client, through the public interface of the crate. The peer is a server on
//! this machine that can misbehave; the tests set the time of day. No other network is used.
#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a test that can't go on fails"
)]

mod client;
