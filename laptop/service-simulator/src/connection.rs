//! What happens to idle connections: a test decides it by [`IdleConnections`]. A server may close
//! an idle connection, or forget it without telling the client; then everything that the client
//! sends on it is lost. A frozen Lambda process can meet both when it is thawed.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use loopback::server::{Listener, Manners, Server};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tower_service::Service as _;

use crate::exchange::HangUp;

/// What the service does with an idle connection.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum IdleConnections {
    /// The service keeps the connection as long as the client does.
    #[default]
    Keep,
    /// The service closes every connection after its first answer, which announces it
    /// (`Connection: close`, RFC 9112 §9.6). So no connection is ever idle.
    EndWithAnswer,
    /// The service closes the connection after this idle time.
    CloseAfter(Duration),
    /// After this idle time the service forgets the connection: it looks open, but what the client
    /// sends on it is never answered.
    ForgetAfter(Duration),
}

/// Method and path of each request that came on a forgotten connection. Clones share the list.
#[derive(Clone, Default)]
pub(crate) struct Lost(Arc<Mutex<Vec<String>>>);

impl Lost {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn add(&self, bytes: &[u8]) {
        let first = bytes
            .split(|byte| *byte == b'\r')
            .next()
            .unwrap_or_default();
        // Method and path only: a query may hold secrets.
        let line = String::from_utf8_lossy(first);
        let mut words = line.split([' ', '?']);
        let (method, path) = (words.next(), words.next());
        let path = [method.unwrap_or_default(), path.unwrap_or_default()].join(" ");
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(path);
    }
}

/// How many connections were accepted. Clones share the count.
#[derive(Clone, Default)]
pub(crate) struct Accepted(Arc<AtomicUsize>);

impl Accepted {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Serves `router`, and treats idle connections as `idle` says.
pub(crate) fn serve(
    listener: Listener,
    router: Router,
    idle: IdleConnections,
    (accepted, lost): (Accepted, Lost),
) -> Server {
    let manners = Manners {
        keep_alive: idle != IdleConnections::EndWithAnswer,
        ..Manners::default()
    };
    listener.serve_each(manners, move |stream, _| {
        accepted.add();
        let busy = Arc::new(AtomicBool::new(false));
        let stream = Watched::new(stream, idle, Arc::clone(&busy), lost.clone());
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            answer(router.clone(), request, Arc::clone(&busy))
        });
        (stream, service)
    })
}

/// Answers one request. If the response is marked with [`HangUp`], the connection is closed without
/// an answer.
async fn answer(
    mut router: Router,
    request: Request<Incoming>,
    busy: Arc<AtomicBool>,
) -> io::Result<Response> {
    busy.store(true, Ordering::Relaxed);
    let answered = router.call(request.map(Body::new)).await;
    busy.store(false, Ordering::Relaxed);
    let response: Response = match answered {
        Ok(response) => response,
        Err(never) => match never {},
    };
    match response.extensions().get::<HangUp>() {
        Some(HangUp) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
        None => Ok(response),
    }
}

/// A TCP stream that knows how long it has been idle, and applies [`IdleConnections`].
struct Watched {
    stream: TcpStream,
    idle: IdleConnections,
    busy: Arc<AtomicBool>,
    lost: Lost,
    active: Instant,
    alarm: Pin<Box<Sleep>>,
    forgotten: bool,
}

impl Watched {
    fn new(stream: TcpStream, idle: IdleConnections, busy: Arc<AtomicBool>, lost: Lost) -> Self {
        let active = Instant::now();
        let alarm = Box::pin(sleep_until(active));
        Self {
            stream,
            idle,
            busy,
            lost,
            active,
            alarm,
            forgotten: false,
        }
    }

    /// Reads and discards everything, until the client closes the connection.
    fn ignore(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut waste = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut waste);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.forgotten {
            return self.ignore(context);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let busy = self.busy.load(Ordering::Relaxed);
        let came = buffer.filled().len() > before;
        match self.idle {
            IdleConnections::ForgetAfter(limit)
                if came && !busy && self.active.elapsed() > limit =>
            {
                let mut bytes = buffer.filled().iter().copied();
                self.lost
                    .add(&bytes.by_ref().skip(before).collect::<Vec<u8>>());
                buffer.set_filled(before);
                self.forgotten = true;
                return self.ignore(context);
            }
            IdleConnections::CloseAfter(limit) if read.is_pending() && !busy => {
                let end = self.active + limit;
                self.alarm.as_mut().reset(end);
                // Ready without having read anything is the end of the stream: hyper closes it.
                return self.alarm.as_mut().poll(context).map(Ok);
            }
            _ => {}
        }
        if came {
            self.active = Instant::now();
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.active = Instant::now();
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
