//! The routes of the members' part.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use loopback::names::to_its_end;

use super::handlers;
use super::pages::NOT_FOUND;
use super::state::{CALLBACK_PATH, Members, RETURN_PATH};

/// The most bytes of a form.
const FORM_LIMIT: usize = 4 * 1024;

/// The routes of the members' part.
pub(in crate::app) fn routes(members: Members) -> Router {
    // What calls others goes on to its end, also if the browser doesn't wait for it.
    Router::new()
        .route("/members", get(handlers::account))
        .route("/members/story", get(handlers::story))
        .route(
            "/members/sign-in",
            post(handlers::sign_in).layer(from_fn(to_its_end)),
        )
        .route("/members/login", get(handlers::login))
        .route(
            CALLBACK_PATH,
            get(handlers::callback).layer(from_fn(to_its_end)),
        )
        .route(
            "/members/verify",
            post(handlers::verify).layer(from_fn(to_its_end)),
        )
        .route(
            RETURN_PATH,
            get(handlers::verified).layer(from_fn(to_its_end)),
        )
        .route(
            "/members/go-on",
            post(handlers::go_on).layer(from_fn(to_its_end)),
        )
        .route(
            "/members/take-back",
            post(handlers::take_back).layer(from_fn(to_its_end)),
        )
        .route(
            "/members/refresh",
            post(handlers::refresh).layer(from_fn(to_its_end)),
        )
        .route(NOT_FOUND, get(handlers::not_found))
        .route("/members/logout", post(handlers::log_out))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .with_state(Arc::new(members))
}
