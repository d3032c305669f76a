//! `cargo xtask size`: builds what is shipped and compares its size with what it was.
//! Lambda reads the whole binary at a cold start, so a jump in size is a defect that no other test sees.

use std::path::Path;
use std::process::Command;

/// The functions, and their size in bytes as built on x86_64 Linux with the release profile.
const FUNCTIONS: [(&str, u64); 1] = [("federation", 6_256_408)];

/// A size may be this much larger before somebody has to look, in percent; a new compiler alone moves it by a few.
const MARGIN_PERCENT: u64 = 10;

/// Runs the task, or says what grew.
pub(crate) fn run(workspace: &Path) -> Result<(), String> {
    for (function, expected) in FUNCTIONS {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args([
                "build",
                "--release",
                "--package",
                function,
                "--bin",
                function,
            ])
            .current_dir(workspace)
            .status()
            .map_err(|error| format!("cargo can't be started: {error}"))?;
        if !built.success() {
            return Err(format!("{function} doesn't build"));
        }
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| workspace.join("target"), Into::into);
        let binary = target.join("release").join(function);
        let size = std::fs::metadata(&binary)
            .map_err(|error| format!("{}: {error}", binary.display()))?
            .len();
        let limit = expected + expected * MARGIN_PERCENT / 100;
        eprintln!("xtask: {function} has {size} bytes; it had {expected}, and may have {limit}");
        if cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
            eprintln!("xtask: NOT COMPARED: the figure is for x86_64 Linux");
        } else if size > limit {
            return Err(format!(
                "{function} has grown by more than {MARGIN_PERCENT} %: find out why, or write the new size into crates/xtask/src/size.rs"
            ));
        }
    }
    Ok(())
}
