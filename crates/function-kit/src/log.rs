//! The log: one JSON object per line, and only what this project writes.
//! What others log could hold what must not be logged, an event of Amazon Cognito for example.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Begins to log what these crates (by their names in Rust) and this one say, from `level` on. From
/// then on a panic is an event too, and standard error says nothing of it.
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
    // A panic's message may hold anything: only its place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(event = "panic", place);
    }));
}
