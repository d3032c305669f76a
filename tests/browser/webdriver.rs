//! A browser for tests: opened over WebDriver, on a PC or a phone, in Japanese or English.
//! It finds elements by their text, waits for pages with a time limit, and takes pictures. Every
//! page that a test looks at is checked for accessibility by axe-core.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::elements::Element;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use login_kit::chromium_arguments;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};
use url::Url;

/// How long a page may take. A slow answer of the service takes 6 s, and the bridge gives up after
/// 4 s.
const PATIENCE: Duration = Duration::from_secs(20);

/// The browser engine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Engine {
    /// Debian's Chromium. Chrome, Edge and others are built on it.
    Chromium,
    /// Debian's Firefox.
    Firefox,
}

/// The device that the browser imitates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Device {
    /// 1,280 by 900.
    Pc,
    /// 390 by 844, touch.
    Phone,
}

/// The settings of a browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// The engine. The other settings hold for Chromium. Firefox is always a PC with cookies and
    /// scripts.
    pub(crate) engine: Engine,
    /// The device.
    pub(crate) device: Device,
    /// The browser's language: `ja` or `en`.
    pub(crate) language: &'static str,
    /// Whether the browser accepts cookies.
    pub(crate) cookies: bool,
    /// Whether the browser runs scripts.
    pub(crate) scripts: bool,
    /// Whether the browser prefers dark colours.
    pub(crate) dark: bool,
}

/// A PC in Japanese.
pub(crate) const PC: Setup = Setup {
    engine: Engine::Chromium,
    device: Device::Pc,
    language: "ja",
    cookies: true,
    scripts: true,
    dark: false,
};

/// Firefox on a PC, in Japanese.
pub(crate) const FIREFOX: Setup = Setup {
    engine: Engine::Firefox,
    ..PC
};

/// A phone in Japanese.
pub(crate) const PHONE: Setup = Setup {
    device: Device::Phone,
    ..PC
};

impl Setup {
    fn capabilities(self) -> Map<String, Value> {
        let capabilities = match self.engine {
            Engine::Chromium => self.chromium(),
            Engine::Firefox => json!({
                "browserName": "firefox",
                "moz:firefoxOptions": {
                    "args": ["-headless", "-width=1280", "-height=900"],
                    "prefs": {
                        "intl.accept_languages": self.language,
                        "ui.prefersReducedMotion": 1,
                    },
                },
            }),
        };
        capabilities.as_object().unwrap().clone()
    }

    fn chromium(self) -> Value {
        let mut arguments = chromium_arguments();
        arguments.extend([
            "--hide-scrollbars",
            // Without animations, pictures and contrasts are those of the final page.
            "--force-prefers-reduced-motion",
            "--window-size=1280,900",
        ]);
        if self.dark {
            arguments.push("--force-dark-mode");
        }
        let allowed = |is_allowed: bool| if is_allowed { 1 } else { 2 };
        let mut options = json!({
            "args": arguments,
            "prefs": {
                "intl.accept_languages": self.language,
                "profile.default_content_setting_values.cookies": allowed(self.cookies),
                "profile.managed_default_content_settings.javascript": allowed(self.scripts),
            },
        });
        if self.device == Device::Phone {
            options["mobileEmulation"] = json!({
                "deviceMetrics": { "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true },
            });
        }
        json!({
            "browserName": "chrome",
            "pageLoadStrategy": "normal",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        })
    }
}

/// A command of chromedriver that WebDriver doesn't have: `POST /session/{id}/{path}`.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// An open browser. Closed by [`Browser::close`]; the driver closes what a failed test left open.
pub(crate) struct Browser {
    client: Client,
    setup: Setup,
}

impl fmt::Debug for Browser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.setup.fmt(formatter)
    }
}

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} isn't set: run this with `cargo xtask browser`"))
}

impl Browser {
    /// Opens a new browser, which knows nothing of any other.
    pub(crate) async fn open(setup: Setup) -> Self {
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(setup.capabilities())
            .connect(&variable(match setup.engine {
                Engine::Chromium => "CHROMEDRIVER",
                Engine::Firefox => "GECKODRIVER",
            }))
            .await
            .expect("the driver opens a browser");
        Self { client, setup }
    }

