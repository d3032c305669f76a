//! The process is killed when the service's code is spent and nothing is written yet: before the
//! user pool is asked for an account by logins with the card, and before the first call of the
//! table. There is no continuation, so the member shows the card again.

use demo::member_app::Begun;
use login_kit::Laptop;
use secrecy::SecretString;
use service_simulator::Endpoint;

use super::killed::{At, VERIFY, is_whole, killed, killed_when_held, on_the_way};
use super::pool_faults::CARD_USER;
use super::way::Fate;
use super::{Member, name, record, refused, table};

/// What the killed process leaves: a spent code, and nothing else.
async fn leaves_a_spent_code_and_nothing_else(
    laptop: &Laptop,
    member: &Member<'_>,
    (begun, code): (&Begun, &SecretString),
) {
    assert_eq!(laptop.service.count(Endpoint::Userinfo), 1);
    assert!(table::entries(laptop).await.is_empty());
    assert_eq!(record(laptop, &member.username()), None);
    is_whole(laptop, None, &[member], "killed").await;
    let again = member.complete(begun, code).await;
    refused(&again, 400, "service_refused_code");
    assert!(again.continuation().is_none(), "{again:?}");
    // Taking back finds nothing that is under way.
    let taken_back = member.call("DELETE", "/verifications/me", None).await;
    assert_eq!(taken_back.status, 204, "{taken_back:?}");
    assert!(table::entries(laptop).await.is_empty());
}

#[tokio::test]
async fn a_member_who_was_killed_before_the_first_call_of_the_table_shows_the_card_again() {
    let (laptop, way) = on_the_way().await;
    let member = Member::signed_in(&laptop, &name(0)).await;
    let begun = member.begin().await;
    let code = member.code(&begun, "person-0").await;
    let completing = member.complete(&begun, &code);
    killed(
        (&laptop, &way),
        &member,
        (At::Before(1), VERIFY),
        completing,
    )
    .await;
    leaves_a_spent_code_and_nothing_else(&laptop, &member, (&begun, &code)).await;

    assert_eq!(member.verify("person-0").await.status, 200);
    is_whole(&laptop, Some(&member), &[], "verified").await;
    laptop.stop().await;
}

/// It blocks nobody: another member of the person needn't wait for a lease.
#[tokio::test]
async fn a_member_who_was_killed_before_the_look_for_a_card_user_blocks_nobody() {
    let (laptop, way) = on_the_way().await;
    let member = Member::signed_in(&laptop, &name(0)).await;
    let other = Member::signed_in(&laptop, &name(1)).await;
    let begun = member.begin().await;
    let code = member.code(&begun, "person-0").await;
    way.watch(CARD_USER, |_, _| Fate::HeldBefore);
    killed_when_held(&laptop, &way, member.complete(&begun, &code)).await;
    assert_eq!(way.unwatch(CARD_USER), ["AdminGetUser"]);
    leaves_a_spent_code_and_nothing_else(&laptop, &member, (&begun, &code)).await;

    assert_eq!(other.verify("person-0").await.status, 200);
    let answer = member.verify("person-0").await;
    refused(&answer, 409, "person_already_verified");
    is_whole(&laptop, Some(&other), &[&member], "the other one").await;
    laptop.stop().await;
}
