//! The form of the entries in DynamoDB. The table's partition key is `key`, a string; there is no
//! sort key.
//!
//! ```text
//! key: "person#" and 64 hexadecimal digits     key: "member#" and the sub
//! held: {member, id, since}                    person: 64 hexadecimal digits
//! released: {member, id, at}                   held: {id, since}
//! pending: {member, id, lease, until}          pending: {id, lease, until}
//! ```
//!
//! An id is 32 hexadecimal digits, a lease 16. A time is in milliseconds since 1970. A person has
//! `held` or `released`, not both. An entry with anything else is malformed, and nothing is decided
//! by it: so an older version of a function never overwrites what it doesn't understand.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};

use crate::entries::{Held, Lease, MemberEntry, Pending, PersonEntry, Settled};
use crate::error::TableError;
use four_attributes::VerificationId;

use crate::ids::Member;
use crate::person::Person;

/// The name of the partition key.
pub const KEY: &str = "key";

/// An item, or a map within an item.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// The attributes besides the key, of either kind of entry.
const NAMES: [&str; 4] = ["held", "pending", "person", "released"];

/// The key of a person's entry.
pub(crate) fn person_key(person: Person) -> String {
    format!("person#{}", hex(&person.0))
}

/// The key of a member's entry.
pub(crate) fn member_key(member: &Member) -> String {
    format!("member#{}", member.expose())
}

/// The attributes of a person's entry besides its key; `None` if it isn't in the table.
pub(crate) fn write_person(entry: &PersonEntry) -> Option<Attributes> {
    let mut attributes = Attributes::new();
    match &entry.settled {
        Some(Settled::Held(member, held)) => {
            let map = [owner(member), id(held.id), time("since", held.since)];
            attributes.insert("held".to_owned(), map_of(map));
        }
        Some(Settled::Released {
            member,
            id: released,
            at,
        }) => {
            let map = [owner(member), id(*released), time("at", *at)];
            attributes.insert("released".to_owned(), map_of(map));
        }
        None => {}
    }
    if let Some((member, pending)) = &entry.pending {
        let [id, lease, until] = pending_members(*pending);
        let map = [owner(member), id, lease, until];
        attributes.insert("pending".to_owned(), map_of(map));
    }
    (!attributes.is_empty()).then_some(attributes)
}

/// The attributes of a member's entry besides its key.
pub(crate) fn write_member(entry: &MemberEntry) -> Attributes {
    let mut attributes = Attributes::from([("person".to_owned(), text(hex(&entry.person.0)))]);
    if let Some(held) = entry.held {
        let map = [id(held.id), time("since", held.since)];
        attributes.insert("held".to_owned(), map_of(map));
    }
    if let Some(pending) = entry.pending {
        attributes.insert("pending".to_owned(), map_of(pending_members(pending)));
    }
    attributes
}

/// Reads the item of a person.
pub(crate) fn read_person(item: Option<Attributes>) -> Result<PersonEntry, TableError> {
    let Some(item) = item else {
        return Ok(PersonEntry::default());
    };
    let mut item = Reader(item);
    item.take(KEY)?;
    let held = item.optional("held", |map| {
        let member = map.member()?;
        let held = map.held()?;
        Ok(Settled::Held(member, held))
    })?;
    let released = item.optional("released", |map| {
        Ok(Settled::Released {
            member: map.member()?,
            id: map.id()?,
            at: map.time("at")?,
        })
    })?;
    let pending = item.optional("pending", |map| Ok((map.member()?, map.pending()?)))?;
    item.end()?;
    let settled = match (held, released) {
        (Some(_), Some(_)) => return Err(TableError::Malformed),
        (held, released) => held.or(released),
    };
    if settled.is_none() && pending.is_none() {
        return Err(TableError::Malformed);
    }
    Ok(PersonEntry { settled, pending })
}

/// Reads the item of a member.
pub(crate) fn read_member(item: Option<Attributes>) -> Result<Option<MemberEntry>, TableError> {
    let Some(item) = item else {
        return Ok(None);
    };
    let mut item = Reader(item);
    item.take(KEY)?;
    let person = Person(unhex(&item.text("person")?)?);
    let held = item.optional("held", Reader::held)?;
    let pending = item.optional("pending", Reader::pending)?;
    item.end()?;
    if held.is_none() && pending.is_none() {
        return Err(TableError::Malformed);
    }
    Ok(Some(MemberEntry {
        person,
        held,
        pending,
    }))
}

/// The condition that an item is still as it was seen.
pub(crate) struct Unchanged {
    pub(crate) expression: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Option<Attributes>,
}

