//! A signing key from a private JWK (RFC 7517, RFC 7518 §6): for development, and for operators who
//! keep their key in AWS Secrets Manager. A JWK that isn't exactly such a key is refused with an
//! error that names what is wrong. No message and no `Debug` output ever shows a part of the key.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use aws_lc_rs::encoding::{AsBigEndian as _, AsDer, EcPrivateKeyBin, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPairComponents, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::public_jwk::P256_BYTES;
use crate::{Algorithm, InvalidKey, KeyId, PublicJwk, SigningError, SigningKey};

/// The longest member, in bytes: the modulus of 4096 bits, and its private exponent.
const LONGEST_MEMBER: usize = 512;

/// The marker of an uncompressed point (SEC 1 §2.3.3), before the two coordinates.
const UNCOMPRESSED: u8 = 4;

/// A private key in this process' memory.
///
/// `Debug` shows its key id and its algorithm.
pub struct LocalKey {
    pair: Pair,
    public_jwk: PublicJwk,
    private_jwk: SecretString,
}

enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

/// A private JWK as it is given. Other members are ignored (RFC 7517 §4); if one of these comes
/// twice, serde refuses the JWK.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
struct Given {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
    p: Option<String>,
    q: Option<String>,
    dp: Option<String>,
    dq: Option<String>,
    qi: Option<String>,
    #[zeroize(skip)]
    oth: Option<IgnoredAny>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<String>,
}

/// A private JWK as this crate writes it: the members of the public JWK, and the private ones.
#[derive(Serialize)]
struct Written<'a, T: Serialize> {
    #[serde(flatten)]
    public: &'a PublicJwk,
    #[serde(flatten)]
    private: T,
}

/// The private members of RFC 7518 §6.3.2, base64url.
#[derive(Serialize, Zeroize, ZeroizeOnDrop)]
struct RsaMembers {
    d: String,
    p: String,
    q: String,
    dp: String,
    dq: String,
    qi: String,
}

/// The private member of RFC 7518 §6.2.2, base64url.
#[derive(Serialize, Zeroize, ZeroizeOnDrop)]
struct P256Members {
    d: String,
}

