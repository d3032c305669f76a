//! Tests of the trigger PreTokenGeneration: it adds the claims that the scopes grant, and takes
//! them from a record that opens and belongs to the user.

use kit::sealing_keys_json;
use local_lambda::DirectFunction;
use pre_token_generation::variables;
use serde_json::{Value, json};

use super::{
    SUBJECT, VERIFIED_AT, assert_nothing_personal, at, class_of, counted, event, invoke,
    log_events, pool, record, record_with, trigger,
};

pub(super) const NAME: &str = "pre-token-generation";

/// The attributes that an ID token never shows unless they are granted.
const HIDDEN: &[&str] = &[
    "name",
    "address",
    "birthdate",
    "gender",
    "custom:verified_record",
    "custom:verified_at",
    "custom:member_record",
];

fn function() -> DirectFunction {
    // Without a maximal age, since the golden records get older every day.
    trigger(NAME, &[(variables::MAX_VERIFICATION_AGE, "none")])
}

/// The event with an answer that adds these claims and hides [`HIDDEN`].
pub(super) fn answered(event: &Value, id_token: &Value, access_token: &Value) -> Value {
    answered_hiding(event, id_token, access_token, HIDDEN)
}

/// The event with an answer that adds these claims and hides these attributes.
pub(super) fn answered_hiding(
    event: &Value,
    id_token: &Value,
    access_token: &Value,
    hidden: &[&str],
) -> Value {
    let suppressed: Vec<_> = hidden
        .iter()
        .filter(|name| id_token.get(**name).is_none())
        .collect();
    let mut expected = event.clone();
    expected["response"] = json!({ "claimsAndScopeOverrideDetails": {
        "idTokenGeneration": { "claimsToAddOrOverride": id_token, "claimsToSuppress": suppressed },
        "accessTokenGeneration": { "claimsToAddOrOverride": access_token },
    }});
    expected
}

/// The golden person's claims that aren't attributes but follow from the record.
pub(super) fn derived() -> Value {
    json!({
        "age_over_18": true, "age_over_20": true, "prefecture": "神奈川県",
        "municipality": "神奈川県横浜市", "municipality_code": "141003",
        "identity_verified": true, "verified_at": VERIFIED_AT, "verification_acr": "aal3",
    })
}

/// All claims of the golden person.
pub(super) fn all() -> Value {
    let mut all = derived();
    all["name"] = json!("山田　太郎");
    all["address"] = json!("横浜市中区本町６丁目５０番地の１０");
    all["birthdate"] = json!("1990-02-28");
    all["gender"] = json!("male");
    all
}

#[tokio::test]
async fn each_token_gets_what_the_scopes_grant_at_sign_in_at_refresh_and_for_a_linked_user() {
    let (function, record) = (function(), record());
    let over_20 = json!({ "age_over_20": true });
    for (name, id_token, access_token) in [
        ("hosted-auth", &all(), &derived()),
        // The event version of a user pool that customizes the tokens of machines.
        ("hosted-auth-version-3", &all(), &derived()),
        ("linked-user", &all(), &derived()),
        // The record belongs to the second identity.
        ("two-identities", &all(), &derived()),
        ("refresh", &over_20, &over_20),
    ] {
        let event = event(NAME, name, &record);
        let expected = answered(&event, id_token, access_token);
        assert_eq!(invoke(&function, &event).await.unwrap(), expected, "{name}");
        assert_eq!(invoke(&function, &event).await.unwrap(), expected, "{name}");
    }
    assert_nothing_personal(&function, &record);
}

#[tokio::test]
async fn a_user_of_ours_without_our_scopes_shows_nothing_and_everybody_elses_are_left_alone() {
    let function = function();
    let ours = event(NAME, "without-our-scopes", &record());
    assert_eq!(
        invoke(&function, &ours).await.unwrap(),
        answered(&ours, &json!({}), &json!({}))
    );
    for name in ["native-user", "another-provider"] {
        let event = event(NAME, name, "");
        assert_eq!(invoke(&function, &event).await.unwrap(), event, "{name}");
    }
}

