//! What is shown beside the pages of the stand-ins, where the window is wide enough: a page of the
//! demo's app, in a frame. The pages of the real functions never have a frame.

use std::sync::{Arc, PoisonError, RwLock};

use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_SECURITY_POLICY;
use url::Url;

use crate::pages::Frame;

/// The page beside the pages of the stand-ins: none at first. Clones share it. There is one for the
/// whole machine, because a stand-in can't tell whose login at the app a request belongs to.
#[derive(Clone, Debug, Default)]
pub struct Beside(Arc<RwLock<Option<Url>>>);

impl Beside {
    /// Shows this page from now on, or none.
    pub fn show(&self, page: Option<Url>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = page;
    }

    /// The page that is shown now.
    #[must_use]
    pub fn page(&self) -> Option<Url> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts the page into the frame of a stand-in's page.
    #[must_use]
    pub fn frame(&self, frame: Frame) -> Frame {
        Frame {
            beside: self.page().map(String::from),
            ..frame
        }
    }

    /// Allows a response to have the frame (Content Security Policy Level 3, `frame-src`).
    #[must_use]
    pub fn allow(&self, mut response: Response) -> Response {
        let policy = response.headers().get(CONTENT_SECURITY_POLICY);
        let allowed = policy.and_then(|policy| self.allowed(policy));
        if let Some(allowed) = allowed {
            response
                .headers_mut()
                .insert(CONTENT_SECURITY_POLICY, allowed);
        }
        response
    }

    /// The policy with which a page may have the frame; `None` if nothing is shown.
    #[must_use]
    pub fn allowed(&self, policy: &HeaderValue) -> Option<HeaderValue> {
        let origin = self.page()?.origin().ascii_serialization();
        let policy = policy.to_str().ok()?;
        HeaderValue::from_str(&format!("{policy}; frame-src {origin}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use http::StatusCode;

    use super::*;

    #[test]
    fn a_page_may_have_the_frame_of_one_origin_only_while_it_is_shown() {
        let beside = Beside::default();
        let policy = || {
            let mut response = StatusCode::OK.into_response();
            let strict = HeaderValue::from_static("default-src 'none'");
            let headers = response.headers_mut();
            headers.insert(CONTENT_SECURITY_POLICY, strict);
            beside.allow(response).headers()[CONTENT_SECURITY_POLICY].clone()
        };
        assert_eq!(policy(), "default-src 'none'");
        let page = Url::parse("http://app.localhost:8700/watch/a?b").unwrap();
        beside.clone().show(Some(page));
        let expected = "default-src 'none'; frame-src http://app.localhost:8700";
        assert_eq!(policy(), expected);
        beside.show(None);
        assert_eq!(policy(), "default-src 'none'");
    }
}
