//! The person's part at Keycloak's pages, in a browser without a screen: name and password, then
//! consent.
//! The code recognises the pages by their forms, and ignores their text.

use login_kit::Form;
use loopback::user_agent::{ACCEPT_PAGE, Arrival, Page, UserAgent};
use url::Url;

/// The password of every test person.
pub(super) const PASSWORD: &str = "password";

/// The person's answer on the consent page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Consent {
    /// Yes.
    Given,
    /// No.
    Refused,
}

impl Consent {
    /// The name of Keycloak's button, which is also the stand-in's decision.
    pub(super) fn button(self) -> &'static str {
        match self {
            Self::Given => "accept",
            Self::Refused => "cancel",
        }
    }
}

/// Follows redirects to Keycloak's first page, or to where the login ends before.
pub(super) async fn arrive(
    browser: &UserAgent,
    start: &Url,
    until: impl Fn(&Url) -> bool,
) -> Arrival {
    let journey = browser.follow(start, ACCEPT_PAGE, until).await;
    journey.expect("redirects that a browser follows").end
}

/// Signs the person in, from Keycloak's first page to `until`, or to a page that asks for something
/// else.
pub(super) async fn sign_in(
    browser: &UserAgent,
    mut arrival: Arrival,
    person: &str,
    consent: Consent,
    until: impl Fn(&Url) -> bool,
) -> Arrival {
    // At most three forms: name and password, the same again if the page has expired, and consent.
    for _ in 0..3 {
        let Arrival::Page(page) = &arrival else {
            return arrival;
        };
        let Some(form) = filled(page, person, consent) else {
            return arrival;
        };
        let answer = form.submit(browser).await;
        arrival = match answer.redirect_target().expect("302 or 303") {
            Some(target) => arrive(browser, &target, &until).await,
            None => Arrival::Page(answer),
        };
    }
    arrival
}

/// The page's form with the person's answer, if the form asks for a password or for consent.
fn filled(page: &Page, person: &str, consent: Consent) -> Option<Form> {
    let forms = Form::all(page);
    let named = |name| forms.iter().find(|form| form.has(name)).cloned();
    if let Some(login) = named("password") {
        // Keycloak doesn't ask for the name of a person that it already knows.
        let login = if login.has("username") {
            login.filled("username", person)
        } else {
            login
        };
        return Some(login.filled("password", PASSWORD));
    }
    Some(named(consent.button())?.pressed(consent.button(), ""))
}
