//! One call of a function by AWS Lambda, as far as it isn't what was asked: which, when, until
//! when, and where is noted what it takes. There is one deadline for the whole of it, whatever it
//! waits for.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http_client::{Clock, Deadline};
use tokio::time::Instant;

use crate::metrics::{Measurements, Step};
use crate::support_id::SupportId;

/// How long an answer may take, from the first byte of what was asked: Amazon Cognito waits for
/// five seconds, of its triggers as AWS documents it, and of a provider's token endpoint as people
/// report it. The second in between is for the network, API Gateway and Lambda.
pub const ANSWER: Duration = Duration::from_secs(4);

/// One call.
#[derive(Debug)]
pub struct Invocation<'a> {
    /// Lambda's id of the call. If Amazon Cognito repeats a call, it is another one.
    pub request_id: &'a str,
    /// When the call began.
    pub now: DateTime<Utc>,
    /// Since when somebody waits for an answer.
    pub begun: Instant,
    /// When it has to be answered.
    pub deadline: Deadline,
    /// What is counted and measured during the call.
    pub measurements: &'a Measurements,
}

impl<'a> Invocation<'a> {
    /// The call that Lambda calls `request_id`, of which somebody has waited for an answer since
    /// `begun`.
    #[must_use]
    pub fn new(
        request_id: &'a str,
        begun: Instant,
        clock: &dyn Clock,
        measurements: &'a Measurements,
    ) -> Self {
        Self {
            request_id,
            now: clock.now(),
            begun,
            deadline: Deadline::counted_from(begun, ANSWER),
            measurements,
        }
    }

    /// Of these, the one whose steps took most of the time since somebody waits; `None` if nothing
    /// of it took as much as the rest did, a process that had to start for example. What was under
    /// way at once shares that time.
    #[must_use]
    pub fn slowest<C: Copy>(&self, known: &[(&[Step], C)]) -> Option<C> {
        let groups: Vec<_> = known.iter().map(|(steps, _)| *steps).collect();
        let shares = self.measurements.shares(&groups);
        let rest = self.begun.elapsed().saturating_sub(shares.iter().sum());
        let classes = known.iter().map(|(_, class)| *class);
        let slowest = shares
            .into_iter()
            .zip(classes)
            .max_by_key(|(time, _)| *time);
        slowest
            .filter(|(time, _)| *time >= rest)
            .map(|(_, class)| class)
    }

    /// The short name of the call, by which people tell of it.
    #[must_use]
    pub fn support_id(&self) -> SupportId {
        SupportId::of_request(self.request_id)
    }
}
