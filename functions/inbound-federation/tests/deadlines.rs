//! Tests of the trigger's deadline, with keys that can't be read a second time. The answer is there
//! four seconds after Amazon Cognito began to wait, which is in time for Cognito, and its class
//! names what took most of the time. The tests run with tokio's paused time, which passes only
//! while everything waits.
#![expect(clippy::unwrap_used, reason = "a test that can't go on stops")]

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use four_attributes::{FourAttributes, VerifiedAt, VerifiedPerson, VerifiedRecord};
use function_kit::invocation::ANSWER;
use function_kit::metrics::Metrics;
use function_kit::runtime::Call;
use function_kit::secrets::SecretReader;
use http_client::Clock;
use inbound_federation::admission::Admission;
use inbound_federation::config::Config;
use inbound_federation::variables;
use kit::{SecretsManager, TestClock, sealing_keys, sealing_keys_json, start};
use record_trigger::records::Records;
use record_trigger::trigger;
use sealing::SystemRandomness;
use serde_json::{Value, json};
use tokio::time::Instant;

const ISSUER: &str = "https://service.example/api/realms/main";
const PROVIDER: &str = "MynaApp";
const KEYS: &str = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:records";
const SUBJECT: &str = "1b9d6bcd";
/// Longer than any caller waits.
const FOR_EVER: Duration = Duration::from_secs(3_600);

/// The event of a sign-in with a record that was sealed with this key.
fn sign_in(sealed_with: u8) -> Value {
    let record = VerifiedRecord {
        provider_name: PROVIDER.to_owned(),
        person: VerifiedPerson {
            issuer: ISSUER.to_owned(),
            subject: SUBJECT.to_owned(),
            attributes: FourAttributes::default(),
            verified_at: VerifiedAt::Authentication(start()),
            acr: None,
        },
    };
    let record = record.seal(&sealing_keys(&[sealed_with]), &SystemRandomness);
    let id_token = json!({ "sub": SUBJECT, "verified_record": record.unwrap() });
    json!({
        "triggerSource": "InboundFederation_ExternalProvider",
        "request": { "providerName": PROVIDER, "attributes": { "idToken": id_token } },
    })
}

/// The same event under another provider's name.
fn sign_in_elsewhere(sealed_with: u8) -> Value {
    let mut event = sign_in(sealed_with);
    let name = event.pointer_mut("/request/providerName").unwrap();
    *name = "Company".into();
    event
}

/// The trigger, started this many hours ago. AWS Secrets Manager doesn't answer any more.
async fn after(hours: i64) -> Admission {
    let config = Config::read(&|name| {
        let value = match name {
            variables::RECORD_KEYS => KEYS,
            variables::SERVICE_ISSUER => ISSUER,
            variables::PROVIDER_NAME => PROVIDER,
            _ => return None,
        };
        Some(value.to_owned())
    });
    let (config, clock) = (config.unwrap(), TestClock::new());
    let aws = SecretsManager::with(KEYS, &sealing_keys_json(&[1]));
    let reader = SecretReader::new(Some(aws.client()));
    let records = Records::load(reader, &config.records, clock.now());
    let admission = Admission {
        records: records.await.unwrap(),
        metrics: Metrics::to("test".to_owned(), Box::new(std::io::sink())),
        clock: Arc::<TestClock>::clone(&clock),
        config,
    };
    clock.advance(TimeDelta::hours(hours));
    aws.answers_after(FOR_EVER);
    admission
}

/// The answer to a sign-in for which Cognito has already waited `waited` seconds, and how long
/// Cognito waited in all.
async fn answers(hours: i64, event: Value, waited: u64) -> (Result<Value, String>, Duration) {
    let admission = after(hours).await;
    let begun = Instant::now() - Duration::from_secs(waited);
    let call = Call {
        request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        begun,
    };
    let answer = trigger::answer(&admission, Some(event), &call).await;
    (answer.map_err(|error| error.error_type), begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn pass_with_keys_of_an_hour_ago_that_do_not_come() {
    let (answer, took) = answers(1, sign_in(1), 0).await;
    assert!(answer.is_ok(), "{answer:?}");
    assert!(took <= Duration::from_millis(1_002), "{took:?}");
}

/// A record from another provider may be sealed by the bridge, with a key that isn't known yet. As
/// long as newer keys can't be read, that sign-in fails.
#[tokio::test(start_paused = true)]
async fn fail_in_time_with_a_record_of_another_provider_by_a_key_that_may_be_newer() {
    let (answer, took) = answers(0, sign_in_elsewhere(1), 0).await;
    assert_eq!(answer, Err("provider_mismatch".to_owned()));
    assert!(took <= Duration::from_millis(2), "{took:?}");
    let (answer, took) = answers(0, sign_in_elsewhere(2), 0).await;
    assert_eq!(answer, Err("secrets_unavailable".to_owned()));
    assert!(took >= ANSWER && took <= ANSWER + Duration::from_millis(2));
}

#[tokio::test(start_paused = true)]
async fn fail_in_time_as_that_which_took_the_time() {
    for (hours, sealed_with, waited, class) in [
        // Keys that were read a day ago may not be used any more.
        (24, 1, 0, "secrets_unavailable"),
        (24, 1, 1, "secrets_unavailable"),
        // The start of the process took most of the time.
        (24, 1, 3, "too_slow"),
        // The record's key may be newer than the known keys.
        (0, 2, 0, "secrets_unavailable"),
        (1, 2, 0, "secrets_unavailable"),
        (0, 2, 3, "too_slow"),
    ] {
        let (answer, took) = answers(hours, sign_in(sealed_with), waited).await;
        assert_eq!(answer, Err(class.to_owned()), "{hours} {sealed_with}");
        let late = took.checked_sub(ANSWER);
        assert!(
            late.is_some_and(|late| late <= Duration::from_millis(2)),
            "{took:?}"
        );
    }
}
