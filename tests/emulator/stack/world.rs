//! A deployed stack with the service's stand-in beside it, and an app that signs people in through
//! the emulator's Amazon Cognito. The stack knows the service by its parameters. The service knows
//! the bridge by what the form asks for: the redirect URI and the public keys, which the outputs of
//! the stack name.

use aws_sdk_cognitoidentityprovider::types::UserPoolClientType;
use demo::laptop::{Configuration, SERVICE_CLIENT_ID};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use keys::{SystemRandomness, random_base64url};
use kit::{Parameters, parameter};
use login_kit::{Answer, BrowserLogin, browser, failure_page};
use loopback::user_agent::{Arrival, Page, UserAgent};
use serde_json::{Map, Value};
use service_simulator::persona::{Persona, personas};
use service_simulator::{RegisteredClient, Service, ServiceOptions};
use url::Url;

use crate::aws::{REGION, emulator};
use crate::deployment::{APP_CALLBACK, Deployment};

/// The scopes that the app may request, unless a test says otherwise.
const SCOPES: [&str; 4] = [
    "openid",
    "digital-auth/name",
    "digital-auth/address",
    "digital-auth/age_over_20",
];

/// A stack and the service's stand-in.
pub(crate) struct World {
    pub(crate) deployment: Deployment,
    pub(crate) service: Service,
}

impl World {
    /// A stack that isn't deployed yet and has no client ID, and a running service.
    pub(crate) async fn not_connected(name: &str) -> Self {
        // Until the keys of the stack are known, the service has unrelated keys registered.
        let nobody = Configuration::generate(keys::Algorithm::Es256).unwrap();
        let client = RegisteredClient {
            client_id: SERVICE_CLIENT_ID.to_owned(),
            redirect_uris: vec!["http://localhost:1/callback".to_owned()],
            jwks: nobody.client_jwks().unwrap(),
        };
        let service = Service::start(ServiceOptions::new(client)).await.unwrap();
        let endpoints = service.endpoints().clone();
        let deployment = Deployment::new(
            name,
            &[
                ("Environment", "custom"),
                ("ServiceIssuer", &endpoints.issuer),
                (
                    "ServiceAuthorizationEndpoint",
                    &endpoints.authorization_endpoint,
                ),
                ("ServiceTokenEndpoint", &endpoints.token_endpoint),
                ("ServiceUserinfoEndpoint", &endpoints.userinfo_endpoint),
                ("ServiceJwksUri", &endpoints.jwks_uri),
                ("AskName", "yes"),
                ("AskAddress", "yes"),
                ("AskBirthdate", "yes"),
                ("AskGender", "yes"),
                ("AcceptedAcr", "aal3"),
                ("AppScopes", &SCOPES.join(",")),
            ],
        );
        Self {
            deployment,
            service,
        }
    }

    /// A deployed stack whose bridge is registered at the service.
    pub(crate) async fn connected(name: &str) -> Self {
        let mut world = Self::not_connected(name).await;
        world.connect(&[]).await;
        world
    }

    /// Deploys with the client ID and these parameters changed, and then registers the stack's
    /// redirect URI and public keys.
    pub(crate) async fn connect(&mut self, changed: &[(&str, &str)]) {
        self.deployment.set(changed);
        self.deployment
            .deploy(&[("ServiceClientId", SERVICE_CLIENT_ID)])
            .await;
        self.register().await;
    }

    /// Registers the bridge at the service, with the redirect URI and the public keys from the
    /// outputs of the stack.
    pub(crate) async fn register(&self) {
        let client = RegisteredClient {
            client_id: SERVICE_CLIENT_ID.to_owned(),
            redirect_uris: vec![self.deployment.output("RedirectUri").await],
            jwks: self.document("/client-jwks.json").await.json().unwrap(),
        };
        self.service.register_client(client).unwrap();
    }

    /// A document of the deployed bridge.
    pub(crate) async fn document(&self, path: &str) -> Page {
        let url = Url::parse(&self.deployment.output("Issuer").await).unwrap();
        let page = browser()
            .get(&url.join(path).unwrap(), "*/*")
            .await
            .unwrap();
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        page
    }

    /// The deployed bridge's answer to a request that doesn't come from a browser.
    pub(crate) async fn ask(
        &self,
        path: &str,
        request: impl FnOnce(&reqwest::Client, Url) -> reqwest::RequestBuilder,
    ) -> Answer {
        self.deployment.ask(path, request).await
    }

