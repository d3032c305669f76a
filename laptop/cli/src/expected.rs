//! What a value on the command line has to be, in both languages.

use std::fmt;

/// What a value has to be. It is the reason for which another one is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Expected {
    /// In Japanese.
    pub ja: &'static str,
    /// In English.
    pub en: &'static str,
}

impl fmt::Display for Expected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.en)
    }
}

impl std::error::Error for Expected {}
