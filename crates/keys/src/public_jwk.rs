//! The public half of a key as a JWK. The type has no field for a private member, so none can be
//! published.

use aws_lc_rs::rsa;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::pkcs8::DecodePublicKey as _;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use crate::algorithm::{Algorithm, KeyId};
use crate::error::InvalidKey;

/// The bytes of a coordinate and of a private scalar of P-256 (RFC 7518 §6.2.1.2).
pub(crate) const P256_BYTES: usize = 32;

/// The public half of a signing key, as a JWK for signatures: it serializes to
/// `{"kty","kid","use":"sig","alg",…}` with `n` and `e`, or `crv`, `x` and `y`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicJwk {
    key_id: KeyId,
    parameters: Parameters,
}

/// The members of RFC 7518 §6.2.1 and §6.3.1, base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Parameters {
    Rsa {
        n: String,
        e: String,
        signature_bytes: usize,
    },
    P256 {
        x: String,
        y: String,
    },
}

impl PublicJwk {
    /// From an RSA modulus and public exponent, big-endian.
    ///
    /// # Errors
    /// `KeySize` and `PublicExponent`; `MalformedMember` for a leading zero byte, since there
    /// would be two thumbprints for one key (RFC 7518 §2, Base64urlUInt).
    pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, InvalidKey> {
        if modulus.first() == Some(&0) {
            return Err(InvalidKey::MalformedMember("n"));
        }
        if exponent.first() == Some(&0) {
            return Err(InvalidKey::MalformedMember("e"));
        }
        if !(2048..=4096).contains(&bits(modulus)) {
            return Err(InvalidKey::KeySize);
        }
        // Without leading zeros, a number of 17 bits is at least 65536. That one is even, and no
        // RSA key has an even exponent: so 65537 is the smallest.
        if !(17..=32).contains(&bits(exponent)) {
            return Err(InvalidKey::PublicExponent);
        }
        let n = URL_SAFE_NO_PAD.encode(modulus);
        let e = URL_SAFE_NO_PAD.encode(exponent);
        Ok(Self {
            key_id: KeyId::of_canonical_jwk(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)),
            parameters: Parameters::Rsa {
                n,
                e,
                signature_bytes: modulus.len(),
            },
        })
    }

    /// From the coordinates of a point. The caller has checked that it lies on the curve.
    pub(crate) fn p256(x: &[u8; P256_BYTES], y: &[u8; P256_BYTES]) -> Self {
        let x = URL_SAFE_NO_PAD.encode(x);
        let y = URL_SAFE_NO_PAD.encode(y);
        Self {
            key_id: KeyId::of_canonical_jwk(&format!(
                r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#
            )),
            parameters: Parameters::P256 { x, y },
        }
    }

    /// From a DER SubjectPublicKeyInfo (RFC 5280 §4.1) of the algorithm's kind of key.
    ///
    /// # Errors
    /// `MalformedPublicKey` for anything else, and those of [`PublicJwk::rsa`].
    pub(crate) fn from_spki(algorithm: Algorithm, spki: &[u8]) -> Result<Self, InvalidKey> {
        match algorithm {
            Algorithm::Rs256 => {
                let key = rsa::PublicKey::from_der(spki)
                    .map_err(|_rejected| InvalidKey::MalformedPublicKey)?;
                let key = pkcs1::RsaPublicKey::try_from(key.as_ref())
                    .map_err(|_malformed| InvalidKey::MalformedPublicKey)?;
                Self::rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes())
            }
            Algorithm::Es256 => {
                let point = p256::PublicKey::from_public_key_der(spki)
                    .map_err(|_malformed| InvalidKey::MalformedPublicKey)?
                    .to_sec1_point(false);
                match (point.x(), point.y()) {
                    (Some(x), Some(y)) => Ok(Self::p256(x.as_ref(), y.as_ref())),
                    _ => Err(InvalidKey::MalformedPublicKey),
                }
            }
        }
    }

    /// The key's id.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// The algorithm of its signatures.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.parameters {
            Parameters::Rsa { .. } => Algorithm::Rs256,
            Parameters::P256 { .. } => Algorithm::Es256,
        }
    }

    /// How many bytes a signature of this key has in a JWS.
    pub(crate) fn signature_bytes(&self) -> usize {
        match &self.parameters {
            Parameters::Rsa {
                signature_bytes, ..
            } => *signature_bytes,
            Parameters::P256 { .. } => 2 * P256_BYTES,
        }
    }
}

