//! A login as the browser saw it: every answer on the way, and where it ended.
//! For tests that look at each hop: its URL, its headers, its page.

use loopback::user_agent::{Arrival, Page, UserAgent};
use serde_json::Value;
use service_simulator::fault::Fault;
use url::Url;

/// Every answer that a browser got in one login.
#[derive(Debug)]
pub struct BrowserLogin {
    /// The answers in order: redirects, the test-card page, its form's answer, the consent, its
    /// form's answer, and the page at the end if there is one.
    pub answers: Vec<Page>,
    /// Where it ended: at a URL that the test waits for, which isn't requested, or on a page.
    pub end: Arrival,
}

impl BrowserLogin {
    /// Follows the browser from `start`; where it comes to the test-card page, `persona` and
    /// `fault` are chosen, and where it is asked for a consent, that is given.
    ///
    /// # Panics
    ///
    /// If it meets what no browser follows, such as a redirect with 307.
    pub async fn run(
        browser: &UserAgent,
        start: &Url,
        persona: &str,
        fault: Option<Fault>,
        until: impl Fn(&Url) -> bool,
    ) -> Self {
        let mut answers = Vec::new();
        let mut end = followed(&mut answers, browser, start, "application/json", &until).await;
        let answer = fault.map_or("normal", Fault::id);
        let choice = [("persona", persona), ("answer", answer)];
        for fields in [&choice[..], &[("decision", "accept")]] {
            let Some((action, login)) = form(&end) else {
                break;
            };
            answers.extend(page(&end));
            let fields: Vec<_> = fields.iter().copied().chain([("login", &*login)]).collect();
            let posted = browser.post_form(&action, "text/html", &fields).await;
            let posted = posted.expect("the page of the service answers");
            let Some(next) = posted.redirect_target().expect("302 or 303") else {
                return Self::ending(answers, Arrival::Page(posted));
            };
            answers.push(posted);
            // The service's pages are read as a program reads them, those of others as a person
            // does.
            let accept = if next.origin() == action.origin() {
                "application/json"
            } else {
                "text/html"
            };
            end = followed(&mut answers, browser, &next, accept, &until).await;
        }
        Self::ending(answers, end)
    }

    fn ending(mut answers: Vec<Page>, end: Arrival) -> Self {
        answers.extend(page(&end));
        Self { answers, end }
    }

    /// The answer of the host `host`.localhost to this path.
    ///
    /// # Panics
    ///
    /// If the login didn't come by there.
    #[must_use]
    pub fn answer(&self, host: &str, path: &str) -> &Page {
        let host = format!("{host}.localhost");
        let is = |page: &&Page| {
            page.url.host_str() == Some(host.as_str()) && page.url.path().ends_with(path)
        };
        self.answers
            .iter()
            .find(is)
            .unwrap_or_else(|| panic!("the login didn't come by {host} {path}"))
    }
}

fn page(arrival: &Arrival) -> Option<Page> {
    match arrival {
        Arrival::At(_) => None,
        Arrival::Page(page) => Some(page.clone()),
    }
}

/// Where the browser is led from here; what redirected it is added to the answers.
async fn followed(
    answers: &mut Vec<Page>,
    browser: &UserAgent,
    start: &Url,
    accept: &str,
    until: impl Fn(&Url) -> bool,
) -> Arrival {
    let journey = browser.follow(start, accept, until).await;
    let journey = journey.expect("redirects that a browser follows");
    answers.extend(journey.redirects);
    journey.end
}

/// The form of a page of the service: its address, and the login that waits.
fn form(arrival: &Arrival) -> Option<(Url, String)> {
    let page = page(arrival).filter(|page| page.status == 200)?;
    let form: Value = page.json().ok()?;
    let text = |name| form.get(name).and_then(Value::as_str);
    let action = page.url.join(text("action")?).ok()?;
    Some((action, text("login")?.to_owned()))
}
