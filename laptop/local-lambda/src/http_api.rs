//! The front door of a function: an HTTP API on loopback, as Amazon API Gateway has it.
//! It turns requests into events, refuses what is too large or not admitted, and answers in the
//! place of a function that can't.
//! It records every request in the journal.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::authorizer::Authorizer;
use crate::configuration::Configuration;
use crate::cors;
use crate::function::FunctionOptions;
use crate::gateway::{Cors, Gateway, InvalidGateway, Parties};
use crate::payload::{self, AdmittedToken, Arrival};
use crate::pool::{Finished, Invocation, Pool};
use crate::process::Logs;
use crate::registry::ProcessInformation;
use crate::reported::reported_checks;
use crate::routes::{Routes, Served};
use crate::runtime_api::{InvocationError, PAYLOAD_LIMIT};
use crate::ticket::{Ticket, Tickets};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use loopback::clock::SimClock;
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
    entrance: Entrance,
}

impl HttpApi {
    /// Listens on a loopback address; port 0 is any free port.
    ///
    /// # Errors
    /// See [`ListenError`]; each names the address.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let listener = Listener::bind(address).await?;
        let entrance = Entrance::new(Gateway::default(), None);
        Ok(Self { listener, entrance })
    }

    /// The address on which it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Gives it routes, an authorizer and CORS. Without them, every request goes to the function.
    ///
    /// # Errors
    /// [`InvalidGateway`]: Amazon API Gateway wouldn't accept them, or they aren't simulated.
    pub fn with(mut self, gateway: Gateway) -> Result<Self, InvalidGateway> {
        gateway.check()?;
        let options = gateway.authorizer.clone();
        let authorizer = options.map(|options| Authorizer::new(options, gateway.clock.clone()));
        let authorizer = authorizer.transpose().map_err(|_| InvalidGateway::Client)?;
        self.entrance = Entrance::new(gateway, authorizer);
        Ok(self)
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
            entrance: self.entrance,
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

    /// The function's configuration, which can be changed while it runs.
    #[must_use]
    pub fn configuration(&self) -> Configuration {
        Configuration::of(Arc::clone(&self.pool))
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
    entrance: Entrance,
}

/// A configuration, with what is kept for it: the keys of the issuer, and what is left of the
/// throttles.
#[derive(Debug)]
struct Entrance {
    routes: Routes,
    authorizer: Option<Authorizer>,
    cors: Option<Cors>,
    clock: SimClock,
    parties: Parties,
}

impl Entrance {
    fn new(gateway: Gateway, authorizer: Option<Authorizer>) -> Self {
        Self {
            routes: Routes::new(gateway.routes),
            authorizer,
            cors: gateway.cors,
            clock: gateway.clock,
            parties: gateway.parties,
        }
    }
}

async fn handle(
    State(front): State<Arc<Front>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let (from, to) = front.entrance.parties(&parts);
    let name = format!("{} {}", parts.method, parts.uri.path());
    let entry = front.journal().begin(from, to, name.as_str());
    let head_fits = head_size(&parts) <= HEAD_LIMIT;
    // If the announced length is too large, the body is refused without being read.
    let is_read = head_fits && body.size_hint().lower() <= BODY_LIMIT as u64;
    let body = if is_read {
        to_bytes(body, BODY_LIMIT).await.ok()
    } else {
        None
    };
    let mut checks = vec![Check::new(
        "request line and headers have at most 10,240 bytes",
        "Amazon API Gateway, quotas for HTTP APIs",
        head_fits,
    )];
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
        Some(body) => front.answer(&parts, body, peer, &mut checks).await,
    };
    let (answer_parts, answer_body) = response.into_parts();
    // The answer is in memory already. The Runtime API has limited its size.
    let answer_body = to_bytes(answer_body, usize::MAX).await.unwrap_or_default();
    checks.extend(reported_checks(&log, &front.pool.options()));
    let step = Step {
        from,
        to,
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
    fn journal(&self) -> Journal {
        self.pool.options().journal.clone()
    }

    /// The function's response, or what API Gateway answers instead, and the log lines that the
    /// function wrote meanwhile. The checks of the front door are added to `checks`.
    async fn answer(
        &self,
        parts: &Parts,
        body: &Bytes,
        peer: SocketAddr,
        checks: &mut Vec<Check>,
    ) -> (Response, Vec<String>) {
        let ticket = self.tickets.next();
        let request_id = ticket.request_id.clone();
        let (mut response, log) = match self.entrance.admit(parts, checks).await {
            Ok(admitted) => self.call(parts, body, peer, ticket, &admitted).await,
            Err(response) => (*response, Vec::new()),
        };
        let headers = response.headers_mut();
        if let Some(cors) = &self.entrance.cors {
            cors::apply(cors, parts, headers);
        }
        if let Ok(request_id) = HeaderValue::from_str(&request_id) {
            headers.insert("apigw-requestid", request_id);
        }
        (response, log)
    }

    /// Calls the function with a request that was admitted.
    async fn call(
        &self,
        parts: &Parts,
        body: &Bytes,
        peer: SocketAddr,
        ticket: Ticket,
        admitted: &Admitted<'_>,
    ) -> (Response, Vec<String>) {
        let options = self.pool.options();
        let arrival = Arrival {
            domain_name: &options.public_host,
            port: self.port,
            source: peer.ip(),
            request_id: &ticket.request_id,
            trace_id: &ticket.trace_id,
            time: ticket.time,
            body_encoding: options.body_encoding,
            route_key: admitted.route.key(),
            token: admitted.token.as_ref(),
        };
        let event = payload::event(parts, body, &arrival).to_string();
        if event.len() > PAYLOAD_LIMIT {
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return (message(status, "Request Entity Too Large"), Vec::new());
        }
        let event = ticket.event(&options, event.into());
        // A task of its own, because the function goes on if the client leaves or the front door
        // gives up.
        let pool = Arc::clone(&self.pool);
        let invocation = tokio::spawn(async move { pool.invoke(event).await });
        let finished = tokio::time::timeout(options.integration_timeout, invocation).await;
        match finished {
            Err(_) => (
                message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
                Vec::new(),
            ),
            Ok(Err(_)) => (internal_server_error(), Vec::new()),
            Ok(Ok(Finished { answer, log })) => {
                (respond(answer.map_err(|failure| failure.error)), log)
            }
        }
    }
}

/// A request that a route takes, with its token if the route needs one.
struct Admitted<'a> {
    route: &'a Served,
    token: Option<AdmittedToken>,
}

