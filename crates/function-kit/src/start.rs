//! The start of a function, the same for all of them: reads the configuration, sets up the log,
//! makes the handler, and then serves the events, one by one. What is wrong is logged: all problems
//! of the configuration at once, and never with a value.

use std::fmt::Display;
use std::process::ExitCode;

use http_client::Clock;
use tokio::time::Instant;

use crate::log::subscribe;
use crate::metrics::Metrics;
use crate::runtime::{self, Handler, Started};
use crate::settings::ConfigError;
use crate::telemetry::Telemetry;

/// The name of a function, and what its log and its clock are.
#[derive(Clone, Copy, Debug)]
pub struct Function<'a> {
    /// Its name, the same in every stack: the metrics' dimension `Function`.
    pub name: &'static str,
    /// The crates whose events are logged, by their names in Rust.
    pub crates: &'a [&'a str],
    /// The time of day.
    pub clock: &'a dyn Clock,
}

/// The whole of a function's `main`: reads the environment with `read`, makes the handler with
/// `start`, and serves events until Lambda ends the process. `telemetry` gives the part of the
/// configuration that log and metrics need.
///
/// When the handler is ready, this counts as a cold start, with the time since this was called.
/// Outside of Lambda and its stand-in, `start` is not called.
pub async fn run<C, H: Handler + 'static, E: Display>(
    function: Function<'_>,
    read: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> Result<C, ConfigError>,
    telemetry: impl FnOnce(&C) -> &Telemetry,
    start: impl AsyncFnOnce(C) -> Result<H, E>,
) -> ExitCode {
    let begun = Instant::now();
    let Function {
        name,
        crates,
        clock,
    } = function;
    let config = match read(&|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(error) => {
            subscribe(tracing::Level::INFO, crates);
            for problem in &error.0 {
                tracing::error!(
                    event = "configuration",
                    variable = problem.variable,
                    reason = problem.reason
                );
            }
            return ExitCode::FAILURE;
        }
    };
    let telemetry = telemetry(&config);
    subscribe(telemetry.log_level, crates);
    let metrics = Metrics::new(telemetry);
    // lambda_runtime panics without this variable.
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        let reason = "AWS_LAMBDA_RUNTIME_API is missing: this function runs on AWS Lambda, or \
                      with `digital-auth demo`";
        tracing::error!(event = "start", reason);
        return ExitCode::FAILURE;
    }
    let handler = match start(config).await {
        Ok(handler) => handler,
        Err(error) => {
            tracing::error!(event = "start", reason = %error);
            return ExitCode::FAILURE;
        }
    };
    metrics.write_start(name, begun.elapsed(), clock.now());
    match runtime::run(handler, Started::now(begun)).await {
        Ok(()) => ExitCode::SUCCESS,
        // The error is not logged: it could contain a part of an event.
        Err(_) => {
            tracing::error!(event = "runtime", reason = "the Lambda runtime ended");
            ExitCode::FAILURE
        }
    }
}
