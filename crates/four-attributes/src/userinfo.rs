//! Reads the four attributes from the service's userinfo.
//! Only requested attributes are taken. Anything else in userinfo is never kept.
//! A requested attribute that every person has must be there, or the login fails.

use serde_json::{Map, Value};

use crate::address::Address;
use crate::attribute::{Attribute, AttributeSet};
use crate::birth_date::BirthDate;
use crate::error::{AttributeError, MalformedReason};
use crate::gender::Gender;
use crate::name::Name;

/// What is known of a person. `None` is an attribute that was not asked for, or a missing gender.
///
/// `Debug` shows which attributes are there, and none of their values.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FourAttributes {
    /// The name.
    pub name: Option<Name>,
    /// The address.
    pub address: Option<Address>,
    /// The birth date, possibly known only in part.
    pub birth_date: Option<BirthDate>,
    /// The gender.
    pub gender: Option<Gender>,
}

impl FourAttributes {
    /// Takes the requested attributes from userinfo (OIDC Core §5.3.2). A JSON `null` counts as
    /// absent. The caller has to check that `sub` is the ID token's.
    ///
    /// # Errors
    /// [`AttributeError::Missing`] if a requested name, address or birth date is absent, and
    /// [`AttributeError::Malformed`] if a requested attribute has none of the forms that its type
    /// takes. Of several failures the first counts, in the order of [`Attribute::ALL`].
    pub fn from_userinfo(
        userinfo: &Map<String, Value>,
        requested: AttributeSet,
    ) -> Result<Self, AttributeError> {
        let source = Source {
            userinfo,
            requested,
        };
        Ok(Self {
            name: source.take(Attribute::Name, Name::from_claim)?,
            address: source.take(Attribute::Address, Address::from_claim)?,
            birth_date: source.take(Attribute::BirthDate, BirthDate::from_claim)?,
            gender: source.take(Attribute::Gender, Gender::from_claim)?,
        })
    }

    /// Keeps only the attributes that are in the set.
    #[must_use]
    pub fn only(self, attributes: AttributeSet) -> Self {
        let keeps = |attribute| attributes.contains(attribute);
        Self {
            name: self.name.filter(|_| keeps(Attribute::Name)),
            address: self.address.filter(|_| keeps(Attribute::Address)),
            birth_date: self.birth_date.filter(|_| keeps(Attribute::BirthDate)),
            gender: self.gender.filter(|_| keeps(Attribute::Gender)),
        }
    }
}

/// Userinfo, and the attributes that may be taken from it.
#[derive(Clone, Copy)]
struct Source<'a> {
    userinfo: &'a Map<String, Value>,
    requested: AttributeSet,
}

