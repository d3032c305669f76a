//! A browser without a screen: it handles redirects, cookies and forms as Chromium does.
//! `*.localhost` is this machine and counts as secure. Cookies follow RFC 6265bis, with the rules
//! for `__Host-`, `__Secure-` and `SameSite`. A redirect with 307 or 308 is an error, because no
//! hop of a login may repeat a form.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cookie_store::{CookieDomain, CookieStore, RawCookie};
use http::header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::names::{BodyError, LoopbackNames, is_loopback, read_body};

/// The largest body that is read: 1 MiB.
pub const BODY_LIMIT: usize = 1 << 20;
/// The most redirects that [`UserAgent::follow`] follows, as Chromium does.
pub const REDIRECT_LIMIT: usize = 20;
/// The longest that one call may take, with all its redirects.
pub const TIME_LIMIT: Duration = Duration::from_secs(35);
/// The most bytes of a cookie's name and value together (RFC 6265bis §5.6).
pub const COOKIE_LIMIT: usize = 4096;
/// The header `Accept` of a browser that goes to a page.
pub const ACCEPT_PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// Why the browser couldn't show a page. No variant carries a URL: URLs carry codes.
#[derive(Debug, thiserror::Error)]
pub enum UserAgentError {
    /// The HTTP client couldn't be made.
    #[error("the HTTP client can't be made")]
    Client(#[source] reqwest::Error),
    /// The URL isn't `http` on this machine, or `https` of an authority that is trusted.
    #[error("only http on loopback is visited, and https if its authority is trusted")]
    NotLoopback,
    /// There was no connection, or it broke.
    #[error("no answer")]
    Connection(#[source] reqwest::Error),
    /// The whole call took longer than [`TIME_LIMIT`].
    #[error("no answer within {} s", TIME_LIMIT.as_secs())]
    TimedOut,
    /// The body is larger than [`BODY_LIMIT`].
    #[error("the page is larger than {BODY_LIMIT} bytes")]
    BodyTooLarge,
    /// More than [`REDIRECT_LIMIT`] redirects.
    #[error("more than {REDIRECT_LIMIT} redirects")]
    TooManyRedirects,
    /// A redirect other than 302 and 303 (RFC 9700 §4.12).
    #[error("a redirect with status {status}: only 302 and 303 are allowed in a login")]
    ForbiddenRedirect {
        /// The status of the answer.
        status: StatusCode,
    },
    /// A redirect whose `Location` is missing or isn't a URL.
    #[error("a redirect without a usable Location")]
    MalformedLocation,
    /// The body isn't JSON of the expected form.
    #[error("the page is no JSON of the expected form")]
    Json(#[source] serde_json::Error),
}

/// An answer as the browser got it.
#[derive(Clone)]
pub struct Page {
    /// The URL that was requested.
    pub url: Url,
    /// The status of the answer.
    pub status: StatusCode,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The body, at most [`BODY_LIMIT`] bytes.
    pub body: Vec<u8>,
}

impl fmt::Debug for Page {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Page")
            .field("path", &self.url.path())
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Page {
    /// The body as text. Bytes that aren't UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`UserAgentError::Json`] if it isn't JSON of that form.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, UserAgentError> {
        serde_json::from_slice(&self.body).map_err(UserAgentError::Json)
    }

    /// The first value of a header, if it is there and printable ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The URL to which the browser is redirected. `None` if the answer isn't a redirect.
    ///
    /// # Errors
    /// [`UserAgentError::ForbiddenRedirect`] for a redirect with a status other than 302 and 303,
    /// [`UserAgentError::MalformedLocation`] if `Location` is missing or isn't a URL.
    pub fn redirect_target(&self) -> Result<Option<Url>, UserAgentError> {
        if !self.status.is_redirection() || self.status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        if self.status != StatusCode::FOUND && self.status != StatusCode::SEE_OTHER {
            return Err(UserAgentError::ForbiddenRedirect {
                status: self.status,
            });
        }
        let location = self
            .headers
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .ok_or(UserAgentError::MalformedLocation)?;
        self.url
            .join(location)
            .map(Some)
            .map_err(|_| UserAgentError::MalformedLocation)
    }
}

/// The end of a journey of redirects.
#[derive(Clone)]
pub enum Arrival {
    /// The journey came to the URL at which the caller wanted to stop. It was not requested.
    At(Url),
    /// The journey came to an answer that isn't a redirect.
    Page(Page),
}

impl fmt::Debug for Arrival {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(url) => formatter.debug_tuple("At").field(&url.path()).finish(),
            Self::Page(page) => formatter.debug_tuple("Page").field(page).finish(),
        }
    }
}

/// The redirects that were followed, and where they ended.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Every answer that was a redirect, in order.
    pub redirects: Vec<Page>,
    /// Where it ended.
    pub end: Arrival,
}

