//! The registration of a relying party: its client id, redirect URIs and public keys. The real
//! service takes them on a paper form, so the stand-in has no endpoint for registration: its caller
//! passes a [`RegisteredClient`]. A client that breaks the rules of registration is refused.

use std::fmt;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use thiserror::Error;
use url::Url;

/// A relying party to register.
#[derive(Clone)]
pub struct RegisteredClient {
    /// The client id: 1..=255 ASCII letters and digits.
    pub client_id: String,
    /// The redirect URIs, compared exactly; 1..=255 characters each.
    pub redirect_uris: Vec<String>,
    /// The public JWK Set, `{"keys":[…]}`: RSA or P-256 keys, each with a `kid` of its own.
    pub jwks: Value,
}

impl fmt::Debug for RegisteredClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RegisteredClient")
            .field("client_id", &self.client_id)
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}

/// Why a client can't be registered.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum InvalidClient {
    /// The client id isn't 1..=255 ASCII letters and digits.
    #[error("the client id must be 1..=255 ASCII letters and digits")]
    ClientId,
    /// There is no redirect URI, or one isn't an absolute URI with a host, of at most 255
    /// characters, without fragment.
    #[error(
        "every redirect URI must be absolute, with a host, without fragment, and of at most 255 \
        characters"
    )]
    RedirectUri,
    /// The keys aren't a JWK Set with at least one key.
    #[error("the keys must be a JWK Set that isn't empty")]
    KeySet,
    /// A key isn't an RSA or P-256 key for RS256 or ES256 signatures.
    #[error("every key must be an RSA key for RS256 or a P-256 key for ES256")]
    Key,
    /// A key has no `kid`, or shares it with another.
    #[error("every key must have a kid of its own")]
    KeyId,
    /// A key has a private member. A private key must never be handed in.
    #[error("a key has a private member")]
    PrivateKey,
}

/// One registered key.
pub(crate) struct ClientKey {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// A client whose registration has been checked.
pub(crate) struct Client {
    pub(crate) client_id: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) keys: Vec<ClientKey>,
}

/// The members that only a private key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE_MEMBERS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

impl TryFrom<RegisteredClient> for Client {
    type Error = InvalidClient;

    fn try_from(client: RegisteredClient) -> Result<Self, InvalidClient> {
        let RegisteredClient {
            client_id,
            redirect_uris,
            jwks,
        } = client;
        // Checked first, so that no other error hides a private key.
        let keys = jwks.get("keys").and_then(Value::as_array);
        if keys.into_iter().flatten().chain([&jwks]).any(is_private) {
            return Err(InvalidClient::PrivateKey);
        }
        if !is_client_id(&client_id) {
            return Err(InvalidClient::ClientId);
        }
        if redirect_uris.is_empty() || !redirect_uris.iter().all(|uri| is_redirect_uri(uri)) {
            return Err(InvalidClient::RedirectUri);
        }
        let set = jwks
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(InvalidClient::KeySet)?;
        let mut keys: Vec<ClientKey> = Vec::with_capacity(set.len());
        for jwk in set {
            let key = client_key(jwk)?;
            if keys.iter().any(|other| other.kid == key.kid) {
                return Err(InvalidClient::KeyId);
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(InvalidClient::KeySet);
        }
        Ok(Self {
            client_id,
            redirect_uris,
            keys,
        })
    }
}

/// 1..=255 characters of `[0-9a-zA-Z]`.
pub(crate) fn is_client_id(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_redirect_uri(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && Url::parse(text).is_ok_and(|url| url.has_host() && url.fragment().is_none())
}

fn is_private(jwk: &Value) -> bool {
    PRIVATE_MEMBERS
        .iter()
        .any(|member| jwk.get(member).is_some())
}

fn client_key(jwk: &Value) -> Result<ClientKey, InvalidClient> {
    let jwk: Jwk = serde_json::from_value(jwk.clone()).map_err(|_| InvalidClient::Key)?;
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        _ => return Err(InvalidClient::Key),
    };
    let other_algorithm = jwk
        .common
        .key_algorithm
        .is_some_and(|declared| declared != KeyAlgorithm::from(algorithm));
    let other_use = jwk
        .common
        .public_key_use
        .as_ref()
        .is_some_and(|usage| *usage != PublicKeyUse::Signature);
    if other_algorithm || other_use {
        return Err(InvalidClient::Key);
    }
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| InvalidClient::Key)?;
    let kid = jwk
        .common
        .key_id
        .filter(|kid| !kid.is_empty())
        .ok_or(InvalidClient::KeyId)?;
    Ok(ClientKey {
        kid,
        algorithm,
        key,
    })
}
