//! Tests of the trigger InboundFederation: what a sign-in writes comes from the record. Without a
//! valid record the sign-in fails.

use four_attributes::VerifiedAt;
use inbound_federation::variables;
use local_lambda::DirectFunction;
use serde_json::{Value, json};

use super::{
    SUBJECT, VERIFIED_AT, assert_nothing_personal, at, class_of, counted, event, invoke,
    log_events, record, record_with, trigger,
};

const NAME: &str = "inbound-federation";

fn function() -> DirectFunction {
    trigger(NAME, &[])
}

/// What the golden sign-in writes.
fn written(record: &str) -> Value {
    json!({
        "sub": SUBJECT,
        "name": "山田　太郎",
        "address": "横浜市中区本町６丁目５０番地の１０",
        "formatted_address": "横浜市中区本町６丁目５０番地の１０",
        "birthdate": "1990-02-28",
        "gender": "male",
        "verified_at": VERIFIED_AT.to_string(),
        "verified_record": record,
    })
}

#[tokio::test]
async fn a_sign_in_writes_what_the_record_says_and_nothing_of_the_rest() {
    let (function, record) = (function(), record());
    for name in ["sign-in", "without-userinfo", "unknown-fields"] {
        let event = event(NAME, name, &record);
        let mut expected = event.clone();
        if !expected["response"].is_object() {
            expected["response"] = json!({});
        }
        expected["response"]["userAttributesToMap"] = written(&record);
        assert_eq!(invoke(&function, &event).await.unwrap(), expected, "{name}");
        // Amazon Cognito may invoke a trigger again with the same event.
        assert_eq!(invoke(&function, &event).await.unwrap(), expected, "{name}");
    }
    assert_nothing_personal(&function, &record);
}

#[tokio::test]
async fn a_later_sign_in_writes_what_its_own_record_says_over_what_the_first_one_wrote() {
    let (function, first) = (function(), record());
    let later = record_with(1, |record| {
        record.person.attributes.address =
            Some("東京都千代田区永田町１丁目７番１号".parse().unwrap());
        record.person.attributes.gender = None;
        record.person.verified_at = VerifiedAt::Authentication(at(VERIFIED_AT + 3_600));
    });
    let mut written_later = written(&later);
    for name in ["address", "formatted_address"] {
        written_later[name] = json!("東京都千代田区永田町１丁目７番１号");
    }
    // If these were left out, the user pool would keep the old values.
    written_later["gender"] = json!("");
    written_later["verified_at"] = json!((VERIFIED_AT + 3_600).to_string());
    for (name, record, expected) in [
        ("sign-in", &first, &written(&first)),
        ("later-sign-in", &later, &written_later),
    ] {
        let event = event(NAME, name, record);
        let mut whole = event.clone();
        whole["response"]["userAttributesToMap"] = expected.clone();
        assert_eq!(invoke(&function, &event).await.unwrap(), whole, "{name}");
    }
    for record in [&first, &later] {
        assert_nothing_personal(&function, record);
    }
}

#[tokio::test]
async fn the_sign_ins_of_other_providers_pass_as_they_came() {
    let function = function();
    for name in ["another-oidc-provider", "saml-provider", "google"] {
        let event = event(NAME, name, "");
        assert_eq!(invoke(&function, &event).await.unwrap(), event, "{name}");
    }
}

/// Another provider may have a claim with the name of our record. Whatever its users put there, it
/// can neither make that provider's sign-ins fail nor raise an alarm.
#[tokio::test]
async fn what_another_provider_calls_a_record_is_its_own() {
    let function = function();
    let other_ring = record_with(2, |_| {});
    for record in [
        json!(""),
        json!("a record of its own"),
        json!("A".repeat(4_000)),
        json!(other_ring),
        json!(null),
        json!({ "kid": 7 }),
    ] {
        let mut event = event(NAME, "another-oidc-provider", "");
        event["request"]["attributes"]["idToken"]["verified_record"] = record;
        assert_eq!(invoke(&function, &event).await.unwrap(), event);
    }
    assert_eq!(counted(&function, "Failure"), 0);
    assert_eq!(counted(&function, "Tampering"), 0);
}

/// If one of our records comes through a provider with another name, then the configuration has the
/// wrong name for our provider. Its sign-ins would pass unchanged, so they are refused.
#[tokio::test]
async fn one_of_our_records_under_another_name_is_our_provider_and_refused() {
    let function = function();
    let (ours, of_another_issuer) = (
        record(),
        record_with(1, |record| {
            record.person.issuer = "https://service.example/api/realms/sandbox".to_owned();
        }),
    );
    for record in [ours, of_another_issuer] {
        let mut event = event(NAME, "another-oidc-provider", "");
        event["request"]["attributes"]["idToken"]["verified_record"] = json!(record);
        let failed = invoke(&function, &event).await.unwrap_err();
        assert_eq!(class_of(&failed), "provider_mismatch");
    }
    for name in ["mynaapp", "MYNAAPP"] {
        let mut event = event(NAME, "sign-in", &record());
        event["request"]["providerName"] = json!(name);
        let failed = invoke(&function, &event).await.unwrap_err();
        assert_eq!(class_of(&failed), "provider_mismatch", "{name}");
    }
}

