//! Several app clients in one pool: what was issued to one is worth nothing to another. And the two
//! operations of the API with which an app's SDK refreshes and signs out.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chrono::TimeDelta;
use cognito_simulator::{AppClient, CognitoOptions, SavedPool, StartError};
use kit::{parameters, payload};
use loopback::user_agent::ACCEPT_PAGE;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::world::*;

const OTHER: &str = "other-client";
const SECRET: &str = "secret-of-the-other-client";

/// The pool has a second app client, which is confidential.
fn two_clients(options: &mut CognitoOptions) {
    let mut other = AppClient::new(OTHER, CALLBACK);
    other.client_secret = Some(SecretString::from(SECRET));
    options.app_clients.push(other);
}

/// The code of a sign-in at a client.
async fn code_of(world: &World, client_id: &str) -> String {
    let url = authorize_url(&world.cognito, &[("client_id", client_id)]);
    let page = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
    let state = parameters(&page.redirect_target().unwrap().unwrap())["state"].clone();
    let page = world.answer(&[("code", "c"), ("state", &state)]).await;
    parameters(&page.redirect_target().unwrap().unwrap())["code"].clone()
}

fn error(error: &str) -> (u16, Value) {
    (400, json!({ "error": error }))
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_was_issued_to_one_client_is_worth_nothing_to_another() {
    let world = world_with(two_clients).await;
    let as_other = [("client_id", OTHER), ("client_secret", SECRET)];
    let code = code_of(&world, "app-client").await;
    let stolen = [&as_other[..], &[("code", &code)]].concat();
    assert_eq!(world.redeem(&stolen).await, error("invalid_grant"));
    // Nor does the code work for its own client any more.
    let own = [("code", &*code)];
    assert_eq!(world.redeem(&own).await, error("invalid_grant"));

    let code = code_of(&world, "app-client").await;
    let (_, tokens) = world.redeem(&[("code", &code)]).await;
    let refresh_token = text(&tokens, "refresh_token");
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &refresh_token),
    ];
    let stolen = [&as_other[..], &refresh[..]].concat();
    assert_eq!(world.redeem(&stolen).await, error("invalid_grant"));
    // Another client's revocation leaves it alone.
    let request = reqwest::Client::new()
        .post(world.cognito.revoke_url())
        .basic_auth(OTHER, Some(SECRET))
        .form(&[("token", &refresh_token)]);
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    let (status, refreshed) = world.redeem(&refresh).await;
    assert_eq!(status, 200);
    assert_eq!(payload(&text(&refreshed, "id_token"))["aud"], "app-client");

    let code = code_of(&world, OTHER).await;
    let (status, tokens) = world
        .redeem(&[&as_other[..], &[("code", &code)]].concat())
        .await;
    assert_eq!(status, 200);
    let id_token = payload(&text(&tokens, "id_token"));
    assert_eq!(id_token["aud"], OTHER);
    let access_token = payload(&text(&tokens, "access_token"));
    assert_eq!(access_token["client_id"], OTHER);
    // It is the same user.
    let first = payload(&text(&refreshed, "id_token"));
    assert_eq!(id_token["sub"], first["sub"]);
}

#[tokio::test]
async fn a_client_has_its_own_grants_alone() {
    let world = world_with(two_clients).await;
    let grant = |grant_type| {
        [
            ("grant_type", grant_type),
            ("client_id", OTHER),
            ("client_secret", SECRET),
        ]
    };
    let refused = world.redeem(&grant("client_credentials")).await;
    assert_eq!(refused, error("unauthorized_client"));
    let refused = world.redeem(&grant("password")).await;
    assert_eq!(refused, error("unsupported_grant_type"));
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let world = world().await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let url = authorize_url(&world.cognito, &without);
    let page = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
    let state = parameters(&page.redirect_target().unwrap().unwrap())["state"].clone();
    let page = world.answer(&[("code", "c"), ("state", &state)]).await;
    let code = parameters(&page.redirect_target().unwrap().unwrap())["code"].clone();
    let refused = world.redeem(&[("code", &code)]).await;
    assert_eq!(refused, error("invalid_grant"));
}

