//! `cargo xtask first`: measures how long a newcomer waits, and how much disk it takes: for the
//! first `cargo run`, for `cargo test` after it, for the tests of one package, and, with everything
//! built, from a changed line until its tests have run.
//! It builds in a folder of its own, which is empty at first, so it takes as long as all of these
//! together.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::command::{cargo, done};

/// The file to which the task adds a line, and the package whose tests it then runs.
const CHANGED: (&str, &str) = ("functions/federation/src/token.rs", "federation");

/// Runs the measurements, and prints the results.
///
/// # Errors
///
/// The command that failed.
pub(crate) fn run(workspace: &Path) -> Result<(), String> {
    let folder = workspace.join("target/first");
    let _not_there_the_first_time = fs::remove_dir_all(&folder);
    println!("{:<48} {:>8} {:>10}", "", "seconds", "MB so far");
    let demo = ["run", "--quiet", "--", "demo", "--headless", "--json"];
    measured(workspace, &folder, "cargo run -- demo --headless", &demo)?;
    measured(workspace, &folder, "cargo test", &["test"])?;
    let of_one = ["test", "--package", CHANGED.1];
    let name = format!("cargo test -p {}, the first time", CHANGED.1);
    measured(workspace, &folder, &name, &of_one)?;
    let file = workspace.join(CHANGED.0);
    let before = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", CHANGED.0))?;
    let changed = |lines: &str, name: &str, arguments: &[&str]| {
        let write = |text: &str| {
            fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))
        };
        write(&format!("{before}{lines}"))?;
        let tested = measured(workspace, &folder, name, arguments);
        write(&before)?;
        tested
    };
    let name = format!("a line of token.rs, cargo test -p {}", CHANGED.1);
    changed("// Another line.\n", &name, &of_one)?;
    let lines = "// Another line.\n// And another.\n";
    changed(lines, "a line of token.rs, cargo test", &["test"])
}

/// Runs cargo, and prints how long it took and how large the folder is now.
fn measured(workspace: &Path, folder: &Path, name: &str, arguments: &[&str]) -> Result<(), String> {
    let mut command = cargo(workspace);
    command
        .args(arguments)
        .env("CARGO_TARGET_DIR", folder)
        .stdout(Stdio::null());
    let begun = Instant::now();
    done(&mut command, &format!("{name} failed"))?;
    let seconds = begun.elapsed().as_secs();
    println!("{name:<48} {seconds:>8} {:>10}", megabytes(folder)?);
    Ok(())
}

/// The size of a folder on disk, in megabytes.
fn megabytes(folder: &Path) -> Result<String, String> {
    let output = Command::new("du")
        .args(["--summarize", "--block-size=MB"])
        .arg(folder)
        .output()
        .map_err(|error| format!("du can't be started: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let size = text.split("MB").next().unwrap_or_default();
    Ok(size.to_owned())
}
