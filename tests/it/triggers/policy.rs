//! The policy may become stricter while a record is in the user pool: accepted values of `acr`,
//! attributes, issuers, a required time of authentication. Every token follows the policy of the
//! moment at which it is made, and not that of the moment at which the record was made.

use std::borrow::Cow;
use std::collections::BTreeSet;

use four_attributes::{VerifiedAt, VerifiedRecord};
use pre_token_generation::variables;
use serde_json::{Value, json};
use user_pool::attribute;
use user_pool::claim::Claim;
use user_pool::scope::{AGES, Scope};

use super::pre_token_generation::{NAME, all, answered, derived};
use super::{
    ISSUER, VERIFIED_AT, assert_nothing_personal, at, counted, event, invoke, log_events, record,
    record_with, trigger,
};

/// The claims for a verification that no longer satisfies the policy. Only an app that asks for
/// them gets them.
fn outdated() -> Value {
    json!({ "identity_verified": false })
}

/// The answer to an app that requests everything, with these variables, and the refusals that were
/// logged.
async fn granted(variables: &[(&str, &str)], record: &str) -> (Value, Vec<String>) {
    let variables: Vec<_> = (variables.iter().copied())
        .chain([(variables::MAX_VERIFICATION_AGE, "none")])
        .collect();
    let function = trigger(NAME, &variables);
    let event = event(NAME, "hosted-auth", record);
    let answer = invoke(&function, &event).await.unwrap();
    assert_nothing_personal(&function, record);
    let refused = log_events(&function).into_iter();
    let refused: Vec<_> = refused
        .filter(|(event, _)| event == "record_refused")
        .filter_map(|(_, class)| class)
        .collect();
    assert_eq!(counted(&function, "RecordRefused"), refused.len());
    (answer, refused)
}

/// Asserts that both tokens have these claims, and that these refusals were logged.
async fn assert_granted(
    variables: &[(&str, &str)],
    record: &str,
    (id_token, access_token): (&Value, &Value),
    refused: &[&str],
) {
    let (answer, told) = granted(variables, record).await;
    let event = event(NAME, "hosted-auth", record);
    assert_eq!(
        answer,
        answered(&event, id_token, access_token),
        "{variables:?}"
    );
    assert_eq!(told, refused, "{variables:?}");
}

fn with(change: impl FnOnce(&mut VerifiedRecord)) -> String {
    record_with(1, change)
}

#[tokio::test]
async fn an_acr_that_is_not_accepted_any_more_is_no_verification() {
    let (golden, without) = (record(), with(|record| record.person.acr = None));
    let everything = (&all(), &derived());
    let (nothing, class) = (outdated(), "record_acr_not_accepted");
    let nothing = (&nothing, &nothing);
    for accepted in ["aal3", "aal3 crl, aal3", "any", ""] {
        assert_granted(
            &[(variables::ACCEPTED_ACR, accepted)],
            &golden,
            everything,
            &[],
        )
        .await;
    }
    for accepted in ["aal3 crl", "AAL3", "aal", "aal33"] {
        assert_granted(
            &[(variables::ACCEPTED_ACR, accepted)],
            &golden,
            nothing,
            &[class],
        )
        .await;
    }
    assert_granted(
        &[(variables::ACCEPTED_ACR, "aal3")],
        &without,
        nothing,
        &[class],
    )
    .await;
}

#[tokio::test]
async fn a_record_without_a_time_of_authentication_shows_none_and_counts_only_where_none_is_required()
 {
    let time = VerifiedAt::IssuedAt(at(VERIFIED_AT));
    let without = with(|record| record.person.verified_at = time);
    let (mut id_token, mut access_token) = (all(), derived());
    for claims in [&mut id_token, &mut access_token] {
        claims.as_object_mut().unwrap().remove("verified_at");
    }
    let untimed = (&id_token, &access_token);
    assert_granted(&[], &without, untimed, &[]).await;
    assert_granted(
        &[(variables::REQUIRE_AUTH_TIME, "no")],
        &without,
        untimed,
        &[],
    )
    .await;

    let required = [(variables::REQUIRE_AUTH_TIME, "yes")];
    let (nothing, class) = (outdated(), "record_auth_time_missing");
    assert_granted(&required, &without, (&nothing, &nothing), &[class]).await;
    assert_granted(&required, &record(), (&all(), &derived()), &[]).await;

    // The age of the record is checked nevertheless.
    let function = trigger(NAME, &[(variables::MAX_VERIFICATION_AGE, "30d")]);
    let old = with(|record| record.person.verified_at = VerifiedAt::IssuedAt(at(1_600_000_000)));
    let event = event(NAME, "hosted-auth", &old);
    let answer = invoke(&function, &event).await.unwrap();
    assert_eq!(answer, answered(&event, &nothing, &nothing));
}

