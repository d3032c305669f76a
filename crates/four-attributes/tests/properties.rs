//! Tests of properties that hold for all input, not only for the examples next to the code.
//! The values are random: some are as the service sends them, some as it never would.
//! If a test fails, it prints the smallest input that makes it fail.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use four_attributes::{
    Address, Attribute, AttributeError, AttributeSet, BirthDate, FourAttributes, Gender,
    MAXIMUM_BYTES, MalformedReason, Municipality, Name, Prefecture, japan_date,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

/// Any JSON value, three levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9]{4}-?[0-9]{2}-?[0-9]{2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop_oneof![Just("formatted".to_owned()), any::<String>()];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(key, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A claim: often one that the service could send, often one that it never would.
fn any_claim() -> impl Strategy<Value = Value> {
    prop_oneof![
        any_json(),
        text().prop_map(Value::from),
        text().prop_map(|text| json!({ "formatted": text })),
        near_the_limit().prop_map(Value::from),
        date_text().prop_map(Value::from),
        select(vec!["1", "2", "3", "9", "male", "female", "other"]).prop_map(Value::from),
    ]
}

fn any_userinfo() -> impl Strategy<Value = Map<String, Value>> {
    let claim = || proptest::option::of(any_claim());
    (claim(), claim(), claim(), claim()).prop_map(|(name, address, birth_date, gender)| {
        Attribute::ALL
            .into_iter()
            .zip([name, address, birth_date, gender])
            .filter_map(|(attribute, claim)| Some((attribute.claim().to_owned(), claim?)))
            .collect()
    })
}

fn attribute_set() -> impl Strategy<Value = AttributeSet> {
    subsequence(Attribute::ALL.to_vec(), 0..=4).prop_map(AttributeSet::from_iter)
}

/// A text that a name or an address may be: a character that can be seen, and then anything except
/// controls, separators of lines and paragraphs, format characters and unassigned code points.
fn text() -> impl Strategy<Value = String> {
    "[\\p{Han}\\p{Hiragana}\\p{Katakana}\\p{Latin}\\p{Nd}\\p{Co}]\
     [^\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cf}\\p{Cn}]{0,200}"
}

/// A text of about 2,048 bytes, with characters of every length and those that JSON escapes.
fn near_the_limit() -> impl Strategy<Value = String> {
    let characters = select(vec!['a', '"', '\\', 'é', '山', '　', '\u{20BB7}']);
    (vec(characters, 1..40), 2_000_usize..2_100).prop_map(|(characters, bytes)| {
        let mut text = String::from("a");
        for character in characters.into_iter().cycle() {
            if text.len() + character.len_utf8() > bytes {
                break;
            }
            text.push(character);
        }
        text
    })
}

/// A day on which a person can have been born.
fn day() -> impl Strategy<Value = NaiveDate> {
    let all = (1800..=9999_i32, 1..=366_u32).prop_filter_map("a day of its year", |(year, day)| {
        NaiveDate::from_yo_opt(year, day)
    });
    let leap_days = (450..2_500_i32).prop_filter_map("a leap year", |four| {
        NaiveDate::from_ymd_opt(four * 4, 2, 29)
    });
    prop_oneof![4 => all, 1 => leap_days]
}

/// A birth date in one of the two forms, complete or in part.
fn date_text() -> impl Strategy<Value = String> {
    (day(), 0..3_u8, any::<bool>()).prop_map(|(day, unknown, hyphens)| {
        let month = if unknown == 2 { 0 } else { day.month() };
        let day_of_month = if unknown == 0 { day.day() } else { 0 };
        let hyphen = if hyphens { "-" } else { "" };
        format!(
            "{:04}{hyphen}{month:02}{hyphen}{day_of_month:02}",
            day.year()
        )
    })
}

fn birth_date() -> impl Strategy<Value = BirthDate> {
    date_text().prop_filter_map("a birth date", |text| text.parse().ok())
}

