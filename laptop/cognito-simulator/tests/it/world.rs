//! A provider whose answers a test chooses, and a world around it with a browser, an app and
//! Cognito.
//! The provider's token endpoint, key set and userinfo are a few lines each. The requests that they
//! get are kept.
//! A sign-in ends at the app's callback. Nothing listens there, so tests look at the parameters of
//! its URL.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cognito_simulator::{
    AppClient, AttributesRequestMethod, Cognito, CognitoOptions, Provider,
    default_attribute_mapping,
};
use kit::parameters;
use loopback::clock::SimClock;
use loopback::rsa::RsaKey;
use loopback::user_agent::{ACCEPT_PAGE, Page, UserAgent};
use serde_json::{Value, json};
use url::Url;

pub(crate) const CALLBACK: &str = "http://app.localhost:4321/callback";
pub(crate) const VERIFIER: &str = "app-verifier-app-verifier-app-verifier-app-verifier";
pub(crate) const ISSUER: &str = "http://provider.localhost/path";
pub(crate) const LOOPBACK: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

// ---- A provider ---------------------------------------------------------------------------------

/// What the provider answers next, and the requests that it got.
pub(crate) struct Script {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    /// `Some` replaces the token, signed or not.
    pub(crate) id_token: Option<String>,
    pub(crate) token_status: StatusCode,
    /// `Some` replaces the token endpoint's whole answer.
    pub(crate) token_body: Option<String>,
    pub(crate) token_delay: Duration,
    pub(crate) userinfo_status: StatusCode,
    pub(crate) userinfo_type: &'static str,
    pub(crate) userinfo: Value,
    pub(crate) token_requests: Vec<(Version, HeaderMap, String)>,
    pub(crate) userinfo_requests: Vec<(Method, HeaderMap)>,
    pub(crate) key_set_requests: u32,
}

impl Script {
    pub(crate) fn new(now: i64) -> Self {
        Self {
            header: json!({"alg": "RS256", "kid": "one"}),
            claims: json!({
                "iss": ISSUER, "aud": "bridge-client", "sub": "Subject-1", "exp": now + 300,
                "iat": now, "name": "山田　太郎", "birthdate": "1985-03-15", "gender": "male",
                "formatted_address": "東京都千代田区永田町１丁目７番１号",
                "address": {"formatted": "東京都千代田区永田町１丁目７番１号"},
            }),
            id_token: None,
            token_status: StatusCode::OK,
            token_body: None,
            token_delay: Duration::ZERO,
            userinfo_status: StatusCode::OK,
            userinfo_type: "application/json",
            userinfo: json!({"sub": "Subject-1"}),
            token_requests: Vec::new(),
            userinfo_requests: Vec::new(),
            key_set_requests: 0,
        }
    }
}

pub(crate) type Shared = Arc<Mutex<Script>>;

pub(crate) fn key() -> &'static RsaKeyPair {
    static KEY: OnceLock<RsaKeyPair> = OnceLock::new();
    KEY.get_or_init(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
}

pub(crate) fn sign(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let mut signature = vec![0; key().public_modulus_len()];
    key()
        .sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )
        .unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub(crate) async fn provider_token(
    State(script): State<Shared>,
    version: Version,
    headers: HeaderMap,
    body: String,
) -> Response {
    let (delay, answer) = {
        let mut script = script.lock().unwrap();
        script.token_requests.push((version, headers, body));
        let token = script
            .id_token
            .clone()
            .unwrap_or_else(|| sign(&script.header, &script.claims));
        let answer = script.token_body.clone().unwrap_or_else(|| {
            json!({"id_token": token, "access_token": "provider-access-token-0001",
                   "token_type": "Bearer", "expires_in": 300})
            .to_string()
        });
        (script.token_delay, (script.token_status, answer))
    };
    tokio::time::sleep(delay).await;
    answer.into_response()
}

pub(crate) async fn provider_keys(State(script): State<Shared>) -> String {
    script.lock().unwrap().key_set_requests += 1;
    let public = key().public_key();
    let member = |value: &[u8]| URL_SAFE_NO_PAD.encode(value);
    json!({"keys": [
        {"kty": "EC", "kid": "ec", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256",
         "n": member(public.modulus().big_endian_without_leading_zero()),
         "e": member(public.exponent().big_endian_without_leading_zero())},
    ]})
    .to_string()
}

pub(crate) async fn provider_userinfo(
    State(script): State<Shared>,
    method: Method,
    headers: HeaderMap,
    _body: Bytes,
) -> Response {
    let mut script = script.lock().unwrap();
    script.userinfo_requests.push((method, headers));
    let body = match script.userinfo_type {
        "application/json" => script.userinfo.to_string(),
        _ => sign(&script.header, &script.userinfo),
    };
    (
        script.userinfo_status,
        [("content-type", script.userinfo_type)],
        body,
    )
        .into_response()
}

pub(crate) async fn listen(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind(LOOPBACK).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

// ---- A world with a browser, an app and Cognito -------------------------------------------------

pub(crate) struct World {
    pub(crate) cognito: Cognito,
    pub(crate) script: Shared,
    pub(crate) agent: UserAgent,
    pub(crate) clock: SimClock,
    pub(crate) journal: loopback::journal::Journal,
}

/// One key for all tests, because making a key takes longer than most tests.
static RSA_KEY: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::generate().unwrap());

