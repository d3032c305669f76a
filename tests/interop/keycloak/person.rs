//! The person at Keycloak's pages, with a browser that has no screen: name and password, then
//! consent.
//! What the pages are is found out from their forms, and what they say is of no interest.

use login_kit::Form;
use loopback::user_agent::{ACCEPT_PAGE, Arrival, Page, UserAgent};
use url::Url;

/// The password of every test person.
pub(super) const PASSWORD: &str = "password";

/// What the person answers when asked whether the attributes may be handed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Consent {
    /// Yes.
    Given,
    /// No.
    Refused,
}

impl Consent {
    /// Keycloak's button, and the stand-in's decision: they have the same names.
    pub(super) fn button(self) -> &'static str {
        match self {
            Self::Given => "accept",
            Self::Refused => "cancel",
        }
    }
}

/// Follows the browser to Keycloak's first page, or to where it ends before.
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
    // Name and password, once more if the page has waited too long, and consent: three forms at
    // most.
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

/// The page's form with the person's answer, if it is one that asks for a password or for consent.
fn filled(page: &Page, person: &str, consent: Consent) -> Option<Form> {
    let forms = Form::all(page);
    let named = |name| forms.iter().find(|form| form.has(name)).cloned();
    if let Some(login) = named("password") {
        // Whom Keycloak knows already isn't asked for the name again.
        let login = if login.has("username") {
            login.filled("username", person)
        } else {
            login
        };
        return Some(login.filled("password", PASSWORD));
    }
    Some(named(consent.button())?.pressed(consent.button(), ""))
}
