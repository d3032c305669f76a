//! The endpoints of the bridge: the path of each, and what is the same for all requests to it.

use function_kit::metrics::Step;
use member_flow::VERIFY_PATH;
use relying_party::service::CALLBACK_PATH;

use crate::pending_cookie::Pending;
use crate::refusal::Told;

/// An endpoint of the bridge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Endpoint {
    /// The browser begins a login (OIDC Core §3.1.2).
    Authorize,
    /// The browser begins the verification of a member.
    Verify,
    /// The service sends the browser back.
    Callback,
    /// Amazon Cognito gets its tokens (OIDC Core §3.1.3).
    Token,
    /// Amazon Cognito gets the attributes (OIDC Core §5.3).
    Userinfo,
    /// The public keys of the bridge's ID tokens, for Amazon Cognito (RFC 7517 §5).
    Jwks,
    /// The public keys of the bridge's client assertions, for the service (RFC 7523).
    ClientJwks,
    /// The provider metadata (OIDC Discovery §4).
    OpenIdConfiguration,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: &'static [Self] = &[
        Self::Authorize,
        Self::Verify,
        Self::Callback,
        Self::Token,
        Self::Userinfo,
        Self::Jwks,
        Self::ClientJwks,
        Self::OpenIdConfiguration,
    ];

    /// The path, below the issuer.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Authorize => "/authorize",
            Self::Verify => VERIFY_PATH,
            Self::Callback => CALLBACK_PATH,
            Self::Token => "/token",
            Self::Userinfo => "/userinfo",
            Self::Jwks => "/jwks.json",
            Self::ClientJwks => "/client-jwks.json",
            Self::OpenIdConfiguration => "/.well-known/openid-configuration",
        }
    }

    /// The URL, with this issuer.
    #[must_use]
    pub fn url(self, issuer: &str) -> String {
        format!("{issuer}{}", self.path())
    }

    /// The endpoint at a path.
    #[must_use]
    pub fn at(path: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|endpoint| endpoint.path() == path)
    }

    /// Whether the endpoint seals or opens values, and so needs recent secrets.
    pub(crate) const fn is_sealed(self) -> bool {
        match self {
            Self::Authorize | Self::Verify | Self::Callback | Self::Token | Self::Userinfo => true,
            Self::Jwks | Self::ClientJwks | Self::OpenIdConfiguration => false,
        }
    }

    /// Where a failure is reported that doesn't depend on the endpoint's own checks: programs read
    /// JSON, people read a page.
    pub(crate) const fn told(self) -> Told {
        match self {
            Self::Authorize => Told::Page(Some(Pending::Login)),
            Self::Verify => Told::Page(Some(Pending::Verification)),
            Self::Callback => Told::Page(None),
            Self::Token
            | Self::Userinfo
            | Self::Jwks
            | Self::ClientJwks
            | Self::OpenIdConfiguration => Told::Json,
        }
    }

    /// The step as which a whole request is measured; `None` if nothing waits for this endpoint
    /// during a login.
    pub(crate) const fn step(self) -> Option<Step> {
        match self {
            Self::Authorize => Some(Step::Authorize),
            Self::Verify => Some(Step::Verify),
            Self::Callback => Some(Step::Callback),
            Self::Token => Some(Step::Token),
            Self::Userinfo => Some(Step::Userinfo),
            Self::Jwks => Some(Step::Jwks),
            Self::ClientJwks | Self::OpenIdConfiguration => None,
        }
    }
}
