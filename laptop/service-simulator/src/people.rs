//! The people who can sign in at the service's stand-in: the invented ones, or those of a JSON
//! file. The form of a file is checked strictly, so that a mistake is reported. The values of
//! attributes are returned unchanged, however odd they are: trying odd values is what such a file
//! is for.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::persona::{ATTRIBUTES, Persona, personas};

/// The largest file, in bytes: 1 MiB.
pub const LARGEST_FILE: usize = 1 << 20;
/// The most people in a file.
pub const MOST_PEOPLE: usize = 1_000;
/// The longest id, in characters.
const LONGEST_ID: usize = 64;
/// The longest label, in characters.
const LONGEST_LABEL: usize = 200;

/// The people of a service: at least one.
#[derive(Clone, Debug, Default)]
pub struct People(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    /// [`personas`]: the invented people. They depend on the time, because some have a birthday
    /// today.
    #[default]
    Invented,
    /// The people of a file.
    Given(Vec<Persona>),
}

/// Why a file is refused. No variant carries the value of an attribute.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum InvalidPeople {
    /// It is larger than [`LARGEST_FILE`].
    #[error("the file is larger than 1 MiB")]
    TooLarge,
    /// It isn't JSON.
    #[error("the file isn't JSON: look at line {line}, column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It isn't an array.
    #[error("the file must be a JSON array of people")]
    NotAnArray,
    /// The array is empty.
    #[error("nobody is in the file")]
    Nobody,
    /// There are more than [`MOST_PEOPLE`].
    #[error("there are more than 1,000 people in the file")]
    TooMany,
    /// Something is wrong with a person's entry.
    #[error("{person}: {problem}")]
    Person {
        /// The person.
        person: PersonName,
        /// What is wrong.
        problem: PersonProblem,
    },
}

/// Names a person of a file: the position, and the id if it can be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PersonName {
    /// The position in the array, from 1.
    pub position: usize,
    /// The id.
    pub id: Option<String>,
}

impl fmt::Display for PersonName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "person {}", self.position)?;
        match &self.id {
            Some(id) => write!(formatter, " ({id:?})"),
            None => Ok(()),
        }
    }
}

/// What is wrong with a person's entry.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum PersonProblem {
    /// It isn't an object.
    #[error("must be a JSON object")]
    NotAnObject,
    /// There is an unknown member.
    #[error("there is no member {0:?}; there are id, label, name, address, birthdate and gender")]
    UnknownMember(String),
    /// A member is there twice.
    #[error("the member {0:?} is there twice")]
    RepeatedMember(String),
    /// There is no `id`.
    #[error("\"id\" is missing")]
    IdMissing,
    /// The `id` isn't kebab case, or is too long.
    #[error(
        "\"id\" must be 1 to 64 characters of a to z, 0 to 9 and hyphens between them, for example \
        \"tanaka-2\""
    )]
    Id,
    /// An earlier person has the same `id`.
    #[error("an earlier person has the same \"id\"")]
    RepeatedId,
    /// The `label` is neither a text nor a pair of texts, or has the wrong length.
    #[error(
        "\"label\" must be a text of 1 to 200 characters, or an object of two, \
        {{\"ja\": …, \"en\": …}}"
    )]
    Label,
    /// An attribute is a boolean or an array.
    #[error("{0:?} must be a string, a number or an object; null, or leave it out, for none")]
    Attribute(&'static str),
}

impl People {
    /// The people of a file: a JSON array of objects with the members `id`, `label`, `name`,
    /// `address`, `birthdate` and `gender`. Only `id` is required. An attribute that is a string, a
    /// number or an object is handed out as it is; one that is `null` or left out isn't handed out.
    ///
    /// # Errors
    /// [`InvalidPeople`] names the person and the member.
    pub fn from_json(json: &[u8]) -> Result<Self, InvalidPeople> {
        if json.len() > LARGEST_FILE {
            return Err(InvalidPeople::TooLarge);
        }
        // Some editors put a byte order mark at the start of a file.
        let json = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
        let value: Value = serde_json::from_slice(json).map_err(not_json)?;
        let entries = value.as_array().ok_or(InvalidPeople::NotAnArray)?;
        if entries.is_empty() {
            return Err(InvalidPeople::Nobody);
        }
        if entries.len() > MOST_PEOPLE {
            return Err(InvalidPeople::TooMany);
        }
        if let Some(position) = entries.iter().position(|entry| !entry.is_object()) {
            let person = PersonName {
                position: position + 1,
                id: None,
            };
            let problem = PersonProblem::NotAnObject;
            return Err(InvalidPeople::Person { person, problem });
        }
        // Parsed a second time, because a map doesn't show which members came twice.
        let entries: Vec<Members> = serde_json::from_slice(json).map_err(not_json)?;
        let mut people: Vec<Persona> = Vec::with_capacity(entries.len());
        for (index, members) in entries.into_iter().enumerate() {
            let named = members.id().map(str::to_owned);
            let person = persona(members, &people).map_err(|problem| InvalidPeople::Person {
                person: PersonName {
                    position: index + 1,
                    id: named,
                },
                problem,
            })?;
            people.push(person);
        }
        Ok(Self(Source::Given(people)))
    }

