//! Everything on one machine: the service, the function `federation` behind its HTTP API, Amazon
//! Cognito and its triggers. The functions are the real ones; the others are stand-ins. They start
//! in the order in which they need each other's addresses, and tests can reach each of them. The
//! functions are configured only by their environment, as on AWS.

mod environment;
mod functions;
mod login;
mod members;
mod own_app;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use digital_auth::authorization::scope;
use federation::endpoint::Endpoint;
use federation::variables;
use four_attributes::AttributeSet;
use function_kit::settings;
use keys::{Algorithm, InvalidKey, KeyRing, LocalKey, NoRandomness, SystemRandomness};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;
use user_pool::attribute::RECORD_MAPPING;
use user_pool::scope::{RESOURCE_SERVER, Scope};

pub use functions::Functions;
pub use login::{AppLogin, Failed, LoginError, Outcome, Place, SignedIn};
pub(crate) use login::{failed_on, failed_with};
pub use members::{
    MEMBER_CALLBACK, MEMBER_CLIENT_ID, MEMBER_RETURN_URL, MemberOptions, Members, MembersError,
};
pub use own_app::{InvalidKept, Kept, OWN_CLIENT_ID, OwnApp};

use environment::{change, loopback, ring_of};

use crate::app::relying_party::{InvalidRegistration, Registration, RelyingParty};
use crate::app::{self, App, AppSettings};
use crate::function_checks;
use crate::scopes::{self, Scopes};
use crate::stack::Stack;
use cognito_simulator::{
    AppClient, AttributesRequestMethod, Cognito, CognitoOptions, FrontDoor, LambdaConfig,
    PoolAttribute, ResourceServer, SavedPool, TokenEventVersion, Variation,
};
use local_lambda::{DirectFunction, FunctionOptions, HttpApi, LocalFunction};
use loopback::beside::Beside;
use loopback::clock::SimClock;
use loopback::journal::Journal;
use loopback::rsa::{NoKey, RsaKey};
use loopback::server::ListenError;
use loopback::user_agent::{UserAgent, UserAgentError};
use service_simulator::{Endpoints, Names, RegisteredClient, Service, ServiceOptions};

/// The bridge's client id at the service.
pub const SERVICE_CLIENT_ID: &str = "RP00000001";
/// Amazon Cognito's client id at the bridge.
pub const COGNITO_CLIENT_ID: &str = "amazon-cognito";
/// The app client's id in the user pool.
pub const APP_CLIENT_ID: &str = "1example23456789";
/// The bridge's provider name in the user pool.
pub(crate) const PROVIDER_NAME: &str = "MynaApp";
/// The callback URL of a headless login's app. Nothing listens there: the browser's stand-in stops
/// before it requests this URL.
pub const APP_CALLBACK: &str = "http://app.localhost/callback";

/// The ports of the service, the bridge and Amazon Cognito; 0 means any free one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Ports {
    /// The service's.
    pub service: u16,
    /// The bridge's.
    pub bridge: u16,
    /// Amazon Cognito's.
    pub cognito: u16,
}

