//! Reads JSON in which no name comes twice. If a name has two values, one parser takes the first
//! and another one the last. An attacker who can write one of them could choose what is checked and
//! what is used.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Reads an object in which no name comes twice, not even one that `T` doesn't use (RFC 7515 §4,
/// RFC 7519 §4). Unused values may be anything, nested to any depth: they are skipped.
pub(crate) fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    // serde_json doesn't check the UTF-8 of values that it skips, so it is checked here.
    let json = str::from_utf8(json).ok()?;
    serde_json::from_str::<OwnNamesOnce>(json).ok()?;
    serde_json::from_str(json).ok()
}

/// Reads an object in which no name comes twice, neither in itself nor in any object within it.
pub(crate) fn object_throughout(json: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice::<AllNamesOnce>(json).ok()?;
    serde_json::from_slice(json).ok()
}

/// An object in which each name comes once. Objects within it aren't checked.
struct OwnNamesOnce;

impl<'de> Deserialize<'de> for OwnNamesOnce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for OwnNamesOnce {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object in which no name comes twice")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self, A::Error> {
        names_once::<IgnoredAny, A>(members)?;
        Ok(self)
    }
}

fn names_once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(mut members: A) -> Result<(), A::Error> {
    let mut names = BTreeSet::new();
    while let Some((Name(name), _)) = members.next_entry::<Name<'de>, T>()? {
        if !names.insert(name) {
            return Err(A::Error::custom("a name comes twice"));
        }
    }
    Ok(())
}

/// A name. It is copied only if it is written with escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// Any value, in whose objects each name comes once.
struct AllNamesOnce;

impl<'de> Deserialize<'de> for AllNamesOnce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for AllNamesOnce {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON in which no name comes twice")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self, A::Error> {
        names_once::<Self, A>(members)?;
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self, A::Error> {
        while let Some(Self) = elements.next_element::<Self>()? {}
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_once_in_the_object_and_throughout_in_those_within_it() {
        for (json, passes, passes_throughout) in [
            (
                r#"{"a":1,"b":{"a":2},"c":[{"a":3},{"a":null}]}"#,
                true,
                true,
            ),
            (r#"{"a":[true,-1,1,1.5,"a",{}],"A":2}"#, true, true),
            (r#"{"b":{"a":1,"a":2}}"#, true, false),
            (r#"{"b":[[{"c":{"a":1,"a":2}}]]}"#, true, false),
            (r#"{"a":1,"a":1}"#, false, false),
            // The same name, written with an escape.
            (r#"{"a":1,"\u0061":2}"#, false, false),
            ("[]", false, false),
            ("[{}]", false, false),
            ("1", false, false),
            ("{", false, false),
            ("{} {}", false, false),
        ] {
            let passed = object::<Value>(json.as_bytes()).is_some();
            assert_eq!(passed, passes, "{json}");
            let passed = object_throughout(json.as_bytes()).is_some();
            assert_eq!(passed, passes_throughout, "{json}");
        }
        assert_eq!(object::<Value>(b"{\"a\":\"\xFF\"}"), None);
        assert_eq!(object_throughout(b"{\"a\":\"\xFF\"}"), None);
    }

    #[test]
    fn what_is_nested_without_measure_does_no_harm() {
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        assert_eq!(object::<Value>(deep.as_bytes()), None);
        assert_eq!(object_throughout(deep.as_bytes()), None);
    }
}
