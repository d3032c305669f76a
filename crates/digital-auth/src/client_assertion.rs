//! The client assertion, with which the client authenticates itself: `private_key_jwt`
//! (OIDC Core §9, RFC 7523).
//! Every token request has a new assertion. Its `jti` is never used twice (contract S4).
//!
//! By its own clock, the service accepts an assertion that expires within 60 seconds and wasn't
//! issued in the future. The service's clock and ours always differ a little. So `iat` lies a
//! little before our time, and `exp` less than 60 seconds after it: the assertion is valid while
//! our clock is at most 40 s behind the service's clock and at most 10 s ahead of it.

use chrono::{DateTime, Utc};
use keys::{NoRandomness, Randomness, SigningError, SigningKey};
use secrecy::SecretString;
use serde::Serialize;
use thiserror::Error;

/// The service's limit in seconds, both for how far ahead an assertion may expire, and for how long
/// ago it may have been issued (contract S4).
pub const SERVICE_MAX_SECONDS: i64 = 60;

/// How long before now `iat` is, in seconds. Our clock may be ahead of the service's by less than
/// this.
pub const ISSUED_SECONDS_AGO: i64 = 11;

/// How long after now `exp` is, in seconds. If our clock is 40 s behind, the request has 8 s to
/// arrive.
pub const EXPIRES_IN_SECONDS: i64 = 48;

/// The value of `client_assertion_type` (RFC 7523 §2.2).
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Why there is no assertion.
#[derive(Debug, Error)]
pub enum ClientAssertionError {
    /// The key didn't sign.
    #[error("the client assertion could not be signed")]
    Signing(#[from] SigningError),
    /// There was no randomness for `jti`.
    #[error("no randomness for the client assertion")]
    Randomness(#[from] NoRandomness),
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: String,
    iat: i64,
    exp: i64,
}

/// Makes a new assertion that proves that `client_id` holds `key`. The audience is the address of
/// the token endpoint, as one string and not an array (contract S4).
///
/// # Errors
///
/// If the key doesn't sign or the randomness fails.
pub async fn client_assertion(
    key: &dyn SigningKey,
    client_id: &str,
    audience: &str,
    randomness: &dyn Randomness,
    now: DateTime<Utc>,
) -> Result<SecretString, ClientAssertionError> {
    let now = now.timestamp();
    let claims = Claims {
        iss: client_id,
        sub: client_id,
        aud: audience,
        jti: keys::random_base64url::<32>(randomness)?,
        iat: now - ISSUED_SECONDS_AGO,
        exp: now + EXPIRES_IN_SECONDS,
    };
    Ok(keys::sign_jwt(key, &claims).await?.into())
}