#[tokio::test]
async fn two_clients_with_one_id_are_none() {
    let script = std::sync::Arc::new(std::sync::Mutex::new(Script::new(0)));
    let mut options = options(&script).await;
    options.app_clients.push(options.app_clients[0].clone());
    let started = cognito_simulator::Cognito::start(LOOPBACK, options.clone()).await;
    assert!(matches!(started, Err(StartError::AppClient)));
    options.app_clients.clear();
    let started = cognito_simulator::Cognito::start(LOOPBACK, options).await;
    assert!(matches!(started, Err(StartError::AppClient)));
}

#[tokio::test]
async fn an_sdk_refreshes_and_revokes_by_the_api() {
    let world = world_with(two_clients).await;
    let code = code_of(&world, OTHER).await;
    let form = [
        ("client_id", OTHER),
        ("client_secret", SECRET),
        ("code", &code),
    ];
    let (_, tokens) = world.redeem(&form).await;
    let refresh_token = text(&tokens, "refresh_token");
    let body = |changes: &[(&str, &str)]| {
        let mut body = BTreeMap::from([
            ("ClientId", OTHER),
            ("ClientSecret", SECRET),
            ("RefreshToken", &*refresh_token),
            ("Token", &*refresh_token),
        ]);
        body.extend(changes.iter().copied());
        json!(body)
    };
    let refresh = "GetTokensFromRefreshToken";
    world.clock.advance(TimeDelta::minutes(5));
    let (status, answer) = world.call(refresh, &body(&[]), &[]).await;
    assert_eq!(status, 200, "{answer}");
    let result = answer["AuthenticationResult"].as_object().unwrap();
    let names: Vec<_> = result.keys().collect();
    assert_eq!(names, ["AccessToken", "ExpiresIn", "IdToken", "TokenType"]);
    let claims = payload(result["IdToken"].as_str().unwrap());
    let before = payload(&text(&tokens, "id_token"));
    assert_eq!(
        (&claims["sub"], &claims["aud"]),
        (&before["sub"], &json!(OTHER))
    );
    assert!(claims["iat"].as_i64() > before["iat"].as_i64());

    let not_authorized = "NotAuthorizedException";
    let wrong_secret = "The client's secret is missing or wrong, or the client has none";
    for operation in [refresh, "RevokeToken"] {
        for (change, exception, message) in [
            (("ClientSecret", "wrong"), not_authorized, wrong_secret),
            (("ClientId", "app-client"), not_authorized, wrong_secret),
            (
                ("ClientId", "nobody"),
                "ResourceNotFoundException",
                "User pool client nobody does not exist.",
            ),
        ] {
            let body = body(&[change]);
            world.refuses(operation, &body, exception, message).await;
        }
    }
    let access_token = text(&tokens, "access_token");
    let body_of_access_token = body(&[("Token", &access_token)]);
    let (exception, message) = (
        "UnsupportedTokenTypeException",
        "The token is not a refresh token.",
    );
    world
        .refuses("RevokeToken", &body_of_access_token, exception, message)
        .await;

    let (status, answer) = world.call("RevokeToken", &body(&[]), &[]).await;
    assert_eq!((status, answer), (200, json!({})));
    world
        .refuses(refresh, &body(&[]), not_authorized, "Invalid Refresh Token")
        .await;
    assert_eq!(world.userinfo(&access_token).await.0, 401);
    // The journal shows no token.
    let told = format!("{:?}", world.journal.hops(Default::default(), None));
    for token in [&refresh_token, &access_token] {
        assert!(!told.contains(token.as_str()));
    }
}

#[tokio::test]
async fn what_was_saved_is_a_pool_of_the_same_users() {
    let world = world().await;
    let code = world.succeeds().await;
    let (_, tokens) = world.redeem(&[("code", &code)]).await;
    let saved = serde_json::to_string(&world.cognito.saved()).unwrap();
    let saved: SavedPool = serde_json::from_str(&saved).unwrap();
    let users = world.cognito.users();
    assert_eq!(format!("{saved:?}"), "SavedPool");

    let bound = cognito_simulator::Cognito::bind(LOOPBACK).await.unwrap();
    let again = World {
        cognito: bound
            .serve_pool(options(&world.script).await, saved)
            .unwrap(),
        ..world
    };
    assert_eq!(again.cognito.users(), users);
    let refresh_token = text(&tokens, "refresh_token");
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*refresh_token),
    ];
    assert_eq!(again.redeem(&refresh).await.0, 200);
    again.cognito.reset();
    assert!(again.cognito.users().is_empty());
    assert_eq!(again.redeem(&refresh).await, error("invalid_grant"));
}
