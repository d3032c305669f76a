//! The tokens that Amazon Cognito gets: the bridge's own ID token, and an access token that holds
//! the claims of userinfo, sealed.
//! The attributes are in the ID token, too, so that they aren't lost if userinfo fails: Cognito
//! goes on with the login then (contract C3). The verified record is only in the ID token, so that
//! it can come from nothing but this login.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use digital_auth::VerifiedLogin;
use four_attributes::{SealRecordError, VerifiedAt, VerifiedRecord};
use keys::{Randomness, SigningError, SigningKey};
use relying_party::person::verified_person;
use sealing::SealingKeys;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use user_pool::claim;

use sealing::SealError;
use sealing::sealed::{OpenError, Purpose, Seal, Travels};

/// How long both tokens are valid, in seconds.
pub const LIFETIME_SECONDS: i64 = 300;

/// The issuer of the tokens, and the client for which they are.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// The bridge's issuer.
    pub issuer: &'a str,
    /// The client ID.
    pub client_id: &'a str,
}

/// What is needed to seal the service's statements as a verified record, which the triggers open
/// later.
#[derive(Clone, Copy, Debug)]
pub struct RecordSeal<'a> {
    /// The keys of the verified records.
    pub keys: &'a SealingKeys,
    /// The service's issuer.
    pub service_issuer: &'a str,
    /// The bridge's name in the user pool.
    pub provider_name: &'a str,
}

/// The content of an access token.
pub struct AccessToken {
    /// The claims of userinfo, in JSON.
    pub claims: String,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AccessToken(…)")
    }
}

impl Travels for AccessToken {
    const PURPOSE: Purpose = Purpose::AccessToken;

    /// The content is JSON, in which every member has its name. So it needs no version.
    fn read(inside: &[u8]) -> Result<Self, OpenError> {
        let claims = std::str::from_utf8(inside).map_err(|_| OpenError::OtherVersion)?;
        Ok(Self {
            claims: claims.to_owned(),
        })
    }
}

/// Both tokens.
#[derive(Debug)]
pub struct IssuedTokens {
    /// The signed ID token.
    pub id_token: SecretString,
    /// The sealed access token.
    pub access_token: SecretString,
}

/// Why there are no tokens.
#[derive(Debug)]
pub enum IssueError {
    /// The access token or the record could not be sealed.
    Seal,
    /// The record doesn't fit into a user pool.
    RecordTooLong,
    /// The ID token could not be signed.
    Signing(SigningError),
}

impl From<SealError> for IssueError {
    fn from(_: SealError) -> Self {
        Self::Seal
    }
}

impl From<SealRecordError> for IssueError {
    fn from(error: SealRecordError) -> Self {
        match error {
            SealRecordError::TooLong => Self::RecordTooLong,
            SealRecordError::Seal(_) => Self::Seal,
        }
    }
}

/// Issues both tokens.
///
/// # Errors
///
/// [`IssueError`].
pub async fn issue(
    login: &VerifiedLogin,
    nonce: Option<&str>,
    parties: Parties<'_>,
    key: &dyn SigningKey,
    seal: Seal<'_>,
    record_seal: RecordSeal<'_>,
    randomness: &dyn Randomness,
) -> Result<IssuedTokens, IssueError> {
    let record = VerifiedRecord {
        provider_name: record_seal.provider_name.to_owned(),
        person: verified_person(login, record_seal.service_issuer),
    };
    let sealed_record = record.seal(record_seal.keys, randomness)?;
    let mut claims = user_pool::claims(&login.attributes);
    claims.insert("sub".to_owned(), record.person.subject.into());

    let userinfo =
        zeroize::Zeroizing::new(serde_json::to_vec(&claims).map_err(|_| IssueError::Seal)?);
    let expires_at = seal.now + TimeDelta::seconds(LIFETIME_SECONDS);
    let access_token = seal.seal(AccessToken::PURPOSE, expires_at, &userinfo, randomness)?;

    claims.extend(id_token_claims(
        login,
        nonce,
        parties,
        &access_token,
        seal.now,
    ));
    claims.insert(claim::VERIFIED_RECORD.to_owned(), sealed_record.into());
    // Only `auth_time` is the time of the verification: the `iat` of a token isn't.
    if let VerifiedAt::Authentication(time) = record.person.verified_at {
        claims.insert(claim::VERIFIED_AT.to_owned(), time.timestamp().into());
    }
    let id_token = keys::sign_jwt(key, &claims)
        .await
        .map_err(IssueError::Signing)?;
    Ok(IssuedTokens {
        id_token: id_token.into(),
        access_token: access_token.into(),
    })
}

/// The claims of the ID token beside the attributes (OIDC Core §2).
fn id_token_claims(
    login: &VerifiedLogin,
    nonce: Option<&str>,
    parties: Parties<'_>,
    access_token: &str,
    now: DateTime<Utc>,
) -> Map<String, Value> {
    let issued_at = now.timestamp();
    let mut claims = Map::from_iter([
        ("iss".to_owned(), parties.issuer.into()),
        ("aud".to_owned(), parties.client_id.into()),
        ("iat".to_owned(), issued_at.into()),
        ("exp".to_owned(), (issued_at + LIFETIME_SECONDS).into()),
        ("at_hash".to_owned(), access_token_hash(access_token).into()),
    ]);
    let mut optional = |name: &str, value: Option<Value>| {
        claims.extend(value.map(|value| (name.to_owned(), value)));
    };
    optional(
        "auth_time",
        login.id_token.auth_time.map(|at| at.timestamp().into()),
    );
    optional("acr", login.id_token.acr.as_deref().map(Value::from));
    optional("nonce", nonce.map(Value::from));
    claims
}

/// `at_hash` for RS256: the left half of the SHA-256 (OIDC Core §3.1.3.6).
fn access_token_hash(access_token: &str) -> String {
    let hash = digest(&SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref().get(..16).unwrap_or_default())
}

/// The answer of the token endpoint (RFC 6749 §5.1, OIDC Core §3.1.3.3).
#[must_use]
pub fn token_answer(tokens: &IssuedTokens, scope: &str) -> String {
    serde_json::json!({
        "access_token": tokens.access_token.expose_secret(),
        "token_type": "Bearer",
        "expires_in": LIFETIME_SECONDS,
        "id_token": tokens.id_token.expose_secret(),
        "scope": scope,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_access_token_is_that_of_the_specification() {
        // OpenID Connect Core, A.3: at_hash of this access token.
        assert_eq!(
            access_token_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }
}
