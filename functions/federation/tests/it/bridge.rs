//! The helpers of the tests: a bridge with a clock that the test moves, requests that are changed
//! in one place, a browser that keeps cookies, and answers that are compared as a whole.
//! Every answer is checked here for what all answers must have.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use federation::bridge::{Bridge, Parts};
use federation::front_door::HEADER;
use federation::startup::parts;
use function_kit::metrics::Metrics;
use function_kit::runtime;
use function_kit::support_id::SupportId;
use keys::{Randomness, SystemRandomness};
use kit::{Parameters, TestClock, Written};
use relying_party::http_api::{Event, Request};
use serde_json::{Value, json};

use crate::service::Service;
use crate::support::{
    CLIENT_ID, ISSUER, REDIRECT_URI, Settings, authorization_request, call, parameters, read,
    settings, token_request,
};

/// The Lambda request id of every request.
pub(crate) const REQUEST_ID: &str = "8f5e2a52-7c50-4a9b-9d6b-2f4d3a1c0001";

/// A bridge, with its clock, service and metrics.
pub(crate) struct RunningBridge {
    pub(crate) itself: Bridge,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) service: Service,
    pub(crate) metrics: Written,
    settings: Settings,
    /// The secret that the front door puts into every request, if there is one.
    front_door: Option<String>,
}

