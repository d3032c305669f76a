//! The claims of both tokens, made from a verified record and the granted scopes.
//! The ID token gets attributes and claims that follow from them. The access token gets only claims
//! that follow from them.
//! A claim whose value can't be known is left out: an age that isn't proved is absent, and not
//! `false`.

use std::cell::LazyCell;

use chrono::{DateTime, NaiveDate, Utc};
use four_attributes::{Municipality, Prefecture, VerifiedAt, VerifiedPerson, japan_date};
use serde_json::{Map, Value};
use user_pool::claim::Claim;

use crate::scopes::Grants;

/// The claims that are added to the tokens.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Claims {
    /// To the ID token.
    pub id_token: Map<String, Value>,
    /// To the access token.
    pub access_token: Map<String, Value>,
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Claims(…)")
    }
}

impl Claims {
    /// The claims of a person whom the service verified, at the moment `now`.
    #[must_use]
    pub fn of(person: &VerifiedPerson, grants: &Grants, now: DateTime<Utc>) -> Self {
        let today = japan_date(now);
        let address = person.attributes.address.as_ref();
        // Two claims need the municipality. It is looked up once, and only if one of them is
        // granted.
        let municipality = LazyCell::new(|| address.and_then(Municipality::of));
        Self::with(grants, |claim| {
            value(claim, person, today, || *municipality)
        })
    }

    /// The claims of a person whose verification doesn't count any more, because it is too old or
    /// the policy has become stricter: `identity_verified` is `false` if its scope was granted, and
    /// there is no other claim.
    #[must_use]
    pub fn of_an_outdated_record(grants: &Grants) -> Self {
        Self::with(grants, |claim| {
            (claim == Claim::IdentityVerified).then(|| false.into())
        })
    }

    /// The granted claims for which `value` gives a value.
    fn with(grants: &Grants, value: impl Fn(Claim) -> Option<Value>) -> Self {
        let mut claims = Self::default();
        for claim in grants.claims() {
            let Some(value) = value(claim) else { continue };
            let name = claim.name().into_owned();
            if claim.is_in_access_token() {
                (claims.access_token).insert(name.clone(), value.clone());
            }
            claims.id_token.insert(name, value);
        }
        claims
    }
}

/// The value of a claim according to what the service said, on the day `today` in Japan; `None` if
/// the value can't be known.
fn value(
    claim: Claim,
    person: &VerifiedPerson,
    today: NaiveDate,
    municipality: impl FnOnce() -> Option<Municipality>,
) -> Option<Value> {
    let attributes = &person.attributes;
    Some(match claim {
        // `address` is text, too: Cognito accepts no object in this claim.
        Claim::Attribute(attribute) => user_pool::text(attribute, attributes)?.into(),
        Claim::Prefecture => {
            let prefecture = Prefecture::of(attributes.address.as_ref()?)?;
            prefecture.japanese_name().into()
        }
        Claim::Municipality => municipality()?.full_name().into(),
        Claim::MunicipalityCode => municipality()?.code().into(),
        Claim::AgeOver(years) => attributes.birth_date?.has_reached(years, today)?.into(),
        Claim::IdentityVerified => true.into(),
        // The time at which the service authenticated the person. A record without that time holds
        // the `iat` of an ID token instead, which doesn't show when the person authenticated.
        Claim::VerifiedAt => match person.verified_at {
            VerifiedAt::Authentication(time) => time.timestamp().into(),
            VerifiedAt::IssuedAt(_) => return None,
        },
        Claim::VerificationAcr => person.acr.as_deref()?.into(),
    })
}
