//! What the app gets: tokens for its code (with PKCE, once) or for its refresh token, userinfo, and
//! the pool's keys and metadata.
//! The ID token and userinfo hold the attributes that the app client may read; `address` is an
//! object with `formatted` in them, as Cognito emits it (OIDC Core §5.1.1). A trigger changes the
//! tokens, never userinfo.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use loopback::journal::{Check, Parameter, Party, Step};
use loopback::parameters::Parameters;
use loopback::random;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use user_pool::attribute::{CUSTOM, IDENTITIES};

use crate::issued_code::CODE_LIFETIME;
use crate::pages::no_store;
use crate::parameters::journal_parameters;
use crate::refresh_tokens::{SignIn, Through};
use crate::shared::Shared;
use crate::token_changes::TokenChanges;
use crate::token_generation::{self, Source};
use crate::trigger_answer::TriggerFailure;
use crate::user_pool::User;

/// Cognito's default for ID and access tokens: one hour.
const TOKEN_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// The scopes with which tokens and userinfo show every attribute.
const EVERY_ATTRIBUTE: [&str; 4] = ["openid", "profile", "email", "phone"];

/// An error of the token endpoint (RFC 6749 §5.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum TokenError {
    InvalidRequest,
    /// A trigger failed. AWS doesn't say which error the app gets then. Here it is the one at the
    /// end of a sign-in.
    Trigger(TriggerFailure),
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    UnsupportedGrantType,
    Internal,
}

impl TokenError {
    fn answer(self) -> (StatusCode, Value) {
        let (status, error) = match self {
            Self::Trigger(failure) => {
                let description = failure.to_string();
                let answer =
                    json!({ "error": "invalid_request", "error_description": description });
                return (StatusCode::BAD_REQUEST, answer);
            }
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::InvalidClient => (StatusCode::BAD_REQUEST, "invalid_client"),
            Self::InvalidGrant => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Self::InvalidScope => (StatusCode::BAD_REQUEST, "invalid_scope"),
            Self::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        };
        (status, json!({ "error": error }))
    }
}

/// `POST /oauth2/token`.
pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    shared.state().requests.token += 1;
    let request = "POST /oauth2/token";
    let entry = (shared.options.journal).begin(Party::App, Party::Cognito, request);
    let form = Parameters::parse(&body);
    let mut checks = Vec::new();
    let (status, answer) = match grant(&shared, &headers, &form, &mut checks).await {
        Ok(answer) => (StatusCode::OK, answer),
        Err(error) => error.answer(),
    };
    let shown = answer
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            Parameter::new(name, text)
        });
    let step = Step {
        from: Party::App,
        to: Party::Cognito,
        request: request.to_owned(),
        parameters: journal_parameters(&form),
        checks,
        status: Some(status.as_u16()),
        answer: shown.collect(),
    };
    shared.options.journal.end(entry, step);
    no_store((status, Json(answer)).into_response())
}

async fn grant(
    shared: &Shared,
    headers: &HeaderMap,
    form: &Parameters,
    checks: &mut Vec<Check>,
) -> Result<Value, TokenError> {
    let is_form = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    check(
        checks,
        (
            "the body is a form, and no parameter comes twice",
            "RFC 6749 §3.2",
        ),
        is_form && form.are_unique(),
        TokenError::InvalidRequest,
    )?;
    if form.only("grant_type") == Some("client_credentials") {
        return machine(shared, headers, form, checks).await;
    }
    check(
        checks,
        ("client_id is the app client's", "RFC 6749 §4.1.3"),
        form.only("client_id") == Some(&shared.options.app_client.client_id),
        TokenError::InvalidClient,
    )?;
    let grant_type = form.only("grant_type");
    if grant_type == Some("refresh_token") {
        return refresh(shared, form, checks).await;
    }
    check(
        checks,
        ("grant_type is authorization_code", "RFC 6749 §4.1.3"),
        grant_type == Some("authorization_code"),
        TokenError::UnsupportedGrantType,
    )?;
    redeem(shared, form, checks)
}

