//! Searches whole runs for attributes, codes, tokens, secrets and keys outside of the places where
//! they belong. A run has a login for every persona and for every fault, with a client in Amazon
//! Cognito's place and through Amazon Cognito itself.
//! The run collects everything that can be seen: requests, answers, URLs, pages, headers, the
//! functions' logs at the most verbose level, and the journal. It knows everything that is secret.
//! [`BELONGS`] says where each kind of value may be. The search must find exactly that: if it finds
//! more, a value leaked; if it finds less, the search has missed something.

use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use demo::app::AppSettings;
use demo::laptop::{APP_CALLBACK, Laptop, SERVICE_CLIENT_ID};
use keys::{LocalKey, SystemRandomness};
use login_kit::{
    Answer, Arrival, BrowserLogin, Outcome, Page, Refusal, RelyingParty, SignedIn, browser, laptop,
    laptop_with,
};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use service_simulator::Endpoint;
use service_simulator::fault::Fault;
use service_simulator::persona::personas;
use url::Url;
use user_pool::attribute;

use crate::claims;

/// The kinds of secret or personal values.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Kind {
    // Made by the bridge
    ClientSecret,
    SealingKey,
    RecordKey,
    PrivateKey,
    Cookie,
    SealedCode,
    IdToken,
    AccessToken,
    VerifiedRecord,
    // Between the bridge and the service
    ServiceState,
    ServiceNonce,
    ServiceChallenge,
    CodeVerifier,
    ServiceCode,
    ServiceSession,
    ClientAssertion,
    ServiceToken,
    // Made by the client
    ClientState,
    ClientNonce,
    ClientVerifier,
    // Made by the app
    AppState,
    AppNonce,
    AppCode,
    AppCookie,
    AppToken,
    // About the person
    Subject,
    Attribute,
    UnaskedAttribute,
    // In a request that was refused
    Refused,
}

/// The places where each kind belongs. A kind that isn't listed belongs nowhere.
const BELONGS: &[(Kind, &[&str])] = &[
    (Kind::Cookie, &["bridge /authorize: set-cookie"]),
    (
        Kind::ServiceState,
        &[
            "bridge /authorize: location",
            "service /auth: url",
            "service /auth: request query",
            // A person who cancels is sent back at once, all others after the consent page.
            "service /test-card: location",
            "service /consent: location",
            "bridge /callback: url",
        ],
    ),
    (
        Kind::ServiceNonce,
        &[
            "bridge /authorize: location",
            "service /auth: url",
            "service /auth: request query",
        ],
    ),
    (
        Kind::ServiceChallenge,
        &[
            "bridge /authorize: location",
            "service /auth: url",
            "service /auth: request query",
        ],
    ),
    (
        Kind::ServiceCode,
        &[
            "service /consent: location",
            "bridge /callback: url",
            "service /token: request form",
        ],
    ),
    // Keycloak's code and access token contain the session.
    (
        Kind::ServiceSession,
        &[
            "service /test-card: location",
            "service /consent: location",
            "bridge /callback: url",
            "service /token: request form",
            "service /userinfo: request headers",
        ],
    ),
    (Kind::CodeVerifier, &["service /token: request form"]),
    (Kind::ClientAssertion, &["service /token: request form"]),
    (Kind::ServiceToken, &["service /userinfo: request headers"]),
    (
        Kind::SealedCode,
        &[
            "bridge /callback: location",
            "client: url",
            "cognito /oauth2/idpresponse: url",
        ],
    ),
    (Kind::IdToken, &["bridge /token: body"]),
    (Kind::AccessToken, &["bridge /token: body"]),
    // It is in the ID token.
    (Kind::VerifiedRecord, &["bridge /token: body"]),
    (
        Kind::ClientState,
        &[
            "cognito /oauth2/authorize: location",
            "bridge /authorize: url",
            "bridge /callback: location",
            "client: url",
            "cognito /oauth2/idpresponse: url",
        ],
    ),
    // It is in the ID token.
    (
        Kind::ClientNonce,
        &["bridge /authorize: url", "bridge /token: body"],
    ),
    // The app's own login. The app shows its nonce as a claim of the decoded token.
    (
        Kind::AppState,
        &[
            "app /login: location",
            "cognito /oauth2/authorize: url",
            "cognito /oauth2/idpresponse: location",
            "app /callback: url",
        ],
    ),
    (
        Kind::AppNonce,
        &[
            "app /login: location",
            "cognito /oauth2/authorize: url",
            "app /signed-in: body",
        ],
    ),
    (
        Kind::AppCode,
        &[
            "cognito /oauth2/idpresponse: location",
            "app /callback: url",
        ],
    ),
    (
        Kind::AppCookie,
        &["app /login: set-cookie", "app /callback: set-cookie"],
    ),
    // Keycloak's access token contains the subject.
    (
        Kind::Subject,
        &[
            "service /userinfo: request headers",
            "bridge /token: body",
            "bridge /userinfo: body",
            "app /signed-in: body",
        ],
    ),
    (
        Kind::Attribute,
        &[
            // The consent page shows the attributes.
            "service /consent: body",
            "bridge /token: body",
            "bridge /userinfo: body",
            "app /signed-in: body",
        ],
    ),
];

