//! The options of the stand-in: how the user pool, its app client and its provider are set up, in
//! the terms of the AWS API.
//! An option that AWS would refuse is refused at the start, with an error of its own.
//! The defaults are those of a pool that follows this project's template.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use local_lambda::DirectFunction;
use loopback::beside::Beside;
use loopback::clock::SimClock;
use loopback::journal::Journal;
use loopback::rsa::RsaKey;
use loopback::server::ListenError;
use secrecy::SecretString;
use url::Url;
use user_pool::attribute::{CUSTOM, MAPPING};

use crate::app_client::{AppClient, COGNITO_PROVIDER};
use crate::pending_login::state_form;
use crate::schema::{self, PoolAttribute, standard_attributes};
use crate::user_failure::UserFailure;

/// Why the stand-in doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The stand-in can't listen on its address.
    #[error("the stand-in of Amazon Cognito can't listen: {0}")]
    Listen(#[from] ListenError),
    /// The public host isn't a host name in lower case or an IP address.
    #[error("the public host must be a host name in lower case, or an IP address")]
    PublicHost,
    /// `CreateIdentityProvider`: 3 to 32 characters, no `_`, no spaces. `COGNITO` is the name for
    /// the pool's own users.
    #[error("the provider's name must have 3 to 32 characters, without `_` and spaces")]
    ProviderName,
    /// `oidc_issuer` isn't an absolute URL, or ends with a slash. Cognito compares it with `iss`,
    /// which has no trailing slash.
    #[error("oidc_issuer must be an absolute URL without a trailing slash")]
    ProviderIssuer,
    /// One of the provider's four endpoints isn't an absolute URL.
    #[error("{name} must be an absolute http or https URL")]
    ProviderEndpoint {
        /// The key in `ProviderDetails`.
        name: &'static str,
    },
    /// `authorize_scopes` must name `openid`.
    #[error("authorize_scopes must contain openid")]
    ProviderScopes,
    /// `username` is always mapped to `sub` for an OpenID Connect provider.
    #[error("the attribute mapping of username can only be sub")]
    UsernameMapping,
    /// A custom attribute is called `custom:` and 1 to 20 characters; there are 50 at most.
    #[error("the schema's custom attributes need names of 1 to 20 characters, and are 50 at most")]
    Schema,
    /// An app client reads or writes an attribute that the schema doesn't have, can't write one
    /// that is required, or has no callback URL. Or there is no app client, or two have one id.
    #[error("an app client doesn't fit the schema, has no callback URL, or has another's id")]
    AppClient,
    /// `SupportedIdentityProviders` of an app client is empty, or names one that the pool doesn't
    /// sign people in with.
    #[error("an app client's identity providers can only be COGNITO and the pool's provider")]
    IdentityProviders,
    /// An allowed scope is neither a standard one nor `identifier/scope` of a resource server, or
    /// one of `phone`, `email` and `profile` is allowed without `openid`.
    #[error("the app client's scopes aren't standard ones, and no resource server has them")]
    Scope,
    /// A resource server has no identifier, no scopes, more than 100, or characters that a scope
    /// can't have.
    #[error("the resource server {identifier} has an identifier or scopes that AWS refuses")]
    ResourceServer {
        /// `Identifier`.
        identifier: String,
    },
    /// The pool's id isn't a Region, `_`, letters and digits.
    #[error("the user pool's id isn't a Region, `_`, letters and digits")]
    UserPoolId,
    /// `state` can't have this length in Cognito's form.
    #[error("the state must have 64 to 8,000 characters")]
    StateLength,
    /// One of the options' users doesn't fit the pool.
    #[error("the user {username} can't be created: {failure}")]
    User {
        /// The username.
        username: String,
        /// Why.
        failure: UserFailure,
    },
    /// The HTTP client of the back channel couldn't be made.
    #[error("the HTTP client can't be made")]
    Client(#[source] reqwest::Error),
    /// The pool's signing key couldn't be made.
    #[error("the pool's key can't be made")]
    Key,
}

/// How Cognito asks for the provider's userinfo (`attributes_request_method`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AttributesRequestMethod {
    /// `GET` with a Bearer token.
    #[default]
    Get,
    /// `POST` with a Bearer token and an empty body.
    Post,
}

