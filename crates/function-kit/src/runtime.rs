//! The loop between AWS Lambda and a function: it takes an event, and gives back the answer or the
//! error, one event at a time.
//!
//! `lambda_runtime` turns a handler into a service, which answers one event and hands the answer to
//! Lambda. That service is used here, but not the crate's own loop: it ends the process at a header
//! that it can't read, and its errors quote an event that it can't read. The loop here reads only
//! the headers that it needs, and accepts any event.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::fmt;
use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Collected};
use lambda_runtime::tower::{Layer, ServiceExt as _};
use lambda_runtime::{
    Config, Context, Diagnostic, Error, LambdaEvent, LambdaInvocation, Runtime, Service, service_fn,
};
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{PooledClient, build_request};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use tokio::time::Instant;

use crate::support_id::SupportId;

const NEXT: &str = "/2018-06-01/runtime/invocation/next";
const REQUEST_ID: &str = "lambda-runtime-aws-request-id";
const DEADLINE: &str = "lambda-runtime-deadline-ms";

/// After so many answers in a row that can't be read, the process ends, so that Lambda starts
/// another.
const MOST_UNREADABLE: u32 = 10;

/// If the first event comes within this time after the process was ready, Lambda started the
/// process for it. Then the caller has waited for the start, too.
const PROMPT: Duration = Duration::from_millis(500);

/// One call of a function.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Lambda's id of the call.
    pub request_id: &'a str,
    /// Since when the caller waits for an answer. If the process was started for this call, that
    /// includes the start.
    pub begun: Instant,
}

/// The code of a function that answers events.
pub trait Handler {
    /// An event.
    type Event: DeserializeOwned;
    /// Its answer.
    type Answer: Serialize;

    /// Answers an event; `None` is one that isn't JSON, or isn't of this form.
    ///
    /// # Errors
    ///
    /// The error that Lambda gives to the caller of the function. Nothing of the event is in it.
    fn handle(
        &self,
        event: Option<Self::Event>,
        call: &Call<'_>,
    ) -> impl Future<Output = Result<Self::Answer, Diagnostic>>;
}

/// An event, or `None` if it doesn't have this form. An error of the deserializer would show a
/// value of the event, so there is none.
struct Lenient<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(T::deserialize(from).ok()))
    }
}

/// When the process began, and when it was ready for its first event.
#[derive(Debug)]
pub struct Started {
    begun: Instant,
    ready: Instant,
    has_served: AtomicBool,
}

impl Started {
    /// A process that began at `begun`, and is ready now.
    #[must_use]
    pub fn now(begun: Instant) -> Self {
        Self {
            begun,
            ready: Instant::now(),
            has_served: AtomicBool::new(false),
        }
    }

    /// The time at which the caller of the event that has just come began to wait.
    fn since(&self) -> Instant {
        let now = Instant::now();
        let is_first = !self.has_served.swap(true, Ordering::Relaxed);
        if is_first && now - self.ready < PROMPT {
            self.begun
        } else {
            now
        }
    }
}

/// Serves events until Lambda ends the process.
///
/// # Errors
///
/// If the Runtime API can't be reached or gives nothing readable, ten times in a row, or if it
/// refuses to give an event. No event and no header of an event ends the loop.
pub async fn run<H: Handler + 'static>(handler: H, started: Started) -> Result<(), Error> {
    let (handler, started) = (Arc::new(handler), Arc::new(started));
    let mut service = service_of(service_fn(move |event: LambdaEvent<Lenient<H::Event>>| {
        let (handler, begun) = (Arc::clone(&handler), started.since());
        async move {
            let LambdaEvent { payload, context } = event;
            let call = Call {
                request_id: &context.request_id,
                begun,
            };
            // A panic that the handler doesn't catch itself must not be reported with its own
            // message.
            let handling = AssertUnwindSafe(handler.handle(payload.0, &call)).catch_unwind();
            handling
                .await
                .unwrap_or_else(|_| Err(defect(&context.request_id)))
        }
    }))?;
    let config = Arc::new(Config::from_env());
    let runtime_api = PooledClient::builder().build();
    let mut unreadable = 0;
    loop {
        let request: Request<Body> = build_request().uri(NEXT).body(Body::empty())?;
        let (parts, body) = match runtime_api.call(request).await {
            Ok(answer) => answer.into_parts(),
            Err(error) => {
                // The error is not logged: it could quote a header.
                unreadable += 1;
                if unreadable >= MOST_UNREADABLE {
                    return Err(error);
                }
                let reason = "AWS Lambda's answer can't be read";
                tracing::error!(event = "runtime", reason);
                continue;
            }
        };
        unreadable = 0;
        // A body that breaks off is no event, and neither is one with anything after the JSON.
        let body = body.collect().await.map(Collected::to_bytes);
        let body = body.ok().filter(is_json).unwrap_or_default();
        match parts.status {
            StatusCode::OK => {}
            // There is no event yet.
            StatusCode::NO_CONTENT => continue,
            status => return Err(format!("the Runtime API answered {status}").into()),
        }
        let Some(request_id) = request_id(&parts.headers) else {
            let reason = "AWS Lambda sent no request id, so the event can't be answered";
            tracing::error!(event = "runtime", reason);
            continue;
        };
        let context = Context::new(request_id, Arc::clone(&config), &readable(&parts.headers))?;
        let invocation = LambdaInvocation {
            parts,
            body,
            context,
        };
        if service.ready().await?.call(invocation).await.is_err() {
            // If the Runtime API is gone, the next request for an event finds that out.
            let reason = "AWS Lambda didn't accept the answer";
            tracing::error!(event = "runtime", reason);
        }
    }
}

