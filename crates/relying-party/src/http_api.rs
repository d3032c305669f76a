//! The events and answers of Amazon API Gateway's HTTP API, payload format 2.0 (contract A1).
//! The types here have only the few fields that are used. Unknown fields are ignored, missing ones
//! are empty, and nothing that a browser sends can make the conversion panic.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use crate::classes::Class;
use crate::parameters::Parameters;

/// The largest query that is read, in bytes.
pub const MAX_QUERY_BYTES: usize = 8 * 1024;
/// The largest body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// The event, as Lambda gets it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    #[serde(deserialize_with = "null_is_missing")]
    raw_path: String,
    #[serde(deserialize_with = "null_is_missing")]
    raw_query_string: String,
    #[serde(deserialize_with = "null_is_missing")]
    cookies: Vec<String>,
    #[serde(deserialize_with = "null_is_missing")]
    headers: BTreeMap<String, Option<String>>,
    #[serde(deserialize_with = "null_is_missing")]
    request_context: RequestContext,
    body: Option<String>,
    #[serde(deserialize_with = "null_is_missing")]
    is_base64_encoded: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RequestContext {
    #[serde(deserialize_with = "null_is_missing")]
    http: HttpContext,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HttpContext {
    #[serde(deserialize_with = "null_is_missing")]
    method: String,
    #[serde(deserialize_with = "null_is_missing")]
    source_ip: String,
}

/// Reads `null` like a missing field: API Gateway's test events have `null` for what is empty.
fn null_is_missing<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// The parts of a request that the endpoints use.
pub struct Request {
    /// The method. `None` if it isn't a method of HTTP; no endpoint supports that.
    pub method: Option<Method>,
    /// The path, not decoded: there is nothing to decode in the paths of the endpoints.
    pub path: String,
    query: String,
    cookies: Vec<String>,
    headers: BTreeMap<String, Option<String>>,
    source_ip: String,
    body: Option<SecretString>,
    body_is_base64: bool,
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

impl From<Event> for Request {
    fn from(event: Event) -> Self {
        Self {
            method: event.request_context.http.method.parse().ok(),
            source_ip: event.request_context.http.source_ip,
            path: event.raw_path,
            query: event.raw_query_string,
            cookies: event.cookies,
            headers: event.headers,
            body: event.body.map(SecretString::from),
            body_is_base64: event.is_base64_encoded,
        }
    }
}

impl Request {
    /// Whether the method is HEAD: then the answer has no content.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.method == Some(Method::HEAD)
    }

    /// Whether the method is POST: then the parameters are in the body.
    #[must_use]
    pub fn is_post(&self) -> bool {
        self.method == Some(Method::POST)
    }

    /// The place from which the request comes: an IPv4 address, or the network of an IPv6 address.
    /// The network has 56 bits, which is what one connection gets, and in which one person has any
    /// number of addresses. Behind a front door, it is the address of CloudFront's client:
    /// CloudFront adds that to the end of `x-forwarded-for`, and API Gateway then adds the address
    /// of CloudFront.
    #[must_use]
    pub fn origin(&self, has_front_door: bool) -> Option<IpAddr> {
        let forwarded = self.header("x-forwarded-for").filter(|_| has_front_door);
        let mut hops = forwarded
            .into_iter()
            .flat_map(|all| all.rsplit(',').map(str::trim));
        let address = hops
            .find(|hop| *hop != self.source_ip)
            .unwrap_or(&self.source_ip);
        Some(match address.parse().ok()? {
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 72);
                Ipv6Addr::from_bits(network).into()
            }
            IpAddr::V4(address) => address.into(),
        })
    }

    /// The parameters of the query.
    ///
    /// # Errors
    ///
    /// [`Class::TooLarge`] over 8 KiB; `malformed` for a parameter that comes twice or isn't UTF-8.
    pub fn query(&self, malformed: Class) -> Result<Parameters, Class> {
        if self.query.len() > MAX_QUERY_BYTES {
            return Err(Class::TooLarge);
        }
        Parameters::parse(self.query.as_bytes()).ok_or(malformed)
    }

    /// The parameters of a form body.
    ///
    /// # Errors
    ///
    /// [`Class::TooLarge`] over 16 KiB; `malformed` for another content type, a wrong encoding, or
    /// as for a query.
    pub fn form(&self, malformed: Class) -> Result<Parameters, Class> {
        let body = self.body("application/x-www-form-urlencoded", malformed)?;
        Parameters::parse(&body).ok_or(malformed)
    }

    /// A JSON body.
    ///
    /// # Errors
    ///
    /// [`Class::TooLarge`] over 16 KiB; `malformed` for another content type, a wrong encoding, or
    /// another form than `T`.
    pub fn json<T: DeserializeOwned>(&self, malformed: Class) -> Result<T, Class> {
        let body = self.body("application/json", malformed)?;
        serde_json::from_slice(&body).map_err(|_| malformed)
    }

    /// A header by its name, in upper or lower case. The HTTP API joins repeated headers with
    /// commas.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value.as_deref()))
            .flatten()
    }

    /// The body, decoded, if it has this media type.
    fn body(&self, media_type: &str, malformed: Class) -> Result<Zeroizing<Vec<u8>>, Class> {
        let Some(body) = &self.body else {
            return Err(malformed);
        };
        let body = body.expose_secret();
        // Base64 makes four characters of three bytes.
        if body.len() > MAX_BODY_BYTES.div_ceil(3) * 4 {
            return Err(Class::TooLarge);
        }
        let is_of_it = self.header("content-type").is_some_and(|value| {
            let essence = value.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case(media_type)
        });
        if !is_of_it {
            return Err(malformed);
        }
        let body = if self.body_is_base64 {
            Zeroizing::new(STANDARD.decode(body).map_err(|_| malformed)?)
        } else {
            Zeroizing::new(body.as_bytes().to_vec())
        };
        if body.len() > MAX_BODY_BYTES {
            return Err(Class::TooLarge);
        }
        Ok(body)
    }

    /// The cookies that the browser sent, by name and value. The HTTP API moves them out of the
    /// headers; a stand-in for it on a laptop may leave them there.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let header = self.header("cookie").filter(|_| self.cookies.is_empty());
        self.cookies
            .iter()
            .map(String::as_str)
            .chain(header)
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim()))
    }
}

