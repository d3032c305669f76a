//! `GET /oauth2/authorize`: an app sends a browser here to sign in, and Cognito redirects it to the
//! provider, or first to its own page, `/login`.
//! The redirect to the provider has the parameters that Cognito's has: five, and `prompt` and
//! `login_hint` if the app sent them. It has neither a nonce nor PKCE. A cookie binds the login to
//! the browser.

use std::sync::Arc;

use aws_lc_rs::error::Unspecified;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::header::HeaderMap;
use loopback::journal::{Check, Parameter, Party, Step};
use loopback::pages::{self, LANGUAGE, note_page, remembering};
use loopback::parameters::Parameters;

use crate::app_client::COGNITO_PROVIDER;
use crate::hosted_page::{self, Asked, IDENTITY_PROVIDER, LOGIN};
use crate::login_cookie::{cookie, with_cookie};
use crate::options::{CognitoOptions, has_openid_if_needed};
use crate::pages::{ErrorPage, Wrong, redirect};
use crate::parameters::{journal_parameter, journal_parameters, with_query};
use crate::pending_login::{AppRequest, Way};
use crate::shared::Shared;

/// The description of the refusal of a scope. AWS's documentation has it as the error, and real
/// answers have it as the description of `invalid_request` (contract C8).
const INVALID_SCOPE: &str = "invalid_scope";

/// `GET /oauth2/authorize`.
pub(crate) async fn authorize(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    shared.state().requests.authorize += 1;
    answer(&shared, Endpoint::Authorize, &headers, query)
}

/// `GET /login`: the hosted page. It takes the parameters of the authorization endpoint, from which
/// browsers come.
pub(crate) async fn login(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&shared, Endpoint::Login, &headers, query)
}

/// The endpoints at which a login begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Endpoint {
    Authorize,
    Login,
}

impl Endpoint {
    const fn path(self) -> &'static str {
        match self {
            Self::Authorize => "/oauth2/authorize",
            Self::Login => LOGIN,
        }
    }
}

fn answer(
    shared: &Shared,
    endpoint: Endpoint,
    headers: &HeaderMap,
    query: Option<String>,
) -> Response {
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let chosen = query.only(LANGUAGE);
    let language = pages::language(chosen, headers);
    let mut checks = Vec::new();
    let outcome = decide(&shared.options, &query, &mut checks);
    let (response, answer) = match outcome {
        Outcome::Page(page) => {
            let registered = page.registered();
            (page.in_language(language), registered)
        }
        Outcome::SignInPage(_) if endpoint == Endpoint::Authorize => (
            redirect(&format!("{LOGIN}?{}", query.encode_with(&[]))),
            Vec::new(),
        ),
        Outcome::SignInPage(app) => {
            let asked = Asked {
                query: &query,
                cookie: cookie(headers),
                language,
                problem: None,
            };
            let page = hosted_page::show(shared, app, &asked);
            (remembering(page, chosen), Vec::new())
        }
        Outcome::Refused { url, registered } => {
            let answer = answer_of(&url).into_iter().chain(registered);
            (redirect(&url), answer.collect())
        }
        Outcome::ToProvider(app) => match to_provider(shared, &query, cookie(headers), app) {
            Ok((url, browser)) => (with_cookie(redirect(&url), &browser), answer_of(&url)),
            Err(Unspecified) => (ErrorPage::Internal.in_language(language), Vec::new()),
        },
    };
    let entry = shared.options.journal.record(Step {
        from: Party::Browser,
        to: Party::Cognito,
        request: format!("GET {}", endpoint.path()),
        parameters: journal_parameters(&query),
        checks,
        status: Some(response.status().as_u16()),
        answer,
    });
    note_page(&shared.options.journal, entry, &response);
    response
}

/// How the app's request is answered.
pub(crate) enum Outcome {
    Page(ErrorPage),
    /// The hosted page.
    SignInPage(AppRequest),
    /// A redirect to the app's callback, with an error.
    Refused {
        url: String,
        /// The registered values, if the request has another one. Only the journal gets them.
        registered: Vec<Parameter>,
    },
    /// A redirect to the provider.
    ToProvider(AppRequest),
}

