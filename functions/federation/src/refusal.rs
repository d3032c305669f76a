//! A request that isn't granted, on its way to the answer: why, where it is told, and what is known
//! of the login. The router makes answer, log event and metric of it.

use std::fmt;

use digital_auth::id_token::Subject;
use http::Method;

use crate::failure::Class;

/// A request that isn't granted.
pub struct Refusal {
    /// Why.
    pub class: Class,
    /// Where it is told.
    pub told: Told,
    /// The line that ends the login's cookie, if it is known which it is.
    pub end_cookie: Option<String>,
    /// Whose login it was, if the service has said so.
    pub person: Option<Subject>,
    /// The methods that the endpoint has, where the request's isn't one of them (RFC 9110 §15.5.6).
    pub allow: Option<&'static [Method]>,
}

/// Where a failure is told.
pub enum Told {
    /// To the person: nobody else is known, or what came isn't the client's.
    Page,
    /// To the client, through the browser: client and redirect URI are known.
    Redirect {
        /// One of those that are configured.
        redirect_uri: String,
        /// The client's state, if it sent one.
        state: Option<String>,
    },
    /// To a program.
    Json,
    /// To whoever brought an access token, or should have.
    Bearer,
}

impl Refusal {
    /// Told to the person: until client and redirect URI are known, nothing is redirected.
    #[must_use]
    pub fn on_page(class: Class) -> Self {
        Self::told(Told::Page, class)
    }

    /// Told to the client.
    #[must_use]
    pub fn to_client(class: Class, redirect_uri: &str, state: Option<&str>) -> Self {
        let told = Told::Redirect {
            redirect_uri: redirect_uri.to_owned(),
            state: state.map(str::to_owned),
        };
        Self::told(told, class)
    }

    /// Told there, and nothing more is known.
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

    /// Whether the client is told: then the login is one that it began.
    #[must_use]
    pub fn is_told_to_client(&self) -> bool {
        matches!(self.told, Told::Redirect { .. })
    }
}

/// Only the class: the client's state is nobody else's, and a person is no word for a log.
impl fmt::Debug for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Refusal({})", self.class)
    }
}
