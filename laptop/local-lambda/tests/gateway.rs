//! Tests of an HTTP API with routes, a JWT authorizer, CORS and throttles, from outside. The issuer
//! is a server on loopback with keys of its own, and the function is a real one (the example
//! `echo`, which answers with its event).
//! What is refused is refused with the exact answer, by the check that is meant, and without a call
//! of the function.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use futures_util::future::join_all;
use http::{HeaderMap, Method, StatusCode};
use local_lambda::{
    Cors, FunctionOptions, Gateway, HttpApi, InvalidGateway, JwtAuthorizer, LocalFunction, Parties,
    Profile, Route, Target, Throttle, build_once,
};
use loopback::clock::SimClock;
use loopback::journal::{Check, Journal, Parameter, Party, Step};
use loopback::rsa::RsaKey;
use loopback::server::{Listener, Manners, Server};
use serde_json::{Value, json};

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const APP: &str = "app-client";
const VERIFY: &str = "digital-auth/verify";
const ORIGIN: &str = "http://app.localhost:3000";
const JWT_RULE: &str = "Amazon API Gateway, JWT authorizers";

/// How a document of the issuer is answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Manner {
    Well,
    Unavailable,
    /// After API Gateway's 1,500 ms.
    Late,
    /// With more than API Gateway's 150,000 bytes.
    TooLarge,
    Moved,
    NoJson,
    /// Metadata of another issuer.
    OfAnother,
}

/// The issuer's state: its keys, how it answers, and how often it was asked.
struct Published {
    url: String,
    keys: Mutex<Vec<(String, RsaKey)>>,
    metadata_comes: Mutex<Manner>,
    keys_come: Mutex<Manner>,
    metadata_asked: AtomicUsize,
    keys_asked: AtomicUsize,
}

impl Published {
    fn jwks(&self) -> Vec<Value> {
        let keys = self.keys.lock().unwrap();
        let keys = keys.iter().map(|(id, key)| {
            json!({
                "alg": "RS256",
                "e": URL_SAFE_NO_PAD.encode(key.exponent()),
                "kid": id,
                "kty": "RSA",
                "n": URL_SAFE_NO_PAD.encode(key.modulus()),
                "use": "sig",
            })
        });
        keys.collect()
    }
}

/// An issuer of tokens on loopback, with metadata and a key set.
struct Issuer {
    published: Arc<Published>,
    _server: Server,
}

impl Issuer {
    async fn start() -> Self {
        let listener = Listener::bind(ANY_PORT).await.unwrap();
        let published = Arc::new(Published {
            url: format!("http://{}/pool", listener.address()),
            keys: Mutex::new(vec![("one".to_owned(), RsaKey::generate().unwrap())]),
            metadata_comes: Mutex::new(Manner::Well),
            keys_come: Mutex::new(Manner::Well),
            metadata_asked: AtomicUsize::new(0),
            keys_asked: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/pool/.well-known/openid-configuration", get(metadata))
            .route("/pool/keys", get(key_set))
            .route("/moved", get(moved))
            .with_state(Arc::clone(&published));
        Self {
            published,
            _server: listener.serve(Manners::default(), router),
        }
    }

    fn url(&self) -> &str {
        &self.published.url
    }

    fn key(&self, id: &str) -> RsaKey {
        let keys = self.published.keys.lock().unwrap();
        keys.iter()
            .find(|(known, _)| known == id)
            .unwrap()
            .1
            .clone()
    }

    /// Replaces every key by a new one.
    fn rotate(&self, id: &str) {
        let new = (id.to_owned(), RsaKey::generate().unwrap());
        *self.published.keys.lock().unwrap() = vec![new];
    }

    fn asked(&self) -> (usize, usize) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
        let published = &self.published;
        (
            count(&published.metadata_asked),
            count(&published.keys_asked),
        )
    }
}

async fn metadata(State(published): State<Arc<Published>>) -> Response {
    published.metadata_asked.fetch_add(1, Ordering::SeqCst);
    // Time for other requests to come that want the same keys.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let manner = *published.metadata_comes.lock().unwrap();
    let url = &published.url;
    let issuer = match manner {
        Manner::OfAnother => "http://localhost/another",
        _ => url,
    };
    let metadata = json!({ "issuer": issuer, "jwks_uri": format!("{url}/keys") });
    answered(manner, metadata).await
}

async fn key_set(State(published): State<Arc<Published>>) -> Response {
    published.keys_asked.fetch_add(1, Ordering::SeqCst);
    let manner = *published.keys_come.lock().unwrap();
    answered(manner, json!({ "keys": published.jwks() })).await
}

/// Where both documents have moved to, in one. A client that follows would find what it needs.
async fn moved(State(published): State<Arc<Published>>) -> Response {
    let url = &published.url;
    let (jwks_uri, keys) = (format!("{url}/keys"), published.jwks());
    Json(json!({ "issuer": url, "jwks_uri": jwks_uri, "keys": keys })).into_response()
}

async fn answered(manner: Manner, mut document: Value) -> Response {
    match manner {
        Manner::Well | Manner::OfAnother => {}
        Manner::Unavailable => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Manner::Late => tokio::time::sleep(Duration::from_millis(1_600)).await,
        Manner::TooLarge => {
            let members = document.as_object_mut().unwrap();
            members.insert("more".to_owned(), json!("a".repeat(150_000)));
        }
        Manner::Moved => return Redirect::to("/moved").into_response(),
        Manner::NoJson => return "no JSON".into_response(),
    }
    Json(document).into_response()
}

/// An HTTP API with its issuer, and a clock that stands still at a whole second.
struct World {
    issuer: Issuer,
    function: LocalFunction,
    clock: SimClock,
    journal: Journal,
    http: reqwest::Client,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert!(values.len() <= 1, "{name} comes twice");
        values.first().map(|value| value.to_str().unwrap())
    }