#[tokio::test]
async fn an_attribute_that_is_gone_is_cleared_and_a_birth_date_only_where_that_is_asked_for() {
    let record = record_with(1, |record| {
        record.person.attributes.address = None;
        record.person.attributes.gender = None;
        record.person.attributes.birth_date = Some("1990-00-00".parse().unwrap());
    });
    let event = event(NAME, "sign-in", &record);
    let mut expected = written(&record);
    for gone in ["address", "formatted_address", "gender"] {
        expected[gone] = json!("");
    }
    expected.as_object_mut().unwrap().remove("birthdate");
    let left = invoke(&function(), &event).await.unwrap();
    assert_eq!(left["response"]["userAttributesToMap"], expected);

    expected["birthdate"] = json!("");
    let function = trigger(NAME, &[(variables::BIRTHDATE_GONE, "clear")]);
    let cleared = invoke(&function, &event).await.unwrap();
    assert_eq!(cleared["response"]["userAttributesToMap"], expected);
}

/// The record has the time of the token's issue, marked as such. An earlier `verified_at` in the
/// user pool is cleared, since it isn't the time of this record.
#[tokio::test]
async fn without_a_time_of_authentication_the_pool_gets_none() {
    let record = record_with(1, |record| {
        record.person.verified_at = VerifiedAt::IssuedAt(at(VERIFIED_AT));
    });
    let event = event(NAME, "sign-in", &record);
    let mut expected = written(&record);
    expected["verified_at"] = json!("");
    let answer = invoke(&function(), &event).await.unwrap();
    assert_eq!(answer["response"]["userAttributesToMap"], expected);
}

#[tokio::test]
async fn every_doubt_is_an_error_with_its_class_and_only_a_forged_record_is_tampering() {
    let function = function();
    let good = record();
    let with = |change: fn(&mut Value)| {
        let mut event = event(NAME, "sign-in", &good);
        change(&mut event);
        event
    };
    let with_record = |record: &str| event(NAME, "sign-in", record);
    let other =
        |change: fn(&mut four_attributes::VerifiedRecord)| with_record(&record_with(1, change));
    let mut forged = good.clone().into_bytes();
    forged[60] = if forged[60] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let refused = [
        (json!({}), "event_malformed"),
        (
            with(|event| event["triggerSource"] = json!("PreSignUp_ExternalProvider")),
            "event_malformed",
        ),
        (
            with(|event| event["request"]["providerName"] = json!(7)),
            "event_malformed",
        ),
        (
            with(|event| event["request"]["attributes"] = json!([])),
            "event_malformed",
        ),
        (
            with(|event| event["request"]["attributes"]["idToken"]["sub"] = json!("")),
            "event_malformed",
        ),
        (
            with(|event| event["request"]["attributes"]["userInfo"]["sub"] = json!("another")),
            "subject_mismatch",
        ),
        (
            with(|event| {
                event["request"]["attributes"]["idToken"]["verified_record"] = json!(null)
            }),
            "record_missing",
        ),
        (with_record(""), "record_malformed"),
        (with_record("not a record"), "record_malformed"),
        (with_record(&"A".repeat(2_048)), "record_malformed"),
        (with_record(&record_with(2, |_| {})), "record_unknown_key"),
        (with_record(&forged), "record_forged"),
        (
            other(|record| {
                record.person.issuer = "https://service.example/api/realms/sandbox".to_owned()
            }),
            "record_other_issuer",
        ),
        (
            other(|record| {
                record.person.subject = "1B9D6BCD-bbfd-4b2d-9b5d-ab8dfbbd4bed".to_owned()
            }),
            "record_unlinked",
        ),
        (
            other(|record| record.provider_name = "mynaapp".to_owned()),
            "record_unlinked",
        ),
    ];
    for (event, class) in &refused {
        let failed = invoke(&function, event).await.unwrap_err();
        assert_eq!(class_of(&failed), *class);
    }
    let failures: Vec<_> = log_events(&function)
        .into_iter()
        .filter(|(event, _)| event == "failure")
        .collect();
    let expected: Vec<_> = refused
        .iter()
        .map(|(_, class)| ("failure".to_owned(), Some((*class).to_owned())))
        .collect();
    assert_eq!(failures, expected);
    assert_eq!(counted(&function, "Failure"), refused.len());
    assert_eq!(counted(&function, "Tampering"), 1);
    assert!(log_events(&function).contains(&("tampering".to_owned(), None)));
    assert_nothing_personal(&function, &good);
}
