//! What is required of a person's authentication: which values of `acr` are accepted, and whether
//! its time (`auth_time`) must be known (OIDC Core §2).
//! A sign-in and the record that it leaves are checked by the same rules. The record is checked
//! again, because the configuration may have become stricter since the sign-in.

/// Which values of `acr` are accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AssuranceRule {
    /// Any value. It may also be missing.
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

/// Whether the time of the authentication must be known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AuthenticationTime {
    /// It may be missing.
    Optional,
    /// Without it there is no login, and no record counts.
    Required,
}

impl AuthenticationTime {
    /// Whether an authentication suffices, depending on whether its time is known.
    #[must_use]
    pub fn suffices(self, is_there: bool) -> bool {
        is_there || self == Self::Optional
    }
}
