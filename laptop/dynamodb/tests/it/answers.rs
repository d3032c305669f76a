//! What DynamoDB may answer, and what the table makes of it.

use std::time::Duration;

use http_client::Deadline;
use keys::SystemRandomness;
use kit::{Fault, start};
use member_table::{Begin, Call, FoundGone, Hold, Release, Settle, TableError};
use serde_json::{Value, json};

use crate::world::{ONE, World, after, begin, call, member, pass};

const NAMESPACE: &str = "com.amazonaws.dynamodb.v20120810#";

fn error(status: u16, code: &str) -> Fault {
    Fault::Answer(
        status,
        json!({ "__type": format!("{NAMESPACE}{code}"), "message": "marked text of the peer" }),
    )
}

/// A canceled transaction with these reasons for its two items.
fn canceled(reasons: [&str; 2]) -> Fault {
    let reasons = reasons.map(|code| json!({ "Code": code, "Message": "marked reason" }));
    Fault::Answer(
        400,
        json!({
            "__type": format!("{NAMESPACE}TransactionCanceledException"),
            "Message": "marked text of the peer",
            "CancellationReasons": reasons,
        }),
    )
}

/// Begins a pass while each call of `operation` gets this answer.
async fn begin_answered(
    operation: &'static str,
    fault: Fault,
) -> (World, Result<Begin, TableError>) {
    let world = World::new().await;
    world.faults.follow(move |_, called| {
        if called == operation {
            fault.clone()
        } else {
            Fault::None
        }
    });
    let pass = pass("marked-member", 1).await;
    let answer = world.table.begin(&pass, ONE, call(start())).await;
    (world, answer)
}

#[tokio::test]
async fn a_conflict_of_transactions_is_tried_again() {
    for operation in ["TransactGetItems", "TransactWriteItems"] {
        for reasons in [
            ["TransactionConflict", "None"],
            ["None", "TransactionConflict"],
            ["TransactionConflict", "ConditionalCheckFailed"],
        ] {
            let world = World::new().await;
            let mut conflicts = 5;
            world.faults.follow(move |_, called| {
                if called != operation || conflicts == 0 {
                    return Fault::None;
                }
                conflicts -= 1;
                canceled(reasons)
            });
            begin(&world, &pass("a", 1).await, start()).await;
        }
    }
}

#[tokio::test]
async fn conflicts_without_end_are_busy_after_six_attempts_and_never_another_account() {
    for (operation, reasons, calls) in [
        ("TransactGetItems", ["TransactionConflict", "None"], 6),
        ("TransactWriteItems", ["TransactionConflict", "None"], 12),
        ("TransactWriteItems", ["ConditionalCheckFailed", "None"], 12),
    ] {
        let (world, answer) = begin_answered(operation, canceled(reasons)).await;
        assert_eq!(answer, Err(TableError::Busy));
        assert_eq!(world.faults.calls().len(), calls);
    }
    let (_, answer) = begin_answered(
        "TransactWriteItems",
        error(400, "TransactionInProgressException"),
    )
    .await;
    assert_eq!(answer, Err(TableError::Busy));
}

#[tokio::test]
async fn too_many_requests_are_told_as_such() {
    for fault in [
        error(400, "ProvisionedThroughputExceededException"),
        error(400, "ThrottlingException"),
        error(400, "RequestLimitExceeded"),
        canceled(["ThrottlingError", "None"]),
        canceled(["None", "ProvisionedThroughputExceeded"]),
        canceled(["TransactionConflict", "ThrottlingError"]),
    ] {
        for operation in ["TransactGetItems", "TransactWriteItems"] {
            let text = format!("{operation} {fault:?}");
            let (world, answer) = begin_answered(operation, fault.clone()).await;
            assert_eq!(answer, Err(TableError::Throttled), "{text}");
            assert!(world.faults.calls().len() <= 12);
        }
    }
}

#[tokio::test]
async fn what_an_operator_has_to_fix_is_refused_at_once() {
    for fault in [
        error(400, "AccessDeniedException"),
        error(400, "ResourceNotFoundException"),
        error(400, "ValidationException"),
        error(400, "SomethingNew"),
        canceled(["AccessDenied", "TransactionConflict"]),
        canceled(["ThrottlingError", "ValidationError"]),
    ] {
        let (world, answer) = begin_answered("TransactGetItems", fault.clone()).await;
        assert_eq!(answer, Err(TableError::Refused), "{fault:?}");
        assert_eq!(world.faults.calls().len(), 1);
    }
}

#[tokio::test]
async fn what_may_pass_is_unavailable() {
    for fault in [
        error(500, "InternalServerError"),
        error(503, "SomethingNew"),
        Fault::Answer(403, Value::Null),
        Fault::LostBefore,
        canceled(["None", "None"]),
    ] {
        let (world, answer) = begin_answered("TransactGetItems", fault.clone()).await;
        assert_eq!(answer, Err(TableError::Unavailable), "{fault:?}");
        assert_eq!(world.faults.calls().len(), 6);
    }
}

