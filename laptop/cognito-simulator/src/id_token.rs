//! The checks that Cognito makes on the provider's ID token (OIDC Core §3.1.3.7).
//! Only RS256 is accepted, because it is what works everywhere. The keys are fetched anew for every
//! token. `nonce` and `at_hash` aren't checked: Cognito sends no nonce, and checks neither.

use chrono::{DateTime, Utc};
use loopback::journal::Check;
use loopback::jwt::{self, PublicKey};
use serde_json::{Map, Value};

/// Why an ID token isn't accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum IdTokenFailure {
    #[error("Bad id_token")]
    Malformed,
    #[error("Bad id_token algorithm")]
    Algorithm,
    #[error("Bad id_token key id")]
    KeyId,
    #[error("Bad id_token signature")]
    Signature,
    #[error("Bad id_token issuer")]
    Issuer,
    #[error("Bad id_token audience")]
    Audience,
    #[error("Bad id_token expiry")]
    Expired,
    #[error("Bad id_token sub")]
    Subject,
}

/// What the claims of the token are compared with.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// Checks a token against a key set. Each check that was made is added to `checks`.
pub(crate) fn verify(
    token: &str,
    key_set: &Value,
    expected: &Expected<'_>,
    checks: &mut Vec<Check>,
) -> Result<Map<String, Value>, IdTokenFailure> {
    let mut check = |what: &str, rule: &str, passed: bool, failure: IdTokenFailure| {
        checks.push(Check::new(what, rule, passed));
        if passed { Ok(()) } else { Err(failure) }
    };
    let header = jwt::header(token);
    check(
        "it is a signed JWT",
        "RFC 7519 §7.2",
        header.is_some(),
        IdTokenFailure::Malformed,
    )?;
    let header = header.unwrap_or_default();
    let algorithm = header.get("alg").and_then(Value::as_str);
    check(
        "alg is RS256",
        "OIDC Core §3.1.3.7 step 7",
        algorithm == Some("RS256"),
        IdTokenFailure::Algorithm,
    )?;
    let key = header
        .get("kid")
        .and_then(Value::as_str)
        .and_then(|id| PublicKey::find(key_set, id));
    check(
        "kid is in the key set",
        "RFC 7515 §4.1.4",
        key.is_some(),
        IdTokenFailure::KeyId,
    )?;
    let claims = key.and_then(|key| key.open(token));
    check(
        "the signature is valid",
        "OIDC Core §3.1.3.7 step 6",
        claims.is_some(),
        IdTokenFailure::Signature,
    )?;
    let claims = claims.unwrap_or_default();
    check(
        "iss is the configured issuer",
        "OIDC Core §3.1.3.7 step 2",
        claims.get("iss").and_then(Value::as_str) == Some(expected.issuer),
        IdTokenFailure::Issuer,
    )?;
    check(
        "aud is the client only",
        "OIDC Core §3.1.3.7 step 3",
        is_audience(claims.get("aud"), expected.client_id),
        IdTokenFailure::Audience,
    )?;
    check(
        "exp is in the future",
        "OIDC Core §3.1.3.7 step 9",
        claims
            .get("exp")
            .and_then(Value::as_i64)
            .is_some_and(|exp| exp > expected.now.timestamp()),
        IdTokenFailure::Expired,
    )?;
    check(
        "sub is there",
        "OIDC Core §2",
        claims
            .get("sub")
            .and_then(Value::as_str)
            .is_some_and(|sub| !sub.is_empty()),
        IdTokenFailure::Subject,
    )?;
    Ok(claims)
}

fn is_audience(audience: Option<&Value>, client_id: &str) -> bool {
    match audience {
        Some(Value::String(audience)) => audience == client_id,
        Some(Value::Array(audiences)) => {
            !audiences.is_empty()
                && audiences
                    .iter()
                    .all(|audience| audience.as_str() == Some(client_id))
        }
        _ => false,
    }
}
