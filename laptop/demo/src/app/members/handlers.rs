//! The handlers of the members' part. A `__Host-` cookie names the session; the verification that
//! is under way is kept with the session, on the server. The browser never gets the verifier: only
//! the members' API does, when the verification completes.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use http::{Method, StatusCode};
use loopback::journal::Moment;
use loopback::pages::{Language, cookie};
use loopback::parameters::Parameters;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;

use super::super::handlers::{
    Asked, BROWSER, grown, hops_of, is_from_elsewhere, is_random, random, see_other, with_cookie,
};
use super::super::memory::{Stage, Wish};
use super::super::pages::{self as app_pages, Problem, Standing, Tale};
use super::super::relying_party::{Callback, Wishes};
use super::super::settings::Ended;
use super::account::{Said, wishes};
use super::call::{ACCOUNT, Call, MEMBER};
use super::pages::{self, NOT_FOUND, Shown};
use super::sessions::{Deed, Pending, Refusal, Session, Tokens};
use super::state::Members;
use crate::expected::{CANCELLED, CODE_NOT_ERROR};
use crate::member_client::{Answer, Begun, MemberError, Returned};

/// How long the account page waits for what the members' API says.
const PATIENCE: Duration = Duration::from_secs(5);
/// The parameter with which the account page tells once more how the newest act ended.
const WHY: &str = "why";

/// `GET /members`: the account of the member who is signed in, or the ways to sign in.
pub(super) async fn account(
    State(members): State<Arc<Members>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    let now = members.shared.clock.now();
    let id = cookie(&asked.headers, MEMBER);
    let session = members.sessions().get(id, now);
    let page = match session {
        Some(session) => {
            let ended = session.act.ended.as_ref();
            let refusal = ended.and_then(|ended| ended.as_ref().err());
            let class = refusal.and_then(|refusal| refusal.class.as_deref());
            let words =
                class.and_then(|class| (members.shared.settings.explain)(class, asked.language));
            let tells = session.act.is_news() || asked.value(WHY).is_some();
            let said = said(&members, &session, asked.language).await;
            let mut tale = tale_of(&members, Some(&session), asked.language);
            // This page is the one to which the tale leads.
            tale.end = None;
            members.sessions().told(id);
            let shown = Shown {
                session: &session,
                said,
                tells,
                words,
            };
            pages::account(asked.language, shown, &tale)
        }
        None => pages::nobody(asked.language, &members.invented, None),
    };
    asked.remembered(page)
}

/// What the members' API says of the member. It isn't asked while an act is under way: the answer
/// would be old at once, and the question would be drawn into the act's story.
async fn said(members: &Members, session: &Session, language: Language) -> Said {
    if session.act.ended.is_none() {
        return Said::UnderWay;
    }
    let token = session.tokens.access_token();
    let asking = (members.client).call(Method::GET, "/verifications/me", token, None);
    let answer = timeout(PATIENCE, asking).await;
    let answer = answer.ok().and_then(Result::ok);
    let answer = answer.filter(|answer| answer.status.is_success());
    Said::of(answer.as_ref().map(|answer| &answer.body), language)
}

fn tale_of(members: &Members, session: Option<&Session>, language: Language) -> Tale {
    // Taken before the hops are read: a hop that comes in between is sent twice, but none is left
    // out.
    let seen = members.shared.journal.now();
    let Some(act) = session.map(|session| &session.act) else {
        return Tale {
            hops: Vec::new(),
            explain: members.shared.settings.explain,
            seen,
            others: false,
            standing: Standing::None,
            end: None,
        };
    };
    let standing = match &act.ended {
        None => Standing::UnderWay,
        Some(Ok(())) => Standing::Done,
        Some(Err(refusal)) if refusal.class.as_deref() == Some(CANCELLED) => Standing::Cancelled,
        Some(Err(refusal)) => Standing::Failed(refusal.class.clone().unwrap_or_default()),
    };
    let why = match standing {
        Standing::Failed(_) => format!("&{WHY}"),
        _ => String::new(),
    };
    Tale {
        hops: hops_of(&members.shared.journal, act.chapter),
        explain: members.shared.settings.explain,
        seen,
        others: members.shared.memory().has_others(act.chapter)
            || members.logins().has_others(act.chapter)
            || members.sessions().has_others(act.chapter),
        standing,
        end: act
            .ended
            .is_some()
            .then(|| format!("{ACCOUNT}?lang={}{why}", language.code())),
    }
}

