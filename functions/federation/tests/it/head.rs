//! Tests of HEAD, which every endpoint with GET has (RFC 9110 §9.1, §9.3.2): the same answer
//! without its content. A program that only checks whether a link is alive begins no login, ends
//! none, and removes no cookie.

use serde_json::json;

use crate::bridge::{Answer, Browser, Call, RunningBridge};
use crate::support::{authorization_request, parameters, token_request};

impl Call {
    /// The same request by HEAD.
    fn head(&self) -> Self {
        let mut call = self.clone();
        call.event["requestContext"]["http"]["method"] = json!("HEAD");
        call
    }
}

/// Status and headers of an answer, without what is new in every answer.
fn head_of(answer: &Answer) -> (u64, Vec<(&str, String)>) {
    let known = |name: &str, value: &str| match name {
        "location" => {
            let names: Vec<_> = parameters(value).into_keys().collect();
            let place = value.split('?').next().unwrap();
            format!("{place} {}", names.join(" "))
        }
        _ => value.to_owned(),
    };
    let headers = (answer.headers.iter()).map(|(name, value)| (name.as_str(), known(name, value)));
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    (answer.status, headers)
}

#[tokio::test]
async fn pass_head_has_the_answer_of_get_without_its_content() {
    let bridge = RunningBridge::new().await;
    let mut browser = Browser::default();
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let answered = bridge.service.answer(&asked);
    let cancelled = answered
        .clone()
        .without("code")
        .and("error", "access_denied");
    let access_token = bridge.tokens().await["access_token"].clone();
    for call in [
        Call::authorize(&authorization_request()),
        Call::authorize(&authorization_request().without("state")),
        Call::authorize(&authorization_request().with("client_id", "x")),
        Call::new("GET", "/authorize").query(&"x".repeat(9_000)),
        Call::callback(&answered),
        Call::callback(&answered).browser(&browser),
        Call::callback(&cancelled).browser(&browser),
        Call::new("GET", "/callback"),
        Call::userinfo(access_token.as_str().unwrap()),
        Call::userinfo("junk"),
        Call::new("GET", "/userinfo"),
        Call::new("GET", "/jwks.json"),
        Call::new("GET", "/client-jwks.json"),
        Call::new("GET", "/.well-known/openid-configuration"),
        Call::new("GET", "/elsewhere"),
        Call::new("GET", "/"),
        // What has no GET has no HEAD.
        Call::new("GET", "/token"),
    ] {
        let head = call.head().send(&bridge).await;
        assert_eq!((head.body.as_str(), head.cookies.len()), ("", 0));
        let get = call.send(&bridge).await;
        assert_eq!(head_of(&head), head_of(&get), "{}", call.event);
    }
}

#[tokio::test]
async fn pass_head_begins_and_ends_no_login() {
    let bridge = RunningBridge::new().await;
    let begin = Call::authorize(&authorization_request());
    let known = |bridge: &RunningBridge, name| {
        let counted = format!(r#""{name}":1"#);
        bridge.metrics.text().matches(&counted).count()
    };
    assert_eq!(begin.head().send(&bridge).await.status, 302);
    assert_eq!(known(&bridge, "LoginStarted"), 0);

    let mut browser = Browser::default();
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let answered = bridge.service.answer(&asked);
    let cancelled = answered
        .clone()
        .without("code")
        .and("error", "access_denied");
    for form in [&answered, &cancelled, &answered] {
        let call = Call::callback(form).browser(&browser).head();
        assert_eq!(call.send(&bridge).await.status, 302);
    }
    assert_eq!(known(&bridge, "LoginCancelled"), 0);
    // The service wasn't called.
    assert_eq!(bridge.service.take_calls(), [""; 0]);
    // The person comes with the same browser, and is logged in.
    let back = Call::callback(&answered)
        .browser(&browser)
        .send(&bridge)
        .await;
    let code = &parameters(back.location())["code"];
    Call::token(&token_request(code))
        .send(&bridge)
        .await
        .tokens();
    assert_eq!(known(&bridge, "LoginFinished"), 1);
}
