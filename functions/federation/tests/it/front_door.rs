//! Tests of a bridge behind a front door. A request without its secret is refused before anything
//! else is looked at, on every path, whatever else is wrong with the request. A request with the
//! secret is answered as usual.
//! The secret is rotated while the bridge runs, as the client's is.

use chrono::TimeDelta;
use federation::front_door::HEADER;
use federation::variables;
use serde_json::{Value, json};

use crate::bridge::{Answer, Call, RunningBridge};
use crate::secrets::{Secret, client, is_known};
use crate::support::{authorization_request, token_request};

const SPRING: &str = "front-door-of-spring";
const SUMMER: &str = "front-door-of-summer";
const AUTUMN: &str = "front-door-of-autumn";

const CLASS: &str = "not_through_front_door";

fn only(current: &str) -> String {
    json!({ "current": current }).to_string()
}

async fn with_front_door(secrets: &str) -> RunningBridge {
    RunningBridge::with(&[(variables::FRONT_DOOR_SECRETS, secrets)]).await
}

fn is_refused(answer: &Answer) {
    answer.is_error(403, "invalid_request", CLASS);
}

/// The status of the answer to a request for the public keys that shows this secret.
async fn status(bridge: &RunningBridge, shown: &str) -> u64 {
    let answer = Call::new("GET", "/jwks.json")
        .header(HEADER, shown)
        .send(bridge)
        .await;
    if answer.status == 403 {
        is_refused(&answer);
    }
    answer.status
}