/// The OpenID Connect provider (`AWS::Cognito::UserPoolIdentityProvider`, type `OIDC`).
#[derive(Clone, Debug)]
pub struct Provider {
    /// `ProviderName`: 3 to 32 characters, no `_`, no spaces. It is the first part of every
    /// username.
    pub name: String,
    /// The text of its button on the hosted page, in Japanese and English.
    pub button: (String, String),
    /// `client_id`.
    pub client_id: String,
    /// `client_secret`; sent as `client_secret_post`.
    pub client_secret: SecretString,
    /// `authorize_scopes`, separated by spaces.
    pub authorize_scopes: String,
    /// `oidc_issuer`: compared with `iss` byte for byte, so it has no trailing slash.
    pub oidc_issuer: String,
    /// `authorize_url`, for the browser.
    pub authorize_url: String,
    /// `token_url`, for the back channel.
    pub token_url: String,
    /// `attributes_url`, for the back channel.
    pub attributes_url: String,
    /// `jwks_uri`, for the back channel.
    pub jwks_uri: String,
    /// `attributes_request_method`.
    pub attributes_request_method: AttributesRequestMethod,
    /// `AttributeMapping`: pool attribute to claim. `username` from `sub` needs no entry.
    pub attribute_mapping: BTreeMap<String, String>,
}

/// The scopes that every pool has.
pub const STANDARD_SCOPES: [&str; 5] = [
    "openid",
    "profile",
    "email",
    "phone",
    "aws.cognito.signin.user.admin",
];

/// A resource server (`AWS::Cognito::UserPoolResourceServer`): custom scopes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResourceServer {
    /// `Identifier`: the part of a scope before the slash, 1 to 256 printable ASCII characters.
    pub identifier: String,
    /// `Scopes`: the part of each scope behind the slash, 1 to 256 printable ASCII characters
    /// without a slash. There are 100 scopes at most.
    pub scopes: Vec<String>,
}

impl ResourceServer {
    /// A resource server with these scopes.
    #[must_use]
    pub fn new(identifier: &str, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            identifier: identifier.to_owned(),
            scopes: scopes.into_iter().map(Into::into).collect(),
        }
    }

    /// Whether AWS accepts it: each name has characters of `[\x21\x23-\x5B\x5D-\x7E]`, and a scope
    /// has no slash. An identifier that isn't a URL is accepted too.
    fn is_valid(&self) -> bool {
        let is_character = |c: char| matches!(c, '!'..='~') && !matches!(c, '"' | '\\');
        let is_name = |name: &String| {
            (1..=256).contains(&name.chars().count()) && name.chars().all(is_character)
        };
        is_name(&self.identifier)
            && (1..=100).contains(&self.scopes.len())
            && self
                .scopes
                .iter()
                .all(|scope| is_name(scope) && !scope.contains('/'))
    }
}

/// The pool's Lambda triggers (`LambdaConfig`): the two that the stand-in knows.
#[derive(Clone, Debug, Default)]
pub struct LambdaConfig {
    /// `InboundFederation`, version `V1_0`.
    pub inbound_federation: Option<DirectFunction>,
    /// `PreTokenGenerationConfig`.
    pub pre_token_generation: Option<DirectFunction>,
    /// `LambdaVersion` of `PreTokenGenerationConfig`.
    pub pre_token_generation_version: TokenEventVersion,
}

/// `LambdaVersion` of `PreTokenGenerationConfig`. There is no `V1_0`, which doesn't know access
/// tokens.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TokenEventVersion {
    /// `V2_0`: tokens of users.
    #[default]
    V2,
    /// `V3_0`: tokens of users and of machines. The events of users then have this version too.
    V3,
}

/// An app client of a machine, which gets access tokens with its own credentials (RFC 6749 §4.4).
/// It has `GenerateSecret`, and its `AllowedOAuthFlows` are only `client_credentials`.
#[derive(Clone, Debug)]
pub struct MachineClient {
    /// `ClientId`.
    pub client_id: String,
    /// `ClientSecret`.
    pub client_secret: SecretString,
    /// `AllowedOAuthScopes`: scopes of resource servers only. A machine that names none gets all of
    /// them.
    pub allowed_scopes: Vec<String>,
}

