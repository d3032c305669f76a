//! Tests of logins: the redirects, the back channel, the user pool, and what the app gets.
//! A test says what the provider answers, lets a person sign in, and checks exactly which user,
//! which tokens or which error there is. The browser without a screen is tested here too.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, Method, StatusCode, Version};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use cognito_simulator::{
    AttributesRequestMethod, Cognito, CognitoOptions, EmptyValues, PoolAttribute, Requests,
    ResourceServer, StartError, Variation, standard_attributes,
};
use kit::{parameters, payload};
use loopback::server::ListenError;
use loopback::user_agent::{ACCEPT_PAGE, Page, REDIRECT_LIMIT, UserAgent, UserAgentError};
use serde_json::{Value, json};
use url::Url;

use crate::world::*;

// ---- A login ------------------------------------------------------------------------------------

#[tokio::test]
async fn a_login_gives_the_app_tokens_with_the_attributes() {
    let world = world().await;
    let code = world.succeeds().await;
    let (status, tokens) = world.redeem(&[("code", &code)]).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );

    let id_token = tokens["id_token"].as_str().unwrap();
    let keys: jsonwebtoken::jwk::JwkSet = reqwest::get(world.cognito.jwks_url())
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let header = jsonwebtoken::decode_header(id_token).unwrap();
    let key =
        jsonwebtoken::DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&["app-client"]);
    validation.set_issuer(&[world.cognito.issuer()]);
    let id_token = jsonwebtoken::decode::<Value>(id_token, &key, &validation)
        .unwrap()
        .claims;
    assert_eq!(id_token["token_use"], "id");
    assert_eq!(id_token["nonce"], "app-nonce");
    assert_eq!(
        id_token["cognito:username"], "mynaapp_subject-1",
        "without case by default"
    );
    assert_eq!(id_token["name"], "山田　太郎");
    assert_eq!(
        id_token["address"],
        json!({"formatted": "東京都千代田区永田町１丁目７番１号"})
    );
    assert_eq!(id_token["birthdate"], "1985-03-15");
    assert_eq!(id_token["gender"], "male");
    let identity = &id_token["identities"][0];
    assert_eq!(identity["userId"], "Subject-1", "the exact sub is here");
    assert_eq!(identity["providerName"], "MynaApp");
    assert_eq!(identity["providerType"], "OIDC");
    assert_eq!(
        (&identity["issuer"], &identity["primary"]),
        (&Value::Null, &json!("true"))
    );

    let access_token = tokens["access_token"].as_str().unwrap();
    let access = payload(access_token);
    assert_eq!(access["token_use"], "access");
    assert_eq!(access["scope"], "openid");
    assert_eq!(access["client_id"], "app-client");
    assert_eq!(access["username"], "mynaapp_subject-1");
    assert_eq!(access["sub"], id_token["sub"]);

    let (status, userinfo) = world.userinfo(access_token).await;
    assert_eq!(status, 200);
    assert_eq!(userinfo["sub"], id_token["sub"]);
    assert_eq!(userinfo["name"], "山田　太郎");
    assert_eq!(userinfo["address"], id_token["address"]);
    let identities: Value = serde_json::from_str(userinfo["identities"].as_str().unwrap()).unwrap();
    assert_eq!(identities, id_token["identities"]);

    let kept = world.attributes();
    assert_eq!(
        kept["address"], "東京都千代田区永田町１丁目７番１号",
        "strings only"
    );
    assert_eq!(kept["sub"], id_token["sub"].as_str().unwrap());
    assert!(!kept.contains_key("iss"), "only what is mapped");
    let expected = Requests {
        authorize: 1,
        logout: 0,
        revoke: 0,
        idp_response: 1,
        token: 1,
        userinfo: 1,
        user_pool_api: 0,
        provider_token: 1,
        provider_key_set: 1,
        provider_userinfo: 1,
    };
    assert_eq!(world.cognito.requests(), expected);
    world.cognito.stop().await;
}

#[tokio::test]
async fn the_provider_is_called_as_cognito_calls_it() {
    let world = world().await;
    let url = world.begin_in(&world.agent).await;
    let names: Vec<String> = url
        .query_pairs()
        .map(|(name, _)| name.into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "client_id",
            "redirect_uri",
            "scope",
            "response_type",
            "state"
        ]
    );
    assert!(
        url.query()
            .unwrap()
            .contains("scope=openid+name+address+birthdate+gender&")
    );
    let query = parameters(&url);
    assert_eq!(query["client_id"], "bridge-client");
    assert_eq!(query["redirect_uri"], world.cognito.idpresponse_url());
    assert_eq!(query["response_type"], "code");

    world
        .answer(&[("code", "provider-code+/="), ("state", &query["state"])])
        .await;
    let script = world.script.lock().unwrap();
    let (version, headers, body) = &script.token_requests[0];
    assert_eq!(*version, Version::HTTP_11);
    assert_eq!(headers["user-agent"], "Amazon/Cognito");
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    assert!(
        !headers.contains_key("authorization"),
        "client_secret_post only"
    );
    let form: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let expected = [
        ("grant_type", "authorization_code"),
        ("code", "provider-code+/="),
        ("client_id", "bridge-client"),
        ("client_secret", "secret-of-the-bridge-client"),
        ("redirect_uri", &world.cognito.idpresponse_url()),
    ];
    assert_eq!(
        form,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let (method, headers) = &script.userinfo_requests[0];
    assert_eq!(*method, Method::GET);
    assert_eq!(
        headers["authorization"],
        "Bearer provider-access-token-0001"
    );
}

#[tokio::test]
async fn prompt_and_login_hint_go_on_to_the_provider() {
    let world = world().await;
    let url = authorize_url(
        &world.cognito,
        &[("prompt", "login"), ("login_hint", "somebody")],
    );
    let page = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
    let query = parameters(&page.redirect_target().unwrap().unwrap());
    assert_eq!(
        (query["prompt"].as_str(), query["login_hint"].as_str()),
        ("login", "somebody")
    );
}

#[tokio::test]
async fn without_identity_provider_there_is_a_page_with_the_providers_link() {
    let world = world().await;
    let url = authorize_url(&world.cognito, &[("identity_provider", "")]);
    let page = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
    let login = page.redirect_target().unwrap().unwrap();
    assert_eq!((login.path(), login.query()), ("/login", url.query()));
    let page = world.agent.get(&login, ACCEPT_PAGE).await.unwrap();
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains(">MynaAppで続ける</a>"));
    let link = link_after(&page, "class=\"button wide\" ");
    let page = world.agent.get(&link, ACCEPT_PAGE).await.unwrap();
    let target = page.redirect_target().unwrap().unwrap();
    assert_eq!(target.host_str(), Some("provider.localhost"));
}