    /// The headers of CORS, without `Access-Control-`.
    fn cors(&self) -> Vec<(&str, &str)> {
        let named = self.headers.iter().filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("access-control-")?;
            Some((name, value.to_str().unwrap()))
        });
        let mut named: Vec<_> = named.collect();
        named.sort_unstable();
        named
    }
}

impl World {
    async fn new(routes: Vec<Route>) -> Self {
        Self::with(routes, None).await
    }

    async fn with(routes: Vec<Route>, cors: Option<Cors>) -> Self {
        let issuer = Issuer::start().await;
        let clock = SimClock::default().stopped();
        // A whole second, so that a claim can be at its limit.
        let fraction = clock.now().timestamp_subsec_millis();
        clock.advance(-TimeDelta::milliseconds(fraction.into()));
        let gateway = Gateway {
            routes,
            authorizer: Some(JwtAuthorizer {
                issuer: issuer.url().to_owned(),
                audience: vec!["another".to_owned(), APP.to_owned()],
                issuer_address: None,
            }),
            cors,
            clock: clock.clone(),
            parties: Parties {
                called: Party::Verification,
                caller: |_| Party::App,
            },
        };
        let binary = build_once(&Target::example("local-lambda", "echo", Profile::Dev)).unwrap();
        let options = FunctionOptions::new("echo", binary);
        let journal = options.journal.clone();
        let api = HttpApi::bind(ANY_PORT).await.unwrap();
        Self {
            issuer,
            function: api.with(gateway).unwrap().serve(options),
            clock,
            journal,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn now(&self) -> i64 {
        self.clock.now().timestamp()
    }

    /// The claims of an access token as Cognito issues it: `client_id`, and no `aud`.
    fn access_claims(&self) -> Value {
        json!({
            "auth_time": self.now() - 60,
            "client_id": APP,
            "cognito:groups": ["admins", "readers"],
            "exp": self.now() + 300,
            "iat": self.now(),
            "iss": self.issuer.url(),
            "scope": format!("openid {VERIFY}"),
            "sub": "marked-sub",
            "token_use": "access",
            "username": "marked-username",
            "version": 2,
        })
    }

    /// The claims of an ID token as Cognito issues it: `aud`, and no scope.
    fn id_claims(&self) -> Value {
        json!({
            "aud": APP,
            "email_verified": true,
            "exp": self.now() + 300,
            "iat": self.now(),
            "iss": self.issuer.url(),
            "sub": "marked-sub",
            "token_use": "id",
        })
    }

    fn sign(&self, claims: &Value) -> String {
        sign(&self.issuer.key("one"), &header("one"), claims)
    }

    /// The access token, with one claim changed, or removed by `null`.
    fn changed(&self, name: &str, value: Value) -> String {
        let mut claims = self.access_claims();
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims
                .as_object_mut()
                .unwrap()
                .insert(name.to_owned(), value),
        };
        self.sign(&claims)
    }

    async fn send(&self, method: Method, target: &str, headers: &[(&str, &str)]) -> Answer {
        let url = format!("{}{target}", self.function.base_url());
        let mut request = self.http.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request).await
    }

    async fn get(&self, target: &str, token: &str) -> Answer {
        let authorization = format!("Bearer {token}");
        let headers = [("Authorization", authorization.as_str())];
        self.send(Method::GET, target, &headers).await
    }

    fn last_step(&self) -> Step {
        self.journal.steps().pop().unwrap()
    }

