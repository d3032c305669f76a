//! Members: users of the pool with passwords, the app client at which they sign in, the function
//! `verification` behind an HTTP API with the pool's authorizer, and the table of persons.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use cognito_simulator::{
    AppClient, AuthFlow, COGNITO_PROVIDER, Cognito, CognitoOptions, NewUser, PoolAttribute,
    STANDARD_SCOPES,
};
use dynamodb::{DynamoDb, Storage};
use federation::variables as bridge;
use keys::{NoRandomness, SystemRandomness};
use local_lambda::{
    Cors, DirectFunction, FunctionOptions, Gateway, HttpApi, JwtAuthorizer, LocalFunction, Parties,
    Route,
};
use loopback::clock::SimClock;
use loopback::journal::{Journal, Party};
use loopback::server::ListenError;
use pre_token_generation::variables::SDK_SCOPES;
use relying_party::variables as service;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use user_pool::attribute::MEMBER_RECORD;
use user_pool::scope::{RESOURCE_SERVER, SIGNED_IN_BY_API, VERIFY};
use verification::router::Operation;
use verification::variables;

use super::environment::{change, loopback, ring_of};
use crate::app::relying_party::Registration;
use crate::app::{BoundApp, Invented, MemberRegistration};
use crate::function_checks;
use crate::member_client::MemberAddresses;
use crate::scopes::Scopes;

/// The app client's id of the members' app in the user pool.
pub const MEMBER_CLIENT_ID: &str = "2member23456789";
/// The return URL of a headless verification. Nothing listens there: the browser's stand-in stops
/// before it requests this URL.
pub const MEMBER_RETURN_URL: &str = "http://app.localhost/verified";
/// The callback URL of a headless sign-in of a member.
pub const MEMBER_CALLBACK: &str = "http://app.localhost/members/callback";
/// The name of the table.
const TABLE: &str = "digital-auth-members";

/// The options of members.
#[derive(Clone)]
pub struct MemberOptions {
    /// The members that there are.
    pub users: Vec<NewUser>,
    /// Where the members' API listens; port 0 is any free one.
    pub port: u16,
    /// The callback URLs of the members' app, besides [`MEMBER_CALLBACK`].
    pub callback_urls: Vec<String>,
    /// The return URLs of the members' app, besides [`MEMBER_RETURN_URL`].
    pub return_urls: Vec<String>,
    /// The origins whose pages may call the members' API.
    pub origins: Vec<String>,
    /// The ids of more app clients whose members may verify: like the members' app in everything
    /// else.
    pub other_clients: Vec<String>,
    /// The scopes, within the resource server, that sign-ins through the API get.
    pub sdk_scopes: Vec<String>,
    /// Where the table is kept.
    pub storage: Storage,
    /// The environment variables of `verification` that differ; `None` removes a variable.
    pub environment: BTreeMap<String, Option<String>>,
    /// Changes the options of the function before it starts.
    pub function: fn(&mut FunctionOptions),
}

impl Default for MemberOptions {
    fn default() -> Self {
        Self {
            users: Vec::new(),
            port: 0,
            callback_urls: Vec::new(),
            return_urls: Vec::new(),
            origins: Vec::new(),
            other_clients: Vec::new(),
            sdk_scopes: vec![VERIFY.to_owned(), "verified".to_owned()],
            storage: Storage::Memory,
            environment: BTreeMap::new(),
            function: |_| {},
        }
    }
}

impl fmt::Debug for MemberOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MemberOptions")
    }
}

