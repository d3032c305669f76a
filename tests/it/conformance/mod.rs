//! The cases of the OpenID Foundation's conformance suite, with one test of the same name for each.
//! The tables in `docs/conformance.md` and `.en.md` say what each case shows, and explain the
//! modules that can't apply here. A test requires that the tables and the tests agree.

mod client_assertion;
mod plans;
mod provider;
mod relying_party;
mod requests;
mod security;

use std::collections::BTreeSet;
use std::fs;

use markdown::{Document, Text};

/// The first two headings of a table of cases, in Japanese and in English.
const CASES: [(&str, &str); 2] = [("ケース", "テスト"), ("case", "test")];

/// The first two headings of the table that explains which of the suite's modules have no case
/// here.
const EXPLAINED: [(&str, &str); 2] = [("モジュール", "理由"), ("module", "reason")];

/// The first two cells of each row of the tables of a document that have these headings.
fn rows_under(markdown: &str, headings: [(&str, &str); 2]) -> Vec<[Text; 2]> {
    let tables = Document::read(markdown).tables().into_iter();
    let tables = tables.filter(|table| {
        let head = [0, 1].map(|column| table.head.get(column).map_or("", |cell| &cell.plain));
        headings.contains(&head.into())
    });
    let rows = tables.flat_map(|table| table.rows);
    rows.filter_map(|row| row.into_iter().take(2).collect::<Vec<_>>().try_into().ok())
        .collect()
}

/// The parts of a cell that are the same in both languages: code, and numbers of paragraphs.
fn same_in_every_language(cell: &Text) -> Vec<&str> {
    let paragraphs = cell
        .plain
        .split(|letter: char| !matches!(letter, '§' | '.' | '0'..='9'))
        .filter(|word| word.starts_with('§'));
    let codes = cell.codes.iter().map(String::as_str);
    codes.chain(paragraphs).collect()
}

/// The names of the tests in a source text: the function after each attribute that makes a test.
fn tests(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((_, rest)) = line.split_once("fn ")
            && is_test
        {
            names.push(rest.split('(').next().unwrap_or_default().to_owned());
            is_test = false;
        }
    }
    names
}

#[test]
fn every_case_has_its_test() {
    let [japanese, english] = ["docs/conformance.md", "docs/conformance.en.md"]
        .map(|path| fs::read_to_string(kit::workspace().join(path)).unwrap())
        .map(|text| rows_under(&text, CASES));
    for ([case, test], [case_in_english, test_in_english]) in japanese.iter().zip(&english) {
        assert_eq!(test, test_in_english, "{case:?}, {case_in_english:?}");
        assert_eq!(
            same_in_every_language(case),
            same_in_every_language(case_in_english),
            "{test:?}"
        );
    }
    assert_eq!(japanese.len(), english.len(), "rows in one language only");

    let mut in_tables = BTreeSet::new();
    for [case, test] in &japanese {
        let Some(test) = test.code() else {
            panic!("{case:?}: one test, as code: {test:?}");
        };
        // The test of one of the suite's own cases has the name of the case.
        if let Some(name) = case.code().filter(|name| name.contains('-')) {
            assert!(test.ends_with(&name.replace('-', "_")), "{name}: {test}");
        }
        assert!(in_tables.insert(test.to_owned()), "{test} is there twice");
    }
    assert!(!in_tables.is_empty());

    let mut in_sources = BTreeSet::new();
    for file in fs::read_dir(kit::workspace().join("tests/it/conformance")).unwrap() {
        let path = file.unwrap().path();
        // The tests in this file are about the tables.
        if path.file_name().is_some_and(|name| name != "mod.rs") {
            let source = fs::read_to_string(&path).unwrap();
            assert!(!source.contains("#[ignore"), "{}", path.display());
            in_sources.extend(tests(&source));
        }
    }
    let missing: Vec<_> = in_tables.difference(&in_sources).collect();
    assert!(missing.is_empty(), "no such test: {missing:?}");
    let untold: Vec<_> = in_sources.difference(&in_tables).collect();
    assert!(untold.is_empty(), "in no table: {untold:?}");
}

#[test]
fn every_module_of_the_plans_is_a_case_or_is_explained() {
    for path in ["docs/conformance.md", "docs/conformance.en.md"] {
        let text = fs::read_to_string(kit::workspace().join(path)).unwrap();
        let names = |rows: Vec<[Text; 2]>| -> BTreeSet<String> {
            let names = rows.iter().filter_map(|[name, _]| name.code());
            names.map(str::to_owned).collect()
        };
        let cases = names(rows_under(&text, CASES));
        let reasons = rows_under(&text, EXPLAINED);
        assert!(reasons.iter().all(|[_, reason]| !reason.plain.is_empty()));
        let explained = names(reasons);
        let openid_connect = plans::PROVIDER.iter().chain(&plans::CLIENT);
        let as_told = openid_connect.map(|name| (*name, *name));
        let fapi2 = plans::FAPI2_CLIENT.iter();
        let as_told = as_told.chain(fapi2.map(|name| {
            let short = name.strip_prefix(plans::FAPI2_PREFIX);
            (*name, short.unwrap_or(name))
        }));
        for (module, case) in as_told {
            let (is_case, is_explained) = (cases.contains(case), explained.contains(module));
            assert!(is_case != is_explained, "{path}: {module}");
        }
    }
}

#[test]
fn rows_and_tests_are_found_as_they_are_written() {
    let unchanged = ["`alg`、署名（§2.1、§4）", "`alg`, signature (§2.1, §4)"];
    for (unchanged, head) in unchanged
        .into_iter()
        .zip(["ケース | テスト", "case | test"])
    {
        let markdown = format!(
            "| {head} | c |\n|---|---|---|\n\
             | {unchanged} | `x_a_b` | c |\n\n\
             | d | e |\n|---|---|\n| f | g |\n"
        );
        let rows = rows_under(&markdown, CASES);
        let [[case, test]] = &rows[..] else {
            panic!("{rows:?}");
        };
        assert_eq!(test.code(), Some("x_a_b"));
        assert_eq!(same_in_every_language(case), ["alg", "§2.1", "§4"]);
    }
    let source =
        "#[tokio::test]\nasync fn one() {}\nfn helper() {}\n    #[test]\n    fn two() {}\n";
    assert_eq!(tests(source), ["one", "two"]);
}
