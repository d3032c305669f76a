//! A small app that signs people in through Amazon Cognito: the booking of facilities in a town that doesn't exist.
//! It is a public client with all the care of a real one, and it shows what it got and how: the tokens decoded, and the
//! login as a sequence diagram that grows while it happens.
//!
//! [`App::bind`] → [`BoundApp::callback_url`], which Amazon Cognito has to know → [`BoundApp::serve`].

mod choice;
mod handlers;
mod id_token;
mod login;
mod memory;
mod pages;
mod received;
mod refresh;
pub mod relying_party;
mod server;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use loopback::clock::SimClock;
use loopback::journal::Journal;
use loopback::names::to_its_end;
use loopback::pages::Language;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use self::memory::Memory;
use self::relying_party::{InvalidRegistration, Registration, RelyingParty};
use crate::scopes::Scopes;

/// The name under which a browser finds the app. Every name below `localhost` is this machine.
pub const PUBLIC_HOST: &str = "app.localhost";

/// The most of such answers that wait at a time.
const WATCHERS: usize = 32;

/// What a class of failure means, in one language.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Explanation {
    /// What it means.
    pub meaning: String,
    /// What whoever operates the bridge does about it.
    pub remedy: String,
}

/// Tells what a class of the bridge's failures means. The app itself knows nothing of the bridge.
pub type Explain = fn(class: &str, language: Language) -> Option<Explanation>;

/// How a login ended, as the app saw it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ended {
    /// Somebody is signed in.
    SignedIn,
    /// The app has no tokens, and this is what it was told.
    Failed {
        /// `error` of Amazon Cognito's answer.
        error: Option<String>,
        /// The bridge's class of the failure.
        class: Option<String>,
        /// The bridge's support id.
        support_id: Option<String>,
    },
}

/// How the app is started.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// The port on 127.0.0.1; 0 means any free one.
    pub port: u16,
    /// What is asked for where nobody has chosen.
    pub scopes: Scopes,
    /// What the bridge's classes of failure mean.
    pub explain: Explain,
    /// Is told how each login ended. What finds no place is left out.
    pub ended: Option<mpsc::Sender<Ended>>,
}

impl Default for AppSettings {
    /// Any free port, every scope, classes without words, and nobody who is told.
    fn default() -> Self {
        Self {
            port: 0,
            scopes: Scopes::all(),
            explain: |_, _| None,
            ended: None,
        }
    }
}

/// Why the app doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("{0} is taken by another program")]
    Taken(SocketAddr),
    /// The system refused for another reason.
    #[error("the app can't listen on {address}: {source}")]
    Refused {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// It can't be a relying party of Amazon Cognito.
    #[error(transparent)]
    Registration(#[from] InvalidRegistration),
}

/// An app whose address is known, and which doesn't answer yet.
#[derive(Debug)]
pub struct BoundApp {
    listener: TcpListener,
    address: SocketAddr,
    settings: AppSettings,
}

/// A running app. Dropping it stops it at once; [`App::stop`] lets requests end first.
#[derive(Debug)]
pub struct App {
    base_url: String,
    stopping: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Drop for App {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What every handler needs.
struct Shared {
    base_url: String,
    /// What a request's `Host` must be.
    host: String,
    relying_party: RelyingParty,
    settings: AppSettings,
    clock: SimClock,
    journal: Journal,
    memory: Mutex<Memory>,
    watchers: Semaphore,
    stopping: watch::Receiver<bool>,
}

impl Shared {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Takes its port on loopback.
    ///
    /// # Errors
    ///
    /// [`StartError::Taken`] or [`StartError::Refused`]; each says which address.
    pub async fn bind(settings: AppSettings) -> Result<BoundApp, StartError> {
        let address = SocketAddr::from(([127, 0, 0, 1], settings.port));
        let refused = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::AddrInUse => StartError::Taken(address),
            _ => StartError::Refused { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(BoundApp {
            listener,
            address,
            settings,
        })
    }

    /// Where a browser finds the app, without a path: `http://app.localhost:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Stops listening, and gives requests under way one second to end.
    pub async fn stop(mut self) {
        let _ = self.stopping.send(true);
        // The task bounds its own end.
        let _ = (&mut self.server).await;
    }
}

impl BoundApp {
    /// Where a browser finds the app, without a path.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{PUBLIC_HOST}:{}", self.address.port())
    }

    /// The callback URL that Amazon Cognito has to know.
    #[must_use]
    pub fn callback_url(&self) -> String {
        format!("{}/callback", self.base_url())
    }

    /// Begins to answer. `registration` is that of [`BoundApp::callback_url`].
    ///
    /// # Errors
    ///
    /// [`StartError::Registration`].
    pub fn serve(
        self,
        registration: Registration,
        clock: SimClock,
        journal: Journal,
    ) -> Result<App, StartError> {
        let (stopping, stopped) = watch::channel(false);
        let base_url = self.base_url();
        let shared = Arc::new(Shared {
            host: format!("{PUBLIC_HOST}:{}", self.address.port()),
            base_url: base_url.clone(),
            relying_party: RelyingParty::new(registration, clock.clone(), journal.clone())?,
            settings: self.settings,
            clock,
            journal,
            memory: Mutex::default(),
            watchers: Semaphore::new(WATCHERS),
            stopping: stopped.clone(),
        });
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
            .route("/logout", post(handlers::log_out))
            .route("/logged-out", get(handlers::logged_out))
            .fallback(handlers::not_found)
            .method_not_allowed_fallback(handlers::method_not_allowed)
            .layer(from_fn_with_state(Arc::clone(&shared), handlers::admitted))
            .with_state(shared);
        let server = tokio::spawn(server::serve(self.listener, router, stopped));
        Ok(App {
            base_url,
            stopping,
            server,
        })
    }
}