/// `GET /members/story?seen=N`: as `/story`, for the newest act of this browser's member.
pub(super) async fn story(
    State(members): State<Arc<Members>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::new(query, headers);
    if let Err(response) = grown(&members.shared, &asked).await {
        return response;
    }
    let now = members.shared.clock.now();
    let session = members.sessions().get(cookie(&asked.headers, MEMBER), now);
    let mut tale = tale_of(&members, session.as_ref(), asked.language);
    let mark = session.as_ref().map(|session| session.act.mark());
    if mark.is_some() && mark.as_deref() == asked.value("act") {
        // The page that asks tells this act's end itself.
        tale.end = None;
    }
    app_pages::grown(
        pages::tale(asked.language, &tale, mark.as_deref()),
        tale.seen,
    )
}

/// `POST /members/sign-in`: with username and password, through the user pool's API.
pub(super) async fn sign_in(
    State(members): State<Arc<Members>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = Call::begin(&members, None, headers, "POST /members/sign-in");
    let (response, session) = signed_in_by_api(&mut call, &body).await;
    call.end("", response, session.as_deref())
}

async fn signed_in_by_api(call: &mut Call<'_>, body: &[u8]) -> (Response, Option<String>) {
    let language = call.asked.language;
    if !call.is_own_form() {
        return (app_pages::problem(Problem::OtherOrigin, language), None);
    }
    let form = Parameters::parse(body);
    let field = |name: &str| form.first(name).unwrap_or_default().to_owned();
    let (username, password) = (field("username"), SecretString::from(field("password")));
    let members = call.members;
    match members.client.sign_in(&username, &password).await {
        Ok(tokens) => begun(call, Tokens::Api(tokens), call.moment()),
        Err(MemberError::SignIn(exception)) => {
            let refused = Some((exception.as_str(), username.as_str()));
            (pages::nobody(language, &members.invented, refused), None)
        }
        Err(_) => (app_pages::problem(Problem::Internal, language), None),
    }
}

/// Begins a session, and gives its id.
fn begun(call: &Call<'_>, tokens: Tokens, from: Moment) -> (Response, Option<String>) {
    let Ok(session) = random() else {
        let page = app_pages::problem(Problem::Internal, call.asked.language);
        return (page, None);
    };
    let ids = (session.clone(), call.session_id());
    let now = call.members.shared.clock.now();
    call.members.sessions().begin(ids, tokens, from, now);
    let response = with_cookie(see_other(ACCOUNT), MEMBER, &session);
    (response, Some(session))
}

/// `GET /members/login`: sends the browser to Amazon Cognito's page.
pub(super) async fn login(
    State(members): State<Arc<Members>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let call = Call::begin(&members, query, headers, "GET /members/login");
    let (names, scopes) = wishes();
    let wishes = Wishes {
        identity_provider: None,
        language: Some(call.asked.language.code()),
        scopes: &names,
    };
    let members = call.members;
    let begun = members
        .relying_party
        .begin(wishes)
        .and_then(|(login, url)| {
            let known = call.asked.browser().filter(|browser| is_random(browser));
            let browser = known.map_or_else(random, |browser| Ok(browser.to_owned()))?;
            Ok((login, url, browser, random()?))
        });
    let Ok((login, url, browser, id)) = begun else {
        let page = app_pages::problem(Problem::Internal, call.asked.language);
        return call.end("", page, None);
    };
    let wish = Wish {
        scopes,
        asked: members.shared.stack.asked().await,
        case: None,
    };
    let (owner, asking) = ((id, browser.clone()), (login, wish));
    members.shared.beside.show(None);
    let now = members.shared.clock.now();
    (members.logins()).begin(owner, asking, call.moment(), now);
    let response = with_cookie(see_other(url.as_str()), BROWSER, &browser);
    call.end("", response, None)
}

/// `GET /members/callback`: takes the authorization response.
pub(super) async fn callback(
    State(members): State<Arc<Members>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let mut call = Call::begin(&members, None, headers, "GET /members/callback");
    let (response, session) = signed_in_at_the_page(&mut call, &query).await;
    call.end(&query, response, session.as_deref())
}

