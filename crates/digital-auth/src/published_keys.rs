//! What the service publishes as its keys (RFC 7517 §5), entry by entry: which can verify a
//! signature, and why another can't.
//!
//! What real providers have published is taken: coordinates and moduli with a zero too few or too
//! many, base64 with padding or in its other alphabet, one key twice, two keys under one `kid`.
//! Everything else that is wrong within an entry costs that entry alone, and its reason is kept: an
//! ID token by a key that can't be used is told as that, and neither as a forgery nor as one by an
//! unknown key. A document that is no JWK Set is refused as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use openidconnect::core::CoreJsonWebKey;
use openidconnect::{JsonWebKey as _, JsonWebKeyId};
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::algorithm::SigningAlgorithm;

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

/// The members that only a secret or private key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1, RFC 8037
/// §2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// What tells a key from all others, if it is there: whoever has its private part has that of this
/// number.
const IDENTIFYING: [&str; 2] = ["x", "n"];

/// Other algorithms by which such a key can sign (RFC 7518 §3.1): for P-256 there is none.
const RSA_SIGNATURES: &[&str] = &["RS384", "RS512", "PS256", "PS384", "PS512"];
/// Algorithms by which such a key can encrypt (RFC 7518 §4.1).
const RSA_ENCRYPTION: &[&str] = &[
    "RSA1_5",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "RSA-OAEP-384",
    "RSA-OAEP-512",
];
const EC_ENCRYPTION: &[&str] = &[
    "ECDH-ES",
    "ECDH-ES+A128KW",
    "ECDH-ES+A192KW",
    "ECDH-ES+A256KW",
];
/// The operations of a key that isn't for signatures (RFC 7517 §4.3).
const OTHER_OPERATIONS: [&str; 6] = [
    "encrypt",
    "decrypt",
    "wrapKey",
    "unwrapKey",
    "deriveKey",
    "deriveBits",
];

/// What `kty` and `crv` say in other spellings and by other names, in lower case, with letters and
/// digits alone.
const RSA_NAMES: [&str; 2] = ["rsa", "rsahsm"];
const EC_NAMES: [&str; 3] = ["ec", "ecdsa", "echsm"];
const P256_NAMES: [&str; 4] = ["p256", "secp256r1", "prime256v1", "nistp256"];

/// Numbers as they are published: with or without padding, and with bits at the end that nobody
/// reads. Nothing is signed here, so a number may have several spellings.
const NUMBER: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The document is no JWK Set: no JSON object with an array `keys`, or one in which a name comes
/// twice.
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
    /// The name of a member can't be read.
    #[error("a member's name is malformed")]
    MemberName,
    /// `kty`, `crv`, `use`, `key_ops` or `alg` say something that isn't understood, or contradict
    /// each other (RFC 7517 §4.1 to §4.4, RFC 7518 §6.2.1.1).
    #[error("its member `{0}` isn't understood, rules signatures out, or contradicts another")]
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
    key_id: KeyId,
    meant_for: MeantFor,
    reason: PassedOver,
}

/// The `kid` of an entry that isn't used.
#[derive(Clone, Debug, Eq, PartialEq)]
enum KeyId {
    Absent,
    Named(String),
    /// It is there, and can't be read: it may be any.
    Unreadable,
}

/// The algorithm that an entry that isn't used would be for.
#[derive(Clone, Debug, Eq, PartialEq)]
enum MeantFor {
    /// None of those here.
    Nothing,
    Only(SigningAlgorithm),
    /// It doesn't say, or contradicts itself.
    Any,
}

impl Unusable {
    /// Whether a token of this `kid` and algorithm may be by this key.
    fn may_be(&self, key_id: Option<&JsonWebKeyId>, algorithm: &SigningAlgorithm) -> bool {
        let is_for_it = match &self.meant_for {
            MeantFor::Nothing => false,
            MeantFor::Only(only) => only == algorithm,
            MeantFor::Any => true,
        };
        is_for_it
            && key_id.is_none_or(|key_id| match &self.key_id {
                KeyId::Absent => false,
                KeyId::Named(name) => name == key_id.as_str(),
                KeyId::Unreadable => true,
            })
    }
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

/// Why no key verifies a signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoKey {
    /// None is published under this `kid` for this algorithm; or there is no `kid`, and more than
    /// one is published.
    Unknown,
    /// No usable key verifies it, and a key is published that can't be used and may be the
    /// signer's.
    Unusable,
    /// The key that is published doesn't verify it.
    Signature,
}

