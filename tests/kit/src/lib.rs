//! What the tests of several crates share: a server that misbehaves as the test says ([`Server`]),
//! a time of day that stands still ([`TestClock`]), predictable randomness ([`Repeating`]), sealing
//! keys ([`sealing_keys()`]), a slow Secrets Manager ([`SecretsManager`]), the service's answers in
//! a good login ([`service`]), readers of URLs and tokens ([`parameter`], [`payload`]), and a
//! capture of the log ([`log`]).
//! No function contains any of it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails"
)]

mod clock;
mod faults;
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
pub use faults::{Fault, Faults};
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
