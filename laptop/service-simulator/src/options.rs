//! The options with which the service starts, and the addresses of its endpoints.

use std::net::SocketAddr;

use chrono::TimeDelta;
use loopback::beside::Beside;
use loopback::clock::SimClock;
use loopback::journal::Journal;
use loopback::rsa::RsaKey;
use loopback::server::ListenError;
use thiserror::Error;

use crate::client::{InvalidClient, RegisteredClient};
use crate::connection::IdleConnections;
use crate::exchange::Endpoint;
use crate::fault::Fault;
use crate::names::Names;
use crate::people::People;

/// The options of the service. [`ServiceOptions::new`] gives a default to all of them but the
/// client.
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    /// Where it listens: loopback only; port 0 means any free port.
    pub address: SocketAddr,
    /// The host name under which browsers call the service.
    pub public_host: String,
    /// The relying party that is registered.
    pub client: RegisteredClient,
    /// The names of the relying party's service and of who runs it, as people see them.
    pub names: Names,
    /// What is shown beside the pages.
    pub beside: Beside,
    /// The people who can sign in. The first one is preselected on the test-card page, and is used
    /// if the form names no person.
    pub people: People,
    /// The clock by which everything expires.
    pub clock: SimClock,
    /// The journal in which every request is recorded.
    pub journal: Journal,
    /// The fault that is preselected on the test-card page, and is used if the form names no
    /// answer.
    pub fault: Option<Fault>,
    /// How long a code lives.
    pub code_lifetime: TimeDelta,
    /// How long a login may take, from the authorization request to the consent.
    pub login_lifetime: TimeDelta,
    /// How long access and ID tokens live.
    pub token_lifetime: TimeDelta,
    /// How long a slow answer takes: longer than a client may wait.
    pub slow_answer: std::time::Duration,
    /// The `acr` of the ID tokens. Which values the real service gives isn't published.
    pub acr: String,
    /// What happens to idle connections.
    pub idle_connections: IdleConnections,
    /// How many requests, and how many token answers, are kept for inspection: the newest ones.
    pub remembered: usize,
    /// The RSA key of the access tokens; `None` makes a new one.
    pub rsa_key: Option<RsaKey>,
}

impl ServiceOptions {
    /// The defaults: any free port of 127.0.0.1, `service.localhost`, codes of 60 s, logins of 10
    /// minutes, tokens of 5 minutes, slow answers of 10 s, `acr` `aal3`, no fault, the invented
    /// people, connections that are kept, and a memory of 10,000 requests. Its keys are new.
    #[must_use]
    pub fn new(client: RegisteredClient) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            public_host: "service.localhost".to_owned(),
            client,
            names: Names::default(),
            beside: Beside::default(),
            people: People::default(),
            clock: SimClock::default(),
            journal: Journal::default(),
            fault: None,
            code_lifetime: TimeDelta::seconds(60),
            login_lifetime: TimeDelta::minutes(10),
            token_lifetime: TimeDelta::minutes(5),
            slow_answer: std::time::Duration::from_secs(10),
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
    /// It can't listen.
    #[error("the stand-in of the service can't listen: {0}")]
    Listen(#[from] ListenError),
    /// The client can't be registered.
    #[error("the client can't be registered: {0}")]
    Client(#[from] InvalidClient),
    /// The realm's keys couldn't be made.
    #[error("the keys of the stand-in of the service can't be made")]
    Keys,
}

/// The addresses of the service. The issuer has a path, as the real service's has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoints {
    /// The issuer.
    pub issuer: String,
    /// The authorization endpoint, under the public host: browsers call it.
    pub authorization_endpoint: String,
    /// The token endpoint, for the back channel. It is also the audience of client assertions.
    pub token_endpoint: String,
    /// The userinfo endpoint, for the back channel.
    pub userinfo_endpoint: String,
    /// The JWK Set, for the back channel.
    pub jwks_uri: String,
}

impl Endpoints {
    /// The endpoints of a stand-in that browsers call under `public_host`, and the back channel
    /// under `address`.
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

/// The options that don't change while the service runs.
pub(crate) struct Settings {
    pub(crate) code_lifetime: TimeDelta,
    pub(crate) login_lifetime: TimeDelta,
    pub(crate) token_lifetime: TimeDelta,
    pub(crate) slow_answer: std::time::Duration,
    pub(crate) acr: String,
    pub(crate) names: Names,
    pub(crate) beside: Beside,
    pub(crate) people: People,
    pub(crate) remembered: usize,
}