/// Attributes that are ordinary words. They are only searched for as whole words.
const WORDS: &[&str] = &["male", "female"];

/// A run: the values that are known, and the texts that were seen, each with its place.
#[derive(Clone, Default)]
pub(crate) struct Run {
    known: BTreeSet<(Kind, String)>,
    seen: Vec<(String, String)>,
    /// The queries of `/callback`. The function must not log them.
    callbacks: Vec<String>,
}

impl Run {
    /// A run on this laptop. It knows the laptop's keys and secrets from the start.
    pub(crate) fn new(laptop: &Laptop) -> Self {
        let mut run = Self::default();
        let configuration = &laptop.configuration;
        run.know(
            Kind::ClientSecret,
            configuration.client_secret().expose_secret(),
        );
        run.know(
            Kind::SealingKey,
            configuration.sealing_key().expose_secret(),
        );
        run.know(Kind::RecordKey, configuration.record_key().expose_secret());
        run.know_key(configuration.assertion_key());
        run.know_key(configuration.id_token_key());
        for persona in personas(laptop.clock.now()) {
            run.know(Kind::Subject, persona.subject(SERVICE_CLIENT_ID));
            let values = persona.userinfo.values().filter_map(Value::as_str);
            let claims = persona.claims.values().map(String::as_str);
            // Shorter values are left out: words like `male` are searched for as [`WORDS`], and the
            // service's codes for the gender are too short.
            for value in values.chain(claims).filter(|value| value.len() >= 8) {
                run.know(Kind::Attribute, value);
            }
        }
        // The attributes of the fault `userinfo-extra-claims`.
        run.know(Kind::UnaskedAttribute, "nobody@example.com");
        run.know(Kind::UnaskedAttribute, "+81 3-0000-0000");
        run
    }

    fn know(&mut self, kind: Kind, value: impl Into<String>) {
        let value = value.into();
        assert!(value.len() >= 8, "{kind:?}: too short to be looked for");
        self.known.insert((kind, value));
    }

    /// Adds the members that only a private key has (RFC 7518 §6.2.2, §6.3.2).
    fn know_key(&mut self, key: &LocalKey) {
        let jwk: Value = serde_json::from_str(key.private_jwk().expose_secret()).unwrap();
        for member in ["d", "p", "q", "dp", "dq", "qi"] {
            if let Some(value) = jwk.get(member).and_then(Value::as_str) {
                self.know(Kind::PrivateKey, value);
            }
        }
    }

    fn see(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.seen.push((place.into(), text.into()));
    }

    /// Signs in with a client in Amazon Cognito's place, which also sends a nonce and PKCE. Gives
    /// the class of failure if the login fails.
    pub(crate) async fn at_client(
        &mut self,
        laptop: &Laptop,
        persona: &str,
        fault: Option<Fault>,
    ) -> Option<String> {
        let client = RelyingParty::new(laptop);
        let [state, nonce, verifier] = [(); 3].map(|()| random());
        self.know(Kind::ClientState, &state);
        self.know(Kind::ClientNonce, &nonce);
        self.know(Kind::ClientVerifier, &verifier);
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        let request = client
            .authorization_request()
            .with("state", &state)
            .with("nonce", &nonce)
            .with("code_challenge", &URL_SAFE_NO_PAD.encode(hash))
            .with("code_challenge_method", "S256");
        let login = client
            .browser_login(&browser(), &request, persona, fault)
            .await;
        self.browser(&login);
        let Some(code) = code(&login.end) else {
            return Some(class(&Refusal::of(&login.end)));
        };
        let request = client.token_request(&code).with("code_verifier", &verifier);
        let tokens = request.send().await;
        self.answer("bridge /token", &tokens);
        if tokens.status != 200 {
            return Some(class(&Refusal::of_answer(&tokens)));
        }
        let access_token = tokens.text("access_token").unwrap();
        let id_token = tokens.text("id_token").unwrap();
        self.know(Kind::VerifiedRecord, record(&id_token));
        self.know(Kind::IdToken, id_token);
        self.know(Kind::AccessToken, &access_token);
        let userinfo = client.userinfo(&access_token).await;
        assert_eq!(userinfo.status, 200);
        self.answer("bridge /userinfo", &userinfo);
        None
    }

