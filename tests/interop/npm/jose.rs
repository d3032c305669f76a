//! npm's `jose` reads what the bridge publishes and signs: both key sets, and the client assertion
//! that the service got. jose computes the thumbprint of every key (RFC 7638) independently of the
//! bridge.

use demo::laptop::SERVICE_CLIENT_ID;
use keys::Algorithm;
use login_kit::{Laptop, RelyingParty, laptop, laptop_with};
use serde_json::{Value, json};
use service_simulator::Endpoint;

use super::Script;

fn jose() -> Script {
    Script::start("jose", [])
}

fn address(laptop: &Laptop, path: &str) -> String {
    format!("{}{path}", RelyingParty::new(laptop).issuer())
}

/// The only key of a key set, as jose reads it.
async fn key(laptop: &Laptop, path: &str) -> Value {
    let question = json!({ "url": address(laptop, path) });
    let keys = jose().answer("key_set", question).await;
    let [key] = keys.as_array().unwrap().as_slice() else {
        panic!("one key: {keys}");
    };
    key.clone()
}

fn signature_key(key: &Value, algorithm: &str) -> Value {
    json!({
        "type": "public", "usages": ["verify"], "alg": algorithm, "use": "sig",
        "kid": key["thumbprint"], "thumbprint": key["thumbprint"],
    })
}

#[tokio::test]
async fn every_key_set_holds_public_keys_with_their_thumbprints() {
    for (algorithm, name) in [(Algorithm::Es256, "ES256"), (Algorithm::Rs256, "RS256")] {
        let laptop = laptop_with(|options| options.assertion_algorithm = algorithm).await;
        let assertions = key(&laptop, "/client-jwks.json").await;
        assert_eq!(assertions, signature_key(&assertions, name));
        let id_tokens = key(&laptop, "/jwks.json").await;
        assert_eq!(id_tokens, signature_key(&id_tokens, "RS256"));
        assert_ne!(id_tokens["kid"], assertions["kid"]);
        laptop.stop().await;
    }
}

#[tokio::test]
async fn a_client_assertion_is_what_the_published_key_signed() {
    for (algorithm, name) in [(Algorithm::Es256, "ES256"), (Algorithm::Rs256, "RS256")] {
        let laptop = laptop_with(|options| options.assertion_algorithm = algorithm).await;
        let client = RelyingParty::new(&laptop);
        let tokens = client.token_request(&client.code().await).send().await;
        assert_eq!(tokens.status, 200, "{tokens:?}");

        let requests = laptop.service.requests();
        let request = requests
            .iter()
            .find(|request| request.endpoint == Endpoint::Token)
            .unwrap();
        let question = json!({
            "jwt": request.form_value("client_assertion").unwrap(),
            "url": address(&laptop, "/client-jwks.json"),
            "expected": {
                "issuer": SERVICE_CLIENT_ID,
                "subject": SERVICE_CLIENT_ID,
                "audience": laptop.service.endpoints().token_endpoint,
                "algorithms": [name],
                "requiredClaims": ["jti", "iat", "exp"],
                "maxTokenAge": 60,
            },
        });
        let mut jose = jose();
        let assertion = jose.answer("verify", question.clone()).await;
        let kid = &key(&laptop, "/client-jwks.json").await["kid"];
        assert_eq!(
            assertion["header"],
            json!({ "alg": name, "kid": kid, "typ": "JWT" })
        );

        // The keys that sign ID tokens are different ones, and don't verify the assertion.
        let mut with_other_keys = question;
        with_other_keys["url"] = address(&laptop, "/jwks.json").into();
        let refused = jose.ask("verify", with_other_keys).await.unwrap_err();
        assert_eq!(refused["code"], "ERR_JWKS_NO_MATCHING_KEY");
        laptop.stop().await;
    }
}

#[tokio::test]
async fn a_script_says_what_jose_refuses() {
    let laptop = laptop().await;
    let question = json!({
        "jwt": "a.b.c", "url": address(&laptop, "/jwks.json"),
        "expected": { "algorithms": ["RS256"] },
    });
    let refused = jose().ask("verify", question).await.unwrap_err();
    assert_eq!(refused["code"], "ERR_JWS_INVALID");
    laptop.stop().await;
}
