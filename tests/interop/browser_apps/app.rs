//! A sample app of `tests/interop/apps/browser` in a browser: what a person does at the app, at
//! Cognito's page and at the service's pages, and what the app then shows.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use url::Url;

use crate::chromium::{Chromium, Request};
use crate::cognito::{Cognito, SCOPES, name_of, port};
use crate::given;

/// The origin of an app that will listen on a free port.
pub(super) fn free_origin() -> String {
    format!("http://localhost:{}", port())
}

/// Cognito for an app of this origin, which is a public client with one callback URL and one logout
/// URL.
pub(super) async fn cognito_for(origin: &str, arguments: &[&str]) -> Cognito {
    let callback = format!("{origin}/callback");
    let logged_out = format!("{origin}/logged-out");
    let registered = [
        ["--client", "public"],
        ["--scopes", SCOPES],
        ["--callback", &callback],
        ["--logout-url", &logged_out],
    ];
    Cognito::start([registered.as_flattened(), arguments].concat()).await
}

/// An app whose server runs. The server hands out files, and ends when this is dropped.
pub(super) struct App {
    origin: String,
    _server: Child,
}

impl App {
    /// Starts the server of one of the apps.
    pub(super) async fn start(name: &str, origin: &str, cognito: &Cognito) -> Self {
        let (_, port) = origin.rsplit_once(':').unwrap();
        let mut server = Command::new(given("NODE_PROGRAM"))
            .args(["server.mjs", name])
            .current_dir(given("BROWSER_APPS"))
            .env("PORT", port)
            .env("ISSUER", cognito.text("issuer"))
            .env("DOMAIN", cognito.text("domain"))
            .env("CLIENT_ID", cognito.text("client_id"))
            .env("CALLBACK", format!("{origin}/callback"))
            .env("LOGOUT_URL", format!("{origin}/logged-out"))
            .env("SCOPES", SCOPES)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Node starts");
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let line = timeout(Duration::from_secs(60), lines.next_line()).await;
        assert_eq!(line.expect("it starts").unwrap().unwrap(), "ready");
        Self {
            origin: origin.to_owned(),
            _server: server,
        }
    }

    /// Opens the app, and gives what it shows.
    pub(super) async fn open(&self, browser: &Chromium) -> Value {
        browser.go(&self.origin).await;
        self.shown(browser).await
    }

    /// Presses a button of the app, and gives what the app shows then.
    pub(super) async fn press(&self, browser: &Chromium, button: &str) -> Value {
        browser.click(button).await;
        self.shown(browser).await
    }

    /// What the app shows as soon as the browser is there and the app has something to show.
    pub(super) async fn shown(&self, browser: &Chromium) -> Value {
        let script = format!(
            "return location.origin === {:?} && document.getElementById('result')?.textContent \
             || null",
            self.origin
        );
        let shown = browser.until(&script).await;
        serde_json::from_str(shown.as_str().unwrap()).unwrap()
    }

    /// Signs out at the app. The browser goes to Cognito's logout, with exactly the parameters that
    /// Cognito takes, and from there to the app's logout URL. The app is signed out, also when it
    /// is opened again. Gives the requests that the browser sent.
    pub(super) async fn sign_out(&self, browser: &Chromium, cognito: &Cognito) -> Vec<Request> {
        browser.requests().await;
        browser.click("Sign out").await;
        browser
            .until("return location.pathname === '/logged-out' || null")
            .await;
        assert_eq!(self.shown(browser).await, json!({ "signed_in": false }));
        assert_eq!(self.open(browser).await, json!({ "signed_in": false }));
        let requests = browser.requests().await;
        let logout_uri = format!("{}/logged-out", self.origin);
        let parameters = [
            ("client_id", cognito.text("client_id")),
            ("logout_uri", &logout_uri),
        ];
        let logout = Url::parse_with_params(cognito.text("logout_endpoint"), parameters).unwrap();
        assert!(requests.iter().any(|one| one.url == logout), "{requests:?}");
        requests
    }
}

/// The app was started with a callback URL that isn't registered. Cognito says so on a page of its
/// own, with the registered one, and the browser doesn't go back to the app.
pub(super) async fn refuses_another_callback(browser: &Chromium, name: &str, cognito: &Cognito) {
    let app = App::start(name, &free_origin(), cognito).await;
    assert_eq!(app.open(browser).await, json!({ "signed_in": false }));
    browser.requests().await;
    browser.click("Sign in").await;
    browser
        .until("return document.querySelector('body.cognito') && 'Cognito'")
        .await;
    assert_eq!(browser.status().await, 400);
    let text = browser.text().await;
    assert!(text.contains("redirect_mismatch"), "{text}");
    assert!(text.contains(cognito.text("callback")), "{text}");
    let requests = browser.requests().await;
    let sent = |to: &str| requests.iter().any(|one| one.url.as_str().starts_with(to));
    assert!(sent(cognito.text("authorization_endpoint")));
    assert!(!sent(&app.origin), "{requests:?}");
}

/// Goes on from the service's first page, as the test person who is an adult, to the page that asks
/// for consent, and there presses a button.
pub(super) async fn authenticate_and(browser: &Chromium, decision: &str) {
    browser.choose("select[name=persona]", "adult").await;
    browser.click("Authenticate").await;
    browser.click(decision).await;
}

/// What the app shows is that the adult is signed in: the name and the age, as the scopes ask, and
/// no other attribute.
pub(super) fn assert_signed_in(shown: &Value, cognito: &Cognito) {
    assert_eq!(shown["signed_in"], true, "{shown}");
    assert_eq!(shown["has_refresh_token"], true);
    let claims = &shown["claims"];
    assert_eq!(claims["name"], name_of("adult"));
    assert_eq!(claims["age_over_20"], true);
    for other in ["address", "birthdate", "gender", "age_over_18"] {
        assert!(claims.get(other).is_none(), "{other}");
    }
    assert_eq!(claims["iss"], cognito.text("issuer"));
    assert_eq!(claims["aud"], cognito.text("client_id"));
    assert_eq!(claims["token_use"], "id");
}
