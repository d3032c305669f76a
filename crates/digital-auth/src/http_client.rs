//! One HTTP client for the service and for AWS: one TLS configuration, one set of connections.
//! Lambda freezes the process for minutes between two events, and connections die meanwhile: so a connection that has
//! been idle for 10 seconds by the time of day is never used again, and [`HttpClient::warm`] opens one before it is needed.
//!
//! Redirects are not followed, answers have a limit, and a request is repeated only if hyper gave it back unsent.

use std::collections::HashMap;
use std::error::Error as _;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use thiserror::Error;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::clock::Clock;
use crate::deadline::Deadline;

/// TCP and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection that has been idle for longer is not used any more, in seconds.
const MAX_IDLE_SECONDS: i64 = 10;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum HttpError {
    /// No connection: the name has no address, nobody listens, TLS failed, or it took more than a second.
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

type Connection = MaybeHttpsStream<TokioIo<TcpStream>>;
type Connecting = Pin<Box<dyn Future<Output = Result<Connection, io::Error>> + Send>>;
type HostClient = Client<Connector, Full<Bytes>>;

/// An HTTP/1.1 client with connections of its own. Cheap to share behind an `Arc`.
pub struct HttpClient {
    clock: Arc<dyn Clock>,
    https: HttpsConnector<HttpConnector>,
    hosts: Mutex<HashMap<String, Host>>,
}

/// The connections to one host: those that hyper keeps, and the one that was opened ahead of time.
struct Host {
    client: HostClient,
    ready: Ready,
    last_used: DateTime<Utc>,
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
            hosts: Mutex::default(),
        })
    }

    /// Sends a request and reads the whole answer, of `limit` bytes at most, until `deadline` at the latest.
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
        let host = key(request.uri()).ok_or(HttpError::Unreachable)?;
        let client = self.client(&host);
        let request = request.map(Full::new);
        let answer = match client.request(request.clone()).await {
            Err(error) if was_not_sent(&error) => client.request(request).await,
            other => other,
        };
        let (parts, body) = answer
            .map_err(|error| {
                if error.is_connect() {
                    HttpError::Unreachable
                } else {
                    HttpError::Interrupted
                }
            })?
            .into_parts();
        let body = Limited::new(body, limit).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                HttpError::TooLarge
            } else {
                HttpError::Interrupted
            }
        })?;
        if let Some(host) = self.lock().get_mut(&host) {
            host.last_used = self.clock.now();
        }
        Ok(Response::from_parts(parts, body.to_bytes()))
    }

    /// Opens a connection to the host of `url`, unless one was used a moment ago, so that the next request finds
    /// it open. Sends no request. A failure is not reported: the request that follows will meet it again.
    pub async fn warm(&self, url: &Uri) {
        let Some(host) = key(url) else { return };
        let client_is_warm = {
            let hosts = self.lock();
            hosts
                .get(&host)
                .is_some_and(|known| is_fresh(known.last_used, self.clock.now()))
        };
        if client_is_warm {
            return;
        }
        let opened = connect(self.https.clone(), url.clone()).await;
        if let Ok(connection) = opened {
            self.client(&host);
            if let Some(host) = self.lock().get(&host) {
                host.ready.put(connection, self.clock.now());
            }
        }
    }

    /// The client for a host, a new one if the connections of the old one have been idle for too long.
    fn client(&self, host: &str) -> HostClient {
        let now = self.clock.now();
        let mut hosts = self.lock();
        if let Some(known) = hosts.get_mut(host)
            && is_fresh(known.last_used, now)
        {
            known.last_used = now;
            return known.client.clone();
        }
        let ready = hosts
            .get(host)
            .map(|known| known.ready.clone())
            .unwrap_or_default();
        let client = self.new_client(ready.clone());
        hosts.insert(
            host.to_owned(),
            Host {
                client: client.clone(),
                ready,
                last_used: now,
            },
        );
        client
    }

    fn new_client(&self, ready: Ready) -> HostClient {
        Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(MAX_IDLE_SECONDS.unsigned_abs()))
            .retry_canceled_requests(false)
            .build(Connector {
                https: self.https.clone(),
                ready,
                clock: Arc::clone(&self.clock),
            })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("HttpClient")
    }
}

/// Scheme and authority: what a connection belongs to.
fn key(uri: &Uri) -> Option<String> {
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

/// Whether something last used at `then` may still be used.
fn is_fresh(then: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let idle = now - then;
    // A clock that went back says nothing about how long it was.
    idle >= TimeDelta::zero() && idle <= TimeDelta::seconds(MAX_IDLE_SECONDS)
}

/// Whether hyper gave the request back because the connection had ended before a byte of it was written: then, and
/// only then, it certainly didn't arrive, and may be sent again.
fn was_not_sent(error: &hyper_util::client::legacy::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<hyper::Error>() {
            return cause.is_canceled();
        }
        source = cause.source();
    }
    false
}

async fn connect(
    mut https: HttpsConnector<HttpConnector>,
    uri: Uri,
) -> Result<Connection, io::Error> {
    match tokio::time::timeout(CONNECT_TIMEOUT, https.call(uri)).await {
        Ok(connected) => connected.map_err(io::Error::other),
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
    }
}

/// Room for one connection that was opened ahead of time.
#[derive(Clone, Default)]
struct Ready(Arc<Mutex<Option<Opened>>>);

struct Opened {
    connection: Connection,
    at: DateTime<Utc>,
}

impl Ready {
    fn put(&self, connection: Connection, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Opened {
            connection,
            at: now,
        });
    }

    fn take(&self, now: DateTime<Utc>) -> Option<Connection> {
        let ready = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        ready.and_then(|opened| is_fresh(opened.at, now).then_some(opened.connection))
    }
}

/// Gives hyper the connection that is ready, else opens one.
#[derive(Clone)]
struct Connector {
    https: HttpsConnector<HttpConnector>,
    ready: Ready,
    clock: Arc<dyn Clock>,
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = io::Error;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        match self.ready.take(self.clock.now()) {
            Some(connection) => Box::pin(std::future::ready(Ok(connection))),
            None => Box::pin(connect(self.https.clone(), uri)),
        }
    }
}
