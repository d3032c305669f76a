//! The clock of the stand-ins: real time, and a shift that a test can add.
//! The function under test has no such clock: what its time does is tested with its own library.
//! All stand-ins of one login share one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Real time plus a shift. Cloning shares the shift.
#[derive(Clone, Debug, Default)]
pub struct SimClock {
    shift_milliseconds: Arc<AtomicI64>,
}

impl SimClock {
    /// What time it is for the stand-ins.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that others are given"
    )]
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::milliseconds(self.shift_milliseconds.load(Ordering::Relaxed))
    }

    /// Moves the clock, forward or (with a negative value) back.
    pub fn advance(&self, by: TimeDelta) {
        self.shift_milliseconds
            .fetch_add(by.num_milliseconds(), Ordering::Relaxed);
    }
}
