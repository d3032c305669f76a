//! The demo in a browser: app, Cognito, bridge and service on four hosts, and the steps of a person
//! through them. Tests can move all clocks forward: those of the stand-ins directly, those of the
//! built functions with faketime.

use std::cell::Cell;

use chrono::TimeDelta;
use cli::classes;
use demo::app::AppSettings;
use demo::laptop::LaptopOptions;
use login_kit::{FunctionClock, Laptop, day_that_goes_on, functions};
use service_simulator::fault::Fault;

use crate::webdriver::Browser;

/// The page at which a login ends: a page of the app, or a page of the bridge.
const END: &str = "body.app h1, dd > code + small";
/// The consent page, which the service may show before that.
const CONSENT: &str = "button[value=accept]";

/// The words of the links and buttons that a person clicks, in one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    /// The app's button.
    pub(crate) sign_in: &'static str,
    /// The button on Cognito's hosted page.
    pub(crate) provider: &'static str,
    /// The button of the test-card page.
    pub(crate) authenticate: &'static str,
    /// The button that consents, on the consent page.
    pub(crate) consent: &'static str,
    /// The button that cancels, on the consent page.
    pub(crate) cancel: &'static str,
    /// The app's button that refreshes the tokens.
    pub(crate) refresh: &'static str,
    /// The app's button that logs the person out.
    pub(crate) log_out: &'static str,
}

/// 日本語
pub(crate) const JA: Words = Words {
    sign_in: "ログイン",
    provider: "マイナアプリでログイン",
    authenticate: "認証",
    consent: "同意して戻る",
    cancel: "キャンセル",
    refresh: "トークンを更新",
    log_out: "ログアウト",
};

/// English
pub(crate) const EN: Words = Words {
    sign_in: "Sign in",
    provider: "Sign in with the Myna App",
    authenticate: "Authenticate",
    consent: "Consent and go back",
    cancel: "Cancel",
    refresh: "Refresh the tokens",
    log_out: "Log out",
};

/// The words of a language.
pub(crate) fn words(language: &str) -> Words {
    if language == "en" { EN } else { JA }
}

/// A running demo.
pub(crate) struct Demo {
    /// App, Cognito, bridge and service.
    pub(crate) laptop: Laptop,
    /// How many seconds the functions' clock is ahead.
    moved: Cell<u32>,
    function_clock: FunctionClock,
}

impl Demo {
    /// Starts everything on free ports.
    pub(crate) async fn start() -> Self {
        Self::start_at(0).await
    }

    /// Starts everything on free ports, but the app on this one.
    pub(crate) async fn start_at(port: u16) -> Self {
        day_that_goes_on().await;
        let function_clock = FunctionClock::ahead(0);
        let mut options = LaptopOptions::new(functions());
        options.app = Some(AppSettings {
            port,
            explain: classes::explain,
            ..AppSettings::default()
        });
        options.members = Some(demo::cases::members());
        for environment in [&mut options.environment, &mut options.trigger_environment] {
            environment.extend(function_clock.environment());
        }
        let laptop = Laptop::start(options).await.unwrap();
        Self {
            laptop,
            moved: Cell::new(0),
            function_clock,
        }
    }

    /// Moves all clocks forward.
    pub(crate) fn wait(&self, seconds: u32) {
        self.wait_at_the_stand_ins(seconds);
        self.moved.set(self.moved.get() + seconds);
        self.function_clock.set(self.moved.get().into());
    }

    /// Moves the clock of the stand-ins forward, but not that of the functions.
    pub(crate) fn wait_at_the_stand_ins(&self, seconds: u32) {
        self.laptop
            .clock
            .advance(TimeDelta::seconds(seconds.into()));
    }

    /// The address of the app's start page.
    pub(crate) fn start_page(&self) -> String {
        self.laptop.app.as_ref().unwrap().base_url().to_owned()
    }

    /// Goes from the app's start page to the service's test-card page.
    pub(crate) async fn to_the_test_card(&self, browser: &Browser) {
        let words = words(browser.language());
        browser.go(&self.start_page()).await;
        browser.click(words.sign_in).await;
        browser.click(words.provider).await;
        browser.element("select[name=persona]").await;
    }

    /// Chooses a person and an answer on the test-card page, and consents if the consent page
    /// follows.
    pub(crate) async fn answer(&self, browser: &Browser, persona: &str, fault: Option<Fault>) {
        let words = words(browser.language());
        browser.choose("select[name=persona]", persona).await;
        let answer = fault.map_or("normal", Fault::id);
        browser.choose("select[name=answer]", answer).await;
        browser.click(words.authenticate).await;
        browser.element(&format!("{CONSENT}, {END}")).await;
        if browser.count(CONSENT).await > 0 {
            browser.click(words.consent).await;
            browser.element(END).await;
        }
    }

    /// Signs in, from the app's start page to the end of the login.
    pub(crate) async fn sign_in(&self, browser: &Browser, persona: &str, fault: Option<Fault>) {
        self.to_the_test_card(browser).await;
        self.answer(browser, persona, fault).await;
    }

    /// Stops everything.
    pub(crate) async fn stop(self) {
        self.laptop.stop().await;
    }
}
