//! Where the service is: its issuer and its four endpoints.
//! They are configured and not discovered: it is not known whether the service has a discovery
//! document, and no answer from the network can change a configured endpoint (contract S1).

use four_attributes::{PRODUCTION_ISSUER, SANDBOX_ISSUER};
pub use http_client::{InvalidEndpoint, secure_url};
use openidconnect::IssuerUrl;
use url::Url;

/// The service, as one OpenID Provider.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provider {
    issuer: IssuerUrl,
    authorization_endpoint: Url,
    token_endpoint: Url,
    userinfo_endpoint: Url,
    jwks_uri: Url,
}

impl Provider {
    /// The production environment.
    ///
    /// # Errors
    ///
    /// None in practice: the addresses are constants, and a test reads them.
    pub fn production() -> Result<Self, InvalidEndpoint> {
        Self::of_realm(PRODUCTION_ISSUER)
    }

    /// The sandbox, in which test cards are used.
    ///
    /// # Errors
    ///
    /// None in practice, as for [`Provider::production`].
    pub fn sandbox() -> Result<Self, InvalidEndpoint> {
        Self::of_realm(SANDBOX_ISSUER)
    }

    /// The endpoints of a Keycloak realm, at Keycloak's paths below it. The realm's address is the
    /// issuer (contract S1).
    fn of_realm(issuer: &str) -> Result<Self, InvalidEndpoint> {
        let endpoint = |name: &str| format!("{issuer}/protocol/openid-connect/{name}");
        Self::given(
            issuer,
            &endpoint("auth"),
            &endpoint("token"),
            &endpoint("userinfo"),
            &endpoint("certs"),
        )
    }

    /// Another environment, or a stand-in. Each address is an absolute `https` URL; `http` is
    /// accepted for this machine only (`localhost`, `*.localhost`, a loopback address).
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

    /// The authorization endpoint, where the browser is sent.
    #[must_use]
    pub fn authorization_endpoint(&self) -> &Url {
        &self.authorization_endpoint
    }

    /// The token endpoint, where a code is exchanged for tokens. It is also the audience of a
    /// client assertion.
    #[must_use]
    pub fn token_endpoint(&self) -> &Url {
        &self.token_endpoint
    }

    /// The userinfo endpoint, which gives the four attributes.
    #[must_use]
    pub fn userinfo_endpoint(&self) -> &Url {
        &self.userinfo_endpoint
    }

    /// The address of the service's public keys, a JWK Set.
    #[must_use]
    pub fn jwks_uri(&self) -> &Url {
        &self.jwks_uri
    }
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
}
