//! The Lambda function `federation`: subscriber, clients once, run.

use std::process::ExitCode;
use std::sync::Arc;

use digital_auth::SystemClock;
use federation::config::Config;
use federation::http_api::{Event, Request, Response};
use federation::startup::start;
use keys::SystemRandomness;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = match Config::read(&|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(error) => {
            subscribe(tracing::Level::INFO);
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
    subscribe(config.log_level);
    // lambda_runtime panics without it.
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        let reason = "AWS_LAMBDA_RUNTIME_API is missing: this function runs on AWS Lambda, or with `digital-auth demo`";
        tracing::error!(event = "start", reason);
        return ExitCode::FAILURE;
    }
    let federation = match start(config, Arc::new(SystemClock), Arc::new(SystemRandomness)).await {
        Ok(federation) => Arc::new(federation),
        Err(error) => {
            tracing::error!(event = "start", reason = %error);
            return ExitCode::FAILURE;
        }
    };
    let served = lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| {
        let federation = Arc::clone(&federation);
        async move {
            let request = Request::from(event.payload);
            Ok::<Response, Error>(federation.handle(request, &event.context.request_id).await)
        }
    }))
    .await;
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => {
            tracing::error!(event = "runtime", reason = "the Lambda runtime ended");
            ExitCode::FAILURE
        }
    }
}

/// One JSON object per line, and only what this project writes: what others log could hold what must not be logged.
fn subscribe(level: tracing::Level) {
    let ours = Targets::new()
        .with_default(LevelFilter::OFF)
        .with_target("federation", level)
        .with_target("digital_auth", level)
        .with_target("keys", level);
    tracing_subscriber::registry()
        .with(
            tracing_subscriber::fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false),
        )
        .with(ours)
        .init();
    // A panic's message may hold anything: only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(event = "panic", place);
    }));
}
