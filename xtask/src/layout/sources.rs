//! The Rust sources below a folder.

use std::fs;
use std::path::{Path, PathBuf};

use syn::{Attribute, Meta};

/// The lines of Rust below a folder.
pub(super) fn lines(folder: &Path) -> Result<usize, String> {
    let mut lines = 0;
    for file in files(folder)? {
        lines += read(&file)?.lines().count();
    }
    Ok(lines)
}

/// The text of a file.
pub(super) fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// The Rust files below a folder; none if it isn't there.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// Whether an item with these attributes is compiled only for tests. Imports in a file's own tests
/// don't count as imports of the file.
pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else {
            return false;
        };
        list.path.is_ident("cfg") && list.tokens.to_string() == "test"
    })
}
