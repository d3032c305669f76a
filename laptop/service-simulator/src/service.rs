//! The running service: its routes, and what a test can change and inspect while it runs.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::{CONTENT_TYPE, DATE};
use loopback::caller::caller;
use loopback::clock::SimClock;
use loopback::journal::Party;
use loopback::names::{only_this_machine, to_its_end};
use loopback::pages::{LANGUAGE, remembering};
use loopback::parameters::Parameters;
use loopback::server::{Listener, Server};
use serde_json::json;
use thiserror::Error;

use crate::client::{Client, InvalidClient, RegisteredClient};
use crate::connection::{self, Accepted, Lost};
use crate::exchange::{Answer, Checks, Endpoint, Received, RecordedRequest};
use crate::fault::Fault;
use crate::options::{Endpoints, ServiceOptions, Settings, StartError};
use crate::pages::ErrorPage;
use crate::persona::Persona;
use crate::realm::{IssuedTokens, Realm};
use crate::realm_keys::RealmKeys;
use crate::{authorization, consent, key_set, test_card, token, userinfo};

/// The largest request body that is read.
const BODY_LIMIT: usize = 64 * 1024;

/// No persona has this id.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("no persona has this id")]
pub struct UnknownPersona;

/// The running service. Dropping it stops it at once; [`Service::stop`] lets requests end first.
pub struct Service {
    realm: Arc<Realm>,
    address: SocketAddr,
    accepted: Accepted,
    lost: Lost,
    server: Server,
}

/// What is preselected on the test-card page.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Preselected {
    /// The id of the test person.
    pub person: String,
    /// The fault; `None` is the normal answer.
    pub fault: Option<Fault>,
    /// Whether the page isn't shown, and this is the answer.
    pub unattended: bool,
}

impl Service {
    /// Starts the service, with new keys.
    ///
    /// # Errors
    /// [`StartError`]: an address beyond loopback, a taken one, or a client that can't be
    /// registered.
    pub async fn start(options: ServiceOptions) -> Result<Self, StartError> {
        let client = Client::try_from(options.client)?;
        let listener = Listener::bind(options.address).await?;
        let address = listener.address();
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
            names: options.names,
            beside: options.beside,
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
        let server = connection::serve(
            listener,
            router(Arc::clone(&realm)),
            options.idle_connections,
            (accepted.clone(), lost.clone()),
        );
        Ok(Self {
            realm,
            address,
            accepted,
            lost,
            server,
        })
    }

    /// The address on which the service listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The addresses of the endpoints.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.realm.endpoints
    }

    /// The clock with which the service was started.
    #[must_use]
    pub fn clock(&self) -> &SimClock {
        &self.realm.clock
    }

    /// Sets the fault of later logins whose test-card form names no answer. The key set has the
    /// fault at once.
    pub fn set_fault(&self, fault: Option<Fault>) {
        let mut memory = self.realm.memory();
        memory.fault = fault;
        memory.key_set_fault = fault;
    }

    /// Sets the person of later logins whose test-card form names no person.
    ///
    /// # Errors
    /// [`UnknownPersona`]: no person has this id.
    pub fn set_persona(&self, id: &str) -> Result<(), UnknownPersona> {
        let persona = self.realm.person(id).ok_or(UnknownPersona)?;
        self.realm.memory().persona = persona.id;
        Ok(())
    }

    /// The people who can sign in.
    #[must_use]
    pub fn people(&self) -> Vec<Persona> {
        self.realm.people()
    }

    /// What is preselected for later logins.
    #[must_use]
    pub fn preselected(&self) -> Preselected {
        let memory = self.realm.memory();
        Preselected {
            person: memory.persona.clone(),
            fault: memory.fault,
            unattended: memory.unattended,
        }
    }

    /// Whether later logins show no pages: the person who would be preselected gives the answer
    /// that would be preselected, and consents. For tests of an app. A program that asks for JSON
    /// still gets the choice.
    pub fn set_unattended(&self, unattended: bool) {
        self.realm.memory().unattended = unattended;
    }

    /// Changes an attribute of a person, as after a move. `value` has the form that userinfo
    /// returns (see [`crate::persona::Persona::userinfo`]). The change applies to persons who are
    /// chosen from now on.
    ///
    /// # Errors
    /// [`UnknownPersona`]: no person has this id.
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

    /// Registers a client, or replaces the client with the same id. This is also how a client's
    /// keys are rotated.
    ///
    /// # Errors
    /// [`InvalidClient`]: the client can't be registered; nothing changes.
    pub fn register_client(&self, client: RegisteredClient) -> Result<(), InvalidClient> {
        let client = Client::try_from(client)?;
        self.realm.memory().register(client);
        Ok(())
    }

    /// Makes a new key for ID tokens. The old one is no longer published.
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

    /// The newest requests, in the order in which they came: at most
    /// [`ServiceOptions::remembered`].
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

    /// The tokens of the newest token answers, in the order in which they were made: at most
    /// [`ServiceOptions::remembered`].
    #[must_use]
    pub fn issued_tokens(&self) -> Vec<IssuedTokens> {
        self.realm.issued_tokens()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.realm.forget_requests();
    }

    /// How many connections the service has accepted so far, from the browser and from the bridge.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.accepted.count()
    }

    /// Method and path of each lost request: it came on a connection that the service had forgotten
    /// (see [`IdleConnections::ForgetAfter`](crate::IdleConnections::ForgetAfter)). They aren't
    /// among [`Service::requests`].
    #[must_use]
    pub fn lost_requests(&self) -> Vec<String> {
        self.lost.lines()
    }

    /// Stops listening, gives requests under way two seconds to end, and closes every connection.
    pub async fn stop(mut self) {
        self.server.stop().await;
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
        .route(
            Endpoint::Token.path(),
            post(token_endpoint).layer(from_fn(to_its_end)),
        )
        .route(
            Endpoint::Userinfo.path(),
            get(userinfo_endpoint).layer(from_fn(to_its_end)),
        )
        .route(
            Endpoint::KeySet.path(),
            get(jwk_set).layer(from_fn(to_its_end)),
        )
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(only_this_machine))
        .with_state(realm)
}