    fn was_never_called(&self) -> bool {
        self.function.processes_started() == 0
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}

fn header(key_id: &str) -> Value {
    json!({ "alg": "RS256", "kid": key_id })
}

fn input(header: &Value, claims: &Value) -> String {
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encoded(header), encoded(claims))
}

fn sign(key: &RsaKey, header: &Value, claims: &Value) -> String {
    let input = input(header, claims);
    let signature = key.sign(&RSA_PKCS1_SHA256, input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The routes of most tests.
fn routes() -> Vec<Route> {
    vec![
        Route::new("GET /open"),
        Route::new("GET /me").authorized(&["digital-auth/read", VERIFY]),
        Route::new("GET /any-token").authorized(&[]),
    ]
}

/// Checks that a 401 says why, that the last check is the one that failed, and that the function
/// wasn't called.
#[track_caller]
fn assert_unauthorized(world: &World, answer: &Answer, description: &str, check: &str) {
    assert_eq!(answer.status, 401, "{description}");
    assert_eq!(answer.json(), json!({ "message": "Unauthorized" }));
    let challenge =
        format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{description}\"");
    assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()));
    assert!(answer.header("apigw-requestid").is_some());
    assert_failed_check(world, check);
    assert!(world.was_never_called(), "{description}");
}

#[track_caller]
fn assert_failed_check(world: &World, check: &str) {
    let step = world.last_step();
    let (last, others) = step.checks.split_last().unwrap();
    assert_eq!(last, &Check::new(check, JWT_RULE, false));
    assert!(others.iter().all(|check| check.passed), "{others:?}");
}

#[tokio::test]
async fn the_event_of_an_admitted_token_has_its_claims_as_text_and_its_scopes() {
    let world = World::new(routes()).await;
    let token = world.sign(&world.access_claims());
    let answer = world.get("/me?a=b", &token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mut event = answer.json();
    let context = &mut event["requestContext"];
    for name in ["time", "timeEpoch", "requestId"] {
        context.as_object_mut().unwrap().remove(name).unwrap();
    }
    let headers = event["headers"].as_object_mut().unwrap();
    for name in ["x-amzn-trace-id", "x-forwarded-port", "host"] {
        headers.remove(name).unwrap();
    }
    // The form is that of the example in the Developer Guide ("Create AWS Lambda proxy integrations
    // for HTTP APIs", format 2.0). The forms of the values are those of published events.
    let golden = json!({
        "version": "2.0",
        "routeKey": "GET /me",
        "rawPath": "/me",
        "rawQueryString": "a=b",
        "headers": {
            "accept": "*/*",
            "authorization": format!("Bearer {token}"),
            "content-length": "0",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": { "a": "b" },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "bridge",
            "authorizer": {
                "jwt": {
                    "claims": {
                        "auth_time": (world.now() - 60).to_string(),
                        "client_id": APP,
                        "cognito:groups": "[admins readers]",
                        "exp": (world.now() + 300).to_string(),
                        "iat": world.now().to_string(),
                        "iss": world.issuer.url(),
                        "scope": format!("openid {VERIFY}"),
                        "sub": "marked-sub",
                        "token_use": "access",
                        "username": "marked-username",
                        "version": "2",
                    },
                    "scopes": ["openid", VERIFY],
                },
            },
            "domainName": "bridge.localhost",
            "domainPrefix": "bridge",
            "http": {
                "method": "GET",
                "path": "/me",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "",
            },
            "routeKey": "GET /me",
            "stage": "$default",
        },
        "isBase64Encoded": false,
    });
    assert_eq!(event, golden);
    world.function.stop().await;
}

#[tokio::test]
async fn the_event_of_a_route_without_authorizer_has_no_claims_even_with_a_token() {
    let world = World::new(routes()).await;
    let event = world.get("/open", "not.a.token").await.json();
    assert_eq!(event["routeKey"], "GET /open");
    assert_eq!(event["requestContext"]["authorizer"], Value::Null);
    assert_eq!(world.issuer.asked(), (0, 0));
    world.function.stop().await;
}

#[tokio::test]
async fn without_a_token_the_challenge_is_the_name_of_the_scheme_alone() {
    let world = World::new(routes()).await;
    for headers in [
        &[][..],
        &[("Authorization", "")],
        &[("Authorization", "Bearer")],
        &[("Authorization", "Bearer  ")],
        &[("Cookie", "Authorization=a.b.c")],
    ] {
        let answer = world.send(Method::GET, "/me", headers).await;
        assert_eq!(answer.status, 401, "{headers:?}");
        assert_eq!(answer.json(), json!({ "message": "Unauthorized" }));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_failed_check(&world, "there is an Authorization header");
    }
    assert_eq!(world.issuer.asked(), (0, 0));
    assert!(world.was_never_called());
}

#[tokio::test]
async fn what_is_no_signed_jwt_is_refused_without_asking_the_issuer() {
    let world = World::new(routes()).await;
    let good = world.sign(&world.access_claims());
    let encrypted = format!("{good}.a.b");
    let (input, _) = good.rsplit_once('.').unwrap();
    for token in [
        "opaque",
        input,
        &encrypted,
        "e30=.e30.e30",
        "...",
        "W10.e30.e30",
    ] {
        let answer = world.get("/me", token).await;
        let description = "token contains an invalid number of segments";
        assert_unauthorized(&world, &answer, description, "it is a signed JWT");
    }
    assert_eq!(world.issuer.asked(), (0, 0));
}

#[tokio::test]
async fn a_token_that_is_not_signed_with_rs256_is_refused() {
    let world = World::new(routes()).await;
    let (key, claims) = (world.issuer.key("one"), world.access_claims());
    let unsigned = input(&json!({ "alg": "none", "kid": "one" }), &claims);
    let hs256 = input(&json!({ "alg": "HS256", "kid": "one" }), &claims);
    // The public key, which everybody has, as the secret of a symmetric signature.
    let secret = hmac::Key::new(hmac::HMAC_SHA256, key.der().unwrap().as_ref());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&secret, hs256.as_bytes()));
    for token in [
        format!("{unsigned}."),
        format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode("signature")),
        format!("{hs256}.{signature}"),
        sign(&key, &json!({ "alg": "RS512", "kid": "one" }), &claims),
        sign(&key, &json!({ "alg": "rs256", "kid": "one" }), &claims),
        sign(&key, &json!({ "kid": "one" }), &claims),
    ] {
        let answer = world.get("/me", &token).await;
        let description = "the token is not signed with RS256";
        assert_unauthorized(&world, &answer, description, "alg is RS256");
    }
}

