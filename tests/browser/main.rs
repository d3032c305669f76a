//! The demo in real browsers, driven over WebDriver. `cargo xtask browser` installs and starts what
//! the tests need, and runs them. `CHROMEDRIVER` and `GECKODRIVER` are the URLs of the drivers,
//! `AXE` is the file of axe-core, and `SCREENSHOTS` is the folder for pictures of every page. With
//! `PICTURES`, the pictures of the documents are made anew.
//! The tests use four hosts, real cookies, and a person's clicks and keys. They read the text of a
//! page as the browser shows it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on stops, also in the functions that several share"
)]

mod cases;
mod command;
mod demo;
mod failures;
mod login;
mod members;
mod odd_ways;
mod recipes;
mod webdriver;
