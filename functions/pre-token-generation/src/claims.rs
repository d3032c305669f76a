//! From a verified record and what was granted to the claims of both tokens.
//! The ID token gets attributes and what follows from them, the access token only what follows from them.
//! What can't be known has no claim: an age that isn't proved is absent, and not `false`.

use chrono::{DateTime, Utc};
use four_attributes::{Municipality, Prefecture, VerifiedAt, VerifiedRecord, japan_date};
use serde_json::{Map, Value};
use user_pool::claim;

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
        let derived = derived(record, grants, now);
        let mut id_token = attributes(record, grants);
        id_token.extend(derived.clone());
        Self {
            id_token,
            access_token: derived,
        }
    }

    /// The claims of a person whose verification doesn't count any more (it is too old, or the policy has become stricter): that,
    /// if it was asked for, and nothing else.
    #[must_use]
    pub fn of_an_outdated_record(grants: &Grants) -> Self {
        let mut claims = Map::new();
        if grants.verified {
            claims.insert(claim::IDENTITY_VERIFIED.to_owned(), false.into());
        }
        Self {
            id_token: claims.clone(),
            access_token: claims,
        }
    }
}

/// The granted attributes, in the forms that the user pool has. `address` is text: Amazon Cognito takes no object there.
fn attributes(record: &VerifiedRecord, grants: &Grants) -> Map<String, Value> {
    let mut texts = user_pool::texts(&record.attributes);
    texts.retain(|name, _| {
        grants
            .attributes
            .iter()
            .any(|granted| granted.claim() == name)
    });
    texts
}

/// What follows from the record without saying who somebody is.
fn derived(record: &VerifiedRecord, grants: &Grants, now: DateTime<Utc>) -> Map<String, Value> {
    let mut claims = Map::new();
    let today = japan_date(now);
    for age in &grants.ages {
        let birth_date = record.attributes.birth_date.as_ref();
        if let Some(reached) = birth_date.and_then(|date| date.has_reached(*age, today)) {
            claims.insert(claim::age_over(*age), reached.into());
        }
    }
    let address = record.attributes.address.as_ref();
    let prefecture = address
        .filter(|_| grants.prefecture)
        .and_then(Prefecture::of);
    if let Some(prefecture) = prefecture {
        claims.insert(
            claim::PREFECTURE.to_owned(),
            prefecture.japanese_name().into(),
        );
    }
    let municipality = address
        .filter(|_| grants.municipality)
        .and_then(Municipality::of);
    if let Some(municipality) = municipality {
        claims.insert(
            claim::MUNICIPALITY.to_owned(),
            municipality.full_name().into(),
        );
        claims.insert(
            claim::MUNICIPALITY_CODE.to_owned(),
            municipality.code().into(),
        );
    }
    if grants.verified {
        claims.insert(claim::IDENTITY_VERIFIED.to_owned(), true.into());
        // When the service authenticated the person. A record without that time has another one in its place, which says less.
        if let VerifiedAt::Authentication(time) = record.verified_at {
            claims.insert(claim::VERIFIED_AT.to_owned(), time.timestamp().into());
        }
        if let Some(acr) = &record.acr {
            claims.insert(claim::VERIFICATION_ACR.to_owned(), acr.as_str().into());
        }
    }
    claims
}
