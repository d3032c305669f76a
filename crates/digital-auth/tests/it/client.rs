//! Tests of the end of a login as a whole: which requests it makes, in which order, what stops it,
//! and how long it may last.
//! A login never half succeeds: after the first failure nothing more is requested.
//! A warm login makes two requests.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use digital_auth::authorization::{OneTimeValues, Secret256};
use digital_auth::client_assertion::ClientAssertionError;
use digital_auth::id_token::{IdTokenError, SigningAlgorithm, Subject};
use digital_auth::key_set::KeySetError;
use digital_auth::token::TokenError;
use digital_auth::userinfo::UserinfoError;
use digital_auth::{
    Client, ClientOptions, CodeExchange, Deadline, GrantedScope, HttpClient, HttpError, LoginError,
    Observer, Step, VerifiedLogin,
};
use four_attributes::{
    AssuranceRule, Attribute, AttributeError, AttributeSet, AuthenticationTime, FourAttributes,
};
use keys::{KeyRing, SigningError, SigningKey, SystemRandomness};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::client_assertion::Unavailable;
use crate::service::{CERTS, TOKEN, USERINFO, good, issuer_of, provider, soon, tokens, userinfo};
use crate::signed::{
    ACR, CLIENT_ID, SUBJECT, claims, es256, id_token, jwk_set, nonce, other_es256, rs256,
};
use kit::{Ending, Received, Reply, Server, answer, json as json_answer};
use kit::{TestClock, start};

/// A deadline that passes only if there is no answer, even on a busy machine.
const ENOUGH: Duration = Duration::from_secs(2);

const REDIRECT_URI: &str = "https://bridge.example/callback";

fn options(server: &Server) -> ClientOptions {
    ClientOptions {
        provider: provider(server),
        client_id: CLIENT_ID.to_owned(),
        redirect_uri: REDIRECT_URI.to_owned(),
        attributes: AttributeSet::all(),
        acr_values: Some("aal3 crl".to_owned()),
        assurance: AssuranceRule::OneOf(vec![ACR.to_owned()]),
        authentication_time: AuthenticationTime::Optional,
        granted_scope: GrantedScope::Required,
        id_token_algorithms: vec![SigningAlgorithm::EcdsaP256Sha256],
    }
}

/// A client, and the clock that its connections use.
fn client_with(options: ClientOptions, key: Arc<dyn SigningKey>) -> (Client, Arc<TestClock>) {
    let clock = TestClock::new();
    let http = HttpClient::new(Arc::clone(&clock) as _).unwrap();
    let keys = Arc::new(KeyRing::new(vec![key]).unwrap());
    let client = Client::new(options, Arc::new(http), keys, Arc::new(SystemRandomness));
    (client, clock)
}

fn local_key() -> Arc<dyn SigningKey> {
    Arc::new(keys::LocalKey::from_jwk(&rs256().private_jwk()).unwrap())
}

fn client(server: &Server) -> Client {
    client_with(options(server), local_key()).0
}

fn login() -> CodeExchange {
    CodeExchange {
        code: SecretString::from("a-code"),
        code_verifier: Secret256::from_bytes([3; 32]),
        nonce: nonce(),
    }
}

async fn finish(client: &Client) -> Result<VerifiedLogin, LoginError> {
    client
        .finish_login(login(), None, start(), soon(), &())
        .await
}

fn targets(server: &Server) -> Vec<String> {
    let requests = server.requests();
    requests.into_iter().map(|request| request.target).collect()
}

/// A service that is good except for one claim of its ID token.
fn with_claim(claim: &'static str, value: Value) -> Server {
    Server::start(move |request| {
        if request.target == TOKEN {
            let mut claims = claims(&issuer_of(request));
            claims[claim] = value.clone();
            Reply::Bytes(json_answer(200, &tokens(&id_token(es256(), &claims))))
        } else {
            good(request)
        }
    })
}

/// A service that is good except for one endpoint.
fn but_for(endpoint: &'static str, reply: Reply) -> Server {
    Server::start(move |request| {
        if request.target == endpoint {
            reply.clone()
        } else {
            good(request)
        }
    })
}

