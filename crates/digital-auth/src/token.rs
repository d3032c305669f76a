//! The token endpoint: exchanges the service's code for an access token and an ID token
//! (contract S4).
//! A client assertion authenticates the client. All parameters are in the request's body.
//! A token request that may have arrived is never sent again, because a code is good for one
//! request.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use four_attributes::AttributeSet;
use http::{HeaderMap, Request, StatusCode, header};
use http_client::{Deadline, HttpClient, HttpError};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::form_urlencoded;

use crate::authorization::{Secret256, scope};
use crate::client_assertion::CLIENT_ASSERTION_TYPE;
pub use crate::error::TokenError;
use crate::observer::{Observer, ensure, present};
use crate::provider::Provider;
use crate::strict_json;

/// The largest answer of the service that is read.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Whether a token answer must have `scope`, the granted scopes. If it has `scope`, all requested
/// scopes must be in it, whichever variant is configured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GrantedScope {
    /// `scope` may be missing. RFC 6749 §5.1 allows that if the granted scopes are the requested
    /// ones. But the service answers the request that it received, and the user could have edited
    /// that in the browser: so a missing `scope` confirms nothing.
    Optional,
    /// Without `scope` the login fails.
    Required,
}

/// The parameters of a token request.
#[derive(Debug)]
pub struct TokenRequest<'a> {
    /// The service's code.
    pub code: &'a SecretString,
    /// The redirect URI of the authorization request, byte for byte.
    pub redirect_uri: &'a str,
    /// The client id.
    pub client_id: &'a str,
    /// The PKCE verifier of the login.
    pub code_verifier: &'a Secret256,
    /// The client assertion. It is used once.
    pub client_assertion: &'a SecretString,
}

/// The tokens that the service issued.
#[derive(Debug)]
pub struct Tokens {
    /// The ID token, not verified yet.
    pub id_token: SecretString,
    /// The access token for userinfo. It is opaque to the client.
    pub access_token: SecretString,
    /// The granted scopes, separated by spaces (RFC 6749 §3.3), if the answer has them.
    granted_scope: Option<String>,
}

impl Tokens {
    /// Checks that everything requested was granted: `openid` and the attributes in `asked`.
    ///
    /// # Errors
    ///
    /// [`TokenError::ScopeNotGranted`] or [`TokenError::ScopeNotConfirmed`].
    pub fn confirm_scope(
        &self,
        asked: AttributeSet,
        rule: GrantedScope,
        observer: &dyn Observer,
    ) -> Result<(), TokenError> {
        let granted = self.granted_scope.as_deref();
        let is_said = granted.is_some() || rule == GrantedScope::Optional;
        ensure(observer, is_said, TokenError::ScopeNotConfirmed)?;
        let holds_all = |granted: &str| {
            let is_granted = |asked| granted.split(' ').any(|one| one == asked);
            scope(asked).split(' ').all(is_granted)
        };
        let is_enough = granted.is_none_or(holds_all);
        ensure(observer, is_enough, TokenError::ScopeNotGranted)
    }
}

/// Sends the token request.
///
/// # Errors
///
/// See [`TokenError`].
pub async fn exchange(
    http: &HttpClient,
    provider: &Provider,
    request: &TokenRequest<'_>,
    deadline: Deadline,
    observer: &dyn Observer,
) -> Result<Tokens, TokenError> {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", request.code.expose_secret())
        .append_pair("redirect_uri", request.redirect_uri)
        .append_pair("client_id", request.client_id)
        .append_pair("code_verifier", &request.code_verifier.expose_base64url())
        .append_pair("client_assertion_type", CLIENT_ASSERTION_TYPE)
        .append_pair("client_assertion", request.client_assertion.expose_secret())
        .finish();
    let request = Request::post(provider.token_endpoint().as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
        .body(Bytes::from(body))
        .map_err(|_| TokenError::Http(HttpError::Unreachable))?;
    let answer = http.send(request, MAX_ANSWER_BYTES, deadline).await?;
    match answer.status() {
        StatusCode::OK => tokens(answer.body(), observer),
        status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
            Err(TokenError::Failed)
        }
        status if status.is_client_error() => Err(refusal(answer.body(), date(answer.headers()))),
        _ => Err(TokenError::Malformed),
    }
}

