//! The front door: an HTTP API as Amazon API Gateway has it, on loopback, in front of one function.
//! It turns requests into events, refuses what is too large, and answers for a function that can't.
//! Every request is written into the journal.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::function::FunctionOptions;
use super::payload::{self, Arrival};
use super::pool::{Finished, Invocation, Pool, ProcessInformation};
use super::process::Logs;
use super::runtime_api::{InvocationError, PAYLOAD_LIMIT};
use super::ticket::Tickets;
use crate::function_checks;
use crate::journal::{Check, Journal, Parameter, Party, Step};
use crate::loopback::to_its_end;

/// Request line and headers together, in bytes (Amazon API Gateway quotas for HTTP APIs). Counted as
/// they stand on the wire, with the line ends and without the empty line behind them.
pub const HEAD_LIMIT: usize = 10_240;

/// Where every class of failure is explained.
const FAILURES: &str = "docs/failures.md";

/// The body of a request, in bytes (Amazon API Gateway quotas for HTTP APIs: 10 MB).
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// How long requests may take to end once the function is stopped.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why the front door can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address can be reached from outside this machine.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// Somebody else listens there.
    #[error("{0} is taken by another program")]
    Taken(SocketAddr),
    /// The system refused for another reason.
    #[error("can't listen on {address}: {source}")]
    Refused {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A front door that listens and has no function yet: its address is known before the function starts,
/// whose configuration may need it.
#[derive(Debug)]
pub struct HttpApi {
    listener: TcpListener,
    address: SocketAddr,
}

impl HttpApi {
    /// Listens on a loopback address; port 0 is any free port.
    ///
    /// # Errors
    /// See [`BindError`]; each names the address.
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        if !address.ip().is_loopback() {
            return Err(BindError::NotLoopback(address));
        }
        let refused = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::Taken(address),
            _ => BindError::Refused { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Puts a function behind it. No process is started before the first request.
    #[must_use]
    pub fn serve(self, options: FunctionOptions) -> LocalFunction {
        let pool = Arc::new(Pool::new(options));
        let front = Arc::new(Front {
            pool: Arc::clone(&pool),
            port: self.address.port(),
            tickets: Tickets::new(self.address.port()),
        });
        let router = Router::new()
            .fallback(handle)
            .layer(from_fn(to_its_end))
            .with_state(front);
        let (closing, mut closed) = watch::channel(false);
        let server = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            // This ends when it is told to, never with an error.
            axum::serve(self.listener, service)
                .with_graceful_shutdown(async move {
                    closed.wait_for(|closed| *closed).await.ok();
                })
                .await
                .ok();
        });
        LocalFunction {
            address: self.address,
            pool,
            closing,
            server,
        }
    }
}

/// A function that runs behind its HTTP API. Dropping it kills its processes.
#[derive(Debug)]
pub struct LocalFunction {
    address: SocketAddr,
    pool: Arc<Pool>,
    closing: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl LocalFunction {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its processes wrote.
    #[must_use]
    pub fn logs(&self) -> Logs {
        self.pool.logs().clone()
    }

    /// The processes that there are now.
    #[must_use]
    pub fn processes(&self) -> Vec<ProcessInformation> {
        self.pool.processes()
    }

    /// How many processes were started so far.
    #[must_use]
    pub fn processes_started(&self) -> usize {
        self.pool.started()
    }

    /// What became of each event, in the order in which they ended.
    #[must_use]
    pub fn invocations(&self) -> Vec<Invocation> {
        self.pool.invocations()
    }

    /// Kills every process, so that the next request is a cold start. One that is busy may finish its
    /// event and is killed then.
    pub async fn scale_to_zero(&self) {
        self.pool.scale_to_zero().await;
    }

    /// Closes the front door and kills every process, also busy ones. When this returns, nothing that
    /// was started is left.
    pub async fn stop(mut self) {
        self.closing.send_replace(true);
        self.pool.stop().await;
        tokio::time::timeout(FAREWELL, &mut self.server).await.ok();
    }
}

impl Drop for LocalFunction {
    fn drop(&mut self) {
        self.closing.send_replace(true);
        self.server.abort();
        self.pool.kill();
    }
}

struct Front {
    pool: Arc<Pool>,
    port: u16,
    tickets: Tickets,
}

/// What the front door says itself: `{"message": …}`.
fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "message": text }))).into_response()
}

