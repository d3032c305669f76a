//! The front door of a function: an HTTP API on loopback, as Amazon API Gateway has it.
//! It turns requests into events, refuses what is too large, and answers in the place of a function
//! that can't.
//! It records every request in the journal.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::function::FunctionOptions;
use crate::payload::{self, Arrival};
use crate::pool::{Finished, Invocation, Pool};
use crate::process::Logs;
use crate::registry::ProcessInformation;
use crate::reported::reported_checks;
use crate::runtime_api::{InvocationError, PAYLOAD_LIMIT};
use crate::ticket::Tickets;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use loopback::journal::{Check, Journal, Parameter, Party, Step};
use loopback::names::to_its_end;
use loopback::server::{ListenError, Listener, Manners, Server};
use serde_json::{Value, json};

/// The most bytes of request line and headers together (Amazon API Gateway quotas for HTTP APIs).
/// They are counted as they are on the wire, with the line ends and without the empty line behind
/// them.
pub const HEAD_LIMIT: usize = 10_240;

/// The most bytes of a request's body (Amazon API Gateway quotas for HTTP APIs: 10 MB).
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// A front door that listens and has no function yet. The function's configuration may need the
/// address of the front door, so the address is known first.
#[derive(Debug)]
pub struct HttpApi {
    listener: Listener,
}

impl HttpApi {
    /// Listens on a loopback address; port 0 is any free port.
    ///
    /// # Errors
    /// See [`ListenError`]; each names the address.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let listener = Listener::bind(address).await?;
        Ok(Self { listener })
    }

    /// The address on which it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Puts a function behind it. No process is started before the first request.
    #[must_use]
    pub fn serve(self, options: FunctionOptions) -> LocalFunction {
        let pool = Arc::new(Pool::new(options));
        let address = self.listener.address();
        let front = Arc::new(Front {
            pool: Arc::clone(&pool),
            port: address.port(),
            tickets: Tickets::new(address.port()),
        });
        let router = Router::new()
            .fallback(handle)
            .layer(from_fn(to_its_end))
            .with_state(front);
        LocalFunction {
            address,
            pool,
            server: self.listener.serve(Manners::default(), router),
        }
    }
}

/// A function that runs behind its HTTP API. Dropping it kills its processes.
#[derive(Debug)]
pub struct LocalFunction {
    address: SocketAddr,
    pool: Arc<Pool>,
    server: Server,
}

impl LocalFunction {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address on which it listens.
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

    /// Kills every process, so that the next request is a cold start. A busy process may finish its
    /// event, and is killed then.
    pub async fn scale_to_zero(&self) {
        self.pool.scale_to_zero().await;
    }

    /// Closes the front door and kills every process, also busy ones. When this returns, no process
    /// is left.
    pub async fn stop(mut self) {
        self.server.close();
        self.pool.stop().await;
        self.server.stop().await;
    }
}

impl Drop for LocalFunction {
    fn drop(&mut self) {
        self.server.close();
        self.pool.kill();
    }
}

struct Front {
    pool: Arc<Pool>,
    port: u16,
    tickets: Tickets,
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
    // If the announced length is too large, the body is refused without being read.
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
    // The answer is in memory already. The Runtime API has limited its size.
    let answer_body = to_bytes(answer_body, usize::MAX).await.unwrap_or_default();
    let mut checks = vec![Check::new(
        "request line and headers have at most 10,240 bytes",
        "Amazon API Gateway, quotas for HTTP APIs",
        head_fits,
    )];
    checks.extend(reported_checks(&log, front.pool.options()));
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

/// An answer of the front door itself: `{"message": …}`.
fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "message": text }))).into_response()
}

impl Front {
    fn journal(&self) -> &Journal {
        &self.pool.options().journal
    }

    /// The function's response, or what API Gateway answers instead, and the log lines that the
    /// function wrote meanwhile.
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
        // A task of its own, because the function goes on if the client leaves or the front door
        // gives up.
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

/// The bytes of the request line and the headers, counted as for [`HEAD_LIMIT`].
fn head_size(parts: &Parts) -> usize {
    let line = format!("{} {} {:?}\r\n", parts.method, parts.uri, parts.version).len();
    let headers: usize = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    line + headers
}

/// Who sent the request: the browser for two paths, whatever the method, and Cognito otherwise.
fn caller(parts: &Parts) -> Party {
    match parts.uri.path() {
        "/authorize" | "/callback" => Party::Browser,
        _ => Party::Cognito,
    }
}

/// The parameters of the request: query, form, and the two headers that carry credentials.
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

/// The members of an answer that the journal may show. Attributes of a person are not among them.
const SHOWN_MEMBERS: [&str; 7] = [
    "error",
    "error_description",
    "token_type",
    "expires_in",
    "scope",
    "access_token",
    "id_token",
];

/// The parameters of the answer: the target of a redirect and its query, the cookies, and the
/// members of a token answer or an error.
fn answer_parameters(parts: &http::response::Parts, body: &[u8]) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    if let Some(location) = parts.headers.get(LOCATION).map(payload::text) {
        let (target, query) = location.split_once('?').unwrap_or((&location, ""));
        parameters.push(Parameter::new(LOCATION.as_str(), target));
        // The fragment doesn't belong to the query.
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