impl RunningBridge {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A bridge whose environment differs in these variables; an empty value is a missing one.
    pub(crate) async fn with(changes: &[(&'static str, &str)]) -> Self {
        Self::with_randomness(changes, Arc::new(SystemRandomness)).await
    }

    pub(crate) async fn with_randomness(
        changes: &[(&'static str, &str)],
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        let clock = TestClock::new();
        let service = Service::start(Arc::clone(&clock)).await;
        let mut settings = settings(&service.address());
        settings.extend(
            changes
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        Self::start(settings, clock, service, randomness).await
    }

    /// The same function in a new process, whose environment differs in these variables.
    pub(crate) async fn restarted_with(self, changes: &[(&'static str, &str)]) -> Self {
        let mut settings = self.settings;
        settings.extend(
            changes
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        Self::start(
            settings,
            self.clock,
            self.service,
            Arc::new(SystemRandomness),
        )
        .await
    }

    /// A bridge that has other parts than its environment describes: `change` replaces them.
    pub(crate) async fn of(change: impl AsyncFnOnce(&mut Parts)) -> Self {
        let clock = TestClock::new();
        let service = Service::start(Arc::clone(&clock)).await;
        let settings = settings(&service.address());
        Self::changed(settings, clock, service, Arc::new(SystemRandomness), change).await
    }

    async fn start(
        settings: Settings,
        clock: Arc<TestClock>,
        service: Service,
        randomness: Arc<dyn Randomness>,
    ) -> Self {
        Self::changed(settings, clock, service, randomness, async |_| {}).await
    }

    async fn changed(
        settings: Settings,
        clock: Arc<TestClock>,
        service: Service,
        randomness: Arc<dyn Randomness>,
        change: impl AsyncFnOnce(&mut Parts),
    ) -> Self {
        let metrics = Written::default();
        let config = read(&settings).unwrap();
        let parts = parts(config, Arc::<TestClock>::clone(&clock), randomness);
        let mut parts = parts.await.unwrap();
        parts.metrics = Metrics::to("test".to_owned(), Box::new(metrics.clone()));
        change(&mut parts).await;
        let bridge = Bridge::new(parts);
        Self {
            itself: bridge,
            clock,
            service,
            metrics,
            settings,
            front_door: None,
        }
    }

    /// The same bridge behind a front door, which shows this secret in every request.
    pub(crate) fn behind(mut self, shown: &str) -> Self {
        self.front_door = Some(shown.to_owned());
        self
    }

    /// Begins a login, and returns the parameters that the service gets.
    pub(crate) async fn begin(
        &self,
        browser: &mut Browser,
        form: &Parameters,
    ) -> BTreeMap<String, String> {
        let answer = Call::authorize(form).browser(browser).send(self).await;
        let location = answer.location();
        let endpoint = format!("{}/auth?", self.service.address());
        assert!(location.starts_with(&endpoint), "{location}");
        browser.take(&answer);
        parameters(location)
    }

    /// Begins a login and comes back from the service: the answer for the client.
    pub(crate) async fn come_back(&self, form: &Parameters) -> Answer {
        let mut browser = Browser::default();
        let asked = self.begin(&mut browser, form).await;
        let answer = self.service.answer(&asked);
        Call::callback(&answer).browser(&browser).send(self).await
    }

    /// Begins a login and comes back from the service: the code for the client.
    pub(crate) async fn code(&self, form: &Parameters) -> String {
        let answer = self.come_back(form).await;
        parameters(answer.location())["code"].clone()
    }

    /// Makes a whole login, and returns the answer of the token endpoint.
    pub(crate) async fn tokens(&self) -> Value {
        let code = self.code(&authorization_request()).await;
        let answer = Call::token(&token_request(&code)).send(self).await;
        answer.tokens()
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) event: Value,
}

impl Call {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            event: json!({
                "version": "2.0",
                "routeKey": "$default",
                "rawPath": path,
                "rawQueryString": "",
                "headers": { "host": "bridge.example" },
                "requestContext": { "http": { "method": method, "path": path } },
                "isBase64Encoded": false,
            }),
        }
    }

    pub(crate) fn authorize(form: &Parameters) -> Self {
        Self::new("GET", "/authorize").query(&form.encode())
    }

    pub(crate) fn callback(form: &Parameters) -> Self {
        Self::new("GET", "/callback").query(&form.encode())
    }

    pub(crate) fn verify(ticket: &str) -> Self {
        let query = Parameters::of([("ticket", ticket)]);
        Self::new("GET", "/verify").query(&query.encode())
    }

    pub(crate) fn token(form: &Parameters) -> Self {
        Self::new("POST", "/token").form(&form.encode())
    }

    pub(crate) fn userinfo(access_token: &str) -> Self {
        Self::new("GET", "/userinfo").header("authorization", &format!("Bearer {access_token}"))
    }

    pub(crate) fn query(mut self, query: &str) -> Self {
        self.event["rawQueryString"] = query.into();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.event["headers"][name] = value.into();
        self
    }

    /// A form body, in Base64 as the HTTP API sends it.
    pub(crate) fn form(self, body: &str) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(&STANDARD.encode(body), true)
    }

    pub(crate) fn body(mut self, body: &str, is_base64: bool) -> Self {
        self.event["body"] = body.into();
        self.event["isBase64Encoded"] = is_base64.into();
        self
    }

    pub(crate) fn browser(mut self, browser: &Browser) -> Self {
        let sent = browser
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        self.event["cookies"] = sent.collect::<Vec<_>>().into();
        self
    }

    pub(crate) async fn send(&self, bridge: &RunningBridge) -> Answer {
        self.send_as(call(REQUEST_ID), bridge).await
    }

    /// Sends the request as this call, whose caller may have waited for a while already.
    pub(crate) async fn send_as(&self, call: runtime::Call<'_>, bridge: &RunningBridge) -> Answer {
        let mut event = self.event.clone();
        if let Some(shown) = &bridge.front_door {
            event["headers"][HEADER] = shown.as_str().into();
        }
        let event: Event = serde_json::from_value(event).unwrap();
        let response = bridge.itself.respond(Request::from(event), &call).await;
        Answer::new(&serde_json::to_value(&response).unwrap())
    }
}

/// A browser's cookies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Browser(pub(crate) BTreeMap<String, String>);

impl Browser {
    /// Does what the `Set-Cookie` lines say.
    pub(crate) fn take(&mut self, answer: &Answer) {
        for line in &answer.cookies {
            let cookie = cookie::Cookie::parse(line.clone()).unwrap();
            let prefixes = ["__Host-login-", "__Host-verify-"];
            let is_ours = prefixes
                .iter()
                .any(|prefix| cookie.name().starts_with(prefix));
            assert!(is_ours, "{line}");
            assert_eq!(cookie.path(), Some("/"), "{line}");
            assert_eq!(cookie.secure(), Some(true), "{line}");
            assert_eq!(cookie.http_only(), Some(true), "{line}");
            assert_eq!(cookie.same_site(), Some(cookie::SameSite::Lax), "{line}");
            assert_eq!(cookie.domain(), None, "{line}");
            let age = cookie.max_age().unwrap();
            if age.is_zero() {
                self.0.remove(cookie.name());
            } else {
                assert_eq!(age.whole_seconds(), 900, "{line}");
                self.0
                    .insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
    }

    /// The name of its only cookie.
    pub(crate) fn only(&self) -> &str {
        assert_eq!(self.0.len(), 1);
        self.0.keys().next().unwrap()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u64,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) cookies: Vec<String>,
    pub(crate) body: String,
}

impl Answer {
    fn new(response: &Value) -> Self {
        let answer = Self {
            status: response["statusCode"].as_u64().unwrap(),
            headers: serde_json::from_value(response["headers"].clone()).unwrap(),
            cookies: response.get("cookies").map_or_else(Vec::new, |cookies| {
                serde_json::from_value(cookies.clone()).unwrap()
            }),
            body: response["body"].as_str().unwrap().to_owned(),
        };
        assert_eq!(response["isBase64Encoded"], false);
        answer.check_what_all_have();
        answer
    }

    fn check_what_all_have(&self) {
        assert_eq!(self.header("referrer-policy"), "no-referrer");
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert_eq!(
            self.header("strict-transport-security"),
            "max-age=63072000; includeSubDomains"
        );
        let policy = self.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        for value in self.headers.values().chain(&self.cookies) {
            assert!(
                value.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                "{value}"
            );
        }
        // Caches may keep only the documents that anybody may read.
        if self.header("cache-control") != "no-store" {
            assert_eq!(
                (self.status, self.header("cache-control")),
                (200, "public, max-age=300")
            );
            assert!(self.cookies.is_empty());
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(String::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 302, "{}", self.body);
        self.header("location")
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_str(&self.body).unwrap()
    }

    /// The body of the token endpoint's successful answer.
    pub(crate) fn tokens(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("pragma"), "no-cache");
        self.json()
    }

    /// Asserts that the answer is a page of this class, in both languages, and no redirect.
    pub(crate) fn is_page(&self, status: u64, class: &str) {
        self.is_page_of(
            ["ログインできませんでした", "You could not be signed in"],
            status,
            class,
        );
    }

    /// As [`is_page`](Self::is_page), where it may be a login or the verification of a member.
    pub(crate) fn is_neutral_page(&self, status: u64, class: &str) {
        let titles = ["続けられませんでした", "This could not go on"];
        self.is_page_of(titles, status, class);
        for word in ["ログイン", "sign in", "signed in", "本人確認"] {
            assert!(!self.body.contains(word), "{word}: {}", self.body);
        }
    }

    /// As [`is_page`](Self::is_page), for the verification of a member.
    pub(crate) fn is_page_of_a_verification(&self, status: u64, class: &str) {
        let titles = [
            "本人確認できませんでした",
            "Your identity could not be verified",
        ];
        self.is_page_of(titles, status, class);
    }

    fn is_page_of(&self, titles: [&str; 2], status: u64, class: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(self.header("location"), "");
        let id = support_id();
        let told = format!("<code>{id}</code> <small>{class}</small>");
        assert!(self.body.contains(&told), "{class}: {}", self.body);
        assert!(titles.iter().all(|title| self.body.contains(title)));
    }

    /// Asserts that the answer redirects to the client with this error, and with nothing else.
    pub(crate) fn is_redirect(&self, error: &str, class: &str, state: Option<&str>) {
        let location = self.location();
        assert!(
            location.starts_with(&format!("{REDIRECT_URI}?")),
            "{location}"
        );
        let mut expected = BTreeMap::from([
            ("error".to_owned(), error.to_owned()),
            (
                "error_description".to_owned(),
                format!("{class} {}", support_id()),
            ),
        ]);
        expected.extend(state.map(|state| ("state".to_owned(), state.to_owned())));
        assert_eq!(parameters(location), expected);
        assert_eq!(self.body, "");
    }

    /// Asserts that the answer is this error in JSON, with nothing else in it.
    pub(crate) fn is_error(&self, status: u64, error: &str, class: &str) {
        let description = format!("{class} {}", support_id());
        let expected = json!({ "error": error, "error_description": description });
        assert_eq!((self.status, self.json()), (status, expected));
        assert_eq!(self.header("cache-control"), "no-store");
        assert!(self.cookies.is_empty());
    }

    /// Asserts that the answer refuses an access token (RFC 6750 §3).
    pub(crate) fn refuses_access_token(&self, class: &str) {
        self.is_error(401, "invalid_token", class);
        let id = support_id();
        // RFC 6750 §3.1: a request without a token gets no error.
        let challenge = match class {
            "access_token_missing" => "Bearer".to_owned(),
            _ => format!(r#"Bearer error="invalid_token", error_description="{class} {id}""#),
        };
        assert_eq!(self.header("www-authenticate"), challenge);
    }

    /// Asserts that the answer ends the cookie of this name, and sets none.
    pub(crate) fn ends_cookie(&self, name: &str) {
        let line = format!("{name}=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0");
        assert_eq!(self.cookies, [line]);
    }
}

pub(crate) fn support_id() -> String {
    SupportId::of_request(REQUEST_ID).as_str().to_owned()
}

/// The claims of one of the bridge's ID tokens, after `jsonwebtoken` has checked its signature with
/// the keys of `/jwks.json`.
pub(crate) async fn verified_claims(bridge: &RunningBridge, id_token: &str) -> Value {
    let keys = Call::new("GET", "/jwks.json").send(bridge).await.json();
    let header = jsonwebtoken::decode_header(id_token).unwrap();
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys).unwrap();
    let key = keys.find(&header.kid.unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&[CLIENT_ID]);
    validation.set_issuer(&[ISSUER]);
    validation.validate_exp = false;
    let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
    jsonwebtoken::decode::<Value>(id_token, &key, &validation)
        .unwrap()
        .claims
}

/// The text with the character at `at` replaced by another one of base64url.
pub(crate) fn altered(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}
