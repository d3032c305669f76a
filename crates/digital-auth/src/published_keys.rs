//! What the service publishes as its keys (RFC 7517 §5), entry by entry: which can verify a signature, and why another can't.
//!
//! What real providers have published is taken: coordinates and moduli with a zero too few or too many, base64 with padding or
//! in its other alphabet, one key twice. Everything else that is wrong within an entry costs that entry alone, and its reason is
//! kept: an ID token by a key that can't be used is told as that, and not as a forgery. A document that is no JWK Set is
//! refused as a whole.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use openidconnect::JsonWebKeyId;
use openidconnect::core::CoreJsonWebKey;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use thiserror::Error;

use crate::id_token::SigningAlgorithm;

/// A coordinate of P-256 (RFC 7518 §6.2.1.2).
const P256_BYTES: usize = 32;
/// The shortest RSA modulus that is used, in bytes (RFC 7518 §3.3: 2,048 bits, to the byte).
const MIN_RSA_BYTES: usize = 256;
/// The longest one: what verifies takes no more.
const MAX_RSA_BYTES: usize = 512;
/// The longest RSA exponent, in bytes; what verifies takes 33 bits.
const MAX_EXPONENT_BYTES: usize = 5;
const MAX_EXPONENT: u64 = (1 << 33) - 1;
/// The longest number that is decoded, in characters: the longest modulus with some zeros too many.
const MAX_NUMBER_CHARACTERS: usize = 1_024;
/// How many entries that are passed over are told of in the log.
const MOST_TOLD: usize = 8;
/// The longest `kid` that is told of.
const MAX_TOLD_KEY_ID: usize = 64;

/// The members that only a secret or private key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1, RFC 8037 §2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Algorithms that a key may be for without being of use here (RFC 7518 §3.1 and §4.1, RFC 8037 §3.1).
const OTHER_ALGORITHMS: [&str; 28] = [
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "PS256",
    "PS384",
    "PS512",
    "EdDSA",
    "Ed25519",
    "ML-DSA-65",
    "RSA1_5",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "A128KW",
    "A192KW",
    "A256KW",
    "dir",
    "ECDH-ES",
    "ECDH-ES+A128KW",
    "ECDH-ES+A192KW",
    "ECDH-ES+A256KW",
    "RSA-OAEP-512",
];

/// Numbers as they are published: with or without padding, and with bits at the end that nobody reads. Nothing is signed
/// here, so a number may have several spellings.
const NUMBER: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The document is no JWK Set: no JSON object with an array `keys`, or one in which a name comes twice.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("no JWK Set")]
pub struct NoKeySet;

/// Why an entry of the set isn't used.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PassedOver {
    /// For another purpose, or of a kind that isn't used here: nothing is wrong with it.
    #[error("it is for another purpose, or of another kind")]
    OfNoUse,
    /// No JSON object.
    #[error("it is no object")]
    NoObject,
    /// A name comes twice (RFC 7517 §4).
    #[error("a member comes twice")]
    RepeatedMember,
    /// A member that has to be there isn't, or isn't in its form.
    #[error("its member `{0}` is missing or malformed")]
    Member(&'static str),
    /// `use`, `key_ops` or `alg` say something that isn't understood, or contradict each other (RFC 7517 §4.2 to §4.4).
    #[error("its member `{0}` isn't understood, or rules signatures out")]
    Restriction(&'static str),
    /// The numbers are no key: no point of the curve, no modulus, no exponent.
    #[error("its numbers are no key")]
    NoKey,
    /// An RSA key of less than 2,048 or more than 4,096 bits.
    #[error("it is an RSA key of less than 2,048 or more than 4,096 bits")]
    Size,
    /// The private key is published, too, so anybody can sign.
    #[error("its private part is published")]
    Private,
}

/// A key that can verify a signature of the service.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Usable {
    key_id: Option<String>,
    algorithm: SigningAlgorithm,
    /// Public numbers, and what says what the key is for. Nothing else of the entry.
    key: CoreJsonWebKey,
    material: Material,
}