#[tokio::test]
async fn an_operation_ends_at_its_deadline_with_the_last_reason() {
    let world = World::new().await;
    let pass = pass("a", 1).await;
    let soon = || Call {
        now: start(),
        deadline: Deadline::after(Duration::from_millis(300)),
        randomness: &SystemRandomness,
    };
    world.faults.follow(|_, _| Fault::Silence);
    assert_eq!(
        world.table.begin(&pass, ONE, soon()).await,
        Err(TableError::Unavailable)
    );

    world.faults.follow(|number, _| match number {
        0 => error(400, "ThrottlingException"),
        _ => Fault::Silence,
    });
    assert_eq!(
        world.table.find(&member("a"), soon()).await,
        Err(TableError::Throttled)
    );
}

#[tokio::test]
async fn an_answer_that_was_lost_changes_nothing_for_the_caller() {
    let world = World::new().await;
    let lose_the_first_write = || {
        let mut lost = false;
        world.faults.follow(move |_, operation| {
            if operation != "TransactWriteItems" || std::mem::replace(&mut lost, true) {
                return Fault::None;
            }
            Fault::LostAfter
        });
    };
    let (first, second) = (pass("a", 1).await, pass("b", 2).await);

    lose_the_first_write();
    begin(&world, &first, start()).await;
    lose_the_first_write();
    let since = start();
    let held = world.table.hold(&first, call(start())).await;
    assert_eq!(held, Ok(Hold::Held { since }));

    lose_the_first_write();
    let released = world.table.release(&first.member, first.id, call(after(1)));
    assert_eq!(released.await, Ok(Release::Released));

    begin(&world, &second, after(2)).await;
    world.table.hold(&second, call(after(2))).await.unwrap();
    let third = pass("a", 3).await;
    let begun = world.table.begin(&third, ONE, call(after(3))).await;
    let Ok(Begin::HeldByAnother(holder)) = begun else {
        panic!("{begun:?}");
    };
    lose_the_first_write();
    let gone = world.table.found_gone(&holder, call(after(3))).await;
    assert_eq!(gone, Ok(FoundGone::Released { at: after(3) }));

    begin(&world, &third, after(4)).await;
    let fourth = pass("b", 4).await;
    let begun = world.table.begin(&fourth, ONE, call(after(64))).await;
    let Ok(Begin::LookFirst(expired)) = begun else {
        panic!("{begun:?}");
    };
    lose_the_first_write();
    let settled = world.table.settle(&expired, None, call(after(64))).await;
    assert_eq!(settled, Ok(Settle::Changed));
    begin(&world, &fourth, after(64)).await;
}

#[tokio::test]
async fn an_item_in_another_form_is_malformed_and_stays() {
    let unknown = json!({
        "Responses": [
            { "Item": { "key": { "S": "person#" }, "version": { "N": "2" } } },
            {},
        ],
    });
    let (world, answer) = begin_answered("TransactGetItems", Fault::Answer(200, unknown)).await;
    assert_eq!(answer, Err(TableError::Malformed));
    assert_eq!(world.faults.calls(), ["TransactGetItems"]);

    let one_item = Fault::Answer(200, json!({ "Responses": [{}] }));
    let (_, answer) = begin_answered("TransactGetItems", one_item).await;
    assert_eq!(answer, Err(TableError::Malformed));
}

#[tokio::test]
async fn nothing_that_is_logged_or_printed_shows_a_member_a_person_or_a_peers_words() {
    let (log, _guard) = kit::log();
    let (world, answer) =
        begin_answered("TransactGetItems", error(400, "AccessDeniedException")).await;
    let error = answer.unwrap_err();
    let (_, throttled) =
        begin_answered("TransactGetItems", canceled(["ThrottlingError", "None"])).await;
    throttled.unwrap_err();

    let mut lines = log.lines();
    lines.retain(|line| ["aws_failure", "member_table"].contains(&target(line)));
    let told: Vec<_> = (lines.iter())
        .map(|line| ["event", "operation", "class", "code"].map(|name| line[name].clone()))
        .collect();
    let line = |class: &str, code: &str| {
        ["dynamodb_call_failed", "TransactGetItems", class, code].map(|text| json!(text))
    };
    assert_eq!(told[0], line("refused", "AccessDeniedException"));
    let throttled = line("throttled", "TransactionCanceledException");
    assert_eq!(told[1..], vec![throttled; 6]);
    let logged = Value::from(lines).to_string();
    assert!(!logged.contains("marked"), "{logged}");

    let pass = pass("marked-member", 1).await;
    let shown = format!("{error} {error:?} {:?} {pass:?}", world.table);
    let digits = |byte: &u8| byte.is_ascii_hexdigit();
    assert!(!shown.contains("marked"), "{shown}");
    let longest = shown
        .as_bytes()
        .split(|byte| !digits(byte))
        .map(<[u8]>::len)
        .max();
    assert!(longest.unwrap() < 32, "{shown}");
}

/// The crate that wrote a line of the log.
fn target(line: &Value) -> &str {
    let module = line["target"].as_str().unwrap();
    module.split("::").next().unwrap()
}
