//! The name: one string, family and given name not split.
//! It is kept as it stands on the card, including full-width spaces and replaced characters.
//! No normal form is applied: an application that compares names has to choose one itself.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::MalformedReason;
use crate::text;

/// A person's name, 1 to 2,048 bytes of UTF-8. Wiped from memory when dropped.
///
/// `Debug` doesn't show the name. [`Name::expose`] does.
#[derive(Clone, Eq, PartialEq)]
pub struct Name(Zeroizing<String>);

impl Name {
    /// Reads the name from the service's claim: a JSON string.
    ///
    /// # Errors
    /// [`MalformedReason::WrongType`] for another JSON type, otherwise as [`Name::from_str`].
    pub fn from_claim(claim: &Value) -> Result<Self, MalformedReason> {
        claim.as_str().ok_or(MalformedReason::WrongType)?.parse()
    }

    /// The name itself: personal information, not for logs, URLs or error texts.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Takes the text as it is.
///
/// Refuses it with [`MalformedReason::TooLong`] over 2,048 bytes, with
/// [`MalformedReason::ControlCharacter`] or [`MalformedReason::Noncharacter`] if it has such a
/// character, and with [`MalformedReason::Empty`] if nothing in it can be seen.
impl FromStr for Name {
    type Err = MalformedReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text::checked(text).map(Self)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Name(…)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_kept_as_the_service_sends_it() {
        let name = Name::from_claim(&json!("山田　太郎")).unwrap();
        assert_eq!(name.expose(), "山田　太郎");
    }

    #[test]
    fn the_longest_name_of_the_service_fits() {
        let longest = "\u{20BB7}".repeat(100);
        assert_eq!(longest.parse::<Name>().unwrap().expose(), longest);
    }

    #[test]
    fn only_a_json_string_is_a_name() {
        for claim in [
            json!(null),
            json!(1),
            json!(true),
            json!(["山田"]),
            json!({"formatted": "山田"}),
        ] {
            assert_eq!(
                Name::from_claim(&claim),
                Err(MalformedReason::WrongType),
                "{claim}"
            );
        }
    }

    #[test]
    fn the_rules_of_a_text_hold() {
        assert_eq!(Name::from_claim(&json!("　")), Err(MalformedReason::Empty));
        assert_eq!(
            Name::from_claim(&json!("山\n田")),
            Err(MalformedReason::ControlCharacter)
        );
        assert_eq!(
            Name::from_claim(&json!("a".repeat(2_049))),
            Err(MalformedReason::TooLong)
        );
    }
}
