//! The app's connections: few, with small headers that have to come in time.
//! axum's own server has no such bounds.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_service::Service as _;

/// The most connections at a time; another one waits.
const CONNECTIONS: usize = 128;
/// How much is read ahead before a request's headers must be complete. What is less and still too much gets a page.
const READ_AHEAD: usize = 64 * 1024;
/// How long the headers of a request may take to come, and how long a connection is kept for the next request.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// How long a stop waits for requests that are under way.
const GRACE: Duration = Duration::from_secs(1);

/// Serves until `stopping` becomes true, then gives the requests under way a moment to end.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    let for_connections = stopping.clone();
    loop {
        let arrived = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        tokio::select! {
            () = stopped(&mut stopping) => break,
            (accepted, place) = arrived => match (accepted, place) {
                (Ok((stream, _)), Ok(place)) => {
                    connections.spawn(converse(stream, router.clone(), for_connections.clone(), place));
                }
                // What accept() reports is a connection that is already gone, or too many of them.
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

/// Waits until the app is stopped, or its handle is gone.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// One connection, to its end.
async fn converse(
    stream: TcpStream,
    router: Router,
    mut stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        async move { router.call(request.map(Body::new)).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(READ_AHEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // How a connection ends is the browser's business.
    let ended = tokio::select! {
        _ = connection.as_mut() => true,
        () = stopped(&mut stopping) => false,
    };
    if !ended {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}
