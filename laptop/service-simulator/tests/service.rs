//! Tests of the service's stand-in, which also specify it: what it accepts, what it refuses, and
//! with which message. Each rule is broken once, next to a valid request that differs in nothing
//! else. Each fault does what its name says, and nothing else.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "tests"
)]

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RsaKeyPair,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use loopback::clock::SimClock;
use loopback::journal::{Journal, Party};
use loopback::rsa::RsaKey;
use loopback::server::ListenError;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Map, Value, json};
use service_simulator::fault::Fault;
use service_simulator::people::People;
use service_simulator::persona::personas;
use service_simulator::{
    Endpoint, IdleConnections, InvalidClient, RegisteredClient, Service, ServiceOptions,
    StartError, UnknownPersona,
};
use url::Url;

const CLIENT_ID: &str = "RP00000001";
const OTHER_CLIENT_ID: &str = "RP00000002";
const REDIRECT_URI: &str = "http://bridge.localhost:8080/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const STATE: &str = "c3RhdGUgb2YgdGhlIGNsaWVudA";
const NONCE: &str = "bm9uY2Ugb2YgdGhlIGNsaWVudA";
const TEST_CARD: &str = "/api/realms/main/test-card";
const CONSENT: &str = "/api/realms/main/consent";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A key of the client: it signs, and its public half is registered.
struct Key {
    algorithm: Algorithm,
    encoding: EncodingKey,
    jwk: Value,
    kid: &'static str,
}

fn public_jwk(encoding: &EncodingKey, algorithm: Algorithm, kid: &str) -> Value {
    let mut jwk =
        serde_json::to_value(Jwk::from_encoding_key(encoding, algorithm).unwrap()).unwrap();
    jwk["kid"] = kid.into();
    jwk["use"] = "sig".into();
    jwk
}

fn es256(kid: &'static str) -> Key {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let encoding = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
    let jwk = public_jwk(&encoding, Algorithm::ES256, kid);
    Key {
        algorithm: Algorithm::ES256,
        encoding,
        jwk,
        kid,
    }
}

fn rs256(kid: &'static str) -> Key {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    // The RSAPrivateKey of RFC 8017 stands after the 26 bytes of the PKCS #8 header.
    let encoding = EncodingKey::from_rsa_der(&der.as_ref()[26..]);
    let jwk = public_jwk(&encoding, Algorithm::RS256, kid);
    Key {
        algorithm: Algorithm::RS256,
        encoding,
        jwk,
        kid,
    }
}

fn registered(client_id: &str, keys: &[&Key]) -> RegisteredClient {
    let keys: Vec<_> = keys.iter().map(|key| key.jwk.clone()).collect();
    RegisteredClient {
        client_id: client_id.to_owned(),
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        jwks: json!({ "keys": keys }),
    }
}

/// A running service, a client with an ES256 key, and an HTTP client that doesn't follow redirects.
struct Bench {
    service: Service,
    key: Key,
    http: Client,
    clock: SimClock,
    journal: Journal,
}

type Pairs = Vec<(String, String)>;

/// The path and query of the consent page, if this answer redirects there.
fn consent_of(answer: &Response) -> Option<String> {
    let location = answer.headers().get("location")?.to_str().unwrap();
    location.starts_with(CONSENT).then(|| location.to_owned())
}

/// One RSA key for all tests: making a key takes longer than most tests.
static RSA_KEY: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::generate().unwrap());

impl Bench {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with_fault(fault: Fault) -> Self {
        Self::with(|options| options.fault = Some(fault)).await
    }

    async fn with(change: impl FnOnce(&mut ServiceOptions)) -> Self {
        let key = es256("client-es256");
        let mut options = ServiceOptions::new(registered(CLIENT_ID, &[&key]));
        options.slow_answer = Duration::from_millis(600);
        options.clock = options.clock.stopped();
        options.rsa_key = Some(RSA_KEY.clone());
        change(&mut options);
        let (clock, journal) = (options.clock.clone(), options.journal.clone());
        let service = Service::start(options).await.unwrap();
        let http = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            service,
            key,
            http,
            clock,
            journal,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.service.address())
    }

    /// The URL of the authorization endpoint, with 127.0.0.1 in place of the public host, because
    /// no resolver here knows that name.
    fn authorization_url(&self) -> Url {
        let mut url = Url::parse(&self.service.endpoints().authorization_endpoint).unwrap();
        assert_eq!(url.host_str(), Some("service.localhost"));
        url.set_host(Some("127.0.0.1")).unwrap();
        url
    }

    async fn authorize(&self, query: &Pairs) -> Response {
        let mut url = self.authorization_url();
        url.query_pairs_mut().extend_pairs(query);
        self.http
            .get(url)
            .header("accept", "application/json")
            .send()
            .await
            .unwrap()
    }

    async fn begin(&self) -> String {
        let answer = self.authorize(&authorization()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let page: Value = answer.json().await.unwrap();
        page["login"].as_str().unwrap().to_owned()
    }

    async fn page(&self, path: &str, accept: &str) -> Response {
        let request = self.http.get(self.url(path)).header("accept", accept);
        request.send().await.unwrap()
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let request = self.http.post(self.url(path)).form(form);
        request.send().await.unwrap()
    }

    /// Sends the form of the test-card page, without the consent.
    async fn choose(&self, form: &[(&str, &str)]) -> Response {
        self.post(TEST_CARD, form).await
    }

    /// Sends the form of the consent page.
    async fn decide(&self, login: &str, decision: &str) -> Response {
        self.post(CONSENT, &[("login", login), ("decision", decision)])
            .await
    }

    /// Sends the form of the test-card page and, if it leads to the consent page, consents.
    async fn pick(&self, form: &[(&str, &str)]) -> Response {
        let chosen = self.choose(form).await;
        let Some(consent) = consent_of(&chosen) else {
            return chosen;
        };
        let page = self.page(&consent, "application/json").await;
        assert_eq!(page.status(), StatusCode::OK);
        let page: Value = page.json().await.unwrap();
        assert_eq!(page["action"], CONSENT);
        self.decide(text(&page, "login"), "accept").await
    }

    /// Does a login with the service's defaults, and returns the parameters of the authorization
    /// response.
    async fn login(&self) -> Pairs {
        let login = self.begin().await;
        let answer = self.pick(&[("login", &login)]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        location(&answer)
    }

    async fn code(&self) -> String {
        value(&self.login().await, "code").to_owned()
    }

    fn claims(&self) -> Value {
        let now = self.clock.now().timestamp();
        json!({
            "iss": CLIENT_ID, "sub": CLIENT_ID,
            "aud": self.service.endpoints().token_endpoint,
            "jti": unique(), "iat": now, "exp": now + 60,
        })
    }

    fn assertion(&self) -> String {
        sign(&self.key, &self.claims())
    }

    fn token_form(&self, code: &str) -> Pairs {
        pairs(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("client_id", CLIENT_ID),
            ("code_verifier", VERIFIER),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &self.assertion()),
        ])
    }

    fn token_request(&self, form: &Pairs) -> RequestBuilder {
        self.http
            .post(&self.service.endpoints().token_endpoint)
            .form(form)
    }

    /// Sends a token request, and returns the status and the JSON of the answer.
    async fn redeem(&self, form: &Pairs) -> (StatusCode, Value) {
        let answer = self.token_request(form).send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        (answer.status(), answer.json().await.unwrap())
    }

    /// Does a whole login, and returns the token answer.
    async fn tokens(&self) -> Value {
        let code = self.code().await;
        let (status, tokens) = self.redeem(&self.token_form(&code)).await;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        tokens
    }

    fn userinfo_request(&self, access_token: &str) -> RequestBuilder {
        self.http
            .get(&self.service.endpoints().userinfo_endpoint)
            .bearer_auth(access_token)
    }

    async fn userinfo(&self) -> Response {
        let tokens = self.tokens().await;
        self.userinfo_request(text(&tokens, "access_token"))
            .send()
            .await
            .unwrap()
    }

    async fn keys(&self) -> Vec<Value> {
        let answer = self
            .http
            .get(&self.service.endpoints().jwks_uri)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let set: Value = answer.json().await.unwrap();
        set["keys"].as_array().unwrap().clone()
    }

    /// The ID token's header and claims, verified with the published key that its `kid` names.
    async fn verified_id_token(&self, tokens: &Value) -> (Value, Value) {
        let token = text(tokens, "id_token");
        let (header, claims) = parts(token);
        let keys = self.keys().await;
        let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
        assert!(verifies(token, key), "the signature is the published key's");
        (header, claims)
    }
}

fn pairs(parameters: &[(&str, &str)]) -> Pairs {
    parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn with_query(url: &str, parameters: &Pairs) -> Url {
    let mut url = Url::parse(url).unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    url
}

/// The parameters of a valid authorization request.
fn authorization() -> Pairs {
    pairs(&[
        ("response_type", "code"),
        ("scope", "openid name address birthdate gender"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
        ("state", STATE),
        ("nonce", NONCE),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("acr_values", "aal3 crl"),
    ])
}

/// The `Accept` header of a browser.
const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// Asserts that the answer is a page with the headers that every page has.
fn strict(answer: &Response) {
    let header = |name: &str| answer.headers()[name].to_str().unwrap();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(policy.contains("frame-ancestors 'none'"));
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"));
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

fn without(mut parameters: Pairs, name: &str) -> Pairs {
    parameters.retain(|(other, _)| other != name);
    parameters
}

fn set(parameters: Pairs, name: &str, value: &str) -> Pairs {
    let mut parameters = without(parameters, name);
    parameters.push((name.to_owned(), value.to_owned()));
    parameters
}

fn twice(mut parameters: Pairs, name: &str) -> Pairs {
    let value = value(&parameters, name).to_owned();
    parameters.push((name.to_owned(), value));
    parameters
}

fn location(answer: &Response) -> Pairs {
    let location = answer.headers()["location"].to_str().unwrap();
    assert!(
        location.starts_with(&format!("{REDIRECT_URI}?")),
        "{location}"
    );
    Url::parse(location)
        .unwrap()
        .query_pairs()
        .into_owned()
        .collect()
}

fn value<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    let found = pairs.iter().find(|(other, _)| other == name);
    found.map_or_else(|| panic!("no {name}"), |(_, value)| value.as_str())
}

fn names(pairs: &Pairs) -> Vec<&str> {
    pairs.iter().map(|(name, _)| name.as_str()).collect()
}

fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member}"))
}

fn unique() -> String {
    loopback::random::base64url(16).unwrap()
}

fn sign(key: &Key, claims: &Value) -> String {
    let mut header = Header::new(key.algorithm);
    header.kid = Some(key.kid.to_owned());
    encode(&header, claims, &key.encoding).unwrap()
}

/// Header and claims of a JWT, not verified.
fn parts(token: &str) -> (Value, Value) {
    let mut parts = token
        .split('.')
        .take(2)
        .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap());
    (parts.next().unwrap(), parts.next().unwrap())
}

/// Whether the JWK verifies the token's signature, with the algorithm of the token's header.
fn verifies(token: &str, jwk: &Value) -> bool {
    let algorithm = serde_json::from_value(parts(token).0["alg"].clone()).unwrap();
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_jwk(&serde_json::from_value(jwk.clone()).unwrap()).unwrap();
    decode::<Map<String, Value>>(token, &key, &validation).is_ok()
}

fn at_hash(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}

fn error(code: &str, description: &str) -> Value {
    json!({ "error": code, "error_description": description })
}

mod start {
    use super::*;

    fn options() -> ServiceOptions {
        ServiceOptions::new(registered(CLIENT_ID, &[&es256("one")]))
    }

    async fn refused(options: ServiceOptions) -> StartError {
        match Service::start(options).await {
            Ok(_) => panic!("it started"),
            Err(error) => error,
        }
    }