/// The address of the first link after this text.
fn link_after(page: &Page, text: &str) -> Url {
    let body = page.text();
    let (_, rest) = body.split_once(text).unwrap();
    let (_, rest) = rest.split_once("href=\"").unwrap();
    let (link, _) = rest.split_once('"').unwrap();
    page.url.join(&link.replace("&#38;", "&")).unwrap()
}

#[tokio::test]
async fn the_hosted_page_switches_its_language_and_stays_the_same_login() {
    let world = world().await;
    let mut url = authorize_url(&world.cognito, &[("identity_provider", "")]);
    url.set_path("/login");
    let page = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
    assert!(page.text().contains("<html lang=\"ja\">"));
    let switch = link_after(&page, "<header");
    let page = world.agent.get(&switch, ACCEPT_PAGE).await.unwrap();
    assert!(page.text().contains("<html lang=\"en\">"));
    assert!(page.text().contains(">Continue with MynaApp</a>"));
    // The chosen language holds for later pages, and the app's parameters are still there.
    let page = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
    assert!(page.text().contains("<html lang=\"en\">"));
    let link = link_after(&page, "class=\"button wide\" ");
    let page = world.agent.get(&link, ACCEPT_PAGE).await.unwrap();
    let target = page.redirect_target().unwrap().unwrap();
    assert_eq!(target.host_str(), Some("provider.localhost"));
}

