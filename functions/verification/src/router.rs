//! The router: passes a request to its operation, and turns a failure into an answer. Only here, a
//! failure becomes an answer, a log event and a metric. A panic becomes a failure, too.

use std::panic::AssertUnwindSafe;

use chrono::{DateTime, Utc};
use function_kit::failure::{tell, tell_lambda};
use function_kit::invocation::Invocation;
use function_kit::metrics::{Count, Measurements, Step};
use function_kit::runtime::{Call, Handler};
use futures_util::FutureExt as _;
use http::{Method, StatusCode};
use lambda_runtime::Diagnostic;
use relying_party::Class;
use relying_party::failure::Failure;
use relying_party::http_api::{Event, Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::begin::begin;
use crate::complete::{Incomplete, complete};
use crate::me;
use crate::operator::{Command, command};
use crate::pass::Stopped;
use crate::verification::Verification;

/// The longest random pause before a request is repeated, in seconds: before the first repetition,
/// and before any. Each pause may be twice as long as the one before it.
const FIRST_PAUSE: u32 = 8;
const LONGEST_PAUSE: u32 = 60;

/// The operations of the members' API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// A member begins.
    Begin,
    /// The member who began completes.
    Complete,
    /// What the member's state is.
    State,
    /// The member takes the verification back.
    TakeBack,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 4] = [Self::Begin, Self::Complete, Self::State, Self::TakeBack];

    /// The method and the path.
    #[must_use]
    pub const fn route(self) -> (Method, &'static str) {
        match self {
            Self::Begin => (Method::POST, "/verifications"),
            Self::Complete => (Method::POST, "/verifications/complete"),
            Self::State => (Method::GET, "/verifications/me"),
            Self::TakeBack => (Method::DELETE, "/verifications/me"),
        }
    }

    fn of(request: &Request) -> Result<Self, Class> {
        let mut at_path = Self::ALL.iter().filter(|one| one.route().1 == request.path);
        let mut known = at_path.clone();
        match at_path.find(|one| request.method == Some(one.route().0)) {
            Some(operation) => Ok(*operation),
            None if known.next().is_some() => Err(Class::MethodNotAllowed),
            None => Err(Class::NotFound),
        }
    }
}

/// What the function is called with.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Input {
    /// The operator invokes the function itself.
    Operator(Command),
    /// A request of the HTTP API.
    Request(Box<Event>),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Input(…)")
    }
}

/// What the function answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Output {
    /// To the HTTP API.
    Response(Response),
    /// To the operator.
    Told(Value),
}

impl Handler for Verification {
    type Event = Input;
    type Answer = Output;

    async fn handle(&self, event: Option<Input>, call: &Call<'_>) -> Result<Output, Diagnostic> {
        let measurements = Measurements::default();
        let invocation = self.invocation(call, &measurements);
        let answer = match event {
            Some(Input::Request(event)) => {
                let request = Request::from(*event);
                Ok(Output::Response(self.answer(&request, &invocation).await))
            }
            Some(Input::Operator(asked)) => {
                let told = command(self, &asked, &invocation).await;
                told.map(Output::Told)
                    .map_err(|Stopped { class, .. }| tell_lambda(class, &invocation))
            }
            // The HTTP API sends only events that can be read.
            None => Err(tell_lambda(Class::EventMalformed, &invocation)),
        };
        let now = invocation.now;
        self.metrics().write(measurements, now);
        answer
    }
}

impl Verification {
    /// Answers a request.
    async fn answer(&self, request: &Request, invocation: &Invocation<'_>) -> Response {
        let answered = AssertUnwindSafe(self.routed(request, invocation));
        let Incomplete {
            why,
            continuation,
            stops,
        } = match answered.catch_unwind().await {
            Ok(Ok(response)) => return response,
            Ok(Err(incomplete)) => incomplete,
            Err(_) => Class::Internal.into(),
        };
        let class = why.class;
        tell(class, invocation);
        let failure = Failure {
            class,
            support_id: invocation.support_id(),
        };
        let waits = matches!(
            class.status(),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        let may_be_repeated = waits || why.until.is_some() || continuation.is_some();
        let after = may_be_repeated.then(|| self.pause((why.until, stops), invocation.now));
        let response = failure.of_a_verification(continuation.as_ref(), after);
        match class {
            Class::MemberTokenInvalid | Class::MemberTokenExpired => {
                response.with_header("www-authenticate", r#"Bearer error="invalid_token""#)
            }
            Class::MemberScopeMissing => {
                let scope = &self.config().pool.scope;
                let challenge = format!(r#"Bearer error="insufficient_scope", scope="{scope}""#);
                response.with_header("www-authenticate", challenge)
            }
            _ => response,
        }
    }

    async fn routed(
        &self,
        request: &Request,
        invocation: &Invocation<'_>,
    ) -> Result<Response, Incomplete> {
        let operation = Operation::of(request)?;
        let (caller, ()) = tokio::join!(
            self.tokens().caller(request, invocation),
            self.refresh(invocation)
        );
        let caller = caller?;
        match operation {
            Operation::Begin => Ok(begin(self, caller, request, invocation)?),
            Operation::Complete => {
                let _timing = invocation.measurements.begin(Step::CompleteVerification);
                let completed = complete(self, &caller, request, invocation).await;
                // What goes on with a continuation hasn't failed yet. A member can repeat what
                // fails at will, and so counts once in a period.
                let has_failed = matches!(&completed, Err(of) if of.continuation.is_none());
                if has_failed && self.counted().counts(&caller.sub, invocation.now) {
                    (invocation.measurements).count_if(Count::VerificationCompleted, false);
                }
                completed
            }
            Operation::State => Ok(me::state(self, &caller, invocation).await?),
            Operation::TakeBack => Ok(me::take_back(self, &caller, invocation).await?),
        }
    }

    /// After how many seconds a request may be repeated: when what it waits for is over, and after
    /// a random pause, so that those who came together don't come together again. The pauses grow
    /// with the number of `stops`, since then there are more who wait than can go on.
    fn pause(&self, (until, stops): (Option<DateTime<Utc>>, u8), now: DateTime<Utc>) -> u32 {
        let waits = until.map(|until| (until - now).num_seconds() + 1);
        let waits = waits.and_then(|seconds| u32::try_from(seconds).ok());
        let mut random = [u8::MAX];
        // Without randomness, everybody waits the longest.
        let _ = self.randomness().fill(&mut random);
        let longest = FIRST_PAUSE << stops.min(3);
        let longest = longest.min(LONGEST_PAUSE);
        let pause = 1 + u32::from(u8::from_be_bytes(random)) * (longest - 1) / 255;
        waits.unwrap_or_default().max(pause)
    }
}
