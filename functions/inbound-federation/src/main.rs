//! The Lambda function `inbound-federation`: from the environment to a trigger that serves.

use std::process::ExitCode;
use std::sync::Arc;

use http_client::SystemClock;
use inbound_federation::config::Config;
use inbound_federation::startup::start;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    function_kit::start::run(
        &["inbound_federation"],
        Config::read,
        |config| config.log_level,
        async |config| start(config, Arc::new(SystemClock)).await,
        function_kit::trigger::run,
    )
    .await
}