#[tokio::test]
async fn a_token_of_an_unknown_key_or_without_the_keys_signature_is_refused() {
    let world = World::new(routes()).await;
    let (key, claims) = (world.issuer.key("one"), world.access_claims());
    for header in [json!({ "alg": "RS256" }), header("two"), header("")] {
        let answer = world.get("/me", &sign(&key, &header, &claims)).await;
        let description = "the token is signed with an unknown key";
        assert_unauthorized(&world, &answer, description, "kid is in the key set");
    }
    let other = RsaKey::generate().unwrap();
    let good = world.sign(&claims);
    let (_, signature) = good.rsplit_once('.').unwrap();
    let swapped = input(&header("one"), &world.id_claims());
    for token in [
        sign(&other, &header("one"), &claims),
        format!("{swapped}.{signature}"),
        format!("{}.", input(&header("one"), &claims)),
    ] {
        let answer = world.get("/me", &token).await;
        let description = "the token does not have a valid signature";
        assert_unauthorized(&world, &answer, description, "the signature is valid");
    }
    assert_eq!(world.issuer.asked(), (1, 1));
}

#[tokio::test]
async fn a_claim_that_does_not_hold_is_refused_by_its_name() {
    let world = World::new(routes()).await;
    let now = world.now();
    let issuer = "the token does not have a valid issuer";
    let audience = "the token does not have a valid audience";
    let expired = "the token has expired";
    let early = "the token is not valid yet";
    let later = "the token was issued in the future";
    let other_pool = format!("{}2", world.issuer.url());
    for (name, value, description) in [
        ("iss", json!(other_pool), issuer),
        ("iss", json!(format!("{}/", world.issuer.url())), issuer),
        ("iss", json!([world.issuer.url()]), issuer),
        ("iss", Value::Null, issuer),
        ("client_id", json!("other-client"), audience),
        ("client_id", json!([APP]), audience),
        ("client_id", Value::Null, audience),
        // `client_id` doesn't count beside `aud`.
        ("aud", json!("other-client"), audience),
        ("aud", json!([]), audience),
        ("aud", json!({}), audience),
        ("exp", json!(now), expired),
        ("exp", json!(now - 1), expired),
        ("exp", json!((now + 300).to_string()), expired),
        ("exp", Value::Null, expired),
        ("nbf", json!(now + 1), early),
        ("nbf", json!("soon"), early),
        ("iat", json!(now + 1), later),
        ("iat", json!("now"), later),
    ] {
        let check = match description {
            text if text == issuer => "iss is the configured issuer",
            text if text == audience => "aud, or client_id without aud, is in the audience",
            text if text == expired => "exp is in the future",
            text if text == early => "nbf, if present, has passed",
            _ => "iat isn't in the future",
        };
        let answer = world.get("/me", &world.changed(name, value)).await;
        assert_unauthorized(&world, &answer, description, check);
    }
}

