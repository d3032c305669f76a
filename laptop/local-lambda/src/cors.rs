//! CORS as an HTTP API does it: it answers preflights, and its headers replace the function's.
//! Source: Amazon API Gateway Developer Guide, "Configure CORS for HTTP APIs".

use axum::body::Body;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use crate::gateway::Cors;

/// Whether a request is a preflight: `OPTIONS` with `Origin` and `Access-Control-Request-Method`.
/// Another request with `OPTIONS` is one like any other.
pub(crate) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(ORIGIN)
        && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight, which has no body. [`apply`] adds the headers.
pub(crate) fn answer_to_preflight() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Whether the origin of a request is allowed. `None` if the request has none.
pub(crate) fn is_allowed(cors: &Cors, parts: &Parts) -> Option<bool> {
    let origin = parts.headers.get(ORIGIN)?;
    let origin = origin.to_str().unwrap_or_default();
    Some(
        cors.allow_origins
            .iter()
            .any(|allowed| match allowed.as_str() {
                "*" => true,
                "https://*" | "http://*" => origin.starts_with(allowed.trim_end_matches('*')),
                allowed => origin == allowed,
            }),
    )
}

/// Removes the function's CORS headers from an answer, and adds the configured ones if the request
/// comes from an allowed origin.
///
/// AWS says this of answers of an integration. The answers of the HTTP API itself (401, 404, 429)
/// get the headers too: Chromium reports the status of an authorizer's 401 to a preflight, which it
/// does only after it found the origin allowed. So at least the 401 has them (contract A1).
pub(crate) fn apply(cors: &Cors, parts: &Parts, headers: &mut HeaderMap) {
    for name in [
        ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_ALLOW_CREDENTIALS,
        ACCESS_CONTROL_ALLOW_HEADERS,
        ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_MAX_AGE,
    ] {
        headers.remove(name);
    }
    let Some(origin) = parts.headers.get(ORIGIN) else {
        return;
    };
    if is_allowed(cors, parts) != Some(true) {
        return;
    }
    let is_for_all = cors.allow_origins.iter().any(|allowed| allowed == "*");
    let origin = if is_for_all {
        HeaderValue::from_static("*")
    } else {
        origin.clone()
    };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if cors.allow_credentials {
        let value = HeaderValue::from_static("true");
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, value);
    }
    let mut add = |name: HeaderName, value: String| {
        // The configuration was checked for values that can't be in a header.
        if let Ok(value) = HeaderValue::try_from(value)
            && !value.is_empty()
        {
            headers.insert(name, value);
        }
    };
    if is_preflight(parts) {
        add(ACCESS_CONTROL_ALLOW_METHODS, cors.allow_methods.join(","));
        add(ACCESS_CONTROL_ALLOW_HEADERS, cors.allow_headers.join(","));
        let max_age = cors.max_age.map(|seconds| seconds.to_string());
        add(ACCESS_CONTROL_MAX_AGE, max_age.unwrap_or_default());
    } else {
        add(ACCESS_CONTROL_EXPOSE_HEADERS, cors.expose_headers.join(","));
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn allowed(configured: &str, origin: &str) -> Option<bool> {
        let cors = Cors {
            allow_origins: vec![configured.into()],
            ..Cors::default()
        };
        let request = Request::builder().header(ORIGIN, origin).body(());
        is_allowed(&cors, &request.unwrap().into_parts().0)
    }

    #[test]
    fn an_origin_is_allowed_exactly_or_by_its_scheme() {
        assert_eq!(
            allowed("https://a.example", "https://a.example"),
            Some(true)
        );
        for other in [
            "https://a.example.evil.example",
            "https://A.example",
            "https://a.example:444",
            "http://a.example",
            "null",
        ] {
            assert_eq!(allowed("https://a.example", other), Some(false), "{other}");
        }
        assert_eq!(allowed("https://*", "https://a.example"), Some(true));
        assert_eq!(allowed("https://*", "http://a.example"), Some(false));
        assert_eq!(allowed("http://*", "http://a.example"), Some(true));
        assert_eq!(allowed("*", "null"), Some(true));
    }
}