impl Journey {
    /// The URL at which the caller wanted to stop, if the journey came there.
    #[must_use]
    pub fn arrived_at(&self) -> Option<&Url> {
        match &self.end {
            Arrival::At(url) => Some(url),
            Arrival::Page(_) => None,
        }
    }

    /// The page at which the journey ended, if it ended at one.
    #[must_use]
    pub fn page(&self) -> Option<&Page> {
        match &self.end {
            Arrival::At(_) => None,
            Arrival::Page(page) => Some(page),
        }
    }
}

/// A cookie as the jar holds it. `Debug` doesn't show its value.
#[derive(Clone, Eq, PartialEq)]
pub struct HeldCookie {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// The path that it is sent to.
    pub path: String,
    /// Whether scripts can't see it.
    pub http_only: bool,
    /// Whether it is sent to secure origins only.
    pub secure: bool,
    /// The text `Strict`, `Lax` or `None`. The option is `None` if the server set no `SameSite`,
    /// which means `Lax`.
    pub same_site: Option<String>,
}

impl HeldCookie {
    /// Bytes of name and value together: what [`COOKIE_LIMIT`] counts.
    #[must_use]
    pub fn size(&self) -> usize {
        self.name.len() + self.value.len()
    }
}

impl fmt::Debug for HeldCookie {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HeldCookie")
            .field("name", &self.name)
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

/// One tab of a browser. Tabs made by [`UserAgent::new_tab`] share the cookies.
#[derive(Debug)]
pub struct UserAgent {
    http: reqwest::Client,
    /// Whether `https` is visited, too: only with an authority that is trusted.
    https: bool,
    accept_language: String,
    jar: Jar,
    /// The URL of the page that is shown. Its site is the one that starts the next navigation,
    /// which decides which `SameSite` cookies are sent.
    document: Mutex<Option<Url>>,
}

impl UserAgent {
    /// A browser with an empty jar that sends this `Accept-Language`, for example `ja` or
    /// `en-US,en;q=0.9`.
    ///
    /// # Errors
    /// [`UserAgentError::Client`] if the HTTP client can't be made.
    pub fn new(accept_language: impl Into<String>) -> Result<Self, UserAgentError> {
        Self::at(accept_language, None)
    }

    /// Like [`UserAgent::new`], but it trusts the certificates of this authority, in PEM, for
    /// `https`.
    ///
    /// # Errors
    /// [`UserAgentError::Client`] if this is no certificate, or the HTTP client can't be made.
    pub fn trusting(
        accept_language: impl Into<String>,
        authority: &str,
    ) -> Result<Self, UserAgentError> {
        let authority = reqwest::Certificate::from_pem(authority.as_bytes());
        let authority = authority.map_err(UserAgentError::Client)?;
        let http = client(None).tls_certs_only([authority]);
        Self::with(accept_language, http, true)
    }

    /// Like [`UserAgent::new`], but requests come from this address of this machine (one of
    /// 127.0.0.0/8). `None` means the usual one.
    ///
    /// # Errors
    /// [`UserAgentError::Client`] if the HTTP client can't be made.
    pub fn at(
        accept_language: impl Into<String>,
        address: Option<Ipv4Addr>,
    ) -> Result<Self, UserAgentError> {
        Self::with(accept_language, client(address).tls_certs_only([]), false)
    }

