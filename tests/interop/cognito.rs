//! The laptop's Amazon Cognito: `digital-auth simulate cognito`, as a developer starts it for an
//! app of their own, driven by its control API.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use login_kit::{command, day_that_goes_on};
use loopback::clock::SimClock;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use service_simulator::persona::personas;
use tempfile::TempDir;

use crate::software::Software;

/// The scopes that every app asks for.
pub(crate) const SCOPES: &str = "openid digital-auth/name digital-auth/age_over_20";

/// The running command.
pub(crate) struct Cognito {
    /// What it printed: the values to configure in an app.
    settings: Value,
    http: reqwest::Client,
    pub(crate) software: Software,
    _state: TempDir,
}

impl Cognito {
    /// Starts the command on free ports, with these arguments.
    pub(crate) async fn start(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        day_that_goes_on().await;
        let state = TempDir::new().unwrap();
        let mut command = Command::new(command());
        command
            .args(["simulate", "cognito", "--json", "--language", "en"])
            .args(["--service-port", "0", "--bridge-port", "0"])
            .args(["--cognito-port", "0", "--control-port", "0"])
            .arg("--state")
            .arg(state.path())
            .args(arguments);
        let mut software = Software::start("digital-auth", &mut command);
        let settings = software.json().await;
        Self {
            settings,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            software,
            _state: state,
        }
    }

    /// Nobody has to be at the service any more: it shows no pages, and answers at once.
    pub(crate) async fn shows_no_pages(&self) {
        self.put("person", json!({ "unattended": true })).await;
    }

    /// One of the values to configure in an app.
    pub(crate) fn text(&self, name: &str) -> &str {
        let value = self.settings[name].as_str();
        value.unwrap_or_else(|| panic!("{name} isn't printed"))
    }

    /// The client secret; empty for a public client.
    pub(crate) fn secret(&self) -> &str {
        self.settings["client_secret"].as_str().unwrap_or_default()
    }

    /// What every app gets in its environment.
    pub(crate) fn environment(&self) -> [(&str, &str); 5] {
        [
            ("ISSUER", self.text("issuer")),
            ("DOMAIN", self.text("domain")),
            ("CLIENT_ID", self.text("client_id")),
            ("SCOPES", SCOPES),
            // A proxy doesn't reach this machine.
            ("no_proxy", "localhost"),
        ]
    }

    /// The `.env` block that the command prints: the same values under the same names.
    pub(crate) fn dotenv(&self) -> Vec<(String, String)> {
        let values = self.settings.as_object().unwrap().iter();
        let texts = values.filter_map(|(name, value)| Some((name, value.as_str()?)));
        texts
            .map(|(name, text)| (format!("COGNITO_{}", name.to_uppercase()), text.to_owned()))
            .collect()
    }

    /// Changes a setting by the control API.
    pub(crate) async fn put(&self, call: &str, wish: Value) {
        self.control(self.http.put(self.call(call)), wish).await;
    }

    /// Throws away all users and tokens, and sets all as at the start.
    pub(crate) async fn reset(&self) {
        let reset = self.http.post(self.call("reset"));
        self.control(reset, json!({})).await;
    }

    /// The tokens of a whole login, which the control API does.
    pub(crate) async fn sign_in(&self, wish: Value) -> Value {
        let sign_in = self.http.post(self.call("sign-in"));
        self.control(sign_in, wish).await
    }

    fn call(&self, call: &str) -> String {
        format!("{}{call}", self.text("control"))
    }

    async fn control(&self, request: RequestBuilder, wish: Value) -> Value {
        let answer = request.json(&wish).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{} {wish}", answer.url());
        answer.json().await.unwrap()
    }

    /// The status of userinfo for an access token.
    pub(crate) async fn userinfo(&self, access_token: &str) -> u16 {
        let request = self.http.get(self.text("userinfo_endpoint"));
        let answer = request.bearer_auth(access_token).send().await.unwrap();
        answer.status().as_u16()
    }
}

/// The verified name of a test person.
pub(crate) fn name_of(person: &str) -> String {
    let people = personas(SimClock::default().now());
    let person = people.into_iter().find(|known| known.id == person);
    person.unwrap().claims["name"].clone()
}

/// A port that no system assigns to other processes, so that it is still free when an app starts:
/// its callback URL is registered before.
pub(crate) fn port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = first + GIVEN.fetch_add(1, Ordering::Relaxed);
        assert!(port < 32_000, "no free port");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
