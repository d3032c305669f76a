//! Logins through other software. `cargo xtask interop` installs and starts it, and runs these
//! tests. There is one module for each peer; `cargo xtask samples` does the same for the module of
//! the samples.
//! The address of a peer is in the environment. Without it, a test says so and fails.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on stops, also in the functions that several share"
)]

mod apps;
mod browser_apps;
mod chromium;
mod cognito;
mod keycloak;
mod npm;
mod samples;
mod software;

/// A variable that `cargo xtask interop` sets for a peer.
///
/// # Panics
///
/// If the variable is missing.
fn given(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is missing: run these tests by `cargo xtask interop`"))
}
