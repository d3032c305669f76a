//! Tests of `docs/laptop-cognito*.md`, which compares the laptop's Cognito with Amazon Cognito:
//! both languages have the same rows, and what a row names exists: comparison, source and test.

use std::collections::BTreeSet;
use std::fs;

use markdown::Document;

use crate::contract;
use crate::generated::folder;
use crate::sources::Source;
use crate::table::{LANGUAGES, file};

/// The words for a comparison, Japanese and English.
const COMPARISONS: [[&str; 2]; 5] = [
    ["同じ", "same"],
    ["厳しい", "stricter"],
    ["緩い", "laxer"],
    ["ない", "absent"],
    ["違う", "different"],
];

/// What the rows of the two languages have in common.
#[derive(Debug, Eq, PartialEq)]
struct Row {
    comparison: usize,
    source: String,
    tests: Vec<String>,
}

fn rows(language: usize) -> Vec<Row> {
    let name = file("laptop-cognito", LANGUAGES[language]);
    let text = fs::read_to_string(folder().join(name)).unwrap();
    let document = Document::read(&text);
    let headings = document.headings();
    // The first heading is the title.
    let tables = headings
        .iter()
        .skip(1)
        .map(|heading| document.section(&heading.plain).table());
    let rows = tables.flat_map(|table| table.rows);
    rows.map(|row| {
        let [what, _, _, comparison, source, tests] = &row[..] else {
            panic!("{row:?}");
        };
        let word = &comparison.plain;
        let known = COMPARISONS.iter().position(|words| words[language] == word);
        Row {
            comparison: known.unwrap_or_else(|| panic!("{}: {word}", what.plain)),
            source: source.plain.clone(),
            tests: tests.codes.clone(),
        }
    })
    .collect()
}

#[test]
fn both_languages_compare_the_same() {
    let english = rows(1);
    assert!(english.len() > 20);
    assert_eq!(rows(0), english);
}

#[test]
fn every_source_is_listed_and_every_test_is_there() {
    let sources: BTreeSet<String> = contract::sources();
    let files = Source::all();
    let rows = rows(1);
    for row in &rows {
        assert!(sources.contains(&row.source), "{row:?}");
        for test in &row.tests {
            let test = format!("fn {test}(");
            let is_there = files.iter().any(|file| file.text.contains(&test));
            assert!(is_there, "{test}");
        }
    }
    // What is stricter or laxer is behaviour, which a test shows.
    for row in &rows {
        let word = COMPARISONS[row.comparison][1];
        let is_behaviour = ["stricter", "laxer"].contains(&word);
        assert!(!is_behaviour || !row.tests.is_empty(), "{row:?}");
    }
}