/// A machine's token is about no user. So nothing is added or hidden, whatever the scopes are.
#[tokio::test]
async fn the_token_of_a_machine_is_left_alone() {
    let function = function();
    let mut event = event(NAME, "client-credentials", "");
    assert_eq!(invoke(&function, &event).await.unwrap(), event);
    // In the form that other user pools were seen to send.
    event["userName"] = json!("2machine23456789");
    event["request"]["userAttributes"] = json!({});
    event["request"]["clientMetadata"] = json!({"a": "b"});
    event["response"] = json!({});
    assert_eq!(invoke(&function, &event).await.unwrap(), event);
}

/// As in a sign-in through the API, which has no scopes.
#[tokio::test]
async fn a_user_of_ours_without_any_scopes_shows_nothing() {
    let function = function();
    let event = event(NAME, "without-our-scopes", &record());
    let with = |scopes: Option<Value>| {
        let mut event = event.clone();
        let request = event["request"].as_object_mut().unwrap();
        match scopes {
            Some(scopes) => request.insert("scopes".to_owned(), scopes),
            None => request.remove("scopes"),
        };
        event
    };
    for scopes in [None, Some(json!(null)), Some(json!([]))] {
        let event = with(scopes.clone());
        assert_eq!(
            invoke(&function, &event).await.unwrap(),
            answered(&event, &json!({}), &json!({})),
            "{scopes:?}"
        );
    }
}

/// The event has no identities. The user may still have some that the event hides, so the trigger
/// asks the user pool.
#[tokio::test]
async fn with_one_of_our_scopes_nobodys_attributes_come_from_the_pool() {
    let (event, record) = (event(NAME, "native-user-with-our-scopes", ""), record());
    let name = json!({"Name": "name", "Value": "別人"});
    for (attributes, told) in [
        (json!([name]), None),
        // A record of a user without an identity at the bridge. It isn't believed even if it opens.
        (
            json!([name, {"Name": "custom:verified_record", "Value": record}]),
            Some("record_unlinked"),
        ),
    ] {
        let (function, pool) = pool(NAME, Some(attributes));
        assert_eq!(
            invoke(&function, &event).await.unwrap(),
            answered(&event, &json!({}), &json!({}))
        );
        assert_eq!(pool.requests().len(), 1);
        let refused: Vec<_> = log_events(&function)
            .into_iter()
            .filter(|(event, _)| event == "record_refused")
            .filter_map(|(_, class)| class)
            .collect();
        assert_eq!(refused, Vec::from_iter(told));
    }
}

#[tokio::test]
async fn unknown_fields_survive_and_the_groups_are_left_to_the_pool() {
    let event = event(NAME, "unknown-fields", &record());
    let mut expected = event.clone();
    let suppressed: Vec<&str> = HIDDEN[4..].to_vec();
    expected["response"] = json!({
        "futureField": 1,
        "claimsAndScopeOverrideDetails": {
            "futureField": 2,
            "idTokenGeneration": {
                "futureField": 3, "claimsToAddOrOverride": all(), "claimsToSuppress": suppressed,
            },
            "accessTokenGeneration": {
                "claimsToAddOrOverride": derived(), "scopesToAdd": [], "scopesToSuppress": [],
            },
        },
    });
    assert_eq!(invoke(&function(), &event).await.unwrap(), expected);
}

#[tokio::test]
async fn a_group_configuration_may_be_null_and_stays_what_it_is() {
    let mut event = event(NAME, "hosted-auth", &record());
    event["request"]["groupConfiguration"] = json!(null);
    assert_eq!(
        invoke(&function(), &event).await.unwrap(),
        answered(&event, &all(), &derived())
    );
}

#[tokio::test]
async fn a_record_that_is_not_believed_gives_no_claim_and_only_a_forged_one_is_tampering() {
    let function = function();
    let good = record();
    let mut forged = good.clone().into_bytes();
    forged[60] = if forged[60] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let other_issuer = record_with(1, |record| record.person.issuer.push('2'));
    let another_user = record_with(1, |record| record.person.subject = SUBJECT.to_uppercase());
    let another_provider = record_with(1, |record| record.provider_name = "mynaapp".to_owned());
    let refused = [
        ("not a record", "record_malformed"),
        (&record_with(2, |_| {}), "record_unknown_key"),
        (&forged, "record_forged"),
        (&other_issuer, "record_other_issuer"),
        (&another_user, "record_unlinked"),
        (&another_provider, "record_unlinked"),
    ];
    for (record, class) in refused {
        let event = event(NAME, "hosted-auth", record);
        let expected = answered(&event, &json!({}), &json!({}));
        assert_eq!(
            invoke(&function, &event).await.unwrap(),
            expected,
            "{class}"
        );
    }
    let told: Vec<_> = log_events(&function)
        .into_iter()
        .filter(|(event, _)| event == "record_refused")
        .collect();
    let expected: Vec<_> = refused
        .iter()
        .map(|(_, class)| ("record_refused".to_owned(), Some((*class).to_owned())))
        .collect();
    assert_eq!(told, expected);
    assert_eq!(counted(&function, "RecordRefused"), refused.len());
    assert_eq!(counted(&function, "Tampering"), 1);
    assert!(log_events(&function).contains(&("tampering".to_owned(), None)));
    assert_nothing_personal(&function, &good);
}

