//! `cargo xtask size`: compares the sizes of the binaries that `cargo xtask build x86_64` built
//! with the sizes that are written down here. Lambda loads the zip and reads the whole binary at a
//! cold start, so a jump in size is a defect that no other test finds.

use std::path::Path;
use std::process::Command;

use crate::build::{Architecture, FUNCTIONS};
use crate::python::{Installed, SAM};

/// The size of each function in bytes, for x86_64, by the name of its binary.
const SIZES: [(&str, u64); 4] = [
    ("federation", 6_293_272),
    ("inbound-federation", 5_347_984),
    ("pre-token-generation", 5_921_608),
    ("verification", 7_733_104),
];

/// How many percent a binary may grow before somebody has to find out why. A new compiler alone
/// changes the size by a few.
const MARGIN_PERCENT: u64 = 10;

/// A Python script that prints the size of a file after compression as SAM does it: zlib at its
/// default level.
const PACKED: &str = "import sys, zlib; print(len(zlib.compress(open(sys.argv[1], 'rb').read())))";

/// Runs the task, or says what grew.
pub(crate) fn run(workspace: &Path) -> Result<(), String> {
    let sam = SAM.install(workspace)?;
    let mut grown = Vec::new();
    for (function, expected) in SIZES {
        let logical_id = FUNCTIONS
            .iter()
            .find_map(|(binary, logical_id)| (*binary == function).then_some(logical_id))
            .ok_or_else(|| format!("{function} isn't built"))?;
        let binary = Architecture::X86_64.binary(workspace, logical_id);
        let size = std::fs::metadata(&binary)
            .map_err(|error| {
                format!(
                    "{}: {error}; cargo xtask build x86_64 makes it",
                    binary.display()
                )
            })?
            .len();
        let packed = packed(&sam, &binary)?;
        let limit = limit(expected);
        eprintln!(
            "xtask: {function} has {size} bytes, and {packed} in a zip; \
             it had {expected}, and may have {limit}"
        );
        if size > limit {
            grown.push(function);
        }
    }
    if grown.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} has grown by more than {MARGIN_PERCENT} %: \
         find out why, or write the new size into xtask/src/size.rs",
        grown.join(", ")
    ))
}

/// The size of a file in a zip, in bytes.
fn packed(sam: &Installed, file: &Path) -> Result<String, String> {
    let output = Command::new(sam.python())
        .args(["-c", PACKED])
        .arg(file)
        .output();
    match output {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        _ => Err(format!("{} can't be packed", file.display())),
    }
}

/// The largest size that is accepted.
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
        let measured: BTreeSet<_> = SIZES.map(|(function, _)| function.to_owned()).into();
        assert_eq!(measured, folders);
        assert!(SIZES.iter().all(|(_, size)| *size > 0));
    }
}
