//! One time limit for a whole exchange, however many calls it takes. Amazon Cognito waits a few
//! seconds for the answer of the token endpoint, and then fails the login. So an error that comes
//! in time is worth more than a success that comes too late.

use std::future::Future;
use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;

/// The moment at which an exchange ends, whatever is under way.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
}

/// The deadline passed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the deadline passed")]
pub struct DeadlinePassed;

impl Deadline {
    /// The deadline that lies `after` from now.
    #[must_use]
    pub fn after(after: Duration) -> Self {
        Self {
            at: Instant::now() + after,
        }
    }

    /// The deadline of an exchange that began at `begun` and may take `time`.
    #[must_use]
    pub fn counted_from(begun: Instant, time: Duration) -> Self {
        Self { at: begun + time }
    }

    /// The earlier of this deadline and the one that lies `after` from now.
    #[must_use]
    pub fn at_most(self, after: Duration) -> Self {
        Self {
            at: self.at.min(Instant::now() + after),
        }
    }

    /// Whether the deadline has passed.
    #[must_use]
    pub fn has_passed(self) -> bool {
        Instant::now() >= self.at
    }

    /// Runs `work` until the deadline at most.
    ///
    /// # Errors
    ///
    /// [`DeadlinePassed`] if the work wasn't done in time. It is dropped then.
    pub async fn bound<T>(self, work: impl Future<Output = T>) -> Result<T, DeadlinePassed> {
        tokio::time::timeout_at(self.at, work)
            .await
            .map_err(|_| DeadlinePassed)
    }
}
