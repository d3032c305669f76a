//! npm's `openid-client` and `oauth4webapi` in Amazon Cognito's place: whole logins through the
//! built function, found by discovery, with a nonce and PKCE; and the bridge's refusals, as these
//! libraries report them. `jose` verifies the ID token again.
//! The service is its stand-in, and the browser has no screen.

use demo::laptop::{COGNITO_CLIENT_ID, SERVICE_CLIENT_ID};
use federation::variables;
use login_kit::{Arrival, Laptop, RelyingParty, browser, laptop, logged_failures};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use service_simulator::fault::Fault;
use service_simulator::persona::personas;
use url::Url;

use super::Script;

/// A laptop, and the script of a library that is its client.
struct Client {
    laptop: Laptop,
    script: Script,
}

impl Client {
    /// A client that has read the bridge's metadata.
    async fn new(library: &'static str) -> Self {
        let mut client = Self::unprepared(library).await;
        client.script.answer("discover", json!({})).await;
        client
    }

    async fn unprepared(library: &'static str) -> Self {
        let laptop = laptop().await;
        let client = RelyingParty::new(&laptop);
        let secret = laptop.configuration.client_secret();
        let variables = [
            (variables::ISSUER, client.issuer()),
            (variables::CLIENT_ID, COGNITO_CLIENT_ID.to_owned()),
            ("CLIENT_SECRET", secret.expose_secret().to_owned()),
            ("REDIRECT_URI", client.redirect_uri()),
        ];
        let script = Script::start(library, variables);
        Self { laptop, script }
    }

    /// Signs the first test person in, and gives the URL at which the browser comes back to the
    /// client.
    async fn signed_in(&mut self, request: Value, fault: Option<Fault>) -> String {
        let start = self.script.answer("begin", request).await;
        let start = Url::parse(start.as_str().expect("a URL")).expect("a URL");
        let redirect_uri = self.laptop.cognito.idpresponse_url();
        let back = |url: &Url| url.as_str().starts_with(&redirect_uri);
        let browser = browser();
        let journey = browser.follow(&start, "application/json", back).await;
        let page = journey.expect("redirects that a browser follows").end;
        let end = self
            .laptop
            .choose(&browser, page, "adult", fault, back)
            .await;
        match end.expect("redirects that a browser follows") {
            Arrival::At(url) => url.into(),
            Arrival::Page(page) => panic!("on a page of status {} at {}", page.status, page.url),
        }
    }

    async fn finish(&mut self, question: Value) -> Result<Value, Value> {
        self.script.ask("finish", question).await
    }
}

/// How both libraries report an OAuth error of the token endpoint (RFC 6749 §5.2).
fn token_error(status: u16, error: &str, class: &str) -> Value {
    json!({
        "name": "ResponseBodyError", "code": "OAUTH_RESPONSE_BODY_ERROR",
        "status": status, "error": error, "class": class,
    })
}

async fn finds_a_provider_that_answers_without_iss(library: &'static str) {
    let mut client = Client::unprepared(library).await;
    let metadata = client.script.answer("discover", json!({})).await;
    let issuer = RelyingParty::new(&client.laptop).issuer();
    assert_eq!(metadata["issuer"], issuer);
    assert_eq!(metadata["jwks_uri"], format!("{issuer}/jwks.json"));
    // So a client doesn't expect `iss` in the response (RFC 9207 §3). Amazon Cognito doesn't know
    // `iss` there.
    assert_eq!(
        metadata["authorization_response_iss_parameter_supported"],
        Value::Null
    );
    client.laptop.stop().await;
}

async fn signs_in_with_nonce_and_pkce(library: &'static str) {
    let mut client = Client::new(library).await;
    let callback = client.signed_in(json!({}), None).await;
    let login = client.finish(json!({ "callback": callback })).await;
    let login = login.unwrap_or_else(|refused| panic!("{library}: {refused}"));

    assert_eq!(
        login["token_response"],
        json!({
            // Token types are compared without case (RFC 6749 §5.1). Both libraries give it in
            // lower case.
            "token_type": "bearer",
            "expires_in": 300,
            "scope": "openid name address birthdate gender",
        })
    );
    let adult = &personas(client.laptop.clock.now())[0];
    let text = |claim| Value::from(adult.claims[claim].as_str());
    let userinfo = json!({
        "sub": adult.subject(SERVICE_CLIENT_ID),
        "name": text("name"),
        "address": { "formatted": text("address") },
        "formatted_address": text("address"),
        "birthdate": text("birthdate"),
        "gender": text("gender"),
    });
    assert_eq!(login["userinfo"]["get"], userinfo);
    assert_eq!(login["userinfo"]["post"], userinfo);

    let mut expected = userinfo;
    expected["iss"] = RelyingParty::new(&client.laptop).issuer().into();
    expected["aud"] = COGNITO_CLIENT_ID.into();
    expected["nonce"] = login["nonce"].clone();
    expected["acr"] = "aal3".into();
    let more = [
        "iat",
        "exp",
        "auth_time",
        "at_hash",
        "verified_at",
        "verified_record",
    ];
    for claim in more {
        expected[claim] = login["claims"][claim].clone();
        assert_ne!(expected[claim], Value::Null, "{claim}");
    }
    assert_eq!(login["claims"], expected);

    assert_eq!(login["jose"]["claims"], expected);
    assert_eq!(login["jose"]["access_token_hash"], expected["at_hash"]);
    let keys = RelyingParty::new(&client.laptop)
        .document("/jwks.json")
        .await
        .json();
    let kid = &keys["keys"][0]["kid"];
    assert_eq!(
        login["jose"]["header"],
        json!({ "alg": "RS256", "kid": kid, "typ": "JWT" })
    );
    assert_eq!(logged_failures(&client.laptop), [""; 0]);
    client.laptop.stop().await;
}

