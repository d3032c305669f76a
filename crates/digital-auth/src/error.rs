//! Why a login failed: one error for each of its steps, and one of whichever step refused it.

use chrono::{DateTime, Utc};
use four_attributes::AttributeError;
use http_client::HttpError;
use thiserror::Error;

use crate::client_assertion::ClientAssertionError;

/// Why a login failed.
#[derive(Debug, Error)]
pub enum LoginError {
    /// There were no tokens.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There were no keys to verify with.
    #[error(transparent)]
    KeySet(#[from] KeySetError),
    /// The ID token was refused.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    /// There were no attributes.
    #[error(transparent)]
    Userinfo(#[from] UserinfoError),
}

/// Why there are no tokens.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The client could not be authenticated, since there is no assertion.
    #[error(transparent)]
    ClientAssertion(#[from] ClientAssertionError),
    /// No answer.
    #[error("no token answer: {0}")]
    Http(#[from] HttpError),
    /// `invalid_grant`: the code is used, too old, or not ours (RFC 6749 §5.2).
    #[error("the service refused the code")]
    RefusedCode,
    /// `invalid_client` or `unauthorized_client`: client id, key or assertion are wrong, or one of
    /// the two clocks is.
    #[error("the service refused the client")]
    RefusedClient {
        /// When, by the service's clock, if it says so (RFC 9110 §6.6.1).
        at: Option<DateTime<Utc>>,
    },
    /// Another 4xx.
    #[error("the service refused the token request")]
    RefusedRequest,
    /// 429 or 5xx.
    #[error("the service failed to answer the token request")]
    Failed,
    /// There is no ID token in the answer: the service doesn't take the login for one of OpenID
    /// Connect.
    #[error("the service's token answer has no ID token")]
    NoIdToken,
    /// A scope that was asked for isn't among those that were granted: the service refused it, or
    /// the browser didn't carry it there (RFC 6749 §3.3).
    #[error("the service granted less than was asked for")]
    ScopeNotGranted,
    /// The answer doesn't say what was granted, and it has to
    /// ([`GrantedScope::Required`](crate::GrantedScope::Required)).
    #[error("the service's token answer doesn't say which scopes were granted")]
    ScopeNotConfirmed,
    /// The answer isn't what RFC 6749 §5.1 and OIDC Core §3.1.3.3 say.
    #[error("the service's token answer is malformed")]
    Malformed,
}

/// Why there are no keys.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum KeySetError {
    /// No answer, or one that isn't 200.
    #[error("the service's key set can't be had")]
    Unavailable,
    /// The answer is no JWK Set, or too large.
    #[error("the service's key set is malformed")]
    Malformed,
}

/// Which check failed. The steps are those of OIDC Core §3.1.3.7.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum IdTokenError {
    /// No signed JWT (step 1), or one whose header or checked claims have another form than OIDC
    /// Core §2 says.
    #[error("the ID token is malformed")]
    Malformed,
    /// An algorithm that isn't accepted (step 7): `none` and those with a shared secret (step 8)
    /// never are.
    #[error("the ID token's algorithm is not accepted")]
    Algorithm,
    /// No key of the service fits `kid` and algorithm, or more than one does and there is no `kid`
    /// (step 6).
    #[error("the ID token's key is unknown")]
    UnknownKey,
    /// No usable key verifies it, and the service publishes the key that `kid` names, or one that
    /// could be meant, in a form that can't be used (step 6).
    #[error("the ID token's key is published in a form that can't be used")]
    UnusableKey,
    /// The signature isn't that key's (step 6).
    #[error("the ID token's signature is wrong")]
    Signature,
    /// `iss` is missing or another (step 2).
    #[error("the ID token's issuer is wrong")]
    Issuer,
    /// `aud` is missing, doesn't name this client, or names somebody else too (step 3).
    #[error("the ID token's audience is wrong")]
    Audience,
    /// `azp` is another client (steps 4 and 5).
    #[error("the ID token's authorized party is wrong")]
    AuthorizedParty,
    /// `exp` is missing or past (step 9).
    #[error("the ID token has expired")]
    Expired,
    /// `iat` is missing, or more than a minute away (step 10).
    #[error("the ID token's time of issue is missing or too far away")]
    IssuedAt,
    /// `nbf` is there and more than a minute ahead (RFC 7519 §4.1.5).
    #[error("the ID token isn't valid yet")]
    NotYetValid,
    /// `nonce` is missing or another (step 11).
    #[error("the ID token's nonce is wrong")]
    Nonce,
    /// `acr` is missing, not one of those that are accepted, or over 255 bytes (step 12).
    #[error("the ID token's assurance is not accepted")]
    Assurance,
    /// `auth_time` is no time at which anybody can have authenticated: more than a minute ahead, or
    /// not above 0 (§2).
    #[error("the ID token's time of authentication is impossible")]
    AuthenticationTime,
    /// `auth_time` is missing, and the configuration requires it.
    #[error("the ID token doesn't say when the person authenticated")]
    AuthenticationTimeMissing,
    /// `auth_time` is missing or too long ago, and the client asked for a new authentication (step
    /// 13).
    #[error("the authentication is too old")]
    AuthenticationTooOld,
    /// `at_hash` is there and doesn't fit the access token (§3.1.3.8).
    #[error("the ID token belongs to another access token")]
    AccessTokenHash,
    /// `sub` is missing, empty or over 255 bytes (§2).
    #[error("the ID token's subject is missing or out of bounds")]
    Subject,
}

impl IdTokenError {
    /// Whether the service may have published other keys since: then this was no fault of the
    /// token.
    #[must_use]
    pub const fn may_be_rotated(self) -> bool {
        matches!(self, Self::UnknownKey | Self::UnusableKey | Self::Signature)
    }
}

/// Why there are no attributes.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum UserinfoError {
    /// No answer.
    #[error("no userinfo answer: {0}")]
    Http(#[from] HttpError),
    /// A 4xx.
    #[error("the service refused the userinfo request")]
    Refused,
    /// 429 or 5xx.
    #[error("the service failed to answer the userinfo request")]
    Failed,
    /// Another status, no `application/json`, no JSON object, or one in which a name comes twice.
    #[error("the service's userinfo answer is malformed")]
    Malformed,
    /// `sub` is missing or another than the ID token's.
    #[error("the service's userinfo answer is about somebody else")]
    OtherSubject,
    /// An attribute is missing or malformed.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
}