/// The options with which everything starts.
#[derive(Clone)]
pub struct LaptopOptions {
    /// The functions' executables.
    pub functions: Functions,
    /// The ports.
    pub ports: Ports,
    /// The algorithm of the client assertion.
    pub assertion_algorithm: Algorithm,
    /// The bridge's environment variables that differ from [`Configuration::environment`]; `None`
    /// removes a variable. The triggers get the same service, provider name and record keys as the
    /// bridge.
    pub environment: BTreeMap<String, Option<String>>,
    /// The environment variables of both triggers that differ from those they share with the
    /// bridge; `None` removes a variable.
    pub trigger_environment: BTreeMap<String, Option<String>>,
    /// What Amazon Cognito does differently from its default.
    pub variation: Variation,
    /// The clock of the stand-ins.
    pub clock: SimClock,
    /// The journal of the stand-ins.
    pub journal: Journal,
    /// The names that people see on the service's pages.
    pub names: Names,
    /// The settings of the app for a browser; without them there is no such app.
    pub app: Option<AppSettings>,
    /// The RSA keys; `None` makes new ones.
    pub rsa_keys: Option<RsaKeys>,
    /// Where Amazon Cognito listens; `None` is its port on loopback, with plain HTTP.
    pub front_door: Option<FrontDoor>,
    /// An app of the user's own, besides ours.
    pub own_app: Option<OwnApp>,
    /// Members who can verify; without these options there are none.
    pub members: Option<MemberOptions>,
    /// The key of the verified records, base64url; `None` makes a new one.
    pub record_key: Option<SecretString>,
    /// The users that the user pool begins with.
    pub pool: SavedPool,
    /// The clock of the user pool's tokens, if it isn't the stand-ins'.
    pub token_clock: Option<SimClock>,
    /// Changes the options of the service's stand-in before it starts.
    pub service: fn(&mut ServiceOptions),
    /// Changes the options of the bridge before it starts.
    pub function: fn(&mut FunctionOptions),
    /// Changes the options of each trigger before it starts.
    pub trigger: fn(&mut FunctionOptions),
    /// Changes the options of Amazon Cognito before it starts.
    pub cognito: fn(&mut CognitoOptions),
}

impl fmt::Debug for LaptopOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LaptopOptions")
            .field("ports", &self.ports)
            .finish_non_exhaustive()
    }
}

impl LaptopOptions {
    /// The defaults: free ports, ES256 assertions, and no changes.
    #[must_use]
    pub fn new(functions: Functions) -> Self {
        Self {
            functions,
            ports: Ports::default(),
            assertion_algorithm: Algorithm::Es256,
            environment: BTreeMap::new(),
            trigger_environment: BTreeMap::new(),
            variation: Variation::default(),
            clock: SimClock::default(),
            journal: Journal::default(),
            names: Names::default(),
            app: None,
            rsa_keys: None,
            front_door: None,
            own_app: None,
            members: None,
            record_key: None,
            pool: SavedPool::default(),
            token_clock: None,
            service: |_| {},
            function: |_| {},
            trigger: |_| {},
            cognito: |_| {},
        }
    }
}

