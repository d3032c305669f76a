//! Cognito's own cookie, which binds a login to the browser that began it.

use axum::response::Response;
use http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use loopback::pages;

/// Its name.
const NAME: &str = "cognito";
/// Its attributes.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// The cookie's value, if the request has it.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    pages::cookie(headers, NAME)
}

/// The response, which gives the browser the cookie with this value.
pub(crate) fn with_cookie(response: Response, value: &str) -> Response {
    setting(response, &format!("{NAME}={value}; {ATTRIBUTES}"))
}

/// The response, which takes the cookie from the browser.
pub(crate) fn without_cookie(response: Response) -> Response {
    setting(response, &format!("{NAME}=; Max-Age=0; {ATTRIBUTES}"))
}

fn setting(mut response: Response, cookie: &str) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
