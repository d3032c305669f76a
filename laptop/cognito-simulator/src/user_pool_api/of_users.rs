//! The operations that a user may do with an access token, and those for which an app shows its
//! client and a refresh token.

use loopback::journal::{Check, Parameter, mask};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use super::told::{API, Attribute, Told, attributes, check_number};
use crate::app_client::AppClient;
use crate::app_tokens::{TokenError, refreshed_tokens};
use crate::client_authentication;
use crate::native_users::NoSignIn;
use crate::shared::Shared;
use crate::user_pool::{Rules, Writer};
use crate::userinfo::{Bearer, NoAccess, bearer_of};

/// The scope that a user's own operations need.
pub(super) const USER_SCOPE: &str = "aws.cognito.signin.user.admin";

pub(super) fn get_user(shared: &Shared, body: &[u8], told: &mut Told) -> Result<Value, Refusal> {
    let request: GetUser = told.body(body)?;
    let Bearer { user, client, .. } = bearer(shared, &request.access_token, told)?;
    let attributes = attributes(&user, |name| client.may_read(name), told);
    Ok(json!({ "Username": user.username, "UserAttributes": attributes }))
}

pub(super) fn update_attributes(
    shared: &Shared,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let request: UpdateUserAttributes = told.body(body)?;
    let bearer = bearer(shared, &request.access_token, told)?;
    let attributes = request.user_attributes.into_iter();
    let attributes: Vec<(String, Option<String>)> = attributes
        .map(|attribute| (attribute.name, Some(attribute.value)))
        .collect();
    write(shared, &bearer, &attributes, told)?;
    Ok(json!({ "CodeDeliveryDetailsList": [] }))
}

pub(super) fn delete_attributes(
    shared: &Shared,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let request: DeleteUserAttributes = told.body(body)?;
    let bearer = bearer(shared, &request.access_token, told)?;
    let names = request.user_attribute_names.into_iter();
    let deleted: Vec<(String, Option<String>)> = names.map(|name| (name, None)).collect();
    write(shared, &bearer, &deleted, told)?;
    Ok(json!({}))
}

pub(super) async fn refresh(
    shared: &Shared,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let request: GetTokensFromRefreshToken = told.body(body)?;
    let token = &request.refresh_token;
    told.parameters.push(Parameter::new("refresh_token", token));
    let shown = (request.client_id, request.client_secret);
    let client = app_client(shared, shown, told)?;
    let tokens = refreshed_tokens(shared, client, token, &mut told.checks).await;
    Ok(json!({ "AuthenticationResult": authentication_result(tokens, told)? }))
}

/// `AuthenticationResultType`, of tokens as `/oauth2/token` names them.
pub(super) fn authentication_result(
    tokens: Result<Map<String, Value>, TokenError>,
    told: &mut Told,
) -> Result<Map<String, Value>, Refusal> {
    let mut tokens = tokens.map_err(|error| match error {
        TokenError::Trigger(failure) => Refusal::UserLambdaValidation(failure.to_string()),
        TokenError::UserDisabled => Refusal::not_authorized(NoSignIn::Disabled.to_string()),
        TokenError::Internal => Refusal::Internal,
        _ => Refusal::not_authorized("Invalid Refresh Token"),
    })?;
    let mut result = Map::new();
    for (name, of_endpoint) in [
        ("AccessToken", "access_token"),
        ("IdToken", "id_token"),
        ("RefreshToken", "refresh_token"),
        ("ExpiresIn", "expires_in"),
        ("TokenType", "token_type"),
    ] {
        let value = tokens.remove(of_endpoint);
        result.extend(value.map(|value| (name.to_owned(), value)));
    }
    let names = result.keys().map(|name| Parameter::new(name, "issued"));
    told.answer.extend(names);
    Ok(result)
}

