//! The map of `docs/architecture*.md` against the folders: a newcomer looks there for where
//! something is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::generated::folder;

/// The files that the map names, by folder. A folder's line begins at the margin, and the lines of
/// its files don't.
fn named(document: &str) -> BTreeMap<&str, BTreeSet<String>> {
    let map = document
        .split("```text\n")
        .find(|block| block.starts_with("template.yaml "))
        .and_then(|block| block.split("```").next())
        .unwrap();
    let mut of_folders = BTreeMap::new();
    let mut current = None;
    for line in map.lines() {
        if !line.starts_with(' ') {
            current = line
                .split_whitespace()
                .next()
                .filter(|folder| folder.ends_with("/src"));
            if let Some(folder) = current {
                assert!(
                    of_folders.insert(folder, BTreeSet::new()).is_none(),
                    "twice: {folder}"
                );
            }
        } else if let Some(files) = current.and_then(|folder| of_folders.get_mut(folder)) {
            files.extend(
                line.split_whitespace()
                    .take_while(|word| word.ends_with(".rs"))
                    .map(str::to_owned),
            );
        }
    }
    of_folders
}

/// What a folder of modules holds. `lib.rs` is in each, and goes without saying where it only lists
/// the others.
fn modules(source: &str) -> BTreeSet<String> {
    fs::read_dir(folder().join("..").join(source))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn the_map_names_every_file_of_the_crates_that_it_describes() {
    for document in ["architecture.md", "architecture.en.md"] {
        let text = fs::read_to_string(folder().join(document)).unwrap();
        let named = named(&text);
        for kind in ["crates", "functions"] {
            for entry in fs::read_dir(folder().join("..").join(kind)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                let source = format!("{kind}/{name}/src");
                let files = named.get(source.as_str());
                assert!(files.is_some(), "{document} lacks {source}");
                let mut files = files.unwrap().clone();
                files.insert("lib.rs".to_owned());
                assert_eq!(files, modules(&source), "{document}: {source}");
            }
        }
    }
}
