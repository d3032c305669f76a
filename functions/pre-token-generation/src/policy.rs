//! The policy for records when tokens are made: which records count, and which of their attributes.
//! A record stays as it was at its sign-in, and the configuration may have become stricter since.

use four_attributes::{
    AssuranceRule, AttributeSet, AuthenticationTime, VerifiedAt, VerifiedRecord,
};
use function_kit::check::ensure;
use record_trigger::Class;

/// What a record has to meet now, besides its issuer and its age.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// The attributes that the bridge asks for. Other attributes of a record are ignored.
    pub attributes: AttributeSet,
    /// The values of `acr` that are accepted.
    pub assurance: AssuranceRule,
    /// Whether the record has to say when the person authenticated.
    pub authentication_time: AuthenticationTime,
}

impl Policy {
    /// The record, with only the attributes that count.
    ///
    /// # Errors
    ///
    /// [`Class::RecordAssuranceNotAccepted`] or [`Class::RecordAuthenticationTimeMissing`] if it
    /// doesn't count at all.
    pub fn apply(&self, record: VerifiedRecord) -> Result<VerifiedRecord, Class> {
        let is_accepted = self.assurance.accepts(record.acr.as_deref());
        ensure(is_accepted, Class::RecordAssuranceNotAccepted)?;
        let says_when = matches!(record.verified_at, VerifiedAt::Authentication(_));
        let suffices = self.authentication_time.suffices(says_when);
        ensure(suffices, Class::RecordAuthenticationTimeMissing)?;
        Ok(VerifiedRecord {
            attributes: record.attributes.only(self.attributes),
            ..record
        })
    }
}
