//! `GET /logout`: an app sends the browser here to sign out of Cognito.
//! The browser goes on to one of the app client's logout URLs or, with `redirect_uri` in place of
//! `logout_uri`, to the hosted page for a new login. It isn't the logout of OpenID Connect: there
//! is no `post_logout_redirect_uri`.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::header::HeaderMap;
use loopback::journal::{Check, Party, Step};
use loopback::pages::{self, note_page};
use loopback::parameters::Parameters;

use crate::login_cookie::without_cookie;
use crate::pages::{ErrorPage, Wrong, redirect};
use crate::parameters::journal_parameters;
use crate::shared::Shared;

/// The source of the rules.
const RULE: &str = "Cognito: logout endpoint";

pub(crate) async fn logout(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    shared.state().requests.logout += 1;
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let mut checks = Vec::new();
    let (response, answer) = match decide(&shared, &query, &mut checks) {
        Ok(url) => (without_cookie(redirect(&url)), Vec::new()),
        Err(page) => {
            let language = pages::language(None, &headers);
            (page.in_language(language), page.registered())
        }
    };
    let entry = shared.options.journal.record(Step {
        from: Party::Browser,
        to: Party::Cognito,
        request: "GET /logout".to_owned(),
        parameters: journal_parameters(&query),
        checks,
        status: Some(response.status().as_u16()),
        answer,
    });
    note_page(&shared.options.journal, entry, &response);
    response
}

/// Where the browser goes.
fn decide(
    shared: &Shared,
    query: &Parameters,
    checks: &mut Vec<Check>,
) -> Result<String, ErrorPage> {
    let options = &shared.options;
    let unique = query.are_unique().then_some(());
    Check::made(
        checks,
        ("no parameter comes twice", "RFC 6749 §3.1"),
        unique,
        ErrorPage::BadRequest(Wrong::Repeated),
    )?;
    let client = query
        .only("client_id")
        .and_then(|id| options.app_client(id));
    let client = Check::made(
        checks,
        ("client_id is an app client's", RULE),
        client,
        ErrorPage::BadRequest(Wrong::client_id(options)),
    )?;
    if !query.has("logout_uri") && query.has("redirect_uri") {
        // The hosted page checks the parameters of the new login.
        return Ok(format!("/login?{}", query.encode_with(&[])));
    }
    let logout_uri = query.only("logout_uri").filter(|uri| {
        let mut urls = client.logout_urls.iter();
        urls.any(|url| url == uri)
    });
    let logout_uri = Check::made(
        checks,
        ("logout_uri is a logout URL, exactly", RULE),
        logout_uri,
        ErrorPage::BadRequest(Wrong::LogoutUrl(client.logout_urls.clone())),
    )?;
    Ok(logout_uri.to_owned())
}