pub(crate) async fn options(script: &Shared) -> CognitoOptions {
    let address = listen(
        Router::new()
            .route("/token", post(provider_token))
            .route("/jwks.json", get(provider_keys))
            .route("/userinfo", any(provider_userinfo))
            .with_state(Arc::clone(script)),
    )
    .await;
    let provider = Provider {
        name: "MynaApp".to_owned(),
        client_id: "bridge-client".to_owned(),
        client_secret: "secret-of-the-bridge-client".into(),
        authorize_scopes: "openid name address birthdate gender".to_owned(),
        oidc_issuer: ISSUER.to_owned(),
        authorize_url: format!("http://provider.localhost:{}/authorize", address.port()),
        token_url: format!("http://{address}/token"),
        attributes_url: format!("http://{address}/userinfo"),
        jwks_uri: format!("http://{address}/jwks.json"),
        attributes_request_method: AttributesRequestMethod::Get,
        button: (
            "MynaAppで続ける".to_owned(),
            "Continue with MynaApp".to_owned(),
        ),
        attribute_mapping: default_attribute_mapping(),
    };
    let mut app = AppClient::new("app-client", CALLBACK);
    app.allowed_scopes = vec!["openid".to_owned(), "profile".to_owned()];
    let mut options = CognitoOptions::new(provider, app);
    options.rsa_key = Some(RSA_KEY.clone());
    options
}

pub(crate) async fn world() -> World {
    world_with(|_| {}).await
}

pub(crate) async fn world_with(change: impl FnOnce(&mut CognitoOptions)) -> World {
    let clock = SimClock::default().stopped();
    let script = Arc::new(Mutex::new(Script::new(clock.now().timestamp())));
    let mut options = options(&script).await;
    options.clock = clock.clone();
    change(&mut options);
    let journal = options.journal.clone();
    let cognito = Cognito::start(LOOPBACK, options).await.unwrap();
    World {
        cognito,
        script,
        agent: UserAgent::new("ja").unwrap(),
        clock,
        journal,
    }
}

/// The URL at which an app begins a login, with changes. An empty value removes the parameter.
pub(crate) fn authorize_url(cognito: &Cognito, changes: &[(&str, &str)]) -> Url {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    let mut parameters: BTreeMap<&str, &str> = [
        ("client_id", "app-client"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "app-state"),
        ("nonce", "app-nonce"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("identity_provider", "MynaApp"),
    ]
    .into();
    parameters.extend(changes.iter().copied());
    parameters.retain(|_, value| !value.is_empty());
    Url::parse_with_params(&cognito.authorize_url(), parameters).unwrap()
}

impl World {
    pub(crate) fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    pub(crate) fn set_claim(&self, name: &str, value: Value) {
        self.script(|script| script.claims[name] = value);
    }

    pub(crate) fn remove_claim(&self, name: &str) {
        self.script(|script| {
            script.claims.as_object_mut().unwrap().remove(name);
        });
    }

    /// The URL of the provider to which Cognito sends the browser.
    pub(crate) async fn begin_in(&self, agent: &UserAgent) -> Url {
        let journey = agent
            .follow(&authorize_url(&self.cognito, &[]), ACCEPT_PAGE, |url| {
                url.host_str() == Some("provider.localhost")
            })
            .await
            .unwrap();
        journey.arrived_at().unwrap().clone()
    }

    pub(crate) async fn begin(&self) -> String {
        parameters(&self.begin_in(&self.agent).await)["state"].clone()
    }

    pub(crate) fn back(&self, parameters: &[(&str, &str)]) -> Url {
        Url::parse_with_params(&self.cognito.idpresponse_url(), parameters).unwrap()
    }

    /// The provider sends the browser back. Returns Cognito's answer, which is a redirect if all
    /// went well.
    pub(crate) async fn answer(&self, parameters: &[(&str, &str)]) -> Page {
        self.agent
            .get(&self.back(parameters), ACCEPT_PAGE)
            .await
            .unwrap()
    }

    /// A whole sign-in, up to the parameters of the app's callback.
    pub(crate) async fn sign_in(&self) -> BTreeMap<String, String> {
        let state = self.begin().await;
        let page = self
            .answer(&[("code", "provider-code"), ("state", &state)])
            .await;
        let target = page.redirect_target().unwrap().unwrap();
        assert!(target.as_str().starts_with(CALLBACK), "the app's callback");
        parameters(&target)
    }

    pub(crate) async fn succeeds(&self) -> String {
        let answer = self.sign_in().await;
        assert_eq!(
            answer.keys().collect::<Vec<_>>(),
            ["code", "state"],
            "{answer:?}"
        );
        answer["code"].clone()
    }

    pub(crate) async fn fails(&self, error: &str, description: &str) {
        let answer = self.sign_in().await;
        assert_eq!(answer, refusal(error, description));
    }

    pub(crate) async fn redeem(&self, changes: &[(&str, &str)]) -> (u16, Value) {
        let mut form: HashMap<&str, &str> = [
            ("grant_type", "authorization_code"),
            ("client_id", "app-client"),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]
        .into();
        form.extend(changes.iter().copied());
        form.retain(|_, value| !value.is_empty());
        let response = reqwest::Client::new()
            .post(self.cognito.token_url())
            .form(&form)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) async fn userinfo(&self, token: &str) -> (u16, Value) {
        let request = reqwest::Client::new()
            .get(self.cognito.userinfo_url())
            .bearer_auth(token);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The only user's attributes.
    pub(crate) fn attributes(&self) -> BTreeMap<String, String> {
        let users = self.cognito.users();
        assert_eq!(users.len(), 1);
        users.into_values().next().unwrap()
    }
}

pub(crate) fn refusal(error: &str, description: &str) -> BTreeMap<String, String> {
    [
        ("error", error),
        ("error_description", description),
        ("state", "app-state"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
