//! `POST /login`: the hosted page's form with a username and a password.
//! The form is answered once, within five minutes, and only by the browser to which it was shown.
//! A wrong password shows the page again. Then the sign-in ends like one with the provider.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::header::HeaderMap;
use loopback::journal::{Check, Parameter, Party, Step};
use loopback::pages::{LANGUAGE, language, note_page};
use loopback::parameters::Parameters;
use secrecy::SecretString;

use crate::authorize::{Outcome, answer_of, decide};
use crate::hosted_page::{self, Asked, LOGIN};
use crate::hosted_sign_in;
use crate::login_cookie::cookie;
use crate::native_users::{NoSignIn, authenticated};
use crate::pages::{ErrorPage, redirect};
use crate::parameters::journal_parameters;
use crate::pending_login::{AppRequest, Way};
use crate::shared::Shared;
use crate::user_pool::User;

/// `POST /login`.
pub(crate) async fn sign_in(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let request = format!("POST {LOGIN}");
    let entry = (shared.options.journal).begin(Party::Browser, Party::Cognito, request.as_str());
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let form = Parameters::parse(&body);
    let language = language(query.only(LANGUAGE), &headers);
    let mut checks = Vec::new();
    let app = app(&shared, (&query, &form), cookie(&headers), &mut checks);
    let (response, answer) = match app {
        Ok(app) => match user(&shared, &form, &mut checks) {
            Ok(user) => {
                let code = hosted_sign_in::code(&shared, &app, user, false).await;
                let url = hosted_sign_in::callback(&shared, &app, code);
                (redirect(&url), answer_of(&url))
            }
            Err(problem) => {
                let asked = Asked {
                    query: &query,
                    cookie: cookie(&headers),
                    language,
                    problem: Some(problem),
                };
                let page = hosted_page::show(&shared, app, &asked);
                (page, vec![Parameter::new("error", problem.to_string())])
            }
        },
        Err(page) => (page.in_language(language), Vec::new()),
    };
    // The username is personal, and of a password not even the size is shown.
    let username = form.only("username").map(|username| Parameter {
        name: "username".to_owned(),
        value: format!("{} bytes", username.len()),
    });
    let step = Step {
        from: Party::Browser,
        to: Party::Cognito,
        request,
        parameters: journal_parameters(&query)
            .into_iter()
            .chain(username)
            .collect(),
        checks,
        status: Some(response.status().as_u16()),
        answer,
    };
    note_page(&shared.options.journal, entry, &response);
    shared.options.journal.end(entry, step);
    response
}

/// The app to which somebody signs in, if this is the form that was shown to this browser for the
/// app's request.
fn app(
    shared: &Shared,
    (query, form): (&Parameters, &Parameters),
    cookie: Option<&str>,
    checks: &mut Vec<Check>,
) -> Result<AppRequest, ErrorPage> {
    let asked = match decide(&shared.options, query, checks) {
        Outcome::SignInPage(app) => Some(app),
        Outcome::Page(page) => return Err(page),
        Outcome::Refused { .. } | Outcome::ToProvider(_) => None,
    };
    let taken = {
        let now = shared.options.clock.now();
        let mut kept = shared.state();
        let answer = (cookie, form.only("_csrf"));
        kept.logins.take(answer, Way::Form, now, checks)
    };
    let app = taken?.app;
    let check = (
        "the form belongs to the app's request",
        "Cognito: authorize endpoint",
    );
    let asked = asked.filter(|asked| *asked == app);
    Check::made(checks, check, asked, ErrorPage::InvalidState)
}

/// Who signs in.
fn user(shared: &Shared, form: &Parameters, checks: &mut Vec<Check>) -> Result<User, NoSignIn> {
    let known = {
        let username = form.only("username").unwrap_or_default();
        let kept = shared.state();
        kept.users.find(&shared.options, username).cloned()
    };
    let password = SecretString::from(form.only("password").unwrap_or_default());
    let user = authenticated(known, &password);
    checks.push(Check::new(
        "username and password are those of a user who isn't disabled",
        "Cognito: user pools API",
        user.is_ok(),
    ));
    user
}
