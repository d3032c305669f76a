//! The HTTP client for the service and for AWS: one TLS configuration, one set of connections.
//! Lambda freezes the process for minutes between two events (contract A2), and connections die
//! meanwhile. So a connection that has been idle for more than 10 seconds by the time of day is
//! never used again, and [`HttpClient::warm`] opens one before it is needed.
//!
//! Redirects are not followed, answers have a size limit, and a request is repeated only if hyper
//! returned it unsent.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use thiserror::Error;
use tower_service::Service as _;

use crate::clock::Clock;
use crate::deadline::Deadline;

/// The limit for connecting, TCP and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection that has been idle for longer is not used any more.
const MAX_IDLE: TimeDelta = TimeDelta::seconds(10);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum HttpError {
    /// No connection: the name has no address, nobody listens, TLS failed, connecting took more
    /// than a second, or the connection was closed before the request was written.
    #[error("no connection")]
    Unreachable,
    /// The deadline passed.
    #[error("no answer in time")]
    TimedOut,
    /// The connection broke before the answer was complete. The request may have arrived.
    #[error("the connection broke before the answer was complete")]
    Interrupted,
    /// The answer is larger than the limit.
    #[error("the answer is too large")]
    TooLarge,
}

/// There are no trusted root certificates on this machine.
#[derive(Debug, Error)]
#[error("no trusted root certificates were found on this machine")]
pub struct NoRootCertificates(#[source] io::Error);

/// An open connection. A task of its own drives it, and notices when the peer closes it.
type Connection = http1::SendRequest<Full<Bytes>>;

/// An HTTP/1.1 client with connections of its own. Cheap to share behind an `Arc`.
pub struct HttpClient {
    clock: Arc<dyn Clock>,
    https: HttpsConnector<HttpConnector>,
    product: Option<&'static str>,
    hosts: Mutex<HashMap<String, Host>>,
}

/// The connections to one host: one scheme and authority.
#[derive(Default)]
struct Host {
    idle: Vec<Idle>,
    last_used: Option<DateTime<Utc>>,
}

impl Host {
    /// Drops the connections that have been idle for too long, or have ended.
    fn let_go(&mut self, now: DateTime<Utc>) {
        self.idle
            .retain(|idle| is_fresh(idle.since, now) && idle.connection.is_ready());
    }
}

/// A connection on which no request is under way.
struct Idle {
    connection: Connection,
    since: DateTime<Utc>,
}

impl HttpClient {
    /// A client that trusts this machine's root certificates.
    ///
    /// # Errors
    ///
    /// [`NoRootCertificates`] if there are none.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, NoRootCertificates> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let https = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(NoRootCertificates)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self {
            clock,
            https,
            product: None,
            hosts: Mutex::default(),
        })
    }

    /// The client with a name for its requests: `product`, a token, is the `User-Agent` of every
    /// request that has none (RFC 9110 §10.1.5). Without it, such requests have none.
    #[must_use]
    pub fn named(self, product: &'static str) -> Self {
        let product = Some(product);
        Self { product, ..self }
    }

    /// The name of the requests, if they have one.
    #[must_use]
    pub fn product(&self) -> Option<&'static str> {
        self.product
    }

    /// Sends a request and reads the whole answer, of `limit` bytes at most, until `deadline` at
    /// the latest.
    ///
    /// # Errors
    ///
    /// See [`HttpError`]. After [`HttpError::Unreachable`] the request was certainly not received.
    pub async fn send(
        &self,
        request: Request<Bytes>,
        limit: usize,
        deadline: Deadline,
    ) -> Result<Response<Bytes>, HttpError> {
        deadline
            .bound(self.send_unbounded(request, limit))
            .await
            .unwrap_or(Err(HttpError::TimedOut))
    }

    async fn send_unbounded(
        &self,
        request: Request<Bytes>,
        limit: usize,
    ) -> Result<Response<Bytes>, HttpError> {
        let url = request.uri().clone();
        let host = key(&url).ok_or(HttpError::Unreachable)?;
        self.lock().entry(host.clone()).or_default().last_used = Some(self.clock.now());
        // The process may have been frozen while a peer closed its connections. Here the runtime
        // polls the network first, so that the tasks of the connections notice the closing before
        // they get the request.
        tokio::task::yield_now().await;

        let request = on_the_wire(request, self.product);
        let mut request = request.ok_or(HttpError::Unreachable)?;
        let (connection, answer) = loop {
            let kept = self.take_idle(&host);
            let was_kept = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.connect(&url).await?,
            };
            match connection.try_send_request(request).await {
                Ok(answer) => break (connection, answer),
                // hyper returns a request if not a byte of it was written: then, and only then, it
                // certainly didn't arrive. If a kept connection ended meanwhile, another connection
                // is tried.
                Err(mut error) => match error.take_message() {
                    Some(unsent) if was_kept => request = unsent,
                    Some(_) => return Err(HttpError::Unreachable),
                    None => return Err(HttpError::Interrupted),
                },
            }
        };
        let (parts, body) = answer.into_parts();
        let body = Limited::new(body, limit).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                HttpError::TooLarge
            } else {
                HttpError::Interrupted
            }
        })?;
        self.keep(host, connection);
        Ok(Response::from_parts(parts, body.to_bytes()))
    }

    /// Opens a connection to the host of `url`, unless the host was used within the last 10
    /// seconds, so that the next request finds it open. Sends no request. A failure is not
    /// reported: the request that follows will meet it again.
    pub async fn warm(&self, url: &Uri) {
        let Some(host) = key(url) else { return };
        let now = self.clock.now();
        let last_used = self.lock().get(&host).and_then(|known| known.last_used);
        if last_used.is_some_and(|then| is_fresh(then, now)) {
            return;
        }
        if let Ok(connection) = self.connect(url).await {
            self.keep(host, connection);
        }
    }

    /// Takes a kept connection that can be used for a request. Those that have been idle for too
    /// long, or have ended, are dropped.
    fn take_idle(&self, host: &str) -> Option<Connection> {
        let now = self.clock.now();
        let mut hosts = self.lock();
        let host = hosts.get_mut(host)?;
        host.let_go(now);
        host.idle.pop().map(|idle| idle.connection)
    }

    fn keep(&self, host: String, connection: Connection) {
        if connection.is_closed() {
            return;
        }
        let now = self.clock.now();
        let mut hosts = self.lock();
        // Old connections of every host are dropped here: `take_idle` is never called for a host
        // that is only warmed, or not called any more.
        for known in hosts.values_mut() {
            known.let_go(now);
        }
        let host = hosts.entry(host).or_default();
        host.last_used = Some(now);
        host.idle.push(Idle {
            connection,
            since: now,
        });
    }

    async fn connect(&self, url: &Uri) -> Result<Connection, HttpError> {
        let mut https = self.https.clone();
        let opening = async {
            let stream = https.call(url.clone()).await.ok()?;
            let (connection, task) = http1::handshake(stream).await.ok()?;
            // The result is not needed: if the connection ends during a request, the request gets
            // the error.
            tokio::spawn(async move {
                let _ended = task.await;
            });
            Some(connection)
        };
        let opened = tokio::time::timeout(CONNECT_TIMEOUT, opening).await;
        opened.ok().flatten().ok_or(HttpError::Unreachable)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HttpClient")
    }
}

