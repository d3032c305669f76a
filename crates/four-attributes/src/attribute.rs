//! Which attributes there are, and sets of them.
//! At the service each attribute has a scope of its own, with the same name as its claim.
//! A client is configured for one set, and asks for exactly that.

use std::fmt;
use std::str::FromStr;

/// One of the four attributes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Attribute {
    /// `name`: family and given name, not split.
    Name,
    /// `address`: the registered address.
    Address,
    /// `birthdate`: the date of birth, for a few people only in part.
    BirthDate,
    /// `gender`: the registered gender, which may be absent.
    Gender,
}

impl Attribute {
    /// All four, in the order in which sets iterate.
    pub const ALL: [Self; 4] = [Self::Name, Self::Address, Self::BirthDate, Self::Gender];

    /// The claim that carries this attribute (OIDC Core §5.1), at the service and at Cognito.
    #[must_use]
    pub const fn claim(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Address => "address",
            Self::BirthDate => "birthdate",
            Self::Gender => "gender",
        }
    }

    /// The scope that asks for this attribute. The service has a scope for each attribute, with the
    /// name of its claim, and not the scope `profile` of OIDC Core §5.4.
    #[must_use]
    pub const fn scope(self) -> &'static str {
        self.claim()
    }

    /// Whether a person may lack this attribute: only the gender.
    pub(crate) const fn may_be_absent(self) -> bool {
        matches!(self, Self::Gender)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Name => 1,
            Self::Address => 1 << 1,
            Self::BirthDate => 1 << 2,
            Self::Gender => 1 << 3,
        }
    }
}

/// The name of the claim.
impl fmt::Display for Attribute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.claim())
    }
}

/// Takes the name of the claim, exactly.
impl FromStr for Attribute {
    type Err = UnknownAttribute;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|attribute| attribute.claim() == word)
            .ok_or(UnknownAttribute)
    }
}

/// The word is not the name of an attribute.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an attribute; there are `name`, `address`, `birthdate` and `gender`")]
pub struct UnknownAttribute;

/// Any of the four attributes, each at most once. Iterates in the order of [`Attribute::ALL`].
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct AttributeSet(u8);

impl AttributeSet {
    /// The set of all four.
    #[must_use]
    pub fn all() -> Self {
        Attribute::ALL.into_iter().collect()
    }

    /// Whether the attribute is in the set.
    #[must_use]
    pub const fn contains(self, attribute: Attribute) -> bool {
        self.0 & attribute.bit() != 0
    }

    /// The attributes in the set, in the order of [`Attribute::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Attribute> {
        Attribute::ALL
            .into_iter()
            .filter(move |attribute| self.contains(*attribute))
    }

    /// Whether no attribute is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// An attribute that comes twice counts once.
impl FromIterator<Attribute> for AttributeSet {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Self {
        Self(
            attributes
                .into_iter()
                .fold(0, |bits, attribute| bits | attribute.bit()),
        )
    }
}

impl fmt::Debug for AttributeSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

/// The scopes, separated by one space (RFC 6749 §3.3). Nothing for the empty set.
impl fmt::Display for AttributeSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, attribute) in self.iter().enumerate() {
            let separator = if position == 0 { "" } else { " " };
            write!(formatter, "{separator}{attribute}")?;
        }
        Ok(())
    }
}

/// Takes the names of attributes in any order, separated by spaces. A text without words is the
/// empty set.
impl FromStr for AttributeSet {
    type Err = AttributeSetError;

    fn from_str(words: &str) -> Result<Self, Self::Err> {
        let mut set = Self::default();
        for (index, word) in words.split(' ').filter(|word| !word.is_empty()).enumerate() {
            let attribute: Attribute = word.parse().map_err(|_| AttributeSetError::Unknown {
                position: index + 1,
            })?;
            if set.contains(attribute) {
                return Err(AttributeSetError::Duplicate(attribute));
            }
            set.0 |= attribute.bit();
        }
        Ok(set)
    }
}

/// Why a list of attributes is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AttributeSetError {
    /// A word is not the name of an attribute.
    #[error("word {position} is {UnknownAttribute}")]
    Unknown {
        /// Which word, counted from 1.
        position: usize,
    },
    /// An attribute is named more than once: probably by mistake for another one.
    #[error("the attribute `{0}` is named twice")]
    Duplicate(Attribute),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_is_read_back_from_its_claim() {
        for attribute in Attribute::ALL {
            assert_eq!(attribute.claim().parse(), Ok(attribute));
            assert_eq!(attribute.to_string(), attribute.claim());
            assert_eq!(attribute.scope(), attribute.claim());
        }
    }

    #[test]
    fn the_claims_have_the_names_of_openid_connect() {
        assert_eq!(
            Attribute::ALL.map(Attribute::claim),
            ["name", "address", "birthdate", "gender"]
        );
    }

    #[test]
    fn another_word_is_no_attribute() {
        for word in ["", "Name", "birth_date", "name ", "openid", "sign"] {
            assert_eq!(word.parse::<Attribute>(), Err(UnknownAttribute), "{word:?}");
        }
    }

    #[test]
    fn a_set_iterates_in_one_order_however_it_was_written() {
        let set: AttributeSet = "gender  name birthdate".parse().unwrap();
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [Attribute::Name, Attribute::BirthDate, Attribute::Gender]
        );
        assert!(!set.contains(Attribute::Address));
        assert_eq!(set.to_string(), "name birthdate gender");
        assert_eq!(format!("{set:?}"), "{Name, BirthDate, Gender}");
    }

    #[test]
    fn no_word_is_the_empty_set() {
        let set: AttributeSet = "".parse().unwrap();
        assert!(set.is_empty());
        assert_eq!(set, AttributeSet::default());
        assert_eq!(set.to_string(), "");
    }

    #[test]
    fn all_is_every_attribute() {
        assert_eq!(
            AttributeSet::all().iter().collect::<Vec<_>>(),
            Attribute::ALL
        );
        assert!(!AttributeSet::all().is_empty());
    }

    #[test]
    fn an_unknown_word_is_refused_by_its_place() {
        assert_eq!(
            "name sign".parse::<AttributeSet>(),
            Err(AttributeSetError::Unknown { position: 2 })
        );
        assert_eq!(
            "name,address".parse::<AttributeSet>(),
            Err(AttributeSetError::Unknown { position: 1 })
        );
        assert_eq!(
            AttributeSetError::Unknown { position: 2 }.to_string(),
            "word 2 is not an attribute; there are `name`, `address`, `birthdate` and `gender`"
        );
    }

    #[test]
    fn a_word_that_comes_twice_is_refused() {
        assert_eq!(
            "name address name".parse::<AttributeSet>(),
            Err(AttributeSetError::Duplicate(Attribute::Name))
        );
    }
}
