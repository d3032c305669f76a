//! The userinfo endpoint: returns the attributes of the granted scopes, in the service's own form.
//! The access token is accepted only in the `Authorization` header (RFC 6750 §2.1,
//! OIDC Core §5.3.1). This file implements the userinfo faults.

use aws_lc_rs::error::Unspecified;
use http::StatusCode;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use serde_json::{Map, Value, json};

use crate::exchange::{Answer, Checks, Received};
use crate::fault::{Fault, FaultPlace};
use crate::login::Grant;
use crate::realm::Realm;
use crate::realm_keys::compact;
use crate::token::{TOO_LARGE, cut_off};

/// The answer to `GET …/userinfo`. The fault [`Fault::UserinfoSlow`] delays it.
pub(crate) async fn answer(realm: &Realm, received: &Received, checks: &mut Checks) -> Answer {
    let grant = match examine(realm, received, checks) {
        Ok(grant) => grant,
        Err(refusal) => return refusal.answer(),
    };
    realm.note_fault(received, grant.fault, &[FaultPlace::Userinfo]);
    if grant.has_fault(Fault::UserinfoSlow) {
        tokio::time::sleep(realm.settings.slow_answer).await;
    }
    hand_out(realm, &grant).unwrap_or_else(|Unspecified| Answer::internal_error())
}

fn examine(realm: &Realm, received: &Received, checks: &mut Checks) -> Result<Grant, Refusal> {
    let bare = received.query.is_empty();
    checks.require("there is no query", "RFC 6750 §2.3", bare, || {
        Refusal::Query
    })?;
    let header = received.header(&AUTHORIZATION);
    let header = checks.find(
        "there is an Authorization header",
        "RFC 6750 §2.1",
        header,
        || Refusal::NoToken,
    )?;
    let token = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, token)| token);
    let token = checks.find("the scheme is Bearer", "RFC 6750 §2.1", token, || {
        Refusal::NoToken
    })?;
    let memory = realm.memory();
    let given = memory.given.get(token);
    let given = checks.find("the access token is valid", "RFC 6750 §3.1", given, || {
        Refusal::Invalid
    })?;
    let fresh = realm.clock.now() < given.expires;
    checks.require(
        "the access token hasn't expired",
        "RFC 6750 §3.1",
        fresh,
        || Refusal::Invalid,
    )?;
    Ok(given.grant.clone())
}

/// Why the request is refused.
enum Refusal {
    NoToken,
    Query,
    Invalid,
}

impl Refusal {
    /// Answers as Keycloak does: the error is in the `WWW-Authenticate` header (RFC 6750 §3), and
    /// there is no body.
    fn answer(&self) -> Answer {
        let (status, error) = match self {
            // Without a token the header has no error (RFC 6750 §3.1).
            Self::NoToken => (StatusCode::UNAUTHORIZED, None),
            Self::Query => {
                let error = ("invalid_request", "Parameters are not allowed");
                (StatusCode::BAD_REQUEST, Some(error))
            }
            Self::Invalid => {
                let error = ("invalid_token", "Token verification failed");
                (StatusCode::UNAUTHORIZED, Some(error))
            }
        };
        let error = error.map_or(String::new(), |(error, description)| {
            format!(", error=\"{error}\", error_description=\"{description}\"")
        });
        Answer::new(status, "text/plain;charset=utf-8", "")
            .with(WWW_AUTHENTICATE, &format!("Bearer realm=\"main\"{error}"))
    }
}

fn hand_out(realm: &Realm, grant: &Grant) -> Result<Answer, Unspecified> {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), grant.subject.clone().into());
    for (claim, value) in &grant.userinfo {
        if grant.request.scopes.iter().any(|scope| scope == claim) {
            claims.insert(claim.clone(), value.clone());
        }
    }
    if let Some(fault) = grant.fault {
        if let Some(answer) = failing(fault) {
            return Ok(answer);
        }
        bend(&mut claims, fault, &realm.endpoints.userinfo_endpoint);
    }
    let claims = Value::Object(claims);
    match grant.fault {
        Some(Fault::UserinfoJwt) => {
            let keys = realm.memory().keys.clone();
            let header = json!({ "alg": "RS256", "typ": "JWT", "kid": keys.rsa.kid() });
            let token = compact(&header, &claims, |message| keys.rsa.sign(message))?;
            Ok(Answer::new(StatusCode::OK, "application/jwt", token))
        }
        Some(Fault::UserinfoBrokenJson) => Ok(cut_off(&claims)),
        Some(Fault::UserinfoNameTwice) => {
            let subject = claims.get("sub").map(Value::to_string).unwrap_or_default();
            let twice = format!("{{\"sub\":{subject},");
            let text = claims.to_string().replacen('{', &twice, 1);
            Ok(Answer::new(StatusCode::OK, "application/json", text))
        }
        _ => Ok(Answer::personal_json(&claims)),
    }
}