    /// Signs in at an app through Amazon Cognito. Gives the class of failure if the login fails.
    async fn through_cognito(
        &mut self,
        laptop: &Laptop,
        persona: &str,
        fault: Option<Fault>,
    ) -> Option<String> {
        let (app, start) = laptop.begin().unwrap();
        let at_app = |url: &Url| url.as_str().starts_with(APP_CALLBACK);
        let login = BrowserLogin::run(&browser(), &start, persona, fault, at_app).await;
        self.browser(&login);
        let records = self.records(laptop);
        match laptop.finish(&app, login.end).await.unwrap() {
            Outcome::SignedIn(signed_in) => {
                assert!(records > 0, "a login leaves a record in the pool");
                self.know_tokens(&signed_in);
                let refreshed = laptop.refresh(&signed_in).await.unwrap();
                self.know_tokens(&refreshed);
                None
            }
            Outcome::Failed(failed) => failed.class,
        }
    }

    /// Adds Amazon Cognito's tokens, which only the app may see.
    fn know_tokens(&mut self, signed_in: &SignedIn) {
        let tokens = &signed_in.tokens;
        let refresh_token = tokens.refresh_token.as_ref().expect("a refresh token");
        for token in [&tokens.id_token, &tokens.access_token, refresh_token] {
            self.know(Kind::AppToken, token.expose_secret());
        }
    }

    /// Signs in at the demo's app, and looks at everything that the app then shows. Gives the path
    /// of the last page.
    async fn at_the_app(&mut self, laptop: &Laptop, persona: &str, fault: Option<Fault>) -> String {
        let app = Url::parse(laptop.app.as_ref().unwrap().base_url()).unwrap();
        let browser = browser();
        let begun = browser.get(&app.join("/login").unwrap(), "text/html").await;
        let begun = begun.unwrap();
        self.page(&begun);
        // Skips Cognito's hosted page, which only has a button.
        let mut start = begun.redirect_target().unwrap().unwrap();
        start
            .query_pairs_mut()
            .append_pair("identity_provider", "MynaApp");
        let login = BrowserLogin::run(&browser, &start, persona, fault, |_| false).await;
        self.browser(&login);
        self.records(laptop);
        for path in ["/", "/story?seen=0"] {
            let page = browser.get(&app.join(path).unwrap(), "text/html").await;
            self.page(&page.unwrap());
        }
        let Arrival::Page(end) = login.end else {
            panic!("a page of the app");
        };
        if end.url.path() == "/signed-in" {
            let refresh = app.join("/refresh").unwrap();
            let refreshed = browser.post_form(&refresh, "text/html", &[]).await.unwrap();
            assert_eq!(refreshed.status, 303);
            self.page(&refreshed);
            let page = browser.get(&end.url, "text/html").await.unwrap();
            assert!(page.text().contains("id=\"refresh-title\""));
            self.page(&page);
        }
        end.url.path().to_owned()
    }

    /// Adds the verified records that are in the user pool now, and gives how many there are.
    /// Neither an app nor a browser may see one.
    fn records(&mut self, laptop: &Laptop) -> usize {
        let users = laptop.cognito.users();
        let records = users
            .values()
            .filter_map(|attributes| attributes.get(attribute::RECORD));
        records.fold(0, |count, record| {
            self.know(Kind::VerifiedRecord, record);
            count + 1
        })
    }

    /// Looks at everything that a browser got in a login.
    fn browser(&mut self, login: &BrowserLogin) {
        for page in &login.answers {
            self.page(page);
        }
        if let Arrival::At(url) = &login.end {
            let party = match url.host_str() {
                Some("app.localhost") => "app",
                _ => "client",
            };
            self.see(format!("{party}: url"), url.as_str());
        }
    }

