//! The forms in which Amazon Cognito takes the four attributes.
//! They go into the bridge's ID token and userinfo, and through the identity provider's attribute
//! mapping into the user pool. A claim that would be false is left out.

use serde_json::{Map, Value, json};

use crate::address::Address;
use crate::attribute::Attribute;
use crate::gender::Gender;
use crate::userinfo::FourAttributes;

/// How long a value may be in a user pool: 2,048 bytes of UTF-8 (Amazon Cognito, "User pool
/// attributes").
pub const MAXIMUM_BYTES: usize = 2_048;

/// The claim that carries the address as a plain string.
///
/// Cognito's attribute mapping reads whole claims, and stores OpenID Connect's address object as
/// its JSON text. Whoever wants the address itself in the pool maps this claim.
pub const FORMATTED_ADDRESS: &str = "formatted_address";

/// The claim that carries the sealed [`VerifiedRecord`](crate::verified_record::VerifiedRecord).
pub const VERIFIED_RECORD: &str = "verified_record";

/// The claim that says when the person was verified, as a NumericDate (RFC 7519 §2).
pub const VERIFIED_AT: &str = "verified_at";

/// The claims for Cognito. An attribute that isn't there has no claim.
///
/// - `name`: the name, unchanged.
/// - `address`: `{"formatted": …}` (OIDC Core §5.1.1), and [`FORMATTED_ADDRESS`]: the same text.
/// - `birthdate`: `YYYY-MM-DD`, 10 characters, if day and month are known; else no claim, since
///   Cognito has no form for a date in part and every other one would be false.
/// - `gender`: `male`, `female` or `other`; none where the service says "not applicable".
///
/// No value is over [`MAXIMUM_BYTES`], the address object as compact JSON text included: what is
/// longer was refused when it was parsed. So this can't fail.
///
/// Cognito keeps the old value of a mapped attribute whose claim is missing.
#[must_use]
pub fn cognito_claims(attributes: &FourAttributes) -> Map<String, Value> {
    let mut claims = Map::new();
    if let Some(name) = &attributes.name {
        claims.insert(Attribute::Name.claim().to_owned(), json!(name.expose()));
    }
    if let Some(address) = &attributes.address {
        let object = json!({ Address::FORMATTED: address.expose() });
        claims.insert(Attribute::Address.claim().to_owned(), object);
        claims.insert(FORMATTED_ADDRESS.to_owned(), json!(address.expose()));
    }
    if let Some(birth_date) = attributes.birth_date.filter(|date| date.is_complete()) {
        claims.insert(
            Attribute::BirthDate.claim().to_owned(),
            json!(birth_date.expose()),
        );
    }
    if let Some(word) = attributes.gender.and_then(gender_word) {
        claims.insert(Attribute::Gender.claim().to_owned(), json!(word));
    }
    claims
}

/// OIDC Core §5.1 defines `male` and `female`, and allows other words.
const fn gender_word(gender: Gender) -> Option<&'static str> {
    match gender {
        Gender::Male => Some("male"),
        Gender::Female => Some("female"),
        Gender::Other => Some("other"),
        Gender::NotApplicable => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(attributes: &FourAttributes) -> Value {
        Value::Object(cognito_claims(attributes))
    }

    #[test]
    fn all_four_in_the_forms_of_cognito() {
        let attributes = FourAttributes {
            name: Some("山田　太郎".parse().unwrap()),
            address: Some("東京都千代田区永田町１丁目７番１号".parse().unwrap()),
            birth_date: Some("19850315".parse().unwrap()),
            gender: Some(Gender::Female),
        };
        assert_eq!(
            claims(&attributes),
            json!({
                "name": "山田　太郎",
                "address": {"formatted": "東京都千代田区永田町１丁目７番１号"},
                "formatted_address": "東京都千代田区永田町１丁目７番１号",
                "birthdate": "1985-03-15",
                "gender": "female",
            })
        );
    }

    #[test]
    fn what_is_not_there_has_no_claim() {
        assert_eq!(claims(&FourAttributes::default()), json!({}));
    }

    #[test]
    fn a_birth_date_in_part_has_no_claim() {
        for text in ["19850300", "19850000"] {
            let attributes = FourAttributes {
                birth_date: Some(text.parse().unwrap()),
                ..FourAttributes::default()
            };
            assert_eq!(claims(&attributes), json!({}), "{text}");
        }
    }

    #[test]
    fn a_gender_has_its_word_and_none_if_not_applicable() {
        for (gender, expected) in [
            (Gender::Male, json!({"gender": "male"})),
            (Gender::Female, json!({"gender": "female"})),
            (Gender::Other, json!({"gender": "other"})),
            (Gender::NotApplicable, json!({})),
        ] {
            let attributes = FourAttributes {
                gender: Some(gender),
                ..FourAttributes::default()
            };
            assert_eq!(claims(&attributes), expected);
        }
    }
}
