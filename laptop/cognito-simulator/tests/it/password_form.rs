//! Tests of the hosted page's form for a username and a password.
//! A browser without a screen sends the form as the page has it, and a test changes one thing.

use chrono::TimeDelta;
use cognito_simulator::{AppClient, COGNITO_PROVIDER, Cognito, CognitoOptions, StartError};
use kit::{parameters, payload};
use loopback::journal::Party;
use loopback::user_agent::{ACCEPT_PAGE, Page, UserAgent};
use serde_json::json;
use url::Url;

use crate::initiate_auth::{PASSWORD, taro};
use crate::triggers::{Triggered, details, triggered_by};
use crate::world::*;

/// The app client takes passwords besides the provider.
fn passwords(options: &mut CognitoOptions) {
    options.users.push(taro());
    let both = vec![COGNITO_PROVIDER.to_owned(), "MynaApp".to_owned()];
    options.app_clients[0].identity_providers = Some(both);
    let mut own = AppClient::new("own-only", CALLBACK);
    own.identity_providers = Some(vec![COGNITO_PROVIDER.to_owned()]);
    options.app_clients.push(own);
}

/// The page, for these changes of the app's request.
async fn page(world: &World, agent: &UserAgent, changes: &[(&str, &str)]) -> Page {
    let mut changed = vec![("identity_provider", "")];
    changed.extend(changes);
    let url = authorize_url(&world.cognito, &changed);
    let journey = agent.follow(&url, ACCEPT_PAGE, |_| false).await.unwrap();
    journey.page().unwrap().clone()
}

/// The value of an attribute of an element of the page, which comes after this text.
fn after<'a>(page: &'a str, text: &str) -> &'a str {
    let (_, rest) = page.split_once(text).unwrap();
    rest.split_once('"').unwrap().0
}

struct Form {
    action: Url,
    token: String,
}

fn form(page: &Page) -> Form {
    let text = page.text();
    let action = after(&text, "<form method=\"post\" action=\"").replace("&#38;", "&");
    Form {
        action: page.url.join(&action).unwrap(),
        token: after(&text, "name=\"_csrf\" value=\"").to_owned(),
    }
}

async fn send(agent: &UserAgent, form: &Form, username: &str, password: &str) -> Page {
    let fields = [
        ("_csrf", form.token.as_str()),
        ("username", username),
        ("password", password),
    ];
    let sent = agent.post_form(&form.action, ACCEPT_PAGE, &fields).await;
    sent.unwrap()
}