/// How many bits a big-endian number without leading zero bytes has.
fn bits(number: &[u8]) -> usize {
    let leading_zeros = number
        .first()
        .map_or(0, |byte| byte.leading_zeros() as usize);
    (number.len() * 8).saturating_sub(leading_zeros)
}

impl Serialize for PublicJwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut jwk = serializer.serialize_map(None)?;
        let key_type = match self.parameters {
            Parameters::Rsa { .. } => "RSA",
            Parameters::P256 { .. } => "EC",
        };
        jwk.serialize_entry("kty", key_type)?;
        jwk.serialize_entry("kid", &self.key_id)?;
        jwk.serialize_entry("use", "sig")?;
        jwk.serialize_entry("alg", self.algorithm().as_str())?;
        match &self.parameters {
            Parameters::Rsa { n, e, .. } => {
                jwk.serialize_entry("n", n)?;
                jwk.serialize_entry("e", e)?;
            }
            Parameters::P256 { x, y } => {
                jwk.serialize_entry("crv", "P-256")?;
                jwk.serialize_entry("x", x)?;
                jwk.serialize_entry("y", y)?;
            }
        }
        jwk.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modulus of the key in RFC 7638 §3.1.
    const RFC_7638_MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAA\
        tVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93\
        lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajr\
        n1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-cs\
        FCur-kEgU8awapJzKnqDKgw";

    fn modulus() -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(RFC_7638_MODULUS).unwrap()
    }

    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_7638_section_3_1() {
        let jwk = PublicJwk::rsa(&modulus(), &[1, 0, 1]).unwrap();

        assert_eq!(
            jwk.key_id().as_str(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn an_rsa_modulus_has_2048_to_4096_bits() {
        let of_bits = |bits: usize| {
            let mut modulus = vec![0xFF; bits.div_ceil(8)];
            modulus[0] = 0xFF >> (modulus.len() * 8 - bits);
            PublicJwk::rsa(&modulus, &[1, 0, 1]).map(|_| ())
        };

        assert_eq!(of_bits(2047), Err(InvalidKey::KeySize));
        assert_eq!(of_bits(2048), Ok(()));
        assert_eq!(of_bits(4096), Ok(()));
        assert_eq!(of_bits(4097), Err(InvalidKey::KeySize));
    }

    #[test]
    fn an_rsa_exponent_is_65537_or_more() {
        let with = |exponent: &[u8]| PublicJwk::rsa(&modulus(), exponent).map(|_| ());

        assert_eq!(with(&[]), Err(InvalidKey::PublicExponent));
        assert_eq!(with(&[3]), Err(InvalidKey::PublicExponent));
        assert_eq!(with(&[0xFF, 0xFF]), Err(InvalidKey::PublicExponent));
        assert_eq!(with(&[1, 0, 1]), Ok(()));
        assert_eq!(with(&[1, 0, 0, 0, 1]), Err(InvalidKey::PublicExponent));
    }

    #[test]
    fn a_leading_zero_is_refused_because_it_would_make_a_second_thumbprint() {
        let mut padded = modulus();
        padded.insert(0, 0);

        assert_eq!(
            PublicJwk::rsa(&padded, &[1, 0, 1]),
            Err(InvalidKey::MalformedMember("n"))
        );
        assert_eq!(
            PublicJwk::rsa(&modulus(), &[0, 1, 0, 1]),
            Err(InvalidKey::MalformedMember("e"))
        );
    }
}
