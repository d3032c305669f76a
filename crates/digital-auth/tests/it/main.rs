//! The service's client, seen from outside: what it writes on the wire, what it takes for an
//! answer, and what it refuses. The peer is a server on this machine that can misbehave; the time
//! of day is the test's.
//! No other network.
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
