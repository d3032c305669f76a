//! Property tests: every request gets an answer. There is no panic. The answer is a success or a
//! class of the closed list, and a `Location` leads only to a configured redirect URI or to the
//! service.
//! The requests are random, but close to valid ones, so that they get past the first checks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use relying_party::Class;
use relying_party::http_api::Event;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::bridge::{Answer, Browser, Call, RunningBridge};
use crate::support::{REDIRECT_URI, authorization_request, token_request};

/// A login at each of its stages. The tests make their requests of it.
struct Known {
    runtime: Runtime,
    bridge: RunningBridge,
    cookie: (String, String),
    callback: String,
    code: String,
    access_token: String,
}

impl Known {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (bridge, cookie, callback, code, access_token) = runtime.block_on(async {
            let bridge = RunningBridge::new().await;
            let mut browser = Browser::default();
            let asked = bridge.begin(&mut browser, &authorization_request()).await;
            let callback = bridge.service.answer(&asked).encode();
            let tokens = bridge.tokens().await;
            let code = bridge.code(&authorization_request()).await;
            let access_token = tokens["access_token"].as_str().unwrap().to_owned();
            (
                bridge,
                browser.0.pop_first().unwrap(),
                callback,
                code,
                access_token,
            )
        });
        Self {
            runtime,
            bridge,
            cookie,
            callback,
            code,
            access_token,
        }
    }

    /// Sends the event, and checks what must be true of every answer. `None` if it isn't an event.
    fn send(&self, event: Value) -> Option<Answer> {
        serde_json::from_value::<Event>(event.clone()).ok()?;
        let answer = self.runtime.block_on(Call { event }.send(&self.bridge));
        let location = answer.header("location");
        let service = format!("{}/auth?", self.bridge.service.address());
        assert!(
            location.is_empty()
                || location.starts_with(&format!("{REDIRECT_URI}?"))
                || location.starts_with(&service),
            "{location}"
        );
        assert_eq!(answer.status == 302, !location.is_empty());
        if answer.status != 200 && !location.starts_with(&service) && !location.contains("?code=") {
            let class = class(&answer);
            let known = Class::ALL.iter().any(|known| known.name() == class);
            // A panic would have become an internal failure.
            assert!(known && class != "internal", "{class}");
        }
        Some(answer)
    }
}

fn class(answer: &Answer) -> String {
    let description = match answer.header("content-type") {
        "application/json" => answer.json()["error_description"]
            .as_str()
            .unwrap()
            .to_owned(),
        "" => crate::support::parameters(answer.header("location"))["error_description"].clone(),
        _ => {
            let (_, rest) = answer.body.split_once("<small>").unwrap();
            rest.split('<').next().unwrap().to_owned()
        }
    };
    description.split(' ').next().unwrap().to_owned()
}

fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(cases)
    };
    TestRunner::new(config)
        .run(strategy, |value| {
            test(value);
            Ok(())
        })
        .unwrap();
}

const PATHS: [&str; 8] = [
    "/authorize",
    "/callback",
    "/token",
    "/userinfo",
    "/jwks.json",
    "/client-jwks.json",
    "/.well-known/openid-configuration",
    "/x",
];

/// Any text, or a text that is nearly a query.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,80}",
        "([a-z_]{1,8}=[%0-9a-fA-F&+=.]{0,12}&){0,6}"
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-zA-Z]{0,8}", inner, 0..4)
                .prop_map(|map| json!(map)),
        ]
    })
}

#[test]
fn any_event_gets_an_answer() {
    let known = Known::new();
    let field = select(vec![
        "rawPath",
        "rawQueryString",
        "cookies",
        "headers",
        "requestContext",
        "body",
        "isBase64Encoded",
        "x",
    ]);
    let strategy = (
        select(PATHS.to_vec()),
        vec((field, json_value()), 0..4),
        any::<bool>(),
    );
    check(400, &strategy, |(path, changes, post)| {
        let mut event = Call::new(if post { "POST" } else { "GET" }, path).event;
        for (name, value) in changes {
            event[name] = value;
        }
        known.send(event);
    });
    check(200, &json_value(), |event| {
        known.send(event);
    });
}

#[test]
fn any_query_any_body_any_cookie_and_any_header_get_an_answer() {
    let known = Known::new();
    let strategy = (
        select(PATHS.to_vec()),
        select(vec!["GET", "POST"]),
        text(),
        vec(text(), 0..3),
        option::of(text()),
        any::<bool>(),
        (text(), text()),
    );
    check(
        600,
        &strategy,
        |(path, method, query, cookies, body, is_base64, (language, bearer))| {
            let mut call = Call::new(method, path)
                .query(&query)
                .header("accept-language", &language)
                .header("authorization", &format!("Bearer {bearer}"))
                .header("content-type", "application/x-www-form-urlencoded");
            call.event["cookies"] = cookies.into();
            if let Some(body) = body {
                call = call.body(&body, is_base64);
            }
            known.send(call.event).unwrap();
        },
    );
}

/// One character of a valid request is replaced. The request succeeds as before or fails with a
/// class, and with a changed code, token or cookie it never succeeds.
#[test]
fn any_change_of_a_good_request_gets_an_answer() {
    let known = Known::new();
    let strategy = (0..5_u8, any::<prop::sample::Index>(), any::<char>());
    check(800, &strategy, |(which, at, other)| {
        let change = |text: &str| {
            let mut characters: Vec<_> = text.chars().collect();
            let at = at.index(characters.len());
            let changed = characters[at] != other;
            characters[at] = other;
            (characters.into_iter().collect::<String>(), changed)
        };
        let (name, value) = &known.cookie;
        match which {
            0 => {
                let (query, _) = change(&authorization_request().encode());
                known.send(Call::new("GET", "/authorize").query(&query).event);
            }
            1 => {
                let (query, _) = change(&known.callback);
                let mut call = Call::new("GET", "/callback").query(&query);
                call.event["cookies"] = json!([format!("{name}={value}")]);
                known.send(call.event);
            }
            2 => {
                let (value, changed) = change(value);
                let mut call = Call::new("GET", "/callback").query(&known.callback);
                call.event["cookies"] = json!([format!("{name}={value}")]);
                let answer = known.send(call.event).unwrap();
                // A character that a cookie's value can't contain ends the value, or is trimmed.
                assert!(!changed || !answer.header("location").contains("code="));
            }
            3 => {
                let (code, changed) = change(&known.code);
                if changed {
                    let answer = known
                        .send(Call::token(&token_request(&code)).event)
                        .unwrap();
                    assert_eq!(answer.json()["error"], "invalid_grant");
                }
            }
            _ => {
                let (token, changed) = change(&known.access_token);
                let answer = known.send(Call::userinfo(&token).event).unwrap();
                assert_eq!(answer.status, if changed { 401 } else { 200 });
            }
        }
    });
    // The unchanged code still works: none of its changed forms has used it.
    let answer = known
        .send(Call::token(&token_request(&known.code)).event)
        .unwrap();
    assert_eq!(answer.status, 200);
}

/// A token request whose body is random bytes, encoded in Base64.
#[test]
fn any_bytes_as_a_body_get_an_answer() {
    let known = Known::new();
    check(300, &vec(any::<u8>(), 0..200), |bytes| {
        let call = Call::new("POST", "/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(&STANDARD.encode(&bytes), true);
        let status = known.send(call.event).unwrap().status;
        assert!([400, 401].contains(&status), "{status}");
    });
}
