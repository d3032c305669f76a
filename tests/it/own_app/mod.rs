//! `digital-auth simulate cognito` and `demo --callback`: an app of one's own signs in at the
//! laptop's Cognito, with nothing but what the command printed. The command is the built one, and
//! the app is an HTTP client that knows OAuth.

mod control;
mod network;
mod protocol;
mod settings;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit::parameter;
use login_kit::{Arrival, BrowserLogin, browser, command};
use reqwest::{Response, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use url::Url;

/// Longer than any of these tests takes. The command builds the functions first.
const PATIENCE: Duration = Duration::from_secs(180);

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
    let mut prepared = Command::new(command());
    prepared
        .args(["simulate", "cognito", "--callback", CALLBACK])
        .args(["--service-port", "0", "--bridge-port", "0"])
        .args(["--cognito-port", "0", "--control-port", "0"])
        .arg("--state")
        .arg(folder.path())
        .args(arguments);
    piped(prepared)
}

/// The command with its output in pipes.
pub(crate) fn piped(mut prepared: Command) -> Command {
    prepared
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    prepared
}

/// Runs a command that ends by itself. Gives its status and what it wrote to standard error.
pub(crate) async fn refused(mut prepared: Command) -> (Option<i32>, String) {
    let output = timeout(PATIENCE, prepared.output()).await;
    let output = output.expect("it ends").unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), told)
}

/// The running command, with `--json`.
pub(crate) struct Running {
    child: Child,
    told: JoinHandle<String>,
    pub(crate) values: Value,
    pub(crate) http: reqwest::Client,
}

impl Running {
    pub(crate) async fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let arguments = [&["--json", "--logout-url", LOGGED_OUT], arguments].concat();
        Self::of(prepared(folder, &arguments)).await
    }

    pub(crate) async fn of(mut prepared: Command) -> Self {
        let mut child = prepared.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let told = tokio::spawn(async move {
            let mut told = String::new();
            stderr.read_to_string(&mut told).await.unwrap();
            told
        });
        let mut line = String::new();
        let read = timeout(PATIENCE, stdout.read_line(&mut line)).await;
        read.expect("it prints its values").unwrap();
        let values = serde_json::from_str(&line);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        Self {
            child,
            told,
            values: values.expect("one JSON object in a line"),
            http: http.build().unwrap(),
        }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        let value = &self.values[name];
        value.as_str().unwrap_or_else(|| panic!("{name}: {value}"))
    }

    /// Ends the command, and gives what it wrote to standard error.
    pub(crate) async fn stop(mut self) -> String {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::INT).unwrap();
        let status = timeout(PATIENCE, self.child.wait()).await;
        assert_eq!(status.expect("it ends").unwrap().code(), Some(0));
        let told = self.told.await.unwrap();
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
        match self.values["client_secret"].as_str() {
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
