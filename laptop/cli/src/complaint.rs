//! Why a command ended early, as it is told to whoever started it.

use cli::exit::Status;

/// Why a command ended early: told in one sentence, in English or in Japanese.
pub(crate) trait Complaint: std::error::Error {
    /// The exit status.
    fn status(&self) -> Status;

    /// The same in Japanese, where it is something that people meet.
    fn in_japanese(&self) -> String;
}
