//! Why a federated sign-in fails after the provider has answered, and which error the app gets.
//! AWS says that its descriptions can change. The ones here were seen in practice. The provider's
//! own error goes to the app unchanged, so it must contain nothing personal.

use crate::id_token::IdTokenFailure;
use crate::trigger_answer::TriggerFailure;
use crate::user_pool::AttributeFailure;

/// One failed sign-in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum SignInFailure {
    /// The provider sent the browser back with an error (RFC 6749 §4.1.2.1).
    ProviderRefused {
        error: String,
        description: Option<String>,
    },
    /// The provider sent the browser back without a code and without an error.
    NoCode,
    /// The provider's token endpoint didn't answer in time.
    TokenTimeout,
    /// The provider's token endpoint can't be reached.
    TokenUnreachable,
    /// The provider's token endpoint answered an OAuth error (RFC 6749 §5.2).
    TokenRefused {
        status: u16,
        error: String,
        description: Option<String>,
    },
    /// The provider's token endpoint answered with an error status, and without an OAuth error.
    TokenStatus { status: u16 },
    /// The token answer isn't JSON, or has no ID token.
    TokenAnswer,
    /// The provider's key set couldn't be fetched.
    KeySet,
    /// The ID token isn't accepted.
    IdToken(IdTokenFailure),
    /// Userinfo has another `sub` than the ID token (OIDC Core §5.3.2).
    UserinfoSubject,
    /// A trigger failed, or its answer couldn't be understood.
    Trigger(TriggerFailure),
    /// The claims that a trigger chose have no `sub`, from which the username is made.
    NoSubject,
    /// The claims that a trigger chose have another `sub` than the ID token.
    OtherSubject,
    /// The user pool doesn't take the user or an attribute.
    Attribute(AttributeFailure),
    /// The stand-in itself failed.
    Internal,
}

impl SignInFailure {
    /// `error` for the app.
    pub(crate) fn error(&self) -> &str {
        match self {
            Self::ProviderRefused { error, .. } | Self::TokenRefused { error, .. } => error,
            Self::TokenTimeout
            | Self::TokenUnreachable
            | Self::TokenStatus { .. }
            | Self::KeySet
            | Self::Internal => "server_error",
            Self::NoCode
            | Self::TokenAnswer
            | Self::IdToken(_)
            | Self::UserinfoSubject
            | Self::Trigger(_)
            | Self::NoSubject
            | Self::OtherSubject
            | Self::Attribute(_) => "invalid_request",
        }
    }

    /// `error_description` for the app.
    pub(crate) fn description(&self, provider: &str) -> Option<String> {
        let text = match self {
            Self::ProviderRefused { description, .. } => return description.clone(),
            Self::NoCode => "Missing code".to_owned(),
            Self::TokenTimeout => "Timeout occurred in calling IdP token endpoint".to_owned(),
            Self::TokenUnreachable => "Exception processing authorization code".to_owned(),
            Self::TokenRefused {
                status,
                error,
                description,
            } => {
                let refused = format!("{provider} Error - {status} {error}");
                match description {
                    Some(description) => format!("{refused} {description}"),
                    None => refused,
                }
            }
            Self::TokenStatus { status } => format!("{provider} Error - {status} getting token"),
            Self::TokenAnswer => format!("{provider} Error - no id_token in the token answer"),
            Self::KeySet => format!("{provider} Error - the JWKS can't be had"),
            Self::IdToken(failure) => failure.to_string(),
            Self::UserinfoSubject => "Bad userinfo sub".to_owned(),
            Self::Trigger(failure) => failure.to_string(),
            Self::NoSubject => "attributes required: [username]".to_owned(),
            Self::OtherSubject => {
                "userAttributesToMap must have the sub of the ID token".to_owned()
            }
            Self::Attribute(failure) => failure.to_string(),
            Self::Internal => "Internal error".to_owned(),
        };
        Some(text)
    }
}
