//! From a verified record and what was granted to the claims of both tokens.
//! The ID token gets attributes and what follows from them, the access token only what follows from
//! them.
//! What can't be known has no claim: an age that isn't proved is absent, and not `false`.

use std::cell::LazyCell;

use chrono::{DateTime, NaiveDate, Utc};
use four_attributes::{Municipality, Prefecture, VerifiedAt, VerifiedRecord, japan_date};
use serde_json::{Map, Value};
use user_pool::claim::Claim;

use crate::scopes::Grants;

/// The claims that are added.
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
    /// The claims of a person with this record, at the moment `now`.
    #[must_use]
    pub fn of(record: &VerifiedRecord, grants: &Grants, now: DateTime<Utc>) -> Self {
        let today = japan_date(now);
        let address = record.attributes.address.as_ref();
        // Two claims say it, and it is looked up once, if at all.
        let municipality = LazyCell::new(|| address.and_then(Municipality::of));
        Self::with(grants, |claim| {
            value(claim, record, today, || *municipality)
        })
    }

    /// The claims of a person whose verification doesn't count any more (it is too old, or the
    /// policy has become stricter): that, if it was asked for, and nothing else.
    #[must_use]
    pub fn of_an_outdated_record(grants: &Grants) -> Self {
        Self::with(grants, |claim| {
            (claim == Claim::IdentityVerified).then(|| false.into())
        })
    }

    /// Those of the granted claims that have a value.
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

/// What a record says of a claim, on the day `today` in Japan; nothing where it can't be known.
fn value(
    claim: Claim,
    record: &VerifiedRecord,
    today: NaiveDate,
    municipality: impl FnOnce() -> Option<Municipality>,
) -> Option<Value> {
    let attributes = &record.attributes;
    Some(match claim {
        // `address`, too: Amazon Cognito takes no object there.
        Claim::Attribute(attribute) => user_pool::text(attribute, attributes)?.into(),
        Claim::Prefecture => {
            let prefecture = Prefecture::of(attributes.address.as_ref()?)?;
            prefecture.japanese_name().into()
        }
        Claim::Municipality => municipality()?.full_name().into(),
        Claim::MunicipalityCode => municipality()?.code().into(),
        Claim::AgeOver(years) => attributes.birth_date?.has_reached(years, today)?.into(),
        Claim::IdentityVerified => true.into(),
        // When the service authenticated the person. A record without that time has another one in
        // its place, which says less.
        Claim::VerifiedAt => match record.verified_at {
            VerifiedAt::Authentication(time) => time.timestamp().into(),
            VerifiedAt::IssuedAt(_) => return None,
        },
        Claim::VerificationAcr => record.acr.as_deref()?.into(),
    })
}
