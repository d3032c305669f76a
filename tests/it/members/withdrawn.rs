//! A continuation of a verification that its member has taken back.

use demo::laptop::MemberOptions;
use demo::member_app::{Answer, Begun};
use login_kit::Laptop;
use serde_json::json;

use super::way::{Fate, Way};
use super::{HANAKO, Member, TARO, record, refused, table, user};

async fn on_the_way() -> (Laptop, Way) {
    let members = |members: &mut MemberOptions| members.users = [HANAKO, TARO].map(user).into();
    Way::with_laptop(|_| {}, members).await
}

/// Begins, and gets a continuation because the user pool takes no writes just now.
async fn throttled(way: &Way, member: &Member<'_>) -> (Begun, Answer) {
    let begun = member.begin().await;
    let code = member.code(&begun, "adult").await;
    let no_writes = Fate::throttled_pool().of_each("AdminUpdateUserAttributes");
    way.follow(member, no_writes);
    let throttled = member.complete(&begun, &code).await;
    refused(&throttled, 429, "too_many_requests");
    way.leave(member);
    (begun, throttled)
}

async fn take_back(member: &Member<'_>) {
    let taken_back = member.call("DELETE", "/verifications/me", None).await;
    assert_eq!(taken_back.status, 204, "{taken_back:?}");
}

#[tokio::test]
async fn a_continuation_of_what_was_taken_back_verifies_nobody_again() {
    let (laptop, way) = on_the_way().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let (begun, throttled) = throttled(&way, &hanako).await;
    assert_eq!(hanako.go_on(&begun, &throttled).await.status, 200);
    assert_eq!(hanako.state().await["state"], "verified");

    take_back(&hanako).await;
    let released = table::entries(&laptop).await;
    for _ in 0..2 {
        let again = hanako.go_on(&begun, &throttled).await;
        refused(&again, 409, "verification_taken_back");
        assert!(again.continuation().is_none(), "{again:?}");
        assert_eq!(record(&laptop, HANAKO), None);
        assert_eq!(table::entries(&laptop).await, released);
        assert_eq!(hanako.state().await, json!({ "state": "not_verified" }));
        let claims = hanako.refreshed().await.id_token_claims;
        assert_eq!(claims.get("identity_verified"), None);
    }
    take_back(&hanako).await;
    refused(
        &hanako.go_on(&begun, &throttled).await,
        409,
        "verification_taken_back",
    );
    // The card verifies the member again, and the person isn't blocked for others.
    assert_eq!(hanako.verify("adult").await.status, 200);
    take_back(&hanako).await;
    let taro = Member::signed_in(&laptop, TARO).await;
    assert_eq!(taro.verify("adult").await.status, 200);
    let late = hanako.go_on(&begun, &throttled).await;
    refused(&late, 409, "person_already_verified");
    assert_eq!(table::holders(&laptop).await, [taro.sub()]);
    laptop.stop().await;
}

/// It stays so when the member has verified, and taken back, once more meanwhile.
#[tokio::test]
async fn a_continuation_of_what_was_taken_back_is_none_after_a_later_verification_either() {
    let (laptop, way) = on_the_way().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let (begun, throttled) = throttled(&way, &hanako).await;
    assert_eq!(hanako.go_on(&begun, &throttled).await.status, 200);
    take_back(&hanako).await;
    assert_eq!(hanako.verify("adult").await.status, 200);
    take_back(&hanako).await;

    let again = hanako.go_on(&begun, &throttled).await;
    refused(&again, 409, "verification_taken_back");
    assert_eq!(record(&laptop, HANAKO), None);
    assert_eq!(hanako.state().await, json!({ "state": "not_verified" }));
    laptop.stop().await;
}
