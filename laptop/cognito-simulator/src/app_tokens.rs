//! `POST /oauth2/token`: tokens for an app's code (with PKCE, once) or for its refresh token, and
//! access tokens for machines.
//! The ID token holds the attributes that the app client may read; `address` is an object with
//! `formatted` in it, as Cognito emits it (OIDC Core §5.1.1). A trigger changes the tokens.

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
use http::header::{CONTENT_TYPE, HeaderMap};
use loopback::journal::{Check, Parameter, Party, Step};
use loopback::parameters::Parameters;
use loopback::random;
use serde_json::{Map, Value, json};
use user_pool::attribute::IDENTITIES;

use crate::app_client::AppClient;
use crate::client_authentication::{self, Client};
use crate::issued_code::CODE_LIFETIME;
use crate::options::MachineClient;
use crate::pages::no_store;
use crate::parameters::journal_parameters;
use crate::refresh_tokens::{SignIn, Through};
use crate::shared::Shared;
use crate::token_changes::TokenChanges;
use crate::token_generation::{self, Source};
use crate::trigger_answer::TriggerFailure;
use crate::user_pool::User;
use crate::userinfo::attributes;

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
    /// The user was disabled since the sign-in.
    UserDisabled,
    InvalidScope,
    UnauthorizedClient,
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
            Self::InvalidGrant | Self::UserDisabled => (StatusCode::BAD_REQUEST, "invalid_grant"),
            Self::InvalidScope => (StatusCode::BAD_REQUEST, "invalid_scope"),
            Self::UnauthorizedClient => (StatusCode::BAD_REQUEST, "unauthorized_client"),
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
    let outcome = grant(&shared, &headers, &form, &mut checks).await;
    let registered = match &outcome {
        Ok(_) => Vec::new(),
        Err(error) => registered(&shared, &headers, &form, error),
    };
    let (status, answer) = match outcome {
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
        answer: shown.chain(registered).collect(),
    };
    shared.options.journal.end(entry, step);
    no_store((status, Json(answer)).into_response())
}

/// The tokens for a user who has just signed in at an app client, under the names that
/// `/oauth2/token` uses.
pub(crate) async fn sign_in(
    shared: &Shared,
    (user, client): (User, &AppClient),
    scopes: Vec<String>,
    through: Through,
) -> Result<Map<String, Value>, TokenError> {
    let source = match through {
        Through::ManagedLogin => Source::HostedAuth,
        Through::Api => Source::Authentication,
    };
    let changes = token_generation::changes(shared, source, (&user, client), &scopes).await;
    let changes = changes.map_err(TokenError::Trigger)?;
    let uuid = || random::uuid().map_err(|_| TokenError::Internal);
    // In a federated sign-in, Cognito adds a nonce of its own if the app sent none.
    let nonce = match user.identity {
        Some(_) => Some(uuid()?),
        None => None,
    };
    let now = shared.options.token_time();
    let sign_in = SignIn {
        client_id: client.client_id.clone(),
        username: user.username,
        sub: user.sub,
        scopes,
        auth_time: now,
        origin_jti: uuid()?,
        through,
    };
    first_tokens(shared, sign_in, nonce.as_deref(), &changes, now)
}

/// The values that are registered in place of the wrong one, for the journal.
fn registered(
    shared: &Shared,
    headers: &HeaderMap,
    form: &Parameters,
    error: &TokenError,
) -> Vec<Parameter> {
    let shown = client_authentication::shown_id(headers, form);
    let known = shown.and_then(|id| shared.options.app_client(&id));
    match (error, known) {
        (TokenError::InvalidClient, None) => (shared.options.app_clients.iter())
            .map(|client| Parameter::new("ClientId", &client.client_id))
            .collect(),
        (TokenError::UnauthorizedClient, Some(client)) => (client.callback_urls.iter())
            .map(|url| Parameter::new("CallbackURLs", url))
            .collect(),
        _ => Vec::new(),
    }
}