/// Records a check, and returns the error if the check failed.
fn check(
    checks: &mut Vec<Check>,
    (what, rule): (&str, &str),
    passed: bool,
    error: TokenError,
) -> Result<(), TokenError> {
    checks.push(Check::new(what, rule, passed));
    if passed { Ok(()) } else { Err(error) }
}

/// The authorization code grant. The trigger was called already, at the end of the sign-in.
fn redeem(
    shared: &Shared,
    form: &Parameters,
    checks: &mut Vec<Check>,
) -> Result<Value, TokenError> {
    let now = shared.options.clock.now();
    // The first request with a code uses the code up, even if a later check refuses that request.
    let issued = form
        .only("code")
        .and_then(|code| shared.state().codes.remove(code));
    let fresh = issued.filter(|issued| now - issued.issued <= CODE_LIFETIME);
    check(
        checks,
        (
            "the code is known, unused, and not older than five minutes",
            "RFC 6749 §4.1.2",
        ),
        fresh.is_some(),
        TokenError::InvalidGrant,
    )?;
    let issued = fresh.ok_or(TokenError::InvalidGrant)?;
    check(
        checks,
        (
            "redirect_uri is that of the authorization request",
            "RFC 6749 §4.1.3",
        ),
        form.only("redirect_uri") == Some(&issued.app.redirect_uri),
        TokenError::InvalidGrant,
    )?;
    let challenge = issued.app.code_challenge.as_deref();
    check(
        checks,
        ("code_verifier belongs to code_challenge", "RFC 7636 §4.6"),
        is_verified(challenge, form.only("code_verifier")),
        TokenError::InvalidGrant,
    )?;
    let origin_jti = random::uuid().map_err(|_| TokenError::Internal)?;
    let sign_in = SignIn {
        username: issued.username,
        scopes: issued.app.scopes,
        auth_time: issued.issued,
        origin_jti,
        through: Through::ManagedLogin,
    };
    let nonce = match issued.app.nonce {
        Some(nonce) => nonce,
        // In a federated sign-in, Cognito adds a nonce of its own if the app sent none.
        None => random::base64url(32).map_err(|_| TokenError::Internal)?,
    };
    let answer = first_tokens(shared, sign_in, Some(&nonce), &issued.changes, now)?;
    Ok(Value::Object(answer))
}

/// The tokens at the end of a sign-in, with the refresh token.
pub(crate) fn first_tokens(
    shared: &Shared,
    sign_in: SignIn,
    nonce: Option<&str>,
    changes: &TokenChanges,
    now: DateTime<Utc>,
) -> Result<Map<String, Value>, TokenError> {
    let mut answer = tokens(shared, &sign_in, nonce, changes, now)?;
    let refresh_token = shared.state().refresh_tokens.issue(sign_in, now);
    let refresh_token = refresh_token.map_err(|_| TokenError::Internal)?;
    answer.insert("refresh_token".to_owned(), refresh_token.into());
    Ok(answer)
}

/// The refresh token grant. The trigger is called again, and the refresh token stays the same.
async fn refresh(
    shared: &Shared,
    form: &Parameters,
    checks: &mut Vec<Check>,
) -> Result<Value, TokenError> {
    let now = shared.options.clock.now();
    let token = form.only("refresh_token").unwrap_or_default();
    let sign_in = shared.state().refresh_tokens.get(token, now);
    check(
        checks,
        (
            "the refresh token is known, and not older than 30 days",
            "RFC 6749 §6",
        ),
        sign_in.is_some(),
        TokenError::InvalidGrant,
    )?;
    let sign_in = sign_in.ok_or(TokenError::InvalidGrant)?;
    let user = user_of(shared, &sign_in)?;
    let changes = token_generation::changes(shared, Source::RefreshTokens, &user, &sign_in.scopes)
        .await
        .map_err(TokenError::Trigger)?;
    let now = shared.options.clock.now();
    // A refreshed ID token has no nonce (OIDC Core §12.2).
    let answer = tokens(shared, &sign_in, None, &changes, now)?;
    Ok(Value::Object(answer))
}

