//! Tests of the table of limits and numbers in `docs/architecture*.md`: each row names the file
//! with the number and the tests that check it, and all of them must exist.

use std::fs;
use std::path::Path;

use markdown::Document;

use crate::generated::folder;

/// Adds the path and the text of every Rust file below `folder` to `found`.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.to_str().unwrap().to_owned(), text));
        }
    }
}

#[test]
fn every_number_stands_where_it_is_said_and_its_tests_are_there() {
    let root = folder().join("..");
    let mut found = Vec::new();
    for part in ["crates", "functions", "laptop", "tests"] {
        sources(&root.join(part), &mut found);
    }
    for (file, heading) in [
        ("architecture.md", "上限と数"),
        ("architecture.en.md", "Limits and numbers"),
    ] {
        let text = fs::read_to_string(folder().join(file)).unwrap();
        let document = Document::read(&text);
        let rows = document.section(heading).table().rows;
        assert!(rows.len() > 20, "{file}");
        for row in rows {
            let [_, place, tests] = &row[..] else {
                panic!("{file}: {row:?}");
            };
            for source in &place.codes {
                let (before, _) = place.plain.split_once(source.as_str()).unwrap();
                let mut words = before.split([' ', '、', ',']);
                let owner = words.rfind(|word| !word.is_empty()).unwrap();
                let end = format!("/{owner}/src/{source}");
                let is_there = found.iter().any(|(path, _)| path.ends_with(&end));
                // A limit of another party is in its stand-in, whose crate the row doesn't name.
                assert!(
                    is_there || owner.ends_with([':', '：']),
                    "{file}: {owner} {source}"
                );
            }
            for test in &tests.codes {
                let test = format!("fn {test}(");
                let is_there = found.iter().any(|(_, text)| text.contains(&test));
                assert!(is_there, "{file}: {test}");
            }
        }
    }
}