/// An answer in payload format 2.0.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    #[serde(serialize_with = "status_code")]
    status_code: StatusCode,
    headers: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    body: String,
    is_base64_encoded: bool,
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Response")
            .field("status", &self.status_code)
            .finish_non_exhaustive()
    }
}

impl Response {
    /// An answer with the headers that every answer has: caches don't keep the answer, other pages
    /// can't frame it, browsers don't guess its type, and its URL isn't sent to other sites
    /// (RFC 9700 §4.2.4).
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        let headers = BTreeMap::from([
            ("cache-control", "no-store".to_owned()),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
                    .to_owned(),
            ),
            ("referrer-policy", "no-referrer".to_owned()),
            (
                "strict-transport-security",
                "max-age=63072000; includeSubDomains".to_owned(),
            ),
            ("x-content-type-options", "nosniff".to_owned()),
        ]);
        Self {
            status_code: status,
            headers,
            cookies: Vec::new(),
            body: String::new(),
            is_base64_encoded: false,
        }
    }

    /// An answer in JSON.
    #[must_use]
    pub fn json(status: StatusCode, body: String) -> Self {
        Self {
            body,
            ..Self::new(status).with_header("content-type", "application/json")
        }
    }

    /// An HTML page.
    #[must_use]
    pub fn html(status: StatusCode, body: String) -> Self {
        Self {
            body,
            ..Self::new(status).with_header("content-type", "text/html; charset=utf-8")
        }
    }

    /// A redirect with 302: the browser goes on with GET (RFC 9700 §4.12: never 307).
    #[must_use]
    pub fn redirect(location: String) -> Self {
        Self::new(StatusCode::FOUND).with_header("location", location)
    }

    /// The same answer to HEAD (RFC 9110 §9.3.2): without content, and without `Set-Cookie`, so
    /// that no cookie begins or ends.
    #[must_use]
    pub fn without_content(self) -> Self {
        Self {
            body: String::new(),
            cookies: Vec::new(),
            ..self
        }
    }

    /// The same answer to POST: a redirect has status 303, after which every browser goes on with
    /// GET (RFC 9700 §4.12).
    #[must_use]
    pub fn after_form(self) -> Self {
        let status_code = match self.status_code {
            StatusCode::FOUND => StatusCode::SEE_OTHER,
            other => other,
        };
        Self {
            status_code,
            ..self
        }
    }

    /// The answer with a header, which replaces one of that name.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// The answer with one more `Set-Cookie`.
    #[must_use]
    pub fn with_cookie(mut self, cookie: String) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status_code
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The `Set-Cookie` lines.
    #[must_use]
    pub fn cookies(&self) -> &[String] {
        &self.cookies
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

fn status_code<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn cookies(event: Value) -> Vec<String> {
        let request = Request::from(serde_json::from_value::<Event>(event).unwrap());
        let cookies = request.cookies();
        cookies
            .map(|(name, value)| format!("{name}:{value}"))
            .collect()
    }

    #[test]
    fn a_request_comes_from_whom_the_last_of_ours_says() {
        let origin = |source: &str, forwarded: &str, has_front_door| {
            let event = json!({
                "requestContext": { "http": { "sourceIp": source } },
                "headers": { "x-forwarded-for": forwarded },
            });
            let request = Request::from(serde_json::from_value::<Event>(event).unwrap());
            let origin = request.origin(has_front_door);
            origin.map(|address| address.to_string())
        };
        let (viewer, edge) = ("192.0.2.1", "198.51.100.7");
        // A client can write the beginning of the header itself.
        let written = format!("203.0.113.9, {viewer}, {edge}");
        assert_eq!(origin(edge, &written, true).as_deref(), Some(viewer));
        let written = format!("203.0.113.9,{viewer}");
        assert_eq!(origin(edge, &written, true).as_deref(), Some(viewer));
        assert_eq!(
            origin(viewer, "203.0.113.9", false).as_deref(),
            Some(viewer)
        );
        assert_eq!(origin(viewer, viewer, true).as_deref(), Some(viewer));
        for address in ["2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6"] {
            let origin = origin(address, "", false);
            assert_eq!(origin.as_deref(), Some("2001:db8:1::"));
        }
        assert_eq!(origin("", "", false), None);
    }

    #[test]
    fn cookies_stand_in_their_own_field_and_in_the_header_only_if_that_is_missing() {
        let own = json!(["a=1", "b=2; c=3"]);
        let header = json!({ "Cookie": "d=4; e=5=6" });
        assert_eq!(cookies(json!({ "cookies": own })), ["a:1", "b:2", "c:3"]);
        assert_eq!(cookies(json!({ "headers": header })), ["d:4", "e:5=6"]);
        assert_eq!(
            cookies(json!({ "cookies": own, "headers": header })),
            ["a:1", "b:2", "c:3"]
        );
        assert!(cookies(json!({})).is_empty());
    }
}
