//! A clock for tests: a time of day that stands still until the test moves it.
//! It always starts at the same moment, so that a failing test fails in the same way every time.
//! Real time goes on meanwhile. Code under test that mixes up the two clocks fails its test.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use http_client::Clock;

/// The time at which the clock of every test starts.
pub fn start() -> DateTime<Utc> {
    "2026-11-03T00:00:00Z".parse().unwrap()
}

/// A clock that the test sets. It implements [`Clock`].
#[derive(Debug)]
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    /// A clock that shows [`start`].
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(start())))
    }

    /// Moves the clock forward by `by`, or back if `by` is negative.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}