#[tokio::test]
async fn what_can_not_be_decided_fails() {
    let function = function();
    let with = |change: fn(&mut Value)| {
        let mut event = event(NAME, "hosted-auth", &record());
        change(&mut event);
        event
    };
    for (event, class) in [
        (json!([]), "event_malformed"),
        (
            with(|event| event["triggerSource"] = json!("PostAuthentication_Authentication")),
            "event_malformed",
        ),
        (with(|event| event["version"] = json!("1")), "event_version"),
        (with(|event| event["version"] = json!("4")), "event_version"),
        (
            with(|event| event["version"] = json!(null)),
            "event_version",
        ),
        (
            with(|event| event["request"]["scopes"] = json!("openid")),
            "event_malformed",
        ),
        (
            with(|event| event["request"]["scopes"] = json!([1])),
            "event_malformed",
        ),
        (
            with(|event| event["request"]["userAttributes"] = json!([])),
            "event_malformed",
        ),
        (
            with(|event| event["request"]["userAttributes"]["identities"] = json!("[{]")),
            "event_malformed",
        ),
        (
            with(|event| event["request"]["userAttributes"]["identities"] = json!({})),
            "event_malformed",
        ),
        (
            with(|event| event["request"]["userAttributes"]["custom:verified_record"] = json!(1)),
            "event_malformed",
        ),
        (
            with(|event| event["userName"] = json!(null)),
            "event_malformed",
        ),
    ] {
        let failed = invoke(&function, &event).await.unwrap_err();
        assert_eq!(class_of(&failed), class);
    }
}

#[tokio::test]
async fn an_old_verification_says_only_that_it_is_old_and_only_to_those_who_asked() {
    let function = trigger(NAME, &[(variables::MAX_VERIFICATION_AGE, "30d")]);
    let record = record_with(1, |record| {
        record.person.verified_at = four_attributes::VerifiedAt::IssuedAt(at(1_600_000_000));
    });
    let old = json!({ "identity_verified": false });
    let asked = event(NAME, "hosted-auth", &record);
    assert_eq!(
        invoke(&function, &asked).await.unwrap(),
        answered(&asked, &old, &old)
    );
    let not_asked = event(NAME, "refresh", &record);
    assert_eq!(
        invoke(&function, &not_asked).await.unwrap(),
        answered(&not_asked, &json!({}), &json!({}))
    );
}

#[tokio::test]
async fn after_two_rotations_every_earlier_record_opens_and_a_removed_key_does_not() {
    let rotated = sealing_keys_json(&[3, 2, 1]);
    let removed = sealing_keys_json(&[3, 2]);
    for (keys, number, opens) in [
        (&rotated, 1, true),
        (&rotated, 2, true),
        (&rotated, 3, true),
        (&removed, 2, true),
        (&removed, 1, false),
    ] {
        let function = trigger(
            NAME,
            &[
                (variables::RECORD_KEYS, keys),
                (variables::MAX_VERIFICATION_AGE, "none"),
            ],
        );
        let event = event(NAME, "refresh", &record_with(number, |_| {}));
        let claims = if opens {
            json!({ "age_over_20": true })
        } else {
            json!({})
        };
        assert_eq!(
            invoke(&function, &event).await.unwrap(),
            answered(&event, &claims, &claims)
        );
        let refused = (
            "record_refused".to_owned(),
            Some("record_unknown_key".to_owned()),
        );
        assert_eq!(log_events(&function).contains(&refused), !opens);
    }
}
