//! Verifies the service's ID token: [`UnverifiedIdToken`] follows OIDC Core §3.1.3.7 step by step.
//! Only the claims that are checked are read. All other claims are ignored, whatever their form.
//! The configuration says which algorithms are accepted. The crate openidconnect verifies the
//! signature, compares the `nonce` and computes the `at_hash`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use four_attributes::{AssuranceRule, AuthenticationTime};
use openidconnect::{
    AccessToken, AccessTokenHash, IssuerUrl, JsonWebKeyId, JsonWebTokenType,
    JwsSigningAlgorithm as _, Nonce, NonceVerifier as _,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{Error as _, IgnoredAny, IntoDeserializer as _};
use serde::{Deserialize, Deserializer};
use serde_json::Number;
use zeroize::Zeroizing;

pub use crate::algorithm::{SigningAlgorithm, parse_algorithm};
use crate::authorization::Secret256;
pub use crate::error::IdTokenError;
use crate::observer::{self, Observer};
use crate::published_keys::{NoKey, PublishedKeys};
use crate::strict_json;
pub use crate::subject::Subject;

/// How far the service's clock may be from ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// The longest `sub`, in bytes (OIDC Core §2: 255 ASCII characters).
pub const MAX_SUBJECT_BYTES: usize = 255;

/// The longest `acr`, in bytes. Even where any value is accepted it is limited, because it is
/// passed on.
const MAX_ACR_BYTES: usize = 255;

/// Turns the reason why no key verified the signature into the reason why the token is refused.
impl From<NoKey> for IdTokenError {
    fn from(none: NoKey) -> Self {
        match none {
            NoKey::Unknown => Self::UnknownKey,
            NoKey::Unusable => Self::UnusableKey,
            NoKey::Signature => Self::Signature,
        }
    }
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
    /// The access token that came with the ID token.
    pub access_token: &'a SecretString,
    /// The algorithms that are accepted.
    pub algorithms: &'a [SigningAlgorithm],
    /// The values of `acr` that are accepted.
    pub assurance: &'a AssuranceRule,
    /// Whether the ID token must say when the person authenticated.
    pub authentication_time: AuthenticationTime,
    /// The person must have authenticated at this time or later, if it is given.
    pub authenticated_after: Option<DateTime<Utc>>,
}

/// The claims of a verified ID token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedIdToken {
    /// The person's subject.
    pub subject: Subject,
    /// When the person authenticated, if the service says so.
    pub auth_time: Option<DateTime<Utc>>,
    /// When the token was issued.
    pub issued_at: DateTime<Utc>,
    /// How the person authenticated, if the service says so.
    pub acr: Option<String>,
}

/// An ID token whose claims were checked as far as is possible before its signature is verified. It
/// can be verified again with newer keys if the service has changed its keys.
///
/// Reports each check to the observer when it passes. A failed check is not reported, so verifying
/// again after a failed signature reports no check twice.
pub struct UnverifiedIdToken<'a> {
    jws: Jws<'a>,
    expected: &'a Expected<'a>,
    observer: &'a dyn Observer,
}

/// Shows no claims, because they are personal information.
impl fmt::Debug for UnverifiedIdToken<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UnverifiedIdToken(…)")
    }
}

impl<'a> UnverifiedIdToken<'a> {
    /// Reads an ID token: steps 1 to 5, 7 and 8. The caller has to limit its size: the work grows
    /// in proportion to it. The service's answer is limited to [`crate::token::MAX_ANSWER_BYTES`].
    ///
    /// # Errors
    ///
    /// The first check that failed.
    pub fn read(
        id_token: &'a SecretString,
        expected: &'a Expected<'a>,
        observer: &'a dyn Observer,
    ) -> Result<Self, IdTokenError> {
        let ensure = |holds, failure| observer::ensure(observer, holds, failure);

        // Step 1. No encryption was agreed with the service, so the token is a JWS, whose header
        // and claims can be read.
        let jws = Jws::parse(id_token.expose_secret());
        let jws = observer::present(observer, jws, IdTokenError::Malformed)?;
        let Jws { header, claims, .. } = &jws;

        // Step 2. `iss` is the service, byte for byte.
        let is_the_service = claims.iss.as_ref() == Some(expected.issuer);
        ensure(is_the_service, IdTokenError::Issuer)?;

        // Step 3. `aud` is this client. No other audience is trusted.
        let is_for_this_client =
            (claims.aud.as_ref()).is_some_and(|audience| audience.is_only(expected.client_id));
        ensure(is_for_this_client, IdTokenError::Audience)?;

        // Steps 4 and 5. `azp` isn't needed for a single audience. If it is present, it is this
        // client.
        let is_by_this_client =
            (claims.azp.as_ref()).is_none_or(|party| party == expected.client_id);
        ensure(is_by_this_client, IdTokenError::AuthorizedParty)?;

        // Step 7 comes before step 6, because the algorithm says what the key must be for. It is
        // one of those configured.
        // Step 8. An algorithm with a shared secret is never accepted: this client has no secret.
        let is_accepted =
            expected.algorithms.contains(&header.alg) && is_signature_by_key_pair(&header.alg);
        ensure(is_accepted, IdTokenError::Algorithm)?;

        Ok(Self {
            jws,
            expected,
            observer,
        })
    }

