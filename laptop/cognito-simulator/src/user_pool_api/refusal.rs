//! Why a request of the user pool's API is refused: the exceptions of the AWS API.

use http::StatusCode;

use crate::linked_users::LinkFailure;
use crate::native_users::NotCreated;
use crate::user_failure::UserFailure;
use crate::user_pool::AttributeFailure;

/// One refusal. The messages are AWS's own where they were seen.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
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
    NotAuthorized(String),
    #[error("{0}")]
    InvalidParameter(String),
    #[error("User pool {0} does not exist.")]
    ResourceNotFound(String),
    #[error("User does not exist.")]
    UserNotFound,
    #[error("User account already exists")]
    UsernameExists,
    #[error("{0}")]
    InvalidPassword(String),
    #[error("Rate exceeded")]
    TooManyRequests,
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
    /// `NotAuthorizedException`.
    pub(super) fn not_authorized(message: impl Into<String>) -> Self {
        Self::NotAuthorized(message.into())
    }

    /// `InvalidParameterException`.
    pub(super) fn invalid_parameter(message: &str) -> Self {
        Self::InvalidParameter(message.to_owned())
    }

    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
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
            Self::UsernameExists => "UsernameExistsException",
            Self::InvalidPassword(_) => "InvalidPasswordException",
            Self::TooManyRequests => "TooManyRequestsException",
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
                Self::not_authorized("A client attempted to write unauthorized attribute")
            }
            AttributeFailure::UserUnknown => Self::UserNotFound,
            AttributeFailure::NoRandomness => Self::Internal,
            other => Self::InvalidParameter(other.to_string()),
        }
    }
}

impl From<NotCreated> for Refusal {
    fn from(failure: NotCreated) -> Self {
        match failure {
            NotCreated::Taken => Self::UsernameExists,
            NotCreated::Attribute(failure) => failure.into(),
        }
    }
}

impl From<UserFailure> for Refusal {
    fn from(failure: UserFailure) -> Self {
        match failure {
            UserFailure::Unknown => Self::UserNotFound,
            UserFailure::Taken => Self::UsernameExists,
            UserFailure::NoRandomness => Self::Internal,
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