/// The public numbers of a key, without leading zeros.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Material {
    P256 { x: Vec<u8>, y: Vec<u8> },
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// An entry that isn't used.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Unusable {
    key_id: Option<String>,
    reason: PassedOver,
}

/// The service's keys, as it published them.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct PublishedKeys {
    usable: Vec<Usable>,
    unusable: Vec<Unusable>,
}

impl fmt::Debug for PublishedKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (usable, unusable) = (self.usable.len(), self.unusable.len());
        write!(formatter, "PublishedKeys({usable}, {unusable} passed over)")
    }
}

/// Why no key fits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoKey {
    /// None is published under this `kid` for this algorithm, or more than one.
    Unknown,
    /// One is published, and can't be used.
    Unusable,
}

impl PublishedKeys {
    /// Reads a JWK Set. How large it may be is for the caller to bound.
    ///
    /// # Errors
    ///
    /// [`NoKeySet`]. What is wrong within an entry is no error.
    pub fn read(document: &[u8]) -> Result<Self, NoKeySet> {
        // RFC 8259 §8.1: who reads may ignore a byte order mark.
        let document = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(document);
        let Document(entries) = serde_json::from_slice(document).map_err(|_| NoKeySet)?;
        let mut keys = Self::default();
        let mut private = Vec::new();
        for entry in &entries {
            let key_id = entry.key_id();
            match entry.usable() {
                Ok(usable) => keys.usable.push(usable),
                Err(reason) => {
                    if reason == PassedOver::Private {
                        private.extend(entry.material().ok());
                    }
                    keys.unusable.push(Unusable { key_id, reason });
                }
            }
        }
        // Also the entry that has only the public part of it.
        let (published, usable) = std::mem::take(&mut keys.usable)
            .into_iter()
            .partition(|one| private.contains(&one.material));
        keys.usable = usable;
        keys.unusable
            .extend(Vec::into_iter(published).map(|one: Usable| Unusable {
                key_id: one.key_id,
                reason: PassedOver::Private,
            }));
        Ok(keys)
    }

    /// How many keys can be used.
    #[must_use]
    pub fn len(&self) -> usize {
        self.usable.len()
    }

    /// Whether none can be used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.usable.is_empty()
    }

    /// Why entries aren't used, in their order.
    pub fn passed_over(&self) -> impl Iterator<Item = PassedOver> {
        self.unusable.iter().map(|one| one.reason)
    }

    /// The one key that fits `kid` and algorithm. Without `kid` it must be the only one for the algorithm (OIDC Core §10.1).
    /// A key that is published several times is one.
    ///
    /// # Errors
    ///
    /// [`NoKey`].
    pub fn find(
        &self,
        key_id: Option<&JsonWebKeyId>,
        algorithm: &SigningAlgorithm,
    ) -> Result<&CoreJsonWebKey, NoKey> {
        let is_named = |known: &Option<String>| {
            key_id.is_none_or(|key_id| known.as_deref() == Some(key_id.as_str()))
        };
        let mut fitting = self
            .usable
            .iter()
            .filter(|one| one.algorithm == *algorithm && is_named(&one.key_id));
        match fitting.next() {
            Some(first) if fitting.all(|other| other.material == first.material) => Ok(&first.key),
            Some(_) => Err(NoKey::Unknown),
            None => {
                let mut unusable = self.unusable.iter();
                let is_it =
                    |one: &Unusable| one.reason != PassedOver::OfNoUse && is_named(&one.key_id);
                Err(if unusable.any(is_it) {
                    NoKey::Unusable
                } else {
                    NoKey::Unknown
                })
            }
        }
    }

    /// Tells the operator which entries can't be used, and why. A key's id is public, as the whole set is.
    pub(crate) fn tell(&self) {
        let defects = self.unusable.iter();
        let defects = defects.filter(|one| one.reason != PassedOver::OfNoUse);
        for Unusable { key_id, reason } in defects.take(MOST_TOLD) {
            let kid = key_id.as_deref().filter(|kid| {
                kid.len() <= MAX_TOLD_KEY_ID && kid.bytes().all(|byte| byte.is_ascii_graphic())
            });
            if *reason == PassedOver::Private {
                tracing::error!(event = "service_key_passed_over", kid, %reason);
            } else {
                tracing::warn!(event = "service_key_passed_over", kid, %reason);
            }
        }
    }
}