/// The client credentials grant (RFC 6749 §4.4): an access token for a machine, without a user.
async fn machine(
    shared: &Shared,
    headers: &HeaderMap,
    form: &Parameters,
    checks: &mut Vec<Check>,
) -> Result<Value, TokenError> {
    let shown = credentials(headers, form);
    let mut clients = shared.options.machine_clients.iter();
    let client = clients.find(|client| {
        let secret = client.client_secret.expose_secret();
        shown
            .as_ref()
            .is_some_and(|(id, given)| *id == client.client_id && given == secret)
    });
    check(
        checks,
        (
            "client_id and client_secret are a machine's",
            "RFC 6749 §2.3.1",
        ),
        client.is_some(),
        TokenError::InvalidClient,
    )?;
    let client = client.ok_or(TokenError::InvalidClient)?;
    let asked = form.only("scope").unwrap_or_default().split(' ');
    let asked: Vec<String> = asked
        .filter(|one| !one.is_empty())
        .map(str::to_owned)
        .collect();
    check(
        checks,
        (
            "scope is among those that the client may have",
            "RFC 6749 §3.3",
        ),
        asked
            .iter()
            .all(|scope| client.allowed_scopes.contains(scope)),
        TokenError::InvalidScope,
    )?;
    let scopes = if asked.is_empty() {
        &client.allowed_scopes
    } else {
        &asked
    };
    let changes = token_generation::changes_of_a_machine(shared, &client.client_id, scopes)
        .await
        .map_err(TokenError::Trigger)?;
    let now = shared.options.clock.now();
    let mut claims = Map::new();
    changes.apply_to_access_token(&mut claims);
    claims.extend(members(json!({
        "sub": client.client_id,
        "iss": shared.base_url,
        "version": 2,
        "client_id": client.client_id,
        "token_use": "access",
        "scope": changes.scopes(scopes).join(" "),
        "auth_time": now.timestamp(),
        "exp": (now + TOKEN_LIFETIME).timestamp(),
        "iat": now.timestamp(),
        "jti": random::uuid().map_err(|_| TokenError::Internal)?,
    })));
    let token = shared.key.sign(&Value::Object(claims));
    Ok(json!({
        "access_token": token.map_err(|_| TokenError::Internal)?,
        "expires_in": TOKEN_LIFETIME.num_seconds(),
        "token_type": "Bearer",
    }))
}

/// The client's id and secret from the header `Authorization` (RFC 6749 §2.3.1; both are
/// form-encoded before they are put together), or from the form, but not from both.
fn credentials(headers: &HeaderMap, form: &Parameters) -> Option<(String, String)> {
    let from_form = form.only("client_id").zip(form.only("client_secret"));
    let Some(header) = headers.get(AUTHORIZATION) else {
        return from_form.map(|(id, secret)| (id.to_owned(), secret.to_owned()));
    };
    let encoded = header.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let decode = |text: &str| {
        let pair = form_urlencoded::parse(text.as_bytes()).next();
        pair.map(|(text, _)| text.into_owned())
    };
    if form.only("client_secret").is_some() {
        return None;
    }
    Some((decode(id)?, decode(secret)?))
}

fn user_of(shared: &Shared, sign_in: &SignIn) -> Result<User, TokenError> {
    let kept = shared.state();
    let user = kept.users.get(&sign_in.username).cloned();
    user.ok_or(TokenError::InvalidGrant)
}