fn is_json(body: &Bytes) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

/// The request id, if it is a UUID or another text that can be a segment of the path to which the
/// answer goes.
fn request_id(headers: &HeaderMap) -> Option<&str> {
    let is_plain = |id: &&str| {
        let mut bytes = id.bytes();
        bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    Some(id).filter(is_plain).filter(|id| !id.is_empty())
}

/// The error after a panic.
fn defect(request_id: &str) -> Diagnostic {
    let support_id = SupportId::of_request(request_id);
    Diagnostic {
        error_type: "internal".to_owned(),
        error_message: format!("internal {}", support_id.as_str()),
    }
}

/// The headers from which `lambda_runtime` makes the context of an invocation, in the form that it
/// needs: the deadline, as a number. All others are optional, and not used here.
fn readable(headers: &HeaderMap) -> HeaderMap {
    let is_number =
        |value: &&HeaderValue| value.to_str().is_ok_and(|text| text.parse::<u64>().is_ok());
    let deadline = headers.get(DEADLINE).filter(is_number);
    let deadline = deadline.cloned().unwrap_or(HeaderValue::from_static("0"));
    HeaderMap::from_iter([(http::HeaderName::from_static(DEADLINE), deadline)])
}

/// The service into which `lambda_runtime` turns a handler: it reads the event, calls the handler,
/// and hands the answer or the error to Lambda. The crate gives this service only to a layer that
/// is put around it, so a layer takes it out.
fn service_of<F, E, A>(
    handler: F,
) -> Result<impl Service<LambdaInvocation, Response = (), Error = Error>, Error>
where
    F: Service<LambdaEvent<E>, Response = A, Error = Diagnostic>,
    F::Future: 'static,
    E: DeserializeOwned,
    A: Serialize,
{
    let taken = Arc::default();
    drop(Runtime::new(handler).layer(Take(Arc::clone(&taken))));
    let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
    taken.take().ok_or_else(|| "no service".into())
}

/// A layer that takes the service that it is put around.
struct Take<S>(Arc<Mutex<Option<S>>>);

impl<S> Layer<S> for Take<S> {
    type Service = Nothing;

    fn layer(&self, service: S) -> Nothing {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(service);
        Nothing
    }
}

/// The service that stays in its place. It is never called.
struct Nothing;

impl Service<LambdaInvocation> for Nothing {
    type Response = ();
    type Error = Error;
    type Future = Ready<Result<(), Error>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: LambdaInvocation) -> Self::Future {
        ready(Err("no service".into()))
    }
}

impl fmt::Debug for Nothing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Nothing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_process_that_was_started_for_an_event_has_kept_it_waiting() {
        let begun = Instant::now();
        tokio::time::advance(Duration::from_secs(2)).await;
        let started = Started::now(begun);
        tokio::time::advance(PROMPT / 2).await;
        assert_eq!(started.since(), begun);
        // Only the first event.
        assert_eq!(started.since(), Instant::now());

        // A process that was started ahead of time has kept nobody waiting.
        let early = Started::now(begun);
        tokio::time::advance(PROMPT).await;
        assert_eq!(early.since(), Instant::now());
    }

    #[test]
    fn an_event_of_another_form_is_none() {
        let read = |json: &str| {
            let mut deserializer = serde_json::Deserializer::from_str(json);
            let Lenient(event) = Lenient::<Vec<u8>>::deserialize(&mut deserializer).unwrap();
            event
        };
        assert_eq!(read("[1,2]"), Some(vec![1, 2]));
        for other in ["", "{", "[300]", "{\"a\":1}", "null", "\u{0}"] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }

    #[test]
    fn of_the_headers_only_a_readable_deadline_is_taken() {
        let of = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(DEADLINE, HeaderValue::from_bytes(value).unwrap());
            headers.insert(
                "lambda-runtime-client-context",
                HeaderValue::from_static("{"),
            );
            let readable = readable(&headers);
            assert_eq!(readable.len(), 1);
            readable[DEADLINE].clone()
        };
        assert_eq!(of(b"1795329930000"), "1795329930000");
        for unreadable in [&b""[..], b"-1", b"soon", b"\xff", b"99999999999999999999"] {
            assert_eq!(of(unreadable), "0");
        }
        assert_eq!(readable(&HeaderMap::new())[DEADLINE], "0");
    }
}