#[tokio::test]
async fn every_page_has_strict_headers() {
    let world = world().await;
    let mut hosted = authorize_url(&world.cognito, &[("identity_provider", "")]);
    hosted.set_path("/login");
    let refused = authorize_url(&world.cognito, &[("client_id", "other")]);
    for url in [hosted, refused] {
        let page = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
        let header = |name: &str| page.headers[name].to_str().unwrap();
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(policy.ends_with("; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"));
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn the_state_has_cognitos_form_and_the_length_that_is_asked_for() {
    let world = world().await;
    for length in [700, 2600] {
        let variation = Variation {
            state_length: length,
            ..Variation::default()
        };
        world.cognito.vary(variation).unwrap();
        let state = world.begin().await;
        assert_eq!(state.len(), length);
        let parts: Vec<&str> = state.split('.').collect();
        let [first, second, digit] = parts.as_slice() else {
            panic!("three parts")
        };
        for part in [first, second] {
            let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
            assert_eq!(
                URL_SAFE_NO_PAD.encode(bytes),
                **part,
                "base64url that round-trips"
            );
        }
        assert!(matches!(digit.as_bytes(), [b'0'..=b'9']));
        let page = world.answer(&[("code", "c"), ("state", &state)]).await;
        assert_eq!(page.status, StatusCode::FOUND);
    }
    let too_short = Variation {
        state_length: 63,
        ..Variation::default()
    };
    assert!(matches!(
        world.cognito.vary(too_short),
        Err(StartError::StateLength)
    ));
}

#[tokio::test]
async fn another_client_than_cognito_can_be_played() {
    let world = world().await;
    let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    world
        .cognito
        .vary(Variation {
            authorize_extra: pair("code_challenge", "challenge"),
            token_request_extra: pair("code_verifier", "verifier"),
            ..Variation::default()
        })
        .unwrap();
    let url = world.begin_in(&world.agent).await;
    assert!(url.as_str().ends_with("&code_challenge=challenge"));
    world
        .answer(&[("code", "c"), ("state", &parameters(&url)["state"])])
        .await;
    let script = world.script.lock().unwrap();
    assert!(
        script.token_requests[0]
            .2
            .ends_with("&code_verifier=verifier")
    );
}

#[tokio::test]
async fn what_the_provider_is_asked_for_can_be_changed() {
    let world = world().await;
    let scopes = world.cognito.authorize_scopes();
    scopes.set("openid birthdate").unwrap();
    let url = world.begin_in(&world.agent).await;
    assert_eq!(parameters(&url)["scope"], "openid birthdate");
    let refused = scopes.set("birthdate");
    assert!(matches!(refused, Err(StartError::ProviderScopes)));
    let url = world.begin_in(&world.agent).await;
    assert_eq!(parameters(&url)["scope"], "openid birthdate");
}

// ---- The way back -------------------------------------------------------------------------------

#[tokio::test]
async fn a_state_that_is_changed_by_one_byte_is_refused_at_every_place() {
    let world = world().await;
    let state = world.begin().await;
    for place in [0, 350, 655, 699] {
        let mut bytes = state.clone().into_bytes();
        bytes[place] = if bytes[place] == b'1' { b'2' } else { b'1' };
        let changed = String::from_utf8(bytes).unwrap();
        let page = world.answer(&[("code", "c"), ("state", &changed)]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "byte {place}");
        assert!(page.text().contains("Invalid state"));
    }
    for parameters in [
        vec![("code", "c")],
        vec![("code", "c"), ("state", &state), ("state", &state)],
    ] {
        assert!(
            world
                .answer(&parameters)
                .await
                .text()
                .contains("Invalid state")
        );
    }
    assert_eq!(world.cognito.requests().provider_token, 0);
    let page = world.answer(&[("code", "c"), ("state", &state)]).await;
    assert_eq!(page.status, StatusCode::FOUND, "the right one still works");
    let page = world.answer(&[("code", "c"), ("state", &state)]).await;
    assert!(page.text().contains("Invalid state"), "once");
    assert_eq!(
        world.cognito.requests().provider_token,
        1,
        "a code is redeemed once"
    );
}

#[tokio::test]
async fn a_login_that_comes_back_without_cognitos_cookie_fails() {
    let world = world().await;
    let state = world.begin().await;
    let back = world.back(&[("code", "c"), ("state", &state)]);
    let stranger = UserAgent::new("en").unwrap();
    let page = stranger.get(&back, ACCEPT_PAGE).await.unwrap();
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.text().contains("Login pages unavailable"));

    assert!(stranger.take_cookie(&back, "cognito=made-up; Path=/"));
    let page = stranger.get(&back, ACCEPT_PAGE).await.unwrap();
    assert!(
        page.text().contains("Login pages unavailable"),
        "a cookie that isn't Cognito's"
    );

    let other = UserAgent::new("en").unwrap();
    world.begin_in(&other).await;
    let page = other.get(&back, ACCEPT_PAGE).await.unwrap();
    assert!(
        page.text().contains("Invalid state"),
        "another browser's own cookie"
    );

    other.copy_cookies_from(&world.agent);
    let page = other.get(&back, ACCEPT_PAGE).await.unwrap();
    assert_eq!(
        page.status,
        StatusCode::FOUND,
        "the cookie is all that was missing"
    );
}

#[tokio::test]
async fn cognitos_cookie_is_secure_and_hidden_from_scripts() {
    let world = world().await;
    let url = world.begin_in(&world.agent).await;
    assert!(
        world.agent.cookies(&url).is_empty(),
        "the provider gets no cookie of Cognito"
    );
    let cookies = world.agent.cookies(&world.back(&[]));
    assert_eq!(cookies.len(), 1);
    assert!(cookies[0].secure && cookies[0].http_only);
}

#[tokio::test]
async fn two_logins_at_once_in_one_browser_both_come_back() {
    let world = world().await;
    let tab = world.agent.new_tab();
    let first = world.begin().await;
    let second = parameters(&world.begin_in(&tab).await)["state"].clone();
    for state in [first, second] {
        let page = world.answer(&[("code", "c"), ("state", &state)]).await;
        assert_eq!(page.status, StatusCode::FOUND);
    }
}

#[tokio::test]
async fn a_login_must_be_back_within_five_minutes() {
    for (seconds, status) in [(295, StatusCode::FOUND), (301, StatusCode::BAD_REQUEST)] {
        let world = world().await;
        let state = world.begin().await;
        world.clock.advance(TimeDelta::seconds(seconds));
        // The ID token is made to last longer, so that it isn't the reason.
        world.set_claim("exp", json!(world.clock.now().timestamp() + 300));
        let page = world.answer(&[("code", "c"), ("state", &state)]).await;
        assert_eq!(page.status, status);
        assert_eq!(page.text().contains("Something went wrong"), seconds > 300);
    }
}

#[tokio::test]
async fn the_providers_error_goes_on_to_the_app() {
    let world = world().await;
    let state = world.begin().await;
    let page = world
        .answer(&[
            ("error", "access_denied"),
            ("error_description", "cancelled 0123"),
            ("state", &state),
        ])
        .await;
    let target = page.redirect_target().unwrap().unwrap();
    assert_eq!(
        parameters(&target),
        refusal("access_denied", "cancelled 0123")
    );

    let state = world.begin().await;
    let page = world
        .answer(&[("error", "server_error"), ("state", &state)])
        .await;
    let answer = parameters(&page.redirect_target().unwrap().unwrap());
    assert_eq!(
        answer.keys().collect::<Vec<_>>(),
        ["error", "state"],
        "no description came"
    );
    assert_eq!(world.cognito.requests().provider_token, 0);

    let state = world.begin().await;
    let page = world.answer(&[("state", &state)]).await;
    let answer = parameters(&page.redirect_target().unwrap().unwrap());
    assert_eq!(answer, refusal("invalid_request", "Missing code"));
}

// ---- The token request --------------------------------------------------------------------------

#[tokio::test]
async fn the_token_endpoints_oauth_error_goes_on_to_the_app() {
    let world = world().await;
    world.script(|script| {
        script.token_status = StatusCode::BAD_REQUEST;
        script.token_body = Some(
            json!({"error": "invalid_grant", "error_description": "id_token_nonce 0123"})
                .to_string(),
        );
    });
    world
        .fails(
            "invalid_grant",
            "MynaApp Error - 400 invalid_grant id_token_nonce 0123",
        )
        .await;
    world.script(|script| {
        script.token_status = StatusCode::SERVICE_UNAVAILABLE;
        script.token_body = Some(json!({"error": "temporarily_unavailable"}).to_string());
    });
    world
        .fails(
            "temporarily_unavailable",
            "MynaApp Error - 503 temporarily_unavailable",
        )
        .await;
}

#[tokio::test]
async fn another_error_of_the_token_endpoint_is_told_by_its_status() {
    let world = world().await;
    world.script(|script| {
        script.token_status = StatusCode::BAD_GATEWAY;
        script.token_body = Some("<html>".to_owned());
    });
    world
        .fails("server_error", "MynaApp Error - 502 getting token")
        .await;
    world.script(|script| script.token_status = StatusCode::OK);
    world
        .fails(
            "invalid_request",
            "MynaApp Error - no id_token in the token answer",
        )
        .await;
    world.script(|script| script.token_body = Some(json!({"access_token": "a"}).to_string()));
    world
        .fails(
            "invalid_request",
            "MynaApp Error - no id_token in the token answer",
        )
        .await;
    world.script(|script| script.token_body = None);
    world.succeeds().await;
}

#[tokio::test]
async fn a_slow_token_endpoint_is_given_up_and_not_asked_again() {
    let world = world_with(|options| options.token_timeout = Duration::from_secs(2)).await;
    world.script(|script| script.token_delay = Duration::from_secs(20));
    world
        .fails(
            "server_error",
            "Timeout occurred in calling IdP token endpoint",
        )
        .await;
    assert_eq!(world.script.lock().unwrap().token_requests.len(), 1);
    world.script(|script| script.token_delay = Duration::ZERO);
    world.succeeds().await;
}

#[tokio::test]
async fn a_token_endpoint_that_is_not_there_fails_the_login() {
    let world =
        world_with(|options| options.provider.token_url = "http://127.0.0.1:1/token".to_owned())
            .await;
    world
        .fails("server_error", "Exception processing authorization code")
        .await;
}

// ---- The ID token -------------------------------------------------------------------------------

#[tokio::test]
async fn an_id_token_is_checked_by_issuer_audience_expiry_and_subject() {
    let world = world().await;
    let now = world.clock.now().timestamp();
    let slash = format!("{ISSUER}/");
    let cases = [
        (
            "iss",
            json!("http://provider.localhost"),
            "Bad id_token issuer",
        ),
        ("iss", json!(slash), "Bad id_token issuer"),
        ("iss", Value::Null, "Bad id_token issuer"),
        ("aud", json!("another-client"), "Bad id_token audience"),
        (
            "aud",
            json!(["bridge-client", "another-client"]),
            "Bad id_token audience",
        ),
        ("aud", json!([]), "Bad id_token audience"),
        ("aud", Value::Null, "Bad id_token audience"),
        ("exp", json!(now - 1), "Bad id_token expiry"),
        ("exp", Value::Null, "Bad id_token expiry"),
        ("sub", Value::Null, "Bad id_token sub"),
        ("sub", json!(""), "Bad id_token sub"),
    ];
    for (name, value, description) in cases {
        let good = world.script.lock().unwrap().claims[name].clone();
        world.set_claim(name, value);
        world.fails("invalid_request", description).await;
        world.set_claim(name, good);
    }
    assert!(world.cognito.users().is_empty());
    assert_eq!(world.cognito.requests().provider_userinfo, 0);
    world.set_claim("aud", json!(["bridge-client"]));
    world.succeeds().await;
}

#[tokio::test]
async fn an_id_token_is_checked_by_algorithm_key_and_signature() {
    let world = world().await;
    let good = world.script.lock().unwrap().header.clone();
    let cases = [
        (
            json!({"alg": "RS256", "kid": "unknown"}),
            "Bad id_token key id",
        ),
        (json!({"alg": "RS256", "kid": "ec"}), "Bad id_token key id"),
        (json!({"alg": "RS256"}), "Bad id_token key id"),
        (
            json!({"alg": "none", "kid": "one"}),
            "Bad id_token algorithm",
        ),
        (
            json!({"alg": "HS256", "kid": "one"}),
            "Bad id_token algorithm",
        ),
        (
            json!({"alg": "ES256", "kid": "one"}),
            "Bad id_token algorithm",
        ),
    ];
    for (header, description) in cases {
        world.script(|script| script.header = header);
        world.fails("invalid_request", description).await;
    }
    world.script(|script| script.header = good.clone());

    let (token, other) = {
        let script = world.script.lock().unwrap();
        let mut claims = script.claims.clone();
        claims["sub"] = json!("Subject-2");
        (sign(&good, &script.claims), sign(&good, &claims))
    };
    let parts: Vec<&str> = token.split('.').collect();
    let foreign = format!(
        "{}.{}.{}",
        parts[0],
        other.split('.').nth(1).unwrap(),
        parts[2]
    );
    for (token, description) in [
        (foreign, "Bad id_token signature"),
        (
            format!("{}.{}.", parts[0], parts[1]),
            "Bad id_token signature",
        ),
        ("no-token".to_owned(), "Bad id_token"),
        (format!("{}.{}", parts[0], parts[1]), "Bad id_token"),
    ] {
        world.script(|script| script.id_token = Some(token));
        world.fails("invalid_request", description).await;
    }
    world.script(|script| script.id_token = Some(token.clone()));
    world.succeeds().await;
}

#[tokio::test]
async fn the_key_set_is_fetched_for_every_id_token() {
    let world = world().await;
    for _ in 0..3 {
        world.succeeds().await;
    }
    assert_eq!(world.script.lock().unwrap().key_set_requests, 3);
    assert_eq!(world.cognito.requests().provider_key_set, 3);
}

#[tokio::test]
async fn without_a_key_set_the_login_fails() {
    let world = world_with(|options| options.provider.jwks_uri += "/missing").await;
    world
        .fails("server_error", "MynaApp Error - the JWKS can't be had")
        .await;
}

// ---- Userinfo -----------------------------------------------------------------------------------

#[tokio::test]
async fn userinfo_is_merged_and_another_subject_fails_the_login() {
    let world = world().await;
    world.script(|script| script.userinfo = json!({"sub": "Subject-1", "name": "鈴木　花子"}));
    world.succeeds().await;
    assert_eq!(world.attributes()["name"], "鈴木　花子");
    for userinfo in [json!({"sub": "Subject-2"}), json!({"name": "鈴木　花子"})] {
        world.script(|script| script.userinfo = userinfo);
        world.fails("invalid_request", "Bad userinfo sub").await;
    }
}

#[tokio::test]
async fn userinfo_can_be_asked_by_post() {
    let world = world_with(|options| {
        options.provider.attributes_request_method = AttributesRequestMethod::Post;
    })
    .await;
    world.succeeds().await;
    let script = world.script.lock().unwrap();
    let (method, headers) = &script.userinfo_requests[0];
    assert_eq!(*method, Method::POST);
    assert_eq!(
        headers["authorization"],
        "Bearer provider-access-token-0001"
    );
}

#[tokio::test]
async fn failing_userinfo_fails_the_login_only_if_a_required_attribute_is_missing() {
    let world = world().await;
    world.script(|script| script.userinfo_status = StatusCode::INTERNAL_SERVER_ERROR);
    world.succeeds().await;
    assert_eq!(world.attributes()["name"], "山田　太郎");
    world.script(|script| {
        script.userinfo_status = StatusCode::OK;
        script.userinfo_type = "application/jwt";
        script.userinfo = json!({"sub": "Subject-1", "name": "鈴木　花子"});
    });
    world.succeeds().await;
    assert_eq!(
        world.attributes()["name"],
        "山田　太郎",
        "a JWT isn't understood"
    );

    let world = world_with(|options| {
        let email = options
            .schema
            .iter_mut()
            .find(|attribute| attribute.name == "email");
        email.unwrap().required = true;
        let mapping = &mut options.provider.attribute_mapping;
        mapping.insert("email".to_owned(), "email".to_owned());
    })
    .await;
    world.script(|script| {
        script.userinfo = json!({"sub": "Subject-1", "email": "a@example.com"});
        script.userinfo_status = StatusCode::INTERNAL_SERVER_ERROR;
    });
    let required = "Invalid user attributes: email: The attribute is required.";
    world.fails("invalid_request", required).await;
    assert!(world.cognito.users().is_empty());
    world.script(|script| script.userinfo_status = StatusCode::OK);
    world.succeeds().await;
    world.script(|script| script.userinfo["email"] = json!(""));
    world.fails("invalid_request", required).await;
}

// ---- The user pool ------------------------------------------------------------------------------

#[tokio::test]
async fn a_missing_claim_leaves_the_old_value_and_an_empty_one_clears_it() {
    let world = world().await;
    world.succeeds().await;
    world.remove_claim("name");
    world.set_claim("gender", json!(""));
    world.set_claim("birthdate", json!("1985-03-16"));
    world.succeeds().await;
    let kept = world.attributes();
    assert_eq!(kept["name"], "山田　太郎");
    assert_eq!(kept["birthdate"], "1985-03-16");
    assert!(!kept.contains_key("gender"));
}

#[tokio::test]
async fn an_empty_value_is_too_short_for_an_attribute_with_a_minimum_unless_it_is_told_to_clear() {
    let world = world().await;
    world.succeeds().await;
    world.set_claim("birthdate", json!(""));
    let length = "Invalid user attributes: birthdate: Attribute value length is out of range.";
    world.fails("invalid_request", length).await;
    assert_eq!(world.attributes()["birthdate"], "1985-03-15");

    let clear = Variation {
        empty_values: EmptyValues::Clear,
        ..Variation::default()
    };
    world.cognito.vary(clear).unwrap();
    world.succeeds().await;
    assert!(!world.attributes().contains_key("birthdate"));
    world.set_claim("birthdate", json!("1985"));
    world.fails("invalid_request", length).await;
}

#[tokio::test]
async fn everything_becomes_a_string() {
    let world = world_with(|options| {
        for (name, claim) in [
            ("address", "address"),
            ("nickname", "number"),
            ("profile", "flag"),
            ("website", "list"),
        ] {
            options
                .provider
                .attribute_mapping
                .insert(name.to_owned(), claim.to_owned());
        }
    })
    .await;
    world.set_claim("number", json!(12));
    world.set_claim("flag", json!(true));
    world.set_claim("list", json!(["a", "b"]));
    world.succeeds().await;
    let kept = world.attributes();
    let object = json!({"formatted": "東京都千代田区永田町１丁目７番１号"}).to_string();
    assert_eq!(kept["address"], object, "an object becomes JSON text");
    assert_eq!(kept["nickname"], "12");
    assert_eq!(kept["profile"], "true");
    assert_eq!(kept["website"], "[a, b]");
}

#[tokio::test]
async fn a_birthdate_has_exactly_ten_characters() {
    let world = world().await;
    let refused = "Invalid user attributes: birthdate: Attribute value length is out of range.";
    for birthdate in ["19850315", "1985-03-150"] {
        world.set_claim("birthdate", json!(birthdate));
        world.fails("invalid_request", refused).await;
    }
    assert!(
        world.cognito.users().is_empty(),
        "nothing of a refused sign-in is written"
    );
    world.set_claim("birthdate", json!("1985-03-15"));
    world.succeeds().await;
}

#[tokio::test]
async fn an_attribute_has_2048_bytes_at_most() {
    let world = world().await;
    // Three bytes each: 682 are 2,046 bytes, 683 are 2,049.
    world.set_claim(
        "formatted_address",
        json!(format!("{}ab", "京".repeat(682))),
    );
    world.succeeds().await;
    assert_eq!(world.attributes()["address"].len(), 2048);
    world.set_claim("formatted_address", json!("京".repeat(683)));
    let refused = "Invalid user attributes: address: Attribute value length is out of range.";
    world.fails("invalid_request", refused).await;
}

#[tokio::test]
async fn the_schemas_own_maximum_counts_characters() {
    let world = world_with(|options| {
        let name = options
            .schema
            .iter_mut()
            .find(|attribute| attribute.name == "name")
            .unwrap();
        name.maximum_length = 5;
    })
    .await;
    world.succeeds().await;
    world.set_claim("name", json!("山田　太郎子"));
    let refused = "Invalid user attributes: name: Attribute value length is out of range.";
    world.fails("invalid_request", refused).await;
}

#[tokio::test]
async fn an_immutable_attribute_fails_the_second_login() {
    let world = world_with(|options| {
        let name = options
            .schema
            .iter_mut()
            .find(|attribute| attribute.name == "name")
            .unwrap();
        name.mutable = false;
    })
    .await;
    world.succeeds().await;
    let refused = "Invalid user attributes: name: Attribute cannot be updated.";
    world.fails("invalid_request", refused).await;
    world.remove_claim("name");
    world.succeeds().await;
}

#[tokio::test]
async fn a_second_login_updates_the_same_user() {
    let world = world().await;
    world.succeeds().await;
    let first = world.attributes();
    world.set_claim("name", json!("山田　次郎"));
    world.succeeds().await;
    let second = world.attributes();
    assert_eq!(
        (&first["sub"], &first["identities"]),
        (&second["sub"], &second["identities"])
    );
    assert_eq!(second["name"], "山田　次郎");
}

#[tokio::test]
async fn an_attribute_must_be_in_the_schema_and_in_the_clients_write_attributes() {
    let world = world_with(|options| {
        options
            .provider
            .attribute_mapping
            .insert("custom:plan".to_owned(), "name".to_owned());
    })
    .await;
    let refused =
        "Invalid user attributes: Type for attribute {custom:plan} could not be determined";
    world.fails("invalid_request", refused).await;

    let writable = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let world = world_with(|options| {
        options.app_clients[0].write_attributes = writable(&["address", "birthdate", "gender"]);
    })
    .await;
    let refused =
        "Invalid user attributes: name: A client attempted to write unauthorized attribute";
    world.fails("invalid_request", refused).await;

    let world = world_with(|options| {
        options.app_clients[0].write_attributes =
            writable(&["address", "birthdate", "gender", "name"]);
    })
    .await;
    world.succeeds().await;
}

#[tokio::test]
async fn a_custom_attribute_is_not_writable_by_default() {
    let custom = |options: &mut CognitoOptions| {
        options.schema.push(PoolAttribute::new("custom:plan"));
        options
            .provider
            .attribute_mapping
            .insert("custom:plan".to_owned(), "name".to_owned());
    };
    let world = world_with(custom).await;
    let refused =
        "Invalid user attributes: custom:plan: A client attempted to write unauthorized attribute";
    world.fails("invalid_request", refused).await;
}

#[tokio::test]
async fn a_username_has_128_characters_at_most_and_no_spaces() {
    let world = world().await;
    let sign_in_as = |subject: &str| {
        let subject = subject.to_owned();
        world.script(|script| {
            script.claims["sub"] = json!(subject);
            script.userinfo["sub"] = json!(subject);
        });
    };
    // A username begins with `MynaApp_`, which has 8 characters.
    sign_in_as(&"s".repeat(120));
    world.succeeds().await;
    sign_in_as(&"s".repeat(121));
    let too_long = "Value at 'userName' failed to satisfy constraint: \
                    Member must have length less than or equal to 128";
    world.fails("invalid_request", too_long).await;
    sign_in_as("with space");
    let pattern = "Value at 'userName' failed to satisfy constraint: \
                   Member must satisfy regular expression pattern";
    world.fails("invalid_request", pattern).await;
}

#[tokio::test]
async fn two_subjects_that_differ_in_case_are_never_one_user() {
    let subject = |world: &World, subject: &str| {
        let subject = json!(subject);
        world.script(|script| {
            script.claims["sub"] = subject.clone();
            script.userinfo["sub"] = subject;
        });
    };
    let world = world().await;
    world.succeeds().await;
    subject(&world, "SUBJECT-1");
    let taken = "Invalid ProviderName/Username combination. Please check again";
    world.fails("invalid_request", taken).await;

    let world = world_with(|options| options.case_sensitive_usernames = true).await;
    world.succeeds().await;
    subject(&world, "SUBJECT-1");
    world.succeeds().await;
    let users = world.cognito.users();
    assert_eq!(
        users.keys().collect::<Vec<_>>(),
        ["MynaApp_SUBJECT-1", "MynaApp_Subject-1"]
    );
}

// ---- The app's side -----------------------------------------------------------------------------

#[tokio::test]
async fn an_unknown_app_or_callback_gets_a_page_and_no_redirect() {
    let world = world().await;
    let mut urls: Vec<Url> = [
        ("client_id", "another"),
        ("client_id", ""),
        ("redirect_uri", "http://app.localhost:4321/callback?more"),
        ("redirect_uri", "http://app.localhost:4321/callback/"),
        ("redirect_uri", ""),
    ]
    .map(|change| authorize_url(&world.cognito, &[change]))
    .into();
    let twice = format!("{}&state=again", authorize_url(&world.cognito, &[]));
    urls.push(Url::parse(&twice).unwrap());
    for url in urls {
        let page = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{url}");
        assert!(page.header("location").is_none());
        assert!(world.agent.cookies(&url).is_empty(), "no login began");
    }
}

#[tokio::test]
async fn a_wrong_request_of_the_app_goes_back_to_the_app() {
    let world = world().await;
    let cases = [
        (
            "response_type",
            "token",
            "unauthorized_client",
            "response_type must be code",
        ),
        (
            "response_type",
            "id_token",
            "invalid_request",
            "response_type must be code",
        ),
        ("scope", "openid phone", "invalid_request", "invalid_scope"),
        ("scope", "profile", "invalid_request", "invalid_scope"),
        (
            "code_challenge_method",
            "plain",
            "invalid_request",
            "code_challenge_method must be S256",
        ),
        (
            "code_challenge",
            "short",
            "invalid_request",
            "code_challenge_method must be S256",
        ),
        ("prompt", "none", "login_required", "nobody is signed in"),
        (
            "identity_provider",
            "Other",
            "invalid_request",
            "Login option is not available",
        ),
    ];
    for (name, value, error, description) in cases {
        let url = authorize_url(&world.cognito, &[(name, value)]);
        let page = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
        let target = page.redirect_target().unwrap().unwrap();
        assert!(target.as_str().starts_with(CALLBACK));
        assert_eq!(parameters(&target), refusal(error, description));
    }
}

#[tokio::test]
async fn the_apps_code_works_once_with_its_verifier_client_and_redirect_uri() {
    let world = world().await;
    let refused = |error: &str| (400, json!({"error": error}));
    let cases = [
        ("code_verifier", "another", "invalid_grant"),
        ("code_verifier", "", "invalid_grant"),
        (
            "redirect_uri",
            "http://app.localhost:4321/other",
            "unauthorized_client",
        ),
        ("redirect_uri", "", "invalid_grant"),
        ("code", "another", "invalid_grant"),
    ];
    for (name, value, error) in cases {
        let code = world.succeeds().await;
        let answer = world.redeem(&[("code", &code), (name, value)]).await;
        assert_eq!(answer, refused(error), "{name}");
    }
    let code = world.succeeds().await;
    let wrong_client = world
        .redeem(&[("code", &code), ("client_id", "another")])
        .await;
    assert_eq!(wrong_client, refused("invalid_client"));
    let wrong_grant = world
        .redeem(&[("code", &code), ("grant_type", "password")])
        .await;
    assert_eq!(wrong_grant, refused("unsupported_grant_type"));
    assert_eq!(world.redeem(&[("code", &code)]).await.0, 200);
    assert_eq!(
        world.redeem(&[("code", &code)]).await,
        refused("invalid_grant"),
        "once"
    );

    let code = world.succeeds().await;
    world.clock.advance(TimeDelta::seconds(301));
    assert_eq!(
        world.redeem(&[("code", &code)]).await,
        refused("invalid_grant"),
        "too old"
    );
}

#[tokio::test]
async fn userinfo_takes_only_this_pools_fresh_access_token() {
    let world = world().await;
    let code = world.succeeds().await;
    let (_, tokens) = world.redeem(&[("code", &code)]).await;
    let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
    assert_eq!(world.userinfo(&token("access_token")).await.0, 200);
    let foreign = sign(&json!({"alg": "RS256"}), &payload(&token("access_token")));
    let refused = (401, json!({"error": "invalid_token"}));
    for wrong in [token("id_token"), foreign, "no-token".to_owned()] {
        assert_eq!(world.userinfo(&wrong).await, refused);
    }
    let posted = reqwest::Client::new()
        .post(world.cognito.userinfo_url())
        .bearer_auth(token("access_token"));
    assert_eq!(posted.send().await.unwrap().status(), 405);
    world.clock.advance(TimeDelta::seconds(3601));
    assert_eq!(
        world.userinfo(&token("access_token")).await,
        refused,
        "expired"
    );
}

#[tokio::test]
async fn an_app_reads_what_its_client_may_read_and_custom_attributes_only_with_profile() {
    let all = standard_attributes().into_iter();
    let all: Vec<String> = all.map(|attribute| attribute.name).collect();
    for (scope, readable, shows_record) in [
        ("openid", vec!["gender".to_owned()], false),
        ("openid profile", all.clone(), true),
    ] {
        let world = world_with(|options| {
            options.schema.push(PoolAttribute::new("custom:record"));
            let mapping = &mut options.provider.attribute_mapping;
            mapping.insert("custom:record".to_owned(), "name".to_owned());
            let record = std::iter::once("custom:record".to_owned());
            let client = &mut options.app_clients[0];
            client.read_attributes = Some(readable.iter().cloned().chain(record.clone()).collect());
            client.write_attributes = Some(all.iter().cloned().chain(record).collect());
        })
        .await;
        let (status, tokens) = tokens_with(&world, scope).await;
        assert_eq!(status, 200);
        let id_token = payload(tokens["id_token"].as_str().unwrap());
        let (_, userinfo) = world
            .userinfo(tokens["access_token"].as_str().unwrap())
            .await;
        for shown in [id_token, userinfo] {
            assert_eq!(shown["gender"], "male");
            assert_eq!(
                shown.get("custom:record").is_some(),
                shows_record,
                "{scope}"
            );
            assert_eq!(shown.get("name").is_some(), shows_record, "{scope}");
        }
    }
}

/// What the token endpoint answers at the end of a sign-in with these scopes.
async fn tokens_with(world: &World, scope: &str) -> (u16, Value) {
    let url = authorize_url(&world.cognito, &[("scope", scope)]);
    let page = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
    let state = parameters(&page.redirect_target().unwrap().unwrap())["state"].clone();
    let page = world.answer(&[("code", "c"), ("state", &state)]).await;
    let code = parameters(&page.redirect_target().unwrap().unwrap())["code"].clone();
    world.redeem(&[("code", &code)]).await
}

#[tokio::test]
async fn no_tokens_for_a_scope_whose_attributes_the_client_cannot_all_read() {
    let standard = |without: &str| {
        let names = standard_attributes().into_iter();
        let names = names.map(|attribute| attribute.name);
        Some(names.filter(|name| name != without).collect::<Vec<_>>())
    };
    for (scope, unreadable, passes) in [
        ("openid", "name", true),
        ("openid profile", "name", false),
        ("openid profile", "email", true),
        ("openid email", "email_verified", false),
        ("openid phone", "phone_number", false),
        ("openid phone", "email", true),
    ] {
        let world = world_with(|options| {
            let client = &mut options.app_clients[0];
            client.allowed_scopes = ["openid", "profile", "email", "phone"]
                .map(str::to_owned)
                .into();
            client.read_attributes = standard(unreadable);
        })
        .await;
        let (status, answer) = tokens_with(&world, scope).await;
        let expected = if passes { 200 } else { 400 };
        assert_eq!(status, expected, "{scope} without {unreadable}");
        if !passes {
            assert_eq!(answer, json!({ "error": "invalid_grant" }));
        }
    }
}

#[tokio::test]
async fn an_app_that_names_no_scope_gets_all_that_its_client_may_have() {
    let world = world().await;
    let url = authorize_url(&world.cognito, &[("scope", ""), ("nonce", "")]);
    let page = world.agent.get(&url, ACCEPT_PAGE).await.unwrap();
    let state = parameters(&page.redirect_target().unwrap().unwrap())["state"].clone();
    let page = world.answer(&[("code", "c"), ("state", &state)]).await;
    let code = parameters(&page.redirect_target().unwrap().unwrap())["code"].clone();
    let (_, tokens) = world.redeem(&[("code", &code)]).await;
    assert_eq!(
        payload(tokens["access_token"].as_str().unwrap())["scope"],
        "openid profile"
    );
    let nonce = &payload(tokens["id_token"].as_str().unwrap())["nonce"];
    assert_eq!(
        nonce.as_str().unwrap().len(),
        43,
        "Cognito's own, where the app sent none"
    );
}

#[tokio::test]
async fn the_journal_tells_every_hop_and_shows_no_secret_and_no_attribute() {
    let world = world().await;
    let state = world.begin().await;
    let page = world
        .answer(&[("code", "provider-code-0123456789"), ("state", &state)])
        .await;
    let code = parameters(&page.redirect_target().unwrap().unwrap())["code"].clone();
    let (_, tokens) = world.redeem(&[("code", &code)]).await;
    world
        .userinfo(tokens["access_token"].as_str().unwrap())
        .await;
    let steps = world.journal.steps();
    let names: Vec<&str> = steps.iter().map(|step| step.request.as_str()).collect();
    assert_eq!(
        names,
        [
            "GET /oauth2/authorize",
            "GET /oauth2/idpresponse",
            "ID token of the provider",
            "userinfo of the provider",
            "user pool: write the mapped attributes",
            "POST /oauth2/token",
            "GET /oauth2/userInfo",
        ]
    );
    assert!(
        steps
            .iter()
            .flat_map(|step| &step.checks)
            .all(|check| check.passed)
    );
    let told = serde_json::to_string(&steps).unwrap();
    for hidden in [
        "山田",
        "永田町",
        "1985-03-15",
        "Subject-1",
        "subject-1",
        VERIFIER,
        &state,
        &code,
        "provider-code-0123456789",
        "app-nonce",
        tokens["id_token"].as_str().unwrap(),
    ] {
        assert!(!told.contains(hidden), "{hidden}");
    }

    world.journal.clear();
    world.set_claim("iss", json!("http://another.localhost"));
    world.sign_in().await;
    let failed: Vec<String> = world
        .journal
        .steps()
        .into_iter()
        .flat_map(|step| step.checks)
        .filter(|check| !check.passed)
        .map(|check| check.rule)
        .collect();
    assert_eq!(failed, ["OIDC Core §3.1.3.7 step 2"]);
}

// ---- Start --------------------------------------------------------------------------------------

#[tokio::test]
async fn it_listens_on_loopback_only_and_says_which_port_is_taken() {
    let anywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(
        Cognito::bind(anywhere).await,
        Err(StartError::Listen(ListenError::NotLoopback { address })) if address == anywhere
    ));
    let bound = Cognito::bind(LOOPBACK).await.unwrap();
    let taken = bound.address();
    let error = Cognito::bind(taken).await.unwrap_err();
    assert!(
        matches!(error, StartError::Listen(ListenError::Taken { address }) if address == taken)
    );
    assert!(error.to_string().contains(&taken.to_string()));
    let base = format!("http://localhost:{}", taken.port());
    assert_eq!(
        bound.idpresponse_url(),
        format!("{base}/oauth2/idpresponse")
    );
}

