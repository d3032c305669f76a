//! Apps with a server. Each is an app of its own language, with the same few pages, so that one
//! test drives them all as a browser does.

use std::process::Command;

use login_kit::Page;
use loopback::user_agent::ACCEPT_PAGE;
use serde_json::{Value, json};
use url::Url;

use super::person::Person;
use super::{installed, node, source};
use crate::cognito::{Cognito, port};
use crate::software::Software;

/// A library, and how its app differs from the others.
struct Library {
    name: &'static str,
    /// What starts the app.
    command: fn() -> Command,
    /// The path of the callback URL.
    callback: &'static str,
    /// Whether the library can refresh tokens.
    refreshes: bool,
    /// The status of the page that says `access_denied` after a cancellation.
    cancelled: u16,
    /// What the app's page says if the client secret is wrong.
    wrong_secret: &'static str,
    /// What the app's page or its log says if the ID token has expired.
    expired: &'static str,
}

#[tokio::test]
async fn openid_client() {
    serves(&Library {
        name: "openid-client",
        command: || node("openid-client.mjs"),
        callback: "/callback",
        refreshes: true,
        cancelled: 400,
        wrong_secret: "invalid_client",
        expired: "OAUTH_JWT_TIMESTAMP_CHECK_FAILED",
    })
    .await;
}

#[tokio::test]
async fn auth_js() {
    serves(&Library {
        name: "auth-js",
        command: || node("auth-js.mjs"),
        callback: "/auth/callback/cognito",
        refreshes: true,
        cancelled: 400,
        wrong_secret: "Configuration",
        expired: "unexpected JWT \"exp\"",
    })
    .await;
}

#[tokio::test]
async fn flask_and_authlib() {
    serves(&Library {
        name: "Flask",
        command: || {
            let mut python = Command::new(installed("FLASK_PYTHON"));
            python.arg(source("flask/app.py"));
            python
        },
        callback: "/callback",
        refreshes: true,
        cancelled: 400,
        wrong_secret: "invalid_client",
        expired: "expired_token",
    })
    .await;
}

#[tokio::test]
async fn spring_security() {
    serves(&Library {
        name: "Spring",
        command: || {
            let mut java = Command::new("java");
            // The app runs for a minute only: the optimising compiler would cost more time than it
            // saves.
            java.args(["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"])
                .arg("-jar")
                .arg(installed("SPRING_APP"));
            java
        },
        callback: "/login/oauth2/code/cognito",
        refreshes: true,
        cancelled: 401,
        wrong_secret: "invalid_client",
        expired: "Jwt expired",
    })
    .await;
}

#[tokio::test]
async fn omniauth_openid_connect() {
    serves(&Library {
        name: "OmniAuth",
        command: || {
            let mut ruby = Command::new(installed("RUBY_PROGRAM"));
            ruby.arg(source("ruby/app.rb"));
            ruby
        },
        callback: "/auth/cognito/callback",
        refreshes: false,
        cancelled: 400,
        wrong_secret: "invalid_client",
        expired: "Expired token",
    })
    .await;
}

#[tokio::test]
async fn mod_auth_openidc() {
    serves(&Library {
        name: "Apache",
        command: || {
            let mut start = Command::new(source("apache/start.sh"));
            start.env("APACHE_PROGRAM", installed("APACHE_PROGRAM"));
            start
        },
        callback: "/callback",
        refreshes: true,
        cancelled: 200,
        wrong_secret: "Error in handling response type.",
        expired: "\"exp\" validation failure",
    })
    .await;
}

/// Everything that an app of this library does at Cognito.
async fn serves(library: &Library) {
    let [ours, unregistered, impostor] = [port(), port(), port()];
    let cognito = Cognito::start(
        [ours, impostor]
            .map(|port| registration(library, port))
            .concat(),
    );
    let cognito = cognito.await;
    cognito.shows_no_pages().await;
    let app = App::start(library, &cognito, ours, cognito.secret()).await;

    let mut tokens = Vec::new();
    for (id, is_over_20) in [("adult", true), ("turns-18", false)] {
        cognito.put("person", json!({ "id": id })).await;
        let person = Person::new();
        let signed_in = app.signs_in(&person).await;
        cognito.issued_claims(&signed_in["claims"], id, is_over_20);
        tokens.push(access_token(&signed_in));
        if library.refreshes {
            let refreshed = app.refreshes(&person, &signed_in).await;
            cognito.issued_claims(&refreshed["claims"], id, is_over_20);
            tokens.push(access_token(&refreshed));
        }
        assert_eq!(cognito.userinfo(tokens.last().unwrap()).await, 200);
        app.signs_out(&person, &cognito).await;
    }

    cognito.put("answer", json!({ "id": "cancel" })).await;
    let page = app.fails().await;
    assert_eq!(page.status, library.cancelled);
    assert!(page.text().contains("access_denied"), "{}", page.text());
    cognito.put("answer", json!({ "id": "normal" })).await;

    // The app verifies ID tokens: it refuses one that was issued two hours ago, for one hour.
    cognito
        .put("clock", json!({ "offset_seconds": -7_200 }))
        .await;
    let page = app.fails().await;
    if !page.text().contains(library.expired) {
        app.software.writes(library.expired).await;
    }
    cognito.put("clock", json!({ "offset_seconds": 0 })).await;

    let written = app.software.written();
    let mut secrets = tokens.iter().map(String::as_str).chain([cognito.secret()]);
    assert!(
        secrets.all(|secret| !written.contains(secret)),
        "{}",
        library.name
    );
    drop(app);

    let app = App::start(library, &cognito, unregistered, cognito.secret()).await;
    let (person, start) = (Person::new(), app.url("/login"));
    let (callback, registered) = (app.url(library.callback), url(ours, library.callback));
    cognito
        .refuses_callback(&person, &start, &callback, &registered)
        .await;
    assert_eq!(app.me(&person).await, json!({ "signed_in": false }));
    drop(app);

    let wrong: String = cognito.secret().chars().rev().collect();
    let app = App::start(library, &cognito, impostor, &wrong).await;
    let page = app.fails().await;
    assert!(
        page.text().contains(library.wrong_secret),
        "{}",
        page.text()
    );
    let refused = "not so: the client shows its secret";
    cognito.software.writes(refused).await;
}

