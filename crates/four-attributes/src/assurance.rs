//! How strongly a person has to have authenticated: which values of `acr` are accepted (OIDC Core §2).
//! One rule, for a sign-in and for the record that it leaves: what is asked of a sign-in may have become more since.

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
