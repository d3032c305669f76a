//! The event of the trigger, and what the trigger reads of it (contract C5).
//! The event stays plain JSON, so that the answer keeps all fields that Amazon Cognito may add. The
//! event contains tokens.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-inbound-federation.html>

use std::fmt;

use function_kit::check::{ensure, present};
use record_trigger::Class;
use serde_json::Value;
use user_pool::claim::VERIFIED_RECORD;

/// The only `triggerSource` of this trigger.
const SOURCE: &str = "InboundFederation_ExternalProvider";

/// A sign-in through the bridge.
pub struct SignIn<'a> {
    /// `sub` of the bridge's ID token, which Amazon Cognito has verified.
    pub subject: &'a str,
    /// The sealed record in the same token.
    pub record: &'a str,
}

/// The provider through which a sign-in comes.
#[derive(Debug)]
pub enum Whose<'a> {
    /// The bridge.
    Ours(SignIn<'a>),
    /// Another provider.
    Anothers {
        /// The claim with the name of the verified record, if there is one.
        record: Option<&'a str>,
    },
}

impl fmt::Debug for SignIn<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SignIn(…)")
    }
}

impl<'a> Whose<'a> {
    /// Reads an event. Of a sign-in through another provider, only the claim with the record's name
    /// is read, whatever else the event looks like.
    ///
    /// # Errors
    ///
    /// [`Class::EventMalformed`] if the event isn't one of this trigger,
    /// [`Class::ProviderMismatch`] if the provider's name differs from `provider_name` only in
    /// upper and lower case, [`Class::SubjectMismatch`] if the ID token and userinfo of the bridge
    /// have different subjects, and [`Class::RecordMissing`] if the bridge's ID token had no
    /// record.
    pub fn read(event: &'a Value, provider_name: &str) -> Result<Self, Class> {
        let text = |path: &str| event.pointer(path).and_then(Value::as_str);
        if text("/triggerSource") != Some(SOURCE) {
            return Err(Class::EventMalformed);
        }
        let provider = text("/request/providerName").ok_or(Class::EventMalformed)?;
        let claim = format!("/request/attributes/idToken/{VERIFIED_RECORD}");
        if provider != provider_name {
            // With a configured name that differs in upper and lower case, all sign-ins through the
            // bridge would pass unchecked.
            let is_nearly_ours = provider.to_lowercase() == provider_name.to_lowercase();
            ensure(!is_nearly_ours, Class::ProviderMismatch)?;
            let record = text(&claim);
            return Ok(Self::Anothers { record });
        }
        let subject = text("/request/attributes/idToken/sub")
            .filter(|subject| !subject.is_empty())
            .ok_or(Class::EventMalformed)?;
        // Userinfo may be missing: Cognito then continues the sign-in without it.
        let at_userinfo = event.pointer("/request/attributes/userInfo/sub");
        let is_the_same =
            at_userinfo.is_none_or(|other| other.is_null() || other.as_str() == Some(subject));
        ensure(is_the_same, Class::SubjectMismatch)?;
        let record = present(text(&claim), Class::RecordMissing)?;
        Ok(Self::Ours(SignIn { subject, record }))
    }
}
