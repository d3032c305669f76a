//! A client in Amazon Cognito's place, for requests that Amazon Cognito itself never makes. It
//! sends what a test says, over HTTP, to the function's endpoints.

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

/// A client of the bridge. `S` is the type of the service's stand-in.
#[derive(Debug)]
pub struct RelyingParty<'a, S = Service> {
    laptop: &'a Laptop<S>,
}

macro_rules! changes {
    ($type:ty) => {
        impl $type {
            /// Sets a parameter. The new value takes the place of any that it has.
            #[must_use]
            pub fn with(mut self, name: &str, value: &str) -> Self {
                self.parameters = self.parameters.with(name, value);
                self
            }

            /// Removes a parameter.
            #[must_use]
            pub fn without(mut self, name: &str) -> Self {
                self.parameters = self.parameters.without(name);
                self
            }

            /// Adds a parameter, even if one of this name exists.
            #[must_use]
            pub fn and(mut self, name: &str, value: &str) -> Self {
                self.parameters = self.parameters.and(name, value);
                self
            }
        }
    };
}

/// An authorization request. It starts as Amazon Cognito's, and a test changes it.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    endpoint: String,
    parameters: Parameters,
}

changes!(AuthorizationRequest);

impl AuthorizationRequest {
    /// The `redirect_uri` of the request, or an empty text.
    fn redirect_uri(&self) -> String {
        let mut parameters = self.parameters.pairs().iter();
        parameters
            .find(|(name, _)| name == "redirect_uri")
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    }

    /// The URL to which the browser is sent.
    #[must_use]
    pub fn url(&self) -> Url {
        let mut url = Url::parse(&self.endpoint).unwrap();
        url.query_pairs_mut().extend_pairs(self.parameters.pairs());
        url
    }

    /// Sends the request as a form from the browser's current page (OIDC Core §3.1.2.1), and gives
    /// the answer.
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

/// A token request. It starts as Amazon Cognito's, and a test changes it.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    endpoint: String,
    parameters: Parameters,
    headers: Vec<(&'static str, String)>,
}

changes!(TokenRequest);

impl TokenRequest {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Sends the request.
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

/// A complete answer of the function.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// Sends a request and reads the whole answer.
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

    /// The body as JSON, or `null` if it isn't JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A member of the JSON body, if it is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.json()
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    }

    /// The class of failure in an OAuth error.
    #[must_use]
    pub fn class(&self) -> Option<String> {
        self.text("error_description")?
            .split(' ')
            .next()
            .map(str::to_owned)
    }
}

impl<'a, S> RelyingParty<'a, S> {
    /// The client that the bridge of this laptop is configured for.
    #[must_use]
    pub fn new(laptop: &'a Laptop<S>) -> Self {
        Self { laptop }
    }

    /// The bridge's issuer, which is also the URL at which the browser reaches the bridge.
    #[must_use]
    pub fn issuer(&self) -> String {
        demo::laptop::bridge_issuer(self.laptop.bridge.address().port())
    }

    /// The URL to which the browser comes back.
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

    /// The usual token request with this code.
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

    /// Sends an authorization request and gives the function's answer: a redirect, or a page.
    pub async fn authorize(&self, browser: &UserAgent, request: &AuthorizationRequest) -> Page {
        browser
            .get(&request.url(), "text/html")
            .await
            .expect("the function's front door answers")
    }

    /// Requests the function's `/callback` (see [`RelyingParty::to_callback`]), and gives where the
    /// browser arrives.
    pub async fn from_callback(&self, browser: &UserAgent, callback: &Url) -> Arrival {
        let redirect_uri = self.redirect_uri();
        let journey = browser
            .follow(callback, "text/html", |url| {
                url.as_str().starts_with(&redirect_uri)
            })
            .await;
        journey.expect("redirects that a browser follows").end
    }

    /// Requests the claims with an access token, by GET.
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

/// The methods that need the test-card page of the service's stand-in.
impl RelyingParty<'_> {
    /// Signs a test person in, and gives where the browser arrives: back at the client, or on a
    /// page.
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

    /// Signs a test person in, and gives every answer on the way. The login ends when the browser
    /// reaches the request's own `redirect_uri`.
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

    /// Signs the first test person in as [`RelyingParty::sign_in`] does, but only up to the
    /// function's `/callback`. Gives the URL of that, which isn't requested yet.
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

    /// Signs the first test person in with the usual request, and gives the code.
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
