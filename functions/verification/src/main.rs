//! The Lambda function `verification`: reads the configuration from the environment, and answers
//! the members' API.

use std::process::ExitCode;
use std::sync::Arc;

use digital_auth::SystemClock;
use function_kit::start::Function;
use keys::SystemRandomness;
use verification::config::Config;
use verification::startup::start;

/// The crates whose events are logged.
const CRATES: &[&str] = &[
    "verification",
    "relying_party",
    "member_table",
    "aws_failure",
    "digital_auth",
    "keys",
];

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
