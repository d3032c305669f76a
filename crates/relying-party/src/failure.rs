//! A failure as the client gets it: its class and a support id, as a redirect, as JSON or in a
//! header.
//! Every reason has a class of its own, from a closed list. The answer, the sentences for people,
//! the log event and the metric all follow from the class, each in one place. Nothing of a request
//! is in any of them.
//!
//! Amazon Cognito gets `error_description=<class> <support id>` and passes it on to the app. It is
//! printable ASCII, and contains nothing personal.

use function_kit::support_id::SupportId;
use member_flow::VERIFICATION_ERROR;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use url::form_urlencoded;

use crate::classes::Class;
use crate::http_api::Response;

/// A failure of one request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// The reason.
    pub class: Class,
    /// The support id of the request.
    pub support_id: SupportId,
}

impl Failure {
    /// The value of `error_description`: class and support id.
    #[must_use]
    pub fn description(&self) -> String {
        format!("{} {}", self.class.name(), self.support_id.as_str())
    }

    /// The redirect to the client (RFC 6749 §4.1.2.1). `redirect_uri` has to be one of the
    /// configured ones.
    #[must_use]
    pub fn redirect(&self, redirect_uri: &str, state: Option<&str>) -> Response {
        let description = self.description();
        let mut parameters = vec![
            ("error", self.class.oauth_error().as_str()),
            ("error_description", description.as_str()),
        ];
        parameters.extend(state.map(|state| ("state", state)));
        Response::redirect(with_query(redirect_uri, &parameters))
    }

    /// The redirect to the app of a member: class, support id, the app's `state`, and `issuer` of
    /// the bridge. `return_url` has to be one of the configured ones. The answer is none of OAuth,
    /// so that no library for OAuth takes it for one.
    #[must_use]
    pub fn to_return_url(&self, return_url: &str, state: &str, issuer: &str) -> Response {
        let parameters = [
            (VERIFICATION_ERROR, self.class.name()),
            ("verification_support_id", self.support_id.as_str()),
            ("state", state),
            ("iss", issuer),
        ];
        Response::redirect(with_query(return_url, &parameters))
    }

    /// The JSON answer of the token endpoint (RFC 6749 §5.2).
    #[must_use]
    pub fn json(&self) -> Response {
        let body = json!({
            "error": self.class.oauth_error().as_str(),
            "error_description": self.description(),
        });
        Response::json(self.class.status(), body.to_string())
    }

    /// The JSON answer of the members' API: class and support id, and the continuation that goes in
    /// the place of a code that is spent. `after` is given if the request may be repeated: after
    /// that many seconds (RFC 9110 §10.2.3).
    #[must_use]
    pub fn of_a_verification(
        &self,
        continuation: Option<&SecretString>,
        after: Option<u32>,
    ) -> Response {
        let mut body = json!({
            "error": self.class.name(),
            "support_id": self.support_id.as_str(),
        });
        if let (Some(continuation), Some(members)) = (continuation, body.as_object_mut()) {
            let continuation = continuation.expose_secret();
            members.insert("continuation".to_owned(), continuation.into());
        }
        let response = Response::json(self.class.status(), body.to_string());
        match after {
            Some(after) => response.with_header("retry-after", after.to_string()),
            None => response,
        }
    }

    /// The answer of the userinfo endpoint (RFC 6750 §3).
    #[must_use]
    pub fn bearer(&self) -> Response {
        // RFC 6750 §3.1: the challenge to a request without a token has no error.
        let challenge = match self.class {
            Class::AccessTokenMissing => "Bearer".to_owned(),
            _ => format!(
                r#"Bearer error="{}", error_description="{}""#,
                self.class.oauth_error().as_str(),
                self.description()
            ),
        };
        self.json().with_header("www-authenticate", challenge)
    }
}

/// A redirect URI with these parameters added to its query.
#[must_use]
pub fn with_query(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let separator = if redirect_uri.contains('?') { '&' } else { '?' };
    let start = format!("{redirect_uri}{separator}");
    let length = start.len();
    form_urlencoded::Serializer::for_suffix(start, length)
        .extend_pairs(parameters)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_keeps_the_query_of_the_redirect_uri_and_the_state_byte_for_byte() {
        let failure = Failure {
            class: Class::Cancelled,
            support_id: SupportId::of_request("request"),
        };
        let response = failure.redirect("https://app.example/cb?x=1", Some("a b&c=%区"));
        let location = url::Url::parse(response.header("location").unwrap()).unwrap();
        let query: Vec<_> = location.query_pairs().into_owned().collect();
        assert_eq!(query[0], ("x".to_owned(), "1".to_owned()));
        assert_eq!(query[1].1, "access_denied");
        assert_eq!(query[3], ("state".to_owned(), "a b&c=%区".to_owned()));
    }
}
