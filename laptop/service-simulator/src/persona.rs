//! The invented test persons of the service's stand-in. Their attributes are hard to handle: very
//! long, partly unknown, or with unusual characters. Each persona says what the service returns
//! about the person, and what Amazon Cognito must hold after a login. The addresses are those of
//! public buildings.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

/// The scopes that grant one attribute each, in the order in which they are shown. The members of
/// userinfo have the same names.
pub(crate) const ATTRIBUTES: [&str; 4] = ["name", "address", "birthdate", "gender"];

/// A test person.
#[derive(Clone, Debug, Serialize)]
pub struct Persona {
    /// The stable name, in kebab case.
    pub id: String,
    /// A short description, in Japanese.
    pub label_ja: String,
    /// A short description, in English.
    pub label_en: String,
    /// The attributes as the service's userinfo endpoint returns them, without `sub`: `birthdate`
    /// as `YYYYMMDD`, `gender` as a code of one character, `address` as a plain string. People of a
    /// file ([`crate::people::People`]) have the values of the file.
    #[serde(skip)]
    pub userinfo: Map<String, Value>,
    /// The claims that Amazon Cognito must hold after a login, and no other attributes: `name`,
    /// `address` (the flat text), `birthdate` (`YYYY-MM-DD`, absent if the day isn't fully known)
    /// and `gender` (`male`, `female` or `other`, absent if it isn't known or not applicable). It
    /// is empty for people of a file, because the values of a file promise nothing.
    pub claims: BTreeMap<&'static str, String>,
}

impl Persona {
    /// The pairwise subject (OIDC Core §8.1): always the same for one relying party, and different
    /// for every other relying party. 43 characters of base64url.
    #[must_use]
    pub fn subject(&self, client_id: &str) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        // Neither id contains the separator: a client id is alphanumeric, a persona's id is kebab
        // case.
        for part in [client_id, "/", &self.id] {
            context.update(part.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(context.finish())
    }
}

/// All test persons, in a fixed order. The first is the default, an adult with all four attributes.
/// `now` decides the birth dates of those who have a birthday today in Japan.
#[must_use]
pub fn personas(now: DateTime<Utc>) -> Vec<Persona> {
    const NAGATACHO: &str = "東京都千代田区永田町１丁目７番１号";
    vec![
        persona(
            "adult",
            (
                "大人。基本4情報がすべてある",
                "an adult with all four attributes",
            ),
            "山田　太郎",
            NAGATACHO,
            &Birth::of(1985, 3, 15),
            Gender::Male,
        ),
        persona(
            "replaced-characters",
            (
                "氏名と住所に代替文字がある",
                "replacement characters in name and address",
            ),
            "〓田　■子",
            "東京都〓飾区立石５丁目１３番１号",
            &Birth::of(1972, 11, 3),
            Gender::Female,
        ),
        persona(
            "long-address",
            ("住所がとても長い", "a very long address"),
            "勘解由小路　左衛門三郎",
            &long_address(),
            &Birth::of(1968, 7, 20),
            Gender::Male,
        ),
        persona(
            "longest",
            (
                "氏名100文字、住所200文字",
                "a name of 100 and an address of 200 full-width characters",
            ),
            &longest_name(),
            &longest_address(),
            &Birth::of(1990, 12, 31),
            Gender::Female,
        ),
        persona(
            "leap-day",
            ("2月29日生まれ", "born on 29 February"),
            "閏間　四年",
            "北海道札幌市中央区北３条西６丁目",
            &Birth::of(2000, 2, 29),
            Gender::Male,
        ),
        persona(
            "unknown-day",
            ("生まれた日が分からない", "day of birth unknown"),
            "日野　不二子",
            "沖縄県那覇市泉崎１丁目２番２号",
            &Birth::Month {
                year: 1950,
                month: 4,
            },
            Gender::Female,
        ),
        persona(
            "unknown-month-and-day",
            (
                "生まれた月も日も分からない",
                "month and day of birth unknown",
            ),
            "年野　歳三",
            "長野県長野市大字南長野字幅下６９２番地２",
            &Birth::Year(1940),
            Gender::Male,
        ),
        persona(
            "no-gender",
            ("性別が「適用不能」", "gender not applicable"),
            "佐藤　薫",
            "大阪府大阪市中央区大手前２丁目１番２２号",
            &Birth::of(1995, 6, 1),
            Gender::NotApplicable,
        ),
        persona(
            "gender-absent",
            ("性別が返らない", "no gender is returned"),
            "鈴木　翼",
            "愛知県名古屋市中区三の丸３丁目１番２号",
            &Birth::of(1988, 9, 9),
            Gender::Absent,
        ),
        persona(
            "gender-other",
            ("性別が「その他」", "gender is other"),
            "高橋　光",
            "福岡県福岡市博多区東公園７番７号",
            &Birth::of(2001, 1, 1),
            Gender::Other,
        ),
        persona(
            "turns-18",
            ("日本の日付で今日18歳になる", "turns 18 today in Japan"),
            "成年　若葉",
            "宮城県仙台市青葉区本町３丁目８番１号",
            &birthday_today(now, 18),
            Gender::Female,
        ),
        persona(
            "turns-20",
            ("日本の日付で今日20歳になる", "turns 20 today in Japan"),
            "二十　歳男",
            "広島県広島市中区基町１０番５２号",
            &birthday_today(now, 20),
            Gender::Male,
        ),
        persona(
            "latin-name",
            (
                "外国人住民。氏名がローマ字",
                "a foreign resident with a Latin name",
            ),
            "EXAMPLE MARIA ELENA",
            "東京都新宿区西新宿２丁目８番１号",
            &Birth::of(1979, 10, 10),
            Gender::Female,
        ),
        persona(
            "yokohama",
            (
                "住所に都道府県名がない",
                "an address without the prefecture’s name",
            ),
            "港　渚",
            "横浜市中区日本大通１番地",
            &Birth::of(1982, 5, 5),
            Gender::Female,
        ),
    ]
}

/// What is known of a date of birth.
enum Birth {
    Day(NaiveDate),
    Month { year: i32, month: u32 },
    Year(i32),
}

impl Birth {
    fn of(year: i32, month: u32, day: u32) -> Self {
        NaiveDate::from_ymd_opt(year, month, day).map_or(Self::Month { year, month }, Self::Day)
    }

