//! The scopes that an app may ask for: `openid`, and the scopes of the resource server
//! `digital-auth`. The granted scopes alone decide which claims an app's tokens get. The demo's
//! app, the command `digital-auth` and the headless login ask only for scopes listed here.

use std::collections::BTreeSet;
use std::fmt;

use four_attributes::{Attribute, AttributeSet};
use user_pool::scope::{AGES, RESOURCE_SERVER, Scope};

/// The scope without which there is no ID token (OIDC Core §3.1.2.1).
pub const OPENID: &str = "openid";

/// The scopes of the resource server, in the order in which pages show them.
pub fn known() -> impl Iterator<Item = Scope> {
    Scope::all(&AGES)
}

/// A scope as it is written in an authorization request.
pub(crate) fn text(scope: Scope) -> String {
    scope.of_server(RESOURCE_SERVER)
}

/// The scope with this text.
pub(crate) fn named(word: &str) -> Option<Scope> {
    known().find(|scope| text(*scope) == word)
}

/// A set of scopes: `openid`, and some scopes of the resource server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scopes(BTreeSet<Scope>);

/// Why a text isn't a set of scopes.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidScopes {
    /// The text names an unknown scope.
    #[error("no scope is called {0:?}")]
    Unknown(String),
    /// Without `openid` there is no ID token, so nobody would be signed in.
    #[error("the scopes lack openid")]
    WithoutOpenid,
}

impl Scopes {
    /// All scopes.
    #[must_use]
    pub fn all() -> Self {
        Self::of(known())
    }

    /// `openid` and these scopes.
    #[must_use]
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self(scopes.into_iter().collect())
    }

    /// Reads scopes separated by spaces, as in an authorization request. A scope that comes twice
    /// counts once.
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
            } else if let Some(scope) = named(word) {
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

    /// The attributes that the scopes' claims are made from: what people have to be asked for.
    #[must_use]
    pub fn needs(&self) -> AttributeSet {
        self.0.iter().copied().filter_map(source).collect()
    }

    /// Whether this scope is in the set.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// The scopes as they are written in an authorization request, `openid` first.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let own = self.0.iter().copied().map(text);
        std::iter::once(OPENID.to_owned()).chain(own)
    }
}

/// The attribute that a scope's claims are made from, if it is one.
pub(crate) const fn source(scope: Scope) -> Option<Attribute> {
    match scope {
        Scope::Attribute(attribute) => Some(attribute),
        Scope::Prefecture | Scope::Municipality => Some(Attribute::Address),
        Scope::AgeOver(_) => Some(Attribute::BirthDate),
        Scope::Verified => None,
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self::all()
    }
}

/// The scopes separated by spaces, as in an authorization request.
impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(OPENID)?;
        self.0
            .iter()
            .try_for_each(|scope| write!(formatter, " {}", text(*scope)))
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
        assert_eq!(
            some,
            Scopes::of([Scope::Attribute(Attribute::Name), Scope::AgeOver(20)])
        );
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