impl LocalKey {
    /// Reads a private JWK: `RSA` with all of `n`, `e`, `d`, `p`, `q`, `dp`, `dq`, `qi`, or `EC`
    /// with `crv` `P-256`, `x`, `y`, `d`. `use`, `key_ops`, `alg` and `kid` may be absent.
    ///
    /// The `kid` of the key is always its RFC 7638 thumbprint. A JWK with another `kid` is refused:
    /// the key may be registered somewhere under that one, and would not be found under the
    /// thumbprint.
    ///
    /// # Errors
    /// What is wrong with it, see [`InvalidKey`].
    pub fn from_jwk(jwk: &SecretString) -> Result<Self, InvalidKey> {
        let text = jwk.expose_secret();
        // serde would also take a JSON array, with the members in the order of the struct.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(InvalidKey::NotAJwk);
        }
        let given: Given =
            serde_json::from_str(text).map_err(|_may_hold_values| InvalidKey::NotAJwk)?;
        let algorithm = match given.kty.as_str() {
            "RSA" => Algorithm::Rs256,
            "EC" => Algorithm::Es256,
            _ => return Err(InvalidKey::UnsupportedKeyType),
        };
        if algorithm == Algorithm::Es256 && given.crv.as_deref() != Some("P-256") {
            return Err(InvalidKey::UnsupportedCurve);
        }
        if given.oth.is_some() {
            return Err(InvalidKey::UnsupportedPrimes);
        }
        if given.usage.as_ref().is_some_and(|usage| usage != "sig")
            || given
                .key_ops
                .as_ref()
                .is_some_and(|ops| !ops.iter().any(|op| op == "sign"))
        {
            return Err(InvalidKey::NotForSigning);
        }
        if given
            .alg
            .as_ref()
            .is_some_and(|alg| alg != algorithm.as_str())
        {
            return Err(InvalidKey::WrongAlgorithm);
        }
        if given.d.is_none() {
            return Err(InvalidKey::NotPrivate);
        }
        let key = match algorithm {
            Algorithm::Rs256 => Self::rsa(&given)?,
            Algorithm::Es256 => Self::p256(&given)?,
        };
        if given
            .kid
            .as_ref()
            .is_some_and(|kid| kid != key.key_id().as_str())
        {
            return Err(InvalidKey::WrongKeyId);
        }
        Ok(key)
    }

    /// Makes a new key: RSA of 2048 bits, or P-256. AWS-LC takes its own randomness; another source
    /// can't be passed in.
    ///
    /// # Errors
    /// `GenerationFailed`.
    pub fn generate(algorithm: Algorithm) -> Result<Self, InvalidKey> {
        match algorithm {
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(generation_failed)?;
                let document = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(generation_failed)?;
                let document = pkcs8::PrivateKeyInfo::try_from(document.as_ref())
                    .map_err(generation_failed)?;
                let numbers = pkcs1::RsaPrivateKey::try_from(document.private_key)
                    .map_err(generation_failed)?;
                let public = PublicJwk::rsa(
                    numbers.modulus.as_bytes(),
                    numbers.public_exponent.as_bytes(),
                )?;
                let private = RsaMembers {
                    d: URL_SAFE_NO_PAD.encode(numbers.private_exponent.as_bytes()),
                    p: URL_SAFE_NO_PAD.encode(numbers.prime1.as_bytes()),
                    q: URL_SAFE_NO_PAD.encode(numbers.prime2.as_bytes()),
                    dp: URL_SAFE_NO_PAD.encode(numbers.exponent1.as_bytes()),
                    dq: URL_SAFE_NO_PAD.encode(numbers.exponent2.as_bytes()),
                    qi: URL_SAFE_NO_PAD.encode(numbers.coefficient.as_bytes()),
                };
                Self::from_jwk(&written(&public, &private)?)
            }
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                    .map_err(generation_failed)?;
                let scalar: EcPrivateKeyBin<'_> = pair
                    .private_key()
                    .as_be_bytes()
                    .map_err(generation_failed)?;
                let (x, y) =
                    coordinates(pair.public_key().as_ref()).ok_or(InvalidKey::GenerationFailed)?;
                let private = P256Members {
                    d: URL_SAFE_NO_PAD.encode(scalar.as_ref()),
                };
                Self::from_jwk(&written(&PublicJwk::p256(x, y), &private)?)
            }
        }
    }

    /// The whole key as a private JWK, to be kept as a secret; [`LocalKey::from_jwk`] reads it.
    #[must_use]
    pub fn private_jwk(&self) -> SecretString {
        self.private_jwk.clone()
    }

    fn rsa(given: &Given) -> Result<Self, InvalidKey> {
        let n = decode("n", given.n.as_ref())?;
        let e = decode("e", given.e.as_ref())?;
        let d = decode("d", given.d.as_ref())?;
        let p = decode("p", given.p.as_ref())?;
        let q = decode("q", given.q.as_ref())?;
        let dp = decode("dp", given.dp.as_ref())?;
        let dq = decode("dq", given.dq.as_ref())?;
        let qi = decode("qi", given.qi.as_ref())?;
        let public_jwk = PublicJwk::rsa(&n, &e)?;
        // Checks every relation between the numbers, so the public half and the private one belong
        // together.
        let pair = RsaKeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents {
                n: n.as_slice(),
                e: e.as_slice(),
            },
            d: d.as_slice(),
            p: p.as_slice(),
            q: q.as_slice(),
            dP: dp.as_slice(),
            dQ: dq.as_slice(),
            qInv: qi.as_slice(),
        })
        .map_err(|_rejected| InvalidKey::Inconsistent)?;
        let private = RsaMembers {
            d: URL_SAFE_NO_PAD.encode(d.as_slice()),
            p: URL_SAFE_NO_PAD.encode(&*p),
            q: URL_SAFE_NO_PAD.encode(&*q),
            dp: URL_SAFE_NO_PAD.encode(&*dp),
            dq: URL_SAFE_NO_PAD.encode(&*dq),
            qi: URL_SAFE_NO_PAD.encode(&*qi),
        };
        let private_jwk = written(&public_jwk, &private)?;
        Ok(Self {
            pair: Pair::Rsa(pair),
            public_jwk,
            private_jwk,
        })
    }

    fn p256(given: &Given) -> Result<Self, InvalidKey> {
        let x = decode_p256("x", given.x.as_ref())?;
        let y = decode_p256("y", given.y.as_ref())?;
        let d = decode_p256("d", given.d.as_ref())?;
        let mut point = vec![UNCOMPRESSED];
        point.extend_from_slice(&*x);
        point.extend_from_slice(&*y);
        // Checks that the point lies on the curve and belongs to the scalar.
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &*d,
            &point,
        )
        .map_err(|_rejected| InvalidKey::Inconsistent)?;
        let public_jwk = PublicJwk::p256(&x, &y);
        let private = P256Members {
            d: URL_SAFE_NO_PAD.encode(d.as_slice()),
        };
        let private_jwk = written(&public_jwk, &private)?;
        Ok(Self {
            pair: Pair::P256(pair),
            public_jwk,
            private_jwk,
        })
    }

    fn sign_now(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        // AWS-LC takes its own randomness; the argument is there for compatibility with ring.
        let unused = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &unused, message, &mut signature)
                    .map_err(|_unspecified| SigningError::Failed)?;
                Ok(signature)
            }
            Pair::P256(pair) => pair
                .sign(&unused, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_unspecified| SigningError::Failed),
        }
    }
}

