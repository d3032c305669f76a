//! The demo in real browsers, driven over WebDriver: `cargo xtask browser` installs and starts what is needed, and runs this.
//! `CHROMEDRIVER` is the driver's URL, `AXE` the file of axe-core, `SCREENSHOTS` the folder for pictures of every page.
//! Four hosts, real cookies, a person's clicks and keys: what a page says is read from what is shown.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on stops, also in the functions that several share"
)]

mod webdriver;

use test_kit::stack;
use webdriver::{Browser, PC};

#[tokio::test]
async fn the_hosted_page_leads_to_the_test_card_page() {
    let stack = stack().await;
    let browser = Browser::open(PC).await;
    let (_, url) = stack.begin().unwrap();
    let url = url.as_str().replace("identity_provider=MynaApp", "");
    browser.go(&url).await;
    browser.sees("cognito").await;
    browser.click("マイナアプリでログイン").await;
    browser.element("select").await;
    let hosts: Vec<_> = browser.requests().await;
    let hosts: Vec<_> = hosts.iter().filter_map(url::Url::host_str).collect();
    assert!(hosts.contains(&"bridge.localhost") && hosts.contains(&"service.localhost"));
    browser.close().await;
    stack.stop().await;
}

#[tokio::test]
async fn firefox_probe() {
    let stack = stack().await;
    let browser = Browser::open(webdriver::FIREFOX).await;
    let (_, url) = stack.begin().unwrap();
    let url = url.as_str().replace("identity_provider=MynaApp", "");
    browser.go(&url).await;
    browser.sees("cognito").await;
    browser.click("マイナアプリでログイン").await;
    browser.element("select").await;
    browser.click("認証").await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    eprintln!("{} {}", browser.at().await, browser.text().await);
    browser.close().await;
    stack.stop().await;
}
