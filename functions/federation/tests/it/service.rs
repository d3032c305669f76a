//! A stand-in for the service's back channel: codes for one use, tokens, userinfo, keys.
//! It records the calls, checks the client assertion, and misbehaves when a test tells it to. It
//! runs in the test's own runtime, so that its delays follow that runtime's time, which may be
//! paused.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use digital_auth::Clock as _;
use kit::service::{ACCESS_TOKEN, CLIENT_ID, KEY, id_token_claims, tokens, userinfo};
use kit::{Parameters, Received, Reply, Server, TestClock, answer};
use serde_json::{Map, Value, json};

use crate::support::ASSERTION_KEY;

/// The path of its issuer.
const ISSUER: &str = "/realms/main";

/// The beginning of every code of the service.
pub(crate) const SERVICE_CODE: &str = "marked-service-code";

type Claims = Box<dyn Fn(&mut Map<String, Value>) + Send>;
type Changed = Box<dyn Fn(&str) -> String + Send>;

/// The answer of the service to one kind of request, in place of the right one.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

impl Fault {
    pub(crate) fn new(status: u16, body: &str) -> Self {
        Self {
            status,
            content_type: "application/json",
            body: body.to_owned(),
        }
    }
}

struct Inner {
    clock: Arc<TestClock>,
    /// The nonce and the challenge of each unused code.
    codes: Mutex<HashMap<String, (String, String)>>,
    /// Changes the claims of the ID token.
    claims: Mutex<Option<Claims>>,
    /// Changes the ID token when it is signed.
    id_token: Mutex<Option<Changed>>,
    /// Changes the token answer.
    token_answer: Mutex<Option<Claims>>,
    faults: Mutex<HashMap<&'static str, Fault>>,
    delays: Mutex<HashMap<&'static str, Duration>>,
    person: Mutex<Value>,
    calls: Mutex<Vec<String>>,
    assertions: Mutex<Vec<Value>>,
}

/// The service.
pub(crate) struct Service {
    server: Server,
    inner: Arc<Inner>,
}

impl Service {
    pub(crate) async fn start(clock: Arc<TestClock>) -> Self {
        let inner = Arc::new(Inner {
            clock,
            codes: Mutex::default(),
            claims: Mutex::default(),
            id_token: Mutex::default(),
            token_answer: Mutex::default(),
            faults: Mutex::default(),
            delays: Mutex::default(),
            person: Mutex::new(userinfo()),
            calls: Mutex::default(),
            assertions: Mutex::default(),
        });
        let shared = Arc::clone(&inner);
        let server = Server::on_this_runtime(move |request| shared.reply(request)).await;
        Self { server, inner }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.server.url("")
    }

    pub(crate) fn issuer(&self) -> String {
        self.server.url(ISSUER)
    }

    /// What the service sends to `/callback` after this authorization request.
    pub(crate) fn answer(&self, asked: &BTreeMap<String, String>) -> Parameters {
        let mut codes = self.inner.codes.lock().unwrap();
        let code = format!("{SERVICE_CODE}.{}", codes.len());
        codes.insert(
            code.clone(),
            (asked["nonce"].clone(), asked["code_challenge"].clone()),
        );
        Parameters::of([
            ("state", &asked["state"]),
            ("session_state", "0d9c2b1a"),
            ("iss", &self.issuer()),
            ("code", &code),
        ])
    }

    /// Changes the claims of the next ID tokens.
    pub(crate) fn claims(&self, change: impl Fn(&mut Map<String, Value>) + Send + 'static) {
        *self.inner.claims.lock().unwrap() = Some(Box::new(change));
    }

    /// Changes the next ID tokens after they are signed.
    pub(crate) fn id_token(&self, change: impl Fn(&str) -> String + Send + 'static) {
        *self.inner.id_token.lock().unwrap() = Some(Box::new(change));
    }

    /// Changes the next token answers.
    pub(crate) fn token_answer(&self, change: impl Fn(&mut Map<String, Value>) + Send + 'static) {
        *self.inner.token_answer.lock().unwrap() = Some(Box::new(change));
    }

