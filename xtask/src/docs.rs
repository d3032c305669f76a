//! `cargo xtask docs`: writes the tables of `docs/` that follow from code.

use std::path::Path;

use crate::command::{cargo, done};

/// Runs the tests that compare these tables with the code, and makes them write the tables instead.
pub(crate) fn run(workspace: &Path) -> Result<(), String> {
    let mut tests = cargo(workspace);
    tests
        .args(["test", "--quiet", "--package", "docs"])
        .env("UPDATE_DOCS", "1");
    done(&mut tests, "the tables could not be written")
}