    fn with(
        accept_language: impl Into<String>,
        http: reqwest::ClientBuilder,
        https: bool,
    ) -> Result<Self, UserAgentError> {
        let http = http.build().map_err(UserAgentError::Client)?;
        Ok(Self {
            http,
            https,
            accept_language: accept_language.into(),
            jar: Jar::default(),
            document: Mutex::default(),
        })
    }

    /// Another tab of the same browser: the same cookies, an empty page.
    #[must_use]
    pub fn new_tab(&self) -> Self {
        Self {
            http: self.http.clone(),
            https: self.https,
            accept_language: self.accept_language.clone(),
            jar: self.jar.clone(),
            document: Mutex::default(),
        }
    }

    /// Goes to a URL as if a person had typed it: no site has started the navigation. Redirects
    /// aren't followed.
    ///
    /// # Errors
    /// See [`UserAgentError`]; a status such as 400 is a page and no error.
    pub async fn get(&self, url: &Url, accept: &str) -> Result<Page, UserAgentError> {
        bounded(self.navigate(Method::GET, url, accept, None, None)).await
    }

    /// Sends the form of the page that is shown. Redirects aren't followed: give
    /// [`Page::redirect_target`] to [`UserAgent::follow`].
    ///
    /// # Errors
    /// See [`UserAgentError`].
    pub async fn post_form(
        &self,
        url: &Url,
        accept: &str,
        form: &[(&str, &str)],
    ) -> Result<Page, UserAgentError> {
        let initiator = self.document();
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        bounded(self.navigate(Method::POST, url, accept, initiator.as_ref(), Some(form))).await
    }

    /// Follows a link (or a redirect) of the page that is shown, and then every 302 and 303. It
    /// ends at a page that isn't a redirect, or at a URL for which `until` returns true; that URL
    /// isn't requested.
    ///
    /// # Errors
    /// See [`UserAgentError`]; 307 and 308 are errors.
    pub async fn follow(
        &self,
        url: &Url,
        accept: &str,
        until: impl Fn(&Url) -> bool,
    ) -> Result<Journey, UserAgentError> {
        let initiator = self.document();
        bounded(async {
            let mut next = url.clone();
            let mut redirects = Vec::new();
            loop {
                if until(&next) {
                    return Ok(Journey {
                        redirects,
                        end: Arrival::At(next),
                    });
                }
                let page = self
                    .navigate(Method::GET, &next, accept, initiator.as_ref(), None)
                    .await?;
                let Some(target) = page.redirect_target()? else {
                    return Ok(Journey {
                        redirects,
                        end: Arrival::Page(page),
                    });
                };
                redirects.push(page);
                if redirects.len() > REDIRECT_LIMIT {
                    return Err(UserAgentError::TooManyRedirects);
                }
                next = target;
            }
        })
        .await
    }

    /// The cookies that a typed visit to this URL would send, in no particular order.
    #[must_use]
    pub fn cookies(&self, url: &Url) -> Vec<HeldCookie> {
        self.jar.cookies(url)
    }

    /// The header `Cookie` that a typed visit to this URL would send; empty without cookies.
    #[must_use]
    pub fn cookie_header(&self, url: &Url) -> String {
        self.jar.header(url, None, &Method::GET)
    }

    /// Stores a cookie as if this URL had sent it in `Set-Cookie`; `false` if it is refused.
    pub fn take_cookie(&self, url: &Url, set_cookie: &str) -> bool {
        self.jar.store(url, set_cookie)
    }

    /// Replaces the value of a cookie that this URL would get; `false` if there is none of that
    /// name.
    pub fn replace_cookie_value(&self, url: &Url, name: &str, value: &str) -> bool {
        self.jar.replace_value(url, name, value)
    }

    /// Deletes the cookies of that name that this URL would get; `false` if there is none.
    pub fn delete_cookie(&self, url: &Url, name: &str) -> bool {
        self.jar.delete(url, name)
    }

    /// Deletes every cookie.
    pub fn delete_all_cookies(&self) {
        self.jar.lock().clear();
    }

    /// Replaces this browser's cookies by those of another, as a thief of cookies would.
    pub fn copy_cookies_from(&self, other: &Self) {
        let theirs = other.jar.lock().clone();
        *self.jar.lock() = theirs;
    }