impl Unchanged {
    /// `seen` has the attributes besides the key; `None` if there was no item.
    ///
    /// The whole item is compared, and not a version of it: what is decided depends on nothing
    /// else.
    pub(crate) fn of(seen: Option<&Attributes>) -> Self {
        let Some(seen) = seen else {
            return Self {
                expression: "attribute_not_exists(#key)".to_owned(),
                names: HashMap::from([("#key".to_owned(), KEY.to_owned())]),
                values: None,
            };
        };
        let mut values = Attributes::new();
        let conditions = NAMES.map(|name| match seen.get(name) {
            Some(value) => {
                values.insert(format!(":{name}"), value.clone());
                format!("#{name} = :{name}")
            }
            None => format!("attribute_not_exists(#{name})"),
        });
        Self {
            expression: conditions.join(" AND "),
            names: NAMES
                .map(|name| (format!("#{name}"), name.to_owned()))
                .into(),
            values: Some(values),
        }
    }
}

/// Takes the attributes out of an item one by one. What is left over at the end is unknown.
struct Reader(Attributes);

impl Reader {
    fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Self) -> Result<T, TableError>,
    ) -> Result<Option<T>, TableError> {
        let Some(value) = self.0.remove(name) else {
            return Ok(None);
        };
        let AttributeValue::M(map) = value else {
            return Err(TableError::Malformed);
        };
        let mut map = Self(map);
        let value = read(&mut map)?;
        map.end()?;
        Ok(Some(value))
    }

    fn held(&mut self) -> Result<Held, TableError> {
        Ok(Held {
            id: self.id()?,
            since: self.time("since")?,
        })
    }

    fn pending(&mut self) -> Result<Pending, TableError> {
        Ok(Pending {
            id: self.id()?,
            lease: Lease {
                until: self.time("until")?,
                nonce: unhex(&self.text("lease")?)?,
            },
        })
    }

    fn member(&mut self) -> Result<Member, TableError> {
        Member::new(&self.text("member")?).map_err(|_invalid| TableError::Malformed)
    }

    fn id(&mut self) -> Result<VerificationId, TableError> {
        unhex(&self.text("id")?).map(VerificationId::from_bytes)
    }

    fn time(&mut self, name: &str) -> Result<DateTime<Utc>, TableError> {
        let AttributeValue::N(number) = self.take(name)? else {
            return Err(TableError::Malformed);
        };
        let milliseconds = number.parse().map_err(|_number| TableError::Malformed)?;
        DateTime::from_timestamp_millis(milliseconds).ok_or(TableError::Malformed)
    }

    fn text(&mut self, name: &str) -> Result<String, TableError> {
        match self.take(name)? {
            AttributeValue::S(text) => Ok(text),
            _ => Err(TableError::Malformed),
        }
    }

    fn take(&mut self, name: &str) -> Result<AttributeValue, TableError> {
        self.0.remove(name).ok_or(TableError::Malformed)
    }

    fn end(&self) -> Result<(), TableError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(TableError::Malformed)
        }
    }
}

fn owner(member: &Member) -> (String, AttributeValue) {
    ("member".to_owned(), text(member.expose().to_owned()))
}

fn id(id: VerificationId) -> (String, AttributeValue) {
    ("id".to_owned(), text(hex(&id.bytes())))
}

fn time(name: &str, time: DateTime<Utc>) -> (String, AttributeValue) {
    let milliseconds = time.timestamp_millis().to_string();
    (name.to_owned(), AttributeValue::N(milliseconds))
}

fn pending_members(pending: Pending) -> [(String, AttributeValue); 3] {
    let Lease { until, nonce } = pending.lease;
    [
        id(pending.id),
        ("lease".to_owned(), text(hex(&nonce))),
        time("until", until),
    ]
}

fn map_of<const N: usize>(members: [(String, AttributeValue); N]) -> AttributeValue {
    AttributeValue::M(members.into())
}

