//! What the app gets: tokens for its code (PKCE, once), userinfo, the pool's keys and its metadata.
//! The ID token and userinfo hold the attributes that the app client may read.
//! `address` is an object with `formatted` there, as Cognito emits it (OIDC Core §5.1.1).

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value, json};

use super::Shared;
use super::pages::no_store;
use super::parameters::Parameters;
use super::pending_login::AppRequest;
use super::random;
use super::user_pool::User;
use crate::journal::{Check, Parameter, Party, Step};

/// Cognito's codes live five minutes.
pub(super) const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// Cognito's default for ID and access tokens: one hour.
const TOKEN_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// A code that the app hasn't redeemed yet.
pub(super) struct IssuedCode {
    pub(super) app: AppRequest,
    pub(super) username: String,
    pub(super) issued: DateTime<Utc>,
}

/// RFC 6749 §5.2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum TokenError {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnsupportedGrantType,
    Internal,
}

impl TokenError {
    fn answer(self) -> (StatusCode, Value) {
        let (status, error) = match self {
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::InvalidClient => (StatusCode::BAD_REQUEST, "invalid_client"),
            Self::InvalidGrant => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Self::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        };
        (status, json!({ "error": error }))
    }
}

/// `POST /oauth2/token`.
pub(super) async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    shared.state().requests.token += 1;
    let form = Parameters::parse(&body);
    let mut checks = Vec::new();
    let (status, answer) = match redeem(&shared, &headers, &form, &mut checks) {
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
    shared.options.journal.record(Step {
        from: Party::App,
        to: Party::Cognito,
        request: "POST /oauth2/token".to_owned(),
        parameters: form.journal(),
        checks,
        status: Some(status.as_u16()),
        answer: shown.collect(),
    });
    no_store((status, Json(answer)).into_response())
}

fn redeem(
    shared: &Shared,
    headers: &HeaderMap,
    form: &Parameters,
    checks: &mut Vec<Check>,
) -> Result<Value, TokenError> {
    let mut check = |what: &str, rule: &str, passed: bool, error: TokenError| {
        checks.push(Check::new(what, rule, passed));
        if passed { Ok(()) } else { Err(error) }
    };
    let is_form = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    check(
        "it is a form without a parameter that comes twice",
        "RFC 6749 §3.2",
        is_form && !form.has_duplicates(),
        TokenError::InvalidRequest,
    )?;
    check(
        "client_id is the app client's",
        "RFC 6749 §4.1.3",
        form.get("client_id") == Some(&shared.options.app_client.client_id),
        TokenError::InvalidClient,
    )?;
    check(
        "grant_type is authorization_code",
        "RFC 6749 §4.1.3",
        form.get("grant_type") == Some("authorization_code"),
        TokenError::UnsupportedGrantType,
    )?;
    let now = shared.options.clock.now();
    // A code is gone with its first use, also with a wrong one.
    let issued = form
        .get("code")
        .and_then(|code| shared.state().codes.remove(code));
    let fresh = issued.filter(|issued| now - issued.issued <= CODE_LIFETIME);
    check(
        "the code is known, unused, and not older than five minutes",
        "RFC 6749 §4.1.2",
        fresh.is_some(),
        TokenError::InvalidGrant,
    )?;
    let issued = fresh.ok_or(TokenError::InvalidGrant)?;
    check(
        "redirect_uri is that of the authorization request",
        "RFC 6749 §4.1.3",
        form.get("redirect_uri") == Some(&issued.app.redirect_uri),
        TokenError::InvalidGrant,
    )?;
    check(
        "code_verifier belongs to code_challenge",
        "RFC 7636 §4.6",
        is_verified(
            issued.app.code_challenge.as_deref(),
            form.get("code_verifier"),
        ),
        TokenError::InvalidGrant,
    )?;
    let user = shared
        .state()
        .users
        .get(&issued.username)
        .cloned()
        .ok_or(TokenError::InvalidGrant)?;
    tokens(shared, &issued, &user, now).ok_or(TokenError::Internal)
}

/// A verifier for no challenge is as wrong as none for a challenge (RFC 9700 §4.8.2).
fn is_verified(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            challenge == URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
        }
        _ => false,
    }
}