#[tokio::test]
async fn a_claim_at_its_limit_is_admitted() {
    let world = World::new(routes()).await;
    let now = world.now();
    for (name, value) in [
        ("exp", json!(now + 1)),
        ("nbf", json!(now)),
        ("iat", Value::Null),
        ("aud", json!(APP)),
        ("aud", json!(["third", APP])),
        ("client_id", json!("another")),
        ("scope", json!(VERIFY)),
        ("scope", json!(["openid", VERIFY])),
    ] {
        let token = world.changed(name, value.clone());
        assert_eq!(world.get("/me", &token).await.status, 200, "{name} {value}");
    }
    world.function.stop().await;
}

#[tokio::test]
async fn a_token_expires_by_the_clock_that_was_given() {
    let world = World::new(routes()).await;
    let token = world.sign(&world.access_claims());
    assert_eq!(world.get("/me", &token).await.status, 200);
    world.clock.advance(TimeDelta::seconds(300));
    assert_eq!(world.get("/me", &token).await.status, 401);
    assert_failed_check(&world, "exp is in the future");
    world.function.stop().await;
}

#[tokio::test]
async fn a_token_without_any_of_the_routes_scopes_is_forbidden() {
    let world = World::new(routes()).await;
    let mut without_scope = world.access_claims();
    without_scope.as_object_mut().unwrap().remove("scope");
    for token in [
        world.changed("scope", json!("openid aws.cognito.signin.user.admin")),
        world.changed("scope", json!(format!("{VERIFY}.more {VERIFY}/"))),
        world.changed("scope", json!("")),
        world.changed("scope", json!(7)),
        world.sign(&without_scope),
        // An ID token has no scopes.
        world.sign(&world.id_claims()),
    ] {
        let answer = world.get("/me", &token).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.json(), json!({ "message": "Forbidden" }));
        assert_eq!(
            answer.header("www-authenticate"),
            Some(
                "Bearer scope=\"digital-auth/read digital-auth/verify\" \
                 error=\"insufficient_scope\" error_description=\"expected scopes: \
                 [digital-auth/read digital-auth/verify]\""
            )
        );
        assert!(answer.header("apigw-requestid").is_some());
        assert_failed_check(&world, "the token has one of the route's scopes");
    }
    assert!(world.was_never_called());
}

#[tokio::test]
async fn scp_counts_where_there_is_no_scope() {
    let world = World::new(routes()).await;
    let mut claims = world.access_claims();
    claims["scp"] = json!(["openid", VERIFY]);
    claims.as_object_mut().unwrap().remove("scope");
    let answer = world.get("/me", &world.sign(&claims)).await;
    let jwt = &answer.json()["requestContext"]["authorizer"]["jwt"];
    assert_eq!(jwt["scopes"], json!(["openid", VERIFY]));
    claims["scope"] = json!("openid");
    assert_eq!(world.get("/me", &world.sign(&claims)).await.status, 403);
    world.function.stop().await;
}

#[tokio::test]
async fn a_route_without_scopes_admits_every_valid_token_and_so_id_tokens() {
    let world = World::new(routes()).await;
    let answer = world
        .get("/any-token", &world.sign(&world.id_claims()))
        .await;
    assert_eq!(answer.status, 200);
    let jwt = &answer.json()["requestContext"]["authorizer"]["jwt"];
    assert_eq!(jwt["claims"]["token_use"], "id");
    assert_eq!(jwt["claims"]["email_verified"], "true");
    assert_eq!(jwt["scopes"], Value::Null);
    let access = world.sign(&world.access_claims());
    assert_eq!(world.get("/any-token", &access).await.status, 200);
    let expired = world.changed("exp", json!(world.now()));
    assert_eq!(world.get("/any-token", &expired).await.status, 401);
    world.function.stop().await;
}