/// A JWK Set: an object in which no name comes twice, with an array `keys`.
struct Document(Vec<Entry>);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JWK Set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Document, A::Error> {
        let mut entries = None;
        let mut names = std::collections::BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if name == "keys" {
                entries = Some(members.next_value::<Entries>()?.0);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
            if !names.insert(name) {
                return Err(A::Error::custom("a name comes twice"));
            }
        }
        let entries = entries.ok_or_else(|| A::Error::custom("no keys"))?;
        Ok(Document(entries))
    }
}

/// The array `keys`, and nothing that could stand for one.
struct Entries(Vec<Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}

/// One entry: an object's members by their names, or why it is none.
struct Entry(Result<BTreeMap<String, Value>, PassedOver>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl EntryVisitor {
    const NONE: Entry = Entry(Err(PassedOver::NoObject));
}

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JWK")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Entry, A::Error> {
        let mut known = BTreeMap::new();
        let mut is_repeated = false;
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            is_repeated |= known.insert(name, value).is_some();
        }
        // A member that is `null` says nothing.
        known.retain(|_, value| !value.is_null());
        Ok(Entry(if is_repeated {
            Err(PassedOver::RepeatedMember)
        } else {
            Ok(known)
        }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Entry, A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::NONE)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Entry, E> {
        Ok(Self::NONE)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Entry, E> {
        Ok(Self::NONE)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Entry, E> {
        Ok(Self::NONE)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Entry, E> {
        Ok(Self::NONE)
    }

    fn visit_str<E>(self, _: &str) -> Result<Entry, E> {
        Ok(Self::NONE)
    }

    fn visit_unit<E>(self) -> Result<Entry, E> {
        Ok(Self::NONE)
    }
}

impl Entry {
    /// Its `kid`, if it has a usable one.
    fn key_id(&self) -> Option<String> {
        let members = self.0.as_ref().ok()?;
        members.get("kid")?.as_str().map(str::to_owned)
    }

    /// The key, or why it isn't used. What belongs to another purpose is left alone before anything is found wrong with it;
    /// but a private key is one, whatever it is for.
    fn usable(&self) -> Result<Usable, PassedOver> {
        let members = self.0.as_ref().map_err(|reason| *reason)?;
        if PRIVATE.iter().any(|name| members.contains_key(*name)) {
            return Err(PassedOver::Private);
        }
        let algorithm = match text(members, "kty")? {
            "RSA" => SigningAlgorithm::RsaSsaPkcs1V15Sha256,
            "EC" if text(members, "crv")? == "P-256" => SigningAlgorithm::EcdsaP256Sha256,
            _ => return Err(PassedOver::OfNoUse),
        };
        is_for_signatures(members)?;
        is_for(members, &algorithm)?;
        let key_id = optional_text(members, "kid")?.map(str::to_owned);
        let material = self.material()?;
        material.check()?;
        let key = material.key(key_id.as_deref())?;
        Ok(Usable {
            key_id,
            algorithm,
            key,
            material,
        })
    }

    /// The public numbers.
    fn material(&self) -> Result<Material, PassedOver> {
        let members = self.0.as_ref().map_err(|reason| *reason)?;
        Ok(match text(members, "kty")? {
            "RSA" => Material::Rsa {
                n: number(members, "n")?,
                e: number(members, "e")?,
            },
            _ => Material::P256 {
                x: number(members, "x")?,
                y: number(members, "y")?,
            },
        })
    }
}

/// `use` and `key_ops` (RFC 7517 §4.2, §4.3): either may be missing, and neither may rule signatures out.
fn is_for_signatures(members: &BTreeMap<String, Value>) -> Result<(), PassedOver> {
    match optional_text(members, "use")? {
        None | Some("sig") => {}
        Some("enc") => return Err(PassedOver::OfNoUse),
        Some(_) => return Err(PassedOver::Restriction("use")),
    }
    let Some(operations) = members.get("key_ops") else {
        return Ok(());
    };
    let mut operations = operations.as_array().into_iter().flatten();
    if operations.any(|operation| operation == "verify") {
        Ok(())
    } else {
        Err(PassedOver::Restriction("key_ops"))
    }
}

/// `alg` (RFC 7517 §4.4) may be missing. It is never what chooses the algorithm: that is configured.
fn is_for(
    members: &BTreeMap<String, Value>,
    algorithm: &SigningAlgorithm,
) -> Result<(), PassedOver> {
    let ours = match algorithm {
        SigningAlgorithm::EcdsaP256Sha256 => "ES256",
        _ => "RS256",
    };
    match optional_text(members, "alg")? {
        None => Ok(()),
        Some(name) if name == ours => Ok(()),
        Some(name) if OTHER_ALGORITHMS.contains(&name) => Err(PassedOver::OfNoUse),
        Some(_) => Err(PassedOver::Restriction("alg")),
    }
}

fn optional_text<'a>(
    members: &'a BTreeMap<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, PassedOver> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(PassedOver::Member(name)),
    }
}

fn text<'a>(
    members: &'a BTreeMap<String, Value>,
    name: &'static str,
) -> Result<&'a str, PassedOver> {
    optional_text(members, name)?.ok_or(PassedOver::Member(name))
}