/// Whether the verifier belongs to the challenge. A verifier without a challenge is as wrong as a
/// challenge without a verifier (RFC 9700 §4.8.2).
fn is_verified(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            challenge == URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
        }
        _ => false,
    }
}

/// The tokens for a sign-in, with the trigger's changes.
fn tokens(
    shared: &Shared,
    sign_in: &SignIn,
    nonce: Option<&str>,
    changes: &TokenChanges,
    now: DateTime<Utc>,
) -> Result<Map<String, Value>, TokenError> {
    let user = user_of(shared, sign_in)?;
    let client_id = &shared.options.app_client.client_id;
    let expires = (now + TOKEN_LIFETIME).timestamp();
    let uuid = || random::uuid().map_err(|_| TokenError::Internal);
    let sign = |claims: Map<String, Value>| {
        let token = shared.key.sign(&Value::Object(claims));
        token.map_err(|_| TokenError::Internal)
    };
    let event_id = uuid()?;
    let groups = changes.groups(&user.groups);
    // The trigger's claims come first, so that Cognito's own claims overwrite them.
    let mut claims = Map::new();
    changes.apply_to_access_token(&mut claims);
    claims.extend(groups.access_token_claims());
    claims.extend(members(json!({
        "sub": user.sub,
        "iss": shared.base_url,
        "version": 2,
        "client_id": client_id,
        "origin_jti": sign_in.origin_jti,
        "event_id": event_id,
        "token_use": "access",
        "scope": changes.scopes(&sign_in.scopes).join(" "),
        "auth_time": sign_in.auth_time.timestamp(),
        "exp": expires,
        "iat": now.timestamp(),
        "jti": uuid()?,
        "username": user.username,
    })));
    let access_token = sign(claims)?;
    let mut answer = Map::new();
    let shown_by = match sign_in.through {
        Through::ManagedLogin => sign_in.scopes.clone(),
        Through::Api => EVERY_ATTRIBUTE.map(str::to_owned).into(),
    };
    if shown_by.iter().any(|scope| scope == "openid") {
        let address = shared.state().variation.overridden_address;
        let mut claims = attributes(shared, &shown_by, &user);
        changes.apply_to_id_token(&mut claims, address);
        claims.extend(groups.id_token_claims());
        let half_hash = digest(&SHA256, access_token.as_bytes());
        let half_hash = half_hash.as_ref().get(..16).unwrap_or_default();
        claims.extend(members(json!({
            "at_hash": URL_SAFE_NO_PAD.encode(half_hash),
            "sub": user.sub,
            "iss": shared.base_url,
            "cognito:username": user.username,
            "origin_jti": sign_in.origin_jti,
            "aud": client_id,
            "event_id": event_id,
            "token_use": "id",
            "auth_time": sign_in.auth_time.timestamp(),
            "exp": expires,
            "iat": now.timestamp(),
            "jti": uuid()?,
        })));
        let more = [
            ("nonce", nonce.map(Value::from)),
            (IDENTITIES, user.identities()),
        ];
        for (name, value) in more {
            claims.extend(value.map(|value| (name.to_owned(), value)));
        }
        answer.insert("id_token".to_owned(), sign(claims)?.into());
    }
    answer.insert("access_token".to_owned(), access_token.into());
    answer.insert("expires_in".to_owned(), TOKEN_LIFETIME.num_seconds().into());
    answer.insert("token_type".to_owned(), "Bearer".into());
    Ok(answer)
}

