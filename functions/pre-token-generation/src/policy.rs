//! Which records count when tokens are made, and what of them: a record is as old as its sign-in,
//! and what is asked of a sign-in may have become more since.

use four_attributes::{
    AssuranceRule, AttributeSet, AuthenticationTime, VerifiedAt, VerifiedRecord,
};
use function_kit::check::ensure;
use record_trigger::Class;

/// What is asked of a record now, beside its issuer and its age.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// The attributes that are asked for. Nothing follows from others that a record has.
    pub attributes: AttributeSet,
    /// The values of `acr` that are accepted.
    pub assurance: AssuranceRule,
    /// Whether the record has to say when the person authenticated.
    pub authentication_time: AuthenticationTime,
}

impl Policy {
    /// The record as far as it counts.
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
