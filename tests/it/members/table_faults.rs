//! The table answers wrongly, late or not at all, at each call that a request makes of it. The
//! class is never a wrong one, nothing is lost, and the next try goes through.

use std::time::Duration;

use demo::member_app::{Answer, Begun};
use futures_util::future::join_all;
use login_kit::Laptop;
use serde_json::json;

use super::way::{Fate, Way};
use super::{Member, name, numbered, people, record, refused, table};

/// What the table does wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    /// Another transaction has the entries.
    Conflict,
    /// The condition of a write fails.
    Condition,
    /// There are too many requests.
    Throttled,
    /// 500.
    Internal,
    /// No answer comes.
    Silence,
    /// The connection is cut, and nothing was done.
    Cut,
    /// It was done, and the answer is lost.
    Lost,
}

const ALL: [Fault; 7] = [
    Fault::Conflict,
    Fault::Condition,
    Fault::Throttled,
    Fault::Internal,
    Fault::Silence,
    Fault::Cut,
    Fault::Lost,
];

impl Fault {
    fn fate(self) -> Fate {
        let error = |code: &str| format!("com.amazonaws.dynamodb.v20120810#{code}");
        let canceled = |reason: &str| {
            let reasons = json!([{ "Code": "None" }, { "Code": reason }]);
            let code = error("TransactionCanceledException");
            Fate::Answered(
                400,
                json!({ "__type": code, "CancellationReasons": reasons }),
            )
        };
        match self {
            Self::Conflict => canceled("TransactionConflict"),
            Self::Condition => canceled("ConditionalCheckFailed"),
            Self::Throttled => {
                Fate::Answered(400, json!({ "__type": error("ThrottlingException") }))
            }
            Self::Internal => {
                Fate::Answered(500, json!({ "__type": error("InternalServerError") }))
            }
            Self::Silence => Fate::HeldBefore,
            Self::Cut => Fate::CutBefore,
            Self::Lost => Fate::CutAfter,
        }
    }

    /// Whether this call can meet it.
    fn is_met_by(self, operation: &str) -> bool {
        match self {
            Self::Conflict => operation.starts_with("Transact"),
            Self::Condition => operation == "TransactWriteItems",
            _ => true,
        }
    }

    /// The refusal if it doesn't end.
    fn refusal(self) -> (u16, &'static str) {
        match self {
            Self::Throttled => (429, "too_many_requests"),
            _ => (503, "member_table_unavailable"),
        }
    }
}

/// The calls of a completion, of `me`, and of taking back. Those of the table are disturbed.
const COMPLETE: [&str; 6] = [
    "AdminGetUser",
    "TransactGetItems",
    "TransactWriteItems",
    "AdminUpdateUserAttributes",
    "TransactGetItems",
    "TransactWriteItems",
];
const STATE: [&str; 2] = ["AdminGetUser", "GetItem"];
const TAKE_BACK: [&str; 6] = [
    "AdminGetUser",
    "GetItem",
    "AdminUpdateUserAttributes",
    "GetItem",
    "TransactGetItems",
    "TransactWriteItems",
];

fn is_of_table(operation: &str) -> bool {
    ["GetItem", "TransactGetItems", "TransactWriteItems"].contains(&operation)
}

/// Every fault at every call of the table, with the number of the member who meets it.
fn met(calls: &'static [&str]) -> Vec<(usize, usize, Fault)> {
    let of_table = calls
        .iter()
        .enumerate()
        .filter(|(_, call)| is_of_table(call));
    let met = of_table.flat_map(|(at, call)| {
        let faults = ALL.into_iter().filter(|fault| fault.is_met_by(call));
        faults.map(move |fault| (at, fault))
    });
    met.enumerate()
        .map(|(number, (at, fault))| (number, at, fault))
        .collect()
}

/// A laptop whose pool takes any number of writes, and the way of its function.
pub(super) async fn on_the_way() -> (Laptop, Way) {
    Way::with_laptop(
        |laptop| {
            laptop.service = people;
            laptop.cognito = |pool| pool.user_update_quota = 1_000;
        },
        |members| {
            members.users = numbered(40);
            members.function = |function| {
                function.max_processes = 30;
                function.invocation_timeout = Duration::from_secs(25);
            };
        },
    )
    .await
}

/// From the call with this number on, each call of the table meets the fault; or that call alone.
fn break_from(way: &Way, member: &Member<'_>, at: usize, fault: Fault, once: bool) {
    way.follow(member, move |number, operation| {
        let is_broken = if once { number == at } else { number >= at };
        // A fault of transactions lets other calls pass.
        if is_broken && is_of_table(operation) && fault.is_met_by(operation) {
            fault.fate()
        } else {
            Fate::Passes
        }
    });
}

async fn code(member: &Member<'_>, number: usize) -> (Begun, secrecy::SecretString) {
    let begun = member.begin().await;
    let code = member.code(&begun, &format!("person-{number}")).await;
    (begun, code)
}

#[track_caller]
fn is_refusal_of(fault: Fault, answer: &Answer, what: &str) {
    let (status, class) = fault.refusal();
    assert_eq!(answer.status.as_u16(), status, "{what}: {answer:?}");
    refused(answer, status, class);
}

