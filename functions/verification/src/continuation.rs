//! With what a verification goes on whose code is spent: what the exchange with the service
//! brought, sealed for the member who began. It is bound to member, app client and verifier, as the
//! code was, and valid for ten minutes.

use std::fmt;

use chrono::TimeDelta;
use four_attributes::VerificationId;
use member_flow::Begun;
use sealing::sealed::{self, OpenError, Purpose, Seal, Travels};
use sealing::{Randomness, SealError};
use serde::{Deserialize, Serialize};

/// How long a continuation is valid.
const LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// The version of the sealed form of a [`Continuation`]. It changes together with the form.
const VERSION: u8 = 1;

/// The content of a continuation. It serializes only inside its seal.
#[derive(Clone, Deserialize, Serialize)]
#[serde(remote = "Self")]
pub struct Continuation {
    /// Who began.
    #[serde(with = "Begun")]
    pub begun: Begun,
    /// The verification. Whatever was begun under this id goes on.
    pub id: VerificationId,
    /// The record, sealed as it will be in the user pool.
    pub record: String,
    /// Whether it is known that the person has no second account by logins with the card. Then the
    /// user pool isn't asked again: its limit of reads is the account's.
    pub is_alone: bool,
    /// How often the verification had to stop before.
    pub stops: u8,
}

impl fmt::Debug for Continuation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Continuation(…)")
    }
}

impl Continuation {
    /// Seals the continuation: the text that the app gets.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn seal(&self, seal: Seal<'_>, randomness: &dyn Randomness) -> Result<String, SealError> {
        let inside = sealed::write(VERSION, |inside| Self::serialize(self, inside))?;
        seal.seal(Self::PURPOSE, seal.now + LIFETIME, &inside, randomness)
    }
}

impl Travels for Continuation {
    const PURPOSE: Purpose = Purpose::Continuation;

    fn read(inside: &[u8]) -> Result<Self, OpenError> {
        sealed::read(VERSION, inside, |inside| Self::deserialize(inside))
    }
}
