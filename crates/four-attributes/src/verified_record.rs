//! What the service said about a person, sealed: so that it can be proved later, wherever it lay
//! meanwhile.
//! It travels as one claim and lies as one attribute in a user pool, whose other attributes their
//! user may overwrite. A record counts only if it opens and belongs to the user: everything else
//! has a refusal of its own.
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

/// How long a sealed record is at most, in bytes: less than the 2,048 that Amazon Cognito stores.
pub const MAXIMUM_RECORD_BYTES: usize = 2_047;

/// What no other sealed value has, so that none of them opens as a record, also where they share a
/// key.
const PURPOSE: &[u8] = b"digital-auth verified record";

const VERSION: u8 = 1;

/// What the seal takes: version, key id, nonce and tag.
const SEAL_BYTES: usize = 1 + 4 + 12 + 16;

/// What is left for the plaintext: base64url makes 4 characters of 3 bytes.
const PLAINTEXT_BYTES: usize = MAXIMUM_RECORD_BYTES * 3 / 4 - SEAL_BYTES;

/// What the service said about a person, to whom, and when.
///
/// `Debug` shows where it is from, and nothing of the person.
#[derive(Clone, Eq, PartialEq)]
pub struct VerifiedRecord {
    /// The issuer of the service: another environment has another one.
    pub issuer: String,
    /// The person's subject as the user pool has it. Personal information.
    pub subject: String,
    /// The name of the identity provider in the user pool through which it came.
    pub provider_name: String,
    /// What the service said. What was not asked for isn't there.
    pub attributes: FourAttributes,
    /// When it was verified.
    pub verified_at: VerifiedAt,
    /// How strongly: the service's `acr`, if it gave one (OIDC Core §2).
    pub acr: Option<String>,
}

/// When the person was verified, in whole seconds: what is finer isn't kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VerifiedAt {
    /// The service's `auth_time`: when it authenticated the person.
    Authentication(DateTime<Utc>),
    /// The `iat` of the service's ID token, where it gave no `auth_time`. It authenticated the
    /// person then or before.
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
    /// The issuers of the service: the record must be of one of them. More than one where the
    /// service has changed its own.
    pub issuers: &'a [&'a str],
    /// The name of the identity provider in the user pool.
    pub provider_name: &'a str,
    /// The user's subjects at this provider: the record must be of one of them, exactly, upper and
    /// lower case told apart. Of none of them if it is empty.
    pub subjects: &'a [&'a str],
    /// The earliest verification that counts, in whole seconds. Any, if `None`.
    pub not_before: Option<DateTime<Utc>>,
    /// The latest verification that can have been, in whole seconds: now, and how far the clock of
    /// whoever sealed it may be ahead.
    pub not_after: DateTime<Utc>,
}

/// Shows nothing of the person.
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
    /// It would be longer than [`MAXIMUM_RECORD_BYTES`].
    #[error("the verified record is too long for a user pool")]
    TooLong,
    /// It could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Why a record doesn't count. Of several reasons the first counts, in the order of these variants;
/// only what opened can be malformed within, of another issuer, unlinked or too old.
#[derive(Clone, Copy, Debug, Eq, Error, Hash, PartialEq)]
pub enum RecordRefusal {
    /// It isn't in the form of a record, or tells of a verification that has yet to come. The
    /// latter opened, so nobody altered it: only a defect of whoever sealed it can bring it about,
    /// and it would never be too old.
    #[error("the verified record is malformed")]
    Malformed,
    /// It opened, and has a form that isn't known here: whoever sealed it is of another version.
    #[error("the verified record has another version")]
    OtherVersion,
    /// It was sealed with a key that isn't in the ring (any more).
    #[error("the verified record was sealed with an unknown key")]
    UnknownKey,
    /// It was altered, or is a sealed value of another kind.
    #[error("the verified record was altered")]
    Forged,
    /// It is of another issuer: of another environment of the service.
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

    /// Whether somebody must have altered it. Everything else happens in the life of keys,
    /// environments and users.
    #[must_use]
    pub const fn is_tampering(self) -> bool {
        matches!(self, Self::Forged)
    }
}

impl VerifiedRecord {
    /// Seals the record: visible ASCII, [`MAXIMUM_RECORD_BYTES`] at most. A name of 100 and an
    /// address of 200 characters fit, of 4 bytes each, with a subject of 95, a provider name of 32,
    /// an issuer of 60 and an `acr` of 40 bytes.
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
        // A buffer that can't grow leaves no copy of the plaintext behind, and is the limit too.
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
        // Whoever can write the attribute can make it long: no work for that.
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

    /// Reads the plaintext. The attributes go through their types again, which are stricter than
    /// the form.
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
            // Anybody can write such a beginning.
            OpenError::Malformed | OpenError::OtherVersion => Self::Malformed,
            OpenError::UnknownKey => Self::UnknownKey,
            OpenError::Forged => Self::Forged,
        }
    }
}

/// The form in which it is sealed. It may only change together with [`VERSION`], whose older values
/// must stay readable: the records of all users are in it.
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

/// The attribute that this text is, if there is one; `None` if it is no such attribute.
fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Option<Option<T>> {
    text.map(str::parse).transpose().ok()
}