/// The members of an object.
fn members(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The attributes that a token or userinfo with these scopes shows, as far as the client may read
/// them. `openid` alone shows every standard attribute. Otherwise `email` and `phone` show their
/// own attributes, and `profile` shows all others, custom ones included.
fn attributes(shared: &Shared, scopes: &[String], user: &User) -> Map<String, Value> {
    let has = |name: &str| scopes.iter().any(|scope| scope == name);
    let (profile, email, phone) = (has("profile"), has("email"), has("phone"));
    let openid_alone = !profile && !email && !phone;
    user.attributes
        .iter()
        .filter(|(name, _)| shared.options.may_read(name))
        .filter(|(name, _)| match name.as_str() {
            "email" | "email_verified" => openid_alone || email,
            "phone_number" | "phone_number_verified" => openid_alone || phone,
            name if name.starts_with(CUSTOM) => profile,
            _ => openid_alone || profile,
        })
        .map(|(name, value)| {
            let value = match name.as_str() {
                "address" => json!({ "formatted": value }),
                _ => Value::String(value.clone()),
            };
            (name.clone(), value)
        })
        .collect()
}

/// `GET /oauth2/userInfo`.
pub(crate) async fn userinfo(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    shared.state().requests.userinfo += 1;
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let found = bearer
        .and_then(|token| bearer_of(&shared, token).ok())
        .filter(|(_, scopes)| scopes.iter().any(|scope| scope == "openid"));
    let checks = vec![Check::new(
        "the Bearer token is an access token of this pool, not expired, with openid",
        "OIDC Core §5.3.1",
        found.is_some(),
    )];
    let (status, answer) = match found {
        Some((user, scopes)) => {
            let mut claims = attributes(&shared, &scopes, &user);
            let own = user.own_attributes();
            claims.extend(own.map(|(name, value)| (name, value.into())));
            claims.insert("username".to_owned(), user.username.clone().into());
            (StatusCode::OK, Value::Object(claims))
        }
        None => (
            StatusCode::UNAUTHORIZED,
            json!({ "error": "invalid_token" }),
        ),
    };
    // Only names, because the journal must not show attributes.
    let names = answer
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str());
    let names = names.collect::<Vec<_>>().join(" ");
    shared.options.journal.record(Step {
        from: Party::App,
        to: Party::Cognito,
        request: "GET /oauth2/userInfo".to_owned(),
        parameters: bearer
            .map(|token| Parameter::new("authorization", token))
            .into_iter()
            .collect(),
        checks,
        status: Some(status.as_u16()),
        answer: vec![Parameter::new("claims", names)],
    });
    no_store((status, Json(answer)).into_response())
}

/// Why an access token is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoAccess {
    /// It isn't an access token of this pool.
    Invalid,
    /// It has expired.
    Expired,
    /// Its user is no longer in the pool.
    NoUser,
}

/// The user and the scopes of an access token.
pub(crate) fn bearer_of(shared: &Shared, token: &str) -> Result<(User, Vec<String>), NoAccess> {
    let claims = shared.key.open(token).ok_or(NoAccess::Invalid)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let expires = claims.get("exp").and_then(Value::as_i64);
    let (Some(expires), Some(scope), Some("access")) = (expires, text("scope"), text("token_use"))
    else {
        return Err(NoAccess::Invalid);
    };
    if expires <= shared.options.clock.now().timestamp() {
        return Err(NoAccess::Expired);
    }
    let username = text("username").unwrap_or_default();
    let user = shared.state().users.get(username).cloned();
    let scopes = scope.split(' ').map(str::to_owned).collect();
    Ok((user.ok_or(NoAccess::NoUser)?, scopes))
}

/// `GET /.well-known/jwks.json`.
pub(crate) async fn key_set(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.options.journal.record(Step {
        from: Party::App,
        to: Party::Cognito,
        request: "GET /.well-known/jwks.json".to_owned(),
        parameters: Vec::new(),
        checks: Vec::new(),
        status: Some(StatusCode::OK.as_u16()),
        answer: Vec::new(),
    });
    Json(shared.key.key_set())
}

/// `GET /.well-known/openid-configuration`.
pub(crate) async fn discovery(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let base = &shared.base_url;
    Json(json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/oauth2/authorize"),
        "token_endpoint": format!("{base}/oauth2/token"),
        "userinfo_endpoint": format!("{base}/oauth2/userInfo"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
    }))
}
