//! The realm's keys: RS256 for access tokens and ES256 for ID tokens, published side by side.
//! Tokens are assembled here by hand, because the stand-in must also make invalid tokens, which no
//! library makes. Rotation replaces only the key of the ID tokens: no relying party verifies access
//! tokens.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
};
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use loopback::rsa::{NoKey, RsaKey};
use serde_json::{Value, json};

/// A P-256 key.
pub(crate) struct EcKey {
    pair: EcdsaKeyPair,
    kid: String,
    jwk: Value,
    der: Vec<u8>,
}

impl EcKey {
    pub(crate) fn generate() -> Result<Self, Unspecified> {
        Self::of(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?)
    }

    fn of(pair: EcdsaKeyPair) -> Result<Self, Unspecified> {
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der()?;
        let der = der.as_ref().to_vec();
        // The uncompressed point: one byte for the form, then x and y of 32 bytes each (SEC 1
        // §2.3.3).
        let (_, point) = pair
            .public_key()
            .as_ref()
            .split_first()
            .ok_or(Unspecified)?;
        let (x, y) = point.split_at_checked(32).ok_or(Unspecified)?;
        let kid = key_id(&der);
        let jwk = json!({
            "kid": kid, "kty": "EC", "alg": "ES256", "use": "sig", "crv": "P-256",
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        });
        Ok(Self {
            pair,
            kid,
            jwk,
            der,
        })
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The public JWK, with its coordinates encoded by `spelled`.
    pub(crate) fn spelled(&self, spelled: impl Fn(&[u8]) -> String) -> Value {
        let mut jwk = self.jwk.clone();
        for name in ["x", "y"] {
            let coordinate = jwk.get(name).and_then(Value::as_str).unwrap_or_default();
            let coordinate = URL_SAFE_NO_PAD.decode(coordinate).unwrap_or_default();
            if let Some(member) = jwk.get_mut(name) {
                *member = spelled(&coordinate).into();
            }
        }
        jwk
    }

    /// Signs with ES256. The signature has the form of a JWS: r‖s (RFC 7518 §3.4).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        Ok(self
            .pair
            .sign(&SystemRandom::new(), message)?
            .as_ref()
            .to_vec())
    }

    /// HMAC with the public key's PEM text as the secret. A verifier that confuses the algorithms
    /// would accept it.
    pub(crate) fn sign_confused(&self, message: &[u8]) -> Vec<u8> {
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(&self.der)
        );
        hmac_sha256(pem.as_bytes(), message)
    }
}

/// The realm's RSA key.
pub(crate) struct RealmRsaKey {
    key: RsaKey,
    kid: String,
    jwk: Value,
}

impl RealmRsaKey {
    fn of(key: RsaKey) -> Result<Self, Unspecified> {
        let kid = key_id(key.der()?.as_ref());
        let jwk = json!({
            "kid": kid, "kty": "RSA", "alg": "RS256", "use": "sig",
            "n": URL_SAFE_NO_PAD.encode(key.modulus()),
            "e": URL_SAFE_NO_PAD.encode(key.exponent()),
        });
        Ok(Self { key, kid, jwk })
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// RS256 (RFC 7518 §3.3).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        self.key.sign(&RSA_PKCS1_SHA256, message)
    }

    /// PS256 (RFC 7518 §3.5).
    pub(crate) fn sign_pss(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        self.key.sign(&RSA_PSS_SHA256, message)
    }
}

/// All keys of the realm. Clones share them.
#[derive(Clone)]
pub(crate) struct RealmKeys {
    pub(crate) rsa: Arc<RealmRsaKey>,
    pub(crate) ec: Arc<EcKey>,
    /// A second ES256 key, published only if a fault needs two.
    pub(crate) second_ec: Arc<EcKey>,
}

impl RealmKeys {
    /// Makes new keys, and a new RSA key if none is given.
    pub(crate) fn generate(rsa: Option<RsaKey>) -> Result<Self, Unspecified> {
        let rsa = rsa.map_or_else(RsaKey::generate, Ok);
        let rsa = rsa.map_err(|NoKey| Unspecified)?;
        Ok(Self {
            rsa: Arc::new(RealmRsaKey::of(rsa)?),
            ec: Arc::new(EcKey::generate()?),
            second_ec: Arc::new(EcKey::generate()?),
        })
    }

    /// Replaces the ES256 key. The old one is no longer published.
    pub(crate) fn rotate(&mut self) -> Result<(), Unspecified> {
        self.ec = Arc::new(EcKey::generate()?);
        Ok(())
    }

