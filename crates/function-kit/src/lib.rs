//! What every function of this project shares, so that a function's own files tell only its own story: what the
//! environment says ([`settings`], [`telemetry`]), secrets that are fetched again ([`secrets`]), AWS on our own HTTP client ([`aws`]),
//! and what the operator is told: one log event for a failure ([`failure`]), one line of metrics for a request ([`metrics`]).
//!
//! A function's `main` is [`start::run`]; a trigger of Amazon Cognito is served by [`trigger::run`], and
//! what it has to know of records is in [`verified`].

pub mod aws;
pub mod check;
pub mod failure;
pub mod log;
pub mod metrics;
pub mod reference;
pub mod secrets;
pub mod settings;
pub mod start;
pub mod support_id;
pub mod telemetry;
pub mod trigger;
pub mod verified;
