//! A login as the browser saw it: every answer on the way, and where it ended.
//! For tests that look at each hop: its URL, its headers, its page.

use serde_json::Value;
use simulators::fault::Fault;
use simulators::user_agent::{Arrival, Page, UserAgent};
use url::Url;

/// Every answer that a browser got in one login.
#[derive(Debug)]
pub struct BrowserLogin {
    /// The answers in order: redirects, the test-card page, its form's answer, and the page at the end if there is one.
    pub answers: Vec<Page>,
    /// Where it ended: at a URL that the test waits for, which isn't requested, or on a page.
    pub end: Arrival,
}

impl BrowserLogin {
    /// Follows the browser from `start`; where it comes to the test-card page, `persona` and `fault` are chosen.
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
        let journey = browser.follow(start, "application/json", &until).await;
        let journey = journey.expect("redirects that a browser follows");
        let mut answers = journey.redirects;
        let Some((action, login)) = choice(&journey.end) else {
            return Self::ending(answers, journey.end);
        };
        answers.extend(page(&journey.end));

        let answer = fault.map_or("normal", Fault::id);
        let form = [("login", &*login), ("persona", persona), ("answer", answer)];
        let posted = browser.post_form(&action, "text/html", &form).await;
        let posted = posted.expect("the test-card page answers");
        let back = posted.redirect_target().expect("302 or 303");
        let Some(back) = back else {
            return Self::ending(answers, Arrival::Page(posted));
        };
        answers.push(posted);
        let journey = browser.follow(&back, "text/html", &until).await;
        let journey = journey.expect("redirects that a browser follows");
        answers.extend(journey.redirects);
        Self::ending(answers, journey.end)
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

/// The form of the test-card page: its address, and the login that waits.
fn choice(arrival: &Arrival) -> Option<(Url, String)> {
    let page = page(arrival).filter(|page| page.status == 200)?;
    let choice: Value = page.json().ok()?;
    let text = |name| choice.get(name).and_then(Value::as_str);
    let action = page.url.join(text("action")?).ok()?;
    Some((action, text("login")?.to_owned()))
}
