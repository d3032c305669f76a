//! One person, one member: a second account is refused and learns nothing, unless the rules say
//! otherwise; and two records of one user.

use demo::laptop::Outcome;
use login_kit::{browser, variables};
use serde_json::json;
use verification::variables::{MEMBERS_PER_PERSON, RELEASE_WAIT};

use super::{HANAKO, JIRO, Member, TARO, laptop, laptop_changed, record, refused};

#[tokio::test]
async fn a_second_account_of_one_person_is_refused_and_learns_nothing() {
    let laptop = laptop().await;
    let (hanako, taro) = (
        Member::signed_in(&laptop, HANAKO).await,
        Member::signed_in(&laptop, TARO).await,
    );
    assert_eq!(hanako.verify("adult").await.status, 200);
    let second = taro.verify("adult").await;
    refused(&second, 409, "person_already_verified");
    let known: Vec<_> = second.body.as_object().unwrap().keys().collect();
    assert_eq!(known, ["error", "support_id"]);
    assert_eq!(record(&laptop, TARO), None);
    assert_eq!(taro.state().await, json!({ "state": "not_verified" }));
    // The first one isn't touched, and may verify again.
    let again = hanako.verify("adult").await;
    assert_eq!(again.status, 200);
    // Another person may verify the second account. Then neither of the two becomes the other one.
    assert_eq!(taro.verify("leap-day").await.status, 200);
    for (member, persona) in [(&taro, "adult"), (&hanako, "leap-day")] {
        let answer = member.verify(persona).await;
        refused(&answer, 409, "member_is_another_person");
    }
    laptop.stop().await;
}

#[tokio::test]
async fn a_member_becomes_another_person_only_after_taking_back() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    assert_eq!(hanako.verify("adult").await.status, 200);
    refused(
        &hanako.verify("leap-day").await,
        409,
        "member_is_another_person",
    );
    hanako.call("DELETE", "/verifications/me", None).await;
    assert_eq!(hanako.verify("leap-day").await.status, 200);
    laptop.stop().await;
}

#[tokio::test]
async fn what_was_taken_back_is_free_at_once_later_or_never() {
    for (wait, status) in [("none", 200), ("30d", 409), ("never", 409)] {
        let laptop = laptop_changed(
            |_| {},
            |members| members.environment = variables([(RELEASE_WAIT, Some(wait))]),
        )
        .await;
        let (hanako, taro) = (
            Member::signed_in(&laptop, HANAKO).await,
            Member::signed_in(&laptop, TARO).await,
        );
        assert_eq!(hanako.verify("adult").await.status, 200);
        hanako.call("DELETE", "/verifications/me", None).await;
        let other = taro.verify("adult").await;
        assert_eq!(other.status.as_u16(), status, "{wait}: {other:?}");
        // The same member may come back at any time.
        let expected = if status == 200 { 409 } else { 200 };
        let back = hanako.verify("adult").await;
        assert_eq!(back.status.as_u16(), expected, "{wait}: {back:?}");
        laptop.stop().await;
    }
}

/// A deleted account is found gone when somebody meets its entry.
#[tokio::test]
async fn a_deleted_account_makes_room() {
    let laptop = laptop().await;
    let (hanako, taro) = (
        Member::signed_in(&laptop, HANAKO).await,
        Member::signed_in(&laptop, TARO).await,
    );
    assert_eq!(hanako.verify("adult").await.status, 200);
    laptop.cognito.delete_user(HANAKO).unwrap();
    assert_eq!(taro.verify("adult").await.status, 200);
    laptop.stop().await;
}

#[tokio::test]
async fn with_many_a_person_verifies_all_of_their_accounts() {
    let laptop = laptop_changed(
        |_| {},
        |members| members.environment = variables([(MEMBERS_PER_PERSON, Some("many"))]),
    )
    .await;
    for username in [HANAKO, TARO, JIRO] {
        let member = Member::signed_in(&laptop, username).await;
        assert_eq!(member.verify("adult").await.status, 200, "{username}");
    }
    laptop.stop().await;
}

/// A user who signs in with the card is an account of that person, too.
#[tokio::test]
async fn a_user_of_the_card_is_a_second_account() {
    let laptop = laptop().await;
    let outcome = laptop.login(&browser(), "adult", None).await.unwrap();
    assert!(matches!(outcome, Outcome::SignedIn(_)));
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    refused(
        &hanako.verify("adult").await,
        409,
        "person_already_verified",
    );
    assert_eq!(hanako.verify("leap-day").await.status, 200);
    laptop.stop().await;
}

/// At once, from both accounts: one is verified, and the other is told to wait or refused.
#[tokio::test]
async fn two_accounts_at_once_end_with_one_owner() {
    let laptop = laptop().await;
    let (hanako, taro) = (
        Member::signed_in(&laptop, HANAKO).await,
        Member::signed_in(&laptop, TARO).await,
    );
    let (one, other) = (hanako.begin().await, taro.begin().await);
    let one_code = hanako.code(&one, "adult").await;
    let other_code = taro.code(&other, "adult").await;
    let (first, second) = tokio::join!(
        hanako.complete(&one, &one_code),
        taro.complete(&other, &other_code)
    );
    let statuses = [first.status.as_u16(), second.status.as_u16()];
    assert!(statuses.contains(&200), "{first:?} {second:?}");
    for (member, begun, answer) in [(&hanako, &one, &first), (&taro, &other, &second)] {
        if answer.status == 429 {
            let continuation = answer.body["continuation"].as_str().unwrap();
            let (token, verifier) = (&member.tokens.access_token, &begun.code_verifier);
            let later = member
                .app
                .go_on(token, continuation, verifier)
                .await
                .unwrap();
            refused(&later, 409, "person_already_verified");
        } else if answer.status != 200 {
            refused(answer, 409, "person_already_verified");
        }
    }
    let records = [HANAKO, TARO].map(|username| record(&laptop, username));
    assert_eq!(records.iter().flatten().count(), 1);
    laptop.stop().await;
}
