//! Generates the table of the exit statuses of the command `digital-auth` in `docs/stand-ins*.md`.

use cli::exit;

use crate::generated;
use crate::table::{LANGUAGES, file, head, row, say};

/// The names of the generated parts of documents that this file makes.
pub(crate) const PARTS: &[&str] = &["exit statuses"];

#[test]
fn the_exit_statuses() {
    for language in LANGUAGES {
        let mut table = head([
            language.say("終了コード", "Status"),
            language.say("意味", "Meaning"),
        ]);
        for status in exit::ALL {
            table += &row([&status.code.to_string(), say(status.meaning, language)]);
        }
        generated::holds(&file("stand-ins", language), "exit statuses", &table);
    }
}
