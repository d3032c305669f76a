//! A time of day that stands still until the test moves it.
//! It starts at one fixed moment, so that a failure is the same every time.
//! Real time passes beside it: the code under test must not confuse the two.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use digital_auth::Clock;

/// When every test begins.
pub(crate) fn start() -> DateTime<Utc> {
    "2026-11-03T00:00:00Z".parse().unwrap()
}

#[derive(Debug)]
pub(crate) struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(start())))
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}
