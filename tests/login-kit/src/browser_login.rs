//! A login as the browser sees it: every answer on the way, and the end.
//! For tests that look at each hop: its URL, its headers, its page.

use loopback::user_agent::{Arrival, Page, UserAgent};
use serde_json::Value;
use service_simulator::fault::Fault;
use url::Url;

/// Every answer that a browser got in one login.
#[derive(Debug)]
pub struct BrowserLogin {
    /// The answers in order: redirects, the test-card page, the answer to its form, the consent
    /// page, the answer to its form, and the last page if the login ends on one.
    pub answers: Vec<Page>,
    /// The end: a URL that the test waits for and that isn't requested, or a page.
    pub end: Arrival,
}

impl BrowserLogin {
    /// Follows the browser from `start`. On the test-card page it chooses `persona` and `fault`; on
    /// the consent page it consents.
    ///
    /// # Panics
    ///
    /// If the service answers what no browser follows, such as a redirect with 307.
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
            // Asks the service's pages for JSON, and all other pages for HTML.
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

    /// The first answer of the host `host`.localhost to a path that ends with `path`.
    ///
    /// # Panics
    ///
    /// If there is no such answer.
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

/// Follows redirects from `start`, adds them to `answers`, and gives where the browser arrives.
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

/// The form of a page of the service: its address, and the id of the pending login.
fn form(arrival: &Arrival) -> Option<(Url, String)> {
    let page = page(arrival).filter(|page| page.status == 200)?;
    let form: Value = page.json().ok()?;
    let text = |name| form.get(name).and_then(Value::as_str);
    let action = page.url.join(text("action")?).ok()?;
    Some((action, text("login")?.to_owned()))
}
