//! The test kit: everything on free ports, with the built function, and a client that can stand in Amazon Cognito's place.
//! The function is built once per run; what happens to lie in the target folder is never used.
//! A failure of the kit itself is a panic, since only tests use it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on stops"
)]

mod browser_login;
mod confidential;
mod refusal;
mod relying_party;

use std::path::PathBuf;

use simulators::lambda::{Profile, Target, build_once};
pub use simulators::stack::{Failed, Outcome, Place, SignedIn, Stack, StackOptions};
pub use simulators::user_agent::{Arrival, Page, UserAgent};

pub use browser_login::BrowserLogin;
pub use confidential::Confidential;
pub use refusal::Refusal;
pub use relying_party::{Answer, AuthorizationRequest, RelyingParty, TokenRequest, parameter};

/// The function's executable, built by cargo the first time that a test asks for it.
#[must_use]
pub fn federation() -> PathBuf {
    build_once(&Target::function("federation", Profile::Dev))
        .expect("the function federation builds")
}

/// Everything with its usual options.
pub async fn stack() -> Stack {
    stack_with(|_| {}).await
}

/// Everything, its options changed.
pub async fn stack_with(change: impl FnOnce(&mut StackOptions)) -> Stack {
    let mut options = StackOptions::new(federation());
    change(&mut options);
    Stack::start(options).await.expect("free ports are free")
}

/// A new browser that prefers Japanese.
#[must_use]
pub fn browser() -> UserAgent {
    UserAgent::new("ja").expect("a browser")
}

/// Variables of the function that differ from the usual ones, for [`StackOptions::environment`].
#[must_use]
pub fn variables<const N: usize>(
    changed: [(&str, Option<&str>); N],
) -> std::collections::BTreeMap<String, Option<String>> {
    changed
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.map(str::to_owned)))
        .collect()
}

/// The classes of failure that the function logged so far, in order.
#[must_use]
pub fn logged_failures(stack: &Stack) -> Vec<String> {
    let text = |event: &serde_json::Value, name: &str| {
        event
            .get(name)
            .and_then(|value| value.as_str())
            .map(str::to_owned)
    };
    let lines = stack.bridge.logs().lines();
    let events = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok());
    events
        .filter(|event| text(event, "event").as_deref() == Some("failure"))
        .filter_map(|event| text(&event, "class"))
        .collect()
}
