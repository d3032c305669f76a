//! The Lambda Runtime API for one process: hands over one event at a time and takes its answer.
//! A process that asks for its next event has finished the previous one, and is stopped until there
//! is a next one. It is continued just before it gets that event, so it never runs without an
//! event.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use loopback::server::{Listener, Manners, Server};
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};

use crate::function::FunctionOptions;
use crate::process::{Logs, Process, ProcessLog};
use crate::registry::{ProcessState, Registry};

/// The largest event and the largest answer, in bytes (AWS Lambda quotas: 6 MB for synchronous
/// invocations; the figure is the one in Lambda's own error message).
pub const PAYLOAD_LIMIT: usize = 6_291_556;

/// Why an invocation has no answer. In parentheses is Lambda's name for the failure, or the path of
/// the Runtime API on which it was reported.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvocationError {
    /// Every process was busy for longer than the caller waits (`TooManyRequestsException`).
    #[error("every process is busy")]
    Throttled,
    /// The process could not be started (`Runtime.InvalidEntrypoint`).
    #[error("the process could not be started: {0}")]
    NotStarted(io::ErrorKind),
    /// The process did not ask for an event in time (`Sandbox.Timedout`, phase `init`).
    #[error("the process did not ask for an event in time")]
    InitializationTimedOut,
    /// The process reported that it can't start (`/runtime/init/error`).
    #[error("the function could not initialize: {error_type}")]
    InitializationFailed {
        /// The type of the error that the function reported.
        error_type: String,
    },
    /// The process ended before it answered (`Runtime.ExitError`).
    #[error("the process ended, status {status:?}, signal {signal:?}")]
    Exited {
        /// The exit status, if it ended by itself.
        status: Option<i32>,
        /// The signal, if it was killed.
        signal: Option<i32>,
    },
    /// The process did not finish in time and was killed (`Sandbox.Timedout`).
    #[error("the function did not finish in time")]
    TimedOut,
    /// The function reported an error (`/runtime/invocation/{id}/error`).
    #[error("the function failed: {error_type}")]
    FunctionError {
        /// The type of the error that the function reported. The message is in no record, because
        /// it could contain confidential data.
        error_type: String,
    },
    /// The answer is larger than [`PAYLOAD_LIMIT`] (`Function.ResponseSizeTooLarge`).
    #[error("the answer is too large")]
    AnswerTooLarge,
    /// The event is larger than [`PAYLOAD_LIMIT`] (`RequestTooLargeException`).
    #[error("the event is too large")]
    EventTooLarge,
    /// The process asked for another event without having answered, or lost its connection.
    #[error("the process did not keep to the Runtime API")]
    ProtocolViolated,
    /// The function was stopped meanwhile.
    #[error("the function was stopped")]
    Stopped,
}

/// Why an invocation has no answer, and what the function says about it. Only the caller gets the
/// message: it is in no record, and `Debug` doesn't show it.
#[derive(Clone)]
pub(crate) struct Failure {
    pub(crate) error: InvocationError,
    /// The message of the error that the function reported, if it reported one.
    pub(crate) message: Option<String>,
}

impl From<InvocationError> for Failure {
    fn from(error: InvocationError) -> Self {
        Self {
            error,
            message: None,
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

/// An event with its ids and its deadline, as a process gets it.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) request_id: String,
    pub(crate) deadline: DateTime<Utc>,
    pub(crate) function_arn: String,
    pub(crate) trace_id: String,
    pub(crate) body: Bytes,
}

/// A call of a process to its Runtime API.
enum Call {
    Next {
        event: oneshot::Sender<Event>,
    },
    /// `body` is `None` if it was too large.
    Response {
        request_id: String,
        body: Option<Bytes>,
        accepted: oneshot::Sender<StatusCode>,
    },
    Error {
        request_id: String,
        error: Reported,
        accepted: oneshot::Sender<StatusCode>,
    },
    InitializationError {
        error: Reported,
        accepted: oneshot::Sender<StatusCode>,
    },
}

/// One process and its Runtime API: what Lambda calls an execution environment.
/// Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct ExecutionEnvironment {
    process: Process,
    registry: Registry,
    calls: mpsc::Receiver<Call>,
    /// Takes the next event. Present while the process is stopped and waits for that event.
    next: Option<oneshot::Sender<Event>>,
    cold_start: Duration,
    /// The Runtime API, which ends with its environment.
    _server: Server,
}

impl Drop for ExecutionEnvironment {
    fn drop(&mut self) {
        self.process.kill();
        self.registry.forget(self.process.pid());
    }
}

impl ExecutionEnvironment {
    /// Starts a process and waits until it asks for its first event.
    pub(crate) async fn start(
        options: &FunctionOptions,
        registry: &Registry,
        logs: &Logs,
    ) -> Result<Self, Failure> {
        let not_started = |error: io::Error| InvocationError::NotStarted(error.kind());
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = Listener::bind(any_port)
            .await
            .map_err(|error| InvocationError::NotStarted(error.kind()))?;
        let address = listener.address();
        let (sender, calls) = mpsc::channel(4);
        let server = listener.serve(Manners::default(), router(sender));
        let log = logs.open().map_err(not_started)?;
        let (process, begun) = spawned(options, address, &log).await.map_err(not_started)?;
        registry.add(&process);
        let mut environment = Self {
            process,
            registry: registry.clone(),
            calls,
            next: None,
            cold_start: Duration::ZERO,
            _server: server,
        };
        tokio::time::timeout(options.initialization_timeout, environment.initialized())
            .await
            .unwrap_or_else(|_| Err(InvocationError::InitializationTimedOut.into()))?;
        environment.cold_start = begun.elapsed();
        Ok(environment)
    }

