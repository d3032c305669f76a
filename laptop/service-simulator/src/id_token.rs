//! The ID token: signed with ES256, with the claims that Keycloak gives. Each fault changes one
//! thing: a claim, the header, or the signature. Everything else stays correct, so that a refusal
//! can have only one reason.

use aws_lc_rs::error::Unspecified;
use chrono::{DateTime, TimeDelta, Utc};
use loopback::random;
use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::login::Grant;
use crate::realm::Realm;
use crate::realm_keys::{RealmKeys, access_token_hash, compact, hmac_sha256};

/// Makes the ID token of a grant.
pub(crate) fn issue(
    realm: &Realm,
    grant: &Grant,
    keys: &RealmKeys,
    access_token: &str,
    (issued, expires): (DateTime<Utc>, DateTime<Utc>),
) -> Result<String, Unspecified> {
    let claims = json!({
        "exp": expires.timestamp(),
        "iat": issued.timestamp(),
        "auth_time": grant.authenticated.timestamp(),
        "jti": random::uuid()?,
        "iss": realm.endpoints.issuer,
        "aud": grant.request.client_id,
        "sub": grant.subject,
        "typ": "ID",
        "azp": grant.request.client_id,
        "nonce": grant.request.nonce,
        "at_hash": access_token_hash(access_token),
        "acr": grant.acr(&realm.settings),
        "sid": grant.session,
    });
    let claims = match (claims, grant.fault) {
        (Value::Object(mut claims), Some(fault)) => {
            bend(&mut claims, fault, grant, issued)?;
            Value::Object(claims)
        }
        (claims, _) => claims,
    };
    sign(&claims, keys, grant.fault)
}

/// Changes the claims as the fault says.
fn bend(
    claims: &mut Map<String, Value>,
    fault: Fault,
    grant: &Grant,
    now: DateTime<Utc>,
) -> Result<(), Unspecified> {
    let client_id = &grant.request.client_id;
    if fault == Fault::IdTokenSecondAudienceWithoutAuthorizedParty {
        claims.remove("azp");
    }
    let (claim, value) = match fault {
        Fault::IdTokenWrongIssuer => ("iss", json!("https://issuer.invalid/api/realms/main")),
        Fault::IdTokenMissingIssuer => ("iss", Value::Null),
        Fault::IdTokenWrongAudience => ("aud", json!("RP99999999")),
        Fault::IdTokenMissingAudience => ("aud", Value::Null),
        Fault::IdTokenLengthenedIssuer => ("iss", lengthened(claims, "iss")),
        Fault::IdTokenLengthenedAudience => ("aud", lengthened(claims, "aud")),
        Fault::IdTokenLengthenedNonce => ("nonce", lengthened(claims, "nonce")),
        Fault::IdTokenLengthenedAccessTokenHash => ("at_hash", lengthened(claims, "at_hash")),
        Fault::IdTokenSecondAudience | Fault::IdTokenSecondAudienceWithoutAuthorizedParty => {
            ("aud", json!([client_id, "RP99999999"]))
        }
        Fault::IdTokenAudienceArray => ("aud", json!([client_id])),
        Fault::IdTokenWrongAuthorizedParty => ("azp", json!("RP99999999")),
        Fault::IdTokenMissingAuthorizedParty => ("azp", Value::Null),
        Fault::IdTokenExpired => ("exp", json!((now - TimeDelta::minutes(2)).timestamp())),
        Fault::IdTokenMissingExpiry => ("exp", Value::Null),
        Fault::IdTokenMissingIssuedAt => ("iat", Value::Null),
        Fault::IdTokenIssuedInFuture => ("iat", json!((now + TimeDelta::minutes(10)).timestamp())),
        Fault::IdTokenNotYetValid => ("nbf", json!((now + TimeDelta::minutes(10)).timestamp())),
        Fault::IdTokenMissingSubject => ("sub", Value::Null),
        Fault::IdTokenWrongNonce => ("nonce", json!(random::base64url(32)?)),
        Fault::IdTokenMissingNonce => ("nonce", Value::Null),
        Fault::IdTokenWrongAccessTokenHash => {
            ("at_hash", json!(access_token_hash(&random::uuid()?)))
        }
        Fault::IdTokenMissingAccessTokenHash => ("at_hash", Value::Null),
        Fault::IdTokenWrongAssurance => ("acr", json!("aal1")),
        Fault::IdTokenMissingAssurance => ("acr", Value::Null),
        Fault::IdTokenMissingAuthenticationTime => ("auth_time", Value::Null),
        Fault::IdTokenOldAuthentication => {
            ("auth_time", json!((now - TimeDelta::hours(1)).timestamp()))
        }
        Fault::IdTokenAuthenticatedInFuture => ("auth_time", json!(now.timestamp_millis())),
        Fault::IdTokenPlainAddress => ("address", granted(grant, "address")),
        _ => return Ok(()),
    };
    // `null` above means that the claim is removed: no claim is ever null.
    match value {
        Value::Null => drop(claims.remove(claim)),
        value => drop(claims.insert(claim.to_owned(), value)),
    }
    Ok(())
}

