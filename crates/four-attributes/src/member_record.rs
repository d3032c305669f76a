//! The record of a member's verification: what the service said about the person who proved with
//! the card that this user of the pool is theirs.
//! It is an attribute of its own, which no app client may read or write. It belongs to the user by
//! `sub`, which nobody can change, and to one user pool. A record that was copied to another user,
//! or to a user of another pool, doesn't count.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use chrono::{DateTime, Utc};
use sealing::{NoRandomness, Randomness, SealingKeys};
use serde::{Deserialize, Serialize};

use crate::verified_person::{
    self, RecordRefusal, SealRecordError, StoredFacts, StoredWho, VerifiedPerson,
};

/// The purpose of the seal. No other sealed value has it, so that none of them opens as a member's
/// record, and a member's record opens as nothing else.
const PURPOSE: &[u8] = b"digital-auth member record";

/// The id of one verification of a member: 16 random bytes, which say nothing about anybody. It is
/// in the record in the user pool, and in the table of persons and members, so that the two can be
/// compared. A verification that goes on later, or is repeated because its answer was lost, keeps
/// its id.
#[derive(Clone, Copy, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct VerificationId([u8; Self::BYTES]);

impl VerificationId {
    /// How many bytes an id has.
    pub const BYTES: usize = 16;

    /// The id of a verification that begins now.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`].
    pub fn new(randomness: &dyn Randomness) -> Result<Self, NoRandomness> {
        let mut bytes = [0; Self::BYTES];
        randomness.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The id with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; Self::BYTES] {
        self.0
    }
}

impl fmt::Debug for VerificationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VerificationId(…)")
    }
}

/// The user of a pool to whom a record belongs. `Debug` shows the pool alone.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Holder<'a> {
    /// The user pool's id.
    pub user_pool_id: &'a str,
    /// The user's `sub` in the pool.
    pub sub: &'a str,
}

impl fmt::Debug for Holder<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Holder")
            .field("user_pool_id", &self.user_pool_id)
            .finish_non_exhaustive()
    }
}

impl Holder<'_> {
    /// What a record keeps of its holder, however long the pool's id is: SHA-256 of both texts,
    /// each after its length.
    fn hash(self) -> [u8; 32] {
        let mut hash = Context::new(&SHA256);
        for text in [self.user_pool_id, self.sub] {
            hash.update(&(text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(hash.finish().as_ref()) {
            *to = *from;
        }
        bytes
    }
}

/// What the service said about a person at a verification, and which verification it was.
///
/// `Debug` shows the issuer, and nothing about the person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberRecord {
    /// The verification.
    pub id: VerificationId,
    /// What the service said.
    pub person: VerifiedPerson,
}

impl MemberRecord {
    /// Seals the record for its holder, as visible ASCII of at most
    /// [`MAXIMUM_RECORD_BYTES`](crate::MAXIMUM_RECORD_BYTES) bytes. A name of 100 characters and an
    /// address of 200 characters fit, with 4 bytes per character, together with a subject of 95, an
    /// issuer of 60 and an `acr` of 40 bytes.
    ///
    /// # Errors
    ///
    /// [`SealRecordError`]; it doesn't say what was too long.
    pub fn seal(
        &self,
        holder: Holder<'_>,
        keys: &SealingKeys,
        randomness: &dyn Randomness,
    ) -> Result<String, SealRecordError> {
        self.person.stored(|who, facts| {
            let stored = Stored {
                holder: holder.hash(),
                id: self.id,
                who,
                facts,
            };
            verified_person::seal(PURPOSE, stored, keys, randomness)
        })
    }

    /// Opens a record, and checks that it belongs to `holder`, is of one of these `issuers` of the
    /// service, and that the verification isn't after `not_after` (in whole seconds).
    ///
    /// # Errors
    ///
    /// [`RecordRefusal`].
    pub fn open(
        sealed: &str,
        keys: &SealingKeys,
        holder: Holder<'_>,
        issuers: &[&str],
        not_after: DateTime<Utc>,
    ) -> Result<Self, RecordRefusal> {
        let (record, belongs) = Self::opened(sealed, keys, holder)?;
        record.person.is_accepted(issuers, not_after)?;
        if belongs {
            Ok(record)
        } else {
            Err(RecordRefusal::Unlinked)
        }
    }

    /// The verification of a record that belongs to `holder`, whatever its issuer and its time.
    ///
    /// # Errors
    ///
    /// [`RecordRefusal`].
    pub fn id_of(
        sealed: &str,
        keys: &SealingKeys,
        holder: Holder<'_>,
    ) -> Result<VerificationId, RecordRefusal> {
        match Self::opened(sealed, keys, holder)? {
            (record, true) => Ok(record.id),
            (_, false) => Err(RecordRefusal::Unlinked),
        }
    }

    /// The record, and whether it belongs to `holder`.
    fn opened(
        sealed: &str,
        keys: &SealingKeys,
        holder: Holder<'_>,
    ) -> Result<(Self, bool), RecordRefusal> {
        verified_person::open(PURPOSE, sealed, keys, |stored| {
            let stored: Stored<'_> = verified_person::whole(stored)?;
            let record = Self {
                id: stored.id,
                person: VerifiedPerson::read(stored.who, stored.facts)?,
            };
            Some((record, stored.holder == holder.hash()))
        })
    }
}

/// The form in which a record is sealed.
#[derive(Deserialize, Serialize)]
struct Stored<'a> {
    holder: [u8; 32],
    id: VerificationId,
    #[serde(borrow)]
    who: StoredWho<'a>,
    #[serde(borrow)]
    facts: StoredFacts<'a>,
}
