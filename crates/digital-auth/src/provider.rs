//! Where the service is: its issuer and its four endpoints.
//! Nothing is discovered: whether the service has a discovery document is not known, and an endpoint that is
//! configured can't be changed by whoever answers a request (contract §1).

use openidconnect::IssuerUrl;
use thiserror::Error;
use url::{Host, Url};

/// The base of the production environment's API.
const PRODUCTION_BASE: &str = "https://auth-and-sign.go.jp/api";
/// The base of the sandbox's API.
const SANDBOX_BASE: &str = "https://sb-auth-and-sign.go.jp/api";

/// The service, as one OpenID Provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provider {
    issuer: IssuerUrl,
    authorization_endpoint: Url,
    token_endpoint: Url,
    userinfo_endpoint: Url,
    jwks_uri: Url,
}

/// Why a given address can't be used.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum InvalidEndpoint {
    /// Not an absolute URL.
    #[error("is not an absolute URL")]
    NotAUrl,
    /// Neither `https`, nor `http` on this machine.
    #[error("must use https (http is accepted for localhost only)")]
    NotSecure,
    /// Another spelling of the address than the URL Standard's own: upper case in the host, the scheme's own port,
    /// missing slashes, white space, characters outside ASCII.
    #[error(
        "must be written in a URL's normal form (lower-case host, without the scheme's own port, ASCII only)"
    )]
    NotNormal,
    /// A fragment, a query, a user name or a password.
    #[error("must have no query, fragment, user name or password")]
    ExtraParts,
}

impl Provider {
    /// The production environment.
    ///
    /// # Errors
    ///
    /// None in practice: the addresses are constants, and a test reads them.
    pub fn production() -> Result<Self, InvalidEndpoint> {
        Self::of_base(PRODUCTION_BASE)
    }

    /// The sandbox, in which test cards are used.
    ///
    /// # Errors
    ///
    /// None in practice, as for [`Provider::production`].
    pub fn sandbox() -> Result<Self, InvalidEndpoint> {
        Self::of_base(SANDBOX_BASE)
    }

    /// Keycloak's paths below the realm `main`: the issuer has a path (contract §1).
    fn of_base(base: &str) -> Result<Self, InvalidEndpoint> {
        let issuer = format!("{base}/realms/main");
        let endpoint = |name: &str| format!("{issuer}/protocol/openid-connect/{name}");
        Self::given(
            &issuer,
            &endpoint("auth"),
            &endpoint("token"),
            &endpoint("userinfo"),
            &endpoint("certs"),
        )
    }

    /// Another environment, or a stand-in. Each address is an absolute `https` URL; `http` is accepted
    /// for this machine only (`localhost`, `*.localhost`, a loopback address).
    ///
    /// # Errors
    ///
    /// The first address that can't be used.
    pub fn given(
        issuer: &str,
        authorization_endpoint: &str,
        token_endpoint: &str,
        userinfo_endpoint: &str,
        jwks_uri: &str,
    ) -> Result<Self, InvalidEndpoint> {
        secure_url(issuer)?;
        Ok(Self {
            issuer: IssuerUrl::new(issuer.to_owned()).map_err(|_| InvalidEndpoint::NotAUrl)?,
            authorization_endpoint: secure_url(authorization_endpoint)?,
            token_endpoint: secure_url(token_endpoint)?,
            userinfo_endpoint: secure_url(userinfo_endpoint)?,
            jwks_uri: secure_url(jwks_uri)?,
        })
    }

    /// The issuer, compared byte for byte with `iss` (OIDC Core §3.1.3.7 step 2, RFC 9207 §2.4).
    #[must_use]
    pub fn issuer(&self) -> &IssuerUrl {
        &self.issuer
    }

    /// Where the browser goes.
    #[must_use]
    pub fn authorization_endpoint(&self) -> &Url {
        &self.authorization_endpoint
    }

    /// Where a code becomes tokens; also the audience of a client assertion.
    #[must_use]
    pub fn token_endpoint(&self) -> &Url {
        &self.token_endpoint
    }

    /// Where the four attributes are.
    #[must_use]
    pub fn userinfo_endpoint(&self) -> &Url {
        &self.userinfo_endpoint
    }

    /// Where the service's public keys are.
    #[must_use]
    pub fn jwks_uri(&self) -> &Url {
        &self.jwks_uri
    }
}

/// An absolute URL that a secret or a login may be sent to: `https`, or `http` on this machine.
/// It is taken in one spelling only, since issuers, audiences and redirect URIs are compared byte for byte,
/// and what is put into a header must be fit for it.
///
/// # Errors
///
/// What is wrong with it.
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
    fn the_environments_have_keycloaks_paths_below_an_issuer_with_a_path() {
        let sandbox = Provider::sandbox().unwrap();
        assert_eq!(
            sandbox.issuer().as_str(),
            "https://sb-auth-and-sign.go.jp/api/realms/main"
        );
        let production = Provider::production().unwrap();
        assert_eq!(
            production.token_endpoint().as_str(),
            "https://auth-and-sign.go.jp/api/realms/main/protocol/openid-connect/token"
        );
    }

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