/// One of the pool's own users, who signs in with a password. `Debug` shows nothing of them.
#[derive(Clone)]
pub struct NewUser {
    /// The username.
    pub username: String,
    /// The permanent password. It has eight characters or more, among them an upper and a lower
    /// case letter, a digit and a symbol, as the policy of a new pool wants.
    pub password: SecretString,
    /// The attributes, which the schema has.
    pub attributes: BTreeMap<String, String>,
}

impl fmt::Debug for NewUser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NewUser")
    }
}

/// The mapping of this project's template: `address` comes from the flat claim `formatted_address`.
#[must_use]
pub fn default_attribute_mapping() -> BTreeMap<String, String> {
    let mapping = MAPPING.into_iter();
    mapping
        .map(|(attribute, claim)| (attribute.to_owned(), claim.to_owned()))
        .collect()
}

/// Behaviour that differs from Cognito's, or that AWS leaves open, for tests of the provider and
/// the triggers. The default is Cognito's behaviour.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Variation {
    /// The number of characters of `state`, 64 to 8,000. Cognito's has 584 to 732 for a short state
    /// of the app, and more than 2,200 for a long one (contract C1).
    pub state_length: usize,
    /// Parameters that are added to the authorization request, even if the name is there already:
    /// `nonce`, `code_challenge`, `prompt`, unknown ones.
    pub authorize_extra: Vec<(String, String)>,
    /// Parameters that are added to the token request, even if the name is there already:
    /// `code_verifier`.
    pub token_request_extra: Vec<(String, String)>,
    /// How often a trigger gets an event twice.
    pub repeated_triggers: RepeatedTriggers,
    /// How an ID token shows an `address` that a trigger set.
    pub overridden_address: OverriddenAddress,
    /// Which of the user's attributes the token generation trigger sees.
    pub trigger_attributes: TriggerAttributes,
    /// What an empty value does to an attribute with a minimum length, such as `birthdate`.
    pub empty_values: EmptyValues,
}

/// How often a trigger gets an event twice. The second answer counts. AWS says that it may happen,
/// and not how often.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RepeatedTriggers {
    /// Every third call of any trigger.
    #[default]
    EveryThird,
    /// Every call.
    Always,
    /// No call.
    Never,
}

/// How an ID token shows an `address` that a trigger set: AWS leaves it open.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OverriddenAddress {
    /// The text as it was set.
    #[default]
    Text,
    /// `{"formatted": …}`, like an address that comes from the pool.
    Object,
}

/// Which attributes the token generation trigger sees: AWS doesn't say.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TriggerAttributes {
    /// All that the user has.
    #[default]
    All,
    /// Those that the app client may read, and always `sub`. `identities` too has to be readable.
    Readable,
}

/// What an empty value does to an attribute with a minimum length. It clears every attribute
/// without one. Whether it clears `birthdate`, which has one, is open.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum EmptyValues {
    /// It is too short, and the sign-in or the write fails.
    #[default]
    TooShort,
    /// It clears the attribute.
    Clear,
}

impl Default for Variation {
    fn default() -> Self {
        Self {
            state_length: 700,
            authorize_extra: Vec::new(),
            token_request_extra: Vec::new(),
            repeated_triggers: RepeatedTriggers::default(),
            overridden_address: OverriddenAddress::default(),
            trigger_attributes: TriggerAttributes::default(),
            empty_values: EmptyValues::default(),
        }
    }
}

impl Variation {
    pub(crate) fn check(&self) -> Result<(), StartError> {
        state_form(self.state_length)
            .map(|_| ())
            .ok_or(StartError::StateLength)
    }
}