async fn signed_in_at_the_page(call: &mut Call<'_>, query: &str) -> (Response, Option<String>) {
    let language = call.asked.language;
    let problem = |problem| (app_pages::problem(problem, language), None);
    let parsed = Callback::parse(query);
    let what = "the answer has a state, and a code or an error";
    call.check(what, "RFC 6749 §4.1.2", parsed.is_ok());
    let Ok(callback) = parsed else {
        return problem(Problem::Malformed);
    };
    let now = call.members.shared.clock.now();
    let members = call.members;
    let browser = call.asked.browser().map(str::to_owned);
    let taken = (members.logins()).take(&callback.state, browser.as_deref(), now, &mut call.checks);
    let Ok((id, login)) = taken else {
        return problem(Problem::UnknownLogin);
    };
    let is_code = callback.answer.is_ok();
    call.check(CODE_NOT_ERROR, "RFC 6749 §4.1.2.1", is_code);
    let from = members
        .logins()
        .login(browser.as_deref().unwrap_or_default(), Some(&id))
        .map_or_else(|| call.moment(), |login| login.chapter.from);
    let finished = match &callback.answer {
        Ok(code) => members.relying_party.finish(&login, code).await.ok(),
        Err(_) => None,
    };
    let until = call.members.shared.journal.now();
    members.logins().end(&id, Stage::SignedIn, until, now);
    match finished {
        Some(signed_in) => begun(call, Tokens::Page(Box::new(signed_in)), from),
        None => {
            let exception = callback
                .answer
                .as_ref()
                .err()
                .map(|error| error.error.as_str());
            let refused = Some((exception.unwrap_or("invalid_grant"), ""));
            (pages::nobody(language, &members.invented, refused), None)
        }
    }
}

/// `POST /members/verify`: begins a verification, and sends the browser to the card.
pub(super) async fn verify(
    State(members): State<Arc<Members>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = Call::begin(&members, None, headers, "POST /members/verify");
    let session = match call.signed_in(&body) {
        Ok(session) => session,
        Err(why) => return why.answer(call),
    };
    let (members, id) = (call.members, call.session_id());
    members.sessions().act(id, Deed::Verify, call.moment());
    members.shared.beside.show(None);
    let response = match members.client.begin(session.tokens.access_token()).await {
        Ok(begun) => {
            let response = see_other(begun.url.as_str());
            members.sessions().wait(id, Pending::Code(begun));
            response
        }
        Err(error) => ended(&call, Err(of_error(error)), None),
    };
    call.end("", response, None)
}

/// `GET /verified`: the browser is back from the card.
pub(super) async fn verified(
    State(members): State<Arc<Members>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let mut call = Call::begin(&members, None, headers, "GET /verified");
    let response = returned(&mut call, &query).await;
    call.end(&query, response, None)
}

async fn returned(call: &mut Call<'_>, query: &str) -> Response {
    // The page has an address of its own: the code leaves the address bar.
    let unknown = || see_other(NOT_FOUND);
    let returned = Returned::parse(query);
    let what = "the answer has state and iss, and a code or an error";
    call.check(what, "docs/members.md", returned.is_some());
    let Some(returned) = returned else {
        return unknown();
    };
    let now = call.members.shared.clock.now();
    let members = call.members;
    let is_issuer = returned.iss == members.client.issuer();
    if !call.check("iss is federation's issuer", "RFC 9207 §2.4", is_issuer) {
        return unknown();
    }
    let session = members.sessions().get(call.session_id(), now);
    let begun = members.sessions().take(call.session_id(), &returned.state);
    let begun = session.zip(begun);
    let what = "state is that of the verification that this browser began";
    call.check(what, "RFC 9700 §4.7.1", begun.is_some());
    let Some((session, begun)) = begun else {
        return unknown();
    };
    match returned.answer {
        Ok(code) => {
            let access_token = session.tokens.access_token();
            let completing = members
                .client
                .complete(access_token, &code, &begun.code_verifier);
            let answer = completing.await;
            completed(call, &session, begun, answer).await
        }
        Err(class) => {
            let refusal = Refusal {
                class: Some(class),
                support_id: returned.support_id,
                goes_on_after: None,
            };
            ended(call, Err(refusal), None)
        }
    }
}

/// `GET /members/not-found`: the browser came back with an answer that isn't accepted.
pub(super) async fn not_found(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let asked = Asked::new(query, headers);
    asked.remembered(pages::unknown(asked.language))
}

/// `POST /members/go-on`: goes on with a verification that had to stop after the card was read.
pub(super) async fn go_on(
    State(members): State<Arc<Members>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = Call::begin(&members, None, headers, "POST /members/go-on");
    let session = match call.signed_in(&body) {
        Ok(session) => session,
        Err(why) => return why.answer(call),
    };
    let members = call.members;
    let going_on = members.sessions().take_going_on(call.session_id());
    let response = match going_on {
        Some((begun, continuation)) => {
            let access_token = session.tokens.access_token();
            let (app, verifier) = (&members.client, &begun.code_verifier);
            let answer = app.go_on(access_token, continuation.expose_secret(), verifier);
            let answer = answer.await;
            completed(&call, &session, begun, answer).await
        }
        None => see_other(ACCOUNT),
    };
    call.end("", response, None)
}

