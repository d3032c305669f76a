//! Client authentication by `private_key_jwt`: checks the client assertion (RFC 7523 §3,
//! OIDC Core §9). Times are compared with the stand-in's clock; no clock skew is allowed. An
//! assertion is valid for one request: its `jti` is never accepted again.

use chrono::{DateTime, Utc};
use http::StatusCode;
use jsonwebtoken::{Validation, decode, decode_header};
use loopback::parameters::Parameters;
use serde_json::{Map, Value};

use crate::client::{Client, ClientKey};
use crate::exchange::Checks;
use crate::realm::Memory;
use crate::token_refusal::TokenRefusal;

/// The only type of client assertion (RFC 7523 §2.2).
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How many seconds `exp` may lie ahead, and `iat` in the past.
const LONGEST: i64 = 60;

/// Checks the client's assertion, and returns the client's id.
pub(crate) fn authenticate(
    memory: &mut Memory,
    form: &Parameters,
    token_endpoint: &str,
    now: DateTime<Utc>,
    checks: &mut Checks,
) -> Result<String, TokenRefusal> {
    let kind = checks.find(
        "there is a client assertion",
        "RFC 7521 §4.2",
        form.first("client_assertion_type"),
        || {
            TokenRefusal::new(
                StatusCode::BAD_REQUEST,
                "invalid_client",
                "Parameter client_assertion_type is missing",
            )
        },
    )?;
    checks.require(
        "client_assertion_type is jwt-bearer",
        "RFC 7523 §2.2",
        kind == TYPE,
        || {
            TokenRefusal::new(
                StatusCode::BAD_REQUEST,
                "invalid_client",
                &format!(
                    "Parameter client_assertion_type has value '{kind}' but expected is '{TYPE}'"
                ),
            )
        },
    )?;
    let assertion = checks.find(
        "client_assertion is there",
        "RFC 7521 §4.2",
        form.first("client_assertion"),
        || {
            TokenRefusal::new(
                StatusCode::BAD_REQUEST,
                "invalid_client",
                "client_assertion parameter missing",
            )
        },
    )?;
    let client_id = checks.find(
        "client_id is there",
        "Digital Authentication App, token request",
        form.first("client_id"),
        || {
            TokenRefusal::new(
                StatusCode::BAD_REQUEST,
                "invalid_client",
                "Missing parameter: client_id",
            )
        },
    )?;
    let client = checks.find(
        "client_id is registered",
        "RFC 6749 §2.3",
        memory.client(client_id),
        || {
            TokenRefusal::new(
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "Invalid client or Invalid client credentials",
            )
        },
    )?;

    let claims = verified_claims(client, assertion, checks)?;
    let (jti, expires) = check_claims(&claims, client_id, token_endpoint, now, checks)?;

    let key = (client_id.to_owned(), jti);
    let fresh = !memory.assertions.contains_key(&key);
    checks.require("jti was never used", "RFC 7523 §3 item 7", fresh, || {
        failed("Token reuse detected")
    })?;
    memory.assertions.insert(key, expires);
    Ok(client_id.to_owned())
}

/// Keycloak's answer to an assertion that breaks a rule.
fn failed(reason: &str) -> TokenRefusal {
    TokenRefusal::new(StatusCode::BAD_REQUEST, "invalid_client", reason)
}

