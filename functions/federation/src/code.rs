//! The code that Amazon Cognito gets: the service's code and what is needed to exchange it, sealed for 60 seconds.
//! It can be used once, because the service's code can.

use std::fmt;

use chrono::{DateTime, Utc};
use digital_auth::authorization::Secret256;
use keys::Randomness;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::sealed::{self, OpenError, Purpose, Seal, SealError};

/// How long a code is good for: as long as the service's own (contract §3).
pub const LIFETIME_SECONDS: i64 = 60;

/// What a code holds.
#[derive(Clone)]
pub struct Code {
    /// The service's code.
    pub service_code: SecretString,
    /// The login's PKCE verifier.
    pub code_verifier: Secret256,
    /// The login's nonce.
    pub nonce: Secret256,
    /// The client's redirect URI, which has to come again (RFC 6749 §4.1.3).
    pub redirect_uri: String,
    /// The client's nonce.
    pub client_nonce: Option<String>,
    /// The client's PKCE challenge.
    pub client_code_challenge: Option<[u8; 32]>,
    /// The person must have authenticated at this second or later.
    pub authenticated_after: Option<i64>,
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Code(…)")
    }
}

/// The version of [`Stored`].
const VERSION: u8 = 1;

/// The form in which it is sealed. It changes together with [`VERSION`].
#[derive(Deserialize, Serialize)]
struct Stored<'a> {
    service_code: &'a str,
    code_verifier: [u8; 32],
    nonce: [u8; 32],
    redirect_uri: &'a str,
    client_nonce: Option<&'a str>,
    client_code_challenge: Option<[u8; 32]>,
    authenticated_after: Option<i64>,
}

impl Code {
    /// The code on the wire.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn seal(
        &self,
        seal: Seal<'_>,
        expires_at: DateTime<Utc>,
        randomness: &dyn Randomness,
    ) -> Result<String, SealError> {
        let stored = Stored {
            service_code: self.service_code.expose_secret(),
            code_verifier: *self.code_verifier.expose_bytes(),
            nonce: *self.nonce.expose_bytes(),
            redirect_uri: &self.redirect_uri,
            client_nonce: self.client_nonce.as_deref(),
            client_code_challenge: self.client_code_challenge,
            authenticated_after: self.authenticated_after,
        };
        let stored = sealed::write(&stored, VERSION)?;
        seal.seal(Purpose::Code, expires_at, &stored, randomness)
    }

    /// Opens a code.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(code: &str, seal: Seal<'_>) -> Result<Self, OpenError> {
        let opened = seal.open(Purpose::Code, code)?;
        let stored: Stored<'_> = sealed::read(&opened, VERSION)?;
        Ok(Self {
            service_code: SecretString::from(stored.service_code),
            code_verifier: Secret256::from_bytes(stored.code_verifier),
            nonce: Secret256::from_bytes(stored.nonce),
            redirect_uri: stored.redirect_uri.to_owned(),
            client_nonce: stored.client_nonce.map(str::to_owned),
            client_code_challenge: stored.client_code_challenge,
            authenticated_after: stored.authenticated_after,
        })
    }
}