#[tokio::test]
async fn what_aws_refuses_at_creation_is_refused_at_start() {
    async fn refused(change: impl FnOnce(&mut CognitoOptions)) -> StartError {
        let script = Arc::new(Mutex::new(Script::new(0)));
        let mut options = options(&script).await;
        change(&mut options);
        Cognito::start(LOOPBACK, options).await.unwrap_err()
    }
    for name in ["ab", "with space", "under_score", &"x".repeat(33)] {
        let error = refused(|options| options.provider.name = name.to_owned()).await;
        assert!(matches!(error, StartError::ProviderName), "{name}");
    }
    let error = refused(|options| options.provider.oidc_issuer.push('/')).await;
    assert!(matches!(error, StartError::ProviderIssuer));
    let error = refused(|options| options.provider.token_url = "/token".to_owned()).await;
    assert!(matches!(
        error,
        StartError::ProviderEndpoint { name: "token_url" }
    ));
    let error = refused(|options| options.provider.authorize_scopes = "name".to_owned()).await;
    assert!(matches!(error, StartError::ProviderScopes));
    let error = refused(|options| {
        let mapping = &mut options.provider.attribute_mapping;
        mapping.insert("username".to_owned(), "name".to_owned());
    })
    .await;
    assert!(matches!(error, StartError::UsernameMapping));
    for name in ["custom:", "custom:abcdefghijklmnopqrstu"] {
        let error = refused(|options| options.schema.push(PoolAttribute::new(name))).await;
        assert!(matches!(error, StartError::Schema), "{name}");
    }
    let error = refused(|options| options.app_clients[0].callback_urls.clear()).await;
    assert!(matches!(error, StartError::AppClient));
    let error = refused(|options| {
        options.app_clients[0].read_attributes = Some(vec!["unknown".to_owned()]);
    })
    .await;
    assert!(matches!(error, StartError::AppClient));
    let error = refused(|options| options.variation.state_length = 8001).await;
    assert!(matches!(error, StartError::StateLength));
    for id in [
        "",
        "ap-northeast-1",
        "ap-northeast-1_",
        "_Example",
        "ap-northeast-1_a_b",
    ] {
        let error = refused(|options| options.user_pool_id = id.to_owned()).await;
        assert!(matches!(error, StartError::UserPoolId), "{id}");
    }
}