    /// The browser's language.
    pub(crate) fn language(&self) -> &'static str {
        self.setup.language
    }

    /// Closes it.
    pub(crate) async fn close(self) {
        self.client.close().await.unwrap();
    }

    /// Goes to an address, as if it were typed.
    pub(crate) async fn go(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Where it is.
    pub(crate) async fn at(&self) -> Url {
        self.client.current_url().await.unwrap()
    }

    /// The host of the page, without port.
    pub(crate) async fn host(&self) -> String {
        self.at().await.host_str().unwrap_or_default().to_owned()
    }

    /// Back, as with the browser's button.
    pub(crate) async fn back(&self) {
        self.client.back().await.unwrap();
    }

    /// Reloads the page.
    pub(crate) async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// The text that the page shows.
    pub(crate) async fn text(&self) -> String {
        // One script: between two commands, the browser may have gone on to the next page.
        let text = self.run("return document.body.innerText").await;
        text.as_str().unwrap().to_owned()
    }

    /// Waits for the first element of the selector.
    pub(crate) async fn element(&self, selector: &str) -> Element {
        let wait = self.client.wait().at_most(PATIENCE);
        match wait.for_element(Locator::Css(selector)).await {
            Ok(element) => element,
            Err(error) => panic!(
                "{selector} isn't on {}: {error}\n{}",
                self.at().await.path(),
                self.text().await
            ),
        }
    }

    /// The number of elements that the selector finds now.
    pub(crate) async fn count(&self, selector: &str) -> usize {
        let found = self.client.find_all(Locator::Css(selector)).await;
        found.unwrap().len()
    }

    /// All elements that the selector finds now.
    pub(crate) async fn all(&self, selector: &str) -> Vec<Element> {
        self.client.find_all(Locator::Css(selector)).await.unwrap()
    }

    /// Switches to another tab.
    pub(crate) async fn switch_to(&self, window: &WindowHandle) {
        self.client.switch_to_window(window.clone()).await.unwrap();
    }

    /// Waits until a condition holds.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds().await {
            assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Moves through the page with the Tab key to the link or button with this text, and presses
    /// Enter there.
    pub(crate) async fn press(&self, name: &str) {
        const MOST: usize = 60;
        let here = "return document.activeElement.innerText.trim()";
        for _ in 0..MOST {
            let body = self.client.active_element().await.unwrap();
            body.send_keys("\u{e004}").await.unwrap();
            if self.run(here).await == json!(name) {
                let chosen = self.client.active_element().await.unwrap();
                chosen.send_keys("\u{e007}").await.unwrap();
                return;
            }
        }
        panic!("{name} isn't reached with {MOST} tabs");
    }

    /// Clicks the link or button with this text.
    pub(crate) async fn click(&self, name: &str) {
        let path =
            format!("//*[self::a or self::button or self::summary][normalize-space(.)={name:?}]");
        let wait = self.client.wait().at_most(PATIENCE);
        match wait.for_element(Locator::XPath(&path)).await {
            Ok(element) => element.click().await.unwrap(),
            Err(error) => panic!(
                "nothing called {name} is on {}: {error}\n{}",
                self.at().await.path(),
                self.text().await
            ),
        }
    }

    /// Writes into the text field with this name.
    pub(crate) async fn write(&self, field: &str, text: &str) {
        let field = self.element(&format!("input[name={field}]")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses an option of a select element by its value.
    pub(crate) async fn choose(&self, select: &str, value: &str) {
        let element = self.element(select).await;
        element.select_by_value(value).await.unwrap();
    }

    /// Runs a script in the page. The page's Content Security Policy doesn't apply to it.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// The WebDriver client, for commands that only one test needs.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Takes a picture of the whole page: `NAME-DEVICE-LANGUAGE.png`.
    pub(crate) async fn picture(&self, name: &str) {
        let picture = match self.setup.engine {
            Engine::Chromium => self.whole_page().await,
            Engine::Firefox => self.client.screenshot().await.unwrap(),
        };
        self.save(name, &picture);
    }

    /// Checks that a picture of the documents is current: that the text which the pages had when it
    /// was made (`docs/images/NAME.LANGUAGE.txt`) is the text that they have now. With `PICTURES`,
    /// makes both anew from what the browser shows.
    pub(crate) async fn is_current(&self, name: &str, text: &str) {
        let name = format!("{name}.{}", self.setup.language);
        let text = format!("{}\n", text.trim_end());
        let made = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/images"));
        if std::env::var_os("PICTURES").is_some() {
            std::fs::write(made.join(format!("{name}.png")), self.whole_page().await).unwrap();
            std::fs::write(made.join(format!("{name}.txt")), text).unwrap();
            return;
        }
        let before = std::fs::read_to_string(made.join(format!("{name}.txt"))).unwrap_or_default();
        assert_eq!(
            before, text,
            "{name}.png shows other pages: make it anew with `cargo xtask browser --pictures`"
        );
    }

    /// What the window shows now, as a PNG in a `data:` URL.
    pub(crate) async fn window(&self) -> String {
        let picture = self.client.screenshot().await.unwrap();
        format!("data:image/png;base64,{}", STANDARD.encode(picture))
    }

    fn save(&self, name: &str, picture: &[u8]) {
        let device = match (self.setup.engine, self.setup.device) {
            (Engine::Firefox, _) => "firefox",
            (_, Device::Pc) => "pc",
            (_, Device::Phone) => "phone",
        };
        let dark = if self.setup.dark { "-dark" } else { "" };
        let name = format!("{name}-{device}-{}{dark}.png", self.setup.language);
        let folder = PathBuf::from(variable("SCREENSHOTS"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), picture).unwrap();
    }

    async fn whole_page(&self) -> Vec<u8> {
        let command = Own {
            path: "goog/cdp/execute",
            body: json!({
                "cmd": "Page.captureScreenshot",
                "params": { "format": "png", "captureBeyondViewport": true },
            }),
        };
        let taken = self.client.issue_cmd(command).await.unwrap();
        STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// What the browser's console reported so far, above all refused resources, scripts and styles.
    /// Firefox's driver doesn't give it.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        if self.setup.engine == Engine::Firefox {
            return Vec::new();
        }
        self.log("browser")
            .await
            .iter()
            .filter_map(|entry| entry["message"].as_str())
            // A page that shows a failure has status 400, which isn't a defect.
            .filter(|message| !message.ends_with("status of 400 (Bad Request)"))
            .map(str::to_owned)
            .collect()
    }

    /// The URLs that the browser requested since the last call of this method, in order, redirects
    /// included.
    pub(crate) async fn requests(&self) -> Vec<Url> {
        let mut requests = Vec::new();
        for entry in self.log("performance").await {
            let message = entry["message"].as_str().unwrap_or_default();
            let event: Value = serde_json::from_str(message).unwrap();
            let event = &event["message"];
            if event["method"] == "Network.requestWillBeSent" {
                let url = event["params"]["request"]["url"].as_str().unwrap();
                requests.push(Url::parse(url).unwrap());
            }
        }
        requests
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let command = Own {
            path: "se/log",
            body: json!({ "type": kind }),
        };
        let log = self.client.issue_cmd(command).await.unwrap();
        log.as_array().unwrap().clone()
    }

    /// Fails if axe-core finds any violation of WCAG 2.2 AA or of its best practices, of any
    /// severity.
    pub(crate) async fn is_accessible(&self) {
        let axe = std::fs::read_to_string(variable("AXE")).expect("axe-core's file");
        self.run(&axe).await;
        let script = "const done = arguments[arguments.length - 1];
            const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
            axe.run(document, { runOnly: { type: 'tag', values: tags } }).then(
                (found) => done(found.violations.map((each) => \
                each.impact + ' ' + each.id + ': ' + each.help
                    + ' ' + each.nodes.map((node) => \
                node.html + ' ' + (node.any[0] || {}).message).join(' | '))),
                (error) => done(['axe failed: ' + error]));";
        let found = self.client.execute_async(script, Vec::new()).await.unwrap();
        assert_eq!(found, json!([]), "{self:?} at {}", self.at().await.path());
    }

    /// Takes a picture of the page, and checks that the page is accessible, fits its window, and
    /// that the browser refused nothing on it.
    pub(crate) async fn sees(&self, name: &str) {
        self.picture(name).await;
        self.is_accessible().await;
        let overflow = self
            .run(
                "return document.documentElement.scrollWidth \
                 - document.documentElement.clientWidth",
            )
            .await;
        assert_eq!(overflow, json!(0), "{name} scrolls sideways: {self:?}");
        assert_eq!(self.complaints().await, [""; 0], "{name}: {self:?}");
    }
}