    fn page(&mut self, page: &Page) {
        let host = page.url.host_str().unwrap_or_default();
        let party = match host {
            "localhost" => "cognito",
            other => other.trim_end_matches(".localhost"),
        };
        let path = short(page.url.path());
        let place = format!("{party} {path}");
        let location = page.redirect_target().unwrap();
        let mut know = |kind, url: Option<&Url>, name| {
            if let Some(value) = url.and_then(|url| first(url, name)) {
                self.know(kind, value);
            }
        };
        match place.as_str() {
            "bridge /authorize" => {
                know(Kind::ClientState, Some(&page.url), "state");
                know(Kind::ServiceState, location.as_ref(), "state");
                know(Kind::ServiceNonce, location.as_ref(), "nonce");
                know(Kind::ServiceChallenge, location.as_ref(), "code_challenge");
            }
            "service /test-card" | "service /consent" => {
                know(Kind::ServiceCode, location.as_ref(), "code");
                know(Kind::ServiceSession, location.as_ref(), "session_state");
            }
            "app /login" => {
                know(Kind::AppState, location.as_ref(), "state");
                know(Kind::AppNonce, location.as_ref(), "nonce");
            }
            "app /callback" => know(Kind::AppCode, Some(&page.url), "code"),
            "bridge /callback" => {
                know(Kind::SealedCode, location.as_ref(), "code");
                self.callbacks.extend(page.url.query().map(str::to_owned));
            }
            _ => {}
        }
        self.see(format!("{place}: url"), page.url.as_str());
        for (name, value) in &page.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let kind = match name.as_str() {
                special @ ("location" | "set-cookie") => special,
                _ => "headers",
            };
            // A cookie that is being deleted has no value.
            let cookie = value
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='));
            if let (true, Some((_, cookie))) = (name == "set-cookie", cookie)
                && !cookie.is_empty()
            {
                match party {
                    "bridge" => self.know(Kind::Cookie, cookie),
                    "app" => self.know(Kind::AppCookie, cookie),
                    _ => {}
                }
            }
            self.see(format!("{place}: {kind}"), format!("{name}: {value}"));
        }
        self.see(format!("{place}: body"), page.text());
    }

    fn answer(&mut self, place: &str, answer: &Answer) {
        for (name, value) in &answer.headers {
            let kind = match name.as_str() {
                special @ ("location" | "set-cookie") => special,
                _ => "headers",
            };
            self.see(format!("{place}: {kind}"), format!("{name}: {value}"));
        }
        self.see(format!("{place}: body"), &answer.body);
    }

    /// Looks at what the service received and issued, at the functions' logs, and at the journal.
    pub(crate) fn finish(&mut self, laptop: &Laptop) {
        for tokens in laptop.service.issued_tokens() {
            for token in [tokens.id_token, tokens.access_token, tokens.refresh_token] {
                self.know(Kind::ServiceToken, token);
            }
        }
        for request in laptop.service.requests() {
            let place = format!("service {}", short(&request.path));
            if request.endpoint == Endpoint::Token {
                for (kind, name) in [
                    (Kind::CodeVerifier, "code_verifier"),
                    (Kind::ClientAssertion, "client_assertion"),
                ] {
                    self.know(kind, request.form_value(name).expect("a parameter"));
                }
            }
            for (name, value) in &request.query {
                self.see(format!("{place}: request query"), format!("{name}={value}"));
            }
            for (name, value) in &request.form {
                self.see(format!("{place}: request form"), format!("{name}={value}"));
            }
            for (name, value) in &request.headers {
                let value = String::from_utf8_lossy(value.as_bytes());
                self.see(
                    format!("{place}: request headers"),
                    format!("{name}: {value}"),
                );
            }
        }
        for line in laptop.bridge.logs().lines() {
            self.see("log", line);
        }
        for line in laptop.triggers.log_lines() {
            self.see("trigger log", line);
        }
        for step in laptop.journal.steps() {
            self.see("journal", serde_json::to_string(&step).unwrap());
        }
    }

    /// This run, as if the function had logged the queries of its callbacks.
    pub(crate) fn with_logged_callbacks(&self) -> Self {
        let mut run = self.clone();
        for query in &self.callbacks {
            run.see(
                "log",
                serde_json::json!({ "event": "request", "query": query }).to_string(),
            );
        }
        run
    }

    /// What was found, and where.
    fn found(&self) -> BTreeSet<(Kind, &str)> {
        let search = Search::new(&self.known);
        let mut found = BTreeSet::new();
        for (place, text) in &self.seen {
            for kind in search.kinds(text) {
                found.insert((kind, place.as_str()));
            }
            if has_word(text) {
                found.insert((Kind::Attribute, place.as_str()));
            }
        }
        found
    }

    /// The kinds that were found where they don't belong, without their values.
    pub(crate) fn leaks(&self) -> Vec<String> {
        let belongs = belongs();
        self.found()
            .into_iter()
            .filter(|one| !belongs.contains(one))
            .map(|(kind, place)| format!("{kind:?}: {place}"))
            .collect()
    }
}

