//! Chromium, driven over WebDriver: a test clicks what has a text, waits for pages with a time
//! limit, and asks which requests the browser sent. It trusts the certification authorities of its
//! home folder, and ignores no certificate error.

use std::path::Path;
use std::time::Duration;

use fantoccini::cookies::Cookie;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use login_kit::chromium_arguments;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::given;

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open browser, which knows nothing of any other. The driver closes what a failed test left
/// open.
pub(crate) struct Chromium(Client);

/// A request that the browser sent.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: Url,
    /// The operation of the user pool's API, as in `X-Amz-Target`.
    pub(crate) target: Option<String>,
}

impl Chromium {
    /// Opens a window of a PC.
    pub(crate) async fn open() -> Self {
        Self::open_with(json!({})).await
    }

    /// Opens a window with the width of a phone.
    pub(crate) async fn open_on_a_phone() -> Self {
        let screen = json!({ "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true });
        Self::open_with(json!({ "mobileEmulation": { "deviceMetrics": screen } })).await
    }

    /// Opens a window with these options of chromedriver.
    async fn open_with(mut options: Value) -> Self {
        options["args"] = json!(chromium_arguments());
        options["prefs"] = json!({ "intl.accept_languages": "en" });
        let capabilities = json!({
            "browserName": "chrome",
            "acceptInsecureCerts": false,
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&given("CHROMEDRIVER"))
            .await
            .expect("the driver opens a browser");
        Self(client)
    }

    pub(crate) async fn close(self) {
        self.0.close().await.unwrap();
    }

    /// Goes to an address, as if it were typed.
    pub(crate) async fn go(&self, address: &str) {
        self.0.goto(address).await.unwrap();
    }

    pub(crate) async fn at(&self) -> Url {
        self.0.current_url().await.unwrap()
    }

    /// The text that the page shows.
    pub(crate) async fn text(&self) -> String {
        let text = self.run("return document.body.innerText").await;
        text.as_str().unwrap().to_owned()
    }

    /// The status with which the page was answered.
    pub(crate) async fn status(&self) -> Value {
        self.run("return performance.getEntriesByType('navigation')[0].responseStatus")
            .await
    }

    /// Waits for the link or button with this text, and clicks it.
    pub(crate) async fn click(&self, name: &str) {
        let path = format!("//*[self::a or self::button][normalize-space(.)={name:?}]");
        let found = self.found(Locator::XPath(&path), name).await;
        found.click().await.unwrap();
    }

    /// Waits for what the selector finds, and clicks it.
    pub(crate) async fn press(&self, selector: &str) {
        let found = self.found(Locator::Css(selector), selector).await;
        found.click().await.unwrap();
    }

    /// Waits for what the selector finds, and gives its text.
    pub(crate) async fn text_of(&self, selector: &str) -> String {
        let found = self.found(Locator::Css(selector), selector).await;
        found.text().await.unwrap()
    }

    /// Whether the page has something that the selector finds now.
    pub(crate) async fn has(&self, selector: &str) -> bool {
        let found = self.0.find_all(Locator::Css(selector)).await;
        !found.unwrap().is_empty()
    }

    /// The cookies of the page, also those that its scripts can't read.
    pub(crate) async fn cookies(&self) -> Vec<Cookie<'static>> {
        self.0.get_all_cookies().await.unwrap()
    }

    /// Takes a picture of what the window shows.
    pub(crate) async fn picture(&self, file: &Path) {
        let picture = self.0.screenshot().await.unwrap();
        std::fs::write(file, picture).unwrap();
    }

    /// Waits for a select element, and chooses one of its options by the value.
    pub(crate) async fn choose(&self, select: &str, value: &str) {
        let found = self.found(Locator::Css(select), select).await;
        found.select_by_value(value).await.unwrap();
    }

    async fn found(&self, locator: Locator<'_>, what: &str) -> fantoccini::elements::Element {
        match self.0.wait().at_most(PATIENCE).for_element(locator).await {
            Ok(element) => element,
            Err(error) => panic!(
                "{what} isn't on {}: {error}\n{}",
                self.at().await,
                self.text().await
            ),
        }
    }

    /// Runs a script in the page.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.0.execute(script, Vec::new()).await.unwrap()
    }

    /// Runs a script until it gives something else than `null`. Meanwhile the browser may go from
    /// page to page.
    pub(crate) async fn until(&self, script: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let given = self.0.execute(script, Vec::new()).await;
            if let Ok(value) = &given
                && !value.is_null()
            {
                return value.clone();
            }
            if Instant::now() > deadline {
                panic!(
                    "{script}\nnot within {PATIENCE:?} at {}: {given:?}\n{}",
                    self.at().await,
                    self.text().await
                );
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The requests that the browser sent since this was asked before, in order: pages, redirects,
    /// and what scripts request.
    pub(crate) async fn requests(&self) -> Vec<Request> {
        let log = self.log("performance").await;
        let messages = log.iter().filter_map(|entry| entry["message"].as_str());
        let events = messages.map(|message| serde_json::from_str::<Value>(message).unwrap());
        let sent = events.filter(|event| event["message"]["method"] == "Network.requestWillBeSent");
        sent.map(|event| {
            let request = &event["message"]["params"]["request"];
            let target = request["headers"]["x-amz-target"].as_str();
            Request {
                method: request["method"].as_str().unwrap().to_owned(),
                url: Url::parse(request["url"].as_str().unwrap()).unwrap(),
                target: target.map(str::to_owned),
            }
        })
        .collect()
    }

    /// The errors in the browser's console since this was asked before, such as an answer that CORS
    /// didn't let the page read. Answers with an error status are left out: each test says itself
    /// what it expects.
    pub(crate) async fn errors(&self) -> Vec<String> {
        let log = self.log("browser").await;
        let severe = log.iter().filter(|entry| entry["level"] == "SEVERE");
        severe
            .filter_map(|entry| entry["message"].as_str())
            .filter(|message| !message.contains("the server responded with a status of 4"))
            .map(str::to_owned)
            .collect()
    }

    async fn log(&self, kind: &'static str) -> Vec<Value> {
        let log = self.0.issue_cmd(Log { kind }).await.unwrap();
        log.as_array().unwrap().clone()
    }
}

/// chromedriver's command for the entries of a log since the last time. WebDriver has none.
#[derive(Debug)]
struct Log {
    kind: &'static str,
}

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        let body = json!({ "type": self.kind });
        (http::Method::POST, Some(body.to_string()))
    }
}

/// The paths for which the browser asked before it sent a script's request (CORS preflights).
pub(crate) fn preflights(requests: &[Request]) -> Vec<&str> {
    let asked = requests.iter().filter(|one| one.method == "OPTIONS");
    asked.map(|one| one.url.path()).collect()
}

/// Lets every browser that is opened from now on trust a certification authority: the file is the
/// one that `simulate cognito --https` names, and the command is the one that it prints.
pub(crate) async fn trust(authority: &str) {
    let home = given("CHROMIUM_HOME");
    let database = Path::new(&home).join(".pki/nssdb");
    let status = Command::new("certutil")
        .arg("-d")
        .arg(format!("sql:{}", database.display()))
        .args(["-A", "-t", "C,,", "-n", "digital-auth", "-i", authority])
        .status()
        .await;
    assert!(status.expect("certutil starts").success());
}
