//! The forms of the four attributes for Amazon Cognito (contract C4). Where every form that Cognito
//! takes would be false, the attribute is left out.

use four_attributes::{Attribute, FourAttributes, Gender};
use serde_json::{Map, Value};

use crate::claim::FORMATTED_ADDRESS;

/// An attribute as text, as it is in the user pool and in the apps' tokens. `None` if the attribute
/// is missing or has no such text.
///
/// - `name` and `address`: the text, unchanged.
/// - `birthdate`: `YYYY-MM-DD`, 10 characters, if day and month are known; else none, since Cognito
///   has no form for a partial date, and every other one would be false.
/// - `gender`: `male`, `female` or `other`; none where the service says "not applicable".
///
/// The text has at most [`MAXIMUM_BYTES`](four_attributes::MAXIMUM_BYTES): a longer one was refused
/// when it was parsed. So this function can't fail.
#[must_use]
pub fn text(attribute: Attribute, attributes: &FourAttributes) -> Option<String> {
    match attribute {
        Attribute::Name => Some(attributes.name.as_ref()?.expose().to_owned()),
        Attribute::Address => Some(attributes.address.as_ref()?.expose().to_owned()),
        Attribute::BirthDate => {
            let complete = attributes.birth_date.filter(|date| date.is_complete());
            Some(complete?.expose())
        }
        Attribute::Gender => Some(gender_word(attributes.gender?)?.to_owned()),
    }
}

/// All attributes that have a [`text`], by the names of their claims.
#[must_use]
pub fn texts(attributes: &FourAttributes) -> Map<String, Value> {
    let all = Attribute::ALL.into_iter();
    all.filter_map(|attribute| {
        let text = text(attribute, attributes)?;
        Some((attribute.claim().to_owned(), text.into()))
    })
    .collect()
}

/// The claims of the four attributes in the bridge's ID token and userinfo. They are the [`texts`],
/// except that `address` is OpenID Connect's object. Its text is in a claim of its own,
/// [`FORMATTED_ADDRESS`].
///
/// No value has more than [`MAXIMUM_BYTES`](four_attributes::MAXIMUM_BYTES); the address object is
/// counted as compact JSON text. A claim that is missing clears nothing: Cognito keeps the old
/// value of the attribute that is mapped from it.
#[must_use]
pub fn claims(attributes: &FourAttributes) -> Map<String, Value> {
    let mut claims = texts(attributes);
    if let Some(address) = &attributes.address {
        let text = claims.insert(Attribute::Address.claim().to_owned(), address.to_claim());
        claims.extend(text.map(|text| (FORMATTED_ADDRESS.to_owned(), text)));
    }
    claims
}

/// The value of the claim `gender`. OIDC Core §5.1 defines `male` and `female`, and allows other
/// words.
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
    use serde_json::json;

    use super::*;

    fn claims(attributes: &FourAttributes) -> Value {
        Value::Object(super::claims(attributes))
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
        assert_eq!(
            Value::Object(texts(&attributes)),
            json!({
                "name": "山田　太郎",
                "address": "東京都千代田区永田町１丁目７番１号",
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
