//! If triggers don't see the attributes that the app client can't read, the built function asks the
//! user pool through the AWS SDK. The tokens are the same in both cases.

use cognito_simulator::{RepeatedTriggers, TriggerAttributes};
use demo::laptop::Outcome;
use login_kit::{Laptop, browser, laptop_with};
use loopback::journal::{Party, Step};
use serde_json::{Value, json};
use user_pool::attribute;

use super::pre_token_generation::{NAME, all, answered, derived};
use super::{assert_nothing_personal, class_of, event, invoke, pool, record};

#[tokio::test]
async fn what_the_event_lacks_is_asked_for_once_and_the_answer_is_as_if_it_were_there() {
    let record = record();
    let without_record = event(NAME, "record-not-in-event", "");
    let mut without_both = without_record.clone();
    let attributes = without_both["request"]["userAttributes"].as_object_mut();
    let identities = attributes.unwrap().remove("identities").unwrap();
    for event in [without_record, without_both] {
        let (function, pool) = pool(
            NAME,
            Some(json!([
                {"Name": "identities", "Value": identities},
                {"Name": "name", "Value": "別人"},
                {"Name": attribute::RECORD, "Value": record},
            ])),
        );
        let expected = answered(&event, &all(), &derived());
        assert_eq!(invoke(&function, &event).await.unwrap(), expected);
        let [asked] = &pool.requests()[..] else {
            panic!("asked {} times", pool.requests().len());
        };
        assert_eq!(
            asked.header("x-amz-target"),
            Some("AWSCognitoIdentityProviderService.AdminGetUser")
        );
        assert_eq!(
            serde_json::from_str::<Value>(&asked.body).unwrap(),
            json!({"UserPoolId": event["userPoolId"], "Username": event["userName"]})
        );
        assert_nothing_personal(&function, &record);
    }
}

#[tokio::test]
async fn without_an_answer_of_the_pool_there_are_no_tokens() {
    let (function, _) = pool(NAME, None);
    let event = event(NAME, "record-not-in-event", "");
    let failed = invoke(&function, &event).await.unwrap_err();
    assert_eq!(class_of(&failed), "user_unavailable");
    assert_nothing_personal(&function, &record());
}

/// Signs in a person who is over 20, and gives the calls of the user pool's API.
async fn sign_in(seen: TriggerAttributes) -> Vec<Step> {
    let laptop: Laptop = laptop_with(|options| {
        options.variation.trigger_attributes = seen;
        options.variation.repeated_triggers = RepeatedTriggers::Never;
    })
    .await;
    let scopes = "openid digital-auth/age_over_20";
    let outcome = laptop.login_asking(&browser(), "adult", None, scopes).await;
    let Outcome::SignedIn(signed_in) = outcome.unwrap() else {
        panic!("not signed in")
    };
    assert_eq!(signed_in.id_token["age_over_20"], true);
    let steps = laptop.journal.steps().into_iter();
    let calls = steps.filter(|step| step.from == Party::Triggers).collect();
    laptop.stop().await;
    calls
}

#[tokio::test]
async fn the_record_is_read_from_the_user_pool_only_where_the_event_lacks_it() {
    assert_eq!(sign_in(TriggerAttributes::All).await, []);
    let calls = sign_in(TriggerAttributes::Readable).await;
    let [call] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!(
        (call.request.as_str(), call.status),
        ("AdminGetUser", Some(200))
    );
    assert!(call.checks.iter().all(|check| check.passed), "{call:?}");
}
