//! The Lambda function `inbound-federation`: reads the configuration from the environment, and
//! serves the trigger.

use std::process::ExitCode;
use std::sync::Arc;

use function_kit::start::Function;
use http_client::SystemClock;
use inbound_federation::config::Config;
use inbound_federation::startup::start;
use record_trigger::trigger::Served;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    function_kit::start::run(
        Function {
            name: env!("CARGO_PKG_NAME"),
            crates: &["inbound_federation", "record_trigger"],
            clock: &SystemClock,
        },
        Config::read,
        |config| &config.telemetry,
        async |config| start(config, Arc::new(SystemClock)).await.map(Served),
    )
    .await
}