/// A birth date, an age, and a day near the one on which the age is reached, or far from it.
fn around_a_birthday() -> impl Strategy<Value = (BirthDate, u8, NaiveDate)> {
    (
        birth_date(),
        any::<u8>(),
        prop_oneof![-3..=370_i64, -100_000..=100_000_i64],
    )
        .prop_filter_map("a day", |(birth_date, age, offset)| {
            let year = birth_date.year() + i32::from(age);
            let month = birth_date.month().unwrap_or(1);
            let on = NaiveDate::from_ymd_opt(year, month, 1)?
                .checked_add_signed(TimeDelta::days(offset))?;
            Some((birth_date, age, on))
        })
}

fn gender() -> impl Strategy<Value = Gender> {
    select(vec![
        Gender::Male,
        Gender::Female,
        Gender::Other,
        Gender::NotApplicable,
    ])
}

/// Every day on which the person can have been born, found by trying all of the year.
fn possible_days(birth_date: BirthDate) -> Vec<NaiveDate> {
    (1..=366)
        .filter_map(|ordinal| NaiveDate::from_yo_opt(birth_date.year(), ordinal))
        .filter(|day| birth_date.month().is_none_or(|month| day.month() == month))
        .filter(|day| birth_date.day().is_none_or(|number| day.day() == number))
        .collect()
}

