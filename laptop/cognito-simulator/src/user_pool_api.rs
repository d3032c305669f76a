//! The user pool's API, as AWS SDKs call it: `POST /`, with the operation in `X-Amz-Target`, in AWS
//! JSON 1.1.
//! Operations of a user need an access token. Operations of an administrator need a request that
//! has the form of a signed one (AWS Signature Version 4). There are no credentials here, so no
//! signature is verified: one that was made with any key is accepted.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use loopback::journal::{Check, Parameter, Party, Step, mask};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::app_client::AppClient;
use crate::app_tokens::{TokenError, refreshed_tokens};
use crate::client_authentication;
use crate::linked_users::LinkFailure;
use crate::pages::no_store;
use crate::shared::Shared;
use crate::user_pool::{AttributeFailure, Rules, User};
use crate::userinfo::{Bearer, NoAccess, bearer_of};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// The prefix of every `X-Amz-Target`.
const SERVICE: &str = "AWSCognitoIdentityProviderService.";
/// The scope that a user's own operations need.
pub(crate) const USER_SCOPE: &str = "aws.cognito.signin.user.admin";
/// The `ProviderAttributeName` with which the value is the provider's subject.
const SUBJECT: &str = "Cognito_Subject";
/// The most attributes of one request; AWS names no figure.
const MOST_ATTRIBUTES: usize = 100;
/// The source of rules that aren't in a specification.
const API: &str = "Cognito: user pools API";
/// The source of rules about linked users.
const LINKING: &str = "Cognito: linking federated users";

/// `POST /`: calls an operation of the API.
pub(crate) async fn call(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    shared.state().requests.user_pool_api += 1;
    let operation = Operation::of(&headers);
    let mut told = Told::default();
    let known = ("the operation is known", API);
    let known = told.check(known, operation.is_some(), Refusal::UnknownOperation);
    let outcome = match (known, operation) {
        (Ok(()), Some(operation)) => operation.answer(&shared, &headers, &body, &mut told).await,
        _ => Err(Refusal::UnknownOperation),
    };
    let response = match outcome {
        Ok(answer) => answered(StatusCode::OK, &answer),
        Err(refusal) => {
            let (name, message) = (refusal.name(), refusal.to_string());
            told.answer.push(Parameter::new("__type", name));
            told.answer.push(Parameter::new("message", &message));
            let answer = json!({ "__type": name, "message": message });
            let mut response = answered(refusal.status(), &answer);
            let name = HeaderValue::from_static(name);
            response.headers_mut().insert(ERROR_TYPE, name);
            response
        }
    };
    shared.options.journal.record(Step {
        from: operation.map_or(Party::App, Operation::caller),
        to: Party::Cognito,
        request: operation.map_or("POST /", Operation::name).to_owned(),
        parameters: told.parameters,
        checks: told.checks,
        status: Some(response.status().as_u16()),
        answer: told.answer,
    });
    response
}

fn answered(status: StatusCode, answer: &Value) -> Response {
    let mut response = no_store((status, Json(answer)).into_response());
    let media_type = HeaderValue::from_static("application/x-amz-json-1.1");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// The operations that the stand-in has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Operation {
    GetUser,
    UpdateUserAttributes,
    DeleteUserAttributes,
    GetTokensFromRefreshToken,
    RevokeToken,
    AdminGetUser,
    AdminLinkProviderForUser,
    AdminDisableProviderForUser,
}

impl Operation {
    const ALL: [Self; 8] = [
        Self::GetUser,
        Self::UpdateUserAttributes,
        Self::DeleteUserAttributes,
        Self::GetTokensFromRefreshToken,
        Self::RevokeToken,
        Self::AdminGetUser,
        Self::AdminLinkProviderForUser,
        Self::AdminDisableProviderForUser,
    ];

    fn of(headers: &HeaderMap) -> Option<Self> {
        let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let target = headers.get(TARGET)?.to_str().ok()?;
        let name = target.strip_prefix(SERVICE)?;
        let mut all = Self::ALL.into_iter();
        all.find(|operation| operation.name() == name && media_type == "application/x-amz-json-1.1")
    }