#[tokio::test]
async fn a_client_may_have_standard_scopes_and_those_of_resource_servers() {
    async fn started(servers: &[ResourceServer], scopes: &[&str]) -> Result<(), StartError> {
        let script = Arc::new(Mutex::new(Script::new(0)));
        let mut options = options(&script).await;
        options.resource_servers = servers.to_vec();
        options.app_clients[0].allowed_scopes =
            scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Cognito::start(LOOPBACK, options).await.map(|_| ())
    }
    let server = ResourceServer::new("digital-auth", ["name", "age_over_20"]);
    let servers = std::slice::from_ref(&server);
    let known = [
        "openid",
        "aws.cognito.signin.user.admin",
        "digital-auth/name",
    ];
    assert!(started(servers, &known).await.is_ok());
    assert!(started(servers, &["digital-auth/name"]).await.is_ok());
    let unknown = [
        "name",
        "digital-auth/",
        "digital-auth/gender",
        "other/name",
        "profile",
    ];
    for scope in unknown {
        let refused = started(servers, &[scope]).await;
        assert!(matches!(refused, Err(StartError::Scope)), "{scope}");
    }
    let many = vec!["x"; 101];
    for server in [
        ResourceServer::new("", ["name"]),
        ResourceServer::new("a b", ["name"]),
        ResourceServer::new("a", ["b/c"]),
        ResourceServer::new("a", ["\""]),
        ResourceServer::new("a", [""; 0]),
        ResourceServer::new("a", many),
    ] {
        let refused = started(std::slice::from_ref(&server), &["openid"]).await;
        let is_named = matches!(
            refused,
            Err(StartError::ResourceServer { identifier }) if identifier == server.identifier
        );
        assert!(is_named, "{server:?}");
    }
}

