//! What the HTML pages of the stand-ins share: the frame, the language, and headers as strict as
//! those of the bridge's pages.
//! Each party has its own colour, so that people see whose site they are on. No page loads anything
//! from another site.
//! Pages are in Japanese at first. A link switches to English, and a cookie of the site remembers
//! the choice.

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HeaderMap,
    HeaderValue, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, StatusCode};
pub use language::Language;

use crate::journal::{Entry, Journal, Note};

/// The name of the query parameter that holds the chosen language.
pub const LANGUAGE: &str = "lang";

/// The name of the cookie that holds it. Ports don't separate cookies, so an app on `localhost`
/// gets it too: its name mustn't be one that apps use.
const LANGUAGE_COOKIE: &str = "stand-in-language";

/// The style of every page. The Content Security Policy names it by its hash.
const STYLE: &str = include_str!("../templates/style.css");

/// An icon: a white line on the site's colour, as a `data:` URL. Colour and line are literals that
/// need no escaping in a URL.
#[macro_export]
macro_rules! icon {
    ($colour:literal, $line:literal) => {
        concat!(
            "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E",
            "%3Crect width='16' height='16' rx='4' fill='%23",
            $colour,
            "'/%3E%3Cpath d='",
            $line,
            "' fill='none' stroke='%23fff' stroke-width='1.5'/%3E%3C/svg%3E"
        )
    };
}

/// The language of a request's page: that of the query, else that of the cookie, else the one that
/// the browser prefers, else Japanese. `query` is the value of the parameter [`LANGUAGE`].
#[must_use]
pub fn language(query: Option<&str>, headers: &HeaderMap) -> Language {
    query
        .and_then(Language::from_code)
        .or_else(|| cookie(headers, LANGUAGE_COOKIE).and_then(Language::from_code))
        .or_else(|| Language::preferred(headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?))
        .unwrap_or(Language::Japanese)
}

/// The site to which a page belongs. Each stand-in has one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Site {
    /// The class of the page's `body` element. `style.css` has to know it, because it selects the
    /// party's colour.
    pub class: &'static str,
    /// The icon in the browser's tab: a `data:` URL ([`icon!`](crate::icon)), so that the browser
    /// doesn't ask for `/favicon.ico`.
    pub icon: &'static str,
    /// What this site is, in Japanese. It is shown at the top of every page.
    pub label_ja: &'static str,
    /// The same in English.
    pub label_en: &'static str,
}

/// The frame around the content of every page, which `layout.html` shows.
pub struct Frame {
    /// The site to which the page belongs.
    pub site: Site,
    /// The page's language.
    pub language: Language,
    /// The title, which is also the first heading.
    pub title: String,
    /// The URL of the same page in the other language, as a relative reference. Empty if there is
    /// none.
    pub switch: String,
    /// The URL of a page that is shown beside this one ([`crate::beside`]).
    pub beside: Option<String>,
}

impl Frame {
    /// The frame of a page. `switch` is the URL of the same page in the other language, or empty.
    pub fn new(
        site: Site,
        language: Language,
        title: impl Into<String>,
        switch: impl Into<String>,
    ) -> Self {
        Self {
            site,
            language,
            title: title.into(),
            switch: switch.into(),
            beside: None,
        }
    }

    /// The one of two texts that is in the page's language.
    pub fn say<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.language.say(ja, en)
    }

    /// What the site is, in the page's language.
    pub fn label(&self) -> &'static str {
        self.language.say(self.site.label_ja, self.site.label_en)
    }

    /// The icon in the browser's tab, as a `data:` URL.
    pub fn icon(&self) -> &'static str {
        self.site.icon
    }

    /// The style of every page.
    pub fn style(&self) -> &'static str {
        STYLE
    }
}

/// The words of a page that a person reads, on one line: what the journal tells of an error page.
#[must_use]
pub fn as_read(language: Language, title: &str, sentences: &[&str]) -> String {
    match language {
        Language::Japanese => format!("「{title}」{}", sentences.concat()),
        Language::English => format!("“{title}” {}", sentences.join(" ")),
    }
}

/// The words of an error page, which goes with its response: see [`note_page`].
#[derive(Clone, Debug)]
struct AsRead(String);

/// A response that knows what a person reads on its page.
#[must_use]
pub fn with_words(mut response: Response, words: String) -> Response {
    response.extensions_mut().insert(AsRead(words));
    response
}

