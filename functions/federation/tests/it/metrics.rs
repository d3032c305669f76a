//! Tests of the bridge's metrics: one line for each request, with every step that the request
//! waited for, and with its class if it failed.
//! A successful request that no login waits for has no line.

use chrono::TimeDelta;
use federation::variables;
use kit::{Parameters, sealing_keys_json};
use serde_json::Value;

use crate::bridge::{Browser, Call, RunningBridge};
use crate::service::Fault;
use crate::support::{authorization_request, token_request};

/// The metrics of each line, without the values of durations. The name of a count of 0 begins with
/// `no`.
fn metrics(bridge: &RunningBridge) -> Vec<(Vec<String>, Option<String>)> {
    let lines = bridge.metrics.text();
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        let metrics = directives.iter().flat_map(|directive| {
            assert_eq!(directive["Namespace"], "test");
            directive["Metrics"].as_array().unwrap()
        });
        let name = |metric: &Value| {
            let name = metric["Name"].as_str().unwrap();
            if metric["Unit"] == "Milliseconds" {
                assert!(line[name].as_f64().unwrap() >= 0.0, "{name}");
                return name.to_owned();
            }
            match line[name].as_u64().unwrap() {
                0 => format!("no {name}"),
                1 => name.to_owned(),
                other => panic!("{name}: {other}"),
            }
        };
        let class = line["Class"].as_str().map(str::to_owned);
        (metrics.map(name).collect(), class)
    };
    lines.lines().map(line).collect()
}

/// The counts of a login, and the steps in which its time goes: one line for each request.
#[tokio::test]
async fn every_login_is_counted_and_each_of_its_steps_is_measured() {
    let bridge = RunningBridge::new().await;
    let tokens = bridge.tokens().await;
    let access_token = tokens["access_token"].as_str().unwrap();
    Call::userinfo(access_token).send(&bridge).await;
    Call::new("GET", "/jwks.json").send(&bridge).await;
    Call::new("GET", "/client-jwks.json").send(&bridge).await;
    let expected = [
        &["LoginStarted", "AuthorizeDuration"][..],
        // The service's keys are fetched while the browser is on its way.
        &["ServiceJwksDuration", "CallbackDuration"],
        &[
            "SignAssertionDuration",
            "ServiceTokenDuration",
            "ServiceUserinfoDuration",
            "SignIdTokenDuration",
            "LoginFinished",
            "no InboundFederationInvoked",
            "TokenDuration",
        ],
        &["UserinfoDuration"],
        &["JwksDuration"],
    ];
    let expected =
        expected.map(|names| (names.iter().map(|&name| name.to_owned()).collect(), None));
    assert_eq!(metrics(&bridge), expected);
}

#[tokio::test]
async fn every_failure_is_counted_once_and_measured_as_far_as_it_came() {
    let bridge = RunningBridge::new().await;
    Call::token(&token_request("x")).send(&bridge).await;
    let code = bridge.code(&authorization_request()).await;
    bridge.service.fault("/token", Fault::new(500, "{}"));
    Call::token(&token_request(&code)).send(&bridge).await;
    Call::new("GET", "/unknown").send(&bridge).await;
    let mut lines = metrics(&bridge);
    // The lines of `/authorize` and `/callback` are left to another test.
    lines.drain(1..3);
    let expected = [
        (&["TokenDuration", "Failure"][..], "code_malformed"),
        (
            &[
                "SignAssertionDuration",
                "ServiceTokenDuration",
                "no LoginFinished",
                "TokenDuration",
                "Failure",
            ],
            "service_failed",
        ),
        (&["Failure"], "not_found"),
    ];
    let expected = expected.map(|(names, class)| {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        (names, Some(class.to_owned()))
    });
    assert_eq!(lines, expected);
}