proptest! {
    #[test]
    fn a_name_comes_out_as_it_went_in(text in text()) {
        let name = Name::from_claim(&json!(text));
        prop_assert_eq!(name.as_ref().map(Name::expose), Ok(text.as_str()));
    }

    #[test]
    fn an_address_comes_out_as_it_went_in(text in text(), object in any::<bool>()) {
        let claim = if object { json!({ "formatted": text }) } else { json!(text) };
        let address = Address::from_claim(&claim);
        prop_assert_eq!(address.as_ref().map(Address::expose), Ok(text.as_str()));
    }

    #[test]
    fn whatever_is_taken_is_kept_byte_for_byte(text in any::<String>()) {
        if let Ok(name) = text.parse::<Name>() {
            prop_assert_eq!(name.expose(), &text);
        }
        if let Ok(address) = text.parse::<Address>() {
            prop_assert_eq!(address.expose(), &text);
        }
    }

    #[test]
    fn a_birth_date_comes_out_as_it_went_in(text in date_text()) {
        let birth_date = BirthDate::from_claim(&json!(text)).unwrap();
        let exposed = birth_date.expose();
        prop_assert_eq!(exposed.parse(), Ok(birth_date));
        prop_assert_eq!(exposed.replace('-', ""), text.replace('-', ""));
        prop_assert_eq!(birth_date.is_complete(), birth_date.day().is_some());
        prop_assert_eq!(birth_date.is_complete(), !exposed.ends_with("-00"));
    }

    #[test]
    fn a_complete_birth_date_is_that_of_the_calendar(day in day()) {
        let birth_date: BirthDate = day.to_string().parse().unwrap();
        prop_assert_eq!(birth_date.year(), day.year());
        prop_assert_eq!(birth_date.month(), Some(day.month()));
        prop_assert_eq!(birth_date.day(), Some(day.day()));
    }

    #[test]
    fn eight_digits_are_a_date_exactly_if_the_calendar_has_it(
        year in 1800..=9999_i32, month in 1..=99_u32, day in 1..=99_u32,
    ) {
        let parsed = format!("{year:04}{month:02}{day:02}").parse::<BirthDate>();
        match NaiveDate::from_ymd_opt(year, month, day) {
            Some(date) => prop_assert_eq!(parsed.map(|date| date.expose()), Ok(date.to_string())),
            None => prop_assert_eq!(parsed, Err(MalformedReason::NoSuchDate)),
        }
    }

    #[test]
    fn a_gender_comes_out_as_it_went_in(gender in gender()) {
        prop_assert_eq!(gender.expose().parse(), Ok(gender));
    }

    #[test]
    fn a_set_comes_out_as_it_went_in(set in attribute_set()) {
        prop_assert_eq!(set.to_string().parse(), Ok(set));
        prop_assert_eq!(set.iter().collect::<AttributeSet>(), set);
        prop_assert_eq!(set.is_empty(), set.iter().next().is_none());
    }

    #[test]
    fn exactly_what_was_asked_for_is_taken(
        userinfo in any_userinfo(), requested in attribute_set(),
    ) {
        let present = |attribute: Attribute| {
            userinfo.get(attribute.claim()).is_some_and(|claim| !claim.is_null())
        };
        match FourAttributes::from_userinfo(&userinfo, requested) {
            Ok(attributes) => {
                let taken = [
                    attributes.name.is_some(),
                    attributes.address.is_some(),
                    attributes.birth_date.is_some(),
                    attributes.gender.is_some(),
                ];
                for (attribute, taken) in Attribute::ALL.into_iter().zip(taken) {
                    let asked = requested.contains(attribute);
                    prop_assert_eq!(taken, asked && present(attribute));
                    prop_assert!(taken || !asked || attribute == Attribute::Gender);
                }
            }
            Err(AttributeError::Missing(attribute)) => {
                prop_assert!(requested.contains(attribute) && !present(attribute));
                prop_assert_ne!(attribute, Attribute::Gender);
            }
            Err(AttributeError::Malformed { attribute, .. }) => {
                prop_assert!(requested.contains(attribute) && present(attribute));
            }
        }
    }

    #[test]
    fn a_text_near_the_limit_fits_into_cognito_or_is_too_long(text in near_the_limit()) {
        let object = json!({ "formatted": text }).to_string();
        match text.parse::<Address>() {
            Ok(_) => prop_assert!(object.len() <= MAXIMUM_BYTES),
            Err(reason) => {
                prop_assert_eq!(reason, MalformedReason::TooLong);
                prop_assert!(object.len() > MAXIMUM_BYTES);
            }
        }
        match text.parse::<Name>() {
            Ok(_) => prop_assert!(text.len() <= MAXIMUM_BYTES),
            Err(reason) => {
                prop_assert_eq!(reason, MalformedReason::TooLong);
                prop_assert!(text.len() > MAXIMUM_BYTES);
            }
        }
    }

    #[test]
    fn debug_is_the_same_for_every_value(
        name in text(), address in text(), birth_date in birth_date(), gender in gender(),
    ) {
        let attributes = FourAttributes {
            name: Some(name.parse().unwrap()),
            address: Some(address.parse().unwrap()),
            birth_date: Some(birth_date),
            gender: Some(gender),
        };
        prop_assert_eq!(
            format!("{attributes:?}"),
            "FourAttributes { name: Some(Name(…)), address: Some(Address(…)), \
             birth_date: Some(BirthDate(…)), gender: Some(Gender(…)) }"
        );
    }

    #[test]
    fn an_error_does_not_carry_the_value(
        attribute in select(Attribute::ALL.to_vec()), text in "[^\\p{Cc}]{0,50}",
    ) {
        // The control character makes the value malformed. The marker shows whether the error has
        // the value.
        let value = format!("marked-value\u{0}{text}");
        let userinfo = Map::from_iter([(attribute.claim().to_owned(), json!(value))]);
        let error = FourAttributes::from_userinfo(&userinfo, AttributeSet::from_iter([attribute]))
            .unwrap_err();
        let shown = format!("{error} {error:?}");
        prop_assert!(!shown.contains("marked-value"));
        prop_assert!(shown.is_ascii());
    }

    #[test]
    fn an_age_that_is_reached_stays_reached(
        (birth_date, age, on) in around_a_birthday(), later in 0..1_000_u64,
    ) {
        // In the order of time: no, then (for a date in part) not known, then yes.
        let order = |reached| match reached {
            Some(false) => 0,
            None => 1,
            Some(true) => 2,
        };
        let now = order(birth_date.has_reached(age, on));
        let then = order(birth_date.has_reached(age, on + Days::new(later)));
        prop_assert!(now <= then);
    }

    #[test]
    fn who_has_reached_an_age_has_reached_every_lower_one(
        (birth_date, age, on) in around_a_birthday(),
    ) {
        if birth_date.has_reached(age, on) == Some(true) {
            for lower in 0..age {
                prop_assert_eq!(birth_date.has_reached(lower, on), Some(true));
            }
        }
    }

    #[test]
    fn of_a_date_in_part_the_age_is_what_all_possible_dates_agree_on(
        (birth_date, age, on) in around_a_birthday(),
    ) {
        let answers: Vec<bool> = possible_days(birth_date)
            .into_iter()
            .map(|day| {
                let complete: BirthDate = day.to_string().parse().unwrap();
                complete.has_reached(age, on).unwrap()
            })
            .collect();
        let agreed = if answers.iter().all(|reached| *reached) {
            Some(true)
        } else if answers.iter().any(|reached| *reached) {
            None
        } else {
            Some(false)
        };
        prop_assert_eq!(birth_date.has_reached(age, on), agreed);
    }

    #[test]
    fn ages_are_those_that_another_implementation_counts(
        (birth_date, age, on) in around_a_birthday(),
    ) {
        for day in possible_days(birth_date) {
            let complete: BirthDate = day.to_string().parse().unwrap();
            let expected = on.years_since(day).is_some_and(|years| years >= u32::from(age));
            prop_assert_eq!(complete.has_reached(age, on), Some(expected));
        }
    }

    #[test]
    fn the_date_in_japan_is_that_of_a_clock_nine_hours_ahead(
        seconds in -10_000_000_000..253_000_000_000_i64,
    ) {
        let now: DateTime<Utc> = DateTime::from_timestamp(seconds, 0).unwrap();
        let japan = chrono::FixedOffset::east_opt(9 * 3_600).unwrap();
        prop_assert_eq!(japan_date(now), now.with_timezone(&japan).date_naive());
    }

    #[test]
    fn an_address_that_begins_with_a_prefecture_lies_in_it(
        prefecture in select(Prefecture::ALL.to_vec()), rest in text(),
    ) {
        let address: Address = format!("{}{rest}", prefecture.japanese_name()).parse().unwrap();
        prop_assert_eq!(Prefecture::of(&address), Some(prefecture));
    }

    #[test]
    fn a_large_city_lies_in_one_prefecture_whatever_follows(
        (city, prefecture) in select(vec![
            ("横浜市", Prefecture::Kanagawa),
            ("京都市", Prefecture::Kyoto),
            ("堺市", Prefecture::Osaka),
            ("北九州市", Prefecture::Fukuoka),
            ("鹿児島市", Prefecture::Kagoshima),
        ]),
        rest in text(),
    ) {
        let address: Address = format!("{city}{rest}").parse().unwrap();
        prop_assert_eq!(Prefecture::of(&address), Some(prefecture));
    }

    #[test]
    fn a_municipality_lies_in_the_prefecture_of_its_address(
        beginning in select(vec!["", "東京都", "神奈川県", "横浜市", "府中市", "松前郡福島町", "福島町", "北区"]),
        rest in text(),
    ) {
        let address: Address = format!("{beginning}{rest}x").parse().unwrap();
        if let Some(municipality) = Municipality::of(&address) {
            prop_assert_eq!(Prefecture::of(&address), Some(municipality.prefecture()));
        }
    }

    #[test]
    fn variation_selectors_say_nothing_wherever_they_stand(
        beginning in select(vec!["東京都府中市", "神奈川県横浜市中区", "松前郡　福島町", "堺市", "府中市", "福島町"]),
        rest in "[一-龠ぁ-ん]{0,8}",
        selectors in vec(prop::option::of(select(vec!['\u{FE00}', '\u{E0100}', '\u{E01EF}'])), 20),
    ) {
        let plain = format!("{beginning}{rest}");
        let marked: String = plain
            .chars()
            .zip(selectors.into_iter().chain(std::iter::repeat(None)))
            .flat_map(|(character, selector)| std::iter::once(character).chain(selector))
            .collect();
        let of = |text: &str| {
            let address: Address = text.parse().unwrap();
            (Prefecture::of(&address), Municipality::of(&address).map(Municipality::code))
        };
        prop_assert_eq!(of(&plain), of(&marked));
    }

    #[test]
    fn an_address_in_other_letters_lies_in_no_known_prefecture(text in "[ -~]{0,50}[!-~]") {
        let address: Address = text.parse().unwrap();
        prop_assert_eq!(Prefecture::of(&address), None);
        prop_assert_eq!(Municipality::of(&address), None);
    }
}