fn tokens(shared: &Shared, issued: &IssuedCode, user: &User, now: DateTime<Utc>) -> Option<Value> {
    let scopes = &issued.app.scopes;
    let client_id = &shared.options.app_client.client_id;
    let expires = (now + TOKEN_LIFETIME).timestamp();
    let (event_id, origin_jti) = (random::uuid().ok()?, random::uuid().ok()?);
    let access_token = shared
        .key
        .sign(&json!({
            "sub": user.sub,
            "iss": shared.base_url,
            "version": 2,
            "client_id": client_id,
            "origin_jti": origin_jti,
            "event_id": event_id,
            "token_use": "access",
            "scope": scopes.join(" "),
            "auth_time": issued.issued.timestamp(),
            "exp": expires,
            "iat": now.timestamp(),
            "jti": random::uuid().ok()?,
            "username": user.username,
        }))
        .ok()?;
    let mut answer = Map::new();
    if scopes.iter().any(|scope| scope == "openid") {
        let mut claims = attributes(shared, scopes, user);
        let nonce = match &issued.app.nonce {
            Some(nonce) => nonce.clone(),
            // In a federated sign-in Cognito puts a nonce of its own where the app sent none.
            None => random::base64url(32).ok()?,
        };
        let half_hash = digest(&SHA256, access_token.as_bytes());
        let at_hash = URL_SAFE_NO_PAD.encode(half_hash.as_ref().get(..16)?);
        let own = json!({
            "at_hash": at_hash,
            "sub": user.sub,
            "iss": shared.base_url,
            "cognito:username": user.username,
            "nonce": nonce,
            "origin_jti": origin_jti,
            "aud": client_id,
            "identities": user.identities(),
            "event_id": event_id,
            "token_use": "id",
            "auth_time": issued.issued.timestamp(),
            "exp": expires,
            "iat": now.timestamp(),
            "jti": random::uuid().ok()?,
        });
        claims.extend(own.as_object().cloned()?);
        answer.insert(
            "id_token".to_owned(),
            shared.key.sign(&Value::Object(claims)).ok()?.into(),
        );
    }
    answer.insert("access_token".to_owned(), access_token.into());
    answer.insert("expires_in".to_owned(), TOKEN_LIFETIME.num_seconds().into());
    answer.insert("token_type".to_owned(), "Bearer".into());
    Some(Value::Object(answer))
}

/// The attributes that a token or userinfo with these scopes shows. `openid` alone shows every standard
/// attribute that the client may read; `profile` shows custom ones too; `email` and `phone`, without
/// `profile`, narrow it down to theirs.
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
            name if name.starts_with("custom:") => profile,
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
pub(super) async fn userinfo(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    shared.state().requests.userinfo += 1;
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let found = bearer.and_then(|token| bearer_of(&shared, token));
    let checks = vec![Check::new(
        "the Bearer token is an access token of this pool, not expired, with openid",
        "OIDC Core §5.3.1",
        found.is_some(),
    )];
    let (status, answer) = match found {
        Some((user, scopes)) => {
            let mut claims = attributes(&shared, &scopes, &user);
            claims.insert("sub".to_owned(), user.sub.clone().into());
            claims.insert("username".to_owned(), user.username.clone().into());
            claims.insert(
                "identities".to_owned(),
                user.identities().to_string().into(),
            );
            (StatusCode::OK, Value::Object(claims))
        }
        None => (
            StatusCode::UNAUTHORIZED,
            json!({ "error": "invalid_token" }),
        ),
    };
    // Names only: a journal shows no attribute.
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

/// Whose access token this is, and its scopes.
fn bearer_of(shared: &Shared, token: &str) -> Option<(User, Vec<String>)> {
    let claims = shared.key.open(token)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let fresh = claims.get("exp")?.as_i64()? > shared.options.clock.now().timestamp();
    let scopes: Vec<String> = text("scope")?.split(' ').map(str::to_owned).collect();
    let accepted =
        fresh && text("token_use") == Some("access") && scopes.iter().any(|s| s == "openid");
    let user = shared.state().users.get(text("username")?).cloned()?;
    accepted.then_some((user, scopes))
}

/// `GET /.well-known/jwks.json`.
pub(super) async fn key_set(State(shared): State<Arc<Shared>>) -> Json<Value> {
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
pub(super) async fn discovery(State(shared): State<Arc<Shared>>) -> Json<Value> {
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
