//! Tests that nothing secret or personal is where it doesn't belong: not in the log, not in a
//! metric, not in an answer to somebody else, not in `Debug`.
//! All such values carry a mark in these tests, and the tests look for the marks.

use chrono::TimeDelta;
use digital_auth::CodeExchange;
use digital_auth::authorization::{OneTimeValues, Secret256};
use digital_auth::id_token::Subject;
use federation::code::Code;
use federation::front_door::HEADER;
use federation::issued_token::IssuedTokens;
use federation::pending_login::{ClientRequest, ClientState, PendingLogin};
use federation::variables;
use federation::{authorize, callback};
use four_attributes::FourAttributes;
use function_kit::invocation::Invocation;
use function_kit::metrics::Measurements;
use function_kit::reference::Reference;
use keys::SystemRandomness;
use kit::service::{self, SUBJECT};
use kit::{Parameters, log};
use relying_party::http_api::{Event, Request};
use serde_json::{Value, json};

use crate::bridge::{
    Answer, Browser, Call, REQUEST_ID, RunningBridge, altered, support_id, verified_claims,
};
use crate::service::{Fault, SERVICE_CODE};
use crate::support::{
    ASSERTION_KEY, CLIENT_SECRET, ID_TOKEN_KEY, authorization_request, call, parameters,
    token_request,
};

/// The secret of the front door.
const FRONT_DOOR: &str = "marked-front-door-1";

/// Texts that only the client, the service or the person may see.
const MARKS: [&str; 10] = [
    "marked",
    "マーク",
    "山田",
    "永田町",
    "1985-03-15",
    "19850315",
    SERVICE_CODE,
    service::ACCESS_TOKEN,
    SUBJECT,
    CLIENT_SECRET,
];

/// The parts of a key that aren't public.
fn private_members() -> Vec<String> {
    let mut members = Vec::new();
    for key in [&*ID_TOKEN_KEY, &*ASSERTION_KEY] {
        let key: Value = serde_json::from_str(key).unwrap();
        let found = ["d", "p", "q", "dp", "dq", "qi"].map(|name| key[name].as_str());
        members.extend(found.into_iter().flatten().map(str::to_owned));
    }
    members
}

fn shows_nothing(text: &str, secrets: &[String], place: &str) {
    for mark in MARKS {
        assert!(!text.contains(mark), "{mark} in {place}: {text}");
    }
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        assert!(!text.contains(secret.as_str()), "a secret in {place}");
    }
}

/// The function's own events in the log. Without them, a test that something is not in the log
/// would prove nothing.
fn events(log: &str) -> Vec<String> {
    log.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|line| line["event"].as_str().map(str::to_owned))
        .collect()
}

/// A bridge to which every request comes with the secret of its front door.
async fn behind_a_front_door() -> RunningBridge {
    let secrets = json!({ "current": FRONT_DOOR }).to_string();
    let bridge = RunningBridge::with(&[(variables::FRONT_DOOR_SECRETS, &secrets)]).await;
    bridge.behind(FRONT_DOOR)
}

/// A request shows a wrong secret at the front door. Neither that secret nor the right one appears
/// anywhere.
#[tokio::test]
async fn what_was_shown_at_the_front_door_is_told_to_nobody() {
    let (log, _guard) = log();
    let bridge = behind_a_front_door().await.behind("marked-front-door-2");
    for path in ["/authorize", "/token"] {
        let answer = Call::new("GET", path).send(&bridge).await;
        assert_eq!(answer.status, 403);
        shows_nothing(&without_state(&answer, false), &[], "an answer");
    }
    assert_eq!(events(&log.text()), ["failure", "failure"]);
    shows_nothing(&log.text(), &[], "the log");
    shows_nothing(&bridge.metrics.text(), &[], "the metrics");
}