/// Scheme and authority: the key under which connections are kept.
fn key(uri: &Uri) -> Option<String> {
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

/// The request in the form of HTTP/1.1: the path in the first line, the authority in `Host`,
/// without the scheme's own port (RFC 9112 §3.2), and `Accept-Encoding: identity`. Headers that the
/// request has already stay as they are.
fn on_the_wire(
    request: Request<Bytes>,
    product: Option<&'static str>,
) -> Option<Request<Full<Bytes>>> {
    let (mut parts, body) = request.into_parts();
    if !parts.headers.contains_key(header::HOST) {
        let name = parts.uri.host()?;
        let own_port = if parts.uri.scheme() == Some(&Scheme::HTTPS) {
            443
        } else {
            80
        };
        let host = match parts.uri.port_u16().filter(|port| *port != own_port) {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        };
        let host = HeaderValue::try_from(host).ok()?;
        parts.headers.insert(header::HOST, host);
    }
    // Answers are not decompressed. Without this header a server may choose any content coding (RFC
    // 9110 §12.5.3).
    parts
        .headers
        .entry(header::ACCEPT_ENCODING)
        .or_insert(HeaderValue::from_static("identity"));
    if let Some(product) = product {
        let value = HeaderValue::from_str(product).ok()?;
        parts.headers.entry(header::USER_AGENT).or_insert(value);
    }
    let path = parts.uri.path_and_query().cloned();
    parts.uri = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    Some(Request::from_parts(parts, Full::new(body)))
}

/// Whether something last used at `then` may still be used.
fn is_fresh(then: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let idle = now - then;
    // If the clock went back, it is unknown how long the connection was idle.
    idle >= TimeDelta::zero() && idle <= MAX_IDLE
}
