//! The errors that end a command early, in the form in which the command prints them: what is
//! wrong, and then what helps.

use std::io::Write as _;

use cli::exit::Status;
use loopback::pages::Language;

use crate::layout::{lines, width};
use crate::style::{BAD, NAME};

/// An error that ends a command early: one sentence, in English (`Display`) or in Japanese.
pub(crate) trait Complaint: std::error::Error {
    /// The exit status.
    fn status(&self) -> Status;

    /// The sentence in Japanese. The details of a rare error may stay English.
    fn in_japanese(&self) -> String;

    /// What helps, a sentence each.
    fn hints(&self, _language: Language) -> Vec<String> {
        Vec::new()
    }
}

/// Prints on standard error what is wrong, and what helps below it.
pub(crate) fn tell(text: &str, hints: &[String], language: Language) {
    let mut out = anstream::stderr().lock();
    // If standard error can't be written, the exit status still reports the failure.
    let _ = writeln!(out, "{BAD}digital-auth:{BAD:#} {text}");
    for text in hints {
        let _ = writeln!(out, "{}", hint(text, language));
    }
}

/// What helps if a port is taken that this option chooses.
pub(crate) fn another_port(option: &str, language: Language) -> String {
    match language {
        Language::Japanese => {
            format!("{option} で別のポートを指定するか、0 を指定して空きポートを使ってください")
        }
        Language::English => {
            format!("choose another port with {option}, or 0 to use any free port")
        }
    }
}

/// What helps, marked as such.
pub(crate) fn hint(text: &str, language: Language) -> String {
    let mark = language.say("ヒント：", "hint: ");
    // The mark is eight columns wide in Japanese, and six in English.
    let indent = language.say("        ", "      ");
    let lines = lines(text, width().saturating_sub(indent.len()));
    format!("{NAME}{mark}{NAME:#}{}", lines.join(&format!("\n{indent}")))
}
