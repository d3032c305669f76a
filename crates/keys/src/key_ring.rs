//! The keys of one purpose while they rotate: which of them signs, and the JWK Set in which all of
//! them are published.

use std::sync::Arc;

use serde::Serialize;

use crate::error::InvalidKey;
use crate::public_jwk::PublicJwk;
use crate::signing_key::SigningKey;

/// The keys of one purpose while they rotate: the first signs, all are published.
#[derive(Debug)]
pub struct KeyRing {
    signer: Arc<dyn SigningKey>,
    jwk_set: String,
}

impl KeyRing {
    /// Makes a ring; the first key is the one that signs. The JWK Set is serialized here, once.
    ///
    /// # Errors
    /// `NoKeys` for an empty list, `DuplicateKey` when two have the same key id.
    pub fn new(keys: Vec<Arc<dyn SigningKey>>) -> Result<Self, InvalidKey> {
        #[derive(Serialize)]
        struct JwkSet<'a> {
            keys: Vec<&'a PublicJwk>,
        }

        let mut published: Vec<&PublicJwk> = Vec::with_capacity(keys.len());
        for key in &keys {
            let jwk = key.public_jwk();
            if published.iter().any(|other| other.key_id() == jwk.key_id()) {
                return Err(InvalidKey::DuplicateKey);
            }
            published.push(jwk);
        }
        let jwk_set = serde_json::to_string(&JwkSet { keys: published })
            .map_err(|_never_for_strings| InvalidKey::NotAJwk)?;
        let signer = keys.into_iter().next().ok_or(InvalidKey::NoKeys)?;
        Ok(Self { signer, jwk_set })
    }

    /// The key that signs.
    #[must_use]
    pub fn signer(&self) -> &dyn SigningKey {
        self.signer.as_ref()
    }

    /// The JWK Set of all keys of the ring, as JSON: `{"keys":[…]}` (RFC 7517 §5).
    #[must_use]
    pub fn jwk_set(&self) -> &str {
        &self.jwk_set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_needs_a_key() {
        assert_eq!(KeyRing::new(Vec::new()).unwrap_err(), InvalidKey::NoKeys);
    }
}
