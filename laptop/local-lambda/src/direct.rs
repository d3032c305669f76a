//! A function without a front door: it is invoked directly with an event, as AWS services do
//! (Lambda API, `Invoke`).
//! Its answer can be any JSON. Its error has a type and a message, which the caller gets.
//! The records of invocations keep only the type, because a message could contain confidential
//! data.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use bytes::Bytes;

use loopback::journal::Check;

use crate::configuration::Configuration;
use crate::function::FunctionOptions;
use crate::pool::{Invocation, Pool};
use crate::process::Logs;
use crate::registry::ProcessInformation;
use crate::reported::reported_checks;
use crate::runtime_api::{Failure, InvocationError, PAYLOAD_LIMIT};
use crate::ticket::Tickets;

/// A failed invocation, as Lambda reports it to the caller.
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
#[error("{cause}")]
pub struct FunctionFailed {
    cause: InvocationError,
    error_type: String,
    error_message: String,
}

/// Doesn't show the message.
impl fmt::Debug for FunctionFailed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("FunctionFailed")
            .field(&self.cause)
            .finish()
    }
}

impl FunctionFailed {
    fn new(failure: Failure, request_id: &str, limit: Duration) -> Self {
        let Failure { error, message } = failure;
        let (error_type, text) = match &error {
            InvocationError::Throttled => ("TooManyRequestsException", "Rate Exceeded.".to_owned()),
            InvocationError::NotStarted(_) => (
                "Runtime.InvalidEntrypoint",
                format!("RequestId: {request_id} Error: fork/exec /var/task/bootstrap"),
            ),
            InvocationError::InitializationTimedOut | InvocationError::TimedOut => (
                "Sandbox.Timedout",
                format!(
                    "RequestId: {request_id} Error: Task timed out after {:.2} seconds",
                    limit.as_secs_f64()
                ),
            ),
            InvocationError::InitializationFailed { error_type }
            | InvocationError::FunctionError { error_type } => {
                (error_type.as_str(), message.unwrap_or_default())
            }
            InvocationError::Exited { status, .. } => (
                "Runtime.ExitError",
                match status {
                    None | Some(0) => {
                        format!(
                            "RequestId: {request_id} Error: Runtime exited without providing a \
                             reason"
                        )
                    }
                    Some(status) => format!(
                        "RequestId: {request_id} Error: Runtime exited with error: exit status \
                         {status}"
                    ),
                },
            ),
            InvocationError::AnswerTooLarge => (
                "Function.ResponseSizeTooLarge",
                format!(
                    "Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} \
                     bytes)."
                ),
            ),
            InvocationError::EventTooLarge => (
                "RequestTooLargeException",
                format!(
                    "Request must be smaller than {PAYLOAD_LIMIT} bytes for the InvokeFunction \
                     operation"
                ),
            ),
            InvocationError::ProtocolViolated | InvocationError::Stopped => {
                ("ServiceException", "Internal error".to_owned())
            }
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: text,
            cause: error,
        }
    }

    /// Why there is no answer.
    #[must_use]
    pub const fn cause(&self) -> &InvocationError {
        &self.cause
    }

    /// `errorType`: the type that the function reported, or Lambda's name for the failure.
    #[must_use]
    pub fn error_type(&self) -> &str {
        &self.error_type
    }

    /// `errorMessage`: the message that the function reported, or Lambda's words for the failure.
    /// Only the caller gets it; no record has it.
    #[must_use]
    pub fn error_message(&self) -> &str {
        &self.error_message
    }
}

/// A function that is invoked directly. Clones share it. Dropping the last clone kills its
/// processes.
#[derive(Clone, Debug)]
pub struct DirectFunction {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: Arc<Pool>,
    tickets: Tickets,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.pool.kill();
    }
}

impl DirectFunction {
    /// A function with these options. `integration_timeout` is how long an event waits for a free
    /// process. The other options of a front door don't matter. The journal doesn't either, because
    /// the caller records its invocations itself. No process is started before the first event.
    #[must_use]
    pub fn new(options: FunctionOptions) -> Self {
        // A function with a front door has its port as number. Ports are above 1,023, unless a
        // lower one was chosen. So functions without a front door get lower numbers.
        static NUMBER: AtomicU16 = AtomicU16::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed) % 1024;
        Self {
            shared: Arc::new(Shared {
                pool: Arc::new(Pool::new(options)),
                tickets: Tickets::new(number),
            }),
        }
    }

    /// Invokes the function with an event, which is JSON, and waits for the answer. If the caller
    /// stops waiting, the function still finishes the event.
    ///
    /// # Errors
    /// [`FunctionFailed`], also for an event above [`PAYLOAD_LIMIT`].
    pub async fn invoke(&self, payload: impl Into<Bytes>) -> Result<Bytes, FunctionFailed> {
        self.invoke_with_checks(payload).await.0
    }

    /// Like [`DirectFunction::invoke`], but also returns the checks that the function reported in
    /// its log meanwhile.
    pub async fn invoke_with_checks(
        &self,
        payload: impl Into<Bytes>,
    ) -> (Result<Bytes, FunctionFailed>, Vec<Check>) {
        let pool = &self.shared.pool;
        let payload = payload.into();
        let ticket = self.shared.tickets.next();
        let request_id = ticket.request_id.clone();
        let limit = pool.options().invocation_timeout;
        let failed = |failure| FunctionFailed::new(failure, &request_id, limit);
        if payload.len() > PAYLOAD_LIMIT {
            return (
                Err(failed(InvocationError::EventTooLarge.into())),
                Vec::new(),
            );
        }
        let event = ticket.event(&pool.options(), payload);
        let invoking = Arc::clone(pool);
        let finished = tokio::spawn(async move { invoking.invoke(event).await }).await;
        // The task ends early only with the whole runtime.
        let (answer, log) = match finished {
            Ok(finished) => (finished.answer, finished.log),
            Err(_) => (Err(InvocationError::Stopped.into()), Vec::new()),
        };
        let checks = reported_checks(&log, &pool.options());
        (answer.map_err(failed), checks)
    }

    /// What its processes wrote.
    #[must_use]
    pub fn logs(&self) -> Logs {
        self.shared.pool.logs().clone()
    }

    /// The processes that there are now.
    #[must_use]
    pub fn processes(&self) -> Vec<ProcessInformation> {
        self.shared.pool.processes()
    }

    /// How many processes were started so far.
    #[must_use]
    pub fn processes_started(&self) -> usize {
        self.shared.pool.started()
    }

    /// What became of each event, in the order in which they ended.
    #[must_use]
    pub fn invocations(&self) -> Vec<Invocation> {
        self.shared.pool.invocations()
    }

    /// Kills every process, so that the next event is a cold start. A busy process may finish its
    /// event, and is killed then.
    pub async fn scale_to_zero(&self) {
        self.shared.pool.scale_to_zero().await;
    }

    /// The function's configuration, which can be changed while it runs.
    #[must_use]
    pub fn configuration(&self) -> Configuration {
        Configuration::of(Arc::clone(&self.shared.pool))
    }

    /// Kills every process, also busy ones, for all clones of the function. When this returns, no
    /// process is left. Later events fail.
    pub async fn stop(&self) {
        self.shared.pool.stop().await;
    }
}