#[tokio::test]
async fn pass_a_whole_login_with_the_current_secret_and_with_the_previous_one() {
    for shown in [SUMMER, SPRING] {
        let bridge = with_front_door(&client(SUMMER, SPRING)).await;
        let bridge = bridge.behind(shown);
        let tokens = bridge.tokens().await;
        let access_token = tokens["access_token"].as_str().unwrap();
        let answer = Call::userinfo(access_token).send(&bridge).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn pass_without_a_front_door_whatever_is_shown() {
    let bridge = RunningBridge::new().await;
    for shown in ["", SPRING] {
        assert_eq!(status(&bridge, shown).await, 200);
    }
}

/// What each path answers to a request that is right, wrong, or of another method: with the secret
/// and without it.
#[tokio::test]
async fn fail_on_every_path_before_anything_else_is_looked_at() {
    let bridge = with_front_door(&only(SPRING)).await;
    let long = "x".repeat(9_000);
    for (call, with_the_secret, is_page) in [
        (Call::authorize(&authorization_request()), 302, true),
        (Call::new("PUT", "/authorize"), 405, true),
        (Call::new("GET", "/authorize").query(&long), 413, true),
        (Call::new("GET", "/callback"), 400, true),
        (Call::new("GET", "/elsewhere"), 404, true),
        (Call::token(&token_request("junk")), 400, false),
        (Call::new("GET", "/token"), 405, false),
        (Call::userinfo("junk"), 401, false),
        (Call::new("GET", "/jwks.json"), 200, false),
        (Call::new("DELETE", "/jwks.json"), 405, false),
        (Call::new("GET", "/client-jwks.json"), 200, false),
        (
            Call::new("GET", "/.well-known/openid-configuration"),
            200,
            false,
        ),
    ] {
        let longer = format!("{SPRING}{SPRING}");
        let twice = format!("{SPRING},{SPRING}");
        for shown in [None, Some(""), Some("x"), Some(&longer), Some(&twice)] {
            let call = match shown {
                Some(shown) => call.clone().header(HEADER, shown),
                None => call.clone(),
            };
            let answer = call.send(&bridge).await;
            if is_page {
                answer.is_page(403, CLASS);
            } else {
                is_refused(&answer);
            }
            assert_eq!(
                answer.header("allow"),
                "",
                "not even which methods there are"
            );
            assert!(answer.cookies.is_empty());
        }
        let answer = call.header(HEADER, SPRING).send(&bridge).await;
        assert_eq!(answer.status, with_the_secret, "{}", answer.body);
    }
    let begun = bridge.metrics.text().matches("LoginStarted").count();
    let told = bridge.metrics.text().matches(CLASS).count();
    assert!(begun > 0 && told > 0, "{}", bridge.metrics.text());
}

#[tokio::test]
async fn pass_a_header_in_any_case() {
    let bridge = with_front_door(&only(SPRING)).await;
    let call = Call::new("GET", "/jwks.json").header("X-Front-Door", SPRING);
    assert_eq!(call.send(&bridge).await.status, 200);
}

#[tokio::test]
async fn pass_a_rotated_secret_after_one_look_and_after_one_in_vain_not_for_ten_seconds() {
    let file = Secret::new(&only(SPRING));
    let bridge = with_front_door(&file.reference()).await;
    assert_eq!(status(&bridge, SPRING).await, 200);
    file.becomes(&client(SUMMER, SPRING));
    assert_eq!(status(&bridge, SUMMER).await, 200);
    assert_eq!(status(&bridge, SPRING).await, 200);
    assert_eq!(status(&bridge, AUTUMN).await, 403);
    file.becomes(&client(AUTUMN, SUMMER));
    bridge.clock.advance(TimeDelta::seconds(9));
    assert_eq!(status(&bridge, AUTUMN).await, 403);
    bridge.clock.advance(TimeDelta::seconds(1));
    assert_eq!(status(&bridge, AUTUMN).await, 200);
    assert_eq!(status(&bridge, SPRING).await, 403);
}

/// The secret is read again on every path, also where no other secret is read again.
#[tokio::test]
async fn fail_a_secret_that_was_taken_out_within_an_hour() {
    let file = Secret::new(&client(SUMMER, SPRING));
    let bridge = with_front_door(&file.reference()).await;
    file.becomes(&only(SUMMER));
    bridge.clock.advance(TimeDelta::seconds(3_599));
    assert_eq!(status(&bridge, SPRING).await, 200);
    bridge.clock.advance(TimeDelta::seconds(1));
    assert_eq!(status(&bridge, SPRING).await, 403);
    assert_eq!(status(&bridge, SUMMER).await, 200);
}

#[tokio::test]
async fn fail_a_wrong_one_while_there_are_no_secrets_and_pass_the_known_one() {
    let file = Secret::new(&only(SPRING));
    let bridge = with_front_door(&file.reference()).await;
    file.is_gone();
    let wrong = Call::new("GET", "/jwks.json").header(HEADER, SUMMER);
    let unknown = wrong.send(&bridge).await;
    unknown.is_error(503, "temporarily_unavailable", "secrets_unavailable");
    // A request without the header is refused without reading the secret again.
    is_refused(&Call::new("GET", "/jwks.json").send(&bridge).await);
    assert_eq!(status(&bridge, SPRING).await, 200);
}

/// Anybody can show a wrong secret of the front door. The bridge reads that secret again, and this
/// doesn't keep it from reading the client's secret again.
#[tokio::test]
async fn pass_a_rotated_client_secret_right_after_somebody_showed_a_wrong_one() {
    const FIRST: &str = "client-secret-of-spring";
    const SECOND: &str = "client-secret-of-summer";
    let file = Secret::new(&only(FIRST));
    let settings = [
        (variables::CLIENT_SECRETS, &*file.reference()),
        (variables::FRONT_DOOR_SECRETS, &only(SPRING)),
    ];
    let bridge = RunningBridge::with(&settings).await;
    assert_eq!(status(&bridge, "wrong").await, 403);
    file.becomes(&client(SECOND, FIRST));
    let bridge = bridge.behind(SPRING);
    assert!(is_known(&bridge, SECOND).await);
}

/// If CloudFront shows a secret that isn't known, nobody gets in. Each place counts once in a
/// period (20 minutes) as a login that didn't finish. A request without the header isn't from
/// CloudFront, and doesn't count.
#[tokio::test]
async fn fail_and_tell_that_nobody_gets_in_who_comes_through_it() {
    let bridge = with_front_door(&only(SPRING)).await;
    let counted = || {
        let measured = bridge.metrics.text();
        measured.matches(r#""LoginFinished":0"#).count()
    };
    let from = |address: &str, call: Call| {
        let mut call = call;
        call.event["requestContext"]["http"]["sourceIp"] = address.into();
        call
    };
    let authorize = || Call::authorize(&authorization_request());
    from("192.0.2.1", authorize()).send(&bridge).await;
    let elsewhere = Call::new("GET", "/jwks.json").header(HEADER, SUMMER);
    from("192.0.2.1", elsewhere).send(&bridge).await;
    assert_eq!(counted(), 0);
    for (address, so_far) in [("192.0.2.1", 1), ("192.0.2.1", 1), ("192.0.2.2", 2)] {
        let call = authorize().header(HEADER, SUMMER);
        let answer = from(address, call).send(&bridge).await;
        answer.is_page(403, CLASS);
        assert_eq!(counted(), so_far, "{address}");
    }
}

#[tokio::test]
async fn fail_with_one_event_of_its_class() {
    let (log, _guard) = kit::log();
    let bridge = with_front_door(&only(SPRING)).await;
    is_refused(&Call::new("GET", "/token").send(&bridge).await);
    let text = log.text();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let events: Vec<Value> = lines.collect();
    assert_eq!(events.len(), 1, "{text}");
    assert_eq!(
        (&events[0]["class"], &events[0]["level"]),
        (&CLASS.into(), &"WARN".into())
    );
}
