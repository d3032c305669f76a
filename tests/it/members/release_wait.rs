//! `RELEASE_WAIT` in days: when another member of a person may be verified. Time passes in the
//! table, whose entries are made older.

use chrono::TimeDelta;
use login_kit::{Laptop, variables};
use verification::variables::RELEASE_WAIT;

use super::{HANAKO, JIRO, Member, TARO, laptop_changed, record, refused, table};

/// The wait.
const DAYS: TimeDelta = TimeDelta::days(30);
/// A moment that no test takes.
const MOMENT: TimeDelta = TimeDelta::minutes(1);

async fn with_a_wait() -> Laptop {
    let environment = variables([(RELEASE_WAIT, Some("30d"))]);
    laptop_changed(|_| {}, |members| members.environment = environment).await
}

/// The member is refused as long as the release isn't the wait ago, and then verified.
async fn is_free_after_the_wait(laptop: &Laptop, member: &Member<'_>) {
    let since = table::entries(laptop).await;
    let at_once = member.verify("adult").await;
    refused(&at_once, 409, "person_already_verified");
    // A try doesn't make the wait longer.
    assert_eq!(table::entries(laptop).await, since);
    for ago in [TimeDelta::days(1), TimeDelta::days(29), DAYS - MOMENT] {
        table::released_ago(laptop, ago).await;
        let answer = member.verify("adult").await;
        refused(&answer, 409, "person_already_verified");
        assert_eq!(record(laptop, &member.username()), None);
        assert_eq!(table::holders(laptop).await, [""; 0]);
    }
    table::released_ago(laptop, DAYS).await;
    let answer = member.verify("adult").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(table::holders(laptop).await, [member.sub()]);
}

#[tokio::test]
async fn what_was_taken_back_is_free_for_another_member_30_days_later() {
    let laptop = with_a_wait().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let taro = Member::signed_in(&laptop, TARO).await;
    assert_eq!(hanako.verify("adult").await.status, 200);
    // How long it held doesn't count.
    table::held_for(&laptop, DAYS * 2).await;
    let taken_back = hanako.call("DELETE", "/verifications/me", None).await;
    assert_eq!(taken_back.status, 204);
    is_free_after_the_wait(&laptop, &taro).await;
    // The former member comes too late.
    let answer = hanako.verify("adult").await;
    refused(&answer, 409, "person_already_verified");
    laptop.stop().await;
}

/// The former member needn't wait, and then it begins anew for the others.
#[tokio::test]
async fn the_wait_begins_anew_when_the_former_member_verifies_and_takes_back_again() {
    let laptop = with_a_wait().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let taro = Member::signed_in(&laptop, TARO).await;
    for _ in 0..2 {
        assert_eq!(hanako.verify("adult").await.status, 200);
        let taken_back = hanako.call("DELETE", "/verifications/me", None).await;
        assert_eq!(taken_back.status, 204);
        let answer = taro.verify("adult").await;
        refused(&answer, 409, "person_already_verified");
        table::released_ago(&laptop, DAYS - MOMENT).await;
    }
    is_free_after_the_wait(&laptop, &taro).await;
    laptop.stop().await;
}

/// A deleted account tells nobody. Its wait begins when it is found gone, however long ago it was
/// verified or deleted.
#[tokio::test]
async fn a_deleted_account_counts_from_when_it_is_found_gone() {
    let laptop = with_a_wait().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let taro = Member::signed_in(&laptop, TARO).await;
    let jiro = Member::signed_in(&laptop, JIRO).await;
    assert_eq!(hanako.verify("adult").await.status, 200);
    laptop.cognito.delete_user(HANAKO).unwrap();
    table::held_for(&laptop, DAYS * 2).await;
    assert_eq!(table::holders(&laptop).await, [hanako.sub()]);

    let found = taro.verify("adult").await;
    refused(&found, 409, "person_already_verified");
    assert_eq!(table::holders(&laptop).await, [""; 0]);
    // Whoever else comes waits as long.
    let since = table::entries(&laptop).await;
    let another = jiro.verify("adult").await;
    refused(&another, 409, "person_already_verified");
    assert_eq!(table::entries(&laptop).await, since);
    is_free_after_the_wait(&laptop, &taro).await;
    let answer = jiro.verify("adult").await;
    refused(&answer, 409, "person_already_verified");
    laptop.stop().await;
}