async fn handle(
    State(front): State<Arc<Front>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let (from, name) = (
        caller(&parts),
        format!("{} {}", parts.method, parts.uri.path()),
    );
    let entry = front.journal().begin(from, Party::Bridge, name.as_str());
    let head_fits = head_size(&parts) <= HEAD_LIMIT;
    // A length that is announced too large is refused unread.
    let is_read = head_fits && body.size_hint().lower() <= BODY_LIMIT as u64;
    let body = if is_read {
        to_bytes(body, BODY_LIMIT).await.ok()
    } else {
        None
    };
    let (response, log) = match &body {
        _ if !head_fits => {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            (
                message(status, "Request Header Fields Too Large"),
                Vec::new(),
            )
        }
        None => (
            message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Vec::new(),
        ),
        Some(body) => front.call(&parts, body, peer).await,
    };
    let (answer_parts, answer_body) = response.into_parts();
    // It is in memory already, and not larger than what the Runtime API takes.
    let answer_body = to_bytes(answer_body, usize::MAX).await.unwrap_or_default();
    let mut checks = vec![Check::new(
        "request line and headers have at most 10,240 bytes",
        "Amazon API Gateway, quotas for HTTP APIs",
        head_fits,
    )];
    checks.extend(log.iter().filter_map(|line| reported_check(line)));
    let step = Step {
        from,
        to: Party::Bridge,
        request: name,
        parameters: parameters(&parts, body.as_deref().unwrap_or_default()),
        checks,
        status: Some(answer_parts.status.as_u16()),
        answer: answer_parameters(&answer_parts, &answer_body),
    };
    front.journal().end(entry, step);
    Response::from_parts(answer_parts, Body::from(answer_body))
}

impl Front {
    fn journal(&self) -> &Journal {
        &self.pool.options().journal
    }

    /// The function's response, or what API Gateway says instead; and what the function wrote.
    async fn call(&self, parts: &Parts, body: &Bytes, peer: SocketAddr) -> (Response, Vec<String>) {
        let options = self.pool.options();
        let ticket = self.tickets.next();
        let arrival = Arrival {
            domain_name: &options.public_host,
            port: self.port,
            source: peer.ip(),
            request_id: &ticket.request_id,
            trace_id: &ticket.trace_id,
            time: ticket.time,
            body_encoding: options.body_encoding,
        };
        let event = payload::event(parts, body, &arrival).to_string();
        if event.len() > PAYLOAD_LIMIT {
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return (message(status, "Request Entity Too Large"), Vec::new());
        }
        let request_id = ticket.request_id.clone();
        let event = ticket.event(options, event.into());
        // A task of its own: the function goes on when the client leaves, or the front door gives up.
        let pool = Arc::clone(&self.pool);
        let invocation = tokio::spawn(async move { pool.invoke(event).await });
        let finished = tokio::time::timeout(options.integration_timeout, invocation).await;
        let (mut response, log) = match finished {
            Err(_) => (
                message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
                Vec::new(),
            ),
            Ok(Err(_)) => (internal_server_error(), Vec::new()),
            Ok(Ok(Finished { answer, log })) => {
                (respond(answer.map_err(|failure| failure.error)), log)
            }
        };
        if let Ok(request_id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("apigw-requestid", request_id);
        }
        (response, log)
    }
}