    #[tokio::test]
    async fn beyond_loopback_is_refused() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "10.0.0.1:80"] {
            let address: SocketAddr = address.parse().unwrap();
            let error = refused(ServiceOptions {
                address,
                ..options()
            })
            .await;
            assert!(matches!(
                error,
                StartError::Listen(ListenError::NotLoopback { address: named })
                    if named == address
            ));
        }
        let address: SocketAddr = "127.0.0.2:0".parse().unwrap();
        Service::start(ServiceOptions {
            address,
            ..options()
        })
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn a_taken_port_is_named() {
        let first = Service::start(options()).await.unwrap();
        let address = first.address();
        let error = refused(ServiceOptions {
            address,
            ..options()
        })
        .await;
        assert!(matches!(
            error,
            StartError::Listen(ListenError::Taken { address: named }) if named == address
        ));
        assert!(error.to_string().contains(&address.to_string()));
    }

    #[tokio::test]
    async fn a_stopped_service_is_gone() {
        // An address that only this test uses, so that no other test takes the port once it is
        // free.
        let bench = Bench::with(|options| options.address = "127.0.0.3:0".parse().unwrap()).await;
        assert_eq!(bench.keys().await.len(), 3);
        let url = bench.service.endpoints().jwks_uri.clone();
        let begun = Instant::now();
        bench.service.stop().await;
        assert!(begun.elapsed() < Duration::from_secs(3));
        assert!(bench.http.get(url).send().await.unwrap_err().is_connect());
    }

    #[tokio::test]
    async fn a_stop_does_not_wait_for_a_slow_answer() {
        let bench = Bench::with(|options| {
            options.fault = Some(Fault::KeySetSlow);
            options.slow_answer = Duration::from_secs(60);
        })
        .await;
        let request = bench.http.get(&bench.service.endpoints().jwks_uri).send();
        let pending = tokio::spawn(request);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let begun = Instant::now();
        bench.service.stop().await;
        assert!(begun.elapsed() < Duration::from_secs(3));
        pending.await.unwrap().unwrap_err();
    }

    #[tokio::test]
    async fn the_issuer_has_a_path_and_the_back_channel_needs_no_names() {
        let bench = Bench::new().await;
        let port = bench.service.address().port();
        let endpoints = bench.service.endpoints();
        assert_eq!(
            endpoints.issuer,
            format!("http://service.localhost:{port}/api/realms/main")
        );
        let realm = "api/realms/main/protocol/openid-connect";
        let public = format!("http://service.localhost:{port}/{realm}");
        let back = format!("http://127.0.0.1:{port}/{realm}");
        assert_eq!(endpoints.authorization_endpoint, format!("{public}/auth"));
        assert_eq!(endpoints.token_endpoint, format!("{back}/token"));
        assert_eq!(endpoints.userinfo_endpoint, format!("{back}/userinfo"));
        assert_eq!(endpoints.jwks_uri, format!("{back}/certs"));
    }

    #[tokio::test]
    async fn a_client_that_cannot_be_registered_is_refused() {
        let key = es256("one");
        let good = || registered(CLIENT_ID, &[&key]);
        let jwk = |change: &dyn Fn(&mut Value)| {
            let mut jwk = key.jwk.clone();
            change(&mut jwk);
            RegisteredClient {
                jwks: json!({ "keys": [jwk] }),
                ..good()
            }
        };
        let remove = |jwk: &mut Value, member: &str| {
            jwk.as_object_mut().unwrap().remove(member);
        };
        let id = |client_id: &str| RegisteredClient {
            client_id: client_id.to_owned(),
            ..good()
        };
        let uris = |uris: &[&str]| RegisteredClient {
            redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
            ..good()
        };
        let sets = |jwks: Value| RegisteredClient { jwks, ..good() };
        let cases = [
            (id(""), InvalidClient::ClientId),
            (id("RP-1"), InvalidClient::ClientId),
            (id(&"a".repeat(256)), InvalidClient::ClientId),
            (uris(&[]), InvalidClient::RedirectUri),
            (uris(&["/callback"]), InvalidClient::RedirectUri),
            (uris(&["https://a.example/#f"]), InvalidClient::RedirectUri),
            (
                uris(&[&format!("https://a.example/{}", "a".repeat(238))]),
                InvalidClient::RedirectUri,
            ),
            (sets(json!({})), InvalidClient::KeySet),
            (sets(json!({ "keys": [] })), InvalidClient::KeySet),
            (
                sets(json!({ "keys": [key.jwk, key.jwk] })),
                InvalidClient::KeyId,
            ),
            (jwk(&|jwk| remove(jwk, "kid")), InvalidClient::KeyId),
            (
                jwk(&|jwk| jwk["d"] = "AA".into()),
                InvalidClient::PrivateKey,
            ),
            (jwk(&|jwk| jwk["alg"] = "RS256".into()), InvalidClient::Key),
            (jwk(&|jwk| jwk["use"] = "enc".into()), InvalidClient::Key),
            (jwk(&|jwk| jwk["crv"] = "P-384".into()), InvalidClient::Key),
            (jwk(&|jwk| remove(jwk, "x")), InvalidClient::Key),
        ];
        let service = Service::start(ServiceOptions::new(good())).await.unwrap();
        for (client, expected) in cases {
            assert_eq!(service.register_client(client), Err(expected));
        }
        service.register_client(id(&"a".repeat(255))).unwrap();
        service
            .register_client(uris(&[&format!("https://a.example/{}", "a".repeat(237))]))
            .unwrap();
        let options = ServiceOptions::new(id(""));
        assert!(matches!(
            refused(options).await,
            StartError::Client(InvalidClient::ClientId)
        ));
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found_and_other_methods_are_refused() {
        let bench = Bench::new().await;
        let not_found = bench
            .http
            .get(bench.url("/api/realms/main"))
            .send()
            .await
            .unwrap();
        assert_eq!(not_found.status(), StatusCode::NOT_FOUND);
        let discovery = bench.url("/api/realms/main/.well-known/openid-configuration");
        let discovery = bench.http.get(discovery).send().await.unwrap();
        assert_eq!(discovery.status(), StatusCode::NOT_FOUND);
        let endpoints = bench.service.endpoints();
        let get_token = bench
            .http
            .get(&endpoints.token_endpoint)
            .send()
            .await
            .unwrap();
        assert_eq!(get_token.status(), StatusCode::METHOD_NOT_ALLOWED);
        let post_userinfo = bench
            .http
            .post(&endpoints.userinfo_endpoint)
            .send()
            .await
            .unwrap();
        assert_eq!(post_userinfo.status(), StatusCode::METHOD_NOT_ALLOWED);
        let post_auth = bench
            .http
            .post(bench.authorization_url())
            .send()
            .await
            .unwrap();
        assert_eq!(post_auth.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(bench.service.count(Endpoint::Other), 2);
    }

    #[tokio::test]
    async fn a_body_over_64_kib_is_refused() {
        let bench = Bench::new().await;
        let url = &bench.service.endpoints().token_endpoint;
        let big = bench
            .http
            .post(url)
            .body("a".repeat(64 * 1024 + 1))
            .send()
            .await
            .unwrap();
        assert_eq!(big.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let fits = bench
            .http
            .post(url)
            .body("a".repeat(64 * 1024))
            .send()
            .await
            .unwrap();
        assert_eq!(fits.status(), StatusCode::BAD_REQUEST);
    }
}

mod authorization_request {
    use super::*;

    /// Asserts that the error goes to the client, with `iss` and, if the state was valid, `state`.
    async fn refused(bench: &Bench, query: Pairs, code: &str, description: &str) {
        let state = Some(STATE).filter(|_| {
            query
                .iter()
                .filter(|(name, value)| name == "state" && value == STATE)
                .count()
                == 1
        });
        let answer = bench.authorize(&query).await;
        assert_eq!(answer.status(), StatusCode::FOUND, "{description}");
        let back = location(&answer);
        assert_eq!(value(&back, "error"), code, "{description}");
        let mut told = back.iter().filter(|(name, _)| name == "error_description");
        assert_eq!(told.next().map_or("", |(_, told)| told), description);
        assert_eq!(value(&back, "iss"), bench.service.endpoints().issuer);
        let returned = back
            .iter()
            .find(|(name, _)| name == "state")
            .map(|(_, value)| value.as_str());
        assert_eq!(returned, state, "{description}");
        assert!(!names(&back).contains(&"code"));
    }

    /// Asserts that the error is shown on a page, without a redirect.
    async fn on_a_page(bench: &Bench, query: Pairs, sentence: &str) {
        let answer = bench.authorize(&query).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{sentence}");
        assert!(!answer.headers().contains_key("location"));
        strict(&answer);
        assert!(
            answer.text().await.unwrap().contains(sentence),
            "{sentence}"
        );
    }

    #[tokio::test]
    async fn an_error_says_which_rule_was_broken_and_what_is_registered() {
        let bench = Bench::new().await;
        let marked = "http://marked.invalid/<b>";
        for (query, language, title, registered) in [
            (
                set(authorization(), "client_id", "RP00000009"),
                "ja",
                "client_id が登録されていません",
                Some(CLIENT_ID),
            ),
            (
                set(authorization(), "client_id", "RP00000009"),
                "en",
                "This client_id isn’t registered",
                Some(CLIENT_ID),
            ),
            (
                set(authorization(), "redirect_uri", marked),
                "ja",
                "redirect_uri が登録と一致しません",
                Some(REDIRECT_URI),
            ),
            (
                set(authorization(), "redirect_uri", marked),
                "en",
                "redirect_uri isn’t registered",
                Some(REDIRECT_URI),
            ),
            (
                without(authorization(), "client_id"),
                "en",
                "client_id is missing",
                None,
            ),
        ] {
            let mut url = bench.authorization_url();
            url.query_pairs_mut().extend_pairs(query);
            let request = bench.http.get(url).header("accept", BROWSER);
            let answer = request.header("accept-language", language).send().await;
            let html = answer.unwrap().text().await.unwrap();
            assert!(html.contains(&format!(r#"<html lang="{language}">"#)));
            assert!(html.contains(&format!("<h1>{title}</h1>")), "{html}");
            for uri in [CLIENT_ID, REDIRECT_URI] {
                let shown = html.contains(&format!("<li><code>{uri}</code></li>"));
                assert_eq!(shown, registered == Some(uri), "{title}");
            }
            assert!(!html.contains("marked"), "what came isn't repeated");
            assert!(html.contains("Keycloak"));
        }
    }

    #[tokio::test]
    async fn a_good_request_gets_the_test_card_page() {
        let bench = Bench::new().await;
        let answer = bench.authorize(&authorization()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let page: Value = answer.json().await.unwrap();
        assert_eq!(page["action"], TEST_CARD);
        assert_eq!(text(&page, "login").len(), 43);
        assert_eq!(
            page["people"][0],
            json!({ "id": "adult", "label": "大人。基本4情報がすべてある" })
        );
        assert_eq!(
            page["people"].as_array().unwrap().len(),
            personas(bench.clock.now()).len()
        );
        let answers = page["answers"].as_array().unwrap();
        assert_eq!(answers[0], "normal");
        assert_eq!(answers.len(), 1 + Fault::ALL.len());
        assert_eq!(
            (&page["persona"], &page["answer"]),
            (&json!("adult"), &json!("normal"))
        );
    }

    #[tokio::test]
    async fn a_browser_gets_a_form_for_the_same() {
        let bench = Bench::with_fault(Fault::TokenSlow).await;
        bench.service.set_persona("yokohama").unwrap();
        let mut url = bench.authorization_url();
        url.query_pairs_mut().extend_pairs(authorization());
        let request = bench.http.get(url).header("accept", BROWSER);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        strict(&answer);
        let html = answer.text().await.unwrap();
        assert!(html.contains(r#"<html lang="ja">"#));
        assert!(html.contains(&format!(r#"method="post" action="{TEST_CARD}""#)));
        assert!(html.contains(r#"<option value="yokohama" selected>"#));
        assert!(html.contains(r#"<option value="token-slow" selected>"#));
        for name in ["persona", "answer"] {
            assert!(html.contains(&format!(r#"<label for="{name}">"#)));
            assert!(html.contains(&format!(r#"<select id="{name}" name="{name}""#)));
        }
        assert!(!html.contains("<script"));
        // The page says that it is a stand-in, which client asks for which attributes, and where
        // the browser goes afterwards.
        for shown in [
            "デジタル認証アプリサービスのシミュレーターです",
            "すべて架空です",
            CLIENT_ID,
            REDIRECT_URI,
            "氏名、住所、生年月日、性別",
        ] {
            assert!(html.contains(shown), "{shown}");
        }
        let login = between(&html, r#"name="login" value=""#, "\"");
        let answer = bench
            .pick(&[("login", login), ("persona", "adult"), ("answer", "normal")])
            .await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    }

    #[tokio::test]
    async fn without_a_trusted_redirect_uri_the_error_stays_on_a_page() {
        let bench = Bench::new().await;
        on_a_page(
            &bench,
            without(authorization(), "client_id"),
            "Missing parameters: client_id",
        )
        .await;
        on_a_page(
            &bench,
            set(authorization(), "client_id", ""),
            "Missing parameters: client_id",
        )
        .await;
        for other in ["RP00000009", "rp00000001", "RP00000001 "] {
            on_a_page(
                &bench,
                set(authorization(), "client_id", other),
                "Client not found.",
            )
            .await;
        }
        let sentence = "Invalid parameter: redirect_uri";
        on_a_page(&bench, without(authorization(), "redirect_uri"), sentence).await;
        for other in [
            "http://bridge.localhost:8080/callback/",
            "http://bridge.localhost:8080/callback?a=b",
            "http://bridge.localhost:8080/Callback",
            "https://bridge.localhost:8080/callback",
            "http://bridge.localhost:8081/callback",
            "https://attacker.example/",
        ] {
            on_a_page(
                &bench,
                set(authorization(), "redirect_uri", other),
                sentence,
            )
            .await;
        }
        for name in ["client_id", "redirect_uri"] {
            on_a_page(&bench, twice(authorization(), name), "duplicated parameter").await;
        }
    }

    #[tokio::test]
    async fn a_query_that_is_not_clean_utf_8_stays_on_a_page() {
        let bench = Bench::new().await;
        for bad in ["%ff", "%E3%81", "%4", "%zz"] {
            let mut url = bench.authorization_url().to_string();
            url.push_str("?state=");
            url.push_str(bad);
            let request = bench.http.get(url).send().await.unwrap();
            assert_eq!(request.status(), StatusCode::BAD_REQUEST, "{bad}");
            assert!(request.text().await.unwrap().contains("Invalid Request"));
        }
    }

    #[tokio::test]
    async fn a_duplicate_parameter_is_refused() {
        let bench = Bench::new().await;
        for name in [
            "response_type",
            "scope",
            "state",
            "nonce",
            "code_challenge",
            "acr_values",
        ] {
            let query = twice(authorization(), name);
            refused(&bench, query, "invalid_request", "duplicated parameter").await;
        }
    }

    #[tokio::test]
    async fn what_is_not_documented_is_refused() {
        let bench = Bench::new().await;
        for name in [
            "prompt",
            "max_age",
            "login_hint",
            "ui_locales",
            "response_mode",
            "claims",
            "sign_transaction_id",
            "unknown",
        ] {
            let query = set(authorization(), name, "1");
            refused(&bench, query, "invalid_request", "Unknown parameter").await;
        }
        for name in ["request", "request_uri"] {
            let query = set(authorization(), name, "1");
            refused(
                &bench,
                query,
                "invalid_request",
                "Request objects are not supported",
            )
            .await;
        }
    }

    #[tokio::test]
    async fn the_response_type_is_code() {
        let bench = Bench::new().await;
        let missing = without(authorization(), "response_type");
        refused(
            &bench,
            missing,
            "invalid_request",
            "Missing parameter: response_type",
        )
        .await;
        for other in ["token", "id_token", "code id_token", "CODE"] {
            let query = set(authorization(), "response_type", other);
            refused(&bench, query, "unsupported_response_type", "").await;
        }
    }

    #[tokio::test]
    async fn the_scope_has_openid_and_known_scopes_once() {
        let bench = Bench::new().await;
        let missing = without(authorization(), "scope");
        refused(&bench, missing, "invalid_scope", "Missing parameter: scope").await;
        for bad in [
            "openid profile",
            "openid sign",
            "openid  name",
            " openid",
            "openid ",
            "openid name name",
            "openid,name",
            "OpenID",
        ] {
            let query = set(authorization(), "scope", bad);
            let description = format!("Invalid scopes: {bad}");
            refused(&bench, query, "invalid_scope", &description).await;
        }
        let query = set(authorization(), "scope", "name address");
        refused(&bench, query, "invalid_scope", "Missing scope: openid").await;
        for good in ["openid", "openid gender", "name openid"] {
            let answer = bench.authorize(&set(authorization(), "scope", good)).await;
            assert_eq!(answer.status(), StatusCode::OK, "{good}");
        }
    }

    #[tokio::test]
    async fn state_and_nonce_have_1_to_255_printable_ascii_characters() {
        let bench = Bench::new().await;
        for name in ["state", "nonce"] {
            let missing = format!("Missing parameter: {name}");
            refused(
                &bench,
                without(authorization(), name),
                "invalid_request",
                &missing,
            )
            .await;
            refused(
                &bench,
                set(authorization(), name, ""),
                "invalid_request",
                &missing,
            )
            .await;
            let invalid = format!("Invalid parameter: {name}");
            for bad in [
                "a".repeat(256),
                "あ".to_owned(),
                "a\u{7f}".to_owned(),
                "a\nb".to_owned(),
            ] {
                let query = set(authorization(), name, &bad);
                refused(&bench, query, "invalid_request", &invalid).await;
            }
            for good in ["a".repeat(255), " ~".to_owned(), "a".to_owned()] {
                let answer = bench.authorize(&set(authorization(), name, &good)).await;
                assert_eq!(answer.status(), StatusCode::OK, "{name}");
            }
        }
    }

    #[tokio::test]
    async fn pkce_is_required_with_s256() {
        let bench = Bench::new().await;
        let query = without(authorization(), "code_challenge_method");
        let description = "Missing parameter: code_challenge_method";
        refused(&bench, query, "invalid_request", description).await;
        let query = set(authorization(), "code_challenge_method", "plain");
        let description =
            "Invalid parameter: code challenge method is not matching the configured one";
        refused(&bench, query, "invalid_request", description).await;
        let query = without(authorization(), "code_challenge");
        refused(
            &bench,
            query,
            "invalid_request",
            "Missing parameter: code_challenge",
        )
        .await;
        let (short, long) = (&CHALLENGE[1..], format!("{CHALLENGE}A"));
        let other_alphabet = CHALLENGE.replace('-', "+");
        for bad in [short, long.as_str(), other_alphabet.as_str()] {
            let query = set(authorization(), "code_challenge", bad);
            refused(
                &bench,
                query,
                "invalid_request",
                "Invalid parameter: code_challenge",
            )
            .await;
        }
    }

    #[tokio::test]
    async fn acr_values_may_be_left_out_but_not_be_empty() {
        let bench = Bench::new().await;
        let answer = bench
            .authorize(&without(authorization(), "acr_values"))
            .await;
        assert_eq!(answer.status(), StatusCode::OK);
        for bad in ["", "あ"] {
            let query = set(authorization(), "acr_values", bad);
            refused(
                &bench,
                query,
                "invalid_request",
                "Invalid parameter: acr_values",
            )
            .await;
        }
    }
}

mod test_card {
    use super::*;

    async fn refused(bench: &Bench, form: &[(&str, &str)], sentence: &str) {
        let answer = bench.choose(form).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{sentence}");
        strict(&answer);
        assert!(
            answer.text().await.unwrap().contains(sentence),
            "{sentence}"
        );
    }

    /// The values of the options of a list, and the label of each group.
    fn listed<'a>(html: &'a str, name: &str) -> (Vec<&'a str>, Vec<&'a str>) {
        let list = between(html, &format!(r#"<select id="{name}""#), "</select>");
        let after = |mark: &'static str| {
            let parts = list.split(mark).skip(1);
            parts.map(|part| part.split('"').next().unwrap()).collect()
        };
        (after("<option value=\""), after("<optgroup label=\""))
    }

    #[tokio::test]
    async fn the_page_speaks_the_language_that_was_chosen_and_remembers_it() {
        let bench = Bench::new().await;
        let login = bench.begin().await;
        let path = format!("{TEST_CARD}?login={login}");
        let page = bench.page(&path, BROWSER).await;
        assert!(page.headers().get("set-cookie").is_none());
        let html = page.text().await.unwrap();
        assert!(html.contains(r#"<html lang="ja">"#) && html.contains(">認証</button>"));
        let switch = format!(r#"<a href="{TEST_CARD}?login={login}&#38;lang=en" lang="en""#);
        assert!(html.contains(&switch), "{html}");

        let page = bench.page(&format!("{path}&lang=en"), BROWSER).await;
        strict(&page);
        let cookie = page.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.starts_with("stand-in-language=en; "), "{cookie}");
        let html = page.text().await.unwrap();
        assert!(html.contains(r#"<html lang="en">"#) && html.contains(">Authenticate</button>"));
        let japanese = |c: char| ('\u{3041}'..='\u{9fff}').contains(&c);
        let rest = html.replace("日本語", "");
        assert!(!rest.contains(japanese), "{html}");

        let request = bench.http.get(bench.url(&path));
        let request = request.header("cookie", "stand-in-language=en");
        let html = request.send().await.unwrap().text().await.unwrap();
        assert!(html.contains(r#"<html lang="en">"#));
    }

    #[tokio::test]
    async fn every_person_and_every_answer_is_there_by_the_place_where_it_is_met() {
        let bench = Bench::new().await;
        let login = bench.begin().await;
        let page = bench
            .page(&format!("{TEST_CARD}?login={login}"), BROWSER)
            .await;
        let html = page.text().await.unwrap();
        let people = personas(bench.clock.now());
        let ids: Vec<_> = people.iter().map(|person| &*person.id).collect();
        assert_eq!(listed(&html, "persona"), (ids, vec![]));
        let (answers, groups) = listed(&html, "answer");
        let faults = Fault::ALL.iter().map(|fault| fault.id());
        let expected: Vec<_> = std::iter::once("normal").chain(faults).collect();
        assert_eq!(answers, expected);
        assert_eq!(
            groups,
            [
                "利用者のキャンセル",
                "認可リクエストを拒否するサービスのエラー",
                "認可レスポンス（アプリに戻るとき）の誤り",
                "トークンの応答の誤り",
                "IDトークンの誤り",
                "公開鍵（JWK Set）の誤り",
                "UserInfo の誤り",
            ]
        );
        assert!(html.contains(">nonce が送った値と違う ［id_token_nonce］</option>"));
        assert!(html.contains(">at_hash がない（成功する）</option>"));
    }

    #[tokio::test]
    async fn the_page_comes_again_by_its_login_and_shows_what_was_chosen() {
        let bench = Bench::new().await;
        let login = bench.begin().await;
        let path = format!("{TEST_CARD}?login={login}");
        let page = bench.page(&path, "application/json").await;
        let page: Value = page.json().await.unwrap();
        assert_eq!(
            (&page["login"], &page["persona"]),
            (&json!(login), &json!("adult"))
        );
        let form = [
            ("login", &*login),
            ("persona", "leap-day"),
            ("answer", "token-500"),
        ];
        assert!(consent_of(&bench.choose(&form).await).is_some());
        let page: Value = bench
            .page(&path, "application/json")
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(
            (&page["persona"], &page["answer"]),
            (&json!("leap-day"), &json!("token-500"))
        );
    }

    #[tokio::test]
    async fn without_a_login_that_waits_there_is_a_page_that_says_what_to_do() {
        let bench = Bench::new().await;
        let login = bench.begin().await;
        for path in [TEST_CARD, CONSENT] {
            for (query, title) in [
                (String::new(), "このログインはもう使えません"),
                ("?login=".to_owned(), "このログインはもう使えません"),
                ("?login=unknown".to_owned(), "このログインはもう使えません"),
                (
                    format!("?login={login}&login={login}"),
                    "送られた内容の形式が違います",
                ),
                (
                    format!("?login={login}&a=%ff"),
                    "送られた内容の形式が違います",
                ),
            ] {
                let page = bench.page(&format!("{path}{query}"), BROWSER).await;
                assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{path}{query}");
                strict(&page);
                let html = page.text().await.unwrap();
                assert!(html.contains(&format!("<h1>{title}</h1>")), "{html}");
                assert!(!html.contains("Keycloak"), "it has no such page");
            }
        }
        bench.clock.advance(TimeDelta::seconds(600));
        for path in [TEST_CARD, CONSENT] {
            let page = bench.page(&format!("{path}?login={login}"), BROWSER).await;
            assert_eq!(page.status(), StatusCode::BAD_REQUEST);
            assert!(page.text().await.unwrap().contains("<h1>時間切れです</h1>"));
        }
    }

    #[tokio::test]
    async fn other_methods_and_oversized_bodies_are_refused() {
        let bench = Bench::new().await;
        let login = bench.begin().await;
        for path in [TEST_CARD, CONSENT] {
            let put = bench.http.put(bench.url(path)).header("accept", BROWSER);
            let answer = put.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
            strict(&answer);
            let padding = "x".repeat(64 * 1024);
            let form = [("login", &*login), ("decision", "accept"), ("a", &padding)];
            let answer = bench.post(path, &form).await;
            assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        }
        let missing = bench.page("/favicon.ico", BROWSER).await;
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
        strict(&missing);
        // A program gets JSON, as from Keycloak.
        let missing = bench.page("/favicon.ico", "*/*").await;
        let expected = json!({ "error": "Unable to find matching target resource method" });
        assert_eq!(missing.json::<Value>().await.unwrap(), expected);
    }

    #[tokio::test]
    async fn success_has_state_session_issuer_and_a_code_in_keycloaks_form() {
        let bench = Bench::new().await;
        let back = bench.login().await;
        assert_eq!(names(&back), ["state", "session_state", "iss", "code"]);
        assert_eq!(value(&back, "state"), STATE);
        assert_eq!(value(&back, "iss"), bench.service.endpoints().issuer);
        let code: Vec<&str> = value(&back, "code").split('.').collect();
        assert_eq!(
            code.iter().map(|part| part.len()).collect::<Vec<_>>(),
            [36, 36, 36]
        );
        assert_eq!(code[1], value(&back, "session_state"));
    }

    #[tokio::test]
    async fn the_state_comes_back_byte_for_byte() {
        let bench = Bench::new().await;
        let state: String = (0x20..=0x7e_u8).map(char::from).collect();
        let answer = bench
            .authorize(&set(authorization(), "state", &state))
            .await;
        let page: Value = answer.json().await.unwrap();
        let answer = bench.pick(&[("login", text(&page, "login"))]).await;
        assert_eq!(value(&location(&answer), "state"), state);
    }

    #[tokio::test]
    async fn a_login_works_once() {
        let bench = Bench::new().await;
        let login = bench.begin().await;
        assert_eq!(
            bench.pick(&[("login", &login)]).await.status(),
            StatusCode::SEE_OTHER
        );
        refused(&bench, &[("login", &login)], "Login not found.").await;
        refused(&bench, &[("login", "unknown")], "Login not found.").await;
        refused(&bench, &[], "Login not found.").await;
    }

    #[tokio::test]
    async fn a_login_expires() {
        let bench = Bench::new().await;
        let in_time = bench.begin().await;
        bench.clock.advance(TimeDelta::seconds(599));
        assert_eq!(
            bench.pick(&[("login", &in_time)]).await.status(),
            StatusCode::SEE_OTHER
        );
        let late = bench.begin().await;
        bench.clock.advance(TimeDelta::seconds(600));
        refused(&bench, &[("login", &late)], "Login timed out.").await;
    }

    #[tokio::test]
    async fn an_unknown_person_or_answer_is_refused_and_the_login_stays() {
        let bench = Bench::new().await;
        let login = bench.begin().await;
        refused(
            &bench,
            &[("login", &login), ("persona", "nobody")],
            "Person not found.",
        )
        .await;
        refused(
            &bench,
            &[("login", &login), ("answer", "nothing")],
            "Answer not found.",
        )
        .await;
        refused(
            &bench,
            &[("login", &login), ("login", &login)],
            "Invalid Request",
        )
        .await;
        assert_eq!(
            bench.pick(&[("login", &login)]).await.status(),
            StatusCode::SEE_OTHER
        );
    }

    #[tokio::test]
    async fn the_page_overrides_the_defaults() {
        let bench = Bench::with_fault(Fault::Cancel).await;
        assert_eq!(value(&bench.login().await, "error"), "access_denied");
        let login = bench.begin().await;
        let answer = bench.pick(&[("login", &login), ("answer", "normal")]).await;
        assert!(names(&location(&answer)).contains(&"code"));
        let login = bench.begin().await;
        let answer = bench
            .pick(&[("login", &login), ("answer", "error-server-error")])
            .await;
        assert_eq!(value(&location(&answer), "error"), "server_error");
        bench.service.set_fault(None);
        assert!(names(&bench.login().await).contains(&"code"));
        assert_eq!(bench.service.set_persona("nobody"), Err(UnknownPersona));
    }
}

mod consent {
    use super::*;

    /// Begins a login, and chooses the person and the answer.
    async fn chosen(bench: &Bench, scope: &str, persona: &str, answer: &str) -> String {
        let page = bench.authorize(&set(authorization(), "scope", scope)).await;
        let page: Value = page.json().await.unwrap();
        let login = text(&page, "login").to_owned();
        let form = [("login", &*login), ("persona", persona), ("answer", answer)];
        assert!(consent_of(&bench.choose(&form).await).is_some(), "{answer}");
        login
    }

    async fn shown(bench: &Bench, login: &str, accept: &str) -> Response {
        bench
            .page(&format!("{CONSENT}?login={login}"), accept)
            .await
    }

    #[tokio::test]
    async fn it_shows_exactly_what_userinfo_will_hand_out() {
        let bench = Bench::new().await;
        for (scope, persona) in [
            ("openid name address birthdate gender", "adult"),
            ("openid name address birthdate gender", "gender-absent"),
            ("openid birthdate", "unknown-day"),
            ("openid", "adult"),
        ] {
            let login = chosen(&bench, scope, persona, "normal").await;
            let page: Value = shown(&bench, &login, "application/json")
                .await
                .json()
                .await
                .unwrap();
            assert_eq!(page["client_id"], CLIENT_ID);
            let attributes = page["attributes"].as_array().unwrap();
            let claims: Vec<_> = attributes.iter().map(|each| text(each, "claim")).collect();
            let asked: Vec<_> = scope
                .split(' ')
                .filter(|scope| *scope != "openid")
                .collect();
            assert_eq!(claims, asked);
            let back = location(&bench.decide(&login, "accept").await);
            let (_, tokens) = bench.redeem(&bench.token_form(value(&back, "code"))).await;
            let userinfo = bench.userinfo_request(text(&tokens, "access_token"));
            let userinfo: Value = userinfo.send().await.unwrap().json().await.unwrap();
            for each in attributes {
                assert_eq!(userinfo[text(each, "claim")], each["value"], "{persona}");
            }
            assert_eq!(
                userinfo.as_object().unwrap().len(),
                1 + attributes
                    .iter()
                    .filter(|each| !each["value"].is_null())
                    .count()
            );
        }
    }

    #[tokio::test]
    async fn what_changes_after_the_choice_is_neither_shown_nor_handed_out() {
        let bench = Bench::new().await;
        let login = chosen(&bench, "openid address", "adult", "normal").await;
        let new = json!("横浜市中区日本大通１番地");
        bench
            .service
            .change_attribute("adult", "address", new)
            .unwrap();
        let old = "東京都千代田区永田町１丁目７番１号";
        let page: Value = shown(&bench, &login, "application/json")
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(page["attributes"][0]["value"], old);
        let back = location(&bench.decide(&login, "accept").await);
        let (_, tokens) = bench.redeem(&bench.token_form(value(&back, "code"))).await;
        let userinfo = bench.userinfo_request(text(&tokens, "access_token"));
        let userinfo: Value = userinfo.send().await.unwrap().json().await.unwrap();
        assert_eq!(userinfo["address"], old);
    }

    #[tokio::test]
    async fn a_browser_gets_it_as_people_read_it_in_both_languages() {
        let bench = Bench::new().await;
        let all = "openid name address birthdate gender";
        let login = chosen(&bench, all, "gender-absent", "token-500").await;
        let page = shown(&bench, &login, BROWSER).await;
        strict(&page);
        let html = page.text().await.unwrap();
        for expected in [
            r#"<html lang="ja">"#,
            CLIENT_ID,
            REDIRECT_URI,
            "鈴木　翼",
            "1988年9月9日",
            "birthdate: &#34;19880909&#34;",
            "なし（この人の情報にないため、渡しません）",
            "トークンの応答が500 ［service_failed］",
            r#"name="decision" value="accept">同意して戻る</button>"#,
            r#"name="decision" value="cancel">キャンセル</button>"#,
        ] {
            assert!(html.contains(expected), "{expected}: {html}");
        }
        let path = format!("{CONSENT}?login={login}&lang=en");
        let html = bench.page(&path, BROWSER).await.text().await.unwrap();
        for expected in [
            r#"<html lang="en">"#,
            "9 September 1988",
            "None (this person has no such information, so it isn’t handed over)",
            ">Consent and go back</button>",
        ] {
            assert!(html.contains(expected), "{expected}: {html}");
        }
    }

    #[tokio::test]
    async fn a_cancelled_consent_goes_back_as_access_denied() {
        let bench = Bench::new().await;
        for answer in ["normal", "token-500", "callback-wrong-issuer"] {
            let login = chosen(&bench, "openid name", "adult", answer).await;
            let back = bench.decide(&login, "cancel").await;
            assert_eq!(back.status(), StatusCode::SEE_OTHER);
            let back = location(&back);
            assert_eq!(names(&back), ["error", "state", "iss"]);
            assert_eq!(value(&back, "error"), "access_denied");
            assert_eq!(value(&back, "state"), STATE);
            assert_eq!(value(&back, "iss"), bench.service.endpoints().issuer);
        }
    }

    #[tokio::test]
    async fn whoever_cancels_in_the_app_is_not_asked() {
        let bench = Bench::new().await;
        for fault in Fault::ALL {
            let id = fault.id();
            let at_once = ["cancel", "error-", "callback-without-code"]
                .iter()
                .any(|start| id.starts_with(start));
            let login = bench.begin().await;
            let answer = bench.choose(&[("login", &login), ("answer", id)]).await;
            assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{fault}");
            assert_eq!(consent_of(&answer).is_none(), at_once, "{fault}");
            if at_once {
                let page = shown(&bench, &login, BROWSER).await;
                assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{fault}");
            }
        }
    }

    #[tokio::test]
    async fn until_the_decision_reload_back_and_another_choice_work() {
        let bench = Bench::new().await;
        let login = chosen(&bench, "openid name", "adult", "token-500").await;
        for _ in 0..2 {
            let page = shown(&bench, &login, BROWSER).await;
            assert!(page.text().await.unwrap().contains("山田　太郎"));
        }
        let form = [
            ("login", &*login),
            ("persona", "leap-day"),
            ("answer", "normal"),
        ];
        assert!(consent_of(&bench.choose(&form).await).is_some());
        let page = shown(&bench, &login, BROWSER).await.text().await.unwrap();
        assert!(page.contains("閏間　四年") && !page.contains("山田　太郎"));
        let back = location(&bench.decide(&login, "accept").await);
        let (status, _) = bench.redeem(&bench.token_form(value(&back, "code"))).await;
        assert_eq!(
            status,
            StatusCode::OK,
            "the answer is the one that was chosen last"
        );
    }

    #[tokio::test]
    async fn with_the_decision_the_login_is_over() {
        let bench = Bench::new().await;
        for decision in ["accept", "cancel"] {
            let login = chosen(&bench, "openid name", "adult", "normal").await;
            assert_eq!(
                bench.decide(&login, decision).await.status(),
                StatusCode::SEE_OTHER
            );
            for again in [
                shown(&bench, &login, BROWSER).await,
                bench.decide(&login, "accept").await,
                bench.choose(&[("login", &login)]).await,
                bench
                    .page(&format!("{TEST_CARD}?login={login}"), BROWSER)
                    .await,
            ] {
                assert_eq!(again.status(), StatusCode::BAD_REQUEST);
                let html = again.text().await.unwrap();
                assert!(html.contains("このログインはもう使えません"), "{html}");
            }
        }
    }

    #[tokio::test]
    async fn without_a_choice_it_leads_to_the_test_card_page() {
        let bench = Bench::new().await;
        let login = bench.begin().await;
        for answer in [
            shown(&bench, &login, BROWSER).await,
            bench.decide(&login, "accept").await,
        ] {
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            let location = answer.headers()["location"].to_str().unwrap();
            assert_eq!(location, format!("{TEST_CARD}?login={login}"));
        }
    }

    #[tokio::test]
    async fn what_is_neither_consent_nor_cancellation_is_refused_and_the_login_stays() {
        let bench = Bench::new().await;
        let login = chosen(&bench, "openid name", "adult", "normal").await;
        for (form, sentence) in [
            (vec![("login", &*login)], "Decision not found."),
            (
                vec![("login", &*login), ("decision", "yes")],
                "Decision not found.",
            ),
            (
                vec![
                    ("login", &*login),
                    ("decision", "cancel"),
                    ("decision", "accept"),
                ],
                "Invalid Request",
            ),
            (
                vec![("login", "unknown"), ("decision", "accept")],
                "Login not found.",
            ),
            (vec![("decision", "accept")], "Login not found."),
        ] {
            let answer = bench.post(CONSENT, &form).await;
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{form:?}");
            strict(&answer);
            assert!(answer.text().await.unwrap().contains(sentence), "{form:?}");
        }
        // The parameters of the query aren't taken for the form.
        let path = format!("{CONSENT}?login={login}&decision=accept");
        let answer = bench.post(&path, &[]).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(
            bench.decide(&login, "accept").await.status(),
            StatusCode::SEE_OTHER
        );
    }

    #[tokio::test]
    async fn it_expires_with_its_login() {
        let bench = Bench::new().await;
        let login = chosen(&bench, "openid name", "adult", "normal").await;
        bench.clock.advance(TimeDelta::seconds(600));
        let answer = bench.decide(&login, "accept").await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert!(answer.text().await.unwrap().contains("Login timed out."));
    }
}

mod own_people {
    use super::*;

    #[tokio::test]
    async fn they_are_offered_shown_and_handed_out_as_they_are_given() {
        let given = json!([
            {
                "id": "hostile",
                "label": { "ja": "<script>alert(1)</script>", "en": "\"><b>bold</b>" },
                "name": "<img src=x onerror=alert(1)>",
                "address": { "formatted": "1" },
                "birthdate": 19_850_315,
                "gender": "7",
            },
            { "id": "bare" },
        ]);
        let people = People::from_json(given.to_string().as_bytes()).unwrap();
        let bench = Bench::with(|options| options.people = people).await;
        assert_eq!(bench.service.set_persona("adult"), Err(UnknownPersona));

        let login = bench.begin().await;
        for lang in ["ja", "en"] {
            let path = format!("{TEST_CARD}?login={login}&lang={lang}");
            let html = bench.page(&path, BROWSER).await.text().await.unwrap();
            assert!(html.contains(r#"<option value="hostile" selected>"#));
            let said = ["シミュレーターに渡されたファイル", "defined in a file"];
            assert!(said.iter().any(|said| html.contains(said)), "{html}");
            assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        }
        let chosen = bench.choose(&[("login", &login)]).await;
        let page = bench.page(&consent_of(&chosen).unwrap(), BROWSER).await;
        let html = page.text().await.unwrap();
        assert!(
            !html.contains("<img") && !html.contains("<script"),
            "{html}"
        );
        for shown in [
            "&#60;img src=x",
            "birthdate: 19850315",
            "{&#34;formatted&#34;:&#34;1&#34;}",
        ] {
            assert!(html.contains(shown), "{shown}: {html}");
        }

        let mut userinfo: Map<String, Value> = bench.userinfo().await.json().await.unwrap();
        assert_eq!(text(&Value::Object(userinfo.clone()), "sub").len(), 43);
        userinfo.remove("sub");
        let mut expected = given[0].as_object().unwrap().clone();
        expected.retain(|member, _| !["id", "label"].contains(&&**member));
        assert_eq!(userinfo, expected);

        bench.service.set_persona("bare").unwrap();
        let userinfo: Map<String, Value> = bench.userinfo().await.json().await.unwrap();
        assert_eq!(userinfo.keys().collect::<Vec<_>>(), ["sub"]);
    }
}

mod token_request {
    use super::*;

    async fn refused(bench: &Bench, form: &Pairs, status: u16, expected: Value) {
        let (got, body) = bench.redeem(form).await;
        assert_eq!((got.as_u16(), &body), (status, &expected));
    }

    #[tokio::test]
    async fn a_good_request_gets_keycloaks_answer() {
        let bench = Bench::new().await;
        let tokens = bench.tokens().await;
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 300);
        assert_eq!(tokens["refresh_expires_in"], 1_800);
        assert_eq!(tokens["not-before-policy"], 0);
        assert_eq!(tokens["scope"], "openid name address birthdate gender");
        assert_eq!(text(&tokens, "session_state").len(), 36);
        let (header, claims) = parts(text(&tokens, "access_token"));
        assert_eq!(
            (&header["alg"], &claims["typ"]),
            (&json!("RS256"), &json!("Bearer"))
        );
        assert_eq!(parts(text(&tokens, "refresh_token")).1["typ"], "Refresh");
        let keys = bench.keys().await;
        let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
        assert!(verifies(text(&tokens, "access_token"), key));
    }

    #[tokio::test]
    async fn the_id_token_is_es256_with_keycloaks_claims() {
        let bench = Bench::new().await;
        let before = bench.clock.now().timestamp();
        let tokens = bench.tokens().await;
        let (header, claims) = bench.verified_id_token(&tokens).await;
        assert_eq!(
            (&header["alg"], &header["typ"]),
            (&json!("ES256"), &json!("JWT"))
        );
        let adult = &personas(bench.clock.now())[0];
        assert_eq!(claims["iss"], bench.service.endpoints().issuer);
        assert_eq!(claims["sub"], adult.subject(CLIENT_ID));
        assert_eq!(claims["aud"], CLIENT_ID);
        assert_eq!(claims["azp"], CLIENT_ID);
        assert_eq!(claims["nonce"], NONCE);
        assert_eq!(claims["acr"], "aal3");
        assert_eq!(claims["typ"], "ID");
        assert_eq!(claims["sid"], tokens["session_state"]);
        assert_eq!(claims["at_hash"], at_hash(text(&tokens, "access_token")));
        let (issued, expires) = (
            claims["iat"].as_i64().unwrap(),
            claims["exp"].as_i64().unwrap(),
        );
        assert!((before..=before + 30).contains(&issued));
        assert_eq!(expires, issued + 300);
        assert!((before..=issued).contains(&claims["auth_time"].as_i64().unwrap()));
        assert_eq!(text(&claims, "jti").len(), 36);
        for attribute in ["name", "address", "birthdate", "gender"] {
            assert!(claims.get(attribute).is_none());
        }
    }

    #[tokio::test]
    async fn the_key_set_holds_rs256_and_es256_side_by_side() {
        let bench = Bench::new().await;
        let keys = bench.keys().await;
        let algorithms: Vec<_> = keys.iter().map(|key| text(key, "alg")).collect();
        assert_eq!(algorithms, ["ES256", "RSA-OAEP", "RS256"]);
        for key in &keys {
            let (usage, kid) = (text(key, "use"), text(key, "kid").len());
            match text(key, "alg") {
                "RSA-OAEP" => assert_eq!(usage, "enc"),
                _ => assert_eq!((usage, kid), ("sig", 43)),
            }
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(key.get(private).is_none());
            }
        }
    }

    #[tokio::test]
    async fn an_rs256_assertion_is_taken_too() {
        let bench = Bench::new().await;
        let rsa = rs256("client-rs256");
        bench
            .service
            .register_client(registered(CLIENT_ID, &[&bench.key, &rsa]))
            .unwrap();
        let code = bench.code().await;
        let form = set(
            bench.token_form(&code),
            "client_assertion",
            &sign(&rsa, &bench.claims()),
        );
        assert_eq!(bench.redeem(&form).await.0, StatusCode::OK);
        assert_eq!(
            bench.redeem(&bench.token_form(&bench.code().await)).await.0,
            StatusCode::OK
        );
    }

    #[tokio::test]
    async fn only_a_form_is_read() {
        let bench = Bench::new().await;
        let code = bench.code().await;
        let form = bench.token_form(&code);
        let url = &bench.service.endpoints().token_endpoint;
        let object: Map<String, Value> = form
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let expected = error("invalid_request", "Missing form parameter: grant_type");
        for request in [
            bench.http.post(url).json(&object),
            bench.http.post(with_query(url, &form)),
        ] {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
            assert_eq!(answer.json::<Value>().await.unwrap(), expected);
        }
        let form_type = "application/x-www-form-urlencoded";
        let request = bench
            .http
            .post(url)
            .header("content-type", form_type)
            .body("grant_type=%ff");
        let answer = request.send().await.unwrap();
        let expected = error("invalid_request", "Invalid form parameter");
        assert_eq!(answer.json::<Value>().await.unwrap(), expected);
        let answer = bench
            .http
            .post(with_query(url, &pairs(&[("a", "b")])))
            .form(&form)
            .send()
            .await
            .unwrap();
        let expected = error("invalid_request", "Parameters are not allowed in the query");
        assert_eq!(answer.json::<Value>().await.unwrap(), expected);
        assert_eq!(bench.redeem(&form).await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn the_parameters_are_exactly_the_documented_ones() {
        let bench = Bench::new().await;
        let code = bench.code().await;
        let form = || bench.token_form(&code);
        let request = |description: &str| error("invalid_request", description);
        let missing = request("Missing form parameter: grant_type");
        refused(&bench, &without(form(), "grant_type"), 400, missing.clone()).await;
        refused(&bench, &set(form(), "grant_type", ""), 400, missing).await;
        for other in [
            "refresh_token",
            "client_credentials",
            "password",
            "Authorization_Code",
        ] {
            let expected = error("unsupported_grant_type", "Unsupported grant_type");
            refused(&bench, &set(form(), "grant_type", other), 400, expected).await;
        }
        for (name, _) in form() {
            refused(
                &bench,
                &twice(form(), &name),
                400,
                request("duplicated parameter"),
            )
            .await;
        }
        let unknown = request("Unknown parameter");
        refused(&bench, &set(form(), "scope", "openid"), 400, unknown).await;
        refused(
            &bench,
            &without(form(), "code"),
            400,
            request("Missing parameter: code"),
        )
        .await;
        assert_eq!(bench.redeem(&form()).await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn another_credential_beside_the_assertion_is_refused() {
        let bench = Bench::new().await;
        let code = bench.code().await;
        let form = bench.token_form(&code);
        let expected = error(
            "invalid_request",
            "Only one client authentication method is allowed",
        );
        refused(
            &bench,
            &set(form.clone(), "client_secret", "s"),
            400,
            expected.clone(),
        )
        .await;
        let answer = bench
            .token_request(&form)
            .basic_auth(CLIENT_ID, Some("s"))
            .send()
            .await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(answer.json::<Value>().await.unwrap(), expected);
        assert_eq!(bench.redeem(&form).await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_code_works_once_and_a_second_use_ends_its_tokens() {
        let bench = Bench::new().await;
        let code = bench.code().await;
        let (status, tokens) = bench.redeem(&bench.token_form(&code)).await;
        assert_eq!(status, StatusCode::OK);
        let access_token = text(&tokens, "access_token");
        let before = bench.userinfo_request(access_token).send().await.unwrap();
        assert_eq!(before.status(), StatusCode::OK);
        let expected = error("invalid_grant", "Code not valid");
        refused(&bench, &bench.token_form(&code), 400, expected).await;
        let after = bench.userinfo_request(access_token).send().await.unwrap();
        assert_eq!(after.status(), StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn a_code_that_was_never_issued_is_refused() {
        let bench = Bench::new().await;
        let code = bench.code().await;
        let expected = error("invalid_grant", "Code not valid");
        refused(
            &bench,
            &bench.token_form(&format!("{code}0")),
            400,
            expected.clone(),
        )
        .await;
        refused(&bench, &bench.token_form("x"), 400, expected).await;
        assert_eq!(
            bench.redeem(&bench.token_form(&code)).await.0,
            StatusCode::OK
        );
    }

    #[tokio::test]
    async fn a_code_expires() {
        let bench = Bench::new().await;
        let code = bench.code().await;
        bench.clock.advance(TimeDelta::seconds(58));
        assert_eq!(
            bench.redeem(&bench.token_form(&code)).await.0,
            StatusCode::OK
        );
        let code = bench.code().await;
        bench.clock.advance(TimeDelta::seconds(60));
        let expected = error("invalid_grant", "Code is expired");
        refused(&bench, &bench.token_form(&code), 400, expected).await;
    }

    #[tokio::test]
    async fn a_code_is_bound_to_its_client() {
        let bench = Bench::new().await;
        let key = es256("other");
        bench
            .service
            .register_client(registered(OTHER_CLIENT_ID, &[&key]))
            .unwrap();
        let code = bench.code().await;
        let mut claims = bench.claims();
        claims["iss"] = OTHER_CLIENT_ID.into();
        claims["sub"] = OTHER_CLIENT_ID.into();
        let form = set(bench.token_form(&code), "client_id", OTHER_CLIENT_ID);
        let form = set(form, "client_assertion", &sign(&key, &claims));
        refused(&bench, &form, 400, error("invalid_grant", "Auth error")).await;
    }

    #[tokio::test]
    async fn a_code_is_bound_to_its_redirect_uri() {
        let bench = Bench::new().await;
        let expected = error("invalid_grant", "Incorrect redirect_uri");
        let form = bench.token_form(&bench.code().await);
        refused(
            &bench,
            &without(form, "redirect_uri"),
            400,
            expected.clone(),
        )
        .await;
        let form = bench.token_form(&bench.code().await);
        let other = format!("{REDIRECT_URI}/");
        refused(&bench, &set(form, "redirect_uri", &other), 400, expected).await;
    }

    #[tokio::test]
    async fn a_code_is_bound_to_its_verifier() {
        let bench = Bench::new().await;
        let other = format!("{}x", &VERIFIER[..42]);
        let cases = [
            (None, "PKCE code verifier not specified"),
            (
                Some(&VERIFIER[..42]),
                "PKCE verification failed: Invalid code verifier",
            ),
            (Some(CHALLENGE), "PKCE verification failed: Code mismatch"),
            (
                Some(other.as_str()),
                "PKCE verification failed: Code mismatch",
            ),
        ];
        for (verifier, description) in cases {
            let form = without(bench.token_form(&bench.code().await), "code_verifier");
            let form = match verifier {
                Some(verifier) => set(form, "code_verifier", verifier),
                None => form,
            };
            refused(&bench, &form, 400, error("invalid_grant", description)).await;
        }
    }

    #[tokio::test]
    async fn a_failed_attempt_uses_the_code_up_but_only_that_of_an_authenticated_client() {
        let bench = Bench::new().await;
        let code = bench.code().await;
        let form = set(bench.token_form(&code), "client_assertion", "nonsense");
        assert_eq!(bench.redeem(&form).await.1["error"], "invalid_client");
        let wrong = set(bench.token_form(&code), "code_verifier", CHALLENGE);
        assert_eq!(bench.redeem(&wrong).await.1["error"], "invalid_grant");
        let expected = error("invalid_grant", "Code not valid");
        refused(&bench, &bench.token_form(&code), 400, expected).await;
    }
}

mod client_assertion {
    use super::*;

    /// Asserts that the changed request is refused with these words, and that the unchanged request
    /// is then accepted with the same code.
    async fn refused(bench: &Bench, change: impl FnOnce(Pairs) -> Pairs, status: u16, words: &str) {
        let code = bench.code().await;
        let (got, body) = bench.redeem(&change(bench.token_form(&code))).await;
        assert_eq!(
            (got.as_u16(), body),
            (status, error("invalid_client", words))
        );
        assert_eq!(
            bench.redeem(&bench.token_form(&code)).await.0,
            StatusCode::OK,
            "{words}"
        );
    }

    async fn refused_assertion(bench: &Bench, assertion: String, reason: &str) {
        refused(
            bench,
            |form| set(form, "client_assertion", &assertion),
            400,
            reason,
        )
        .await;
    }

    async fn refused_claims(bench: &Bench, change: impl FnOnce(&mut Value), reason: &str) {
        let mut claims = bench.claims();
        change(&mut claims);
        refused_assertion(bench, sign(&bench.key, &claims), reason).await;
    }

    fn remove(claims: &mut Value, claim: &str) {
        claims.as_object_mut().unwrap().remove(claim);
    }

    #[tokio::test]
    async fn the_parameters_must_be_there() {
        let bench = Bench::new().await;
        let words = "Parameter client_assertion_type is missing";
        refused(
            &bench,
            |form| without(form, "client_assertion_type"),
            400,
            words,
        )
        .await;
        let words = "Parameter client_assertion_type has value 'jwt' but expected is \
                     'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'";
        refused(
            &bench,
            |form| set(form, "client_assertion_type", "jwt"),
            400,
            words,
        )
        .await;
        let words = "client_assertion parameter missing";
        refused(&bench, |form| without(form, "client_assertion"), 400, words).await;
        let words = "Missing parameter: client_id";
        refused(&bench, |form| without(form, "client_id"), 400, words).await;
        let words = "Invalid client or Invalid client credentials";
        refused(
            &bench,
            |form| set(form, "client_id", "RP00000009"),
            401,
            words,
        )
        .await;
    }

    #[tokio::test]
    async fn issuer_and_subject_are_the_client_id() {
        let bench = Bench::new().await;
        let subject = "client_id parameter does not match sub claim";
        refused_claims(
            &bench,
            |claims| claims["sub"] = OTHER_CLIENT_ID.into(),
            subject,
        )
        .await;
        let missing = "Token sub claim is required";
        refused_claims(&bench, |claims| remove(claims, "sub"), missing).await;
        // Keycloak's message says no more than this.
        let words = "Unexpected error when authenticating client";
        for other in [json!(OTHER_CLIENT_ID), Value::Null] {
            let mut claims = bench.claims();
            claims["iss"] = other;
            let form = bench.token_form(&bench.code().await);
            let form = set(form, "client_assertion", &sign(&bench.key, &claims));
            let (status, body) = bench.redeem(&form).await;
            assert_eq!(
                (status.as_u16(), body),
                (400, error("unauthorized_client", words))
            );
        }
    }

    #[tokio::test]
    async fn the_audience_is_the_token_endpoint_as_one_string() {
        let bench = Bench::new().await;
        let endpoint = bench.service.endpoints().token_endpoint.clone();
        let issuer = bench.service.endpoints().issuer.clone();
        for bad in [
            json!([endpoint]),
            json!(issuer),
            json!(format!("{endpoint}/")),
            Value::Null,
        ] {
            refused_claims(
                &bench,
                |claims| claims["aud"] = bad,
                "Invalid token audience",
            )
            .await;
        }
    }

    #[tokio::test]
    async fn it_lives_for_60_seconds_at_most() {
        let bench = Bench::new().await;
        let now = bench.clock.now().timestamp();
        refused_claims(
            &bench,
            |claims| remove(claims, "exp"),
            "Token exp claim is required",
        )
        .await;
        refused_claims(
            &bench,
            |claims| claims["exp"] = json!("soon"),
            "Token exp claim is required",
        )
        .await;
        refused_claims(
            &bench,
            |claims| claims["exp"] = json!(now - 1),
            "Token is not active",
        )
        .await;
        let far = "Token expiration is too far in the future";
        refused_claims(&bench, |claims| claims["exp"] = json!(now + 90), far).await;
        refused_claims(
            &bench,
            |claims| remove(claims, "iat"),
            "Token iat claim is required",
        )
        .await;
        let old = "Token was issued too far in the past to be used now";
        refused_claims(&bench, |claims| claims["iat"] = json!(now - 90), old).await;
        let future = "Token was issued in the future";
        refused_claims(&bench, |claims| claims["iat"] = json!(now + 30), future).await;
        refused_claims(
            &bench,
            |claims| claims["nbf"] = json!(now + 30),
            "Token is not active",
        )
        .await;
    }

    #[tokio::test]
    async fn its_jti_is_never_used_twice() {
        let bench = Bench::new().await;
        let missing = "Token jti claim is required";
        refused_claims(&bench, |claims| remove(claims, "jti"), missing).await;
        refused_claims(&bench, |claims| claims["jti"] = "".into(), missing).await;
        let assertion = bench.assertion();
        let form = set(
            bench.token_form(&bench.code().await),
            "client_assertion",
            &assertion,
        );
        assert_eq!(bench.redeem(&form).await.0, StatusCode::OK);
        refused_assertion(&bench, assertion, "Token reuse detected").await;
        let mut claims = bench.claims();
        claims["jti"] = json!("the same");
        let form = set(
            bench.token_form(&bench.code().await),
            "client_assertion",
            &sign(&bench.key, &claims),
        );
        assert_eq!(bench.redeem(&form).await.0, StatusCode::OK);
        claims["exp"] = json!(claims["exp"].as_i64().unwrap() - 1);
        refused_assertion(&bench, sign(&bench.key, &claims), "Token reuse detected").await;
    }

    #[tokio::test]
    async fn the_key_is_a_registered_one_by_its_kid() {
        let bench = Bench::new().await;
        let unknown = "Unable to load public key";
        let stranger = es256("stranger");
        refused_assertion(&bench, sign(&stranger, &bench.claims()), unknown).await;
        let mut header = Header::new(Algorithm::ES256);
        header.kid = None;
        let nameless = encode(&header, &bench.claims(), &bench.key.encoding).unwrap();
        refused_assertion(&bench, nameless, unknown).await;
        let impostor = es256("client-es256");
        let reason = "Client authentication with signed JWT failed: Signature on JWT token failed \
            validation";
        refused_assertion(&bench, sign(&impostor, &bench.claims()), reason).await;
    }

    #[tokio::test]
    async fn the_algorithm_is_that_of_the_key() {
        let bench = Bench::new().await;
        let mut rsa = rs256("client-es256");
        let reason = "Client authentication with signed JWT failed: Signature on JWT token failed \
            validation";
        refused_assertion(&bench, sign(&rsa, &bench.claims()), reason).await;
        let secret = EncodingKey::from_secret(bench.key.jwk.to_string().as_bytes());
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(bench.key.kid.to_owned());
        let confused = encode(&header, &bench.claims(), &secret).unwrap();
        refused_assertion(&bench, confused, reason).await;
        rsa.kid = "client-rs256";
        rsa.jwk["kid"] = rsa.kid.into();
        bench
            .service
            .register_client(registered(CLIENT_ID, &[&bench.key, &rsa]))
            .unwrap();
        let mut header = Header::new(Algorithm::PS256);
        header.kid = Some(rsa.kid.to_owned());
        let pss = encode(&header, &bench.claims(), &rsa.encoding).unwrap();
        refused_assertion(&bench, pss, reason).await;
    }

    #[tokio::test]
    async fn what_is_no_jwt_is_refused() {
        let bench = Bench::new().await;
        let payload = URL_SAFE_NO_PAD.encode(bench.claims().to_string());
        let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#));
        for bad in ["a.b.c".to_owned(), "nonsense".to_owned(), unsigned] {
            let reason = "Client authentication with signed JWT failed: Invalid JWT";
            refused_assertion(&bench, bad, reason).await;
        }
        let assertion = bench.assertion();
        let mut changed: Vec<char> = assertion.chars().collect();
        let middle = assertion.find('.').unwrap() + 5;
        changed[middle] = if changed[middle] == 'A' { 'B' } else { 'A' };
        let reason = "Client authentication with signed JWT failed: Signature on JWT token failed \
            validation";
        refused_assertion(&bench, changed.into_iter().collect(), reason).await;
    }

    #[tokio::test]
    async fn a_rotated_key_takes_the_place_of_the_old_one() {
        let bench = Bench::new().await;
        let next = es256("next");
        bench
            .service
            .register_client(registered(CLIENT_ID, &[&next]))
            .unwrap();
        let code = bench.code().await;
        let (_, body) = bench.redeem(&bench.token_form(&code)).await;
        assert_eq!(body["error"], "invalid_client");
        let form = set(
            bench.token_form(&code),
            "client_assertion",
            &sign(&next, &bench.claims()),
        );
        assert_eq!(bench.redeem(&form).await.0, StatusCode::OK);
    }
}

mod userinfo_request {
    use super::*;

    #[tokio::test]
    async fn every_person_is_handed_out_in_the_services_own_form() {
        let bench = Bench::new().await;
        for person in personas(bench.clock.now()) {
            bench.service.set_persona(&person.id).unwrap();
            let answer = bench.userinfo().await;
            assert_eq!(answer.headers()["content-type"], "application/json");
            let mut expected = person.userinfo.clone();
            expected.insert("sub".to_owned(), person.subject(CLIENT_ID).into());
            assert_eq!(
                answer.json::<Value>().await.unwrap(),
                Value::Object(expected)
            );
        }
    }

    #[tokio::test]
    async fn what_was_changed_about_a_person_is_handed_out_from_then_on() {
        let bench = Bench::new().await;
        let before: Value = bench.userinfo().await.json().await.unwrap();
        let changed = json!("横浜市中区日本大通１番地");
        let change = |id| {
            bench
                .service
                .change_attribute(id, "address", changed.clone())
        };
        assert_eq!(change("nobody"), Err(UnknownPersona));
        assert_eq!(change("adult"), Ok(()));
        let mut expected = before.clone();
        expected["address"] = changed.clone();
        let after: Value = bench.userinfo().await.json().await.unwrap();
        assert_eq!(after, expected);
        assert_ne!(after, before);
        bench.service.set_persona("yokohama").unwrap();
        let other: Value = bench.userinfo().await.json().await.unwrap();
        assert_eq!(other["name"], "港　渚");
    }

    #[tokio::test]
    async fn only_granted_scopes_are_handed_out() {
        let bench = Bench::new().await;
        let answer = bench
            .authorize(&set(authorization(), "scope", "openid birthdate"))
            .await;
        let page: Value = answer.json().await.unwrap();
        let answer = bench.pick(&[("login", text(&page, "login"))]).await;
        let code = value(&location(&answer), "code").to_owned();
        let (_, tokens) = bench.redeem(&bench.token_form(&code)).await;
        assert_eq!(tokens["scope"], "openid birthdate");
        let answer = bench
            .userinfo_request(text(&tokens, "access_token"))
            .send()
            .await
            .unwrap();
        let userinfo: Map<String, Value> = answer.json().await.unwrap();
        assert_eq!(
            userinfo.keys().map(String::as_str).collect::<HashSet<_>>(),
            ["sub", "birthdate"].into()
        );
    }

    #[tokio::test]
    async fn the_token_comes_in_the_header_only() {
        let bench = Bench::new().await;
        let tokens = bench.tokens().await;
        let token = text(&tokens, "access_token");
        let url = &bench.service.endpoints().userinfo_endpoint;
        let challenge = |answer: &Response| {
            answer.headers()["www-authenticate"]
                .to_str()
                .unwrap()
                .to_owned()
        };
        let answer = bench.http.get(url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(challenge(&answer), "Bearer realm=\"main\"");
        let answer = bench
            .http
            .get(with_query(url, &pairs(&[("access_token", token)])))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let answer = bench
            .http
            .get(url)
            .basic_auth("a", Some(token))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let answer = bench
            .userinfo_request(&format!("{token}x"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(challenge(&answer).contains("error=\"invalid_token\""));
        let lower_case = format!("bearer {token}");
        let answer = bench
            .http
            .get(url)
            .header("authorization", lower_case)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_access_token_expires() {
        let bench = Bench::new().await;
        let tokens = bench.tokens().await;
        let token = text(&tokens, "access_token");
        bench.clock.advance(TimeDelta::seconds(290));
        assert_eq!(
            bench.userinfo_request(token).send().await.unwrap().status(),
            StatusCode::OK
        );
        bench.clock.advance(TimeDelta::seconds(10));
        let answer = bench.userinfo_request(token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn another_client_sees_another_subject() {
        let bench = Bench::new().await;
        let key = es256("other");
        bench
            .service
            .register_client(registered(OTHER_CLIENT_ID, &[&key]))
            .unwrap();
        let answer = bench
            .authorize(&set(authorization(), "client_id", OTHER_CLIENT_ID))
            .await;
        let page: Value = answer.json().await.unwrap();
        let answer = bench.pick(&[("login", text(&page, "login"))]).await;
        let mut claims = bench.claims();
        claims["iss"] = OTHER_CLIENT_ID.into();
        claims["sub"] = OTHER_CLIENT_ID.into();
        let form = bench.token_form(value(&location(&answer), "code"));
        let form = set(form, "client_id", OTHER_CLIENT_ID);
        let form = set(form, "client_assertion", &sign(&key, &claims));
        let (_, tokens) = bench.redeem(&form).await;
        let other = parts(text(&tokens, "id_token")).1;
        let own = parts(text(&bench.tokens().await, "id_token")).1;
        assert_ne!(other["sub"], own["sub"]);
    }
}

mod front_channel_faults {
    use super::*;

    async fn back(fault: Fault) -> (Pairs, String) {
        let bench = Bench::with_fault(fault).await;
        let back = bench.login().await;
        (back, bench.service.endpoints().issuer.clone())
    }

    #[tokio::test]
    async fn each_error_comes_back_with_state_and_issuer() {
        let cases = [
            (Fault::Cancel, "access_denied"),
            (Fault::CancelHostileDescription, "access_denied"),
            (Fault::ErrorInvalidRequest, "invalid_request"),
            (Fault::ErrorInvalidScope, "invalid_scope"),
            (Fault::ErrorUnauthorizedClient, "unauthorized_client"),
            (Fault::ErrorServerError, "server_error"),
            (
                Fault::ErrorTemporarilyUnavailable,
                "temporarily_unavailable",
            ),
            (Fault::ErrorAuthenticationExpired, "temporarily_unavailable"),
            (Fault::ErrorUnknown, "card_revoked"),
        ];
        for (fault, code) in cases {
            let (back, issuer) = back(fault).await;
            assert_eq!(
                names(&back),
                ["error", "error_description", "state", "iss"],
                "{fault}"
            );
            assert_eq!(value(&back, "error"), code);
            assert_eq!(value(&back, "state"), STATE);
            assert_eq!(value(&back, "iss"), issuer);
        }
        for (fault, code) in [
            (Fault::CancelWithoutDescription, "access_denied"),
            (Fault::ErrorLoginRequired, "login_required"),
            (Fault::ErrorInteractionRequired, "interaction_required"),
        ] {
            let (back, _) = back(fault).await;
            assert_eq!(names(&back), ["error", "state", "iss"], "{fault}");
            assert_eq!(value(&back, "error"), code);
        }
        let (expired, _) = back(Fault::ErrorAuthenticationExpired).await;
        assert_eq!(
            value(&expired, "error_description"),
            "authentication_expired"
        );
        let (back, _) = back(Fault::CancelHostileDescription).await;
        assert!(value(&back, "error_description").contains("<script>"));
        assert!(value(&back, "error_description").contains("\r\n"));
    }

    #[tokio::test]
    async fn each_callback_is_bent_in_one_place() {
        let (back_wrong, issuer) = back(Fault::CallbackWrongIssuer).await;
        assert_ne!(value(&back_wrong, "iss"), issuer);
        assert_eq!(value(&back_wrong, "state"), STATE);
        let (back_without, _) = back(Fault::CallbackWithoutIssuer).await;
        assert_eq!(names(&back_without), ["state", "session_state", "code"]);
        let (back_without, _) = back(Fault::CallbackWithoutState).await;
        assert_eq!(names(&back_without), ["session_state", "iss", "code"]);
        let (back_other, issuer) = back(Fault::CallbackOtherState).await;
        assert_ne!(value(&back_other, "state"), STATE);
        assert_eq!(value(&back_other, "iss"), issuer);
        let (back_without, _) = back(Fault::CallbackWithoutCode).await;
        assert_eq!(names(&back_without), ["state", "session_state", "iss"]);
        let (back_twice, _) = back(Fault::CallbackDuplicateCode).await;
        assert_eq!(
            names(&back_twice),
            ["state", "session_state", "iss", "code", "code"]
        );
        let (back_extra, _) = back(Fault::CallbackExtraParameter).await;
        assert_eq!(
            names(&back_extra),
            ["state", "session_state", "iss", "code", "extra"]
        );
    }

    #[tokio::test]
    async fn a_forged_code_looks_right_and_is_not_taken() {
        let bench = Bench::with_fault(Fault::CallbackForgedCode).await;
        let code = bench.code().await;
        assert_eq!(code.len(), 110);
        let (_, body) = bench.redeem(&bench.token_form(&code)).await;
        assert_eq!(body, error("invalid_grant", "Code not valid"));
    }
}

mod token_faults {
    use super::*;

    async fn answer(fault: Fault) -> Response {
        let bench = Bench::with_fault(fault).await;
        let code = bench.code().await;
        bench
            .token_request(&bench.token_form(&code))
            .send()
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_slow_answer_comes_late_but_whole() {
        let bench = Bench::with_fault(Fault::TokenSlow).await;
        let code = bench.code().await;
        let form = bench.token_form(&code);
        let begun = Instant::now();
        assert_eq!(bench.redeem(&form).await.0, StatusCode::OK);
        assert!(begun.elapsed() >= Duration::from_millis(600));
        let default = ServiceOptions::new(registered(CLIENT_ID, &[&bench.key])).slow_answer;
        assert!(
            default > Duration::from_secs(8),
            "longer than the bridge waits in a login, and a member's verification"
        );
    }

    #[tokio::test]
    async fn a_closed_connection_gives_no_answer_and_uses_the_code_up() {
        let bench = Bench::with_fault(Fault::TokenConnectionClosed).await;
        let code = bench.code().await;
        bench
            .token_request(&bench.token_form(&code))
            .send()
            .await
            .unwrap_err();
        assert_eq!(bench.service.count(Endpoint::Token), 1);
        let step = bench.journal.steps().pop().unwrap();
        assert_eq!(step.status, None);
        let (_, body) = bench.redeem(&bench.token_form(&code)).await;
        assert_eq!(body, error("invalid_grant", "Code not valid"));
    }

    #[tokio::test]
    async fn each_failure_has_its_status_and_body() {
        assert_eq!(
            answer(Fault::Token500).await.status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
        assert_eq!(
            answer(Fault::Token503).await.status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
        let redirect = answer(Fault::TokenRedirect).await;
        assert_eq!(redirect.status(), StatusCode::FOUND);
        assert!(
            redirect.headers()["location"]
                .to_str()
                .unwrap()
                .ends_with("/token")
        );
        let html = answer(Fault::TokenHtml).await;
        assert_eq!(html.status(), StatusCode::OK);
        assert_eq!(html.headers()["content-type"], "text/html; charset=utf-8");
        let broken = answer(Fault::TokenBrokenJson).await;
        assert_eq!(broken.status(), StatusCode::OK);
        broken.json::<Value>().await.unwrap_err();
        let large = answer(Fault::TokenTooLarge).await.bytes().await.unwrap();
        assert!(large.len() > 256 * 1024);
        serde_json::from_slice::<Value>(&large).unwrap();
        for (fault, code) in [
            (Fault::TokenInvalidClient, "invalid_client"),
            (Fault::TokenInvalidGrant, "invalid_grant"),
            (Fault::TokenInvalidRequest, "invalid_request"),
        ] {
            let answer = answer(fault).await;
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
            assert_eq!(answer.json::<Value>().await.unwrap()["error"], code);
        }
    }

    #[tokio::test]
    async fn each_bent_answer_differs_from_the_good_one_in_one_member() {
        let good = Bench::new().await.tokens().await;
        let members = |tokens: &Value| -> HashSet<String> {
            tokens.as_object().unwrap().keys().cloned().collect()
        };
        for (fault, missing) in [
            (Fault::TokenWithoutExpiresIn, "expires_in"),
            (Fault::TokenWithoutTokenType, "token_type"),
            (Fault::TokenWithoutAccessToken, "access_token"),
            (Fault::TokenWithoutIdToken, "id_token"),
            (Fault::TokenWithoutScope, "scope"),
        ] {
            let tokens = Bench::with_fault(fault).await.tokens().await;
            let mut expected = members(&good);
            expected.remove(missing);
            assert_eq!(members(&tokens), expected, "{fault}");
        }
        for (fault, token_type) in [
            (Fault::TokenTypeLowerCase, "bearer"),
            (Fault::TokenTypeUpperCase, "BEARER"),
            (Fault::TokenTypeInvertedCase, "bEARER"),
            (Fault::TokenTypeOther, "mac"),
        ] {
            let tokens = Bench::with_fault(fault).await.tokens().await;
            assert_eq!(tokens["token_type"], token_type);
            assert_eq!(members(&tokens), members(&good));
        }
        let reduced = Bench::with_fault(Fault::TokenReducedScope).await;
        let reduced = reduced.tokens().await;
        assert_eq!(members(&reduced), members(&good));
        let (granted, reduced) = (good["scope"].as_str(), reduced["scope"].as_str());
        let last = granted.unwrap().strip_prefix(reduced.unwrap());
        assert!(last.is_some_and(|last| last.starts_with(' ')), "{last:?}");
    }
}

mod id_token_faults {
    use super::*;

    /// The changed claims, of an ID token whose signature is valid.
    async fn bent(fault: Fault) -> (Value, Value) {
        let bench = Bench::with_fault(fault).await;
        let tokens = bench.tokens().await;
        let (_, claims) = bench.verified_id_token(&tokens).await;
        (claims, tokens)
    }

    #[tokio::test]
    async fn a_missing_claim_is_the_only_one_missing() {
        let bench = Bench::new().await;
        let good = bench.verified_id_token(&bench.tokens().await).await.1;
        for (fault, claim) in [
            (Fault::IdTokenMissingIssuer, "iss"),
            (Fault::IdTokenMissingAudience, "aud"),
            (Fault::IdTokenMissingAuthorizedParty, "azp"),
            (Fault::IdTokenMissingExpiry, "exp"),
            (Fault::IdTokenMissingIssuedAt, "iat"),
            (Fault::IdTokenMissingSubject, "sub"),
            (Fault::IdTokenMissingNonce, "nonce"),
            (Fault::IdTokenMissingAccessTokenHash, "at_hash"),
            (Fault::IdTokenMissingAssurance, "acr"),
            (Fault::IdTokenMissingAuthenticationTime, "auth_time"),
        ] {
            let (claims, _) = bent(fault).await;
            let mut expected: HashSet<&String> = good.as_object().unwrap().keys().collect();
            expected.retain(|name| *name != claim);
            assert_eq!(
                claims.as_object().unwrap().keys().collect::<HashSet<_>>(),
                expected,
                "{fault}"
            );
        }
    }

    #[tokio::test]
    async fn a_wrong_claim_is_wrong_in_what_the_name_says() {
        let issuer = bent(Fault::IdTokenWrongIssuer).await.0;
        assert_eq!(issuer["iss"], "https://issuer.invalid/api/realms/main");
        assert_eq!(
            bent(Fault::IdTokenWrongAudience).await.0["aud"],
            "RP99999999"
        );
        let second = bent(Fault::IdTokenSecondAudience).await.0;
        assert_eq!(second["aud"], json!([CLIENT_ID, "RP99999999"]));
        assert_eq!(
            bent(Fault::IdTokenAudienceArray).await.0["aud"],
            json!([CLIENT_ID])
        );
        let party = bent(Fault::IdTokenWrongAuthorizedParty).await.0;
        assert_eq!(
            (&party["azp"], &party["aud"]),
            (&json!("RP99999999"), &json!(CLIENT_ID))
        );
        assert_ne!(bent(Fault::IdTokenWrongNonce).await.0["nonce"], NONCE);
        assert_eq!(bent(Fault::IdTokenWrongAssurance).await.0["acr"], "aal1");
        let (claims, tokens) = bent(Fault::IdTokenWrongAccessTokenHash).await;
        assert_eq!(text(&claims, "at_hash").len(), 22);
        assert_ne!(claims["at_hash"], at_hash(text(&tokens, "access_token")));
    }

    #[tokio::test]
    async fn the_address_comes_as_the_plain_string_of_userinfo_if_it_was_granted() {
        let bench = Bench::with_fault(Fault::IdTokenPlainAddress).await;
        let tokens = bench.tokens().await;
        let (_, claims) = bench.verified_id_token(&tokens).await;
        let userinfo = bench.userinfo_request(text(&tokens, "access_token"));
        let userinfo: Value = userinfo.send().await.unwrap().json().await.unwrap();
        assert!(userinfo["address"].is_string());
        assert_eq!(claims["address"], userinfo["address"]);
        for other in ["name", "birthdate", "gender"] {
            assert!(claims.get(other).is_none(), "{other}");
        }

        let answer = bench
            .authorize(&set(authorization(), "scope", "openid name"))
            .await;
        let page: Value = answer.json().await.unwrap();
        let answer = bench.pick(&[("login", text(&page, "login"))]).await;
        let form = bench.token_form(value(&location(&answer), "code"));
        let (_, tokens) = bench.redeem(&form).await;
        let (_, claims) = bench.verified_id_token(&tokens).await;
        assert!(claims.get("address").is_none());
    }

    #[tokio::test]
    async fn a_wrong_time_is_beyond_60_seconds_of_skew() {
        let ahead = async |fault, claim: &str| {
            let bench = Bench::with_fault(fault).await;
            let (_, claims) = bench.verified_id_token(&bench.tokens().await).await;
            let now = bench.clock.now().timestamp();
            (claims[claim].as_i64().unwrap() - now, now)
        };
        assert!(ahead(Fault::IdTokenExpired, "exp").await.0 < -60);
        assert_eq!(ahead(Fault::IdTokenExpired, "iat").await.0, 0);
        assert!(ahead(Fault::IdTokenIssuedInFuture, "iat").await.0 > 60);
        assert!(ahead(Fault::IdTokenNotYetValid, "nbf").await.0 > 60);
        assert!(ahead(Fault::IdTokenOldAuthentication, "auth_time").await.0 <= -3_000);
        let (milliseconds, now) = ahead(Fault::IdTokenAuthenticatedInFuture, "auth_time").await;
        assert_eq!((milliseconds + now) / 1_000, now);
    }

    #[tokio::test]
    async fn an_odd_subject_is_the_same_in_userinfo() {
        for (fault, length) in [
            (Fault::IdTokenOverlongSubject, Some(300)),
            (Fault::IdTokenLongSubject, Some(200)),
            (Fault::IdTokenSubjectWithSpace, None),
        ] {
            let bench = Bench::with_fault(fault).await;
            let tokens = bench.tokens().await;
            let (_, claims) = bench.verified_id_token(&tokens).await;
            match length {
                Some(length) => assert_eq!(text(&claims, "sub").len(), length),
                None => assert!(text(&claims, "sub").contains(' ')),
            }
            let answer = bench
                .userinfo_request(text(&tokens, "access_token"))
                .send()
                .await
                .unwrap();
            assert_eq!(answer.json::<Value>().await.unwrap()["sub"], claims["sub"]);
        }
    }

    #[tokio::test]
    async fn each_signature_is_what_the_name_says() {
        let cases = [
            (Fault::IdTokenRs256, "RS256", true),
            (Fault::IdTokenPs256, "PS256", true),
            (Fault::IdTokenBadSignatureEs256, "ES256", false),
            (Fault::IdTokenBadSignatureRs256, "RS256", false),
        ];
        for (fault, algorithm, good) in cases {
            let bench = Bench::with_fault(fault).await;
            let tokens = bench.tokens().await;
            let token = text(&tokens, "id_token");
            let header = parts(token).0;
            assert_eq!(header["alg"], algorithm);
            let keys = bench.keys().await;
            let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
            // The published key may name another algorithm. Only the signature is of interest here.
            let mut key = key.clone();
            key["alg"] = algorithm.into();
            assert_eq!(verifies(token, &key), good, "{fault}");
        }
    }

    #[tokio::test]
    async fn an_unsigned_token_has_no_signature() {
        let bench = Bench::with_fault(Fault::IdTokenUnsigned).await;
        let tokens = bench.tokens().await;
        let token = text(&tokens, "id_token");
        assert_eq!(parts(token).0["alg"], "none");
        assert!(token.ends_with('.'));
        assert_eq!(parts(token).1["nonce"], NONCE);
    }

    #[tokio::test]
    async fn hs256_is_signed_with_a_secret_or_with_the_public_key() {
        for fault in [Fault::IdTokenHs256, Fault::IdTokenHs256PublicKey] {
            let bench = Bench::with_fault(fault).await;
            let tokens = bench.tokens().await;
            let token = text(&tokens, "id_token");
            let header = parts(token).0;
            assert_eq!(header["alg"], "HS256");
            let keys = bench.keys().await;
            let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
            assert_eq!(key["alg"], "ES256", "the kid is the published key's");
            // The PEM text of the P-256 public key (RFC 5480 §2.1.1).
            let point =
                [text(key, "x"), text(key, "y")].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
            let mut der = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
                \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04"
                .to_vec();
            der.extend(point.concat());
            let der = base64::engine::general_purpose::STANDARD.encode(der);
            let pem = format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n");
            let mut validation = Validation::new(Algorithm::HS256);
            validation.validate_aud = false;
            let confused = decode::<Value>(
                token,
                &DecodingKey::from_secret(pem.as_bytes()),
                &validation,
            );
            assert_eq!(confused.is_ok(), fault == Fault::IdTokenHs256PublicKey);
        }
    }

    #[tokio::test]
    async fn an_unknown_key_is_not_published() {
        let bench = Bench::with_fault(Fault::IdTokenUnknownKey).await;
        let tokens = bench.tokens().await;
        let kid = parts(text(&tokens, "id_token")).0["kid"].clone();
        assert!(bench.keys().await.iter().all(|key| key["kid"] != kid));
    }

    #[tokio::test]
    async fn without_a_kid_there_is_one_es256_key_or_there_are_two() {
        for (fault, published) in [
            (Fault::IdTokenWithoutKeyIdSingleKey, 1),
            (Fault::IdTokenWithoutKeyIdSeveralKeys, 2),
        ] {
            let bench = Bench::with_fault(fault).await;
            let tokens = bench.tokens().await;
            let token = text(&tokens, "id_token");
            assert!(parts(token).0.get("kid").is_none());
            let keys = bench.keys().await;
            let es256: Vec<_> = keys.iter().filter(|key| key["alg"] == "ES256").collect();
            assert_eq!(es256.len(), published);
            assert_eq!(es256.iter().filter(|key| verifies(token, key)).count(), 1);
        }
    }

    #[tokio::test]
    async fn what_is_no_jwt_has_no_dots() {
        let bench = Bench::with_fault(Fault::IdTokenNotAJwt).await;
        assert!(!text(&bench.tokens().await, "id_token").contains('.'));
    }
}

mod key_set_faults {
    use super::*;

    /// Does a login with this fault, and returns the keys that were published before it, the `kid`
    /// of the ID token, and the token answer.
    async fn before_and_named(fault: Fault) -> (Bench, Vec<Value>, Value, Value) {
        let bench = Bench::new().await;
        let before = bench.keys().await;
        let login = bench.begin().await;
        let answer = bench
            .pick(&[("login", &login), ("answer", fault.id())])
            .await;
        let code = value(&location(&answer), "code").to_owned();
        let (_, tokens) = bench.redeem(&bench.token_form(&code)).await;
        let kid = parts(text(&tokens, "id_token")).0["kid"].clone();
        (bench, before, kid, tokens)
    }

    #[tokio::test]
    async fn keys_rotate_between_login_and_token_or_just_before_signing() {
        let bench = Bench::new().await;
        let before = bench.keys().await;
        let login = bench.begin().await;
        let answer = bench
            .pick(&[("login", &login), ("answer", "keys-rotated")])
            .await;
        assert_ne!(bench.keys().await, before, "rotated with the login");
        let code = value(&location(&answer), "code").to_owned();
        let at_login = bench.keys().await;
        let (_, tokens) = bench.redeem(&bench.token_form(&code)).await;
        bench.verified_id_token(&tokens).await;
        assert_eq!(bench.keys().await, at_login);

        let (bench, before, kid, tokens) = before_and_named(Fault::KeysRotatedBeforeSigning).await;
        assert!(before.iter().all(|key| key["kid"] != kid));
        bench.verified_id_token(&tokens).await;
    }

    #[tokio::test]
    async fn every_fault_of_the_key_set_makes_who_has_the_old_keys_fetch_them() {
        for fault in [
            Fault::KeySetUnknownKeys,
            Fault::KeySetEmpty,
            Fault::KeySet500,
            Fault::KeySetSlow,
            Fault::KeySetBrokenJson,
            Fault::KeySetTooLarge,
            Fault::KeySetShortCoordinates,
            Fault::KeySetLongCoordinates,
            Fault::KeySetPadded,
            Fault::KeySetRepeatedKey,
            Fault::KeySetUnusableKey,
        ] {
            let (_, before, kid, _) = before_and_named(fault).await;
            assert!(before.iter().all(|key| key["kid"] != kid), "{fault}");
        }
    }

    #[tokio::test]
    async fn a_key_is_spelled_as_the_fault_says() {
        let published = async |fault| {
            let (bench, _, kid, _) = before_and_named(fault).await;
            let keys = bench.keys().await;
            let named: Vec<_> = keys.into_iter().filter(|key| key["kid"] == kid).collect();
            named
        };
        let length =
            |key: &Value, name: &str| URL_SAFE_NO_PAD.decode(text(key, name)).unwrap().len();
        let short = published(Fault::KeySetShortCoordinates).await;
        assert!(short.len() == 1 && length(&short[0], "x") < 32);
        let long = published(Fault::KeySetLongCoordinates).await;
        assert_eq!(
            (long.len(), length(&long[0], "x"), length(&long[0], "y")),
            (1, 33, 33)
        );
        let padded = published(Fault::KeySetPadded).await;
        assert!(padded.len() == 1 && text(&padded[0], "x").ends_with('='));
        let repeated = published(Fault::KeySetRepeatedKey).await;
        assert!(repeated.len() == 2 && repeated[0] == repeated[1]);
        let unusable = published(Fault::KeySetUnusableKey).await;
        assert_eq!((unusable.len(), &unusable[0]["x"]), (1, &unusable[0]["y"]));
    }

    #[tokio::test]
    async fn a_key_that_is_replaced_keeps_its_name_and_signs() {
        let (bench, before, kid, tokens) = before_and_named(Fault::KeyReplaced).await;
        let old: Vec<_> = before.into_iter().filter(|key| key["kid"] == kid).collect();
        let new: Vec<_> = bench
            .keys()
            .await
            .into_iter()
            .filter(|key| key["kid"] == kid)
            .collect();
        assert!(old.len() == 1 && new.len() == 1 && old[0]["x"] != new[0]["x"]);
        bench.verified_id_token(&tokens).await;
    }

    #[tokio::test]
    async fn each_is_what_the_name_says_from_the_start() {
        let get = async |fault| {
            let bench = Bench::with_fault(fault).await;
            bench
                .http
                .get(&bench.service.endpoints().jwks_uri)
                .send()
                .await
                .unwrap()
        };
        assert_eq!(
            get(Fault::KeySet500).await.status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
        get(Fault::KeySetBrokenJson)
            .await
            .json::<Value>()
            .await
            .unwrap_err();
        let large = get(Fault::KeySetTooLarge).await.bytes().await.unwrap();
        assert!(large.len() > 256 * 1024);
        let empty: Value = get(Fault::KeySetEmpty).await.json().await.unwrap();
        assert_eq!(empty, json!({ "keys": [] }));
        let begun = Instant::now();
        assert_eq!(get(Fault::KeySetSlow).await.status(), StatusCode::OK);
        assert!(begun.elapsed() >= Duration::from_millis(600));
        let mixed: Value = get(Fault::KeySetUnknownKeys).await.json().await.unwrap();
        let kinds: Vec<_> = mixed["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| text(key, "kty"))
            .collect();
        assert_eq!(kinds, ["future", "EC", "RSA", "RSA", "OKP"]);
    }

    #[tokio::test]
    async fn the_next_good_login_ends_the_fault() {
        let (bench, ..) = before_and_named(Fault::KeySet500).await;
        let url = bench.service.endpoints().jwks_uri.clone();
        let status = bench.http.get(&url).send().await.unwrap().status();
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        let tokens = bench.tokens().await;
        bench.verified_id_token(&tokens).await;
    }

    #[tokio::test]
    async fn a_test_can_rotate_the_keys_itself() {
        let bench = Bench::new().await;
        let before = bench.keys().await;
        bench.service.rotate_keys().unwrap();
        let after = bench.keys().await;
        assert_eq!(before[2], after[2], "the key of the access tokens stays");
        assert_ne!(before[0], after[0]);
    }

    #[tokio::test]
    async fn published_points_verify_what_the_realm_signs() {
        let bench = Bench::new().await;
        let tokens = bench.tokens().await;
        let token = text(&tokens, "id_token");
        let key = bench.keys().await[0].clone();
        let point =
            [text(&key, "x"), text(&key, "y")].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(signature.len(), 64);
        UnparsedPublicKey::new(
            &ECDSA_P256_SHA256_FIXED,
            [&[4], point.concat().as_slice()].concat(),
        )
        .verify(message.as_bytes(), &signature)
        .unwrap();
    }
}

mod userinfo_faults {
    use super::*;

    async fn answer(fault: Fault) -> Response {
        Bench::with_fault(fault).await.userinfo().await
    }

    async fn claims(fault: Fault) -> Map<String, Value> {
        answer(fault).await.json().await.unwrap()
    }

    #[tokio::test]
    async fn each_failure_has_its_status_and_body() {
        let refused = answer(Fault::Userinfo401).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert!(refused.headers().contains_key("www-authenticate"));
        assert_eq!(
            answer(Fault::Userinfo500).await.status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
        let jwt = answer(Fault::UserinfoJwt).await;
        assert_eq!(jwt.headers()["content-type"], "application/jwt");
        assert_eq!(parts(&jwt.text().await.unwrap()).1["name"], "山田　太郎");
        answer(Fault::UserinfoBrokenJson)
            .await
            .json::<Value>()
            .await
            .unwrap_err();
        let twice = answer(Fault::UserinfoNameTwice).await.text().await.unwrap();
        assert_eq!(twice.matches(r#""sub":"#).count(), 2);
        assert!(
            answer(Fault::UserinfoTooLarge)
                .await
                .bytes()
                .await
                .unwrap()
                .len()
                > 256 * 1024
        );
        let bench = Bench::with_fault(Fault::UserinfoSlow).await;
        let begun = Instant::now();
        assert_eq!(bench.userinfo().await.status(), StatusCode::OK);
        assert!(begun.elapsed() >= Duration::from_millis(600));
    }

    #[tokio::test]
    async fn each_bent_answer_differs_from_the_good_one_in_one_claim() {
        let good: Map<String, Value> = Bench::new().await.userinfo().await.json().await.unwrap();
        let subject = good["sub"].as_str().unwrap();
        let cases = [
            (
                Fault::UserinfoOtherSubject,
                "sub",
                Some(json!(format!("{subject}x"))),
            ),
            (Fault::UserinfoMissingSubject, "sub", None),
            (Fault::UserinfoMissingName, "name", None),
            (Fault::UserinfoMissingAddress, "address", None),
            (Fault::UserinfoMissingBirthdate, "birthdate", None),
            (
                Fault::UserinfoOverlongName,
                "name",
                Some(json!("あ".repeat(683))),
            ),
            (Fault::UserinfoNameNotAString, "name", Some(json!(1))),
            (
                Fault::UserinfoControlCharacter,
                "name",
                Some(json!("山田　太郎\n太")),
            ),
            (
                Fault::UserinfoInvisibleName,
                "name",
                Some(json!("\u{200B}\u{3164}\u{FEFF}")),
            ),
            (
                Fault::UserinfoDirectionalMark,
                "name",
                Some(json!("山田　太郎\u{200F}")),
            ),
            (Fault::UserinfoEmptyAddress, "address", Some(json!(""))),
            (
                Fault::UserinfoMalformedBirthdate,
                "birthdate",
                Some(json!("1985031")),
            ),
            (
                Fault::UserinfoImpossibleBirthdate,
                "birthdate",
                Some(json!("19850231")),
            ),
            (Fault::UserinfoMalformedGender, "gender", Some(json!("7"))),
            (
                Fault::UserinfoAddressObject,
                "address",
                Some(json!({ "formatted": "東京都千代田区永田町１丁目７番１号" })),
            ),
            (
                Fault::UserinfoBirthdateWithHyphens,
                "birthdate",
                Some(json!("1985-03-15")),
            ),
            (Fault::UserinfoGenderWord, "gender", Some(json!("male"))),
        ];
        for (fault, claim, value) in cases {
            let mut expected = good.clone();
            match value {
                Some(value) => drop(expected.insert(claim.to_owned(), value)),
                None => drop(expected.remove(claim)),
            }
            assert_eq!(claims(fault).await, expected, "{fault}");
        }
        assert!("あ".repeat(683).len() > 2_048);
    }

    #[tokio::test]
    async fn extra_claims_come_beside_the_good_ones() {
        let extra = claims(Fault::UserinfoExtraClaims).await;
        for claim in [
            "sub",
            "name",
            "address",
            "birthdate",
            "gender",
            "email",
            "phone_number",
        ] {
            assert!(extra.contains_key(claim), "{claim}");
        }
    }
}

/// A fault that isn't one of the front channel's leaves the login unchanged up to its own place.
#[tokio::test]
async fn a_fault_changes_nothing_before_its_place() {
    let bench = Bench::new().await;
    for fault in Fault::ALL {
        let id = fault.id();
        if ["cancel", "error-", "callback-"]
            .iter()
            .any(|start| id.starts_with(start))
        {
            continue;
        }
        let login = bench.begin().await;
        let answer = bench.pick(&[("login", &login), ("answer", id)]).await;
        let back = location(&answer);
        assert_eq!(
            names(&back),
            ["state", "session_state", "iss", "code"],
            "{fault}"
        );
        if id.starts_with("token-") {
            continue;
        }
        let (status, tokens) = bench.redeem(&bench.token_form(value(&back, "code"))).await;
        assert_eq!(status, StatusCode::OK, "{fault}");
        assert_eq!(tokens.as_object().unwrap().len(), 9, "{fault}");
    }
}

mod journal_and_counts {
    use super::*;

    #[tokio::test]
    async fn a_login_is_told_step_by_step_without_its_secrets() {
        let bench = Bench::new().await;
        let back = bench.login().await;
        let code = value(&back, "code").to_owned();
        let form = bench.token_form(&code);
        let (_, tokens) = bench.redeem(&form).await;
        bench
            .userinfo_request(text(&tokens, "access_token"))
            .send()
            .await
            .unwrap();
        bench.keys().await;

        let steps = bench.journal.steps();
        let told: Vec<_> = steps
            .iter()
            .map(|step| (step.from, step.request.as_str(), step.status))
            .collect();
        let path = |end: &str| format!("/api/realms/main/{end}");
        let openid = "protocol/openid-connect";
        assert_eq!(
            told,
            [
                (
                    Party::Browser,
                    format!("GET {}", path(&format!("{openid}/auth"))).as_str(),
                    Some(200)
                ),
                (
                    Party::Browser,
                    format!("POST {}", path("test-card")).as_str(),
                    Some(303)
                ),
                (
                    Party::Browser,
                    format!("GET {}", path("consent")).as_str(),
                    Some(200)
                ),
                (
                    Party::Browser,
                    format!("POST {}", path("consent")).as_str(),
                    Some(303)
                ),
                (
                    Party::Bridge,
                    format!("POST {}", path(&format!("{openid}/token"))).as_str(),
                    Some(200)
                ),
                (
                    Party::Bridge,
                    format!("GET {}", path(&format!("{openid}/userinfo"))).as_str(),
                    Some(200)
                ),
                (
                    Party::Bridge,
                    format!("GET {}", path(&format!("{openid}/certs"))).as_str(),
                    Some(200)
                ),
            ]
        );
        assert!(steps.iter().all(|step| step.to == Party::Service));
        assert!(
            steps
                .iter()
                .flat_map(|step| &step.checks)
                .all(|check| check.passed)
        );
        let pkce = steps[4]
            .checks
            .iter()
            .find(|check| check.rule == "RFC 7636 §4.6");
        assert_eq!(pkce.unwrap().what, "code_verifier fits code_challenge");

        let all = serde_json::to_string(&steps).unwrap();
        let assertion = value(&form, "client_assertion");
        for secret in [
            code.as_str(),
            STATE,
            NONCE,
            VERIFIER,
            CHALLENGE,
            assertion,
            text(&tokens, "access_token"),
            text(&tokens, "id_token"),
            text(&tokens, "refresh_token"),
            text(&tokens, "session_state"),
            "山田",
            "永田町",
            "19850315",
        ] {
            assert!(!all.contains(secret), "{secret}");
        }
    }

    #[tokio::test]
    async fn the_check_that_failed_is_the_last_one() {
        let bench = Bench::new().await;
        bench.authorize(&set(authorization(), "nonce", "")).await;
        let step = bench.journal.steps().pop().unwrap();
        let (last, before) = step.checks.split_last().unwrap();
        assert_eq!((last.what.as_str(), last.passed), ("nonce is there", false));
        assert!(before.iter().all(|check| check.passed));
        assert_eq!(step.answer[0].value, "invalid_request");
    }

    #[tokio::test]
    async fn requests_are_counted_and_kept() {
        let bench = Bench::new().await;
        bench.userinfo().await;
        bench.keys().await;
        for (endpoint, count) in [
            (Endpoint::Authorization, 1),
            (Endpoint::TestCard, 1),
            // The page and its form.
            (Endpoint::Consent, 2),
            (Endpoint::Token, 1),
            (Endpoint::Userinfo, 1),
            (Endpoint::KeySet, 1),
        ] {
            assert_eq!(bench.service.count(endpoint), count, "{endpoint:?}");
        }
        let requests = bench.service.requests();
        assert_eq!(requests[0].query_value("state"), Some(STATE));
        assert_eq!(requests[4].form_value("code_verifier"), Some(VERIFIER));
        assert!(requests[5].headers.contains_key("authorization"));
        assert!(!format!("{requests:?}").contains(VERIFIER));
        bench.service.forget_requests();
        assert_eq!(bench.service.count(Endpoint::Token), 0);
    }

    #[tokio::test]
    async fn of_more_than_is_remembered_the_newest_stay() {
        let bench = Bench::with(|options| options.remembered = 3).await;
        let tokens = [bench.tokens().await, bench.tokens().await];
        let endpoints: Vec<_> = bench
            .service
            .requests()
            .iter()
            .map(|request| request.endpoint)
            .collect();
        let newest = [Endpoint::Consent, Endpoint::Consent, Endpoint::Token];
        assert_eq!(endpoints, newest);
        let issued = bench.service.issued_tokens();
        assert_eq!(issued.len(), 2);
        assert_eq!(issued[1].id_token, text(&tokens[1], "id_token"));
        // A login works even if nothing is remembered.
        let bench = Bench::with(|options| options.remembered = 0).await;
        assert_eq!(bench.userinfo().await.status(), StatusCode::OK);
        assert!(bench.service.requests().is_empty());
        assert!(bench.service.issued_tokens().is_empty());
    }

    #[tokio::test]
    async fn issued_tokens_are_kept_as_they_were_answered() {
        let bench = Bench::new().await;
        let tokens = bench.tokens().await;
        let issued = bench.service.issued_tokens();
        assert_eq!(issued.len(), 1);
        assert_eq!(issued[0].id_token, text(&tokens, "id_token"));
        assert_eq!(issued[0].access_token, text(&tokens, "access_token"));
        assert_eq!(issued[0].refresh_token, text(&tokens, "refresh_token"));
        assert!(!format!("{issued:?}").contains(&issued[0].id_token));
        assert_eq!(
            bench.service.requests().last().unwrap().endpoint,
            Endpoint::Token
        );
    }
}

mod idle_connections {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    const IDLE: Duration = Duration::from_secs(1);

    async fn connect(bench: &Bench) -> TcpStream {
        TcpStream::connect(bench.service.address()).await.unwrap()
    }

    async fn ask(stream: &mut TcpStream) -> std::io::Result<()> {
        let request = "GET /api/realms/main/protocol/openid-connect/certs?a=b HTTP/1.1\r\n\
            Host: service.localhost\r\n\r\n";
        stream.write_all(request.as_bytes()).await
    }

    /// Whether an answer with status 200 comes.
    async fn answered(stream: &mut TcpStream) -> bool {
        let mut buffer = [0; 8192];
        let read = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut buffer)).await;
        matches!(read, Ok(Ok(length)) if buffer[..length].starts_with(b"HTTP/1.1 200"))
    }

    #[tokio::test]
    async fn by_default_a_connection_is_kept() {
        let bench = Bench::new().await;
        let mut stream = connect(&bench).await;
        for _ in 0..2 {
            ask(&mut stream).await.unwrap();
            assert!(answered(&mut stream).await);
            tokio::time::sleep(2 * IDLE).await;
        }
        assert_eq!(bench.service.connections(), 1);
        let mut second = connect(&bench).await;
        ask(&mut second).await.unwrap();
        assert!(answered(&mut second).await);
        assert_eq!(bench.service.connections(), 2);
    }

    #[tokio::test]
    async fn an_idle_connection_is_closed() {
        let bench =
            Bench::with(|options| options.idle_connections = IdleConnections::CloseAfter(IDLE))
                .await;
        let mut stream = connect(&bench).await;
        for _ in 0..2 {
            ask(&mut stream).await.unwrap();
            assert!(answered(&mut stream).await, "a connection in use stays");
        }
        let begun = Instant::now();
        let mut buffer = [0; 16];
        let end = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut buffer)).await;
        assert_eq!(end.unwrap().unwrap(), 0, "the end of the stream");
        assert!(begun.elapsed() >= IDLE / 2);
        assert_eq!(bench.service.count(Endpoint::KeySet), 2);
    }

    #[tokio::test]
    async fn a_forgotten_connection_looks_open_and_never_answers() {
        let bench =
            Bench::with(|options| options.idle_connections = IdleConnections::ForgetAfter(IDLE))
                .await;
        let mut stream = connect(&bench).await;
        for _ in 0..2 {
            ask(&mut stream).await.unwrap();
            assert!(answered(&mut stream).await, "a connection in use stays");
        }
        tokio::time::sleep(2 * IDLE).await;
        ask(&mut stream).await.unwrap();
        let mut buffer = [0; 16];
        let read = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut buffer)).await;
        assert!(read.is_err(), "neither an answer nor an end");
        assert_eq!(
            bench.service.count(Endpoint::KeySet),
            2,
            "what was lost isn't counted"
        );
        let lost = bench.service.lost_requests();
        assert_eq!(lost, ["GET /api/realms/main/protocol/openid-connect/certs"]);
        let mut fresh = connect(&bench).await;
        ask(&mut fresh).await.unwrap();
        assert!(answered(&mut fresh).await);
    }

    #[tokio::test]
    async fn a_slow_answer_is_not_idleness() {
        for idle in [
            IdleConnections::CloseAfter(IDLE),
            IdleConnections::ForgetAfter(IDLE),
        ] {
            let bench = Bench::with(|options| {
                options.idle_connections = idle;
                options.fault = Some(Fault::KeySetSlow);
                options.slow_answer = 2 * IDLE;
            })
            .await;
            let mut stream = connect(&bench).await;
            ask(&mut stream).await.unwrap();
            assert!(answered(&mut stream).await, "{idle:?}");
        }
    }
}
