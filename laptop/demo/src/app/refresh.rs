//! `POST /refresh`: gets newer tokens for a person who is signed in. Their claims are made anew, so
//! an age is that of today. If the refresh fails, the session keeps its tokens, and its page says
//! why. The app records the request in the journal, as it does with those of a login.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::header::HeaderMap;
use loopback::journal::{Check, Party};

use super::handlers::{Asked, is_from_elsewhere, see_other};
use super::login::tell;
use super::memory::{Chapter, Failed, Refreshed};
use super::pages::{self, Problem};
use super::shared::Shared;

/// `POST /refresh`.
pub(super) async fn refresh(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let asked = Asked::new(None, headers);
    let request = "POST /refresh";
    let entry = (shared.journal).begin(Party::Browser, Party::App, request);
    let from = entry.moment();
    let mut checks = Vec::new();
    let (response, was_tried) = answer(&shared, &asked, &mut checks).await;
    tell(&shared, entry, request, Vec::new(), checks, &response);
    if was_tried {
        // The refresh's part of the journal ends with this answer.
        let until = Some(shared.journal.now());
        let chapter = Chapter { from, until };
        shared.memory().close_refresh(asked.session(), chapter);
    }
    response
}

/// The answer, and whether Amazon Cognito was asked.
async fn answer(shared: &Shared, asked: &Asked, checks: &mut Vec<Check>) -> (Response, bool) {
    let is_own = !is_from_elsewhere(&asked.headers);
    checks.push(Check::new(
        "the form is this app's",
        "Fetch Metadata, Sec-Fetch-Site",
        is_own,
    ));
    if !is_own {
        return (pages::problem(Problem::OtherOrigin, asked.language), false);
    }
    let now = shared.clock.now();
    let session = shared.memory().session(asked.session(), now).cloned();
    checks.push(Check::new(
        "a user is signed in in this browser",
        "RFC 6749 §6",
        session.is_some(),
    ));
    let Some(session) = session else {
        return (pages::problem(Problem::NotSignedIn, asked.language), false);
    };
    let refreshed = shared.relying_party.refresh(&session.signed_in).await;
    let (signed_in, failed) = match refreshed {
        Ok(signed_in) => (Some(signed_in), None),
        Err(error) => (None, Some(Failed::from(&error))),
    };
    let at = shared.clock.now();
    let refreshed = Refreshed {
        at,
        failed,
        chapter: None,
    };
    (shared.memory()).refresh(asked.session(), signed_in, refreshed);
    (see_other("/signed-in#refreshed"), true)
}