#[tokio::test]
async fn a_login_leaves_no_secret_and_nothing_personal_in_log_and_metrics() {
    let (log, _guard) = log();
    let bridge = behind_a_front_door().await;
    let mut secrets = private_members();
    let mut browser = Browser::default();
    let form = authorization_request().and("nonce", "marked-client-nonce");
    let asked = bridge.begin(&mut browser, &form).await;
    secrets.extend(["state", "nonce", "code_challenge"].map(|name| asked[name].clone()));
    secrets.push(browser.0[browser.only()].clone());
    let answer = bridge.service.answer(&asked);
    let back = Call::callback(&answer)
        .browser(&browser)
        .send(&bridge)
        .await;
    let code = parameters(back.location())["code"].clone();
    let tokens = Call::token(&token_request(&code))
        .send(&bridge)
        .await
        .tokens();
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(Call::userinfo(access_token).send(&bridge).await.status, 200);
    let id_token = tokens["id_token"].as_str().unwrap();
    let claims = verified_claims(&bridge, id_token).await;
    secrets.extend([
        code,
        access_token.to_owned(),
        id_token.to_owned(),
        claims["verified_record"].as_str().unwrap().to_owned(),
    ]);

    let text = log.text();
    let events = events(&text);
    for event in ["login_started", "check", "login_finished"] {
        assert!(
            events.iter().any(|logged| logged == event),
            "{event}: {text}"
        );
    }
    shows_nothing(&text, &secrets, "the log");
    shows_nothing(&bridge.metrics.text(), &secrets, "the metrics");
    // One line for each request; the last are for userinfo and for the bridge's keys.
    assert_eq!(bridge.metrics.text().lines().count(), 5);
}

#[tokio::test]
async fn no_failure_shows_a_secret_or_something_personal_in_log_metrics_or_answer() {
    let (log, _guard) = log();
    let bridge = behind_a_front_door().await;
    let mut secrets = private_members();
    let mut browser = Browser::default();
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let good = bridge.service.answer(&asked);
    secrets.extend(["nonce", "code_challenge"].map(|name| asked[name].clone()));
    let name = browser.only().to_owned();
    let cookie = browser.0[&name].clone();
    let code = bridge.code(&authorization_request()).await;
    let hostile = "marked-description";
    let mut broken = Browser::default();
    broken.0.insert(name, altered(&cookie, 40));

    let mut answers: Vec<(Call, bool)> = vec![
        (
            Call::authorize(&authorization_request().with("client_id", "marked-client")),
            false,
        ),
        (
            Call::authorize(
                &authorization_request().with("redirect_uri", "https://marked.example"),
            ),
            false,
        ),
        (
            Call::authorize(
                &authorization_request()
                    .and("x", "marked")
                    .and("x", "marked"),
            ),
            false,
        ),
        (Call::callback(&good), false),
        (Call::callback(&good).browser(&broken), false),
        (Call::callback(&good.clone().with("state", "marked")), false),
        (Call::token(&token_request("marked-code")), false),
        (Call::token(&token_request(&altered(&code, 50))), false),
        (
            Call::token(&token_request(&code).with("client_secret", "marked-wrong-secret")),
            false,
        ),
        (
            Call::token(&token_request(&code).with("redirect_uri", "https://marked.example")),
            false,
        ),
        (
            Call::token(&token_request(&code).and("code_verifier", "marked-verifier")),
            false,
        ),
        (
            Call::token(&token_request(&code).with("grant_type", "marked-grant")),
            false,
        ),
        (Call::userinfo("marked-access-token"), false),
        (Call::new("GET", "/marked").query("marked=marked"), false),
        (
            Call::new("GET", "/authorize").query(&"marked".repeat(2_000)),
            false,
        ),
        // The client gets its own state back, and nothing else.
        (
            Call::authorize(&authorization_request().with("scope", "marked-scope")),
            true,
        ),
        (
            Call::authorize(&authorization_request().and("max_age", "marked")),
            true,
        ),
        (
            Call::callback(&good.clone().with("iss", "https://marked.example")).browser(&browser),
            true,
        ),
    ];
    let refusal = good.clone().without("code").and("error", "marked-error");
    let refusal = refusal.and("error_description", hostile);
    answers.push((Call::callback(&refusal).browser(&browser), true));
    for (call, tells_state) in &answers {
        let answer = call.send(&bridge).await;
        assert_ne!(answer.status, 200);
        shows_nothing(&without_state(&answer, *tells_state), &secrets, "an answer");
    }
    // The texts of the service's answers must not appear either.
    let page = r#"{"error":"marked-error","error_description":"marked 山田"}"#;
    for path in ["/token", "/userinfo", "/certs"] {
        for status in [200, 400, 401, 500] {
            bridge.clock.advance(TimeDelta::seconds(3_601));
            bridge.service.fault(path, Fault::new(status, page));
            let code = bridge.code(&authorization_request()).await;
            let answer = Call::token(&token_request(&code)).send(&bridge).await;
            assert_ne!(answer.status, 200);
            shows_nothing(&answer.body, &secrets, "a token answer");
            bridge.service.behave();
        }
    }
    for (claim, value) in [
        ("birthdate", json!("marked")),
        ("name", json!(["marked"])),
        ("sub", json!("marked-other")),
    ] {
        bridge.service.person(claim, value);
        let code = bridge.code(&authorization_request()).await;
        let answer = Call::token(&token_request(&code)).send(&bridge).await;
        assert_ne!(answer.status, 200);
        shows_nothing(&answer.body, &secrets, "a token answer");
        bridge.service.behave();
    }

    let text = log.text();
    secrets.extend([cookie, code, asked["state"].clone()]);
    let failures = events(&text)
        .iter()
        .filter(|event| *event == "failure")
        .count();
    assert_eq!(failures, answers.len() + 12 + 3);
    shows_nothing(&text, &secrets, "the log");
    shows_nothing(&bridge.metrics.text(), &secrets, "the metrics");
}

