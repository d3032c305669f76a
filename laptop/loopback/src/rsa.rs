//! RSA keys of 2,048 bits for the stand-ins. Making a key takes longer than everything else at the
//! start of a stand-in. A caller that starts many stand-ins makes a key once and passes it to all
//! of them.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair, RsaSignatureEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

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

/// The text isn't an RSA key in PKCS #8 and base64.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("this isn't an RSA key in PKCS #8 and base64")]
pub struct InvalidRsaKey;

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

    /// The key that [`RsaKey::private_key`] gave.
    ///
    /// # Errors
    ///
    /// [`InvalidRsaKey`].
    pub fn from_private_key(pkcs8: &SecretString) -> Result<Self, InvalidRsaKey> {
        let der = STANDARD.decode(pkcs8.expose_secret());
        let der = Zeroizing::new(der.map_err(|_| InvalidRsaKey)?);
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| InvalidRsaKey)?;
        Ok(Self(Arc::new(pair)))
    }

    /// The private key: PKCS #8 (RFC 5208) in base64.
    ///
    /// # Errors
    ///
    /// [`Unspecified`], in practice never.
    pub fn private_key(&self) -> Result<SecretString, Unspecified> {
        let der: Pkcs8V1Der<'static> = self.0.as_der()?;
        Ok(STANDARD.encode(der.as_ref()).into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_after_it_was_written_and_read() {
        let key = RsaKey::generate().unwrap();
        let written = key.private_key().unwrap();
        let read = RsaKey::from_private_key(&written).unwrap();
        assert_eq!(read.modulus(), key.modulus());
        for bad in ["", "AAAA", "not base64"] {
            assert!(RsaKey::from_private_key(&bad.into()).is_err(), "{bad}");
        }
    }
}
