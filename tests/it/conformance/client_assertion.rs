//! How the bridge authenticates to the service: private_key_jwt (RFC 7523, OIDC Core §9).
//! The stand-in of the service records every token request, so the tests inspect each assertion as
//! it was sent.
//! The stand-in's own tests show what it refuses. These tests show that it verified the assertion,
//! and that it refuses one of an unregistered key.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that can't go on stops"
)]

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use demo::laptop::{Laptop, SERVICE_CLIENT_ID};
use federation::variables;
use keys::{Algorithm, LocalKey, SigningKey as _};
use login_kit::{
    RelyingParty, browser, laptop, laptop_with, logged, logged_failures, parameter, variables,
};
use loopback::journal::Party;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use service_simulator::{Endpoint, RecordedRequest, RegisteredClient};

use super::relying_party::{Attempt, accepted, attempt, part};

/// The value of `client_assertion_type` (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The header and the claims of the assertion in a token request.
fn assertion(request: &RecordedRequest) -> (Map<String, Value>, Map<String, Value>) {
    let assertion = request.form_value("client_assertion").unwrap();
    (part(assertion, 0), part(assertion, 1))
}

fn claims(attempt: &Attempt) -> Map<String, Value> {
    assertion(attempt.request(Endpoint::Token)).1
}

/// Every token request so far.
fn token_requests(laptop: &Laptop) -> Vec<RecordedRequest> {
    let mut requests = laptop.service.requests();
    requests.retain(|request| request.endpoint == Endpoint::Token);
    requests
}

/// The bridge's registration at the service, with other keys.
fn registered(laptop: &Laptop, jwks: Value) -> RegisteredClient {
    RegisteredClient {
        client_id: SERVICE_CLIENT_ID.to_owned(),
        redirect_uris: vec![format!("{}/callback", RelyingParty::new(laptop).issuer())],
        jwks,
    }
}

/// The key set that the bridge publishes for the Digital Agency's form.
async fn client_jwks(laptop: &Laptop) -> Value {
    RelyingParty::new(laptop)
        .document("/client-jwks.json")
        .await
        .json()
}

fn assert_service_refuses_the_client(attempt: &Attempt) {
    let answer = &attempt.answer;
    assert_eq!(answer.class().as_deref(), Some("service_refused_client"));
    assert_eq!(answer.text("error").as_deref(), Some("server_error"));
    assert_eq!(answer.status, 502);
    assert_eq!(attempt.count(Endpoint::Token), 1);
    assert_eq!(attempt.count(Endpoint::Userinfo), 0);
}

#[tokio::test]
async fn client_assertion_is_in_the_body_and_the_only_credential() {
    let laptop = laptop().await;
    let attempt = accepted(&laptop, None).await;
    let request = attempt.request(Endpoint::Token);
    assert_eq!(request.method, "POST");
    assert!(request.query.is_empty());
    assert_eq!(
        request.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert!(!request.headers.contains_key("authorization"));
    let names: Vec<_> = request.form.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "code",
        "code_verifier",
        "grant_type",
        "redirect_uri",
    ];
    assert_eq!(names.len(), expected.len(), "none comes twice");
    assert_eq!(BTreeSet::from_iter(names), BTreeSet::from(expected));
    assert_eq!(
        request.form_value("client_assertion_type"),
        Some(JWT_BEARER)
    );
    assert_eq!(request.form_value("client_id"), Some(SERVICE_CLIENT_ID));
    laptop.stop().await;
}

#[tokio::test]
async fn client_assertion_issuer_and_subject_are_the_client_id() {
    let laptop = laptop_with(|options| {
        options.environment = variables([(variables::SERVICE_CLIENT_ID, Some("RP00000002"))]);
        options.service = |service| service.client.client_id = "RP00000002".to_owned();
    })
    .await;
    let attempt = attempt(&laptop, None).await;
    assert_eq!(attempt.answer.status, 200);
    let claims = claims(&attempt);
    assert_eq!(claims["iss"], "RP00000002");
    assert_eq!(claims["sub"], "RP00000002");
    // The assertion has these claims and no others.
    let names: BTreeSet<_> = claims.keys().map(String::as_str).collect();
    let expected = ["aud", "exp", "iat", "iss", "jti", "sub"];
    assert_eq!(names, BTreeSet::from(expected));
    laptop.stop().await;
}

