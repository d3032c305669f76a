//! Why a login failed: an error type for each step of a login, and [`LoginError`] for all of them.

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
    /// The client assertion could not be made, so no request was sent.
    #[error(transparent)]
    ClientAssertion(#[from] ClientAssertionError),
    /// No answer.
    #[error("no token answer: {0}")]
    Http(#[from] HttpError),
    /// `invalid_grant`: the code is used, too old, or not ours (RFC 6749 §5.2).
    #[error("the service refused the code")]
    RefusedCode,
    /// `invalid_client` or `unauthorized_client`: the client id, the key or the assertion is wrong,
    /// or one of the two clocks is.
    #[error("the service refused the client")]
    RefusedClient {
        /// The time of the answer by the service's clock, if it has a `Date` header
        /// (RFC 9110 §6.6.1).
        at: Option<DateTime<Utc>>,
    },
    /// Another 4xx.
    #[error("the service refused the token request")]
    RefusedRequest,
    /// 429 or 5xx.
    #[error("the service failed to answer the token request")]
    Failed,
    /// The answer has no ID token: the service doesn't treat the login as one of OpenID Connect.
    #[error("the service's token answer has no ID token")]
    NoIdToken,
    /// A requested scope was not granted: the service refused it, or the browser removed it from
    /// the request (RFC 6749 §3.3).
    #[error("the service granted less than was asked for")]
    ScopeNotGranted,
    /// The answer has no `scope`, and the configuration requires it
    /// ([`GrantedScope::Required`](crate::GrantedScope::Required)).
    #[error("the service's token answer doesn't say which scopes were granted")]
    ScopeNotConfirmed,
    /// The answer doesn't have the form of RFC 6749 §5.1 and OIDC Core §3.1.3.3, or has a status
    /// that is neither 200 nor an error.
    #[error("the service's token answer is malformed")]
    Malformed,
}

/// Why there are no keys.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum KeySetError {
    /// No answer, or one that isn't 200.
    #[error("the service's key set could not be fetched")]
    Unavailable,
    /// The answer is no JWK Set, or too large.
    #[error("the service's key set is malformed")]
    Malformed,
}

/// Which check failed. The steps are those of OIDC Core §3.1.3.7.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum IdTokenError {
    /// The token is no signed JWT (step 1), or its header or a checked claim doesn't have the form
    /// of OIDC Core §2.
    #[error("the ID token is malformed")]
    Malformed,
    /// The algorithm isn't accepted (step 7). `none` and algorithms with a shared secret (step 8)
    /// never are.
    #[error("the ID token's algorithm is not accepted")]
    Algorithm,
    /// The service publishes no key with this `kid` and algorithm; or the token has no `kid`, and
    /// more than one key has the algorithm (step 6).
    #[error("the ID token's key is unknown")]
    UnknownKey,
    /// No usable key verifies the signature, but the service publishes a key that can't be used and
    /// that has the token's `kid` or could be the token's key (step 6).
    #[error("the ID token's key is published in a form that can't be used")]
    UnusableKey,
    /// Keys with this `kid` and algorithm are published, but none of them verifies the signature
    /// (step 6).
    #[error("the ID token's signature is wrong")]
    Signature,
    /// `iss` is missing or isn't the service's issuer (step 2).
    #[error("the ID token's issuer is wrong")]
    Issuer,
    /// `aud` is missing, doesn't name this client, or names another audience too (step 3).
    #[error("the ID token's audience is wrong")]
    Audience,
    /// `azp` is another client (steps 4 and 5).
    #[error("the ID token's authorized party is wrong")]
    AuthorizedParty,
    /// `exp` is missing, or a minute or more ago (step 9).
    #[error("the ID token has expired")]
    Expired,
    /// `iat` is missing, or more than a minute away (step 10).
    #[error("the ID token's time of issue is missing or too far away")]
    IssuedAt,
    /// `nbf` is there and more than a minute ahead (RFC 7519 §4.1.5).
    #[error("the ID token isn't valid yet")]
    NotYetValid,
    /// `nonce` is missing or isn't the login's (step 11).
    #[error("the ID token's nonce is wrong")]
    Nonce,
    /// `acr` is missing or not one of the accepted values, unless any is accepted; or it has over
    /// 255 bytes (step 12).
    #[error("the ID token's assurance is not accepted")]
    Assurance,
    /// `auth_time` can't be a time of authentication: it is more than a minute ahead, or not above
    /// 0 (§2).
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
    /// Whether newer keys of the service may verify the token, so that it is worth fetching them.
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
    /// Another status, no `application/json`, no JSON object, or an object in which a name comes
    /// twice.
    #[error("the service's userinfo answer is malformed")]
    Malformed,
    /// `sub` is missing or isn't the ID token's.
    #[error("the service's userinfo answer is about another person")]
    OtherSubject,
    /// An attribute is missing or malformed.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
}
