//! How strongly a person has to have authenticated, which values of `acr` are accepted, and whether
//! it has to be said when (`auth_time`, OIDC Core §2).
//! One rule, for a sign-in and for the record that it leaves: what is asked of a sign-in may have
//! become more since.

/// Which values of `acr` are accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AssuranceRule {
    /// Any, also none at all.
    Any,
    /// One of these, byte for byte.
    OneOf(Vec<String>),
}

impl AssuranceRule {
    /// Whether an authentication with this `acr` is accepted.
    #[must_use]
    pub fn accepts(&self, acr: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(accepted) => acr.is_some_and(|acr| accepted.iter().any(|one| one == acr)),
        }
    }
}

/// Whether it has to be said when the person authenticated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuthenticationTime {
    /// It may be missing.
    Optional,
    /// Without it there is no login, and no record counts.
    Required,
}

impl AuthenticationTime {
    /// Whether an authentication suffices that says when it was, or doesn't.
    #[must_use]
    pub fn suffices(self, is_there: bool) -> bool {
        is_there || self == Self::Optional
    }
}
