//! Tests what the README promises: one command starts everything, and the address that it prints is
//! all that a person needs. Ctrl-C stops everything.

use std::process::Stdio;
use std::time::Duration;

use login_kit::command;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;
use url::Url;

use crate::demo::JA;
use crate::webdriver::{Browser, PC};

/// Longer than cargo takes to build the functions for the first time.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::test]
async fn the_address_that_the_command_prints_leads_through_a_login() {
    let mut demo = Command::new(command())
        .args([
            "--language",
            "ja",
            "demo",
            "--no-open",
            "--persona",
            "leap-day",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let address = timeout(PATIENCE, async {
        loop {
            let line = lines.next_line().await.unwrap().expect("an address");
            if line.trim().starts_with("http://app.localhost:") {
                return Url::parse(line.trim()).unwrap();
            }
        }
    });
    let address = address.await.expect("an address in time");

    let browser = Browser::open(PC).await;
    browser.go(address.as_str()).await;
    browser.click(JA.sign_in).await;
    browser.click(JA.provider).await;
    // The person that the command line names is preselected.
    browser.click(JA.authenticate).await;
    browser.click(JA.consent).await;
    browser.element("dl.attributes").await;
    // The least is asked for: where the person lives.
    assert!(browser.text().await.contains("北海道札幌市"));
    browser.close().await;

    let process = Pid::from_raw(demo.id().unwrap().cast_signed()).unwrap();
    kill_process(process, Signal::INT).unwrap();
    let status = timeout(PATIENCE, demo.wait()).await.expect("an end");
    assert_eq!(status.unwrap().code(), Some(0));
}
