//! A client in Amazon Cognito's place, for what Amazon Cognito itself never does: it sends what a
//! test tells it to send, over HTTP, to the function's endpoints.

use std::collections::BTreeMap;

use demo::laptop::{COGNITO_CLIENT_ID, Laptop};
use kit::Parameters;
use loopback::user_agent::{Arrival, Page, UserAgent};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use service_simulator::Service;
use service_simulator::fault::Fault;
use url::Url;

use crate::BrowserLogin;

/// A client of the bridge. `S` is what stands in the service's place.
#[derive(Debug)]
pub struct RelyingParty<'a, S = Service> {
    laptop: &'a Laptop<S>,
}

macro_rules! changes {
    ($type:ty) => {
        impl $type {
            /// With this value for a parameter, in place of any that it has.
            #[must_use]
            pub fn with(mut self, name: &str, value: &str) -> Self {
                self.parameters = self.parameters.with(name, value);
                self
            }

            /// Without a parameter.
            #[must_use]
            pub fn without(mut self, name: &str) -> Self {
                self.parameters = self.parameters.without(name);
                self
            }

            /// With one more parameter, also if there is one of this name.
            #[must_use]
            pub fn and(mut self, name: &str, value: &str) -> Self {
                self.parameters = self.parameters.and(name, value);
                self
            }
        }
    };
}

/// An authorization request that Amazon Cognito would make, until it is changed.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    endpoint: String,
    parameters: Parameters,
}

changes!(AuthorizationRequest);

impl AuthorizationRequest {
    /// Its `redirect_uri`; empty if it has none.
    fn redirect_uri(&self) -> String {
        let mut parameters = self.parameters.pairs().iter();
        parameters
            .find(|(name, _)| name == "redirect_uri")
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }

    /// Where the browser goes.
    #[must_use]
    pub fn url(&self) -> Url {
        let mut url = Url::parse(&self.endpoint).unwrap();
        url.query_pairs_mut().extend_pairs(self.parameters.pairs());
        url
    }

    /// Sends it as a form of the page that the browser shows (OIDC Core §3.1.2.1), and gives the
    /// answer.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub async fn post(&self, browser: &UserAgent) -> Page {
        let endpoint = Url::parse(&self.endpoint).unwrap();
        let pairs = self.parameters.pairs().iter();
        let fields: Vec<_> = pairs.map(|(name, value)| (&**name, &**value)).collect();
        let posted = browser.post_form(&endpoint, "text/html", &fields).await;
        posted.unwrap()
    }
}

/// A token request that Amazon Cognito would make, until it is changed.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    endpoint: String,
    parameters: Parameters,
    headers: Vec<(&'static str, String)>,
}

changes!(TokenRequest);

impl TokenRequest {
    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Sends it.
    pub async fn send(&self) -> Answer {
        let mut request = reqwest::Client::new()
            .post(&self.endpoint)
            .form(self.parameters.pairs());
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        Answer::of(request).await
    }
}

/// An answer of the function, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The answer to a request.
    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request
            .send()
            .await
            .expect("the function's front door answers");
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    value.to_str().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        Self {
            status,
            headers,
            body: response.text().await.expect("a body"),
        }
    }

    /// The JSON of the body; `null` if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A member of the JSON, if it is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.json()
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    }

    /// The failure class of an OAuth error.
    #[must_use]
    pub fn class(&self) -> Option<String> {
        self.text("error_description")?
            .split(' ')
            .next()
            .map(str::to_owned)
    }
}

impl<'a, S> RelyingParty<'a, S> {
    /// The client that the bridge of this laptop knows.
    #[must_use]
    pub fn new(laptop: &'a Laptop<S>) -> Self {
        Self { laptop }
    }

    /// The bridge's issuer, which is also where the browser finds it.
    #[must_use]
    pub fn issuer(&self) -> String {
        demo::laptop::bridge_issuer(self.laptop.bridge.address().port())
    }

