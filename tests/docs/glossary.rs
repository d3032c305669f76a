//! Tests of `docs/glossary*.md`, which has one word for each thing: no file contains a word that
//! the glossary lists as not used, every term is used somewhere, and both languages have the same
//! terms.

use std::fs;

use markdown::Document;

use crate::generated::folder;
use crate::sources::Source;
use crate::table::{LANGUAGES, file};

/// The content of an empty cell.
const NOTHING: &str = "–";

/// A row of the glossary.
#[derive(Debug, Eq, PartialEq)]
struct Term {
    japanese: String,
    english: String,
    never: Vec<String>,
}

/// The terms in the glossary of a language: 0 is Japanese, 1 is English.
fn terms(language: usize) -> Vec<Term> {
    let path = folder().join(file("glossary", LANGUAGES[language]));
    let text = fs::read_to_string(path).unwrap();
    let tables = Document::read(&text).tables();
    let rows = tables.into_iter().flat_map(|table| table.rows);
    rows.map(|row| {
        let [term, other, meaning, never] = &row[..] else {
            panic!("{row:?}")
        };
        assert!(!meaning.plain.is_empty(), "{row:?}");
        let names = [&term.plain, &other.plain];
        let never = never.plain.split('、').filter(|word| *word != NOTHING);
        Term {
            japanese: names[language].clone(),
            english: names[1 - language].clone(),
            never: never.map(str::to_owned).collect(),
        }
    })
    .collect()
}

/// All files that people write, except the glossary and this test.
fn sources() -> Vec<Source> {
    let mut sources = Source::all();
    sources.retain(|source| !source.path.contains("docs/glossary"));
    sources
}

/// The places (`path:line`) where the word occurs, unless it is only a part of one of these terms.
fn places(word: &str, terms: &[Term], sources: &[Source]) -> Vec<String> {
    let longer: Vec<_> = terms
        .iter()
        .flat_map(|term| term.japanese.split('、'))
        .filter(|term| term.contains(word))
        .collect();
    let mut places = Vec::new();
    for source in sources {
        if !source.text.contains(word) {
            continue;
        }
        for (line, text) in source.text.lines().enumerate() {
            let without = longer
                .iter()
                .fold(text.to_owned(), |text, term| text.replace(term, ""));
            if without.contains(word) {
                places.push(format!("{}:{}", source.path, line + 1));
            }
        }
    }
    places
}

#[test]
fn no_word_is_used_that_the_glossary_does_not_use() {
    let (terms, sources) = (terms(0), sources());
    let never: Vec<_> = terms.iter().flat_map(|term| &term.never).collect();
    assert!(never.len() > 15, "{never:?}");
    let mut used = Vec::new();
    for word in never {
        let places = places(word, &terms, &sources);
        used.extend(places.iter().map(|place| format!("{place}: {word}")));
    }
    assert!(used.is_empty(), "{}", used.join("\n"));
}

#[test]
fn every_term_of_the_glossary_is_used() {
    let (terms, sources) = (terms(0), sources());
    let mut unused = Vec::new();
    for term in terms {
        let words = term
            .japanese
            .split('、')
            .map(|word| word.trim_end_matches("する"));
        for word in words.chain([&*term.english].into_iter().filter(|word| *word != NOTHING)) {
            let used = sources.iter().any(|source| source.text.contains(word));
            if !used {
                unused.push(word.to_owned());
            }
        }
    }
    assert!(unused.is_empty(), "used nowhere: {unused:?}");
}

#[test]
fn both_languages_have_the_same_terms() {
    assert_eq!(terms(0), terms(1));
}

#[test]
fn a_word_within_a_longer_term_is_another_word() {
    let term = |japanese: &str| Term {
        japanese: japanese.to_owned(),
        english: String::new(),
        never: Vec::new(),
    };
    let source = |text: &str| Source {
        path: "a.md".to_owned(),
        text: text.to_owned(),
    };
    let terms = [term("基本4情報")];
    let sources = [source("基本4情報\n4情報、基本4情報")];
    assert_eq!(places("4情報", &terms, &sources), ["a.md:2"]);
}
