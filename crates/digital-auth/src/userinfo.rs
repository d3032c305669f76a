//! The third conversation: the four attributes (contract §6).
//! The subject must be the ID token's (OIDC Core §5.3.4). Only what was asked for is taken, and it is parsed strictly.

use bytes::Bytes;
use four_attributes::{AttributeError, AttributeSet, FourAttributes};
use http::{HeaderValue, Request, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use thiserror::Error;

use crate::id_token::Subject;
use crate::provider::Provider;
use crate::strict_json;
use crate::token::MAX_ANSWER_BYTES;
use http_client::{Deadline, HttpClient, HttpError};

/// Why there are no attributes.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum UserinfoError {
    /// No answer.
    #[error("no userinfo answer: {0}")]
    Http(#[from] HttpError),
    /// A 4xx.
    #[error("the service refused the userinfo request")]
    Refused,
    /// 429 or 5xx.
    #[error("the service failed to answer the userinfo request")]
    Failed,
    /// Another status, no `application/json`, no JSON object, or one in which a name comes twice.
    #[error("the service's userinfo answer is malformed")]
    Malformed,
    /// `sub` is missing or another than the ID token's.
    #[error("the service's userinfo answer is about somebody else")]
    OtherSubject,
    /// An attribute is missing or malformed.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
}

/// Asks for the attributes of `subject`.
///
/// # Errors
///
/// See [`UserinfoError`].
pub async fn attributes(
    http: &HttpClient,
    provider: &Provider,
    access_token: &SecretString,
    subject: &Subject,
    requested: AttributeSet,
    deadline: Deadline,
) -> Result<FourAttributes, UserinfoError> {
    let mut authorization =
        HeaderValue::try_from(format!("Bearer {}", access_token.expose_secret()))
            .map_err(|_| UserinfoError::Malformed)?;
    authorization.set_sensitive(true);
    let request = Request::get(provider.userinfo_endpoint().as_str())
        .header(header::AUTHORIZATION, authorization)
        .header(header::ACCEPT, "application/json")
        .body(Bytes::new())
        .map_err(|_| UserinfoError::Http(HttpError::Unreachable))?;
    let answer = match http.send(request.clone(), MAX_ANSWER_BYTES, deadline).await {
        // Reading twice does no harm.
        Err(HttpError::Interrupted) => http.send(request, MAX_ANSWER_BYTES, deadline).await?,
        other => other?,
    };
    match answer.status() {
        StatusCode::OK => {}
        status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
            return Err(UserinfoError::Failed);
        }
        status if status.is_client_error() => return Err(UserinfoError::Refused),
        _ => return Err(UserinfoError::Malformed),
    }
    if !is_json(answer.headers().get(header::CONTENT_TYPE)) {
        return Err(UserinfoError::Malformed);
    }
    let claims = strict_json::object_throughout(answer.body()).ok_or(UserinfoError::Malformed)?;
    if claims.get("sub").and_then(Value::as_str) != Some(subject.expose()) {
        return Err(UserinfoError::OtherSubject);
    }
    Ok(FourAttributes::from_userinfo(&claims, requested)?)
}

/// Whether this is `application/json`, with or without parameters. `application/jwt` is not taken (contract §10).
fn is_json(content_type: Option<&HeaderValue>) -> bool {
    content_type
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
