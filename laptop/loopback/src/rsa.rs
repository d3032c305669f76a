//! The RSA keys of stand-ins: 2,048 bits. To make one takes longer than everything else at a start,
//! so who starts many stand-ins makes keys once and hands them in.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair, RsaSignatureEncoding};

/// An RSA key. Cloning shares it.
#[derive(Clone)]
pub struct RsaKey(Arc<RsaKeyPair>);

impl fmt::Debug for RsaKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RsaKey")
    }
}

/// There was no randomness for a key.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("an RSA key could not be made")]
pub struct NoKey;

impl RsaKey {
    /// A new key.
    ///
    /// # Errors
    ///
    /// [`NoKey`].
    pub fn generate() -> Result<Self, NoKey> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| NoKey)?;
        Ok(Self(Arc::new(pair)))
    }

    /// Big endian, without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        let public = self.0.public_key();
        public.modulus().big_endian_without_leading_zero()
    }

    /// Big endian, without leading zeros.
    pub fn exponent(&self) -> &[u8] {
        let public = self.0.public_key();
        public.exponent().big_endian_without_leading_zero()
    }

    /// The public key as `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    pub fn der(&self) -> Result<PublicKeyX509Der<'static>, Unspecified> {
        self.0.public_key().as_der()
    }

    /// Signs a message: a JWS, for example.
    ///
    /// # Errors
    ///
    /// In practice never.
    pub fn sign(
        &self,
        encoding: &'static RsaSignatureEncoding,
        message: &[u8],
    ) -> Result<Vec<u8>, Unspecified> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        (self.0).sign(encoding, &SystemRandom::new(), message, &mut signature)?;
        Ok(signature)
    }
}