#[tokio::test]
async fn client_assertion_audience_is_the_token_url_as_one_string() {
    let laptop = laptop().await;
    let token_url = laptop.service.endpoints().token_endpoint.clone();
    let claims = claims(&accepted(&laptop, None).await);
    // A string: an array with one string would not be equal.
    assert_eq!(claims["aud"], Value::String(token_url));
    laptop.stop().await;
}

#[tokio::test]
async fn client_assertion_jti_is_new_every_time_also_for_a_retry() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let mut answers = Vec::new();
    for _ in 0..2 {
        let arrival = client.sign_in(&browser(), &request, "adult", None).await;
        let token_request = client.token_request(&parameter(&arrival, "code").unwrap());
        answers.push(token_request.send().await);
        // The client repeats the request with the same code.
        answers.push(token_request.send().await);
    }
    let classes: Vec<_> = answers.iter().map(|answer| answer.class()).collect();
    let again = Some("service_refused_code".to_owned());
    assert_eq!(classes, [None, again.clone(), None, again]);

    let requests = token_requests(&laptop);
    assert_eq!(requests.len(), 4);
    let mut seen = BTreeSet::new();
    for request in &requests {
        let (_, claims) = assertion(request);
        let jti = claims["jti"].as_str().unwrap().to_owned();
        assert_eq!(URL_SAFE_NO_PAD.decode(&jti).unwrap().len(), 32);
        assert!(seen.insert(jti), "a jti came twice");
    }

    // An attacker who reads an assertion can't use it, because the service accepts each assertion
    // once.
    let replayed = reqwest::Client::new()
        .post(&laptop.service.endpoints().token_endpoint)
        .form(&requests[2].form)
        .send()
        .await
        .unwrap();
    assert_eq!(replayed.status(), 400);
    let refusal: Value = serde_json::from_str(&replayed.text().await.unwrap()).unwrap();
    assert_eq!(refusal["error"], "invalid_client");
    assert_eq!(refusal["error_description"], "Token reuse detected");
    laptop.stop().await;
}

#[tokio::test]
async fn client_assertion_expires_within_sixty_seconds_and_says_when_it_was_issued() {
    let laptop = laptop().await;
    let before = laptop.clock.now().timestamp();
    let claims = claims(&accepted(&laptop, None).await);
    let after = laptop.clock.now().timestamp();
    let seconds = |name: &str| claims[name].as_i64().unwrap();
    assert!((before - 60..before).contains(&seconds("iat")));
    assert!((before + 1..after + 60).contains(&seconds("exp")));
    let lifetime = seconds("exp") - seconds("iat");
    assert!((1..60).contains(&lifetime), "{lifetime}");

    // The service's clock decides. A minute later the assertion has expired, and a minute earlier
    // it isn't valid yet.
    for shift in [61, -61].map(TimeDelta::seconds) {
        laptop.clock.advance(shift);
        assert_service_refuses_the_client(&attempt(&laptop, None).await);
        laptop.clock.advance(-shift);
        accepted(&laptop, None).await;
    }
    // The service's answer doesn't tell a wrong clock from a wrong key. So the log says how far the
    // clock is off.
    let clocks = logged(&laptop, "service_clock");
    let ahead = clocks.iter().map(|event| event["seconds_ahead"].as_i64());
    let ahead: Vec<_> = ahead.map(Option::unwrap).collect();
    let off = |expected: i64, found: i64| (found - expected).abs() <= 5;
    assert!(
        ahead.len() == 2 && off(-61, ahead[0]) && off(61, ahead[1]),
        "{ahead:?}"
    );
    laptop.stop().await;
}

/// Two clocks never agree to the second. An assertion that is valid for exactly 60 s would fail if
/// they differ by one second.
#[tokio::test]
async fn client_assertion_is_accepted_with_a_clock_40_s_behind_to_10_s_ahead() {
    let laptop = laptop().await;
    for ahead in [-40, -20, -1, 1, 5, 10] {
        let shift = TimeDelta::seconds(-ahead);
        laptop.clock.advance(shift);
        accepted(&laptop, None).await;
        laptop.clock.advance(-shift);
    }
    laptop.stop().await;
}