fn verified_claims(
    client: &Client,
    assertion: &str,
    checks: &mut Checks,
) -> Result<Map<String, Value>, TokenRefusal> {
    let header = decode_header(assertion).ok();
    let header = checks.find("the assertion is a JWT", "RFC 7519 §7.2", header, || {
        unreadable("Invalid JWT")
    })?;
    let key: Option<&ClientKey> = client
        .keys
        .iter()
        .find(|key| header.kid.as_deref() == Some(key.kid.as_str()));
    let key = checks.find("kid is a registered key's", "RFC 7515 §4.1.4", key, || {
        failed("Unable to load public key")
    })?;
    let algorithm = key.algorithm;
    checks.require(
        "alg is that of the key",
        "RFC 8725 §3.1",
        header.alg == algorithm,
        || unreadable("Signature on JWT token failed validation"),
    )?;
    // Verifies the signature only: `check_claims` checks the claims one by one.
    let mut signature_only = Validation::new(algorithm);
    signature_only.required_spec_claims.clear();
    signature_only.validate_exp = false;
    signature_only.validate_aud = false;
    let claims = decode::<Map<String, Value>>(assertion, &key.key, &signature_only)
        .ok()
        .map(|token| token.claims);
    checks.find(
        "the signature is the key's",
        "RFC 7523 §3 item 9",
        claims,
        || unreadable("Signature on JWT token failed validation"),
    )
}

/// Keycloak's answer to an assertion that can't be read, or whose signature isn't valid.
fn unreadable(reason: &str) -> TokenRefusal {
    failed(&format!(
        "Client authentication with signed JWT failed: {reason}"
    ))
}

/// Checks the claims, and returns `jti` and `exp`.
fn check_claims(
    claims: &Map<String, Value>,
    client_id: &str,
    token_endpoint: &str,
    now: DateTime<Utc>,
    checks: &mut Checks,
) -> Result<(String, DateTime<Utc>), TokenRefusal> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
    let time = |name: &str| DateTime::from_timestamp(seconds(name)?, 0);

    let subject = checks.find("sub is there", "RFC 7523 §3 item 2", text("sub"), || {
        failed("Token sub claim is required")
    })?;
    let own = subject == client_id;
    checks.require("sub is client_id", "RFC 7523 §3 item 2", own, || {
        failed("client_id parameter does not match sub claim")
    })?;
    let issuer = text("iss") == Some(client_id);
    checks.require("iss is client_id", "RFC 7523 §3 item 1", issuer, || {
        TokenRefusal::new(
            StatusCode::BAD_REQUEST,
            "unauthorized_client",
            "Unexpected error when authenticating client",
        )
    })?;
    let audience = text("aud") == Some(token_endpoint);
    checks.require(
        "aud is the token endpoint, as one string",
        "OIDC Core §9",
        audience,
        || failed("Invalid token audience"),
    )?;
    let expires = checks.find("exp is there", "RFC 7523 §3 item 4", time("exp"), || {
        failed("Token exp claim is required")
    })?;
    checks.require(
        "exp hasn't passed",
        "RFC 7523 §3 item 4",
        now < expires,
        || failed("Token is not active"),
    )?;
    let near = (expires - now).num_seconds() <= LONGEST;
    checks.require(
        "exp is at most 60 s ahead",
        "RFC 7523 §3 item 4",
        near,
        || failed("Token expiration is too far in the future"),
    )?;
    let issued = checks.find("iat is there", "RFC 7523 §3 item 6", time("iat"), || {
        failed("Token iat claim is required")
    })?;
    checks.require(
        "iat isn't in the future",
        "RFC 7523 §3 item 6",
        issued <= now,
        || failed("Token was issued in the future"),
    )?;
    let recent = (now - issued).num_seconds() <= LONGEST;
    checks.require(
        "iat is at most 60 s ago",
        "RFC 7523 §3 item 6",
        recent,
        || failed("Token was issued too far in the past to be used now"),
    )?;
    let active = !claims.contains_key("nbf") || time("nbf").is_some_and(|begins| begins <= now);
    checks.require(
        "nbf, if present, isn't in the future",
        "RFC 7523 §3 item 5",
        active,
        || failed("Token is not active"),
    )?;
    let jti = text("jti").filter(|jti| !jti.is_empty());
    let jti = checks.find("jti is there", "OIDC Core §9", jti, || {
        failed("Token jti claim is required")
    })?;
    Ok((jti.to_owned(), expires))
}
