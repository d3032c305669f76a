//! Tests of secrets that are rotated while the bridge runs. An unknown sealing key or client secret
//! makes the bridge read its secrets again; the same value does so only once in ten seconds. A
//! login that began before a rotation ends after it.
//! The secrets are files here, as they are on a laptop. The rule is the same wherever they come
//! from.

use std::path::Path;

use chrono::TimeDelta;
use federation::variables;
use kit::{Parameters, sealing_keys_json};
use serde_json::json;
use tempfile::TempDir;

use crate::bridge::{Answer, Browser, Call, RunningBridge};
use crate::support::{authorization_request, parameters, token_request};

/// A secret in a file that the test rewrites.
pub(crate) struct Secret {
    directory: TempDir,
}

impl Secret {
    pub(crate) fn new(text: &str) -> Self {
        let secret = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        secret.becomes(text);
        secret
    }

    fn path(&self) -> std::path::PathBuf {
        Path::new(self.directory.path()).join("secret")
    }

    pub(crate) fn reference(&self) -> String {
        format!("file:{}", self.path().display())
    }

    pub(crate) fn becomes(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
    }

    pub(crate) fn is_gone(&self) {
        std::fs::remove_file(self.path()).unwrap();
    }
}

pub(crate) fn client(current: &str, previous: &str) -> String {
    json!({ "current": current, "previous": previous }).to_string()
}

const FIRST: &str = "client-secret-of-spring";
const SECOND: &str = "client-secret-of-summer";
const THIRD: &str = "client-secret-of-autumn";

/// Whether the bridge knows this client secret. A token request that gets past the client's
/// authentication fails because of its code.
pub(crate) async fn is_known(bridge: &RunningBridge, secret: &str) -> bool {
    let form = token_request("junk").with("client_secret", secret);
    let answer = Call::token(&form).send(bridge).await;
    if answer.status == 400 {
        answer.is_error(400, "invalid_grant", "code_malformed");
        return true;
    }
    answer.is_error(401, "invalid_client", "client_authentication_failed");
    false
}

#[tokio::test]
async fn pass_a_rotated_client_secret_after_one_look() {
    let file = Secret::new(&json!({ "current": FIRST }).to_string());
    let bridge = RunningBridge::with(&[(variables::CLIENT_SECRETS, &file.reference())]).await;
    assert!(is_known(&bridge, FIRST).await);
    file.becomes(&client(SECOND, FIRST));
    assert!(is_known(&bridge, SECOND).await);
    assert!(is_known(&bridge, FIRST).await);

    // After a read that brought newer secrets, the next read doesn't have to wait.
    file.becomes(&client(THIRD, SECOND));
    assert!(is_known(&bridge, THIRD).await);
    assert!(!is_known(&bridge, FIRST).await, "two rotations ago");
}

#[tokio::test]
async fn fail_a_wrong_client_secret_and_look_three_times_in_ten_seconds() {
    let file = Secret::new(&json!({ "current": FIRST }).to_string());
    let bridge = RunningBridge::with(&[(variables::CLIENT_SECRETS, &file.reference())]).await;
    for _ in 0..9 {
        assert!(!is_known(&bridge, "wrong-secret-0001").await);
    }
    // The same wrong secret, shown again and again, makes the bridge read its secrets only once,
    // and doesn't keep it from reading them for another value.
    file.becomes(&client(SECOND, FIRST));
    assert!(is_known(&bridge, SECOND).await);

    // A client that goes on guessing doesn't cause a flood of reads, and delays a rotation only for
    // a short time.
    for guess in [
        "wrong-secret-0002",
        "wrong-secret-0003",
        "wrong-secret-0004",
    ] {
        assert!(!is_known(&bridge, guess).await);
    }
    file.becomes(&client(THIRD, SECOND));
    bridge.clock.advance(TimeDelta::seconds(9));
    assert!(!is_known(&bridge, THIRD).await);
    bridge.clock.advance(TimeDelta::seconds(1));
    assert!(is_known(&bridge, THIRD).await);
}

#[tokio::test]
async fn fail_when_a_secret_can_not_be_fetched_again() {
    let file = Secret::new(&json!({ "current": FIRST }).to_string());
    let bridge = RunningBridge::with(&[(variables::CLIENT_SECRETS, &file.reference())]).await;
    file.is_gone();
    assert!(
        is_known(&bridge, FIRST).await,
        "what is known needs no fetch"
    );
    let form = token_request("junk").with("client_secret", SECOND);
    let answer = Call::token(&form).send(&bridge).await;
    answer.is_error(503, "temporarily_unavailable", "secrets_unavailable");
    assert!(is_known(&bridge, FIRST).await);

    file.becomes("{");
    bridge.clock.advance(TimeDelta::seconds(10));
    let answer = Call::token(&form).send(&bridge).await;
    answer.is_error(503, "temporarily_unavailable", "secrets_unavailable");
    file.becomes(&client(SECOND, FIRST));
    bridge.clock.advance(TimeDelta::seconds(10));
    assert!(is_known(&bridge, SECOND).await);
}

