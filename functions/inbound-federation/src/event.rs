//! The event of the trigger: what is read of it.
//! It comes and goes as plain JSON, so that whatever Amazon Cognito adds to it survives. It carries
//! tokens.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-inbound-federation.html>

use std::fmt;

use function_kit::check::{ensure, present};
use record_trigger::Class;
use serde_json::Value;
use user_pool::claim::VERIFIED_RECORD;

/// The one source of this trigger.
const SOURCE: &str = "InboundFederation_ExternalProvider";

/// A sign-in through our provider.
pub struct SignIn<'a> {
    /// `sub` of the bridge's ID token, which Amazon Cognito has verified.
    pub subject: &'a str,
    /// The sealed record in the same token.
    pub record: &'a str,
}

/// Whose sign-in an event is.
#[derive(Debug)]
pub enum Whose<'a> {
    /// Our provider's.
    Ours(SignIn<'a>),
    /// Another provider's.
    Anothers {
        /// What it calls a verified record, if it does.
        record: Option<&'a str>,
    },
}

impl fmt::Debug for SignIn<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SignIn(…)")
    }
}

impl<'a> Whose<'a> {
    /// Reads an event. Of a sign-in through another provider nothing else is read, whatever that
    /// one's events look like.
    ///
    /// # Errors
    ///
    /// [`Class::EventMalformed`] for what isn't such an event, [`Class::ProviderMismatch`] if
    /// another provider has nearly our name, [`Class::SubjectMismatch`] if our provider's two
    /// subjects differ, and [`Class::RecordMissing`] if the bridge's ID token had no record.
    pub fn read(event: &'a Value, provider_name: &str) -> Result<Self, Class> {
        let text = |path: &str| event.pointer(path).and_then(Value::as_str);
        if text("/triggerSource") != Some(SOURCE) {
            return Err(Class::EventMalformed);
        }
        let provider = text("/request/providerName").ok_or(Class::EventMalformed)?;
        let claim = format!("/request/attributes/idToken/{VERIFIED_RECORD}");
        if provider != provider_name {
            // A configuration that only nearly names the provider would let all of its sign-ins
            // pass as they came.
            let is_nearly_ours = provider.to_lowercase() == provider_name.to_lowercase();
            ensure(!is_nearly_ours, Class::ProviderMismatch)?;
            let record = text(&claim);
            return Ok(Self::Anothers { record });
        }
        let subject = text("/request/attributes/idToken/sub")
            .filter(|subject| !subject.is_empty())
            .ok_or(Class::EventMalformed)?;
        // Userinfo may be missing: then Amazon Cognito goes on without it.
        let at_userinfo = event.pointer("/request/attributes/userInfo/sub");
        let is_the_same =
            at_userinfo.is_none_or(|other| other.is_null() || other.as_str() == Some(subject));
        ensure(is_the_same, Class::SubjectMismatch)?;
        let record = present(text(&claim), Class::RecordMissing)?;
        Ok(Self::Ours(SignIn { subject, record }))
    }
}
