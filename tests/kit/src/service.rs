//! The service's answers in a good login, in the form in which Keycloak writes them, and the
//! service's key. Tokens are signed by `jsonwebtoken`, so that the bridge's own code doesn't check
//! itself.
//! Secret and personal values contain a mark that a test can search for.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// The client ID that the service knows.
pub const CLIENT_ID: &str = "RP00000001";
/// The person's `sub` for this client.
pub const SUBJECT: &str = "marked-subject-7d5f";
/// The service's access token.
pub const ACCESS_TOKEN: &str = "marked-service-access-token";

/// The key that signs the service's ID tokens, made once per process.
pub static KEY: LazyLock<Key> = LazyLock::new(Key::new);

const KEY_ID: &str = "service-key";

/// An ES256 key.
pub struct Key {
    private: EncodingKey,
    public: Jwk,
}

impl Key {
    /// Makes a new key. All keys have the same `kid`.
    #[expect(clippy::new_without_default, reason = "no two are the same")]
    pub fn new() -> Self {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        let private = EncodingKey::from_ec_der(document.as_ref());
        let mut public = Jwk::from_encoding_key(&private, Algorithm::ES256).unwrap();
        public.common.key_id = Some(KEY_ID.to_owned());
        Self { private, public }
    }

    /// The JWK Set with the public key.
    pub fn key_set(&self) -> Value {
        json!({ "keys": [self.public] })
    }

    /// A JWT with these claims, signed by this key.
    pub fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(KEY_ID.to_owned());
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }
}

/// The claims of the service's ID token (contract S5).
pub fn id_token_claims(issuer: &str, nonce: &str, now: DateTime<Utc>) -> Value {
    let now = now.timestamp();
    json!({
        "iss": issuer,
        "aud": CLIENT_ID,
        "azp": CLIENT_ID,
        "sub": SUBJECT,
        "nonce": nonce,
        "iat": now,
        "exp": now + 300,
        "auth_time": now,
        "acr": "aal3 crl",
        "at_hash": at_hash(ACCESS_TOKEN),
        "typ": "ID",
        "sid": "a-session",
        "jti": "an-id",
    })
}

/// The `at_hash` of an access token: the left half of its SHA-256 (OIDC Core §3.1.3.6).
pub fn at_hash(access_token: &str) -> String {
    let hash = digest(&SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}

/// A token answer (contract S4).
pub fn tokens(id_token: &str) -> Value {
    json!({
        "access_token": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": 60,
        "refresh_token": "marked-refresh-token",
        "refresh_expires_in": 1800,
        "id_token": id_token,
        "not-before-policy": 0,
        "session_state": "a-session",
        "scope": "openid name address birthdate gender",
    })
}

/// A userinfo answer (contract S6).
pub fn userinfo() -> Value {
    json!({
        "sub": SUBJECT,
        "name": "山田　マーク太郎",
        "address": "東京都千代田区マーク町１丁目７番１号",
        "birthdate": "19850315",
        "gender": "1",
    })
}
