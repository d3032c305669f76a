//! The verified record of a sign-in with the card: what the service said about a person, sealed so
//! that it can be proved later.
//! It is one claim of the bridge's ID token, and one attribute in a user pool. Users may overwrite
//! the attributes in the user pool. So a record counts only if it opens and belongs to the user.
//! Every reason why it doesn't count is a [`RecordRefusal`] of its own.

use std::fmt;

use chrono::{DateTime, Utc};
use sealing::{Randomness, SealingKeys};
use serde::{Deserialize, Serialize};

use crate::verified_person::{
    self, RecordRefusal, SealRecordError, StoredFacts, StoredWho, VerifiedPerson,
};

/// The purpose of the seal. No other sealed value has it, so that none of them opens as a record,
/// even if they share a key.
const PURPOSE: &[u8] = b"digital-auth verified record";

/// What the service said about a person at a sign-in, and the provider through which it came.
///
/// `Debug` shows the issuer and the provider name, and nothing about the person.
#[derive(Clone, Eq, PartialEq)]
pub struct VerifiedRecord {
    /// The name of the identity provider in the user pool through which the record came.
    pub provider_name: String,
    /// What the service said.
    pub person: VerifiedPerson,
}

/// To whom a record must belong.
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
            .finish_non_exhaustive()
    }
}

impl VerifiedRecord {
    /// Seals the record as visible ASCII of at most
    /// [`MAXIMUM_RECORD_BYTES`](crate::MAXIMUM_RECORD_BYTES) bytes. A name of 100 characters and an
    /// address of 200 characters fit, with 4 bytes per character, together with a subject of 95, a
    /// provider name of 32, an issuer of 60 and an `acr` of 40 bytes.
    ///
    /// # Errors
    ///
    /// [`SealRecordError`]; it doesn't say what was too long.
    pub fn seal(
        &self,
        keys: &SealingKeys,
        randomness: &dyn Randomness,
    ) -> Result<String, SealRecordError> {
        self.person.stored(|who, facts| {
            let stored = Stored {
                who,
                provider_name: &self.provider_name,
                facts,
            };
            verified_person::seal(PURPOSE, stored, keys, randomness)
        })
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
        let record = verified_person::open(PURPOSE, sealed, keys, Self::read)?;
        let person = &record.person;
        person.is_accepted(expected.issuers, expected.not_after)?;
        if record.provider_name != expected.provider_name
            || !expected.subjects.contains(&person.subject.as_str())
        {
            return Err(RecordRefusal::Unlinked);
        }
        Ok(record)
    }

    fn read(stored: &[u8]) -> Option<Self> {
        let stored: Stored<'_> = verified_person::whole(stored)?;
        Some(Self {
            provider_name: stored.provider_name.to_owned(),
            person: VerifiedPerson::read(stored.who, stored.facts)?,
        })
    }
}

impl fmt::Debug for VerifiedRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerifiedRecord")
            .field("issuer", &self.person.issuer)
            .field("provider_name", &self.provider_name)
            .finish_non_exhaustive()
    }
}

/// The form in which a record is sealed.
#[derive(Deserialize, Serialize)]
struct Stored<'a> {
    #[serde(borrow)]
    who: StoredWho<'a>,
    provider_name: &'a str,
    #[serde(borrow)]
    facts: StoredFacts<'a>,
}
