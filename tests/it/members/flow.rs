//! The flow: a member begins, shows the card, completes, has claims at the next refresh, and takes
//! it back.

use login_kit::{Outcome, browser, logged, variables};
use serde_json::{Value, json};

use super::{HANAKO, Member, laptop, laptop_changed, name_of, record, refused};
use demo::member_app::CameBack;
use service_simulator::fault::{Fault, FaultPlace};

fn scopes(claims: &serde_json::Map<String, Value>) -> Vec<&str> {
    claims["scope"].as_str().unwrap().split(' ').collect()
}

#[tokio::test]
async fn a_member_verifies_once_and_has_the_claims_at_the_next_refresh_until_they_take_it_back() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    // Before: signed in as always, with the scopes that are configured for this app client.
    let before = &hanako.tokens;
    assert!(scopes(&before.access_token_claims).contains(&"digital-auth/verify"));
    assert!(before.id_token_claims.get("identity_verified").is_none());
    assert_eq!(before.id_token_claims["name"], "own name of hanako");
    assert_eq!(hanako.state().await, json!({ "state": "not_verified" }));

    let verified = hanako.verify("adult").await;
    assert_eq!(verified.status, 200, "{verified:?}");
    let body = &verified.body;
    assert_eq!(body["state"], "verified");
    assert_eq!(body["verification_acr"], "aal3");
    assert!(body["verified_at"].as_i64().unwrap() <= body["since"].as_i64().unwrap());
    assert_eq!(hanako.state().await, *body);
    assert!(record(&laptop, HANAKO).is_some());

    // After: the next refresh has the claims, and the profile is the member's own.
    let after = hanako.refreshed().await;
    for claims in [&after.id_token_claims, &after.access_token_claims] {
        assert_eq!(claims["identity_verified"], true);
        assert_eq!(claims["verified_at"], body["verified_at"]);
        assert_eq!(claims["verification_acr"], "aal3");
    }
    assert_eq!(after.id_token_claims["name"], "own name of hanako");
    assert!(after.id_token_claims.get("custom:member_record").is_none());

    let taken_back = hanako.call("DELETE", "/verifications/me", None).await;
    assert_eq!(taken_back.status, 204, "{taken_back:?}");
    assert_eq!(hanako.state().await, json!({ "state": "not_verified" }));
    assert_eq!(record(&laptop, HANAKO), None);
    let after = hanako.refreshed().await;
    assert!(after.id_token_claims.get("identity_verified").is_none());
    // Once more is as good.
    let again = hanako.call("DELETE", "/verifications/me", None).await;
    assert_eq!(again.status, 204);
    laptop.stop().await;
}

/// The bridge has none of the settings of logins.
#[tokio::test]
async fn a_member_verifies_where_nobody_signs_in_with_the_card() {
    let of_logins = [
        "CLIENT_ID",
        "CLIENT_SECRETS",
        "REDIRECT_URIS",
        "SEALING_KEYS",
        "ID_TOKEN_KEYS",
    ];
    let laptop = laptop_changed(
        |options| options.environment = variables(of_logins.map(|name| (name, None))),
        |_| {},
    )
    .await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let verified = hanako.verify("adult").await;
    assert_eq!(verified.status, 200, "{verified:?}");
    let after = hanako.refreshed().await;
    assert_eq!(after.access_token_claims["identity_verified"], true);
    let refused = laptop.login(&browser(), "adult", None).await;
    assert!(!matches!(refused, Ok(Outcome::SignedIn(_))), "{refused:?}");
    laptop.stop().await;
}

#[tokio::test]
async fn verified_attributes_come_where_their_scope_is_granted_and_nothing_is_written_into_the_profile()
 {
    let laptop = laptop_changed(
        |_| {},
        |members| {
            let scopes = ["verify", "name", "age_over_20", "prefecture"];
            members.sdk_scopes = scopes.map(str::to_owned).into();
        },
    )
    .await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    // An attribute whose scope is granted is verified or not there.
    assert!(hanako.tokens.id_token_claims.get("name").is_none());
    assert_eq!(hanako.verify("adult").await.status, 200);
    let after = hanako.refreshed().await;
    assert_eq!(after.id_token_claims["name"], name_of(&laptop, "adult"));
    assert_eq!(after.id_token_claims["age_over_20"], true);
    assert_eq!(after.access_token_claims["age_over_20"], true);
    assert!(after.access_token_claims.get("name").is_none());
    let users = laptop.cognito.users();
    assert_eq!(users[HANAKO]["name"], "own name of hanako");
    laptop.stop().await;
}