#[tokio::test]
async fn pass_a_login_gives_the_subject_and_the_attributes() {
    let server = Server::start(good);

    let login = finish(&client(&server)).await.unwrap();

    assert_eq!(login.subject().expose(), SUBJECT);
    assert_eq!(login.id_token.acr.as_deref(), Some(ACR));
    let userinfo = userinfo();
    let expected =
        FourAttributes::from_userinfo(userinfo.as_object().unwrap(), AttributeSet::all());
    assert_eq!(login.attributes, expected.unwrap());
    assert!(!format!("{login:?}").contains(SUBJECT));
    assert!(!format!("{login:?}").contains("山田"));
}

#[tokio::test]
async fn pass_a_warm_login_is_two_requests_on_the_connection_that_was_opened_before() {
    let server = Server::start(good);
    let (client, clock) = client_with(options(&server), local_key());
    client.warm(start(), soon(), &()).await;
    assert_eq!(targets(&server), [CERTS]);
    finish(&client).await.unwrap();

    // Minutes later: the keys are still good, the connections are not.
    clock.advance(TimeDelta::minutes(5));
    let (connections, requests) = (server.connections(), server.requests().len());
    client.warm(start(), soon(), &()).await;
    server.await_connections(connections + 1);
    assert_eq!(server.requests().len(), requests, "warming sends nothing");
    finish(&client).await.unwrap();

    assert_eq!(targets(&server)[requests..], [TOKEN, USERINFO]);
    assert_eq!(server.connections(), connections + 1);
}

#[tokio::test]
async fn pass_a_cold_login_fetches_the_keys_once() {
    let server = Server::start(good);
    let client = client(&server);

    finish(&client).await.unwrap();
    finish(&client).await.unwrap();

    assert_eq!(server.requests_to(CERTS).len(), 1);
    assert_eq!(server.requests_to(TOKEN).len(), 2);
    assert_eq!(server.requests_to(USERINFO).len(), 2);
}

#[tokio::test]
async fn pass_connections_that_died_since_they_were_warmed_cost_no_login_and_no_second_token_request()
 {
    for ending in [Ending::Finish, Ending::Reset] {
        for _ in 0..10 {
            let server = Server::start(good);
            let client = client(&server);
            client.warm(start(), soon(), &()).await;
            server.end_connections(ending);

            finish(&client).await.unwrap();

            assert_eq!(server.requests_to(TOKEN).len(), 1);
        }
    }
}

#[tokio::test]
async fn pass_every_login_has_an_assertion_of_its_own() {
    let server = Server::start(good);
    let client = client(&server);
    for _ in 0..3 {
        finish(&client).await.unwrap();
    }
    let mut assertions: Vec<_> = server
        .requests_to(TOKEN)
        .iter()
        .map(|request| request.form().remove(6))
        .collect();
    assert!(
        assertions
            .iter()
            .all(|(name, _)| name == "client_assertion")
    );
    assertions.dedup();
    assert_eq!(assertions.len(), 3);
}