#[tokio::test]
async fn the_token_may_come_without_its_scheme_and_not_twice() {
    let world = World::new(routes()).await;
    let token = world.sign(&world.access_claims());
    let bearer = format!("Bearer {token}");
    let basic = format!("Basic {token}");
    let bare = [("Authorization", token.as_str())];
    assert_eq!(world.send(Method::GET, "/me", &bare).await.status, 200);
    for headers in [
        &[("Authorization", basic.as_str())][..],
        &[("Authorization", &bearer), ("Authorization", &bearer)],
    ] {
        assert_eq!(world.send(Method::GET, "/me", headers).await.status, 401);
        assert_failed_check(&world, "it is a signed JWT");
    }
    world.function.stop().await;
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_after_two_hours() {
    let world = World::new(routes()).await;
    let token = |key_id: &str| {
        let mut claims = world.access_claims();
        claims["exp"] = json!(world.now() + 100_000);
        sign(&world.issuer.key(key_id), &header(key_id), &claims)
    };
    let of_old_key = token("one");
    let at_once = (0..5).map(|_| world.get("/me", &of_old_key));
    for answer in join_all(at_once).await {
        assert_eq!(answer.status, 200);
    }
    assert_eq!(world.issuer.asked(), (1, 1));

    // The issuer gets a new key and drops the old one. Within two hours neither is noticed.
    world.issuer.rotate("two");
    world
        .clock
        .advance(TimeDelta::hours(2) - TimeDelta::seconds(1));
    assert_eq!(world.get("/me", &of_old_key).await.status, 200);
    assert_eq!(world.get("/me", &token("two")).await.status, 401);
    assert_failed_check(&world, "kid is in the key set");
    assert_eq!(world.issuer.asked(), (1, 1));

    world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(world.get("/me", &token("two")).await.status, 200);
    assert_eq!(world.get("/me", &of_old_key).await.status, 401);
    assert_failed_check(&world, "kid is in the key set");
    assert_eq!(world.issuer.asked(), (2, 2));
    world.function.stop().await;
}

#[tokio::test]
async fn without_the_issuers_keys_nobody_is_admitted_and_the_next_request_tries_again() {
    let world = World::new(routes()).await;
    let token = world.sign(&world.access_claims());
    let published = Arc::clone(&world.issuer.published);
    let check = "the issuer's keys are known";
    let manners = [
        Manner::Unavailable,
        Manner::Late,
        Manner::TooLarge,
        Manner::Moved,
        Manner::NoJson,
    ];
    for manner in manners.into_iter().chain([Manner::OfAnother]) {
        *published.metadata_comes.lock().unwrap() = manner;
        let answer = world.get("/me", &token).await;
        let description = "OIDC discovery endpoint communication error";
        assert_unauthorized(&world, &answer, description, check);
    }
    *published.metadata_comes.lock().unwrap() = Manner::Well;
    for manner in manners {
        *published.keys_come.lock().unwrap() = manner;
        let answer = world.get("/me", &token).await;
        assert_unauthorized(&world, &answer, "JWKS communication error", check);
    }
    *published.keys_come.lock().unwrap() = Manner::Well;
    assert_eq!(world.get("/me", &token).await.status, 200);

    // Two hours later, the old keys don't count if there are no new ones.
    *published.keys_come.lock().unwrap() = Manner::Unavailable;
    world.clock.advance(TimeDelta::hours(2));
    let token = world.sign(&world.access_claims());
    assert_eq!(world.get("/me", &token).await.status, 401);
    assert_failed_check(&world, check);
    world.function.stop().await;
}

#[tokio::test]
async fn a_request_that_no_route_takes_is_answered_by_the_front_door() {
    let world = World::new(routes()).await;
    for (method, target) in [
        (Method::POST, "/open"),
        (Method::HEAD, "/open"),
        (Method::OPTIONS, "/open"),
        (Method::GET, "/open/"),
        (Method::GET, "/other"),
        (Method::GET, "/"),
    ] {
        let answer = world.send(method.clone(), target, &[]).await;
        assert_eq!(answer.status, 404, "{method} {target}");
        if method != Method::HEAD {
            assert_eq!(answer.json(), json!({ "message": "Not Found" }));
        }
        let step = world.last_step();
        let rule = "Amazon API Gateway, routes for HTTP APIs";
        let failed = Check::new("a route takes the request", rule, false);
        assert_eq!(step.checks.last(), Some(&failed));
    }
    assert!(world.was_never_called());
}

#[tokio::test]
async fn a_route_with_any_takes_every_method_that_has_no_route_of_its_own() {
    let world = World::new(vec![Route::new("ANY /a"), Route::new("GET /a")]).await;
    for (method, key) in [
        (Method::GET, "GET /a"),
        (Method::POST, "ANY /a"),
        (Method::OPTIONS, "ANY /a"),
    ] {
        let event = world.send(method, "/a", &[]).await.json();
        assert_eq!(event["routeKey"], key);
        assert_eq!(event["requestContext"]["routeKey"], key);
    }
    world.function.stop().await;
}

fn cors() -> Cors {
    Cors {
        allow_origins: vec!["https://other.example".to_owned(), ORIGIN.to_owned()],
        allow_methods: ["GET", "POST"].map(str::to_owned).to_vec(),
        allow_headers: ["authorization", "content-type"]
            .map(str::to_owned)
            .to_vec(),
        expose_headers: vec!["apigw-requestid".to_owned()],
        max_age: Some(300),
        allow_credentials: true,
    }
}

const PREFLIGHT: [(&str, &str); 3] = [
    ("Origin", ORIGIN),
    ("Access-Control-Request-Method", "GET"),
    ("Access-Control-Request-Headers", "authorization"),
];

#[tokio::test]
async fn a_preflight_is_answered_before_authorizer_and_function() {
    let world = World::with(routes(), Some(cors())).await;
    for target in ["/me", "/not-a-route"] {
        let answer = world.send(Method::OPTIONS, target, &PREFLIGHT).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{target}");
        assert_eq!(
            answer.cors(),
            [
                ("allow-credentials", "true"),
                ("allow-headers", "authorization,content-type"),
                ("allow-methods", "GET,POST"),
                ("allow-origin", ORIGIN),
                ("max-age", "300"),
            ]
        );
        assert_eq!(world.last_step().from, Party::Browser);
        assert!(world.last_step().checks.iter().all(|check| check.passed));
    }
    assert_eq!(world.issuer.asked(), (0, 0));
    assert!(world.was_never_called());
}

#[tokio::test]
async fn a_preflight_of_a_foreign_origin_is_answered_without_headers() {
    let world = World::with(routes(), Some(cors())).await;
    for origin in [
        "http://evil.example",
        "null",
        "http://app.localhost:3000.evil.example",
    ] {
        let headers = [PREFLIGHT[1], ("Origin", origin)];
        let answer = world.send(Method::OPTIONS, "/me", &headers).await;
        assert_eq!(answer.status, 204, "{origin}");
        assert_eq!(answer.cors(), [], "{origin}");
        let rule = "Amazon API Gateway, CORS for HTTP APIs";
        let failed = Check::new("the origin is allowed", rule, false);
        assert_eq!(world.last_step().checks.last(), Some(&failed));
    }
    assert!(world.was_never_called());
}

#[tokio::test]
async fn options_without_the_headers_of_a_preflight_is_a_request_like_any_other() {
    let world = World::with(routes(), Some(cors())).await;
    for headers in [&[][..], &PREFLIGHT[..1], &PREFLIGHT[1..]] {
        let answer = world.send(Method::OPTIONS, "/me", headers).await;
        assert_eq!(answer.status, 404, "{headers:?}");
    }
}

#[tokio::test]
async fn a_preflight_to_a_route_that_takes_options_meets_its_authorizer() {
    let routes = vec![
        Route::new("ANY /all").authorized(&[VERIFY]),
        Route::new("OPTIONS /own"),
    ];
    let world = World::with(routes, Some(cors())).await;
    let answer = world.send(Method::OPTIONS, "/all", &PREFLIGHT).await;
    assert_eq!(answer.status, 401);
    assert!(answer.cors().contains(&("allow-origin", ORIGIN)));
    assert!(world.was_never_called());
    let answer = world.send(Method::OPTIONS, "/own", &PREFLIGHT).await;
    assert_eq!(answer.json()["routeKey"], "OPTIONS /own");
    world.function.stop().await;
}

#[tokio::test]
async fn the_front_doors_cors_headers_replace_the_functions() {
    let routes = vec![
        Route::new("GET /answer"),
        Route::new("GET /me").authorized(&[]),
    ];
    let world = World::with(routes, Some(cors())).await;
    let own = json!({
        "statusCode": 200,
        "headers": {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Max-Age": "9",
            "X-Other": "stays",
        },
    });
    let target = url::Url::parse_with_params("http://x/answer", [("json", own.to_string())]);
    let target = target.unwrap();
    let target = format!("/answer?{}", target.query().unwrap());
    let expected = [
        ("allow-credentials", "true"),
        ("allow-origin", ORIGIN),
        ("expose-headers", "apigw-requestid"),
    ];
    let answer = world.send(Method::GET, &target, &PREFLIGHT[..1]).await;
    assert_eq!(answer.header("x-other"), Some("stays"));
    assert_eq!(answer.cors(), expected);
    let foreign = [("Origin", "http://evil.example")];
    for headers in [&[][..], &foreign] {
        let answer = world.send(Method::GET, &target, headers).await;
        assert_eq!((answer.status, answer.cors()), (200, vec![]), "{headers:?}");
    }
    // The front door's own refusals have them, too.
    for target in ["/me", "/other"] {
        let answer = world.send(Method::GET, target, &PREFLIGHT[..1]).await;
        assert!(answer.status >= 400);
        assert_eq!(answer.cors(), expected, "{target}");
    }
    world.function.stop().await;
}

#[tokio::test]
async fn without_cors_the_functions_headers_stay_and_preflights_are_the_routes_matter() {
    let world = World::new(vec![Route::new("$default")]).await;
    let target = "/answer?json=%7B%22statusCode%22:200,%22headers%22:\
        %7B%22Access-Control-Allow-Origin%22:%22*%22%7D%7D";
    let answer = world.send(Method::GET, target, &PREFLIGHT[..1]).await;
    assert_eq!(answer.cors(), [("allow-origin", "*")]);
    let answer = world.send(Method::OPTIONS, "/x", &PREFLIGHT).await;
    assert_eq!(answer.json()["routeKey"], "$default");
    // `$default` is no route that a request could miss, so it isn't told as a check.
    assert_eq!(world.last_step().checks.len(), 1);
    world.function.stop().await;
}

#[tokio::test]
async fn a_throttled_route_answers_429_until_time_passes_and_others_are_not_affected() {
    let throttle = Throttle { rate: 2, burst: 3 };
    let routes = vec![
        Route::new("GET /a").throttled(throttle),
        Route::new("GET /b").throttled(throttle),
        Route::new("GET /me").authorized(&[]).throttled(throttle),
    ];
    let world = World::new(routes).await;
    let status = async |target: &str| world.send(Method::GET, target, &[]).await.status;
    for _ in 0..3 {
        assert_eq!(status("/a").await, 200);
    }
    let answer = world.send(Method::GET, "/a", &[]).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.json(), json!({ "message": "Too Many Requests" }));
    assert_eq!(answer.header("retry-after"), None);
    let rule = "Amazon API Gateway, throttling for HTTP APIs";
    let failed = Check::new("the route's throttle lets it through", rule, false);
    assert_eq!(world.last_step().checks.last(), Some(&failed));
    assert_eq!(status("/b").await, 200);
    world.clock.advance(TimeDelta::milliseconds(500));
    assert_eq!(status("/a").await, 200);
    assert_eq!(status("/a").await, 429);
    // The throttle comes before the authorizer, so refused requests count.
    for expected in [401, 401, 401, 429] {
        assert_eq!(status("/me").await, expected);
    }
    world.function.stop().await;
}