impl Entrance {
    /// Who sent the request to whom. Only browsers send preflights.
    fn parties(&self, parts: &Parts) -> (Party, Party) {
        let from = if self.cors.is_some() && cors::is_preflight(parts) {
            Party::Browser
        } else {
            (self.parties.caller)(parts.uri.path())
        };
        (from, self.parties.called)
    }

    /// Whether a request goes to the function, or else the answer to it.
    async fn admit(
        &self,
        parts: &Parts,
        checks: &mut Vec<Check>,
    ) -> Result<Admitted<'_>, Box<Response>> {
        let refused = |status, text| Err(Box::new(message(status, text)));
        let route = self.routes.find(parts);
        // A route that takes `OPTIONS` gets preflights too, and so does its authorizer (contract
        // A1).
        if let (None, Some(cors)) = (route, &self.cors)
            && cors::is_preflight(parts)
        {
            let allowed = cors::is_allowed(cors, parts) == Some(true);
            let rule = "Amazon API Gateway, CORS for HTTP APIs";
            checks.push(Check::new("the origin is allowed", rule, allowed));
            return Err(Box::new(cors::answer_to_preflight()));
        }
        if !route.is_some_and(Served::is_default) {
            let rule = "Amazon API Gateway, routes for HTTP APIs";
            checks.push(Check::new(
                "a route takes the request",
                rule,
                route.is_some(),
            ));
        }
        let Some(route) = route else {
            return refused(StatusCode::NOT_FOUND, "Not Found");
        };
        if let Some(passes) = route.count(self.clock.now()) {
            let rule = "Amazon API Gateway, throttling for HTTP APIs";
            checks.push(Check::new(
                "the route's throttle lets it through",
                rule,
                passes,
            ));
            if !passes {
                return refused(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
            }
        }
        let token = match (route.scopes(), &self.authorizer) {
            (None, _) => None,
            (Some(scopes), Some(authorizer)) => {
                let admitted = authorizer.admit(parts, scopes, checks).await;
                Some(admitted.map_err(|refusal| Box::new(refusal.answer(scopes)))?)
            }
            // The configuration was checked for this.
            (Some(_), None) => return Err(Box::new(internal_server_error())),
        };
        Ok(Admitted { route, token })
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

/// The members of a request's JSON that the journal may show. Most of them are masked. All others
/// may be personal.
const SHOWN_IN_REQUESTS: [&str; 8] = [
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "continuation",
    "return_url",
    "state",
    "ticket",
];

/// The parameters of the request: query, form or JSON, and the two headers that carry credentials.
fn parameters(parts: &Parts, body: &[u8]) -> Vec<Parameter> {
    let mut parameters = pairs(parts.uri.query().unwrap_or_default().as_bytes());
    match payload::media_type(&parts.headers).as_str() {
        "application/x-www-form-urlencoded" => parameters.extend(pairs(body)),
        "application/json" => parameters.extend(members(body, &SHOWN_IN_REQUESTS)),
        _ => {}
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

/// The members of a JSON object that the journal may show, if they are texts or numbers.
fn members(json: &[u8], shown: &[&str]) -> Vec<Parameter> {
    let Ok(Value::Object(members)) = serde_json::from_slice(json) else {
        return Vec::new();
    };
    let shown = shown.iter().filter_map(|&name| match members.get(name)? {
        Value::String(text) => Some(Parameter::new(name, text)),
        Value::Number(number) => Some(Parameter::new(name, number.to_string())),
        _ => None,
    });
    shown.collect()
}

/// The members of an answer that the journal may show. Attributes of a person are not among them.
const SHOWN_IN_ANSWERS: [&str; 9] = [
    "error",
    "error_description",
    "token_type",
    "expires_in",
    "scope",
    "access_token",
    "id_token",
    "ticket",
    "continuation",
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
    if payload::media_type(&parts.headers) == "application/json" {
        parameters.extend(members(body, &SHOWN_IN_ANSWERS));
    }
    parameters
}
