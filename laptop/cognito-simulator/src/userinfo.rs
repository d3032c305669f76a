//! `GET /oauth2/userInfo`: the user's attributes, for an access token.
//! It holds what the app client may read. No trigger is called for it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use loopback::journal::{Check, Parameter, Party, Step};
use serde_json::{Map, Value, json};
use user_pool::attribute::CUSTOM;

use crate::app_client::AppClient;
use crate::pages::no_store;
use crate::shared::Shared;
use crate::user_pool::User;

/// The header of a refusal, in Cognito's form and words, which don't name a scheme.
const INVALID_TOKEN: &str = "error=\"invalid_token\", error_description=\"Access token is expired, \
    disabled, or deleted, or the user has globally signed out.\"";

/// `GET /oauth2/userInfo`.
pub(crate) async fn userinfo(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    shared.state().requests.userinfo += 1;
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        // The name of a scheme is case-insensitive (RFC 9110 §11.1).
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, token)| token);
    let found = token
        .and_then(|token| bearer_of(&shared, token).ok())
        .filter(|bearer| bearer.scopes.iter().any(|scope| scope == "openid"));
    let checks = vec![Check::new(
        "the Bearer token is an access token of this pool, not expired, with openid",
        "OIDC Core §5.3.1",
        found.is_some(),
    )];
    let (status, answer) = match found {
        Some(Bearer {
            user,
            client,
            scopes,
        }) => {
            let mut claims = attributes(client, &scopes, &user);
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
        parameters: token
            .map(|token| Parameter::new("authorization", token))
            .into_iter()
            .collect(),
        checks,
        status: Some(status.as_u16()),
        answer: vec![Parameter::new("claims", names)],
    });
    let mut response = (status, Json(answer)).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let headers = response.headers_mut();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(INVALID_TOKEN));
    }
    no_store(response)
}

/// Why an access token is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoAccess {
    /// It isn't an access token of this pool.
    Invalid,
    /// It has expired.
    Expired,
    /// It was revoked, with the refresh token of its sign-in, or because its user was disabled.
    Revoked,
    /// Its user is no longer in the pool.
    NoUser,
}

/// To whom an access token belongs.
pub(crate) struct Bearer<'a> {
    pub(crate) user: User,
    /// The app client to which the token was issued.
    pub(crate) client: &'a AppClient,
    pub(crate) scopes: Vec<String>,
}

/// The user, the app client and the scopes of an access token.
pub(crate) fn bearer_of<'a>(shared: &'a Shared, token: &str) -> Result<Bearer<'a>, NoAccess> {
    let claims = shared.key.open(token).ok_or(NoAccess::Invalid)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let expires = claims.get("exp").and_then(Value::as_i64);
    let (Some(expires), Some(scope), Some("access")) = (expires, text("scope"), text("token_use"))
    else {
        return Err(NoAccess::Invalid);
    };
    let client = text("client_id").and_then(|id| shared.options.app_client(id));
    let client = client.ok_or(NoAccess::Invalid)?;
    if expires <= shared.options.token_time().timestamp() {
        return Err(NoAccess::Expired);
    }
    let username = text("username").unwrap_or_default();
    let kept = shared.state();
    if text("origin_jti").is_some_and(|sign_in| kept.refresh_tokens.is_revoked(sign_in)) {
        return Err(NoAccess::Revoked);
    }
    // A user who was deleted and has come again is another one, with another `sub`.
    let user = kept.users.get(username).cloned();
    let user = user.filter(|user| text("sub") == Some(&user.sub));
    let user = user.ok_or(NoAccess::NoUser)?;
    let issued = claims.get("iat").and_then(Value::as_i64);
    let is_from_before = (user.tokens_revoked)
        .is_some_and(|revoked| issued.is_none_or(|issued| issued <= revoked.timestamp()));
    if user.disabled || is_from_before {
        return Err(NoAccess::Revoked);
    }
    Ok(Bearer {
        user,
        client,
        scopes: scope.split(' ').map(str::to_owned).collect(),
    })
}

/// The attributes that a token or userinfo with these scopes shows, as far as the client may read
/// them. `openid` alone shows every standard attribute. Otherwise `email` and `phone` show their
/// own attributes, and `profile` shows all others, custom ones included.
pub(crate) fn attributes(client: &AppClient, scopes: &[String], user: &User) -> Map<String, Value> {
    let has = |name: &str| scopes.iter().any(|scope| scope == name);
    let (profile, email, phone) = (has("profile"), has("email"), has("phone"));
    let openid_alone = !profile && !email && !phone;
    user.attributes
        .iter()
        .filter(|(name, _)| client.may_read(name))
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
