//! Tests of sign-ins that give the tokens at once, without a page: of one of the pool's own users,
//! or through a company's provider.
//! Each test says who signs in, and checks that events and tokens are exactly those of every other
//! sign-in, with the source that Cognito names.

use std::collections::BTreeMap;

use cognito_simulator::{DirectSignInFailure, ProviderType};
use kit::payload;
use serde_json::{Value, json};

use crate::triggers::{details, triggered};
use crate::user_pool_api::ADMIN;
use crate::world::*;

const COMPANY: &str = "CompanyIdP";

/// Creates two users and returns their usernames: `taro` is one of the pool's own, the other one is
/// the company's.
fn users(world: &World) -> [String; 2] {
    let attributes = BTreeMap::from([("name".to_owned(), "Taro".to_owned())]);
    let cognito = &world.cognito;
    cognito.create_user("taro", &attributes).unwrap();
    cognito.add_provider(COMPANY, ProviderType::Oidc).unwrap();
    let company = cognito.create_federated_user(COMPANY, "Taro", &attributes);
    ["taro".to_owned(), company.unwrap()]
}

fn token(tokens: &Value, name: &str) -> Value {
    payload(tokens[name].as_str().unwrap())
}

#[tokio::test]
async fn a_sign_in_without_the_provider_asks_the_trigger_and_gives_tokens_that_can_be_refreshed() {
    let triggered = triggered().await;
    triggered.tokens.does(&details(json!({
        "idTokenGeneration": {"claimsToAddOrOverride": {"age_over_20": true}},
    })));
    let world = &triggered.world;
    let [native, company] = users(world);
    let group = "ap-northeast-1_Example01_CompanyIdP";
    for (number, (username, status, groups)) in [
        (&native, "CONFIRMED", json!([])),
        (&company, "EXTERNAL_PROVIDER", json!([group])),
    ]
    .into_iter()
    .enumerate()
    {
        let user = world.cognito.users()[username].clone();
        let scopes = ["openid", "profile"];
        let tokens = world.cognito.sign_in_directly(username, &scopes).await;
        let tokens = tokens.unwrap();
        let event = triggered.tokens.events()[2 * number].clone();
        let mut attributes = json!({
            "sub": user["sub"], "cognito:user_status": status, "name": "Taro",
        });
        if let Some(identities) = user.get("identities") {
            attributes["identities"] = json!(identities);
        }
        let expected = json!({
            "version": "2",
            "triggerSource": "TokenGeneration_HostedAuth",
            "region": "ap-northeast-1",
            "userPoolId": "ap-northeast-1_Example01",
            "userName": username,
            "callerContext": {
                "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "app-client",
            },
            "request": {
                "userAttributes": attributes,
                "groupConfiguration": {
                    "groupsToOverride": groups, "iamRolesToOverride": [], "preferredRole": null,
                },
                "scopes": scopes,
            },
            "response": {"claimsAndScopeOverrideDetails": null},
        });
        assert_eq!(event, expected);

        let id_token = token(&tokens, "id_token");
        assert_eq!(id_token["sub"], json!(user["sub"]));
        assert_eq!(id_token["cognito:username"], json!(username));
        assert_eq!(id_token["name"], "Taro");
        assert_eq!(id_token["age_over_20"], true);
        let identities = id_token.get("identities").map(Value::to_string);
        assert_eq!(identities.as_ref(), user.get("identities"));
        let is_federated = username == &company;
        assert_eq!(id_token.get("nonce").is_some(), is_federated);
        let access_token = token(&tokens, "access_token");
        assert_eq!(access_token["scope"], "openid profile");
        let bearer = tokens["access_token"].as_str().unwrap();
        let (status, userinfo) = world.userinfo(bearer).await;
        assert_eq!((status, &userinfo["name"]), (200, &json!("Taro")));

        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let (status, refreshed) = triggered.refresh(refresh_token).await;
        assert_eq!(status, 200);
        let again = token(&refreshed, "id_token");
        assert_eq!(again["origin_jti"], id_token["origin_jti"]);
        let event = triggered.tokens.events()[2 * number + 1].clone();
        assert_eq!(event["triggerSource"], "TokenGeneration_RefreshTokens");
    }
    assert_eq!(triggered.inbound.events(), Vec::<Value>::new());
}

#[tokio::test]
async fn who_and_what_cannot_be_signed_in_directly_is_refused() {
    let triggered = triggered().await;
    let world = &triggered.world;
    let [native, company] = users(world);
    let sign_in = async |username: &str, scopes: &[&str]| {
        let tokens = world.cognito.sign_in_directly(username, scopes).await;
        tokens.map(|tokens| token(&tokens, "access_token")["scope"].clone())
    };
    let unknown = sign_in("nobody", &["openid"]).await;
    assert_eq!(unknown, Err(DirectSignInFailure::Unknown));
    for scopes in [&["email", "openid"][..], &[ADMIN], &["profile"], &[""]] {
        let refused = sign_in(&native, scopes).await;
        assert_eq!(refused, Err(DirectSignInFailure::Scope), "{scopes:?}");
    }
    let all = json!("openid profile digital-auth/age");
    assert_eq!(sign_in(&native, &[]).await, Ok(all), "none are all");

    // A user who came with a card can sign in only with the card, until an identity of the company
    // is linked to the user.
    world.succeeds().await;
    let card = "MynaApp_Subject-1";
    let refused = sign_in(card, &["openid"]).await;
    assert_eq!(refused, Err(DirectSignInFailure::OnlyThroughProvider));
    world.cognito.link_user(card, COMPANY, "Hanako").unwrap();
    assert_eq!(sign_in(card, &["openid"]).await, Ok(json!("openid")));
    world.cognito.set_enabled(card, false).unwrap();
    let refused = sign_in(card, &["openid"]).await;
    assert_eq!(refused, Err(DirectSignInFailure::Disabled));

    triggered
        .tokens
        .does(&json!({"fail": "record_too_old ABCD"}));
    let message = "PreTokenGeneration failed with error record_too_old ABCD.".to_owned();
    let failed = sign_in(&company, &["openid"]).await;
    assert_eq!(failed, Err(DirectSignInFailure::Trigger(message)));
}

#[tokio::test]
async fn a_sign_in_without_openid_has_no_id_token_and_the_journal_shows_nobody() {
    let triggered = triggered().await;
    let world = &triggered.world;
    let [native, _] = users(world);
    let scopes = ["digital-auth/age"];
    let tokens = world.cognito.sign_in_directly(&native, &scopes).await;
    let tokens = tokens.unwrap();
    let members: Vec<&String> = tokens.as_object().unwrap().keys().collect();
    let expected = ["access_token", "expires_in", "refresh_token", "token_type"];
    assert_eq!(members, expected);
    let journal = format!("{:?}", world.journal.steps());
    assert!(journal.contains("user pool: sign in without the provider"));
    for personal in ["taro", "Taro"] {
        assert!(!journal.contains(personal), "{personal}");
    }
}
