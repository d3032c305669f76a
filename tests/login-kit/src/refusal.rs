//! How something was refused, exactly: to whom it was told, with which OAuth error, and with which
//! class.
//! The support id is checked for its form and left out, since it is another one each time.

use loopback::user_agent::{Arrival, Page};

use crate::Answer;

/// A refusal as it arrived.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The browser is back at the client (RFC 6749 §4.1.2.1).
    AtClient {
        /// `error`.
        error: String,
        /// The class.
        class: String,
        /// `state`.
        state: Option<String>,
    },
    /// The browser is on a page of the bridge.
    OnPage {
        /// The status.
        status: u16,
        /// The class.
        class: String,
    },
    /// JSON of the back channel (RFC 6749 §5.2).
    Json {
        /// The status.
        status: u16,
        /// `error`.
        error: String,
        /// The class.
        class: String,
    },
}

impl Refusal {
    /// Told to the client with this error, class and state.
    #[must_use]
    pub fn at_client(error: &str, class: &str, state: Option<&str>) -> Self {
        Self::AtClient {
            error: error.to_owned(),
            class: class.to_owned(),
            state: state.map(str::to_owned),
        }
    }

    /// Told to the person.
    #[must_use]
    pub fn on_page(status: u16, class: &str) -> Self {
        Self::OnPage {
            status,
            class: class.to_owned(),
        }
    }

    /// Told to the back channel.
    #[must_use]
    pub fn json(status: u16, error: &str, class: &str) -> Self {
        Self::Json {
            status,
            error: error.to_owned(),
            class: class.to_owned(),
        }
    }

    /// Where and how a browser's way ended.
    ///
    /// # Panics
    ///
    /// If it is no refusal, or one that says more than it may.
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

    /// A page of the bridge.
    ///
    /// # Panics
    ///
    /// If it is none that tells of a refusal.
    #[must_use]
    pub fn of_page(page: &Page) -> Self {
        Self::of_html(page.status.as_u16(), &page.text())
    }

    /// An answer of the back channel: JSON, or a page where the path isn't one of the back channel.
    ///
    /// # Panics
    ///
    /// If it is no refusal.
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

/// The class of `<class> <support id>`.
fn class_of(description: &str) -> String {
    let (class, support_id) = description.split_once(' ').expect("class and support id");
    let halves: Vec<_> = support_id.split('-').map(str::len).collect();
    assert_eq!(halves, [4, 4], "a support id");
    class.to_owned()
}
