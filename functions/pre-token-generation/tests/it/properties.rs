//! Property tests: every event is answered or fails with a class, and an answer has no claim that
//! isn't in the record of one of the event's own identities.

use std::iter;
use std::sync::OnceLock;

use kit::{Reply, Server, TestClock, start};
use lambda_runtime::Diagnostic;
use pre_token_generation::generation::Generation;
use proptest::prelude::*;
use record_trigger::trigger;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use user_pool::attribute;
use user_pool::scope::{AGES, RESOURCE_SERVER, Scope};

use crate::{call, event, generation, record};

/// JSON of a few levels. Some of its strings have a meaning for the trigger.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("MynaApp".to_owned()),
        Just("1b9d6bcd".to_owned()),
        Just(r#"[{"userId":"1b9d6bcd","providerName":"MynaApp"}]"#.to_owned()),
        Just(r#"[{"userId":"another","providerName":"MynaApp"}]"#.to_owned()),
        Just("[]".to_owned()),
        Just("digital-auth/name".to_owned()),
        Just("digital-auth/verified".to_owned()),
        Just("TokenGeneration_HostedAuth".to_owned()),
        Just("2".to_owned()),
        ".{0,12}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,8}", inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

/// The places at which a test changes an event, as JSON pointers.
const PLACES: [&str; 14] = [
    "",
    "/version",
    "/triggerSource",
    "/userPoolId",
    "/userName",
    "/request",
    "/request/userAttributes",
    "/request/userAttributes/identities",
    "/request/userAttributes/custom:verified_record",
    "/request/userAttributes/name",
    "/request/scopes",
    "/request/groupConfiguration",
    "/response",
    "/response/claimsAndScopeOverrideDetails",
];

/// Sets the value at a place, if its parent is an object.
fn set(event: &mut Value, place: &str, value: Value) {
    let Some((parent, name)) = place.rsplit_once('/') else {
        *event = value;
        return;
    };
    if let Some(Value::Object(parent)) = event.pointer_mut(parent) {
        parent.insert(name.to_owned(), value);
    }
}

fn whole_event(record: &str) -> Value {
    let ours = Scope::all(&AGES).map(|scope| scope.of_server(RESOURCE_SERVER));
    let scopes: Vec<_> = iter::once("openid".to_owned()).chain(ours).collect();
    let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
    let mut event = event(&scopes, Some(record));
    for name in ["name", "address", "birthdate", "gender"] {
        event["request"]["userAttributes"][name] = json!("of the user's own making");
    }
    event
}

/// The answer of the trigger, which is made once, with a user pool that has no users.
fn answer(event: Value) -> Result<Value, Diagnostic> {
    static TRIGGER: OnceLock<(Runtime, Generation, Server)> = OnceLock::new();
    let (runtime, generation, _) = TRIGGER.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let nobody = json!({ "__type": "UserNotFoundException" });
        let pool = Server::start(move |_| Reply::Bytes(kit::json(400, &nobody)));
        let generation = runtime.block_on(generation(&TestClock::new(), &pool.url(""), "none"));
        (runtime, generation, pool)
    });
    runtime.block_on(trigger::answer(generation, Some(event), &call()))
}

/// Every claim that the record of the test gives.
fn provable() -> Value {
    json!({
        "birthdate": "1990-02-28", "age_over_18": true, "age_over_20": true,
        "identity_verified": true, "verified_at": start().timestamp(),
    })
}

fn assert_provable(claims: &Value) -> Result<(), TestCaseError> {
    let provable = provable();
    for (name, value) in claims.as_object().into_iter().flatten() {
        prop_assert_eq!(provable.get(name), Some(value), "{} is not proved", name);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_event_panics_and_no_answer_says_what_no_record_proves(
        changes in prop::collection::vec((prop::sample::select(&PLACES[..]), any_json()), 1..5),
    ) {
        let record = record("1990-02-28", start());
        let mut event = whole_event(&record);
        for (place, value) in changes {
            set(&mut event, place, value);
        }
        match answer(event.clone()) {
            Err(failed) => prop_assert_ne!(failed.error_type, "internal"),
            Ok(answer) if answer == event => {
                // The event was left alone: no scope of the resource server was asked for, and the
                // user has no identity at the bridge.
                let identities = event.pointer("/request/userAttributes/identities");
                prop_assert!(!identities.is_some_and(|all| all.to_string().contains("MynaApp")));
                let scopes = event.pointer("/request/scopes").map(Value::to_string);
                prop_assert!(!scopes.is_some_and(|scopes| scopes.contains("\"digital-auth/")));
            }
            Ok(answer) => {
                let details = &answer["response"]["claimsAndScopeOverrideDetails"];
                let id_token = &details["idTokenGeneration"]["claimsToAddOrOverride"];
                let suppressed = &details["idTokenGeneration"]["claimsToSuppress"];
                assert_provable(id_token)?;
                assert_provable(&details["accessTokenGeneration"]["claimsToAddOrOverride"])?;
                for name in [
                    "name",
                    "address",
                    "birthdate",
                    "gender",
                    attribute::RECORD,
                    attribute::VERIFIED_AT,
                ] {
                    let is_suppressed = suppressed.as_array().unwrap().contains(&json!(name));
                    prop_assert_ne!(is_suppressed, id_token.get(name).is_some(), "{}", name);
                }
            }
        }
    }
}
