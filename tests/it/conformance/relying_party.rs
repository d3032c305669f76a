//! The bridge as relying party of the service: the cases of the OpenID Foundation's suite for
//! clients.
//! The stand-in of the service makes the fault. Beside each refusal, the same flow without the
//! fault succeeds.
//! After a refused ID token, the bridge doesn't request attributes. Neither log nor answer shows a
//! token or an attribute.
//!
//! The OpenID Connect cases check the answer of the token endpoint, the FAPI 2 cases what Amazon
//! Cognito makes of it.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on stops"
)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use demo::laptop::{Laptop, SERVICE_CLIENT_ID};
use federation::variables;
use login_kit::{
    Answer, AuthorizationRequest, Confidential, Outcome, Place, RelyingParty, browser, laptop,
    laptop_with, logged_failures, parameter, variables,
};
use loopback::user_agent::{Arrival, Page};
use serde_json::{Map, Value, json};
use service_simulator::fault::Fault;
use service_simulator::persona::personas;
use service_simulator::{Endpoint, IssuedTokens, RecordedRequest};

/// The test person in these logins.
const PERSONA: &str = "adult";

/// One login with a client in Cognito's place, up to the answer of the bridge's token endpoint.
pub(super) struct Attempt {
    /// The answer that the client got.
    pub(super) answer: Answer,
    /// The requests that the service got for this login, in order.
    pub(super) requests: Vec<RecordedRequest>,
    issued: Option<IssuedTokens>,
    code: String,
}

impl Attempt {
    pub(super) fn count(&self, endpoint: Endpoint) -> usize {
        let is = |request: &&RecordedRequest| request.endpoint == endpoint;
        self.requests.iter().filter(is).count()
    }

    /// The only request to an endpoint.
    pub(super) fn request(&self, endpoint: Endpoint) -> &RecordedRequest {
        assert_eq!(self.count(endpoint), 1, "{endpoint:?}");
        let is = |request: &&RecordedRequest| request.endpoint == endpoint;
        self.requests.iter().find(is).unwrap()
    }

    /// The values that must stay secret, including the bridge's code and tokens of this login.
    fn confidential(&self, laptop: &Laptop) -> Confidential {
        let token = |name| self.answer.text(name).unwrap_or_default();
        Confidential::of(laptop)
            .and("bridge's code", &self.code)
            .and("bridge's access token", &token("access_token"))
            .and_token("bridge's ID token", &token("id_token"))
    }

    fn issued(&self) -> &IssuedTokens {
        self.issued.as_ref().expect("the service issued tokens")
    }

    /// The header of the ID token that the service issued.
    fn id_token_header(&self) -> Map<String, Value> {
        part(&self.issued().id_token, 0)
    }

    /// The claims of the ID token that the service issued.
    fn id_token_claims(&self) -> Map<String, Value> {
        part(&self.issued().id_token, 1)
    }
}

/// A part of a JWT, decoded but not verified.
pub(super) fn part(token: &str, index: usize) -> Map<String, Value> {
    let part = token.split('.').nth(index).expect("a JWT");
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("a JSON object")
}

/// The test person's subject at the service.
fn subject(laptop: &Laptop) -> String {
    let people = personas(laptop.clock.now());
    let person = people.iter().find(|person| person.id == PERSONA).unwrap();
    person.subject(SERVICE_CLIENT_ID)
}

/// A login, with a fault of the service or without.
pub(super) async fn attempt(laptop: &Laptop, fault: Option<Fault>) -> Attempt {
    let request = RelyingParty::new(laptop).authorization_request();
    attempt_with(laptop, &request, fault).await
}

async fn attempt_with(
    laptop: &Laptop,
    request: &AuthorizationRequest,
    fault: Option<Fault>,
) -> Attempt {
    let client = RelyingParty::new(laptop);
    let requests_before = laptop.service.requests().len();
    let issued_before = laptop.service.issued_tokens().len();
    let arrival = client.sign_in(&browser(), request, PERSONA, fault).await;
    let code = parameter(&arrival, "code").expect("a code");
    let answer = client.token_request(&code).send().await;
    Attempt {
        answer,
        requests: laptop.service.requests().split_off(requests_before),
        issued: laptop
            .service
            .issued_tokens()
            .split_off(issued_before)
            .pop(),
        code,
    }
}

/// Asserts that the log shows nothing that was issued, received or configured so far, and no
/// attribute of the person.
fn assert_log_shows_nothing(laptop: &Laptop) {
    assert_log_shows_none_of(laptop, &Confidential::of(laptop));
}

fn assert_log_shows_none_of(laptop: &Laptop, confidential: &Confidential) {
    let lines = laptop.bridge.logs().lines();
    assert!(!lines.is_empty(), "the function logs");
    confidential.assert_not_in("the log", &lines.join("\n"));
}