#[tokio::test]
async fn the_journal_has_the_parties_and_the_checks_and_nothing_personal() {
    let routes = vec![Route::new("POST /verifications/complete").authorized(&[VERIFY])];
    let world = World::new(routes).await;
    let token = world.sign(&world.access_claims());
    let body = json!({
        "code": "marked-code-marked-code",
        "code_verifier": "marked-verifier-marked",
        "return_url": "http://app.localhost:3000/verified",
        "name": "marked-name",
        "ticket": { "nested": "marked-nested" },
    });
    let url = format!("{}/verifications/complete", world.function.base_url());
    let answer = answer(world.http.post(url).bearer_auth(&token).json(&body)).await;
    assert_eq!(answer.status, 200);
    let step = world.last_step();
    assert_eq!((step.from, step.to), (Party::App, Party::Verification));
    assert_eq!(step.request, "POST /verifications/complete");
    let parameter = |name: &str, value: String| Parameter {
        name: name.into(),
        value,
    };
    let authorization = format!("Bear…({})", token.len() + 7);
    assert_eq!(
        step.parameters,
        [
            parameter("code", "mark…(23)".into()),
            parameter("code_verifier", "mark…(22)".into()),
            parameter("return_url", "http://app.localhost:3000/verified".into()),
            parameter("authorization", authorization),
        ]
    );
    let checks: Vec<_> = step
        .checks
        .iter()
        .map(|check| check.what.as_str())
        .collect();
    assert_eq!(
        checks,
        [
            "request line and headers have at most 10,240 bytes",
            "a route takes the request",
            "there is an Authorization header",
            "it is a signed JWT",
            "alg is RS256",
            "the issuer's keys are known",
            "kid is in the key set",
            "the signature is valid",
            "iss is the configured issuer",
            "aud, or client_id without aud, is in the audience",
            "exp is in the future",
            "nbf, if present, has passed",
            "iat isn't in the future",
            "the token has one of the route's scopes",
        ]
    );
    assert!(step.checks.iter().all(|check| check.passed));
    assert!(step.checks[2..].iter().all(|check| check.rule == JWT_RULE));
    assert!(!format!("{:?}", world.journal.steps()).contains("marked"));
    world.function.stop().await;
}

#[tokio::test]
async fn a_configuration_that_aws_would_refuse_is_refused() {
    let gateway = Gateway {
        routes: vec![Route::new("GET /me").authorized(&[])],
        ..Gateway::default()
    };
    let refused = HttpApi::bind(ANY_PORT).await.unwrap().with(gateway);
    let error = InvalidGateway::NoAuthorizer {
        key: "GET /me".into(),
    };
    assert_eq!(refused.unwrap_err(), error);
}