    /// All people, in a fixed order; the first is the default. The birth dates of some invented
    /// people depend on `now`: they have a birthday today.
    #[must_use]
    pub fn at(&self, now: DateTime<Utc>) -> Vec<Persona> {
        match &self.0 {
            Source::Invented => personas(now),
            Source::Given(people) => people.clone(),
        }
    }

    /// Whether these are the invented people, and not those of a file.
    #[must_use]
    pub fn are_invented(&self) -> bool {
        matches!(self.0, Source::Invented)
    }

    /// The person with this id.
    #[must_use]
    pub fn find(&self, id: &str, now: DateTime<Utc>) -> Option<Persona> {
        self.at(now).into_iter().find(|person| person.id == id)
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what map_err hands over"
)]
fn not_json(error: serde_json::Error) -> InvalidPeople {
    InvalidPeople::NotJson {
        line: error.line(),
        column: error.column(),
    }
}

/// The members of an object in order, including repeated ones.
struct Members(Vec<(String, Value)>);

impl Members {
    fn id(&self) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(name, _)| name == "id")?;
        value.as_str().filter(|id| id.chars().count() <= LONGEST_ID)
    }
}

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Members(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

fn persona(members: Members, before: &[Persona]) -> Result<Persona, PersonProblem> {
    let mut id = None;
    let mut labels = None;
    let mut userinfo = Map::new();
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in members.0 {
        if seen.contains(&name) {
            return Err(PersonProblem::RepeatedMember(name));
        }
        match name.as_str() {
            "id" => {
                let text = value.as_str().filter(|id| is_id(id));
                id = Some(text.ok_or(PersonProblem::Id)?.to_owned());
            }
            "label" => labels = Some(label(&value).ok_or(PersonProblem::Label)?),
            other => {
                let Some(attribute) = ATTRIBUTES.into_iter().find(|known| *known == other) else {
                    return Err(PersonProblem::UnknownMember(name));
                };
                match value {
                    Value::Null => {}
                    Value::String(_) | Value::Number(_) | Value::Object(_) => {
                        userinfo.insert(attribute.to_owned(), value);
                    }
                    Value::Bool(_) | Value::Array(_) => {
                        return Err(PersonProblem::Attribute(attribute));
                    }
                }
            }
        }
        seen.push(name);
    }
    let id = id.ok_or(PersonProblem::IdMissing)?;
    if before.iter().any(|other| other.id == id) {
        return Err(PersonProblem::RepeatedId);
    }
    let (label_ja, label_en) = labels.unwrap_or_else(|| (id.clone(), id.clone()));
    Ok(Persona {
        id,
        label_ja,
        label_en,
        userinfo,
        claims: std::collections::BTreeMap::new(),
    })
}

/// Whether the text is kebab case, of at most [`LONGEST_ID`] characters.
fn is_id(text: &str) -> bool {
    text.len() <= LONGEST_ID
        && text.split('-').all(|word| {
            let is_of_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            !word.is_empty() && word.bytes().all(is_of_word)
        })
}

/// The label in Japanese and in English.
fn label(value: &Value) -> Option<(String, String)> {
    let text = |value: &Value| {
        value
            .as_str()
            .filter(|text| !text.trim().is_empty() && text.chars().count() <= LONGEST_LABEL)
            .filter(|text| !text.chars().any(char::is_control))
            .map(str::to_owned)
    };
    match value {
        Value::Object(both) if both.len() == 2 => {
            Some((text(both.get("ja")?)?, text(both.get("en")?)?))
        }
        one => text(one).map(|label| (label.clone(), label)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-22T00:00:00Z".parse().unwrap()
    }

    fn read(value: &Value) -> Result<Vec<Persona>, InvalidPeople> {
        People::from_json(value.to_string().as_bytes()).map(|people| people.at(now()))
    }

    /// The problem of a file with this one person.
    fn problem(person: Value) -> PersonProblem {
        match read(&json!([person])).unwrap_err() {
            InvalidPeople::Person { person, problem } => {
                assert_eq!(person.position, 1);
                problem
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn without_a_file_it_is_the_invented_people() {
        let people = People::default();
        assert!(people.are_invented());
        assert_eq!(people.at(now()).len(), personas(now()).len());
        assert_eq!(people.find("leap-day", now()).unwrap().id, "leap-day");
        assert!(people.find("nobody", now()).is_none());
    }

    #[test]
    fn what_is_given_is_handed_out_as_it_is() {
        let people = read(&json!([
            {
                "id": "tanaka-2",
                "label": { "ja": "田中さん", "en": "Tanaka" },
                "name": "田中　一",
                "address": "東京都千代田区永田町１丁目７番１号",
                "birthdate": "19850315",
                "gender": "1",
            },
            {
                "id": "odd",
                "label": "変わった値",
                "name": 1,
                "address": { "formatted": "" },
                "birthdate": "31 February",
                "gender": null,
            },
            { "id": "nothing" },
        ]))
        .unwrap();
        let told: Vec<_> = people
            .iter()
            .map(|person| (&*person.id, &*person.label_ja, &*person.label_en))
            .collect();
        assert_eq!(
            told,
            [
                ("tanaka-2", "田中さん", "Tanaka"),
                ("odd", "変わった値", "変わった値"),
                ("nothing", "nothing", "nothing"),
            ]
        );
        assert_eq!(
            Value::Object(people[0].userinfo.clone()),
            json!({
                "name": "田中　一",
                "address": "東京都千代田区永田町１丁目７番１号",
                "birthdate": "19850315",
                "gender": "1",
            })
        );
        assert_eq!(
            Value::Object(people[1].userinfo.clone()),
            json!({ "name": 1, "address": { "formatted": "" }, "birthdate": "31 February" })
        );
        assert!(people[2].userinfo.is_empty());
    }

    #[test]
    fn a_byte_order_mark_does_no_harm() {
        assert!(People::from_json("\u{feff}[{\"id\":\"a\"}]".as_bytes()).is_ok());
    }

    #[test]
    fn a_file_has_its_form_and_its_limits() {
        let refused = |json: &str| People::from_json(json.as_bytes()).unwrap_err();
        assert_eq!(
            refused("[\n{\"id\": }]"),
            InvalidPeople::NotJson { line: 2, column: 8 }
        );
        assert_eq!(refused("{}"), InvalidPeople::NotAnArray);
        assert_eq!(refused("[]"), InvalidPeople::Nobody);
        let people = |count: usize| {
            let people: Vec<_> = (0..count)
                .map(|number| json!({ "id": format!("p{number}") }))
                .collect();
            read(&people.into())
        };
        assert_eq!(people(1_000).unwrap().len(), 1_000);
        assert_eq!(people(1_001).unwrap_err(), InvalidPeople::TooMany);
        let padded = |length: usize| {
            let json = format!("[{{\"id\":\"a\"}}]{}", " ".repeat(length - 12));
            People::from_json(json.as_bytes())
        };
        assert!(padded(1 << 20).is_ok());
        assert_eq!(padded((1 << 20) + 1).unwrap_err(), InvalidPeople::TooLarge);
    }

    #[test]
    fn a_slip_is_told_with_the_person_and_the_member_and_without_a_value() {
        let error = read(&json!([{ "id": "a" }, { "id": "b", "name": ["山田"] }])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "person 2 (\"b\"): \"name\" must be a string, a number or an object; null, or leave it \
            out, for none"
        );
        let error = read(&json!([{ "id": "a" }, "山田"])).unwrap_err();
        assert_eq!(error.to_string(), "person 2: must be a JSON object");
    }

    #[test]
    fn every_slip_has_a_name() {
        for (person, expected) in [
            (
                json!({ "id": "a", "birth_date": "19850315" }),
                PersonProblem::UnknownMember("birth_date".to_owned()),
            ),
            (
                json!({ "id": "a", "sub": "x" }),
                PersonProblem::UnknownMember("sub".to_owned()),
            ),
            (json!({ "name": "山田" }), PersonProblem::IdMissing),
            (
                json!({ "id": "a", "gender": true }),
                PersonProblem::Attribute("gender"),
            ),
            (
                json!({ "id": "a", "address": [] }),
                PersonProblem::Attribute("address"),
            ),
        ] {
            assert_eq!(problem(person), expected);
        }
        for id in [
            json!(1),
            json!(""),
            json!("A"),
            json!("a b"),
            json!("a/b"),
            json!("-a"),
            json!("a--b"),
            json!("あ"),
            json!("a".repeat(65)),
        ] {
            assert_eq!(problem(json!({ "id": id })), PersonProblem::Id, "{id}");
        }
        for label in [
            json!(1),
            json!(""),
            json!(" "),
            json!("a\u{1b}[31m"),
            json!("a".repeat(201)),
            json!({ "ja": "あ" }),
            json!({ "ja": "あ", "en": "a", "fr": "a" }),
            json!({ "ja": "あ", "fr": "a" }),
            json!(null),
        ] {
            let person = json!({ "id": "a", "label": label });
            assert_eq!(problem(person), PersonProblem::Label, "{label}");
        }
        let twice = People::from_json(br#"[{"id":"a","name":"b","name":"c"}]"#).unwrap_err();
        let InvalidPeople::Person { problem, .. } = twice else {
            panic!("{twice}");
        };
        assert_eq!(problem, PersonProblem::RepeatedMember("name".to_owned()));
        let error = read(&json!([{ "id": "a" }, { "id": "b" }, { "id": "a" }])).unwrap_err();
        let person = PersonName {
            position: 3,
            id: Some("a".to_owned()),
        };
        let problem = PersonProblem::RepeatedId;
        assert_eq!(error, InvalidPeople::Person { person, problem });
    }
}
