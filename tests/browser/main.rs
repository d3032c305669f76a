//! The demo in real browsers, driven over WebDriver: `cargo xtask browser` installs and starts what
//! is needed, and runs this. `CHROMEDRIVER` is the driver's URL, `AXE` the file of axe-core,
//! `SCREENSHOTS` the folder for pictures of every page. Four hosts, real cookies, a person's clicks
//! and keys: what a page says is read from what is shown.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on stops, also in the functions that several share"
)]

mod command;
mod demo;
mod failures;
mod login;
mod odd_ways;
mod recipes;
mod webdriver;
