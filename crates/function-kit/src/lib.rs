//! What every Lambda function of this project shares, so that a function's own files hold only what
//! is its own:
//!
//! - [`settings`] and [`telemetry`] read the environment.
//! - [`secrets`] keeps secrets, and fetches them again.
//! - [`aws`] is the AWS SDK on our own HTTP client.
//! - [`invocation`] is one call of a function.
//! - [`failure`] writes one log event for each failure, and [`check`] one for each check that
//!   passed, to follow a login step by step.
//! - [`metrics`] writes one line of metrics for each request. [`once`] counts one person once, so
//!   that no single person decides an alarm.
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