    /// The process id.
    pub(crate) const fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What the process has written.
    pub(crate) const fn log(&self) -> &ProcessLog {
        self.process.log()
    }

    /// From the start of the process to its first request for an event.
    pub(crate) const fn cold_start(&self) -> Duration {
        self.cold_start
    }

    /// Whether the process waits for an event, and is alive.
    pub(crate) fn is_ready(&self) -> bool {
        self.next.is_some() && self.process.is_alive()
    }

    /// Hands over an event and waits until the process has answered *and* is stopped again, or is
    /// gone.
    /// Lambda returns the answer a moment earlier. Here the caller waits for the stop too, so that
    /// the state which it sees next is always the same.
    pub(crate) async fn invoke(&mut self, event: Event, limit: Duration) -> Result<Bytes, Failure> {
        let Some(next) = self.next.take() else {
            return Err(InvocationError::ProtocolViolated.into());
        };
        let request_id = event.request_id.clone();
        self.registry.set(self.pid(), ProcessState::Busy);
        self.process.thaw();
        if next.send(event).is_err() {
            self.process.kill();
            return Err(InvocationError::ProtocolViolated.into());
        }
        let mut outcome = None;
        let finished = tokio::time::timeout(limit, self.finished(&request_id, &mut outcome)).await;
        if self.next.is_none() {
            self.process.kill();
        }
        match (outcome, finished) {
            // An answer counts also if the process ended, or ran out of time, right after it.
            (Some(outcome), _) => outcome,
            (None, Ok(error)) => Err(error.into()),
            (None, Err(_)) => Err(InvocationError::TimedOut.into()),
        }
    }

    /// Waits until the process asks for another event, and stops it then, or until the process is
    /// gone. An answer or an error of the function is put into `outcome`. If there is none, the
    /// returned error says why.
    async fn finished(
        &mut self,
        request_id: &str,
        outcome: &mut Option<Result<Bytes, Failure>>,
    ) -> InvocationError {
        loop {
            let call = tokio::select! {
                biased;
                call = self.calls.recv() => call,
                status = self.process.exited() => return ended(status.ok()),
            };
            match call {
                None => return InvocationError::ProtocolViolated,
                Some(Call::Next { event }) => {
                    if outcome.is_some() {
                        self.wait_for_event(event);
                    }
                    return InvocationError::ProtocolViolated;
                }
                Some(Call::Response {
                    request_id: id,
                    body,
                    accepted,
                }) => {
                    let status = if id != request_id || outcome.is_some() {
                        StatusCode::BAD_REQUEST
                    } else if let Some(body) = body {
                        *outcome = Some(Ok(body));
                        StatusCode::ACCEPTED
                    } else {
                        *outcome = Some(Err(InvocationError::AnswerTooLarge.into()));
                        StatusCode::PAYLOAD_TOO_LARGE
                    };
                    accepted.send(status).ok();
                }
                Some(Call::Error {
                    request_id: id,
                    error,
                    accepted,
                }) => {
                    let status = if id != request_id || outcome.is_some() {
                        StatusCode::BAD_REQUEST
                    } else {
                        *outcome = Some(Err(Failure {
                            error: InvocationError::FunctionError {
                                error_type: error.error_type,
                            },
                            message: error.error_message,
                        }));
                        StatusCode::ACCEPTED
                    };
                    accepted.send(status).ok();
                }
                Some(Call::InitializationError { accepted, .. }) => {
                    accepted.send(StatusCode::FORBIDDEN).ok();
                }
            }
        }
    }

    /// Waits until the process asks for its first event, and stops it.
    async fn initialized(&mut self) -> Result<(), Failure> {
        loop {
            let call = tokio::select! {
                biased;
                call = self.calls.recv() => call,
                status = self.process.exited() => return Err(ended(status.ok()).into()),
            };
            match call {
                None => return Err(InvocationError::ProtocolViolated.into()),
                Some(Call::Next { event }) => {
                    self.wait_for_event(event);
                    return Ok(());
                }
                Some(Call::InitializationError { error, accepted }) => {
                    accepted.send(StatusCode::ACCEPTED).ok();
                    return Err(Failure {
                        error: InvocationError::InitializationFailed {
                            error_type: error.error_type,
                        },
                        message: error.error_message,
                    });
                }
                Some(Call::Response { accepted, .. } | Call::Error { accepted, .. }) => {
                    accepted.send(StatusCode::FORBIDDEN).ok();
                }
            }
        }
    }

