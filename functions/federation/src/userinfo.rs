//! `/userinfo`: answers with the claims in the sealed access token, without a call to the service
//! (OIDC Core §5.3).

use function_kit::check::{none_of, present};
use function_kit::invocation::Invocation;
use function_kit::secrets::{Asker, Shown};
use http::StatusCode;

use crate::issued_token::AccessToken;
use crate::logins::Logins;
use crate::refusal::{Refusal, Told};
use relying_party::Class;
use relying_party::http_api::{Request, Response};
use sealing::sealed::OpenError;

/// Who shows an access token here: anybody, even with a made-up one.
const BEARER: Asker = Asker("bearer");

/// Answers a userinfo request, by GET or POST, with the access token in the header (RFC 6750 §2.1).
///
/// # Errors
///
/// Why there are no claims.
pub async fn userinfo(
    logins: &Logins,
    request: &Request,
    invocation: &Invocation<'_>,
) -> Result<Response, Refusal> {
    let answer = claims(logins, request, invocation).await;
    answer.map_err(|class| {
        let is_bearer = class.status() == StatusCode::UNAUTHORIZED;
        Refusal::told(if is_bearer { Told::Bearer } else { Told::Json }, class)
    })
}

async fn claims(
    logins: &Logins,
    request: &Request,
    invocation: &Invocation<'_>,
) -> Result<Response, Class> {
    let bearer = request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty());
    let access_token = present(bearer, Class::AccessTokenMissing)?;
    let shown = Shown {
        by: BEARER,
        value: access_token,
    };
    let opened = logins.open(shown, invocation).await;
    let AccessToken { claims } = none_of(&OpenError::OF_A_SEAL, opened, |error| match error {
        OpenError::SecretsUnavailable => Class::SecretsUnavailable,
        OpenError::Expired => Class::AccessTokenExpired,
        OpenError::Malformed
        | OpenError::UnknownKey
        | OpenError::Forged
        | OpenError::Foreign
        | OpenError::OtherVersion => Class::AccessTokenInvalid,
    })?;
    Ok(Response::json(StatusCode::OK, claims))
}
