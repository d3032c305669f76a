//! What the service said about a person, and when: the content of every record.
//! Two kinds of records hold it: that of a sign-in with the card
//! ([`VerifiedRecord`](crate::VerifiedRecord)), and that of a member's verification
//! ([`MemberRecord`](crate::MemberRecord)). Here is what both have in common: how a record is
//! sealed and opened, how long it may be, and why it doesn't count.
//!
//! Form: a sealed value (crate `sealing`) without a header, whose plaintext is
//! `version (1) ‖ postcard`.

use std::fmt;

use chrono::{DateTime, Utc};
use sealing::{OpenError, Randomness, SealError, SealingKeys};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::userinfo::FourAttributes;

/// The longest sealed record, in bytes: less than the 2,048 that Amazon Cognito stores.
pub const MAXIMUM_RECORD_BYTES: usize = 2_047;

/// The version of the form of all records.
const VERSION: u8 = 1;

/// The bytes that the seal takes: version, key id, nonce and tag.
const SEAL_BYTES: usize = 1 + 4 + 12 + 16;

/// The bytes that are left for the plaintext: base64url makes 4 characters of 3 bytes.
const PLAINTEXT_BYTES: usize = MAXIMUM_RECORD_BYTES * 3 / 4 - SEAL_BYTES;

/// What the service said about a person, and when.
///
/// `Debug` shows the issuer, and nothing about the person.
#[derive(Clone, Eq, PartialEq)]
pub struct VerifiedPerson {
    /// The service's issuer. Each environment of the service has its own.
    pub issuer: String,
    /// The person's subject as the user pool has it. Personal information.
    pub subject: String,
    /// The attributes that the service gave. An attribute that was not asked for is `None`.
    pub attributes: FourAttributes,
    /// When the person was verified.
    pub verified_at: VerifiedAt,
    /// How strongly the person authenticated: the service's `acr`, if it gave one (OIDC Core §2).
    pub acr: Option<String>,
}

impl fmt::Debug for VerifiedPerson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifiedPerson")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// When the person was verified, in whole seconds. Fractions are not kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VerifiedAt {
    /// The service's `auth_time`: when it authenticated the person.
    Authentication(DateTime<Utc>),
    /// The `iat` of the service's ID token, if that has no `auth_time`. The service authenticated
    /// the person at this time or before.
    IssuedAt(DateTime<Utc>),
}

impl VerifiedAt {
    /// The time, whichever of the two it is.
    #[must_use]
    pub const fn time(self) -> DateTime<Utc> {
        match self {
            Self::Authentication(time) | Self::IssuedAt(time) => time,
        }
    }
}

/// Why there is no sealed record.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SealRecordError {
    /// The record would be longer than [`MAXIMUM_RECORD_BYTES`].
    #[error("the verified record is too long for a user pool")]
    TooLong,
    /// The record could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Why a record doesn't count. If there are several reasons, the first one counts, in the order of
/// these variants. What is inside is looked at only if the record opened: its form and version, its
/// issuer and its user.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
pub enum RecordRefusal {
    /// It isn't in the form of a record, or its time of verification lies in the future. A record
    /// with a future time opened, so nobody altered it: only a defect of the software that sealed
    /// it can cause that. It is refused because it would never become too old.
    #[error("the verified record is malformed")]
    Malformed,
    /// It opened, but has a form that isn't known here: another version of the functions sealed it.
    #[error("the verified record has another version")]
    OtherVersion,
    /// It was sealed with a key that isn't in the ring (any more).
    #[error("the verified record was sealed with an unknown key")]
    UnknownKey,
    /// It was altered, or is a sealed value of another kind.
    #[error("the verified record was altered")]
    Forged,
    /// It is of another issuer, for example of another environment of the service.
    #[error("the verified record is of another issuer")]
    OtherIssuer,
    /// It is another user's, or came through another identity provider.
    #[error("the verified record belongs to another user")]
    Unlinked,
}

impl RecordRefusal {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [
        Self::Malformed,
        Self::OtherVersion,
        Self::UnknownKey,
        Self::Forged,
        Self::OtherIssuer,
        Self::Unlinked,
    ];

    /// Whether somebody must have altered the record. All other refusals occur in normal operation,
    /// when keys, environments or users change.
    #[must_use]
    pub const fn is_tampering(self) -> bool {
        matches!(self, Self::Forged)
    }
}

impl From<OpenError> for RecordRefusal {
    fn from(error: OpenError) -> Self {
        match error {
            // Anybody can write such a beginning without a key, so an unknown version of the seal
            // is malformed.
            OpenError::Malformed | OpenError::OtherVersion => Self::Malformed,
            OpenError::UnknownKey => Self::UnknownKey,
            OpenError::Forged => Self::Forged,
        }
    }
}

impl VerifiedPerson {
    /// Whether the person counts here: the verification isn't after `not_after` (in whole seconds),
    /// and is of one of these issuers.
    pub(crate) fn is_accepted(
        &self,
        issuers: &[&str],
        not_after: DateTime<Utc>,
    ) -> Result<(), RecordRefusal> {
        if self.verified_at.time().timestamp() > not_after.timestamp() {
            return Err(RecordRefusal::Malformed);
        }
        if !issuers.contains(&self.issuer.as_str()) {
            return Err(RecordRefusal::OtherIssuer);
        }
        Ok(())
    }

