//! A refused request, before it becomes an answer: the reason, where it is reported, and what is
//! known of the login. The router makes the answer, the log event and the metric from it.

use std::fmt;

use digital_auth::id_token::Subject;
use http::Method;
use member_flow::Ticket;

use relying_party::Class;

use crate::pending_cookie::Pending;

/// A refused request.
pub struct Refusal {
    /// The reason.
    pub class: Class,
    /// Where the failure is reported.
    pub told: Told,
    /// The `Set-Cookie` line that ends the login's cookie, if it is known which login it is.
    pub end_cookie: Option<String>,
    /// The person whose login it was, if the service has already said so.
    pub person: Option<Subject>,
    /// The methods that the endpoint supports, if the request's method isn't one of them
    /// (RFC 9110 §15.5.6).
    pub allow: Option<&'static [Method]>,
}

/// Where a failure is reported.
pub enum Told {
    /// To the person, on a page: the client isn't known, or the request doesn't come from the
    /// client. `None`: nothing says whether it is a login or a verification.
    Page(Option<Pending>),
    /// To the client, by a redirect of the browser: client and redirect URI are known.
    Redirect {
        /// One of the configured redirect URIs.
        redirect_uri: String,
        /// The client's state, if it sent one.
        state: Option<String>,
    },
    /// To the app of a member, by a redirect of the browser: its ticket has one of the configured
    /// return URLs.
    Return(Box<Ticket>),
    /// To a program, as JSON.
    Json,
    /// To the sender of an access token, or of a request that lacks one (RFC 6750 §3).
    Bearer,
}

impl Refusal {
    /// A refusal that is reported on a page: nothing is redirected before client and redirect URI
    /// are known.
    #[must_use]
    pub fn on_page(class: Class) -> Self {
        Self::on_page_of(Pending::Login, class)
    }

    /// As [`on_page`](Self::on_page), on the page of a login or of a verification.
    #[must_use]
    pub fn on_page_of(pending: Pending, class: Class) -> Self {
        Self::told(Told::Page(Some(pending)), class)
    }

    /// As [`on_page`](Self::on_page), where nothing says whether it is a login or a verification.
    #[must_use]
    pub fn on_neutral_page(class: Class) -> Self {
        Self::told(Told::Page(None), class)
    }

    /// A refusal that is reported to the client by a redirect.
    #[must_use]
    pub fn to_client(class: Class, redirect_uri: &str, state: Option<&str>) -> Self {
        let told = Told::Redirect {
            redirect_uri: redirect_uri.to_owned(),
            state: state.map(str::to_owned),
        };
        Self::told(told, class)
    }

    /// A refusal that is reported to the app of a member by a redirect.
    #[must_use]
    pub fn to_app(class: Class, ticket: Ticket) -> Self {
        Self::told(Told::Return(Box::new(ticket)), class)
    }

    /// A refusal that is reported there. Nothing of the login is known.
    #[must_use]
    pub fn told(told: Told, class: Class) -> Self {
        Self {
            class,
            told,
            end_cookie: None,
            person: None,
            allow: None,
        }
    }

    /// Whether the failure is reported to the client by a redirect. Then the client began the
    /// login.
    #[must_use]
    pub fn is_told_to_client(&self) -> bool {
        matches!(self.told, Told::Redirect { .. })
    }
}

/// Shows only the class: the client's state and the person's subject must not get into a log.
impl fmt::Debug for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Refusal({})", self.class)
    }
}