    /// Replaces the ES256 key by one whose `x` begins with a zero byte. One key in 256 has such an
    /// `x`.
    pub(crate) fn rotate_to_a_short_one(&mut self) -> Result<(), Unspecified> {
        loop {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
            if pair.public_key().as_ref().get(1) == Some(&0) {
                self.ec = Arc::new(EcKey::of(pair)?);
                return Ok(());
            }
        }
    }

    /// Replaces the ES256 key, and keeps the `kid` of the old one.
    pub(crate) fn replace(&mut self) -> Result<(), Unspecified> {
        let mut key = EcKey::generate()?;
        self.ec.kid.clone_into(&mut key.kid);
        if let Some(kid) = key.jwk.get_mut("kid") {
            *kid = key.kid.clone().into();
        }
        self.ec = Arc::new(key);
        Ok(())
    }

    /// The public keys. Among them is an encryption key, as in Keycloak's key set; no client needs
    /// it.
    pub(crate) fn published(&self) -> Vec<Value> {
        self.published_as(self.ec.jwk.clone())
    }

    /// The public keys, with `ec` as the entry of the ES256 key.
    pub(crate) fn published_as(&self, ec: Value) -> Vec<Value> {
        vec![ec, encryption_key(), self.rsa.jwk.clone()]
    }

    /// Signature keys without `kid` and `alg`: `of_each` (at most 3) of RSA and of P-256, the
    /// realm's own first, one of secp256k1 and one of Ed25519. Two encryption keys follow, which
    /// have both.
    pub(crate) fn published_without_names(&self, of_each: usize) -> Vec<Value> {
        let rsa = [
            self.rsa.jwk.clone(),
            json!({ "kty": "RSA", "use": "sig", "e": "AQAB", "n": RFC_7515_MODULUS }),
            json!({ "kty": "RSA", "use": "sig", "e": "AQAB", "n": RFC_7517_MODULUS }),
        ];
        let p_256 = [
            self.ec.jwk.clone(),
            self.second_ec.jwk.clone(),
            json!({
                "kty": "EC", "use": "sig", "crv": "P-256",
                "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
                "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
            }),
        ];
        // The generator point of secp256k1.
        let secp256k1 = json!({
            "kty": "EC", "use": "sig", "crv": "secp256k1",
            "x": "eb5mfvncu6xVoGKVzocLBwKb_NstzijZWfKBWxb4F5g",
            "y": "SDradyajxGVdpPv8DhEIqP0XtEimhVQZnEfQj_sQ1Lg",
        });
        let edwards = json!({
            "kty": "OKP", "use": "sig", "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        });
        let first = |keys: [Value; 3]| keys.into_iter().take(of_each);
        let signing = first(rsa).chain(first(p_256)).chain([secp256k1, edwards]);
        let unnamed = signing.map(|mut key| {
            if let Some(members) = key.as_object_mut() {
                members.remove("kid");
                members.remove("alg");
            }
            key
        });
        let elliptic = json!({
            "kid": "elliptic encryption", "kty": "EC", "use": "enc", "alg": "ECDH-ES",
            "crv": "P-256",
            "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
            "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
        });
        unnamed.chain([encryption_key(), elliptic]).collect()
    }

    /// The public keys and the second ES256 key.
    pub(crate) fn published_with_second(&self) -> Vec<Value> {
        let mut keys = self.published();
        keys.push(self.second_ec.jwk.clone());
        keys
    }
}

/// The RSA public key of RFC 7517, Appendix A.1.
const RFC_7517_MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
/// The RSA public key of RFC 7515, Appendix A.2.
const RFC_7515_MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

/// A public key for encryption. Nothing is ever encrypted with it.
fn encryption_key() -> Value {
    json!({
        "kid": "encryption", "kty": "RSA", "alg": "RSA-OAEP", "use": "enc", "e": "AQAB",
        "n": RFC_7517_MODULUS,
    })
}

/// The key id: a hash of the public key, as Keycloak makes it.
fn key_id(der: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, der))
}

/// HMAC with SHA-256 (RFC 7518 §3.2).
pub(crate) fn hmac_sha256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message)
        .as_ref()
        .to_vec()
}

/// The left half of the SHA-256 of an access token (OIDC Core §3.1.3.6).
pub(crate) fn access_token_hash(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref().iter().copied().take(16).collect::<Vec<u8>>())
}

/// The compact serialization (RFC 7515 §7.1) of a header and a payload, signed by `sign`.
pub(crate) fn compact(
    header: &Value,
    payload: &Value,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, Unspecified>,
) -> Result<String, Unspecified> {
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    let message = format!("{header}.{payload}");
    let signature = URL_SAFE_NO_PAD.encode(sign(message.as_bytes())?);
    Ok(format!("{message}.{signature}"))
}
