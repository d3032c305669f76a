//! What an app may ask for: `openid`, and the scopes of the resource server `digital-auth`.
//! Claims follow scopes, so a set of scopes says which claims an app's tokens get, and no other.
//! The app of the demo, the command and the laptop ask for nothing that isn't listed here.

use std::collections::BTreeSet;
use std::fmt;

use four_attributes::Attribute;
use user_pool::scope::{self, RESOURCE_SERVER};

/// The scope without which there is no ID token (OIDC Core §3.1.2.1).
pub const OPENID: &str = "openid";

/// A scope of the resource server.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Scope {
    /// The name.
    Name,
    /// The address.
    Address,
    /// The date of birth.
    Birthdate,
    /// The gender.
    Gender,
    /// The prefecture of the address.
    Prefecture,
    /// The municipality of the address.
    Municipality,
    /// Whether the person is 18 or over.
    AgeOver18,
    /// Whether the person is 20 or over.
    AgeOver20,
    /// That, when and how the person's identity was verified.
    Verified,
}

impl Scope {
    /// All of them, in the order in which people are shown them.
    pub const ALL: [Self; 9] = [
        Self::Name,
        Self::Address,
        Self::Birthdate,
        Self::Gender,
        Self::Prefecture,
        Self::Municipality,
        Self::AgeOver18,
        Self::AgeOver20,
        Self::Verified,
    ];

    /// The name within the resource server.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => Attribute::Name.scope(),
            Self::Address => Attribute::Address.scope(),
            Self::Birthdate => Attribute::BirthDate.scope(),
            Self::Gender => Attribute::Gender.scope(),
            Self::Prefecture => scope::PREFECTURE,
            Self::Municipality => scope::MUNICIPALITY,
            Self::AgeOver18 => scope::AGE_OVER_18,
            Self::AgeOver20 => scope::AGE_OVER_20,
            Self::Verified => scope::VERIFIED,
        }
    }

    /// The scope with this text, as it stands in an authorization request.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let name = scope::name_within(text, RESOURCE_SERVER)?;
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// As it stands in an authorization request.
impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&scope::of(RESOURCE_SERVER, self.name()))
    }
}

/// `openid`, and some of the resource server's scopes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scopes(BTreeSet<Scope>);

/// Why a text is no set of scopes.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidScopes {
    /// It names a scope that isn't known here.
    #[error("no scope is called {0:?}")]
    Unknown(String),
    /// Without `openid` there is no ID token, so nobody would be signed in.
    #[error("scopes without openid")]
    WithoutOpenid,
}

impl Scopes {
    /// All that there are.
    #[must_use]
    pub fn all() -> Self {
        Self::of(Scope::ALL)
    }

    /// `openid` and these.
    #[must_use]
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self(scopes.into_iter().collect())
    }

    /// Scopes as an authorization request lists them, with spaces between them. One that comes twice counts once.
    ///
    /// # Errors
    ///
    /// [`InvalidScopes`].
    pub fn parse(text: &str) -> Result<Self, InvalidScopes> {
        let mut has_openid = false;
        let mut scopes = BTreeSet::new();
        for word in text.split_ascii_whitespace() {
            if word == OPENID {
                has_openid = true;
            } else if let Some(scope) = Scope::of(word) {
                scopes.insert(scope);
            } else {
                return Err(InvalidScopes::Unknown(word.to_owned()));
            }
        }
        if has_openid {
            Ok(Self(scopes))
        } else {
            Err(InvalidScopes::WithoutOpenid)
        }
    }

    /// Whether this scope is one of them.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Each of them as it stands in an authorization request, `openid` first.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let own = self.0.iter().map(ToString::to_string);
        std::iter::once(OPENID.to_owned()).chain(own)
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self::all()
    }
}

/// As an authorization request lists them.
impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(OPENID)?;
        self.0
            .iter()
            .try_for_each(|scope| write!(formatter, " {scope}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_are_written() {
        assert_eq!(Scopes::parse(&Scopes::all().to_string()), Ok(Scopes::all()));
        let some = Scopes::parse("digital-auth/age_over_20  openid digital-auth/name openid");
        let some = some.unwrap();
        assert_eq!(some, Scopes::of([Scope::Name, Scope::AgeOver20]));
        assert_eq!(
            some.to_string(),
            "openid digital-auth/name digital-auth/age_over_20"
        );
        assert_eq!(some.names().collect::<Vec<_>>().join(" "), some.to_string());
        assert_eq!(Scopes::parse("openid"), Ok(Scopes::of([])));
    }

    #[test]
    fn what_is_not_a_scope_of_ours_is_refused() {
        for unknown in [
            "name",
            "profile",
            "OPENID",
            "digital-auth/",
            "digital-auth/Name",
            "digital-auth/age_over_19",
            "other/name",
            "digital-auth/name/",
        ] {
            assert_eq!(
                Scopes::parse(&format!("openid {unknown}")),
                Err(InvalidScopes::Unknown(unknown.to_owned()))
            );
        }
        for without in ["", " ", "digital-auth/name"] {
            assert_eq!(Scopes::parse(without), Err(InvalidScopes::WithoutOpenid));
        }
    }
}
