//! What could not be checked on this machine though nothing failed: said loudly where it happens,
//! and written down, so that whoever started many tasks (`.ci/run`) can say it again at the end. A
//! run with such a note is no full run.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// Where it is written down: a line each.
const FILE: &str = "target/not-checked";

/// Says what isn't checked here and why, and writes it down.
///
/// # Errors
///
/// It can't be written down.
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
