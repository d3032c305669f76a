//! The HTTP servers of the stand-ins: how they listen, answer and stop.
//! They listen on loopback only, unless the user asks for another address. A server that is stopped
//! accepts no more connections, gives requests under way two seconds to end, and then aborts them.
//! A server that is dropped ends at once.

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tower_service::Service as _;

use crate::tls::Tls;

/// How long a stop waits for requests that are under way.
const GRACE: Duration = Duration::from_secs(2);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Why a stand-in can't listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address isn't on loopback, so other machines could reach the stand-in.
    #[error("a stand-in listens on loopback only, not on {address}")]
    NotLoopback {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// Another server listens on the address.
    #[error("the address {address} is taken: choose another port")]
    Taken {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The system refuses the address.
    #[error("can't listen on {address}")]
    Refused {
        /// The address that was asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

impl ListenError {
    /// The address, if another server listens there.
    #[must_use]
    pub const fn taken(&self) -> Option<SocketAddr> {
        match self {
            Self::Taken { address } => Some(*address),
            Self::NotLoopback { .. } | Self::Refused { .. } => None,
        }
    }

    /// The error in the terms of the operating system.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::NotLoopback { .. } => io::ErrorKind::AddrNotAvailable,
            Self::Taken { .. } => io::ErrorKind::AddrInUse,
            Self::Refused { source, .. } => source.kind(),
        }
    }
}

/// A server that is bound to its address and doesn't answer yet. What answers may need the address,
/// so the address is known first.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
    stopping: watch::Sender<bool>,
}

impl Listener {
    /// Listens on a loopback address; port 0 is any free port.
    ///
    /// # Errors
    ///
    /// [`ListenError`]; each names the address.
    pub async fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        if !address.ip().is_loopback() {
            return Err(ListenError::NotLoopback { address });
        }
        Self::bind_anywhere(address).await
    }

    /// Listens on any address of this machine, so that other machines may reach the server. The
    /// caller has to be sure that the user wants that.
    ///
    /// # Errors
    ///
    /// [`ListenError`] without [`ListenError::NotLoopback`].
    pub async fn bind_anywhere(address: SocketAddr) -> Result<Self, ListenError> {
        let refused = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::Taken { address },
            _ => ListenError::Refused { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self {
            listener,
            address,
            stopping: watch::Sender::new(false),
        })
    }

    /// The address on which it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Becomes true when the server is stopped, and closes when the server is dropped. An answer
    /// that waits for something uses it to stop waiting.
    #[must_use]
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Answers with a router. A handler can ask for [`ConnectInfo`] with the caller's address.
    #[must_use]
    pub fn serve(self, manners: Manners, router: Router) -> Server {
        self.serve_each(manners, move |stream, peer| {
            (stream, answering(router.clone(), peer))
        })
    }

    /// Answers with a router, by HTTPS only.
    #[must_use]
    pub fn serve_tls(self, manners: Manners, router: Router, tls: &Tls) -> Server {
        let tls = tls.acceptor();
        let connect = move |stream, peer| {
            let (tls, service) = (tls.clone(), answering(router.clone(), peer));
            async move {
                let stream = timeout(HANDSHAKE, tls.accept(stream)).await;
                Some((stream.ok()?.ok()?, service))
            }
        };
        self.spawn(manners, connect)
    }

    /// Answers each connection with the stream and the service that `connect` makes of it.
    #[must_use]
    pub fn serve_each<I, S>(
        self,
        manners: Manners,
        connect: impl Fn(TcpStream, SocketAddr) -> (I, S) + Send + 'static,
    ) -> Server
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        S: Service<Request<Incoming>, Response = Response> + Send + 'static,
        S::Future: Send,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.spawn(manners, move |stream, peer| {
            ready(Some(connect(stream, peer)))
        })
    }

    fn spawn<C, I, S>(
        self,
        manners: Manners,
        connect: impl Fn(TcpStream, SocketAddr) -> C + Send + 'static,
    ) -> Server
    where
        C: Future<Output = Option<(I, S)>> + Send + 'static,
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        S: Service<Request<Incoming>, Response = Response> + Send + 'static,
        S::Future: Send,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let accepting = accept(self.listener, manners, connect, self.stopping.subscribe());
        Server {
            stopping: self.stopping,
            task: tokio::spawn(accepting),
        }
    }
}

/// How a server treats connections. [`Manners::default`] has no limits but hyper's own.
#[derive(Clone, Debug)]
pub struct Manners {
    /// The most connections at a time. Further ones wait.
    pub connections: usize,
    /// How long the headers of a request may take to come, and how long a connection is kept for
    /// the next request.
    pub head_time: Option<Duration>,
    /// How many bytes are read ahead before a request's headers must be complete.
    pub read_ahead: Option<usize>,
    /// Whether a connection may have a second request.
    pub keep_alive: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            connections: Semaphore::MAX_PERMITS,
            head_time: None,
            read_ahead: None,
            keep_alive: true,
        }
    }
}

impl Manners {
    fn http1(&self) -> http1::Builder {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_time)
            .keep_alive(self.keep_alive);
        if let Some(bytes) = self.read_ahead {
            builder.max_buf_size(bytes);
        }
        builder
    }
}

/// A server that runs. Dropping it ends it at once.
#[derive(Debug)]
pub struct Server {
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Stops listening, without waiting. Requests under way have two seconds to end.
    pub fn close(&self) {
        self.stopping.send_replace(true);
    }

    /// Stops listening, and waits until requests under way have ended or two seconds have passed.
    pub async fn stop(&mut self) {
        self.close();
        // The task ends by itself within that time.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits until a server is stopped or dropped.
pub async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// The service that answers one connection with a router.
fn answering(
    router: Router,
    peer: SocketAddr,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
+ Send
+ 'static {
    service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        async move { router.call(request).await }
    })
}

async fn accept<C, I, S>(
    listener: TcpListener,
    manners: Manners,
    connect: impl Fn(TcpStream, SocketAddr) -> C,
    mut stopping: watch::Receiver<bool>,
) where
    C: Future<Output = Option<(I, S)>> + Send + 'static,
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    S: Service<Request<Incoming>, Response = Response> + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let places = Arc::new(Semaphore::new(manners.connections));
    let http1 = manners.http1();
    let mut connections = JoinSet::new();
    loop {
        let arrived = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        tokio::select! {
            () = stopped(&mut stopping) => break,
            (accepted, place) = arrived => match (accepted, place) {
                (Ok((stream, peer)), Ok(place)) => {
                    let _ = stream.set_nodelay(true);
                    let connected = connect(stream, peer);
                    let (http1, mut stopping) = (http1.clone(), stopping.clone());
                    connections.spawn(async move {
                        let _place = place;
                        let connected = tokio::select! {
                            connected = connected => connected,
                            () = stopped(&mut stopping) => None,
                        };
                        let Some((stream, service)) = connected else {
                            return;
                        };
                        let connection = http1.serve_connection(TokioIo::new(stream), service);
                        let mut connection = std::pin::pin!(connection);
                        // It doesn't matter to the server how a connection ends.
                        let ended = tokio::select! {
                            _ = connection.as_mut() => true,
                            () = stopped(&mut stopping) => false,
                        };
                        if !ended {
                            connection.as_mut().graceful_shutdown();
                            let _ = connection.await;
                        }
                    });
                }
                // `accept` fails if a connection is already gone or too many are open.
                _ => sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(GRACE, ended).await;
    connections.shutdown().await;
}
