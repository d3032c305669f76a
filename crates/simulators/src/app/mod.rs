//! A small app that signs people in through Amazon Cognito: the booking of facilities in a town that doesn't exist.
//! It is a public client with all the care of a real one, and it shows what it got and how: the tokens decoded, and the
//! login as a sequence diagram that grows while it happens.
//!
//! [`App::bind`] → [`BoundApp::callback_url`], which Amazon Cognito has to know → [`BoundApp::serve`].

mod memory;
mod pages;
pub mod relying_party;
mod server;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use keys::{NoRandomness, SystemRandomness};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::memory::{Chapter, Failed, Memory, NotTaken, Refused, Stage};
use self::pages::Problem;
use self::relying_party::{
    BadCallback, Callback, InvalidRegistration, OAuthError, Registration, RelyingParty, Wishes,
    class_and_support_id,
};
use crate::clock::SimClock;
use crate::journal::{Check, Entry, Hop, Journal, Moment, Parameter, Party, Step};
use crate::pages::{LANGUAGE, Language, cookie, remembering};

/// The name under which a browser finds the app. Every name below `localhost` is this machine.
pub const PUBLIC_HOST: &str = "app.localhost";

/// The cookie that ties a login to the browser that began it.
const BROWSER: &str = "__Host-browser";
/// The cookie of somebody who is signed in.
const SESSION: &str = "__Host-session";
/// How long an answer about what is new waits for something new.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most of such answers that wait at a time.
const WATCHERS: usize = 32;
/// The most characters of a parameter that the journal keeps of the app's own hops.
const JOURNAL_TEXT: usize = 300;
/// The most bytes of a request's target and headers.
const HEAD_LIMIT: usize = 16 * 1024;
/// The header that says up to which moment a story goes.
const SEEN: HeaderName = HeaderName::from_static("story-seen");

/// What a class of failure means, in one language.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Explanation {
    /// What it means.
    pub meaning: String,
    /// What whoever operates the bridge does about it.
    pub remedy: String,
}

/// Tells what a class of the bridge's failures means. The app itself knows nothing of the bridge.
pub type Explain = fn(class: &str, language: Language) -> Option<Explanation>;

/// How a login ended, as the app saw it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ended {
    /// Somebody is signed in.
    SignedIn,
    /// The app has no tokens, and this is what it was told.
    Failed {
        /// `error` of Amazon Cognito's answer.
        error: Option<String>,
        /// The bridge's class of the failure.
        class: Option<String>,
        /// The bridge's support id.
        support_id: Option<String>,
    },
}

/// How the app is started.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// The port on 127.0.0.1; 0 means any free one.
    pub port: u16,
    /// What the bridge's classes of failure mean.
    pub explain: Explain,
    /// Is told how each login ended. What finds no place is left out.
    pub ended: Option<mpsc::Sender<Ended>>,
}

impl Default for AppSettings {
    /// Any free port, classes without words, and nobody who is told.
    fn default() -> Self {
        Self {
            port: 0,
            explain: |_, _| None,
            ended: None,
        }
    }
}