/// A process stops using secrets that it couldn't read again for a day: a key may have been taken
/// out since.
#[tokio::test]
async fn fail_with_secrets_that_could_not_be_fetched_for_a_day() {
    let file = Secret::new(&sealing_keys_json(&[1]));
    let bridge = RunningBridge::with(&[(variables::SEALING_KEYS, &file.reference())]).await;
    let mut browser = Browser::default();
    file.is_gone();
    bridge.clock.advance(TimeDelta::seconds(86_400 - 200));
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let back = bridge.service.answer(&asked);
    bridge.clock.advance(TimeDelta::seconds(199));
    let code = bridge.code(&authorization_request()).await;
    bridge.clock.advance(TimeDelta::seconds(1));

    let unavailable = "secrets_unavailable";
    let form = authorization_request();
    let answer = Call::authorize(&form).send(&bridge).await;
    answer.is_redirect(
        "temporarily_unavailable",
        unavailable,
        Some(form.get("state")),
    );
    let callback = Call::callback(&back).browser(&browser);
    callback.send(&bridge).await.is_page(503, unavailable);
    for secret in [
        token_request(&code).get("client_secret"),
        "wrong-secret-0001",
    ] {
        let form = token_request(&code).with("client_secret", secret);
        let answer = Call::token(&form).send(&bridge).await;
        answer.is_error(503, "temporarily_unavailable", unavailable);
    }
    let answer = Call::userinfo("junk").send(&bridge).await;
    answer.is_error(503, "temporarily_unavailable", unavailable);

    file.becomes(&sealing_keys_json(&[1]));
    bridge.clock.advance(TimeDelta::seconds(10));
    assert_eq!(
        Call::token(&token_request(&code))
            .send(&bridge)
            .await
            .status,
        200
    );
}

/// A login of another process of the same bridge, which already has these keys.
struct Elsewhere {
    bridge: RunningBridge,
    browser: Browser,
    form: Parameters,
}

impl Elsewhere {
    async fn new(keys: &[u8]) -> Self {
        let bridge =
            RunningBridge::with(&[(variables::SEALING_KEYS, &sealing_keys_json(keys))]).await;
        let mut browser = Browser::default();
        let asked = bridge.begin(&mut browser, &authorization_request()).await;
        let form = bridge.service.answer(&asked).without("iss");
        Self {
            bridge,
            browser,
            form,
        }
    }

    async fn comes_back_to(&self, bridge: &RunningBridge) -> Answer {
        Call::callback(&self.form)
            .browser(&self.browser)
            .send(bridge)
            .await
    }

    async fn exchanges_a_code_at(&self, bridge: &RunningBridge) -> Answer {
        let code = self.bridge.code(&authorization_request()).await;
        Call::token(&token_request(&code)).send(bridge).await
    }

    async fn reads_attributes_at(&self, bridge: &RunningBridge) -> Answer {
        let tokens = self.bridge.tokens().await;
        let access_token = tokens["access_token"].as_str().unwrap();
        Call::userinfo(access_token).send(bridge).await
    }
}

#[tokio::test]
async fn pass_a_cookie_of_a_newer_key_after_one_look() {
    let file = Secret::new(&sealing_keys_json(&[1]));
    let bridge = RunningBridge::with(&[(variables::SEALING_KEYS, &file.reference())]).await;
    let newer = Elsewhere::new(&[2, 1]).await;
    file.becomes(&sealing_keys_json(&[2, 1]));
    let answer = newer.comes_back_to(&bridge).await;
    assert!(parameters(answer.location()).contains_key("code"));
}

#[tokio::test]
async fn fail_a_cookie_of_an_unknown_key_and_look_only_every_ten_seconds() {
    let file = Secret::new(&sealing_keys_json(&[1]));
    let bridge = RunningBridge::with(&[(variables::SEALING_KEYS, &file.reference())]).await;
    let newer = Elsewhere::new(&[3, 1]).await;
    newer
        .comes_back_to(&bridge)
        .await
        .is_page(400, "foreign_login");
    file.becomes(&sealing_keys_json(&[3, 1]));
    bridge.clock.advance(TimeDelta::seconds(9));
    newer
        .comes_back_to(&bridge)
        .await
        .is_page(400, "foreign_login");
    bridge.clock.advance(TimeDelta::seconds(1));
    let answer = newer.comes_back_to(&bridge).await;
    assert!(parameters(answer.location()).contains_key("code"));
}

