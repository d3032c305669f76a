//! RSA keys of 2,048 bits for the stand-ins. Making a key takes longer than everything else at the
//! start of a stand-in. A caller that starts many stand-ins makes a key once and passes it to all
//! of them.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair, RsaSignatureEncoding};

/// An RSA key. Clones share it.
#[derive(Clone)]
pub struct RsaKey(Arc<RsaKeyPair>);

impl fmt::Debug for RsaKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RsaKey")
    }
}

/// An RSA key couldn't be made, because there was no randomness.
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

    /// The modulus: big-endian, without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        let public = self.0.public_key();
        public.modulus().big_endian_without_leading_zero()
    }

    /// The exponent: big-endian, without leading zeros.
    pub fn exponent(&self) -> &[u8] {
        let public = self.0.public_key();
        public.exponent().big_endian_without_leading_zero()
    }

    /// The public key as `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    pub fn der(&self) -> Result<PublicKeyX509Der<'static>, Unspecified> {
        self.0.public_key().as_der()
    }

    /// Signs a message, for example the signing input of a JWS.
    ///
    /// # Errors
    ///
    /// [`Unspecified`], in practice never.
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
