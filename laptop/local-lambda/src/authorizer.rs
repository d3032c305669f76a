//! The JWT authorizer of an HTTP API: from a request's token to its claims, or to a refusal.
//! Source: Amazon API Gateway Developer Guide, "Control access to HTTP APIs with JWT authorizers"
//! and "Troubleshooting issues with HTTP API JWT authorizers". The checks are made in the order of
//! the first page. `token_use` isn't among them, so on a route without scopes an ID token is as
//! good as an access token.

use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use loopback::clock::SimClock;
use loopback::journal::Check;
use loopback::jwt::{self, PublicKey};
use serde_json::{Map, Value, json};

use crate::gateway::JwtAuthorizer;
use crate::issuer_keys::{IssuerKeys, NoKeys};
use crate::payload::{self, AdmittedToken};

/// The page with the checks, as the journal cites it.
const RULE: &str = "Amazon API Gateway, JWT authorizers";

/// An authorizer with the keys of its issuer.
#[derive(Debug)]
pub(crate) struct Authorizer {
    options: JwtAuthorizer,
    keys: IssuerKeys,
    clock: SimClock,
}

/// Why a request isn't admitted.
///
/// Three descriptions are known from answers of API Gateway: those of [`Refusal::Malformed`],
/// [`Refusal::Audience`] and [`Refusal::Scope`]; those of [`Refusal::NoKeys`] from its logs. The
/// others are in our own words.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is no token")]
    NoToken,
    #[error("token contains an invalid number of segments")]
    Malformed,
    #[error("the token is not signed with RS256")]
    Algorithm,
    #[error(transparent)]
    NoKeys(#[from] NoKeys),
    #[error("the token is signed with an unknown key")]
    Key,
    #[error("the token does not have a valid signature")]
    Signature,
    #[error("the token does not have a valid issuer")]
    Issuer,
    #[error("the token does not have a valid audience")]
    Audience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token was issued in the future")]
    IssuedLater,
    #[error("the token has none of the route's scopes")]
    Scope,
}

impl Refusal {
    /// The answer of API Gateway. `scopes` are those of the route.
    pub(crate) fn answer(self, scopes: &[String]) -> Response {
        let (status, message, challenge) = match self {
            // Seen like this: without a token there is nothing but the name of the scheme.
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                "Unauthorized",
                "Bearer".to_owned(),
            ),
            Self::Scope => {
                let scopes = scopes.join(" ");
                let challenge = format!(
                    "Bearer scope=\"{scopes}\" error=\"insufficient_scope\" \
                     error_description=\"expected scopes: [{scopes}]\""
                );
                (StatusCode::FORBIDDEN, "Forbidden", challenge)
            }
            // `scope` is empty in every published answer. Whether it also is on a route with scopes
            // isn't known.
            refusal => {
                let challenge = format!(
                    "Bearer scope=\"\" error=\"invalid_token\" error_description=\"{refusal}\""
                );
                (StatusCode::UNAUTHORIZED, "Unauthorized", challenge)
            }
        };
        let body = axum::Json(json!({ "message": message }));
        let mut response = (status, body).into_response();
        // The configuration was checked for scopes that can't be in a header.
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl Authorizer {
    pub(crate) fn new(options: JwtAuthorizer, clock: SimClock) -> Result<Self, reqwest::Error> {
        let keys = IssuerKeys::new(&options)?;
        Ok(Self {
            options,
            keys,
            clock,
        })
    }

    /// Checks the token of a request to a route with these scopes. Each check that was made is
    /// added to `checks`.
    pub(crate) async fn admit(
        &self,
        parts: &Parts,
        scopes: &[String],
        checks: &mut Vec<Check>,
    ) -> Result<AdmittedToken, Refusal> {
        let now = self.clock.now();
        let token = made(
            checks,
            "there is an Authorization header",
            token(parts),
            Refusal::NoToken,
        )?;
        let header = made(
            checks,
            "it is a signed JWT",
            jwt::header(&token),
            Refusal::Malformed,
        )?;
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        // AWS admits RSA-based algorithms. Cognito uses no other than RS256.
        holds(
            checks,
            "alg is RS256",
            text("alg") == Some("RS256"),
            Refusal::Algorithm,
        )?;
        let key_set = self.keys.key_set(now).await;
        let is_known = key_set.is_ok();
        checks.push(Check::new("the issuer's keys are known", RULE, is_known));
        let key_set = key_set?;
        let key = text("kid").and_then(|id| PublicKey::find(&key_set, id));
        let key = made(checks, "kid is in the key set", key, Refusal::Key)?;
        let claims = made(
            checks,
            "the signature is valid",
            key.open(&token),
            Refusal::Signature,
        )?;
        self.check_claims(&claims, now, checks)?;
        let granted = granted_scopes(&claims);
        if !scopes.is_empty() {
            let granted = granted.iter().flatten();
            holds(
                checks,
                "the token has one of the route's scopes",
                granted.into_iter().any(|scope| scopes.contains(scope)),
                Refusal::Scope,
            )?;
        }
        Ok(AdmittedToken {
            claims,
            scopes: granted,
        })
    }

    fn check_claims(
        &self,
        claims: &Map<String, Value>,
        now: DateTime<Utc>,
        checks: &mut Vec<Check>,
    ) -> Result<(), Refusal> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        holds(
            checks,
            "iss is the configured issuer",
            text("iss") == Some(&self.options.issuer),
            Refusal::Issuer,
        )?;
        holds(
            checks,
            "aud, or client_id without aud, is in the audience",
            self.is_audience(claims),
            Refusal::Audience,
        )?;
        // NumericDate (RFC 7519 §2): seconds, which may have a fraction. AWS names no tolerance for
        // clocks that differ, and there is none here.
        let now = now.timestamp_millis() as f64 / 1_000.0;
        let is_by = |name: &str, is_good: fn(f64, f64) -> bool| {
            claims
                .get(name)
                .map(|time| time.as_f64().is_some_and(|time| is_good(time, now)))
        };
        // A token that doesn't end isn't admitted. `nbf` and `iat` may be missing.
        holds(
            checks,
            "exp is in the future",
            is_by("exp", |exp, now| exp > now).unwrap_or(false),
            Refusal::Expired,
        )?;
        holds(
            checks,
            "nbf, if present, has passed",
            is_by("nbf", |nbf, now| nbf <= now).unwrap_or(true),
            Refusal::NotYetValid,
        )?;
        holds(
            checks,
            "iat isn't in the future",
            is_by("iat", |iat, now| iat <= now).unwrap_or(true),
            Refusal::IssuedLater,
        )
    }

