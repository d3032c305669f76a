//! What an HTTP API is configured with besides its function, in the words of Amazon API Gateway:
//! routes, a JWT authorizer, CORS and throttles, and what the journal calls the parties.
//! Without it, an HTTP API has one route (`$default`), which takes every request to the function.

use std::net::SocketAddr;

use http::Method;
use loopback::clock::SimClock;
use loopback::journal::Party;
use loopback::names::is_loopback;
use url::Url;

/// The configuration of an HTTP API.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The routes. A request that matches none is answered with 404, and the function isn't called.
    pub routes: Vec<Route>,
    /// The authorizer of the routes that ask for one.
    pub authorizer: Option<JwtAuthorizer>,
    /// Which origins may read the answers. Without it, CORS is the function's matter.
    pub cors: Option<Cors>,
    /// The time by which tokens are checked and requests are counted: the clock of the issuer.
    pub clock: SimClock,
    /// What the journal calls the parties.
    pub parties: Parties,
}

/// One route with `$default`, and the parties of a login.
impl Default for Gateway {
    fn default() -> Self {
        Self {
            routes: vec![Route::new(DEFAULT_ROUTE)],
            authorizer: None,
            cors: None,
            clock: SimClock::default(),
            parties: Parties::default(),
        }
    }
}

/// The key of the route that takes what no other route takes.
pub const DEFAULT_ROUTE: &str = "$default";

/// One route: which requests it takes, and what they need.
#[derive(Clone, Debug)]
pub struct Route {
    /// The route key: a method and a path (`POST /verifications`), `ANY` and a path, or `$default`.
    /// Path variables (`{id}`) aren't simulated.
    pub key: String,
    /// Whether a request needs a token.
    pub authorization: Authorization,
    /// How many requests are let through.
    pub throttle: Option<Throttle>,
}

/// Whether a request needs a token (`AuthorizationType` and `AuthorizationScopes` of a route).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Authorization {
    /// Everybody may call.
    #[default]
    None,
    /// The authorizer checks the token. The token needs one of these scopes; if there are none,
    /// every valid token is admitted, an ID token too.
    Jwt {
        /// `AuthorizationScopes`.
        scopes: Vec<String>,
    },
}

impl Route {
    /// A route that everybody may call, as often as they like.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            authorization: Authorization::None,
            throttle: None,
        }
    }

    /// With the authorizer: see [`Authorization::Jwt`].
    #[must_use]
    pub fn authorized(mut self, scopes: &[&str]) -> Self {
        self.authorization = Authorization::Jwt {
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        };
        self
    }

    /// With a throttle of its own.
    #[must_use]
    pub fn throttled(mut self, throttle: Throttle) -> Self {
        self.throttle = Some(throttle);
        self
    }
}

/// A route's throttle: a bucket of `burst` tokens, of which each request takes one, and into which
/// `rate` tokens flow each second.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Throttle {
    /// `ThrottlingRateLimit`: requests per second.
    pub rate: u32,
    /// `ThrottlingBurstLimit`.
    pub burst: u32,
}

/// A JWT authorizer. Its identity source is `$request.header.Authorization`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JwtAuthorizer {
    /// `iss` of the tokens, and the beginning of the URL of the issuer's metadata. AWS accepts only
    /// https here. A stand-in's issuer may be http, because it is on this machine.
    pub issuer: String,
    /// `Audience`: one of them has to be `aud`, or `client_id` of a token without `aud`.
    pub audience: Vec<String>,
    /// Where the issuer's host is reached by plain HTTP. An issuer needs it if its URL is https, or
    /// has a host that isn't a name of this machine.
    pub issuer_address: Option<SocketAddr>,
}

/// `CorsConfiguration` of an HTTP API.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Cors {
    /// `AllowOrigins`: origins, or `*`, `https://*` or `http://*` for all of a kind.
    pub allow_origins: Vec<String>,
    /// `AllowMethods`.
    pub allow_methods: Vec<String>,
    /// `AllowHeaders`.
    pub allow_headers: Vec<String>,
    /// `ExposeHeaders`.
    pub expose_headers: Vec<String>,
    /// `MaxAge`, in seconds.
    pub max_age: Option<u32>,
    /// `AllowCredentials`.
    pub allow_credentials: bool,
}

/// What the journal calls the parties of an HTTP API.
#[derive(Clone, Copy, Debug)]
pub struct Parties {
    /// The function behind the HTTP API.
    pub called: Party,
    /// Who calls a path.
    pub caller: fn(path: &str) -> Party,
}

/// The parties of a login: the function `federation`, called by the browser at three paths and
/// by Cognito otherwise.
impl Default for Parties {
    fn default() -> Self {
        Self {
            called: Party::Bridge,
            caller: |path| match path {
                "/authorize" | "/callback" | "/verify" => Party::Browser,
                _ => Party::Cognito,
            },
        }
    }
}

