//! What was read before it was changed, and lists that don't know the newest users: nobody is found
//! gone, and no record outlives its verification.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;

use super::table_faults::on_the_way;
use super::way::Fate;
use super::{HANAKO, Member, TARO, administrator, laptop, name, password, record, refused, table};

/// AWS calls `ListUsers` eventually consistent.
#[tokio::test]
async fn a_list_that_lags_finds_nobody_gone() {
    let laptop = laptop().await;
    laptop.cognito.let_lists_lag();
    // The list knows the first one without the record, and the second one not at all.
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let create = json!({ "Username": "member-new" });
    administrator(&laptop, "AdminCreateUser", &create).await;
    let password = json!({
        "Username": "member-new", "Password": secrecy::ExposeSecret::expose_secret(&password()),
        "Permanent": true,
    });
    administrator(&laptop, "AdminSetUserPassword", &password).await;
    let new = Member::signed_in(&laptop, "member-new").await;
    assert_eq!(hanako.verify("adult").await.status, 200);
    assert_eq!(new.verify("leap-day").await.status, 200);

    let taro = Member::signed_in(&laptop, TARO).await;
    for persona in ["adult", "leap-day"] {
        let second = taro.verify(persona).await;
        refused(&second, 409, "person_already_verified");
    }
    assert_eq!(record(&laptop, TARO), None);
    // An account that is gone is known to be gone, though the list has it still.
    laptop.cognito.delete_user(HANAKO).unwrap();
    assert_eq!(taro.verify("adult").await.status, 200);
    assert_eq!(table::holders(&laptop).await.len(), 2);
    laptop.stop().await;
}

/// Taking back reads the member, and a verification comes through before it goes on.
#[tokio::test]
async fn what_comes_through_while_it_is_taken_back_is_taken_back_too() {
    let (laptop, way) = on_the_way().await;
    let member = Member::signed_in(&laptop, &name(0)).await;
    let begun = member.begin().await;
    let code = member.code(&begun, "person-0").await;
    let gate = Arc::new(Semaphore::new(0));
    let closed = Arc::clone(&gate);
    way.follow(&member, move |number, operation| {
        if number == 0 {
            assert_eq!(operation, "AdminGetUser");
            return Fate::Later(Arc::clone(&closed));
        }
        Fate::Passes
    });
    let taking_back = member.call("DELETE", "/verifications/me", None);
    let completing = async {
        way.held().await;
        let done = member.complete(&begun, &code).await;
        gate.add_permits(1);
        done
    };
    let (taken_back, done) = tokio::join!(taking_back, completing);
    way.leave(&member);
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(taken_back.status, 204, "{taken_back:?}");

    assert_eq!(record(&laptop, &name(0)), None);
    assert_eq!(member.state().await["state"], "not_verified");
    let second = Member::signed_in(&laptop, &name(1)).await;
    assert_eq!(second.verify("person-0").await.status, 200);
    assert_eq!(table::holders(&laptop).await, [second.sub()]);
    laptop.stop().await;
}
