//! How a function knows the service: the settings of our client there, read from the environment
//! variables, and the client itself.
//! Two functions have them, and must have the same: the bridge, which sends the browser to the
//! service, and the function that completes the verification of a member.

use std::sync::Arc;

use digital_auth::id_token::{SigningAlgorithm, parse_algorithm};
use digital_auth::provider::{InvalidEndpoint, secure_url};
use digital_auth::{Client, ClientOptions, GrantedScope, HttpClient, Provider};
use four_attributes::{AssuranceRule, AttributeSet, AuthenticationTime, PRODUCTION_ISSUER};
use function_kit::reference::Reference;
use function_kit::settings::{
    Reader, accepted_acr, attributes, authentication_time, service_address,
};
use keys::{KeyRing, Randomness};

use crate::variables::{
    ACCEPTED_ACR, ACR_VALUES, ASSERTION_KEYS, ATTRIBUTES, GRANTED_SCOPE, ISSUER, REQUIRE_AUTH_TIME,
    SERVICE, SERVICE_AUTHORIZATION_ENDPOINT, SERVICE_CLIENT_ID, SERVICE_ID_TOKEN_ALGORITHMS,
    SERVICE_ISSUER, SERVICE_JWKS_URI, SERVICE_TOKEN_ENDPOINT, SERVICE_USERINFO_ENDPOINT,
};

/// The path at the bridge to which the service sends the browser back. It is registered on paper.
pub const CALLBACK_PATH: &str = "/callback";

/// The longest redirect URI that the service registers, in characters (contract S2).
pub const LONGEST_REDIRECT_URI: usize = 255;

/// The longest client ID, in characters. This is the limit for the service's client ID
/// (contract S2), and the bridge has the same limit for Cognito's.
pub const LONGEST_CLIENT_ID: usize = 255;

/// The settings of our client at the service.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// The bridge's issuer: an absolute URL without a slash at its end.
    pub issuer: String,
    /// Where the keys for client assertions are.
    pub assertion_keys: Vec<Reference>,
    /// The service: its issuer and its endpoints.
    pub provider: Provider,
    /// The client ID that the Digital Agency gave; `None` as long as there is none.
    pub client_id: Option<String>,
    /// The algorithms of the service's ID tokens that are accepted.
    pub id_token_algorithms: Vec<SigningAlgorithm>,
    /// The attributes that are asked for.
    pub attributes: AttributeSet,
    /// `acr_values` of the authorization request; `None` leaves it out.
    pub acr_values: Option<String>,
    /// The values of `acr` that are accepted.
    pub assurance: AssuranceRule,
    /// Whether the service's ID token has to say when the person authenticated.
    pub authentication_time: AuthenticationTime,
    /// Whether the service's token answer has to say what was granted.
    pub granted_scope: GrantedScope,
}

impl ServiceSettings {
    /// Reads all variables before it returns `None`, so that every problem is reported.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let issuer = reader.checked(ISSUER, issuer);
        let assertion_keys = reader.checked(ASSERTION_KEYS, key_references);
        let environment = reader.checked(SERVICE, environment);
        let provider = environment.and_then(|environment| provider(reader, environment));
        let client_id = reader.checked_if_set(SERVICE_CLIENT_ID, client_id);
        let id_token_algorithms = reader.checked(SERVICE_ID_TOKEN_ALGORITHMS, algorithm_list);
        // An empty list is allowed: then a login asks for no attribute. Only a variable that isn't
        // set is missing.
        let attributes = reader.checked_or_empty(ATTRIBUTES, attributes);
        let acr_values = reader.checked(ACR_VALUES, acr_values);
        let assurance = assurance(reader, environment, provider.as_ref());
        let authentication_time = reader.checked(REQUIRE_AUTH_TIME, authentication_time);
        let granted_scope = reader.checked(GRANTED_SCOPE, granted_scope);
        Some(Self {
            issuer: issuer?,
            assertion_keys: assertion_keys?,
            provider: provider?,
            client_id: client_id?,
            id_token_algorithms: id_token_algorithms?,
            attributes: attributes?,
            acr_values: acr_values?,
            assurance: assurance?,
            authentication_time: authentication_time?,
            granted_scope: granted_scope?,
        })
    }

    /// The client of the service; `None` as long as there is no client ID.
    #[must_use]
    pub fn client(
        &self,
        http: Arc<HttpClient>,
        assertion_keys: Arc<KeyRing>,
        randomness: Arc<dyn Randomness>,
    ) -> Option<Client> {
        let options = ClientOptions {
            provider: self.provider.clone(),
            client_id: self.client_id.clone()?,
            redirect_uri: format!("{}{CALLBACK_PATH}", self.issuer),
            attributes: self.attributes,
            acr_values: self.acr_values.clone(),
            assurance: self.assurance.clone(),
            authentication_time: self.authentication_time,
            granted_scope: self.granted_scope,
            id_token_algorithms: self.id_token_algorithms.clone(),
        };
        Some(Client::new(options, http, assertion_keys, randomness))
    }
}

