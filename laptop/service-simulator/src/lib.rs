//! The stand-in of the Digital Authentication App service: a realm of Keycloak, as strict as the real one.
//! It listens on loopback only, checks every request, and can be told to misbehave by name.
//! What it received, checked and answered is in the journal; what it counted is here.
//!
//! [`Service::start`] → [`Service::endpoints`] → a login. The test-card page takes the place of the card;
//! the consent follows.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::TimeDelta;
use http::StatusCode;
use http::header::DATE;
use loopback::clock::SimClock;
use loopback::journal::{Journal, Party};
use loopback::names::only_this_machine;
use loopback::pages::{LANGUAGE, remembering};
use loopback::rsa::RsaKey;
use serde_json::json;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::fault::Fault;
use crate::people::People;

mod authorization;
mod client;
mod client_assertion;
mod connection;
mod consent;
mod exchange;
pub mod fault;
mod id_token;
mod key_set;
mod pages;
pub mod people;
pub mod persona;
mod random;
mod realm;
mod realm_keys;
mod test_card;
mod token;
mod userinfo;
mod way_back;

pub use authorization::SCOPES;
pub use client::{InvalidClient, RegisteredClient};
pub use connection::IdleConnections;
pub use exchange::{Endpoint, RecordedRequest};
pub use token::IssuedTokens;

use client::Client;
use connection::{Accepted, Lost};
use exchange::{Answer, Checks, Received};
use pages::ErrorPage;
use realm::Realm;
use realm_keys::RealmKeys;

/// How the service starts. [`ServiceOptions::new`] gives everything but the client a sensible value.
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    /// Where it listens: loopback only; port 0 means any free port.
    pub address: SocketAddr,
    /// The host by which browsers call it.
    pub public_host: String,
    /// The relying party that is registered.
    pub client: RegisteredClient,
    /// Who can sign in. The first is the person for whom the page doesn't say another one.
    pub people: People,
    /// The clock by which everything expires.
    pub clock: SimClock,
    /// The journal that every request is told to.
    pub journal: Journal,
    /// The fault of every login for which the page doesn't say another answer.
    pub fault: Option<Fault>,
    /// How long a code lives.
    pub code_lifetime: TimeDelta,
    /// How long a login may wait for its person, until the consent.
    pub login_lifetime: TimeDelta,
    /// How long access and ID tokens live.
    pub token_lifetime: TimeDelta,
    /// How long a slow answer takes. It is longer than a client may wait.
    pub slow_answer: std::time::Duration,
    /// The `acr` of the ID tokens. Which values the real service gives isn't published.
    pub acr: String,
    /// What happens to connections on which nothing happens.
    pub idle_connections: IdleConnections,
    /// How many requests, and how many token answers, are remembered to be looked at: the newest.
    pub remembered: usize,
    /// The key of its access tokens; a new one where there is none.
    pub rsa_key: Option<RsaKey>,
}

impl ServiceOptions {
    /// Any free port of 127.0.0.1, `service.localhost`, codes of 60 s, logins of 10 minutes, tokens of
    /// 5 minutes, slow answers of 6 s, `acr` `aal3`, no fault, the invented people, connections that are kept, and
    /// a memory of 10,000 requests. Its keys are new.
    #[must_use]
    pub fn new(client: RegisteredClient) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_host: "service.localhost".to_owned(),
            client,
            people: People::default(),
            clock: SimClock::default(),
            journal: Journal::default(),
            fault: None,
            code_lifetime: TimeDelta::seconds(60),
            login_lifetime: TimeDelta::minutes(10),
            token_lifetime: TimeDelta::minutes(5),
            slow_answer: std::time::Duration::from_secs(6),
            acr: "aal3".to_owned(),
            idle_connections: IdleConnections::default(),
            remembered: 10_000,
            rsa_key: None,
        }
    }
}

