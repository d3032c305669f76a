//! Keys, key sets and signed tokens, good ones and every kind of bad ones.
//! A token is put together from its parts here, so that a header or a signature can be what no library would write.
//! Keys are made once for all tests.

use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use digital_auth::authorization::Secret256;
use keys::{Algorithm, LocalKey, SigningKey};
use serde_json::{Value, json};

use kit::start;

pub(crate) const CLIENT_ID: &str = "RP00000001";
pub(crate) const ACCESS_TOKEN: &str = "an-access-token";
pub(crate) const SUBJECT: &str = "7d5f1c2e-pairwise";
pub(crate) const ACR: &str = "aal3";

/// The ES256 key that signs when nothing else is said.
pub(crate) fn es256() -> &'static LocalKey {
    static KEY: OnceLock<LocalKey> = OnceLock::new();
    KEY.get_or_init(|| LocalKey::generate(Algorithm::Es256).unwrap())
}

/// Another ES256 key: the next one, or a stranger's.
pub(crate) fn other_es256() -> &'static LocalKey {
    static KEY: OnceLock<LocalKey> = OnceLock::new();
    KEY.get_or_init(|| LocalKey::generate(Algorithm::Es256).unwrap())
}

pub(crate) fn rs256() -> &'static LocalKey {
    static KEY: OnceLock<LocalKey> = OnceLock::new();
    KEY.get_or_init(|| LocalKey::generate(Algorithm::Rs256).unwrap())
}

pub(crate) fn public_jwk(key: &LocalKey) -> Value {
    serde_json::to_value(key.public_jwk()).unwrap()
}

pub(crate) fn jwk_set(keys: &[&LocalKey]) -> Value {
    json!({"keys": keys.iter().map(|key| public_jwk(key)).collect::<Vec<_>>()})
}

/// The login's nonce.
pub(crate) fn nonce() -> Secret256 {
    Secret256::from_bytes([2; 32])
}

/// OIDC Core §3.1.3.6: the left half of the hash of the access token.
pub(crate) fn at_hash(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, access_token.as_bytes()).as_ref()[..16])
}

/// Good claims, as Keycloak writes them.
pub(crate) fn claims(issuer: &str) -> Value {
    let now = start().timestamp();
    json!({
        "iss": issuer,
        "sub": SUBJECT,
        "aud": CLIENT_ID,
        "azp": CLIENT_ID,
        "exp": now + 300,
        "iat": now,
        "auth_time": now - 5,
        "nonce": nonce().expose_base64url(),
        "acr": ACR,
        "at_hash": at_hash(ACCESS_TOKEN),
        "typ": "ID",
        "sid": "a-session",
        "jti": "an-id",
    })
}

/// The header that belongs to a key.
pub(crate) fn header(key: &LocalKey) -> Value {
    json!({"alg": key.algorithm().as_str(), "kid": key.key_id().as_str(), "typ": "JWT"})
}

/// Header and payload of a JWS, without its signature.
pub(crate) fn unsigned(header: &Value, payload: &[u8]) -> String {
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload))
}

/// A JWS of this key, whatever its header says.
pub(crate) fn sign(key: &LocalKey, header: &Value, payload: &[u8]) -> String {
    let message = unsigned(header, payload);
    let signature = ready(key.sign(message.as_bytes())).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// An ID token with these claims, in order.
pub(crate) fn id_token(key: &LocalKey, claims: &Value) -> String {
    sign(key, &header(key), claims.to_string().as_bytes())
}

/// The value of a future that doesn't have to wait.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it has to wait"),
    }
}
