//! The control API, by which tests of an app drive the laptop.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HOST};
use serde_json::json;

use super::*;

#[tokio::test]
async fn one_call_signs_a_person_in_and_gives_tokens() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let tokens = app
        .sign_in(json!({ "nonce": "n", "person": "adult" }))
        .await;
    let id_token = claims(&tokens, "id_token");
    assert_eq!(
        (&id_token["nonce"], &id_token["age_over_20"]),
        (&json!("n"), &json!(true))
    );
    assert_eq!(id_token["name"], "山田　太郎");
    assert!(tokens["refresh_token"].is_string());
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.userinfo(access_token).await.status(), 200);

    let scopes = "openid digital-auth/age_over_20";
    let tokens = app.sign_in(json!({ "scopes": scopes })).await;
    let id_token = claims(&tokens, "id_token");
    assert_eq!(id_token["age_over_20"], true);
    assert!(id_token.get("name").is_none(), "{id_token}");

    // A public client has no secret to show.
    app.stop().await;
    let app = Running::start(&folder, &["--client", "public"]).await;
    assert!(app.sign_in(json!({})).await["id_token"].is_string());
    app.stop().await;
}

#[tokio::test]
async fn a_login_that_fails_says_so_with_its_class() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let sign_in = async |wish| app.control(Method::POST, "sign-in", wish).await;
    let (status, failed) = sign_in(json!({ "answer": "cancel" })).await;
    assert_eq!(status, 422);
    assert_eq!(failed["error"], "access_denied");
    assert_eq!(failed["class"], "cancelled");
    assert_eq!(failed["place"], "app");
    assert!(failed["support_id"].is_string());
    let (status, failed) = sign_in(json!({ "scopes": "openid profile" })).await;
    assert_eq!(status, 422);
    assert_eq!(failed["description"], "invalid_scope");
    app.stop().await;
}

#[tokio::test]
async fn a_person_signs_in_without_pages_until_the_reset() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let put = async |path: &str, body| app.control(Method::PUT, path, body).await;
    let (status, state) = put("person", json!({ "id": "longest", "unattended": true })).await;
    assert_eq!(status, 200);
    assert_eq!(state["person"], "longest");
    assert_eq!(state["unattended"], true);
    // A browser that only follows redirects arrives at the app.
    let arrives = async || {
        let at_app = |url: &Url| url.as_str().starts_with(CALLBACK);
        let start = app.authorization_url(&[]);
        let journey = browser().follow(&start, "text/html", at_app).await.unwrap();
        journey.arrived_at().cloned()
    };
    let code = parameter(&arrives().await.unwrap(), "code").unwrap();
    let (_, tokens) = app.redeem(&code).await;
    let longest = claims(&tokens, "id_token");
    // A person who is named in the call signs in all the same.
    let other = claims(&app.sign_in(json!({ "person": "adult" })).await, "id_token");
    assert_ne!(other["sub"], longest["sub"]);

    let (status, state) = put("answer", json!({ "id": "cancel" })).await;
    assert_eq!((status.as_u16(), &state["answer"]), (200, &json!("cancel")));
    let cancelled = arrives().await.unwrap();
    assert_eq!(parameter(&cancelled, "error").unwrap(), "access_denied");

    let (status, state) = app.control(Method::POST, "reset", json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&state["person"], &state["answer"], &state["unattended"]),
        (&json!("adult"), &json!("normal"), &json!(false))
    );
    assert_eq!(arrives().await, None, "the service's page is back");
    // The users are gone, and with them their tokens.
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(app.refresh(refresh_token).await, error("invalid_grant"));
    let again = claims(
        &app.sign_in(json!({ "person": "longest" })).await,
        "id_token",
    );
    assert_ne!(again["sub"], longest["sub"]);
    app.stop().await;
}

#[tokio::test]
async fn the_clock_of_tokens_moves_and_people_still_sign_in() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let clock = async |seconds: i64| {
        let body = json!({ "offset_seconds": seconds });
        app.control(Method::PUT, "clock", body).await
    };
    let first = app.sign_in(json!({})).await;
    let access_token = first["access_token"].as_str().unwrap();
    let refresh_token = first["refresh_token"].as_str().unwrap();
    let (status, state) = clock(2 * 3600).await;
    assert_eq!(status, 200);
    assert_eq!(state["clock"]["offset_seconds"], 7200);
    assert_eq!(app.userinfo(access_token).await.status(), 401);
    let (status, refreshed) = app.refresh(refresh_token).await;
    assert_eq!(status, 200, "{refreshed}");
    let iat = |tokens: &Value| claims(tokens, "id_token")["iat"].as_i64().unwrap();
    assert!(iat(&refreshed) - iat(&first) >= 7200);
    clock(31 * 24 * 3600).await;
    assert_eq!(app.refresh(refresh_token).await, error("invalid_grant"));
    let later = app.sign_in(json!({})).await;
    assert!(iat(&later) - iat(&first) >= 31 * 24 * 3600);
    let ten_years = 3_650 * 24 * 3_600;
    for (seconds, expected) in [
        (i64::MAX, 400),
        (i64::MIN, 400),
        (ten_years + 1, 400),
        (-ten_years - 1, 400),
        (ten_years, 200),
        (-ten_years, 200),
    ] {
        assert_eq!(clock(seconds).await.0, expected, "{seconds}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_wrong_call_changes_nothing_and_says_what_is_right() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let (put, post) = (Method::PUT, Method::POST);
    for (method, path, body, status) in [
        (&put, "person", json!({ "id": "nobody" }), 400),
        (&put, "person", json!({ "name": "adult" }), 400),
        (&put, "answer", json!({ "id": "no-such-answer" }), 400),
        (&put, "answer", json!({}), 400),
        (&put, "clock", json!({ "offset_seconds": "1" }), 400),
        (&post, "sign-in", json!({ "person": "nobody" }), 400),
        (&post, "sign-in", json!({ "answer": "nothing" }), 400),
        (
            &post,
            "sign-in",
            json!({ "callback": "http://localhost:1/" }),
            400,
        ),
        (&post, "sign-in", json!("adult"), 400),
        (&post, "reset", json!({ "all": true }), 400),
        (&post, "person", json!({ "id": "adult" }), 405),
        (&put, "persons", json!({}), 404),
    ] {
        let (answered, told) = app.control(method.clone(), path, body).await;
        assert_eq!(answered.as_u16(), status, "{path}: {told}");
        assert!(told["message"].is_string(), "{path}: {told}");
    }
    // What a page of another site could send: a form, or a request under a name of its own.
    let url = format!("{}reset", app.text("control"));
    let form = app
        .http
        .post(&url)
        .header(CONTENT_TYPE, "text/plain")
        .body("{}");
    assert_eq!(form.send().await.unwrap().status(), 415);
    let rebound = app
        .http
        .post(&url)
        .header(HOST, "attacker.example")
        .json(&json!({}));
    assert_eq!(rebound.send().await.unwrap().status(), 421);
    let (_, state) = app.control(Method::GET, "", json!({})).await;
    assert_eq!(
        (&state["person"], &state["answer"]),
        (&json!("adult"), &json!("normal"))
    );
    let people = state["people"].as_array().unwrap();
    assert!(people.contains(&json!("longest")));
    assert!(
        state["answers"]
            .as_array()
            .unwrap()
            .contains(&json!("cancel"))
    );
    app.stop().await;
}