/// Why the service doesn't start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address isn't on loopback: others could reach the stand-in.
    #[error("the stand-in of the service listens on loopback only, not on {address}")]
    NotLoopback {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// Somebody else listens there.
    #[error("the address {address} is taken: choose another port for the stand-in of the service")]
    AddressInUse {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The system refuses the address.
    #[error("the stand-in of the service can't listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The client couldn't have been registered.
    #[error("the client can't be registered: {0}")]
    Client(#[from] InvalidClient),
    /// The realm's keys couldn't be made.
    #[error("the keys of the stand-in of the service can't be made")]
    Keys,
}

/// No persona has this id.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("no persona has this id")]
pub struct UnknownPersona;

/// Where the service is found. The issuer has a path, as the real one's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoints {
    /// The issuer.
    pub issuer: String,
    /// For browsers, by the public host.
    pub authorization_endpoint: String,
    /// For the back channel; also the audience of client assertions.
    pub token_endpoint: String,
    /// For the back channel.
    pub userinfo_endpoint: String,
    /// For the back channel.
    pub jwks_uri: String,
}

impl Endpoints {
    /// The endpoints of a stand-in that browsers call by `public_host`, and others by `address`.
    #[must_use]
    pub fn new(public_host: &str, address: SocketAddr) -> Self {
        let public = format!("http://{public_host}:{}", address.port());
        let back = format!("http://{address}");
        Self {
            issuer: format!("{public}/api/realms/main"),
            authorization_endpoint: format!("{public}{}", Endpoint::Authorization.path()),
            token_endpoint: format!("{back}{}", Endpoint::Token.path()),
            userinfo_endpoint: format!("{back}{}", Endpoint::Userinfo.path()),
            jwks_uri: format!("{back}{}", Endpoint::KeySet.path()),
        }
    }
}

/// The options that stay as they are.
struct Settings {
    code_lifetime: TimeDelta,
    login_lifetime: TimeDelta,
    token_lifetime: TimeDelta,
    slow_answer: std::time::Duration,
    acr: String,
    people: People,
    remembered: usize,
}

/// The running service. It ends when it is dropped; [`Service::stop`] ends it gently.
pub struct Service {
    realm: Arc<Realm>,
    address: SocketAddr,
    accepted: Accepted,
    lost: Lost,
    stopping: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Service {
    /// Starts it, with new keys.
    ///
    /// # Errors
    /// [`StartError`]: an address beyond loopback, a taken one, or a client that can't be registered.
    pub async fn start(options: ServiceOptions) -> Result<Self, StartError> {
        let address = options.address;
        if !address.ip().is_loopback() {
            return Err(StartError::NotLoopback { address });
        }
        let client = Client::try_from(options.client)?;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| match source.kind() {
                io::ErrorKind::AddrInUse => StartError::AddressInUse { address },
                _ => StartError::Listen { address, source },
            })?;
        let address = listener
            .local_addr()
            .map_err(|source| StartError::Listen { address, source })?;
        let keys = tokio::task::spawn_blocking(|| RealmKeys::generate(options.rsa_key))
            .await
            .map_err(|_| StartError::Keys)?
            .map_err(|_| StartError::Keys)?;
        let settings = Settings {
            code_lifetime: options.code_lifetime,
            login_lifetime: options.login_lifetime,
            token_lifetime: options.token_lifetime,
            slow_answer: options.slow_answer,
            acr: options.acr,
            people: options.people,
            remembered: options.remembered,
        };
        let people = settings.people.at(options.clock.now());
        let persona = people.into_iter().next().map(|persona| persona.id);
        let realm = Arc::new(Realm::new(
            Endpoints::new(&options.public_host, address),
            settings,
            (options.clock, options.journal),
            (client, keys),
            (options.fault, persona.unwrap_or_default()),
        ));
        let (accepted, lost) = (Accepted::default(), Lost::default());
        let (stopping, watched) = watch::channel(false);
        let task = tokio::spawn(connection::serve(
            listener,
            router(Arc::clone(&realm)),
            options.idle_connections,
            (accepted.clone(), lost.clone()),
            watched,
        ));
        Ok(Self {
            realm,
            address,
            accepted,
            lost,
            stopping,
            task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its endpoints are.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.realm.endpoints
    }

    /// The clock that it was started with.
    #[must_use]
    pub fn clock(&self) -> &SimClock {
        &self.realm.clock
    }

    /// The fault of every login from now on for which the page doesn't say another answer, and at once that
    /// of the key set.
    pub fn set_fault(&self, fault: Option<Fault>) {
        let mut memory = self.realm.memory();
        memory.fault = fault;
        memory.key_set_fault = fault;
    }

    /// The person of every login from now on for which the page doesn't say another one.
    ///
    /// # Errors
    /// [`UnknownPersona`]: nobody has this id.
    pub fn set_persona(&self, id: &str) -> Result<(), UnknownPersona> {
        let persona = self.realm.person(id).ok_or(UnknownPersona)?;
        self.realm.memory().persona = persona.id;
        Ok(())
    }

    /// Changes what is registered about a person, in the form that userinfo hands out (see
    /// [`crate::persona::Persona::userinfo`]), as after a move. It holds for the logins from now on.
    ///
    /// # Errors
    /// [`UnknownPersona`]: nobody has this id.
    pub fn change_attribute(
        &self,
        id: &str,
        claim: &str,
        value: serde_json::Value,
    ) -> Result<(), UnknownPersona> {
        let persona = self.realm.person(id).ok_or(UnknownPersona)?;
        let mut memory = self.realm.memory();
        let changed = memory.changed.entry(persona.id).or_default();
        changed.insert(claim.to_owned(), value);
        Ok(())
    }

    /// Registers a client, or replaces the one with its id: that is how its keys rotate.
    ///
    /// # Errors
    /// [`InvalidClient`]: it couldn't have been registered; nothing changes.
    pub fn register_client(&self, client: RegisteredClient) -> Result<(), InvalidClient> {
        let client = Client::try_from(client)?;
        self.realm.memory().register(client);
        Ok(())
    }

    /// A new key for ID tokens; the old one is no longer published.
    ///
    /// # Errors
    /// [`StartError::Keys`]: no key could be made; the old one stays.
    pub fn rotate_keys(&self) -> Result<(), StartError> {
        self.realm
            .memory()
            .keys
            .rotate()
            .map_err(|_| StartError::Keys)
    }

    /// The requests so far, in the order in which they came: the newest [`ServiceOptions::remembered`].
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.realm.requests()
    }

    /// How many of [`Service::requests`] went to this endpoint.
    #[must_use]
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.requests()
            .iter()
            .filter(|request| request.endpoint == endpoint)
            .count()
    }

    /// The tokens of the token answers so far, in the order in which they were made: the newest
    /// [`ServiceOptions::remembered`].
    #[must_use]
    pub fn issued_tokens(&self) -> Vec<IssuedTokens> {
        self.realm.issued_tokens()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.realm.forget_requests();
    }

    /// How many connections it has accepted so far, from the browser and from the bridge.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.accepted.count()
    }

    /// Method and path of each request that came on a connection which the service had forgotten, and which
    /// was therefore lost (see [`IdleConnections::ForgetAfter`]). They aren't among [`Service::requests`].
    #[must_use]
    pub fn lost_requests(&self) -> Vec<String> {
        self.lost.lines()
    }

    /// Stops listening, gives requests under way one second to end, and closes every connection.
    pub async fn stop(mut self) {
        let _ = self.stopping.send(true);
        // The task bounds its own end.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn router(realm: Arc<Realm>) -> Router {
    Router::new()
        .route(Endpoint::Authorization.path(), get(authorization_endpoint))
        .route(
            Endpoint::TestCard.path(),
            get(test_card_page).post(test_card_form),
        )
        .route(
            Endpoint::Consent.path(),
            get(consent_page).post(consent_form),
        )
        .route(Endpoint::Token.path(), post(token_endpoint))
        .route(Endpoint::Userinfo.path(), get(userinfo_endpoint))
        .route(Endpoint::KeySet.path(), get(jwk_set))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(only_this_machine))
        .with_state(realm)
}