    /// Verifies the ID token with these keys: step 6, and everything from step 9 on.
    ///
    /// # Errors
    ///
    /// The first check that failed. If [`IdTokenError::may_be_rotated`] holds, verifying again with
    /// newer keys may succeed.
    pub fn verify(
        &self,
        keys: &PublishedKeys,
        now: DateTime<Utc>,
    ) -> Result<VerifiedIdToken, IdTokenError> {
        let Self {
            jws,
            expected,
            observer,
        } = self;
        let Jws { header, claims, .. } = jws;
        let ensure = |holds, failure| observer::ensure(*observer, holds, failure);

        // Step 6. The signature is that of the issuer's key.
        let key = keys.verify(
            header.kid.as_ref(),
            &header.alg,
            jws.signing_input.as_bytes(),
            &jws.signature,
        )?;
        for ruled_out in NoKey::ALL {
            observer.held(&IdTokenError::from(ruled_out).into());
        }

        let subject = claims.sub.clone().map(Subject::new);
        if let Some(subject) = &subject {
            observer.identified(subject);
        }

        // Step 9. `exp` lies ahead.
        let lies_ahead = claims.exp.is_some_and(|exp| now - exp.0 < SKEW);
        ensure(lies_ahead, IdTokenError::Expired)?;

        // Step 10. `iat` is at most `SKEW` away.
        let issued_at = claims.iat.map(|iat| iat.0);
        let issued_at = issued_at.filter(|at| (*at - now).abs() <= SKEW);
        let issued_at = observer::present(*observer, issued_at, IdTokenError::IssuedAt)?;

        // RFC 7519 §4.1.5. `nbf`, if present, is past. It is checked besides `iat`: `iat` says when
        // the token was made, and `nbf` from when it is valid.
        let has_come = claims.nbf.is_none_or(|nbf| nbf.0 - now <= SKEW);
        ensure(has_come, IdTokenError::NotYetValid)?;

        // Step 11. `nonce` is the one that was sent.
        let nonce = Nonce::new(expected.nonce.expose_base64url());
        let is_this_logins = nonce.verify(claims.nonce.as_ref()).is_ok();
        ensure(is_this_logins, IdTokenError::Nonce)?;

        // Step 12. `acr` is one that is accepted.
        let acr = claims.acr.clone();
        let is_accepted = acr.as_ref().is_none_or(|acr| acr.len() <= MAX_ACR_BYTES)
            && expected.assurance.accepts(acr.as_deref());
        ensure(is_accepted, IdTokenError::Assurance)?;

        // §2. `auth_time`, if present, is a past time, even if no new authentication is asked for.
        // A future time (milliseconds instead of seconds, for example) would never become too old,
        // and 0 means that no time was recorded.
        let auth_time = claims.auth_time.map(|time| time.0);
        let has_been = auth_time.is_none_or(|at| at.timestamp() > 0 && at - now <= SKEW);
        ensure(has_been, IdTokenError::AuthenticationTime)?;

        // OIDC Core §2 makes `auth_time` optional unless the client asks for it. The configuration
        // can require it.
        let suffices = expected.authentication_time.suffices(auth_time.is_some());
        ensure(suffices, IdTokenError::AuthenticationTimeMissing)?;

        // Step 13. `auth_time` is as recent as the client asked, if it asked.
        let is_recent = |bound| auth_time.is_some_and(|at| bound - at <= SKEW);
        let is_recent = expected.authenticated_after.is_none_or(is_recent);
        ensure(is_recent, IdTokenError::AuthenticationTooOld)?;

        // §3.1.3.8. `at_hash`, if present, is the hash of the access token.
        let is_access_tokens = claims.at_hash.as_ref().is_none_or(|at_hash| {
            let access_token = AccessToken::new(expected.access_token.expose_secret().to_owned());
            let computed = AccessTokenHash::from_token(&access_token, &header.alg, key);
            computed.is_ok_and(|computed| computed == *at_hash)
        });
        ensure(is_access_tokens, IdTokenError::AccessTokenHash)?;

        // §2. `sub` is present, and not too long.
        let is_in_bounds =
            |subject: &Subject| (1..=MAX_SUBJECT_BYTES).contains(&subject.expose().len());
        let subject = subject.filter(is_in_bounds);
        let subject = observer::present(*observer, subject, IdTokenError::Subject)?;

        Ok(VerifiedIdToken {
            subject,
            auth_time,
            issued_at,
            acr,
        })
    }
}