    /// Stops the process until there is an event for it. Its whole request has arrived by now, so
    /// the stop can't interrupt the request.
    fn wait_for_event(&mut self, event: oneshot::Sender<Event>) {
        self.process.freeze();
        self.registry.set(self.pid(), ProcessState::Frozen);
        self.next = Some(event);
    }
}

/// The pauses, in milliseconds, after which an executable that isn't there is tried again. Cargo
/// replaces an executable by first removing the old one, and another build may be doing this at the
/// moment.
const REPLACED: [u64; 7] = [10, 20, 40, 80, 160, 320, 640];

/// Starts the process. Returns it with the time of its start.
async fn spawned(
    options: &FunctionOptions,
    address: SocketAddr,
    log: &ProcessLog,
) -> io::Result<(Process, Instant)> {
    let mut pauses = REPLACED.into_iter();
    loop {
        let begun = Instant::now();
        let spawned = Process::spawn(options, address, log.clone());
        let error = spawned.as_ref().err().map(io::Error::kind);
        let may_come = matches!(
            error,
            Some(io::ErrorKind::NotFound | io::ErrorKind::ExecutableFileBusy)
        );
        match pauses.next().filter(|_| may_come) {
            Some(pause) => tokio::time::sleep(Duration::from_millis(pause)).await,
            None => return spawned.map(|process| (process, begun)),
        }
    }
}

fn ended(status: Option<ExitStatus>) -> InvocationError {
    InvocationError::Exited {
        status: status.and_then(|status| status.code()),
        signal: status.and_then(|status| status.signal()),
    }
}

type Calls = mpsc::Sender<Call>;

fn router(calls: Calls) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route(
            "/2018-06-01/runtime/invocation/{request_id}/response",
            post(response),
        )
        .route(
            "/2018-06-01/runtime/invocation/{request_id}/error",
            post(error),
        )
        .route("/2018-06-01/runtime/init/error", post(initialization_error))
        .with_state(calls)
}

async fn next(State(calls): State<Calls>) -> Response {
    let (sender, event) = oneshot::channel();
    if calls.send(Call::Next { event: sender }).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let Ok(event) = event.await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", event.request_id),
        (
            "lambda-runtime-deadline-ms",
            event.deadline.timestamp_millis().to_string(),
        ),
        ("lambda-runtime-invoked-function-arn", event.function_arn),
        ("lambda-runtime-trace-id", event.trace_id),
    ];
    (headers, event.body).into_response()
}

async fn response(
    State(calls): State<Calls>,
    Path(request_id): Path<String>,
    body: Body,
) -> Response {
    let body = read(body).await;
    tell(&calls, |accepted| Call::Response {
        request_id,
        body,
        accepted,
    })
    .await
}

async fn error(
    State(calls): State<Calls>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let error = Reported::read(&headers, read(body).await);
    tell(&calls, |accepted| Call::Error {
        request_id,
        error,
        accepted,
    })
    .await
}

async fn initialization_error(
    State(calls): State<Calls>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let error = Reported::read(&headers, read(body).await);
    tell(&calls, |accepted| Call::InitializationError {
        error,
        accepted,
    })
    .await
}

async fn tell(calls: &Calls, call: impl FnOnce(oneshot::Sender<StatusCode>) -> Call) -> Response {
    let (accepted, status) = oneshot::channel();
    if calls.send(call(accepted)).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    match status.await {
        Ok(StatusCode::ACCEPTED) => (
            StatusCode::ACCEPTED,
            axum::Json(serde_json::json!({ "status": "OK" })),
        )
            .into_response(),
        Ok(status) => status.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The whole body, or `None` if it is over the limit. Even then it is read to its end, because a
/// client that is still sending wouldn't see the answer.
async fn read(mut body: Body) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let data = frame.ok()?.into_data().unwrap_or_default();
        length += data.len();
        if length <= PAYLOAD_LIMIT {
            bytes.extend_from_slice(&data);
        }
    }
    (length <= PAYLOAD_LIMIT).then(|| bytes.freeze())
}

/// The error that a function reports.
#[derive(Deserialize)]
struct Reported {
    #[serde(rename = "errorType")]
    error_type: String,
    #[serde(rename = "errorMessage")]
    error_message: Option<String>,
}

impl Reported {
    /// Reads the error from the body. If that fails, only the type is known, from the header.
    fn read(headers: &HeaderMap, body: Option<Bytes>) -> Self {
        body.and_then(|body| serde_json::from_slice(&body).ok())
            .unwrap_or_else(|| {
                let header = headers.get("lambda-runtime-function-error-type");
                let header = header.and_then(|value| value.to_str().ok());
                Self {
                    error_type: header.unwrap_or("Unknown").to_owned(),
                    error_message: None,
                }
            })
    }
}
