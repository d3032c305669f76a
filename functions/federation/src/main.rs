//! The Lambda function `federation`: reads the configuration from the environment, makes the
//! bridge, and answers requests.

use std::process::ExitCode;
use std::sync::Arc;

use digital_auth::SystemClock;
use federation::config::Config;
use federation::startup::start;
use function_kit::start::Function;
use keys::SystemRandomness;

/// The crates whose events are logged.
const CRATES: &[&str] = &["federation", "relying_party", "digital_auth", "keys"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    function_kit::start::run(
        Function {
            name: env!("CARGO_PKG_NAME"),
            crates: CRATES,
            clock: &SystemClock,
        },
        Config::read,
        |config| &config.telemetry,
        async |config| start(config, Arc::new(SystemClock), Arc::new(SystemRandomness)).await,
    )
    .await
}