    fn document(&self) -> Option<Url> {
        self.document
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn navigate(
        &self,
        method: Method,
        url: &Url,
        accept: &str,
        initiator: Option<&Url>,
        form: Option<String>,
    ) -> Result<Page, UserAgentError> {
        let is_spoken = url.scheme() == "http" || (self.https && url.scheme() == "https");
        if !is_spoken || !is_loopback(url) {
            return Err(UserAgentError::NotLoopback);
        }
        let mut request = self
            .http
            .request(method.clone(), url.clone())
            .header(ACCEPT, accept)
            .header(ACCEPT_LANGUAGE, &self.accept_language);
        let cookies = self.jar.header(url, initiator, &method);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        if let Some(form) = form {
            request = request
                .header(
                    http::header::CONTENT_TYPE,
                    "application/x-www-form-urlencoded",
                )
                .body(form);
        }
        let response = request.send().await.map_err(|error| {
            if error.is_timeout() && !error.is_connect() {
                UserAgentError::TimedOut
            } else {
                UserAgentError::Connection(error.without_url())
            }
        })?;
        let status = response.status();
        let headers = response.headers().clone();
        for value in headers.get_all(SET_COOKIE) {
            if let Ok(value) = value.to_str() {
                self.jar.store(url, value);
            }
        }
        let body = read_body(response, BODY_LIMIT)
            .await
            .map_err(|error| match error {
                BodyError::TooLarge => UserAgentError::BodyTooLarge,
                BodyError::Connection(error) => UserAgentError::Connection(error),
            })?;
        let page = Page {
            url: url.clone(),
            status,
            headers,
            body,
        };
        if !status.is_redirection() {
            *self.document.lock().unwrap_or_else(PoisonError::into_inner) = Some(url.clone());
        }
        Ok(page)
    }
}

/// The HTTP client of a browser whose requests come from this address.
fn client(address: Option<Ipv4Addr>) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .dns_resolver(LoopbackNames)
        .local_address(address.map(IpAddr::V4))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // Connections aren't kept. If the server closed one just when it is used again, a journey
        // would fail that isn't about connections.
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_secs(5))
        .timeout(TIME_LIMIT)
}

async fn bounded<T>(
    call: impl Future<Output = Result<T, UserAgentError>>,
) -> Result<T, UserAgentError> {
    tokio::time::timeout(TIME_LIMIT, call)
        .await
        .unwrap_or(Err(UserAgentError::TimedOut))
}

/// The cookie jar, and the rules that `cookie_store` leaves to the browser.
#[derive(Clone, Debug, Default)]
struct Jar(Arc<Mutex<CookieStore>>);

