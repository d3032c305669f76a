//! oidc-client-ts: it begins with the discovery document, calls userinfo after each sign-in and
//! refresh, and revokes at the revocation endpoint.

use serde_json::{Value, json};

use super::app::{
    App, assert_signed_in, authenticate_and, cognito_for, free_origin, refuses_another_callback,
};
use crate::chromium::{Chromium, preflights};

const NAME: &str = "oidc-client-ts";

#[tokio::test]
async fn oidc_client_ts() {
    let origin = free_origin();
    let cognito = cognito_for(&origin, &[]).await;
    let browser = Chromium::open().await;
    refuses_another_callback(&browser, NAME, &cognito).await;

    let app = App::start(NAME, &origin, &cognito).await;
    assert_eq!(app.open(&browser).await, json!({ "signed_in": false }));
    sign_in_and(&browser, "Cancel").await;
    let cancelled = app.shown(&browser).await;
    assert_eq!(cancelled["error"], "access_denied", "{cancelled}");
    assert_eq!(cancelled["signed_in"], false);

    sign_in_and(&browser, "Consent and go back").await;
    let first = app.shown(&browser).await;
    assert_signed_in(&first, &cognito);
    // The library merges userinfo into the claims. The attributes come from the ID token alone.
    assert_eq!(first["userinfo"]["sub"], first["claims"]["sub"]);
    assert_eq!(first["userinfo"]["name"], Value::Null);
    let requests = browser.requests().await;
    assert!(preflights(&requests).contains(&"/oauth2/userInfo"));

    let second = app.press(&browser, "Refresh").await;
    assert_signed_in(&second, &cognito);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(second["claims"]["sub"], first["claims"]["sub"]);

    let kept = browser.run(KEPT).await;
    let revoked = app.press(&browser, "Revoke").await;
    assert_eq!(revoked["has_refresh_token"], false, "{revoked}");
    assert_eq!(revoked["userinfo"], json!({ "status": 401 }));
    let refused = app.press(&browser, "Refresh").await;
    assert_eq!(
        refused["error_description"], "no refresh token",
        "{refused}"
    );
    // Another tab would still have the refresh token, and Cognito refuses it there.
    keep(&browser, &kept).await;
    let refused = app.press(&browser, "Refresh").await;
    assert_eq!(refused["error"], "invalid_grant", "{refused}");

    app.sign_out(&browser, &cognito).await;

    cognito.shows_no_pages().await;
    browser.click("Sign in").await;
    browser.click("Sign in with the Myna App").await;
    assert_signed_in(&app.shown(&browser).await, &cognito);
    assert_eq!(browser.errors().await, [""; 0]);
    browser.close().await;
}

/// What the library keeps: its key, and its value.
const KEPT: &str = "return Object.entries(sessionStorage).find(([key]) => \
    key.startsWith('oidc.user:'))";

/// Puts back what the library kept.
async fn keep(browser: &Chromium, kept: &Value) {
    let put = format!("sessionStorage.setItem(...{kept}); return true");
    browser.run(&put).await;
}

/// Begins at the app, chooses the provider on Cognito's page, and goes through the service's pages.
async fn sign_in_and(browser: &Chromium, decision: &str) {
    browser.click("Sign in").await;
    browser.click("Sign in with the Myna App").await;
    authenticate_and(browser, decision).await;
}
