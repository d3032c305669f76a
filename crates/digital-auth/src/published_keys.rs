//! Reads the JWK Set that the service publishes (RFC 7517 §5), entry by entry: which keys can
//! verify a signature, and why the others can't.
//!
//! Deviations that real providers have published are accepted: coordinates and moduli with too few
//! or too many leading zeros, base64 with padding or in its other alphabet, the same key twice, two
//! keys under one `kid`. Any other defect of an entry excludes only that entry, and its reason is
//! kept. So an ID token signed with a key that can't be used is reported as that, and neither as a
//! forgery nor as a token of an unknown key. A document that is no JWK Set is refused as a whole.

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

/// The length of a P-256 coordinate, in bytes (RFC 7518 §6.2.1.2).
const P256_BYTES: usize = 32;
/// The shortest accepted RSA modulus, in bytes (RFC 7518 §3.3: 2,048 bits; only whole bytes are
/// counted).
const MIN_RSA_BYTES: usize = 256;
/// The longest accepted RSA modulus, in bytes. The code that verifies signatures takes no longer
/// one.
const MAX_RSA_BYTES: usize = 512;
/// The longest accepted RSA exponent, in bytes. The code that verifies signatures takes 33 bits.
const MAX_EXPONENT_BYTES: usize = 5;
const MAX_EXPONENT: u64 = (1 << 33) - 1;
/// The longest number that is decoded, in base64url characters: room for the longest modulus with
/// extra zeros.
const MAX_NUMBER_CHARACTERS: usize = 1_024;
/// How many defective entries of a set are logged at most.
const MOST_TOLD: usize = 8;
/// The longest `kid` that is logged, in bytes.
const MAX_TOLD_KEY_ID: usize = 64;

/// The members that only a secret or private key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1, RFC 8037
/// §2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The members that identify a key: entries with the same `x` or `n` belong to the same private
/// key.
const IDENTIFYING: [&str; 2] = ["x", "n"];

/// The other signature algorithms of an RSA key (RFC 7518 §3.1). A P-256 key has no other.
const RSA_SIGNATURES: &[&str] = &["RS384", "RS512", "PS256", "PS384", "PS512"];
/// The encryption algorithms of an RSA key and of an EC key (RFC 7518 §4.1).
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

/// Other spellings and names that `kty` and `crv` may have for our keys, in the form of [`plain`].
/// Such an entry is a misspelled key, and not a key of another kind.
const RSA_NAMES: [&str; 2] = ["rsa", "rsahsm"];
const EC_NAMES: [&str; 3] = ["ec", "ecdsa", "echsm"];
const P256_NAMES: [&str; 4] = ["p256", "secp256r1", "prime256v1", "nistp256"];

/// The base64 of published numbers: with or without padding, and with any unused bits at the end.
/// No signature covers the text of a number, so several spellings do no harm.
const NUMBER: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The document is no JWK Set: no JSON object with an array `keys`, or one in which a name comes
/// twice.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a JWK Set")]
pub struct NoKeySet;

/// Why an entry of the set isn't used.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PassedOver {
    /// The key is for another purpose, or of a kind that isn't used here. The entry has no defect.
    #[error("it is for another purpose, or of another kind")]
    OfNoUse,
    /// No JSON object.
    #[error("it is not an object")]
    NoObject,
    /// A name comes twice (RFC 7517 §4).
    #[error("a member comes twice")]
    RepeatedMember,
    /// A required member is missing, or a member is malformed.
    #[error("its member `{0}` is missing or malformed")]
    Member(&'static str),
    /// The name of a member can't be read.
    #[error("a member's name is malformed")]
    MemberName,
    /// `kty`, `crv`, `use`, `key_ops` or `alg` say something that isn't understood, or contradict
    /// each other (RFC 7517 §4.1 to §4.4, RFC 7518 §6.2.1.1).
    #[error("its member `{0}` isn't understood, rules signatures out, or contradicts another")]
    Restriction(&'static str),
    /// The numbers are no key: no point of the curve, or no valid modulus or exponent.
    #[error("its numbers do not form a valid key")]
    NoKey,
    /// An RSA key of less than 2,048 or more than 4,096 bits.
    #[error("it is an RSA key of less than 2,048 or more than 4,096 bits")]
    Size,
    /// The private key is published, too, so anybody can sign.
    #[error("its private part is published")]
    Private,
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
    /// No key is published under this `kid` for this algorithm; or the token has no `kid`, and more
    /// than one key is published for the algorithm.
    Unknown,
    /// No usable key verifies the signature, but a published key that can't be used may be the
    /// signer's.
    Unusable,
    /// Keys with this `kid` and algorithm are published, but none of them verifies the signature.
    Signature,
}

impl NoKey {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unknown, Self::Unusable, Self::Signature];
}

impl PublishedKeys {
    /// Reads a JWK Set. The caller has to limit its size.
    ///
    /// # Errors
    ///
    /// [`NoKeySet`]. A defect within an entry is no error.
    pub fn read(document: &[u8]) -> Result<Self, NoKeySet> {
        // RFC 8259 §8.1: a parser may ignore a byte order mark.
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
        // If the private part of a key is published, other entries with only its public part aren't
        // used either.
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

    /// Whether no key can be used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.usable.is_empty()
    }

    /// Why entries aren't used, in the order of the entries. Entries with only the public part of a
    /// published private key come last.
    pub fn passed_over(&self) -> impl Iterator<Item = PassedOver> {
        self.unusable.iter().map(|one| one.reason)
    }