    /// The service's form: eight digits, `00` for what isn't known.
    fn digits(&self) -> String {
        match self {
            Self::Day(date) => date.format("%Y%m%d").to_string(),
            Self::Month { year, month } => format!("{year:04}{month:02}00"),
            Self::Year(year) => format!("{year:04}0000"),
        }
    }

    /// The value of the claim `birthdate`, only if the day is fully known.
    fn claim(&self) -> Option<String> {
        match self {
            Self::Day(date) => Some(date.format("%Y-%m-%d").to_string()),
            Self::Month { .. } | Self::Year(_) => None,
        }
    }
}

/// The gender as the service has it.
#[derive(Clone, Copy)]
enum Gender {
    Male,
    Female,
    Other,
    NotApplicable,
    Absent,
}

impl Gender {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Male => Some("1"),
            Self::Female => Some("2"),
            Self::Other => Some("3"),
            Self::NotApplicable => Some("9"),
            Self::Absent => None,
        }
    }

    fn claim(self) -> Option<&'static str> {
        match self {
            Self::Male => Some("male"),
            Self::Female => Some("female"),
            Self::Other => Some("other"),
            Self::NotApplicable | Self::Absent => None,
        }
    }
}

fn persona(
    id: &str,
    (label_ja, label_en): (&str, &str),
    name: &str,
    address: &str,
    birth: &Birth,
    gender: Gender,
) -> Persona {
    let mut userinfo = Map::new();
    userinfo.insert("name".to_owned(), name.into());
    userinfo.insert("address".to_owned(), address.into());
    userinfo.insert("birthdate".to_owned(), birth.digits().into());
    if let Some(code) = gender.code() {
        userinfo.insert("gender".to_owned(), code.into());
    }
    let mut claims = BTreeMap::from([("name", name.to_owned()), ("address", address.to_owned())]);
    claims.extend(birth.claim().map(|date| ("birthdate", date)));
    claims.extend(gender.claim().map(|word| ("gender", word.to_owned())));
    Persona {
        id: id.to_owned(),
        label_ja: label_ja.to_owned(),
        label_en: label_en.to_owned(),
        userinfo,
        claims,
    }
}

/// The birth date of a person who turns `years` today in Japan (UTC+9, no summer time). If today is
/// 29 February and the year of birth has no such day, it is 28 February.
fn birthday_today(now: DateTime<Utc>, years: i32) -> Birth {
    let today = (now + TimeDelta::hours(9)).date_naive();
    let year = today.year() - years;
    today.with_year(year).map_or_else(
        || Birth::of(year, today.month(), today.day() - 1),
        Birth::Day,
    )
}

/// An address in the style of Kyoto, with a very long name of a building.
fn long_address() -> String {
    let mut address = "京都府京都市上京区下立売通新町西入薮ノ内町８５番地３　".to_owned();
    address.push_str(&"グランドパレスロイヤルガーデンヒルズ".repeat(9));
    address.push_str("西館１２０３号室");
    address
}

/// 100 full-width characters.
fn longest_name() -> String {
    format!(
        "寿限無　{}",
        "五劫擦切海砂利水魚水"
            .repeat(10)
            .chars()
            .take(96)
            .collect::<String>()
    )
}

