//! The policy for records when tokens are made: which records count, and which of their attributes.
//! A record stays as it was when it was made, and the configuration may have become stricter since.

use chrono::{DateTime, TimeDelta, Utc};
use four_attributes::{
    AssuranceRule, AttributeSet, AuthenticationTime, VerifiedAt, VerifiedPerson,
};
use function_kit::check::ensure;
use record_trigger::Class;

/// What a record has to meet now, besides its issuer and its user.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// How long a verification counts; `None` is for ever.
    pub max_verification_age: Option<TimeDelta>,
    /// The attributes that the bridge asks for. Other attributes of a record are ignored.
    pub attributes: AttributeSet,
    /// The values of `acr` that are accepted.
    pub assurance: AssuranceRule,
    /// Whether the record has to say when the person authenticated.
    pub authentication_time: AuthenticationTime,
}

impl Policy {
    /// The person of a record, with only the attributes that count.
    ///
    /// # Errors
    ///
    /// [`Class::RecordTooOld`], [`Class::RecordAssuranceNotAccepted`] or
    /// [`Class::RecordAuthenticationTimeMissing`] if the record doesn't count at all.
    pub fn apply(
        &self,
        person: VerifiedPerson,
        now: DateTime<Utc>,
    ) -> Result<VerifiedPerson, Class> {
        let earliest = self.max_verification_age.map(|age| now - age);
        // Both times in whole seconds, as records keep them.
        let is_recent = earliest
            .is_none_or(|earliest| person.verified_at.time().timestamp() >= earliest.timestamp());
        ensure(is_recent, Class::RecordTooOld)?;
        let is_accepted = self.assurance.accepts(person.acr.as_deref());
        ensure(is_accepted, Class::RecordAssuranceNotAccepted)?;
        let says_when = matches!(person.verified_at, VerifiedAt::Authentication(_));
        let suffices = self.authentication_time.suffices(says_when);
        ensure(suffices, Class::RecordAuthenticationTimeMissing)?;
        Ok(VerifiedPerson {
            attributes: person.attributes.only(self.attributes),
            ..person
        })
    }
}