#[tokio::test]
async fn after_stop_nobody_answers() {
    let world = world().await;
    let url = authorize_url(&world.cognito, &[]);
    assert!(world.agent.get(&url, ACCEPT_PAGE).await.is_ok());
    world.cognito.stop().await;
    let error = world.agent.get(&url, ACCEPT_PAGE).await.unwrap_err();
    assert!(matches!(error, UserAgentError::Connection(_)));
}

#[tokio::test]
async fn no_secret_is_in_a_debug_form() {
    let world = world().await;
    let script = Arc::clone(&world.script);
    let told = format!("{:?} {:?}", options(&script).await, world.cognito);
    assert!(told.contains("MynaApp"));
    assert!(!told.contains("secret-of-the-bridge-client"));
}

// ---- The browser --------------------------------------------------------------------------------

async fn site() -> (SocketAddr, Router) {
    let router = Router::new()
        .route("/temporary", get(|| async { Redirect::temporary("/page") }))
        .route("/permanent", get(|| async { Redirect::permanent("/page") }))
        .route("/loop", get(|| async { found("/loop") }))
        .route("/lost", get(|| async { StatusCode::FOUND }))
        .route("/page", get(echo).post(echo))
        .route("/form", post(|| async { Redirect::to("/page") }))
        .route("/large", get(|| async { "x".repeat((1 << 20) + 1) }))
        .route(
            "/cookies",
            get(|| async {
                let cookies = [
                    (
                        "set-cookie",
                        "__Host-a=1; Secure; Path=/; HttpOnly; SameSite=Lax",
                    ),
                    ("set-cookie", "__Host-wrong=1; Secure; Path=/cookies"),
                    ("set-cookie", "strict=1; Path=/; SameSite=Strict"),
                ];
                (axum::response::AppendHeaders(cookies), found("/page"))
            }),
        );
    (listen(router.clone()).await, router)
}