    const fn name(self) -> &'static str {
        match self {
            Self::GetUser => "GetUser",
            Self::UpdateUserAttributes => "UpdateUserAttributes",
            Self::DeleteUserAttributes => "DeleteUserAttributes",
            Self::GetTokensFromRefreshToken => "GetTokensFromRefreshToken",
            Self::RevokeToken => "RevokeToken",
            Self::AdminGetUser => "AdminGetUser",
            Self::AdminLinkProviderForUser => "AdminLinkProviderForUser",
            Self::AdminDisableProviderForUser => "AdminDisableProviderForUser",
        }
    }

    async fn answer(
        self,
        shared: &Shared,
        headers: &HeaderMap,
        body: &[u8],
        told: &mut Told,
    ) -> Result<Value, Refusal> {
        match self {
            Self::GetUser => get_user(shared, body, told),
            Self::UpdateUserAttributes => update(shared, body, told),
            Self::DeleteUserAttributes => delete(shared, body, told),
            Self::GetTokensFromRefreshToken => refresh(shared, body, told).await,
            Self::RevokeToken => revoke(shared, body, told),
            Self::AdminGetUser => admin_get_user(shared, headers, body, told),
            Self::AdminLinkProviderForUser => link(shared, headers, body, told),
            Self::AdminDisableProviderForUser => unlink(shared, headers, body, told),
        }
    }

    /// The party that calls it here: a trigger with its role, or an app, for its user or with the
    /// role of its server.
    const fn caller(self) -> Party {
        match self {
            Self::AdminGetUser => Party::Triggers,
            _ => Party::App,
        }
    }
}

/// Why a request is refused: the exceptions of the AWS API. The messages are AWS's own where they
/// were seen.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
enum Refusal {
    #[error("The requested operation is not known.")]
    UnknownOperation,
    #[error("The body is not what the operation takes.")]
    Serialization,
    #[error("Missing Authentication Token")]
    MissingAuthenticationToken,
    #[error("The request's signature is not one of Signature Version 4, or does not cover it.")]
    IncompleteSignature,
    #[error("Credential should be scoped to the user pool's Region and to cognito-idp.")]
    InvalidSignature,
    #[error("{0}")]
    NotAuthorized(&'static str),
    #[error("{0}")]
    InvalidParameter(String),
    #[error("User pool {0} does not exist.")]
    ResourceNotFound(String),
    #[error("User does not exist.")]
    UserNotFound,
    #[error("{0}")]
    LimitExceeded(String),
    #[error("{0}")]
    UserLambdaValidation(String),
    #[error("The token is not a refresh token.")]
    UnsupportedTokenType,
    #[error("User pool client {0} does not exist.")]
    NoClient(String),
    #[error("The stand-in itself failed.")]
    Internal,
}

impl Refusal {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::UnknownOperation => "UnknownOperationException",
            Self::Serialization => "SerializationException",
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature => "IncompleteSignatureException",
            Self::InvalidSignature => "InvalidSignatureException",
            Self::NotAuthorized(_) => "NotAuthorizedException",
            Self::InvalidParameter(_) => "InvalidParameterException",
            Self::ResourceNotFound(_) | Self::NoClient(_) => "ResourceNotFoundException",
            Self::UserNotFound => "UserNotFoundException",
            Self::LimitExceeded(_) => "LimitExceededException",
            Self::UserLambdaValidation(_) => "UserLambdaValidationException",
            Self::UnsupportedTokenType => "UnsupportedTokenTypeException",
            Self::Internal => "InternalErrorException",
        }
    }
}

impl From<AttributeFailure> for Refusal {
    fn from(failure: AttributeFailure) -> Self {
        match failure {
            AttributeFailure::NotWritable { .. } => {
                Self::NotAuthorized("A client attempted to write unauthorized attribute")
            }
            AttributeFailure::UserUnknown => Self::UserNotFound,
            other => Self::InvalidParameter(other.to_string()),
        }
    }
}

impl From<LinkFailure> for Refusal {
    fn from(failure: LinkFailure) -> Self {
        match failure {
            LinkFailure::UserUnknown => Self::UserNotFound,
            LinkFailure::TooMany => Self::LimitExceeded(failure.to_string()),
            other => Self::InvalidParameter(other.to_string()),
        }
    }
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

/// `AttributeType`. A missing value counts as an empty one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    name: String,
    #[serde(default)]
    value: String,
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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AdminGetUser {
    user_pool_id: String,
    username: String,
}

/// `ProviderUserIdentifierType`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProviderUser {
    provider_name: String,
    #[serde(default)]
    provider_attribute_name: Option<String>,
    provider_attribute_value: String,
}

impl ProviderUser {
    /// The provider's name and its subject. AWS can link by other attributes too; the stand-in
    /// can't.
    fn identity(&self) -> Result<(&str, &str), Refusal> {
        if self.provider_attribute_name.as_deref() == Some(SUBJECT) {
            return Ok((&self.provider_name, &self.provider_attribute_value));
        }
        let message = format!("ProviderAttributeName can only be {SUBJECT} here");
        Err(Refusal::InvalidParameter(message))
    }