/// Checks the app's request, and says how it is answered.
pub(crate) fn decide(
    options: &CognitoOptions,
    query: &Parameters,
    checks: &mut Vec<Check>,
) -> Outcome {
    let mut check = |what: &str, rule: &str, passed: bool| {
        checks.push(Check::new(what, rule, passed));
        passed
    };
    if !check(
        "no parameter comes twice",
        "RFC 6749 §3.1",
        query.are_unique(),
    ) {
        return Outcome::Page(ErrorPage::BadRequest(Wrong::Repeated));
    }
    let client = query
        .only("client_id")
        .and_then(|id| options.app_client(id));
    check(
        "client_id is an app client's",
        "RFC 6749 §4.1.1",
        client.is_some(),
    );
    let Some(client) = client else {
        return Outcome::Page(ErrorPage::BadRequest(Wrong::client_id(options)));
    };
    let redirect_uri = query
        .only("redirect_uri")
        .filter(|uri| client.callback_urls.iter().any(|url| url == uri));
    check(
        "redirect_uri is a callback URL, exactly",
        "RFC 9700 §2.1",
        redirect_uri.is_some(),
    );
    let Some(redirect_uri) = redirect_uri else {
        let urls = client.callback_urls.clone();
        return Outcome::Page(ErrorPage::BadRequest(Wrong::CallbackUrl(urls)));
    };
    let state = query.only("state");
    let refuse = |error: &str, description: &str| Outcome::Refused {
        url: error_redirect(redirect_uri, error, Some(description), state),
        registered: match description {
            INVALID_SCOPE => (client.allowed_scopes.iter())
                .map(|scope| Parameter::new("AllowedOAuthScopes", scope))
                .collect(),
            _ => Vec::new(),
        },
    };

    let response_type = query.only("response_type");
    if !check(
        "response_type is code",
        "RFC 6749 §4.1.1",
        response_type == Some("code"),
    ) {
        return match response_type {
            // The implicit grant, which the pool knows, and its app clients may not use.
            Some("token") => refuse("unauthorized_client", "response_type must be code"),
            _ => refuse("invalid_request", "response_type must be code"),
        };
    }
    let scopes: Vec<String> = match query.only("scope").unwrap_or_default() {
        "" => client.allowed_scopes.clone(),
        scope => scope.split(' ').map(str::to_owned).collect(),
    };
    let mut names = scopes.iter();
    let allowed = names.all(|scope| client.allowed_scopes.contains(scope));
    if !check(
        "every scope is allowed to the client",
        "RFC 6749 §3.3",
        allowed,
    ) {
        return refuse("invalid_request", INVALID_SCOPE);
    }
    if !check(
        "phone, email and profile come with openid",
        "Cognito: authorize endpoint",
        has_openid_if_needed(&scopes),
    ) {
        return refuse("invalid_request", INVALID_SCOPE);
    }
    let code_challenge = query.only("code_challenge");
    let code_challenge_method = query.only("code_challenge_method");
    let pkce = match (code_challenge, code_challenge_method) {
        (None, None) => true,
        (Some(challenge), Some("S256")) => is_s256_challenge(challenge),
        _ => false,
    };
    if !check("PKCE is S256 or absent", "RFC 7636 §4.3", pkce) {
        return refuse("invalid_request", "code_challenge_method must be S256");
    }
    if !check(
        "prompt isn't none",
        "OIDC Core §3.1.2.6",
        query.only("prompt") != Some("none"),
    ) {
        return refuse("login_required", "nobody is signed in");
    }
    let app = AppRequest {
        client_id: client.client_id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state: state.map(str::to_owned),
        nonce: query.only("nonce").map(str::to_owned),
        code_challenge: code_challenge.map(str::to_owned),
        scopes,
    };
    let provider = &options.provider.name;
    match query.only(IDENTITY_PROVIDER) {
        Some(name) if name == provider && client.has_provider(provider) => Outcome::ToProvider(app),
        Some(COGNITO_PROVIDER) if client.takes_passwords() => Outcome::SignInPage(app),
        None => Outcome::SignInPage(app),
        Some(_) => {
            check(
                "identity_provider is one of the client's",
                "Cognito: authorize endpoint",
                false,
            );
            refuse("invalid_request", "Login option is not available")
        }
    }
}

/// Begins a login with the provider. Returns the provider's URL, and the value of the cookie.
fn to_provider(
    shared: &Shared,
    query: &Parameters,
    cookie: Option<&str>,
    app: AppRequest,
) -> Result<(String, String), Unspecified> {
    let provider = &shared.options.provider;
    let now = shared.options.clock.now();
    let (browser, state, scopes, extra) = {
        let mut kept = shared.state();
        let length = kept.variation.state_length;
        let browser = kept.logins.browser(cookie)?;
        let login = (app, Way::Provider);
        let state = kept.logins.begin(browser.clone(), login, length, now)?;
        let scopes = kept.authorize_scopes.clone();
        (
            browser,
            state,
            scopes,
            kept.variation.authorize_extra.clone(),
        )
    };
    let redirect_uri = shared.idpresponse_url();
    let mut parameters = vec![
        ("client_id", provider.client_id.as_str()),
        ("redirect_uri", redirect_uri.as_str()),
        ("scope", scopes.as_str()),
        ("response_type", "code"),
        ("state", state.as_str()),
    ];
    for name in ["prompt", "login_hint"] {
        parameters.extend(query.only(name).map(|value| (name, value)));
    }
    parameters.extend(
        extra
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    Ok((with_query(&provider.authorize_url, parameters), browser))
}

/// The URL of the app's callback with an error. Its parameters are in Cognito's order.
pub(crate) fn error_redirect(
    redirect_uri: &str,
    error: &str,
    description: Option<&str>,
    state: Option<&str>,
) -> String {
    let parameters = [
        ("error_description", description),
        ("state", state),
        ("error", Some(error)),
    ];
    with_query(
        redirect_uri,
        parameters
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    )
}

/// The parameters of a redirect, for the journal.
pub(crate) fn answer_of(url: &str) -> Vec<Parameter> {
    let query = url
        .split_once('?')
        .map(|(_, query)| query)
        .unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| journal_parameter(&name, &value))
        .collect()
}

/// Whether this is 32 bytes in base64url (RFC 7636 §4.2).
fn is_s256_challenge(challenge: &str) -> bool {
    challenge.len() == 43
        && challenge
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}
