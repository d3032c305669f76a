//! `cargo xtask docs`: writes the tables of `docs/` that are derived from code.

use std::path::Path;

use crate::command::{cargo, done};

/// The files of `tests/docs` with tests that compare such tables. These tests are called `the_…`.
const FILES: [&str; 5] = ["checks", "claims", "classes", "configuration", "exit"];

/// Runs the tests that compare these tables with the code, and makes them write the tables instead.
/// Other tests of the documents don't run, because they have nothing to do with these tables.
pub(crate) fn run(workspace: &Path) -> Result<(), String> {
    let mut tests = cargo(workspace);
    tests
        .args(["test", "--quiet", "--package", "docs", "--"])
        .args(FILES.map(|file| format!("{file}::the_")))
        .env("UPDATE_DOCS", "1");
    done(&mut tests, "the tables could not be written")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::workspace;

    #[test]
    fn every_file_whose_tests_write_a_table_is_run() {
        let mut writing = Vec::new();
        for file in fs::read_dir(workspace().join("tests/docs")).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let functions = source.split("#[test]\nfn ").skip(1);
            for function in functions.filter(|test| test.contains("generated::holds(")) {
                assert!(
                    function.starts_with("the_"),
                    "{}: {function}",
                    path.display()
                );
                writing.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
            }
        }
        writing.sort();
        writing.dedup();
        assert_eq!(writing, FILES);
    }
}