fn text(text: String) -> AttributeValue {
    AttributeValue::S(text)
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

fn unhex<const N: usize>(text: &str) -> Result<[u8; N], TableError> {
    let mut bytes = [0; N];
    match base16ct::lower::decode(text, &mut bytes) {
        Ok(decoded) if decoded.len() == N => Ok(bytes),
        _ => Err(TableError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use AttributeValue::{M, N, S};

    use super::*;

    const PERSON: Person = Person([0xAB; 32]);
    const ID: VerificationId = VerificationId::from_bytes([0x0F; 16]);

    fn member() -> Member {
        Member::new("57e4ea68").unwrap()
    }

    fn moment() -> DateTime<Utc> {
        "2026-11-03T00:00:00.250Z".parse().unwrap()
    }

    fn held() -> Held {
        Held {
            id: ID,
            since: moment(),
        }
    }

    fn pending() -> Pending {
        Pending {
            id: ID,
            lease: Lease {
                until: moment(),
                nonce: [0x1E; 8],
            },
        }
    }

    fn attributes<const N: usize>(named: [(&str, AttributeValue); N]) -> Attributes {
        named.map(|(name, value)| (name.to_owned(), value)).into()
    }

    fn s(text: &str) -> AttributeValue {
        S(text.to_owned())
    }

    fn n(number: &str) -> AttributeValue {
        N(number.to_owned())
    }

    /// A map with these members, in their golden form.
    fn golden<const N: usize>(members: [&str; N]) -> AttributeValue {
        let value = |name| match name {
            "member" => s("57e4ea68"),
            "id" => s("0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"),
            "lease" => s("1e1e1e1e1e1e1e1e"),
            _ => n("1793664000250"),
        };
        M(members.map(|name| (name.to_owned(), value(name))).into())
    }

    fn item(key: &str, attributes: &Attributes) -> Option<Attributes> {
        let mut item = attributes.clone();
        item.insert(KEY.to_owned(), s(key));
        Some(item)
    }

    #[test]
    fn the_entry_of_a_person_has_this_form() {
        let key = format!("person#{}", "ab".repeat(32));
        assert_eq!(person_key(PERSON), key);
        let holds = || Some(Settled::Held(member(), held()));
        let released = Some(Settled::Released {
            member: member(),
            id: ID,
            at: moment(),
        });
        let golden_held = || ("held", golden(["member", "id", "since"]));
        let golden_released = ("released", golden(["member", "id", "at"]));
        let golden_pending = || ("pending", golden(["member", "id", "lease", "until"]));
        let pending = || Some((member(), pending()));
        for (settled, pending, form) in [
            (holds(), None, attributes([golden_held()])),
            (released, None, attributes([golden_released])),
            (None, pending(), attributes([golden_pending()])),
            (
                holds(),
                pending(),
                attributes([golden_held(), golden_pending()]),
            ),
        ] {
            let entry = PersonEntry { settled, pending };
            assert_eq!(write_person(&entry), Some(form.clone()));
            assert_eq!(read_person(item(&key, &form)), Ok(entry));
        }
        assert_eq!(write_person(&PersonEntry::default()), None);
        assert_eq!(read_person(None), Ok(PersonEntry::default()));
    }

    #[test]
    fn the_entry_of_a_member_has_this_form() {
        let key = "member#57e4ea68";
        assert_eq!(member_key(&member()), key);
        let golden_person = || ("person", s(&"ab".repeat(32)));
        let golden_held = || ("held", golden(["id", "since"]));
        let golden_pending = || ("pending", golden(["id", "lease", "until"]));
        for (held, pending, form) in [
            (
                Some(held()),
                None,
                attributes([golden_person(), golden_held()]),
            ),
            (
                None,
                Some(pending()),
                attributes([golden_person(), golden_pending()]),
            ),
            (
                Some(held()),
                Some(pending()),
                attributes([golden_person(), golden_held(), golden_pending()]),
            ),
        ] {
            let entry = MemberEntry {
                person: PERSON,
                held,
                pending,
            };
            assert_eq!(write_member(&entry), form);
            assert_eq!(read_member(item(key, &form)), Ok(Some(entry)));
        }
        assert_eq!(read_member(None), Ok(None));
    }

    #[test]
    fn an_item_in_another_form_is_malformed() {
        let held = || golden(["member", "id", "since"]);
        let changed = |name: &str, value| {
            let M(mut map) = held() else { panic!() };
            map.insert(name.to_owned(), value);
            attributes([("held", M(map))])
        };
        for wrong in [
            attributes([]),
            attributes([("held", s("text"))]),
            attributes([
                ("held", held()),
                ("released", golden(["member", "id", "at"])),
            ]),
            attributes([("held", held()), ("version", n("2"))]),
            attributes([("held", golden(["member", "id"]))]),
            attributes([("held", golden(["member", "id", "since", "more"]))]),
            attributes([("pending", golden(["member", "id", "until"]))]),
            changed("member", s("a#b")),
            changed("id", s("0f")),
            changed("id", s(&"0F".repeat(16))),
            changed("since", s("1793664000250")),
            changed("since", n("1.5")),
            changed("since", n(&i64::MAX.to_string())),
        ] {
            let item = item("person#", &wrong);
            assert_eq!(read_person(item), Err(TableError::Malformed), "{wrong:?}");
        }
        let person = || ("person", s(&"ab".repeat(32)));
        let held_by_member = || ("held", golden(["id", "since"]));
        for wrong in [
            attributes([person()]),
            attributes([held_by_member()]),
            attributes([("person", s("ab")), held_by_member()]),
            attributes([person(), ("held", held())]),
            attributes([person(), ("released", golden(["id", "at"]))]),
        ] {
            let item = item("member#", &wrong);
            assert_eq!(read_member(item), Err(TableError::Malformed), "{wrong:?}");
        }
        let without_key = attributes([("held", held())]);
        assert_eq!(read_person(Some(without_key)), Err(TableError::Malformed));
    }

    #[test]
    fn the_condition_compares_each_attribute() {
        let unchanged = Unchanged::of(Some(&attributes([("person", s("p")), ("held", s("h"))])));
        assert_eq!(
            unchanged.expression,
            "#held = :held AND attribute_not_exists(#pending) AND #person = :person \
             AND attribute_not_exists(#released)"
        );
        assert_eq!(
            unchanged.values,
            Some(attributes([(":person", s("p")), (":held", s("h"))]))
        );
        let absent = Unchanged::of(None);
        assert_eq!(absent.expression, "attribute_not_exists(#key)");
        assert_eq!(absent.values, None);
    }
}
