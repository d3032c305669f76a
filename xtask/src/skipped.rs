//! Notes about checks that this machine couldn't run although nothing failed. A note is printed
//! loudly, and also written to a file, so that `.ci/run` can repeat it after all tasks. A run with
//! such a note is not a complete run.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// The file of the notes, with one note per line.
const FILE: &str = "target/not-checked";

/// Prints and writes down what isn't checked here, and why.
///
/// # Errors
///
/// The file can't be written.
pub(crate) fn note(workspace: &Path, what: &str) -> Result<(), String> {
    eprintln!("xtask: NOT CHECKED: {what}");
    let file = workspace.join(FILE);
    let mut opened = OpenOptions::new().create(true).append(true).open(&file);
    opened
        .as_mut()
        .map_err(|error| error.to_string())
        .and_then(|file| writeln!(file, "{what}").map_err(|error| error.to_string()))
        .map_err(|error| format!("{}: {error}", file.display()))
}
