//! `cargo xtask size`: builds what is shipped and compares its size with what it was.
//! Lambda reads the whole binary at a cold start, so a jump in size is a defect that no other test sees.

use std::path::Path;
use std::process::Command;

/// The functions, and their size in bytes as built on x86_64 Linux with the release profile.
const FUNCTIONS: [(&str, u64); 3] = [
    ("federation", 6_345_936),
    ("inbound-federation", 5_319_480),
    ("pre-token-generation", 5_879_072),
];

/// A size may be this much larger before somebody has to look, in percent; a new compiler alone moves it by a few.
const MARGIN_PERCENT: u64 = 10;

/// Runs the task, or says what grew.
pub(crate) fn run(workspace: &Path) -> Result<(), String> {
    // All of them in one run: they share most of what they are made of, and cargo chooses features for all together, as
    // it does for what is shipped.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--release"]).current_dir(workspace);
    for (function, _) in FUNCTIONS {
        build.args(["--package", function, "--bin", function]);
    }
    let built = build
        .status()
        .map_err(|error| format!("cargo can't be started: {error}"))?;
    if !built.success() {
        return Err("the functions don't build".to_owned());
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), Into::into);
    let mut grown = Vec::new();
    for (function, expected) in FUNCTIONS {
        let binary = target.join("release").join(function);
        let size = std::fs::metadata(&binary)
            .map_err(|error| format!("{}: {error}", binary.display()))?
            .len();
        let limit = limit(expected);
        eprintln!("xtask: {function} has {size} bytes; it had {expected}, and may have {limit}");
        if size > limit {
            grown.push(function);
        }
    }
    if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        eprintln!("xtask: NOT COMPARED: the figures are for x86_64 Linux");
    } else if !grown.is_empty() {
        return Err(format!(
            "{} has grown by more than {MARGIN_PERCENT} %: find out why, or write the new size into crates/xtask/src/size.rs",
            grown.join(", ")
        ));
    }
    Ok(())
}

/// The largest size that nobody has to look at.
fn limit(expected: u64) -> u64 {
    expected + expected * MARGIN_PERCENT / 100
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::workspace;

    #[test]
    fn every_function_has_its_figure() {
        let folders = std::fs::read_dir(workspace().join("functions")).unwrap();
        let folders: BTreeSet<_> = folders
            .map(|folder| folder.unwrap().file_name().into_string().unwrap())
            .collect();
        let measured: BTreeSet<_> = FUNCTIONS.map(|(function, _)| function.to_owned()).into();
        assert_eq!(measured, folders);
        assert!(FUNCTIONS.iter().all(|(_, size)| *size > 0));
    }
}