async fn authorization_endpoint(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = authorization::answer(&realm, &received, &mut checks);
    told(&realm, Party::Browser, &received, checks, answer)
}

async fn test_card_page(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = test_card::page(&realm, &received, &mut checks);
    let response = told(&realm, Party::Browser, &received, checks, answer);
    remembering(response, received.query.get(LANGUAGE))
}

async fn consent_page(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = consent::page(&realm, &received, &mut checks);
    let response = told(&realm, Party::Browser, &received, checks, answer);
    remembering(response, received.query.get(LANGUAGE))
}

async fn consent_form(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = consent::answer(&realm, &received, &mut checks);
    told(&realm, Party::Browser, &received, checks, answer)
}

async fn test_card_form(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = test_card::answer(&realm, &received, &mut checks);
    told(&realm, Party::Browser, &received, checks, answer)
}

async fn token_endpoint(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = token::answer(&realm, &received, &mut checks).await;
    told(&realm, Party::Bridge, &received, checks, answer)
}

async fn userinfo_endpoint(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = userinfo::answer(&realm, &received, &mut checks).await;
    told(&realm, Party::Bridge, &received, checks, answer)
}

async fn jwk_set(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let answer = key_set::answer(&realm).await;
    told(&realm, Party::Bridge, &received, Checks::default(), answer)
}

async fn not_found(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let answer = nothing_here(&received, StatusCode::NOT_FOUND, &ErrorPage::NotFound);
    told(&realm, Party::Browser, &received, Checks::default(), answer)
}

async fn method_not_allowed(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let answer = nothing_here(
        &received,
        StatusCode::METHOD_NOT_ALLOWED,
        &ErrorPage::MethodNotAllowed,
    );
    told(&realm, Party::Browser, &received, Checks::default(), answer)
}

/// Keycloak's JSON for programs, a page for browsers.
fn nothing_here(received: &Received, status: StatusCode, page: &ErrorPage) -> Answer {
    if received.wants_page() {
        page.in_language(received.language())
    } else {
        Answer::json(status, &json!({ "error": page.words() }))
    }
}

fn told(
    realm: &Realm,
    from: Party,
    received: &Received,
    checks: Checks,
    answer: Answer,
) -> Response {
    realm.tell(from, received, checks, &answer);
    // By the stand-in's clock, and not by the machine's (RFC 9110 §6.6.1).
    let date = realm.clock.now().format("%a, %d %b %Y %H:%M:%S GMT");
    answer.with(DATE, &date.to_string()).into_response()
}
