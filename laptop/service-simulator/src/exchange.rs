//! Requests and answers: a request as it was received, the checks made on it, and the answer. Every
//! request is kept for tests, and recorded in the journal with its secrets masked.

use std::fmt;

use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    LOCATION, PRAGMA, REFERRER_POLICY,
};
use http::{HeaderMap, Method, StatusCode};
use loopback::beside::Beside;
use loopback::journal::{Check, Entry, Parameter, Party, Step};
use loopback::pages::{self, Forms, LANGUAGE, Language, strict_headers};
use loopback::parameters::Parameters;
use serde::de::IgnoredAny;
use serde_json::Value;
use url::Url;

/// How the journal tells that there was no answer.
const CLOSED: &str = "the connection was closed";
/// How the journal tells that a body is JSON that ends before it is complete.
const CUT_OFF: &str = "JSON that is cut off";

/// The endpoint that a request was sent to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Endpoint {
    /// The authorization endpoint.
    Authorization,
    /// The test-card page and its form.
    TestCard,
    /// The page of the consent and its form.
    Consent,
    /// The token endpoint.
    Token,
    /// The userinfo endpoint.
    Userinfo,
    /// The JWK Set.
    KeySet,
    /// No endpoint of the service.
    Other,
}

impl Endpoint {
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Authorization => "/api/realms/main/protocol/openid-connect/auth",
            Self::TestCard => "/api/realms/main/test-card",
            Self::Consent => "/api/realms/main/consent",
            Self::Token => "/api/realms/main/protocol/openid-connect/token",
            Self::Userinfo => "/api/realms/main/protocol/openid-connect/userinfo",
            Self::KeySet => "/api/realms/main/protocol/openid-connect/certs",
            Self::Other => "",
        }
    }

    /// Whether only functions send requests to it.
    pub(crate) const fn is_back_channel(self) -> bool {
        matches!(self, Self::Token | Self::Userinfo | Self::KeySet)
    }

    pub(crate) fn of(path: &str) -> Self {
        [
            Self::Authorization,
            Self::TestCard,
            Self::Consent,
            Self::Token,
            Self::Userinfo,
            Self::KeySet,
        ]
        .into_iter()
        .find(|endpoint| endpoint.path() == path)
        .unwrap_or(Self::Other)
    }
}

/// A request as the service received it. It holds codes and assertions, so `Debug` shows only the
/// method and the path.
#[derive(Clone)]
pub struct RecordedRequest {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The decoded parameters of the query, in order.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The decoded parameters of the body, in order; empty if the body isn't a form.
    pub form: Vec<(String, String)>,
}

impl RecordedRequest {
    /// The first value of a form parameter.
    #[must_use]
    pub fn form_value(&self, name: &str) -> Option<&str> {
        self.form
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first value of a query parameter.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// A request with its body read.
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Parameters,
    pub(crate) headers: HeaderMap,
    /// The form, if the request's `Content-Type` is that of a form.
    pub(crate) form: Option<Parameters>,
    /// Who sent it.
    pub(crate) from: Party,
    /// The hop in the journal, which begins with the request.
    pub(crate) entry: Entry,
}

impl Received {
    /// A header's value, if the header comes once and is text.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }

    /// The language in which to answer.
    pub(crate) fn language(&self) -> Language {
        pages::language(self.query.first(LANGUAGE), &self.headers)
    }

    /// Whether the client accepts JSON: a program does, and gets a page's choices as JSON.
    pub(crate) fn wants_json(&self) -> bool {
        self.accepts("application/json")
    }

    /// Whether the client accepts HTML: a browser does.
    pub(crate) fn wants_page(&self) -> bool {
        self.accepts("text/html")
    }

    fn accepts(&self, media: &str) -> bool {
        self.header(&ACCEPT)
            .is_some_and(|accept| accept.split([',', ';']).any(|part| part.trim() == media))
    }
}

/// The checks of a request, in order. After the first failed check no other is made.
#[derive(Default)]
pub(crate) struct Checks(Vec<Check>);

impl Checks {
    /// Records a check. If it failed, returns the error that `refusal` makes.
    pub(crate) fn require<E>(
        &mut self,
        what: &str,
        rule: &str,
        passed: bool,
        refusal: impl FnOnce() -> E,
    ) -> Result<(), E> {
        self.0.push(Check::new(what, rule, passed));
        if passed { Ok(()) } else { Err(refusal()) }
    }

    /// Records the check that `value` is present, and returns the value. If it is absent, returns
    /// the error that `refusal` makes.
    pub(crate) fn find<T, E>(
        &mut self,
        what: &str,
        rule: &str,
        value: Option<T>,
        refusal: impl FnOnce() -> E,
    ) -> Result<T, E> {
        self.0.push(Check::new(what, rule, value.is_some()));
        value.ok_or_else(refusal)
    }
}

/// An answer, and what the journal may show of it.
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    shown: Vec<Parameter>,
    /// The sentences of an error page.
    sentences: Option<String>,
    hangs_up: bool,
}

/// Marks a response that is never sent: the connection is closed instead.
#[derive(Clone, Copy)]
pub(crate) struct HangUp;

impl Answer {
    /// An answer with any body. No answer of the service may be cached.
    pub(crate) fn new(status: StatusCode, media: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = vec![
            (CONTENT_TYPE, HeaderValue::from_static(media)),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (PRAGMA, HeaderValue::from_static("no-cache")),
        ];
        Self {
            status,
            headers,
            body: body.into(),
            shown: Vec::new(),
            sentences: None,
            hangs_up: false,
        }
    }