/// A big-endian number (RFC 7518 §2, Base64urlUInt) without its leading zeros, however many are published: 0 is empty. One
/// that has no characters is missing.
fn number(members: &BTreeMap<String, Value>, name: &'static str) -> Result<Vec<u8>, PassedOver> {
    let malformed = PassedOver::Member(name);
    let text = text(members, name)?;
    if text.is_empty() || text.len() > MAX_NUMBER_CHARACTERS {
        return Err(malformed);
    }
    let text = text.replace('+', "-").replace('/', "_");
    let bytes = NUMBER.decode(text).map_err(|_| malformed)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Ok(bytes.into_iter().skip(zeros).collect())
}

impl Material {
    /// Whether the numbers are a key, and one that may be used.
    fn check(&self) -> Result<(), PassedOver> {
        match self {
            Self::P256 { .. } => {
                let point = self.point().ok_or(PassedOver::NoKey)?;
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .map(drop)
                    .map_err(|_| PassedOver::NoKey)
            }
            Self::Rsa { n, e } => {
                let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
                let exponent = e.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
                if !(MIN_RSA_BYTES..=MAX_RSA_BYTES).contains(&n.len()) {
                    Err(PassedOver::Size)
                } else if is_odd(n)
                    && is_odd(e)
                    && e.len() <= MAX_EXPONENT_BYTES
                    && (3..=MAX_EXPONENT).contains(&exponent)
                {
                    Ok(())
                } else {
                    Err(PassedOver::NoKey)
                }
            }
        }
    }

    /// The point, uncompressed (SEC 1 §2.3.3): each coordinate has all its bytes.
    fn point(&self) -> Option<Vec<u8>> {
        let Self::P256 { x, y } = self else {
            return None;
        };
        let mut point = vec![4];
        for coordinate in [x, y] {
            point.resize(point.len() + P256_BYTES.checked_sub(coordinate.len())?, 0);
            point.extend_from_slice(coordinate);
        }
        Some(point)
    }

    /// The key as openidconnect takes it, in the one spelling that RFC 7518 §6 has.
    fn key(&self, key_id: Option<&str>) -> Result<CoreJsonWebKey, PassedOver> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut key = match self {
            Self::P256 { .. } => {
                let point = self.point().unwrap_or_default();
                let (x, y) = point
                    .split_first()
                    .and_then(|(_, point)| point.split_at_checked(P256_BYTES))
                    .ok_or(PassedOver::NoKey)?;
                json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "x": encode(x), "y": encode(y)})
            }
            Self::Rsa { n, e } => {
                json!({"kty": "RSA", "alg": "RS256", "n": encode(n), "e": encode(e)})
            }
        };
        if let (Some(key), Some(key_id)) = (key.as_object_mut(), key_id) {
            key.insert("kid".to_owned(), key_id.into());
        }
        serde_json::from_value(key).map_err(|_| PassedOver::NoKey)
    }
}