    /// What the journal shows of it: never the subject, and of the provider's name only its size,
    /// because the name comes from outside.
    fn shown(&self, name: &str) -> Parameter {
        let (provider, value) = (&self.provider_name, &self.provider_attribute_value);
        Parameter {
            name: name.to_owned(),
            value: format!("{} + {} bytes", provider.len(), value.len()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AdminLinkProviderForUser {
    user_pool_id: String,
    destination_user: ProviderUser,
    source_user: ProviderUser,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AdminDisableProviderForUser {
    user_pool_id: String,
    user: ProviderUser,
}

/// What is recorded in the journal of a request and its answer.
#[derive(Default)]
struct Told {
    parameters: Vec<Parameter>,
    checks: Vec<Check>,
    answer: Vec<Parameter>,
}

impl Told {
    /// Reads the body.
    fn body<'a, T: Deserialize<'a>>(&mut self, body: &'a [u8]) -> Result<T, Refusal> {
        let understood = serde_json::from_slice(body);
        let check = ("the body has the operation's parameters", API);
        self.check(check, understood.is_ok(), Refusal::Serialization)?;
        understood.map_err(|_| Refusal::Serialization)
    }

    fn check(
        &mut self,
        (what, rule): (&str, &str),
        passed: bool,
        refusal: Refusal,
    ) -> Result<(), Refusal> {
        self.checks.push(Check::new(what, rule, passed));
        if passed { Ok(()) } else { Err(refusal) }
    }
}

fn get_user(shared: &Shared, body: &[u8], told: &mut Told) -> Result<Value, Refusal> {
    let request: GetUser = told.body(body)?;
    let Bearer { user, client, .. } = bearer(shared, &request.access_token, told)?;
    let attributes = attributes(&user, |name| client.may_read(name), told);
    Ok(json!({ "Username": user.username, "UserAttributes": attributes }))
}

/// To whom an access token belongs, if the token has the scope [`USER_SCOPE`].
fn bearer<'a>(shared: &'a Shared, token: &str, told: &mut Told) -> Result<Bearer<'a>, Refusal> {
    told.parameters.push(Parameter {
        name: "AccessToken".to_owned(),
        value: mask("access_token", token),
    });
    let bearer = bearer_of(shared, token);
    let refusal = match &bearer {
        Err(NoAccess::Expired) => Refusal::NotAuthorized("Access Token has expired"),
        Err(NoAccess::Revoked) => Refusal::NotAuthorized("Access Token has been revoked"),
        Err(NoAccess::NoUser) => Refusal::UserNotFound,
        _ => Refusal::NotAuthorized("Invalid Access Token"),
    };
    let check = (
        "the access token is one of this pool and of a user, and not expired",
        "RFC 6750 §3.1",
    );
    told.check(check, bearer.is_ok(), refusal.clone())?;
    let bearer = bearer.map_err(|_| refusal)?;
    let refusal = Refusal::NotAuthorized("Access Token does not have required scopes");
    let has_scope = bearer.scopes.iter().any(|scope| scope == USER_SCOPE);
    let check = ("the access token has aws.cognito.signin.user.admin", API);
    told.check(check, has_scope, refusal)?;
    Ok(bearer)
}

fn update(shared: &Shared, body: &[u8], told: &mut Told) -> Result<Value, Refusal> {
    let request: UpdateUserAttributes = told.body(body)?;
    let bearer = bearer(shared, &request.access_token, told)?;
    let attributes = request.user_attributes.into_iter();
    let attributes: Vec<(String, Option<String>)> = attributes
        .map(|attribute| (attribute.name, Some(attribute.value)))
        .collect();
    write(shared, &bearer, &attributes, told)?;
    Ok(json!({ "CodeDeliveryDetailsList": [] }))
}

fn delete(shared: &Shared, body: &[u8], told: &mut Told) -> Result<Value, Refusal> {
    let request: DeleteUserAttributes = told.body(body)?;
    let bearer = bearer(shared, &request.access_token, told)?;
    let names = request.user_attribute_names.into_iter();
    let deleted: Vec<(String, Option<String>)> = names.map(|name| (name, None)).collect();
    write(shared, &bearer, &deleted, told)?;
    Ok(json!({}))
}

/// Writes or deletes all of these attributes, or none.
fn write(
    shared: &Shared,
    bearer: &Bearer<'_>,
    attributes: &[(String, Option<String>)],
    told: &mut Told,
) -> Result<(), Refusal> {
    let sizes = attributes.iter().take(MOST_ATTRIBUTES);
    told.parameters.extend(sizes.map(|(name, value)| Parameter {
        name: name.clone(),
        value: match value {
            Some(value) => format!("{} bytes", value.len()),
            None => "deleted".to_owned(),
        },
    }));
    let is_few = (1..=MOST_ATTRIBUTES).contains(&attributes.len());
    let written = if is_few {
        let now = shared.options.clock.now();
        let mut kept = shared.state();
        let rules = Rules {
            options: &shared.options,
            client: bearer.client,
            empty_values: kept.variation.empty_values,
        };
        let written = (kept.users).update(rules, &bearer.user.username, attributes, now);
        written.map_err(Refusal::from)
    } else {
        let message = "Invalid number of attributes".to_owned();
        Err(Refusal::InvalidParameter(message))
    };
    told.checks.push(Check::new(
        "the attributes fit the schema, and the app client may write them",
        "Cognito: attribute permissions",
        written.is_ok(),
    ));
    written
}

async fn refresh(shared: &Shared, body: &[u8], told: &mut Told) -> Result<Value, Refusal> {
    let request: GetTokensFromRefreshToken = told.body(body)?;
    let token = &request.refresh_token;
    told.parameters.push(Parameter::new("refresh_token", token));
    let shown = (request.client_id, request.client_secret);
    let client = app_client(shared, shown, told)?;
    let tokens = refreshed_tokens(shared, client, token, &mut told.checks).await;
    let mut tokens = tokens.map_err(|error| match error {
        TokenError::Trigger(failure) => Refusal::UserLambdaValidation(failure.to_string()),
        TokenError::Internal => Refusal::Internal,
        _ => Refusal::NotAuthorized("Invalid Refresh Token"),
    })?;
    let mut result = Map::new();
    for (name, of_endpoint) in [
        ("AccessToken", "access_token"),
        ("IdToken", "id_token"),
        ("ExpiresIn", "expires_in"),
        ("TokenType", "token_type"),
    ] {
        let value = tokens.remove(of_endpoint);
        result.extend(value.map(|value| (name.to_owned(), value)));
    }
    let names = result.keys().map(|name| Parameter::new(name, "issued"));
    told.answer.extend(names);
    Ok(json!({ "AuthenticationResult": result }))
}

fn revoke(shared: &Shared, body: &[u8], told: &mut Told) -> Result<Value, Refusal> {
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
        Some(_) => Refusal::NotAuthorized(
            "The client's secret is missing or wrong, or the client has none",
        ),
        None => Refusal::NoClient(client_id),
    };
    let check = ("the client shows its secret, if it has one", API);
    Check::made(&mut told.checks, check, client, refusal)
}

fn admin_get_user(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let options = &shared.options;
    check_signed(shared, headers, told)?;
    let request: AdminGetUser = told.body(body)?;
    told.parameters
        .push(Parameter::new("UserPoolId", &request.user_pool_id));
    told.parameters.push(Parameter {
        name: "Username".to_owned(),
        value: format!("{} bytes", request.username.len()),
    });
    check_pool(shared, request.user_pool_id, told)?;
    let user = {
        let kept = shared.state();
        kept.users.find(options, &request.username).cloned()
    };
    let check = ("the user is in the pool", API);
    told.check(check, user.is_some(), Refusal::UserNotFound)?;
    let user = user.ok_or(Refusal::UserNotFound)?;
    let attributes = attributes(&user, |_| true, told);
    Ok(json!({
        "Username": user.username,
        "UserAttributes": attributes,
        "UserCreateDate": seconds(user.created),
        "UserLastModifiedDate": seconds(user.modified),
        "Enabled": true,
        "UserStatus": user.status(),
    }))
}

fn link(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let options = &shared.options;
    check_signed(shared, headers, told)?;
    let request: AdminLinkProviderForUser = told.body(body)?;
    let (destination, source) = (&request.destination_user, &request.source_user);
    told.parameters.extend([
        Parameter::new("UserPoolId", &request.user_pool_id),
        destination.shown("DestinationUser"),
        source.shown("SourceUser"),
    ]);
    check_pool(shared, request.user_pool_id, told)?;
    let linked = source.identity().and_then(|source| {
        let now = options.clock.now();
        let users = &mut shared.state().users;
        // AWS ignores ProviderAttributeName here.
        let (provider, value) = (
            &destination.provider_name,
            &destination.provider_attribute_value,
        );
        let username = users.named_by_provider(options, provider, value);
        let username = username.ok_or(Refusal::UserNotFound)?;
        let linked = users.link(options, &username, source, now);
        linked.map_err(Refusal::from)
    });
    told.checks.push(Check::new(
        "the identity isn't linked yet, and can be linked to the user",
        LINKING,
        linked.is_ok(),
    ));
    linked.map(|()| json!({}))
}

fn unlink(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let options = &shared.options;
    check_signed(shared, headers, told)?;
    let request: AdminDisableProviderForUser = told.body(body)?;
    told.parameters.extend([
        Parameter::new("UserPoolId", &request.user_pool_id),
        request.user.shown("User"),
    ]);
    check_pool(shared, request.user_pool_id, told)?;
    let unlinked = request.user.identity().and_then(|identity| {
        let now = options.clock.now();
        let unlinked = shared.state().users.unlink(options, identity, now);
        unlinked.map_err(Refusal::from)
    });
    let is_linked = Check::new("the identity is linked", LINKING, unlinked.is_ok());
    told.checks.push(is_linked);
    unlinked.map(|()| json!({}))
}

fn check_signed(shared: &Shared, headers: &HeaderMap, told: &mut Told) -> Result<(), Refusal> {
    let signed = check_signature(headers, shared.options.region());
    let check = (
        "the request has a signature's form (the signature isn't verified)",
        "AWS Signature Version 4",
    );
    let refusal = signed.as_ref().err().cloned();
    let refusal = refusal.unwrap_or(Refusal::IncompleteSignature);
    told.check(check, signed.is_ok(), refusal)
}

fn check_pool(shared: &Shared, id: String, told: &mut Told) -> Result<(), Refusal> {
    let is_pool = id == shared.options.user_pool_id;
    let refusal = Refusal::ResourceNotFound(id);
    told.check(("the pool is this one", API), is_pool, refusal)
}

/// A time as AWS JSON has it: seconds with a fraction.
fn seconds(time: DateTime<Utc>) -> Value {
    let milliseconds = time.timestamp_millis();
    json!(std::time::Duration::from_millis(milliseconds.unsigned_abs()).as_secs_f64())
}

/// The user's attributes as `AttributeType`s. Their names are recorded in the journal.
fn attributes(user: &User, shown: impl Fn(&String) -> bool, told: &mut Told) -> Vec<Value> {
    let own = user.own_attributes();
    let written = user.attributes.clone().into_iter();
    let shown = written.filter(|(name, _)| shown(name));
    let attributes: Vec<(String, String)> = own.chain(shown).collect();
    let names: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
    told.answer
        .push(Parameter::new("UserAttributes", names.join(" ")));
    let attributes = attributes.into_iter();
    attributes
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect()
}

/// Whether a request has the form of Signature Version 4, for this Region and service: it says who
/// signed it and when, and the signature covers host, time and operation.
fn check_signature(headers: &HeaderMap, region: &str) -> Result<(), Refusal> {
    let authorization = headers
        .get(AUTHORIZATION)
        .ok_or(Refusal::MissingAuthenticationToken)?;
    let incomplete = Refusal::IncompleteSignature;
    let text = authorization.to_str().map_err(|_| incomplete.clone())?;
    let parts = text.strip_prefix("AWS4-HMAC-SHA256 ");
    let parts: Vec<&str> = parts
        .ok_or_else(|| incomplete.clone())?
        .split(',')
        .map(str::trim)
        .collect();
    let part = |name: &str| parts.iter().find_map(|part| part.strip_prefix(name));
    let (Some(credential), Some(signed), Some(signature)) = (
        part("Credential="),
        part("SignedHeaders="),
        part("Signature="),
    ) else {
        return Err(incomplete);
    };
    let is_signature = signature.len() == 64
        && signature
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, 'a'..='f'));
    let covers = |name: &str| signed.split(';').any(|header| header == name);
    let date = headers.get(DATE).and_then(|value| value.to_str().ok());
    let day = date.and_then(|date| {
        let is_time = chrono::NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").is_ok();
        is_time.then(|| date.split('T').next()).flatten()
    });
    let Some(day) = day else {
        return Err(incomplete);
    };
    if !is_signature
        || !["host", "x-amz-date", "x-amz-target"]
            .into_iter()
            .all(covers)
    {
        return Err(incomplete);
    }
    match credential.split('/').collect::<Vec<_>>().as_slice() {
        [key, on, at, "cognito-idp", "aws4_request"]
            if !key.is_empty() && *on == day && *at == region =>
        {
            Ok(())
        }
        [_, _, _, _, _] => Err(Refusal::InvalidSignature),
        _ => Err(incomplete),
    }
}
