//! Runs a trigger of Amazon Cognito: an event comes in, and the same event with an answer goes out,
//! or an error that Cognito shows to the app. Here, and only here, a failure of a trigger becomes
//! an error, a log event and a metric. A panic counts as a failure. Nothing of the event is ever
//! logged, since all of it is about a person.

use std::panic::AssertUnwindSafe;

use function_kit::failure;
use function_kit::invocation::Invocation;
use function_kit::metrics::{Measurements, Metrics, Step};
use function_kit::runtime::{Call, Handler};
use futures_util::FutureExt as _;
use http_client::Clock;
use lambda_runtime::Diagnostic;
use serde_json::{Map, Value};

use crate::Class;

/// The event, in whose `response` the answer is written. What is in `response` already stays.
///
/// # Errors
///
/// [`Class::EventMalformed`] if the event isn't a JSON object.
pub fn with_response(
    mut event: Value,
    answer: impl FnOnce(&mut Map<String, Value>),
) -> Result<Value, Class> {
    let whole = event.as_object_mut().ok_or(Class::EventMalformed)?;
    within(whole, "response", answer);
    Ok(event)
}

/// Changes the object `name` in `parent`. If it is missing, or isn't an object (`null`, `[]`), it
/// becomes an empty object first.
pub fn within(
    parent: &mut Map<String, Value>,
    name: &str,
    change: impl FnOnce(&mut Map<String, Value>),
) {
    let mut object = match parent.remove(name) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    change(&mut object);
    parent.insert(name.to_owned(), object.into());
}

/// A trigger.
pub trait Trigger {
    /// The metric of the duration of a whole event.
    const STEP: Step;

    /// Decides about an event. The answer to Amazon Cognito is the event with its `response`
    /// filled.
    ///
    /// # Errors
    ///
    /// The class of the failure. The sign-in, or the refresh, fails with it.
    fn handle(
        &self,
        event: Value,
        invocation: &Invocation<'_>,
    ) -> impl Future<Output = Result<Value, Class>>;

    /// The time of day.
    fn clock(&self) -> &dyn Clock;

    /// Where the metrics of the trigger go.
    fn metrics(&self) -> &Metrics;
}

/// Answers one event. `None` is an event that isn't JSON.
///
/// # Errors
///
/// `errorType` is the failure's class, `errorMessage` is class and support id: printable ASCII, and
/// nothing else, since Amazon Cognito hands it on to the app. The log event and the metric of the
/// failure are written before this returns.
pub async fn answer<T: Trigger>(
    trigger: &T,
    event: Option<Value>,
    call: &Call<'_>,
) -> Result<Value, Diagnostic> {
    let measurements = Measurements::default();
    let invocation = Invocation::new(call.request_id, call.begun, trigger.clock(), &measurements);
    let answer = handle(trigger, event.unwrap_or_default(), &invocation).await;
    let now = invocation.now;
    trigger.metrics().write(measurements, now);
    answer
}

/// Makes a [`Trigger`] a [`Handler`], which the runtime calls.
#[derive(Debug)]
pub struct Served<T>(pub T);

impl<T: Trigger> Handler for Served<T> {
    type Event = Value;
    type Answer = Value;

    async fn handle(&self, event: Option<Value>, call: &Call<'_>) -> Result<Value, Diagnostic> {
        answer(&self.0, event, call).await
    }
}

/// Waits for a decision until the deadline of the call, since Amazon Cognito doesn't wait much
/// longer.
///
/// # Errors
///
/// The class of the decision. If the deadline has passed, the class of what took most of the time.
pub async fn in_time<T>(
    decision: impl Future<Output = Result<T, Class>>,
    invocation: &Invocation<'_>,
) -> Result<T, Class> {
    let decided = invocation.deadline.bound(decision).await;
    decided
        .unwrap_or(Err(Class::TooSlow))
        .map_err(|class| match class {
            Class::SecretsUnavailable | Class::UserUnavailable | Class::TooSlow
                if invocation.deadline.has_passed() =>
            {
                let known: [(&[Step], _); 2] = [
                    (&[Step::Secrets], Class::SecretsUnavailable),
                    (&[Step::GetUser], Class::UserUnavailable),
                ];
                invocation.slowest(&known).unwrap_or(Class::TooSlow)
            }
            other => other,
        })
}

async fn handle<T: Trigger>(
    trigger: &T,
    event: Value,
    invocation: &Invocation<'_>,
) -> Result<Value, Diagnostic> {
    let _timing = invocation.measurements.begin(T::STEP);
    // A panic must not end the process, and gets a class like any other failure.
    let handled = AssertUnwindSafe(async { trigger.handle(event, invocation).await })
        .catch_unwind()
        .await;
    let class = match handled {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(class)) => class,
        Err(_) => Class::Internal,
    };
    Err(failure::tell_lambda(class, invocation))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_client::SystemClock;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_decision_takes_four_seconds_at_most_from_when_somebody_began_to_wait() {
        let (measurements, clock) = (Measurements::default(), SystemClock);
        let since = |begun| Invocation::new("a", begun, &clock, &measurements);
        let begun = tokio::time::Instant::now();
        let call = since(begun);
        assert_eq!(in_time(async { Ok(1) }, &call).await, Ok(1));
        let refused = in_time::<()>(async { Err(Class::RecordForged) }, &call).await;
        assert_eq!(refused, Err(Class::RecordForged));
        let endless = in_time::<()>(std::future::pending(), &call).await;
        assert_eq!(endless, Err(Class::TooSlow));
        let (taken, second) = (begun.elapsed(), Duration::from_secs(1));
        assert!(taken >= 4 * second && taken < 5 * second, "{taken:?}");
        // The time that the caller waited before counts too.
        let late = in_time::<()>(std::future::pending(), &since(begun)).await;
        assert_eq!(late, Err(Class::TooSlow));
        assert!(begun.elapsed() < 5 * second);
    }
}
