//! The token endpoint: checks the form, the client assertion, and the code with its bindings, then
//! issues the tokens. The refusals have Keycloak's messages, and the checks have Keycloak's order.
//! The first request of an authenticated client uses the code up, even if the request fails.

use aws_lc_rs::error::Unspecified;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use http::header::{AUTHORIZATION, LOCATION};
use loopback::parameters::Parameters;
use loopback::random;
use serde_json::{Map, Value, json};

use crate::exchange::{Answer, Checks, Received};
use crate::fault::{Fault, FaultPlace};
use crate::inside::Right;
use crate::login::{Given, Grant};
use crate::realm::{IssuedTokens, Memory, Realm};
use crate::realm_keys::{RealmKeys, compact};
use crate::token_refusal::TokenRefusal;
use crate::{client_assertion, id_token, inside};

const RULE: &str = "Digital Authentication App, token request";

/// The documented parameters.
const KNOWN: &[&str] = &[
    "grant_type",
    "code",
    "redirect_uri",
    "client_id",
    "code_verifier",
    "client_assertion_type",
    "client_assertion",
];

/// Larger than any client may read: 300 KiB.
pub(crate) const TOO_LARGE: usize = 300 * 1024;

/// The answer to `POST …/token`. The fault [`Fault::TokenSlow`] delays it.
pub(crate) async fn answer(realm: &Realm, received: &Received, checks: &mut Checks) -> Answer {
    let now = realm.clock.now();
    let redeemed = redeem(realm, received, now, checks);
    let grant = match redeemed {
        Ok(grant) => grant,
        Err(refusal) => return refusal.answer(),
    };
    let places = [FaultPlace::TokenAnswer, FaultPlace::IdToken];
    realm.note_fault(received, grant.fault, &places);
    if grant.has_fault(Fault::TokenSlow) {
        tokio::time::sleep(realm.settings.slow_answer).await;
    }
    if let Some(answer) = grant.fault.and_then(|fault| failing(realm, fault)) {
        return answer;
    }
    issue(realm, received, &grant, now).unwrap_or_else(|Unspecified| Answer::internal_error())
}

/// Checks the whole request, and uses the code up.
fn redeem(
    realm: &Realm,
    received: &Received,
    now: DateTime<Utc>,
    checks: &mut Checks,
) -> Result<Grant, TokenRefusal> {
    let form = checks.find(
        "the body is a form",
        "RFC 6749 §4.1.3",
        received.form.as_ref(),
        || TokenRefusal::request("Missing form parameter: grant_type"),
    )?;
    checks.require(
        "the form is UTF-8",
        "RFC 6749 §4.1.3",
        form.are_well_formed(),
        || TokenRefusal::request("Invalid form parameter"),
    )?;
    checks.require(
        "everything is in the body",
        RULE,
        received.query.is_empty(),
        || TokenRefusal::request("Parameters are not allowed in the query"),
    )?;
    checks.require(
        "no parameter comes twice",
        "RFC 6749 §3.2",
        form.are_unique(),
        || TokenRefusal::request("duplicated parameter"),
    )?;
    let grant_type = checks.find(
        "grant_type is there",
        RULE,
        form.first("grant_type"),
        || TokenRefusal::request("Missing form parameter: grant_type"),
    )?;
    let supported = grant_type == "authorization_code";
    checks.require("grant_type is authorization_code", RULE, supported, || {
        TokenRefusal::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            "Unsupported grant_type",
        )
    })?;
    let only_assertion =
        !form.has("client_secret") && !received.headers.contains_key(AUTHORIZATION);
    checks.require(
        "the assertion is the only credential",
        "RFC 6749 §2.3",
        only_assertion,
        || TokenRefusal::request("Only one client authentication method is allowed"),
    )?;
    checks.require("nothing else is sent", RULE, form.are_among(KNOWN), || {
        TokenRefusal::request("Unknown parameter")
    })?;

    let mut memory = realm.memory();
    memory.tidy(now);
    let token_endpoint = &realm.endpoints.token_endpoint;
    let client_id = client_assertion::authenticate(&mut memory, form, token_endpoint, now, checks)?;
    redeem_code(&mut memory, form, &client_id, now, checks)
}

