//! What tests of an HTTP client need: a server that misbehaves as it is told ([`Server`]), and a time of day that stands
//! still ([`TestClock`]).
//! Nothing of it is in a function.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails"
)]

mod clock;
mod server;

pub use clock::{TestClock, start};
pub use server::{Ending, Received, Reply, Server, answer, chunked, json};
