//! The clock of the stand-ins: real time, or a time that stands still, plus a shift that a test can
//! change. All stand-ins of one login share one clock.
//! A function doesn't have this clock. The tests of its own crate cover how it handles time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Real time, or a time that stands still, plus a shift. Clones share the shift.
#[derive(Clone, Debug, Default)]
pub struct SimClock {
    stands_at: Option<DateTime<Utc>>,
    shift_milliseconds: Arc<AtomicI64>,
}

impl SimClock {
    /// A new clock that stands still at this clock's time until [`SimClock::advance`] moves it. It
    /// is for tests of stand-ins alone, because a function doesn't have this clock. Such a test
    /// depends neither on the speed of the machine nor on the time at which it runs.
    #[must_use]
    pub fn stopped(&self) -> Self {
        Self {
            stands_at: Some(self.now()),
            shift_milliseconds: Arc::default(),
        }
    }

    /// The current time for the stand-ins.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that others are given"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        self.stands_at.unwrap_or_else(Utc::now) + self.shift()
    }

    /// How far the clock is ahead.
    #[must_use]
    pub fn shift(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.shift_milliseconds.load(Ordering::Relaxed))
    }

    /// Sets how far the clock is ahead or (with a negative value) behind.
    pub fn set_shift(&self, shift: TimeDelta) {
        self.shift_milliseconds
            .store(shift.num_milliseconds(), Ordering::Relaxed);
    }

    /// Moves the clock, forward or (with a negative value) back.
    pub fn advance(&self, by: TimeDelta) {
        self.shift_milliseconds
            .fetch_add(by.num_milliseconds(), Ordering::Relaxed);
    }
}
