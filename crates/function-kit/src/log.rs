//! The log: one JSON object per line, and only the events of this project's crates. Other crates
//! could log what must not be logged, an event of Amazon Cognito for example.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts to log the events of these crates (by their names in Rust) and of this one, from `level`
/// up. From then on a panic is a log event too, and is not written to standard error.
pub fn subscribe(level: tracing::Level, crates: &[&str]) {
    let targets = crates.iter().map(|&name| (name, level));
    let ours = Targets::new()
        .with_default(LevelFilter::OFF)
        .with_target("function_kit", level)
        .with_targets(targets);
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
    // A panic's message may hold anything: only its place is logged.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(event = "panic", place);
    }));
}
