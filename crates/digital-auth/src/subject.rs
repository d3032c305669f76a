//! The subject of a login: the service's identifier of the person.

use std::fmt;

/// `sub`: pairwise, opaque, at most 255 bytes (contract S5). It identifies a person, so `Debug`
/// doesn't show it.
#[derive(Clone, Eq, PartialEq)]
pub struct Subject(String);

impl Subject {
    /// The subject of a verified token, or a test's stand-in for one.
    #[must_use]
    pub fn new(subject: String) -> Self {
        Self(subject)
    }

    /// The value.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Subject(…)")
    }
}