#[tokio::test]
async fn a_verification_that_the_person_cancels_or_the_service_refuses_comes_back_as_a_class() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    for (fault, class) in [
        ("cancel", "cancelled"),
        ("error-server-error", "service_server_error"),
    ] {
        let Ok(fault) = fault.parse::<Fault>() else {
            panic!(
                "{fault}: {:?}",
                Fault::ALL
                    .iter()
                    .map(|fault| fault.id())
                    .collect::<Vec<_>>()
            );
        };
        let begun = hanako.begin().await;
        let (app, browser) = (&hanako.app, &hanako.browser);
        let came_back = app
            .show_card(&laptop, browser, &begun, "adult", Some(fault))
            .await;
        let CameBack::Error {
            class: told,
            support_id,
        } = came_back.unwrap()
        else {
            panic!("no error");
        };
        assert_eq!(told, class);
        assert!(support_id.is_some());
    }
    laptop.stop().await;
}

/// What the service answers wrongly at the exchange ends the verification, and nothing is written.
#[tokio::test]
async fn what_the_service_says_wrongly_verifies_nobody() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let mut met = 0;
    for fault in Fault::ALL.iter().copied() {
        let begun = hanako.begin().await;
        let (app, browser) = (&hanako.app, &hanako.browser);
        let came_back = app
            .show_card(&laptop, browser, &begun, "adult", Some(fault))
            .await;
        let Ok(CameBack::Code(code)) = came_back else {
            continue;
        };
        let answer = hanako.complete(&begun, &code).await;
        if answer.status == 200 {
            // A login is accepted with this one, too.
            if fault.place() != FaultPlace::KeySet {
                assert_eq!(fault.class(), None, "{fault}");
            }
            let taken_back = hanako.call("DELETE", "/verifications/me", None).await;
            assert_eq!(taken_back.status, 204);
            continue;
        }
        met += 1;
        let class = answer.class().unwrap().to_owned();
        // What comes after the token answer depends on which keys the process knows already.
        if fault.place() == FaultPlace::TokenAnswer {
            assert_eq!(fault.class(), Some(class.as_str()), "{fault}");
        }
        assert!(answer.body["support_id"].as_str().is_some(), "{answer:?}");
        assert!(
            answer.body.get("continuation").is_none(),
            "{class}: {answer:?}"
        );
        assert_eq!(record(&laptop, HANAKO), None, "{class}");
        assert_eq!(hanako.state().await["state"], "not_verified");
    }
    assert!(met > 20, "{met}");
    laptop.stop().await;
}

/// Logins with the card go on beside verifications.
#[tokio::test]
async fn a_login_with_the_card_is_what_it_was() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let begun = hanako.begin().await;
    // In the same browser, while the verification is pending.
    let outcome = laptop
        .login(&hanako.browser, "leap-day", None)
        .await
        .unwrap();
    assert!(matches!(outcome, Outcome::SignedIn(_)), "{outcome:?}");
    let code = hanako.code(&begun, "adult").await;
    assert_eq!(hanako.complete(&begun, &code).await.status, 200);
    assert_eq!(logged(&laptop, "verification_started").len(), 1);
    laptop.stop().await;
}

#[tokio::test]
async fn what_the_api_does_not_take_is_refused_by_name() {
    let laptop = laptop().await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let good = json!({
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        "state": "state",
        "return_url": demo::laptop::MEMBER_RETURN_URL,
    });
    let begun = hanako.call("POST", "/verifications", Some(&good)).await;
    assert_eq!(
        (begun.status.as_u16(), &begun.body["expires_in"]),
        (201, &json!(300))
    );
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, class) in [
        (
            with("code_challenge", json!("short")),
            "verification_malformed",
        ),
        (
            with("code_challenge", json!(null)),
            "verification_malformed",
        ),
        (
            with("code_challenge_method", json!("plain")),
            "verification_malformed",
        ),
        (with("state", json!("")), "verification_malformed"),
        (
            with("state", json!("x".repeat(513))),
            "verification_malformed",
        ),
        (with("return_url", json!(1)), "verification_malformed"),
        (json!([]), "verification_malformed"),
        (
            with("return_url", json!("https://evil.example/")),
            "return_url_not_allowed",
        ),
        (
            with(
                "return_url",
                json!(format!("{}/", demo::laptop::MEMBER_RETURN_URL)),
            ),
            "return_url_not_allowed",
        ),
    ] {
        let answer = hanako.call("POST", "/verifications", Some(&body)).await;
        refused(&answer, 400, class);
    }
    let large = with("state", json!("x".repeat(20_000)));
    let answer = hanako.call("POST", "/verifications", Some(&large)).await;
    refused(&answer, 413, "too_large");
    for body in [
        json!({}),
        json!({ "code_verifier": "x" }),
        json!({ "code": "x", "continuation": "y", "code_verifier": "x".repeat(43) }),
        json!({ "code": 1, "code_verifier": "x".repeat(43) }),
    ] {
        let answer = hanako
            .call("POST", "/verifications/complete", Some(&body))
            .await;
        refused(&answer, 400, "verification_malformed");
    }
    laptop.stop().await;
}
