//! Tickets: what accompanies the text of an event, which is ids, a time and a deadline.
//! Ids look like Lambda's. They differ between the functions of one machine, and between the events
//! of one function.
//! The time is that of the machine, because a function has no other clock and its events must agree
//! with it.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use loopback::clock::SimClock;
use uuid::{Builder, Uuid, Variant, Version};

use crate::function::FunctionOptions;
use crate::runtime_api::Event;

/// Gives a ticket to each event of one function.
#[derive(Debug)]
pub(crate) struct Tickets {
    function: u16,
    /// The machine's time: this clock is never shifted.
    clock: SimClock,
    given: AtomicU64,
}

/// The ticket of one event.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
    pub(crate) time: DateTime<Utc>,
}

impl Tickets {
    /// `function` is the function's number: the port of its front door, or, without a front door, a
    /// number below every such port.
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

/// A UUID in the form of version 4. Nothing in it is random: it consists of the time, the
/// function's number, and the event's number.
fn request_id(seconds: i64, function: u16, number: u64) -> Uuid {
    let seconds = u128::from(seconds.cast_unsigned());
    let bits = (seconds << 96) | (u128::from(function) << 80) | u128::from(number);
    Builder::from_u128(bits)
        .with_version(Version::Random)
        .with_variant(Variant::RFC4122)
        .into_uuid()
}

impl Ticket {
    /// The event to hand to a process.
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
