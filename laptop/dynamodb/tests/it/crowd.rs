//! Many completions at once, of one person for many members.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use kit::Fault;
use member_table::{LEASE, TableError};
use serde_json::json;

use crate::world::{End, ONE, World, after, pass};

#[tokio::test]
async fn of_200_completions_of_one_person_for_20_members_one_member_is_verified() {
    let world = World::new().await;
    // DynamoDB also cancels transactions that meet another one.
    world.faults.follow(|number, operation| {
        if operation.starts_with("Transact") && number % 5 == 4 {
            conflict()
        } else {
            Fault::None
        }
    });

    let owner = crowd(&world, 0).await;
    let later = crowd(&world, 61).await;

    assert_eq!(owner.len(), 1);
    assert_eq!(later, owner);
}

/// Lets 20 members complete 10 passes each, all at once, and gives those that were verified.
async fn crowd(world: &World, seconds: i64) -> BTreeSet<u16> {
    let completions = (0..200_u16).map(|number| async move {
        let member = number % 20;
        let id = number + u16::try_from(seconds).unwrap() * 200;
        let pass = pass(&format!("member-{member}"), id).await;
        (member, world.verify(&pass, ONE, after(seconds)).await)
    });
    let mut verified = BTreeSet::new();
    for (member, end) in join_all(completions).await {
        match end {
            End::Verified => {
                verified.insert(member);
            }
            End::Refused => {}
            End::Wait(until) => assert_eq!(until, after(seconds) + LEASE),
            End::Error(error) => assert_eq!(error, TableError::Busy),
        }
    }
    verified
}

fn conflict() -> Fault {
    Fault::Answer(
        400,
        json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "CancellationReasons": [{ "Code": "TransactionConflict" }, { "Code": "None" }],
        }),
    )
}
