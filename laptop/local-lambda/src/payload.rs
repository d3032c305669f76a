//! Payload format 2.0 of an HTTP API: turns a request into an event, and a function's answer into a
//! response.
//! Source: Amazon API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP
//! APIs".
//! Where that page leaves something open, the code follows published events of real APIs, and a
//! comment says so.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Which request bodies are in base64 in an event.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum BodyEncoding {
    /// As behind a real HTTP API: `text/*`, JSON, XML and JavaScript plain, and everything else in
    /// base64, `application/x-www-form-urlencoded` too.
    #[default]
    HttpApi,
    /// Every body in base64.
    Base64,
    /// Every body plain, except one that isn't UTF-8.
    Plain,
}

/// What the front door knows about a request besides the request.
#[derive(Clone, Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) domain_name: &'a str,
    pub(crate) port: u16,
    pub(crate) source: IpAddr,
    pub(crate) request_id: &'a str,
    pub(crate) trace_id: &'a str,
    pub(crate) time: DateTime<Utc>,
    pub(crate) body_encoding: BodyEncoding,
    pub(crate) route_key: &'a str,
    /// The token that the authorizer admitted, on a route with an authorizer.
    pub(crate) token: Option<&'a AdmittedToken>,
}

/// What an event says of the token that the JWT authorizer admitted. It is personal, so there is no
/// `Debug` of its values.
pub(crate) struct AdmittedToken {
    pub(crate) claims: Map<String, Value>,
    /// The token's scopes, if it has any. That these are in the event, and not those of the route,
    /// was observed. An ID token has none.
    pub(crate) scopes: Option<Vec<String>>,
}

impl fmt::Debug for AdmittedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AdmittedToken")
    }
}

/// Headers that are about one connection only (RFC 9110 §7.6.1). They aren't passed on, since the
/// other side has another connection.
const CONNECTION_HEADERS: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// The event for a request.
pub(crate) fn event(parts: &Parts, body: &[u8], arrival: &Arrival<'_>) -> Value {
    // Unlike the query, the path is decoded, as captured events of real HTTP APIs show.
    let path = percent_decode_str(parts.uri.path())
        .decode_utf8_lossy()
        .into_owned();
    let query = parts.uri.query().unwrap_or_default();
    let domain_prefix = arrival.domain_name.split('.').next().unwrap_or_default();
    let mut event = Map::new();
    event.insert("version".to_owned(), json!("2.0"));
    event.insert("routeKey".to_owned(), json!(arrival.route_key));
    event.insert("rawPath".to_owned(), json!(path));
    event.insert("rawQueryString".to_owned(), json!(query));
    let cookies = cookies(&parts.headers);
    if !cookies.is_empty() {
        event.insert("cookies".to_owned(), json!(cookies));
    }
    event.insert(
        "headers".to_owned(),
        json!(headers(&parts.headers, body.len(), arrival)),
    );
    let parameters = joined(form_urlencoded::parse(query.as_bytes()));
    if !parameters.is_empty() {
        event.insert("queryStringParameters".to_owned(), json!(parameters));
    }
    let mut context = json!({
        "accountId": "123456789012",
        "apiId": domain_prefix,
        "domainName": arrival.domain_name,
        "domainPrefix": domain_prefix,
        "http": {
            "method": parts.method.as_str(),
            "path": path,
            "protocol": format!("{:?}", parts.version),
            "sourceIp": arrival.source.to_string(),
            "userAgent": parts.headers.get(USER_AGENT).map(text).unwrap_or_default(),
        },
        "requestId": arrival.request_id,
        "routeKey": arrival.route_key,
        "stage": "$default",
        "time": arrival.time.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "timeEpoch": arrival.time.timestamp_millis(),
    });
    if let (Some(token), Some(context)) = (arrival.token, context.as_object_mut()) {
        context.insert("authorizer".to_owned(), authorizer(token));
    }
    event.insert("requestContext".to_owned(), context);
    let plain = plain(&parts.headers, body, arrival.body_encoding);
    event.insert(
        "isBase64Encoded".to_owned(),
        json!(plain.is_none() && !body.is_empty()),
    );
    if !body.is_empty() {
        let body = plain.map_or_else(|| STANDARD.encode(body), str::to_owned);
        event.insert("body".to_owned(), json!(body));
    }
    Value::Object(event)
}

/// `requestContext.authorizer` of a JWT authorizer: every claim as text.
fn authorizer(token: &AdmittedToken) -> Value {
    let claims: Map<String, Value> = token
        .claims
        .iter()
        .map(|(name, value)| (name.clone(), json!(claim(value))))
        .collect();
    json!({ "jwt": { "claims": claims, "scopes": token.scopes } })
}