fn tokens(body: &[u8], observer: &dyn Observer) -> Result<Tokens, TokenError> {
    // RFC 6749 §5.1: the type's value is case insensitive.
    let is_bearer = |answer: &Answer| answer.token_type.eq_ignore_ascii_case("Bearer");
    let answer = strict_json::object(body).filter(is_bearer);
    let answer = present(observer, answer, TokenError::Malformed)?;
    Ok(Tokens {
        id_token: present(observer, answer.id_token, TokenError::NoIdToken)?,
        access_token: answer.access_token,
        granted_scope: answer.scope,
    })
}

#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    token_type: String,
    /// Missing if the scope `openid` wasn't granted (OIDC Core §3.1.2.1).
    id_token: Option<SecretString>,
    scope: Option<String>,
}

fn refusal(body: &[u8], at: Option<DateTime<Utc>>) -> TokenError {
    match serde_json::from_slice::<ErrorAnswer>(body) {
        Ok(answer) => match answer.error.as_str() {
            "invalid_grant" => TokenError::RefusedCode,
            "invalid_client" | "unauthorized_client" => TokenError::RefusedClient { at },
            _ => TokenError::RefusedRequest,
        },
        Err(_) => TokenError::RefusedRequest,
    }
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

/// When the answer was made, by the service's clock (the header `Date`).
fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let date = DateTime::parse_from_rfc2822(date).ok()?;
    Some(date.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Result<Tokens, TokenError> {
        tokens(body.as_bytes(), &())
    }

    #[test]
    fn the_token_type_is_compared_without_case() {
        for token_type in ["Bearer", "bearer", "BEARER"] {
            let body =
                format!(r#"{{"access_token":"a","token_type":"{token_type}","id_token":"i"}}"#);
            assert_eq!(of(&body).unwrap().id_token.expose_secret(), "i");
        }
        let body = r#"{"access_token":"a","token_type":"mac","id_token":"i"}"#;
        assert!(matches!(of(body), Err(TokenError::Malformed)));
    }

    /// Checks that an answer with this body granted name and gender.
    fn confirmed(body: &str, rule: GrantedScope) -> Result<(), TokenError> {
        let asked = "name gender".parse().unwrap();
        of(body).unwrap().confirm_scope(asked, rule, &())
    }

    #[test]
    fn all_that_was_asked_for_has_to_be_granted() {
        let answer = |scope: &str| {
            format!(
                r#"{{"access_token":"a","token_type":"Bearer","id_token":"i","scope":{scope}}}"#
            )
        };
        for granted in [
            "openid name gender",
            "gender openid name",
            "openid profile name gender email",
            "openid  name gender ",
        ] {
            let body = answer(&format!("{granted:?}"));
            assert!(
                confirmed(&body, GrantedScope::Required).is_ok(),
                "{granted}"
            );
        }
        for granted in [
            "openid name",
            "name gender",
            "openid name Gender",
            "openid name genders",
            "openid,name,gender",
            r"openid\tname\tgender",
            "",
        ] {
            let body = answer(&format!("\"{granted}\""));
            let refused = confirmed(&body, GrantedScope::Optional);
            assert!(
                matches!(refused, Err(TokenError::ScopeNotGranted)),
                "{granted}"
            );
        }
        for malformed in [r#"["openid"]"#, "1", r#""openid","scope":"openid name""#] {
            let refused = of(&answer(malformed));
            assert!(matches!(refused, Err(TokenError::Malformed)), "{malformed}");
        }
    }

    #[test]
    fn an_answer_that_does_not_say_what_was_granted_is_a_matter_of_the_configuration() {
        for left_out in ["", r#","scope":null"#] {
            let body =
                format!(r#"{{"access_token":"a","token_type":"Bearer","id_token":"i"{left_out}}}"#);
            assert!(confirmed(&body, GrantedScope::Optional).is_ok());
            let refused = confirmed(&body, GrantedScope::Required);
            assert!(matches!(refused, Err(TokenError::ScopeNotConfirmed)));
        }
    }

    #[test]
    fn an_error_body_is_read_by_its_code_only() {
        for (body, expected) in [
            (
                r#"{"error":"invalid_grant"}"#,
                "the service refused the code",
            ),
            (
                r#"{"error":"invalid_client","error_description":"secret"}"#,
                "the service refused the client",
            ),
            (
                r#"{"error":"invalid_request"}"#,
                "the service refused the token request",
            ),
            ("<html>", "the service refused the token request"),
        ] {
            assert_eq!(refusal(body.as_bytes(), None).to_string(), expected);
        }
    }
}