fn redeem_code(
    memory: &mut Memory,
    form: &Parameters,
    client_id: &str,
    now: DateTime<Utc>,
    checks: &mut Checks,
) -> Result<Grant, TokenRefusal> {
    let code = checks.find("code is there", RULE, form.first("code"), || {
        TokenRefusal::request("Missing parameter: code")
    })?;
    let issued = memory.codes.get_mut(code);
    let issued = checks.find("the code was issued", "RFC 6749 §4.1.3", issued, || {
        TokenRefusal::grant("Code not valid")
    })?;
    let first_use = !std::mem::replace(&mut issued.used, true);
    let (grant, expires) = (issued.grant.clone(), issued.expires);
    if !first_use {
        memory.revoke(&grant.session);
    }
    checks.require(
        "the code wasn't used",
        "RFC 6749 §4.1.2",
        first_use,
        || TokenRefusal::grant("Code not valid"),
    )?;
    checks.require(
        "the code hasn't expired",
        "RFC 6749 §4.1.2",
        now < expires,
        || TokenRefusal::grant("Code is expired"),
    )?;
    let own = grant.request.client_id == client_id;
    checks.require("the code is this client's", "RFC 6749 §4.1.3", own, || {
        TokenRefusal::grant("Auth error")
    })?;
    let same = form.first("redirect_uri") == Some(grant.request.redirect_uri.as_str());
    checks.require(
        "redirect_uri is the same as before",
        "RFC 6749 §4.1.3",
        same,
        || TokenRefusal::grant("Incorrect redirect_uri"),
    )?;
    let verifier = form.first("code_verifier");
    let verifier = checks.find("code_verifier is there", "RFC 7636 §4.5", verifier, || {
        TokenRefusal::grant("PKCE code verifier not specified")
    })?;
    checks.require(
        "code_verifier has the right form",
        "RFC 7636 §4.1",
        is_verifier(verifier),
        || TokenRefusal::grant("PKCE verification failed: Invalid code verifier"),
    )?;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    let fits = URL_SAFE_NO_PAD.encode(hash) == grant.request.code_challenge;
    checks.require(
        "code_verifier fits code_challenge",
        "RFC 7636 §4.6",
        fits,
        || TokenRefusal::grant("PKCE verification failed: Code mismatch"),
    )?;
    Ok(grant)
}

/// 43..=128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// The answer of a fault that gives no token answer at all.
fn failing(realm: &Realm, fault: Fault) -> Option<Answer> {
    let refusal = |status, error, description: &str| {
        Some(TokenRefusal::new(status, error, description).answer())
    };
    match fault {
        Fault::TokenConnectionClosed => Some(Answer::hang_up()),
        Fault::Token500 => refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unknown_error",
            "For more on this error consult the server log.",
        ),
        Fault::Token503 => Some(Answer::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "text/html; charset=utf-8",
            "<html><body>Service Unavailable</body></html>",
        )),
        Fault::TokenRedirect => {
            let answer = Answer::new(StatusCode::FOUND, "text/plain; charset=utf-8", "");
            Some(answer.with(LOCATION, &realm.endpoints.token_endpoint))
        }
        Fault::TokenHtml => Some(Answer::new(
            StatusCode::OK,
            "text/html; charset=utf-8",
            "<html><body>Under maintenance</body></html>",
        )),
        Fault::TokenInvalidClient => refusal(
            StatusCode::BAD_REQUEST,
            "invalid_client",
            "Client authentication with signed JWT failed: Unable to load public key",
        ),
        Fault::TokenInvalidGrant => {
            refusal(StatusCode::BAD_REQUEST, "invalid_grant", "Code not valid")
        }
        Fault::TokenInvalidRequest => refusal(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Missing form parameter: grant_type",
        ),
        _ => None,
    }
}