/// A cancelled login isn't counted as one that didn't finish. It has a metric beside that of its
/// class.
#[tokio::test]
async fn a_login_that_was_cancelled_is_counted_as_such() {
    let bridge = RunningBridge::new().await;
    let mut browser = Browser::default();
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let cancelled = Parameters::of([("state", &asked["state"]), ("error", "access_denied")]);
    Call::callback(&cancelled)
        .browser(&browser)
        .send(&bridge)
        .await;
    let names = ["LoginCancelled", "CallbackDuration", "Failure"].map(str::to_owned);
    let expected = (names.to_vec(), Some("cancelled".to_owned()));
    assert_eq!(metrics(&bridge).last(), Some(&expected));
    let text = bridge.metrics.text();
    let line: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(line["Concern"], "nobody");
}

/// Class and concern of every failure, in the order of the requests.
fn concerns(bridge: &RunningBridge) -> Vec<(String, String)> {
    let lines = bridge.metrics.text();
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        Some((text("Class")?, text("Concern")?))
    };
    lines.lines().filter_map(line).collect()
}

/// Anybody can write redirects and cookies by hand. If one of them alerted the operator, an
/// attacker could do so all night.
#[tokio::test]
async fn what_came_through_a_browser_alone_is_unproven() {
    for (name, value, class) in [
        ("iss", "https://evil.example", "issuer_mismatch"),
        ("error", "login_required", "service_login_required"),
        (
            "error",
            "interaction_required",
            "service_interaction_required",
        ),
        ("error", "invalid_request", "service_invalid_request"),
        ("error", "invalid_scope", "service_invalid_scope"),
        (
            "error",
            "unauthorized_client",
            "service_unauthorized_client",
        ),
        ("error", "server_error", "service_server_error"),
        (
            "error",
            "temporarily_unavailable",
            "service_temporarily_unavailable",
        ),
        ("error", "x", "service_unknown_error"),
    ] {
        let bridge = RunningBridge::new().await;
        let mut browser = Browser::default();
        let asked = bridge.begin(&mut browser, &authorization_request()).await;
        let redirect = Parameters::of([("state", &asked["state"]), (name, value)]);
        Call::callback(&redirect)
            .browser(&browser)
            .send(&bridge)
            .await;
        let expected = (class.to_owned(), "unproven".to_owned());
        assert_eq!(concerns(&bridge), [expected]);
    }
    // A cookie that was sealed with another key.
    let theirs = RunningBridge::with(&[(variables::SEALING_KEYS, &sealing_keys_json(&[2]))]).await;
    let mut browser = Browser::default();
    let asked = theirs.begin(&mut browser, &authorization_request()).await;
    let bridge = RunningBridge::new().await;
    Call::callback(&Parameters::of([("state", &asked["state"])]))
        .browser(&browser)
        .send(&bridge)
        .await;
    let expected = ("foreign_login".to_owned(), "unproven".to_owned());
    assert_eq!(concerns(&bridge), [expected]);
}

