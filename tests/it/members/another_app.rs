//! Two apps of one pool, both with members who may verify: what one of them began is no use in the
//! other, even to the same member with the same verifier.

use demo::laptop::MEMBER_CLIENT_ID;
use login_kit::Laptop;

use super::way::{Fate, Way};
use super::{HANAKO, Member, record, refused, table, user};

/// The other app's client.
const OTHER: &str = "3another23456789";

async fn with_two_apps() -> (Laptop, Way) {
    let members = |members: &mut demo::laptop::MemberOptions| {
        members.users = vec![user(HANAKO)];
        members.other_clients = vec![OTHER.to_owned()];
    };
    Way::with_laptop(|_| {}, members).await
}

/// Nothing is in the user pool, and nothing in the table.
async fn is_untouched(laptop: &Laptop, what: &str) {
    assert_eq!(record(laptop, HANAKO), None, "{what}");
    assert!(table::entries(laptop).await.is_empty(), "{what}");
}

#[tokio::test]
async fn a_code_of_another_app_of_the_same_member_completes_nothing_and_isnt_spent() {
    for (began, other) in [(MEMBER_CLIENT_ID, OTHER), (OTHER, MEMBER_CLIENT_ID)] {
        let (laptop, _) = with_two_apps().await;
        let began = Member::signed_in_at(&laptop, began, HANAKO).await;
        let other = Member::signed_in_at(&laptop, other, HANAKO).await;
        assert_eq!(began.sub(), other.sub());
        let begun = began.begin().await;
        let code = began.code(&begun, "adult").await;
        for _ in 0..2 {
            let answer = other.complete(&begun, &code).await;
            refused(&answer, 403, "verification_of_another_app");
            assert!(answer.continuation().is_none(), "{answer:?}");
        }
        is_untouched(&laptop, "a code").await;

        assert_eq!(began.complete(&begun, &code).await.status, 200);
        // Who is verified is the member, and not an app.
        for member in [&began, &other] {
            assert_eq!(member.state().await["state"], "verified");
        }
        laptop.stop().await;
    }
}

#[tokio::test]
async fn a_continuation_of_another_app_of_the_same_member_goes_on_with_nothing() {
    let (laptop, way) = with_two_apps().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let other = Member::signed_in_at(&laptop, OTHER, HANAKO).await;
    let begun = hanako.begin().await;
    let code = hanako.code(&begun, "adult").await;
    // The pool can't say who the member is, so the continuation is all that there is.
    way.follow(&hanako, Fate::throttled_pool().of_each("AdminGetUser"));
    let throttled = hanako.complete(&begun, &code).await;
    refused(&throttled, 429, "too_many_requests");
    way.follow(&hanako, |_, _| Fate::Passes);
    let answer = other.go_on(&begun, &throttled).await;
    refused(&answer, 403, "verification_of_another_app");
    assert!(answer.continuation().is_none(), "{answer:?}");
    assert_eq!(way.leave(&hanako), [""; 0], "nobody is even looked up");
    is_untouched(&laptop, "a continuation").await;

    assert_eq!(hanako.go_on(&begun, &throttled).await.status, 200);
    laptop.stop().await;
}