/// Everything that the stand-in is started with.
#[derive(Clone, Debug)]
pub struct CognitoOptions {
    /// The pool's id: its Region, `_`, letters and digits.
    pub user_pool_id: String,
    /// The provider.
    pub provider: Provider,
    /// The app clients. Their `client_id`s differ.
    pub app_clients: Vec<AppClient>,
    /// The app clients of machines.
    pub machine_clients: Vec<MachineClient>,
    /// The pool's attributes.
    pub schema: Vec<PoolAttribute>,
    /// Users of the pool's own that are there from the start. One whose username a saved pool has
    /// already is left as it was saved.
    pub users: Vec<NewUser>,
    /// Scopes besides the standard ones.
    pub resource_servers: Vec<ResourceServer>,
    /// The triggers.
    pub lambda_config: LambdaConfig,
    /// `UsernameConfiguration.CaseSensitive`. A pool that isn't (the default) keeps usernames in
    /// lower case.
    pub case_sensitive_usernames: bool,
    /// How the stand-in differs from Cognito.
    pub variation: Variation,
    /// How many requests a second the API's category UserUpdate takes: the operations that change
    /// users. With AWS there are 25, and no more can be had.
    pub user_update_quota: usize,
    /// How long a call of the back channel may take.
    pub token_timeout: Duration,
    /// How long one call of a trigger may take. With Cognito it is always five seconds. A trigger
    /// that takes longer is called three times in all.
    pub trigger_timeout: Duration,
    /// The clock of all stand-ins.
    pub clock: SimClock,
    /// The clock of what apps get: codes, tokens and refresh tokens. It can be moved without
    /// disturbing a sign-in at the provider. `None` is the clock of all stand-ins.
    pub token_clock: Option<SimClock>,
    /// The journal of all stand-ins.
    pub journal: Journal,
    /// What is shown beside the hosted page.
    pub beside: Beside,
    /// The pool's signing key. `None` makes a new one.
    pub rsa_key: Option<RsaKey>,
}

impl CognitoOptions {
    /// A pool with the standard attributes, no users, no triggers, Cognito's own behaviour and
    /// quota, five seconds for the back channel and for triggers, real time, a journal of its own
    /// and a new key.
    #[must_use]
    pub fn new(provider: Provider, app_client: AppClient) -> Self {
        Self {
            user_pool_id: "ap-northeast-1_Example01".to_owned(),
            provider,
            app_clients: vec![app_client],
            machine_clients: Vec::new(),
            schema: standard_attributes(),
            users: Vec::new(),
            resource_servers: Vec::new(),
            lambda_config: LambdaConfig::default(),
            case_sensitive_usernames: false,
            variation: Variation::default(),
            user_update_quota: 25,
            token_timeout: Duration::from_secs(5),
            trigger_timeout: Duration::from_secs(5),
            clock: SimClock::default(),
            token_clock: None,
            journal: Journal::default(),
            beside: Beside::default(),
            rsa_key: None,
        }
    }

    /// The Region, which is the first part of the pool's id.
    pub(crate) fn region(&self) -> &str {
        let parts = self.user_pool_id.split_once('_');
        parts.map_or(self.user_pool_id.as_str(), |(region, _)| region)
    }

