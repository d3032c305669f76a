//! Which records count when tokens are made, and what of them: a record is as old as its sign-in, and what is asked of a sign-in
//! may have become more since.

use four_attributes::{AttributeSet, VerifiedAt, VerifiedRecord};
use record_trigger::Class;

/// What is asked of a record now, beside its issuer and its age.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// The attributes that are asked for. Nothing follows from others that a record has.
    pub attributes: AttributeSet,
    /// The values of `acr` that are accepted, byte for byte. Any, also none, if `None`.
    pub accepted_acr: Option<Vec<String>>,
    /// Whether the record has to say when the person authenticated.
    pub requires_auth_time: bool,
}

impl Policy {
    /// The record as far as it counts.
    ///
    /// # Errors
    ///
    /// [`Class::RecordAssuranceNotAccepted`] or [`Class::RecordAuthenticationTimeMissing`] if it doesn't count at all.
    pub fn apply(&self, record: VerifiedRecord) -> Result<VerifiedRecord, Class> {
        let is_accepted = match &self.accepted_acr {
            None => true,
            Some(accepted) => (record.acr.as_ref()).is_some_and(|acr| accepted.contains(acr)),
        };
        if !is_accepted {
            return Err(Class::RecordAssuranceNotAccepted);
        }
        if self.requires_auth_time && matches!(record.verified_at, VerifiedAt::IssuedAt(_)) {
            return Err(Class::RecordAuthenticationTimeMissing);
        }
        Ok(VerifiedRecord {
            attributes: record.attributes.only(self.attributes),
            ..record
        })
    }
}
