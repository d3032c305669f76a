//! Members: users of the pool who proved with the card, once, who they are, and who go on signing
//! in with a password, through another provider, or by an AWS SDK. Their tokens get the same claims
//! as after a sign-in with the card. Their sign-ins never fail and never wait long because of this
//! project.

use std::time::{Duration, Instant};

use four_attributes::{Holder, MemberRecord, VerificationId, VerifiedAt, VerifiedPerson};
use keys::SystemRandomness;
use kit::{Reply, Server, sealing_keys};
use local_lambda::DirectFunction;
use pre_token_generation::variables;
use serde_json::{Value, json};
use user_pool::attribute;

use super::pre_token_generation::{NAME, all, answered_hiding, derived};
use super::{
    PROVIDER, SUBJECT, VERIFIED_AT, assert_nothing_personal, at, counted, event, invoke,
    log_events, person, pool_at, pool_with, record, trigger,
};

/// The member of the golden events.
const HOLDER: Holder<'static> = Holder {
    user_pool_id: "ap-northeast-1_EXAMPLE",
    sub: "57f4ea38-d0b1-70c5-6d12-1a4b6f3f0d11",
};
const ATTRIBUTES: [&str; 4] = ["name", "address", "birthdate", "gender"];
const KEPT_IN: [&str; 3] = [
    attribute::RECORD,
    attribute::VERIFIED_AT,
    attribute::MEMBER_RECORD,
];
/// The app client of the golden events.
const CLIENT_ID: &str = "1example23456789";

/// The member record of the golden person, changed by `change`, for this holder.
fn member_record_for(holder: Holder<'_>, change: impl FnOnce(&mut VerifiedPerson)) -> String {
    let mut record = MemberRecord {
        id: VerificationId::from_bytes([7; 16]),
        person: person(),
    };
    change(&mut record.person);
    let sealed = record.seal(holder, &sealing_keys(&[1]), &SystemRandomness);
    sealed.unwrap()
}

fn member_record_with(change: impl FnOnce(&mut VerifiedPerson)) -> String {
    member_record_for(HOLDER, change)
}

fn member_record() -> String {
    member_record_with(|_| {})
}

/// Without a maximal age, since the golden records get older every day.
fn function(variables: &[(&str, &str)]) -> DirectFunction {
    let usual = [(variables::MAX_VERIFICATION_AGE, "none")];
    trigger(NAME, &[&usual, variables].concat())
}

/// The event with an answer that adds these claims, and hides these attributes and those that hold
/// the records.
fn answered(event: &Value, id_token: &Value, access_token: &Value, hidden: &[&str]) -> Value {
    answered_hiding(event, id_token, access_token, &[hidden, &KEPT_IN].concat())
}

/// The event with these scopes.
fn asking(mut event: Value, scopes: &[&str]) -> Value {
    event["request"]["scopes"] = json!(scopes);
    event
}

/// The event of a user who has a member's record, too.
fn and_verified_as_member(mut event: Value, record: &str) -> Value {
    event["request"]["userAttributes"][attribute::MEMBER_RECORD] = json!(record);
    event
}

/// The classes of the refused records, in the order in which they were reported.
fn refused(function: &DirectFunction) -> Vec<String> {
    let told = log_events(function).into_iter();
    told.filter(|(event, _)| event == "record_refused")
        .filter_map(|(_, class)| class)
        .collect()
}

#[tokio::test]
async fn a_member_gets_the_claims_of_a_sign_in_with_the_card_however_they_sign_in() {
    let (function, record) = (function(&[]), member_record());
    let over_20 = json!({ "age_over_20": true });
    for (name, id_token, access_token, hidden) in [
        ("member-hosted-auth", &all(), &derived(), &ATTRIBUTES[..]),
        ("member-another-provider", &all(), &derived(), &ATTRIBUTES),
        // No attribute was asked for, so the profile is the member's own.
        ("member-refresh", &over_20, &over_20, &[]),
    ] {
        let event = event(NAME, name, &record);
        let expected = answered(&event, id_token, access_token, hidden);
        assert_eq!(invoke(&function, &event).await.unwrap(), expected, "{name}");
        assert_eq!(invoke(&function, &event).await.unwrap(), expected, "{name}");
    }
    assert_eq!(refused(&function), [""; 0]);
    assert_nothing_personal(&function, &record);
}

