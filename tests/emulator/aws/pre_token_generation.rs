//! The triggers, with the keys of records in AWS Secrets Manager; and a record that the event lacks
//! and that is read from the user pool.

use aws_sdk_kms::types::KeySpec;
use login_kit::{Laptop, Outcome, SignedIn, browser};
use serde_json::{Value, json};

use crate::{InAws, in_aws};

/// The name of the attribute with the record, without `custom:`.
const ATTRIBUTE: &str = "verified_record";
const SCOPES: &str = "openid digital-auth/age_over_20";
const GET_SECRET: &str = "secretsmanager.GetSecretValue";
const GET_USER: &str = "AWSCognitoIdentityProviderService.AdminGetUser";

async fn sign_in(laptop: &Laptop) -> SignedIn {
    let outcome = laptop.login_asking(&browser(), "adult", None, SCOPES).await;
    match outcome.unwrap() {
        Outcome::SignedIn(signed_in) => *signed_in,
        Outcome::Failed(failed) => panic!("not signed in: {failed:?}"),
    }
}

/// The only user: the username, and the record.
fn only_user(laptop: &Laptop) -> (String, String) {
    let (username, attributes) = laptop.cognito.users().pop_first().unwrap();
    let record = attributes[&format!("custom:{ATTRIBUTE}")].clone();
    (username, record)
}

/// The beginning of a record, which tells which key sealed it: the version, and the key's id
/// without its last four bits (base64url).
fn key_of(record: &str) -> Option<&str> {
    record.get(..6)
}

#[tokio::test]
async fn a_record_of_a_new_key_opens_without_a_restart_and_one_of_the_old_key_still_does() {
    let InAws {
        laptop,
        aws,
        triggers: counted,
        record_keys,
        ..
    } = in_aws(KeySpec::EccNistP256).await;
    let over_20 = Some(&json!(true));
    let before = sign_in(&laptop).await;
    assert_eq!(before.id_token.get("age_over_20"), over_20);
    let (_, old_record) = only_user(&laptop);
    assert_eq!(counted.of(GET_SECRET), 2, "each trigger, at its start");

    record_keys.rotate(&aws).await;
    // The triggers only know the old key, which opens the record.
    let refreshed = laptop.refresh(&before).await.unwrap();
    assert_eq!(refreshed.id_token.get("age_over_20"), over_20);
    assert_eq!(counted.of(GET_SECRET), 2, "an old record needs no fetch");

    // A new process of the bridge seals with the new key, which the triggers then fetch.
    laptop.bridge.scale_to_zero().await;
    let after = sign_in(&laptop).await;
    assert_eq!(after.id_token.get("age_over_20"), over_20);
    let (_, new_record) = only_user(&laptop);
    assert_ne!(key_of(&old_record), key_of(&new_record));
    assert_eq!(counted.of(GET_SECRET), 4, "each trigger, once");
    for trigger in laptop.triggers.each() {
        assert_eq!(trigger.processes_started(), 1);
    }
    assert_eq!(counted.all(), 4, "the event had the record each time");
    laptop.stop().await;
}

#[tokio::test]
async fn a_record_that_the_event_lacks_is_read_from_the_user_pool() {
    let InAws {
        laptop,
        aws,
        triggers: counted,
        ..
    } = in_aws(KeySpec::EccNistP256).await;
    sign_in(&laptop).await;
    let (username, record) = only_user(&laptop);
    let (provider_name, subject) = username.split_once('_').unwrap();
    let pool = aws.user_pool(&username, ATTRIBUTE, &record).await;
    let event = event(&pool, &username, provider_name, subject);

    let calls = counted.all();
    let function = &laptop.triggers.pre_token_generation;
    let answer = function.invoke(event.to_string()).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let details = &answer["response"]["claimsAndScopeOverrideDetails"];
    let claims = &details["idTokenGeneration"]["claimsToAddOrOverride"];
    assert_eq!(claims["age_over_20"], true);
    assert_eq!((counted.of(GET_USER), counted.all() - calls), (1, 1));

    // A user that the user pool doesn't have gets no tokens.
    let unknown = self::event(&pool, "nobody", provider_name, subject);
    let failed = function.invoke(unknown.to_string()).await.unwrap_err();
    assert_eq!(failed.error_type(), "user_unavailable");
    laptop.stop().await;
}

/// The golden event without a record, changed to this user.
fn event(pool: &str, username: &str, provider_name: &str, subject: &str) -> Value {
    let path = kit::workspace().join("tests/events/pre-token-generation/record-not-in-event.json");
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let identities = json!([{ "userId": subject, "providerName": provider_name }]);
    event["userPoolId"] = json!(pool);
    event["userName"] = json!(username);
    event["request"]["userAttributes"]["identities"] = json!(identities.to_string());
    event
}