/// Asserts that the login succeeds: with a verified ID token about the right person, one token
/// request, and one userinfo request.
pub(super) async fn accepted(laptop: &Laptop, fault: Option<Fault>) -> Attempt {
    let failures = logged_failures(laptop).len();
    let attempt = attempt(laptop, fault).await;
    assert_eq!(
        attempt.answer.status,
        200,
        "{fault:?}: {:?}",
        attempt.answer.class()
    );
    assert_eq!(attempt.count(Endpoint::Token), 1, "{fault:?}");
    assert_eq!(attempt.count(Endpoint::Userinfo), 1, "{fault:?}");
    let id_token = attempt.answer.text("id_token").expect("an ID token");
    let claims = RelyingParty::new(laptop).verified(&id_token).await;
    assert_eq!(claims["sub"], subject(laptop), "{fault:?}");
    assert_eq!(claims["name"], "山田　太郎", "{fault:?}");
    assert_eq!(logged_failures(laptop).len(), failures, "{fault:?}");
    assert_log_shows_none_of(laptop, &attempt.confidential(laptop));
    attempt
}

/// How a refused login looks to the client.
struct Refusal {
    class: &'static str,
    error: &'static str,
    status: u16,
    userinfo_requests: usize,
}

impl Refusal {
    /// The refusal of an ID token: `invalid_grant`, without a request for attributes.
    fn of_id_token(class: &'static str) -> Self {
        Self {
            class,
            error: "invalid_grant",
            status: 400,
            userinfo_requests: 0,
        }
    }
}

/// Asserts that the login fails exactly like this, after one token request, and that nothing leaks.
async fn fails(laptop: &Laptop, fault: Fault, refusal: &Refusal) -> Attempt {
    let failures = logged_failures(laptop).len();
    let attempt = attempt(laptop, Some(fault)).await;
    let answer = &attempt.answer;
    assert_eq!(answer.class().as_deref(), Some(refusal.class), "{fault}");
    assert_eq!(
        answer.text("error").as_deref(),
        Some(refusal.error),
        "{fault}"
    );
    assert_eq!(answer.status, refusal.status, "{fault}");
    assert_eq!(answer.headers["cache-control"], "no-store", "{fault}");
    let members: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["error", "error_description"], "{fault}");
    assert_eq!(attempt.count(Endpoint::Token), 1, "{fault}");
    assert_eq!(
        attempt.count(Endpoint::Userinfo),
        refusal.userinfo_requests,
        "{fault}"
    );
    assert_eq!(
        logged_failures(laptop)[failures..],
        [refusal.class],
        "{fault}"
    );
    let headers: String = answer
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect();
    let answered = format!("{headers}\n{}", answer.body);
    let confidential = attempt.confidential(laptop);
    confidential.assert_not_in("the answer", &answered);
    assert_log_shows_none_of(laptop, &confidential);
    attempt
}

/// Asserts that the ID token is refused, and that the same process signs the same person in without
/// the fault.
async fn refused(laptop: &Laptop, fault: Fault, class: &'static str) -> Attempt {
    let attempt = fails(laptop, fault, &Refusal::of_id_token(class)).await;
    accepted(laptop, None).await;
    attempt
}

/// The same through Amazon Cognito: Cognito gets `invalid_grant`, tells the app, and makes no user.
/// Without the fault, it makes one.
async fn cognito_refused(laptop: &Laptop, fault: Fault, class: &'static str) -> Map<String, Value> {
    let known_users = laptop.cognito.users().len();
    let userinfo_requests = laptop.service.count(Endpoint::Userinfo);
    let outcome = laptop
        .login(&browser(), PERSONA, Some(fault))
        .await
        .unwrap();
    let Outcome::Failed(failed) = outcome else {
        panic!("{fault}: signed in");
    };
    assert_eq!(failed.place, Place::App, "{fault}");
    assert_eq!(failed.class.as_deref(), Some(class), "{fault}");
    assert_eq!(failed.error.as_deref(), Some("invalid_grant"), "{fault}");
    let told = format!(
        "MynaApp Error - 400 invalid_grant {class} {}",
        failed.support_id.unwrap()
    );
    assert_eq!(failed.description, told, "{fault}");
    assert_eq!(laptop.cognito.users().len(), known_users, "{fault}");
    assert_eq!(
        laptop.service.count(Endpoint::Userinfo),
        userinfo_requests,
        "{fault}"
    );
    let id_token = laptop.service.issued_tokens().pop().unwrap().id_token;
    Confidential::of(laptop).assert_not_in("what the app is told", &failed.description);
    assert_log_shows_nothing(laptop);

    cognito_accepted(laptop, None).await;
    part(&id_token, 1)
}

/// Asserts that a login through Amazon Cognito signs the person in at the app and makes the user.
async fn cognito_accepted(laptop: &Laptop, fault: Option<Fault>) {
    let outcome = laptop.login(&browser(), PERSONA, fault).await.unwrap();
    assert!(
        matches!(outcome, Outcome::SignedIn(_)),
        "{fault:?}: {outcome:?}"
    );
    let user = format!("MynaApp_{}", subject(laptop));
    assert_eq!(
        laptop.cognito.users()[&user]["name"],
        "山田　太郎",
        "{fault:?}"
    );
    assert_log_shows_nothing(laptop);
}

/// The page on which a login ended.
fn page(arrival: Arrival) -> Page {
    match arrival {
        Arrival::Page(page) => page,
        Arrival::At(_) => panic!("the browser is back at the client"),
    }
}

/// The class of failure on a page of the bridge.
fn class_on(page: &Page) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("<small>").expect("a page of the bridge");
    rest.split_once("</small>").unwrap().0.to_owned()
}