impl SigningKey for LocalKey {
    fn algorithm(&self) -> Algorithm {
        self.public_jwk.algorithm()
    }

    fn key_id(&self) -> &KeyId {
        self.public_jwk.key_id()
    }

    fn public_jwk(&self) -> &PublicJwk {
        &self.public_jwk
    }

    fn sign<'a>(
        &'a self,
        message: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, SigningError>> + Send + 'a>> {
        tracing::debug!(event = "signature", algorithm = %self.algorithm());
        Box::pin(ready(self.sign_now(message)))
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LocalKey")
            .field("key_id", &self.key_id().as_str())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

/// The bytes of the member `name`: unpadded base64url, not empty, at most as long as the longest
/// possible member.
fn decode(name: &'static str, value: Option<&String>) -> Result<Zeroizing<Vec<u8>>, InvalidKey> {
    let text = value.ok_or(InvalidKey::MissingMember(name))?;
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map(Zeroizing::new)
        .map_err(|_may_hold_values| InvalidKey::MalformedMember(name))?;
    if bytes.is_empty() || bytes.len() > LONGEST_MEMBER {
        return Err(InvalidKey::MalformedMember(name));
    }
    Ok(bytes)
}

/// As [`decode`], for P-256: there every member has 32 bytes, leading zeros included (RFC 7518
/// §6.2.1.2, §6.2.2.1).
fn decode_p256(
    name: &'static str,
    value: Option<&String>,
) -> Result<Zeroizing<[u8; P256_BYTES]>, InvalidKey> {
    let bytes = decode(name, value)?;
    <[u8; P256_BYTES]>::try_from(bytes.as_slice())
        .map(Zeroizing::new)
        .map_err(|_other_length| InvalidKey::MalformedMember(name))
}

/// The coordinates of an uncompressed P-256 point (SEC 1 §2.3.3).
fn coordinates(point: &[u8]) -> Option<(&[u8; P256_BYTES], &[u8; P256_BYTES])> {
    let (x, y) = point
        .strip_prefix(&[UNCOMPRESSED])?
        .split_at_checked(P256_BYTES)?;
    Some((x.try_into().ok()?, y.try_into().ok()?))
}

fn written(public: &PublicJwk, private: &impl Serialize) -> Result<SecretString, InvalidKey> {
    serde_json::to_string(&Written { public, private })
        .map(SecretString::from)
        .map_err(|_never_for_strings| InvalidKey::NotAJwk)
}

fn generation_failed<E>(_may_hold_values: E) -> InvalidKey {
    InvalidKey::GenerationFailed
}
