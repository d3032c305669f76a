//! The errors of the token endpoint (RFC 6749 §5.2), with Keycloak's messages.

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use serde_json::json;

use crate::exchange::Answer;

/// An error of the token endpoint (RFC 6749 §5.2).
pub(crate) struct TokenRefusal {
    status: StatusCode,
    error: &'static str,
    description: String,
}

impl TokenRefusal {
    pub(crate) fn new(status: StatusCode, error: &'static str, description: &str) -> Self {
        Self {
            status,
            error,
            description: description.to_owned(),
        }
    }

    pub(crate) fn request(description: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    pub(crate) fn grant(description: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_grant", description)
    }

    pub(crate) fn answer(&self) -> Answer {
        let body = json!({ "error": self.error, "error_description": self.description });
        let answer = Answer::json(self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            return answer.with(WWW_AUTHENTICATE, "Bearer realm=\"main\"");
        }
        answer
    }
}
