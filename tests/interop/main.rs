//! Logins through software that others wrote: `cargo xtask interop` installs and starts it, and
//! runs these tests. One module for each peer. Where a peer is found is in the environment; without
//! it the test says so and fails.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on stops, also in the functions that several share"
)]

mod keycloak;
mod npm;

/// What `cargo xtask interop` says about a peer.
///
/// # Panics
///
/// If it doesn't.
fn given(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is missing: run these tests by `cargo xtask interop`"))
}
