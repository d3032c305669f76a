//! The process of the function is killed, as by `kill -9`, before and after each write. What the
//! next try of the same member, and of another member of the same person, comes to is in tables.

use std::pin::pin;

use cognito_simulator::ApiFault;
use demo::member_app::{Answer, Begun};
use local_lambda::ProcessState;
use login_kit::{Laptop, LaptopOptions};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::way::{Fate, Way};
use super::{Member, name, numbered, people, record, refused, table};

/// The calls of a completion about the member. The third, the fourth and the last of them write.
pub(super) const VERIFY: [&str; 6] = [
    "AdminGetUser",
    "TransactGetItems",
    "TransactWriteItems",
    "AdminUpdateUserAttributes",
    "TransactGetItems",
    "TransactWriteItems",
];

/// The calls of taking it back. The third and the last of them write.
const TAKE_BACK: [&str; 6] = [
    "AdminGetUser",
    "GetItem",
    "AdminUpdateUserAttributes",
    "GetItem",
    "TransactGetItems",
    "TransactWriteItems",
];

/// Where a process is killed.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    Before(usize),
    After(usize),
}

/// A laptop with many members, and the way of its function.
pub(super) async fn on_the_way() -> (Laptop, Way) {
    let change = |laptop: &mut LaptopOptions| laptop.service = people;
    Way::with_laptop(change, |members| members.users = numbered(40)).await
}

/// Kills the process that answers the member, at this call.
pub(super) async fn killed(
    (laptop, way): (&Laptop, &Way),
    member: &Member<'_>,
    (at, calls): (At, [&str; 6]),
    asked: impl Future<Output = Answer>,
) {
    way.follow(member, move |number, _| match at {
        At::Before(at) if at == number => Fate::HeldBefore,
        At::After(at) if at == number => Fate::HeldAfter,
        _ => Fate::Passes,
    });
    killed_when_held(laptop, way, asked).await;
    let (At::Before(last) | At::After(last)) = at;
    assert_eq!(way.leave(member), calls[..=last], "{at:?}");
}

/// Kills the process that answers, when a call that it makes is held.
pub(super) async fn killed_when_held(
    laptop: &Laptop,
    way: &Way,
    asked: impl Future<Output = Answer>,
) {
    let mut asked = pin!(asked);
    tokio::select! {
        answer = &mut asked => panic!("it is answered: {answer:?}"),
        () = way.held() => {}
    }
    for process in laptop.members.as_ref().unwrap().api.processes() {
        if process.state == ProcessState::Busy {
            let pid = Pid::from_raw(process.pid.cast_signed()).unwrap();
            kill_process(pid, Signal::KILL).unwrap();
        }
    }
    let answer = asked.await;
    assert_eq!(answer.status, 500, "{answer:?}");
    assert_eq!(answer.class(), None, "the API itself answers: {answer:?}");
}

/// How a try ends: done, at once or when the lease has ended, or refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Done,
    DoneLater,
    Refused,
    RefusedLater,
}

