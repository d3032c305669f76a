//! What time it is, as a parameter.
//! The program makes one [`SystemClock`] and hands it on; a test hands on its own.
//! It is the time of day and not a stopwatch: Lambda freezes a process for minutes, and only the
//! time of day is sure to notice.

use std::fmt;

use chrono::{DateTime, Utc};

/// Tells the time of day.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now, UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that others are given"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}