async fn may_bound_the_age_of_the_authentication(library: &'static str) {
    let mut client = Client::new(library).await;
    let callback = client.signed_in(json!({ "max_age": 60 }), None).await;
    let login = client.finish(json!({ "callback": callback })).await;
    let login = login.unwrap_or_else(|refused| panic!("{library}: {refused}"));
    let age =
        client.laptop.clock.now().timestamp() - login["claims"]["auth_time"].as_i64().unwrap();
    assert!((0..=60).contains(&age), "{age}");
    client.laptop.stop().await;
}

async fn refuses_another_nonce(library: &'static str) {
    let mut client = Client::new(library).await;
    let callback = client.signed_in(json!({}), None).await;
    let question = json!({ "callback": callback, "nonce": "the-nonce-of-another-login" });
    let refused = client.finish(question).await.unwrap_err();
    assert_eq!(
        (&refused["code"], &refused["claim"]),
        (&json!("OAUTH_JWT_CLAIM_COMPARISON_FAILED"), &json!("nonce"))
    );
    client.laptop.stop().await;
}

async fn is_refused_with_another_verifier(library: &'static str) {
    let mut client = Client::new(library).await;
    let callback = client.signed_in(json!({}), None).await;
    let question = json!({ "callback": callback, "code_verifier": "v".repeat(43) });
    assert_eq!(
        client.finish(question).await,
        Err(token_error(400, "invalid_grant", "code_verifier_mismatch"))
    );
    client.laptop.stop().await;
}

async fn is_refused_a_code_that_was_used(library: &'static str) {
    let mut client = Client::new(library).await;
    let callback = client.signed_in(json!({}), None).await;
    let question = json!({ "callback": callback });
    client.finish(question.clone()).await.unwrap();
    assert_eq!(
        client.finish(question).await,
        Err(token_error(400, "invalid_grant", "service_refused_code"))
    );
    client.laptop.stop().await;
}

async fn is_refused_with_another_secret(library: &'static str) {
    let mut client = Client::unprepared(library).await;
    let secret = json!({ "client_secret": "another" });
    client.script.answer("discover", secret).await;
    let callback = client.signed_in(json!({}), None).await;
    let question = json!({ "callback": callback });
    assert_eq!(
        client.finish(question.clone()).await,
        Err(token_error(
            401,
            "invalid_client",
            "client_authentication_failed"
        ))
    );
    // The code is still good for the right client.
    client.script.answer("discover", json!({})).await;
    client.finish(question).await.unwrap();
    client.laptop.stop().await;
}

async fn is_told_that_the_person_cancelled(library: &'static str) {
    let mut client = Client::new(library).await;
    let callback = client.signed_in(json!({}), Some(Fault::Cancel)).await;
    let refused = client.finish(json!({ "callback": callback })).await;
    assert_eq!(
        refused,
        Err(json!({
            "name": "AuthorizationResponseError", "code": "OAUTH_AUTHORIZATION_RESPONSE_ERROR",
            "error": "access_denied", "class": "cancelled",
        }))
    );
    client.laptop.stop().await;
}

async fn understands_the_challenge_of_userinfo(library: &'static str) {
    let mut client = Client::new(library).await;
    let question = json!({ "access_token": "of-somebody-else" });
    assert_eq!(
        client.script.ask("userinfo", question).await,
        Err(json!({
            "name": "WWWAuthenticateChallengeError", "code": "OAUTH_WWW_AUTHENTICATE_CHALLENGE",
            "status": 401,
            "challenges": [{
                "scheme": "bearer",
                "parameters": { "error": "invalid_token", "class": "access_token_invalid" },
            }],
        }))
    );
    client.laptop.stop().await;
}

/// Makes each test once for each library.
macro_rules! for_each_library {
    ($($test:ident)+) => {
        mod openid_client {
            $(#[tokio::test] async fn $test() { super::$test("openid-client").await; })+
        }
        mod oauth4webapi {
            $(#[tokio::test] async fn $test() { super::$test("oauth4webapi").await; })+
        }
    };
}

for_each_library! {
    finds_a_provider_that_answers_without_iss
    signs_in_with_nonce_and_pkce
    may_bound_the_age_of_the_authentication
    refuses_another_nonce
    is_refused_with_another_verifier
    is_refused_a_code_that_was_used
    is_refused_with_another_secret
    is_told_that_the_person_cancelled
    understands_the_challenge_of_userinfo
}
