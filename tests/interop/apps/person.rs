//! A person who signs in at an app with their browser, and what an app then has to show.

use login_kit::{Form, Page, browser};
use loopback::user_agent::{ACCEPT_PAGE, Arrival, UserAgent};
use serde_json::{Value, json};
use url::Url;

use crate::cognito::{Cognito, name_of};

/// More buttons than there are on the way of a login.
const BUTTONS: usize = 4;

impl Cognito {
    /// Requires that the claims of an ID token are what the scopes ask for, of this person, for the
    /// app.
    pub(super) fn issued_claims(&self, claims: &Value, person: &str, is_over_20: bool) {
        for (claim, value) in [
            ("name", json!(name_of(person))),
            ("age_over_20", json!(is_over_20)),
            ("iss", json!(self.text("issuer"))),
            ("token_use", json!("id")),
        ] {
            assert_eq!(claims[claim], value, "{claim}");
        }
        // A list with one audience is the same (RFC 7519 §4.1.3).
        let audiences = claims["aud"].as_array();
        let audience = audiences.map_or(&claims["aud"], |all| &all[0]);
        assert_eq!(audience, self.text("client_id"));
        for other in [
            "address",
            "birthdate",
            "gender",
            "prefecture",
            "age_over_18",
        ] {
            assert_eq!(claims[other], Value::Null, "{other}");
        }
    }

    /// Requires that a login of an app with a callback that isn't registered ends on a page of
    /// Cognito, which says what is registered. `start` begins the login, `back` is the callback.
    pub(super) async fn refuses_callback(
        &self,
        person: &Person,
        start: &str,
        back: &str,
        registered: &str,
    ) {
        let journey = person.go(start, |url| url.as_str().starts_with(back)).await;
        let page = journey.page();
        assert_eq!(page.status, 400);
        assert!(page.url.as_str().starts_with(self.text("domain")));
        let text = page.text();
        for told in ["redirect_mismatch", registered] {
            assert!(text.contains(told), "{text}");
        }
    }
}

/// A browser, and the person in front of it.
pub(super) struct Person {
    pub(super) browser: UserAgent,
}

/// Where a journey of the browser ended, and the answers that led there.
pub(super) struct Journey {
    pub(super) redirects: Vec<Page>,
    pub(super) end: Arrival,
}

impl Person {
    pub(super) fn new() -> Self {
        Self { browser: browser() }
    }

    /// Goes to a URL of an app, and where it leads. On a page with one button, the person presses
    /// it: the app's, or that of the provider on Cognito's hosted page. The journey ends at another
    /// page, or at a URL for which `until` is true.
    pub(super) async fn go(&self, url: &str, until: impl Fn(&Url) -> bool) -> Journey {
        let mut next = Url::parse(url).unwrap();
        let mut redirects = Vec::new();
        for _ in 0..BUTTONS {
            let journey = self.browser.follow(&next, ACCEPT_PAGE, &until).await;
            let journey = journey.expect("redirects that a browser follows");
            redirects.extend(journey.redirects);
            let end = journey.end;
            match self.pressed(&end).await {
                Some(pressed) => next = pressed,
                None => return Journey { redirects, end },
            }
        }
        panic!("at {next} the same button again");
    }

    /// Where the only button of a page leads, if it has one.
    async fn pressed(&self, arrival: &Arrival) -> Option<Url> {
        let Arrival::Page(page) = arrival else {
            return None;
        };
        if let [form] = &Form::all(page)[..] {
            let answer = form.submit(&self.browser).await;
            return answer.redirect_target().expect("302 or 303");
        }
        let html = page.text();
        let (_, rest) = html.split_once("<a class=\"button wide\" href=\"")?;
        let (link, _) = rest.split_once('"')?;
        page.url.join(&link.replace("&#38;", "&")).ok()
    }
}

impl Journey {
    /// The page at its end.
    pub(super) fn page(&self) -> &Page {
        match &self.end {
            Arrival::Page(page) => page,
            Arrival::At(url) => panic!("at {url}"),
        }
    }

    /// Whether the browser was, on the way, at a URL that begins like this.
    pub(super) fn passed(&self, beginning: &str) -> bool {
        let mut redirects = self.redirects.iter();
        redirects.any(|page| page.url.as_str().starts_with(beginning))
    }
}
