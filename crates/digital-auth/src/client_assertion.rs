//! The client proves who it is: `private_key_jwt` (OIDC Core §9, RFC 7523).
//! A new assertion for every token request; its `jti` is never used twice (contract §4).
//!
//! The service takes an assertion that expires within 60 seconds and wasn't issued in the future,
//! by its own clock, which is never quite ours. So `iat` lies a little behind our clock, and `exp`
//! under 60 seconds ahead of it: the assertion is good while our clock is between 40 s behind the
//! service's and 10 s ahead of it.

use chrono::{DateTime, Utc};
use keys::{NoRandomness, Randomness, SigningError, SigningKey};
use secrecy::SecretString;
use serde::Serialize;
use thiserror::Error;

/// How far ahead an assertion may expire for the service, and how long ago it may have been issued,
/// in seconds (contract §4).
pub const SERVICE_MAX_SECONDS: i64 = 60;

/// How long before now `iat` is, in seconds: so far may our clock be ahead of the service's.
pub const ISSUED_SECONDS_AGO: i64 = 11;

/// How long after now `exp` is, in seconds. With a clock that is 40 s behind, 8 s are left for the
/// request to arrive.
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

/// A new assertion that `client_id` holds `key`, for the token endpoint `audience` (one string:
/// contract §4).
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