fn found(to: &'static str) -> Response {
    (StatusCode::FOUND, [("location", to)]).into_response()
}

/// Method, cookies and language of the request.
async fn echo(method: Method, headers: HeaderMap) -> String {
    let header = |name: &str| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    };
    format!(
        "{method} | {} | {}",
        header("cookie"),
        header("accept-language")
    )
}

fn at(host: &str, address: SocketAddr, path: &str) -> Url {
    Url::parse(&format!("http://{host}.localhost:{}{path}", address.port())).unwrap()
}

#[tokio::test]
async fn the_browser_follows_302_and_303_and_refuses_307_and_308() {
    let (address, _) = site().await;
    let agent = UserAgent::new("ja,en;q=0.5").unwrap();
    for (path, status) in [("/temporary", 307), ("/permanent", 308)] {
        let url = at("bridge", address, path);
        let error = agent
            .follow(&url, ACCEPT_PAGE, |_| false)
            .await
            .unwrap_err();
        assert!(
            matches!(error, UserAgentError::ForbiddenRedirect { status: seen } if seen == status)
        );
    }
    let looping = at("bridge", address, "/loop");
    let error = agent
        .follow(&looping, ACCEPT_PAGE, |_| false)
        .await
        .unwrap_err();
    assert!(matches!(error, UserAgentError::TooManyRedirects));
    assert_eq!(REDIRECT_LIMIT, 20);
    let lost = at("bridge", address, "/lost");
    let error = agent
        .follow(&lost, ACCEPT_PAGE, |_| false)
        .await
        .unwrap_err();
    assert!(matches!(error, UserAgentError::MalformedLocation));
    let large = at("bridge", address, "/large");
    let error = agent.get(&large, ACCEPT_PAGE).await.unwrap_err();
    assert!(matches!(error, UserAgentError::BodyTooLarge));

    let form = at("bridge", address, "/form");
    let page = agent
        .post_form(&form, ACCEPT_PAGE, &[("a", "b")])
        .await
        .unwrap();
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let target = page.redirect_target().unwrap().unwrap();
    let journey = agent.follow(&target, ACCEPT_PAGE, |_| false).await.unwrap();
    assert_eq!(journey.page().unwrap().text(), "GET |  | ja,en;q=0.5");
}

