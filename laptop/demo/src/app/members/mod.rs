//! The members' part of the app: people with passwords, who sign in at Amazon Cognito's page or
//! through its API, and who verify with the card once. It does what `docs/members` tells the
//! developer of an app's server to do.

mod account;
mod handlers;
mod pages;
mod sessions;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use loopback::names::to_its_end;

use super::memory::Memory;
use super::relying_party::{Registration, RelyingParty};
use super::settings::StartError;
use super::shared::Shared;
use crate::member_app::{MemberAddresses, MemberApp};
use sessions::Sessions;

/// The path of the return URL.
pub(super) const RETURN_PATH: &str = "/verified";
/// The path of the callback URL of a sign-in at Amazon Cognito's page.
pub(super) const CALLBACK_PATH: &str = "/members/callback";
/// The most bytes of a form.
const FORM_LIMIT: usize = 4 * 1024;

/// What the app has to know to have members.
#[derive(Clone, Debug)]
pub struct MemberRegistration {
    /// The app client at which members sign in, with [`BoundApp::members_callback_url`].
    ///
    /// [`BoundApp::members_callback_url`]: super::BoundApp::members_callback_url
    pub registration: Registration,
    /// The others' addresses, with [`BoundApp::return_url`].
    ///
    /// [`BoundApp::return_url`]: super::BoundApp::return_url
    pub addresses: MemberAddresses,
    /// The members who are offered on the page. They exist on this laptop only.
    pub invented: Vec<Invented>,
}

/// An invented member. The page shows the password.
#[derive(Clone, Debug)]
pub struct Invented {
    /// The username.
    pub username: String,
    /// The password.
    pub password: String,
}

/// The state of the members' part.
pub(super) struct Members {
    shared: Arc<Shared>,
    app: MemberApp,
    relying_party: RelyingParty,
    invented: Vec<Invented>,
    logins: Mutex<Memory>,
    sessions: Mutex<Sessions>,
}

impl Members {
    /// The members' part.
    pub(super) fn new(
        members: MemberRegistration,
        shared: Arc<Shared>,
    ) -> Result<Self, StartError> {
        let (clock, journal) = (shared.clock.clone(), shared.journal.clone());
        Ok(Self {
            shared,
            app: MemberApp::at(members.addresses).map_err(StartError::Client)?,
            relying_party: RelyingParty::new(members.registration, clock, journal)?,
            invented: members.invented,
            logins: Mutex::default(),
            sessions: Mutex::default(),
        })
    }

    fn logins(&self) -> MutexGuard<'_, Memory> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The routes of the members' part.
pub(super) fn routes(members: Members) -> Router {
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
        .route("/members/logout", post(handlers::log_out))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .with_state(Arc::new(members))
}
