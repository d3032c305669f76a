//! Translates what the client of the service does into the bridge's terms: its steps into metrics,
//! its failures into classes, and its checks into the classes that they rule out.

use std::sync::OnceLock;
use std::time::Duration;

use digital_auth::client_assertion::ClientAssertionError;
use digital_auth::id_token::{IdTokenError, Subject};
use digital_auth::key_set::KeySetError;
use digital_auth::token::TokenError;
use digital_auth::userinfo::UserinfoError;
use digital_auth::{HttpError, LoginError};
use four_attributes::AttributeError;
use function_kit::check;
use function_kit::metrics::{Measurements, Step};

use crate::classes::Class;

/// Observes the client of the service: measures its steps, logs its checks, and remembers whose
/// login it is.
#[derive(Debug)]
pub struct AtService<'a> {
    measurements: &'a Measurements,
    person: OnceLock<Subject>,
}

impl<'a> AtService<'a> {
    /// Adds the steps to these measurements.
    #[must_use]
    pub fn new(measurements: &'a Measurements) -> Self {
        Self {
            measurements,
            person: OnceLock::new(),
        }
    }

    /// The person whose login it is, if the service has signed that so far.
    #[must_use]
    pub fn person(self) -> Option<Subject> {
        self.person.into_inner()
    }
}

impl digital_auth::Observer for AtService<'_> {
    fn identified(&self, subject: &Subject) {
        self.person.get_or_init(|| subject.clone());
    }

    /// A check has the name of the failure that it rules out.
    fn held(&self, ruled_out: &LoginError) {
        check::held(login_failure(ruled_out));
    }

    fn took(&self, step: digital_auth::Step, time: Duration) {
        let step = match step {
            digital_auth::Step::ClientAssertion => Step::SignAssertion,
            digital_auth::Step::Token => Step::ServiceToken,
            digital_auth::Step::KeySet => Step::ServiceJwks,
            digital_auth::Step::Userinfo => Step::ServiceUserinfo,
        };
        self.measurements.took(step, time);
    }
}

/// The class of a login's failure at the service. A check of the service's answers has the name of
/// the class that it rules out.
#[must_use]
pub fn login_failure(error: &LoginError) -> Class {
    match error {
        LoginError::Token(error) => match error {
            TokenError::ClientAssertion(ClientAssertionError::Signing(_)) => Class::SigningFailed,
            TokenError::ClientAssertion(ClientAssertionError::Randomness(_)) => Class::Internal,
            TokenError::Http(error) => transport(*error, Class::TokenAnswerTooLarge),
            TokenError::RefusedCode => Class::ServiceRefusedCode,
            TokenError::RefusedClient { .. } => Class::ServiceRefusedClient,
            TokenError::RefusedRequest => Class::ServiceRefusedRequest,
            TokenError::Failed => Class::ServiceFailed,
            TokenError::Malformed => Class::TokenAnswerMalformed,
            TokenError::NoIdToken => Class::IdTokenMissing,
            TokenError::ScopeNotGranted => Class::ScopeNotGranted,
            TokenError::ScopeNotConfirmed => Class::ScopeNotConfirmed,
        },
        LoginError::KeySet(KeySetError::Unavailable) => Class::KeySetUnavailable,
        LoginError::KeySet(KeySetError::Malformed) => Class::KeySetMalformed,
        LoginError::IdToken(error) => match error {
            IdTokenError::Malformed => Class::IdTokenMalformed,
            IdTokenError::Algorithm => Class::IdTokenAlgorithm,
            IdTokenError::UnknownKey => Class::IdTokenUnknownKey,
            IdTokenError::UnusableKey => Class::KeySetKeyUnusable,
            IdTokenError::Signature => Class::IdTokenSignature,
            IdTokenError::Issuer => Class::IdTokenIssuer,
            IdTokenError::Audience => Class::IdTokenAudience,
            IdTokenError::AuthorizedParty => Class::IdTokenAuthorizedParty,
            IdTokenError::Expired => Class::IdTokenExpired,
            IdTokenError::IssuedAt => Class::IdTokenIssuedAt,
            IdTokenError::NotYetValid => Class::IdTokenNotYetValid,
            IdTokenError::Nonce => Class::IdTokenNonce,
            IdTokenError::Assurance => Class::AssuranceNotAccepted,
            IdTokenError::AuthenticationTime => Class::IdTokenAuthenticationTime,
            IdTokenError::AuthenticationTimeMissing => Class::AuthenticationTimeMissing,
            IdTokenError::AuthenticationTooOld => Class::AuthenticationTooOld,
            IdTokenError::AccessTokenHash => Class::IdTokenAccessTokenHash,
            IdTokenError::Subject => Class::IdTokenSubject,
        },
        LoginError::Userinfo(error) => match error {
            UserinfoError::Http(error) => transport(*error, Class::UserinfoTooLarge),
            UserinfoError::Refused => Class::UserinfoRefused,
            UserinfoError::Failed => Class::ServiceFailed,
            UserinfoError::Malformed => Class::UserinfoMalformed,
            UserinfoError::OtherSubject => Class::UserinfoSubjectMismatch,
            UserinfoError::Attribute(AttributeError::Missing(_)) => Class::AttributeMissing,
            UserinfoError::Attribute(AttributeError::Malformed { .. }) => Class::AttributeMalformed,
        },
    }
}

fn transport(error: HttpError, too_large: Class) -> Class {
    match error {
        HttpError::Unreachable => Class::ServiceUnreachable,
        HttpError::TimedOut => Class::ServiceTimeout,
        HttpError::Interrupted => Class::ServiceFailed,
        HttpError::TooLarge => too_large,
    }
}