/// The claim's value with one more character at its end.
fn lengthened(claims: &Map<String, Value>, claim: &str) -> Value {
    let value = claims.get(claim).and_then(Value::as_str);
    json!(format!("{}1", value.unwrap_or_default()))
}

/// An attribute in the service's own form, or null if its scope wasn't granted.
fn granted(grant: &Grant, attribute: &str) -> Value {
    let value = grant.userinfo.get(attribute).cloned();
    let scopes = &grant.request.scopes;
    value
        .filter(|_| scopes.iter().any(|scope| scope == attribute))
        .unwrap_or_default()
}

/// Signs the claims, with the header and the signature that the fault asks for.
fn sign(claims: &Value, keys: &RealmKeys, fault: Option<Fault>) -> Result<String, Unspecified> {
    let header = |algorithm: &str, kid: &str| json!({ "alg": algorithm, "typ": "JWT", "kid": kid });
    let es256 = header("ES256", keys.ec.kid());
    let rs256 = header("RS256", keys.rsa.kid());
    match fault {
        Some(Fault::IdTokenNotAJwt) => random::base64url(256),
        Some(Fault::IdTokenUnsigned) => {
            compact(&json!({ "alg": "none", "typ": "JWT" }), claims, |_| {
                Ok(Vec::new())
            })
        }
        Some(Fault::IdTokenHs256) => {
            let secret = random::base64url(32)?;
            compact(&header("HS256", keys.ec.kid()), claims, |message| {
                Ok(hmac_sha256(secret.as_bytes(), message))
            })
        }
        Some(Fault::IdTokenHs256PublicKey) => {
            compact(&header("HS256", keys.ec.kid()), claims, |message| {
                Ok(keys.ec.sign_confused(message))
            })
        }
        Some(Fault::IdTokenRs256) => compact(&rs256, claims, |message| keys.rsa.sign(message)),
        Some(Fault::IdTokenRs256OneUnnamedKey | Fault::IdTokenRs256SeveralUnnamedKeys) => compact(
            &json!({ "alg": "RS256", "typ": "JWT" }),
            claims,
            |message| keys.rsa.sign(message),
        ),
        Some(Fault::IdTokenPs256) => compact(&header("PS256", keys.rsa.kid()), claims, |message| {
            keys.rsa.sign_pss(message)
        }),
        Some(Fault::IdTokenBadSignatureRs256) => {
            compact(&rs256, claims, |message| keys.rsa.sign(&other(message)))
        }
        Some(Fault::IdTokenBadSignatureEs256) => {
            compact(&es256, claims, |message| keys.ec.sign(&other(message)))
        }
        Some(Fault::IdTokenUnknownKey) => {
            let kid = random::base64url(32)?;
            compact(&header("ES256", &kid), claims, |message| {
                keys.ec.sign(message)
            })
        }
        Some(Fault::IdTokenWithoutKeyIdSingleKey) => compact(
            &json!({ "alg": "ES256", "typ": "JWT" }),
            claims,
            |message| keys.ec.sign(message),
        ),
        // Signed with the second key. A relying party that fetched the keys before has only the
        // first one, and must not accept the signature.
        Some(Fault::IdTokenWithoutKeyIdSeveralKeys) => compact(
            &json!({ "alg": "ES256", "typ": "JWT" }),
            claims,
            |message| keys.second_ec.sign(message),
        ),
        _ => compact(&es256, claims, |message| keys.ec.sign(message)),
    }
}

/// A different message. Its signature has the right form, but isn't that of `message`.
fn other(message: &[u8]) -> Vec<u8> {
    [message, b"."].concat()
}
