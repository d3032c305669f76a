//! Tests that the map of source files in `docs/architecture*.md`, in which newcomers look for
//! things, has exactly the files that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::generated::folder;

/// The files that the map names, by folder. Lines of folders aren't indented, lines of files are.
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

/// The names of the files in a folder of sources. Each folder has `lib.rs`, so the map needn't name
/// it.
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
