//! The app's HTTP server: its routes, and the limits for connections: how many, how large the
//! headers, and how long the headers may take.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use loopback::beside::Beside;
use loopback::clock::SimClock;
use loopback::journal::Journal;
use loopback::names::to_its_end;
use loopback::server::{Listener, Manners, Server};
use tokio::sync::Semaphore;

use super::members::{CALLBACK_PATH, MemberRegistration, Members, RETURN_PATH};
use super::relying_party::{Registration, RelyingParty};
use super::settings::{AppSettings, StartError};
use super::shared::Shared;
use super::{cases, handlers, login, members, refresh, watch};
use crate::stack::Stack;
use crate::use_case::UseCase;

/// The name under which a browser finds the app. Every name below `localhost` is this machine.
pub const PUBLIC_HOST: &str = "app.localhost";

/// The most requests to `/story` that wait at a time.
const WATCHERS: usize = 32;

/// The most connections at a time; another one waits.
const CONNECTIONS: usize = 128;
/// How many bytes are read before a request's headers must be complete. The limit of `handlers.rs`
/// is lower, so that headers between the two limits get an error page.
const READ_AHEAD: usize = 64 * 1024;
/// How long the headers of a request may take to come, and how long a connection is kept for the
/// next request.
const HEAD_TIME: Duration = Duration::from_secs(15);

/// An app whose address is known, and which doesn't answer yet.
#[derive(Debug)]
pub struct BoundApp {
    listener: Listener,
    settings: AppSettings,
}

/// A running app. Dropping it stops it at once; [`App::stop`] lets requests end first.
#[derive(Debug)]
pub struct App {
    base_url: String,
    server: Server,
}

impl App {
    /// Binds the app's port on loopback.
    ///
    /// # Errors
    ///
    /// [`StartError::Listen`], which names the address.
    pub async fn bind(settings: AppSettings) -> Result<BoundApp, StartError> {
        let address = SocketAddr::from(([127, 0, 0, 1], settings.port));
        let listener = Listener::bind(address).await?;
        Ok(BoundApp { listener, settings })
    }

    /// Where a browser finds the app, without a path: `http://app.localhost:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Stops listening, and gives requests under way two seconds to end.
    pub async fn stop(mut self) {
        self.server.stop().await;
    }
}

impl BoundApp {
    /// Where a browser finds the app, without a path.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{PUBLIC_HOST}:{}", self.listener.address().port())
    }

    /// The callback URL that Amazon Cognito has to know.
    #[must_use]
    pub fn callback_url(&self) -> String {
        format!("{}/callback", self.base_url())
    }

    /// The callback URL of members that Amazon Cognito has to know.
    #[must_use]
    pub fn members_callback_url(&self) -> String {
        format!("{}{CALLBACK_PATH}", self.base_url())
    }

    /// The return URL that the function `verification` has to know.
    #[must_use]
    pub fn return_url(&self) -> String {
        format!("{}{RETURN_PATH}", self.base_url())
    }

    /// Begins to answer. The redirect URI of `registration` is [`BoundApp::callback_url`]. Without
    /// `members`, the app has no members' part. The app changes what is set for the stack, and what
    /// is shown beside the pages of the stand-ins, whose origins are given.
    ///
    /// # Errors
    ///
    /// [`StartError::Registration`], [`StartError::Client`].
    pub fn serve(
        self,
        registration: Registration,
        members: Option<MemberRegistration>,
        (stack, beside, stand_ins): (Stack, Beside, Vec<String>),
        (clock, journal): (SimClock, Journal),
    ) -> Result<App, StartError> {
        let base_url = self.base_url();
        let shared = Arc::new(Shared {
            host: format!("{PUBLIC_HOST}:{}", self.listener.address().port()),
            base_url: base_url.clone(),
            relying_party: RelyingParty::new(registration, clock.clone(), journal.clone())?,
            settings: self.settings,
            has_members: members.is_some(),
            stack,
            beside,
            stand_ins,
            clock,
            journal,
            memory: Mutex::default(),
            watchers: Semaphore::new(WATCHERS),
            stopping: self.listener.stopping(),
        });
        let members = members.map(|members| Members::new(members, Arc::clone(&shared)));
        let router = Router::new()
            .route("/", get(handlers::start))
            .route("/story", get(handlers::story))
            .route("/login", get(login::login))
            .route("/callback", get(login::callback).layer(from_fn(to_its_end)))
            .route("/signed-in", get(handlers::signed_in))
            .route(
                "/refresh",
                post(refresh::refresh).layer(from_fn(to_its_end)),
            )
            .route("/failed", get(handlers::failed))
            .route(&path(UseCase::Age), get(cases::age))
            .route(
                &path(UseCase::Booking),
                get(cases::booking).post(cases::book),
            )
            .route(&path(UseCase::Certificates), get(cases::certificates))
            .route("/watch/{key}", get(watch::page))
            .route("/watch/{key}/story", get(watch::story))
            .route("/logout", post(handlers::log_out))
            .route("/logged-out", get(handlers::logged_out))
            .with_state(Arc::clone(&shared))
            .merge(
                members
                    .transpose()?
                    .map(members::routes)
                    .unwrap_or_default(),
            )
            .fallback(handlers::not_found)
            .method_not_allowed_fallback(handlers::method_not_allowed)
            .layer(from_fn_with_state(shared, handlers::admitted));
        let server = self.listener.serve(
            Manners {
                connections: CONNECTIONS,
                head_time: Some(HEAD_TIME),
                read_ahead: Some(READ_AHEAD),
                ..Manners::default()
            },
            router,
        );
        Ok(App { base_url, server })
    }
}

/// The path of a use case's page.
fn path(case: UseCase) -> String {
    format!("/{}", case.name())
}
