//! The app's request handlers: its pages, the growing diagram, and the log-out. Two `__Host-`
//! cookies, which no other host gets, identify the browser and the session; nothing else in a
//! request does. The two requests of a login are in `login.rs`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use four_attributes::{AttributeSet, UnknownAttribute};
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY, SET_COOKIE,
};
use keys::{NoRandomness, SystemRandomness};
use loopback::journal::{Hop, Journal, Moment};
use loopback::pages::{LANGUAGE, Language, cookie, language, remembering};
use loopback::parameters::Parameters;
use loopback::server::stopped;
use tokio::time::timeout;

use super::choice::{self, ASK, CASE, SCOPE};
use super::memory::{Chapter, Login, Memory, Stage};
use super::pages::{self, Problem, Standing, Tale};
use super::shared::Shared;
use super::visit::{OF, Visit};
use crate::scopes::{InvalidScopes, Scopes};
use crate::use_case::UseCase;

/// The cookie that ties a login to the browser that began it.
pub(super) const BROWSER: &str = "__Host-browser";
/// The cookie of a session.
pub(super) const SESSION: &str = "__Host-session";
/// How long a request to `/story` waits for something new.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of a request's target and headers.
const HEAD_LIMIT: usize = 16 * 1024;
/// The most hops of a story. A login has about 25. The story of an abandoned login has no end:
/// without this limit, it would get every later hop.
const MOST_HOPS: usize = 100;
/// The query names a use case that there isn't.
pub(super) struct UnknownCase;

/// What a handler needs to know of a request.
pub(super) struct Asked {
    pub(super) language: Language,
    query: Parameters,
    pub(super) headers: HeaderMap,
}

impl Asked {
    pub(super) fn new(query: Option<String>, headers: HeaderMap) -> Self {
        let query = Parameters::parse(query.unwrap_or_default().as_bytes());
        Self {
            language: language(query.first(LANGUAGE), &headers),
            query,
            headers,
        }
    }

    /// A parameter of the query.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.query.first(name)
    }

    /// The scopes that the query chooses, if it chooses any.
    pub(super) fn scopes(&self) -> Result<Option<Scopes>, InvalidScopes> {
        choice::chosen(self.query.values(SCOPE))
    }

    /// The attributes that the query wants people to be asked for, if it wants any choice.
    pub(super) fn attributes(&self) -> Result<Option<AttributeSet>, UnknownAttribute> {
        choice::asked(self.query.values(ASK))
    }

    /// The use case that the query names, if it names one.
    pub(super) fn visit(&self) -> Result<Option<Visit>, UnknownCase> {
        let Some(name) = self.value(CASE) else {
            return Ok(None);
        };
        let case = UseCase::named(name).ok_or(UnknownCase)?;
        Ok(Some(Visit::new(case, self.value(OF))))
    }

    pub(super) fn browser(&self) -> Option<&str> {
        cookie(&self.headers, BROWSER)
    }

    pub(super) fn session(&self) -> Option<&str> {
        cookie(&self.headers, SESSION)
    }

    pub(super) fn remembered(&self, page: Response) -> Response {
        remembering(page, self.query.first(LANGUAGE))
    }
}