impl NoKey {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unknown, Self::Unusable, Self::Signature];
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
        for entry in entries {
            let Ok(members) = serde_json::from_str::<Members<'_>>(entry.get()) else {
                keys.unusable.push(Unusable {
                    key_id: KeyId::Unreadable,
                    meant_for: MeantFor::Any,
                    reason: PassedOver::NoObject,
                });
                continue;
            };
            match members.usable() {
                Ok(usable) => keys.usable.push(usable),
                Err(reason) => {
                    if reason == PassedOver::Private {
                        private.extend(members.identifying());
                    }
                    keys.unusable.push(Unusable {
                        key_id: members.key_id(),
                        meant_for: members.meant_for(reason),
                        reason,
                    });
                }
            }
        }
        // Also the entry that has only the public part of it.
        let (published, usable) = std::mem::take(&mut keys.usable)
            .into_iter()
            .partition(|one| {
                private
                    .iter()
                    .any(|number| number == one.material.identifying())
            });
        keys.usable = usable;
        keys.unusable
            .extend(Vec::into_iter(published).map(|one: Usable| Unusable {
                key_id: one.key_id.map_or(KeyId::Absent, KeyId::Named),
                meant_for: MeantFor::Only(one.algorithm),
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

    /// Verifies a signature, and says which key does: one of this `kid` and algorithm. Several keys
    /// may have one `kid`, as when one replaces the other: each is as good. Without `kid` it must
    /// be the only one for the algorithm (OIDC Core §10.1); a key that is published several times
    /// is one.
    ///
    /// # Errors
    ///
    /// [`NoKey`].
    pub fn verify(
        &self,
        key_id: Option<&JsonWebKeyId>,
        algorithm: &SigningAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<&CoreJsonWebKey, NoKey> {
        let is_named = |known: &Option<String>| {
            key_id.is_none_or(|key_id| known.as_deref() == Some(key_id.as_str()))
        };
        let fitting: Vec<_> = self
            .usable
            .iter()
            .filter(|one| one.algorithm == *algorithm && is_named(&one.key_id))
            .collect();
        let mut pairs = fitting.iter().zip(fitting.iter().skip(1));
        if key_id.is_none() && pairs.any(|(one, next)| one.material != next.material) {
            return Err(NoKey::Unknown);
        }
        let is_its = |one: &&Usable| {
            let verified = one.key.verify_signature(algorithm, message, signature);
            verified.is_ok()
        };
        match fitting.iter().copied().find(is_its) {
            Some(signer) => Ok(&signer.key),
            None if (self.unusable.iter()).any(|one| one.may_be(key_id, algorithm)) => {
                Err(NoKey::Unusable)
            }
            None if fitting.is_empty() => Err(NoKey::Unknown),
            None => Err(NoKey::Signature),
        }
    }

    /// Tells the operator which entries can't be used, and why. A key's id is public, as the whole
    /// set is.
    pub(crate) fn tell(&self) {
        let defects = self.unusable.iter();
        let defects = defects.filter(|one| one.reason != PassedOver::OfNoUse);
        for Unusable { key_id, reason, .. } in defects.take(MOST_TOLD) {
            let is_told = |kid: &str| {
                kid.len() <= MAX_TOLD_KEY_ID && kid.bytes().all(|byte| byte.is_ascii_graphic())
            };
            let kid = match key_id {
                KeyId::Named(kid) if is_told(kid) => Some(kid.as_str()),
                _ => None,
            };
            if *reason == PassedOver::Private {
                tracing::error!(event = "service_key_passed_over", kid, %reason);
            } else {
                tracing::warn!(event = "service_key_passed_over", kid, %reason);
            }
        }
    }
}

/// A JWK Set: an object in which no name comes twice, with an array `keys`. Its entries are read
/// afterwards, each by itself: a number, a text or a depth that can't be read costs one entry, and
/// nothing where nobody needs the member.
struct Document<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Document<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JWK Set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Document<'de>, A::Error> {
        let mut entries = None;
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if name == "keys" {
                entries = Some(members.next_value::<Vec<&RawValue>>()?);
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

/// The members of an entry by their names. Each value is read only when it is needed.
struct Members<'a> {
    values: BTreeMap<String, Vec<&'a RawValue>>,
    /// What is wrong with the names.
    defect: Option<PassedOver>,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JWK")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members<'de>, A::Error> {
        let mut values = BTreeMap::<_, Vec<_>>::new();
        let mut defect = None;
        while let Some((name, value)) = members.next_entry::<&RawValue, &RawValue>()? {
            match serde_json::from_str::<String>(name.get()) {
                Ok(name) => values.entry(name).or_default().push(value),
                Err(_) => defect = Some(PassedOver::MemberName),
            }
        }
        if values.values().any(|values| values.len() > 1) {
            defect = Some(PassedOver::RepeatedMember);
        }
        Ok(Members { values, defect })
    }
}

impl<'a> Members<'a> {
    /// All values of this name. One that is `null` says nothing.
    fn all(&self, name: &str) -> impl Iterator<Item = &'a RawValue> {
        let values = self.values.get(name).into_iter().flatten().copied();
        values.filter(|value| value.get() != "null")
    }

    /// The value of this name, if there is one.
    fn one(&self, name: &str) -> Result<Option<&'a RawValue>, PassedOver> {
        if self.values.get(name).is_some_and(|values| values.len() > 1) {
            return Err(PassedOver::RepeatedMember);
        }
        Ok(self.all(name).next())
    }

    fn optional_text(&self, name: &'static str) -> Result<Option<String>, PassedOver> {
        let value = self.one(name)?;
        value
            .map(|value| text(value).ok_or(PassedOver::Member(name)))
            .transpose()
    }

    fn text(&self, name: &'static str) -> Result<String, PassedOver> {
        self.optional_text(name)?.ok_or(PassedOver::Member(name))
    }

    fn number(&self, name: &'static str) -> Result<Vec<u8>, PassedOver> {
        let value = self.one(name)?;
        value.and_then(number).ok_or(PassedOver::Member(name))
    }

    fn key_id(&self) -> KeyId {
        match self.optional_text("kid") {
            Ok(None) => KeyId::Absent,
            Ok(Some(name)) => KeyId::Named(name),
            Err(_) => KeyId::Unreadable,
        }
    }

    /// The key, or why it isn't used. What belongs to another purpose is left alone before anything
    /// is found wrong with it; but a private key is one, whatever it is for.
    fn usable(&self) -> Result<Usable, PassedOver> {
        if PRIVATE.iter().any(|name| self.all(name).next().is_some()) {
            return Err(PassedOver::Private);
        }
        let algorithm = self.algorithm()?;
        self.is_for(&algorithm)?;
        if let Some(defect) = self.defect {
            return Err(defect);
        }
        let key_id = self.optional_text("kid")?;
        let material = match algorithm {
            SigningAlgorithm::EcdsaP256Sha256 => Material::P256 {
                x: self.number("x")?,
                y: self.number("y")?,
            },
            _ => Material::Rsa {
                n: self.number("n")?,
                e: self.number("e")?,
            },
        };
        material.check()?;
        let key = material.key(key_id.as_deref())?;
        Ok(Usable {
            key_id,
            algorithm,
            key,
            material,
        })
    }

    /// The algorithm for a key of this kind (RFC 7517 §4.1, RFC 7518 §6.2.1.1), unless it is for
    /// encryption.
    fn algorithm(&self) -> Result<SigningAlgorithm, PassedOver> {
        if matches!(self.optional_text("use"), Ok(Some(purpose)) if purpose == "enc") {
            return Err(self.of_no_use());
        }
        let kty = self.text("kty")?;
        let crv = self.optional_text("crv");
        let is_p256 = matches!(&crv, Ok(Some(crv)) if P256_NAMES.contains(&&*plain(crv)));
        let has_curve = !matches!(&crv, Ok(None));
        match (&*kty, &*plain(&kty)) {
            ("RSA", _) => Ok(SigningAlgorithm::RsaSsaPkcs1V15Sha256),
            ("EC", _) => match crv?.as_deref() {
                None => Err(PassedOver::Member("crv")),
                Some("P-256") => Ok(SigningAlgorithm::EcdsaP256Sha256),
                Some(_) if is_p256 => Err(PassedOver::Restriction("crv")),
                Some(_) => Err(self.of_no_use()),
            },
            _ if is_p256 => Err(PassedOver::Restriction("kty")),
            (_, plain) if RSA_NAMES.contains(&plain) || EC_NAMES.contains(&plain) && !has_curve => {
                Err(PassedOver::Restriction("kty"))
            }
            _ => Err(self.of_no_use()),
        }
    }

    /// What is of another kind or for encryption is of no use, unless its `alg` is one of those
    /// here: then one of the two is wrong.
    fn of_no_use(&self) -> PassedOver {
        match self.optional_text("alg").ok().flatten().as_deref() {
            Some("ES256" | "RS256") => PassedOver::Restriction("alg"),
            _ => PassedOver::OfNoUse,
        }
    }

    /// `use`, `key_ops` and `alg` (RFC 7517 §4.2 to §4.4): each may be missing, and none may rule
    /// such signatures out. `alg` is never what chooses the algorithm: that is configured.
    fn is_for(&self, algorithm: &SigningAlgorithm) -> Result<(), PassedOver> {
        let purpose = self.optional_text("use")?;
        let alg = self.optional_text("alg")?;
        let is_ours = alg.as_deref() == Some(name(algorithm));
        let mut is_for_signatures = match purpose.as_deref() {
            None => false,
            Some("sig") => true,
            Some(_) => return Err(PassedOver::Restriction("use")),
        };
        if let Some(operations) = self.one("key_ops")? {
            let operations: Vec<&RawValue> =
                serde_json::from_str(operations.get()).unwrap_or_default();
            let operations: Vec<_> = operations.into_iter().map(text).collect();
            let mut names = operations.iter().map(Option::as_deref);
            let is_other =
                |name: Option<_>| name.is_some_and(|name| OTHER_OPERATIONS.contains(&name));
            let are_others = !operations.is_empty() && names.clone().all(is_other);
            if names.any(|name| name == Some("verify")) {
                is_for_signatures = true;
            } else if are_others && !is_for_signatures && !is_ours {
                return Err(PassedOver::OfNoUse);
            } else {
                return Err(PassedOver::Restriction("key_ops"));
            }
        }
        let (signatures, encryption): (&[_], _) = match algorithm {
            SigningAlgorithm::EcdsaP256Sha256 => (&[], EC_ENCRYPTION),
            _ => (RSA_SIGNATURES, RSA_ENCRYPTION),
        };
        match alg.as_deref() {
            None => Ok(()),
            Some(_) if is_ours => Ok(()),
            Some(other) if signatures.contains(&other) => Err(PassedOver::OfNoUse),
            Some(other) if encryption.contains(&other) && !is_for_signatures => {
                Err(PassedOver::OfNoUse)
            }
            Some(_) => Err(PassedOver::Restriction("alg")),
        }
    }

    /// What the key would be for if nothing were wrong with it.
    fn meant_for(&self, reason: PassedOver) -> MeantFor {
        if reason == PassedOver::OfNoUse {
            return MeantFor::Nothing;
        }
        match self.algorithm() {
            Ok(algorithm) => match self.optional_text("alg") {
                Ok(None) => MeantFor::Only(algorithm),
                Ok(Some(alg)) if alg == name(&algorithm) => MeantFor::Only(algorithm),
                _ => MeantFor::Any,
            },
            Err(PassedOver::OfNoUse) => MeantFor::Nothing,
            Err(_) => MeantFor::Any,
        }
    }

    /// The numbers by which another entry is known as this key, of whatever kind it says that it
    /// is.
    fn identifying(&self) -> impl Iterator<Item = Vec<u8>> {
        let values = IDENTIFYING.iter().flat_map(|name| self.all(name));
        values.filter_map(number)
    }
}

/// The name of an algorithm (RFC 7518 §3.1).
fn name(algorithm: &SigningAlgorithm) -> &'static str {
    match algorithm {
        SigningAlgorithm::EcdsaP256Sha256 => "ES256",
        _ => "RS256",
    }
}

/// Letters and digits alone, in lower case.
fn plain(text: &str) -> String {
    let plain = text.chars().filter(char::is_ascii_alphanumeric);
    plain.map(|one| one.to_ascii_lowercase()).collect()
}

fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// A big-endian number (RFC 7518 §2, Base64urlUInt) without its leading zeros, however many are
/// published: 0 is empty. One that has no characters is missing.
fn number(value: &RawValue) -> Option<Vec<u8>> {
    let text = text(value)?;
    if text.is_empty() || text.len() > MAX_NUMBER_CHARACTERS {
        return None;
    }
    let text = text.replace('+', "-").replace('/', "_");
    let bytes = NUMBER.decode(text).ok()?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes.into_iter().skip(zeros).collect())
}

impl Material {
    /// What no other key has: y is one of two that belong to one private key, and for e there are
    /// many.
    fn identifying(&self) -> &[u8] {
        match self {
            Self::P256 { x, .. } => x,
            Self::Rsa { n, .. } => n,
        }
    }

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