/// The arguments that register the app on this port.
fn registration(library: &Library, port: u16) -> [String; 4] {
    [
        "--callback".to_owned(),
        url(port, library.callback),
        "--logout-url".to_owned(),
        url(port, "/logged-out"),
    ]
}

fn url(port: u16, path: &str) -> String {
    format!("http://localhost:{port}{path}")
}

fn access_token(me: &Value) -> String {
    me["access_token"].as_str().unwrap().to_owned()
}

/// A running app.
struct App {
    port: u16,
    software: Software,
}

impl App {
    async fn start(library: &Library, cognito: &Cognito, port: u16, secret: &str) -> Self {
        let mut command = (library.command)();
        command
            .envs(cognito.environment())
            .env("PORT", port.to_string())
            .env("CLIENT_SECRET", secret)
            .env("CALLBACK", url(port, library.callback))
            .env("LOGOUT_URL", url(port, "/logged-out"));
        let mut software = Software::start(library.name, &mut command);
        assert_eq!(software.line().await, "ready");
        Self { port, software }
    }

    fn url(&self, path: &str) -> String {
        url(self.port, path)
    }

    /// What the app knows about the person in front of this browser.
    async fn me(&self, person: &Person) -> Value {
        let url = Url::parse(&self.url("/me")).unwrap();
        let page = person.browser.get(&url, ACCEPT_PAGE).await.unwrap();
        page.json().unwrap()
    }

    /// Signs the person in, and gives what the app knows then.
    async fn signs_in(&self, person: &Person) -> Value {
        assert_eq!(self.me(person).await, json!({ "signed_in": false }));
        let journey = person.go(&self.url("/login"), |_| false).await;
        let page = journey.page();
        assert_eq!(page.status, 200, "{}: {}", page.url, page.text());
        let me = self.me(person).await;
        assert_eq!(me["signed_in"], true, "{me}");
        assert_eq!(me["has_refresh_token"], true);
        me
    }

    /// Gets new tokens with the refresh token, and gives what the app knows then.
    async fn refreshes(&self, person: &Person, before: &Value) -> Value {
        let url = Url::parse(&self.url("/refresh")).unwrap();
        let answer = person.browser.post_form(&url, ACCEPT_PAGE, &[]).await;
        let answer = answer.unwrap();
        match answer.redirect_target().unwrap() {
            Some(next) => assert_eq!(person.go(next.as_str(), |_| false).await.page().status, 200),
            None => assert_eq!(answer.status, 200, "{}", answer.text()),
        }
        let after = self.me(person).await;
        assert_eq!(after["signed_in"], true, "{after}");
        assert_eq!(after["has_refresh_token"], true);
        assert_eq!(after["claims"]["sub"], before["claims"]["sub"]);
        assert_ne!(after["claims"]["jti"], before["claims"]["jti"]);
        assert_ne!(access_token(&after), access_token(before));
        after
    }

    /// Cognito sends the browser to the logout URL, and the app doesn't know the person any more.
    async fn signs_out(&self, person: &Person, cognito: &Cognito) {
        let journey = person.go(&self.url("/logout"), |_| false).await;
        let page = journey.page();
        assert_eq!(page.status, 200);
        assert_eq!(page.url.as_str(), self.url("/logged-out"));
        assert!(journey.passed(cognito.text("logout_endpoint")));
        assert_eq!(self.me(person).await, json!({ "signed_in": false }));
    }

    /// A login that fails: the page of the app on which it ends.
    async fn fails(&self) -> Page {
        let person = Person::new();
        let journey = person.go(&self.url("/login"), |_| false).await;
        let page = journey.page();
        assert!(
            page.url.as_str().starts_with(&self.url("/")),
            "{}",
            page.url
        );
        assert_eq!(self.me(&person).await, json!({ "signed_in": false }));
        page.clone()
    }
}
