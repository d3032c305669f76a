//! The ID token is verified, in the order of OIDC Core §3.1.3.7.
//! openidconnect checks signature, `iss`, `aud`, `exp` and `nonce`; what it leaves to its caller is checked here:
//! `azp`, `iat`, `at_hash`, `acr` and the form of `sub`.
//!
//! The algorithm comes from the configuration, never from the token.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, Nonce,
    SignatureVerificationError,
};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::authorization::Secret256;
use crate::client::AssuranceRule;

/// How far the service's clock may be from ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// The longest `sub` (OIDC Core §2: 255 ASCII characters).
const MAX_SUBJECT_BYTES: usize = 255;

/// The longest `acr`: it is handed on, also where any value is accepted.
const MAX_ACR_BYTES: usize = 255;

/// An algorithm of JWS.
pub use openidconnect::core::CoreJwsSigningAlgorithm as SigningAlgorithm;

/// An algorithm that the service may be configured for: `ES256` or `RS256` (contract §5).
#[must_use]
pub fn parse_algorithm(name: &str) -> Option<SigningAlgorithm> {
    match name {
        "ES256" => Some(SigningAlgorithm::EcdsaP256Sha256),
        "RS256" => Some(SigningAlgorithm::RsaSsaPkcs1V15Sha256),
        _ => None,
    }
}

/// Which check failed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum IdTokenError {
    /// No JWT, or one whose claims have another form than OIDC Core §2 says.
    #[error("the ID token is malformed")]
    Malformed,
    /// An algorithm that isn't accepted, `none` among them.
    #[error("the ID token's algorithm is not accepted")]
    Algorithm,
    /// No key, or more than one, fits `kid` and algorithm.
    #[error("the ID token's key is unknown")]
    UnknownKey,
    /// The signature doesn't fit.
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
    /// `nonce` is missing or another (step 11).
    #[error("the ID token's nonce is wrong")]
    Nonce,
    /// `acr` is missing, not one of those that are accepted, or over 255 bytes (step 12).
    #[error("the ID token's assurance is not accepted")]
    Assurance,
    /// `auth_time` is missing, too long ago or in the future, and the client asked for a new authentication (step 13).
    #[error("the authentication is too old")]
    AuthenticationTooOld,
    /// `at_hash` is there and doesn't fit the access token (§3.1.3.8).
    #[error("the ID token belongs to another access token")]
    AccessTokenHash,
    /// `sub` is missing, empty or over 255 bytes.
    #[error("the ID token's subject is missing or out of bounds")]
    Subject,
}

/// What the ID token of a login must say.
#[derive(Debug)]
pub struct Expected<'a> {
    /// The service's issuer.
    pub issuer: &'a IssuerUrl,
    /// This client.
    pub client_id: &'a str,
    /// The login's nonce.
    pub nonce: &'a Secret256,
    /// The access token that came with it.
    pub access_token: &'a SecretString,
    /// The algorithms that are accepted.
    pub algorithms: &'a [SigningAlgorithm],
    /// The values of `acr` that are accepted.
    pub assurance: &'a AssuranceRule,
    /// The person must have authenticated at this time or later, if it is given.
    pub authenticated_after: Option<DateTime<Utc>>,
}

/// `sub`: pairwise, opaque, at most 255 bytes (contract §5). It names a person, so it isn't shown.
#[derive(Clone, Eq, PartialEq)]
pub struct Subject(String);

impl Subject {
    /// The subject of a verified token, or what stands for it in a test.
    #[must_use]
    pub fn new(subject: String) -> Self {
        Self(subject)
    }

    /// The value.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Subject(…)")
    }
}

/// What the ID token says, all of it checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedIdToken {
    /// Who.
    pub subject: Subject,
    /// When the person authenticated, if the service says so.
    pub auth_time: Option<DateTime<Utc>>,
    /// When the token was issued.
    pub issued_at: DateTime<Utc>,
    /// How the person authenticated.
    pub acr: Option<String>,
}

/// Verifies an ID token with these keys.
///
/// # Errors
///
/// The first check that failed; [`IdTokenError::UnknownKey`] may be worth another try with newer keys.
pub fn verify(
    id_token: &SecretString,
    keys: &CoreJsonWebKeySet,
    expected: &Expected<'_>,
    now: DateTime<Utc>,
) -> Result<VerifiedIdToken, IdTokenError> {
    let text = id_token.expose_secret();
    if !is_strict_base64url(text) {
        return Err(IdTokenError::Malformed);
    }
    let token: CoreIdToken = text.parse().map_err(|_| missing_claim(text))?;
    let verifier = verifier(keys, expected, now);
    let nonce = Nonce::new(expected.nonce.expose_base64url());
    let claims = token
        .claims(&verifier, &nonce)
        .map_err(|error| refusal(&error))?;

    let is_other = |party: &ClientId| party.as_str() != expected.client_id;
    if claims.authorized_party().is_some_and(is_other) {
        return Err(IdTokenError::AuthorizedParty);
    }
    if let Some(at_hash) = claims.access_token_hash() {
        let algorithm = token.signing_alg().map_err(|_| IdTokenError::Algorithm)?;
        let key = token
            .signing_key(&verifier)
            .map_err(|_| IdTokenError::UnknownKey)?;
        let access_token = AccessToken::new(expected.access_token.expose_secret().to_owned());
        let computed = AccessTokenHash::from_token(&access_token, algorithm, key)
            .map_err(|_| IdTokenError::AccessTokenHash)?;
        if computed != *at_hash {
            return Err(IdTokenError::AccessTokenHash);
        }
    }
    let subject = claims.subject().as_str();
    if subject.is_empty() || subject.len() > MAX_SUBJECT_BYTES {
        return Err(IdTokenError::Subject);
    }
    Ok(VerifiedIdToken {
        subject: Subject(subject.to_owned()),
        auth_time: claims.auth_time(),
        issued_at: claims.issue_time(),
        acr: claims.auth_context_ref().map(|acr| acr.as_str().to_owned()),
    })
}