pub(super) fn revoke(shared: &Shared, body: &[u8], told: &mut Told) -> Result<Value, Refusal> {
    let request: RevokeToken = told.body(body)?;
    let token = &request.token;
    told.parameters.push(Parameter::new("token", token));
    let shown = (request.client_id, request.client_secret);
    let client = app_client(shared, shown, told)?;
    let check = ("token is a refresh token", API);
    let is_refresh_token = shared.key.open(token).is_none();
    told.check(check, is_refresh_token, Refusal::UnsupportedTokenType)?;
    let now = shared.options.token_time();
    let mut kept = shared.state();
    kept.refresh_tokens.revoke(token, &client.client_id, now);
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetUser {
    access_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateUserAttributes {
    access_token: String,
    user_attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteUserAttributes {
    access_token: String,
    user_attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetTokensFromRefreshToken {
    client_id: String,
    #[serde(default)]
    client_secret: Option<String>,
    refresh_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RevokeToken {
    client_id: String,
    #[serde(default)]
    client_secret: Option<String>,
    token: String,
}

/// To whom an access token belongs, if the token has the scope [`USER_SCOPE`].
fn bearer<'a>(shared: &'a Shared, token: &str, told: &mut Told) -> Result<Bearer<'a>, Refusal> {
    told.parameters.push(Parameter {
        name: "AccessToken".to_owned(),
        value: mask("access_token", token),
    });
    let bearer = bearer_of(shared, token);
    let refusal = match &bearer {
        Err(NoAccess::Expired) => Refusal::not_authorized("Access Token has expired"),
        Err(NoAccess::Revoked) => Refusal::not_authorized("Access Token has been revoked"),
        Err(NoAccess::NoUser) => Refusal::UserNotFound,
        _ => Refusal::not_authorized("Invalid Access Token"),
    };
    let check = (
        "the access token is one of this pool and of a user, and not expired",
        "RFC 6750 §3.1",
    );
    told.check(check, bearer.is_ok(), refusal.clone())?;
    let bearer = bearer.map_err(|_| refusal)?;
    let refusal = Refusal::not_authorized("Access Token does not have required scopes");
    let has_scope = bearer.scopes.iter().any(|scope| scope == USER_SCOPE);
    let check = ("the access token has aws.cognito.signin.user.admin", API);
    told.check(check, has_scope, refusal)?;
    Ok(bearer)
}

/// Writes or deletes all of these attributes, or none.
fn write(
    shared: &Shared,
    bearer: &Bearer<'_>,
    attributes: &[(String, Option<String>)],
    told: &mut Told,
) -> Result<(), Refusal> {
    let deleted = attributes.iter().filter(|(_, value)| value.is_none());
    told.parameters.extend(deleted.map(|(name, _)| Parameter {
        name: name.clone(),
        value: "deleted".to_owned(),
    }));
    let written = attributes.iter();
    told.sizes(written.filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?))));
    let written = check_number(attributes).and_then(|()| {
        let now = shared.options.clock.now();
        let mut kept = shared.state();
        let rules = Rules {
            options: &shared.options,
            writer: Writer::Client(bearer.client),
            empty_values: kept.variation.empty_values,
        };
        let written = (kept.users).update(rules, &bearer.user.username, attributes, now);
        written.map_err(Refusal::from)
    });
    told.checks.push(Check::new(
        "the attributes fit the schema, and the app client may write them",
        "Cognito: attribute permissions",
        written.is_ok(),
    ));
    written
}

/// The app client that makes a request without a user's token.
fn app_client<'a>(
    shared: &'a Shared,
    (client_id, client_secret): (String, Option<String>),
    told: &mut Told,
) -> Result<&'a AppClient, Refusal> {
    told.parameters
        .push(Parameter::new("client_id", &client_id));
    let options = &shared.options;
    let client = client_authentication::app_client(options, &client_id, client_secret.as_deref());
    let refusal = match options.app_client(&client_id) {
        Some(_) => Refusal::not_authorized(
            "The client's secret is missing or wrong, or the client has none",
        ),
        None => Refusal::NoClient(client_id),
    };
    let check = ("the client shows its secret, if it has one", API);
    Check::made(&mut told.checks, check, client, refusal)
}
