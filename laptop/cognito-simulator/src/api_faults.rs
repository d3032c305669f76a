//! What can go wrong with a request of the user pool's API, for tests of those who call it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ApiFault {
    /// It is refused with `TooManyRequestsException`, and nothing is changed.
    Throttled,
    /// It is refused with `InternalErrorException`, and nothing is changed.
    InternalError,
    /// For this time nothing happens. Then it takes effect and is answered, even if the caller has
    /// gone by then.
    Slow(Duration),
    /// It takes effect, and the connection ends without an answer.
    AnswerLost,
}

/// The stand-in's API has no operation of this name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the user pool's API has no such operation here")]
pub struct NoSuchOperation;

/// The faults that wait, by operation.
#[derive(Debug, Default)]
pub(crate) struct ApiFaults {
    waiting: BTreeMap<&'static str, VecDeque<ApiFault>>,
}

impl ApiFaults {
    pub(crate) fn add(&mut self, operation: &'static str, faults: &[ApiFault]) {
        self.waiting.entry(operation).or_default().extend(faults);
    }

    /// The fault that the next request for an operation meets.
    pub(crate) fn next(&mut self, operation: &'static str) -> Option<ApiFault> {
        self.waiting.get_mut(operation)?.pop_front()
    }
}