/// A claim as API Gateway writes it, which is how Go prints values (observed): a list as `[a b]`,
/// and an object as `map[a:1 b:2]`.
fn claim(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null => "<nil>".to_owned(),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(claim).collect();
            format!("[{}]", values.join(" "))
        }
        Value::Object(members) => {
            // Go prints the members in the order of their names.
            let members: BTreeMap<_, _> = members.iter().collect();
            let members = members.into_iter();
            let members: Vec<String> = members
                .map(|(name, value)| format!("{name}:{}", claim(value)))
                .collect();
            format!("map[{}]", members.join(" "))
        }
    }
}

/// The cookies, each by itself. In a real event they are not among the headers.
fn cookies(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|header| {
            let header = text(header);
            let cookies: Vec<String> = header
                .split(';')
                .map(|cookie| cookie.trim().to_owned())
                .collect();
            cookies
        })
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

fn headers(headers: &HeaderMap, length: usize, arrival: &Arrival<'_>) -> BTreeMap<String, String> {
    let mut all = joined(
        headers
            .iter()
            .filter(|(name, _)| **name != COOKIE && !CONNECTION_HEADERS.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), text(value))),
    );
    all.insert("content-length".to_owned(), length.to_string());
    all.insert("x-amzn-trace-id".to_owned(), arrival.trace_id.to_owned());
    let forwarded = all.entry("x-forwarded-for".to_owned()).or_default();
    if !forwarded.is_empty() {
        forwarded.push_str(", ");
    }
    forwarded.push_str(&arrival.source.to_string());
    all.insert("x-forwarded-port".to_owned(), arrival.port.to_string());
    all.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    all
}

/// Values of the same name, joined by commas in the order in which they came.
fn joined(
    pairs: impl Iterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        all.entry(name.as_ref().to_owned())
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(value.as_ref());
            })
            .or_insert_with(|| value.as_ref().to_owned());
    }
    all
}

/// The body as text, if the event has it as text; otherwise it is in base64.
fn plain<'a>(headers: &HeaderMap, body: &'a [u8], encoding: BodyEncoding) -> Option<&'a str> {
    let is_plain = match encoding {
        BodyEncoding::Plain => true,
        BodyEncoding::Base64 => false,
        BodyEncoding::HttpApi => {
            let media_type = media_type(headers);
            media_type.starts_with("text/")
                || [
                    "application/json",
                    "application/xml",
                    "application/javascript",
                ]
                .contains(&media_type.as_str())
        }
    };
    if is_plain {
        std::str::from_utf8(body).ok()
    } else {
        None
    }
}

/// The media type without parameters, in lower case; empty if there is none.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).map(text).unwrap_or_default();
    value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// A header's value as text. Bytes that aren't UTF-8 are replaced.
pub(crate) fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// The function's answer isn't a response of this format. API Gateway answers 500 then.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("the function's answer is not of payload format 2.0")]
pub(crate) struct MalformedAnswer;

/// An answer of format 2.0. Its other members, `multiValueHeaders` among them, have no meaning in
/// this format.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: Value,
    #[serde(default)]
    headers: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// The response for a function's answer. Without `statusCode` the answer itself is the body of a
/// 200, declared as JSON.
pub(crate) fn response(answer: &[u8]) -> Result<Response<Body>, MalformedAnswer> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| MalformedAnswer)?;
    if answer.get("statusCode").is_none() {
        let body = match answer {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let mut response = Response::new(Body::from(body));
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        return Ok(response);
    }
    let answer: Answer = serde_json::from_value(answer).map_err(|_| MalformedAnswer)?;
    let body = match (answer.body.unwrap_or_default(), answer.is_base64_encoded) {
        (body, Some(true)) => STANDARD.decode(body).map_err(|_| MalformedAnswer)?,
        (body, _) => body.into_bytes(),
    };
    let mut headers = HeaderMap::new();
    for (name, value) in answer.headers.unwrap_or_default() {
        let name: HeaderName = name.parse().map_err(|_| MalformedAnswer)?;
        // The front door itself sets the length and the headers of the connection.
        if name == CONTENT_LENGTH || CONNECTION_HEADERS.contains(&name.as_str()) {
            continue;
        }
        headers.append(name, header_value(&value)?);
    }
    for cookie in answer.cookies.unwrap_or_default() {
        headers.append(SET_COOKIE, cookie.parse().map_err(|_| MalformedAnswer)?);
    }
    if !body.is_empty() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain;charset=UTF-8"),
        );
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status(&answer.status_code)?;
    *response.headers_mut() = headers;
    Ok(response)
}