/// The answer of a fault that gives no userinfo at all.
fn failing(fault: Fault) -> Option<Answer> {
    match fault {
        Fault::Userinfo401 => Some(Refusal::Invalid.answer()),
        Fault::Userinfo500 => Some(Answer::json(
            StatusCode::INTERNAL_SERVER_ERROR,
            &json!({ "error": "unknown_error" }),
        )),
        _ => None,
    }
}

/// Changes the claims as the fault says. An attribute that wasn't granted isn't changed or added.
fn bend(claims: &mut Map<String, Value>, fault: Fault, endpoint: &str) {
    let mut change = |claim: &str, change: &dyn Fn(&str) -> Value| {
        if let Some(value) = claims.get_mut(claim) {
            *value = change(value.as_str().unwrap_or_default());
        }
    };
    match fault {
        Fault::UserinfoOtherSubject => change("sub", &|subject| json!(format!("{subject}x"))),
        Fault::UserinfoOverlongName => change("name", &|_| json!("あ".repeat(683))),
        Fault::UserinfoNameNotAString => change("name", &|_| json!(1)),
        Fault::UserinfoControlCharacter => change("name", &|name| json!(format!("{name}\n太"))),
        Fault::UserinfoInvisibleName => change("name", &|_| json!("\u{200B}\u{3164}\u{FEFF}")),
        Fault::UserinfoDirectionalMark => {
            change("name", &|name| json!(format!("{name}\u{200F}")));
        }
        Fault::UserinfoEmptyAddress => change("address", &|_| json!("")),
        Fault::UserinfoMalformedBirthdate => change("birthdate", &|_| json!("1985031")),
        Fault::UserinfoImpossibleBirthdate => change("birthdate", &|_| json!("19850231")),
        Fault::UserinfoMalformedGender => change("gender", &|_| json!("7")),
        Fault::UserinfoAddressObject => {
            change("address", &|address| json!({ "formatted": address }));
        }
        Fault::UserinfoBirthdateWithHyphens => change("birthdate", &|digits| {
            let mut text = digits.to_owned();
            for position in [6, 4] {
                text.insert(position, '-');
            }
            json!(text)
        }),
        Fault::UserinfoGenderWord => change("gender", &|code| match code {
            "1" => json!("male"),
            "2" => json!("female"),
            other => json!(other),
        }),
        Fault::UserinfoMissingSubject => drop(claims.remove("sub")),
        Fault::UserinfoMissingName => drop(claims.remove("name")),
        Fault::UserinfoMissingAddress => drop(claims.remove("address")),
        Fault::UserinfoMissingBirthdate => drop(claims.remove("birthdate")),
        // OIDC Core §5.6.2: `_claim_names` names the source of a claim; `_claim_sources` has the
        // source itself (aggregated) or its address (distributed).
        Fault::UserinfoAggregatedClaims => {
            let address = claims.remove("address").unwrap_or_default();
            let token = compact(
                &json!({ "alg": "none" }),
                &json!({ "address": address }),
                |_| Ok(Vec::new()),
            );
            let source = json!({ "other": { "JWT": token.unwrap_or_default() } });
            claims.insert("_claim_names".to_owned(), json!({ "address": "other" }));
            claims.insert("_claim_sources".to_owned(), source);
        }
        Fault::UserinfoDistributedClaims => {
            claims.remove("address");
            let source = json!({ "other": { "endpoint": format!("{endpoint}/address") } });
            claims.insert("_claim_names".to_owned(), json!({ "address": "other" }));
            claims.insert("_claim_sources".to_owned(), source);
        }
        Fault::UserinfoTooLarge => {
            claims.insert("padding".to_owned(), "x".repeat(TOO_LARGE).into());
        }
        Fault::UserinfoExtraClaims => {
            claims.insert("email".to_owned(), "nobody@example.com".into());
            claims.insert("phone_number".to_owned(), "+81 3-0000-0000".into());
            claims.insert("family_name".to_owned(), "架空".into());
        }
        _ => {}
    }
}
