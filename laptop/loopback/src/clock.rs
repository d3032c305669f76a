//! The clock of the stand-ins: real time, or a time that stands, and a shift that a test can add.
//! The function under test has no such clock: what its time does is tested with its own library.
//! All stand-ins of one login share one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Real time, or a time that stands, plus a shift. Cloning shares the shift.
#[derive(Clone, Debug, Default)]
pub struct SimClock {
    stands_at: Option<DateTime<Utc>>,
    shift_milliseconds: Arc<AtomicI64>,
}

impl SimClock {
    /// A clock that stands where this one is now, until it is moved. For stand-ins alone, without a
    /// function: nothing then depends on how fast a machine is, and no test on when it runs.
    #[must_use]
    pub fn stopped(&self) -> Self {
        Self {
            stands_at: Some(self.now()),
            shift_milliseconds: Arc::default(),
        }
    }

    /// What time it is for the stand-ins.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that others are given"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        self.stands_at.unwrap_or_else(Utc::now)
            + TimeDelta::milliseconds(self.shift_milliseconds.load(Ordering::Relaxed))
    }

    /// Moves the clock, forward or (with a negative value) back.
    pub fn advance(&self, by: TimeDelta) {
        self.shift_milliseconds
            .fetch_add(by.num_milliseconds(), Ordering::Relaxed);
    }
}
