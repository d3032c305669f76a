//! Integration tests of the trigger, in one process and with a clock that the test moves: ages, and
//! how old a verification may be.
//! A stand-in for the user pool answers when the trigger asks for a record that the event lacks.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on stops"
)]

mod deadlines;
mod properties;
mod time;
mod users;

use std::sync::Arc;

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::config::{
    BehaviorVersion, Config as ClientConfig, Credentials, Region,
};
use chrono::{DateTime, Utc};
use four_attributes::FourAttributes;
use four_attributes::{VerifiedAt, VerifiedPerson, VerifiedRecord};
use function_kit::aws::Connections;
use function_kit::metrics::Metrics;
use function_kit::once::OncePerPeriod;
use function_kit::runtime::Call;
use function_kit::secrets::SecretReader;
use http_client::{Clock, HttpClient};
use kit::{TestClock, sealing_keys, sealing_keys_json};
use pre_token_generation::config::Config;
use pre_token_generation::generation::Generation;
use pre_token_generation::users::Users;
use pre_token_generation::variables;
use record_trigger::records::Records;
use record_trigger::trigger;
use sealing::SystemRandomness;
use serde_json::{Value, json};
use user_pool::attribute;

const ISSUER: &str = "https://service.example/api/realms/main";
const SUBJECT: &str = "1b9d6bcd";

/// The sealed record of a person who was born on that day and verified at that time.
fn record(born: &str, verified_at: DateTime<Utc>) -> String {
    let record = VerifiedRecord {
        provider_name: "MynaApp".to_owned(),
        person: VerifiedPerson {
            issuer: ISSUER.to_owned(),
            subject: SUBJECT.to_owned(),
            attributes: FourAttributes {
                birth_date: Some(born.parse().unwrap()),
                ..FourAttributes::default()
            },
            verified_at: VerifiedAt::Authentication(verified_at),
            acr: None,
        },
    };
    record.seal(&sealing_keys(&[1]), &SystemRandomness).unwrap()
}

/// The trigger, with its user pool at this address.
async fn generation(clock: &Arc<TestClock>, pool: &str, max_age: &str) -> Generation {
    let keys = (sealing_keys_json(&[1]), SecretReader::new(None));
    generation_with(clock, pool, max_age, keys).await
}

/// The trigger, with its user pool at this address, and with the keys of its records at this
/// reference.
async fn generation_with(
    clock: &Arc<TestClock>,
    pool: &str,
    max_age: &str,
    (keys, reader): (String, SecretReader),
) -> Generation {
    let config = Config::read(&|name| {
        let value = match name {
            variables::RECORD_KEYS => &keys,
            variables::SERVICE_ISSUER => ISSUER,
            variables::PROVIDER_NAME => "MynaApp",
            variables::MAX_VERIFICATION_AGE => max_age,
            _ => return None,
        };
        Some(value.to_owned())
    });
    let config = config.unwrap();
    let clock: Arc<dyn Clock> = Arc::<TestClock>::clone(clock);
    let http = Arc::new(HttpClient::new(Arc::clone(&clock)).unwrap());
    let client = ClientConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("ap-northeast-1"))
        .credentials_provider(Credentials::for_tests())
        .endpoint_url(pool)
        .http_client(Connections::new(http))
        .build();
    let records = Records::load(reader, &config.records, clock.now());
    Generation {
        records: records.await.unwrap(),
        users: Users::new(Client::from_conf(client)),
        counted: OncePerPeriod::default(),
        metrics: Metrics::to("test".to_owned(), Box::new(std::io::sink())),
        config,
        clock,
    }
}

/// The event of a refresh with these scopes, and with this record if there is one.
fn event(scopes: &[&str], record: Option<&str>) -> Value {
    let identities = json!([{ "userId": SUBJECT, "providerName": "MynaApp" }]).to_string();
    let mut event = json!({
        "version": "2",
        "triggerSource": "TokenGeneration_RefreshTokens",
        "userPoolId": "ap-northeast-1_EXAMPLE",
        "userName": "MynaApp_1b9d6bcd",
        "request": { "userAttributes": { "identities": identities }, "scopes": scopes },
        "response": {},
    });
    if let Some(record) = record {
        event["request"]["userAttributes"][attribute::RECORD] = json!(record);
    }
    event
}

/// A call that begins now.
fn call() -> Call<'static> {
    Call {
        request_id: "a-request",
        begun: tokio::time::Instant::now(),
    }
}

/// The claims that both tokens get.
async fn claims(generation: &Generation, event: Value) -> Value {
    let answer = trigger::answer(generation, Some(event), &call())
        .await
        .unwrap();
    let details = &answer["response"]["claimsAndScopeOverrideDetails"];
    let id_token = &details["idTokenGeneration"]["claimsToAddOrOverride"];
    assert_eq!(
        id_token,
        &details["accessTokenGeneration"]["claimsToAddOrOverride"]
    );
    id_token.clone()
}