/// Issues the tokens, changed as the fault says.
fn issue(
    realm: &Realm,
    received: &Received,
    grant: &Grant,
    now: DateTime<Utc>,
) -> Result<Answer, Unspecified> {
    let lifetime = realm.settings.token_lifetime;
    let expires = now + lifetime;
    let keys = {
        let mut memory = realm.memory();
        memory.rotate_for(grant.fault)?;
        memory.keys.clone()
    };
    let access_token = keycloak_token(realm, grant, &keys, "Bearer", (now, expires))?;
    let refresh_expires = now + TimeDelta::minutes(30);
    let refresh_token = keycloak_token(realm, grant, &keys, "Refresh", (now, refresh_expires))?;
    let id_token = id_token::issue(realm, grant, &keys, &access_token, (now, expires))?;

    let right = Right {
        nonce: &grant.request.nonce,
        access_token: &access_token,
    };
    if !grant.has_fault(Fault::TokenWithoutIdToken) {
        realm.note(received, inside::of_id_token(&id_token, &right, now));
    }

    let answer = json!({
        "access_token": access_token,
        "expires_in": lifetime.num_seconds(),
        "refresh_expires_in": (refresh_expires - now).num_seconds(),
        "refresh_token": refresh_token,
        "token_type": "Bearer",
        "id_token": id_token,
        "not-before-policy": 0,
        "session_state": grant.session,
        "scope": grant.request.scopes.join(" "),
    });
    let given = Given {
        grant: grant.clone(),
        expires,
    };
    realm.remember_issued(IssuedTokens {
        id_token,
        access_token: access_token.clone(),
        refresh_token,
    });
    realm.memory().given.insert(access_token, given);
    Ok(bent(answer, grant.fault))
}

/// The token answer, changed as the fault says.
fn bent(mut answer: Value, fault: Option<Fault>) -> Answer {
    let mut remove = |member: &str| {
        answer
            .as_object_mut()
            .and_then(|members: &mut Map<String, Value>| members.remove(member))
    };
    match fault {
        Some(Fault::TokenWithoutExpiresIn) => drop(remove("expires_in")),
        Some(Fault::TokenWithoutTokenType) => drop(remove("token_type")),
        Some(Fault::TokenWithoutAccessToken) => drop(remove("access_token")),
        Some(Fault::TokenWithoutIdToken) => drop(remove("id_token")),
        Some(Fault::TokenWithoutScope) => drop(remove("scope")),
        Some(Fault::TokenReducedScope) => {
            let scope = remove("scope").unwrap_or_default();
            let mut scopes: Vec<_> = scope.as_str().unwrap_or_default().split(' ').collect();
            scopes.pop();
            set(&mut answer, "scope", &scopes.join(" "));
        }
        Some(Fault::TokenTypeLowerCase) => set(&mut answer, "token_type", "bearer"),
        Some(Fault::TokenTypeUpperCase) => set(&mut answer, "token_type", "BEARER"),
        Some(Fault::TokenTypeInvertedCase) => set(&mut answer, "token_type", "bEARER"),
        Some(Fault::TokenTypeOther) => set(&mut answer, "token_type", "mac"),
        Some(Fault::TokenBrokenJson) => return cut_off(&answer),
        Some(Fault::TokenTooLarge) => {
            set(&mut answer, "padding", &"x".repeat(TOO_LARGE));
            return Answer::new(StatusCode::OK, "application/json", answer.to_string());
        }
        _ => {}
    }
    Answer::json(StatusCode::OK, &answer)
}

fn set(answer: &mut Value, member: &str, value: &str) {
    if let Some(members) = answer.as_object_mut() {
        members.insert(member.to_owned(), value.into());
    }
}

/// A JSON body that ends before it is complete.
pub(crate) fn cut_off(value: &Value) -> Answer {
    let mut text = value.to_string();
    text.pop();
    Answer::new(StatusCode::OK, "application/json", text)
}

/// An access token or refresh token as Keycloak makes it: an RS256 JWT, opaque to the client.
fn keycloak_token(
    realm: &Realm,
    grant: &Grant,
    keys: &RealmKeys,
    kind: &str,
    (issued, expires): (DateTime<Utc>, DateTime<Utc>),
) -> Result<String, Unspecified> {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": keys.rsa.kid() });
    let claims = json!({
        "exp": expires.timestamp(),
        "iat": issued.timestamp(),
        "jti": random::uuid()?,
        "auth_time": grant.authenticated.timestamp(),
        "iss": realm.endpoints.issuer,
        "sub": grant.subject,
        "acr": grant.acr(&realm.settings),
        "typ": kind,
        "azp": grant.request.client_id,
        "sid": grant.session,
        "scope": grant.request.scopes.join(" "),
    });
    compact(&header, &claims, |message| keys.rsa.sign(message))
}