#[tokio::test]
async fn the_browser_keeps_cookies_by_host_and_by_the_rules_of_their_names() {
    let (first, router) = site().await;
    let second = listen(router).await;
    let agent = UserAgent::new("ja").unwrap();
    let journey = agent
        .follow(&at("bridge", first, "/cookies"), ACCEPT_PAGE, |_| false)
        .await
        .unwrap();
    assert_eq!(journey.redirects.len(), 1);
    assert_eq!(
        journey.page().unwrap().text(),
        "GET | __Host-a=1; strict=1 | ja"
    );

    let shown = |page: Page| page.text();
    let page = agent
        .get(&at("bridge", second, "/page"), ACCEPT_PAGE)
        .await
        .unwrap();
    assert_eq!(
        shown(page),
        "GET | __Host-a=1; strict=1 | ja",
        "ports don't separate cookies"
    );
    let page = agent
        .get(&at("service", first, "/page"), ACCEPT_PAGE)
        .await
        .unwrap();
    assert_eq!(shown(page), "GET |  | ja", "hosts do");

    // The browser shows the service's page now, so a link from there comes from another site.
    let bridge = at("bridge", first, "/page");
    let journey = agent.follow(&bridge, ACCEPT_PAGE, |_| false).await.unwrap();
    assert_eq!(
        journey.page().unwrap().text(),
        "GET | __Host-a=1 | ja",
        "no Strict cookie"
    );
    agent
        .get(&at("service", first, "/page"), ACCEPT_PAGE)
        .await
        .unwrap();
    let page = agent.post_form(&bridge, ACCEPT_PAGE, &[]).await.unwrap();
    assert_eq!(
        shown(page),
        "POST |  | ja",
        "no Lax cookie with another site's form"
    );

    let tab = agent.new_tab();
    assert_eq!(tab.cookie_header(&bridge), "__Host-a=1; strict=1");
    assert!(tab.delete_cookie(&bridge, "strict"));
    assert!(tab.replace_cookie_value(&bridge, "__Host-a", "2"));
    assert_eq!(
        agent.cookie_header(&bridge),
        "__Host-a=2",
        "tabs share one jar"
    );
    agent.delete_all_cookies();
    assert_eq!(tab.cookie_header(&bridge), "");
}

#[tokio::test]
async fn the_browser_never_leaves_the_machine() {
    let agent = UserAgent::new("ja").unwrap();
    for url in [
        "http://example.com/",
        "https://bridge.localhost/",
        "http://192.0.2.1/",
        "file:///etc",
    ] {
        let error = agent
            .get(&Url::parse(url).unwrap(), ACCEPT_PAGE)
            .await
            .unwrap_err();
        assert!(matches!(error, UserAgentError::NotLoopback), "{url}");
    }
}
