//! Apps that sign in at the laptop's Amazon Cognito, each with a library that many apps use, and as
//! the library's documentation says: `digital-auth simulate cognito` with the built functions and
//! the service's stand-in. The apps are the folders beside this file.
//!
//! An app gets its settings in the environment: `PORT`, `ISSUER`, `DOMAIN`, `CLIENT_ID`,
//! `CLIENT_SECRET` (a public client has none), `CALLBACK`, `LOGOUT_URL` and `SCOPES`. It writes
//! `ready` when it answers. Its pages are `/login`, `/me` (JSON: who is signed in, with which
//! claims and access token), `/refresh`, `/logout`, and `/logged-out`, which is its logout URL.
//!
//! `cargo xtask interop apps` installs the libraries, and says where they are.

use std::path::PathBuf;
use std::process::Command;

use crate::given;

mod person;
mod scripts;
mod servers;

/// Something that `cargo xtask interop apps` installed.
///
/// # Panics
///
/// If it couldn't be installed.
fn installed(name: &str) -> String {
    let value = given(name);
    assert!(!value.starts_with("NOT CHECKED"), "{value}");
    value
}

/// Node with one of the scripts.
fn node(script: &str) -> Command {
    let mut node = Command::new(installed("NODE_PROGRAM"));
    node.current_dir(installed("NODE_APPS")).arg(script);
    node
}

/// A file of an app that runs where it is.
fn source(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("apps")
        .join(path)
}
