//! The user pool's API, as AWS SDKs call it: `POST /`, with the operation in `X-Amz-Target`, in AWS
//! JSON 1.1.
//! Operations of a user need an access token. Operations of an administrator need a request that
//! has the form of a signed one. One category of operations has a quota. A test can make requests
//! fail.

mod initiate_auth;
mod list_users;
mod of_administrators;
mod of_users;
mod refusal;
mod signature;
mod told;
mod user_filter;

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use futures_util::stream;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use loopback::caller::caller;
use loopback::journal::{Parameter, Party, Step};
use serde_json::{Value, json};

use crate::api_faults::ApiFault;
use crate::pages::no_store;
use crate::shared::Shared;
use refusal::Refusal;
use told::{API, Told};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// The prefix of every `X-Amz-Target`.
const SERVICE: &str = "AWSCognitoIdentityProviderService.";

/// `POST /`: calls an operation of the API.
pub(crate) async fn call(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    shared.state().requests.user_pool_api += 1;
    let operation = Operation::of(&headers);
    let fault = operation.and_then(|operation| {
        let mut kept = shared.state();
        kept.api_faults.next(operation.name())
    });
    let mut told = Told::default();
    let outcome = answer(&shared, operation, fault, (&headers, &body), &mut told).await;
    let mut response = match outcome {
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
    let mut status = Some(response.status().as_u16());
    if fault == Some(ApiFault::AnswerLost) {
        // A body that fails before its first byte makes the server end the connection.
        let lost = io::Error::from(io::ErrorKind::ConnectionAborted);
        let body = stream::iter([Err::<Bytes, _>(lost)]);
        response = Body::from_stream(body).into_response();
        status = None;
    }
    shared.options.journal.record(Step {
        from: caller(&headers).unwrap_or_else(|| operation.map_or(Party::App, Operation::caller)),
        to: Party::Cognito,
        request: operation.map_or("POST /", Operation::name).to_owned(),
        parameters: told.parameters,
        checks: told.checks,
        status,
        answer: told.answer,
    });
    response
}

/// The name of an operation that the stand-in has.
pub(crate) fn operation(name: &str) -> Option<&'static str> {
    let mut names = Operation::ALL.into_iter().map(Operation::name);
    names.find(|known| *known == name)
}

async fn answer(
    shared: &Shared,
    operation: Option<Operation>,
    fault: Option<ApiFault>,
    (headers, body): (&HeaderMap, &[u8]),
    told: &mut Told,
) -> Result<Value, Refusal> {
    let known = ("the operation is known", API);
    told.check(known, operation.is_some(), Refusal::UnknownOperation)?;
    let operation = operation.ok_or(Refusal::UnknownOperation)?;
    match fault {
        Some(ApiFault::Throttled) => return Err(Refusal::TooManyRequests),
        Some(ApiFault::InternalError) => return Err(Refusal::Internal),
        Some(ApiFault::Slow(time)) => tokio::time::sleep(time).await,
        Some(ApiFault::AnswerLost) | None => {}
    }
    if operation.is_user_update() {
        let check = "the category UserUpdate has requests left in this second";
        let check = (check, "Cognito: quotas");
        told.check(check, may_update(shared), Refusal::TooManyRequests)?;
    }
    operation.answer(shared, headers, body, told).await
}

/// Whether the category UserUpdate takes one more request now.
fn may_update(shared: &Shared) -> bool {
    let now = shared.options.clock.now();
    let mut kept = shared.state();
    let second = TimeDelta::seconds(1);
    // A clock that was moved back doesn't keep the requests of a time to come.
    kept.user_updates
        .retain(|time| *time <= now && now - *time < second);
    let is_left = kept.user_updates.len() < shared.options.user_update_quota;
    if is_left {
        kept.user_updates.push_back(now);
    }
    is_left
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
    InitiateAuth,
    AdminGetUser,
    AdminCreateUser,
    AdminDeleteUser,
    AdminDisableUser,
    AdminEnableUser,
    AdminSetUserPassword,
    AdminUpdateUserAttributes,
    AdminLinkProviderForUser,
    AdminDisableProviderForUser,
    ListUsers,
}

impl Operation {
    const ALL: [Self; 16] = [
        Self::GetUser,
        Self::UpdateUserAttributes,
        Self::DeleteUserAttributes,
        Self::GetTokensFromRefreshToken,
        Self::RevokeToken,
        Self::InitiateAuth,
        Self::AdminGetUser,
        Self::AdminCreateUser,
        Self::AdminDeleteUser,
        Self::AdminDisableUser,
        Self::AdminEnableUser,
        Self::AdminSetUserPassword,
        Self::AdminUpdateUserAttributes,
        Self::AdminLinkProviderForUser,
        Self::AdminDisableProviderForUser,
        Self::ListUsers,
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
            Self::InitiateAuth => "InitiateAuth",
            Self::AdminGetUser => "AdminGetUser",
            Self::AdminCreateUser => "AdminCreateUser",
            Self::AdminDeleteUser => "AdminDeleteUser",
            Self::AdminDisableUser => "AdminDisableUser",
            Self::AdminEnableUser => "AdminEnableUser",
            Self::AdminSetUserPassword => "AdminSetUserPassword",
            Self::AdminUpdateUserAttributes => "AdminUpdateUserAttributes",
            Self::AdminLinkProviderForUser => "AdminLinkProviderForUser",
            Self::AdminDisableProviderForUser => "AdminDisableProviderForUser",
            Self::ListUsers => "ListUsers",
        }
    }

    /// Whether it belongs to the category UserUpdate, which has a quota of its own.
    const fn is_user_update(self) -> bool {
        matches!(
            self,
            Self::UpdateUserAttributes
                | Self::DeleteUserAttributes
                | Self::AdminDeleteUser
                | Self::AdminDisableUser
                | Self::AdminEnableUser
                | Self::AdminUpdateUserAttributes
                | Self::AdminLinkProviderForUser
                | Self::AdminDisableProviderForUser
        )
    }

    async fn answer(
        self,
        shared: &Shared,
        headers: &HeaderMap,
        body: &[u8],
        told: &mut Told,
    ) -> Result<Value, Refusal> {
        use of_administrators as administrators;
        match self {
            Self::GetUser => of_users::get_user(shared, body, told),
            Self::UpdateUserAttributes => of_users::update_attributes(shared, body, told),
            Self::DeleteUserAttributes => of_users::delete_attributes(shared, body, told),
            Self::GetTokensFromRefreshToken => of_users::refresh(shared, body, told).await,
            Self::RevokeToken => of_users::revoke(shared, body, told),
            Self::InitiateAuth => initiate_auth::initiate_auth(shared, body, told).await,
            Self::AdminGetUser => administrators::get_user(shared, headers, body, told),
            Self::AdminCreateUser => administrators::create_user(shared, headers, body, told),
            Self::AdminDeleteUser => administrators::delete_user(shared, headers, body, told),
            Self::AdminDisableUser => {
                administrators::set_enabled(shared, headers, body, false, told)
            }
            Self::AdminEnableUser => administrators::set_enabled(shared, headers, body, true, told),
            Self::AdminSetUserPassword => administrators::set_password(shared, headers, body, told),
            Self::AdminUpdateUserAttributes => {
                administrators::update_attributes(shared, headers, body, told)
            }
            Self::AdminLinkProviderForUser => administrators::link(shared, headers, body, told),
            Self::AdminDisableProviderForUser => {
                administrators::unlink(shared, headers, body, told)
            }
            Self::ListUsers => list_users::list_users(shared, headers, body, told),
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
