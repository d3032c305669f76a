//! What the tests of several crates need: a server that misbehaves as it is told ([`Server`]), a
//! time of day that stands still ([`TestClock`]), randomness that a test knows ([`Repeating`]),
//! sealing keys ([`sealing_keys()`]), a Secrets Manager that takes its time ([`SecretsManager`]),
//! what the service says in a good login ([`service`]), what a URL or a token says ([`parameter`],
//! [`payload`]), and all that is logged meanwhile ([`log`]).
//! Nothing of it is in a function.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails"
)]

mod clock;
pub mod keys;
mod parameters;
mod randomness;
mod reading;
mod sealing_keys;
mod secrets_manager;
mod server;
pub mod service;
mod written;

use std::path::{Path, PathBuf};

pub use clock::{TestClock, start};
pub use parameters::Parameters;
pub use randomness::{Counting, Exhausted, Repeating};
pub use reading::{parameter, parameters, payload};
pub use sealing_keys::{sealing_key, sealing_keys, sealing_keys_json};
pub use secrets_manager::SecretsManager;
pub use server::{Ending, Received, Reply, Server, answer, chunked, json};
pub use written::{Written, log};

/// The root of the repository, two folders above this package.
#[must_use]
pub fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap().to_owned()
}
