//! What a login checks, in its order.

use std::borrow::Cow;

use demo::function_checks;
use demo::journal_ja::japanese;

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
                &rule(words.rule, language),
                &code(words.check),
            ]);
        }
        generated::holds(&language.file("architecture"), "checks of a login", &table);
    }
}

/// Where a rule stands, in the language of the document.
fn rule(rule: &'static str, language: Language) -> Cow<'static, str> {
    let ours = rule.strip_prefix("docs/");
    if let Some(document) = ours.and_then(|file| file.strip_suffix(".md")) {
        let file = language.file(document);
        return format!("[{file}]({file})").into();
    }
    match (language, rule.split_once(" step ")) {
        (Language::English, _) => rule.into(),
        (Language::Japanese, Some((paragraph, step))) => format!("{paragraph} 手順{step}").into(),
        (Language::Japanese, None) => japanese(rule).into(),
    }
}
