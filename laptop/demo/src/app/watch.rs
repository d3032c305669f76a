//! The page that is shown beside the stand-ins' pages while a login goes on: the login's diagram,
//! which grows. In a frame of another site a browser sends no cookie of this app, so a random key
//! in the address stands for the login. The diagram has no secret and nothing personal.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue};
use loopback::pages::{Forms, Frame, LANGUAGE, Language, page as strict_page};
use url::Url;

use super::handlers::{Asked, grown, random, tale_where};
use super::pages::{self, Problem, SCRIPT, SITE, Tale};
use super::shared::Shared;

/// The address of the page for this login; `None` if there is no randomness.
pub(super) fn page_of(shared: &Shared, login: &str, language: Language) -> Option<Url> {
    let key = random().ok()?;
    let language = language.code();
    let address = format!("{}/watch/{key}?{LANGUAGE}={language}", shared.base_url);
    shared.memory().watch(login, key);
    Url::parse(&address).ok()
}

/// `GET /watch/{key}`.
pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Asked { language, .. } = Asked::new(query, headers);
    let Some(tale) = tale_of(&shared, &key, language) else {
        return pages::problem(Problem::UnknownLogin, language);
    };
    let title = language.say("ログインで起きること", "What happens in a login");
    let template = Watch {
        frame: Frame::new(SITE, language, title, ""),
        script: SCRIPT,
        key: &key,
        tale: &pages::login_tale(language, &tale),
        seen: tale.seen.number(),
    };
    let response = strict_page(StatusCode::OK, &template, Forms::None, Some(SCRIPT));
    framed(response, &shared.stand_ins)
}

/// `GET /watch/{key}/story?seen=N`, as `/story`.
pub(super) async fn story(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    if let Err(response) = grown(&shared, &asked).await {
        return response;
    }
    match tale_of(&shared, &key, asked.language) {
        Some(tale) => pages::grown(pages::login_tale(asked.language, &tale), tale.seen),
        None => pages::problem(Problem::UnknownLogin, asked.language),
    }
}

/// The story of the login with this key, if there is one. It has no link to where the login ended:
/// the frame isn't the place for that page.
fn tale_of(shared: &Shared, key: &str, language: Language) -> Option<Tale> {
    shared.memory().watched(key)?;
    let mut tale = tale_where(shared, language, |memory| memory.watched(key));
    tale.end = None;
    Some(tale)
}

/// Lets only the stand-ins have a page in a frame (Content Security Policy Level 3,
/// `frame-ancestors`).
fn framed(mut response: Response, stand_ins: &[String]) -> Response {
    let headers = response.headers_mut();
    let policy = headers.get(CONTENT_SECURITY_POLICY);
    let policy = policy.and_then(|policy| policy.to_str().ok());
    let policy = policy.unwrap_or_default().replace(
        "frame-ancestors 'none'",
        &format!("frame-ancestors {}", stand_ins.join(" ")),
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[derive(Template)]
#[template(path = "watch.html")]
struct Watch<'a> {
    frame: Frame,
    script: &'static str,
    key: &'a str,
    tale: &'a str,
    seen: u64,
}