/// The whole answer as text, without the state that the client gets back.
fn without_state(answer: &Answer, tells_state: bool) -> String {
    let mut text = format!(
        "{:?} {} {}",
        answer.headers,
        answer.cookies.join(" "),
        answer.body
    );
    if tells_state {
        let state = "state=marked-client-state";
        assert!(answer.location().contains(state));
        text = text.replace(state, "");
    }
    text
}

/// A failure has one log event: it holds what an operator can look for, and nothing of the request.
#[tokio::test]
async fn a_failure_is_logged_once_with_class_support_id_and_request_id() {
    let (log, _guard) = log();
    let bridge = RunningBridge::new().await;
    for (call, class, level) in [
        (Call::new("GET", "/marked"), "not_found", "WARN"),
        (
            Call::callback(&Parameters::of([("state", &"A".repeat(43))])),
            "no_pending_login",
            "INFO",
        ),
    ] {
        call.send(&bridge).await;
        let text = log.text();
        let mut ours = text
            .lines()
            .filter(|line| line.contains("\"event\":\"failure\""));
        let mut last: Value = serde_json::from_str(ours.next_back().unwrap()).unwrap();
        last.as_object_mut().unwrap().remove("timestamp");
        let expected = json!({
            "level": level, "event": "failure", "class": class, "support_id": support_id(),
            "request_id": REQUEST_ID, "target": "function_kit::failure",
        });
        assert_eq!(last, expected);
    }
}

/// The types that hold one-time values and the client's values have no `Serialize`. They can't get
/// into JSON, into a log or into a store: only the definition of a sealed form can serialize them.
/// This test doesn't compile if one of them has `Serialize`.
#[test]
fn what_a_seal_holds_serializes_nowhere_else() {
    trait Serializes<Whether> {
        const NOT: bool = true;
    }
    struct It;
    impl<T: ?Sized> Serializes<()> for T {}
    impl<T: ?Sized + serde::Serialize> Serializes<It> for T {}
    let not = [
        <Secret256 as Serializes<_>>::NOT,
        <OneTimeValues as Serializes<_>>::NOT,
        <CodeExchange as Serializes<_>>::NOT,
        <ClientState as Serializes<_>>::NOT,
        <ClientRequest as Serializes<_>>::NOT,
        <PendingLogin as Serializes<_>>::NOT,
        <Code as Serializes<_>>::NOT,
    ];
    assert_eq!(not, [true; 7]);
}

