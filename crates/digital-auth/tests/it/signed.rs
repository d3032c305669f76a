//! Keys, key sets and signed tokens, both good and bad ones.
//! Tokens are assembled from their parts here, so that a header or a signature can be one that no
//! library would write. Keys are made once for all tests.

use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use digital_auth::authorization::Secret256;
use keys::{Algorithm, LocalKey, SigningKey};
use serde_json::{Value, json};

pub(crate) use kit::keys::public_jwk;
use kit::service::id_token_claims;
pub(crate) use kit::service::{ACCESS_TOKEN, CLIENT_ID, SUBJECT, at_hash};
use kit::start;

pub(crate) const ACR: &str = "aal3";

/// The ES256 key that signs by default.
pub(crate) fn es256() -> &'static LocalKey {
    static KEY: OnceLock<LocalKey> = OnceLock::new();
    KEY.get_or_init(|| LocalKey::generate(Algorithm::Es256).unwrap())
}

/// Another ES256 key: the service's next one, or an attacker's.
pub(crate) fn other_es256() -> &'static LocalKey {
    static KEY: OnceLock<LocalKey> = OnceLock::new();
    KEY.get_or_init(|| LocalKey::generate(Algorithm::Es256).unwrap())
}

pub(crate) fn rs256() -> &'static LocalKey {
    static KEY: OnceLock<LocalKey> = OnceLock::new();
    KEY.get_or_init(|| LocalKey::generate(Algorithm::Rs256).unwrap())
}

pub(crate) fn jwk_set(keys: &[&LocalKey]) -> Value {
    json!({"keys": keys.iter().map(|key| public_jwk(*key)).collect::<Vec<_>>()})
}

/// The login's nonce.
pub(crate) fn nonce() -> Secret256 {
    Secret256::from_bytes([2; 32])
}

/// Good claims, as Keycloak writes them.
pub(crate) fn claims(issuer: &str) -> Value {
    let mut claims = id_token_claims(issuer, &nonce().expose_base64url(), start());
    claims["auth_time"] = json!(start().timestamp() - 5);
    claims["acr"] = json!(ACR);
    claims
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

/// A JWS signed with this key, whatever its header says.
pub(crate) fn sign(key: &LocalKey, header: &Value, payload: &[u8]) -> String {
    let message = unsigned(header, payload);
    let signature = ready(key.sign(message.as_bytes())).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// An ID token with these claims, whose header and signature are right.
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
