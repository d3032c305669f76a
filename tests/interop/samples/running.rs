//! A sample that runs, with a Cognito of its own, and what a person does at its page. Every sample
//! has the same elements there, by the same ids.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::chromium::{Chromium, Request};
use crate::cognito::{Cognito, port};
use crate::given;
use crate::software::Software;

/// How a sample is started.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    /// The name of its folder.
    pub(super) name: &'static str,
    /// What starts it, in its folder.
    pub(super) command: fn() -> Command,
    /// The path of its callback URL.
    pub(super) callback: &'static str,
    /// Whether a server is the OAuth client, and keeps the tokens. Else the page is.
    pub(super) has_a_server: bool,
}

/// A running sample.
pub(super) struct Running {
    pub(super) sample: Sample,
    pub(super) cognito: Cognito,
    pub(super) origin: String,
    software: Software,
    http: reqwest::Client,
}

impl Running {
    /// Starts Cognito for the sample, and the sample.
    pub(super) async fn start(sample: Sample) -> Self {
        let port = port();
        let origin = format!("http://localhost:{port}");
        let callback = format!("{origin}{}", sample.callback);
        let kind = ["public", "confidential"][usize::from(sample.has_a_server)];
        let logged_out = format!("{origin}/");
        let registered = [
            ["--client", kind],
            ["--callback", &callback],
            ["--logout-url", &logged_out],
        ];
        let cognito = Cognito::start(registered.as_flattened()).await;
        let mut command = (sample.command)();
        command
            .current_dir(PathBuf::from(given("SAMPLES")).join(sample.name))
            .envs(cognito.dotenv())
            .env("PORT", port.to_string())
            // A proxy doesn't reach this machine.
            .env("no_proxy", "localhost");
        let mut software = Software::start(sample.name, &mut command);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        software.answers(&http, &origin).await;
        Self {
            sample,
            cognito,
            origin,
            software,
            http,
        }
    }

    /// All that the sample has written so far.
    pub(super) fn written(&self) -> String {
        self.software.written()
    }

    /// What the sample's API answers to this `Authorization`.
    pub(super) async fn api(&self, authorization: Option<&str>) -> (StatusCode, String) {
        let mut request = self.http.get(format!("{}/api/age", self.origin));
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

/// A browser that knows nothing of any other, and the sample at which the person in front of it is.
/// The service shows no pages, and answers at once.
pub(super) struct Visit<'a> {
    pub(super) running: &'a Running,
    pub(super) browser: Chromium,
}

impl<'a> Visit<'a> {
    /// At a Cognito without users.
    pub(super) async fn begin(running: &'a Running) -> Self {
        running.cognito.reset().await;
        running.cognito.shows_no_pages().await;
        let browser = Chromium::open_on_a_phone().await;
        Self { running, browser }
    }

    pub(super) async fn person_is(&self, id: &str) {
        self.running
            .cognito
            .put("person", json!({ "id": id }))
            .await;
    }

    pub(super) async fn service_answers(&self, id: &str) {
        self.running
            .cognito
            .put("answer", json!({ "id": id }))
            .await;
    }

    /// Sets the clock of Cognito's tokens.
    pub(super) async fn tokens_are_of(&self, offset_seconds: i32) {
        let clock = json!({ "offset_seconds": offset_seconds });
        self.running.cognito.put("clock", clock).await;
    }

    /// Opens the sample's page.
    pub(super) async fn opens(&self) {
        self.browser.go(&self.running.origin).await;
        self.is_shown("#sign-in, #signed-in").await;
    }

    /// Opens the sample's page, and signs in.
    pub(super) async fn signs_in(&self) {
        self.opens().await;
        self.browser.press("#sign-in").await;
        self.is_shown("#signed-in").await;
    }

    /// Opens the sample's page, and begins to sign in: what the sample asks of Cognito. The browser
    /// is then at the service's page.
    pub(super) async fn asks_cognito(&self) -> BTreeMap<String, String> {
        let cognito = &self.running.cognito;
        cognito.put("person", json!({ "unattended": false })).await;
        self.opens().await;
        self.requests().await;
        self.browser.press("#sign-in").await;
        let at_the_service = "return document.querySelector('select[name=persona]') && true";
        self.browser.until(at_the_service).await;
        let begin = cognito.text("authorization_endpoint");
        let requests = self.requests().await;
        let sent = requests.iter().find(|url| url.as_str().starts_with(begin));
        sent.unwrap().query_pairs().into_owned().collect()
    }

