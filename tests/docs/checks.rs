//! Generates the table of the checks of a login in `docs/architecture*.md`, in the order in which a
//! login makes them.

use std::borrow::Cow;

use demo::function_checks;
use demo::journal_ja::text;
use language::Language;

use crate::generated;
use crate::table::{LANGUAGES, code, file, head, row};

/// The names of the generated parts of documents that this file makes.
pub(crate) const PARTS: &[&str] = &["checks of a login"];

#[test]
fn the_checks_of_a_login() {
    for language in LANGUAGES {
        let mut table = head([
            language.say("確かめること", "What is checked"),
            language.say("規則", "Rule"),
            language.say("エラー分類", "Class of failure"),
        ]);
        for words in function_checks::ALL {
            table += &row([
                language.say(words.japanese, words.english),
                &rule(words.rule, language),
                &code(words.check),
            ]);
        }
        generated::holds(&file("architecture", language), "checks of a login", &table);
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