    /// The claims of an ID token of the bridge, verified as Amazon Cognito verifies it (OIDC Core
    /// §3.1.3.7).
    pub(crate) async fn verified(&self, id_token: &str) -> Map<String, Value> {
        let keys = self.document("/jwks.json").await.json().unwrap();
        let issuer = self.deployment.output("Issuer").await;
        claims(id_token, &keys, &issuer, Some("amazon-cognito"))
    }

    /// A test person, as the service's stand-in knows them.
    pub(crate) fn persona(&self, id: &str) -> Persona {
        let mut all = personas(self.service.clock().now()).into_iter();
        all.find(|persona| persona.id == id).unwrap()
    }

    /// The ids of the keys in a document of the bridge, in order.
    pub(crate) async fn key_ids(&self, path: &str) -> Vec<String> {
        let keys: Value = self.document(path).await.json().unwrap();
        let keys = keys["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Signs a person in, from the app and back to the app.
    pub(crate) async fn sign_in(&self, persona: &str) -> Tokens {
        self.begin(persona).await.finish().await
    }

    /// Starts a login and goes as far as the bridge's `/callback`, which isn't requested yet. The
    /// app requests all scopes that it may have.
    pub(crate) async fn begin(&self, persona: &str) -> Login {
        let app = App::of(&self.deployment).await;
        let [state, nonce] = [(); 2].map(|()| random_base64url::<16>(&SystemRandomness).unwrap());
        let request = Parameters::of([
            ("identity_provider", "MynaApp"),
            ("client_id", &app.client_id),
            ("response_type", "code"),
            ("redirect_uri", APP_CALLBACK),
            ("scope", &app.scopes.join(" ")),
            ("state", &state),
            ("nonce", &nonce),
        ]);
        let mut start = Url::parse(&format!("{}/oauth2/authorize", emulator())).unwrap();
        start.query_pairs_mut().extend_pairs(request.pairs());
        let browser = browser();
        let at_callback = |url: &Url| url.path() == "/callback";
        let login = BrowserLogin::run(&browser, &start, persona, None, at_callback).await;
        Login {
            app,
            browser,
            callback: at(login.end),
            state,
            nonce,
        }
    }
}

/// The URL at which the browser arrived. Panics if the browser is on a page.
pub(crate) fn at(arrival: Arrival) -> Url {
    match arrival {
        Arrival::At(url) => url,
        Arrival::Page(page) => panic!("{} at {}: {}", page.status, page.url.path(), page.text()),
    }
}

/// The app, as the user pool knows it.
struct App {
    client_id: String,
    client_secret: String,
    scopes: Vec<String>,
    cognito_host: String,
    user_pool_id: String,
    issuer: String,
}

impl App {
    async fn of(deployment: &Deployment) -> Self {
        let outputs = deployment.outputs().await;
        let (client_id, user_pool_id) = (
            outputs["AppClientId"].clone(),
            outputs["UserPoolId"].clone(),
        );
        let client = deployment.aws.user_pools.describe_user_pool_client();
        let client = client.client_id(&client_id).user_pool_id(&user_pool_id);
        let client: UserPoolClientType = client.send().await.unwrap().user_pool_client.unwrap();
        Self {
            client_secret: client.client_secret.unwrap(),
            scopes: client.allowed_o_auth_scopes.unwrap(),
            cognito_host: format!("{}.auth.{REGION}.amazoncognito.com", deployment.name),
            issuer: outputs["UserPoolIssuer"].clone(),
            client_id,
            user_pool_id,
        }
    }
}

/// A login in progress: the service has redirected the browser back to the bridge.
pub(crate) struct Login {
    app: App,
    browser: UserAgent,
    callback: Url,
    state: String,
    nonce: String,
}

impl Login {
    /// Goes from the bridge's `/callback` to Amazon Cognito's callback URL, which isn't requested
    /// yet.
    pub(crate) async fn reach_cognito(self) -> AtCognito {
        let host = self.app.cognito_host.clone();
        let at_cognito = |url: &Url| url.host_str() == Some(&host);
        let journey = self
            .browser
            .follow(&self.callback, "text/html", at_cognito)
            .await;
        let redirect = at(journey.unwrap().end);
        assert_eq!(
            (redirect.scheme(), redirect.path()),
            ("https", "/oauth2/idpresponse")
        );
        AtCognito {
            login: self,
            redirect,
        }
    }

    /// The class of failure with which the bridge refuses the login.
    pub(crate) async fn refused(self) -> String {
        let page = self.browser.get(&self.callback, "text/html").await.unwrap();
        failure_page(&Arrival::Page(page)).1
    }

    /// Finishes the login.
    pub(crate) async fn finish(self) -> Tokens {
        self.reach_cognito().await.finish().await
    }
}

/// A login whose browser is about to go to Amazon Cognito, with a code of the bridge.
pub(crate) struct AtCognito {
    login: Login,
    redirect: Url,
}

impl AtCognito {
    /// The code, and the URL to which it was sent, for a test that takes Amazon Cognito's place.
    pub(crate) fn code(&self) -> (String, String) {
        let mut redirect_uri = self.redirect.clone();
        redirect_uri.set_query(None);
        (
            parameter(&self.redirect, "code").unwrap(),
            redirect_uri.to_string(),
        )
    }

    /// Finishes the login: Amazon Cognito gets the bridge's tokens and invokes the triggers, and
    /// the app gets its own tokens.
    pub(crate) async fn finish(self) -> Tokens {
        let Self { login, redirect } = self;
        // Requests the emulator without TLS, which a load balancer would terminate in front of it.
        let mut fronted = Url::parse(&emulator()).unwrap();
        fronted.set_path(redirect.path());
        fronted.set_query(redirect.query());
        let at_app = |url: &Url| url.as_str().starts_with(APP_CALLBACK);
        let journey = login.browser.follow(&fronted, "text/html", at_app).await;
        let back = at(journey.unwrap().end);
        assert_eq!(parameter(&back, "state").unwrap(), login.state);
        let code = parameter(&back, "code").unwrap();
        let parameters = Parameters::of([
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", APP_CALLBACK),
            ("client_id", &login.app.client_id),
        ]);
        let answer = token_request(&login.app, &parameters).await;
        let tokens = Tokens::verified(login.app, &answer).await;
        assert_eq!(tokens.id_token["nonce"], login.nonce);
        tokens
    }
}

/// The tokens that the app got.
pub(crate) struct Tokens {
    app: App,
    /// The claims of the ID token.
    pub(crate) id_token: Map<String, Value>,
    /// The claims of the access token.
    pub(crate) access_token: Map<String, Value>,
    refresh_token: String,
}

impl Tokens {
    /// Verifies the tokens of an answer with the user pool's keys.
    async fn verified(app: App, answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let id_token = verified(&app, &text("id_token"), Some(&app.client_id)).await;
        let access_token = verified(&app, &text("access_token"), None).await;
        assert_eq!(access_token["client_id"], app.client_id);
        let refresh_token = text("refresh_token");
        Self {
            app,
            id_token,
            access_token,
            refresh_token,
        }
    }

    /// Refreshes the tokens, and gives the claims of the new ID token.
    pub(crate) async fn refreshed(&self) -> Map<String, Value> {
        let parameters = Parameters::of([
            ("grant_type", "refresh_token"),
            ("refresh_token", &self.refresh_token),
            ("client_id", &self.app.client_id),
        ]);
        let answer = token_request(&self.app, &parameters).await;
        let id_token = answer["id_token"].as_str().unwrap();
        verified(&self.app, id_token, Some(&self.app.client_id)).await
    }

    /// The person's username in the user pool.
    pub(crate) fn username(&self) -> &str {
        self.id_token["cognito:username"].as_str().unwrap()
    }
}

/// Sends a request to Amazon Cognito's token endpoint, as the app does.
async fn token_request(app: &App, parameters: &Parameters) -> Value {
    let request = reqwest::Client::new()
        .post(format!("{}/oauth2/token", emulator()))
        .basic_auth(&app.client_id, Some(&app.client_secret))
        .form(parameters.pairs());
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// The claims of a token of the user pool, verified with its published keys.
async fn verified(app: &App, token: &str, audience: Option<&str>) -> Map<String, Value> {
    let url = format!("{}/{}/.well-known/jwks.json", emulator(), app.user_pool_id);
    let keys = Answer::of(reqwest::Client::new().get(url)).await;
    let keys = serde_json::from_str(&keys.body).unwrap();
    claims(token, &keys, &app.issuer, audience)
}

/// The claims of a token that was signed with one of these keys for this audience, and that hasn't
/// expired.
fn claims(token: &str, keys: &JwkSet, issuer: &str, audience: Option<&str>) -> Map<String, Value> {
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[issuer]);
    match audience {
        Some(audience) => validation.set_audience(&[audience]),
        None => validation.validate_aud = false,
    }
    jsonwebtoken::decode(token, &key, &validation)
        .unwrap()
        .claims
}
