//! How tests start Chromium.

/// The arguments with which Chromium has no screen, and calls nothing by itself.
#[must_use]
pub fn chromium_arguments() -> Vec<&'static str> {
    let mut arguments = vec![
        "--headless=new",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];
    // Chromium's own sandbox refuses to work for root.
    if rustix::process::geteuid().is_root() {
        arguments.push("--no-sandbox");
    }
    arguments
}