/// Why the laptop doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum LaptopError {
    /// The service.
    #[error(transparent)]
    Service(#[from] service_simulator::StartError),
    /// The front door of the function.
    #[error(transparent)]
    Bridge(#[from] ListenError),
    /// Amazon Cognito.
    #[error(transparent)]
    Cognito(#[from] cognito_simulator::StartError),
    /// The members' part.
    #[error(transparent)]
    Members(#[from] MembersError),
    /// The app.
    #[error(transparent)]
    App(#[from] app::StartError),
    /// The app's part of a headless login.
    #[error(transparent)]
    Registration(#[from] InvalidRegistration),
    /// The keys and secrets of the configuration.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
}

/// Why a configuration can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// A key could not be made.
    #[error("a key could not be made: {0}")]
    Key(#[from] InvalidKey),
    /// A stand-in's key could not be made.
    #[error(transparent)]
    RsaKey(#[from] NoKey),
    /// There is no randomness.
    #[error("there is no randomness for secrets")]
    Randomness(#[from] NoRandomness),
}

/// The RSA keys of a laptop. Tests that start many laptops share them, because making a key takes
/// long.
#[derive(Clone, Debug)]
pub struct RsaKeys {
    /// Signs the service's access tokens.
    pub service: RsaKey,
    /// Signs the user pool's tokens.
    pub user_pool: RsaKey,
    /// Signs the bridge's ID tokens: a private JWK.
    pub id_tokens: SecretString,
}

impl RsaKeys {
    /// Makes new keys.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`].
    pub fn generate() -> Result<Self, ConfigurationError> {
        Ok(Self {
            service: RsaKey::generate()?,
            user_pool: RsaKey::generate()?,
            id_tokens: LocalKey::generate(Algorithm::Rs256)?.private_jwk(),
        })
    }
}

/// Keys and secrets of one bridge, new and for this machine only.
#[derive(Debug)]
pub struct Configuration {
    assertion_key: LocalKey,
    id_token_key: LocalKey,
    client_secret: SecretString,
    sealing_key: SecretString,
    record_key: SecretString,
}

/// The addresses that a bridge's configuration holds.
#[derive(Clone, Debug)]
pub struct Addresses<'a> {
    /// The bridge's issuer.
    pub issuer: &'a str,
    /// Amazon Cognito's redirect URI.
    pub redirect_uri: &'a str,
    /// The service's.
    pub service: &'a Endpoints,
}

impl Configuration {
    /// New keys and secrets.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`].
    pub fn generate(assertion_algorithm: Algorithm) -> Result<Self, ConfigurationError> {
        let id_token_key = LocalKey::generate(Algorithm::Rs256)?;
        Self::with((id_token_key, None), assertion_algorithm)
    }

    /// These keys for ID tokens and for records; all other keys and secrets are new.
    fn with(
        (id_token_key, record_key): (LocalKey, Option<SecretString>),
        assertion_algorithm: Algorithm,
    ) -> Result<Self, ConfigurationError> {
        let secret = || keys::random_base64url::<32>(&SystemRandomness).map(SecretString::from);
        Ok(Self {
            assertion_key: LocalKey::generate(assertion_algorithm)?,
            id_token_key,
            client_secret: secret()?,
            sealing_key: secret()?,
            record_key: record_key.map_or_else(secret, Ok)?,
        })
    }

    /// The public keys that the service has to know: a JWK Set.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::Key`], in practice never.
    pub fn client_jwks(&self) -> Result<Value, ConfigurationError> {
        let key = LocalKey::from_jwk(&self.assertion_key.private_jwk())?;
        let ring = KeyRing::new(vec![std::sync::Arc::new(key)])?;
        Ok(serde_json::from_str(ring.jwk_set()).unwrap_or_default())
    }

    /// The secret that Amazon Cognito has to know.
    #[must_use]
    pub fn client_secret(&self) -> &SecretString {
        &self.client_secret
    }

    /// The sealing key, base64url.
    #[must_use]
    pub fn sealing_key(&self) -> &SecretString {
        &self.sealing_key
    }

    /// The key of the verified records, base64url.
    #[must_use]
    pub fn record_key(&self) -> &SecretString {
        &self.record_key
    }

    /// The private key of the ID tokens, as a JWK.
    #[must_use]
    pub fn id_token_key(&self) -> &LocalKey {
        &self.id_token_key
    }

    /// The private key of the client assertions, as a JWK.
    #[must_use]
    pub fn assertion_key(&self) -> &LocalKey {
        &self.assertion_key
    }

    /// The complete environment of the function `federation`, with the secrets in it: for this
    /// machine only.
    #[must_use]
    pub fn environment(&self, addresses: &Addresses<'_>) -> Vec<(String, String)> {
        let service = addresses.service;
        let client_secrets = json!({ "current": self.client_secret.expose_secret() });
        [
            (variables::ISSUER, addresses.issuer.to_owned()),
            (variables::CLIENT_ID, COGNITO_CLIENT_ID.to_owned()),
            (variables::CLIENT_SECRETS, client_secrets.to_string()),
            (variables::REDIRECT_URIS, addresses.redirect_uri.to_owned()),
            (variables::PROVIDER_NAME, PROVIDER_NAME.to_owned()),
            (variables::SEALING_KEYS, ring_of(&self.sealing_key)),
            (variables::RECORD_KEYS, ring_of(&self.record_key)),
            (
                variables::ID_TOKEN_KEYS,
                self.id_token_key.private_jwk().expose_secret().to_owned(),
            ),
            (
                variables::ASSERTION_KEYS,
                self.assertion_key.private_jwk().expose_secret().to_owned(),
            ),
            (variables::SERVICE, "custom".to_owned()),
            (variables::SERVICE_CLIENT_ID, SERVICE_CLIENT_ID.to_owned()),
            (variables::SERVICE_ISSUER, service.issuer.clone()),
            (
                variables::SERVICE_AUTHORIZATION_ENDPOINT,
                service.authorization_endpoint.clone(),
            ),
            (
                variables::SERVICE_TOKEN_ENDPOINT,
                service.token_endpoint.clone(),
            ),
            (
                variables::SERVICE_USERINFO_ENDPOINT,
                service.userinfo_endpoint.clone(),
            ),
            (variables::SERVICE_JWKS_URI, service.jwks_uri.clone()),
            (variables::SERVICE_ID_TOKEN_ALGORITHMS, "ES256".to_owned()),
            (variables::ATTRIBUTES, AttributeSet::all().to_string()),
            (variables::ACR_VALUES, "aal3 crl".to_owned()),
            (variables::ACCEPTED_ACR, "aal3".to_owned()),
            (variables::LOG_LEVEL, "debug".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

/// Everything, running. Dropping it stops everything at once; [`Laptop::stop`] lets requests end
/// first. `S` is the service: the stand-in, unless [`Laptop::start_around`] was given another.
pub struct Laptop<S = Service> {
    /// The service.
    pub service: S,
    /// The function behind its HTTP API.
    pub bridge: LocalFunction,
    /// Amazon Cognito.
    pub cognito: Cognito,
    /// Amazon Cognito's triggers.
    pub triggers: Triggers,
    /// The app in the browser, if there is one.
    pub app: Option<App>,
    /// The settings of the stack.
    pub stack: Stack,
    /// The app of a headless login.
    relying_party: RelyingParty,
    /// The user's own app, if there is one.
    pub own_app: Option<OwnApp>,
    /// Members who can verify, if there are any.
    pub members: Option<Members>,
    /// The certificate of the authority that a browser has to trust, in PEM, if Amazon Cognito
    /// speaks HTTPS.
    authority: Option<String>,
    /// What happened.
    pub journal: Journal,
    /// The clock of the stand-ins.
    pub clock: SimClock,
    /// The keys and secrets of the bridge.
    pub configuration: Configuration,
}

/// The user pool's triggers: the real functions, invoked by Amazon Cognito.
#[derive(Clone, Debug)]
pub struct Triggers {
    /// `InboundFederation`.
    pub inbound_federation: DirectFunction,
    /// `PreTokenGeneration`.
    pub pre_token_generation: DirectFunction,
}

impl Triggers {
    /// Both triggers.
    pub fn each(&self) -> impl Iterator<Item = &DirectFunction> {
        [&self.inbound_federation, &self.pre_token_generation].into_iter()
    }

    /// What their processes wrote, line by line.
    #[must_use]
    pub fn log_lines(&self) -> Vec<String> {
        self.each()
            .flat_map(|function| function.logs().lines())
            .collect()
    }
}

impl<S> fmt::Debug for Laptop<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Laptop")
    }
}

/// The bridge's URL for browsers, which is its issuer, too.
#[must_use]
pub fn bridge_issuer(port: u16) -> String {
    format!("http://bridge.localhost:{port}")
}

impl Laptop {
    /// Starts everything, with the service's stand-in. A function's process starts with its first
    /// event.
    ///
    /// # Errors
    ///
    /// [`LaptopError`]: a taken port, above all.
    pub async fn start(options: LaptopOptions) -> Result<Self, LaptopError> {
        let (clock, journal) = (options.clock.clone(), options.journal.clone());
        let (address, change) = (loopback(options.ports.service), options.service);
        let rsa_key = options.rsa_keys.as_ref().map(|keys| keys.service.clone());
        let (names, beside) = (options.names.clone(), Beside::default());
        let shown = beside.clone();
        Self::start_beside(options, shown, async |client| {
            let mut options = ServiceOptions::new(client);
            (options.address, options.clock, options.journal) = (address, clock, journal);
            (options.rsa_key, options.names, options.beside) = (rsa_key, names, beside);
            change(&mut options);
            let service = Service::start(options).await?;
            let endpoints = service.endpoints().clone();
            Ok((service, endpoints))
        })
        .await
    }

    /// A browser without a screen, which trusts Amazon Cognito's certificate if there is one.
    ///
    /// # Errors
    ///
    /// [`UserAgentError`].
    pub fn browser(&self, accept_language: &str) -> Result<UserAgent, UserAgentError> {
        match &self.authority {
            Some(authority) => UserAgent::trusting(accept_language, authority),
            None => UserAgent::new(accept_language),
        }
    }

    /// Stops everything: first the app, then the functions, then the stand-ins that they call, so
    /// that no function waits for a stand-in that has stopped.
    ///
    /// Returns the user pool's users and refresh tokens.
    pub async fn stop(self) -> SavedPool {
        let (service, pool) = self.stop_all().await;
        service.stop().await;
        pool
    }
}

impl<S> Laptop<S> {
    /// Starts everything with another service than the stand-in. `service` gets the client to
    /// register at that service, which is the bridge, and returns the running service and its
    /// endpoints. [`LaptopOptions::service`] and the service's port aren't used.
    ///
    /// # Errors
    ///
    /// [`LaptopError`]: a taken port, above all.
    pub async fn start_around(
        options: LaptopOptions,
        service: impl AsyncFnOnce(RegisteredClient) -> Result<(S, Endpoints), LaptopError>,
    ) -> Result<Self, LaptopError> {
        Self::start_beside(options, Beside::default(), service).await
    }

    /// As [`Laptop::start_around`], with what is shown beside the pages of the stand-ins.
    async fn start_beside(
        options: LaptopOptions,
        beside: Beside,
        service: impl AsyncFnOnce(RegisteredClient) -> Result<(S, Endpoints), LaptopError>,
    ) -> Result<Self, LaptopError> {
        let id_token_key = match &options.rsa_keys {
            Some(keys) => LocalKey::from_jwk(&keys.id_tokens),
            None => LocalKey::generate(Algorithm::Rs256),
        };
        let id_token_key = id_token_key.map_err(ConfigurationError::from)?;
        let keys = (id_token_key, options.record_key.clone());
        let configuration = Configuration::with(keys, options.assertion_algorithm)?;
        let http_api = HttpApi::bind(loopback(options.ports.bridge)).await?;
        let door = options.front_door.clone();
        let door = door.unwrap_or_else(|| FrontDoor::new(loopback(options.ports.cognito)));
        let authority = door.tls.as_ref().map(|tls| tls.authority().to_owned());
        let cognito = Cognito::bind_at(door).await?;
        let app = match options.app.clone() {
            Some(settings) => Some(App::bind(settings).await?),
            None => None,
        };
        let members = match options.members.clone() {
            Some(options) => Some(members::Prepared::new(options, app.as_ref()).await?),
            None => None,
        };
        let issuer = bridge_issuer(http_api.address().port());

        let client = RegisteredClient {
            client_id: SERVICE_CLIENT_ID.to_owned(),
            redirect_uris: vec![Endpoint::Callback.url(&issuer)],
            jwks: configuration.client_jwks()?,
        };
        let (service, endpoints) = service(client).await?;

        let addresses = Addresses {
            issuer: &issuer,
            redirect_uri: &cognito.idpresponse_url(),
            service: &endpoints,
        };
        let mut environment: BTreeMap<_, _> =
            configuration.environment(&addresses).into_iter().collect();
        environment.extend(members.iter().flat_map(members::Prepared::for_bridge));
        change(&mut environment, &options.environment);
        let of_members = members.as_ref().map(members::Prepared::for_triggers);
        let pool_api = cognito.internal_address();
        let triggers = triggers(&options, &environment, of_members, pool_api);
        let attributes = environment.get(variables::ATTRIBUTES);
        let attributes = attributes.and_then(|attributes| settings::attributes(attributes).ok());
        let attributes = attributes.unwrap_or_default();
        let mut function = FunctionOptions::new("federation", options.functions.federation);
        function.environment = environment.clone().into_iter().collect();
        function.journal = options.journal.clone();
        function.words = function_checks::words;
        (options.function)(&mut function);
        let bridge = http_api.serve(function);

        let provider = provider(
            &issuer,
            &bridge.base_url(),
            attributes,
            configuration.client_secret.clone(),
        );
        let mut app_client = app_client(&provider);
        (app_client.callback_urls).extend(app.iter().map(app::BoundApp::callback_url));
        let own_client = options.own_app.as_ref();
        let own_client = own_client.map(|own| own.app_client(&app_client));
        // An app of the user's own is alone, unless ours is there too.
        let ours = (own_client.is_none() || app.is_some()).then(|| app_client.clone());
        let mut cognito_options = CognitoOptions::new(provider, app_client);
        cognito_options.app_clients = own_client.into_iter().chain(ours).collect();
        cognito_options.token_clock = options.token_clock;
        (cognito_options.schema).extend(RECORD_MAPPING.map(|(name, _)| PoolAttribute::new(name)));
        let scopes = scopes::known().map(Scope::name);
        cognito_options.resource_servers = vec![ResourceServer::new(RESOURCE_SERVER, scopes)];
        cognito_options.lambda_config = LambdaConfig {
            inbound_federation: Some(triggers.inbound_federation.clone()),
            pre_token_generation: Some(triggers.pre_token_generation.clone()),
            pre_token_generation_version: TokenEventVersion::default(),
        };
        cognito_options.case_sensitive_usernames = true;
        cognito_options.variation = options.variation;
        cognito_options.clock = options.clock.clone();
        cognito_options.journal = options.journal.clone();
        cognito_options.beside = beside.clone();
        cognito_options.rsa_key = options.rsa_keys.map(|keys| keys.user_pool);
        if let Some(members) = &members {
            members.for_pool(&mut cognito_options);
        }
        (options.cognito)(&mut cognito_options);
        let cognito = cognito.serve_pool(cognito_options, options.pool)?;
        let (clock, journal) = (&options.clock, &options.journal);
        let members = members.map(|members| {
            let executable = options.functions.verification;
            members.serve(
                executable,
                &environment,
                &cognito,
                pool_api,
                (clock, journal),
            )
        });
        let members = members.transpose()?;
        let mut configurations = vec![bridge.configuration()];
        configurations.extend(triggers.each().map(DirectFunction::configuration));
        let of_members = members.iter().flat_map(|members| {
            [
                members.api.configuration(),
                members.operator.configuration(),
            ]
        });
        configurations.extend(of_members);
        let shown = (cognito.authorize_scopes(), options.names);
        let stack = Stack::new(configurations, shown, attributes);
        let origins: Vec<_> = [
            cognito.authorize_url(),
            endpoints.authorization_endpoint.clone(),
        ]
        .iter()
        .filter_map(|url| Some(Url::parse(url).ok()?.origin().ascii_serialization()))
        .collect();
        let app = app.map(|app| {
            let members = members.as_ref().map(|members| {
                let registration = registration(&cognito, app.members_callback_url());
                members.in_app(registration, &cognito, (&app.return_url(), &issuer))
            });
            let registration = registration(&cognito, app.callback_url());
            let around = (stack.clone(), beside.clone(), origins.clone());
            app.serve(
                registration,
                members,
                around,
                (clock.clone(), journal.clone()),
            )
        });
        let relying_party = RelyingParty::new(
            registration(&cognito, APP_CALLBACK.to_owned()),
            clock.clone(),
            journal.clone(),
        )?;
        Ok(Self {
            service,
            bridge,
            app: app.transpose()?,
            stack,
            cognito,
            triggers,
            relying_party,
            own_app: options.own_app,
            members,
            authority,
            journal: options.journal,
            clock: options.clock,
            configuration,
        })
    }

    /// Stops all but the service, and hands the service back.
    pub async fn stop_around(self) -> S {
        self.stop_all().await.0
    }

    async fn stop_all(self) -> (S, SavedPool) {
        if let Some(app) = self.app {
            app.stop().await;
        }
        if let Some(members) = self.members {
            members.api.stop().await;
            members.operator.stop().await;
        }
        self.bridge.stop().await;
        for trigger in self.triggers.each() {
            trigger.stop().await;
        }
        let pool = self.cognito.stop().await;
        (self.service, pool)
    }
}

/// The triggers. They have the bridge's variables for the service, the provider name, the record
/// keys, and the requirements on a login, and use the stand-in of the user pool API.
fn triggers(
    options: &LaptopOptions,
    bridge: &BTreeMap<String, String>,
    members: Option<(String, String)>,
    cognito: SocketAddr,
) -> Triggers {
    let shared = [
        variables::SERVICE_ISSUER,
        variables::PROVIDER_NAME,
        variables::RECORD_KEYS,
        variables::ATTRIBUTES,
        variables::ACCEPTED_ACR,
        variables::REQUIRE_AUTH_TIME,
        variables::LOG_LEVEL,
    ];
    let mut environment: BTreeMap<String, String> = bridge
        .iter()
        .filter(|(name, _)| shared.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for (name, value) in [
        (
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
            format!("http://{cognito}"),
        ),
        // The stand-in checks only the form of a signature, so the key can be any text.
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "for the stand-in".to_owned()),
    ] {
        environment.insert(name.to_owned(), value);
    }
    environment.extend(members);
    change(&mut environment, &options.trigger_environment);
    let function = |name, executable: &std::path::Path| {
        let mut function = FunctionOptions::new(name, executable.to_owned());
        function.environment = environment.clone().into_iter().collect();
        function.journal = options.journal.clone();
        function.words = function_checks::words;
        (options.trigger)(&mut function);
        DirectFunction::new(function)
    };
    let functions = &options.functions;
    Triggers {
        inbound_federation: function("inbound-federation", &functions.inbound_federation),
        pre_token_generation: function("pre-token-generation", &functions.pre_token_generation),
    }
}

/// The app client. It may write the mapped attributes but read none of them, so that an app gets
/// them only in its tokens. Without a list of readable attributes the client could read every
/// standard attribute, so the list has one that is always empty.
fn app_client(provider: &cognito_simulator::Provider) -> AppClient {
    let mut client = AppClient::new(APP_CLIENT_ID, APP_CALLBACK);
    let mapped = provider.attribute_mapping.keys();
    let mapped = mapped.filter(|attribute| *attribute != "username");
    client.write_attributes = Some(mapped.cloned().collect());
    client.read_attributes = Some(vec!["locale".to_owned()]);
    client.allowed_scopes = Scopes::all().names().collect();
    client
}

/// The bridge as an identity provider of the user pool. Browsers use its host name, the back
/// channel its IP address.
fn provider(
    issuer: &str,
    back_channel: &str,
    attributes: AttributeSet,
    client_secret: SecretString,
) -> cognito_simulator::Provider {
    cognito_simulator::Provider {
        name: PROVIDER_NAME.to_owned(),
        button: (
            "マイナアプリでログイン".to_owned(),
            "Sign in with the Myna App".to_owned(),
        ),
        client_id: COGNITO_CLIENT_ID.to_owned(),
        client_secret,
        authorize_scopes: scope(attributes),
        oidc_issuer: issuer.to_owned(),
        authorize_url: Endpoint::Authorize.url(issuer),
        token_url: Endpoint::Token.url(back_channel),
        attributes_url: Endpoint::Userinfo.url(back_channel),
        jwks_uri: Endpoint::Jwks.url(back_channel),
        attributes_request_method: AttributesRequestMethod::Get,
        attribute_mapping: {
            let mut mapping = cognito_simulator::default_attribute_mapping();
            let own = RECORD_MAPPING.map(|(attribute, claim)| (attribute.into(), claim.into()));
            mapping.extend(own);
            mapping
        },
    }
}

/// The app's registration with Amazon Cognito. Browsers use Cognito's host name, the back channel
/// its IP address.
fn registration(cognito: &Cognito, redirect_uri: String) -> Registration {
    Registration {
        issuer: cognito.issuer().to_owned(),
        authorize_url: cognito.authorize_url(),
        token_url: cognito.token_url(),
        userinfo_url: cognito.userinfo_url(),
        jwks_url: cognito.jwks_url(),
        client_id: APP_CLIENT_ID.to_owned(),
        redirect_uri,
    }
}