/// A laptop whose bridge accepts ID tokens with these algorithms.
async fn stack_accepting(algorithms: &'static str) -> Laptop {
    laptop_with(|options| {
        options.environment =
            variables([(variables::SERVICE_ID_TOKEN_ALGORITHMS, Some(algorithms))]);
    })
    .await
}

/// The types of the service's signature keys, in their order. Asserts that these keys have neither
/// `kid` nor `alg`.
async fn unnamed(laptop: &Laptop) -> Vec<String> {
    let request = reqwest::Client::new().get(&laptop.service.endpoints().jwks_uri);
    let set = Answer::of(request).await.json();
    let keys = set["keys"].as_array().unwrap().iter();
    let unnamed = keys.filter(|key| key["use"] == "sig");
    let types = unnamed.map(|key| {
        assert!(
            key.get("kid").is_none() && key.get("alg").is_none(),
            "{key}"
        );
        let curve = key["crv"].as_str().map(|curve| format!(" {curve}"));
        format!(
            "{}{}",
            key["kty"].as_str().unwrap(),
            curve.unwrap_or_default()
        )
    });
    types.collect()
}

/// How many keys of an algorithm the service publishes.
async fn published(laptop: &Laptop, algorithm: &str) -> usize {
    let request = reqwest::Client::new().get(&laptop.service.endpoints().jwks_uri);
    let keys = Answer::of(request).await.json();
    let keys = keys["keys"].as_array().unwrap();
    keys.iter().filter(|key| key["alg"] == algorithm).count()
}

mod openid_connect {
    use super::*;

    #[tokio::test]
    async fn oidcc_client_test() {
        let laptop = laptop().await;
        let attempt = accepted(&laptop, None).await;
        let callback = format!("{}/callback", RelyingParty::new(&laptop).issuer());

        let asked = attempt.request(Endpoint::Authorization);
        let names: BTreeSet<_> = asked.query.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "acr_values",
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "nonce",
            "redirect_uri",
            "response_type",
            "scope",
            "state",
        ];
        assert_eq!(names, BTreeSet::from(expected));
        assert_eq!(asked.query.len(), expected.len());
        assert_eq!(asked.query_value("response_type"), Some("code"));
        assert_eq!(asked.query_value("client_id"), Some(SERVICE_CLIENT_ID));
        assert_eq!(asked.query_value("redirect_uri"), Some(callback.as_str()));
        assert_eq!(asked.query_value("code_challenge_method"), Some("S256"));

