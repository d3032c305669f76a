//! The user pool doesn't answer at calls that come only in some completions: the look for a user of
//! the card, the look at the owner of a pass that was left half way, and the look at the member who
//! goes on. Nothing is decided without the answer.

use demo::member_app::{Answer, Begun};
use login_kit::{Laptop, Outcome, browser};
use serde_json::json;

use super::killed::{is_whole, on_the_way};
use super::way::{Fate, Way};
use super::{Member, name, record, refused, table};

/// What is in the calls about users who sign in with the card: how their names begin.
pub(super) const CARD_USER: &str = "\"MynaApp_";

/// What goes wrong, and how it is told.
fn faults() -> [(Fate, u16, &'static str); 5] {
    let error = |status, code: &str| Fate::Answered(status, json!({ "__type": code }));
    let unavailable = "user_pool_unavailable";
    [
        (Fate::throttled_pool(), 429, "too_many_requests"),
        (error(500, "InternalErrorException"), 503, unavailable),
        (
            error(400, "NotAuthorizedException"),
            500,
            "user_pool_refused",
        ),
        (Fate::CutBefore, 503, unavailable),
        (Fate::HeldBefore, 503, unavailable),
    ]
}

/// Asserts that an answer tells of a fault, and has a continuation.
#[track_caller]
fn is_told(answer: &Answer, (status, class): (u16, &str), what: &str) {
    refused(answer, status, class);
    assert!(answer.continuation().is_some(), "{what}: {answer:?}");
    let after = answer.retry_after.unwrap();
    assert!((1..=60).contains(&after), "{what}: {answer:?}");
}

#[tokio::test]
async fn nobody_is_verified_before_it_is_known_that_the_person_has_no_user_of_the_card() {
    let (laptop, way) = on_the_way().await;
    for (number, (fault, status, class)) in faults().into_iter().enumerate() {
        for has_card_user in [false, true] {
            let what = format!("{fault:?}, {has_card_user}");
            let number = 2 * number + usize::from(has_card_user);
            let persona = format!("person-{number}");
            if has_card_user {
                let login = laptop.login(&browser(), &persona, None).await.unwrap();
                assert!(matches!(login, Outcome::SignedIn(_)), "{what}: {login:?}");
            }
            let member = Member::signed_in(&laptop, &name(number)).await;
            let before = table::entries(&laptop).await;
            let begun = member.begin().await;
            let code = member.code(&begun, &persona).await;
            way.watch(CARD_USER, fault.clone().of_each("AdminGetUser"));
            let first = member.complete(&begun, &code).await;
            is_told(&first, (status, class), &what);
            // It isn't forgotten that this is still to be looked up.
            let second = member.go_on(&begun, &first).await;
            is_told(&second, (status, class), &what);
            assert!(way.unwatch(CARD_USER).len() >= 2, "{what}");
            assert_eq!(record(&laptop, &name(number)), None, "{what}");
            assert_eq!(table::entries(&laptop).await, before, "{what}");

            let end = member.go_on(&begun, &second).await;
            if has_card_user {
                refused(&end, 409, "person_already_verified");
            } else {
                assert_eq!(end.status, 200, "{what}: {end:?}");
            }
            let owner = (!has_card_user).then_some(&member);
            let others: &[&Member<'_>] = if has_card_user { &[&member] } else { &[] };
            is_whole(&laptop, owner, others, &what).await;
        }
    }
    laptop.stop().await;
}

/// A pass that is left half way, whose lease has ended: with the record in the user pool, or before
/// it was written.
async fn left_half_way(
    (laptop, way): (&Laptop, &Way),
    member: &Member<'_>,
    persona: &str,
    is_written: bool,
) {
    let begun = member.begin().await;
    let code = member.code(&begun, persona).await;
    let fate = if is_written {
        Fate::CutAfter
    } else {
        Fate::CutBefore
    };
    way.follow(member, fate.of_each("AdminUpdateUserAttributes"));
    let left = member.complete(&begun, &code).await;
    refused(&left, 503, "user_pool_unavailable");
    way.leave(member);
    assert_eq!(record(laptop, &member.username()).is_some(), is_written);
    table::lapse(laptop, member).await;
}

async fn code(member: &Member<'_>, persona: &str) -> (Begun, secrecy::SecretString) {
    let begun = member.begin().await;
    let code = member.code(&begun, persona).await;
    (begun, code)
}

#[tokio::test]
async fn a_pass_left_half_way_isnt_settled_before_its_owner_can_be_looked_up() {
    let (laptop, way) = on_the_way().await;
    for (number, (fault, status, class)) in faults().into_iter().enumerate() {
        for is_written in [false, true] {
            let what = format!("{fault:?}, {is_written}");
            let number = 2 * number + usize::from(is_written);
            let persona = format!("person-{number}");
            let owner = Member::signed_in(&laptop, &name(2 * number)).await;
            let other = Member::signed_in(&laptop, &name(2 * number + 1)).await;
            left_half_way((&laptop, &way), &owner, &persona, is_written).await;
            let before = table::entries(&laptop).await;

            let (begun, code) = code(&other, &persona).await;
            way.follow(&owner, fault.clone().of_each("ListUsers"));
            let unknown = other.complete(&begun, &code).await;
            is_told(&unknown, (status, class), &what);
            let still_unknown = other.go_on(&begun, &unknown).await;
            is_told(&still_unknown, (status, class), &what);
            // The owner's own request finds out no more.
            let taken_back = owner.call("DELETE", "/verifications/me", None).await;
            refused(&taken_back, status, class);
            assert!(
                way.leave(&owner).contains(&"ListUsers".to_owned()),
                "{what}"
            );
            assert_eq!(table::entries(&laptop).await, before, "{what}");
            let has_record = record(&laptop, &owner.username()).is_some();
            assert_eq!(has_record, is_written, "{what}");
            assert_eq!(record(&laptop, &other.username()), None, "{what}");

            let known = other.go_on(&begun, &still_unknown).await;
            if is_written {
                refused(&known, 409, "person_already_verified");
                is_whole(&laptop, Some(&owner), &[&other], &what).await;
            } else {
                assert_eq!(known.status, 200, "{what}: {known:?}");
                is_whole(&laptop, Some(&other), &[&owner], &what).await;
            }
        }
    }
    laptop.stop().await;
}

#[tokio::test]
async fn whoever_goes_on_is_looked_up_and_goes_on_again_if_that_fails() {
    let (laptop, way) = on_the_way().await;
    for (number, (fault, status, class)) in faults().into_iter().enumerate() {
        let (what, persona) = (format!("{fault:?}"), format!("person-{number}"));
        let member = Member::signed_in(&laptop, &name(number)).await;
        let (begun, code) = code(&member, &persona).await;
        let throttled = Fate::throttled_pool().of_each("AdminUpdateUserAttributes");
        way.follow(&member, throttled);
        let first = member.complete(&begun, &code).await;
        is_told(&first, (429, "too_many_requests"), &what);

        way.follow(&member, fault.of_each("AdminGetUser"));
        let second = member.go_on(&begun, &first).await;
        is_told(&second, (status, class), &what);
        let third = member.go_on(&begun, &second).await;
        is_told(&third, (status, class), &what);
        // It comes before everything else.
        let calls = way.leave(&member);
        assert!(calls.iter().all(|call| call == "AdminGetUser"), "{calls:?}");
        assert_eq!(record(&laptop, &name(number)), None, "{what}");

        let done = member.go_on(&begun, &third).await;
        assert_eq!(done.status, 200, "{what}: {done:?}");
        is_whole(&laptop, Some(&member), &[], &what).await;
        // The first continuation is still the same verification.
        let again = member.go_on(&begun, &first).await;
        assert_eq!(
            (again.status, again.body),
            (done.status, done.body),
            "{what}"
        );
    }
    laptop.stop().await;
}
