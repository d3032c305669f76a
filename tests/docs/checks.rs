//! What a login checks, in its order.

use demo::function_checks;

use crate::generated;
use crate::table::{Language, code, head, row};

/// The names of the parts that are made here.
pub(crate) const PARTS: &[&str] = &["checks of a login"];

#[test]
fn the_checks_of_a_login() {
    for language in Language::ALL {
        let mut table = head([
            language.of("確かめること", "What is checked"),
            language.of("規則", "Rule"),
            language.of("失敗のクラス", "Class of failure"),
        ]);
        for words in function_checks::ALL {
            table += &row([
                language.of(words.japanese, words.english),
                words.rule,
                &code(words.check),
            ]);
        }
        generated::holds(&language.file("architecture"), "checks of a login", &table);
    }
}
