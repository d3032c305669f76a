//! Tests of a record that the event lacks: the trigger reads it from the user pool, and doesn't ask
//! the pool otherwise.

use kit::{Reply, Server, TestClock, Written, start};
use serde_json::json;
use user_pool::attribute;

use crate::{call, claims, event, generation, record};
use function_kit::metrics::Metrics;
use record_trigger::trigger;

const SCOPES: [&str; 2] = ["openid", "digital-auth/age_over_20"];

fn pool(answer: serde_json::Value, status: u16) -> Server {
    Server::start(move |_| Reply::Bytes(kit::json(status, &answer)))
}

#[tokio::test]
async fn pass_a_record_that_the_event_lacks_comes_from_the_pool_in_one_call() {
    let record = record("1990-02-28", start());
    let server = pool(
        json!({
            "Username": "MynaApp_1b9d6bcd",
            "UserAttributes": [
                { "Name": "custom:other", "Value": "x" },
                { "Name": attribute::RECORD, "Value": record },
            ],
        }),
        200,
    );
    let clock = TestClock::new();
    let generation = generation(&clock, &server.url(""), "none").await;
    assert_eq!(
        claims(&generation, event(&SCOPES, None)).await,
        json!({ "age_over_20": true })
    );
    let asked = server.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].header("x-amz-target"),
        Some("AWSCognitoIdentityProviderService.AdminGetUser")
    );
    let body: serde_json::Value = serde_json::from_str(&asked[0].body).unwrap();
    assert_eq!(
        body,
        json!({ "UserPoolId": "ap-northeast-1_EXAMPLE", "Username": "MynaApp_1b9d6bcd" })
    );
}

/// The durations and the class in the metrics of one event.
async fn measured(pool: &Server, record: Option<&str>) -> (Vec<String>, Option<String>) {
    let mut generation = generation(&TestClock::new(), &pool.url(""), "none").await;
    let written = Written::default();
    generation.metrics = Metrics::to("test".to_owned(), Box::new(written.clone()));
    let _ = trigger::answer(&generation, Some(event(&SCOPES, record)), &call()).await;
    let lines = written.lines();
    assert_eq!(lines.len(), 1);
    let members = lines[0].as_object().unwrap();
    let durations = members.iter().filter(|(_, value)| value.is_f64());
    let class = lines[0]["Class"].as_str().map(str::to_owned);
    (durations.map(|(name, _)| name.clone()).collect(), class)
}

#[tokio::test]
async fn pass_it_is_measured_how_long_the_pool_is_asked_if_it_is() {
    let both = ["GetUserDuration", "PreTokenGenerationDuration"].map(str::to_owned);
    let whole = vec![both[1].clone()];
    let record = record("1990-02-28", start());
    let nobody = pool(json!({}), 500);
    assert_eq!(measured(&nobody, Some(&record)).await, (whole, None));
    let failed = measured(&nobody, None).await;
    assert_eq!(failed, (both.to_vec(), Some("user_unavailable".to_owned())));
}

#[tokio::test]
async fn pass_a_user_without_a_record_gets_no_claim() {
    for attributes in [
        json!([]),
        json!([{ "Name": attribute::RECORD, "Value": "" }]),
    ] {
        let server = pool(
            json!({ "Username": "MynaApp_1b9d6bcd", "UserAttributes": attributes }),
            200,
        );
        let generation = generation(&TestClock::new(), &server.url(""), "none").await;
        assert_eq!(claims(&generation, event(&SCOPES, None)).await, json!({}));
    }
}

#[tokio::test]
async fn pass_nobody_is_asked_without_need() {
    let server = pool(json!({}), 500);
    let generation = generation(&TestClock::new(), &server.url(""), "none").await;
    let record = record("1990-02-28", start());
    claims(&generation, event(&SCOPES, Some(&record))).await;
    claims(&generation, event(&["openid"], None)).await;
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn fail_when_the_pool_does_not_say() {
    for (answer, status) in [
        (json!({ "__type": "UserNotFoundException" }), 400),
        (json!({ "__type": "NotAuthorizedException" }), 400),
        (json!({}), 500),
    ] {
        let server = pool(answer, status);
        let generation = generation(&TestClock::new(), &server.url(""), "none").await;
        let failed = trigger::answer(&generation, Some(event(&SCOPES, None)), &call())
            .await
            .unwrap_err();
        assert_eq!(failed.error_type, "user_unavailable");
    }
}