    /// Verifies a signature with the keys of this `kid` and algorithm, and returns the key that
    /// verifies it. Several keys may have the same `kid`, for example while one replaces the other:
    /// any of them will do. Without `kid`, only one key may be published for the algorithm
    /// (OIDC Core §10.1). A key that is published several times counts as one.
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

    /// Logs which entries have a defect, and which one. A `kid` may be logged: it is public, like
    /// the whole set.
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

/// A key that can verify a signature of the service.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Usable {
    key_id: Option<String>,
    algorithm: SigningAlgorithm,
    /// The key with its public numbers, algorithm and `kid`. Nothing else of the entry is kept.
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
    /// Present, but can't be read: it may be any `kid`.
    Unreadable,
}

/// The algorithm for which an unused entry is meant.
#[derive(Clone, Debug, Eq, PartialEq)]
enum MeantFor {
    /// No algorithm that is used here.
    Nothing,
    Only(SigningAlgorithm),
    /// Not known: the entry doesn't say, or contradicts itself.
    Any,
}

impl Unusable {
    /// Whether a token with this `kid` and algorithm may be signed with this key.
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

/// A JWK Set: an object in which no name comes twice, with an array `keys`. Its entries are kept as
/// text, and each is read by itself afterwards. So a number, a text or a depth that can't be read
/// excludes only its own entry, and is harmless in a member that isn't needed.
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
    /// The defect of the names, if they have one.
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
    /// The key, or why it isn't used. A key for another purpose is recognized before any defect is
    /// looked for. But a private key that is published is reported as that, whatever it is for.
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

    /// The algorithm for a key of this kind (RFC 7517 §4.1, RFC 7518 §6.2.1.1). An error if the key
    /// is for encryption.
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

    /// Why a key of another kind or for encryption isn't used: [`PassedOver::OfNoUse`]. But if its
    /// `alg` is an algorithm that is used here, the entry contradicts itself.
    fn of_no_use(&self) -> PassedOver {
        match self.optional_text("alg").ok().flatten().as_deref() {
            Some("ES256" | "RS256") => PassedOver::Restriction("alg"),
            _ => PassedOver::OfNoUse,
        }
    }

    /// Checks that `use`, `key_ops` and `alg` (RFC 7517 §4.2 to §4.4) allow signatures with this
    /// algorithm. Each of them may be missing. `alg` never chooses the algorithm: the configuration
    /// does.
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

    fn key_id(&self) -> KeyId {
        match self.optional_text("kid") {
            Ok(None) => KeyId::Absent,
            Ok(Some(name)) => KeyId::Named(name),
            Err(_) => KeyId::Unreadable,
        }
    }

    /// The algorithm that the key would be for without its defect.
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

    /// The numbers by which the same key is recognized in another entry, whatever kind of key this
    /// entry claims to be.
    fn identifying(&self) -> impl Iterator<Item = Vec<u8>> {
        let values = IDENTIFYING.iter().flat_map(|name| self.all(name));
        values.filter_map(number)
    }

    fn text(&self, name: &'static str) -> Result<String, PassedOver> {
        self.optional_text(name)?.ok_or(PassedOver::Member(name))
    }

    fn number(&self, name: &'static str) -> Result<Vec<u8>, PassedOver> {
        let value = self.one(name)?;
        value.and_then(number).ok_or(PassedOver::Member(name))
    }

    fn optional_text(&self, name: &'static str) -> Result<Option<String>, PassedOver> {
        let value = self.one(name)?;
        value
            .map(|value| text(value).ok_or(PassedOver::Member(name)))
            .transpose()
    }

    /// The value of this name, if there is one.
    fn one(&self, name: &str) -> Result<Option<&'a RawValue>, PassedOver> {
        if self.values.get(name).is_some_and(|values| values.len() > 1) {
            return Err(PassedOver::RepeatedMember);
        }
        Ok(self.all(name).next())
    }

    /// All values of this name, without `null`, which counts as missing.
    fn all(&self, name: &str) -> impl Iterator<Item = &'a RawValue> {
        let values = self.values.get(name).into_iter().flatten().copied();
        values.filter(|value| value.get() != "null")
    }
}

/// The name of an algorithm (RFC 7518 §3.1).
fn name(algorithm: &SigningAlgorithm) -> &'static str {
    match algorithm {
        SigningAlgorithm::EcdsaP256Sha256 => "ES256",
        _ => "RS256",
    }
}

/// The ASCII letters and digits of this text, in lower case.
fn plain(text: &str) -> String {
    let plain = text.chars().filter(char::is_ascii_alphanumeric);
    plain.map(|one| one.to_ascii_lowercase()).collect()
}

fn text(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// Decodes a big-endian number (RFC 7518 §2, Base64urlUInt), and removes all its leading zeros: the
/// number 0 becomes empty. An empty text is no number.
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
    /// The number that identifies the private key. `y` is left out, because the private keys of the
    /// two points with the same `x` follow from each other. `e` is left out, because one modulus
    /// can have many.
    fn identifying(&self) -> &[u8] {
        match self {
            Self::P256 { x, .. } => x,
            Self::Rsa { n, .. } => n,
        }
    }

    /// Checks that the numbers are a key, and one of an accepted size.
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

    /// The point, uncompressed (SEC 1 §2.3.3): each coordinate is filled up to its full length.
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

    /// The key as openidconnect takes it, in the one spelling of RFC 7518 §6.
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
