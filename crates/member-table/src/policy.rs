//! How many members a person may verify, and when a member who is no longer verified makes room for
//! another one.

use chrono::{DateTime, TimeDelta, Utc};

/// How many members a person may verify.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Policy {
    /// One at a time. The next one has to wait after the former was released.
    One(ReleaseWait),
    /// Any number. The person's entry keeps the first holder, so that a later change to
    /// [`Policy::One`] knows one of them; further members have only entries of their own.
    Many,
}

/// How long a person has to wait for another member after the former member was released: taken
/// back, or found gone. The former member may be verified again at any time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReleaseWait {
    /// Another member may be verified at once.
    AtOnce,
    /// Another member may be verified after this many times 24 hours.
    Days(u16),
    /// Another member is never verified.
    Never,
}

impl ReleaseWait {
    /// Whether the wait for a release at `released_at` is over.
    pub(crate) fn is_over(self, released_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        match self {
            Self::AtOnce => true,
            Self::Days(days) => released_at
                .checked_add_signed(TimeDelta::days(days.into()))
                .is_some_and(|end| now >= end),
            Self::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_of_days_ends_after_as_many_times_24_hours() {
        let at = kit::start();
        let over = |wait: ReleaseWait, after| wait.is_over(at, at + after);
        let ms = TimeDelta::milliseconds(1);

        assert!(over(ReleaseWait::AtOnce, TimeDelta::zero()));
        assert!(over(ReleaseWait::Days(0), TimeDelta::zero()));
        assert!(!over(ReleaseWait::Days(30), TimeDelta::days(30) - ms));
        assert!(over(ReleaseWait::Days(30), TimeDelta::days(30)));
        assert!(!over(ReleaseWait::Never, TimeDelta::days(100_000)));
        assert!(!ReleaseWait::Days(1).is_over(DateTime::<Utc>::MAX_UTC, at));
    }
}
