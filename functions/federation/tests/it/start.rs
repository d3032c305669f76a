//! Tests of the start: a setting that can't work is refused by the name of its variable, and never
//! with its value.
//! And tests of unusual events: fields that are missing, null or unknown get a proper answer.

use std::sync::Arc;

use federation::startup::{StartError, start};
use federation::variables;
use function_kit::secrets::{InvalidSecret, SecretError};
use keys::{Algorithm, InvalidKey, LocalKey, NoRandomness, Randomness, SystemRandomness};
use kit::{Exhausted, TestClock, sealing_keys_json};
use relying_party::http_api::{Event, Request};
use relying_party::startup::KeyError;
use sealing::InvalidSealingKeys;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::bridge::{Browser, Call, RunningBridge};
use crate::secrets::Secret;
use crate::support::{
    ASSERTION_KEY, ID_TOKEN_KEY, authorization_request, parameters, read, settings, token_request,
};

/// A ring of one key, as `GenerateSecretString` makes it.
fn generated_key(byte: u8) -> String {
    json!({ "key": format!("{byte:02x}").repeat(32) }).to_string()
}

fn generated_jwk(algorithm: Algorithm) -> String {
    let key = LocalKey::generate(algorithm).unwrap();
    key.private_jwk().expose_secret().to_owned()
}