    /// Whether `aud` has one of the configured audiences. `client_id` counts only in a token
    /// without `aud`, as Cognito's access tokens are.
    fn is_audience(&self, claims: &Map<String, Value>) -> bool {
        let configured = |value: &Value| {
            let mut audience = self.options.audience.iter();
            audience.any(|audience| value.as_str() == Some(audience))
        };
        match claims.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(configured),
            Some(audience) => configured(audience),
            None => claims.get("client_id").is_some_and(configured),
        }
    }
}

/// The token of the header `Authorization`: all of it, or what follows `Bearer `. AWS writes the
/// scheme like this; whether it accepts other cases isn't known. Several headers count as one with
/// commas, which is no token.
fn token(parts: &Parts) -> Option<String> {
    let mut values = parts
        .headers
        .get_all(AUTHORIZATION)
        .iter()
        .map(payload::text);
    let mut source = values.next()?;
    for value in values {
        source.push(',');
        source.push_str(&value);
    }
    let token = source.strip_prefix("Bearer ").unwrap_or(&source).trim();
    (!token.is_empty() && token != "Bearer").then(|| token.to_owned())
}

/// The scopes in `scope`, or else in `scp`: a text with spaces, or a list. `None` if the token has
/// neither.
fn granted_scopes(claims: &Map<String, Value>) -> Option<Vec<String>> {
    let scopes = claims.get("scope").or_else(|| claims.get("scp"))?;
    match scopes {
        Value::String(scopes) => Some(scopes.split_whitespace().map(str::to_owned).collect()),
        Value::Array(scopes) => {
            let scopes = scopes.iter().filter_map(Value::as_str);
            Some(scopes.map(str::to_owned).collect())
        }
        _ => None,
    }
}

fn made<T>(
    checks: &mut Vec<Check>,
    what: &str,
    value: Option<T>,
    refusal: Refusal,
) -> Result<T, Refusal> {
    Check::made(checks, (what, RULE), value, refusal)
}

fn holds(
    checks: &mut Vec<Check>,
    what: &str,
    passed: bool,
    refusal: Refusal,
) -> Result<(), Refusal> {
    made(checks, what, passed.then_some(()), refusal)
}
