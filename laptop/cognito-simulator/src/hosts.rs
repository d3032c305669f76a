//! Which requests are answered by their host and their origin.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::HOST;
use http::{Method, StatusCode};
use loopback::names::is_for;
use tokio::time::timeout;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use crate::pages::redirect;
use crate::shared::Shared;

/// How long a request may take, with its body, and the triggers that it calls.
const LONGEST: Duration = Duration::from_secs(60);

/// Answers 421 to a request for another host than this machine and the public host, because a page
/// of another site could read the answers otherwise (DNS rebinding). After each answer, whoever
/// saves the pool is told.
pub(crate) async fn admitted(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    if !is_for(request.headers(), Some(&shared.urls.public_host)) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    let Ok(response) = timeout(LONGEST, next.run(request)).await else {
        return StatusCode::REQUEST_TIMEOUT.into_response();
    };
    shared.answered.send_modify(|answered| *answered += 1);
    response
}

/// Sends a browser that asks under another name, such as `127.0.0.1` or the public host, to the
/// host for browsers. The login's cookie is bound to that host.
pub(crate) async fn at_the_browsers_host(
    State(shared): State<Arc<Shared>>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let host = request.headers().get(HOST);
    let is_elsewhere = host.is_some_and(|host| *host != shared.urls.browser_host);
    match uri.path_and_query() {
        Some(path) if is_elsewhere => redirect(&format!("{}{path}", shared.urls.browser)),
        _ => next.run(request).await,
    }
}

/// Lets pages of any origin read the answers, as Cognito does. The endpoints know no cookies.
pub(crate) fn any_origin() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
}