    /// Every scope that the app client may be allowed.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let own = self.resource_servers.iter().flat_map(|server| {
            let scopes = server.scopes.iter();
            scopes.map(|scope| format!("{}/{scope}", server.identifier))
        });
        let standard = STANDARD_SCOPES.into_iter().map(str::to_owned);
        standard.chain(own).collect()
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&PoolAttribute> {
        schema::attribute(&self.schema, name)
    }

    /// The time of what apps get.
    pub(crate) fn token_time(&self) -> DateTime<Utc> {
        self.token_clock.as_ref().unwrap_or(&self.clock).now()
    }

    /// The app client with this id.
    pub(crate) fn app_client(&self, client_id: &str) -> Option<&AppClient> {
        let mut clients = self.app_clients.iter();
        clients.find(|client| client.client_id == client_id)
    }

    pub(crate) fn check(&self) -> Result<(), StartError> {
        self.variation.check()?;
        self.check_provider()?;
        self.check_scopes()?;
        let custom: Vec<&PoolAttribute> = self
            .schema
            .iter()
            .filter(|attribute| attribute.is_custom())
            .collect();
        let custom_names_fit = custom.iter().all(|attribute| {
            let length = attribute.name.trim_start_matches(CUSTOM).chars().count();
            (1..=20).contains(&length)
        });
        if custom.len() > 50 || !custom_names_fit {
            return Err(StartError::Schema);
        }
        let ids: BTreeSet<&str> = (self.app_clients.iter())
            .map(|client| client.client_id.as_str())
            .collect();
        let are_different = ids.len() == self.app_clients.len();
        if ids.is_empty()
            || !are_different
            || !self.app_clients.iter().all(|c| c.fits(&self.schema))
        {
            return Err(StartError::AppClient);
        }
        let mut clients = self.app_clients.iter();
        if !clients.all(|client| client.has_providers(&self.provider.name)) {
            return Err(StartError::IdentityProviders);
        }
        Ok(())
    }

    fn check_scopes(&self) -> Result<(), StartError> {
        let is_pool_id = self
            .user_pool_id
            .split_once('_')
            .is_some_and(|(region, id)| {
                let is_region = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                (!region.is_empty() && region.chars().all(is_region))
                    && (!id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric()))
                    && self.user_pool_id.len() <= 55
            });
        if !is_pool_id {
            return Err(StartError::UserPoolId);
        }
        if let Some(server) = self
            .resource_servers
            .iter()
            .find(|server| !server.is_valid())
        {
            return Err(StartError::ResourceServer {
                identifier: server.identifier.clone(),
            });
        }
        let known = self.scopes();
        // Standard scopes are about a user who has signed in, and a machine has none.
        let is_for_machines =
            |scope: &String| known.contains(scope) && !STANDARD_SCOPES.contains(&scope.as_str());
        let mut machines = self.machine_clients.iter();
        if !machines.all(|one| one.allowed_scopes.iter().all(is_for_machines)) {
            return Err(StartError::Scope);
        }
        let are_allowed = |client: &AppClient| {
            let allowed = &client.allowed_scopes;
            allowed.iter().all(|scope| known.contains(scope)) && has_openid_if_needed(allowed)
        };
        if self.app_clients.iter().all(are_allowed) {
            Ok(())
        } else {
            Err(StartError::Scope)
        }
    }

    fn check_provider(&self) -> Result<(), StartError> {
        let provider = &self.provider;
        if !is_provider_name(&provider.name) || provider.name == COGNITO_PROVIDER {
            return Err(StartError::ProviderName);
        }
        if !is_http_url(&provider.oidc_issuer) || provider.oidc_issuer.ends_with('/') {
            return Err(StartError::ProviderIssuer);
        }
        for (name, url) in [
            ("authorize_url", &provider.authorize_url),
            ("token_url", &provider.token_url),
            ("attributes_url", &provider.attributes_url),
            ("jwks_uri", &provider.jwks_uri),
        ] {
            if !is_http_url(url) {
                return Err(StartError::ProviderEndpoint { name });
            }
        }
        check_authorize_scopes(&provider.authorize_scopes)?;
        match provider.attribute_mapping.get("username") {
            None => Ok(()),
            Some(claim) if claim == "sub" => Ok(()),
            Some(_) => Err(StartError::UsernameMapping),
        }
    }
}

/// Checks the `authorize_scopes` of a provider.
pub(crate) fn check_authorize_scopes(scopes: &str) -> Result<(), StartError> {
    if scopes.split(' ').any(|scope| scope == "openid") {
        Ok(())
    } else {
        Err(StartError::ProviderScopes)
    }
}

/// Whether `openid` is there if it has to be: `phone`, `email` and `profile` are allowed only
/// together with it.
pub(crate) fn has_openid_if_needed(scopes: &[String]) -> bool {
    let needs = |scope: &String| matches!(scope.as_str(), "phone" | "email" | "profile");
    !scopes.iter().any(needs) || scopes.iter().any(|scope| scope == "openid")
}

fn is_http_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// `ProviderName`: 3 to 32 characters, no `_`, no spaces.
pub(crate) fn is_provider_name(name: &str) -> bool {
    (3..=32).contains(&name.chars().count())
        && name.chars().all(|c| c != '_' && is_username_character(c))
}

/// Whether a username can have this character: `[\p{L}\p{M}\p{S}\p{N}\p{P}]` in the AWS API. So
/// there are no spaces and no invisible characters.
pub(crate) fn is_username_character(character: char) -> bool {
    let allowed = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Mark)
        .union(GeneralCategoryGroup::Symbol)
        .union(GeneralCategoryGroup::Number)
        .union(GeneralCategoryGroup::Punctuation);
    allowed.contains(CodePointMapData::<GeneralCategory>::new().get(character))
}