/// References to keys, separated by spaces.
///
/// # Errors
///
/// What is wrong, without the value.
pub fn key_references(value: &str) -> Result<Vec<Reference>, String> {
    value
        .split_whitespace()
        .map(|text| {
            Reference::parse(text).ok_or_else(|| {
                "must hold ARNs of AWS KMS or AWS Secrets Manager, file:PATH, or JSON without \
                 spaces"
                    .to_owned()
            })
        })
        .collect()
}

/// Free text, or `none`.
fn acr_values(value: &str) -> Result<Option<String>, String> {
    Ok((value != "none").then(|| value.to_owned()))
}

fn granted_scope(value: &str) -> Result<GrantedScope, String> {
    match value {
        "optional" => Ok(GrantedScope::Optional),
        "required" => Ok(GrantedScope::Required),
        _ => Err("must be `optional` or `required`".to_owned()),
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Environment {
    Sandbox,
    Production,
    Custom,
}

fn environment(value: &str) -> Result<Environment, String> {
    match value {
        "sandbox" => Ok(Environment::Sandbox),
        "production" => Ok(Environment::Production),
        "custom" => Ok(Environment::Custom),
        _ => Err("must be `sandbox`, `production` or `custom`".to_owned()),
    }
}

fn provider(reader: &mut Reader<'_>, environment: Environment) -> Option<Provider> {
    let invalid = |error: InvalidEndpoint| error.to_string();
    match environment {
        Environment::Sandbox => Provider::sandbox()
            .map_err(|error| reader.problem(SERVICE, invalid(error)))
            .ok(),
        Environment::Production => Provider::production()
            .map_err(|error| reader.problem(SERVICE, invalid(error)))
            .ok(),
        Environment::Custom => {
            let mut address = |variable| reader.checked(variable, service_address);
            let issuer = address(SERVICE_ISSUER);
            let authorization = address(SERVICE_AUTHORIZATION_ENDPOINT);
            let token = address(SERVICE_TOKEN_ENDPOINT);
            let userinfo = address(SERVICE_USERINFO_ENDPOINT);
            let jwks = address(SERVICE_JWKS_URI);
            Provider::given(&issuer?, &authorization?, &token?, &userinfo?, &jwks?)
                .map_err(|error| reader.problem(SERVICE, invalid(error)))
                .ok()
        }
    }
}

/// The accepted values of `acr`. In production they must be configured, at least as `any`.
/// Elsewhere any value is accepted by default, until it is known which values the service sends
/// (contract S5). `custom` with the issuer of production is production, too.
fn assurance(
    reader: &mut Reader<'_>,
    environment: Option<Environment>,
    provider: Option<&Provider>,
) -> Option<AssuranceRule> {
    let is_production = environment == Some(Environment::Production)
        || provider.is_some_and(|given| given.issuer().as_str() == PRODUCTION_ISSUER);
    match reader.optional(ACCEPTED_ACR).as_deref() {
        Some(list) => reader.check(ACCEPTED_ACR, list, accepted_acr),
        None if is_production => {
            reader.problem(
                ACCEPTED_ACR,
                "is missing: production needs the accepted values of `acr`, or `any` by name",
            );
            None
        }
        None => Some(AssuranceRule::Any),
    }
}

fn issuer(value: &str) -> Result<String, String> {
    let url = secure_url(value).map_err(|error| error.to_string())?;
    if value.ends_with('/') {
        return Err(
            "must not end with a slash: Amazon Cognito compares it byte for byte".to_owned(),
        );
    }
    // The endpoints are at the root of the host. An issuer with a path would give wrong URLs for
    // them.
    if url.path() != "/" {
        return Err("must have no path: the endpoints are at the root of the host".to_owned());
    }
    if value.len() + CALLBACK_PATH.len() > LONGEST_REDIRECT_URI {
        return Err(format!(
            "must have {} characters at most: the service takes redirect URIs of \
             {LONGEST_REDIRECT_URI}",
            LONGEST_REDIRECT_URI - CALLBACK_PATH.len()
        ));
    }
    Ok(value.to_owned())
}

/// Contract S2: 1..255 of `[0-9a-zA-Z]`.
fn client_id(value: &str) -> Result<String, String> {
    if value.len() <= LONGEST_CLIENT_ID && value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Ok(value.to_owned())
    } else {
        Err(format!(
            "must be 1 to {LONGEST_CLIENT_ID} letters and digits, as the Digital Agency gave it"
        ))
    }
}

fn algorithm_list(value: &str) -> Result<Vec<SigningAlgorithm>, String> {
    value
        .split_whitespace()
        .map(|name| parse_algorithm(name).ok_or_else(|| "must be ES256, RS256 or both".to_owned()))
        .collect()
}
