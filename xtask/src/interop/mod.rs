//! `cargo xtask interop`: tests logins with other software in the place of the service, of Amazon
//! Cognito, of AWS, and of an app. Each peer is installed, started, tested and stopped, one after
//! the other.
//! If a peer can't be installed, the task says so loudly, tests the others, and fails.

use std::fmt::Debug;
use std::path::Path;
use std::time::Instant;

use clap::ValueEnum;

mod apps;
mod browser_apps;
mod keycloak;
mod npm;
pub(crate) mod samples;
mod sources;
mod stack;
mod tests_of;

/// Software that others wrote.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Peer {
    /// Libraries of apps, which sign in at the laptop's Amazon Cognito: openid-client, Auth.js,
    /// AppAuth-JS, aws-jwt-verify, Authlib, Spring Security, OmniAuth, mod_auth_openidc.
    Apps,
    /// oidc-client-ts and AWS Amplify: apps in Chromium, at Cognito's stand-in.
    BrowserApps,
    /// Keycloak, in the service's place.
    Keycloak,
    /// Packages of npm: oidc-provider in the service's place, openid-client and oauth4webapi in
    /// Amazon Cognito's, and jose.
    Npm,
    /// ministack, in the place of AWS: the stack is deployed to it.
    Stack,
}

impl Peer {
    fn run(self, workspace: &Path) -> Result<(), String> {
        match self {
            Self::Apps => apps::run(workspace),
            Self::BrowserApps => browser_apps::run(workspace),
            Self::Keycloak => keycloak::run(workspace),
            Self::Npm => npm::run(workspace),
            Self::Stack => stack::run(workspace),
        }
    }
}

/// Runs the task for one peer or for all of them, or says what failed.
pub(crate) fn run(workspace: &Path, only: Option<Peer>) -> Result<(), String> {
    let peers: Vec<_> = Peer::value_variants()
        .iter()
        .copied()
        .filter(|peer| only.is_none_or(|only| only == *peer))
        .collect();
    each("peer", &peers, |peer| peer.run(workspace))
}

/// Does the same with each of these, one after the other, and fails at the end if one failed.
fn each<T: Copy + Debug>(
    what: &str,
    all: &[T],
    does: impl Fn(T) -> Result<(), String>,
) -> Result<(), String> {
    let mut failures = Vec::new();
    for one in all {
        let begun = Instant::now();
        eprintln!("xtask: {what} {one:?}");
        match does(*one) {
            Ok(()) => eprintln!("xtask: {one:?} passed, {} s", begun.elapsed().as_secs()),
            Err(problem) => {
                eprintln!("xtask: NOT PASSED: {one:?}: {problem}");
                failures.push(format!("{one:?}: {problem}"));
            }
        }
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures.join("\nxtask: "))
    }
}
