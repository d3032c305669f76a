//! Counts each person once in a period. Some alarms go by a share, that of successful logins for
//! example: one person who does the same thing again and again must not decide them.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// For how long a person counts only once: the period of the alarms that go by a share. After it
/// the person counts again, so that a long outage still counts.
pub const PERIOD: TimeDelta = TimeDelta::minutes(20);
/// How many people or places are remembered. If more come within a period, no single person decides
/// an alarm any more, and the oldest are forgotten.
const MOST: usize = 1_024;

/// Remembers for a period who was counted. It belongs to one process, and it holds no names: only
/// hashes, with a key that is made at random when the process starts.
#[derive(Default)]
pub struct OncePerPeriod {
    key: RandomState,
    counted: Mutex<VecDeque<(u64, DateTime<Utc>)>>,
}

impl fmt::Debug for OncePerPeriod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OncePerPeriod")
    }
}

impl OncePerPeriod {
    /// Whether `who` counts now: it has not counted within the last period. If it counts, this is
    /// remembered.
    pub fn counts(&self, who: impl Hash, now: DateTime<Utc>) -> bool {
        let who = self.key.hash_one(who);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock may go back a little.
        counted.retain(|(_, at)| (now - *at).abs() < PERIOD);
        if counted.iter().any(|(known, _)| *known == who) {
            return false;
        }
        if counted.len() == MOST {
            counted.pop_front();
        }
        counted.push_back((who, now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn everybody_counts_once_in_a_period() {
        let once = OncePerPeriod::default();
        assert!(once.counts("a", at(0)) && once.counts("b", at(1)));
        for seconds in [0, 1, 600, 1_199] {
            assert!(!once.counts("a", at(seconds)), "{seconds}");
        }
        // The period begins when a person is counted, and not when they came last.
        assert!(once.counts("a", at(1_200)) && !once.counts("b", at(1_200)));
        assert!(once.counts("b", at(1_201)));
    }

    #[test]
    fn a_clock_that_goes_back_a_little_changes_nothing() {
        let once = OncePerPeriod::default();
        assert!(once.counts("a", at(0)));
        assert!(!once.counts("a", at(-60)));
        assert!(once.counts("a", at(-1_200)));
    }

    #[test]
    fn the_memory_is_bounded_and_the_oldest_are_forgotten() {
        let once = OncePerPeriod::default();
        for who in 0..3 * MOST {
            assert!(once.counts(who, at(0)));
        }
        assert_eq!(once.counted.lock().unwrap().len(), MOST);
        assert!(!once.counts(3 * MOST - 1, at(0)) && !once.counts(2 * MOST, at(0)));
        assert!(once.counts(2 * MOST - 1, at(0)));
    }

    #[test]
    fn nothing_is_told_of_anybody() {
        let (once, other) = (OncePerPeriod::default(), OncePerPeriod::default());
        assert!(once.counts("a name", at(0)) && other.counts("a name", at(0)));
        assert_eq!(format!("{once:?}"), "OncePerPeriod");
        // Each process has a key of its own, so the same name has another hash.
        let hash = |once: &OncePerPeriod| once.counted.lock().unwrap()[0].0;
        assert_ne!(hash(&once), hash(&other));
    }
}