    /// The person in the form in which they are stored.
    pub(crate) fn stored<T>(&self, with: impl FnOnce(StoredWho<'_>, StoredFacts<'_>) -> T) -> T {
        let attributes = &self.attributes;
        let birth_date = attributes
            .birth_date
            .map(|date| Zeroizing::new(date.expose()));
        let who = StoredWho {
            issuer: &self.issuer,
            subject: &self.subject,
        };
        let facts = StoredFacts {
            name: attributes.name.as_ref().map(|name| name.expose()),
            address: attributes.address.as_ref().map(|address| address.expose()),
            birth_date: birth_date.as_ref().map(|date| date.as_str()),
            gender: attributes.gender.map(|gender| gender.expose()),
            verified_at: self.verified_at.into(),
            acr: self.acr.as_deref(),
        };
        with(who, facts)
    }

    /// Reads a stored person. The attributes are parsed by their types again, which are stricter
    /// than the stored form. `None` if one of them isn't valid.
    pub(crate) fn read(who: StoredWho<'_>, facts: StoredFacts<'_>) -> Option<Self> {
        Some(Self {
            attributes: FourAttributes {
                name: parsed(facts.name)?,
                address: parsed(facts.address)?,
                birth_date: parsed(facts.birth_date)?,
                gender: parsed(facts.gender)?,
            },
            verified_at: facts.verified_at.read()?,
            issuer: who.issuer.to_owned(),
            subject: who.subject.to_owned(),
            acr: facts.acr.map(str::to_owned),
        })
    }
}

/// Seals what is stored, for one purpose.
///
/// # Errors
///
/// [`SealRecordError`]; it doesn't say what was too long.
pub(crate) fn seal(
    purpose: &[u8],
    stored: impl Serialize,
    keys: &SealingKeys,
    randomness: &dyn Randomness,
) -> Result<String, SealRecordError> {
    // A buffer that can't grow leaves no copy of the plaintext in memory. Its size is also the
    // limit.
    let mut buffer = Zeroizing::new([0; PLAINTEXT_BYTES]);
    let plaintext = postcard::to_slice(&(VERSION, stored), buffer.as_mut_slice())
        .map_err(|_| SealRecordError::TooLong)?;
    Ok(keys.seal(purpose, &[], plaintext, randomness)?)
}

/// Opens a record of one purpose. `read` reads what is stored in it, from the first byte to the
/// last.
///
/// # Errors
///
/// [`RecordRefusal`].
pub(crate) fn open<T>(
    purpose: &[u8],
    sealed: &str,
    keys: &SealingKeys,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<T, RecordRefusal> {
    // An attacker can write a long attribute. No work is done for it.
    if sealed.len() > MAXIMUM_RECORD_BYTES {
        return Err(RecordRefusal::Malformed);
    }
    let opened = keys.open::<0>(purpose, sealed)?;
    match opened.plaintext.split_first() {
        Some((&VERSION, stored)) => read(stored).ok_or(RecordRefusal::Malformed),
        Some(_) => Err(RecordRefusal::OtherVersion),
        None => Err(RecordRefusal::Malformed),
    }
}

/// Reads what is stored, whose form is `T`. Not one byte may be left over.
pub(crate) fn whole<'a, T: Deserialize<'a>>(stored: &'a [u8]) -> Option<T> {
    let (stored, rest) = postcard::take_from_bytes(stored).ok()?;
    rest.is_empty().then_some(stored)
}

/// Whose a record is, in the form in which it is sealed. It may change only together with
/// [`VERSION`]. Older versions must stay readable, because the records of all users have them.
#[derive(Deserialize, Serialize)]
pub(crate) struct StoredWho<'a> {
    issuer: &'a str,
    subject: &'a str,
}

/// What the service said, in the form in which it is sealed. It may change only together with
/// [`VERSION`], as [`StoredWho`].
#[derive(Deserialize, Serialize)]
pub(crate) struct StoredFacts<'a> {
    name: Option<&'a str>,
    address: Option<&'a str>,
    birth_date: Option<&'a str>,
    gender: Option<&'a str>,
    verified_at: StoredTime,
    acr: Option<&'a str>,
}

/// Seconds since 1970.
#[derive(Clone, Copy, Deserialize, Serialize)]
enum StoredTime {
    Authentication(i64),
    IssuedAt(i64),
}

impl From<VerifiedAt> for StoredTime {
    fn from(at: VerifiedAt) -> Self {
        match at {
            VerifiedAt::Authentication(time) => Self::Authentication(time.timestamp()),
            VerifiedAt::IssuedAt(time) => Self::IssuedAt(time.timestamp()),
        }
    }
}

impl StoredTime {
    fn read(self) -> Option<VerifiedAt> {
        let time = |seconds| DateTime::from_timestamp(seconds, 0);
        Some(match self {
            Self::Authentication(seconds) => VerifiedAt::Authentication(time(seconds)?),
            Self::IssuedAt(seconds) => VerifiedAt::IssuedAt(time(seconds)?),
        })
    }
}

/// Parses an optional text as an attribute. `None` if there is a text and it isn't valid.
fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Option<Option<T>> {
    text.map(str::parse).transpose().ok()
}
