//! Tests of the service's client from outside: what it sends, which answers it accepts, and what it
//! refuses. The peer is a server on this machine that can misbehave. The test sets the time of day.
//! No other network is used.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on fails"
)]

mod authorization;
mod client;
mod client_assertion;
mod id_token;
mod id_token_forms;
mod key_set;
mod published_keys;
mod service;
mod signed;
mod token;
mod userinfo;