/// Why members can't be verified here.
#[derive(Debug, thiserror::Error)]
pub enum MembersError {
    /// The table.
    #[error(transparent)]
    Table(#[from] dynamodb::StartError),
    /// The address of the members' API.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The gateway of the members' API.
    #[error(transparent)]
    Gateway(#[from] local_lambda::InvalidGateway),
    /// There is no randomness for secrets.
    #[error("there is no randomness for secrets")]
    Randomness(#[from] NoRandomness),
}

/// Members before the user pool is there: what the other parts have to know.
pub(super) struct Prepared {
    options: MemberOptions,
    api: HttpApi,
    table: DynamoDb,
    member_key: SecretString,
    person_key: SecretString,
}

impl Prepared {
    /// Starts the table, and listens. The app for browsers may verify too.
    pub(super) async fn new(
        mut options: MemberOptions,
        app: Option<&BoundApp>,
    ) -> Result<Self, MembersError> {
        if let Some(app) = app {
            options.callback_urls.push(app.members_callback_url());
            options.return_urls.push(app.return_url());
        }
        let secret = || keys::random_base64url::<32>(&SystemRandomness).map(SecretString::from);
        Ok(Self {
            api: HttpApi::bind(loopback(options.port)).await?,
            table: DynamoDb::start(&options.storage, TABLE).await?,
            member_key: secret()?,
            person_key: secret()?,
            options,
        })
    }

    /// What the bridge has to know.
    pub(super) fn for_bridge(&self) -> [(String, String); 2] {
        [
            (bridge::MEMBER_APPS.to_owned(), self.apps()),
            (bridge::MEMBER_KEYS.to_owned(), ring_of(&self.member_key)),
        ]
    }

    /// What the trigger `pre-token-generation` has to know.
    pub(super) fn for_triggers(&self) -> (String, String) {
        let scopes = &self.options.sdk_scopes;
        (SDK_SCOPES.to_owned(), self.for_each_client(scopes))
    }

    /// What the user pool has to know: the members, their app clients, the attribute with their
    /// record, which no app client may read or write.
    pub(super) fn for_pool(&self, options: &mut CognitoOptions) {
        options.schema.push(PoolAttribute::new(MEMBER_RECORD));
        options.users.extend(self.options.users.iter().cloned());
        for server in &mut options.resource_servers {
            if server.identifier == RESOURCE_SERVER {
                server.scopes.push(VERIFY.to_owned());
            }
        }
        let mut client = AppClient::new(MEMBER_CLIENT_ID, MEMBER_CALLBACK);
        (client.callback_urls).extend(self.options.callback_urls.iter().cloned());
        client.identity_providers = Some(vec![COGNITO_PROVIDER.to_owned()]);
        client.explicit_auth_flows = Some(vec![AuthFlow::UserPassword, AuthFlow::RefreshToken]);
        let verify = format!("{RESOURCE_SERVER}/{VERIFY}");
        client.allowed_scopes = (Scopes::all().names())
            .chain(STANDARD_SCOPES.map(str::to_owned))
            .chain([verify, SIGNED_IN_BY_API.to_owned()])
            .collect();
        client.allowed_scopes.sort();
        client.allowed_scopes.dedup();
        let clients = self.client_ids().map(|client_id| AppClient {
            client_id: client_id.to_owned(),
            ..client.clone()
        });
        options.app_clients.extend(clients);
    }

    /// Puts the function behind its API. `bridge` is the environment of the bridge, whose settings
    /// of the service, records and provider the function shares.
    pub(super) fn serve(
        self,
        executable: PathBuf,
        bridge: &BTreeMap<String, String>,
        cognito: &Cognito,
        pool_api: SocketAddr,
        (clock, journal): (&SimClock, &Journal),
    ) -> Result<Members, MembersError> {
        let gateway = Gateway {
            routes: Operation::ALL
                .map(|operation| {
                    let (method, path) = operation.route();
                    let scope = format!("{RESOURCE_SERVER}/{VERIFY}");
                    Route::new(&format!("{method} {path}")).authorized(&[&scope])
                })
                .into(),
            authorizer: Some(JwtAuthorizer {
                issuer: cognito.issuer().to_owned(),
                audience: self.client_ids().map(str::to_owned).collect(),
                issuer_address: Some(pool_api),
            }),
            cors: Some(Cors {
                allow_origins: self.options.origins.clone(),
                allow_methods: ["GET", "POST", "DELETE"].map(str::to_owned).into(),
                allow_headers: ["authorization", "content-type"].map(str::to_owned).into(),
                expose_headers: vec!["retry-after".to_owned()],
                max_age: None,
                allow_credentials: false,
            }),
            clock: clock.clone(),
            parties: Parties {
                called: Party::Verification,
                caller: |_| Party::App,
            },
        };
        let shared = [
            bridge::RECORD_KEYS,
            bridge::PROVIDER_NAME,
            bridge::LOG_LEVEL,
        ];
        let is_shared = |name: &str| {
            let mut of_service = service::VARIABLES.iter();
            shared.contains(&name) || of_service.any(|variable| variable.name == name)
        };
        let of_bridge = bridge.iter().filter(|(name, _)| is_shared(name));
        let mut environment: BTreeMap<String, String> = of_bridge
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let person_key = json!({ "key": self.person_key.expose_secret() }).to_string();
        let pool_url = format!("http://{pool_api}");
        for (name, value) in [
            (variables::MEMBER_APPS, self.apps()),
            (variables::MEMBER_KEYS, ring_of(&self.member_key)),
            (variables::USER_POOL_ID, cognito.user_pool_id().to_owned()),
            (variables::USER_POOL_ISSUER, cognito.issuer().to_owned()),
            (variables::USER_POOL_JWKS_URI, cognito.jwks_url()),
            (variables::MEMBER_TABLE, TABLE.to_owned()),
            (variables::PERSON_KEY, person_key),
            ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", pool_url),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.table.url()),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "for the stand-in".to_owned()),
        ] {
            environment.insert(name.to_owned(), value);
        }
        change(&mut environment, &self.options.environment);
        let mut function = FunctionOptions::new("verification", executable);
        function.environment = environment.into_iter().collect();
        function.journal = journal.clone();
        function.words = function_checks::words;
        (self.options.function)(&mut function);
        Ok(Members {
            operator: DirectFunction::new(function.clone()),
            api: self.api.with(gateway)?.serve(function),
            table: self.table,
            users: self.options.users,
        })
    }

    /// The value of `MEMBER_APPS`.
    fn apps(&self) -> String {
        let own = [MEMBER_RETURN_URL.to_owned()];
        self.for_each_client(own.iter().chain(&self.options.return_urls))
    }

    /// The app clients whose members may verify.
    fn client_ids(&self) -> impl Iterator<Item = &str> {
        let others = self.options.other_clients.iter().map(String::as_str);
        std::iter::once(MEMBER_CLIENT_ID).chain(others)
    }

    /// The value of a variable with these words for each app client.
    fn for_each_client<'a>(
        &self,
        words: impl IntoIterator<Item = &'a String, IntoIter: Clone>,
    ) -> String {
        let words = words.into_iter();
        let pairs = self.client_ids().flat_map(|client_id| {
            let words = words.clone();
            words.map(move |word| format!("{client_id}:{word}"))
        });
        pairs.collect::<Vec<_>>().join(" ")
    }
}

/// Members who can verify.
#[derive(Debug)]
pub struct Members {
    /// The function `verification` behind its HTTP API.
    pub api: LocalFunction,
    /// The same function, as the operator invokes it.
    pub operator: DirectFunction,
    /// The table of persons.
    pub table: DynamoDb,
    /// The members at the start.
    users: Vec<NewUser>,
}

impl Members {
    /// What the app for browsers has to know.
    pub(super) fn in_app(
        &self,
        registration: Registration,
        cognito: &Cognito,
        (return_url, issuer): (&str, &str),
    ) -> MemberRegistration {
        let invented = self.users.iter().map(|user| Invented {
            username: user.username.clone(),
            password: user.password.expose_secret().to_owned(),
        });
        MemberRegistration {
            registration: Registration {
                client_id: MEMBER_CLIENT_ID.to_owned(),
                ..registration
            },
            addresses: MemberAddresses {
                client_id: MEMBER_CLIENT_ID.to_owned(),
                pool: cognito.user_pool_api_url(),
                key_set: cognito.jwks_url(),
                api: self.api.base_url(),
                issuer: issuer.to_owned(),
                return_url: return_url.to_owned(),
            },
            invented: invented.collect(),
        }
    }
}
