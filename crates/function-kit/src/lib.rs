//! What every function of this project shares, so that a function's own files tell only its own
//! story: what the environment says ([`settings`], [`telemetry`]), secrets that are fetched again
//! ([`secrets`]), AWS on our own HTTP client ([`aws`]), what one call is ([`invocation`]), and what
//! the operator is told: one log event for a failure ([`failure`]) and, for those who want to see
//! each step, for a check ([`check`]); one line of metrics for a request ([`metrics`]), in which
//! one person counts once where others must decide, too ([`once`]).
//!
//! A function's `main` is [`start::run`], which serves events one by one ([`runtime`]).

pub mod aws;
pub mod check;
mod class;
pub mod failure;
pub mod invocation;
pub mod log;
pub mod metrics;
pub mod once;
pub mod reference;
pub mod runtime;
pub mod secrets;
pub mod settings;
pub mod start;
pub mod support_id;
pub mod telemetry;