/// The assertion names a published key, has the key's algorithm, and is signed with it.
async fn signed_by_the_registered_key(algorithm: Algorithm) {
    let laptop = laptop_with(|options| options.assertion_algorithm = algorithm).await;
    let attempt = accepted(&laptop, None).await;
    let request = attempt.request(Endpoint::Token);
    let (header, _) = assertion(request);
    assert_eq!(header["alg"], algorithm.as_str());
    assert_eq!(header["typ"], "JWT");
    assert_eq!(header.len(), 3, "alg, kid, typ");

    let published = client_jwks(&laptop).await;
    assert_eq!(published, laptop.configuration.client_jwks().unwrap());
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(published).unwrap();
    let key = keys.find(header["kid"].as_str().unwrap()).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
    let expected = algorithm.as_str().parse().unwrap();
    let mut validation = jsonwebtoken::Validation::new(expected);
    validation.set_audience(&[&laptop.service.endpoints().token_endpoint]);
    validation.set_issuer(&[SERVICE_CLIENT_ID]);
    let text = request.form_value("client_assertion").unwrap();
    jsonwebtoken::decode::<Value>(text, &key, &validation).unwrap();
    laptop.stop().await;
}

#[tokio::test]
async fn client_assertion_is_signed_by_the_registered_key_with_es256() {
    signed_by_the_registered_key(Algorithm::Es256).await;
}

#[tokio::test]
async fn client_assertion_is_signed_by_the_registered_key_with_rs256() {
    signed_by_the_registered_key(Algorithm::Rs256).await;
}

#[tokio::test]
async fn client_assertion_of_a_key_that_is_not_registered_is_refused() {
    let laptop = laptop().await;
    let own = laptop.configuration.client_jwks().unwrap();
    let key = LocalKey::generate(Algorithm::Es256).unwrap();
    let foreign = serde_json::json!({ "keys": [key.public_jwk()] });
    laptop
        .service
        .register_client(registered(&laptop, foreign))
        .unwrap();
    assert_service_refuses_the_client(&attempt(&laptop, None).await);
    assert_eq!(logged_failures(&laptop), ["service_refused_client"]);

    laptop
        .service
        .register_client(registered(&laptop, own))
        .unwrap();
    accepted(&laptop, None).await;
    laptop.stop().await;
}

#[tokio::test]
async fn client_assertion_keys_overlap_while_they_rotate() {
    let old = LocalKey::generate(Algorithm::Rs256).unwrap();
    let new = LocalKey::generate(Algorithm::Es256).unwrap();
    // The first key signs. Both are registered.
    for (signing, waiting) in [(&old, &new), (&new, &old)] {
        let both = format!(
            "{} {}",
            signing.private_jwk().expose_secret(),
            waiting.private_jwk().expose_secret()
        );
        let laptop = laptop_with(|options| {
            options.environment = variables([(variables::ASSERTION_KEYS, Some(&both))]);
        })
        .await;
        let form = client_jwks(&laptop).await;
        assert_eq!(form["keys"].as_array().unwrap().len(), 2);
        laptop
            .service
            .register_client(registered(&laptop, form))
            .unwrap();
        let attempt = accepted(&laptop, None).await;
        let (header, _) = assertion(attempt.request(Endpoint::Token));
        assert_eq!(header["kid"], signing.key_id().as_str());
        assert_eq!(header["alg"], signing.algorithm().as_str());
        laptop.stop().await;
    }
}

#[tokio::test]
async fn client_assertion_is_checked_by_the_stand_in_on_every_token_request() {
    let laptop = laptop().await;
    for _ in 0..2 {
        laptop.journal.clear();
        accepted(&laptop, None).await;
        let path = laptop.service.endpoints().token_endpoint.clone();
        let steps = laptop.journal.steps();
        let step = steps
            .iter()
            .find(|step| {
                let asked = step.request.strip_prefix("POST ");
                step.to == Party::Service && asked.is_some_and(|asked| path.ends_with(asked))
            })
            .unwrap();
        let passed: BTreeSet<_> = step
            .checks
            .iter()
            .filter(|check| check.passed)
            .map(|check| check.what.as_str())
            .collect();
        for what in [
            "client_assertion_type is jwt-bearer",
            "kid is a registered key's",
            "alg is that of the key",
            "the signature is the key's",
            "sub is client_id",
            "iss is client_id",
            "aud is the token endpoint, as one string",
            "exp hasn't passed",
            "exp is at most 60 s ahead",
            "iat is there",
            "iat isn't in the future",
            "jti is there",
            "jti was never used",
        ] {
            assert!(passed.contains(what), "{what}");
        }
    }
    laptop.stop().await;
}
