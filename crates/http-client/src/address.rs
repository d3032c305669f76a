//! Which addresses may be configured: absolute, secure, and in one spelling. Issuers, audiences and
//! redirect URIs are compared byte for byte, so an address that a URL parser would change is
//! refused.

use thiserror::Error;
use url::{Host, Url};

/// Why a given address can't be used.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum InvalidEndpoint {
    /// Not an absolute URL.
    #[error("is not an absolute URL")]
    NotAUrl,
    /// Neither `https`, nor `http` on this machine.
    #[error("must use https (http is accepted for localhost only)")]
    NotSecure,
    /// Not in the normal form of the URL Standard: upper case in the host, the scheme's own port,
    /// missing slashes, white space, characters outside ASCII.
    #[error(
        "must be written in a URL's normal form (lower-case host, without the scheme's own port, \
         ASCII only)"
    )]
    NotNormal,
    /// A fragment, a query, a user name or a password.
    #[error("must have no query, fragment, user name or password")]
    ExtraParts,
}

/// Parses an absolute URL that a secret or a login may be sent to: `https`, or `http` on this
/// machine. Only the normal form is accepted: issuers, audiences and redirect URIs are compared
/// byte for byte, and an address that is put into a header must be valid there.
///
/// # Errors
///
/// [`InvalidEndpoint`]: what is wrong with the address.
pub fn secure_url(text: &str) -> Result<Url, InvalidEndpoint> {
    let url = Url::parse(text).map_err(|_| InvalidEndpoint::NotAUrl)?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(InvalidEndpoint::NotAUrl),
    };
    if !(url.scheme() == "https" || (url.scheme() == "http" && loopback)) {
        return Err(InvalidEndpoint::NotSecure);
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(InvalidEndpoint::ExtraParts);
    }
    // The parser adds the slash of an empty path; nothing else may differ.
    let is_normal = url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    if !is_normal {
        return Err(InvalidEndpoint::NotNormal);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in [
            "https://a.example/x",
            "http://localhost:1/x",
            "http://s.localhost/x",
            "http://127.0.0.9/",
            "http://[::1]:2/",
        ] {
            secure_url(good).unwrap();
        }
        for (bad, why) in [
            ("http://a.example/", InvalidEndpoint::NotSecure),
            ("http://localhost.example/", InvalidEndpoint::NotSecure),
            ("ftp://localhost/", InvalidEndpoint::NotSecure),
            ("/path", InvalidEndpoint::NotAUrl),
            ("data:x", InvalidEndpoint::NotAUrl),
            ("https://a.example/?q", InvalidEndpoint::ExtraParts),
            ("https://a.example/#f", InvalidEndpoint::ExtraParts),
            ("https://u:p@a.example/", InvalidEndpoint::ExtraParts),
        ] {
            assert_eq!(secure_url(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn an_address_has_one_spelling() {
        for good in [
            "https://a.example",
            "https://a.example/",
            "https://a.example/x/",
        ] {
            secure_url(good).unwrap();
        }
        for bad in [
            "https:a.example",
            "https:/a.example/x",
            r"https:\\a.example",
            "HTTPS://a.example",
            "https://A.example",
            "https://a.example:443/x",
            "https://a.example/x y",
            "https://a.example/\tx",
            "https://a.example/\nx",
            " https://a.example",
            "https://a.example/区",
            "https://区.example",
            "https://a.example/x/../y",
            "http://127.1/",
        ] {
            assert_eq!(secure_url(bad), Err(InvalidEndpoint::NotNormal), "{bad:?}");
        }
    }
}
