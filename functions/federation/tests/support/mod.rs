//! What the tests and the benchmarks share: a complete configuration with keys of its own, and
//! Cognito's requests. Nothing here is a real secret.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use federation::config::Config;
use federation::variables;
use function_kit::runtime::Call;
use function_kit::settings::ConfigError;
use keys::{Algorithm, LocalKey};
use kit::{Parameters, sealing_keys_json, service};
use secrecy::ExposeSecret as _;
use serde_json::json;
use url::Url;

pub(crate) const ISSUER: &str = "https://bridge.example";
pub(crate) const CLIENT_ID: &str = "cognito";
pub(crate) const CLIENT_SECRET: &str = "marked-client-secret-1";
pub(crate) const REDIRECT_URI: &str =
    "https://app.auth.ap-northeast-1.amazoncognito.com/oauth2/idpresponse";
pub(crate) const SCOPE: &str = "openid name address birthdate gender";
pub(crate) const PROVIDER_NAME: &str = "MynaApp";

/// The keys are made once: an RSA key takes a while.
pub(crate) static ID_TOKEN_KEY: LazyLock<String> = LazyLock::new(|| private_jwk(Algorithm::Rs256));
pub(crate) static ASSERTION_KEY: LazyLock<String> = LazyLock::new(|| private_jwk(Algorithm::Es256));

pub(crate) type Settings = BTreeMap<&'static str, String>;

/// A call that begins now.
pub(crate) fn call(request_id: &str) -> Call<'_> {
    Call {
        request_id,
        begun: tokio::time::Instant::now(),
    }
}

fn private_jwk(algorithm: Algorithm) -> String {
    let key = LocalKey::generate(algorithm).unwrap();
    key.private_jwk().expose_secret().to_owned()
}

/// A complete environment, for the service at this address (`http://127.0.0.1:PORT`).
pub(crate) fn settings(address: &str) -> Settings {
    let secrets = json!({ "current": CLIENT_SECRET, "previous": "marked-client-secret-0" });
    BTreeMap::from([
        (variables::ISSUER, ISSUER.to_owned()),
        (variables::CLIENT_ID, CLIENT_ID.to_owned()),
        (variables::CLIENT_SECRETS, secrets.to_string()),
        (variables::REDIRECT_URIS, REDIRECT_URI.to_owned()),
        (variables::PROVIDER_NAME, PROVIDER_NAME.to_owned()),
        (variables::SEALING_KEYS, sealing_keys_json(&[1])),
        (variables::RECORD_KEYS, sealing_keys_json(&[101])),
        (variables::ID_TOKEN_KEYS, ID_TOKEN_KEY.clone()),
        (variables::ASSERTION_KEYS, ASSERTION_KEY.clone()),
        (variables::SERVICE, "custom".to_owned()),
        (variables::SERVICE_CLIENT_ID, service::CLIENT_ID.to_owned()),
        (variables::SERVICE_ISSUER, format!("{address}/realms/main")),
        (
            variables::SERVICE_AUTHORIZATION_ENDPOINT,
            format!("{address}/auth"),
        ),
        (
            variables::SERVICE_TOKEN_ENDPOINT,
            format!("{address}/token"),
        ),
        (
            variables::SERVICE_USERINFO_ENDPOINT,
            format!("{address}/userinfo"),
        ),
        (variables::SERVICE_JWKS_URI, format!("{address}/certs")),
        (
            variables::ATTRIBUTES,
            "name address birthdate gender".to_owned(),
        ),
    ])
}

pub(crate) fn read(settings: &Settings) -> Result<Config, ConfigError> {
    Config::read(&|name| settings.get(name).cloned())
}

/// The parameters of a URL's query.
pub(crate) fn parameters(url: &str) -> BTreeMap<String, String> {
    kit::parameters(&Url::parse(url).unwrap())
}

/// What Amazon Cognito sends to `/authorize`.
pub(crate) fn authorization_request() -> Parameters {
    Parameters::of([
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
        ("scope", SCOPE),
        ("response_type", "code"),
        ("state", "marked-client-state"),
    ])
}

/// What Amazon Cognito sends to `/token`.
pub(crate) fn token_request(code: &str) -> Parameters {
    Parameters::of([
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
    ])
}