/// Refuses a request whose `Host` isn't the app's own: such a request comes from another site's
/// page that reached this port by DNS rebinding. Also refuses a request whose target and headers
/// are larger than any browser's.
pub(super) async fn admitted(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let is_own = host.is_some_and(|host| host.eq_ignore_ascii_case(&shared.host));
    let language = language(None, request.headers());
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

pub(super) async fn not_found(headers: HeaderMap) -> Response {
    pages::problem(Problem::NotFound, language(None, &headers))
}

pub(super) async fn method_not_allowed(headers: HeaderMap) -> Response {
    pages::problem(Problem::MethodNotAllowed, language(None, &headers))
}

/// 256 random bits, as 43 characters of base64url.
pub(super) fn random() -> Result<String, NoRandomness> {
    keys::random_base64url::<32>(&SystemRandomness)
}

/// A redirect (303) to a page of this app, or to Amazon Cognito.
pub(super) fn see_other(location: &str) -> Response {
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

pub(super) fn with_cookie(mut response: Response, name: &str, value: &str) -> Response {
    let cookie = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// `GET /`.
pub(super) async fn start(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let (Ok(chosen), Ok(attributes)) = (asked.scopes(), asked.attributes()) else {
        return pages::problem(Problem::UnknownValue, asked.language);
    };
    let of_the_stack = shared.stack.asked().await;
    let now = shared.clock.now();
    let known = asked.browser().filter(|browser| is_random(browser));
    let new = if known.is_none() { random().ok() } else { None };
    let tale = tale_of(&shared, known, asked.language);
    let (signed_in, before) = {
        let memory = shared.memory();
        let signed_in = memory.session(asked.session(), now).is_some();
        let before = known.and_then(|browser| memory.login(browser, None));
        (signed_in, before.map(|login| login.wish.scopes.clone()))
    };
    let chosen = pages::StartChoice {
        scopes: chosen
            .as_ref()
            .or(before.as_ref())
            .unwrap_or(&shared.settings.scopes),
        asked: attributes.unwrap_or(of_the_stack),
        is_in_the_address: chosen.is_some() || attributes.is_some(),
    };
    let parts = (signed_in, shared.has_members);
    let page = pages::start(asked.language, parts, chosen, &tale);
    let page = match new {
        Some(browser) => with_cookie(page, BROWSER, &browser),
        None => page,
    };
    asked.remembered(page)
}

/// Whether a text has the form of [`random`], so that a browser can be known by it.
pub(super) fn is_random(text: &str) -> bool {
    text.len() == 43
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn tale_of(shared: &Shared, browser: Option<&str>, language: Language) -> Tale {
    tale_where(shared, language, |memory| {
        browser.and_then(|browser| memory.login(browser, None))
    })
}

/// The story of the login that `find` finds.
pub(super) fn tale_where(
    shared: &Shared,
    language: Language,
    find: impl FnOnce(&Memory) -> Option<&Login>,
) -> Tale {
    // Taken before the hops are read: a hop that comes in between is sent twice, but none is left
    // out.
    let seen = shared.journal.now();
    let memory = shared.memory();
    let Some(login) = find(&memory) else {
        return Tale {
            hops: Vec::new(),
            explain: shared.settings.explain,
            seen,
            others: false,
            standing: Standing::None,
            end: None,
        };
    };
    let code = language.code();
    let end = match login.stage {
        Stage::Waiting(_) | Stage::Finishing => None,
        Stage::SignedIn => Some(login.wish.page(&[(LANGUAGE, code)])),
        Stage::Failed(_) => Some(format!("/failed?login={}&{LANGUAGE}={code}", login.id)),
    };
    Tale {
        hops: hops_of(&shared.journal, login.chapter),
        explain: shared.settings.explain,
        seen,
        others: memory.has_others(login.chapter),
        standing: Standing::from(Some(&login.stage)),
        end,
    }
}

pub(super) fn hops_of(journal: &Journal, chapter: Chapter) -> Vec<Hop> {
    let mut hops = journal.hops(chapter.from, chapter.until);
    hops.truncate(MOST_HOPS);
    hops
}

/// `GET /story?seen=N`: the story of this browser's newest login as a part of a page, as soon as
/// the journal has more than at the moment `seen`; 204 if nothing comes within [`PATIENCE`].
pub(super) async fn story(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    if let Err(response) = grown(&shared, &asked).await {
        return response;
    }
    let tale = tale_of(&shared, asked.browser(), asked.language);
    pages::grown(pages::login_tale(asked.language, &tale), tale.seen)
}

/// Waits until the journal has more than at the moment `seen` of the query.
///
/// # Errors
///
/// The answer, if there is nothing to show: 204 if nothing came within [`PATIENCE`].
pub(super) async fn grown(shared: &Shared, asked: &Asked) -> Result<(), Response> {
    let seen = asked
        .query
        .first("seen")
        .and_then(|seen| seen.parse::<u64>().ok());
    let Some(seen) = seen.map(Moment::from) else {
        return Err(pages::problem(Problem::NotFound, asked.language));
    };
    let Ok(_watching) = shared.watchers.try_acquire() else {
        return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
    };
    let mut stopping = shared.stopping.clone();
    // A page from before a restart of the app can have seen a later moment than this journal has:
    // it gets the whole story at once.
    let is_from_before = seen > shared.journal.now();
    let grown = tokio::select! {
        () = std::future::ready(()), if is_from_before => true,
        grown = timeout(PATIENCE, shared.journal.grown_since(seen)) => grown.is_ok(),
        () = stopped(&mut stopping) => false,
    };
    if grown {
        Ok(())
    } else {
        Err(StatusCode::NO_CONTENT.into_response())
    }
}

/// `GET /signed-in`.
pub(super) async fn signed_in(
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
            let others = |chapter| memory.has_others(chapter);
            let refreshed = session.refreshed.as_ref();
            let refresh = refreshed.and_then(|refreshed| refreshed.chapter);
            let others = (others(session.chapter), refresh.map(others));
            (session, refresh, others)
        })
    };
    let page = match found {
        Some((session, refresh, others)) => {
            let hops = hops_of(&shared.journal, session.chapter);
            let refresh_hops = refresh.map(|chapter| hops_of(&shared.journal, chapter));
            let refresh = refresh_hops.as_deref().zip(others.1);
            let told = (asked.language, shared.settings.explain);
            pages::signed_in(told, &session, (&hops, others.0), refresh)
        }
        None => pages::problem(Problem::NotSignedIn, asked.language),
    };
    asked.remembered(page)
}

/// `GET /failed?login=…`.
pub(super) async fn failed(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let id = asked.query.first("login").unwrap_or_default();
    let found = {
        let memory = shared.memory();
        let browser = asked.browser().unwrap_or_default();
        let login = memory.login(browser, Some(id)).cloned();
        login.map(|login| {
            let others = memory.has_others(login.chapter);
            (login, others)
        })
    };
    let page = match found {
        Some((login, others)) => match &login.stage {
            Stage::Failed(failed) => {
                let hops = hops_of(&shared.journal, login.chapter);
                let told = (asked.language, shared.settings.explain);
                pages::failed(told, &login, failed, (&hops, others))
            }
            _ => pages::problem(Problem::UnknownLogin, asked.language),
        },
        None => pages::problem(Problem::UnknownLogin, asked.language),
    };
    asked.remembered(page)
}

/// Whether a form of another site sent the request. With such a request a browser sends no cookie
/// that is `SameSite=Lax`; in addition, `Sec-Fetch-Site` says where the form is from, if the
/// browser sends it. `Origin` doesn't help: with the referrer policy no-referrer it is always null
/// (Fetch, "append a request Origin header").
pub(super) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    site.is_some_and(|site| site != "same-origin")
}

/// Whether another site's page sent the request, in a browser that says so. An address that was
/// typed, or opened by a program, comes from nowhere.
pub(super) fn is_from_another_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    site.is_some_and(|site| site != "same-origin" && site != "none")
}

/// `POST /logout`: ends this browser's session, and no other. A use case's page comes back.
pub(super) async fn log_out(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    if is_from_elsewhere(&asked.headers) {
        return pages::problem(Problem::OtherOrigin, asked.language);
    }
    shared.memory().sign_out(asked.session());
    let page = match asked.visit() {
        Ok(Some(visit)) => visit.page(&[]),
        _ => "/logged-out".to_owned(),
    };
    let mut response = see_other(&page);
    let gone = format!("{SESSION}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    if let Ok(gone) = HeaderValue::from_str(&gone) {
        response.headers_mut().append(SET_COOKIE, gone);
    }
    response
}

/// `GET /logged-out`.
pub(super) async fn logged_out(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let asked = Asked::new(query, headers);
    asked.remembered(pages::logged_out(asked.language))
}
