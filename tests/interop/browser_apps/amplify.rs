//! AWS Amplify: it knows Cognito's endpoints without a discovery document, demands https, and
//! refreshes and revokes at the user pool's API.

use serde_json::{Value, json};

use super::app::{
    App, assert_signed_in, authenticate_and, cognito_for, free_origin, refuses_another_callback,
};
use crate::chromium::{Chromium, Request, preflights, trust};

const NAME: &str = "amplify";

#[tokio::test]
async fn amplify() {
    let origin = free_origin();
    let cognito = cognito_for(&origin, &["--https"]).await;
    // Nothing but the certification authority makes Chromium trust the certificate.
    let browser = Chromium::open().await;
    browser.go(cognito.text("jwks_uri")).await;
    let text = browser.text().await;
    assert!(text.contains("ERR_CERT_AUTHORITY_INVALID"), "{text}");
    browser.close().await;
    trust(cognito.text("certificate")).await;
    let browser = Chromium::open().await;
    refuses_another_callback(&browser, NAME, &cognito).await;

    let app = App::start(NAME, &origin, &cognito).await;
    assert_eq!(app.open(&browser).await, json!({ "signed_in": false }));
    browser.click("Sign in").await;
    authenticate_and(&browser, "Cancel").await;
    let cancelled = app.shown(&browser).await;
    assert_eq!(cancelled["error"], "access_denied", "{cancelled}");
    assert_eq!(cancelled["signed_in"], false);

    browser.click("Sign in").await;
    authenticate_and(&browser, "Consent and go back").await;
    let first = app.shown(&browser).await;
    assert_signed_in(&first, &cognito);
    let requests = browser.requests().await;
    assert_eq!(preflights(&requests), ["/oauth2/token"]);

    let second = app.press(&browser, "Refresh").await;
    assert_signed_in(&second, &cognito);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(second["claims"]["sub"], first["claims"]["sub"]);
    let requests = browser.requests().await;
    assert_eq!(operations(&requests), ["GetTokensFromRefreshToken"]);
    assert_eq!(preflights(&requests), ["/"]);

    let kept = browser.run(KEPT).await;
    let requests = app.sign_out(&browser, &cognito).await;
    assert_eq!(browser.run(TOKENS).await, json!([]));
    assert_eq!(operations(&requests), ["RevokeToken"]);
    // Another device would still have the refresh token, and Cognito refuses it there.
    keep(&browser, &kept).await;
    assert_signed_in(&app.open(&browser).await, &cognito);
    let refused = app.press(&browser, "Refresh").await;
    assert_eq!(refused, json!({ "signed_in": false }));
    assert_eq!(browser.run(TOKENS).await, json!([]));
    let requests = browser.requests().await;
    assert_eq!(operations(&requests), ["GetTokensFromRefreshToken"]);

    cognito.shows_no_pages().await;
    browser.click("Sign in").await;
    assert_signed_in(&app.shown(&browser).await, &cognito);
    assert_eq!(browser.errors().await, [""; 0]);
    browser.close().await;
}

/// What the library keeps: keys and values.
const KEPT: &str = "return Object.entries(localStorage)";

/// The names of the tokens that it keeps.
const TOKENS: &str = "return Object.keys(localStorage).filter((key) => key.endsWith('Token'))";

/// Puts back what the library kept.
async fn keep(browser: &Chromium, kept: &Value) {
    let put = format!("for (const one of {kept}) localStorage.setItem(...one); return true");
    browser.run(&put).await;
}

/// The operations of the user pool's API that were called.
fn operations(requests: &[Request]) -> Vec<&str> {
    let targets = requests.iter().filter(|one| one.method == "POST");
    targets
        .filter_map(|one| one.target.as_deref()?.rsplit('.').next())
        .collect()
}