/// A configuration that Amazon API Gateway wouldn't accept, or that isn't simulated.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidGateway {
    /// A route key is neither `$default` nor a method and a path without variables.
    #[error("{key:?} is no route key, or has path variables, which aren't simulated")]
    RouteKey {
        /// The route key.
        key: String,
    },
    /// Two routes have the same key.
    #[error("there are two routes {key:?}")]
    RouteTwice {
        /// The route key.
        key: String,
    },
    /// A route asks for the authorizer, and there is none.
    #[error("{key:?} needs an authorizer, and there is none")]
    NoAuthorizer {
        /// The route key.
        key: String,
    },
    /// A route has more than ten scopes, or one that can't stand in a header.
    #[error("{key:?} has more than {MOST_SCOPES} scopes, or one that isn't a scope")]
    Scopes {
        /// The route key.
        key: String,
    },
    /// The authorizer has no audience, or more than fifty.
    #[error("an authorizer has 1 to {MOST_AUDIENCES} audiences")]
    Audience,
    /// The issuer isn't a URL, or can't be reached without leaving this machine.
    #[error("the issuer is neither http on this machine nor has it an address on loopback")]
    Issuer,
    /// There is no HTTP client for the issuer's keys.
    #[error("the HTTP client for the issuer's keys can't be made")]
    Client,
    /// Credentials would be allowed to every origin.
    #[error("CORS with credentials needs origins by name, not \"*\"")]
    CredentialsForAll,
    /// An origin, method or header can't stand in a header.
    #[error("{value:?} can't be in a CORS header")]
    CorsValue {
        /// The value.
        value: String,
    },
}

/// Amazon API Gateway, quotas for HTTP APIs: scopes per route.
const MOST_SCOPES: usize = 10;
/// Amazon API Gateway, quotas for HTTP APIs: audiences per authorizer.
const MOST_AUDIENCES: usize = 50;

impl Gateway {
    /// Whether Amazon API Gateway would accept it.
    pub(crate) fn check(&self) -> Result<(), InvalidGateway> {
        for (number, route) in self.routes.iter().enumerate() {
            let key = || route.key.clone();
            if RouteKey::parse(&route.key).is_none() {
                return Err(InvalidGateway::RouteKey { key: key() });
            }
            let mut earlier = self.routes.iter().take(number);
            if earlier.any(|other| other.key == route.key) {
                return Err(InvalidGateway::RouteTwice { key: key() });
            }
            if let Authorization::Jwt { scopes } = &route.authorization {
                if self.authorizer.is_none() {
                    return Err(InvalidGateway::NoAuthorizer { key: key() });
                }
                if scopes.len() > MOST_SCOPES || !scopes.iter().all(|scope| is_scope(scope)) {
                    return Err(InvalidGateway::Scopes { key: key() });
                }
            }
        }
        self.authorizer
            .as_ref()
            .map_or(Ok(()), JwtAuthorizer::check)?;
        self.cors.as_ref().map_or(Ok(()), Cors::check)
    }
}

/// Whether this is one scope (RFC 6749 §3.3).
fn is_scope(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    !text.is_empty() && text.bytes().all(is_allowed)
}

impl JwtAuthorizer {
    fn check(&self) -> Result<(), InvalidGateway> {
        if !(1..=MOST_AUDIENCES).contains(&self.audience.len()) {
            return Err(InvalidGateway::Audience);
        }
        let issuer = Url::parse(&self.issuer).map_err(|_| InvalidGateway::Issuer)?;
        let is_reached = match self.issuer_address {
            Some(address) => {
                matches!(issuer.scheme(), "http" | "https") && address.ip().is_loopback()
            }
            None => issuer.scheme() == "http" && is_loopback(&issuer),
        };
        is_reached.then_some(()).ok_or(InvalidGateway::Issuer)
    }
}

impl Cors {
    fn check(&self) -> Result<(), InvalidGateway> {
        if self.allow_credentials && self.allow_origins.iter().any(|origin| origin == "*") {
            return Err(InvalidGateway::CredentialsForAll);
        }
        let lists = [
            &self.allow_origins,
            &self.allow_methods,
            &self.allow_headers,
            &self.expose_headers,
        ];
        let is_value = |text: &&String| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b',')
        };
        match lists.into_iter().flatten().find(|text| !is_value(text)) {
            Some(value) => Err(InvalidGateway::CorsValue {
                value: value.clone(),
            }),
            None => Ok(()),
        }
    }
}

/// A route key, taken apart.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum RouteKey<'a> {
    Default,
    Path {
        /// `None` is `ANY`.
        method: Option<&'a str>,
        path: &'a str,
    },
}

