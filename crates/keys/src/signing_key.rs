//! The trait of a signing key, wherever the key is kept: its algorithm, its key id, its public JWK,
//! and signatures over messages.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::algorithm::{Algorithm, KeyId};
use crate::error::SigningError;
use crate::public_jwk::PublicJwk;

/// A private key that can sign, wherever it is kept.
pub trait SigningKey: fmt::Debug + Send + Sync {
    /// The algorithm of every signature that this key makes.
    fn algorithm(&self) -> Algorithm;

    /// The key's id; the same as in [`SigningKey::public_jwk`].
    fn key_id(&self) -> &KeyId;

    /// The public half, for a JWK Set.
    fn public_jwk(&self) -> &PublicJwk;

    /// Signs `message`, of any length, and gives the signature in the form of a JWS: for RS256
    /// as long as the modulus, for ES256 the 64 bytes r‖s (RFC 7518 §3.3, §3.4).
    ///
    /// # Errors
    /// See [`SigningError`].
    fn sign<'a>(
        &'a self,
        message: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, SigningError>> + Send + 'a>>;
}
