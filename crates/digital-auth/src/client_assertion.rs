//! The client proves who it is: `private_key_jwt` (OIDC Core §9, RFC 7523).
//! A new assertion for every token request, valid for 60 seconds; its `jti` is never used twice
//! (contract §4).

use chrono::{DateTime, Utc};
use keys::{NoRandomness, Randomness, SigningError, SigningKey};
use secrecy::SecretString;
use serde::Serialize;
use thiserror::Error;

/// How long an assertion is valid, in seconds: the service accepts no more (contract §4).
const LIFETIME_SECONDS: i64 = 60;

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

/// A new assertion that `client_id` holds `key`, for the token endpoint `audience` (one string: contract §4).
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
    let iat = now.timestamp();
    let claims = Claims {
        iss: client_id,
        sub: client_id,
        aud: audience,
        jti: keys::random_base64url::<32>(randomness)?,
        iat,
        exp: iat + LIFETIME_SECONDS,
    };
    Ok(keys::sign_jwt(key, &claims).await?.into())
}