#[tokio::test]
async fn debug_shows_no_secret_and_nothing_personal() {
    let bridge = behind_a_front_door().await;
    let mut secrets = private_members();
    let event: Event = serde_json::from_value(
        Call::token(&token_request("marked-code"))
            .header("x", "marked")
            .event,
    )
    .unwrap();
    let request = Request::from(event);
    let one_time_values = OneTimeValues::new(&SystemRandomness).unwrap();
    secrets.extend(
        [
            &one_time_values.state,
            &one_time_values.nonce,
            &one_time_values.code_verifier,
        ]
        .map(|secret| secret.expose_base64url()),
    );
    let client_request = ClientRequest {
        nonce: Some("marked-nonce".to_owned()),
        code_challenge: Some([7; 32]),
        authenticated_after: None,
    };
    let exchange = CodeExchange::new("marked-code".into(), one_time_values.clone());
    let code = Code {
        exchange: exchange.clone(),
        redirect_uri: "https://marked.example".to_owned(),
        client_request: client_request.clone(),
    };
    let tokens = IssuedTokens {
        id_token: "marked-id-token".into(),
        access_token: "marked-access-token".into(),
    };
    let person = service::userinfo();
    let attributes = FourAttributes::from_userinfo(
        person.as_object().unwrap(),
        "name address birthdate gender".parse().unwrap(),
    );
    let to_authorize: Event =
        serde_json::from_value(Call::authorize(&authorization_request().with("scope", "x")).event)
            .unwrap();
    let measurements = Measurements::default();
    let clock = bridge.itself.clock();
    let begun = call(REQUEST_ID).begun;
    let invocation = Invocation::new(REQUEST_ID, begun, clock, &measurements);
    let now = invocation.now;
    let logins = bridge.itself.logins().unwrap();
    let both = (&bridge.itself, logins);
    let begin = authorize::authorize(both, &Request::from(to_authorize), now).unwrap_err();
    assert!(begin.is_told_to_client());
    let mut browser = Browser::default();
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let cancelled = bridge.service.answer(&asked).without("code");
    let to_callback: Event =
        serde_json::from_value(Call::callback(&cancelled).browser(&browser).event).unwrap();
    let back = callback::callback(&bridge.itself, &Request::from(to_callback), &invocation)
        .await
        .unwrap_err();
    assert!(back.is_told_to_client());
    let good = Call::authorize(&authorization_request()).header(HEADER, FRONT_DOOR);
    let good: Event = serde_json::from_value(good.event).unwrap();
    let answer = bridge
        .itself
        .respond(Request::from(good), &call(REQUEST_ID))
        .await;
    secrets.push(answer.header("location").unwrap().to_owned());
    let values = logins.usable_secrets(now).unwrap();
    let inline = Reference::parse(r#"{"current":"marked-secret-0001"}"#);
    let parsed =
        relying_party::parameters::Parameters::parse(b"code=marked&client_secret=marked").unwrap();
    let pending = PendingLogin {
        one_time: one_time_values.clone(),
        redirect_uri: "https://marked.example".to_owned(),
        client_state: ClientState::new("marked-state"),
        client_request: client_request.clone(),
    };
    for (shown, of) in [
        (format!("{:?}", bridge.itself), "Bridge"),
        (format!("{:?}", bridge.itself.config()), "Config"),
        (format!("{logins:?}"), "Logins"),
        (format!("{:?}", logins.secrets), "Secrets"),
        (format!("{values:?}"), "SecretValues"),
        (format!("{:?}", values.client), "SecretPair"),
        (format!("{:?}", bridge.itself.front_door()), "FrontDoor"),
        (format!("{:?}", values.sealing), "SealingKeys"),
        (format!("{:?}", values.records), "SealingKeys"),
        (format!("{:?}", bridge.itself.service()), "Client"),
        (format!("{:?}", logins.id_token_keys), "KeyRing"),
        (format!("{:?}", logins.metadata()), "Metadata"),
        (format!("{request:?}"), "Request"),
        (format!("{answer:?}"), "Response"),
        (format!("{parsed:?}"), "Parameters"),
        (format!("{inline:?}"), "Reference"),
        (format!("{one_time_values:?}"), "OneTimeValues"),
        (format!("{client_request:?}"), "ClientRequest"),
        (format!("{pending:?}"), "PendingLogin"),
        (format!("{code:?}"), "Code"),
        (format!("{exchange:?}"), "CodeExchange"),
        (format!("{tokens:?}"), "IssuedTokens"),
        (format!("{:?}", Subject::new(SUBJECT.to_owned())), "Subject"),
        (format!("{:?}", attributes.unwrap()), "FourAttributes"),
        (format!("{begin:?}"), "Refusal of /authorize"),
        (format!("{back:?}"), "Refusal of /callback"),
    ] {
        assert!(!shown.is_empty());
        shows_nothing(&shown, &secrets, of);
    }
}