/// Notes in the journal what the person reads, if the response knows it.
pub fn note_page(journal: &Journal, entry: Entry, response: &Response) {
    if let Some(AsRead(words)) = response.extensions().get() {
        journal.note(entry, Note::Page(words.clone()));
    }
}

/// Where a page's forms may go (Content Security Policy, `form-action`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Forms {
    /// The page has no forms.
    None,
    /// To the same site, which answers with a page or with a redirect to itself.
    Own,
    /// To the same site, which redirects the browser to other sites. Browsers apply `form-action`
    /// to redirects too, and the page doesn't know where a login goes from here, so there is no
    /// `form-action`.
    Leaving,
}

/// The response with a page. `script` is the text of the page's only inline script, which the
/// Content Security Policy names by its hash.
pub fn page(
    status: StatusCode,
    template: &impl Template,
    forms: Forms,
    script: Option<&str>,
) -> Response {
    let Ok(html) = template.render() else {
        // Can't happen: the templates have no part that fails.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (status, html).into_response();
    for (name, value) in strict_headers(forms, script) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The headers of every page.
pub fn strict_headers(
    forms: Forms,
    script: Option<&str>,
) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let policy = content_security_policy(forms, script);
    // The policy is ASCII, so this doesn't fail. If it did, a page with the strictest policy would
    // be better than a page without one.
    let policy = HeaderValue::from_str(&policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // No Strict-Transport-Security: over http it must not be sent (RFC 6797 §7.2).
    ]
    .into_iter()
}

/// Adds to the response a cookie that remembers the language which the query has chosen, if it has
/// chosen one.
pub fn remembering(mut response: Response, chosen: Option<&str>) -> Response {
    if let Some(language) = chosen.and_then(Language::from_code) {
        let cookie = format!(
            "{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax",
            language.code()
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// The value of this cookie in the request.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}

fn content_security_policy(forms: Forms, script: Option<&str>) -> String {
    let mut policy = format!(
        "default-src 'none'; style-src {}; img-src data:; frame-ancestors 'none'; base-uri 'none'",
        hash(STYLE)
    );
    if let Some(script) = script {
        policy.push_str(&format!(
            "; script-src {}; connect-src 'self'",
            hash(script)
        ));
    }
    match forms {
        Forms::None => policy.push_str("; form-action 'none'"),
        Forms::Own => policy.push_str("; form-action 'self'"),
        Forms::Leaving => {}
    }
    policy
}

/// A hash source (Content Security Policy Level 3 §2.3.1).
fn hash(text: &str) -> String {
    format!(
        "'sha256-{}'",
        STANDARD.encode(digest(&SHA256, text.as_bytes()))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let pairs = pairs.iter().cloned();
        pairs
            .map(|(name, value)| (name, HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn the_query_wins_over_the_cookie_and_the_cookie_over_the_browser() {
        let english_browser = headers(&[(ACCEPT_LANGUAGE, "en-US,en;q=0.9,ja;q=0.8")]);
        let chosen = headers(&[
            (ACCEPT_LANGUAGE, "en-US"),
            (COOKIE, "lang=en; stand-in-language=ja"),
        ]);
        for (query, headers, expected) in [
            (None, &HeaderMap::new(), Language::Japanese),
            (
                None,
                &headers(&[(ACCEPT_LANGUAGE, "fr")]),
                Language::Japanese,
            ),
            (None, &english_browser, Language::English),
            (None, &chosen, Language::Japanese),
            (Some("en"), &chosen, Language::English),
            (Some("xx"), &chosen, Language::Japanese),
        ] {
            assert_eq!(language(query, headers), expected, "{query:?} {headers:?}");
        }
    }

    #[test]
    fn only_a_known_language_is_remembered() {
        let answer = || StatusCode::OK.into_response();
        assert!(
            remembering(answer(), Some("en\r\nx"))
                .headers()
                .get(SET_COOKIE)
                .is_none()
        );
        let remembered = remembering(answer(), Some("en"));
        assert!(
            remembered.headers()[SET_COOKIE]
                .to_str()
                .unwrap()
                .starts_with("stand-in-language=en; ")
        );
    }

    #[test]
    fn a_policy_allows_the_style_and_one_script_by_hash_and_nothing_else() {
        let policy = content_security_policy(Forms::None, None);
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(policy.contains("'; img-src data:; frame-ancestors 'none';"));
        assert!(policy.ends_with("; form-action 'none'"));
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"));
        let policy = content_security_policy(Forms::Leaving, Some("1"));
        assert!(policy.contains("; script-src 'sha256-") && !policy.contains("form-action"));
    }
}