/// A process that is called only for userinfo stops using a removed key, too.
#[tokio::test]
async fn fail_at_userinfo_with_a_key_that_was_taken_out_an_hour_ago() {
    let elsewhere = Elsewhere::new(&[1]).await;
    let file = Secret::new(&sealing_keys_json(&[1]));
    let bridge = RunningBridge::with(&[(variables::SEALING_KEYS, &file.reference())]).await;
    file.becomes(&sealing_keys_json(&[2]));
    for (seconds, status) in [(3_599, 200), (1, 401)] {
        bridge.clock.advance(TimeDelta::seconds(seconds));
        elsewhere.bridge.clock.advance(TimeDelta::seconds(seconds));
        let answer = elsewhere.reads_attributes_at(&bridge).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

/// Anybody may show such values a moment before a rotation. None of them keeps the bridge from
/// reading the newer keys when they are needed.
#[tokio::test]
async fn pass_what_a_newer_key_sealed_whatever_was_shown_before_the_rotation() {
    let (newer, unknown) = (Elsewhere::new(&[2, 1]).await, Elsewhere::new(&[9]).await);
    for good in ["cookie", "code", "access token"] {
        let file = Secret::new(&sealing_keys_json(&[1]));
        let bridge = RunningBridge::with(&[(variables::SEALING_KEYS, &file.reference())]).await;
        let foreign = unknown.comes_back_to(&bridge).await;
        foreign.is_page(400, "foreign_login");
        let foreign = unknown.exchanges_a_code_at(&bridge).await;
        foreign.is_error(400, "invalid_grant", "code_foreign");
        let foreign = unknown.reads_attributes_at(&bridge).await;
        foreign.refuses_access_token("access_token_invalid");
        assert!(!is_known(&bridge, "wrong-secret-0001").await);

        file.becomes(&sealing_keys_json(&[2, 1]));
        match good {
            "cookie" => {
                let answer = newer.comes_back_to(&bridge).await;
                assert!(parameters(answer.location()).contains_key("code"));
            }
            // The code opens. But this bridge has another service, which doesn't know the code
            // inside, and refuses it.
            "code" => {
                let answer = newer.exchanges_a_code_at(&bridge).await;
                answer.is_error(400, "invalid_grant", "service_refused_code");
            }
            _ => assert_eq!(newer.reads_attributes_at(&bridge).await.status, 200),
        }
    }
}

#[tokio::test]
async fn fail_a_cookie_of_an_unknown_key_while_there_are_no_secrets() {
    let file = Secret::new(&sealing_keys_json(&[1]));
    let bridge = RunningBridge::with(&[(variables::SEALING_KEYS, &file.reference())]).await;
    let newer = Elsewhere::new(&[2, 1]).await;
    file.is_gone();
    newer
        .comes_back_to(&bridge)
        .await
        .is_page(503, "secrets_unavailable");
}

#[tokio::test]
async fn pass_code_and_access_token_of_a_newer_key_after_one_look() {
    let newer = Elsewhere::new(&[2, 1]).await;
    let tokens = newer.bridge.tokens().await;
    let access_token = tokens["access_token"].as_str().unwrap();
    let code = newer.bridge.code(&authorization_request()).await;

    let file = Secret::new(&sealing_keys_json(&[1]));
    let bridge = RunningBridge::with(&[(variables::SEALING_KEYS, &file.reference())]).await;
    file.becomes(&sealing_keys_json(&[2, 1]));
    assert_eq!(Call::userinfo(access_token).send(&bridge).await.status, 200);

    let file = Secret::new(&sealing_keys_json(&[1]));
    let bridge = RunningBridge::with(&[(variables::SEALING_KEYS, &file.reference())]).await;
    let unknown = Call::token(&token_request(&code)).send(&bridge).await;
    unknown.is_error(400, "invalid_grant", "code_foreign");
    let refused = Call::userinfo(access_token).send(&bridge).await;
    refused.refuses_access_token("access_token_invalid");
    file.becomes(&sealing_keys_json(&[2, 1]));
    bridge.clock.advance(TimeDelta::seconds(10));
    // The code opens now. But this bridge has another service, which doesn't know the code inside,
    // and refuses it.
    let opened = Call::token(&token_request(&code)).send(&bridge).await;
    opened.is_error(400, "invalid_grant", "service_refused_code");
}

#[tokio::test]
async fn pass_a_login_that_began_before_a_rotation_ends_after_it() {
    let bridge = RunningBridge::new().await;
    let mut browser = Browser::default();
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let bridge = bridge
        .restarted_with(&[(variables::SEALING_KEYS, &sealing_keys_json(&[2, 1]))])
        .await;
    let form = bridge.service.answer(&asked);
    let answer = Call::callback(&form).browser(&browser).send(&bridge).await;
    let code = parameters(answer.location())["code"].clone();
    let bridge = bridge
        .restarted_with(&[(variables::SEALING_KEYS, &sealing_keys_json(&[3, 2]))])
        .await;
    let tokens = Call::token(&token_request(&code))
        .send(&bridge)
        .await
        .tokens();
    let bridge = bridge
        .restarted_with(&[(variables::SEALING_KEYS, &sealing_keys_json(&[4, 3]))])
        .await;
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(Call::userinfo(access_token).send(&bridge).await.status, 200);
}
