//! Tests that compare the documents with the code. Tables that are derived from code are between
//! `<!-- generated: NAME -->` and `<!-- /generated -->`: a test compares them with what the code
//! declares or, with `UPDATE_DOCS=1` (`cargo xtask docs`), writes them. Other tests check citations
//! in comments, the words of the glossary, and the length of lines.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod checks;
mod citations;
mod claims;
mod classes;
mod configuration;
mod contract;
mod doors;
mod exit;
mod generated;
mod glossary;
mod laptop_cognito;
mod map;
mod members;
mod numbers;
mod sources;
mod table;
mod width;

use std::fs;

use generated::{END, folder, names};

#[test]
fn every_part_that_is_said_to_be_generated_is() {
    let mut known = Vec::new();
    for file in fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(
                names(&text).len(),
                text.matches(END).count(),
                "{}",
                path.display()
            );
            known.extend(names(&text).into_iter().map(str::to_owned));
        }
    }
    known.sort();
    // Each part is in the documents of both languages.
    let expected = [
        checks::PARTS,
        claims::PARTS,
        classes::PARTS,
        configuration::PARTS,
        exit::PARTS,
    ]
    .concat();
    let mut expected: Vec<_> = expected.into_iter().flat_map(|part| [part, part]).collect();
    expected.sort_unstable();
    assert_eq!(known, expected);
}