#[tokio::test]
async fn pass_the_code_and_its_verifier_are_those_of_the_login() {
    let server = Server::start(good);
    finish(&client(&server)).await.unwrap();
    let form = server.requests_to(TOKEN)[0].form();
    let value = |name: &str| {
        form.iter()
            .find(|(known, _)| known == name)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(value("code"), "a-code");
    assert_eq!(value("redirect_uri"), REDIRECT_URI);
    assert_eq!(
        value("code_verifier"),
        login().code_verifier.expose_base64url()
    );
}

#[tokio::test]
async fn fail_after_a_refused_id_token_no_attribute_is_asked_for() {
    for (claim, value, expected) in [
        ("iss", json!("https://other.example"), IdTokenError::Issuer),
        ("aud", json!("RP00000002"), IdTokenError::Audience),
        ("azp", json!("RP00000002"), IdTokenError::AuthorizedParty),
        ("exp", json!(1), IdTokenError::Expired),
        ("iat", json!(1), IdTokenError::IssuedAt),
        ("nonce", json!("another"), IdTokenError::Nonce),
        ("acr", json!("aal1"), IdTokenError::Assurance),
        ("at_hash", json!("another"), IdTokenError::AccessTokenHash),
        ("sub", json!(""), IdTokenError::Subject),
    ] {
        let server = with_claim(claim, value);

        let error = finish(&client(&server)).await.unwrap_err();

        assert!(matches!(error, LoginError::IdToken(error) if error == expected));
        assert!(server.requests_to(USERINFO).is_empty(), "{claim}");
        assert_eq!(server.requests_to(TOKEN).len(), 1);
    }
}

#[tokio::test]
async fn pass_a_new_authentication_where_it_is_asked_for_and_fail_an_old_one() {
    for (after, accepted) in [(-5, true), (120, false)] {
        let server = Server::start(good);
        let authenticated_after: DateTime<Utc> = start() + TimeDelta::seconds(after);

        let result = client(&server)
            .finish_login(login(), Some(authenticated_after), start(), soon(), &())
            .await;

        if accepted {
            result.unwrap();
        } else {
            let error = result.unwrap_err();
            assert!(matches!(
                error,
                LoginError::IdToken(IdTokenError::AuthenticationTooOld)
            ));
            assert!(server.requests_to(USERINFO).is_empty());
        }
    }
}

/// A service that signs with a key that it doesn't publish at first. If `rotated`, it publishes the
/// key from its second request on.
fn rotating(rotated: bool) -> Server {
    Server::start(move |request: &Received| match request.target.as_str() {
        TOKEN => {
            let claims = claims(&issuer_of(request));
            Reply::Bytes(json_answer(200, &tokens(&id_token(other_es256(), &claims))))
        }
        CERTS if rotated && request.number > 0 => {
            Reply::Bytes(json_answer(200, &jwk_set(&[es256(), other_es256()])))
        }
        _ => good(request),
    })
}

#[tokio::test]
async fn pass_a_new_key_of_the_service_is_fetched_and_used() {
    let server = rotating(true);
    let client = client(&server);
    client.warm(start(), soon(), &()).await;

    finish(&client).await.unwrap();
    finish(&client).await.unwrap();

    assert_eq!(server.requests_to(CERTS).len(), 2);
}

#[tokio::test]
async fn fail_a_key_that_the_service_does_not_know_either_and_no_flood_of_requests() {
    let server = rotating(false);
    let client = client(&server);
    client.warm(start(), soon(), &()).await;

    for _ in 0..5 {
        let error = finish(&client).await.unwrap_err();
        assert!(matches!(
            error,
            LoginError::IdToken(IdTokenError::UnknownKey)
        ));
    }

    assert_eq!(server.requests_to(CERTS).len(), 2);
    assert!(server.requests_to(USERINFO).is_empty());
}

/// A service that publishes the signer's key with a defect, next to another good key with the same
/// `kid`. If `mended`, the defect is gone from its second request on.
fn with_unusable_key(mended: bool) -> Server {
    Server::start(move |request: &Received| match request.target.as_str() {
        CERTS => {
            let mut set = jwk_set(&[other_es256(), es256()]);
            set["keys"][0]["kid"] = set["keys"][1]["kid"].clone();
            if !mended || request.number == 0 {
                set["keys"][1]["use"] = "SIG".into();
            }
            Reply::Bytes(json_answer(200, &set))
        }
        _ => good(request),
    })
}

#[tokio::test]
async fn pass_a_key_that_was_unusable_and_is_mended_is_fetched_and_used() {
    let server = with_unusable_key(true);
    let client = client(&server);
    client.warm(start(), soon(), &()).await;

    finish(&client).await.unwrap();
    finish(&client).await.unwrap();

    assert_eq!(server.requests_to(CERTS).len(), 2);
}

#[tokio::test]
async fn fail_a_key_that_stays_unusable_is_told_as_that_and_no_flood_of_requests() {
    let server = with_unusable_key(false);
    let client = client(&server);
    client.warm(start(), soon(), &()).await;

    for _ in 0..5 {
        let error = finish(&client).await.unwrap_err();
        assert!(matches!(
            error,
            LoginError::IdToken(IdTokenError::UnusableKey)
        ));
    }

    assert_eq!(server.requests_to(CERTS).len(), 2);
    assert!(server.requests_to(USERINFO).is_empty());
}

#[tokio::test]
async fn fail_without_the_services_keys() {
    for (reply, expected) in [
        (
            Reply::Bytes(answer(500, None, "")),
            KeySetError::Unavailable,
        ),
        (
            Reply::Bytes(answer(200, None, "{}")),
            KeySetError::Malformed,
        ),
    ] {
        let server = but_for(CERTS, reply);

        let error = finish(&client(&server)).await.unwrap_err();

        assert!(matches!(error, LoginError::KeySet(error) if error == expected));
        assert!(server.requests_to(USERINFO).is_empty());
    }
}

#[tokio::test]
async fn fail_a_refused_code() {
    let body = json!({"error": "invalid_grant", "error_description": "Code not valid"});
    let server = but_for(TOKEN, Reply::Bytes(json_answer(400, &body)));

    let error = finish(&client(&server)).await.unwrap_err();

    assert!(matches!(error, LoginError::Token(TokenError::RefusedCode)));
    assert!(server.requests_to(USERINFO).is_empty());
}

#[tokio::test]
async fn fail_an_interrupted_token_request_is_not_sent_again() {
    let server = but_for(TOKEN, Reply::Close);
    let client = client(&server);
    client.warm(start(), soon(), &()).await;

    let error = finish(&client).await.unwrap_err();

    assert!(matches!(
        error,
        LoginError::Token(TokenError::Http(HttpError::Interrupted))
    ));
    assert_eq!(targets(&server), [CERTS, TOKEN]);
}

#[tokio::test]
async fn fail_no_login_without_all_the_attributes_that_were_asked_for() {
    for attribute in [Attribute::Name, Attribute::Address, Attribute::BirthDate] {
        let mut body = userinfo();
        body.as_object_mut().unwrap().remove(attribute.claim());
        let server = but_for(USERINFO, Reply::Bytes(json_answer(200, &body)));

        let error = finish(&client(&server)).await.unwrap_err();

        let expected = UserinfoError::Attribute(AttributeError::Missing(attribute));
        assert!(matches!(error, LoginError::Userinfo(error) if error == expected));
    }
}

#[tokio::test]
async fn fail_attributes_of_somebody_else() {
    let mut body = userinfo();
    body["sub"] = json!("somebody-else");
    let server = but_for(USERINFO, Reply::Bytes(json_answer(200, &body)));

    let error = finish(&client(&server)).await.unwrap_err();

    assert!(matches!(
        error,
        LoginError::Userinfo(UserinfoError::OtherSubject)
    ));
}

#[tokio::test]
async fn pass_one_interrupted_userinfo_request_is_repeated() {
    let server = Server::start(|request| {
        // In a cold login the first three requests are token, keys and userinfo.
        if request.target == USERINFO && request.number == 2 {
            Reply::Close
        } else {
            good(request)
        }
    });

    finish(&client(&server)).await.unwrap();

    assert_eq!(server.requests_to(TOKEN).len(), 1);
    assert_eq!(server.requests_to(USERINFO).len(), 2);
}

#[tokio::test]
async fn fail_the_deadline_bounds_the_whole_wherever_the_service_hangs() {
    for endpoint in [TOKEN, CERTS, USERINFO] {
        let server = but_for(endpoint, Reply::Silence);
        let client = client(&server);
        let since = Instant::now();
        let deadline = Deadline::after(ENOUGH);

        let error = client
            .finish_login(login(), None, start(), deadline, &())
            .await
            .unwrap_err();

        assert!(since.elapsed() < 5 * ENOUGH);
        if endpoint == CERTS {
            assert!(matches!(
                error,
                LoginError::KeySet(KeySetError::Unavailable)
            ));
        } else if endpoint == TOKEN {
            assert!(matches!(
                error,
                LoginError::Token(TokenError::Http(HttpError::TimedOut))
            ));
        } else {
            assert!(matches!(
                error,
                LoginError::Userinfo(UserinfoError::Http(HttpError::TimedOut))
            ));
        }
        assert_eq!(server.requests_to(endpoint).len(), 1);
    }
}

#[tokio::test]
async fn fail_several_slow_answers_share_the_deadline() {
    let server = Server::start(|request| match good(request) {
        Reply::Bytes(bytes) => Reply::Slowly(ENOUGH, bytes),
        other => other,
    });
    let client = client(&server);
    client.warm(start(), soon(), &()).await;
    let deadline = Deadline::after(ENOUGH * 17 / 10);

    let error = client
        .finish_login(login(), None, start(), deadline, &())
        .await
        .unwrap_err();

    assert!(matches!(
        error,
        LoginError::Userinfo(UserinfoError::Http(HttpError::TimedOut))
    ));
}

#[tokio::test]
async fn fail_a_key_that_does_not_sign_and_no_token_request_is_sent() {
    let server = Server::start(good);
    let (client, _) = client_with(options(&server), Arc::new(Unavailable));

    let error = finish(&client).await.unwrap_err();

    assert!(matches!(
        error,
        LoginError::Token(TokenError::ClientAssertion(ClientAssertionError::Signing(
            SigningError::Unavailable
        )))
    ));
    assert!(server.requests_to(TOKEN).is_empty());
}

#[tokio::test]
async fn pass_warming_a_service_that_is_away_says_nothing_and_ends_in_time() {
    let server = but_for(CERTS, Reply::Silence);
    let client = client(&server);
    let since = Instant::now();
    let deadline = Deadline::after(Duration::from_millis(100));

    client.warm(start(), deadline, &()).await;

    assert!(since.elapsed() < ENOUGH);
}

#[tokio::test]
async fn pass_the_authorization_url_is_that_of_the_configuration() {
    let server = Server::start(good);
    let client = client(&server);
    let one_time = OneTimeValues::new(&SystemRandomness).unwrap();

    let url = client.authorization_url(&one_time);

    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert!(
        url.as_str()
            .starts_with(&server.url("/realms/main/protocol/openid-connect/auth?"))
    );
    for (name, value) in [
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid name address birthdate gender"),
        ("acr_values", "aal3 crl"),
    ] {
        assert!(
            query.contains(&(name.to_owned(), value.to_owned())),
            "{name}"
        );
    }
    assert_eq!(client.options().client_id, CLIENT_ID);
    assert_eq!(server.connections(), 0);
}

/// Records each step and its time.
#[derive(Debug, Default)]
struct Notes(Mutex<Vec<(Step, Duration)>>);

impl Notes {
    fn steps(&self) -> Vec<Step> {
        let notes = self.0.lock().unwrap();
        notes.iter().map(|(step, _)| *step).collect()
    }
}

impl Observer for Notes {
    fn took(&self, step: Step, time: Duration) {
        self.0.lock().unwrap().push((step, time));
    }
}

#[tokio::test]
async fn pass_an_observer_is_told_of_every_step_and_of_the_keys_only_when_they_are_fetched() {
    let server = Server::start(good);
    let client = client(&server);
    let notes = Notes::default();
    client.warm(start(), soon(), &notes).await;
    assert_eq!(notes.steps(), [Step::KeySet]);
    let notes = Notes::default();
    client.warm(start(), soon(), &notes).await;
    client
        .finish_login(login(), None, start(), soon(), &notes)
        .await
        .unwrap();
    let expected = [Step::ClientAssertion, Step::Token, Step::Userinfo];
    assert_eq!(notes.steps(), expected);
}

/// The subject is reported once the signature is verified, and only then, so that a login that
/// fails later can be attributed to a person.
#[tokio::test]
async fn pass_an_observer_is_told_whose_login_it_is_whether_or_not_it_succeeds() {
    #[derive(Debug, Default)]
    struct People(Mutex<Vec<String>>);
    impl Observer for People {
        fn took(&self, _step: Step, _time: Duration) {}
        fn identified(&self, subject: &Subject) {
            self.0.lock().unwrap().push(subject.expose().to_owned());
        }
    }
    let other_key = || {
        Server::start(|request| {
            let forged = || id_token(other_es256(), &claims(&issuer_of(request)));
            match request.target.as_str() {
                TOKEN => Reply::Bytes(json_answer(200, &tokens(&forged()))),
                _ => good(request),
            }
        })
    };
    for (server, is_known) in [
        (Server::start(good), true),
        (with_claim("acr", json!("aal1")), true),
        (with_claim("nonce", json!("another")), true),
        (with_claim("exp", json!(1)), true),
        (
            but_for(USERINFO, Reply::Bytes(json_answer(200, &json!({})))),
            true,
        ),
        (with_claim("iss", json!("https://evil.example")), false),
        (with_claim("aud", json!("another")), false),
        (with_claim("sub", json!(null)), false),
        (other_key(), false),
    ] {
        let (client, people) = (client(&server), People::default());
        let _either = client
            .finish_login(login(), None, start(), soon(), &people)
            .await;
        let expected = if is_known {
            vec![SUBJECT.to_owned()]
        } else {
            vec![]
        };
        assert_eq!(people.0.into_inner().unwrap(), expected);
    }
}

/// Records which failures were ruled out.
#[derive(Debug, Default)]
struct Checks(Mutex<Vec<String>>);

impl Observer for Checks {
    fn took(&self, _step: Step, _time: Duration) {}
    fn held(&self, ruled_out: &LoginError) {
        self.0.lock().unwrap().push(format!("{ruled_out:?}"));
    }
}

/// Every check of a login, in the order in which they are made.
const CHECKS: &[&str] = &[
    "Token(Malformed)",
    "Token(NoIdToken)",
    "IdToken(Malformed)",
    "IdToken(Issuer)",
    "IdToken(Audience)",
    "IdToken(AuthorizedParty)",
    "IdToken(Algorithm)",
    "IdToken(UnknownKey)",
    "IdToken(UnusableKey)",
    "IdToken(Signature)",
    "IdToken(Expired)",
    "IdToken(IssuedAt)",
    "IdToken(NotYetValid)",
    "IdToken(Nonce)",
    "IdToken(Assurance)",
    "IdToken(AuthenticationTime)",
    "IdToken(AuthenticationTimeMissing)",
    "IdToken(AuthenticationTooOld)",
    "IdToken(AccessTokenHash)",
    "IdToken(Subject)",
    "Token(ScopeNotConfirmed)",
    "Token(ScopeNotGranted)",
    "Userinfo(Malformed)",
    "Userinfo(OtherSubject)",
    "Userinfo(Attribute(Missing(Name)))",
    "Userinfo(Attribute(Malformed { attribute: Name, reason: WrongType }))",
];

#[tokio::test]
async fn pass_an_observer_is_told_of_every_check_once_also_where_the_keys_are_fetched_again() {
    for (server, is_rotated) in [(Server::start(good), false), (rotating(true), true)] {
        let (client, checks) = (client(&server), Checks::default());
        client.warm(start(), soon(), &()).await;
        let login = client.finish_login(login(), None, start(), soon(), &checks);
        login.await.unwrap();
        let fetched = targets(&server).iter().filter(|t| *t == CERTS).count();
        assert_eq!(fetched, if is_rotated { 2 } else { 1 });
        assert_eq!(checks.0.into_inner().unwrap(), CHECKS);
    }
}

#[tokio::test]
async fn fail_an_observer_is_told_of_the_checks_before_the_one_that_failed() {
    let refused = but_for(USERINFO, Reply::Bytes(answer(401, None, "")));
    for (server, failure) in [
        (
            but_for(TOKEN, Reply::Bytes(json_answer(200, &json!({})))),
            "Token(Malformed)",
        ),
        (with_claim("aud", json!("another")), "IdToken(Audience)"),
        (rotating(false), "IdToken(UnknownKey)"),
        (with_claim("nonce", json!("another")), "IdToken(Nonce)"),
        (with_claim("sub", json!("")), "IdToken(Subject)"),
        (refused, "Userinfo(Malformed)"),
    ] {
        let (client, checks) = (client(&server), Checks::default());
        let login = client.finish_login(login(), None, start(), soon(), &checks);
        assert!(login.await.is_err(), "{failure}");
        let before = CHECKS.iter().take_while(|check| **check != failure);
        let before: Vec<_> = before.copied().collect();
        assert_eq!(checks.0.into_inner().unwrap(), before);
    }
}

#[tokio::test]
async fn fail_an_observer_is_told_of_what_was_waited_for_in_vain() {
    for (endpoint, step) in [
        (TOKEN, Step::Token),
        (CERTS, Step::KeySet),
        (USERINFO, Step::Userinfo),
    ] {
        let server = but_for(endpoint, Reply::Silence);
        let notes = Notes::default();
        let client = client(&server);
        let deadline = Deadline::after(ENOUGH);
        let failed = client
            .finish_login(login(), None, start(), deadline, &notes)
            .await;
        assert!(failed.is_err());
        let notes = notes.0.lock().unwrap();
        let (_, time) = notes.iter().find(|(known, _)| *known == step).unwrap();
        // The requests before it took a part of the limit.
        assert!(
            *time > ENOUGH / 10 && *time < 5 * ENOUGH,
            "{step:?}: {time:?}"
        );
    }
}
