//! A client of the service, for requests without the function. It sends the requests of the
//! function, unless a test changes them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use demo::laptop::SERVICE_CLIENT_ID;
use keys::{Algorithm, LocalKey, SigningKey as _, SystemRandomness};
use kit::Parameters;
use login_kit::Answer;
use loopback::clock::SimClock;
use serde_json::{Map, Value, json};
use service_simulator::{Endpoints, RegisteredClient};
use url::Url;

/// The URL to which the browser comes back. Nothing listens there: the browser stops before it
/// requests this URL.
pub(super) const REDIRECT_URI: &str = "http://bridge.localhost/callback";

/// The example of RFC 7636, Appendix B.
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The value of `client_assertion_type` (RFC 7523 §2.2).
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client with a key of its own.
pub(super) struct Client {
    key: LocalKey,
}

/// A client assertion before it is signed.
pub(super) struct Assertion {
    /// The header.
    pub(super) header: Map<String, Value>,
    /// The claims.
    pub(super) claims: Map<String, Value>,
    /// Whether it is signed with a key that isn't registered.
    pub(super) foreign: bool,
}

impl Assertion {
    /// The claim as a number.
    pub(super) fn seconds(&self, claim: &str) -> i64 {
        self.claims[claim].as_i64().unwrap()
    }

    /// Changes a claim, or removes it if `value` is null.
    pub(super) fn claim(mut self, name: &str, value: Value) -> Self {
        set(&mut self.claims, name, value);
        self
    }

    /// Changes a member of the header, or removes it if `value` is null.
    pub(super) fn header(mut self, name: &str, value: Value) -> Self {
        set(&mut self.header, name, value);
        self
    }
}

fn set(members: &mut Map<String, Value>, name: &str, value: Value) {
    match value {
        Value::Null => drop(members.remove(name)),
        value => drop(members.insert(name.to_owned(), value)),
    }
}

impl Client {
    /// A client with a new key.
    pub(super) fn new(algorithm: Algorithm) -> Self {
        Self {
            key: LocalKey::generate(algorithm).unwrap(),
        }
    }

    /// What has to be registered at the service.
    pub(super) fn registered(&self) -> RegisteredClient {
        RegisteredClient {
            client_id: SERVICE_CLIENT_ID.to_owned(),
            redirect_uris: vec![REDIRECT_URI.to_owned()],
            jwks: json!({ "keys": [self.key.public_jwk()] }),
        }
    }

    /// An authorization request.
    pub(super) fn authorization_request() -> Parameters {
        Parameters::of([
            ("response_type", "code"),
            ("scope", "openid name address birthdate gender"),
            ("client_id", SERVICE_CLIENT_ID),
            ("redirect_uri", REDIRECT_URI),
            ("state", "the-state-of-this-login"),
            ("nonce", "the-nonce-of-this-login"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("acr_values", "aal3 crl"),
        ])
    }

    /// The URL of the request.
    pub(super) fn url(endpoints: &Endpoints, request: &Parameters) -> Url {
        let mut url = Url::parse(&endpoints.authorization_endpoint).unwrap();
        url.query_pairs_mut().extend_pairs(request.pairs());
        url
    }

    /// A client assertion.
    pub(super) fn assertion(&self, endpoints: &Endpoints) -> Assertion {
        let now = SimClock::default().now().timestamp();
        let Value::Object(header) = json!({
            "alg": self.key.algorithm().as_str(), "kid": self.key.key_id().as_str(), "typ": "JWT",
        }) else {
            panic!("an object");
        };
        let Value::Object(claims) = json!({
            "iss": SERVICE_CLIENT_ID, "sub": SERVICE_CLIENT_ID, "aud": endpoints.token_endpoint,
            "jti": keys::random_base64url::<32>(&SystemRandomness).unwrap(),
            "iat": now, "exp": now + 60,
        }) else {
            panic!("an object");
        };
        Assertion {
            header,
            claims,
            foreign: false,
        }
    }

    /// Signs an assertion.
    pub(super) async fn sign(&self, assertion: &Assertion) -> String {
        let part = |members: &Map<String, Value>| {
            URL_SAFE_NO_PAD.encode(serde_json::to_string(members).unwrap())
        };
        let message = format!("{}.{}", part(&assertion.header), part(&assertion.claims));
        let foreign = LocalKey::generate(self.key.algorithm()).unwrap();
        let key = if assertion.foreign {
            &foreign
        } else {
            &self.key
        };
        let signature = key.sign(message.as_bytes()).await.unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token request with this code.
    pub(super) async fn token_request(&self, endpoints: &Endpoints, code: &str) -> Parameters {
        let assertion = self.sign(&self.assertion(endpoints)).await;
        Parameters::of([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("client_id", SERVICE_CLIENT_ID),
            ("code_verifier", VERIFIER),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &assertion),
        ])
    }
}

/// Sends a request to the token endpoint.
pub(super) async fn ask_for_tokens(endpoints: &Endpoints, form: &Parameters) -> Answer {
    let request = reqwest::Client::new().post(&endpoints.token_endpoint);
    Answer::of(request.form(form.pairs())).await
}

/// Sends a request to the userinfo endpoint.
pub(super) async fn ask_for_claims(endpoints: &Endpoints, access_token: &str) -> Answer {
    let request = reqwest::Client::new().get(&endpoints.userinfo_endpoint);
    Answer::of(request.bearer_auth(access_token)).await
}
