//! Documents that list tests: each test has its line, and each line its test.
//! What a document doesn't tell nobody knows to be tested, and what no test holds is a promise.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::workspace;

/// The names of the tests in the files of a folder: the functions below `#[tokio::test]`.
pub(crate) fn tests_in(folder: &str) -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for file in fs::read_dir(workspace().join(folder)).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "rs") {
            tests.extend(tests_of(&file));
        }
    }
    tests
}

fn tests_of(file: &Path) -> BTreeSet<String> {
    let source = fs::read_to_string(file).unwrap();
    let functions = source.split("#[tokio::test]\nasync fn ").skip(1);
    functions
        .filter_map(|function| function.split('(').next().map(str::to_owned))
        .collect()
}

/// A section of a document, from its heading (`## …`) to the next.
pub(crate) fn section(document: &str, heading: &str) -> String {
    let text = fs::read_to_string(workspace().join(document)).unwrap();
    let (_, section) = text.split_once(&format!("\n{heading}\n")).expect(heading);
    section.split("\n## ").next().unwrap_or(section).to_owned()
}

/// The names of tests in a section's tables: the first cells, if they are names in code.
pub(crate) fn names(section: &str) -> BTreeSet<String> {
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .map(|(first, _)| first.to_owned())
        .filter(|first| first.contains('_'))
        .collect()
}
