//! A function's start, the same for all of them: configuration, log, what takes time, and then the
//! events, one by one. Whatever is wrong is said in the log, all of the configuration's problems at
//! once, and never with a value.

use std::fmt::Display;
use std::process::ExitCode;

use http_client::Clock;
use tokio::time::Instant;

use crate::log::subscribe;
use crate::metrics::Metrics;
use crate::runtime::{self, Handler, Started};
use crate::settings::ConfigError;
use crate::telemetry::Telemetry;

/// A function, as it is told of.
#[derive(Clone, Copy, Debug)]
pub struct Function<'a> {
    /// Its name, the same in every stack: the metrics' dimension `Function`.
    pub name: &'static str,
    /// The crates whose events are logged, by their names in Rust.
    pub crates: &'a [&'a str],
    /// What time it is.
    pub clock: &'a dyn Clock,
}

/// The whole of a function's `main`: reads the environment, makes the function, and serves until
/// Lambda ends it.
/// A process that is ready counts as a cold start, with the time since this was called. Outside of
/// Lambda and its stand-in nothing is made, and nobody is called.
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
    // lambda_runtime panics without it.
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        let reason = "AWS_LAMBDA_RUNTIME_API is missing: this function runs on AWS Lambda, or with `digital-auth demo`";
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
        // What the runtime says could hold a part of an event.
        Err(_) => {
            tracing::error!(event = "runtime", reason = "the Lambda runtime ended");
            ExitCode::FAILURE
        }
    }
}
