//! Tests of `docs/contract*.md`, the facts on which the project relies: both languages have the
//! same facts, each with a certainty and with sources that the document lists.

use std::collections::BTreeSet;
use std::fs;

use markdown::Document;

use crate::generated::folder;
use crate::table::{LANGUAGES, file};

/// The words for certainty, Japanese and English.
const CERTAINTIES: [[&str; 2]; 4] = [
    ["公式", "official"],
    ["観測", "observed"],
    ["推測", "inferred"],
    ["不明", "open"],
];

/// The headings of the tables at the end, Japanese and English.
const SOURCES: [&str; 2] = ["根拠", "Sources"];
const STANDARDS: [&str; 2] = ["標準", "Standards"];

/// The parts of a row of facts that must be the same in both languages.
#[derive(Debug, Eq, PartialEq)]
struct Fact {
    section: String,
    certainties: Vec<usize>,
    sources: Vec<String>,
}

/// The text of the document in a language: 0 is Japanese, 1 is English.
fn text(language: usize) -> String {
    fs::read_to_string(folder().join(file("contract", LANGUAGES[language]))).unwrap()
}

/// The sections that comments may cite, such as `S4`.
pub(crate) fn sections() -> BTreeSet<String> {
    sections_of(&text(1))
        .into_iter()
        .map(|(id, _)| id)
        .collect()
}

/// The standards that comments may cite, by name.
pub(crate) fn standards() -> BTreeSet<String> {
    first_cells(1, STANDARDS)
}

/// The names of the sources that the document lists.
pub(crate) fn sources() -> BTreeSet<String> {
    first_cells(1, SOURCES)
}

/// The sections with facts: their names, and their headings.
fn sections_of(text: &str) -> Vec<(String, String)> {
    let headings = Document::read(text).headings().into_iter();
    let named = headings.filter_map(|heading| {
        let (id, _) = heading.plain.split_once(' ')?;
        let (kind, number) = id.split_at_checked(1)?;
        let is_id = "SCA".contains(kind) && number.parse::<u8>().is_ok();
        is_id.then(|| (id.to_owned(), heading.plain.clone()))
    });
    named.collect()
}

fn first_cells(language: usize, headings: [&str; 2]) -> BTreeSet<String> {
    let text = text(language);
    let rows = Document::read(&text)
        .section(headings[language])
        .table()
        .rows;
    rows.into_iter().map(|row| row[0].plain.clone()).collect()
}

fn facts(language: usize) -> Vec<Fact> {
    let text = text(language);
    let mut facts = Vec::new();
    for (section, heading) in sections_of(&text) {
        for row in Document::read(&text).section(&heading).table().rows {
            let [fact, certainty, sources, then] = &row[..] else {
                panic!("{section}: {row:?}")
            };
            assert!(
                !fact.plain.is_empty() && !then.plain.is_empty(),
                "{section}: {row:?}"
            );
            let separated = |text: &str| -> Vec<String> {
                text.split(["、", ", "][language])
                    .map(str::to_owned)
                    .collect()
            };
            let certainties = separated(&certainty.plain).into_iter().map(|word| {
                let known = CERTAINTIES.iter().position(|words| words[language] == word);
                known.unwrap_or_else(|| panic!("{section}: {word} is no certainty"))
            });
            facts.push(Fact {
                certainties: certainties.collect(),
                sources: separated(&sources.plain),
                section: section.clone(),
            });
        }
    }
    facts
}

#[test]
fn both_languages_have_the_same_facts_with_their_certainty_and_sources() {
    let [japanese, english] = [0, 1].map(facts);
    assert!(japanese.len() > 80, "{}", japanese.len());
    assert_eq!(japanese, english);
    let [japanese, english] = [0, 1].map(|language| first_cells(language, STANDARDS));
    assert_eq!(japanese, english);
}

#[test]
fn every_source_of_a_fact_is_named_and_every_named_one_is_used() {
    for language in [0, 1] {
        let named = first_cells(language, SOURCES);
        let used: BTreeSet<_> = facts(language)
            .into_iter()
            .flat_map(|fact| fact.sources)
            .collect();
        assert_eq!(used, named);
    }
}
