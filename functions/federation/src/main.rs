//! The Lambda function `federation`: subscriber, clients once, run.

use std::process::ExitCode;
use std::sync::Arc;

use digital_auth::SystemClock;
use federation::config::Config;
use federation::http_api::{Event, Request, Response};
use federation::startup::start;
use function_kit::start::Function;
use keys::SystemRandomness;
use lambda_runtime::{Error, LambdaEvent, service_fn};

/// Those whose events are logged.
const CRATES: &[&str] = &["federation", "digital_auth", "keys"];

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
        async |federation| {
            let federation = Arc::new(federation);
            lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| {
                let federation = Arc::clone(&federation);
                async move {
                    let request = Request::from(event.payload);
                    Ok::<Response, Error>(
                        federation.handle(request, &event.context.request_id).await,
                    )
                }
            }))
            .await
        },
    )
    .await
}
