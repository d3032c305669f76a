//! A trigger of Amazon Cognito: an event in, the same event with an answer out, or an error that Cognito shows to the app.
//! Here, and only here, a trigger's failure becomes an error, a log event and a metric; a panic becomes one too.
//! Of the event nothing is ever logged: all of it is about a person.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use http_client::Clock;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::failure::{self, Class};
use crate::metrics::{Measurements, Metrics, Step};
use crate::support_id::SupportId;

/// One call of a trigger, as far as it isn't about the person.
#[derive(Debug)]
pub struct Invocation<'a> {
    /// Lambda's id of the call. If Amazon Cognito repeats a call, it is another one.
    pub request_id: &'a str,
    /// The short name of the call.
    pub support_id: SupportId,
    /// When the call began.
    pub now: DateTime<Utc>,
    /// What is counted and measured during the call.
    pub measurements: &'a Measurements,
}

/// A trigger.
pub trait Trigger {
    /// Why it may fail.
    type Class: Class;

    /// What a whole event is measured as.
    const STEP: Step;

    /// Decides: the answer that Amazon Cognito gets, which is the event with its `response` filled.
    ///
    /// # Errors
    ///
    /// The class of what can't be decided. The sign-in, or the refresh, fails with it.
    fn handle(
        &self,
        event: Value,
        invocation: &Invocation<'_>,
    ) -> impl Future<Output = Result<Value, Self::Class>>;

    /// What time it is.
    fn clock(&self) -> &dyn Clock;

    /// Where its metrics go.
    fn metrics(&self) -> &Metrics;
}

/// Answers one event. `request_id` is Lambda's, and the support id follows from it.
///
/// # Errors
///
/// `errorType` is the failure's class, `errorMessage` is class and support id: printable ASCII, and nothing else, since
/// Amazon Cognito hands it on to the app. By then the failure has its log event and its metric.
pub async fn answer<T: Trigger>(
    trigger: &T,
    event: Value,
    request_id: &str,
) -> Result<Value, Diagnostic> {
    let now = trigger.clock().now();
    let measurements = Measurements::default();
    let answer = handle(trigger, event, request_id, now, &measurements).await;
    trigger.metrics().write(measurements, now);
    answer
}

async fn handle<T: Trigger>(
    trigger: &T,
    event: Value,
    request_id: &str,
    now: DateTime<Utc>,
    measurements: &Measurements,
) -> Result<Value, Diagnostic> {
    let _timing = measurements.begin(T::STEP);
    let support_id = SupportId::of_request(request_id);
    let invocation = Invocation {
        request_id,
        support_id,
        now,
        measurements,
    };
    // A defect that one event meets must not take the process with it, and has a class like any other failure.
    let handled = AssertUnwindSafe(async { trigger.handle(event, &invocation).await })
        .catch_unwind()
        .await;
    let class = match handled {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(class)) => class,
        Err(_) => T::Class::INTERNAL,
    };
    let support_id = &invocation.support_id;
    failure::tell(class, support_id, request_id, measurements);
    Err(Diagnostic {
        error_type: class.name().to_owned(),
        error_message: format!("{} {}", class.name(), support_id.as_str()),
    })
}

/// Serves events until Lambda ends the process: what [`start::run`](crate::start::run) does last.
///
/// # Errors
///
/// If the Lambda runtime can't be reached.
pub async fn run<T: Trigger>(trigger: T) -> Result<(), Error> {
    let trigger = Arc::new(trigger);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| {
        let trigger = Arc::clone(&trigger);
        async move { answer(&*trigger, event.payload.0, &event.context.request_id).await }
    }))
    .await
}

/// An event as it came. What isn't JSON is `null` to the trigger, so that it too fails by a class: the runtime's own
/// error would show where in the event it stopped.
struct Event(Value);

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(Value::deserialize(from).unwrap_or_default()))
    }
}
