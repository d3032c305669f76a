//! One call of a function by AWS Lambda, without the event: its id, its time, its deadline, and its
//! measurements. There is one deadline for the whole call, whatever it waits for.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http_client::{Clock, Deadline};
use tokio::time::Instant;

use crate::metrics::{Measurements, Step};
use crate::support_id::SupportId;

/// How long an answer may take, from when the caller begins to wait. Amazon Cognito waits for five
/// seconds: AWS documents it for triggers, and users report it for a provider's token endpoint. The
/// second in between is for the network, API Gateway and Lambda.
pub const ANSWER: Duration = Duration::from_secs(4);

/// One call.
#[derive(Debug)]
pub struct Invocation<'a> {
    /// Lambda's id of the call. If Amazon Cognito repeats a call, the repetition has another id.
    pub request_id: &'a str,
    /// When the call began.
    pub now: DateTime<Utc>,
    /// Since when the caller waits for an answer.
    pub begun: Instant,
    /// When the call has to be answered at the latest.
    pub deadline: Deadline,
    /// What is counted and measured during the call.
    pub measurements: &'a Measurements,
}

impl<'a> Invocation<'a> {
    /// The call with Lambda's id `request_id`, whose caller has waited for an answer since `begun`.
    /// The deadline is [`ANSWER`] after that.
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

    /// Of the groups of steps in `known`, the class of the group that took the most time. `None` if
    /// the rest of the time took longer: the start of the process, for example. Steps that ran at
    /// the same time share that time.
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

    /// The short name of the call, for the person and for the log.
    #[must_use]
    pub fn support_id(&self) -> SupportId {
        SupportId::of_request(self.request_id)
    }
}
