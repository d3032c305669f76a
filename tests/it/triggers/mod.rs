//! The built triggers, with events of Amazon Cognito as files: golden events go in, and exact
//! answers must come out.
//! The tests seal the records with the functions' keys. The attributes in the events belong to
//! another person, so it shows if a trigger believes any of them.

mod hidden_attributes;
mod inbound_federation;
mod linked_users;
mod members;
mod municipalities;
mod policy;
mod pre_token_generation;

use std::time::Duration;

use ::pre_token_generation::variables;
use chrono::{DateTime, Utc};
use four_attributes::{FourAttributes, Gender};
use four_attributes::{VerifiedAt, VerifiedPerson, VerifiedRecord};
use keys::SystemRandomness;
use kit::{Reply, Server, sealing_key, sealing_keys, sealing_keys_json};
use local_lambda::{DirectFunction, FunctionFailed, FunctionOptions, Profile, Target, build_once};
use serde_json::{Value, json};

/// The subject in the golden events.
const SUBJECT: &str = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";
/// The issuer of the service.
const ISSUER: &str = "https://service.example/api/realms/main";
/// The name of the bridge's provider in the user pool.
const PROVIDER: &str = "MynaApp";
/// When the person authenticated: 2025-12-31T15:00:00Z.
const VERIFIED_AT: i64 = 1_767_193_200;

/// The golden person, as the service told about them.
fn person() -> VerifiedPerson {
    VerifiedPerson {
        issuer: ISSUER.to_owned(),
        subject: SUBJECT.to_owned(),
        attributes: FourAttributes {
            name: Some("山田　太郎".parse().unwrap()),
            address: Some("横浜市中区本町６丁目５０番地の１０".parse().unwrap()),
            birth_date: Some("1990-02-28".parse().unwrap()),
            gender: Some(Gender::Male),
        },
        verified_at: VerifiedAt::Authentication(DateTime::from_timestamp(VERIFIED_AT, 0).unwrap()),
        acr: Some("aal3".to_owned()),
    }
}

/// The record of the golden person, changed by `change`, and sealed with the key of this number.
fn record_with(key: u8, change: impl FnOnce(&mut VerifiedRecord)) -> String {
    let mut record = VerifiedRecord {
        provider_name: PROVIDER.to_owned(),
        person: person(),
    };
    change(&mut record);
    record
        .seal(&sealing_keys(&[key]), &SystemRandomness)
        .unwrap()
}

/// The record of the golden person.
fn record() -> String {
    record_with(1, |_| {})
}

/// A golden event with this record.
fn event(function: &str, name: &str, record: &str) -> Value {
    let path = kit::workspace()
        .join("tests/events")
        .join(function)
        .join(format!("{name}.json"));
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text.replace("{{record}}", record)).unwrap()
}

/// A built trigger with its usual variables and these.
fn trigger(name: &str, variables: &[(&str, &str)]) -> DirectFunction {
    let binary = build_once(&Target::function(name, Profile::Dev)).expect("the function builds");
    let mut options = FunctionOptions::new(name, binary);
    let record_keys = sealing_keys_json(&[1]);
    let usual = [
        (variables::RECORD_KEYS, record_keys.as_str()),
        (variables::SERVICE_ISSUER, ISSUER),
        (variables::PROVIDER_NAME, PROVIDER),
        (variables::LOG_LEVEL, "debug"),
    ];
    // If a variable has two values, the last one counts.
    options.environment = (usual.iter().chain(variables))
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    options.invocation_timeout = Duration::from_secs(30);
    DirectFunction::new(options)
}

/// A trigger, and the user pool that it asks: the only user has these attributes, or there is no
/// user.
fn pool(name: &str, attributes: Option<Value>) -> (DirectFunction, Server) {
    pool_with(name, attributes, &[])
}

/// As [`pool`], with these variables.
fn pool_with(
    name: &str,
    attributes: Option<Value>,
    variables: &[(&str, &str)],
) -> (DirectFunction, Server) {
    let pool = Server::start(move |request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let (status, answer) = match &attributes {
            Some(attributes) => (
                200,
                json!({"Username": body["Username"], "UserAttributes": attributes}),
            ),
            None => (
                400,
                json!({"__type": "UserNotFoundException", "message": "User does not exist."}),
            ),
        };
        Reply::Bytes(kit::json(status, &answer))
    });
    (pool_at(name, &pool, variables), pool)
}

/// A trigger that asks this user pool, with its usual variables and `more`.
fn pool_at(name: &str, pool: &Server, more: &[(&str, &str)]) -> DirectFunction {
    let address = pool.url("");
    let mut all = vec![
        (variables::MAX_VERIFICATION_AGE, "none"),
        (
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
            address.as_str(),
        ),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "for the stand-in"),
    ];
    all.extend(more);
    trigger(name, &all)
}

async fn invoke(function: &DirectFunction, event: &Value) -> Result<Value, FunctionFailed> {
    let answer = function.invoke(event.to_string()).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

/// The class of a refusal. The message must be the class and a support id, and nothing else.
fn class_of(failed: &FunctionFailed) -> String {
    let (class, support_id) = failed
        .error_message()
        .split_once(' ')
        .expect("class and support id");
    assert_eq!(class, failed.error_type());
    let is_support_id = support_id.len() == 9
        && support_id
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_uppercase() || byte.is_ascii_digit());
    assert!(is_support_id, "{support_id}");
    class.to_owned()
}

/// The events in a function's log: the name, and the class if there is one.
fn log_events(function: &DirectFunction) -> Vec<(String, Option<String>)> {
    let lines = function.logs().lines();
    let parsed = lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text = |event: &Value, name: &str| event.get(name)?.as_str().map(str::to_owned);
    parsed
        .filter_map(|event| Some((text(&event, "event")?, text(&event, "class"))))
        .collect()
}

/// The count of a metric.
fn counted(function: &DirectFunction, metric: &str) -> usize {
    let lines = function.logs().lines();
    let parsed = lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed
        .filter(|line| line.get("_aws").is_some() && line.get(metric).is_some())
        .count()
}

/// Asserts that a function's log has no attribute of a person and no record.
fn assert_nothing_personal(function: &DirectFunction, record: &str) {
    let log = function.logs().lines().join("\n");
    assert!(!log.is_empty(), "the function logs nothing at all");
    let marked = [
        "山田",
        "太郎",
        "横浜",
        "1990-02-28",
        "別人",
        "別の住所",
        "1901-01-01",
        SUBJECT,
        record,
        &sealing_key(1),
        "eyJ.id.token",
        "AQ.access",
        "eyJ.later.token",
        "AQ.later",
        "hanako",
    ];
    for secret in marked {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}
