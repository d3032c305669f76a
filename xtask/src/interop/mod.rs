//! `cargo xtask interop`: logins through software that others wrote, in the service's place, in Amazon Cognito's, and in that of AWS.
//! Each peer is installed, started, tested against and stopped, one after the other.
//! One that can't be had is said loudly; the others still run, and the task fails.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use clap::ValueEnum;

use crate::command::{cargo, done};

mod keycloak;
mod npm;
mod stack;

/// Software that others wrote.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Peer {
    /// Keycloak, in the service's place.
    Keycloak,
    /// Packages of npm: oidc-provider in the service's place, openid-client and oauth4webapi in Amazon Cognito's, and jose.
    Npm,
    /// ministack, in the place of AWS: the stack is deployed to it.
    Stack,
}

impl Peer {
    fn run(self, workspace: &Path) -> Result<(), String> {
        match self {
            Self::Keycloak => keycloak::run(workspace),
            Self::Npm => npm::run(workspace),
            Self::Stack => stack::run(workspace),
        }
    }
}

/// Runs the task for one peer or for all of them, or says what failed.
pub(crate) fn run(workspace: &Path, only: Option<Peer>) -> Result<(), String> {
    let mut failures = Vec::new();
    for peer in Peer::value_variants() {
        if only.is_some_and(|only| only != *peer) {
            continue;
        }
        let begun = Instant::now();
        eprintln!("xtask: peer {peer:?}");
        match peer.run(workspace) {
            Ok(()) => eprintln!("xtask: {peer:?} passed, {} s", begun.elapsed().as_secs()),
            Err(problem) => {
                eprintln!("xtask: NOT PASSED: {peer:?}: {problem}");
                failures.push(format!("{peer:?}: {problem}"));
            }
        }
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures.join("\nxtask: "))
    }
}

/// Runs the tests of one module of the test target `interop`, with what they have to know about the peer.
fn test(workspace: &Path, module: &str, environment: &[(&str, String)]) -> Result<(), String> {
    let tests = |arguments: &[&str]| {
        let mut tests = cargo(workspace);
        tests
            .args(["test", "--package", "interop", "--", module])
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)));
        tests
    };
    // A name that matches no test would pass, too.
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