#[tokio::test]
async fn a_fault_of_the_table_that_ends_is_not_noticed() {
    let (laptop, way) = on_the_way().await;
    let met = met(&COMPLETE).into_iter().map(async |(number, at, fault)| {
        let what = format!("{fault:?} at {at}");
        let member = Member::signed_in(&laptop, &name(number)).await;
        let (begun, code) = code(&member, number).await;
        break_from(&way, &member, at, fault, true);
        let answer = member.complete(&begun, &code).await;
        assert_eq!(answer.status, 200, "{what}: {answer:?}");
        assert!(way.leave(&member).len() > COMPLETE.len(), "{what}");
        assert_eq!(member.state().await, answer.body, "{what}");
        assert!(
            table::holders(&laptop).await.contains(&member.sub()),
            "{what}"
        );
    });
    join_all(met).await;
    laptop.stop().await;
}

#[tokio::test]
async fn a_fault_of_the_table_that_does_not_end_has_a_continuation_with_which_it_ends_verified() {
    let (laptop, way) = on_the_way().await;
    let met = met(&COMPLETE).into_iter().map(async |(number, at, fault)| {
        let what = format!("{fault:?} from {at} on");
        let member = Member::signed_in(&laptop, &name(number)).await;
        let (begun, code) = code(&member, number).await;
        break_from(&way, &member, at, fault, false);
        let broken = member.complete(&begun, &code).await;
        is_refusal_of(fault, &broken, &what);
        assert!(
            (1..=8).contains(&broken.retry_after.unwrap()),
            "{what}: {broken:?}"
        );
        let calls = way.leave(&member);
        assert_eq!(calls[..at], COMPLETE[..at], "{what}");

        // What is in the user pool counts, and nothing else.
        let is_written = at > 3;
        assert_eq!(
            record(&laptop, &name(number)).is_some(),
            is_written,
            "{what}"
        );
        let state = if is_written {
            "verified"
        } else {
            "not_verified"
        };
        assert_eq!(member.state().await["state"], state, "{what}");
        // Where a pass is pending, it has its lease.
        let is_pending = match (at, fault) {
            (2, Fault::Lost) => true,
            (5, Fault::Lost) => false,
            _ => is_written,
        };
        let mut answer = member.go_on(&begun, &broken).await;
        if is_pending {
            refused(&answer, 429, "verification_under_way");
            table::lapse(&laptop, &member).await;
            answer = member.go_on(&begun, &answer).await;
        }
        assert_eq!(answer.status, 200, "{what}: {answer:?}");
        assert_eq!(member.state().await, answer.body, "{what}");
        assert!(
            table::holders(&laptop).await.contains(&member.sub()),
            "{what}"
        );
    });
    join_all(met).await;
    laptop.stop().await;
}

#[tokio::test]
async fn a_fault_of_the_table_at_me_and_in_taking_back_is_told_and_can_be_repeated() {
    let (laptop, way) = on_the_way().await;
    let me = met(&STATE).into_iter().map(async |(number, at, fault)| {
        let what = format!("me: {fault:?} from {at} on");
        let member = Member::signed_in(&laptop, &name(number)).await;
        let (begun, code) = code(&member, number).await;
        let verified = member.complete(&begun, &code).await;
        break_from(&way, &member, at, fault, false);
        let broken = member.call("GET", "/verifications/me", None).await;
        is_refusal_of(fault, &broken, &what);
        way.leave(&member);
        assert_eq!(member.state().await, verified.body, "{what}");
    });
    let taking_back = met(&TAKE_BACK)
        .into_iter()
        .map(async |(number, at, fault)| {
            let (number, what) = (number + 10, format!("taking back: {fault:?} from {at} on"));
            let member = Member::signed_in(&laptop, &name(number)).await;
            let (begun, code) = code(&member, number).await;
            assert_eq!(member.complete(&begun, &code).await.status, 200, "{what}");
            break_from(&way, &member, at, fault, false);
            let broken = member.call("DELETE", "/verifications/me", None).await;
            is_refusal_of(fault, &broken, &what);
            let calls = way.leave(&member);
            assert_eq!(calls[..at], TAKE_BACK[..at], "{what}");

            // The record goes first.
            let is_gone = at > 2;
            assert_eq!(record(&laptop, &name(number)).is_none(), is_gone, "{what}");
            let state = if is_gone { "not_verified" } else { "verified" };
            assert_eq!(member.state().await["state"], state, "{what}");
            let again = member.call("DELETE", "/verifications/me", None).await;
            assert_eq!(again.status, 204, "{what}: {again:?}");
            assert_eq!(record(&laptop, &name(number)), None, "{what}");
            assert!(
                !table::holders(&laptop).await.contains(&member.sub()),
                "{what}"
            );
        });
    tokio::join!(join_all(me), join_all(taking_back));
    laptop.stop().await;
}

/// Beginning calls nothing behind the function.
#[tokio::test]
async fn a_member_begins_while_neither_table_nor_pool_can_be_reached() {
    let (laptop, way) = on_the_way().await;
    let member = Member::signed_in(&laptop, &name(0)).await;
    way.follow(&member, |_, _| Fate::CutBefore);
    let (begun, code) = code(&member, 0).await;
    let broken = member.complete(&begun, &code).await;
    refused(&broken, 503, "user_pool_unavailable");
    assert!(way.leave(&member).iter().all(|call| call == "AdminGetUser"));
    assert_eq!(member.go_on(&begun, &broken).await.status, 200);
    laptop.stop().await;
}
