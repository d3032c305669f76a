//! The verified record: what the service said about a person, sealed so that it can be proved
//! later.
//! It is one claim of the bridge's ID token, and one attribute in a user pool. Users may overwrite
//! the attributes in the user pool. So a record counts only if it opens and belongs to the user.
//! Every reason why it doesn't count is a [`RecordRefusal`] of its own.
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

/// The purpose of the seal. No other sealed value has it, so that none of them opens as a record,
/// even if they share a key.
const PURPOSE: &[u8] = b"digital-auth verified record";

const VERSION: u8 = 1;

/// The bytes that the seal takes: version, key id, nonce and tag.
const SEAL_BYTES: usize = 1 + 4 + 12 + 16;

/// The bytes that are left for the plaintext: base64url makes 4 characters of 3 bytes.
const PLAINTEXT_BYTES: usize = MAXIMUM_RECORD_BYTES * 3 / 4 - SEAL_BYTES;

/// What the service said about a person, and when.
///
/// `Debug` shows the issuer and the provider name, and nothing about the person.
#[derive(Clone, Eq, PartialEq)]
pub struct VerifiedRecord {
    /// The service's issuer. Each environment of the service has its own.
    pub issuer: String,
    /// The person's subject as the user pool has it. Personal information.
    pub subject: String,
    /// The name of the identity provider in the user pool through which the record came.
    pub provider_name: String,
    /// The attributes that the service gave. An attribute that was not asked for is `None`.
    pub attributes: FourAttributes,
    /// When the person was verified.
    pub verified_at: VerifiedAt,
    /// How strongly the person authenticated: the service's `acr`, if it gave one (OIDC Core §2).
    pub acr: Option<String>,
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

/// To whom a record must belong, and how old it may be.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The accepted issuers of the service: the record must be of one of them. There are several if
    /// the service has changed its issuer.
    pub issuers: &'a [&'a str],
    /// The name of the identity provider in the user pool.
    pub provider_name: &'a str,
    /// The user's subjects at this provider: the record must be of exactly one of these, and upper
    /// and lower case are told apart. If there are none, every record is refused.
    pub subjects: &'a [&'a str],
    /// The earliest verification that counts, in whole seconds. `None` is no limit.
    pub not_before: Option<DateTime<Utc>>,
    /// The latest possible verification, in whole seconds: now, plus how far the clock of the
    /// software that sealed the record may be ahead.
    pub not_after: DateTime<Utc>,
}

/// Shows nothing about the person.
impl fmt::Debug for Expected<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Expected")
            .field("issuers", &self.issuers)
            .field("provider_name", &self.provider_name)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
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
/// issuer, its user and its age.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
pub enum RecordRefusal {
    /// It isn't in the form of a record, or its time of verification lies in the future. A record
    /// with a future time opened, so nobody altered it: only a defect of the software that sealed
    /// it can cause that. It is refused because it would never become too old.
    #[error("the verified record is malformed")]
    Malformed,
    /// It opened, but has a form that isn't known here: another version of the bridge sealed it.
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
    /// The verification is too long ago.
    #[error("the verified record is too old")]
    TooOld,
}

impl RecordRefusal {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::OtherVersion,
        Self::UnknownKey,
        Self::Forged,
        Self::OtherIssuer,
        Self::Unlinked,
        Self::TooOld,
    ];

    /// Whether somebody must have altered the record. All other refusals occur in normal operation,
    /// when keys, environments or users change.
    #[must_use]
    pub const fn is_tampering(self) -> bool {
        matches!(self, Self::Forged)
    }
}