fn respond(answer: Result<Bytes, InvocationError>) -> Response {
    match answer {
        Ok(answer) => payload::response(&answer).unwrap_or_else(|_| internal_server_error()),
        Err(InvocationError::Throttled | InvocationError::Stopped) => {
            message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        }
        Err(_) => internal_server_error(),
    }
}

fn internal_server_error() -> Response {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// The bytes of the request line and the headers, see [`HEAD_LIMIT`].
fn head_size(parts: &Parts) -> usize {
    let line = format!("{} {} {:?}\r\n", parts.method, parts.uri, parts.version).len();
    let headers: usize = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    line + headers
}

/// People reach two paths through their browser; everything else is Cognito's own doing.
fn caller(parts: &Parts) -> Party {
    match (&parts.method, parts.uri.path()) {
        (&Method::GET, "/authorize" | "/callback") => Party::Browser,
        _ => Party::Cognito,
    }
}

/// Query, form, and the two headers that carry somebody's right.
fn parameters(parts: &Parts, body: &[u8]) -> Vec<Parameter> {
    let mut parameters = pairs(parts.uri.query().unwrap_or_default().as_bytes());
    if payload::media_type(&parts.headers) == "application/x-www-form-urlencoded" {
        parameters.extend(pairs(body));
    }
    for name in [AUTHORIZATION, COOKIE] {
        for value in parts.headers.get_all(&name) {
            parameters.push(Parameter::new(name.as_str(), payload::text(value)));
        }
    }
    parameters
}

fn pairs(form: &[u8]) -> Vec<Parameter> {
    form_urlencoded::parse(form)
        .map(|(name, value)| Parameter::new(name, value))
        .collect()
}

/// The members of an answer that a journal may show; attributes of a person are not among them.
const SHOWN_MEMBERS: [&str; 7] = [
    "error",
    "error_description",
    "token_type",
    "expires_in",
    "scope",
    "access_token",
    "id_token",
];

/// Where the browser is sent and with what, the cookies, and the members of a token answer or an error.
fn answer_parameters(parts: &http::response::Parts, body: &[u8]) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    if let Some(location) = parts.headers.get(LOCATION).map(payload::text) {
        let (target, query) = location.split_once('?').unwrap_or((&location, ""));
        parameters.push(Parameter::new(LOCATION.as_str(), target));
        // The fragment is none of the parameters.
        let query = query.split('#').next().unwrap_or_default();
        parameters.extend(pairs(query.as_bytes()));
    }
    for cookie in parts.headers.get_all(SET_COOKIE) {
        parameters.push(Parameter::new(SET_COOKIE.as_str(), payload::text(cookie)));
    }
    if payload::media_type(&parts.headers) == "application/json"
        && let Ok(Value::Object(members)) = serde_json::from_slice(body)
    {
        for name in SHOWN_MEMBERS {
            match members.get(name) {
                Some(Value::String(text)) => parameters.push(Parameter::new(name, text)),
                Some(Value::Number(number)) => {
                    parameters.push(Parameter::new(name, number.to_string()));
                }
                _ => {}
            }
        }
    }
    parameters
}

/// What the function says in its own log about its checks: `{"event":"check","check":…}` for one that held, by the class that
/// it rules out, and `{"event":"failure","class":…}` for the one that didn't, which ends the request. One for which there are no
/// words is shown by its name.
pub(crate) fn reported_check(line: &str) -> Option<Check> {
    let line: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| line.get(name).and_then(Value::as_str);
    match text("event")? {
        "check" => {
            let name = text("check")?;
            let words = function_checks::find(name);
            let (what, rule) = words.map_or((name, FAILURES), |words| (words.english, words.rule));
            Some(Check::new(what, rule, true))
        }
        "claims_granted" => Some(Check::new(
            "each claim is one that a scope grants",
            "docs/claims.md",
            true,
        )),
        "failure" => Some(Check::new(text("class")?, FAILURES, false)),
        _ => None,
    }
}