    /// Answers the requests to this path with this fault.
    pub(crate) fn fault(&self, path: &'static str, fault: Fault) {
        self.inner.faults.lock().unwrap().insert(path, fault);
    }

    /// Ends all faults and changes. Delays stay.
    pub(crate) fn behave(&self) {
        self.inner.faults.lock().unwrap().clear();
        *self.inner.claims.lock().unwrap() = None;
        *self.inner.id_token.lock().unwrap() = None;
        *self.inner.token_answer.lock().unwrap() = None;
        *self.inner.person.lock().unwrap() = userinfo();
    }

    /// Waits this long before it answers a request to this path.
    pub(crate) fn delay(&self, path: &'static str, delay: Duration) {
        self.inner.delays.lock().unwrap().insert(path, delay);
    }

    pub(crate) fn person(&self, name: &str, value: Value) {
        self.inner.person.lock().unwrap()[name] = value;
    }

    /// The paths that were called since the last time, in order.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.inner.calls.lock().unwrap())
    }

    /// The claims of all client assertions.
    pub(crate) fn assertions(&self) -> Vec<Value> {
        self.inner.assertions.lock().unwrap().clone()
    }
}

impl Inner {
    fn reply(&self, request: &Received) -> Reply {
        let path = request.target.as_str();
        self.calls.lock().unwrap().push(path.to_owned());
        let fault = self.faults.lock().unwrap().get(path).cloned();
        let Fault {
            status,
            content_type,
            body,
        } = fault.unwrap_or_else(|| match path {
            "/token" => self.token(request),
            "/userinfo" => self.userinfo(request),
            "/certs" => Fault::new(200, &KEY.key_set().to_string()),
            _ => Fault::new(404, "{}"),
        });
        let bytes = answer(status, Some(content_type), &body);
        match self.delays.lock().unwrap().get(path) {
            Some(delay) => Reply::Slowly(*delay, bytes),
            None => Reply::Bytes(bytes),
        }
    }

    fn token(&self, request: &Received) -> Fault {
        let form: BTreeMap<_, _> = request.form().into_iter().collect();
        let claims = assertion_claims(&form["client_assertion"]);
        self.assertions.lock().unwrap().push(claims);
        let code = self.codes.lock().unwrap().remove(&form["code"]);
        let hash = digest(&SHA256, form["code_verifier"].as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(hash);
        let Some((nonce, _)) = code.filter(|(_, known)| *known == challenge) else {
            let description = "Code not valid";
            let body = json!({ "error": "invalid_grant", "error_description": description });
            return Fault::new(400, &body.to_string());
        };
        let issuer = format!("http://{}{ISSUER}", request.header("host").unwrap());
        let mut claims = id_token_claims(&issuer, &nonce, self.clock.now());
        if let Some(change) = &*self.claims.lock().unwrap() {
            change(claims.as_object_mut().unwrap());
        }
        let mut id_token = KEY.sign(&claims);
        if let Some(change) = &*self.id_token.lock().unwrap() {
            id_token = change(&id_token);
        }
        let mut answer = tokens(&id_token);
        if let Some(change) = &*self.token_answer.lock().unwrap() {
            change(answer.as_object_mut().unwrap());
        }
        Fault::new(200, &answer.to_string())
    }

    fn userinfo(&self, request: &Received) -> Fault {
        let expected = format!("Bearer {ACCESS_TOKEN}");
        if request.header("authorization") != Some(expected.as_str()) {
            return Fault::new(401, "{}");
        }
        Fault::new(200, &self.person.lock().unwrap().to_string())
    }
}

/// The claims of a client assertion, after its issuer and its signature by the bridge's key were
/// checked.
fn assertion_claims(assertion: &str) -> Value {
    let mut jwk: Value = serde_json::from_str(&ASSERTION_KEY).unwrap();
    jwk.as_object_mut().unwrap().remove("d");
    let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(jwk).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(&jwk).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.set_issuer(&[CLIENT_ID]);
    validation.validate_aud = false;
    validation.validate_exp = false;
    jsonwebtoken::decode::<Value>(assertion, &key, &validation)
        .unwrap()
        .claims
}