/// The tokens of a sign-in by an AWS SDK have one scope, and can't ask for ours.
#[tokio::test]
async fn a_sign_in_by_sdk_gets_what_is_configured_for_its_app_client_and_the_scopes_say_so() {
    let record = member_record();
    let event = event(NAME, "member-api", &record);
    let scopes = |names: &[&str]| {
        let of_client = names.iter().map(|name| format!("{CLIENT_ID}:{name}"));
        of_client.collect::<Vec<_>>().join(" ")
    };
    // Nothing is configured for this app client: the tokens stay as they are, but for the record.
    for configured in ["none", "another:verified"] {
        let function = function(&[(variables::SDK_SCOPES, configured)]);
        let unchanged = answered(&event, &json!({}), &json!({}), &[]);
        assert_eq!(invoke(&function, &event).await.unwrap(), unchanged);
    }
    let verified = json!({
        "identity_verified": true, "verified_at": VERIFIED_AT, "verification_acr": "aal3",
    });
    let mut named = verified.clone();
    named["name"] = json!("山田　太郎");
    for (names, id_token, access_token, hidden) in [
        (&["verify"][..], &json!({}), &json!({}), &[][..]),
        (&["verify", "verified"], &verified, &verified, &[]),
        (&["verified", "name"], &named, &verified, &ATTRIBUTES),
    ] {
        let function = function(&[(variables::SDK_SCOPES, &scopes(names))]);
        let mut expected = answered(&event, id_token, access_token, hidden);
        let added: Vec<_> = names
            .iter()
            .map(|name| format!("digital-auth/{name}"))
            .collect();
        expected["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]["scopesToAdd"] =
            json!(added);
        for source in [
            "TokenGeneration_Authentication",
            "TokenGeneration_NewPasswordChallenge",
            "TokenGeneration_AuthenticateDevice",
            "TokenGeneration_RefreshTokens",
        ] {
            let (mut event, mut expected) = (event.clone(), expected.clone());
            event["triggerSource"] = json!(source);
            expected["triggerSource"] = json!(source);
            assert_eq!(
                invoke(&function, &event).await.unwrap(),
                expected,
                "{names:?}"
            );
        }
        // A hosted session keeps the scopes that it asked for.
        let hosted = asking(event.clone(), &["openid", "aws.cognito.signin.user.admin"]);
        let unchanged = answered(&hosted, &json!({}), &json!({}), &[]);
        assert_eq!(invoke(&function, &hosted).await.unwrap(), unchanged);
    }
}

/// A scope that asks for no attribute leaves the member's own profile as it is.
#[tokio::test]
async fn a_members_own_profile_is_hidden_only_where_an_attribute_is_asked_for() {
    let function = function(&[]);
    let event = event(NAME, "member-hosted-auth", &member_record());
    let own = |scopes: &[&str]| asking(event.clone(), scopes);
    let hidden = async |scopes: &[&str]| {
        let answer = invoke(&function, &own(scopes)).await.unwrap();
        let details = &answer["response"]["claimsAndScopeOverrideDetails"]["idTokenGeneration"];
        details["claimsToSuppress"].clone()
    };
    for scopes in [
        &["openid", "profile"][..],
        &["openid", "digital-auth/verify"],
        &["openid", "digital-auth/verified"],
        &["openid", "digital-auth/verify", "digital-auth/prefecture"],
    ] {
        assert_eq!(hidden(scopes).await, json!(KEPT_IN), "{scopes:?}");
    }
    let but_for_the_name: Vec<_> = ATTRIBUTES[1..].iter().chain(&KEPT_IN).collect();
    let named = hidden(&["openid", "digital-auth/name"]).await;
    assert_eq!(named, json!(but_for_the_name));
}

#[tokio::test]
async fn a_record_that_is_not_this_members_gives_no_claim() {
    let function = function(&[]);
    let another = |sub, user_pool_id| member_record_for(Holder { user_pool_id, sub }, |_| {});
    let good = member_record();
    let mut forged = good.clone().into_bytes();
    forged[60] = if forged[60] == b'A' { b'B' } else { b'A' };
    let refusals = [
        (another("another", HOLDER.user_pool_id), "record_unlinked"),
        (
            another(HOLDER.sub, "ap-northeast-1_ANOTHER"),
            "record_unlinked",
        ),
        (String::from_utf8(forged).unwrap(), "record_forged"),
        ("not a record".to_owned(), "record_malformed"),
        // A record of a sign-in, even of the same person, is of another kind.
        (record(), "record_forged"),
        (
            member_record_with(|person| person.issuer.push('2')),
            "record_other_issuer",
        ),
    ];
    for (record, class) in &refusals {
        let event = event(NAME, "member-hosted-auth", record);
        let nothing = answered(&event, &json!({}), &json!({}), &ATTRIBUTES);
        assert_eq!(invoke(&function, &event).await.unwrap(), nothing, "{class}");
    }
    assert_eq!(refused(&function), refusals.map(|(_, class)| class));
    assert_eq!(counted(&function, "Tampering"), 2);
    assert_nothing_personal(&function, &good);
    // The record of a member doesn't count as that of a sign-in either.
    let of_the_card = event(NAME, "hosted-auth", &good);
    let answer = invoke(&function, &of_the_card).await.unwrap();
    assert_eq!(
        answer,
        answered(&of_the_card, &json!({}), &json!({}), &ATTRIBUTES)
    );
}

#[tokio::test]
async fn a_verification_that_is_too_old_or_too_weak_says_only_that() {
    let event = event(NAME, "member-hosted-auth", &member_record());
    let not_verified = json!({ "identity_verified": false });
    for (variable, value) in [
        (variables::MAX_VERIFICATION_AGE, "1d"),
        (variables::ACCEPTED_ACR, "aal9"),
    ] {
        let function = function(&[(variable, value)]);
        let expected = answered(&event, &not_verified, &not_verified, &ATTRIBUTES);
        assert_eq!(
            invoke(&function, &event).await.unwrap(),
            expected,
            "{value}"
        );
    }
}

/// A user with a record of a sign-in with the card and one of a verification.
#[tokio::test]
async fn of_two_records_of_one_person_the_newer_counts_and_of_two_people_none() {
    let moved = "東京都千代田区永田町１丁目７番１号";
    let move_at = |person: &mut VerifiedPerson, seconds: i64| {
        person.attributes.address = Some(moved.parse().unwrap());
        person.verified_at = VerifiedAt::Authentication(at(VERIFIED_AT + seconds));
    };
    let another = |person: &mut VerifiedPerson| person.subject = "another person".to_owned();
    let (old, new) = (json!("神奈川県"), json!("東京都"));
    let scopes = ["openid", "digital-auth/prefecture"];
    for (member, expected, told) in [
        (
            member_record_with(|person| move_at(person, 60)),
            Some(&new),
            None,
        ),
        (
            member_record_with(|person| move_at(person, -60)),
            Some(&old),
            None,
        ),
        // One that is refused doesn't keep the other from counting.
        (
            "not a record".to_owned(),
            Some(&old),
            Some("record_malformed"),
        ),
        (member_record_with(another), None, Some("record_conflict")),
        // Also where one of them is too old to count.
        (
            member_record_with(|person| {
                another(person);
                person.verified_at = VerifiedAt::Authentication(at(1_000_000_000));
            }),
            None,
            Some("record_conflict"),
        ),
    ] {
        for name in ["hosted-auth", "linked-native", "linked-company"] {
            let function = function(&[(variables::MAX_VERIFICATION_AGE, "9000d")]);
            let event = asking(event(NAME, name, &record()), &scopes);
            let event = and_verified_as_member(event, &member);
            let answer = invoke(&function, &event).await.unwrap();
            let claims =
                expected.map_or(json!({}), |prefecture| json!({ "prefecture": prefecture }));
            assert_eq!(
                answer,
                answered(&event, &claims, &claims, &ATTRIBUTES),
                "{name} {told:?}"
            );
            assert_eq!(refused(&function), Vec::from_iter(told));
            assert_nothing_personal(&function, &member);
        }
    }
}

/// What a user who has a record of a sign-in left over does as a member, and a linked user who has
/// only verified as a member.
#[tokio::test]
async fn a_member_needs_no_record_of_a_sign_in_and_one_left_over_does_no_harm() {
    let scopes = ["openid", "digital-auth/age_over_20"];
    let over_20 = json!({ "age_over_20": true });
    let member = member_record();
    let linked = asking(event(NAME, "linked-native-before", ""), &scopes);
    let linked = and_verified_as_member(linked, &member);
    let nobody = json!([]);
    let (function, pool) = pool_with(NAME, Some(nobody), &[]);
    let answer = invoke(&function, &linked).await.unwrap();
    assert_eq!(answer, answered(&linked, &over_20, &over_20, &ATTRIBUTES));
    assert_eq!(refused(&function), [""; 0]);
    assert_eq!(
        pool.requests().len(),
        1,
        "a record of a sign-in may be hidden"
    );
    // Unlinked: the record of the sign-in is nobody's.
    let mut unlinked = asking(event(NAME, "member-hosted-auth", &member), &scopes);
    unlinked["request"]["userAttributes"][attribute::RECORD] = json!(record());
    let function = self::function(&[]);
    let answer = invoke(&function, &unlinked).await.unwrap();
    assert_eq!(answer, answered(&unlinked, &over_20, &over_20, &ATTRIBUTES));
    assert_eq!(refused(&function), ["record_unlinked"]);
}

/// A user who doesn't sign in with the card, in an event that shows neither identities nor a
/// record.
fn password_sign_in() -> Value {
    event(NAME, "native-user-with-our-scopes", "")
}

/// If events don't show what the app client can't read, the record comes from the pool.
#[tokio::test]
async fn a_members_record_that_the_event_lacks_comes_from_the_pool() {
    let (event, record) = (password_sign_in(), member_record());
    let sub = json!({"Name": "sub", "Value": HOLDER.sub});
    let kept = json!([sub, {"Name": attribute::MEMBER_RECORD, "Value": record}]);
    let (function, pool) = pool_with(NAME, Some(kept), &[]);
    let mut id_token = json!({
        "age_over_20": true,
        "identity_verified": true, "verified_at": VERIFIED_AT, "verification_acr": "aal3",
    });
    let access_token = id_token.clone();
    id_token["name"] = json!("山田　太郎");
    let expected = answered(&event, &id_token, &access_token, &ATTRIBUTES);
    assert_eq!(invoke(&function, &event).await.unwrap(), expected);
    assert_eq!(pool.requests().len(), 1);
}

#[tokio::test]
async fn a_sign_in_without_the_card_does_not_depend_on_the_pool() {
    let throttled = json!({"__type": "TooManyRequestsException", "message": "Rate exceeded"});
    let broken = json!({"__type": "InternalErrorException", "message": ""});
    for (what, answer) in [
        ("throttled", Some((400, throttled))),
        ("broken", Some((500, broken))),
        ("late", None),
    ] {
        let pool = Server::start(move |_| match &answer {
            Some((status, answer)) => Reply::Bytes(kit::json(*status, answer)),
            None => Reply::Silence,
        });
        let function = pool_at(NAME, &pool, &[]);
        let event = password_sign_in();
        let nothing = answered(&event, &json!({}), &json!({}), &ATTRIBUTES);
        // The first event starts the process.
        let mut begun = Instant::now();
        for _ in 0..5 {
            assert_eq!(invoke(&function, &event).await.unwrap(), nothing, "{what}");
        }
        assert!(begun.elapsed() < Duration::from_secs(4), "{what}");
        // For a while, the pool isn't asked again, and nobody waits.
        let asked = pool.requests().len();
        begun = Instant::now();
        assert_eq!(invoke(&function, &event).await.unwrap(), nothing, "{what}");
        assert!(begun.elapsed() < Duration::from_millis(900), "{what}");
        assert_eq!(pool.requests().len(), asked, "{what}");
        let told = log_events(&function);
        let left_out = told.iter().filter(|(event, _)| event == "claims_left_out");
        assert_eq!(left_out.count(), 6, "{what}");
        // A user of the card gets no tokens that lack what the card proved.
        let of_the_card = self::event(NAME, "record-not-in-event", "");
        let failed = invoke(&function, &of_the_card).await.unwrap_err();
        assert_eq!(failed.error_type(), "user_unavailable", "{what}");
        assert!(
            [PROVIDER, SUBJECT]
                .iter()
                .all(|it| !failed.error_message().contains(it))
        );
    }
}

/// Who has nothing to do with this project isn't touched, and nobody is asked about them.
#[tokio::test]
async fn a_sign_in_by_sdk_without_anything_of_ours_is_left_alone() {
    let (function, pool) = pool_with(NAME, None, &[]);
    let mut event = event(NAME, "member-api", "");
    let attributes = event["request"]["userAttributes"].as_object_mut().unwrap();
    attributes.remove(attribute::MEMBER_RECORD);
    assert_eq!(invoke(&function, &event).await.unwrap(), event);
    assert_eq!(pool.requests().len(), 0);
}

/// A record that isn't text is no event of Cognito's.
#[tokio::test]
async fn a_members_record_in_another_form_fails() {
    let mut event = event(NAME, "member-hosted-auth", "");
    event["request"]["userAttributes"][attribute::MEMBER_RECORD] = json!(1);
    let failed = invoke(&function(&[]), &event).await.unwrap_err();
    assert_eq!(failed.error_type(), "event_malformed");
}