/// Takes the answer of `complete`: newer tokens with the claims, or a refusal, or what to go on
/// with.
async fn completed(
    call: &Call<'_>,
    session: &Session,
    begun: Begun,
    answer: Result<Answer, MemberError>,
) -> Response {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return ended(call, Err(of_error(error)), None),
    };
    if answer.status.is_success() {
        return refreshed(call, session).await;
    }
    let mut refusal = of_answer(&answer);
    if let Some(continuation) = answer.continuation() {
        refusal.goes_on_after = Some(answer.retry_after.unwrap_or_default());
        let pending = Pending::GoingOn(begun, continuation);
        (call.members.sessions()).wait(call.session_id(), pending);
    }
    ended(call, Err(refusal), None)
}

/// `POST /members/take-back`: the member takes the verification back.
pub(super) async fn take_back(
    State(members): State<Arc<Members>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = Call::begin(&members, None, headers, "POST /members/take-back");
    let session = match call.signed_in(&body) {
        Ok(session) => session,
        Err(why) => return why.answer(call),
    };
    let (members, from) = (call.members, call.moment());
    (members.sessions()).act(call.session_id(), Deed::TakeBack, from);
    let token = session.tokens.access_token();
    let taking = (members.client).call(Method::DELETE, "/verifications/me", token, None);
    let response = match taking.await {
        Ok(answer) if answer.status == StatusCode::NO_CONTENT => refreshed(&call, &session).await,
        Ok(answer) => ended(&call, Err(of_answer(&answer)), None),
        Err(error) => ended(&call, Err(of_error(error)), None),
    };
    call.end("", response, None)
}

/// `POST /members/refresh`: gets newer tokens.
pub(super) async fn refresh(
    State(members): State<Arc<Members>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut call = Call::begin(&members, None, headers, "POST /members/refresh");
    let session = match call.signed_in(&body) {
        Ok(session) => session,
        Err(why) => return why.answer(call),
    };
    let from = call.moment();
    let id = call.session_id();
    members.sessions().act(id, Deed::Refresh, from);
    let newer = newer(&members, &session).await;
    let refreshed = newer.as_ref().map(|_| ()).ok_or_else(Refusal::default);
    members.sessions().ended(id, refreshed, newer);
    call.end("", see_other(ACCOUNT), None)
}

/// Gets newer tokens, in which the claims have come or gone. The verification counts, whether they
/// come or not.
async fn refreshed(call: &Call<'_>, session: &Session) -> Response {
    let newer = newer(call.members, session).await;
    ended(call, Ok(()), newer)
}

async fn newer(members: &Members, session: &Session) -> Option<Tokens> {
    match &*session.tokens {
        Tokens::Api(tokens) => members.client.refresh(tokens).await.ok().map(Tokens::Api),
        Tokens::Page(signed_in) => {
            let newer = members.relying_party.refresh(signed_in).await;
            newer.ok().map(|newer| Tokens::Page(Box::new(newer)))
        }
    }
}

/// Ends an act, and sends the browser to the account.
fn ended(call: &Call<'_>, ended: Result<(), Refusal>, newer: Option<Tokens>) -> Response {
    if let Some(sender) = &call.members.shared.settings.ended {
        let told = match &ended {
            Ok(()) => Ended::Member,
            Err(refusal) => Ended::NotVerified {
                class: refusal.class.clone(),
                support_id: refusal.support_id.clone(),
            },
        };
        // The receiver may be gone, or its queue may be full: then nobody is told.
        let _ = sender.try_send(told);
    }
    let mut sessions = call.members.sessions();
    sessions.ended(call.session_id(), ended, newer);
    see_other(ACCOUNT)
}

fn of_answer(answer: &Answer) -> Refusal {
    Refusal {
        class: answer.class().map(str::to_owned),
        support_id: answer.support_id().map(str::to_owned),
        goes_on_after: None,
    }
}

fn of_error(error: MemberError) -> Refusal {
    let class = match error {
        MemberError::Refused(class) => Some(class),
        _ => None,
    };
    Refusal {
        class,
        ..Refusal::default()
    }
}

/// `POST /members/logout`: ends the session, and no other.
pub(super) async fn log_out(State(members): State<Arc<Members>>, headers: HeaderMap) -> Response {
    let asked = Asked::new(None, headers);
    if is_from_elsewhere(&asked.headers) {
        return app_pages::problem(Problem::OtherOrigin, asked.language);
    }
    members.sessions().end(cookie(&asked.headers, MEMBER));
    let mut response = see_other(ACCOUNT).into_response();
    let gone = format!("{MEMBER}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    if let Ok(gone) = HeaderValue::from_str(&gone) {
        response.headers_mut().append(SET_COOKIE, gone);
    }
    response
}
