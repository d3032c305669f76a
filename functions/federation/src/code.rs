//! The code that Amazon Cognito gets: what the service's code is exchanged with, and what the
//! client asked of its tokens, sealed for 60 seconds. It can be used once, because the service's
//! code can.

use std::fmt;

use chrono::TimeDelta;
use digital_auth::CodeExchange;
use keys::Randomness;
use serde::{Deserialize, Serialize};

use crate::pending_login::ClientRequest;
use crate::sealed::{self, OpenError, Purpose, Seal, SealError, Travels};

/// How long a code is good for: as long as the service's own (contract §3).
pub const LIFETIME: TimeDelta = TimeDelta::seconds(60);

/// The version of the form in which a [`Code`] is sealed. Both change together.
const VERSION: u8 = 1;

/// What a code holds: the [pending login](crate::pending_login::PendingLogin) after the service's
/// answer. Both states have done their work by then.
///
/// It serializes inside its seal and nowhere else: serde's functions are there, `Serialize` isn't.
#[derive(Clone, Deserialize, Serialize)]
#[serde(remote = "Self")]
pub struct Code {
    /// The service's code, and the one-time values of the login there.
    #[serde(with = "CodeExchange")]
    pub exchange: CodeExchange,
    /// The client's redirect URI, which has to come again (RFC 6749 §4.1.3).
    pub redirect_uri: String,
    /// What the client asked for.
    #[serde(with = "ClientRequest")]
    pub client_request: ClientRequest,
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Code(…)")
    }
}

impl Code {
    /// The code on the wire.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn seal(&self, seal: Seal<'_>, randomness: &dyn Randomness) -> Result<String, SealError> {
        let inside = sealed::write(VERSION, |inside| Self::serialize(self, inside))?;
        seal.seal(Self::PURPOSE, seal.now + LIFETIME, &inside, randomness)
    }
}

impl Travels for Code {
    const PURPOSE: Purpose = Purpose::Code;

    fn read(inside: &[u8]) -> Result<Self, OpenError> {
        sealed::read(VERSION, inside, |inside| Self::deserialize(inside))
    }
}