impl Source<'_> {
    fn take<T>(
        self,
        attribute: Attribute,
        from_claim: impl FnOnce(&Value) -> Result<T, MalformedReason>,
    ) -> Result<Option<T>, AttributeError> {
        if !self.requested.contains(attribute) {
            return Ok(None);
        }
        match self.userinfo.get(attribute.claim()) {
            None | Some(Value::Null) if attribute.may_be_absent() => Ok(None),
            None | Some(Value::Null) => Err(AttributeError::Missing(attribute)),
            Some(claim) => from_claim(claim)
                .map(Some)
                .map_err(|reason| AttributeError::Malformed { attribute, reason }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn userinfo() -> Map<String, Value> {
        let Value::Object(userinfo) = json!({
            "sub": "7d5f",
            "name": "山田　太郎",
            "address": "東京都千代田区永田町１丁目７番１号",
            "birthdate": "19850315",
            "gender": "1",
        }) else {
            unreachable!("an object")
        };
        userinfo
    }

    #[test]
    fn all_four_are_taken_when_asked_for() {
        let attributes = FourAttributes::from_userinfo(&userinfo(), AttributeSet::all()).unwrap();
        assert_eq!(
            attributes,
            FourAttributes {
                name: Some("山田　太郎".parse().unwrap()),
                address: Some("東京都千代田区永田町１丁目７番１号".parse().unwrap()),
                birth_date: Some("1985-03-15".parse().unwrap()),
                gender: Some(Gender::Male),
            }
        );
    }

    #[test]
    fn what_was_not_asked_for_is_not_kept_and_not_even_read() {
        let mut userinfo = userinfo();
        userinfo.insert("name".to_owned(), json!(["malformed"]));
        userinfo.insert("address".to_owned(), json!(0));
        let requested = AttributeSet::from_iter([Attribute::BirthDate]);
        let attributes = FourAttributes::from_userinfo(&userinfo, requested).unwrap();
        assert_eq!(
            attributes,
            FourAttributes {
                birth_date: Some("19850315".parse().unwrap()),
                ..FourAttributes::default()
            }
        );
    }

    #[test]
    fn of_those_that_there_are_only_these_are_kept() {
        let all = FourAttributes::from_userinfo(&userinfo(), AttributeSet::all()).unwrap();
        for attribute in Attribute::ALL {
            let one = AttributeSet::from_iter([attribute]);
            let only = all.clone().only(one);
            assert_eq!(Ok(only), FourAttributes::from_userinfo(&userinfo(), one));
        }
        assert_eq!(all.clone().only(AttributeSet::all()), all);
    }

    #[test]
    fn nothing_asked_for_is_nothing_taken() {
        let attributes = FourAttributes::from_userinfo(&userinfo(), AttributeSet::default());
        assert_eq!(attributes, Ok(FourAttributes::default()));
    }

    #[test]
    fn name_address_and_birth_date_must_be_there_when_asked_for() {
        for attribute in [Attribute::Name, Attribute::Address, Attribute::BirthDate] {
            let mut absent = userinfo();
            absent.remove(attribute.claim());
            let mut null = userinfo();
            null.insert(attribute.claim().to_owned(), Value::Null);
            for userinfo in [absent, null] {
                assert_eq!(
                    FourAttributes::from_userinfo(&userinfo, AttributeSet::all()),
                    Err(AttributeError::Missing(attribute))
                );
            }
        }
    }

    #[test]
    fn the_gender_may_be_absent() {
        let mut absent = userinfo();
        absent.remove("gender");
        let mut null = userinfo();
        null.insert("gender".to_owned(), Value::Null);
        for userinfo in [absent, null] {
            let attributes = FourAttributes::from_userinfo(&userinfo, AttributeSet::all()).unwrap();
            assert_eq!(attributes.gender, None);
            assert!(attributes.name.is_some());
        }
    }

    #[test]
    fn what_is_malformed_is_named_with_its_reason() {
        for (attribute, claim, reason) in [
            (Attribute::Name, json!(""), MalformedReason::Empty),
            (Attribute::Name, json!(1), MalformedReason::WrongType),
            (
                Attribute::Address,
                json!({"region": "東京都"}),
                MalformedReason::WrongType,
            ),
            (
                Attribute::Address,
                json!("a".repeat(2_033)),
                MalformedReason::TooLong,
            ),
            (
                Attribute::BirthDate,
                json!("1985-02-30"),
                MalformedReason::NoSuchDate,
            ),
            (Attribute::BirthDate, json!(""), MalformedReason::NotADate),
            (Attribute::Gender, json!(""), MalformedReason::UnknownCode),
        ] {
            let mut userinfo = userinfo();
            userinfo.insert(attribute.claim().to_owned(), claim);
            assert_eq!(
                FourAttributes::from_userinfo(&userinfo, AttributeSet::all()),
                Err(AttributeError::Malformed { attribute, reason })
            );
        }
    }

    #[test]
    fn an_error_says_which_attribute_and_which_rule() {
        assert_eq!(
            AttributeError::Missing(Attribute::BirthDate).to_string(),
            "the attribute `birthdate` is missing"
        );
        assert_eq!(
            AttributeError::Malformed {
                attribute: Attribute::Address,
                reason: MalformedReason::TooLong
            }
            .to_string(),
            "the attribute `address` is malformed: too long"
        );
    }
}
