//! Records that aren't where the function put them. Whoever may write users can do that, and IAM
//! guards it; no app and no member can.

use serde_json::json;

use super::operator::asked;
use super::{HANAKO, JIRO, Member, TARO, laptop, put_record, record, refused, table};

#[tokio::test]
async fn a_record_that_is_copied_to_another_member_is_none() {
    let laptop = laptop().await;
    let (hanako, taro) = (
        Member::signed_in(&laptop, HANAKO).await,
        Member::signed_in(&laptop, TARO).await,
    );
    assert_eq!(hanako.verify("adult").await.status, 200);
    let hanakos = record(&laptop, HANAKO).unwrap();
    put_record(&laptop, TARO, &hanakos).await;

    assert_eq!(taro.state().await, json!({ "state": "not_verified" }));
    let tokens = taro.refreshed().await;
    for claims in [&tokens.id_token_claims, &tokens.access_token_claims] {
        assert_eq!(claims.get("identity_verified"), None);
    }
    let log = laptop.triggers.log_lines().join("\n");
    assert!(log.contains("record_unlinked"), "{log}");
    // It doesn't help against the table either, and the member's own verification replaces it.
    refused(&taro.verify("adult").await, 409, "person_already_verified");
    assert_eq!(taro.verify("leap-day").await.status, 200);
    assert_ne!(record(&laptop, TARO).unwrap(), hanakos);
    assert_eq!(
        taro.refreshed().await.id_token_claims["identity_verified"],
        true
    );
    assert_eq!(hanako.state().await["state"], "verified");
    laptop.stop().await;
}

/// What docs/members says remains: no call asks the table at a sign-in, so claims come again. The
/// table isn't deceived: the person is free for another member, and the operator sees it.
#[tokio::test]
async fn a_withdrawn_record_that_is_put_back_gives_claims_and_holds_nobody() {
    let laptop = laptop().await;
    let (hanako, taro, jiro) = (
        Member::signed_in(&laptop, HANAKO).await,
        Member::signed_in(&laptop, TARO).await,
        Member::signed_in(&laptop, JIRO).await,
    );
    assert_eq!(hanako.verify("adult").await.status, 200);
    let withdrawn = record(&laptop, HANAKO).unwrap();
    assert_eq!(
        hanako
            .call("DELETE", "/verifications/me", None)
            .await
            .status,
        204
    );
    assert_eq!(
        hanako
            .refreshed()
            .await
            .id_token_claims
            .get("identity_verified"),
        None
    );
    put_record(&laptop, HANAKO, &withdrawn).await;

    assert_eq!(hanako.state().await["state"], "verified");
    assert_eq!(
        hanako.refreshed().await.id_token_claims["identity_verified"],
        true
    );
    let show = json!({ "operator": "show", "sub": hanako.sub() });
    let shown = asked(&laptop, show).await.unwrap();
    assert_eq!(
        shown,
        json!({ "in_user_pool": true, "verified": false, "since": null, "pass": null })
    );
    assert_eq!(table::holders(&laptop).await, [""; 0]);
    // Another member of the person verifies, and is the only one whom the table knows.
    assert_eq!(taro.verify("adult").await.status, 200);
    assert_eq!(table::holders(&laptop).await, [taro.sub()]);
    refused(&jiro.verify("adult").await, 409, "person_already_verified");
    // The first one can't verify again, and not by the record either: the table decides.
    refused(
        &hanako.verify("adult").await,
        409,
        "person_already_verified",
    );
    // Taking it back removes the record, and leaves the other member alone.
    assert_eq!(
        hanako
            .call("DELETE", "/verifications/me", None)
            .await
            .status,
        204
    );
    assert_eq!(record(&laptop, HANAKO), None);
    assert_eq!(hanako.state().await, json!({ "state": "not_verified" }));
    assert_eq!(table::holders(&laptop).await, [taro.sub()]);
    assert_eq!(
        taro.refreshed().await.id_token_claims["identity_verified"],
        true
    );
    laptop.stop().await;
}
