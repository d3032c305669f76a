//! Host names of this machine, for the HTTP clients and servers of the stand-ins.
//! For clients, `localhost` and every name below it mean 127.0.0.1, without asking a resolver
//! (RFC 6761 §6.3). Any other name is refused, so no request leaves the machine.
//! Servers refuse requests for any other `Host`, so a page of another site can't reach them through
//! its own name (DNS rebinding).

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{HOST, HeaderMap};
use http::uri::Authority;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// A resolver that knows `localhost`, `*.localhost` and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct LoopbackNames;

/// The name is neither `localhost` nor a name below it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("only localhost and names below it are reached from here")]
pub struct NotLoopbackName;

impl Resolve for LoopbackNames {
    fn resolve(&self, name: Name) -> Resolving {
        let known = is_localhost_name(name.as_str());
        Box::pin(async move {
            if !known {
                return Err(Box::new(NotLoopbackName).into());
            }
            // Port 0 lets the port of the URL decide.
            let address = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));
            let addresses: Addrs = Box::new(std::iter::once(address));
            Ok(addresses)
        })
    }
}

fn is_localhost_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether a URL's host is this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_localhost_name(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Answers 421 to a request whose `Host` isn't a name of this machine. Otherwise a page of another
/// site could read the answers, if its name resolves to 127.0.0.1 (DNS rebinding). A request
/// without `Host` is answered, because it doesn't come from a browser.
pub async fn only_this_machine(request: Request, next: Next) -> Response {
    if is_for(request.headers(), None) {
        next.run(request).await
    } else {
        StatusCode::MISDIRECTED_REQUEST.into_response()
    }
}

/// Whether every `Host` of a request is a name of this machine, or the other name, with any port.
#[must_use]
pub fn is_for(headers: &HeaderMap, other: Option<&str>) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    hosts.all(|host| {
        host.to_str().is_ok_and(|host| {
            let name = host.parse::<Authority>();
            let is_other = !host.contains('@') && name.is_ok_and(|name| Some(name.host()) == other);
            is_other || is_host_of_this_machine(host)
        })
    })
}

/// Finishes answering a request even if the client disconnects, as a real front door does. A login
/// that is reloaded in the middle therefore still ends, and the journal records its end.
pub async fn to_its_end(request: Request, next: Next) -> Response {
    let answering = tokio::spawn(next.run(request)).await;
    answering.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn is_host_of_this_machine(host: &str) -> bool {
    Url::parse(&format!("http://{host}")).is_ok_and(|url| {
        url.path() == "/" && url.query().is_none() && url.username().is_empty() && is_loopback(&url)
    })
}

/// Why a body couldn't be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The body has more bytes than the limit allows.
    #[error("the answer is larger than the limit")]
    TooLarge,
    /// The connection broke.
    #[error("the connection ended before the answer did")]
    Connection(#[source] reqwest::Error),
}

/// Reads a body of at most `limit` bytes.
pub async fn read_body(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| BodyError::Connection(error.without_url()))?
    {
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_of_this_machine_is_answered() {
        for host in [
            "localhost",
            "app.localhost:8080",
            "SERVICE.localhost:1",
            "127.0.0.1:8080",
            "[::1]:80",
        ] {
            assert!(is_host_of_this_machine(host), "{host}");
        }
        for host in [
            "",
            "attacker.example",
            "attacker.example:8080",
            "localhost.attacker.example",
            "localhost@attacker.example",
            "attacker.example/localhost",
            "user@localhost",
            "localhost/x",
            "192.168.0.1",
        ] {
            assert!(!is_host_of_this_machine(host), "{host}");
        }
    }

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for url in [
            "http://localhost:1",
            "http://a.localhost",
            "http://127.0.0.9:2",
            "http://[::1]",
        ] {
            assert!(is_loopback(&Url::parse(url).unwrap()), "{url}");
        }
        for url in [
            "http://example.com",
            "http://localhost.example",
            "http://notlocalhost",
            "http://10.0.0.1",
        ] {
            assert!(!is_loopback(&Url::parse(url).unwrap()), "{url}");
        }
    }
}
