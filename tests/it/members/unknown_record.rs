//! A pass is left half way, and meanwhile an administrator puts a record into the member that the
//! table doesn't know: a withdrawn one. Nobody may count on it, so it is removed when the pass is
//! settled.

use demo::laptop::MemberOptions;
use login_kit::Laptop;
use serde_json::json;

use super::killed::is_whole;
use super::way::{Fate, Way};
use super::{HANAKO, Member, TARO, put_record, record, refused, table, user};

async fn on_the_way() -> (Laptop, Way) {
    let members = |members: &mut MemberOptions| members.users = [HANAKO, TARO].map(user).into();
    Way::with_laptop(|_| {}, members).await
}

/// A withdrawn record is in the user pool, and the lease of a pass that wrote none has ended. Gives
/// the withdrawn record.
async fn left_with_a_withdrawn_record(
    (laptop, way): (&Laptop, &Way),
    member: &Member<'_>,
    persona: &str,
) -> String {
    assert_eq!(member.verify(persona).await.status, 200);
    let username = member.username();
    let withdrawn = record(laptop, &username).unwrap();
    let taken_back = member.call("DELETE", "/verifications/me", None).await;
    assert_eq!(taken_back.status, 204);

    let begun = member.begin().await;
    let code = member.code(&begun, persona).await;
    way.follow(member, Fate::CutBefore.of_each("AdminUpdateUserAttributes"));
    let left = member.complete(&begun, &code).await;
    refused(&left, 503, "user_pool_unavailable");
    way.leave(member);
    put_record(laptop, &username, &withdrawn).await;
    table::lapse(laptop, member).await;
    assert_eq!(member.state().await["state"], "verified");
    withdrawn
}

/// How often the function told the operator of such a record.
fn told(laptop: &Laptop) -> usize {
    let lines = laptop.members.as_ref().unwrap().api.logs().lines();
    let is_told = |line: &&String| line.contains("unknown_member_record");
    lines.iter().filter(is_told).count()
}

#[tokio::test]
async fn another_member_who_meets_it_removes_the_record_and_is_verified() {
    let (laptop, way) = on_the_way().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let taro = Member::signed_in(&laptop, TARO).await;
    left_with_a_withdrawn_record((&laptop, &way), &hanako, "adult").await;

    let answer = taro.verify("adult").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(told(&laptop), 1);
    assert_eq!(hanako.state().await, json!({ "state": "not_verified" }));
    is_whole(&laptop, Some(&taro), &[&hanako], "another member").await;
    let answer = hanako.verify("adult").await;
    refused(&answer, 409, "person_already_verified");
    laptop.stop().await;
}

#[tokio::test]
async fn a_member_who_takes_back_removes_the_record() {
    let (laptop, way) = on_the_way().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    left_with_a_withdrawn_record((&laptop, &way), &hanako, "adult").await;

    let taken_back = hanako.call("DELETE", "/verifications/me", None).await;
    assert_eq!(taken_back.status, 204, "{taken_back:?}");
    assert_eq!(told(&laptop), 1);
    assert_eq!(hanako.state().await, json!({ "state": "not_verified" }));
    is_whole(&laptop, None, &[&hanako], "taking back").await;
    laptop.stop().await;
}

#[tokio::test]
async fn a_member_who_verifies_again_replaces_the_record() {
    let (laptop, way) = on_the_way().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let withdrawn = left_with_a_withdrawn_record((&laptop, &way), &hanako, "adult").await;

    let answer = hanako.verify("adult").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(told(&laptop), 1);
    assert_ne!(record(&laptop, HANAKO).unwrap(), withdrawn);
    is_whole(&laptop, Some(&hanako), &[], "the same member").await;
    laptop.stop().await;
}

/// The removal is a write as others are: if it fails, the pass stays until somebody does it.
#[tokio::test]
async fn a_record_that_cannot_be_removed_stays_and_is_removed_by_the_next() {
    let (laptop, way) = on_the_way().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let taro = Member::signed_in(&laptop, TARO).await;
    left_with_a_withdrawn_record((&laptop, &way), &hanako, "adult").await;
    let before = table::entries(&laptop).await;

    let begun = taro.begin().await;
    let code = taro.code(&begun, "adult").await;
    let throttled = Fate::throttled_pool().of_each("AdminUpdateUserAttributes");
    way.follow(&hanako, throttled);
    let throttled = taro.complete(&begun, &code).await;
    refused(&throttled, 429, "too_many_requests");
    assert_eq!(table::entries(&laptop).await, before);
    assert!(record(&laptop, HANAKO).is_some());
    way.leave(&hanako);
    assert_eq!(taro.go_on(&begun, &throttled).await.status, 200);
    assert_eq!(told(&laptop), 2);
    is_whole(&laptop, Some(&taro), &[&hanako], "the next").await;
    laptop.stop().await;
}
