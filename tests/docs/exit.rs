//! The exit statuses of the command `digital-auth`.

use cli::exit;

use crate::generated;
use crate::table::{Language, head, row};

/// The names of the parts that are made here.
pub(crate) const PARTS: &[&str] = &["exit statuses"];

#[test]
fn the_exit_statuses() {
    for language in Language::ALL {
        let mut table = head([
            language.of("終了コード", "Status"),
            language.of("意味", "Meaning"),
        ]);
        for status in exit::ALL {
            table += &row([&status.code.to_string(), language.say(status.meaning)]);
        }
        generated::holds(&language.file("stand-ins"), "exit statuses", &table);
    }
}