impl Jar {
    fn header(&self, url: &Url, initiator: Option<&Url>, method: &Method) -> String {
        let same_site = initiator.is_none_or(|initiator| site(initiator) == site(url));
        let store = self.lock();
        let mut cookies = store.matches(&as_secure(url));
        // Longer paths come first (RFC 6265 §5.4). The rest is sorted by name, so that tests always
        // see the same order.
        cookies.sort_by(|a, b| {
            let length = |cookie: &cookie_store::Cookie<'_>| cookie.path.len();
            length(b)
                .cmp(&length(a))
                .then_with(|| a.name().cmp(b.name()))
        });
        cookies
            .iter()
            .filter(|cookie| same_site || crosses_sites(cookie, method))
            .map(|cookie| format!("{}={}", cookie.name(), cookie.value()))
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn store(&self, url: &Url, set_cookie: &str) -> bool {
        let Ok(cookie) = RawCookie::parse(set_cookie.to_owned()) else {
            return false;
        };
        if !may_be_stored(&cookie) {
            return false;
        }
        self.lock().insert_raw(&cookie, &as_secure(url)).is_ok()
    }

    fn cookies(&self, url: &Url) -> Vec<HeldCookie> {
        self.lock()
            .matches(&as_secure(url))
            .into_iter()
            .map(|cookie| HeldCookie {
                name: cookie.name().to_owned(),
                value: cookie.value().to_owned(),
                path: String::from(&cookie.path),
                http_only: cookie.http_only().unwrap_or(false),
                secure: cookie.secure().unwrap_or(false),
                same_site: cookie.same_site().map(|same_site| same_site.to_string()),
            })
            .collect()
    }

    fn replace_value(&self, url: &Url, name: &str, value: &str) -> bool {
        let mut store = self.lock();
        let found = store
            .matches(&as_secure(url))
            .into_iter()
            .find(|cookie| cookie.name() == name)
            .map(|cookie| ((**cookie).clone(), String::from(&cookie.path)));
        let Some((mut cookie, path)) = found else {
            return false;
        };
        cookie.set_value(value.to_owned());
        // Without its own path the cookie would get that of `url`.
        cookie.set_path(path);
        store.insert_raw(&cookie, &as_secure(url)).is_ok()
    }

    fn delete(&self, url: &Url, name: &str) -> bool {
        let mut store = self.lock();
        let found: Vec<(String, String)> = store
            .matches(&as_secure(url))
            .into_iter()
            .filter(|cookie| cookie.name() == name)
            .map(|cookie| (String::from(&cookie.domain), String::from(&cookie.path)))
            .collect();
        for (domain, path) in &found {
            store.remove(domain, path, name);
        }
        !found.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, CookieStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The URL, with `https` in the place of `http` if it is on this machine. Such a URL counts as
/// secure (Secure Contexts §3.1), in Chromium for cookies too.
fn as_secure(url: &Url) -> Url {
    let mut secure = url.clone();
    if is_loopback(url) && secure.set_scheme("https").is_err() {
        return url.clone();
    }
    secure
}

/// The site of a URL. Each name directly below `localhost` is a site of its own, together with the
/// names below it. The port doesn't matter.
fn site(url: &Url) -> Option<&str> {
    let host = url.host_str()?;
    let Some(below) = host.strip_suffix(".localhost") else {
        return Some(host);
    };
    let label = below.rsplit('.').next()?;
    host.get(below.len() - label.len()..)
}

/// Whether a cookie is sent even if another site started the navigation (RFC 6265bis §5.8.3). A
/// cookie without `SameSite` counts as `Lax`.
fn crosses_sites(cookie: &RawCookie<'_>, method: &Method) -> bool {
    match cookie.same_site() {
        Some(same_site) if same_site.is_none() => true,
        Some(same_site) if same_site.is_strict() => false,
        _ => method == Method::GET,
    }
}

/// Whether a cookie may be stored (RFC 6265bis §5.6 and §4.1.3): the rules for its size, for name
/// prefixes, for `SameSite=None` (only with `Secure`), and against cookies for a whole top-level
/// domain.
fn may_be_stored(cookie: &RawCookie<'_>) -> bool {
    let name = cookie.name().to_ascii_lowercase();
    let secure = cookie.secure().unwrap_or(false);
    let fits = cookie.name().len() + cookie.value().len() <= COOKIE_LIMIT;
    let host_prefix = !name.starts_with("__host-")
        || (secure && cookie.path() == Some("/") && cookie.domain().is_none());
    let secure_prefix = !name.starts_with("__secure-") || secure;
    let same_site = !cookie
        .same_site()
        .is_some_and(|same_site| same_site.is_none())
        || secure;
    let domain = match CookieDomain::try_from(cookie) {
        Ok(CookieDomain::Suffix(domain)) => domain.contains('.'),
        _ => true,
    };
    fits && host_prefix && secure_prefix && same_site && domain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn every_name_below_localhost_is_a_site_of_its_own() {
        assert_eq!(
            site(&url("http://bridge.localhost:1/")),
            Some("bridge.localhost")
        );
        assert_eq!(
            site(&url("http://a.bridge.localhost:2/")),
            Some("bridge.localhost")
        );
        assert_ne!(
            site(&url("http://bridge.localhost/")),
            site(&url("http://app.localhost/"))
        );
        assert_eq!(site(&url("http://127.0.0.1:3/")), Some("127.0.0.1"));
    }

    #[test]
    fn a_host_cookie_needs_secure_the_root_path_and_no_domain() {
        let jar = Jar::default();
        let here = url("http://bridge.localhost:8001/callback");
        assert!(jar.store(&here, "__Host-a=1; Secure; Path=/; HttpOnly"));
        assert!(!jar.store(&here, "__Host-b=1; Path=/"), "without Secure");
        assert!(
            !jar.store(&here, "__Host-b=1; Secure; Path=/callback"),
            "another path"
        );
        assert!(!jar.store(&here, "__Host-b=1; Secure"), "no path");
        assert!(!jar.store(&here, "__Host-b=1; Secure; Path=/; Domain=bridge.localhost"));
        assert!(
            !jar.store(&here, "__hOsT-b=1"),
            "browsers compare the prefix without case"
        );
        assert!(!jar.store(&here, "__Secure-b=1"));
        assert_eq!(jar.header(&here, None, &Method::GET), "__Host-a=1");
    }

    #[test]
    fn hosts_separate_cookies_and_ports_do_not() {
        let jar = Jar::default();
        assert!(jar.store(&url("http://bridge.localhost:8001/"), "a=1; Secure; Path=/"));
        let header = |text: &str| jar.header(&url(text), None, &Method::GET);
        assert_eq!(header("http://bridge.localhost:9999/any"), "a=1");
        assert_eq!(header("http://service.localhost:8001/"), "");
        assert_eq!(header("http://a.bridge.localhost:8001/"), "");
        assert!(!jar.store(&url("http://bridge.localhost/"), "b=1; Domain=localhost"));
        assert!(!jar.store(
            &url("http://bridge.localhost/"),
            "b=1; Domain=app.localhost"
        ));
    }

    #[test]
    fn a_cookie_of_more_than_4096_bytes_is_dropped() {
        let jar = Jar::default();
        let here = url("http://bridge.localhost/");
        assert!(jar.store(&here, &format!("a={}", "x".repeat(COOKIE_LIMIT - 1))));
        assert!(!jar.store(&here, &format!("b={}", "x".repeat(COOKIE_LIMIT))));
    }

    #[test]
    fn another_sites_link_sends_lax_and_none_but_not_strict() {
        let jar = Jar::default();
        let here = url("http://bridge.localhost/callback");
        for cookie in [
            "lax=1; SameSite=Lax",
            "none=1; SameSite=None; Secure",
            "strict=1; SameSite=Strict",
            "unset=1",
        ] {
            assert!(jar.store(&here, cookie));
        }
        assert!(
            !jar.store(&here, "refused=1; SameSite=None"),
            "None needs Secure"
        );
        let service = url("http://service.localhost:3/");
        assert_eq!(
            jar.header(&here, Some(&service), &Method::GET),
            "lax=1; none=1; unset=1"
        );
        assert_eq!(jar.header(&here, Some(&service), &Method::POST), "none=1");
        assert_eq!(
            jar.header(&here, None, &Method::GET),
            "lax=1; none=1; strict=1; unset=1"
        );
        assert_eq!(
            jar.header(&here, Some(&here), &Method::POST),
            "lax=1; none=1; strict=1; unset=1"
        );
    }

    #[test]
    fn an_expired_cookie_goes() {
        let jar = Jar::default();
        let here = url("http://bridge.localhost/");
        assert!(jar.store(&here, "a=1; Path=/"));
        jar.store(&here, "a=; Path=/; Max-Age=0");
        assert_eq!(jar.header(&here, None, &Method::GET), "");
    }

    #[test]
    fn a_cookie_can_be_replaced_and_deleted_and_shows_no_value() {
        let jar = Jar::default();
        let here = url("http://bridge.localhost/");
        assert!(jar.store(&here, "a=secret; Path=/; HttpOnly; Secure; SameSite=Lax"));
        assert!(jar.replace_value(&here, "a", "changed"));
        let held = jar.cookies(&here);
        assert_eq!(held.len(), 1);
        assert_eq!((held[0].value.as_str(), held[0].size()), ("changed", 8));
        assert_eq!(held[0].same_site.as_deref(), Some("Lax"));
        assert!(held[0].http_only && held[0].secure);
        assert!(!format!("{:?}", held[0]).contains("changed"));
        assert!(jar.delete(&here, "a"));
        assert!(!jar.delete(&here, "a"));
    }
}
