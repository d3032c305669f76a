//! Runs the tests of one peer.

use std::path::Path;
use std::process::Stdio;

use crate::command::{cargo, done};

/// Runs the tests of one module of the package `interop`. `environment` tells the tests about the
/// peer.
pub(super) fn test(
    workspace: &Path,
    module: &str,
    environment: &[(&str, String)],
) -> Result<(), String> {
    let tests = |arguments: &[&str]| {
        let mut tests = cargo(workspace);
        tests
            .args(["test", "--package", "interop", "--", module])
            // A name is found anywhere in a test's path: `apps::` would also be `browser_apps::`.
            .args(["--skip", &format!("_{module}")])
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)));
        tests
    };
    // A name that matches no test would also pass.
    let listed = tests(&["--list", "--format", "terse"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo can't be started: {error}"))?;
    if !listed.status.success() {
        return Err("the tests don't build".to_owned());
    }
    let count = String::from_utf8_lossy(&listed.stdout)
        .matches(": test")
        .count();
    if count == 0 {
        return Err(format!("there is no test in {module}"));
    }
    eprintln!("xtask: tests of {module} {count}");
    done(&mut tests(&[]), &format!("a test of {module} failed"))
}