async fn authorization_endpoint(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = authorization::answer(&realm, &received, &mut checks);
    told(&realm, &received, checks, answer)
}

async fn test_card_page(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = test_card::page(&realm, &received, &mut checks);
    let response = told(&realm, &received, checks, answer);
    remembering(response, received.query.first(LANGUAGE))
}

async fn consent_page(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = consent::page(&realm, &received, &mut checks);
    let response = told(&realm, &received, checks, answer);
    remembering(response, received.query.first(LANGUAGE))
}

async fn consent_form(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = consent::answer(&realm, &received, &mut checks);
    told(&realm, &received, checks, answer)
}

async fn test_card_form(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = test_card::answer(&realm, &received, &mut checks);
    told(&realm, &received, checks, answer)
}

async fn token_endpoint(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = token::answer(&realm, &received, &mut checks).await;
    told(&realm, &received, checks, answer)
}

async fn userinfo_endpoint(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let mut checks = Checks::default();
    let answer = userinfo::answer(&realm, &received, &mut checks).await;
    told(&realm, &received, checks, answer)
}

async fn jwk_set(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let answer = key_set::answer(&realm, &received).await;
    told(&realm, &received, Checks::default(), answer)
}

async fn not_found(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let answer = nothing_here(&received, StatusCode::NOT_FOUND, &ErrorPage::NotFound);
    told(&realm, &received, Checks::default(), answer)
}

async fn method_not_allowed(State(realm): State<Arc<Realm>>, received: Received) -> Response {
    let answer = nothing_here(
        &received,
        StatusCode::METHOD_NOT_ALLOWED,
        &ErrorPage::MethodNotAllowed,
    );
    told(&realm, &received, Checks::default(), answer)
}

/// The answer if there is nothing at the path or for the method: a page for browsers, Keycloak's
/// JSON for programs.
fn nothing_here(received: &Received, status: StatusCode, page: &ErrorPage) -> Answer {
    if received.wants_page() {
        page.in_language(received.language())
    } else {
        Answer::json(status, &json!({ "error": page.words() }))
    }
}

fn told(realm: &Realm, received: &Received, checks: Checks, answer: Answer) -> Response {
    realm.tell(received, checks, &answer);
    // `Date` is the time of the stand-in's clock, not of the machine's (RFC 9110 §6.6.1).
    let date = realm.clock.now().format("%a, %d %b %Y %H:%M:%S GMT");
    answer.with(DATE, &date.to_string()).into_response()
}

impl FromRequest<Arc<Realm>> for Received {
    type Rejection = Response;

    async fn from_request(request: Request, realm: &Arc<Realm>) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, BODY_LIMIT)
            .await
            .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
        let query = Parameters::parse(head.uri.query().unwrap_or_default().as_bytes());
        let is_form = head
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|media| {
                media
                    .trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        let form = is_form.then(|| Parameters::parse(&body));
        let path = head.uri.path().to_owned();
        realm.remember(RecordedRequest {
            endpoint: Endpoint::of(&path),
            method: head.method.clone(),
            path: path.clone(),
            query: query.pairs().to_vec(),
            headers: head.headers.clone(),
            form: form
                .as_ref()
                .map(|form| form.pairs().to_vec())
                .unwrap_or_default(),
        });
        let from = match Endpoint::of(&path).is_back_channel() {
            true => caller(&head.headers).unwrap_or(Party::Bridge),
            false => Party::Browser,
        };
        Ok(Self {
            entry: realm.begin(from, format!("{} {path}", head.method)),
            from,
            method: head.method,
            path,
            query,
            headers: head.headers,
            form,
        })
    }
}
