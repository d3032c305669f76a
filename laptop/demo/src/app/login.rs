//! The two requests of a login at the app: `/login` sends the browser to Amazon Cognito,
//! `/callback` takes the authorization response. A response is taken once, in the browser that
//! began the login, within 15 minutes, and only with the `state` of that login. The app itself
//! records both requests in the journal, so the diagram shows them.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::header::{HeaderMap, LOCATION, SET_COOKIE};
use loopback::journal::{Check, Entry, Parameter, Party, Step};
use loopback::pages::note_page;

use super::handlers::{
    Asked, BROWSER, SESSION, is_from_another_site, is_random, random, see_other, with_cookie,
};
use super::memory::{Failed, NotTaken, Stage, Wish};
use super::pages::{self, Problem};
use super::relying_party::{BadCallback, Callback, Wishes};
use super::settings::Ended;
use super::shared::Shared;
use super::watch;
use crate::expected::CODE_NOT_ERROR;
use crate::use_case::TOWN;

/// The most characters of a parameter that the app writes into the journal.
const JOURNAL_TEXT: usize = 300;

/// The query parameter with which the diagram is shown beside the login.
const WATCH: &str = "watch";

/// `GET /login`: begins a login, and sends the browser to Amazon Cognito.
pub(super) async fn login(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let request = "GET /login";
    let entry = (shared.journal).begin(Party::Browser, Party::App, request);
    let wish = match wish_of(&shared, &asked).await {
        Some(wish) => wish,
        None => {
            let page = pages::problem(Problem::UnknownValue, asked.language);
            tell(
                &shared,
                entry,
                request,
                Vec::new(),
                scope_checks(false),
                &page,
            );
            return page;
        }
    };
    // What people are asked for is the stack's setting, so it is changed before they are asked.
    shared.stack.ask(wish.asked).await;
    let named = wish.case.map_or(TOWN, |visit| visit.case.named_as());
    shared.stack.name(named);
    let names: Vec<String> = wish.scopes.names().collect();
    let wishes = Wishes {
        identity_provider: None,
        language: Some(asked.language.code()),
        scopes: &names,
    };
    let begun = shared.relying_party.begin(wishes).and_then(|(login, url)| {
        let known = asked.browser().filter(|browser| is_random(browser));
        let browser = known.map_or_else(random, |browser| Ok(browser.to_owned()))?;
        Ok((login, url, browser, random()?))
    });
    let Ok((login, url, browser, id)) = begun else {
        let page = pages::problem(Problem::Internal, asked.language);
        tell(
            &shared,
            entry,
            request,
            Vec::new(),
            scope_checks(true),
            &page,
        );
        return page;
    };
    let now = shared.clock.now();
    let owner = (id.clone(), browser.clone());
    (shared.memory()).begin(owner, (login, wish), entry.moment(), now);
    let beside = match asked.value(WATCH).is_some() {
        true => watch::page_of(&shared, &id, asked.language),
        false => None,
    };
    shared.beside.show(beside);
    let response = with_cookie(see_other(url.as_str()), BROWSER, &browser);
    tell(
        &shared,
        entry,
        request,
        Vec::new(),
        scope_checks(true),
        &response,
    );
    response
}

/// What a request for a login wishes: a use case, or scopes and what people are asked for. `None`
/// if it names something unknown. A link of another site changes nothing that is set for the stack.
async fn wish_of(shared: &Shared, asked: &Asked) -> Option<Wish> {
    let case = asked.visit().ok()?;
    let (scopes, attributes) = match case {
        Some(visit) => (Some(visit.case.scopes()), Some(visit.case.asks())),
        None => (asked.scopes().ok()?, asked.attributes().ok()?),
    };
    let is_own = !is_from_another_site(&asked.headers);
    Some(Wish {
        scopes: scopes.unwrap_or_else(|| shared.settings.scopes.clone()),
        asked: match attributes.filter(|_| is_own) {
            Some(attributes) => attributes,
            None => shared.stack.asked().await,
        },
        case,
    })
}

fn scope_checks(are_known: bool) -> Vec<Check> {
    let what = "every scope is one that this app offers";
    vec![Check::new(what, "RFC 6749 §3.3", are_known)]
}

/// Records a request to the app in the journal.
pub(super) fn tell(
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
        // The query is recorded parameter by parameter, so that the journal masks `state` and the
        // login's id.
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
    note_page(&shared.journal, entry, response);
    shared.journal.end(entry, step);
}

/// The parameters of a query for the journal: at most 32, secrets masked, names and values cut to
/// [`JOURNAL_TEXT`] characters.
pub(super) fn journaled(query: &str) -> Vec<Parameter> {
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

/// `GET /callback`: takes the authorization response of Amazon Cognito.
pub(super) async fn callback(
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
    let taken = (shared.memory()).take(&callback.state, asked.browser(), now, checks);
    // The login comes back to the app, so nothing is shown beside it any more.
    shared.beside.show(None);
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
        CODE_NOT_ERROR,
        "RFC 6749 §4.1.2.1",
        callback.answer.is_ok(),
    ));
    let failed = match &callback.answer {
        Err(error) => Failed::told(error),
        Ok(code) => match shared.relying_party.finish(&login, code).await {
            Ok(signed_in) => {
                let Ok(session) = random() else {
                    return pages::problem(Problem::Internal, language);
                };
                let now = shared.clock.now();
                // The chapter has every hop that has begun by now. This request is one of them,
                // though its answer isn't recorded yet.
                let until = shared.journal.now();
                let mut memory = shared.memory();
                memory.end(&id, Stage::SignedIn, until, now);
                let browser = asked.browser().unwrap_or_default();
                let ended = memory.login(browser, Some(&id));
                let Some((chapter, wish)) = ended.map(|login| (login.chapter, login.wish.clone()))
                else {
                    // Only while so many logins begin that this one was forgotten meanwhile.
                    return pages::problem(Problem::UnknownLogin, language);
                };
                let page = wish.page(&[]);
                let ids = (session.clone(), asked.session());
                memory.sign_in(ids, (signed_in, wish), chapter, now);
                drop(memory);
                announce(shared, Ended::SignedIn);
                return with_cookie(see_other(&page), SESSION, &session);
            }
            Err(error) => Failed::from(&error),
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

fn announce(shared: &Shared, ended: Ended) {
    if let Some(sender) = &shared.settings.ended {
        // The receiver may be gone, or its queue may be full: then nobody is told.
        let _ = sender.try_send(ended);
    }
}
