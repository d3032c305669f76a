//! The kit for tests of whole logins: a laptop on free ports with the built functions, and a client
//! that stands in Amazon Cognito's place. The functions are built once per run; an older build in
//! the target folder is never used.
//! The kit is only used by tests, so it panics where it fails.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on stops"
)]

mod browser_login;
mod chromium;
mod confidential;
mod form;
mod function_clock;
pub mod limits;
mod refusal;
mod relying_party;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use demo::laptop::RsaKeys;
pub use demo::laptop::{Failed, Functions, Laptop, LaptopOptions, Outcome, Place, SignedIn};
use local_lambda::{Profile, Target, build_once};
use loopback::clock::SimClock;
pub use loopback::user_agent::{Arrival, Page, UserAgent};
use serde_json::Value;

pub use browser_login::BrowserLogin;
pub use chromium::chromium_arguments;
pub use confidential::Confidential;
pub use form::Form;
pub use function_clock::FunctionClock;
pub use refusal::Refusal;
pub use relying_party::{Answer, AuthorizationRequest, RelyingParty, TokenRequest, parameter};

/// The functions' executables. Cargo builds them the first time that a test asks for one.
#[must_use]
pub fn functions() -> Functions {
    Functions::build_once(Profile::Dev).expect("the functions build")
}

/// The executable of the bridge.
#[must_use]
pub fn federation() -> PathBuf {
    functions().federation
}

/// The executable of the command. Cargo builds it the first time that a test asks for it.
#[must_use]
pub fn command() -> PathBuf {
    build_once(&Target::binary("cli", "digital-auth", Profile::Dev)).expect("the command builds")
}

/// Starts a laptop with the usual options.
pub async fn laptop() -> Laptop {
    laptop_with(|_| {}).await
}

/// Starts a laptop. `change` changes its options first.
pub async fn laptop_with(change: impl FnOnce(&mut LaptopOptions)) -> Laptop {
    day_that_goes_on().await;
    let mut options = LaptopOptions::new(functions());
    options.rsa_keys = Some(rsa_keys());
    change(&mut options);
    Laptop::start(options).await.expect("free ports are free")
}

/// RSA keys, made once per process and shared by all laptops, because making them takes long.
#[must_use]
pub fn rsa_keys() -> RsaKeys {
    static KEYS: OnceLock<RsaKeys> = OnceLock::new();
    let keys = KEYS.get_or_init(|| RsaKeys::generate().expect("keys"));
    keys.clone()
}

/// Waits for the next day in Japan if it begins within two minutes. Some personas have their
/// birthday today and some tomorrow, so the day must not change between a login and the test's
/// comparison.
pub async fn day_that_goes_on() {
    const DAY: u64 = 24 * 60 * 60;
    const JAPAN: u64 = 9 * 60 * 60;
    const LONGER_THAN_A_TEST: u64 = 2 * 60;
    let now = SimClock::default().now().timestamp().cast_unsigned();
    let left = DAY - (now + JAPAN) % DAY;
    if left <= LONGER_THAN_A_TEST {
        tokio::time::sleep(Duration::from_secs(left)).await;
    }
}

/// A new browser that prefers Japanese.
#[must_use]
pub fn browser() -> UserAgent {
    UserAgent::new("ja").expect("a browser")
}

/// Variables of the function that a test changes, for [`LaptopOptions::environment`]. `None`
/// removes one.
#[must_use]
pub fn variables<const N: usize>(
    changed: [(&str, Option<&str>); N],
) -> std::collections::BTreeMap<String, Option<String>> {
    changed
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.map(str::to_owned)))
        .collect()
}

/// The log events of this name that the function logged so far, in order, as JSON objects.
#[must_use]
pub fn logged<S>(laptop: &Laptop<S>, event: &str) -> Vec<Value> {
    let lines = laptop.bridge.logs().lines();
    lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|logged| logged.get("event").and_then(Value::as_str) == Some(event))
        .collect()
}

/// The classes of failure that the function logged so far, in order.
#[must_use]
pub fn logged_failures<S>(laptop: &Laptop<S>) -> Vec<String> {
    logged(laptop, "failure")
        .iter()
        .filter_map(|failure| failure.get("class")?.as_str().map(str::to_owned))
        .collect()
}

/// The status and the failure class of a page of the bridge.
///
/// # Panics
///
/// If the browser is back at the client instead of on a page.
#[must_use]
pub fn failure_page(arrival: &Arrival) -> (u16, String) {
    let Arrival::Page(page) = arrival else {
        panic!("back at the client");
    };
    let text = page.text();
    let (_, class) = text.split_once("<small>").expect("a page of the bridge");
    let (class, _) = class.split_once("</small>").expect("a page of the bridge");
    (page.status.as_u16(), class.to_owned())
}
