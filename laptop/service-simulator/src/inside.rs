//! What is inside an ID token, for the journal, which shows the token itself masked: the claims
//! that are neither secret nor personal. Of a claim that is, only how it stands to this login. The
//! token is read as it was sent, so a fault shows as what it did.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use loopback::journal::Parameter;
use serde_json::{Map, Value};

use crate::realm_keys::access_token_hash;

/// How the journal tells that a claim isn't there.
const MISSING: &str = "missing";
/// How it tells that a value is the right one.
const RIGHT: &str = "that of this login";
/// How it tells that a value is another one.
const OTHER: &str = "another one";
/// The longest value that is shown.
const LONGEST: usize = 200;

/// What the ID token must have.
pub(crate) struct Right<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) access_token: &'a str,
}

/// What is inside this ID token.
pub(crate) fn of_id_token(token: &str, right: &Right<'_>, now: DateTime<Utc>) -> Vec<Parameter> {
    let mut parts = token.split('.').map(object);
    let (Some(Some(header)), Some(Some(claims))) = (parts.next(), parts.next()) else {
        let name = "id_token".to_owned();
        let value = "no JWT".to_owned();
        return vec![Parameter { name, value }];
    };
    let plain = |(object, name): (&Map<String, Value>, &'static str)| {
        (name, object.get(name).map(text).unwrap_or(MISSING.into()))
    };
    let time = |name: &'static str| {
        let seconds = claims.get(name).and_then(Value::as_i64);
        let told = seconds.map_or(MISSING.into(), |at| relative(at, now));
        (name, told)
    };
    let hash = access_token_hash(right.access_token);
    let compared = |name: &'static str, right: &str| {
        let told = match claims.get(name).and_then(Value::as_str) {
            None => MISSING,
            Some(value) if value == right => RIGHT,
            Some(_) => OTHER,
        };
        (name, told.to_owned())
    };
    let subject = claims.get("sub").and_then(Value::as_str);
    let subject = subject.map_or(MISSING.into(), |sub| format!("{} bytes", sub.len()));
    let all = [
        plain((&header, "alg")),
        plain((&header, "kid")),
        plain((&claims, "iss")),
        plain((&claims, "aud")),
        plain((&claims, "azp")),
        time("exp"),
        time("iat"),
        time("nbf"),
        time("auth_time"),
        plain((&claims, "acr")),
        compared("nonce", right.nonce),
        compared("at_hash", &hash),
        ("sub", subject),
    ];
    all.into_iter()
        // It is there only if a fault adds it.
        .filter(|(name, told)| *name != "nbf" || told != MISSING)
        .map(|(name, value)| Parameter {
            name: format!("id_token.{name}"),
            value: value.chars().take(LONGEST).collect(),
        })
        .collect()
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A time, as seen from now.
fn relative(at: i64, now: DateTime<Utc>) -> String {
    let ahead = at.saturating_sub(now.timestamp());
    match ahead {
        0 => "now".to_owned(),
        1.. => format!("in {ahead} s"),
        _ => format!("{} s ago", ahead.unsigned_abs()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2lnbmF0dXJl", part(header), part(claims))
    }

    #[test]
    fn what_is_secret_or_personal_shows_only_how_it_stands_to_the_login() {
        let now: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().unwrap();
        let right = Right {
            nonce: "the nonce of the login",
            access_token: "the access token",
        };
        let inside = |claims: Value| {
            let token = token(&json!({ "alg": "ES256", "kid": "a" }), &claims);
            let all = of_id_token(&token, &right, now).into_iter();
            let all: Vec<_> = all
                .map(|one| format!("{}={}", one.name, one.value))
                .collect();
            all.join("\n")
        };
        let told = inside(json!({
            "iss": "http://issuer.example", "aud": ["a", "b"], "acr": "aal3",
            "exp": now.timestamp() + 300, "iat": now.timestamp(), "auth_time": 0,
            "nonce": right.nonce, "at_hash": access_token_hash(right.access_token),
            "sub": "the subject", "sid": "the session", "address": "the address",
        }));
        for expected in [
            "id_token.alg=ES256",
            "id_token.iss=http://issuer.example",
            "id_token.aud=[\"a\",\"b\"]",
            "id_token.azp=missing",
            "id_token.exp=in 300 s",
            "id_token.iat=now",
            "id_token.nonce=that of this login",
            "id_token.at_hash=that of this login",
            "id_token.sub=11 bytes",
        ] {
            assert!(told.contains(expected), "{expected}: {told}");
        }
        for hidden in ["the ", "nbf", "address"] {
            assert!(!told.contains(hidden), "{hidden}: {told}");
        }
        let told = inside(json!({ "nonce": "x", "nbf": now.timestamp() - 1 }));
        for expected in [
            "nonce=another one",
            "at_hash=missing",
            "nbf=1 s ago",
            "sub=missing",
        ] {
            assert!(told.contains(expected), "{expected}: {told}");
        }
        for no_jwt in ["", "a", "a.b.c", "e30"] {
            assert_eq!(of_id_token(no_jwt, &right, now)[0].value, "no JWT");
        }
    }
}
