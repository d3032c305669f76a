//! Tests of `/userinfo`: the claims in the sealed access token, by GET and POST, without any call.
//! A value that isn't such a token, or was sealed for another purpose, is refused as RFC 6750 says.

use chrono::TimeDelta;
use federation::variables;
use kit::sealing_keys_json;
use kit::service::SUBJECT;
use serde_json::json;

use crate::bridge::{Browser, Call, RunningBridge, altered};
use crate::support::authorization_request;

async fn bridge_with_access_token() -> (RunningBridge, String) {
    let bridge = RunningBridge::new().await;
    let tokens = bridge.tokens().await;
    bridge.service.take_calls();
    (bridge, tokens["access_token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn pass_the_claims_by_get_and_post_and_any_case_of_bearer() {
    let (bridge, token) = bridge_with_access_token().await;
    let expected = json!({
        "sub": SUBJECT,
        "name": "山田　マーク太郎",
        "address": { "formatted": "東京都千代田区マーク町１丁目７番１号" },
        "formatted_address": "東京都千代田区マーク町１丁目７番１号",
        "birthdate": "1985-03-15",
        "gender": "male",
    });
    for method in ["GET", "POST"] {
        for (name, scheme) in [
            ("authorization", "Bearer "),
            ("Authorization", "bearer "),
            ("AUTHORIZATION", "BEARER  "),
        ] {
            let call = Call::new(method, "/userinfo").header(name, &format!("{scheme}{token}"));
            let answer = call.send(&bridge).await;
            assert_eq!((answer.status, answer.json()), (200, expected.clone()));
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }
    assert_eq!(bridge.service.take_calls(), [""; 0]);
}

#[tokio::test]
async fn fail_without_a_bearer_token() {
    let (bridge, token) = bridge_with_access_token().await;
    let call = || Call::new("GET", "/userinfo");
    for call in [
        call(),
        call().header("authorization", ""),
        call().header("authorization", "Bearer"),
        call().header("authorization", "Bearer "),
        call().header("authorization", "Bearer    "),
        call().header("authorization", &token),
        call().header("authorization", &format!("Basic {token}")),
        call().header("authorization", &format!("DPoP {token}")),
        call().header("authorization", &format!("Bearer:{token}")),
        call().query(&format!("access_token={token}")),
        Call::new("POST", "/userinfo").form(&format!("access_token={token}")),
    ] {
        call.send(&bridge)
            .await
            .refuses_access_token("access_token_missing");
    }
}

#[tokio::test]
async fn fail_a_token_that_is_not_ours_or_was_changed() {
    let (bridge, token) = bridge_with_access_token().await;
    let tokens = bridge.tokens().await;
    let mut browser = Browser::default();
    bridge.begin(&mut browser, &authorization_request()).await;
    let cookie = browser.0[browser.only()].clone();
    let code = bridge.code(&authorization_request()).await;
    let mut bad = vec![
        "x".to_owned(),
        "あ".to_owned(),
        format!("{token}="),
        format!("{token},Bearer {token}"),
        format!("{token} {token}"),
        token[..40].to_owned(),
        token[..token.len() - 4].to_owned(),
        tokens["id_token"].as_str().unwrap().to_owned(),
        "marked-service-access-token".to_owned(),
        // Sealed by us, for another purpose.
        cookie,
        code,
    ];
    bad.extend([0, 3, 9, 20, 32, 60, token.len() - 3].map(|at| altered(&token, at)));
    for bad in bad {
        Call::userinfo(&bad)
            .send(&bridge)
            .await
            .refuses_access_token("access_token_invalid");
    }
    assert_eq!(Call::userinfo(&token).send(&bridge).await.status, 200);
}

#[tokio::test]
async fn fail_after_five_minutes() {
    let (bridge, token) = bridge_with_access_token().await;
    bridge.clock.advance(TimeDelta::seconds(299));
    assert_eq!(Call::userinfo(&token).send(&bridge).await.status, 200);
    bridge.clock.advance(TimeDelta::seconds(1));
    Call::userinfo(&token)
        .send(&bridge)
        .await
        .refuses_access_token("access_token_expired");
}

#[tokio::test]
async fn fail_a_token_of_another_configuration() {
    for change in [
        (variables::SEALING_KEYS, sealing_keys_json(&[2]).as_str()),
        (variables::ISSUER, "https://other.example"),
        (variables::CLIENT_ID, "other"),
    ] {
        let (bridge, token) = bridge_with_access_token().await;
        let bridge = bridge.restarted_with(&[change]).await;
        Call::userinfo(&token)
            .send(&bridge)
            .await
            .refuses_access_token("access_token_invalid");
    }
    let (bridge, token) = bridge_with_access_token().await;
    let rotated = sealing_keys_json(&[2, 1]);
    let bridge = bridge
        .restarted_with(&[(variables::SEALING_KEYS, &rotated)])
        .await;
    assert_eq!(Call::userinfo(&token).send(&bridge).await.status, 200);
}

#[tokio::test]
async fn fail_another_method() {
    let (bridge, token) = bridge_with_access_token().await;
    for method in ["PATCH", "PUT", "DELETE"] {
        let mut call = Call::userinfo(&token);
        call.event["requestContext"]["http"]["method"] = method.into();
        let answer = call.send(&bridge).await;
        answer.is_error(405, "invalid_request", "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET, HEAD, POST");
    }
}
