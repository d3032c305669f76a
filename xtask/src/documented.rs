//! For tests of documents that list tests: each test must have its line, and each line its test. A
//! test without a line is unknown to the reader, and a line without a test is an empty promise.
//! And for tests of the locks from which peers are installed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use markdown::{Document, Text};

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

/// The text of a document.
pub(crate) fn text(document: &str) -> String {
    fs::read_to_string(workspace().join(document)).unwrap()
}

/// The rows of all tables of a document, or of a section.
pub(crate) fn rows(document: &Document<'_>) -> Vec<Vec<Text>> {
    let tables = document.tables().into_iter();
    tables.flat_map(|table| table.rows).collect()
}

/// The names of the tests in the tables of a document's section: the first cells that are nothing
/// but a name in code.
pub(crate) fn names(document: &str, heading: &str) -> BTreeSet<String> {
    let text = text(document);
    let rows = rows(&Document::read(&text).section(heading));
    let names = rows.iter().filter_map(|row| row.first()?.code());
    let names = names.filter(|name| name.contains('_'));
    names.map(str::to_owned).collect()
}

/// Requires that a lock of npm names no registry, and holds a digest for each package. Gives the
/// number of packages.
pub(crate) fn packages_in(lock: &str) -> usize {
    let text = text(lock);
    assert_eq!(text.matches("\"resolved\"").count(), 0, "{lock}");
    let packages = text.matches("\"node_modules/").count();
    let digests = text.matches("\"integrity\": \"sha512-").count();
    assert_eq!(digests, packages, "{lock}");
    packages
}
