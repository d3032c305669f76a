//! A whole login through the deployed stack: app, the emulator's Amazon Cognito, bridge, the
//! service's stand-in and back, with both triggers. The tests also check the bridge's part as
//! Amazon Cognito does, because the emulator doesn't.

use kit::Parameters;
use serde_json::{Value, json};

use crate::aws::{calls, logged};
use crate::world::World;

/// How many events with this name a function of the stack logged.
async fn count(world: &World, function: &str, event: &str) -> usize {
    let events = logged(&world.deployment.log_group(function)).await;
    events
        .iter()
        .filter(|logged| logged["event"] == event)
        .count()
}

#[tokio::test]
async fn a_person_signs_in_and_both_triggers_give_the_app_what_its_scopes_ask_for() {
    let world = World::connected("login").await;
    let tokens = world.sign_in("adult").await;

    let adult = world.persona("adult");
    for claim in ["name", "address"] {
        assert_eq!(tokens.id_token[claim], adult.claims[claim]);
    }
    assert_eq!(tokens.id_token["age_over_20"], json!(true));
    assert_eq!(tokens.access_token["age_over_20"], json!(true));
    for claim in [
        "birthdate",
        "gender",
        "custom:verified_record",
        "custom:verified_at",
    ] {
        assert_eq!(tokens.id_token.get(claim), None, "{claim} wasn't asked for");
    }
    for claim in ["name", "address"] {
        assert_eq!(
            tokens.access_token.get(claim),
            None,
            "{claim} is for the app alone"
        );
    }
    assert!(tokens.username().starts_with("MynaApp_"));

    assert_eq!(count(&world, "federation", "login_started").await, 1);
    assert_eq!(count(&world, "federation", "login_finished").await, 1);
    assert_eq!(
        count(&world, "inbound-federation", "sign_in_admitted").await,
        1
    );
    let granted = count(&world, "pre-token-generation", "claims_granted").await;
    assert!(granted >= 1);
    assert_eq!(tokens.refreshed().await["age_over_20"], json!(true));
    assert!(count(&world, "pre-token-generation", "claims_granted").await > granted);
    let subject = tokens.username().trim_start_matches("MynaApp_");
    for function in ["federation", "inbound-federation", "pre-token-generation"] {
        for event in logged(&world.deployment.log_group(function)).await {
            assert_ne!(event["event"], "failure");
            for personal in [subject, &adult.claims["name"], &adult.claims["address"]] {
                assert!(!event.to_string().contains(personal), "{function}");
            }
        }
    }
    world.service.stop().await;
}

#[tokio::test]
async fn a_stack_that_asks_for_nothing_gives_the_app_a_pseudonym() {
    let mut world = World::not_connected("pseudonym").await;
    let asks = ["AskName", "AskAddress", "AskBirthdate", "AskGender"].map(|ask| (ask, "no"));
    world.deployment.set(&asks);
    world.connect(&[("AppScopes", "openid")]).await;
    let tokens = world.sign_in("adult").await;

    let adult = world.persona("adult");
    for token in [&tokens.id_token, &tokens.access_token] {
        let token = serde_json::to_string(token).unwrap();
        // A gender is so short that random text can contain it by chance.
        for (claim, value) in adult.claims.iter().filter(|(claim, _)| **claim != "gender") {
            assert!(!token.contains(value.as_str()), "{claim}");
        }
    }
    let of_a_person = (tokens.id_token.keys()).filter(|claim| {
        claim.starts_with("age_over_")
            || claim.starts_with("custom:")
            || adult.claims.contains_key(claim.as_str())
    });
    assert_eq!(of_a_person.collect::<Vec<_>>(), [""; 0]);
    assert_eq!(
        world.sign_in("adult").await.username(),
        tokens.username(),
        "the same person"
    );
    assert_ne!(
        world.sign_in("latin-name").await.username(),
        tokens.username(),
        "another one"
    );
    world.service.stop().await;
}

#[tokio::test]
async fn the_longest_attributes_are_signed_by_kms_as_a_digest_and_arrive_whole() {
    let world = World::connected("longest").await;
    let (code, redirect_uri) = world.begin("longest").await.reach_cognito().await.code();
    let outputs = world.deployment.outputs().await;
    let secrets = world
        .deployment
        .aws
        .secret(&outputs["ClientSecretsArn"])
        .await;
    let request = Parameters::of([
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("client_id", "amazon-cognito"),
        ("client_secret", secrets["current"].as_str().unwrap()),
        ("redirect_uri", &redirect_uri),
    ]);
    let tokens = world
        .ask("/token", |http, url| http.post(url).form(request.pairs()))
        .await;
    let id_token = tokens.text("id_token").unwrap();
    assert!(
        id_token.len() > 4096,
        "KMS signs no longer text as it is: {}",
        id_token.len()
    );

    let claims = world.verified(&id_token).await;
    let longest = world.persona("longest");
    assert_eq!(claims["name"], longest.claims["name"]);
    assert_eq!(claims["formatted_address"], longest.claims["address"]);
    let access_token = tokens.text("access_token").unwrap();
    let userinfo = world
        .ask("/userinfo", |http, url| {
            http.get(url).bearer_auth(access_token)
        })
        .await;
    assert_eq!(userinfo.status, 200, "{}", userinfo.body);
    for claim in ["sub", "name", "formatted_address", "birthdate", "gender"] {
        assert_eq!(userinfo.json()[claim], claims[claim], "{claim}");
    }

    let signed = |key: &str, algorithm: &str| {
        json!({
            "KeyId": outputs[key], "MessageType": "DIGEST", "SigningAlgorithm": algorithm,
        })
    };
    let calls = calls("Sign").await.into_iter().map(|mut call| {
        call.as_object_mut().unwrap().remove("Message");
        call
    });
    let own = |call: &Value| {
        call["KeyId"] == outputs["AssertionKey1Arn"] || call["KeyId"] == outputs["IdTokenKey1Arn"]
    };
    assert_eq!(
        calls.filter(own).collect::<Vec<_>>(),
        [
            signed("IdTokenKey1Arn", "RSASSA_PKCS1_V1_5_SHA_256"),
            signed("AssertionKey1Arn", "ECDSA_SHA_256"),
        ],
        "the newest first"
    );

    // The same person signs in through the user pool.
    let tokens = world.sign_in("longest").await;
    assert_eq!(tokens.id_token["name"], longest.claims["name"]);
    assert_eq!(tokens.id_token["address"], longest.claims["address"]);
    world.service.stop().await;
}
