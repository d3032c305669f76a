//! What the tests and the bench have in common: a complete configuration with keys of its own, and the service's side of
//! a login, signed by `jsonwebtoken`, so that nobody checks his own work.
//! Nothing here is a secret of anybody.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use federation::config::Config;
use function_kit::runtime::Call;
use function_kit::settings::ConfigError;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{EncodingKey, Header};
use keys::{Algorithm, LocalKey};
use kit::Parameters;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use url::Url;

pub(crate) const ISSUER: &str = "https://bridge.example";
pub(crate) const CLIENT_ID: &str = "cognito";
pub(crate) const CLIENT_SECRET: &str = "marked-client-secret-1";
pub(crate) const REDIRECT_URI: &str =
    "https://app.auth.ap-northeast-1.amazoncognito.com/oauth2/idpresponse";
pub(crate) const SCOPE: &str = "openid name address birthdate gender";
pub(crate) const PROVIDER_NAME: &str = "MynaApp";
pub(crate) const SERVICE_CLIENT_ID: &str = "RP00000001";
pub(crate) const SUBJECT: &str = "marked-subject-7d5f";
pub(crate) const SERVICE_ACCESS_TOKEN: &str = "marked-service-access-token";

/// The keys are made once: an RSA key takes a while.
pub(crate) static ID_TOKEN_KEY: LazyLock<String> = LazyLock::new(|| private_jwk(Algorithm::Rs256));
pub(crate) static ASSERTION_KEY: LazyLock<String> = LazyLock::new(|| private_jwk(Algorithm::Es256));

/// The service's ID-token key.
pub(crate) static SERVICE_KEY: LazyLock<ServiceKey> = LazyLock::new(ServiceKey::new);

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

/// A sealing key of one repeated byte, as the configuration takes it.
pub(crate) fn sealing_keys(bytes: &[u8]) -> String {
    let keys: Vec<_> = bytes
        .iter()
        .map(|byte| URL_SAFE_NO_PAD.encode([*byte; 32]))
        .collect();
    json!({ "keys": keys }).to_string()
}

/// A complete environment, for the service at `service` (`http://127.0.0.1:PORT`).
pub(crate) fn settings(service: &str) -> Settings {
    let secrets = json!({ "current": CLIENT_SECRET, "previous": "marked-client-secret-0" });
    BTreeMap::from([
        ("ISSUER", ISSUER.to_owned()),
        ("CLIENT_ID", CLIENT_ID.to_owned()),
        ("CLIENT_SECRETS", secrets.to_string()),
        ("REDIRECT_URIS", REDIRECT_URI.to_owned()),
        ("PROVIDER_NAME", PROVIDER_NAME.to_owned()),
        ("SEALING_KEYS", sealing_keys(&[1])),
        ("RECORD_KEYS", sealing_keys(&[101])),
        ("ID_TOKEN_KEYS", ID_TOKEN_KEY.clone()),
        ("ASSERTION_KEYS", ASSERTION_KEY.clone()),
        ("SERVICE", "custom".to_owned()),
        ("SERVICE_CLIENT_ID", SERVICE_CLIENT_ID.to_owned()),
        ("SERVICE_ISSUER", format!("{service}/realms/main")),
        ("SERVICE_AUTHORIZATION_ENDPOINT", format!("{service}/auth")),
        ("SERVICE_TOKEN_ENDPOINT", format!("{service}/token")),
        ("SERVICE_USERINFO_ENDPOINT", format!("{service}/userinfo")),
        ("SERVICE_JWKS_URI", format!("{service}/certs")),
        ("ATTRIBUTES", "name address birthdate gender".to_owned()),
    ])
}

pub(crate) fn read(settings: &Settings) -> Result<Config, ConfigError> {
    Config::read(&|name| settings.get(name).cloned())
}

/// An ES256 key of the service.
pub(crate) struct ServiceKey {
    private: EncodingKey,
    public: Jwk,
}

impl ServiceKey {
    pub(crate) fn new() -> Self {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        let private = EncodingKey::from_ec_der(document.as_ref());
        let mut public = Jwk::from_encoding_key(&private, jsonwebtoken::Algorithm::ES256).unwrap();
        public.common.key_id = Some("service-key".to_owned());
        Self { private, public }
    }

    /// The JWK Set with the public half.
    pub(crate) fn key_set(&self) -> String {
        json!({ "keys": [self.public] }).to_string()
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(jsonwebtoken::Algorithm::ES256);
        header.kid = Some("service-key".to_owned());
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }
}

/// What the service's ID token says (contract §5).
pub(crate) fn id_token_claims(service: &str, nonce: &str, now: DateTime<Utc>) -> Value {
    let hash = digest(&SHA256, SERVICE_ACCESS_TOKEN.as_bytes());
    let now = now.timestamp();
    json!({
        "iss": format!("{service}/realms/main"),
        "aud": SERVICE_CLIENT_ID,
        "azp": SERVICE_CLIENT_ID,
        "sub": SUBJECT,
        "nonce": nonce,
        "iat": now,
        "exp": now + 300,
        "auth_time": now,
        "acr": "aal3 crl",
        "at_hash": URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]),
    })
}

/// The service's token answer (contract §4).
pub(crate) fn token_answer(id_token: &str) -> String {
    json!({
        "access_token": SERVICE_ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": 60,
        "refresh_token": "marked-refresh-token",
        "id_token": id_token,
        "scope": SCOPE,
    })
    .to_string()
}

/// The service's userinfo (contract §6).
pub(crate) fn person() -> Value {
    json!({
        "sub": SUBJECT,
        "name": "山田　マーク太郎",
        "address": "東京都千代田区マーク町１丁目７番１号",
        "birthdate": "19850315",
        "gender": "1",
    })
}

/// The parameters of a URL's query.
pub(crate) fn parameters(url: &str) -> BTreeMap<String, String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().into_owned().collect()
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
