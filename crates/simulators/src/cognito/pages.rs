//! What a person sees of Cognito itself: the hosted page with the provider's button, and errors.
//! Cognito's own wording for errors, so that people who search for it find it.
//! Nothing that came with the request is shown but what was checked.

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue, LOCATION};

/// Something that Cognito says on a page of its own, because there is no app to send it to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ErrorPage {
    /// The app or its callback URL is unknown, or the request is malformed.
    BadRequest,
    /// The cookie from the start of the login isn't there.
    Unavailable,
    /// The state isn't one that waits for an answer.
    InvalidState,
    /// The login took longer than five minutes.
    TooLate,
    /// The stand-in itself failed.
    Internal,
}

impl ErrorPage {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest => (
                "An error was encountered with the requested page.",
                "Invalid request",
            ),
            Self::Unavailable => (
                "Login pages unavailable",
                "Please contact an administrator: no cookie came back.",
            ),
            Self::InvalidState => (
                "An error was encountered with the requested page.",
                "Invalid state",
            ),
            Self::TooLate => (
                "Something went wrong",
                "The sign-in took longer than five minutes.",
            ),
            Self::Internal => ("Something went wrong", "The stand-in itself failed."),
        }
    }
}

impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        let (title, text) = self.text();
        let body = page(title, &format!("<p>{}</p>", escape(text)));
        no_store((self.status(), Html(body)).into_response())
    }
}

/// The hosted page: one way to sign in.
pub(super) fn sign_in_page(provider_name: &str, link: &str) -> Response {
    let body = format!(
        r#"<p><a href="{}">{}</a></p>"#,
        escape(link),
        escape(&format!("Continue with {provider_name}"))
    );
    no_store(Html(page("Sign in", &body)).into_response())
}

/// 302, as Cognito redirects.
pub(super) fn redirect(url: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(url) else {
        return ErrorPage::BadRequest.into_response();
    };

    let mut response = StatusCode::FOUND.into_response();
    response.headers_mut().insert(LOCATION, location);
    no_store(response)
}

/// Nothing of a login may stay in a cache.
pub(super) fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

fn escape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&#39;".to_owned(),
            c => c.to_string(),
        })
        .collect()
}
