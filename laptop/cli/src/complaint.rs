//! The errors that end a command early, in the form in which the command prints them.

use cli::exit::Status;

/// An error that ends a command early: one sentence, in English (`Display`) or in Japanese.
pub(crate) trait Complaint: std::error::Error {
    /// The exit status.
    fn status(&self) -> Status;

    /// The sentence in Japanese. The details of a rare error may stay English.
    fn in_japanese(&self) -> String;
}
