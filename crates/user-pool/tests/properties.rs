//! Tests of what is true of the forms for every person, and not only for the examples beside the
//! code.

use four_attributes::{BirthDate, FourAttributes, Gender, MAXIMUM_BYTES};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use user_pool::claim::FORMATTED_ADDRESS;

/// A text that a name or an address may have, or a text of about 2,048 bytes with characters of
/// every length in UTF-8 and characters that JSON escapes.
fn text() -> impl Strategy<Value = String> {
    let characters = select(vec!['a', '"', '\\', 'é', '山', '　', '\u{20BB7}']);
    let near_the_limit = (vec(characters, 1..40), 2_000_usize..2_100);
    let near_the_limit = near_the_limit.prop_map(|(characters, bytes)| {
        let mut text = String::from("a");
        for character in characters.into_iter().cycle() {
            if text.len() + character.len_utf8() > bytes {
                break;
            }
            text.push(character);
        }
        text
    });
    prop_oneof![
        "[\\p{Han}\\p{Hiragana}\\p{Katakana}\\p{Latin}\\p{Nd}\\p{Co}]\
         [^\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cf}\\p{Cn}]{0,200}",
        near_the_limit,
    ]
}

/// A birth date, complete or in part.
fn birth_date() -> impl Strategy<Value = BirthDate> {
    (1900..=2020_u16, 0..=12_u8, 0..=31_u8).prop_filter_map("a birth date", |(year, month, day)| {
        format!("{year:04}{month:02}{day:02}").parse().ok()
    })
}

/// The four attributes. Each may be missing; name and address are missing where the text is too
/// long.
fn attributes() -> impl Strategy<Value = FourAttributes> {
    let genders = vec![
        Gender::Male,
        Gender::Female,
        Gender::Other,
        Gender::NotApplicable,
    ];
    let gender = proptest::option::of(select(genders));
    let birth_date = proptest::option::of(birth_date());
    (text(), text(), birth_date, gender).prop_map(|(name, address, birth_date, gender)| {
        FourAttributes {
            name: name.parse().ok(),
            address: address.parse().ok(),
            birth_date,
            gender,
        }
    })
}

proptest! {
    #[test]
    fn every_claim_and_every_text_fits_into_a_user_pool(attributes in attributes()) {
        let texts = user_pool::texts(&attributes);
        prop_assert!(texts.values().all(|text| text.is_string()));
        for (name, value) in user_pool::claims(&attributes).into_iter().chain(texts) {
            // A string is stored as it is, and an object as its JSON text.
            let stored = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            prop_assert!(!stored.is_empty() && stored.len() <= MAXIMUM_BYTES, "{}", name);
            prop_assert!(name != "birthdate" || stored.len() == 10);
        }
    }

    #[test]
    fn the_claims_say_what_the_attributes_say(attributes in attributes()) {
        let claims = user_pool::claims(&attributes);
        let name = attributes.name.as_ref().map(|name| json!(name.expose()));
        prop_assert_eq!(claims.get("name"), name.as_ref());
        if let Some(address) = &attributes.address {
            prop_assert_eq!(&claims["address"], &json!({ "formatted": address.expose() }));
            prop_assert_eq!(&claims[FORMATTED_ADDRESS], &json!(address.expose()));
        }
        prop_assert_eq!(claims.contains_key("address"), attributes.address.is_some());
        let complete = attributes.birth_date.filter(|date| date.is_complete());
        let complete = complete.map(|date| json!(date.expose()));
        prop_assert_eq!(claims.get("birthdate"), complete.as_ref());
        let has_word = attributes.gender.is_some_and(|gender| gender != Gender::NotApplicable);
        prop_assert_eq!(claims.contains_key("gender"), has_word);
    }
}
