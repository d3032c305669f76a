//! The code that the app gets at its return URL: the service's code, with the one-time values of
//! the exchange, and who began. It can be used only once, because the service's code can be used
//! only once, and only by the member who began.

use std::fmt;

use chrono::TimeDelta;
use digital_auth::CodeExchange;
use sealing::sealed::{self, OpenError, Purpose, Seal, Travels};
use sealing::{Randomness, SealError};
use serde::{Deserialize, Serialize};

use crate::ticket::Begun;

/// How long a code is valid: as long as the service's own (contract S3).
const LIFETIME: TimeDelta = TimeDelta::seconds(60);

/// The version of the sealed form of a [`VerificationCode`]. It changes together with the form.
const VERSION: u8 = 1;

/// The content of a code. It serializes only inside its seal.
#[derive(Clone, Deserialize, Serialize)]
#[serde(remote = "Self")]
pub struct VerificationCode {
    /// The service's code, and the one-time values of the exchange.
    #[serde(with = "CodeExchange")]
    pub exchange: CodeExchange,
    /// Who began.
    #[serde(with = "Begun")]
    pub begun: Begun,
}

impl fmt::Debug for VerificationCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VerificationCode(…)")
    }
}

impl VerificationCode {
    /// Seals the code: the text that the app gets.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn seal(&self, seal: Seal<'_>, randomness: &dyn Randomness) -> Result<String, SealError> {
        let inside = sealed::write(VERSION, |inside| Self::serialize(self, inside))?;
        seal.seal(Self::PURPOSE, seal.now + LIFETIME, &inside, randomness)
    }
}

impl Travels for VerificationCode {
    const PURPOSE: Purpose = Purpose::VerificationCode;

    fn read(inside: &[u8]) -> Result<Self, OpenError> {
        sealed::read(VERSION, inside, |inside| Self::deserialize(inside))
    }
}