/// Every login that begins adds a value to the metric: 1 for the first login of a place in a
/// period, and 0 for the others. A refused request doesn't keep a later login from counting.
#[tokio::test]
async fn of_the_logins_that_begin_at_one_place_one_counts_in_a_period() {
    let bridge = RunningBridge::new().await;
    let counted = || {
        let lines = bridge.metrics.text();
        let of = |value: u8| lines.matches(&format!(r#""LoginStarted":{value}"#)).count();
        (of(1), of(0))
    };
    let begin = async |address: &str, form: &Parameters| {
        let mut call = Call::authorize(form);
        call.event["requestContext"]["http"]["sourceIp"] = address.into();
        assert_eq!(call.send(&bridge).await.status, 302);
    };
    let (good, refused) = (
        authorization_request(),
        authorization_request().with("scope", "openid unknown"),
    );
    begin("192.0.2.1", &refused).await;
    assert_eq!(counted(), (0, 0));
    for (address, so_far) in [
        ("192.0.2.1", (1, 0)),
        ("192.0.2.1", (1, 1)),
        ("192.0.2.2", (2, 1)),
        ("2001:db8::1", (3, 1)),
        ("2001:db8::2", (3, 2)),
    ] {
        begin(address, &good).await;
        assert_eq!(counted(), so_far, "{address}");
    }
    bridge.clock.advance(TimeDelta::seconds(1_200));
    begin("192.0.2.1", &good).await;
    assert_eq!(counted(), (4, 2));
}

/// A login that ends at `/callback` counts as one that didn't finish, if this browser began it.
/// Each place counts once in a period.
#[tokio::test]
async fn a_login_that_ends_on_the_way_back_did_not_finish() {
    let bridge = RunningBridge::new().await;
    let counted = || {
        bridge
            .metrics
            .text()
            .matches(r#""LoginFinished":0"#)
            .count()
    };
    let come_back = async |address: &str, error: &str, method: &str| {
        let mut browser = Browser::default();
        let asked = bridge.begin(&mut browser, &authorization_request()).await;
        let redirect = Parameters::of([("state", &asked["state"]), ("error", error)]);
        let mut call = Call::callback(&redirect).browser(&browser);
        call.event["requestContext"]["http"]["method"] = method.into();
        call.event["requestContext"]["http"]["sourceIp"] = address.into();
        assert_eq!(call.send(&bridge).await.status, 302);
    };
    // Cancelling concerns nobody, and HEAD ends no login.
    come_back("192.0.2.1", "access_denied", "GET").await;
    come_back("192.0.2.1", "server_error", "HEAD").await;
    assert_eq!(counted(), 0);
    for (address, so_far) in [
        ("192.0.2.1", 1),
        ("192.0.2.1", 1),
        ("192.0.2.2", 2),
        ("2001:db8::1", 3),
        ("2001:db8::2", 3),
    ] {
        come_back(address, "server_error", "GET").await;
        assert_eq!(counted(), so_far, "{address}");
    }
    bridge.clock.advance(TimeDelta::seconds(1_200));
    come_back("192.0.2.1", "invalid_scope", "GET").await;
    assert_eq!(counted(), 4);
}

/// Somebody who never began a login can write cookies by hand.
#[tokio::test]
async fn a_login_that_nobody_began_is_none_that_did_not_finish() {
    let bridge = RunningBridge::new().await;
    let mut browser = Browser::default();
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let redirect = Parameters::of([("state", &asked["state"]), ("error", "server_error")]);
    let mut junk = browser.clone();
    for value in junk.0.values_mut() {
        value.replace_range(10..11, "_");
    }
    let theirs = RunningBridge::with(&[(variables::SEALING_KEYS, &sealing_keys_json(&[2]))]).await;
    let mut foreign = Browser::default();
    let elsewhere = theirs.begin(&mut foreign, &authorization_request()).await;
    let brought = Parameters::of([("state", &elsewhere["state"]), ("error", "server_error")]);
    for (form, browser) in [
        (&redirect, Browser::default()),
        (&redirect, junk),
        (&brought, foreign),
        (&Parameters::of([("error", "server_error")]), browser),
    ] {
        let call = Call::callback(form).browser(&browser);
        assert_eq!(call.send(&bridge).await.status, 400);
    }
    assert!(!bridge.metrics.text().contains("LoginFinished"));
}

/// A stack waits for weeks until the Digital Agency gives a client ID, so this concerns nobody.
#[tokio::test]
async fn a_bridge_that_is_not_connected_yet_is_as_it_should_be() {
    let bridge = RunningBridge::with(&[(variables::SERVICE_CLIENT_ID, "")]).await;
    let answer = Call::authorize(&authorization_request())
        .send(&bridge)
        .await;
    answer.is_page(403, "not_connected");
    let expected = ("not_connected".to_owned(), "nobody".to_owned());
    assert_eq!(concerns(&bridge), [expected]);
}
