//! The time of day, as a parameter. The program passes on one [`SystemClock`]; a test passes its
//! own clock. The time of day is used, and not the time since the process began: Lambda freezes a
//! process for minutes, and only the time of day is sure to go on meanwhile.

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