/// Neither `none` nor a MAC.
fn is_signature_by_key_pair(algorithm: &SigningAlgorithm) -> bool {
    algorithm.key_type().is_some() && !algorithm.uses_shared_secret()
}

/// A signed token, read but not verified (RFC 7515 §5.2, steps 1 to 7; RFC 7519 §7.2).
struct Jws<'a> {
    header: Header,
    claims: Claims,
    /// Header and payload as received: the signature is over this text.
    signing_input: &'a str,
    signature: Zeroizing<Vec<u8>>,
}

impl<'a> Jws<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (signing_input, signature) = text.rsplit_once('.')?;
        let (header, payload) = signing_input.split_once('.')?;
        let header: Header = strict_json::object(&decode(header)?)?;
        if !header.is_understood() {
            return None;
        }
        Some(Self {
            header,
            claims: strict_json::object(&decode(payload)?)?,
            signing_input,
            signature: decode(signature)?,
        })
    }
}

/// Decodes strict base64url: without padding or other characters, and with all unused bits zero
/// (RFC 4648 §3.5). Otherwise a signature would have several spellings. The result is wiped from
/// memory after use, because a payload may have personal information.
fn decode(part: &str) -> Option<Zeroizing<Vec<u8>>> {
    URL_SAFE_NO_PAD.decode(part).ok().map(Zeroizing::new)
}

/// The header's members that say how to verify (RFC 7515 §4.1). A key in the header is never read.
#[derive(Deserialize)]
struct Header {
    #[serde(deserialize_with = "algorithm")]
    alg: SigningAlgorithm,
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    cty: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    kid: Option<JsonWebKeyId>,
    #[serde(default, deserialize_with = "present")]
    typ: Option<JsonWebTokenType>,
}

impl Header {
    /// Whether this header can be processed. No extensions are supported, so there must be no
    /// `crit` (RFC 7515 §4.1.11). No nested token was agreed with the service, so there must be no
    /// `cty` (RFC 7519 §5.2). `typ`, if present, is JWT, or JOSE for any JWS (RFC 7515 §4.1.9): an
    /// access token or a logout token is no ID token (RFC 8725 §3.11).
    fn is_understood(&self) -> bool {
        let is_jwt = |typ: &JsonWebTokenType| {
            typ.normalize()
                .is_ok_and(|typ| matches!(typ.as_str(), "application/jwt" | "application/jose"))
        };
        self.crit.is_none() && self.cty.is_none() && self.typ.as_ref().is_none_or(is_jwt)
    }
}

/// The claims that are checked (OIDC Core §2), and no others.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Claims {
    #[serde(deserialize_with = "present")]
    iss: Option<IssuerUrl>,
    #[serde(deserialize_with = "present")]
    sub: Option<String>,
    #[serde(deserialize_with = "present")]
    aud: Option<Audience>,
    #[serde(deserialize_with = "present")]
    exp: Option<NumericDate>,
    #[serde(deserialize_with = "present")]
    iat: Option<NumericDate>,
    #[serde(deserialize_with = "present")]
    nbf: Option<NumericDate>,
    #[serde(deserialize_with = "present")]
    auth_time: Option<NumericDate>,
    #[serde(deserialize_with = "present")]
    nonce: Option<Nonce>,
    #[serde(deserialize_with = "present")]
    acr: Option<String>,
    #[serde(deserialize_with = "present")]
    azp: Option<String>,
    #[serde(deserialize_with = "present")]
    at_hash: Option<AccessTokenHash>,
}

/// One audience as a string, or any number of them as an array (RFC 7519 §4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn is_only(&self, client_id: &str) -> bool {
        match self {
            Self::One(audience) => audience == client_id,
            Self::Several(audiences) => {
                !audiences.is_empty() && audiences.iter().all(|audience| audience == client_id)
            }
        }
    }
}

/// Seconds since 1970 as a JSON number. RFC 7519 §2 allows fractions ("non-integer values can be
/// represented"), so they are accepted and count. A time outside chrono's calendar is malformed.
#[derive(Clone, Copy)]
struct NumericDate(DateTime<Utc>);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        let time = match number.as_i64() {
            Some(seconds) => DateTime::from_timestamp(seconds, 0),
            // `as` turns a number beyond the bounds of `i64` into the bound, which is no valid time
            // either.
            None => number.as_f64().and_then(|number| {
                let seconds = number.floor();
                DateTime::from_timestamp(seconds as i64, ((number - seconds) * 1e9) as u32)
            }),
        };
        time.map(Self)
            .ok_or_else(|| D::Error::custom("no time of the calendar"))
    }
}

/// Reads an algorithm by its name (RFC 7518 §3.1), and in no other form in which serde reads an
/// enum.
fn algorithm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SigningAlgorithm, D::Error> {
    let name = String::deserialize(deserializer)?;
    SigningAlgorithm::deserialize(name.into_deserializer())
}

/// Reads a member that is present: it must have the form of `T`. `null` doesn't count as missing.
fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