        let exchanged = attempt.request(Endpoint::Token);
        assert_eq!(
            exchanged.form_value("grant_type"),
            Some("authorization_code")
        );
        assert_eq!(
            exchanged.form_value("redirect_uri"),
            Some(callback.as_str())
        );
        // One request for the keys, since the process has none yet, then one for the tokens and one
        // for the attributes.
        let back_channel: Vec<_> = attempt
            .requests
            .iter()
            .map(|request| request.endpoint)
            .skip_while(|endpoint| {
                [
                    Endpoint::Authorization,
                    Endpoint::TestCard,
                    Endpoint::Consent,
                ]
                .contains(endpoint)
            })
            .collect();
        assert_eq!(
            back_channel,
            [Endpoint::KeySet, Endpoint::Token, Endpoint::Userinfo]
        );
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_invalid_iss() {
        let laptop = laptop().await;
        let issuer = &laptop.service.endpoints().issuer;
        let refused_as = async |fault| {
            let refused = refused(&laptop, fault, "id_token_issuer").await;
            refused.id_token_claims()["iss"].clone()
        };
        // The suite's issuer is one character longer.
        let nearly = refused_as(Fault::IdTokenLengthenedIssuer).await;
        assert_eq!(nearly, format!("{issuer}1"));
        let other = refused_as(Fault::IdTokenWrongIssuer).await;
        assert!(other.is_string() && other != *issuer);
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_missing_sub() {
        let laptop = laptop().await;
        let refused = refused(&laptop, Fault::IdTokenMissingSubject, "id_token_subject").await;
        assert!(!refused.id_token_claims().contains_key("sub"));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_invalid_aud() {
        let laptop = laptop().await;
        let nearly = format!("{SERVICE_CLIENT_ID}1");
        for (fault, audience) in [
            // The suite's audience is one character longer.
            (Fault::IdTokenLengthenedAudience, nearly.as_str()),
            (Fault::IdTokenWrongAudience, "RP99999999"),
        ] {
            let refused = refused(&laptop, fault, "id_token_audience").await;
            assert_eq!(refused.id_token_claims()["aud"], audience);
        }
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_missing_aud() {
        let laptop = laptop().await;
        let refused = refused(&laptop, Fault::IdTokenMissingAudience, "id_token_audience").await;
        assert!(!refused.id_token_claims().contains_key("aud"));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_missing_iat() {
        let laptop = laptop().await;
        let refused = refused(&laptop, Fault::IdTokenMissingIssuedAt, "id_token_issued_at").await;
        assert!(!refused.id_token_claims().contains_key("iat"));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_nonce_invalid() {
        let laptop = laptop().await;
        let refused_as = async |fault| {
            let refused = refused(&laptop, fault, "id_token_nonce").await;
            let asked = refused.request(Endpoint::Authorization);
            let sent = asked.query_value("nonce").unwrap().to_owned();
            (sent, refused.id_token_claims()["nonce"].clone())
        };
        // The suite's nonce is one character longer.
        let (sent, nearly) = refused_as(Fault::IdTokenLengthenedNonce).await;
        assert_eq!(nearly, format!("{sent}1"));
        let (sent, other) = refused_as(Fault::IdTokenWrongNonce).await;
        assert!(other.is_string() && other != sent);
        laptop.stop().await;
    }

    /// In the code flow, a nonce is optional. The bridge always sends one, and refuses an ID token
    /// without it.
    #[tokio::test]
    async fn oidcc_client_test_nonce_unless_code_flow() {
        let laptop = laptop().await;
        let mut nonces = BTreeSet::new();
        for _ in 0..3 {
            let attempt = accepted(&laptop, None).await;
            let request = attempt.request(Endpoint::Authorization);
            assert_eq!(request.query_value("response_type"), Some("code"));
            let nonce = request.query_value("nonce").expect("a nonce");
            assert_eq!(URL_SAFE_NO_PAD.decode(nonce).unwrap().len(), 32);
            assert_eq!(attempt.id_token_claims()["nonce"], nonce);
            assert!(
                nonces.insert(nonce.to_owned()),
                "a new nonce for every login"
            );
        }
        let refused = refused(&laptop, Fault::IdTokenMissingNonce, "id_token_nonce").await;
        assert!(!refused.id_token_claims().contains_key("nonce"));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_idtoken_sig_none() {
        let laptop = stack_accepting("ES256 RS256").await;
        let refused = refused(&laptop, Fault::IdTokenUnsigned, "id_token_algorithm").await;
        assert_eq!(refused.id_token_header()["alg"], "none");
        assert!(refused.issued().id_token.ends_with('.'), "no signature");
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_invalid_sig_es256() {
        let laptop = laptop().await;
        let fault = Fault::IdTokenBadSignatureEs256;
        let refused = refused(&laptop, fault, "id_token_signature").await;
        // Algorithm and key are right. Only the signature is wrong.
        let good = accepted(&laptop, None).await;
        assert_eq!(refused.id_token_header(), good.id_token_header());
        assert_eq!(good.id_token_header()["alg"], "ES256");
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_invalid_sig_rs256() {
        let laptop = stack_accepting("RS256").await;
        let fault = Fault::IdTokenBadSignatureRs256;
        let refused = fails(&laptop, fault, &Refusal::of_id_token("id_token_signature")).await;
        let good = accepted(&laptop, Some(Fault::IdTokenRs256)).await;
        assert_eq!(refused.id_token_header(), good.id_token_header());
        assert_eq!(good.id_token_header()["alg"], "RS256");
        laptop.stop().await;
    }

    /// Algorithm confusion: HS256 with a random secret, and with the published key as the secret.
    #[tokio::test]
    async fn oidcc_client_test_invalid_sig_hs256() {
        for algorithms in ["ES256", "ES256 RS256"] {
            let laptop = stack_accepting(algorithms).await;
            for fault in [Fault::IdTokenHs256, Fault::IdTokenHs256PublicKey] {
                let refused = refused(&laptop, fault, "id_token_algorithm").await;
                assert_eq!(refused.id_token_header()["alg"], "HS256");
            }
            laptop.stop().await;
        }
    }

    #[tokio::test]
    async fn oidcc_client_test_idtoken_sig_rs256() {
        let laptop = laptop().await;
        let unconfigured = refused(&laptop, Fault::IdTokenRs256, "id_token_algorithm").await;
        assert_eq!(unconfigured.id_token_header()["alg"], "RS256");
        laptop.stop().await;

        // RS256 is accepted if it is configured. ES256 then isn't, unless both are.
        let laptop = stack_accepting("RS256").await;
        accepted(&laptop, Some(Fault::IdTokenRs256)).await;
        let attempt = attempt(&laptop, None).await;
        assert_eq!(attempt.id_token_header()["alg"], "ES256");
        assert_eq!(
            attempt.answer.class().as_deref(),
            Some("id_token_algorithm")
        );
        assert_eq!(
            attempt.answer.text("error").as_deref(),
            Some("invalid_grant")
        );
        assert_eq!(attempt.count(Endpoint::Userinfo), 0);
        laptop.stop().await;

        let laptop = stack_accepting("ES256 RS256").await;
        accepted(&laptop, Some(Fault::IdTokenRs256)).await;
        accepted(&laptop, None).await;
        laptop.stop().await;
    }

    /// The suite's key set: one signature key of each type without `kid` and `alg`, and encryption
    /// keys with both. Then the same with ES256, where the keys have a `kid` and the token has
    /// none.
    #[tokio::test]
    async fn oidcc_client_test_kid_absent_single_jwks() {
        let laptop = stack_accepting("RS256").await;
        let fault = Fault::IdTokenRs256OneUnnamedKey;
        let attempt = accepted(&laptop, Some(fault)).await;
        assert_eq!(
            Value::Object(attempt.id_token_header()),
            json!({ "alg": "RS256", "typ": "JWT" })
        );
        let types = ["RSA", "EC P-256", "EC secp256k1", "OKP Ed25519"];
        assert_eq!(unnamed(&laptop).await, types);
        laptop.stop().await;

        let laptop = login_kit::laptop().await;
        let fault = Fault::IdTokenWithoutKeyIdSingleKey;
        let attempt = accepted(&laptop, Some(fault)).await;
        assert!(!attempt.id_token_header().contains_key("kid"));
        assert_eq!(published(&laptop, "ES256").await, 1);
        laptop.stop().await;
    }

    /// The same key set with several keys of a type. The suite allows a client to reject the token,
    /// or to try all keys.
    #[tokio::test]
    async fn oidcc_client_test_kid_absent_multiple_jwks() {
        let laptop = stack_accepting("RS256").await;
        let fault = Fault::IdTokenRs256SeveralUnnamedKeys;
        let refusal = Refusal::of_id_token("id_token_unknown_key");
        let refused = fails(&laptop, fault, &refusal).await;
        assert!(!refused.id_token_header().contains_key("kid"));
        let types = unnamed(&laptop).await;
        assert_eq!(types.iter().filter(|one| *one == "RSA").count(), 3);
        assert_eq!(types.iter().filter(|one| *one == "EC P-256").count(), 3);
        // A new process, which gets the keys with their `kid`.
        laptop.bridge.scale_to_zero().await;
        accepted(&laptop, Some(Fault::IdTokenRs256)).await;
        laptop.stop().await;

        let laptop = login_kit::laptop().await;
        let fault = Fault::IdTokenWithoutKeyIdSeveralKeys;
        let refusal = Refusal::of_id_token("id_token_unknown_key");
        let refused = fails(&laptop, fault, &refusal).await;
        assert!(!refused.id_token_header().contains_key("kid"));
        assert_eq!(published(&laptop, "ES256").await, 2);
        // With a `kid` in the token, the same two keys are sufficient, and the process doesn't
        // fetch them again.
        let twin = accepted(&laptop, None).await;
        assert_eq!(twin.count(Endpoint::KeySet), 0);
        assert!(twin.id_token_header().contains_key("kid"));

        // A process that fetched the keys while there was only one tries that one. Since the
        // signature doesn't fit, it fetches the keys again, and then there are two.
        laptop.bridge.scale_to_zero().await;
        accepted(&laptop, None).await;
        let refused = fails(&laptop, fault, &refusal).await;
        assert_eq!(refused.count(Endpoint::KeySet), 1);
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_invalid_athash() {
        let laptop = laptop().await;
        for fault in [
            Fault::IdTokenLengthenedAccessTokenHash,
            Fault::IdTokenWrongAccessTokenHash,
        ] {
            let refused = refused(&laptop, fault, "id_token_access_token_hash").await;
            assert!(refused.id_token_claims()["at_hash"].is_string());
        }
        laptop.stop().await;
    }

    /// The suite tests this only for other flows, in which `at_hash` is required. It is optional in
    /// the code flow (OIDC Core §3.1.3.6).
    #[tokio::test]
    async fn oidcc_client_test_missing_athash() {
        let laptop = laptop().await;
        let fault = Fault::IdTokenMissingAccessTokenHash;
        let attempt = accepted(&laptop, Some(fault)).await;
        assert!(!attempt.id_token_claims().contains_key("at_hash"));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_signing_key_rotation() {
        let laptop = laptop().await;
        let before = accepted(&laptop, None).await;
        laptop.service.rotate_keys().unwrap();
        let after = accepted(&laptop, None).await;
        assert_ne!(
            before.id_token_header()["kid"],
            after.id_token_header()["kid"]
        );
        assert_eq!(
            after.count(Endpoint::KeySet),
            1,
            "fetched again for the unknown kid"
        );
        assert_eq!(accepted(&laptop, None).await.count(Endpoint::KeySet), 0);

        // The keys are rotated during a login, and the process has the old ones.
        laptop.bridge.scale_to_zero().await;
        accepted(&laptop, None).await;
        let during = accepted(&laptop, Some(Fault::KeysRotated)).await;
        assert_eq!(during.count(Endpoint::KeySet), 1);

        // A key that the service never published stays unknown. The bridge fetches the keys once
        // for it, and then not again for ten seconds.
        laptop.bridge.scale_to_zero().await;
        accepted(&laptop, None).await;
        let fault = Fault::IdTokenUnknownKey;
        let begun = Instant::now();
        let unknown = refused(&laptop, fault, "id_token_unknown_key").await;
        assert_eq!(unknown.count(Endpoint::KeySet), 1);
        let again = refused(&laptop, fault, "id_token_unknown_key").await;
        // On a busy machine, the ten seconds may be over.
        let may_look = usize::from(begun.elapsed() >= Duration::from_secs(10));
        assert!(again.count(Endpoint::KeySet) <= may_look);
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_signing_key_rotation_just_before_signing() {
        let laptop = laptop().await;
        // The new process fetched the keys just before, in the callback.
        let fault = Fault::KeysRotatedBeforeSigning;
        let cold = accepted(&laptop, Some(fault)).await;
        assert_eq!(cold.count(Endpoint::KeySet), 2);

        laptop.bridge.scale_to_zero().await;
        let before = accepted(&laptop, None).await;
        let warm = accepted(&laptop, Some(fault)).await;
        assert_ne!(
            before.id_token_header()["kid"],
            warm.id_token_header()["kid"]
        );
        assert_eq!(warm.count(Endpoint::KeySet), 1);
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_userinfo_invalid_sub() {
        let laptop = laptop().await;
        let refusal = Refusal {
            userinfo_requests: 1,
            ..Refusal::of_id_token("userinfo_subject_mismatch")
        };
        for fault in [Fault::UserinfoOtherSubject, Fault::UserinfoMissingSubject] {
            fails(&laptop, fault, &refusal).await;
            accepted(&laptop, None).await;
        }
        laptop.stop().await;
    }

    /// The bridge doesn't use attributes that come in another form than plain JSON: neither claims
    /// that a third party signed, nor claims that it would have to fetch from an address in the
    /// answer.
    async fn userinfo_fails(fault: Fault, refusal: Refusal) {
        let laptop = laptop().await;
        let refusal = Refusal {
            userinfo_requests: 1,
            ..refusal
        };
        let attempt = fails(&laptop, fault, &refusal).await;
        assert_eq!(attempt.count(Endpoint::Other), 0, "nobody else is called");
        accepted(&laptop, None).await;
        laptop.stop().await;
    }

    #[tokio::test]
    async fn oidcc_client_test_aggregated_claims() {
        let refusal = Refusal::of_id_token("attribute_missing");
        userinfo_fails(Fault::UserinfoAggregatedClaims, refusal).await;
    }

    #[tokio::test]
    async fn oidcc_client_test_distributed_claims() {
        let refusal = Refusal::of_id_token("attribute_missing");
        userinfo_fails(Fault::UserinfoDistributedClaims, refusal).await;
    }

    #[tokio::test]
    async fn oidcc_client_test_userinfo_signed() {
        let refusal = Refusal {
            error: "server_error",
            status: 502,
            ..Refusal::of_id_token("userinfo_malformed")
        };
        userinfo_fails(Fault::UserinfoJwt, refusal).await;
    }

    #[tokio::test]
    async fn oidcc_client_test_userinfo_bearer_header() {
        let laptop = laptop().await;
        let attempt = accepted(&laptop, None).await;
        let request = attempt.request(Endpoint::Userinfo);
        let bearer = format!("Bearer {}", attempt.issued().access_token);
        assert_eq!(request.method, "GET");
        assert_eq!(request.headers["authorization"], bearer.as_str());
        assert_eq!(request.headers.get_all("authorization").iter().count(), 1);
        assert!(request.query.is_empty() && request.form.is_empty());
        laptop.stop().await;
    }

    /// The suite requests one of its own scopes. Of those, the service has `address`.
    #[tokio::test]
    async fn oidcc_client_test_scope_userinfo_claims() {
        let laptop = laptop_with(|options| {
            options.environment = variables([(variables::ATTRIBUTES, Some("address"))]);
        })
        .await;
        let client = RelyingParty::new(&laptop);
        let request = client.authorization_request();
        let request = request.with("scope", "openid address");
        let attempt = attempt_with(&laptop, &request, None).await;
        let asked = attempt.request(Endpoint::Authorization);
        assert_eq!(asked.query_value("scope"), Some("openid address"));
        let access_token = attempt.answer.text("access_token").unwrap();
        let address = "東京都千代田区永田町１丁目７番１号";
        let userinfo = json!({
            "sub": subject(&laptop),
            "address": { "formatted": address }, "formatted_address": address,
        });
        assert_eq!(client.userinfo(&access_token).await.json(), userinfo);
        laptop.stop().await;

        let laptop = laptop_with(|options| {
            options.environment = variables([(variables::ATTRIBUTES, Some("name birthdate"))]);
        })
        .await;
        let client = RelyingParty::new(&laptop);
        let request = client
            .authorization_request()
            .with("scope", "openid name birthdate");
        // The bridge doesn't pass on attributes that weren't requested, even if the service sends
        // them. And they may be missing.
        for fault in [
            None,
            Some(Fault::UserinfoExtraClaims),
            Some(Fault::UserinfoMissingAddress),
        ] {
            let attempt = attempt_with(&laptop, &request, fault).await;
            assert_eq!(attempt.answer.status, 200, "{fault:?}");
            let asked = attempt.request(Endpoint::Authorization);
            assert_eq!(asked.query_value("scope"), Some("openid name birthdate"));
            assert_eq!(
                attempt.answer.text("scope").as_deref(),
                Some("openid name birthdate")
            );
            let id_token = attempt.answer.text("id_token").unwrap();
            let claims = client.verified(&id_token).await;
            let names: Vec<_> = claims.keys().map(String::as_str).collect();
            let expected = [
                "acr",
                "at_hash",
                "aud",
                "auth_time",
                "birthdate",
                "exp",
                "iat",
                "iss",
                "name",
                "sub",
                "verified_at",
                "verified_record",
            ];
            assert_eq!(
                BTreeSet::from_iter(names),
                BTreeSet::from(expected),
                "{fault:?}"
            );
            let access_token = attempt.answer.text("access_token").unwrap();
            let userinfo = json!({
                "sub": subject(&laptop), "name": "山田　太郎", "birthdate": "1985-03-15",
            });
            assert_eq!(
                client.userinfo(&access_token).await.json(),
                userinfo,
                "{fault:?}"
            );
        }
        // A requested attribute must come.
        let attempt = attempt_with(&laptop, &request, Some(Fault::UserinfoMissingName)).await;
        assert_eq!(attempt.answer.status, 400);
        assert_eq!(attempt.answer.class().as_deref(), Some("attribute_missing"));
        assert_eq!(
            attempt.answer.text("error").as_deref(),
            Some("invalid_grant")
        );
        assert_log_shows_nothing(&laptop);
        laptop.stop().await;
    }

    /// The bridge uses no discovery. Addresses and issuer are configured, and no document can
    /// change them.
    #[tokio::test]
    async fn oidcc_client_test_discovery_issuer_mismatch() {
        let served = laptop().await;
        accepted(&served, None).await;
        let laptop = laptop_with(|options| {
            let issuer = "https://issuer.invalid/api/realms/main";
            options.environment = variables([(variables::SERVICE_ISSUER, Some(issuer))]);
        })
        .await;
        // An issuer that differs from the configured one is refused where it first appears: in the
        // callback's `iss`…
        let client = RelyingParty::new(&laptop);
        let request = client.authorization_request();
        let arrival = client.sign_in(&browser(), &request, PERSONA, None).await;
        let description = parameter(&arrival, "error_description").unwrap();
        assert!(description.starts_with("issuer_mismatch "), "{description}");
        assert_eq!(
            parameter(&arrival, "error").as_deref(),
            Some("server_error")
        );
        assert_eq!(parameter(&arrival, "code"), None);
        assert_eq!(laptop.service.count(Endpoint::Token), 0);
        // …or in the ID token.
        let refusal = Refusal::of_id_token("id_token_issuer");
        fails(&laptop, Fault::CallbackWithoutIssuer, &refusal).await;

        for laptop in [served, laptop] {
            for request in laptop.service.requests() {
                assert_ne!(request.endpoint, Endpoint::Other, "{request:?}");
                assert!(!request.path.contains(".well-known"), "{request:?}");
            }
            laptop.stop().await;
        }
    }
}

mod fapi2 {
    use super::*;

    /// Without PAR and DPoP, which the service doesn't support.
    #[tokio::test]
    async fn fapi2_client_happy_path() {
        let laptop = laptop().await;
        cognito_accepted(&laptop, None).await;
        let requests = laptop.service.requests();
        let nonce = requests.iter().find_map(|one| one.query_value("nonce"));
        // The suite requires a URL-safe nonce of at most 43 characters.
        let nonce = nonce.unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(nonce).unwrap().len(), 32);
        assert!(nonce.len() <= 43);
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_iss() {
        let laptop = laptop().await;
        let fault = Fault::IdTokenLengthenedIssuer;
        let claims = cognito_refused(&laptop, fault, "id_token_issuer").await;
        let issuer = &laptop.service.endpoints().issuer;
        assert_eq!(claims["iss"], format!("{issuer}1"));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_aud() {
        let laptop = laptop().await;
        let fault = Fault::IdTokenLengthenedAudience;
        let claims = cognito_refused(&laptop, fault, "id_token_audience").await;
        assert_eq!(claims["aud"], format!("{SERVICE_CLIENT_ID}1"));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_missing_aud() {
        let laptop = laptop().await;
        let fault = Fault::IdTokenMissingAudience;
        let claims = cognito_refused(&laptop, fault, "id_token_audience").await;
        assert!(!claims.contains_key("aud"));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_missing_iss() {
        let laptop = laptop().await;
        let claims = cognito_refused(&laptop, Fault::IdTokenMissingIssuer, "id_token_issuer").await;
        assert!(!claims.contains_key("iss"));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_missing_exp() {
        let laptop = laptop().await;
        let claims =
            cognito_refused(&laptop, Fault::IdTokenMissingExpiry, "id_token_expired").await;
        assert!(!claims.contains_key("exp"));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_expired_exp() {
        let laptop = laptop().await;
        let claims = cognito_refused(&laptop, Fault::IdTokenExpired, "id_token_expired").await;
        assert!(claims["exp"].as_i64().unwrap() < laptop.clock.now().timestamp() - 60);
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_missing_nonce() {
        let laptop = laptop().await;
        let claims = cognito_refused(&laptop, Fault::IdTokenMissingNonce, "id_token_nonce").await;
        assert!(!claims.contains_key("nonce"));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_nonce() {
        let laptop = laptop().await;
        let fault = Fault::IdTokenLengthenedNonce;
        let claims = cognito_refused(&laptop, fault, "id_token_nonce").await;
        let sent = laptop.service.requests();
        let mut sent = sent.iter().filter_map(|one| one.query_value("nonce"));
        assert!(sent.any(|nonce| claims["nonce"] == format!("{nonce}1")));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_null_alg() {
        let laptop = laptop().await;
        cognito_refused(&laptop, Fault::IdTokenUnsigned, "id_token_algorithm").await;
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_alternate_alg() {
        let laptop = laptop().await;
        for fault in [Fault::IdTokenRs256, Fault::IdTokenPs256] {
            cognito_refused(&laptop, fault, "id_token_algorithm").await;
        }
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_secondary_aud() {
        let laptop = laptop().await;
        // The suite's token has no `azp`.
        for (fault, party) in [
            (
                Fault::IdTokenSecondAudienceWithoutAuthorizedParty,
                Value::Null,
            ),
            (Fault::IdTokenSecondAudience, json!(SERVICE_CLIENT_ID)),
        ] {
            let claims = cognito_refused(&laptop, fault, "id_token_audience").await;
            assert_eq!(claims["aud"], json!([SERVICE_CLIENT_ID, "RP99999999"]));
            assert_eq!(*claims.get("azp").unwrap_or(&Value::Null), party);
        }
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_valid_aud_as_array() {
        let laptop = laptop().await;
        cognito_accepted(&laptop, Some(Fault::IdTokenAudienceArray)).await;
        let id_token = laptop.service.issued_tokens().pop().unwrap().id_token;
        assert_eq!(part(&id_token, 1)["aud"], json!([SERVICE_CLIENT_ID]));
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_token_type_case_insensitivity() {
        let laptop = laptop().await;
        // The suite's token type is the first one.
        for fault in [
            Fault::TokenTypeInvertedCase,
            Fault::TokenTypeLowerCase,
            Fault::TokenTypeUpperCase,
        ] {
            cognito_accepted(&laptop, Some(fault)).await;
        }
        // Another type, or none, is refused.
        let refusal = Refusal {
            class: "token_answer_malformed",
            error: "server_error",
            status: 502,
            userinfo_requests: 0,
        };
        fails(&laptop, Fault::TokenTypeOther, &refusal).await;
        fails(&laptop, Fault::TokenWithoutTokenType, &refusal).await;
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_token_endpoint_response_without_expires_in() {
        let laptop = laptop().await;
        cognito_accepted(&laptop, Some(Fault::TokenWithoutExpiresIn)).await;
        // The bridge's own answer has `expires_in` nevertheless.
        let attempt = accepted(&laptop, Some(Fault::TokenWithoutExpiresIn)).await;
        assert_eq!(attempt.answer.json()["expires_in"], 300);
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_invalid_authorization_response_iss() {
        // The suite's issuer is one character longer.
        for fault in [Fault::CallbackLengthenedIssuer, Fault::CallbackWrongIssuer] {
            let laptop = laptop().await;
            is_told_of_another_issuer(&laptop, fault).await;
            laptop.stop().await;
        }
    }

    /// The bridge refuses the callback, tells the client, and doesn't use the code.
    async fn is_told_of_another_issuer(laptop: &Laptop, fault: Fault) {
        let client = RelyingParty::new(laptop);
        let request = client
            .authorization_request()
            .with("state", "the client's own");
        let browser = browser();
        let arrival = client.sign_in(&browser, &request, PERSONA, Some(fault));
        let arrival = arrival.await;
        let description = parameter(&arrival, "error_description").unwrap();
        assert!(description.starts_with("issuer_mismatch "), "{description}");
        assert_eq!(
            parameter(&arrival, "error").as_deref(),
            Some("server_error")
        );
        assert_eq!(
            parameter(&arrival, "state").as_deref(),
            Some("the client's own")
        );
        assert_eq!(parameter(&arrival, "code"), None);
        assert_eq!(logged_failures(laptop), ["issuer_mismatch"]);
        assert_eq!(laptop.service.count(Endpoint::Token), 0);
        assert_log_shows_nothing(laptop);
        accepted(laptop, None).await;
    }

    /// The suite's server announces `authorization_response_iss_parameter_supported`, so a response
    /// without `iss` has to be refused (RFC 9207 §2.4): `CALLBACK_ISS=required`. The service
    /// doesn't announce it, so by default `iss` is optional.
    #[tokio::test]
    async fn fapi2_client_remove_authorization_response_iss() {
        let laptop = laptop_with(|options| {
            options.environment = variables([(variables::CALLBACK_ISS, Some("required"))]);
        })
        .await;
        is_told_of_another_issuer(&laptop, Fault::CallbackWithoutIssuer).await;
        laptop.stop().await;

        let laptop = login_kit::laptop().await;
        accepted(&laptop, Some(Fault::CallbackWithoutIssuer)).await;
        cognito_accepted(&laptop, Some(Fault::CallbackWithoutIssuer)).await;
        laptop.stop().await;
    }

    /// A login that ends on a page of the bridge. The client isn't told, and the code isn't used.
    async fn ends_on_a_page(fault: Fault, class: &str) {
        let laptop = laptop().await;
        let client = RelyingParty::new(&laptop);
        let request = client.authorization_request();
        let browser = browser();
        let arrival = client
            .sign_in(&browser, &request, PERSONA, Some(fault))
            .await;
        let page = page(arrival);
        assert_eq!(page.status, 400);
        assert_eq!(class_on(&page), class);
        assert_eq!(logged_failures(&laptop), [class]);
        assert_eq!(laptop.service.count(Endpoint::Token), 0);
        Confidential::of(&laptop).assert_not_in("the page", &page.text());
        assert_log_shows_nothing(&laptop);
        // The person can begin again in the same browser at once.
        let arrival = client.sign_in(&browser, &request, PERSONA, None).await;
        let code = parameter(&arrival, "code").unwrap();
        assert_eq!(client.token_request(&code).send().await.status, 200);
        laptop.stop().await;
    }

    #[tokio::test]
    async fn fapi2_client_ensure_authorization_response_with_invalid_state_fails() {
        // The suite's state is one character longer.
        ends_on_a_page(Fault::CallbackLengthenedState, "malformed_callback").await;
        ends_on_a_page(Fault::CallbackOtherState, "no_pending_login").await;
    }

    #[tokio::test]
    async fn fapi2_client_ensure_authorization_response_with_invalid_missing_state_fails() {
        ends_on_a_page(Fault::CallbackWithoutState, "malformed_callback").await;
    }
}