fn header_value(value: &Value) -> Result<HeaderValue, MalformedAnswer> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return Err(MalformedAnswer),
    };
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| MalformedAnswer)
}

/// A status that is a number, or a string with a number.
fn status(value: &Value) -> Result<StatusCode, MalformedAnswer> {
    let number = match value {
        Value::Number(number) => number
            .as_u64()
            .and_then(|number| u16::try_from(number).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let status = number.and_then(|number| StatusCode::from_u16(number).ok());
    // A status below 200 announces another response, which a function can't give.
    status
        .filter(|status| status.as_u16() >= 200)
        .ok_or(MalformedAnswer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers_of(answer: &str) -> HeaderMap {
        response(answer.as_bytes()).unwrap().headers().clone()
    }

    fn body_is_plain(content_type: Option<&str>, body: &[u8], encoding: BodyEncoding) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        plain(&headers, body, encoding).is_some()
    }

    #[test]
    fn text_travels_plain_and_the_rest_in_base64() {
        let http_api = BodyEncoding::HttpApi;
        assert!(body_is_plain(Some("text/plain"), b"a", http_api));
        assert!(body_is_plain(
            Some("Application/JSON; charset=utf-8"),
            b"{}",
            http_api
        ));
        assert!(!body_is_plain(
            Some("application/x-www-form-urlencoded"),
            b"a=b",
            http_api
        ));
        assert!(!body_is_plain(
            Some("application/octet-stream"),
            b"a",
            http_api
        ));
        assert!(!body_is_plain(None, b"a", http_api));
        assert!(!body_is_plain(Some("text/plain"), b"\xff", http_api));
    }

    #[test]
    fn either_encoding_can_be_forced() {
        let form = Some("application/x-www-form-urlencoded");
        assert!(body_is_plain(form, b"a=b", BodyEncoding::Plain));
        assert!(!body_is_plain(form, b"\xff", BodyEncoding::Plain));
        assert!(!body_is_plain(
            Some("text/plain"),
            b"a",
            BodyEncoding::Base64
        ));
    }

    #[test]
    fn a_claim_is_text_as_go_prints_it() {
        for (value, text) in [
            (json!("a b"), "a b"),
            (json!(1_785_675_600), "1785675600"),
            (json!(true), "true"),
            (json!(null), "<nil>"),
            (json!([]), "[]"),
            (json!(["a", "b c", 1]), "[a b c 1]"),
            (
                json!({ "b": ["x"], "a": { "c": null } }),
                "map[a:map[c:<nil>] b:[x]]",
            ),
        ] {
            assert_eq!(claim(&value), text);
        }
    }

    #[test]
    fn each_cookie_of_the_answer_becomes_a_header() {
        let headers = headers_of(
            r#"{"statusCode":302,"cookies":["a=1; Path=/","b=2"],"headers":{"location":"/x"}}"#,
        );
        let cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().map(text).collect();
        assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
        assert_eq!(headers.get("location").map(text).as_deref(), Some("/x"));
        assert_eq!(headers.get(CONTENT_TYPE), None);
    }

    #[test]
    fn a_body_without_type_is_declared_as_text() {
        let headers = headers_of(r#"{"statusCode":"404","body":"no"}"#);
        assert_eq!(
            headers.get(CONTENT_TYPE).map(text).as_deref(),
            Some("text/plain;charset=UTF-8")
        );
    }

    #[test]
    fn the_answers_length_and_connection_are_not_taken_over() {
        let headers = headers_of(concat!(
            r#"{"statusCode":200,"#,
            r#""headers":{"Content-Length":"9","Connection":"close","X-Number":3},"body":"a"}"#,
        ));
        assert_eq!(headers.get(CONTENT_LENGTH), None);
        assert_eq!(headers.get("connection"), None);
        assert_eq!(headers.get("x-number").map(text).as_deref(), Some("3"));
    }

    #[test]
    fn what_is_no_response_is_refused() {
        for answer in [
            "",
            "no JSON",
            r#"{"statusCode":"abc"}"#,
            r#"{"statusCode":42}"#,
            r#"{"statusCode":100}"#,
            r#"{"statusCode":200,"body":{"an":"object"}}"#,
            r#"{"statusCode":200,"body":"%","isBase64Encoded":true}"#,
            r#"{"statusCode":200,"headers":{"x":"a\nb"}}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"headers":{"x":["a"]}}"#,
            r#"{"statusCode":200,"cookies":"a=1"}"#,
        ] {
            assert_eq!(
                response(answer.as_bytes()).err(),
                Some(MalformedAnswer),
                "{answer}"
            );
        }
        assert!(response(br#"{"statusCode":200}"#).is_ok());
    }
}