async fn grant(
    shared: &Shared,
    headers: &HeaderMap,
    form: &Parameters,
    checks: &mut Vec<Check>,
) -> Result<Value, TokenError> {
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|value| value.split(';').next());
    let is_form = media_type.is_some_and(|media_type| {
        let form = "application/x-www-form-urlencoded";
        media_type.trim().eq_ignore_ascii_case(form)
    });
    check(
        checks,
        (
            "the body is a form, and no parameter comes twice",
            "RFC 6749 §3.2",
        ),
        is_form && form.are_unique(),
        TokenError::InvalidRequest,
    )?;
    let client = client_authentication::made(&shared.options, headers, form, checks);
    let client = client.ok_or(TokenError::InvalidClient)?;
    let grant_type = form.only("grant_type").unwrap_or_default();
    match (client, grant_type) {
        (Client::App(client), "authorization_code") => redeem(shared, client, form, checks),
        (Client::App(client), "refresh_token") => refresh(shared, client, form, checks).await,
        (Client::Machine(client), "client_credentials") => {
            machine(shared, client, form, checks).await
        }
        (_, "authorization_code" | "refresh_token" | "client_credentials") => {
            let what = ("the client may use this grant_type", "RFC 6749 §5.2");
            Check::made(checks, what, None, TokenError::UnauthorizedClient)
        }
        _ => {
            let what = ("grant_type is known", "RFC 6749 §5.2");
            Check::made(checks, what, None, TokenError::UnsupportedGrantType)
        }
    }
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
    client: &AppClient,
    form: &Parameters,
    checks: &mut Vec<Check>,
) -> Result<Value, TokenError> {
    let now = shared.options.token_time();
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
        ("the code was issued to this client", "RFC 6749 §4.1.3"),
        issued.app.client_id == client.client_id,
        TokenError::InvalidGrant,
    )?;
    let redirect_uri = form.only("redirect_uri");
    let is_registered = |uri: &str| client.callback_urls.iter().any(|url| url == uri);
    check(
        checks,
        ("redirect_uri is a callback URL, exactly", "RFC 9700 §2.1"),
        redirect_uri.is_none_or(is_registered),
        TokenError::UnauthorizedClient,
    )?;
    check(
        checks,
        (
            "redirect_uri is that of the authorization request",
            "RFC 6749 §4.1.3",
        ),
        redirect_uri == Some(&issued.app.redirect_uri),
        TokenError::InvalidGrant,
    )?;
    let challenge = issued.app.code_challenge.as_deref();
    check(
        checks,
        ("code_verifier belongs to code_challenge", "RFC 7636 §4.6"),
        is_verified(challenge, form.only("code_verifier")),
        TokenError::InvalidGrant,
    )?;
    check(
        checks,
        (
            "the client may read all attributes that the scopes stand for",
            "Cognito: token endpoint",
        ),
        client.may_read_those_of(&issued.app.scopes, &shared.options.schema),
        TokenError::InvalidGrant,
    )?;
    let origin_jti = random::uuid().map_err(|_| TokenError::Internal)?;
    let sign_in = SignIn {
        client_id: client.client_id.clone(),
        username: issued.username,
        sub: issued.sub,
        scopes: issued.app.scopes,
        auth_time: issued.issued,
        origin_jti,
        through: Through::ManagedLogin,
    };
    let nonce = match issued.app.nonce {
        // In a federated sign-in, Cognito adds a nonce of its own if the app sent none.
        None if issued.is_federated => {
            Some(random::base64url(32).map_err(|_| TokenError::Internal)?)
        }
        sent => sent,
    };
    let answer = first_tokens(shared, sign_in, nonce.as_deref(), &issued.changes, now)?;
    Ok(Value::Object(answer))
}

/// The tokens at the end of a sign-in, with the refresh token.
fn first_tokens(
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

/// The refresh token grant.
async fn refresh(
    shared: &Shared,
    client: &AppClient,
    form: &Parameters,
    checks: &mut Vec<Check>,
) -> Result<Value, TokenError> {
    let token = form.only("refresh_token").unwrap_or_default();
    let answer = refreshed_tokens(shared, client, token, checks).await?;
    Ok(Value::Object(answer))
}

/// The tokens for a refresh token. The trigger is called again, and the refresh token stays the
/// same.
pub(crate) async fn refreshed_tokens(
    shared: &Shared,
    client: &AppClient,
    token: &str,
    checks: &mut Vec<Check>,
) -> Result<Map<String, Value>, TokenError> {
    let now = shared.options.token_time();
    let sign_in = shared.state().refresh_tokens.get(token, now);
    let sign_in = Check::made(
        checks,
        (
            "the refresh token is known, and not older than 30 days",
            "RFC 6749 §6",
        ),
        sign_in,
        TokenError::InvalidGrant,
    )?;
    check(
        checks,
        ("the refresh token was issued to this client", "RFC 6749 §6"),
        sign_in.client_id == client.client_id,
        TokenError::InvalidGrant,
    )?;
    let user = user_of(shared, &sign_in)?;
    let (source, who) = (Source::RefreshTokens, (&user, client));
    let changes = token_generation::changes(shared, source, who, &sign_in.scopes);
    let changes = changes.await.map_err(TokenError::Trigger)?;
    let now = shared.options.token_time();
    // A refreshed ID token has no nonce (OIDC Core §12.2).
    tokens(shared, &sign_in, None, &changes, now)
}

/// The client credentials grant (RFC 6749 §4.4): an access token for a machine, without a user.
async fn machine(
    shared: &Shared,
    client: &MachineClient,
    form: &Parameters,
    checks: &mut Vec<Check>,
) -> Result<Value, TokenError> {
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
    let now = shared.options.token_time();
    let mut claims = Map::new();
    changes.apply_to_access_token(&mut claims);
    claims.extend(members(json!({
        "sub": client.client_id,
        "iss": shared.issuer,
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

fn user_of(shared: &Shared, sign_in: &SignIn) -> Result<User, TokenError> {
    let kept = shared.state();
    let user = kept.users.get(&sign_in.username).cloned();
    let user = user.filter(|user| user.sub == sign_in.sub);
    match user {
        Some(user) if user.disabled => Err(TokenError::UserDisabled),
        user => user.ok_or(TokenError::InvalidGrant),
    }
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
    let client = shared.options.app_client(&sign_in.client_id);
    let client = client.ok_or(TokenError::InvalidClient)?;
    let client_id = &client.client_id;
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
        "iss": shared.issuer,
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
        let mut claims = attributes(client, &shown_by, &user);
        changes.apply_to_id_token(&mut claims, address);
        claims.extend(groups.id_token_claims());
        let half_hash = digest(&SHA256, access_token.as_bytes());
        let half_hash = half_hash.as_ref().get(..16).unwrap_or_default();
        claims.extend(members(json!({
            "at_hash": URL_SAFE_NO_PAD.encode(half_hash),
            "sub": user.sub,
            "iss": shared.issuer,
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
