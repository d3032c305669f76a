//! A trigger of Amazon Cognito: an event in, the same event with an answer out, or an error that Cognito shows to the app.
//! Here, and only here, a trigger's failure becomes an error, a log event and a metric; a panic becomes one too.
//! Of the event nothing is ever logged: all of it is about a person.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use http_client::Clock;
use lambda_runtime::Diagnostic;
use serde_json::Value;

use crate::failure::{self, Class};
use crate::invocation::Invocation;
use crate::metrics::{Measurements, Metrics, Step};
use crate::runtime::{Call, Handler};

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

/// Answers one event; what isn't JSON is none.
///
/// # Errors
///
/// `errorType` is the failure's class, `errorMessage` is class and support id: printable ASCII, and nothing else, since
/// Amazon Cognito hands it on to the app. By then the failure has its log event and its metric.
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

async fn handle<T: Trigger>(
    trigger: &T,
    event: Value,
    invocation: &Invocation<'_>,
) -> Result<Value, Diagnostic> {
    let _timing = invocation.measurements.begin(T::STEP);
    // A defect that one event meets must not take the process with it, and has a class like any other failure.
    let handled = AssertUnwindSafe(async { trigger.handle(event, invocation).await })
        .catch_unwind()
        .await;
    let class = match handled {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(class)) => class,
        Err(_) => T::Class::INTERNAL,
    };
    Err(failure::tell_lambda(class, invocation))
}

/// A trigger, as the runtime serves it.
#[derive(Debug)]
pub struct Served<T>(pub T);

impl<T: Trigger> Handler for Served<T> {
    type Event = Value;
    type Answer = Value;

    async fn handle(&self, event: Option<Value>, call: &Call<'_>) -> Result<Value, Diagnostic> {
        answer(&self.0, event, call).await
    }
}