    /// Goes to Cognito with this in the place of what the sample asked, and signs in there.
    pub(super) async fn goes_on_with(&self, asked: &BTreeMap<String, String>) {
        let cognito = &self.running.cognito;
        cognito.shows_no_pages().await;
        let url = Url::parse_with_params(cognito.text("authorization_endpoint"), asked);
        self.browser.go(url.unwrap().as_str()).await;
    }

    /// Opens the sample's page, and tries to sign in: what the page says then.
    pub(super) async fn fails_to_sign_in(&self) -> String {
        self.opens().await;
        self.forget("#message").await;
        self.browser.press("#sign-in").await;
        let kind = self.data("#message", "kind").await;
        assert!(self.browser.has("#sign-in").await);
        assert!(!self.browser.has("#signed-in").await);
        kind
    }

    /// Confirms to be who is signed in: what the page says then.
    pub(super) async fn confirms(&self) -> String {
        self.browser.press("#confirm").await;
        self.data("#now", "answer").await
    }

    /// Logs out, and waits for the page at which that ends.
    pub(super) async fn logs_out(&self) {
        self.browser.press("#log-out").await;
        self.is_shown("#sign-in").await;
    }

    /// Waits until the sample's page has what the selector finds.
    pub(super) async fn is_shown(&self, selector: &str) {
        self.at_the_sample(&format!("document.querySelector({selector:?}) && true"))
            .await;
    }

    /// Waits until the sample's page has this, and gives the value of its attribute `data-NAME`.
    pub(super) async fn data(&self, selector: &str, name: &str) -> String {
        let data = format!("document.querySelector({selector:?})?.dataset.{name}");
        let data = self.at_the_sample(&data).await;
        data.as_str().unwrap().to_owned()
    }

    /// The time in the ID token, once it is later than `before`.
    pub(super) async fn issued_after(&self, before: i64) -> i64 {
        let time = "Number(document.querySelector('#issued-at')?.textContent)";
        let later = format!("[{time}].find((time) => time > {before})");
        self.at_the_sample(&later).await.as_i64().unwrap()
    }

    /// Waits until the API's answer is shown, and gives its text.
    pub(super) async fn calls_the_api(&self) -> String {
        self.browser.press("#call-api").await;
        let shown = "document.querySelector('#api-answer')?.textContent.match(/.*\\d{3}.*/s)?.[0]";
        self.at_the_sample(shown).await.as_str().unwrap().to_owned()
    }

    /// Waits until the browser is at the sample, and this gives something.
    async fn at_the_sample(&self, script: &str) -> Value {
        let origin = &self.running.origin;
        let script = format!("return location.origin === {origin:?} && ({script}) || null");
        self.browser.until(&script).await
    }

    /// Takes something away from the page, so that it is there only if it comes again.
    pub(super) async fn forget(&self, selector: &str) {
        let remove = format!("document.querySelector({selector:?})?.remove()");
        self.browser.run(&remove).await;
    }

    /// The text of the page.
    pub(super) async fn text(&self, selector: &str) -> String {
        self.browser.text_of(selector).await
    }

    /// Takes a picture of the page.
    pub(super) async fn picture(&self, name: &str) {
        let file = format!("{}-{name}.png", self.running.sample.name);
        self.browser
            .picture(&PathBuf::from(given("SCREENSHOTS")).join(file))
            .await;
    }

    /// Where the browser was since this was asked before.
    pub(super) async fn requests(&self) -> Vec<Url> {
        let requests = self.browser.requests().await;
        requests
            .into_iter()
            .map(|Request { url, .. }| url)
            .collect()
    }

    /// Whether this is a callback of the sample.
    pub(super) fn is_callback(&self, url: &Url) -> bool {
        let callback = self.running.cognito.text("callback");
        url.as_str().split('?').next() == Some(callback) && url.query().is_some()
    }
}