#[tokio::test]
async fn a_password_on_the_page_signs_in_like_any_hosted_login() {
    let Triggered { world, tokens, .. } = triggered_by(passwords).await;
    tokens.does(&details(
        json!({"accessTokenGeneration": {"scopesToAdd": ["digital-auth/age"]}}),
    ));
    let page = page(&world, &world.agent, &[("scope", "openid profile")]).await;
    let sent = send(&world.agent, &form(&page), "Taro", PASSWORD).await;
    let answer = parameters(&sent.redirect_target().unwrap().unwrap());
    assert_eq!(answer["state"], "app-state");
    let event = tokens.events()[0].clone();
    assert_eq!(event["triggerSource"], "TokenGeneration_HostedAuth");
    assert_eq!(event["userName"], "taro");
    assert_eq!(event["request"]["scopes"], json!(["openid", "profile"]));
    let (status, issued) = world.redeem(&[("code", &answer["code"])]).await;
    assert_eq!(status, 200, "{issued}");
    let claims = payload(issued["id_token"].as_str().unwrap());
    assert_eq!(
        (&claims["name"], &claims["nonce"]),
        (&json!("Taro"), &json!("app-nonce"))
    );
    assert_eq!(claims["cognito:username"], "taro");
    assert_eq!(claims.get("identities"), None);
    let access_token = payload(issued["access_token"].as_str().unwrap());
    assert_eq!(access_token["scope"], "openid profile digital-auth/age");

    // A hosted session keeps the scopes with which it began.
    tokens.does(&details(json!({})));
    let token = issued["refresh_token"].as_str().unwrap();
    let refreshed = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let (_, refreshed) = world.redeem(&refreshed).await;
    let event = tokens.events()[1].clone();
    assert_eq!(event["triggerSource"], "TokenGeneration_RefreshTokens");
    assert_eq!(event["request"]["scopes"], json!(["openid", "profile"]));
    let access_token = payload(refreshed["access_token"].as_str().unwrap());
    assert_eq!(access_token["scope"], "openid profile");

    let steps = world.journal.steps();
    let step = steps
        .iter()
        .find(|step| step.request == "POST /login")
        .unwrap();
    assert_eq!((step.from, step.status), (Party::Browser, Some(302)));
    let journal = format!("{steps:?}");
    for secret in ["Taro", "taro", PASSWORD] {
        assert!(!journal.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_sign_in_with_a_password_has_no_nonce_of_cognitos_own() {
    let world = world_with(passwords).await;
    let page = page(&world, &world.agent, &[("nonce", "")]).await;
    let sent = send(&world.agent, &form(&page), "taro", PASSWORD).await;
    let answer = parameters(&sent.redirect_target().unwrap().unwrap());
    let (_, issued) = world.redeem(&[("code", &answer["code"])]).await;
    let claims = payload(issued["id_token"].as_str().unwrap());
    assert_eq!(claims.get("nonce"), None);
}

#[tokio::test]
async fn the_page_offers_what_the_client_supports() {
    let world = world_with(passwords).await;
    let both = page(&world, &world.agent, &[]).await;
    assert_eq!(both.status, 200);
    let text = both.text();
    assert!(text.contains("MynaAppで続ける") && text.contains("name=\"password\""));
    assert!(text.contains("ユーザー名") && text.contains("パスワード"));
    let policy = both.header("content-security-policy").unwrap();
    assert!(!policy.contains("form-action"), "the form leads to the app");
    // The button leads to the provider, also from the page that was asked for by name.
    for provider in ["", COGNITO_PROVIDER] {
        let page = page(&world, &world.agent, &[("identity_provider", provider)]).await;
        let link = after(&page.text(), "<a class=\"button wide\" href=\"").replace("&#38;", "&");
        let link = page.url.join(&link).unwrap();
        assert_eq!(parameters(&link)["identity_provider"], "MynaApp");
        let journey = world.agent.follow(&link, ACCEPT_PAGE, |url| {
            url.host_str() == Some("provider.localhost")
        });
        assert!(journey.await.unwrap().arrived_at().is_some());
    }
    let english = page(&world, &UserAgent::new("en").unwrap(), &[])
        .await
        .text();
    assert!(english.contains("Username") && english.contains("Password"));
    let own = page(&world, &world.agent, &[("client_id", "own-only")])
        .await
        .text();
    assert!(own.contains("name=\"password\"") && !own.contains("MynaAppで続ける"));
    let refused = authorize_url(&world.cognito, &[("client_id", "own-only")]);
    let refused = world.agent.get(&refused, ACCEPT_PAGE).await.unwrap();
    let refused = parameters(&refused.redirect_target().unwrap().unwrap());
    let unavailable = "Login option is not available";
    assert_eq!(refused, refusal("invalid_request", unavailable));
}

#[tokio::test]
async fn a_client_that_does_not_take_passwords_has_no_form() {
    let world = world_with(|options| options.users.push(taro())).await;
    let page = page(&world, &world.agent, &[]).await;
    assert!(!page.text().contains("<form"));
    assert_eq!(page.header("set-cookie"), None);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.ends_with("form-action 'none'"));
    let url = authorize_url(&world.cognito, &[("identity_provider", COGNITO_PROVIDER)]);
    let refused = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
    let refused = parameters(&refused.redirect_target().unwrap().unwrap());
    let unavailable = "Login option is not available";
    assert_eq!(refused, refusal("invalid_request", unavailable));
}

#[tokio::test]
async fn a_wrong_password_shows_the_page_again_in_the_language_of_the_page() {
    let world = world_with(passwords).await;
    world.cognito.create_user("hanako", &[].into()).unwrap();
    let mut page = page(&world, &world.agent, &[]).await;
    for (username, password) in [
        ("taro", "wrong"),
        ("nobody", PASSWORD),
        ("hanako", ""),
        ("", ""),
    ] {
        page = send(&world.agent, &form(&page), username, password).await;
        assert_eq!(page.status, 400);
        let text = page.text();
        assert!(text.contains("ユーザー名またはパスワードが正しくありません。"));
        for typed in [username, password] {
            assert!(typed.is_empty() || !text.contains(typed), "{typed}");
        }
    }
    // The switch to the other language keeps the app's request.
    let switch = after(&page.text(), "<a href=\"").replace("&#38;", "&");
    let english = page.url.join(&switch).unwrap();
    let english = world.agent.get(&english, ACCEPT_PAGE).await.unwrap();
    let english = send(&world.agent, &form(&english), "taro", "wrong").await;
    assert!(english.text().contains("Incorrect username or password."));
    world.cognito.set_enabled("taro", false).unwrap();
    let disabled = send(&world.agent, &form(&english), "taro", PASSWORD).await;
    assert!(disabled.text().contains("User is disabled."));
    world.cognito.set_enabled("taro", true).unwrap();
    let sent = send(&world.agent, &form(&disabled), "taro", PASSWORD).await;
    assert!(
        sent.redirect_target()
            .unwrap()
            .unwrap()
            .as_str()
            .starts_with(CALLBACK)
    );
}

#[tokio::test]
async fn a_form_is_answered_once_in_time_by_its_browser_and_for_its_request() {
    let world = world_with(passwords).await;
    let agent = &world.agent;
    let begun = form(&page(&world, agent, &[]).await);
    let is_refused = |page: &Page, words: &str| {
        assert_eq!(page.status, 400);
        assert!(page.text().contains(words), "{words}");
    };
    // Without the page's value, with another one, from another browser.
    for token in ["", "unknown"] {
        let forged = Form {
            action: begun.action.clone(),
            token: token.to_owned(),
        };
        is_refused(
            &send(agent, &forged, "taro", PASSWORD).await,
            "Invalid state",
        );
    }
    let other = UserAgent::new("ja").unwrap();
    let words = "Login pages unavailable";
    is_refused(&send(&other, &begun, "taro", PASSWORD).await, words);
    let theirs = form(&page(&world, &other, &[]).await);
    is_refused(
        &send(&other, &begun, "taro", PASSWORD).await,
        "Invalid state",
    );
    is_refused(
        &send(agent, &theirs, "taro", PASSWORD).await,
        "Invalid state",
    );
    // The form of one request doesn't answer another one, nor the provider's.
    let changed = form(&page(&world, agent, &[("state", "another")]).await);
    let mixed = Form {
        action: changed.action.clone(),
        token: form(&page(&world, agent, &[]).await).token,
    };
    is_refused(
        &send(agent, &mixed, "taro", PASSWORD).await,
        "Invalid state",
    );
    let answer = [("code", "provider-code"), ("state", &*changed.token)];
    is_refused(&world.answer(&answer).await, "Invalid state");
    let provider = Form {
        action: changed.action.clone(),
        token: world.begin().await,
    };
    is_refused(
        &send(agent, &provider, "taro", PASSWORD).await,
        "Invalid state",
    );

    // All of that left the browser's own form alone, which works once.
    let sent = send(agent, &begun, "taro", PASSWORD).await;
    assert!(sent.redirect_target().unwrap().is_some());
    is_refused(
        &send(agent, &begun, "taro", PASSWORD).await,
        "Invalid state",
    );
    let late = form(&page(&world, agent, &[]).await);
    world
        .clock
        .advance(TimeDelta::minutes(5) + TimeDelta::seconds(1));
    is_refused(
        &send(agent, &late, "taro", PASSWORD).await,
        "Something went wrong",
    );
    assert_eq!(world.cognito.users().len(), 1);
}

#[tokio::test]
async fn a_trigger_that_fails_sends_the_browser_back_to_the_app() {
    let Triggered { world, tokens, .. } = triggered_by(passwords).await;
    tokens.does(&json!({"fail": "record_conflict ABCD"}));
    let page = page(&world, &world.agent, &[]).await;
    let sent = send(&world.agent, &form(&page), "taro", PASSWORD).await;
    let answer = parameters(&sent.redirect_target().unwrap().unwrap());
    let message = "PreTokenGeneration failed with error record_conflict ABCD.";
    assert_eq!(answer, refusal("invalid_request", message));
}

#[tokio::test]
async fn a_client_supports_the_pools_providers_and_at_least_one() {
    let script = std::sync::Arc::new(std::sync::Mutex::new(Script::new(0)));
    let options = options(&script).await;
    for names in [vec![], vec!["CompanyIdP"], vec!["MynaApp", "Cognito"]] {
        let mut options = options.clone();
        let names = names.into_iter().map(str::to_owned).collect();
        options.app_clients[0].identity_providers = Some(names);
        let started = Cognito::start(LOOPBACK, options).await;
        assert!(matches!(started, Err(StartError::IdentityProviders)));
    }
    let mut options = options;
    options.provider.name = COGNITO_PROVIDER.to_owned();
    let started = Cognito::start(LOOPBACK, options).await;
    assert!(matches!(started, Err(StartError::ProviderName)));
}