#[tokio::test]
async fn attributes_that_are_not_asked_for_any_more_give_nothing_and_neither_does_what_follows() {
    let record = record();
    let without = |names: &BTreeSet<Cow<'_, str>>| {
        let (mut id_token, mut access_token) = (all(), derived());
        for claims in [&mut id_token, &mut access_token] {
            claims
                .as_object_mut()
                .unwrap()
                .retain(|name, _| !names.contains(name.as_str()));
        }
        (id_token, access_token)
    };
    for attributes in [
        "name address birthdate gender",
        "address birthdate gender",
        "name birthdate gender",
        "name address gender",
        "name address birthdate",
        "none",
    ] {
        let is_gone = |claim: &Claim| {
            let attribute = claim.follows_from();
            attribute.is_some_and(|attribute| !attributes.contains(attribute.claim()))
        };
        let claims = Scope::all(&AGES).flat_map(Scope::claims).filter(is_gone);
        let gone: BTreeSet<_> = claims.map(Claim::name).collect();
        let (id_token, access_token) = without(&gone);
        let asked = [(variables::ATTRIBUTES, attributes)];
        assert_granted(&asked, &record, (&id_token, &access_token), &[]).await;
    }
}

/// The service may change its issuer. Verifications under the former issuer count as long as the
/// configuration names it.
#[tokio::test]
async fn issuers_that_are_named_are_believed_and_no_other() {
    const NEW: &str = "https://new.example/realms/main";
    let (former, new) = (
        record(),
        with(|record| record.person.issuer = NEW.to_owned()),
    );
    let both = format!("{NEW} {ISSUER}");
    let everything = (&all(), &derived());
    let none = json!({});
    let nothing = (&none, &none);
    let refused = &["record_other_issuer"];
    for (issuers, record, expected, refused) in [
        (ISSUER, &former, everything, &[][..]),
        (ISSUER, &new, nothing, refused),
        (&both, &former, everything, &[]),
        (&both, &new, everything, &[]),
        (NEW, &former, nothing, refused),
    ] {
        assert_granted(
            &[(variables::SERVICE_ISSUER, issuers)],
            record,
            expected,
            refused,
        )
        .await;
    }
    for (issuers, record, admits) in [
        (both.as_str(), &former, true),
        (&both, &new, true),
        (NEW, &former, false),
    ] {
        let function = trigger(
            "inbound-federation",
            &[(variables::SERVICE_ISSUER, issuers)],
        );
        let event = event("inbound-federation", "sign-in", record);
        assert_eq!(invoke(&function, &event).await.is_ok(), admits, "{issuers}");
    }
}

/// One user and several refreshes. The record stays the same, while the policy changes between the
/// refreshes.
#[tokio::test]
async fn a_policy_that_is_tightened_between_two_refreshes_holds_for_the_second() {
    let record = record();
    let untimed = with(|record| record.person.verified_at = VerifiedAt::IssuedAt(at(VERIFIED_AT)));
    let mut event = event(NAME, "refresh", &record);
    event["request"]["scopes"] = json!([
        "openid",
        "digital-auth/name",
        "digital-auth/age_over_20",
        "digital-auth/verified"
    ]);
    let verified = json!({
        "identity_verified": true, "verified_at": VERIFIED_AT, "verification_acr": "aal3",
    });
    let and = |more: Value| {
        let mut claims = verified.clone();
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        claims
    };
    let (all, derived) = (
        and(json!({ "name": "山田　太郎", "age_over_20": true })),
        and(json!({ "age_over_20": true })),
    );
    let outdated = outdated();
    for (policy, id_token, access_token) in [
        (&[][..], &all, &derived),
        (&[(variables::ACCEPTED_ACR, "aal3")], &all, &derived),
        // Now without the name and the birth date.
        (
            &[
                (variables::ACCEPTED_ACR, "aal3"),
                (variables::ATTRIBUTES, "address"),
            ],
            &verified,
            &verified,
        ),
        (
            &[
                (variables::ACCEPTED_ACR, "aal4"),
                (variables::ATTRIBUTES, "address"),
            ],
            &outdated,
            &outdated,
        ),
        (
            &[(variables::SERVICE_ISSUER, "https://new.example")],
            &json!({}),
            &json!({}),
        ),
        // Back to the first policy.
        (&[], &all, &derived),
    ] {
        let variables: Vec<_> = (policy.iter().copied())
            .chain([(variables::MAX_VERIFICATION_AGE, "none")])
            .collect();
        let function = trigger(NAME, &variables);
        let answer = invoke(&function, &event).await.unwrap();
        assert_eq!(
            answer,
            answered(&event, id_token, access_token),
            "{policy:?}"
        );
    }
    event["request"]["userAttributes"][attribute::RECORD] = json!(untimed);
    let untimed = |claims: &Value| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove("verified_at");
        claims
    };
    for (required, id_token, access_token) in [
        ("no", &untimed(&all), &untimed(&derived)),
        ("yes", &outdated, &outdated),
    ] {
        let variables = [
            (variables::MAX_VERIFICATION_AGE, "none"),
            (variables::REQUIRE_AUTH_TIME, required),
        ];
        let function = trigger(NAME, &variables);
        let answer = invoke(&function, &event).await.unwrap();
        assert_eq!(
            answer,
            answered(&event, id_token, access_token),
            "{required}"
        );
    }
}
