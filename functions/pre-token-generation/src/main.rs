//! The Lambda function `pre-token-generation`: from the environment to a trigger that serves.

use std::process::ExitCode;
use std::sync::Arc;

use http_client::SystemClock;
use pre_token_generation::config::Config;
use pre_token_generation::startup::start;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    function_kit::start::run(
        &["pre_token_generation"],
        Config::read,
        |config| config.log_level,
        async |config| start(config, Arc::new(SystemClock)).await,
        function_kit::trigger::run,
    )
    .await
}
