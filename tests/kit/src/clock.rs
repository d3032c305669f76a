//! A time of day that stands still until the test moves it.
//! It starts at one fixed moment, so that a failure is the same every time.
//! Real time passes beside it: the code under test must not confuse the two.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use http_client::Clock;

/// When every test begins.
pub fn start() -> DateTime<Utc> {
    "2026-11-03T00:00:00Z".parse().unwrap()
}

/// The clock.
#[derive(Debug)]
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    /// A clock that shows [`start`].
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(start())))
    }

    /// Lets so much time pass; less than nothing puts it back.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}
