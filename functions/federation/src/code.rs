//! The code that Amazon Cognito gets. It holds what is needed to exchange the service's code, and
//! what the client asked for, sealed for 60 seconds. It can be used only once, because the
//! service's code can be used only once.

use std::fmt;

use chrono::TimeDelta;
use digital_auth::CodeExchange;
use keys::Randomness;
use serde::{Deserialize, Serialize};

use crate::pending_login::ClientRequest;
use sealing::SealError;
use sealing::sealed::{self, OpenError, Purpose, Seal, Travels};

/// How long a code is valid: as long as the service's own (contract S3).
pub const LIFETIME: TimeDelta = TimeDelta::seconds(60);

/// The version of the sealed form of a [`Code`]. It changes together with the form.
const VERSION: u8 = 1;

/// The content of a code: the [pending login](crate::pending_login::PendingLogin) after the
/// service's answer, without the service's and the client's `state`, which aren't needed any more.
///
/// It serializes only inside its seal: it has serde's functions, but doesn't implement `Serialize`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(remote = "Self")]
pub struct Code {
    /// The service's code, and the one-time values of the login there.
    #[serde(with = "CodeExchange")]
    pub exchange: CodeExchange,
    /// The client's redirect URI, which the token request has to repeat (RFC 6749 §4.1.3).
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
    /// Seals the code: the text that Cognito gets.
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