/// Whether the try of a member ended so. `killed` is the one whose pass may be pending.
async fn ended(
    laptop: &Laptop,
    (member, begun, answer): (&Member<'_>, &Begun, Answer),
    killed: &Member<'_>,
    end: End,
    what: &str,
) {
    let answer = if matches!(end, End::DoneLater | End::RefusedLater) {
        refused(&answer, 429, "verification_under_way");
        let wait = answer.retry_after.unwrap();
        assert!((30..=61).contains(&wait), "{what}: {wait}");
        // Nobody takes it back meanwhile.
        let taken_back = killed.call("DELETE", "/verifications/me", None).await;
        refused(&taken_back, 429, "verification_under_way");
        table::lapse(laptop, killed).await;
        member.go_on(begun, &answer).await
    } else {
        answer
    };
    match end {
        End::Done | End::DoneLater => assert_eq!(answer.status, 200, "{what}: {answer:?}"),
        End::Refused | End::RefusedLater => refused(&answer, 409, "person_already_verified"),
    }
}

/// The owner is verified, and everybody else is not: at `me`, in the tokens, in the user pool and
/// in the table.
pub(super) async fn is_whole(
    laptop: &Laptop,
    owner: Option<&Member<'_>>,
    others: &[&Member<'_>],
    what: &str,
) {
    let all = owner.iter().chain(others);
    for member in all {
        let is_owner = owner.is_some_and(|owner| owner.sub() == member.sub());
        let state = if is_owner { "verified" } else { "not_verified" };
        assert_eq!(member.state().await["state"], state, "{what}");
        let claims = member.refreshed().await.id_token_claims;
        assert_eq!(
            claims.get("identity_verified").is_some(),
            is_owner,
            "{what}"
        );
        assert_eq!(
            record(laptop, &member.username()).is_some(),
            is_owner,
            "{what}"
        );
        let holds = table::holders(laptop).await.contains(&member.sub());
        assert_eq!(holds, is_owner, "{what}");
    }
    for entry in table::entries(laptop).await {
        assert!(entry.get("pending").is_none(), "{what}: {entry}");
    }
}

/// The writes of a completion, with how the same member's next try ends, and another member's.
const ENDS: [(At, End, End); 6] = [
    // Nothing is written.
    (At::Before(2), End::Done, End::Done),
    // It is pending, without a record.
    (At::After(2), End::DoneLater, End::DoneLater),
    (At::Before(3), End::DoneLater, End::DoneLater),
    // It is pending, and the record is there.
    (At::After(3), End::DoneLater, End::RefusedLater),
    (At::Before(5), End::DoneLater, End::RefusedLater),
    // It holds.
    (At::After(5), End::Done, End::Refused),
];

/// Whether the record is in the user pool when the process is killed there.
fn is_written(at: At) -> bool {
    matches!(at, At::After(3 | 5) | At::Before(5))
}

#[tokio::test]
async fn a_member_who_was_killed_goes_on_with_the_continuation_that_they_have() {
    let (laptop, way) = on_the_way().await;
    for (number, (at, end, _)) in ENDS.into_iter().enumerate() {
        let (what, persona) = (format!("{at:?}"), format!("person-{number}"));
        let member = Member::signed_in(&laptop, &name(number)).await;
        let begun = member.begin().await;
        let code = member.code(&begun, &persona).await;
        let once = [ApiFault::Throttled];
        laptop
            .cognito
            .break_api("AdminUpdateUserAttributes", &once)
            .unwrap();
        let throttled = member.complete(&begun, &code).await;
        refused(&throttled, 429, "too_many_requests");

        let going_on = member.go_on(&begun, &throttled);
        killed((&laptop, &way), &member, (at, VERIFY), going_on).await;
        assert_eq!(
            member.state().await["state"] == "verified",
            is_written(at),
            "{what}"
        );

        let answer = member.go_on(&begun, &throttled).await;
        ended(&laptop, (&member, &begun, answer), &member, end, &what).await;
        is_whole(&laptop, Some(&member), &[], &what).await;
        // And once more: the answer may have been lost.
        assert_eq!(member.go_on(&begun, &throttled).await.status, 200, "{what}");
    }
    laptop.stop().await;
}

#[tokio::test]
async fn a_member_who_was_killed_without_a_continuation_shows_the_card_again() {
    let (laptop, way) = on_the_way().await;
    for (number, (at, end, _)) in ENDS.into_iter().enumerate() {
        let (what, persona) = (format!("{at:?}"), format!("person-{number}"));
        let member = Member::signed_in(&laptop, &name(number)).await;
        let begun = member.begin().await;
        let code = member.code(&begun, &persona).await;
        let completing = member.complete(&begun, &code);
        killed((&laptop, &way), &member, (at, VERIFY), completing).await;

        // The code is spent.
        refused(
            &member.complete(&begun, &code).await,
            400,
            "service_refused_code",
        );
        assert_eq!(
            member.state().await["state"] == "verified",
            is_written(at),
            "{what}"
        );
        let begun = member.begin().await;
        let code = member.code(&begun, &persona).await;
        let answer = member.complete(&begun, &code).await;
        ended(&laptop, (&member, &begun, answer), &member, end, &what).await;
        is_whole(&laptop, Some(&member), &[], &what).await;
    }
    laptop.stop().await;
}

#[tokio::test]
async fn another_member_of_the_person_is_verified_unless_the_one_who_was_killed_has_a_record() {
    let (laptop, way) = on_the_way().await;
    for (number, (at, _, end)) in ENDS.into_iter().enumerate() {
        let (what, persona) = (format!("{at:?}"), format!("person-{number}"));
        let member = Member::signed_in(&laptop, &name(2 * number)).await;
        let other = Member::signed_in(&laptop, &name(2 * number + 1)).await;
        let begun = member.begin().await;
        let code = member.code(&begun, &persona).await;
        let completing = member.complete(&begun, &code);
        killed((&laptop, &way), &member, (at, VERIFY), completing).await;

        let begun = other.begin().await;
        let code = other.code(&begun, &persona).await;
        let answer = other.complete(&begun, &code).await;
        ended(&laptop, (&other, &begun, answer), &member, end, &what).await;
        let (owner, others) = if is_written(at) {
            (&member, [&other])
        } else {
            (&other, [&member])
        };
        is_whole(&laptop, Some(owner), &others, &what).await;
        // The owner may verify again, and the other one may not.
        assert_eq!(owner.verify(&persona).await.status, 200, "{what}");
        refused(
            &others[0].verify(&persona).await,
            409,
            "person_already_verified",
        );
        is_whole(&laptop, Some(owner), &others, &what).await;
    }
    laptop.stop().await;
}

/// The record goes first. The person is free for another member when it is gone, and not before.
#[tokio::test]
async fn a_member_who_was_killed_while_taking_back_repeats_it_and_another_is_free_at_once() {
    let (laptop, way) = on_the_way().await;
    let ends = [
        (At::Before(2), End::Refused),
        (At::After(2), End::Done),
        (At::Before(5), End::Done),
        (At::After(5), End::Done),
    ];
    for (number, (at, end)) in ends.into_iter().enumerate() {
        for repeats in [true, false] {
            let what = format!("{at:?}, {repeats}");
            let number = 2 * number + usize::from(repeats);
            let persona = format!("person-{number}");
            let member = Member::signed_in(&laptop, &name(2 * number)).await;
            let other = Member::signed_in(&laptop, &name(2 * number + 1)).await;
            assert_eq!(member.verify(&persona).await.status, 200);
            let taking_back = member.call("DELETE", "/verifications/me", None);
            killed((&laptop, &way), &member, (at, TAKE_BACK), taking_back).await;

            let is_gone = end == End::Done;
            let state = if is_gone { "not_verified" } else { "verified" };
            assert_eq!(member.state().await["state"], state, "{what}");
            assert_eq!(
                record(&laptop, &member.username()).is_none(),
                is_gone,
                "{what}"
            );
            if repeats {
                let again = member.call("DELETE", "/verifications/me", None).await;
                assert_eq!(again.status, 204, "{what}: {again:?}");
                is_whole(&laptop, None, &[&member, &other], &what).await;
                assert_eq!(other.verify(&persona).await.status, 200, "{what}");
            } else {
                let begun = other.begin().await;
                let code = other.code(&begun, &persona).await;
                let answer = other.complete(&begun, &code).await;
                ended(&laptop, (&other, &begun, answer), &member, end, &what).await;
                let again = member.call("DELETE", "/verifications/me", None).await;
                assert_eq!(
                    (again.status.as_u16(), again.body),
                    (204, json!(null)),
                    "{what}"
                );
                if !is_gone {
                    assert_eq!(other.verify(&persona).await.status, 200, "{what}");
                }
            }
            is_whole(&laptop, Some(&other), &[&member], &what).await;
        }
    }
    laptop.stop().await;
}