fn belongs() -> BTreeSet<(Kind, &'static str)> {
    BELONGS
        .iter()
        .flat_map(|(kind, places)| places.iter().map(|place| (*kind, *place)))
        .collect()
}

/// A path without the prefix that all paths of the service have.
fn short(path: &str) -> &str {
    for start in [
        "/api/realms/main/protocol/openid-connect",
        "/api/realms/main",
    ] {
        if let Some(rest) = path.strip_prefix(start) {
            return rest;
        }
    }
    path
}

fn random() -> String {
    keys::random_base64url::<32>(&SystemRandomness).unwrap()
}

/// The first value of a parameter. One fault sends `code` twice.
fn first(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned())
}

fn code(end: &Arrival) -> Option<String> {
    match end {
        Arrival::At(url) => first(url, "code"),
        Arrival::Page(_) => None,
    }
}

/// The verified record in the bridge's ID token.
fn record(id_token: &str) -> String {
    kit::payload(id_token)["verified_record"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn class(refusal: &Refusal) -> String {
    let (Refusal::AtClient { class, .. }
    | Refusal::OnPage { class, .. }
    | Refusal::Json { class, .. }) = refusal;
    class.clone()
}

/// How many bytes of a pattern are looked up at once. Every pattern is at least as long.
const WINDOW: usize = 8;

/// A search for many values in many texts, in every form in which a value could be written.
pub(crate) struct Search<K> {
    patterns: HashMap<[u8; WINDOW], Vec<(K, Vec<u8>)>>,
}

impl<K: Copy + Ord> Search<K> {
    /// A search for these values, each of a kind. None is shorter than 8 bytes.
    pub(crate) fn new(known: &BTreeSet<(K, String)>) -> Self {
        let mut patterns: HashMap<_, Vec<_>> = HashMap::new();
        for (kind, value) in known {
            for form in forms(value) {
                let start = *form.first_chunk().expect("no form is shorter");
                patterns.entry(start).or_default().push((*kind, form));
            }
        }
        Self { patterns }
    }

    /// The kinds whose values a text has.
    pub(crate) fn kinds(&self, text: &str) -> BTreeSet<K> {
        let bytes = text.as_bytes();
        let mut kinds = BTreeSet::new();
        for (at, window) in bytes.windows(WINDOW).enumerate() {
            let window: &[u8; WINDOW] = window.try_into().unwrap();
            for (kind, form) in self.patterns.get(window).into_iter().flatten() {
                let end = at + form.len();
                if bytes.get(at..end) == Some(form) && stands_alone(bytes, at, end) {
                    kinds.insert(*kind);
                }
            }
        }
        kinds
    }
}

/// Whether a text has one of [`WORDS`].
fn has_word(text: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    let mut words = text.split(|character| !is_part(character));
    words.any(|word| WORDS.contains(&word))
}

/// Whether a match counts. The eight digits of a birth date don't count within a longer number, a
/// random text or a UUID.
fn stands_alone(text: &[u8], start: usize, end: usize) -> bool {
    if !text[start..end].iter().all(u8::is_ascii_digit) {
        return true;
    }
    let goes_on = |at: Option<usize>| {
        at.and_then(|at| text.get(at))
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
    };
    !goes_on(start.checked_sub(1)) && !goes_on(Some(end))
}

/// The forms of a value: as it is, percent-encoded, escaped for JSON, and in base64 with either
/// alphabet at each of the three alignments; also in base64 of the bytes that it encodes itself, if
/// it is base64url. The end of a long value counts on its own, since a log may truncate the value.
fn forms(value: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    let percent: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let escaped: String = value
        .encode_utf16()
        .map(|unit| match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii_graphic() || byte == b' ' => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        })
        .collect();
    forms.insert(value.as_bytes().to_vec());
    forms.insert(percent.replace('+', "%20").into_bytes());
    forms.insert(percent.into_bytes());
    forms.insert(escaped.to_uppercase().replace("\\U", "\\u").into_bytes());
    forms.insert(escaped.into_bytes());
    forms.extend(in_base64(value.as_bytes()));
    if value.len() > 40
        && let Ok(bytes) = URL_SAFE_NO_PAD.decode(value)
    {
        forms.extend(in_base64(&bytes));
    }
    if value.is_ascii() && value.len() > 40 {
        forms.insert(value.as_bytes()[value.len() - 20..].to_vec());
    }
    forms
}

/// The base64 characters that depend on these bytes alone, wherever they are within a longer text.
fn in_base64(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for (before, first) in [(0, 0), (1, 2), (2, 3)] {
        let mut padded = vec![0; before];
        padded.extend(bytes);
        let last = padded.len() * 8 / 6;
        for engine in [URL_SAFE_NO_PAD, STANDARD_NO_PAD] {
            let text = engine.encode(&padded).into_bytes();
            forms.push(text[first..last].to_vec());
        }
    }
    forms
}

/// Whether a fault needs a process that doesn't know the service's keys yet.
fn needs_a_new_process(fault: Fault) -> bool {
    fault.id().starts_with("key")
        || matches!(
            fault,
            Fault::IdTokenUnknownKey
                | Fault::IdTokenWithoutKeyIdSingleKey
                | Fault::IdTokenWithoutKeyIdSeveralKeys
        )
}

/// A run with every persona, with a client in Cognito's place and through Cognito.
async fn personas_run() -> Run {
    let laptop = laptop_with(|options| options.app = Some(AppSettings::default())).await;
    let mut run = Run::new(&laptop);
    for persona in personas(laptop.clock.now()) {
        let id = &*persona.id;
        assert_eq!(run.at_client(&laptop, id, None).await, None, "{id}");
        assert_eq!(run.through_cognito(&laptop, id, None).await, None, "{id}");
        assert_eq!(
            run.at_the_app(&laptop, id, None).await,
            "/signed-in",
            "{id}"
        );
    }
    for fault in [
        Fault::CancelHostileDescription,
        Fault::UserinfoMalformedBirthdate,
        Fault::IdTokenWrongNonce,
    ] {
        let end = run.at_the_app(&laptop, "adult", Some(fault)).await;
        assert_eq!(end, "/failed", "{fault}");
    }
    let cancelled = run
        .through_cognito(&laptop, "adult", Some(Fault::CancelHostileDescription))
        .await;
    assert_eq!(cancelled.as_deref(), Some("cancelled"));
    let refused = run
        .through_cognito(&laptop, "adult", Some(Fault::UserinfoMalformedBirthdate))
        .await;
    assert_eq!(refused.as_deref(), Some("attribute_malformed"));
    run.finish(&laptop);
    laptop.stop().await;
    run
}

/// A run with these faults. Each login must fail as its fault says: otherwise the run would prove
/// nothing.
async fn faults_run(faults: impl Iterator<Item = Fault>) -> Run {
    let laptop = laptop().await;
    let mut run = Run::new(&laptop);
    for fault in faults {
        if needs_a_new_process(fault) {
            laptop.bridge.scale_to_zero().await;
        }
        let class = run.at_client(&laptop, "adult", Some(fault)).await;
        assert_eq!(class.as_deref(), fault.class(), "{fault}");
    }
    run.finish(&laptop);
    laptop.stop().await;
    run
}

/// A run of refused requests. The function must not repeat their values in an answer or in the log.
async fn refused_run() -> Run {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let mut run = Run::new(&laptop);
    let marked = random();
    run.know(Kind::Refused, &marked);
    let url = format!("https://{marked}.example/");
    let redirects = reqwest::redirect::Policy::none();
    let http = reqwest::Client::builder()
        .redirect(redirects)
        .build()
        .unwrap();
    let base = laptop.bridge.base_url();
    let mut answers = Vec::new();

    let request = client.authorization_request();
    for (name, value) in [
        ("client_id", &marked),
        ("redirect_uri", &url),
        ("response_type", &marked),
        ("scope", &format!("openid {marked}")),
        ("nonce", &marked.repeat(20)),
        ("code_challenge", &marked),
        ("max_age", &marked),
        ("request", &marked),
        ("request_uri", &url),
        ("login_hint", &marked),
        ("prompt", &format!("none {marked}")),
    ] {
        let url = request.clone().with(name, value).url();
        let target = format!("{base}{}?{}", url.path(), url.query().unwrap());
        answers.push(Answer::of(http.get(target)).await);
    }
    for path in [
        format!("/{marked}"),
        format!("/callback?code={marked}"),
        format!("/callback?state={marked}&code={marked}"),
        format!("/callback?state={marked}x&error={marked}&error_description={marked}"),
        format!("/authorize?{marked}&{marked}"),
    ] {
        let request = http
            .get(format!("{base}{path}"))
            .header("user-agent", &marked)
            .header("referer", &url)
            .header("cookie", format!("__Host-login-{marked}={marked}"));
        answers.push(Answer::of(request).await);
    }
    let patched = http.patch(format!("{base}/authorize?{marked}"));
    answers.push(Answer::of(patched.body(marked.clone())).await);

    let token_request = client.token_request(&marked);
    for request in [
        token_request.clone(),
        token_request.clone().with("client_secret", &marked),
        token_request.clone().with("client_id", &marked),
        token_request.clone().with("grant_type", &marked),
        token_request.clone().and("code", &marked),
        token_request
            .without("client_secret")
            .header("authorization", &format!("Basic {marked}")),
        client
            .token_request(&client.code().await)
            .with("redirect_uri", &url),
        client
            .token_request(&client.code().await)
            .with("code_verifier", &marked),
    ] {
        answers.push(request.send().await);
    }
    answers.push(client.userinfo(&marked).await);
    for answer in &answers {
        assert!(answer.status >= 400 || answer.status == 302);
        run.answer("bridge", answer);
    }
    for line in laptop.bridge.logs().lines() {
        run.see("log", line);
    }
    laptop.stop().await;
    run
}

/// A run in which a user overwrites the record in the user pool, and the triggers refuse it and log
/// the refusal at the most verbose level.
async fn refused_records_run() -> Run {
    let laptop = claims::stack_with_own_users(|_| {}).await;
    let mut run = Run::new(&laptop);
    let people = personas(laptop.clock.now());
    let (person, other) = (&people[0], &people[1]);
    claims::sign_in(&laptop, other, "openid").await;
    let scopes = format!("{} {}", claims::everything(), claims::OWN_USER);
    let signed_in = claims::sign_in(&laptop, person, &scopes).await;
    let own = claims::record_of(&laptop, person);
    let (front, end) = own.split_at(own.len() - 4);
    let other_end = if end == "AAAA" { "BBBB" } else { "AAAA" };
    let forged = format!("{front}{other_end}");
    run.know_tokens(&signed_in);
    run.records(&laptop);
    for record in [&random(), &forged, &claims::record_of(&laptop, other)] {
        claims::overwrite(&laptop, &signed_in, &[(attribute::RECORD, record)]).await;
        run.records(&laptop);
        run.know_tokens(&laptop.refresh(&signed_in).await.unwrap());
    }
    run.finish(&laptop);
    laptop.stop().await;
    run
}

fn is_slow(fault: Fault) -> bool {
    fault.id().ends_with("-slow")
}

fn quick_faults() -> impl Iterator<Item = Fault> {
    Fault::ALL.iter().copied().filter(|fault| !is_slow(*fault))
}

#[tokio::test]
async fn nothing_secret_and_nothing_personal_is_where_it_does_not_belong() {
    let half = quick_faults().count() / 2;
    let slow = Fault::ALL.iter().copied().filter(|fault| is_slow(*fault));
    let (personas, first, second, slow) = tokio::join!(
        personas_run(),
        faults_run(quick_faults().take(half)),
        faults_run(quick_faults().skip(half)),
        faults_run(slow),
    );
    let runs = [personas, first, second, slow];
    let mut found = BTreeSet::new();
    for run in &runs {
        assert_eq!(run.leaks(), [""; 0]);
        found.extend(run.found());
        // The function logged at the most verbose level: every check and every failure.
        let logged = |what: &str| {
            let mut seen = run.seen.iter();
            seen.any(|(place, text)| place == "log" && text.contains(what))
        };
        assert!(logged(r#""event":"failure""#));
        assert!(logged(r#""event":"login_started""#));
    }
    assert!(runs[0].seen.iter().any(|(place, text)| place == "log"
        && text.contains(r#""level":"DEBUG""#)
        && text.contains(r#""event":"check""#)));
    // Each kind was found everywhere where it belongs, so the search would find it elsewhere, too.
    assert_eq!(found, belongs());
}

#[tokio::test]
async fn what_is_refused_is_not_repeated() {
    let run = refused_run().await;
    assert_eq!(run.leaks(), [""; 0]);
    let mut leaky = run.clone();
    let repeated = run.known.iter().find(|(kind, _)| *kind == Kind::Refused);
    leaky.see("bridge: body", &repeated.unwrap().1);
    assert_eq!(leaky.leaks(), ["Refused: bridge: body"]);
}

#[tokio::test]
async fn a_trigger_tells_what_it_refuses_and_nothing_of_the_record_or_the_person() {
    let run = refused_records_run().await;
    assert_eq!(run.leaks(), [""; 0]);
    for told in [
        r#""class":"record_malformed""#,
        r#""class":"record_forged""#,
        r#""class":"record_unlinked""#,
        r#""event":"tampering""#,
    ] {
        let mut seen = run.seen.iter();
        let is_told = seen.any(|(place, text)| place == "trigger log" && text.contains(told));
        assert!(is_told, "{told}");
    }
    // The run knows the values that it is about, and finds them.
    for kind in [
        Kind::RecordKey,
        Kind::VerifiedRecord,
        Kind::AppToken,
        Kind::Subject,
        Kind::Attribute,
    ] {
        let mut known = run.known.iter();
        let (_, value) = known.find(|(known, _)| *known == kind).unwrap();
        let mut leaky = run.clone();
        leaky.see(
            "trigger log",
            format!(r#"{{"event":"a","value":"{value}"}}"#),
        );
        assert!(leaky.leaks().contains(&format!("{kind:?}: trigger log")));
    }
}

/// The search can fail: it finds every known value in every place and form in which the value could
/// leak.
#[tokio::test]
async fn a_leak_would_be_found() {
    let laptop = laptop().await;
    let mut run = Run::new(&laptop);
    assert_eq!(run.at_client(&laptop, "adult", None).await, None);
    run.finish(&laptop);
    laptop.stop().await;
    assert_eq!(run.leaks(), [""; 0]);

    // As if the function logged the query.
    let logged = run.with_logged_callbacks().leaks();
    let expected = [
        "ServiceState: log",
        "ServiceCode: log",
        "ServiceSession: log",
    ];
    assert_eq!(logged, expected);

    // Every value of the run, in every form, in a log and on a page.
    for (kind, value) in &run.known {
        let percent: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let inside = URL_SAFE_NO_PAD.encode(format!("{{\"a\":\"{value}\"}}"));
        for text in [
            value.clone(),
            format!("GET /callback?a={percent}&b=c"),
            format!("event.{inside}.signature"),
            serde_json::json!({ "event": "a", "value": value }).to_string(),
        ] {
            for place in ["log", "trigger log", "bridge /callback: body"] {
                let mut leaky = Run {
                    known: run.known.clone(),
                    ..Run::default()
                };
                leaky.see(place, &text);
                let leak = format!("{kind:?}: {place}");
                assert!(leaky.leaks().contains(&leak), "{leak}");
            }
        }
    }
    // A sealed value is encrypted and not only encoded: the search would find the bytes of a
    // verifier in a cookie.
    let (_, verifier) = run
        .known
        .iter()
        .find(|(kind, _)| *kind == Kind::CodeVerifier)
        .unwrap();
    let mut unsealed = b"header".to_vec();
    unsealed.extend(URL_SAFE_NO_PAD.decode(verifier).unwrap());
    let mut leaky = run.clone();
    leaky.see(
        "bridge /authorize: set-cookie",
        format!(
            "__Host-login-a={}; Secure",
            URL_SAFE_NO_PAD.encode(unsealed)
        ),
    );
    assert_eq!(
        leaky.leaks(),
        ["CodeVerifier: bridge /authorize: set-cookie"]
    );
    // Short words, and dates.
    for (text, leaks) in [
        (r#"{"gender":"male"}"#, true),
        ("born 19850315.", true),
        ("1985-03-15", true),
        (r#"{"name":"\u5c71\u7530\u3000\u592a\u90ce"}"#, true),
        ("name=%E5%B1%B1%E7%94%B0%E3%80%80%E5%A4%AA%E9%83%8E", true),
        (r#"{"Timestamp":1985031500000}"#, false),
        ("a finale, femaleness", false),
    ] {
        let mut leaky = Run {
            known: run.known.clone(),
            ..Run::default()
        };
        leaky.see("log", text);
        let expected: &[&str] = if leaks { &["Attribute: log"] } else { &[] };
        assert_eq!(leaky.leaks(), expected, "{text}");
    }
}
