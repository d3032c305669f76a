//! The gender: one character in the service's own form, a word in OpenID Connect's.
//! It is the only attribute that a person may lack.
//! The service documents two of its codes only together. [`Gender`] says what each means here.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::error::MalformedReason;

/// A person's gender, as it is registered.
///
/// The service documents its codes `3` and `9` as "other or not applicable", without saying which
/// is which. `9` is "not applicable" in ISO/IEC 5218, so `3` is "other" here.
///
/// `Debug` doesn't show the gender. [`Gender::expose`] does.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Gender {
    /// `1` or `male`.
    Male,
    /// `2` or `female`.
    Female,
    /// `3`.
    Other,
    /// `9`: the register holds no gender that applies. Cognito gets no claim.
    NotApplicable,
}

impl Gender {
    /// Reads the gender from the service's claim: a JSON string.
    ///
    /// # Errors
    /// [`MalformedReason::WrongType`] for another JSON type, even a number; otherwise as
    /// [`Gender::from_str`].
    pub fn from_claim(claim: &Value) -> Result<Self, MalformedReason> {
        claim.as_str().ok_or(MalformedReason::WrongType)?.parse()
    }

    /// The gender itself as the service's code: personal information, not for logs, URLs or error
    /// texts.
    #[must_use]
    pub const fn expose(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
            Self::Other => "3",
            Self::NotApplicable => "9",
        }
    }
}

/// Takes the service's code (`1`, `2`, `3`, `9`) and the two words that OIDC Core §5.1 defines
/// (`male`, `female`), exactly.
///
/// Refuses everything else with [`MalformedReason::UnknownCode`], even `other`: it is not
/// documented that the service would mean its `3` by that.
impl FromStr for Gender {
    type Err = MalformedReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "1" | "male" => Ok(Self::Male),
            "2" | "female" => Ok(Self::Female),
            "3" => Ok(Self::Other),
            "9" => Ok(Self::NotApplicable),
            _ => Err(MalformedReason::UnknownCode),
        }
    }
}

impl fmt::Debug for Gender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Gender(…)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_code_and_word_has_its_meaning() {
        for (claim, gender) in [
            ("1", Gender::Male),
            ("male", Gender::Male),
            ("2", Gender::Female),
            ("female", Gender::Female),
            ("3", Gender::Other),
            ("9", Gender::NotApplicable),
        ] {
            assert_eq!(Gender::from_claim(&json!(claim)), Ok(gender), "{claim}");
        }
    }

    #[test]
    fn every_other_text_is_refused() {
        for text in [
            "", " ", "0", "4", "01", "1 ", "１", "Male", "other", "unknown", "男",
        ] {
            assert_eq!(
                Gender::from_claim(&json!(text)),
                Err(MalformedReason::UnknownCode),
                "{text:?}"
            );
        }
    }

    #[test]
    fn only_a_json_string_is_a_gender() {
        for claim in [json!(null), json!(1), json!(["1"]), json!({}), json!(true)] {
            assert_eq!(
                Gender::from_claim(&claim),
                Err(MalformedReason::WrongType),
                "{claim}"
            );
        }
    }
}
