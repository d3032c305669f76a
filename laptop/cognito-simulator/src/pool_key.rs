//! The user pool's own key, which signs the tokens that the app gets (RS256). It is an RSA key of
//! 2,048 bits, made at the start if the options have none. It also verifies access tokens that come
//! back to `/oauth2/userInfo` or to the user pool's API.
//! It has nothing to do with the provider's keys.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use loopback::jwt::PublicKey;
use loopback::rsa::{NoKey, RsaKey};
use serde_json::{Map, Value, json};

use crate::options::StartError;

/// The key and its public form.
pub(crate) struct PoolKey {
    key: RsaKey,
    verification: PublicKey,
    key_id: String,
    modulus: String,
    exponent: String,
}

impl fmt::Debug for PoolKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PoolKey")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// The key couldn't sign.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the pool's key can't sign")]
pub(crate) struct SigningFailed;

impl PoolKey {
    /// This key, or else a new one.
    pub(crate) fn new(key: Option<RsaKey>) -> Result<Self, StartError> {
        let key = key.map_or_else(RsaKey::generate, Ok);
        let key = key.map_err(|NoKey| StartError::Key)?;
        let verification = PublicKey::new(key.modulus(), key.exponent());
        let modulus = URL_SAFE_NO_PAD.encode(key.modulus());
        let exponent = URL_SAFE_NO_PAD.encode(key.exponent());
        // RFC 7638 §3: the required members in the order of the alphabet.
        let members = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
        let key_id = URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes()));
        Ok(Self {
            key,
            verification,
            key_id,
            modulus,
            exponent,
        })
    }

    /// A JWT with these claims, RS256.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, SigningFailed> {
        let header = json!({ "alg": "RS256", "kid": self.key_id });
        let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut token);
        let signature = self.key.sign(&RSA_PKCS1_SHA256, token.as_bytes());
        let signature = signature.map_err(|_| SigningFailed)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The claims of a JWT, if this key signed it. The caller has to check their meaning and the
    /// time.
    pub(crate) fn open(&self, token: &str) -> Option<Map<String, Value>> {
        self.verification.open(token)
    }

    pub(crate) fn key_set(&self) -> Value {
        json!({ "keys": [{
            "alg": "RS256",
            "e": self.exponent,
            "kid": self.key_id,
            "kty": "RSA",
            "n": self.modulus,
            "use": "sig",
        }] })
    }
}
