//! A function's start, the same for all of them: configuration, log, what takes time, and then the events, one by one.
//! Whatever is wrong is said in the log, all of the configuration's problems at once, and never with a value.

use std::fmt::Display;
use std::process::ExitCode;

use crate::log::subscribe;
use crate::settings::ConfigError;

/// The whole of a function's `main`: reads the environment, makes the function, and serves until Lambda ends it.
/// `crates` are those whose events are logged, by their names in Rust, and `log_level` says how much of them. Outside of
/// Lambda and its stand-in nothing is made, and nobody is called.
pub async fn run<C, F, E: Display>(
    crates: &[&str],
    read: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> Result<C, ConfigError>,
    log_level: impl FnOnce(&C) -> tracing::Level,
    start: impl AsyncFnOnce(C) -> Result<F, E>,
    serve: impl AsyncFnOnce(F) -> Result<(), lambda_runtime::Error>,
) -> ExitCode {
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
    subscribe(log_level(&config), crates);
    // lambda_runtime panics without it.
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        let reason = "AWS_LAMBDA_RUNTIME_API is missing: this function runs on AWS Lambda, or with `digital-auth demo`";
        tracing::error!(event = "start", reason);
        return ExitCode::FAILURE;
    }
    let function = match start(config).await {
        Ok(function) => function,
        Err(error) => {
            tracing::error!(event = "start", reason = %error);
            return ExitCode::FAILURE;
        }
    };
    match serve(function).await {
        Ok(()) => ExitCode::SUCCESS,
        // What the runtime says could hold a part of an event.
        Err(_) => {
            tracing::error!(event = "runtime", reason = "the Lambda runtime ended");
            ExitCode::FAILURE
        }
    }
}
