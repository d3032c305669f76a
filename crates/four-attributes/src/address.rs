//! The address: a string in the service's own form, an object in OpenID Connect's. Both are
//! accepted.
//! It is kept as it stands on the card, with or without the prefecture.
//! Cognito gets it as a text and as an object that is made from the text. It must fit into Cognito
//! in both forms.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::error::MalformedReason;
use crate::text::{self, MAXIMUM_BYTES};

/// A person's address. Wiped from memory when dropped.
///
/// It has 1 to 2,032 bytes of UTF-8, and one byte less for each `"` and `\`: Cognito stores the
/// JSON text `{"formatted":"…"}`, which may have 2,048 bytes. The limit is here, and not where the
/// claims are made, so that every address can be given to Cognito.
/// The service's longest address has about 200 characters, which are 800 bytes at most.
///
/// `Debug` doesn't show the address. [`Address::expose`] does.
#[derive(Clone, Eq, PartialEq)]
pub struct Address(Zeroizing<String>);

impl Address {
    /// The member of OpenID Connect's address object that holds the whole address
    /// (OIDC Core §5.1.1).
    const FORMATTED: &str = "formatted";

    /// Reads the address from the service's claim: a JSON string, or an object whose `formatted` is
    /// a string. The object's other members repeat parts of the address, and are not kept.
    ///
    /// # Errors
    /// [`MalformedReason::WrongType`] for another JSON type, otherwise as [`Address::from_str`].
    /// OIDC Core §5.1.1 allows line breaks in `formatted`. The service's addresses have one line,
    /// so line breaks are refused here too.
    pub fn from_claim(claim: &Value) -> Result<Self, MalformedReason> {
        let text = match claim {
            Value::String(text) => Some(text.as_str()),
            Value::Object(members) => members.get(Self::FORMATTED).and_then(Value::as_str),
            _ => None,
        };
        text.ok_or(MalformedReason::WrongType)?.parse()
    }

    /// The address as OpenID Connect's object, with `formatted` only. [`Address::from_claim`] reads
    /// it.
    #[must_use]
    pub fn to_claim(&self) -> Value {
        json!({ Self::FORMATTED: self.expose() })
    }

    /// The address itself: personal information, not for logs, URLs or error texts.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Takes the text as it is.
///
/// Refuses it with [`MalformedReason::TooLong`] over the limit of [`Address`], with
/// [`MalformedReason::ControlCharacter`] or [`MalformedReason::Noncharacter`] if it has such a
/// character, and with [`MalformedReason::Empty`] if nothing in it can be seen.
impl FromStr for Address {
    type Err = MalformedReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let checked = text::checked(text)?;
        if object_bytes(text) > MAXIMUM_BYTES {
            return Err(MalformedReason::TooLong);
        }
        Ok(Self(checked))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Address(…)")
    }
}

/// The length of `{"formatted":"…"}` in bytes. It is counted without writing the object, so that no
/// copy of the address is left in memory. The text has no control characters, so JSON escapes only
/// two characters in it (RFC 8259 §7).
fn object_bytes(text: &str) -> usize {
    let around = r#"{"":""}"#.len() + Address::FORMATTED.len();
    around + text.len() + text.matches(['"', '\\']).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAGATACHO: &str = "東京都千代田区永田町１丁目７番１号";

    #[test]
    fn an_address_is_a_string() {
        let address = Address::from_claim(&json!(NAGATACHO)).unwrap();
        assert_eq!(address.expose(), NAGATACHO);
    }

    #[test]
    fn an_address_is_an_object_with_formatted() {
        let claim = json!({"formatted": NAGATACHO});
        assert_eq!(Address::from_claim(&claim).unwrap().expose(), NAGATACHO);
    }

    #[test]
    fn other_members_of_the_object_are_not_kept() {
        let claim = json!({"formatted": NAGATACHO, "region": "東京都", "country": 81});
        assert_eq!(Address::from_claim(&claim).unwrap().expose(), NAGATACHO);
    }

    #[test]
    fn another_json_type_is_no_address() {
        for claim in [
            json!(null),
            json!(1),
            json!(false),
            json!([NAGATACHO]),
            json!({}),
            json!({"formatted": null}),
            json!({"formatted": [NAGATACHO]}),
            json!({"formatted": {"formatted": NAGATACHO}}),
            json!({"Formatted": NAGATACHO}),
        ] {
            assert_eq!(
                Address::from_claim(&claim),
                Err(MalformedReason::WrongType),
                "{claim}"
            );
        }
    }

    #[test]
    fn the_rules_of_a_text_hold_in_both_forms() {
        for (text, reason) in [
            ("", MalformedReason::Empty),
            ("　 ", MalformedReason::Empty),
            ("東京都\n千代田区", MalformedReason::ControlCharacter),
            ("東京都\u{202E}千代田区", MalformedReason::ControlCharacter),
        ] {
            assert_eq!(Address::from_claim(&json!(text)), Err(reason), "{text:?}");
            assert_eq!(
                Address::from_claim(&json!({"formatted": text})),
                Err(reason),
                "{text:?}"
            );
        }
    }

    #[test]
    fn the_longest_address_of_the_service_fits() {
        let longest = "\u{20BB7}".repeat(200);
        assert_eq!(longest.parse::<Address>().unwrap().expose(), longest);
    }

    #[test]
    fn the_limit_is_that_of_the_object_as_json_text() {
        for (fits, too_long) in [
            ("a".repeat(2_032), "a".repeat(2_033)),
            ("\"".repeat(1_016), "\"".repeat(1_016) + "a"),
            ("\\".repeat(1_016), "\\".repeat(1_017)),
        ] {
            let object = fits.parse::<Address>().unwrap().to_claim();
            assert_eq!(object, json!({"formatted": fits}));
            assert_eq!(object.to_string().len(), 2_048);
            assert_eq!(too_long.parse::<Address>(), Err(MalformedReason::TooLong));
            assert!(json!({"formatted": too_long}).to_string().len() > 2_048);
        }
    }
}