    /// Where the browser comes back.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        self.laptop.cognito.idpresponse_url()
    }

    /// The usual authorization request.
    #[must_use]
    pub fn authorization_request(&self) -> AuthorizationRequest {
        AuthorizationRequest {
            endpoint: format!("{}/authorize", self.issuer()),
            parameters: Parameters::of([
                ("client_id", COGNITO_CLIENT_ID),
                ("redirect_uri", &self.redirect_uri()),
                ("scope", "openid name address birthdate gender"),
                ("response_type", "code"),
                ("state", "the-clients-state.of-some-length.4"),
            ]),
        }
    }

    /// The usual token request for a code.
    #[must_use]
    pub fn token_request(&self, code: &str) -> TokenRequest {
        TokenRequest {
            endpoint: format!("{}/token", self.laptop.bridge.base_url()),
            parameters: Parameters::of([
                ("grant_type", "authorization_code"),
                ("code", code),
                ("client_id", COGNITO_CLIENT_ID),
                (
                    "client_secret",
                    self.laptop.configuration.client_secret().expose_secret(),
                ),
                ("redirect_uri", &self.redirect_uri()),
            ]),
            headers: Vec::new(),
        }
    }

    /// The function's own answer to an authorization request: a redirect, or a page.
    pub async fn authorize(&self, browser: &UserAgent, request: &AuthorizationRequest) -> Page {
        browser
            .get(&request.url(), "text/html")
            .await
            .expect("the function's front door answers")
    }

    /// Requests the function's `/callback` (see [`RelyingParty::to_callback`]) and gives where the
    /// browser ended.
    pub async fn from_callback(&self, browser: &UserAgent, callback: &Url) -> Arrival {
        let redirect_uri = self.redirect_uri();
        let journey = browser
            .follow(callback, "text/html", |url| {
                url.as_str().starts_with(&redirect_uri)
            })
            .await;
        journey.expect("redirects that a browser follows").end
    }

    /// Asks for the claims with an access token, by GET.
    pub async fn userinfo(&self, access_token: &str) -> Answer {
        let url = format!("{}/userinfo", self.laptop.bridge.base_url());
        Answer::of(reqwest::Client::new().get(url).bearer_auth(access_token)).await
    }

    /// A document of the function, for example `/jwks.json`.
    pub async fn document(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.laptop.bridge.base_url());
        Answer::of(reqwest::Client::new().get(url)).await
    }

    /// The claims of an ID token of the bridge, verified with its published keys (OIDC Core
    /// §3.1.3.7).
    pub async fn verified(&self, id_token: &str) -> serde_json::Map<String, Value> {
        let keys: jsonwebtoken::jwk::JwkSet =
            serde_json::from_str(&self.document("/jwks.json").await.body).expect("a JWK Set");
        let header = jsonwebtoken::decode_header(id_token).expect("a JWT");
        let key = keys
            .find(&header.kid.expect("a kid"))
            .expect("a published key");
        let key = jsonwebtoken::DecodingKey::from_jwk(key).expect("a usable key");
        let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
        validation.set_issuer(&[self.issuer()]);
        validation.set_audience(&[COGNITO_CLIENT_ID]);
        jsonwebtoken::decode(id_token, &key, &validation)
            .expect("a valid ID token")
            .claims
    }
}

/// What needs the stand-in's test-card page.
impl RelyingParty<'_> {
    /// Signs a test person in and gives where the browser ended: back at the client, or on a page.
    pub async fn sign_in(
        &self,
        browser: &UserAgent,
        request: &AuthorizationRequest,
        persona: &str,
        fault: Option<Fault>,
    ) -> Arrival {
        let redirect_uri = self.redirect_uri();
        let at_client = |url: &Url| url.as_str().starts_with(&redirect_uri);
        let journey = browser
            .follow(&request.url(), "application/json", at_client)
            .await;
        let arrival = journey.expect("redirects that a browser follows").end;
        self.laptop
            .choose(browser, arrival, persona, fault, at_client)
            .await
            .expect("redirects that a browser follows")
    }

    /// The same with every answer on the way, until the browser is at the request's own
    /// `redirect_uri`.
    pub async fn browser_login(
        &self,
        browser: &UserAgent,
        request: &AuthorizationRequest,
        persona: &str,
        fault: Option<Fault>,
    ) -> BrowserLogin {
        let redirect_uri = request.redirect_uri();
        let at_client =
            |url: &Url| !redirect_uri.is_empty() && url.as_str().starts_with(&redirect_uri);
        BrowserLogin::run(browser, &request.url(), persona, fault, at_client).await
    }

    /// As [`RelyingParty::sign_in`], but only as far as the function's `/callback`, which isn't
    /// requested yet: its address.
    pub async fn to_callback(&self, browser: &UserAgent, request: &AuthorizationRequest) -> Url {
        let at_callback = |url: &Url| url.path() == "/callback";
        let journey = browser
            .follow(&request.url(), "application/json", at_callback)
            .await;
        let arrival = journey.expect("redirects that a browser follows").end;
        let arrival = self
            .laptop
            .choose(browser, arrival, "adult", None, at_callback)
            .await
            .expect("redirects that a browser follows");
        match arrival {
            Arrival::At(url) => url,
            Arrival::Page(page) => panic!("on a page of status {} at {}", page.status, page.url),
        }
    }

    /// Signs the first test person in with the usual request and gives the code.
    pub async fn code(&self) -> String {
        let arrival = self
            .sign_in(
                &crate::browser(),
                &self.authorization_request(),
                "adult",
                None,
            )
            .await;
        parameter(&arrival, "code").expect("a code")
    }
}

/// A parameter of the URL at which the browser arrived.
///
/// # Panics
///
/// If the browser ended on a page, or the name comes twice.
#[must_use]
pub fn parameter(arrival: &Arrival, name: &str) -> Option<String> {
    match arrival {
        Arrival::At(url) => kit::parameter(url, name),
        Arrival::Page(page) => panic!("on a page of status {} at {}", page.status, page.url),
    }
}