/// 200 full-width characters.
fn longest_address() -> String {
    let start = "鹿児島県鹿児島市鴨池新町１０番１号　";
    let rest: String = "メゾンドセレニテ海ノ見エル丘"
        .chars()
        .cycle()
        .take(200 - start.chars().count())
        .collect();
    format!("{start}{rest}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use four_attributes::{AttributeSet, FourAttributes};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn birthdate(id: &str, now: DateTime<Utc>) -> String {
        let people = personas(now);
        let person = people.iter().find(|person| person.id == id).unwrap();
        person.userinfo["birthdate"].as_str().unwrap().to_owned()
    }

    #[test]
    fn the_default_is_an_adult_with_all_four_attributes() {
        let people = personas(at("2026-11-22T00:00:00Z"));
        let adult = people.first().unwrap();
        assert_eq!(adult.id, "adult");
        let userinfo = serde_json::json!({
            "name": "山田　太郎",
            "address": "東京都千代田区永田町１丁目７番１号",
            "birthdate": "19850315",
            "gender": "1",
        });
        assert_eq!(Value::Object(adult.userinfo.clone()), userinfo);
        let claims = serde_json::json!({
            "name": "山田　太郎",
            "address": "東京都千代田区永田町１丁目７番１号",
            "birthdate": "1985-03-15",
            "gender": "male",
        });
        assert_eq!(serde_json::to_value(&adult.claims).unwrap(), claims);
    }

    #[test]
    fn everybody_is_someone_else_and_within_the_limits() {
        let people = personas(at("2026-11-22T00:00:00Z"));
        let mut ids = HashSet::new();
        let mut subjects = HashSet::new();
        let mut names = HashSet::new();
        for person in &people {
            assert!(ids.insert(person.id.clone()), "{}", person.id);
            assert!(
                person
                    .id
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            );
            assert!(subjects.insert(person.subject("RP00000001")));
            assert!(names.insert(person.claims["name"].clone()));
            for (claim, value) in &person.claims {
                assert!(
                    !value.is_empty() && value.len() <= 2_048,
                    "{claim} of {}",
                    person.id
                );
            }
            assert!(
                person.claims["address"].chars().count() <= 200,
                "{}",
                person.id
            );
            assert_eq!(person.userinfo["birthdate"].as_str().unwrap().len(), 8);
            assert_eq!(person.userinfo["name"], person.claims["name"]);
            assert_eq!(person.userinfo["address"], person.claims["address"]);
        }
    }

    #[test]
    fn what_the_service_hands_out_is_what_cognito_must_hold() {
        for person in personas(at("2026-11-22T00:00:00Z")) {
            let attributes =
                FourAttributes::from_userinfo(&person.userinfo, AttributeSet::all()).unwrap();
            let texts = user_pool::texts(&attributes);
            let expected = serde_json::to_value(&person.claims).unwrap();
            assert_eq!(Value::Object(texts), expected, "{}", person.id);
        }
    }

    #[test]
    fn a_subject_is_pairwise() {
        let people = personas(at("2026-11-22T00:00:00Z"));
        let adult = people.first().unwrap();
        assert_eq!(adult.subject("RP00000001"), adult.subject("RP00000001"));
        assert_ne!(adult.subject("RP00000001"), adult.subject("RP00000002"));
    }

    #[test]
    fn the_longest_have_exactly_100_and_200_full_width_characters() {
        let people = personas(at("2026-11-22T00:00:00Z"));
        let longest = people.iter().find(|person| person.id == "longest").unwrap();
        assert_eq!(longest.claims["name"].chars().count(), 100);
        assert_eq!(longest.claims["address"].chars().count(), 200);
        assert_eq!(longest.claims["name"].len(), 300);
        assert_eq!(longest.claims["address"].len(), 600);
        let long = people
            .iter()
            .find(|person| person.id == "long-address")
            .unwrap();
        assert!((190..=200).contains(&long.claims["address"].chars().count()));
    }

    #[test]
    fn what_is_not_known_is_no_claim() {
        let people = personas(at("2026-11-22T00:00:00Z"));
        let of = |id: &str| {
            people
                .iter()
                .find(|person| person.id == id)
                .unwrap()
                .clone()
        };
        assert_eq!(of("unknown-day").userinfo["birthdate"], "19500400");
        assert!(!of("unknown-day").claims.contains_key("birthdate"));
        assert_eq!(
            of("unknown-month-and-day").userinfo["birthdate"],
            "19400000"
        );
        assert!(!of("unknown-month-and-day").claims.contains_key("birthdate"));
        assert_eq!(of("no-gender").userinfo["gender"], "9");
        assert!(!of("no-gender").claims.contains_key("gender"));
        assert!(!of("gender-absent").userinfo.contains_key("gender"));
        assert_eq!(of("gender-other").claims["gender"], "other");
        assert_eq!(of("leap-day").claims["birthdate"], "2000-02-29");
        assert!(of("yokohama").claims["address"].starts_with("横浜市"));
    }

    #[test]
    fn a_birthday_today_goes_by_the_date_in_japan() {
        assert_eq!(
            birthdate("turns-18", at("2026-11-22T14:59:59Z")),
            "20081122"
        );
        assert_eq!(
            birthdate("turns-18", at("2026-11-22T15:00:00Z")),
            "20081123"
        );
        assert_eq!(
            birthdate("turns-20", at("2026-11-22T14:59:59Z")),
            "20061122"
        );
    }

    #[test]
    fn on_a_leap_day_nobody_is_born_on_a_day_that_never_was() {
        assert_eq!(
            birthdate("turns-18", at("2028-02-29T03:00:00Z")),
            "20100228"
        );
        assert_eq!(
            birthdate("turns-20", at("2028-02-29T03:00:00Z")),
            "20080229"
        );
    }
}