async fn started(changes: &[(&'static str, &str)]) -> Result<(), StartError> {
    let mut settings = settings("http://127.0.0.1:9");
    settings.extend(
        changes
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    let config = read(&settings).unwrap();
    start(config, TestClock::new(), Arc::new(SystemRandomness))
        .await
        .map(|_| ())
}

#[tokio::test]
async fn pass_the_configuration_that_every_fault_is_made_of() {
    started(&[]).await.unwrap();
}

/// The secrets as CloudFormation lets AWS Secrets Manager generate them, so that nobody ever has to
/// see one.
#[tokio::test]
async fn pass_secrets_as_aws_secrets_manager_generates_them() {
    let client_secret = json!({ "current": "a1B2".repeat(16) }).to_string();
    started(&[
        (variables::SEALING_KEYS, &generated_key(0xab)),
        (variables::RECORD_KEYS, &generated_key(0xcd)),
        (variables::CLIENT_SECRETS, &client_secret),
        (variables::FRONT_DOOR_SECRETS, &client_secret),
    ])
    .await
    .unwrap();
}

#[tokio::test]
async fn fail_a_secret_by_its_variable_and_without_its_value() {
    const MISSING: &str = "file:/nowhere/marked";
    let (unavailable, malformed) = (SecretError::Unavailable, SecretError::Malformed);
    let no_key = SecretError::Ring(InvalidSealingKeys::Missing);
    let no_such_key = SecretError::Ring(InvalidSealingKeys::Malformed);
    let repeated = SecretError::Ring(InvalidSealingKeys::Repeated);
    let shared = SecretError::SharedKey(variables::SEALING_KEYS);
    for (variable, value, reason) in [
        (variables::SEALING_KEYS, MISSING, unavailable),
        (variables::SEALING_KEYS, r#"{"keys":[]}"#, no_key),
        (
            variables::SEALING_KEYS,
            r#"{"keys":["marked"]}"#,
            no_such_key,
        ),
        (variables::SEALING_KEYS, r#"{"key":"marked"}"#, no_such_key),
        (variables::SEALING_KEYS, r#"{"keys":"marked"}"#, malformed),
        (
            variables::SEALING_KEYS,
            &sealing_keys_json(&[1, 2, 1]),
            repeated,
        ),
        (
            variables::SEALING_KEYS,
            r#"{"marked":1}"#,
            SecretError::KeysOrKey,
        ),
        (
            variables::SEALING_KEYS,
            r#"{"key":"marked","keys":["marked"]}"#,
            SecretError::KeysOrKey,
        ),
        (variables::SEALING_KEYS, r#"{marked"#, malformed),
        (variables::RECORD_KEYS, MISSING, unavailable),
        (variables::RECORD_KEYS, r#"{"keys":[]}"#, no_key),
        (
            variables::RECORD_KEYS,
            r#"{"keys":["marked"]}"#,
            no_such_key,
        ),
        (
            variables::RECORD_KEYS,
            &sealing_keys_json(&[102, 1]),
            shared,
        ),
        (variables::RECORD_KEYS, &generated_key(1), shared),
        (variables::CLIENT_SECRETS, MISSING, unavailable),
        (
            variables::CLIENT_SECRETS,
            r#"{"previous":"marked-marked-marked"}"#,
            malformed,
        ),
        (
            variables::CLIENT_SECRETS,
            r#"{"current":"marked"}"#,
            malformed,
        ),
        (
            variables::CLIENT_SECRETS,
            r#"{"current":"marked-marked-1","previous":""}"#,
            malformed,
        ),
        (variables::CLIENT_SECRETS, r#"{"current":7}"#, malformed),
        (variables::FRONT_DOOR_SECRETS, MISSING, unavailable),
        (
            variables::FRONT_DOOR_SECRETS,
            r#"{"current":"marked"}"#,
            malformed,
        ),
    ] {
        let error = started(&[(variable, value)]).await.unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("marked"),
            "{error:?}"
        );
        let StartError::Secret(error) = error else {
            panic!("{error:?}")
        };
        assert_eq!(error, InvalidSecret { variable, reason }, "{value}");
    }
}

#[tokio::test]
async fn fail_a_key_by_its_variable_and_without_its_value() {
    let changed = |key: &str, change: fn(&mut Value)| {
        let mut key: Value = serde_json::from_str(key).unwrap();
        change(&mut key);
        key.to_string()
    };
    for (variable, key) in [
        (variables::ID_TOKEN_KEYS, &*ID_TOKEN_KEY),
        (variables::ASSERTION_KEYS, &*ASSERTION_KEY),
    ] {
        for (value, reason) in [
            ("{}".to_owned(), InvalidKey::NotAJwk),
            ("{marked".to_owned(), InvalidKey::NotAJwk),
            (
                r#"{"kty":"oct","k":"marked"}"#.to_owned(),
                InvalidKey::UnsupportedKeyType,
            ),
            (
                changed(key, |key| key["d"] = Value::Null),
                InvalidKey::NotPrivate,
            ),
            (
                changed(key, |key| key["d"] = "marked!".into()),
                InvalidKey::MalformedMember("d"),
            ),
            (
                changed(key, |key| key["kid"] = "marked".into()),
                InvalidKey::WrongKeyId,
            ),
            (
                changed(key, |key| key["use"] = "enc".into()),
                InvalidKey::NotForSigning,
            ),
            (
                changed(key, |key| key["alg"] = "PS256".into()),
                InvalidKey::WrongAlgorithm,
            ),
            (format!("{key} {key}"), InvalidKey::DuplicateKey),
        ] {
            let error = started(&[(variable, &value)]).await.unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains("marked"),
                "{error:?}"
            );
            let StartError::Key(KeyError::Key {
                variable: named,
                source,
            }) = error
            else {
                panic!("{error:?}")
            };
            assert_eq!((named, source), (variable, reason));
        }
        let error = started(&[(variable, "file:/nowhere/marked")])
            .await
            .unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("marked"),
            "{error:?}"
        );
        let StartError::Key(KeyError::Text {
            variable: named,
            source,
        }) = error
        else {
            panic!("{error:?}")
        };
        assert_eq!((named, source), (variable, SecretError::Unavailable));
    }
}

/// ID tokens are signed with RS256. Client assertions may be signed with RS256 or ES256.
#[tokio::test]
async fn fail_an_elliptic_curve_key_for_id_tokens() {
    let elliptic_curve = generated_jwk(Algorithm::Es256);
    for keys in [
        elliptic_curve.clone(),
        format!("{} {elliptic_curve}", *ID_TOKEN_KEY),
    ] {
        let error = started(&[(variables::ID_TOKEN_KEYS, &keys)])
            .await
            .unwrap_err();
        assert!(
            matches!(error, StartError::IdTokenKeyAlgorithm),
            "{error:?}"
        );
    }
    let rsa = generated_jwk(Algorithm::Rs256);
    for keys in [rsa, format!("{} {elliptic_curve}", *ASSERTION_KEY)] {
        started(&[(variables::ASSERTION_KEYS, &keys)])
            .await
            .unwrap();
    }
}

/// Two references can lead to the same key. A key that is only published so far will sign later.
#[tokio::test]
async fn fail_a_key_in_two_roles_whatever_its_references() {
    let file = Secret::new(&ID_TOKEN_KEY);
    let reference = file.reference();
    let second = format!("{} {reference}", *ASSERTION_KEY);
    let id_token_keys = format!("{} {}", generated_jwk(Algorithm::Rs256), *ID_TOKEN_KEY);
    for changes in [
        &[(variables::ASSERTION_KEYS, reference.as_str())][..],
        &[(variables::ASSERTION_KEYS, &second)],
        &[
            (variables::ASSERTION_KEYS, &second),
            (variables::ID_TOKEN_KEYS, &id_token_keys),
        ],
    ] {
        let error = started(changes).await.unwrap_err();
        assert!(matches!(error, StartError::SharedKey), "{error:?}");
        assert_eq!(
            error.to_string(),
            "ASSERTION_KEYS has a key that ID_TOKEN_KEYS has, too: each needs its own keys"
        );
    }
}

#[tokio::test]
async fn pass_an_event_with_null_or_nothing_where_nothing_is_needed() {
    let bridge = RunningBridge::new().await;
    let whole = Call::authorize(&authorization_request());
    let changes: [fn(&mut Value); 10] = [
        |_| {},
        |event| event["headers"] = Value::Null,
        |event| event["cookies"] = Value::Null,
        |event| event["body"] = Value::Null,
        |event| event["isBase64Encoded"] = Value::Null,
        |event| event["headers"] = json!({ "host": null, "x": "y" }),
        |event| event["stageVariables"] = json!({ "unknown": [1, 2, { "x": null }] }),
        |event| event["requestContext"]["authentication"] = Value::Null,
        |event| event["version"] = "9.9".into(),
        |event| {
            let event = event.as_object_mut().unwrap();
            let needed = ["rawPath", "rawQueryString", "requestContext"];
            event.retain(|name, _| needed.contains(&name.as_str()));
        },
    ];
    for change in changes {
        let mut call = whole.clone();
        change(&mut call.event);
        assert_eq!(call.send(&bridge).await.status, 302, "{}", call.event);
    }
}

#[tokio::test]
async fn fail_an_event_without_what_is_needed_with_a_proper_answer() {
    let bridge = RunningBridge::new().await;
    for (change, status, class) in [
        (json!({ "rawPath": null }), 404, "not_found"),
        (json!({ "requestContext": null }), 405, "method_not_allowed"),
        (json!({ "requestContext": {} }), 405, "method_not_allowed"),
        (
            json!({ "requestContext": { "http": null } }),
            405,
            "method_not_allowed",
        ),
        (
            json!({ "requestContext": { "http": { "method": null } } }),
            405,
            "method_not_allowed",
        ),
        (json!({ "rawQueryString": null }), 400, "unknown_client"),
    ] {
        let mut call = Call::authorize(&authorization_request());
        let event = call.event.as_object_mut().unwrap();
        event.extend(change.as_object().unwrap().clone());
        call.send(&bridge).await.is_page(status, class);
    }
    // An empty event, payload format 1.0, and the warm-up of a Function URL.
    for event in [
        json!({}),
        json!({
            "version": "1.0",
            "httpMethod": "GET",
            "path": "/authorize",
            "queryStringParameters": null,
            "headers": null,
        }),
        json!({ "warm": true }),
    ] {
        Call { event }.send(&bridge).await.is_page(404, "not_found");
    }
}

#[test]
fn fail_what_is_no_event_without_a_panic() {
    for event in [
        json!(null),
        json!("x"),
        json!(7),
        json!({ "rawPath": 7 }),
        json!({ "cookies": "x" }),
    ] {
        assert!(serde_json::from_value::<Event>(event).is_err());
    }
}

#[tokio::test]
async fn fail_without_randomness_and_begin_no_login() {
    let bridge = RunningBridge::with_randomness(&[], Arc::new(Exhausted)).await;
    let answer = Call::authorize(&authorization_request())
        .send(&bridge)
        .await;
    answer.is_redirect("server_error", "internal", Some("marked-client-state"));
    assert!(answer.cookies.is_empty());
}

/// Randomness that panics, as a defect of the bridge would.
#[derive(Debug)]
struct Defect;

impl Randomness for Defect {
    fn fill(&self, _: &mut [u8]) -> Result<(), NoRandomness> {
        panic!("marked-message")
    }
}

#[tokio::test]
async fn fail_after_a_panic_with_the_answer_that_the_endpoint_has_for_failures() {
    let bridge = RunningBridge::new().await;
    let code = bridge.code(&authorization_request()).await;
    let mut browser = Browser::default();
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let form = bridge.service.answer(&asked).without("iss");

    let broken = RunningBridge::with_randomness(&[], Arc::new(Defect)).await;
    Call::authorize(&authorization_request())
        .send(&broken)
        .await
        .is_page(500, "internal");
    Call::callback(&form)
        .browser(&browser)
        .send(&broken)
        .await
        .is_page(500, "internal");
    let answer = Call::token(&token_request(&code)).send(&broken).await;
    answer.is_error(500, "server_error", "internal");
    // The next request is answered.
    assert_eq!(
        Call::new("GET", "/jwks.json").send(&broken).await.status,
        200
    );
    let answer = Call::callback(&form).browser(&browser).send(&bridge).await;
    assert!(parameters(answer.location()).contains_key("code"));
}

#[test]
fn a_request_is_made_of_any_event() {
    let event: Event = serde_json::from_value(json!({ "rawPath": "/x" })).unwrap();
    let request = Request::from(event);
    assert_eq!(
        (request.path.as_str(), request.method.is_none()),
        ("/x", true)
    );
}
