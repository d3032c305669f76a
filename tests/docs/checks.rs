//! Generates the tables of the checks of a login and of a verification in `docs/architecture*.md`,
//! in the order in which they are made.

use std::borrow::Cow;

use demo::function_checks::{OF_A_LOGIN, OF_A_VERIFICATION, Words};
use demo::journal_ja::text;
use language::Language;

use crate::generated;
use crate::table::{LANGUAGES, code, file, head, row};

/// The names of the generated parts of documents that this file makes.
pub(crate) const PARTS: &[&str] = &["checks of a login", "checks of a verification"];

#[test]
fn the_checks_of_a_login() {
    table_of(OF_A_LOGIN, "checks of a login");
}

#[test]
fn the_checks_of_a_verification() {
    table_of(OF_A_VERIFICATION, "checks of a verification");
}

fn table_of(checks: &[Words], part: &str) {
    for language in LANGUAGES {
        let mut table = head([
            language.say("確かめること", "What is checked"),
            language.say("規則", "Rule"),
            language.say("エラー分類", "Class of failure"),
        ]);
        for words in checks {
            table += &row([
                language.say(words.japanese, words.english),
                &rule(words.rule, language),
                &code(words.check),
            ]);
        }
        generated::holds(&file("architecture", language), part, &table);
    }
}

/// The source of a rule, as it is written in a document of this language.
fn rule(rule: &'static str, language: Language) -> Cow<'static, str> {
    let ours = rule.strip_prefix("docs/");
    if let Some(document) = ours.and_then(|file| file.strip_suffix(".md")) {
        let file = file(document, language);
        return format!("[{file}]({file})").into();
    }
    match (language, rule.split_once(" step ")) {
        (Language::Japanese, Some((paragraph, step))) => format!("{paragraph} 手順{step}").into(),
        _ => text(language, rule).into(),
    }
}