    /// A JSON object. The journal shows its members, secrets masked.
    pub(crate) fn json(status: StatusCode, value: &Value) -> Self {
        let mut answer = Self::new(status, "application/json", value.to_string());
        answer.shown = shown_members(value, |name, text| Parameter::new(name, text));
        answer
    }

    /// A JSON object about a person. The journal shows only the names and lengths of its members.
    pub(crate) fn personal_json(value: &Value) -> Self {
        let mut answer = Self::new(StatusCode::OK, "application/json", value.to_string());
        answer.shown = shown_members(value, |name, text| Parameter {
            name: name.to_owned(),
            value: format!("…({})", text.chars().count()),
        });
        answer
    }

    /// A page, with the headers that all pages of the stand-ins have.
    pub(crate) fn page(status: StatusCode, template: &impl Template, forms: Forms) -> Self {
        let Ok(html) = template.render() else {
            // Can't happen: the templates have no part that fails.
            return Self::internal_error();
        };
        Self {
            status,
            headers: strict_headers(forms, None).collect(),
            body: html.into(),
            shown: Vec::new(),
            sentences: None,
            hangs_up: false,
        }
    }

    /// The page, allowed to have what is shown beside it.
    pub(crate) fn beside(mut self, beside: &Beside) -> Self {
        for (name, value) in &mut self.headers {
            if *name == CONTENT_SECURITY_POLICY
                && let Some(allowed) = beside.allowed(value)
            {
                *value = allowed;
            }
        }
        self
    }

    /// Says which sentences the person reads on this page.
    pub(crate) fn with_sentences(mut self, sentences: String) -> Self {
        self.sentences = Some(sentences);
        self
    }

    /// A redirect to another page of the service (RFC 9110 §15.4.4).
    pub(crate) fn own_redirect(location: &str) -> Self {
        Self::new(
            StatusCode::SEE_OTHER,
            "text/plain; charset=utf-8",
            Bytes::new(),
        )
        .with(LOCATION, location)
        .with(REFERRER_POLICY, "no-referrer")
    }

    /// A redirect to the client. The journal shows its parameters. After a form the status is 303,
    /// so that the browser doesn't repeat the form at the client (RFC 9700 §4.12).
    pub(crate) fn redirect(status: StatusCode, location: &Url) -> Self {
        let mut answer = Self::new(status, "text/plain; charset=utf-8", Bytes::new());
        answer.shown = location
            .query_pairs()
            .map(|(name, value)| Parameter::new(name, value))
            .collect();
        answer
            .with(LOCATION, location.as_str())
            .with(REFERRER_POLICY, "no-referrer")
    }

    /// No answer: the connection is closed.
    pub(crate) fn hang_up() -> Self {
        Self {
            hangs_up: true,
            ..Self::internal_error()
        }
    }

    /// The answer to a defect of the stand-in itself.
    pub(crate) fn internal_error() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "text/plain; charset=utf-8",
            "internal error",
        )
    }

    /// Adds a header. A value that can't be a header's is a defect of the stand-in: then the answer
    /// is [`Answer::internal_error`].
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        let Ok(value) = HeaderValue::from_str(value) else {
            return Self::internal_error();
        };
        self.headers.push((name, value));
        self
    }

    /// The sentences of the error page, if this is one.
    pub(crate) fn sentences(&self) -> Option<&str> {
        self.sentences.as_deref()
    }

    /// What the answer looks like to the one who reads it.
    pub(crate) fn look(&self) -> Vec<Parameter> {
        if self.hangs_up {
            return vec![Parameter::new("answer", CLOSED)];
        }
        let media = self.headers.iter().find(|(name, _)| name == CONTENT_TYPE);
        let media = media.and_then(|(_, value)| value.to_str().ok());
        let media = media.unwrap_or_default();
        let is_json = media == "application/json";
        let is_broken = is_json && serde_json::from_slice::<IgnoredAny>(&self.body).is_err();
        let size = format!("{} bytes", self.body.len());
        [
            Some(Parameter::new("content-type", media)),
            Some(Parameter::new("body", size)),
            is_broken.then(|| Parameter::new("body", CUT_OFF)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// This exchange as a step of the journal.
    pub(crate) fn step(&self, received: &Received, checks: Checks) -> Step {
        let form = received.form.iter().flat_map(Parameters::pairs);
        let mut parameters: Vec<Parameter> = received
            .query
            .pairs()
            .iter()
            .chain(form)
            .map(|(name, value)| Parameter::new(name, value))
            .collect();
        if let Some(value) = received.header(&http::header::AUTHORIZATION) {
            parameters.push(Parameter::new("authorization", value));
        }
        Step {
            from: received.from,
            to: Party::Service,
            request: format!("{} {}", received.method, received.path),
            parameters,
            checks: checks.0,
            status: (!self.hangs_up).then_some(self.status.as_u16()),
            answer: self.shown.clone(),
        }
    }
}

fn shown_members(value: &Value, show: impl Fn(&str, &str) -> Parameter) -> Vec<Parameter> {
    let members = value.as_object().into_iter().flatten();
    members
        .map(|(name, value)| match value {
            Value::String(text) => show(name, text),
            other => show(name, &other.to_string()),
        })
        .collect()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        if self.hangs_up {
            response.extensions_mut().insert(HangUp);
        }
        response
    }
}