/// Why the app doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("{0} is taken by another program")]
    Taken(SocketAddr),
    /// The system refused for another reason.
    #[error("the app can't listen on {address}: {source}")]
    Refused {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// It can't be a relying party of Amazon Cognito.
    #[error(transparent)]
    Registration(#[from] InvalidRegistration),
}

/// An app whose address is known, and which doesn't answer yet.
#[derive(Debug)]
pub struct BoundApp {
    listener: TcpListener,
    address: SocketAddr,
    settings: AppSettings,
}

/// A running app. Dropping it stops it at once; [`App::stop`] lets requests end first.
#[derive(Debug)]
pub struct App {
    base_url: String,
    stopping: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Drop for App {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What every handler needs.
struct Shared {
    base_url: String,
    /// What a request's `Host` must be.
    host: String,
    relying_party: RelyingParty,
    settings: AppSettings,
    clock: SimClock,
    journal: Journal,
    memory: Mutex<Memory>,
    watchers: Semaphore,
    stopping: watch::Receiver<bool>,
}

impl Shared {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Takes its port on loopback.
    ///
    /// # Errors
    ///
    /// [`StartError::Taken`] or [`StartError::Refused`]; each says which address.
    pub async fn bind(settings: AppSettings) -> Result<BoundApp, StartError> {
        let address = SocketAddr::from(([127, 0, 0, 1], settings.port));
        let refused = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::AddrInUse => StartError::Taken(address),
            _ => StartError::Refused { address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(BoundApp {
            listener,
            address,
            settings,
        })
    }

    /// Where a browser finds the app, without a path: `http://app.localhost:PORT`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Stops listening, and gives requests under way one second to end.
    pub async fn stop(mut self) {
        let _ = self.stopping.send(true);
        // The task bounds its own end.
        let _ = (&mut self.server).await;
    }
}

impl BoundApp {
    /// Where a browser finds the app, without a path.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{PUBLIC_HOST}:{}", self.address.port())
    }

    /// The callback URL that Amazon Cognito has to know.
    #[must_use]
    pub fn callback_url(&self) -> String {
        format!("{}/callback", self.base_url())
    }

    /// Begins to answer. `registration` is that of [`BoundApp::callback_url`].
    ///
    /// # Errors
    ///
    /// [`StartError::Registration`].
    pub fn serve(
        self,
        registration: Registration,
        clock: SimClock,
        journal: Journal,
    ) -> Result<App, StartError> {
        let (stopping, stopped) = watch::channel(false);
        let base_url = self.base_url();
        let shared = Arc::new(Shared {
            host: format!("{PUBLIC_HOST}:{}", self.address.port()),
            base_url: base_url.clone(),
            relying_party: RelyingParty::new(registration, clock.clone(), journal.clone())?,
            settings: self.settings,
            clock,
            journal,
            memory: Mutex::default(),
            watchers: Semaphore::new(WATCHERS),
            stopping: stopped.clone(),
        });
        let router = Router::new()
            .route("/", get(start))
            .route("/story", get(story))
            .route("/login", get(login))
            .route("/callback", get(callback))
            .route("/signed-in", get(signed_in))
            .route("/failed", get(failed))
            .route("/logout", post(log_out))
            .route("/logged-out", get(logged_out))
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(from_fn_with_state(Arc::clone(&shared), admitted))
            .with_state(shared);
        let server = tokio::spawn(server::serve(self.listener, router, stopped));
        Ok(App {
            base_url,
            stopping,
            server,
        })
    }
}

/// What a request says about itself.
struct Asked {
    /// The language that the query chooses.
    chosen: Option<String>,
    language: Language,
    query: Vec<(String, String)>,
    headers: HeaderMap,
}

impl Asked {
    fn new(query: Option<String>, headers: HeaderMap) -> Self {
        let query: Vec<(String, String)> =
            form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        let chosen = query
            .iter()
            .find(|(name, _)| name == LANGUAGE)
            .map(|(_, value)| value.clone());
        Self {
            language: Language::of(chosen.as_deref(), &headers),
            chosen,
            query,
            headers,
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.iter();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn browser(&self) -> Option<&str> {
        cookie(&self.headers, BROWSER)
    }

    fn session(&self) -> Option<&str> {
        cookie(&self.headers, SESSION)
    }

    fn remembered(&self, page: Response) -> Response {
        remembering(page, self.chosen.as_deref())
    }
}

/// Another name than the app's own is somebody else's page that found its way to this port (DNS rebinding): it gets
/// nothing. Nor does a request whose head is larger than any browser's.
async fn admitted(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let is_own = host.is_some_and(|host| host.eq_ignore_ascii_case(&shared.host));
    let language = Language::of(None, request.headers());
    if !is_own || hosts.next().is_some() {
        pages::problem(Problem::OtherHost(&shared.base_url), language)
    } else if head_size(&request) > HEAD_LIMIT {
        pages::problem(Problem::TooLarge, language)
    } else {
        next.run(request).await
    }
}

/// The bytes of a request's target and headers.
fn head_size(request: &Request) -> usize {
    let target = request.uri().path().len() + request.uri().query().map_or(0, str::len);
    let headers = request.headers().iter();
    let size = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len();
    target + headers.map(size).sum::<usize>()
}

async fn not_found(headers: HeaderMap) -> Response {
    pages::problem(Problem::NotFound, Language::of(None, &headers))
}

async fn method_not_allowed(headers: HeaderMap) -> Response {
    pages::problem(Problem::MethodNotAllowed, Language::of(None, &headers))
}

/// 256 bits that nobody can guess.
fn random() -> Result<String, NoRandomness> {
    keys::random_base64url::<32>(&SystemRandomness)
}

/// 303 to a place of this app, or to Amazon Cognito.
fn see_other(location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        // Can't happen: every location is made here.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn with_cookie(mut response: Response, name: &str, value: &str) -> Response {
    let cookie = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// `GET /`.
async fn start(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let now = shared.clock.now();
    let known = asked.browser().filter(|browser| is_random(browser));
    let new = if known.is_none() { random().ok() } else { None };
    let tale = tale_of(&shared, known, asked.language);
    let signed_in = shared.memory().session(asked.session(), now).is_some();
    let page = pages::start(asked.language, signed_in, &tale);
    let page = match new {
        Some(browser) => with_cookie(page, BROWSER, &browser),
        None => page,
    };
    asked.remembered(page)
}

/// Whether it looks like [`random`]: what a browser can be known by.
fn is_random(text: &str) -> bool {
    text.len() == 43
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// What there is to tell about the newest login of a browser.
struct Tale {
    hops: Vec<Hop>,
    /// Up to when.
    seen: Moment,
    /// Whether other logins may be among the hops.
    others: bool,
    stage: Option<Stage>,
    /// The page of its end, if it has ended.
    end: Option<String>,
}

fn tale_of(shared: &Shared, browser: Option<&str>, language: Language) -> Tale {
    // Before the hops are read: what comes in between is told again, and nothing is left out.
    let seen = shared.journal.now();
    let now = shared.clock.now();
    let memory = shared.memory();
    let Some(login) = browser.and_then(|browser| memory.login(browser, None)) else {
        return Tale {
            hops: Vec::new(),
            seen,
            others: false,
            stage: None,
            end: None,
        };
    };
    let code = language.code();
    let end = match login.stage {
        Stage::Waiting(_) | Stage::Finishing => None,
        Stage::SignedIn => Some(format!("/signed-in?{LANGUAGE}={code}")),
        Stage::Failed(_) => Some(format!("/failed?login={}&{LANGUAGE}={code}", login.id)),
    };
    Tale {
        hops: hops_of(&shared.journal, login.chapter),
        seen,
        others: memory.has_others(login.chapter, now),
        stage: Some(login.stage.clone()),
        end,
    }
}

fn hops_of(journal: &Journal, chapter: Chapter) -> Vec<Hop> {
    journal.hops(chapter.from, chapter.until)
}

/// `GET /story?seen=N`: the story of this browser's newest login as a part of a page, once there is more than at `seen`.
async fn story(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let seen = asked.get("seen").and_then(|seen| seen.parse::<u64>().ok());
    let Some(seen) = seen.map(Moment::from) else {
        return pages::problem(Problem::NotFound, asked.language);
    };
    let Ok(_watching) = shared.watchers.try_acquire() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut stopping = shared.stopping.clone();
    let grown = tokio::select! {
        grown = timeout(PATIENCE, shared.journal.grown_since(seen)) => grown.is_ok(),
        () = server::stopped(&mut stopping) => false,
    };
    if !grown {
        return StatusCode::NO_CONTENT.into_response();
    }
    let tale = tale_of(&shared, asked.browser(), asked.language);
    let mut response = pages::tale(asked.language, &tale).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(SEEN, HeaderValue::from(tale.seen.number()));
    response
}

/// `GET /login`: begins one and sends the browser to Amazon Cognito.
async fn login(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let request = "GET /login";
    let entry = (shared.journal).begin(Party::Browser, Party::App, request);
    let wishes = Wishes {
        identity_provider: None,
        language: Some(asked.language.code()),
    };
    let begun = shared.relying_party.begin(wishes).and_then(|(login, url)| {
        let known = asked.browser().filter(|browser| is_random(browser));
        let browser = known.map_or_else(random, |browser| Ok(browser.to_owned()))?;
        Ok((login, url, browser, random()?))
    });
    let Ok((login, url, browser, id)) = begun else {
        let page = pages::problem(Problem::Internal, asked.language);
        tell(&shared, entry, request, Vec::new(), Vec::new(), &page);
        return page;
    };
    let now = shared.clock.now();
    let owner = (id, browser.clone());
    shared.memory().begin(owner, login, entry.moment(), now);
    let response = with_cookie(see_other(url.as_str()), BROWSER, &browser);
    tell(&shared, entry, request, Vec::new(), Vec::new(), &response);
    response
}

/// Writes one of the app's own hops down.
fn tell(
    shared: &Shared,
    entry: Entry,
    request: &str,
    parameters: Vec<Parameter>,
    checks: Vec<Check>,
    response: &Response,
) {
    let mut answer = Vec::new();
    let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok());
    if let Some(location) = header(LOCATION) {
        // Which login it was is between the app and this browser.
        let (place, query) = location.split_once('?').unwrap_or((location, ""));
        answer.push(Parameter::new("location", place));
        answer.extend(journaled(query));
    }
    if let Some(cookie) = header(SET_COOKIE) {
        answer.push(Parameter::new("set-cookie", cookie));
    }
    let step = Step {
        from: Party::Browser,
        to: Party::App,
        request: request.to_owned(),
        parameters,
        checks,
        status: Some(response.status().as_u16()),
        answer,
    };
    shared.journal.end(entry, step);
}

/// The parameters of a query for the journal: secrets masked, and none longer than somebody would read.
fn journaled(query: &str) -> Vec<Parameter> {
    form_urlencoded::parse(query.as_bytes())
        .take(32)
        .map(|(name, value)| {
            let name: String = name.chars().take(JOURNAL_TEXT).collect();
            let mut parameter = Parameter::new(name, value);
            if let Some((end, _)) = parameter.value.char_indices().nth(JOURNAL_TEXT) {
                parameter.value.truncate(end);
                parameter.value.push('…');
            }
            parameter
        })
        .collect()
}

/// `GET /callback`: the browser is back.
async fn callback(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let asked = Asked::new(None, headers);
    let request = "GET /callback";
    let entry = (shared.journal).begin(Party::Browser, Party::App, request);
    let mut checks = Vec::new();
    let response = answer_to_callback(&shared, &asked, &query, &mut checks).await;
    tell(
        &shared,
        entry,
        request,
        journaled(&query),
        checks,
        &response,
    );
    response
}

async fn answer_to_callback(
    shared: &Shared,
    asked: &Asked,
    query: &str,
    checks: &mut Vec<Check>,
) -> Response {
    let language = asked.language;
    let parsed = Callback::parse(query);
    checks.push(Check::new(
        "the answer has a state, and a code or an error",
        "RFC 6749 §4.1.2",
        parsed.is_ok(),
    ));
    let callback = match parsed {
        Ok(callback) => callback,
        Err(BadCallback::Malformed) => return pages::problem(Problem::Malformed, language),
        Err(BadCallback::NoState(error)) => {
            return pages::problem(Problem::NoState(error.as_ref()), language);
        }
    };
    let now = shared.clock.now();
    let taken = shared.memory().take(&callback.state, asked.browser(), now);
    checks.extend(login_checks(taken.as_ref().err().copied()));
    let (id, login) = match taken {
        Ok(taken) => taken,
        Err(reason) => {
            let id = shared.memory().id_of(&callback.state, asked.browser());
            let page = match (reason, &id) {
                (NotTaken::Ended, Some(_)) => Problem::Ended,
                (NotTaken::TooLate, _) => Problem::TooLate,
                (NotTaken::OtherBrowser, _) => Problem::OtherBrowser,
                _ => Problem::UnknownLogin,
            };
            return pages::problem(page, language);
        }
    };
    checks.push(Check::new(
        "there is a code, not an error",
        "RFC 6749 §4.1.2.1",
        callback.answer.is_ok(),
    ));
    let failed = match &callback.answer {
        Err(error) => told(error),
        Ok(code) => match shared.relying_party.finish(&login, code).await {
            Ok(signed_in) => {
                let Ok(session) = random() else {
                    return pages::problem(Problem::Internal, language);
                };
                let now = shared.clock.now();
                // The chapter ends with the answer of this request, which is the next moment of the journal.
                let until = shared.journal.now();
                let mut memory = shared.memory();
                memory.end(&id, Stage::SignedIn, until, now);
                let chapter = memory
                    .login(asked.browser().unwrap_or_default(), Some(&id))
                    .map_or(
                        Chapter {
                            from: until,
                            until: Some(until),
                        },
                        |login| login.chapter,
                    );
                let ids = (session.clone(), asked.session());
                memory.sign_in(ids, signed_in, chapter, now);
                drop(memory);
                announce(shared, Ended::SignedIn);
                return with_cookie(see_other("/signed-in"), SESSION, &session);
            }
            Err(error) => Failed {
                error: None,
                description: String::new(),
                class: None,
                support_id: None,
                refused: Some(Refused::from(&error)),
            },
        },
    };
    announce(
        shared,
        Ended::Failed {
            error: failed.error.clone(),
            class: failed.class.clone(),
            support_id: failed.support_id.clone(),
        },
    );
    let (until, now) = (shared.journal.now(), shared.clock.now());
    (shared.memory()).end(&id, Stage::Failed(failed), until, now);
    see_other(&format!("/failed?login={id}"))
}

fn told(error: &OAuthError) -> Failed {
    let (class, support_id) = class_and_support_id(&error.description);
    Failed {
        error: Some(error.error.clone()),
        description: error.description.clone(),
        class,
        support_id,
        refused: None,
    }
}

fn announce(shared: &Shared, ended: Ended) {
    if let Some(sender) = &shared.settings.ended {
        // Whoever listens may have gone, or be busy with a hundred others.
        let _ = sender.try_send(ended);
    }
}

/// The checks up to the one that didn't hold.
fn login_checks(failed: Option<NotTaken>) -> Vec<Check> {
    let all = [
        (
            NotTaken::Unknown,
            "state is one that this app gave out",
            "RFC 6749 §10.12",
        ),
        (
            NotTaken::OtherBrowser,
            "the login was begun in this browser",
            "RFC 9700 §4.7.1",
        ),
        (
            NotTaken::Ended,
            "the login has no answer yet",
            "RFC 9700 §4.7.1",
        ),
        (
            NotTaken::TooLate,
            "the login hasn't expired",
            "RFC 9700 §4.7.1",
        ),
    ];
    let mut checks = Vec::new();
    for (failure, what, rule) in all {
        let passed = failed != Some(failure);
        checks.push(Check::new(what, rule, passed));
        if !passed {
            break;
        }
    }
    checks
}

/// `GET /signed-in`.
async fn signed_in(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let now = shared.clock.now();
    let found = {
        let memory = shared.memory();
        let session = memory.session(asked.session(), now).cloned();
        session.map(|session| {
            let others = memory.has_others(session.chapter, now);
            (session, others)
        })
    };
    let page = match found {
        Some((session, others)) => {
            let hops = hops_of(&shared.journal, session.chapter);
            pages::signed_in(asked.language, &session.signed_in, &hops, others)
        }
        None => pages::problem(Problem::NotSignedIn, asked.language),
    };
    asked.remembered(page)
}

/// `GET /failed?login=…`.
async fn failed(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let id = asked.get("login").unwrap_or_default();
    let now = shared.clock.now();
    let found = {
        let memory = shared.memory();
        let browser = asked.browser().unwrap_or_default();
        let login = memory.login(browser, Some(id)).cloned();
        login.map(|login| {
            let others = memory.has_others(login.chapter, now);
            (login, others)
        })
    };
    let page = match found {
        Some((login, others)) => match &login.stage {
            Stage::Failed(failed) => {
                let hops = hops_of(&shared.journal, login.chapter);
                let class = failed.class.as_deref();
                let words =
                    class.and_then(|class| (shared.settings.explain)(class, asked.language));
                pages::failed(asked.language, &login.id, failed, words, &hops, others)
            }
            _ => pages::problem(Problem::UnknownLogin, asked.language),
        },
        None => pages::problem(Problem::UnknownLogin, asked.language),
    };
    asked.remembered(page)
}

/// `POST /logout`: ends this browser's session, and no other.
async fn log_out(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let asked = Asked::new(None, headers);
    // SameSite=Lax keeps the cookie back on forms of other sites; a browser that says where the form is from is believed,
    // too. `Origin` says nothing here: under no-referrer it is always null (Fetch, "append a request Origin header").
    let site = asked.headers.get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return pages::problem(Problem::OtherOrigin, asked.language);
    }
    shared.memory().sign_out(asked.session());
    let mut response = see_other("/logged-out");
    let gone = format!("{SESSION}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    if let Ok(gone) = HeaderValue::from_str(&gone) {
        response.headers_mut().append(SET_COOKIE, gone);
    }
    response
}

/// `GET /logged-out`.
async fn logged_out(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let asked = Asked::new(query, headers);
    asked.remembered(pages::logged_out(asked.language))
}