impl VerifiedRecord {
    /// Seals the record as visible ASCII of at most [`MAXIMUM_RECORD_BYTES`] bytes. A name of 100
    /// characters and an address of 200 characters fit, with 4 bytes per character, together with a
    /// subject of 95, a provider name of 32, an issuer of 60 and an `acr` of 40 bytes.
    ///
    /// # Errors
    ///
    /// [`SealRecordError`]; it doesn't say what was too long.
    pub fn seal(
        &self,
        keys: &SealingKeys,
        randomness: &dyn Randomness,
    ) -> Result<String, SealRecordError> {
        let birth_date = self
            .attributes
            .birth_date
            .map(|date| Zeroizing::new(date.expose()));
        let stored = Stored {
            issuer: &self.issuer,
            subject: &self.subject,
            provider_name: &self.provider_name,
            name: self.attributes.name.as_ref().map(|name| name.expose()),
            address: self
                .attributes
                .address
                .as_ref()
                .map(|address| address.expose()),
            birth_date: birth_date.as_ref().map(|date| date.as_str()),
            gender: self.attributes.gender.map(|gender| gender.expose()),
            verified_at: self.verified_at.into(),
            acr: self.acr.as_deref(),
        };
        // A buffer that can't grow leaves no copy of the plaintext in memory. Its size is also the
        // limit.
        let mut buffer = Zeroizing::new([0; PLAINTEXT_BYTES]);
        let plaintext = postcard::to_slice(&(VERSION, stored), buffer.as_mut_slice())
            .map_err(|_| SealRecordError::TooLong)?;
        Ok(keys.seal(PURPOSE, &[], plaintext, randomness)?)
    }

    /// Opens a record and checks that it is the one that is expected.
    ///
    /// # Errors
    ///
    /// [`RecordRefusal`].
    pub fn open(
        sealed: &str,
        keys: &SealingKeys,
        expected: &Expected<'_>,
    ) -> Result<Self, RecordRefusal> {
        // An attacker can write a long attribute. No work is done for it.
        if sealed.len() > MAXIMUM_RECORD_BYTES {
            return Err(RecordRefusal::Malformed);
        }
        let opened = keys.open::<0>(PURPOSE, sealed)?;
        let record = Self::read(&opened.plaintext)?;
        let time = record.verified_at.time().timestamp();
        if time > expected.not_after.timestamp() {
            return Err(RecordRefusal::Malformed);
        }
        if !expected.issuers.contains(&record.issuer.as_str()) {
            return Err(RecordRefusal::OtherIssuer);
        }
        if record.provider_name != expected.provider_name
            || !expected.subjects.contains(&record.subject.as_str())
        {
            return Err(RecordRefusal::Unlinked);
        }
        if expected
            .not_before
            .is_some_and(|earliest| time < earliest.timestamp())
        {
            return Err(RecordRefusal::TooOld);
        }
        Ok(record)
    }

    /// Reads the plaintext. The attributes are parsed by their types again, which are stricter than
    /// the stored form.
    fn read(plaintext: &[u8]) -> Result<Self, RecordRefusal> {
        match plaintext.split_first() {
            Some((&VERSION, stored)) => Self::read_form(stored).ok_or(RecordRefusal::Malformed),
            Some(_) => Err(RecordRefusal::OtherVersion),
            None => Err(RecordRefusal::Malformed),
        }
    }

    /// Reads what follows the version.
    fn read_form(stored: &[u8]) -> Option<Self> {
        let (stored, rest) = postcard::take_from_bytes::<Stored<'_>>(stored).ok()?;
        if !rest.is_empty() {
            return None;
        }
        Some(Self {
            attributes: FourAttributes {
                name: parsed(stored.name)?,
                address: parsed(stored.address)?,
                birth_date: parsed(stored.birth_date)?,
                gender: parsed(stored.gender)?,
            },
            verified_at: stored.verified_at.read()?,
            issuer: stored.issuer.to_owned(),
            subject: stored.subject.to_owned(),
            provider_name: stored.provider_name.to_owned(),
            acr: stored.acr.map(str::to_owned),
        })
    }
}

impl fmt::Debug for VerifiedRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifiedRecord")
            .field("issuer", &self.issuer)
            .field("provider_name", &self.provider_name)
            .finish_non_exhaustive()
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

/// The form in which a record is sealed. It may change only together with [`VERSION`]. Older
/// versions must stay readable, because the records of all users have them.
#[derive(Deserialize, Serialize)]
struct Stored<'a> {
    issuer: &'a str,
    subject: &'a str,
    provider_name: &'a str,
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
