//! The Lambda function `pre-token-generation`: reads the configuration from the environment, and
//! serves the trigger.

use std::process::ExitCode;
use std::sync::Arc;

use function_kit::start::Function;
use http_client::SystemClock;
use pre_token_generation::config::Config;
use pre_token_generation::startup::start;
use record_trigger::trigger::Served;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    function_kit::start::run(
        Function {
            name: env!("CARGO_PKG_NAME"),
            crates: &["pre_token_generation", "record_trigger"],
            clock: &SystemClock,
        },
        Config::read,
        |config| &config.telemetry,
        async |config| start(config, Arc::new(SystemClock)).await.map(Served),
    )
    .await
}