impl<'a> RouteKey<'a> {
    pub(crate) fn parse(key: &'a str) -> Option<Self> {
        if key == DEFAULT_ROUTE {
            return Some(Self::Default);
        }
        let (method, path) = key.split_once(' ')?;
        let is_path = path.starts_with('/')
            && path.bytes().all(|byte| byte.is_ascii_graphic())
            && !path.contains(['{', '}', '?', '#']);
        let is_method = method == "ANY" || METHODS.iter().any(|known| *known == method);
        (is_path && is_method).then_some(Self::Path {
            method: (method != "ANY").then_some(method),
            path,
        })
    }
}

/// The methods that a route can have besides `ANY`.
const METHODS: [Method; 7] = [
    Method::DELETE,
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::PATCH,
    Method::POST,
    Method::PUT,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn authorizer() -> JwtAuthorizer {
        JwtAuthorizer {
            issuer: "http://localhost:9/pool".into(),
            audience: vec!["app".into()],
            issuer_address: None,
        }
    }

    fn checked(routes: Vec<Route>) -> Result<(), InvalidGateway> {
        Gateway {
            routes,
            authorizer: Some(authorizer()),
            ..Gateway::default()
        }
        .check()
    }

    #[test]
    fn a_route_key_is_a_method_and_a_path_or_the_default() {
        for key in ["$default", "ANY /", "GET /a/b", "DELETE /verifications/me"] {
            assert_eq!(checked(vec![Route::new(key)]), Ok(()), "{key}");
        }
        for key in [
            "",
            "/a",
            "GET",
            "GET a",
            "get /a",
            "FETCH /a",
            "GET  /a",
            "GET /a b",
            "GET /{id}",
            "ANY /{proxy+}",
            "GET /a?b",
            "default",
        ] {
            let error = InvalidGateway::RouteKey { key: key.into() };
            assert_eq!(checked(vec![Route::new(key)]), Err(error), "{key}");
        }
        let twice = vec![Route::new("GET /a"), Route::new("GET /a")];
        let error = InvalidGateway::RouteTwice {
            key: "GET /a".into(),
        };
        assert_eq!(checked(twice), Err(error));
    }

    #[test]
    fn a_route_has_at_most_ten_scopes_and_they_need_an_authorizer() {
        let route = |scopes: &[&str]| vec![Route::new("GET /a").authorized(scopes)];
        assert_eq!(checked(route(&[])), Ok(()));
        assert_eq!(checked(route(&["a/b"; 10])), Ok(()));
        let key = || "GET /a".to_owned();
        for scopes in [&["a"; 11][..], &["a b"], &["a\""], &[""]] {
            let error = InvalidGateway::Scopes { key: key() };
            assert_eq!(checked(route(scopes)), Err(error));
        }
        let without = Gateway {
            routes: route(&[]),
            ..Gateway::default()
        };
        let error = InvalidGateway::NoAuthorizer { key: key() };
        assert_eq!(without.check(), Err(error));
    }

    #[test]
    fn an_issuer_is_on_this_machine_or_reached_there() {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 9));
        let elsewhere = SocketAddr::from(([192, 0, 2, 1], 9));
        for (issuer, address, holds) in [
            ("http://localhost:9/pool", None, true),
            ("http://127.0.0.1:9", None, true),
            ("https://localhost:9/pool", None, false),
            ("https://localhost:9/pool", Some(loopback), true),
            ("https://localhost:9/pool", Some(elsewhere), false),
            ("http://host.docker.internal:9", None, false),
            ("http://host.docker.internal:9", Some(loopback), true),
            ("ftp://localhost", Some(loopback), false),
            ("pool", Some(loopback), false),
        ] {
            let authorizer = JwtAuthorizer {
                issuer: issuer.into(),
                issuer_address: address,
                ..authorizer()
            };
            let expected = if holds {
                Ok(())
            } else {
                Err(InvalidGateway::Issuer)
            };
            assert_eq!(authorizer.check(), expected, "{issuer} {address:?}");
        }
        for number in [0, 51] {
            let authorizer = JwtAuthorizer {
                audience: vec!["app".into(); number],
                ..authorizer()
            };
            assert_eq!(authorizer.check(), Err(InvalidGateway::Audience));
        }
    }

    #[test]
    fn credentials_are_never_allowed_to_all_and_values_fit_into_a_header() {
        let cors = |origin: &str, allow_credentials| Cors {
            allow_origins: vec![origin.into()],
            allow_credentials,
            ..Cors::default()
        };
        assert_eq!(cors("*", false).check(), Ok(()));
        assert_eq!(cors("https://app.example", true).check(), Ok(()));
        assert_eq!(
            cors("*", true).check(),
            Err(InvalidGateway::CredentialsForAll)
        );
        for value in ["", "a b", "a,b", "a\n"] {
            let error = InvalidGateway::CorsValue {
                value: value.into(),
            };
            assert_eq!(cors(value, false).check(), Err(error));
        }
    }
}
