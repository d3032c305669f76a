//! The operator's command: the function is invoked itself, and says whether and since when a member
//! is verified, and releases. It never says as whom.

use serde_json::{Value, json};

use super::{HANAKO, Member, TARO, laptop, record};

pub(super) async fn asked(laptop: &login_kit::Laptop, event: Value) -> Result<Value, String> {
    let members = laptop.members.as_ref().unwrap();
    let answer = members.operator.invoke(event.to_string()).await;
    let answer = answer.map_err(|failed| failed.error_type().to_owned())?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[tokio::test]
async fn it_shows_whether_and_since_when_and_releases() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let sub = hanako.tokens.id_token_claims["sub"].clone();
    let show = json!({ "operator": "show", "sub": sub });
    let nobody = json!({
        "in_user_pool": true, "verified": false, "since": null, "pass": null,
    });
    assert_eq!(asked(&laptop, show.clone()).await, Ok(nobody.clone()));
    let verified = hanako.verify("adult").await;
    let shown = asked(&laptop, show.clone()).await.unwrap();
    assert_eq!(shown["verified"], true);
    assert_eq!(shown["since"], verified.body["since"]);
    assert_eq!(
        shown.as_object().unwrap().len(),
        4,
        "nothing else is said: {shown}"
    );

    let release = json!({ "operator": "release", "sub": sub });
    let released = asked(&laptop, release.clone()).await.unwrap();
    assert_eq!(
        released,
        json!({ "released": true, "since": verified.body["since"] })
    );
    assert_eq!(record(&laptop, HANAKO), None);
    assert_eq!(asked(&laptop, show).await, Ok(nobody));
    let again = asked(&laptop, release).await.unwrap();
    assert_eq!(again, json!({ "released": false, "since": null }));
    // The person is free for another account.
    let taro = Member::signed_in(&laptop, TARO).await;
    assert_eq!(taro.verify("adult").await.status, 200);
    laptop.stop().await;
}

#[tokio::test]
async fn a_member_who_was_deleted_is_released_too() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let sub = hanako.tokens.id_token_claims["sub"].clone();
    assert_eq!(hanako.verify("adult").await.status, 200);
    laptop.cognito.delete_user(HANAKO).unwrap();
    let shown = asked(&laptop, json!({ "operator": "show", "sub": sub }))
        .await
        .unwrap();
    assert_eq!(
        (&shown["in_user_pool"], &shown["verified"]),
        (&json!(false), &json!(false))
    );
    let released = asked(&laptop, json!({ "operator": "release", "sub": sub })).await;
    assert_eq!(released.unwrap()["released"], true);
    laptop.stop().await;
}

#[tokio::test]
async fn what_is_no_command_is_refused() {
    let laptop = laptop().await;
    for event in [
        json!({ "operator": "show", "sub": "not one # of ours" }),
        json!({ "operator": "show", "sub": "" }),
    ] {
        assert_eq!(asked(&laptop, event).await, Err("member_gone".to_owned()));
    }
    // Anything else is taken for a request of the HTTP API, and needs a token.
    for event in [json!({ "operator": "erase", "sub": "x" }), json!({})] {
        let answer = asked(&laptop, event).await.unwrap();
        assert_eq!(answer["statusCode"], 404, "{answer}");
    }
    laptop.stop().await;
}
