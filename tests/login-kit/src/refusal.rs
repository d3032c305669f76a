//! How the bridge refused a request: to whom it answered, with which OAuth error, and with which
//! class of failure. Tests compare it as a whole.
//! The support id differs each time, so its form is checked, and it is left out.

use loopback::user_agent::{Arrival, Page};

use crate::Answer;

/// A refusal, read from an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The browser was sent back to the client with an error (RFC 6749 §4.1.2.1).
    AtClient {
        /// `error`.
        error: String,
        /// The class of failure.
        class: String,
        /// `state`, if there is one.
        state: Option<String>,
    },
    /// The browser is on a page of the bridge.
    OnPage {
        /// The HTTP status.
        status: u16,
        /// The class of failure.
        class: String,
    },
    /// The client got an OAuth error as JSON (RFC 6749 §5.2).
    Json {
        /// The HTTP status.
        status: u16,
        /// `error`.
        error: String,
        /// The class of failure.
        class: String,
    },
}

impl Refusal {
    /// The browser was sent back to the client with this error, class and state.
    #[must_use]
    pub fn at_client(error: &str, class: &str, state: Option<&str>) -> Self {
        Self::AtClient {
            error: error.to_owned(),
            class: class.to_owned(),
            state: state.map(str::to_owned),
        }
    }

    /// The person saw a page with this status and class.
    #[must_use]
    pub fn on_page(status: u16, class: &str) -> Self {
        Self::OnPage {
            status,
            class: class.to_owned(),
        }
    }

    /// The client got this status, error and class as JSON.
    #[must_use]
    pub fn json(status: u16, error: &str, class: &str) -> Self {
        Self::Json {
            status,
            error: error.to_owned(),
            class: class.to_owned(),
        }
    }

    /// The refusal at which a browser arrived.
    ///
    /// # Panics
    ///
    /// If the browser arrived at something else, or at a refusal that has further parameters.
    #[must_use]
    pub fn of(arrival: &Arrival) -> Self {
        let url = match arrival {
            Arrival::Page(page) => return Self::of_page(page),
            Arrival::At(url) => url,
        };
        let (mut error, mut class, mut state) = (None, None, None);
        for (name, value) in url.query_pairs() {
            let place = match &*name {
                "error" => &mut error,
                "error_description" => &mut class,
                "state" => &mut state,
                other => panic!("{other} has no place beside an error"),
            };
            assert!(
                place.replace(value.into_owned()).is_none(),
                "{name} comes twice"
            );
        }
        Self::AtClient {
            error: error.expect("an error"),
            class: class_of(&class.expect("a description")),
            state,
        }
    }

    /// The refusal that a page of the bridge shows.
    ///
    /// # Panics
    ///
    /// If the page shows no refusal.
    #[must_use]
    pub fn of_page(page: &Page) -> Self {
        Self::of_html(page.status.as_u16(), &page.text())
    }

    /// The refusal in an answer to the client: JSON, or a page if the path is not one of the
    /// client's endpoints.
    ///
    /// # Panics
    ///
    /// If the answer is no refusal.
    #[must_use]
    pub fn of_answer(answer: &Answer) -> Self {
        if answer
            .headers
            .get("content-type")
            .is_some_and(|media| media.starts_with("text/html"))
        {
            return Self::of_html(answer.status, &answer.body);
        }
        let json = answer.json();
        let members = json.as_object().map_or(0, serde_json::Map::len);
        assert_eq!(members, 2, "error and description, and no more");
        Self::Json {
            status: answer.status,
            error: answer.text("error").expect("an error"),
            class: class_of(&answer.text("error_description").expect("a description")),
        }
    }

    fn of_html(status: u16, html: &str) -> Self {
        let between = |start: &str, end: &str| {
            let (_, rest) = html.split_once(start)?;
            rest.split_once(end).map(|(inner, _)| inner)
        };
        let class = between("<small>", "</small>").expect("a class");
        let support_id = between("<code>", "</code>").expect("a support id");
        Self::OnPage {
            status,
            class: class_of(&format!("{class} {support_id}")),
        }
    }
}

/// The class in `<class> <support id>`.
fn class_of(description: &str) -> String {
    let (class, support_id) = description.split_once(' ').expect("class and support id");
    let halves: Vec<_> = support_id.split('-').map(str::len).collect();
    assert_eq!(halves, [4, 4], "a support id");
    class.to_owned()
}
