//! Tests of `InitiateAuth`: sign-ins with a password, and refreshes, as an app's SDK does them.
//! Who signs in is created by the options or by an administrator. What a wrong request gets is
//! compared exactly.

use std::collections::HashMap;

use aws_lc_rs::hmac;
use aws_sdk_cognitoidentityprovider::error::SdkError;
use aws_sdk_cognitoidentityprovider::operation::initiate_auth::{
    InitiateAuthError, InitiateAuthOutput,
};
use aws_sdk_cognitoidentityprovider::types::{AuthFlowType, AuthenticationResultType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use cognito_simulator::{
    AppClient, AuthFlow, CognitoOptions, NewUser, PoolAttribute, ResourceServer, SavedPool,
    StartError, UserFailure,
};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use kit::payload;
use serde_json::{Value, json};

use crate::sdk::{refusal, refused, sdk};
use crate::triggers::{Triggered, details, triggered_by};
use crate::user_pool_api::ADMIN;
use crate::world::*;

pub(crate) const PASSWORD: &str = "Taro-no-passw0rd";
const SECRET: &str = "secret-of-the-confidential-client";
const WRONG: &str = "Incorrect username or password.";

/// A test person of the options.
pub(crate) fn taro() -> NewUser {
    NewUser {
        username: "Taro".to_owned(),
        password: PASSWORD.into(),
        attributes: [("name".to_owned(), "Taro".to_owned())].into(),
    }
}

/// `taro` is in the pool. The first client takes passwords by the API, and so does the
/// confidential one. The third says nothing about its flows.
fn passwords(options: &mut CognitoOptions) {
    options.users.push(taro());
    options.app_clients[0].explicit_auth_flows =
        Some(vec![AuthFlow::UserPassword, AuthFlow::RefreshToken]);
    let mut confidential = options.app_clients[0].clone();
    confidential.client_id = "confidential".to_owned();
    confidential.client_secret = Some(SECRET.into());
    let mut by_password = AppClient::new("by-password", CALLBACK);
    by_password.explicit_auth_flows = Some(vec![AuthFlow::UserPassword]);
    let unset = AppClient::new("unset", CALLBACK);
    options
        .app_clients
        .extend([confidential, by_password, unset]);
}

async fn initiate(
    world: &World,
    client_id: &str,
    flow: AuthFlowType,
    parameters: &[(&str, &str)],
) -> Result<InitiateAuthOutput, SdkError<InitiateAuthError>> {
    let parameters = parameters.iter();
    let parameters: HashMap<String, String> = parameters
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let call = sdk(&world.cognito).initiate_auth().auth_flow(flow);
    let call = call.client_id(client_id);
    call.set_auth_parameters(Some(parameters)).send().await
}

async fn sign_in(
    world: &World,
    username: &str,
    password: &str,
) -> Result<InitiateAuthOutput, SdkError<InitiateAuthError>> {
    let parameters = [("USERNAME", username), ("PASSWORD", password)];
    let flow = AuthFlowType::UserPasswordAuth;
    initiate(world, "app-client", flow, &parameters).await
}

async fn refresh(
    world: &World,
    refresh_token: &str,
) -> Result<InitiateAuthOutput, SdkError<InitiateAuthError>> {
    let parameters = [("REFRESH_TOKEN", refresh_token)];
    let flow = AuthFlowType::RefreshTokenAuth;
    initiate(world, "app-client", flow, &parameters).await
}

fn result(
    output: Result<InitiateAuthOutput, SdkError<InitiateAuthError>>,
) -> AuthenticationResultType {
    output.unwrap().authentication_result.unwrap()
}

fn access_token(result: &AuthenticationResultType) -> Value {
    payload(result.access_token().unwrap())
}

fn id_token(result: &AuthenticationResultType) -> Value {
    payload(result.id_token().unwrap())
}

fn secret_hash(username: &str, client_id: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    STANDARD.encode(hmac::sign(
        &key,
        format!("{username}{client_id}").as_bytes(),
    ))
}

#[tokio::test]
async fn a_password_signs_in_by_the_api_with_one_scope_and_an_id_token_and_refreshes() {
    let Triggered { world, tokens, .. } = triggered_by(passwords).await;
    let first = result(sign_in(&world, "taro", PASSWORD).await);
    let event = tokens.events()[0].clone();
    assert_eq!(event["triggerSource"], "TokenGeneration_Authentication");
    assert_eq!(event["userName"], "taro");
    assert_eq!(event["request"]["scopes"], json!([ADMIN]));
    assert_eq!(access_token(&first)["scope"], ADMIN);
    let claims = id_token(&first);
    assert_eq!(
        (&claims["name"], &claims["aud"]),
        (&json!("Taro"), &json!("app-client"))
    );
    assert_eq!(
        (first.expires_in(), first.token_type()),
        (3600, Some("Bearer"))
    );
    let bearer = first.access_token().unwrap();
    let user = sdk(&world.cognito)
        .get_user()
        .access_token(bearer)
        .send()
        .await;
    assert_eq!(user.unwrap().username(), "taro");
    assert_eq!(world.userinfo(bearer).await.0, 401, "without openid");

    world.clock.advance(TimeDelta::minutes(5));
    let again = result(refresh(&world, first.refresh_token().unwrap()).await);
    let event = tokens.events()[1].clone();
    assert_eq!(event["triggerSource"], "TokenGeneration_RefreshTokens");
    assert_eq!(event["request"]["scopes"], json!([ADMIN]));
    assert_eq!(again.refresh_token(), None);
    assert_eq!(id_token(&again)["origin_jti"], claims["origin_jti"]);
    assert_eq!(id_token(&again)["name"], "Taro");
    assert_eq!(access_token(&again)["scope"], ADMIN);
    assert!(access_token(&again)["iat"].as_i64() > claims["iat"].as_i64());
}

#[tokio::test]
async fn an_id_token_of_the_api_has_all_that_the_app_client_may_read() {
    let world = world_with(|options| {
        passwords(options);
        options.schema.push(PoolAttribute::new("custom:a"));
        options.schema.push(PoolAttribute::new("custom:b"));
        let readable = ["email", "custom:a"];
        options.app_clients[0].read_attributes = Some(readable.map(str::to_owned).into());
        let attributes = ["email", "name", "custom:a", "custom:b"];
        options.users[0].attributes = attributes
            .map(|name| (name.to_owned(), "x".to_owned()))
            .into();
    })
    .await;
    let claims = id_token(&result(sign_in(&world, "taro", PASSWORD).await));
    for (name, is_shown) in [
        ("email", true),
        ("custom:a", true),
        ("name", false),
        ("custom:b", false),
    ] {
        assert_eq!(claims.get(name).is_some(), is_shown, "{name}");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_one_answer() {
    let world = world_with(passwords).await;
    // A user without a password, and one who comes from the provider.
    world.cognito.create_user("hanako", &[].into()).unwrap();
    world.succeeds().await;
    for (username, password) in [
        ("taro", "Taro-no-passw0rD"),
        ("taro", "taro"),
        ("nobody", PASSWORD),
        ("hanako", PASSWORD),
        ("MynaApp_Subject-1", PASSWORD),
    ] {
        let refusal = refusal(sign_in(&world, username, password).await);
        assert_eq!(
            refusal,
            refused("NotAuthorizedException", WRONG),
            "{username}"
        );
    }
    let mistaken = refusal(sign_in(&world, "taro", "").await);
    let missing = "Missing required parameter PASSWORD";
    assert_eq!(mistaken, refused("InvalidParameterException", missing));
    let journal = format!("{:?}", world.journal.steps());
    for secret in ["taro", "Taro", "hanako", "nobody"] {
        assert!(!journal.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_disabled_user_neither_signs_in_nor_refreshes_and_their_access_tokens_are_revoked() {
    let world = world_with(passwords).await;
    let tokens = result(sign_in(&world, "taro", PASSWORD).await);
    let (bearer, refresh_token) = (
        tokens.access_token().unwrap(),
        tokens.refresh_token().unwrap(),
    );
    world.cognito.set_enabled("Taro", false).unwrap();
    let disabled = refused("NotAuthorizedException", "User is disabled.");
    assert_eq!(refusal(sign_in(&world, "taro", PASSWORD).await), disabled);
    // Who doesn't know the password isn't told.
    let wrong = refused("NotAuthorizedException", WRONG);
    assert_eq!(refusal(sign_in(&world, "taro", "wrong").await), wrong);
    assert_eq!(refusal(refresh(&world, refresh_token).await), disabled);
    let get_user = async || {
        let call = sdk(&world.cognito).get_user().access_token(bearer);
        refusal(call.send().await)
    };
    let revoked = refused("NotAuthorizedException", "Access Token has been revoked");
    assert_eq!(get_user().await, revoked);

    world.cognito.set_enabled("taro", true).unwrap();
    assert_eq!(get_user().await, revoked, "for good");
    world.clock.advance(TimeDelta::seconds(1));
    result(refresh(&world, refresh_token).await);
    let tokens = result(sign_in(&world, "taro", PASSWORD).await);
    let call = sdk(&world.cognito).get_user();
    call.access_token(tokens.access_token().unwrap())
        .send()
        .await
        .unwrap();
    let unknown = world.cognito.set_enabled("nobody", false);
    assert_eq!(unknown, Err(UserFailure::Unknown));
}

#[tokio::test]
async fn a_client_allows_the_flows_that_it_names_and_by_default_only_a_refresh() {
    let world = world_with(passwords).await;
    let by_password = [("USERNAME", "taro"), ("PASSWORD", PASSWORD)];
    let not_enabled = |flow: &str| {
        let message = format!("{flow} flow not enabled for this client");
        refused("InvalidParameterException", &message)
    };
    let flow = AuthFlowType::UserPasswordAuth;
    let outcome = initiate(&world, "unset", flow.clone(), &by_password).await;
    assert_eq!(refusal(outcome), not_enabled("USER_PASSWORD_AUTH"));
    let tokens = result(initiate(&world, "by-password", flow, &by_password).await);
    let token = tokens.refresh_token().unwrap();
    let flow = AuthFlowType::RefreshTokenAuth;
    let refreshing = [("REFRESH_TOKEN", token)];
    let outcome = initiate(&world, "by-password", flow.clone(), &refreshing).await;
    assert_eq!(refusal(outcome), not_enabled("REFRESH_TOKEN_AUTH"));
    // Allowed, but the token is another client's.
    let outcome = initiate(&world, "unset", flow, &refreshing).await;
    let invalid = refused("NotAuthorizedException", "Invalid Refresh Token");
    assert_eq!(refusal(outcome), invalid);
    assert_eq!(refusal(refresh(&world, "unknown").await), invalid);
    let flow = AuthFlowType::UserSrpAuth;
    let outcome = initiate(&world, "app-client", flow, &[("USERNAME", "taro")]).await;
    assert_eq!(refusal(outcome).1, "InvalidParameterException");
    let flow = AuthFlowType::UserPasswordAuth;
    let outcome = initiate(&world, "nobody", flow, &by_password).await;
    let unknown = "User pool client nobody does not exist.";
    assert_eq!(
        refusal(outcome),
        refused("ResourceNotFoundException", unknown)
    );
}

#[tokio::test]
async fn a_client_with_a_secret_shows_its_hash_and_another_client_none() {
    let world = world_with(passwords).await;
    let id = "confidential";
    let unverified = |id: &str| {
        let message = format!("Unable to verify secret hash for client {id}");
        refused("NotAuthorizedException", &message)
    };
    let missing = refused(
        "NotAuthorizedException",
        "Client confidential is configured with secret but SECRET_HASH was not received",
    );
    let (right, wrong) = (secret_hash("taro", id), secret_hash("hanako", id));
    let attempt = async |client_id: &str, hash: Option<&str>| {
        let mut parameters = vec![("USERNAME", "taro"), ("PASSWORD", PASSWORD)];
        parameters.extend(hash.map(|hash| ("SECRET_HASH", hash)));
        let flow = AuthFlowType::UserPasswordAuth;
        initiate(&world, client_id, flow, &parameters).await
    };
    assert_eq!(refusal(attempt(id, None).await), missing);
    for hash in [&*wrong, "no base64!", SECRET] {
        assert_eq!(refusal(attempt(id, Some(hash)).await), unverified(id));
    }
    let of_public = attempt("app-client", Some(&right)).await;
    assert_eq!(refusal(of_public), unverified("app-client"));
    let tokens = result(attempt(id, Some(&right)).await);

    // The hash of a refresh is over the username that the pool keeps.
    let token = tokens.refresh_token().unwrap();
    let attempt = async |hash: Option<&str>| {
        let mut parameters = vec![("REFRESH_TOKEN", token)];
        parameters.extend(hash.map(|hash| ("SECRET_HASH", hash)));
        let flow = AuthFlowType::RefreshTokenAuth;
        initiate(&world, id, flow, &parameters).await
    };
    assert_eq!(refusal(attempt(None).await), missing);
    assert_eq!(refusal(attempt(Some(&wrong)).await), unverified(id));
    result(attempt(Some(&right)).await);
}

#[tokio::test]
async fn scopes_of_the_trigger_are_in_the_access_token_of_an_api_sign_in_and_of_its_refreshes() {
    let Triggered { world, tokens, .. } = triggered_by(|options| {
        passwords(options);
        options.resource_servers = vec![ResourceServer::new("digital-auth", ["name", "age"])];
    })
    .await;
    let scopes = |add: &[&str], suppress: &[&str]| {
        details(json!({
            "accessTokenGeneration": {"scopesToAdd": add, "scopesToSuppress": suppress},
        }))
    };
    tokens.does(&scopes(&["digital-auth/age", "aws.cognito.other"], &[]));
    let first = result(sign_in(&world, "taro", PASSWORD).await);
    let with_age = format!("{ADMIN} digital-auth/age");
    assert_eq!(access_token(&first)["scope"], json!(with_age));
    // What a trigger added isn't kept: at a refresh it is asked again about the first scopes.
    let token = first.refresh_token().unwrap();
    tokens.does(&scopes(&["digital-auth/name"], &[ADMIN]));
    let second = result(refresh(&world, token).await);
    assert_eq!(tokens.events()[1]["request"]["scopes"], json!([ADMIN]));
    assert_eq!(access_token(&second)["scope"], "digital-auth/name");
    tokens.does(&scopes(&[], &[]));
    let third = result(refresh(&world, token).await);
    assert_eq!(access_token(&third)["scope"], ADMIN);
    // A blank in a scope ends the sign-in.
    tokens.does(&scopes(&["digital-auth/age digital-auth/name"], &[]));
    let unrecognizable = "Unrecognizable lambda output";
    let refusal = refusal(refresh(&world, token).await);
    let expected = refused("UserLambdaValidationException", unrecognizable);
    assert_eq!(refusal, expected);
}

#[tokio::test]
async fn others_verify_an_access_token_by_the_key_set_below_its_issuer() {
    let world = world_with(passwords).await;
    let tokens = result(sign_in(&world, "taro", PASSWORD).await);
    let token = tokens.access_token().unwrap();
    let issuer = payload(token)["iss"].as_str().unwrap().to_owned();
    assert_eq!(issuer, world.cognito.issuer());
    // By the issuer's own host name, and by the address for processes of this machine.
    let by_name = format!("{issuer}/.well-known/jwks.json");
    for url in [by_name, world.cognito.jwks_url()] {
        let keys: JwkSet = reqwest::get(&url).await.unwrap().json().await.unwrap();
        let header = jsonwebtoken::decode_header(token).unwrap();
        let key = keys.find(&header.kid.unwrap()).unwrap();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[&issuer]);
        let key = DecodingKey::from_jwk(key).unwrap();
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap();
        assert_eq!(claims.claims["token_use"], "access", "{url}");
    }
}

#[tokio::test]
async fn a_saved_pool_keeps_passwords_and_shows_none() {
    let world = world_with(passwords).await;
    world.cognito.create_user("hanako", &[].into()).unwrap();
    let hers = "Hanako-no-passw0rd".into();
    world.cognito.set_password("hanako", &hers).unwrap();
    world.cognito.set_enabled("taro", false).unwrap();
    let saved = serde_json::to_string(&world.cognito.saved()).unwrap();
    assert!(!saved.contains("passw0rd"));
    let saved: SavedPool = serde_json::from_str(&saved).unwrap();
    let users = world.cognito.users();

    let mut options = options(&world.script).await;
    passwords(&mut options);
    options.users[0].password = "Another-passw0rd".into();
    let bound = cognito_simulator::Cognito::bind(LOOPBACK).await.unwrap();
    let cognito = bound.serve_pool(options, saved).unwrap();
    let again = World { cognito, ..world };
    assert_eq!(again.cognito.users(), users);
    result(sign_in(&again, "hanako", "Hanako-no-passw0rd").await);
    // The user of the options stays as saved.
    let disabled = refused("NotAuthorizedException", "User is disabled.");
    assert_eq!(refusal(sign_in(&again, "taro", PASSWORD).await), disabled);
    // After a reset, the users are those of the options.
    again.cognito.reset();
    assert_eq!(
        again.cognito.users().into_keys().collect::<Vec<_>>(),
        ["taro"]
    );
    assert_ne!(again.cognito.users()["taro"]["sub"], users["taro"]["sub"]);
    result(sign_in(&again, "taro", "Another-passw0rd").await);
}

#[tokio::test]
async fn a_pool_saved_without_passwords_can_still_be_read() {
    let world = world().await;
    world.succeeds().await;
    let mut saved = serde_json::to_value(world.cognito.saved()).unwrap();
    let user = &mut saved["users"]["users"]["mynaapp_subject-1"];
    for added in ["password", "awaits_password", "disabled", "tokens_revoked"] {
        assert!(user.as_object_mut().unwrap().remove(added).is_some());
    }
    let saved: SavedPool = serde_json::from_value(saved).unwrap();
    let bound = cognito_simulator::Cognito::bind(LOOPBACK).await.unwrap();
    let cognito = bound.serve_pool(options(&world.script).await, saved);
    assert_eq!(cognito.unwrap().users(), world.cognito.users());
}

#[tokio::test]
async fn a_user_of_the_options_fits_the_pool() {
    let script = std::sync::Arc::new(std::sync::Mutex::new(Script::new(0)));
    let options = options(&script).await;
    let twice = [taro(), taro()];
    let weak = NewUser {
        password: "weak".into(),
        ..taro()
    };
    let unknown = NewUser {
        attributes: [("custom:unknown".to_owned(), "x".to_owned())].into(),
        ..taro()
    };
    for (users, failure) in [
        (vec![weak], UserFailure::Password),
        (vec![unknown], UserFailure::Invalid),
        (
            vec![NewUser {
                username: String::new(),
                ..taro()
            }],
            UserFailure::Invalid,
        ),
    ] {
        let mut options = options.clone();
        options.users = users;
        let started = cognito_simulator::Cognito::start(LOOPBACK, options).await;
        let failed =
            matches!(started, Err(StartError::User { failure: why, .. }) if why == failure);
        assert!(failed, "{failure}");
    }
    // The second one is there already.
    let mut options = options.clone();
    options.users = twice.into();
    let started = cognito_simulator::Cognito::start(LOOPBACK, options.clone()).await;
    assert_eq!(started.unwrap().users().len(), 1);
    assert!(!format!("{options:?}").contains(PASSWORD));
}
