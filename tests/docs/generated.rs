//! Finds a generated part of a document, and compares or replaces it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The environment variable that makes the tests write the generated parts instead of comparing
/// them.
const UPDATE: &str = "UPDATE_DOCS";

/// Held while a part is read and written: a document has several parts, and tests run in parallel.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const BEGIN: &str = "<!-- generated: ";
pub(crate) const END: &str = "<!-- /generated -->";

/// Compares the part of this name in a document with `expected`. With [`UPDATE`], replaces it
/// instead.
pub(crate) fn holds(file: &str, name: &str, expected: &str) {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let path = folder().join(file);
    let text = fs::read_to_string(&path).unwrap();
    let mended = with(&text, name, expected);
    let mended = mended.unwrap_or_else(|| panic!("docs/{file} has no place for {name:?}"));
    if mended == text {
        return;
    }
    if env::var_os(UPDATE).is_some_and(|value| value == "1") {
        fs::write(&path, mended).unwrap();
        return;
    }
    let differs = differing(&text, &mended);
    panic!(
        "docs/{file}: {name:?} isn't what the code declares; cargo xtask docs mends it\n{differs}"
    );
}

/// A document with the part of this name replaced, if it has that part.
fn with(text: &str, name: &str, expected: &str) -> Option<String> {
    let begin = format!("{BEGIN}{name} -->\n");
    let (before, rest) = text.split_once(&begin)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{begin}{expected}{END}{after}"))
}

/// The first line that differs, as it is and as it should be.
fn differing(is: &str, should_be: &str) -> String {
    let (mut is, mut should_be) = (is.lines(), should_be.lines());
    loop {
        match (is.next(), should_be.next()) {
            (one, other) if one == other && one.is_some() => {}
            (one, other) => {
                let [one, other] = [one, other].map(|line| line.unwrap_or("(the end)"));
                return format!("  is        {one}\n  should be {other}");
            }
        }
    }
}

/// The folder of the documents, `docs` at the root of the repository.
pub(crate) fn folder() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = package
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file());
    workspace.unwrap().join("docs")
}

/// The names of all generated parts of a document.
pub(crate) fn names(text: &str) -> Vec<&str> {
    let parts = text.split(BEGIN).skip(1);
    parts
        .filter_map(|part| Some(part.split_once(" -->")?.0))
        .collect()
}

#[test]
fn a_part_is_replaced_and_nothing_else() {
    let text = "a\n<!-- generated: one -->\nold\n<!-- /generated -->\nb\n";
    let mended = with(text, "one", "new\n").unwrap();
    assert_eq!(
        mended,
        "a\n<!-- generated: one -->\nnew\n<!-- /generated -->\nb\n"
    );
    assert_eq!(with(text, "two", "new\n"), None);
    assert_eq!(differing(text, &mended), "  is        old\n  should be new");
}
