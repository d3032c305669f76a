//! The hosted page, on which people choose how they sign in at an app client: with the provider,
//! with a username and a password, or with either.

use axum::response::Response;
use loopback::pages::{LANGUAGE, Language};
use loopback::parameters::Parameters;

use crate::app_client::AppClient;
use crate::login_cookie::with_cookie;
use crate::native_users::NoSignIn;
use crate::pages::{ErrorPage, Offers, PasswordForm, sign_in_page};
use crate::pending_login::{AppRequest, Way};
use crate::shared::Shared;

/// The page's path.
pub(crate) const LOGIN: &str = "/login";
/// The parameter that names the provider.
pub(crate) const IDENTITY_PROVIDER: &str = "identity_provider";
/// The number of characters of the value that comes back with the form.
const FORM_STATE_LENGTH: usize = 64;

/// What the browser asked for, and how.
pub(crate) struct Asked<'a> {
    /// The app's parameters.
    pub(crate) query: &'a Parameters,
    pub(crate) cookie: Option<&'a str>,
    pub(crate) language: Language,
    /// What was wrong with the password that was sent, if one was.
    pub(crate) problem: Option<NoSignIn>,
}

/// The page for an app's request that was checked. If it has a form, a login begins that waits for
/// the form, and the cookie binds it to the browser.
pub(crate) fn show(shared: &Shared, app: AppRequest, asked: &Asked<'_>) -> Response {
    let options = &shared.options;
    let client = options.app_client(&app.client_id);
    let page = |form| {
        let offers = Offers {
            provider: client
                .filter(|client| client.has_provider(&options.provider.name))
                .map(|_| button(shared, asked)),
            form,
        };
        let other = asked.language.other();
        let switch = asked.query.encode_but(LANGUAGE, other.code());
        let language = (asked.language, &options.beside);
        sign_in_page(&offers, format!("{LOGIN}?{switch}"), language)
    };
    if !client.is_some_and(AppClient::takes_passwords) {
        return page(None);
    }
    let begun = {
        let mut kept = shared.state();
        let browser = kept.logins.browser(asked.cookie);
        browser.and_then(|browser| {
            let (login, now) = ((app, Way::Form), options.clock.now());
            let begun = kept
                .logins
                .begin(browser.clone(), login, FORM_STATE_LENGTH, now);
            begun.map(|token| (browser, token))
        })
    };
    let Ok((browser, token)) = begun else {
        return ErrorPage::Internal.in_language(asked.language);
    };
    let form = PasswordForm {
        action: format!("{LOGIN}?{}", asked.query.encode_with(&[])),
        token,
        problem: asked.problem,
    };
    with_cookie(page(Some(form)), &browser)
}

/// The text of the provider's button, and the link that leads to the provider.
fn button<'a>(shared: &'a Shared, asked: &Asked<'_>) -> (&'a str, String) {
    let provider = &shared.options.provider;
    let link = asked.query.encode_but(IDENTITY_PROVIDER, &provider.name);
    let (ja, en) = &provider.button;
    let text = asked.language.say(ja, en);
    (text, format!("/oauth2/authorize?{link}"))
}