/// Whether every part is base64url without padding and without bits that nobody reads (RFC 4648 §3.5): openidconnect
/// overlooks the latter, and a signature would have several spellings.
fn is_strict_base64url(text: &str) -> bool {
    text.split('.')
        .all(|part| URL_SAFE_NO_PAD.decode(part).is_ok())
}

fn verifier<'a>(
    keys: &CoreJsonWebKeySet,
    expected: &'a Expected<'a>,
    now: DateTime<Utc>,
) -> CoreIdTokenVerifier<'a> {
    CoreIdTokenVerifier::new_public_client(
        ClientId::new(expected.client_id.to_owned()),
        expected.issuer.clone(),
        keys.clone(),
    )
    .set_allowed_algs(expected.algorithms.iter().cloned())
    .set_time_fn(move || now - SKEW)
    .set_issue_time_verifier_fn(move |issued_at| {
        if (issued_at - now).abs() <= SKEW {
            Ok(())
        } else {
            Err(ISSUED_AT.to_owned())
        }
    })
    .set_auth_context_verifier_fn(move |acr| {
        let acr = acr.map(|acr| acr.as_str());
        let fits = acr.is_none_or(|acr| acr.len() <= MAX_ACR_BYTES);
        if fits && expected.assurance.accepts(acr) {
            Ok(())
        } else {
            Err(String::new())
        }
    })
    .set_auth_time_verifier_fn(move |auth_time| {
        let Some(bound) = expected.authenticated_after else {
            return Ok(());
        };
        // A time that lies ahead (milliseconds for seconds, say) shows nothing.
        if auth_time.is_some_and(|at| at >= bound - SKEW && at <= now + SKEW) {
            Ok(())
        } else {
            Err(String::new())
        }
    })
}

/// openidconnect has one error for `exp` and `iat`: the text that our own check gives tells them apart.
const ISSUED_AT: &str = "iat";

fn refusal(error: &ClaimsVerificationError) -> IdTokenError {
    match error {
        ClaimsVerificationError::Expired(text) if text == ISSUED_AT => IdTokenError::IssuedAt,
        ClaimsVerificationError::Expired(_) => IdTokenError::Expired,
        ClaimsVerificationError::InvalidAudience(_) => IdTokenError::Audience,
        ClaimsVerificationError::InvalidAuthContext(_) => IdTokenError::Assurance,
        ClaimsVerificationError::InvalidAuthTime(_) => IdTokenError::AuthenticationTooOld,
        ClaimsVerificationError::InvalidIssuer(_) => IdTokenError::Issuer,
        ClaimsVerificationError::InvalidNonce(_) => IdTokenError::Nonce,
        ClaimsVerificationError::InvalidSubject(_) => IdTokenError::Subject,
        ClaimsVerificationError::SignatureVerification(error) => match error {
            SignatureVerificationError::AmbiguousKeyId(_)
            | SignatureVerificationError::NoMatchingKey => IdTokenError::UnknownKey,
            SignatureVerificationError::DisallowedAlg(_)
            | SignatureVerificationError::NoSignature
            | SignatureVerificationError::UnsupportedAlg(_) => IdTokenError::Algorithm,
            _ => IdTokenError::Signature,
        },
        _ => IdTokenError::Malformed,
    }
}

/// Why a text can't be read as an ID token: the required claim that isn't there, if that is the reason.
/// Nothing of an unverified token is used but the names of its claims.
fn missing_claim(id_token: &str) -> IdTokenError {
    let mut parts = id_token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return IdTokenError::Malformed;
    };
    let payload = URL_SAFE_NO_PAD.decode(payload).ok();
    let claims = payload.and_then(|payload| {
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&payload).ok()
    });
    let Some(claims) = claims else {
        return IdTokenError::Malformed;
    };
    [
        ("iss", IdTokenError::Issuer),
        ("sub", IdTokenError::Subject),
        ("aud", IdTokenError::Audience),
        ("exp", IdTokenError::Expired),
        ("iat", IdTokenError::IssuedAt),
    ]
    .into_iter()
    .find_map(|(name, error)| (!claims.contains_key(name)).then_some(error))
    .unwrap_or(IdTokenError::Malformed)
}
