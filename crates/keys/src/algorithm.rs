//! The signature algorithms of this project, and the id of a key.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

/// The two signature algorithms of this project (RFC 7518 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3), keys of 2048 to 4096 bits.
    Rs256,
    /// ECDSA with P-256 and SHA-256 (RFC 7518 §3.4).
    Es256,
}

impl Algorithm {
    /// The value of `alg`: `RS256` or `ES256`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The `kid` of a key: its RFC 7638 thumbprint with SHA-256, base64url, 43 characters.
///
/// It follows from the public key alone, so the same key has the same id wherever it is kept,
/// and two keys never share one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// The thumbprint of a JWK whose required members, in lexicographic order and without
    /// white space, are `canonical` (RFC 7638 §3).
    pub(crate) fn of_canonical_jwk(canonical: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes())))
    }

    /// The id as it stands in a JWK and in a JWT's header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_is_written_as_in_rfc_7518() {
        assert_eq!(Algorithm::Rs256.to_string(), "RS256");
        assert_eq!(Algorithm::Es256.to_string(), "ES256");
    }
}
