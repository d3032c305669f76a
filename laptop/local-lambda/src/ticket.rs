//! What an event comes with besides its text: ids, a time, and a deadline.
//! Ids look like Lambda's own, and tell the functions of one machine, and the events of one
//! function, apart.
//! The time is the machine's: a function has no other clock, and its events must agree with it.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use loopback::clock::SimClock;
use uuid::{Builder, Uuid, Variant, Version};

use crate::function::FunctionOptions;
use crate::runtime_api::Event;

/// Gives each event of one function its own.
#[derive(Debug)]
pub(crate) struct Tickets {
    function: u16,
    /// Never shifted.
    clock: SimClock,
    given: AtomicU64,
}

/// One event's.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
    pub(crate) time: DateTime<Utc>,
}

impl Tickets {
    /// For a function of this number: its port, or one below every port that a front door gets.
    pub(crate) fn new(function: u16) -> Self {
        Self {
            function,
            clock: SimClock::default(),
            given: AtomicU64::new(0),
        }
    }

    pub(crate) fn next(&self) -> Ticket {
        let time = self.clock.now();
        let (seconds, function) = (time.timestamp(), self.function);
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        Ticket {
            request_id: request_id(seconds, function, number).to_string(),
            trace_id: format!("Root=1-{seconds:08x}-{function:08x}{number:016x}"),
            time,
        }
    }
}

/// A UUID in the form of version 4, of which nothing is random.
fn request_id(seconds: i64, function: u16, number: u64) -> Uuid {
    let seconds = u128::from(seconds.cast_unsigned());
    let bits = (seconds << 96) | (u128::from(function) << 80) | u128::from(number);
    Builder::from_u128(bits)
        .with_version(Version::Random)
        .with_variant(Variant::RFC4122)
        .into_uuid()
}

impl Ticket {
    /// The event that a process is handed.
    pub(crate) fn event(self, options: &FunctionOptions, body: Bytes) -> Event {
        let limit = TimeDelta::from_std(options.invocation_timeout).unwrap_or(TimeDelta::MAX);
        Event {
            deadline: self.time.checked_add_signed(limit).unwrap_or(self.time),
            function_arn: format!(
                "arn:aws:lambda:ap-northeast-1:123456789012:function:{}",
                options.name
            ),
            trace_id: self.trace_id,
            request_id: self.request_id,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_says_when_it_was_given_by_which_function_and_as_which() {
        let id = request_id(1_800_000_000, 0xabcd, 7).to_string();
        assert_eq!(id, "6b49d200-abcd-4000-8000-000000000007");
    }
}
