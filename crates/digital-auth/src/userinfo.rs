//! The userinfo endpoint: gets the four attributes (contract S6).
//! The `sub` must be the ID token's (OIDC Core §5.3.2). Only requested attributes are taken, and
//! they are parsed strictly.

use bytes::Bytes;
use four_attributes::{Attribute, AttributeError, AttributeSet, FourAttributes, MalformedReason};
use http::{HeaderValue, Request, StatusCode, header};
use http_client::{Deadline, HttpClient, HttpError};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

pub use crate::error::UserinfoError;
use crate::observer::{Observer, ensure, present};
use crate::provider::Provider;
use crate::strict_json;
use crate::subject::Subject;
use crate::token::MAX_ANSWER_BYTES;

/// Gets the attributes of `subject` that are in `requested`.
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
    observer: &dyn Observer,
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
        // Userinfo may be requested twice: a second request changes nothing at the service.
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
    let is_json = is_json(answer.headers().get(header::CONTENT_TYPE));
    let claims = is_json
        .then(|| strict_json::object_throughout(answer.body()))
        .flatten();
    let claims = present(observer, claims, UserinfoError::Malformed)?;
    let of = claims.get("sub").and_then(Value::as_str);
    let is_the_same = of == Some(subject.expose());
    ensure(observer, is_the_same, UserinfoError::OtherSubject)?;
    let attributes = FourAttributes::from_userinfo(&claims, requested)?;
    for ruled_out in ATTRIBUTE_FAILURES {
        observer.held(&UserinfoError::from(ruled_out).into());
    }
    Ok(attributes)
}

/// The failures that are ruled out when all attributes were parsed. The attribute and the reason
/// are only examples: if nothing failed, there is no attribute and no reason to name.
const ATTRIBUTE_FAILURES: [AttributeError; 2] = [
    AttributeError::Missing(Attribute::Name),
    AttributeError::Malformed {
        attribute: Attribute::Name,
        reason: MalformedReason::WrongType,
    },
];

/// Whether this is `application/json`, with or without parameters. `application/jwt` is refused
/// (contract S6).
fn is_json(content_type: Option<&HeaderValue>) -> bool {
    content_type
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
