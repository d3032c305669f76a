//! `digital-auth simulate cognito` and `demo --callback`: an app of one's own signs in at the
//! laptop's Cognito, with nothing but what the command printed. The command is the built one, and
//! the app is an HTTP client that knows OAuth.

mod control;
mod network;
mod protocol;
mod settings;

use std::path::PathBuf;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit::parameter;
use login_kit::{Arrival, BrowserLogin, browser};
use reqwest::{Response, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;
use url::Url;

use crate::process::{self, PATIENCE, Serving};

pub(crate) const CALLBACK: &str = "http://localhost:3000/callback";
pub(crate) const LOGGED_OUT: &str = "http://localhost:3000/";
const VERIFIER: &str = "app-verifier-app-verifier-app-verifier-app-verifier";
pub(crate) const STATE: &str = "the-state-of-the-app";

/// Where everything is kept, for one test.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("state")
    }
}

/// `simulate cognito` with a folder, a callback URL, and free ports.
pub(crate) fn prepared(folder: &Folder, arguments: &[&str]) -> Command {
    let arguments = [&["--cognito-port", "0", "--control-port", "0"], arguments].concat();
    prepared_at_ports(folder, &["simulate", "cognito"], &arguments)
}

/// A command that takes an own app, with a folder, a callback URL, and free ports but those of
/// Cognito and of the control API.
pub(crate) fn prepared_at_ports(folder: &Folder, command: &[&str], arguments: &[&str]) -> Command {
    let path = folder.path();
    let always = ["--callback", CALLBACK, "--state", path.to_str().unwrap()];
    let ports = ["--service-port", "0", "--bridge-port", "0"];
    process::prepared([command, &always, &ports, arguments].concat())
}

/// The running command, with `--json`.
pub(crate) struct Running {
    serving: Serving,
    pub(crate) http: reqwest::Client,
}

impl Running {
    pub(crate) async fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let always = ["--json", "--verbose", "--logout-url", LOGGED_OUT];
        let arguments = [&always, arguments].concat();
        Self::of(prepared(folder, &arguments)).await
    }

    pub(crate) async fn of(prepared: Command) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        Self {
            serving: Serving::of(prepared).await,
            http: http.build().unwrap(),
        }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.serving.text(name)
    }

    /// Ends the command, and gives what it wrote to standard error.
    pub(crate) async fn stop(self) -> String {
        let told = self.serving.stop(Signal::INT).await;
        // Every check is told in the language that was chosen, which is Japanese.
        let is_kana = |c: char| ('\u{3041}'..='\u{30ff}').contains(&c);
        for line in told.lines().map(str::trim_start) {
            let is_check = line.starts_with(['✓', '✗']);
            assert!(!is_check || line.contains(is_kana), "{line}");
        }
        told
    }

    /// The URL at which the app begins a login, with changes. An empty value leaves the parameter
    /// out.
    pub(crate) fn authorization_url(&self, changes: &[(&str, &str)]) -> Url {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        let mut parameters = vec![
            ("client_id", self.text("client_id")),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", self.text("scopes")),
            ("state", STATE),
            ("nonce", "the-nonce-of-the-app"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("identity_provider", self.text("identity_provider")),
        ];
        for (name, value) in changes {
            parameters.retain(|(known, _)| known != name);
            parameters.push((name, value));
        }
        parameters.retain(|(_, value)| !value.is_empty());
        Url::parse_with_params(self.text("authorization_endpoint"), parameters).unwrap()
    }

    /// A login in a new browser, up to the code.
    pub(crate) async fn code(&self, changes: &[(&str, &str)]) -> String {
        let callback = changes.iter().find(|(name, _)| *name == "redirect_uri");
        let callback = callback.map_or(CALLBACK, |(_, callback)| callback);
        let at_app = |url: &Url| url.as_str().starts_with(callback);
        let start = self.authorization_url(changes);
        let login = BrowserLogin::run(&browser(), &start, "adult", None, at_app).await;
        let Arrival::At(arrived) = login.end else {
            panic!("on a page: {:?}", login.answers.last());
        };
        assert_eq!(parameter(&arrived, "state").as_deref(), Some(STATE));
        parameter(&arrived, "code").unwrap_or_else(|| panic!("no code: {arrived}"))
    }

    /// The form of a token request for a code, without any authentication of the client.
    pub(crate) fn form(code: &str) -> Vec<(&'static str, &str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]
    }

    /// The token request for a code, as the client authenticates by default.
    pub(crate) async fn redeem(&self, code: &str) -> (StatusCode, Value) {
        self.at_token(Self::form(code)).await
    }

    /// The token request of a refresh token.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> (StatusCode, Value) {
        let grant = ("grant_type", "refresh_token");
        self.at_token(vec![grant, ("refresh_token", refresh_token)])
            .await
    }

    async fn at_token(&self, mut form: Vec<(&str, &str)>) -> (StatusCode, Value) {
        let mut request = self.http.post(self.text("token_endpoint"));
        match self.serving.values["client_secret"].as_str() {
            Some(secret) => request = request.basic_auth(self.text("client_id"), Some(secret)),
            None => form.push(("client_id", self.text("client_id"))),
        }
        answer(request.form(&form).send().await.unwrap()).await
    }

    /// A call of the control API.
    pub(crate) async fn control(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let url = format!("{}{path}", self.text("control"));
        let request = self.http.request(method, url).json(&body);
        answer(request.send().await.unwrap()).await
    }

    /// A whole login by the control API.
    pub(crate) async fn sign_in(&self, wish: Value) -> Value {
        let (status, tokens) = self.control(reqwest::Method::POST, "sign-in", wish).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    /// Userinfo with an access token.
    pub(crate) async fn userinfo(&self, access_token: &str) -> Response {
        let request = self.http.get(self.text("userinfo_endpoint"));
        request.bearer_auth(access_token).send().await.unwrap()
    }
}

/// Status and JSON of an answer.
pub(crate) async fn answer(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    (status, response.json().await.unwrap())
}

/// The claims of a token.
pub(crate) fn claims(tokens: &Value, name: &str) -> Value {
    let token = tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}"));
    kit::payload(token)
}

/// A refusal of the token endpoint.
pub(crate) fn error(error: &str) -> (StatusCode, Value) {
    (StatusCode::BAD_REQUEST, json!({ "error": error }))
}
