//! Tests of the documents that anybody may read: the provider metadata and the two JWK Sets, the
//! same for every request.

use federation::variables;
use serde_json::{Value, json};

use crate::bridge::{Call, RunningBridge};
use crate::support::{ASSERTION_KEY, ID_TOKEN_KEY, ISSUER, SCOPE};

const DOCUMENTS: [&str; 3] = [
    "/jwks.json",
    "/client-jwks.json",
    "/.well-known/openid-configuration",
];

#[tokio::test]
async fn pass_the_metadata_says_what_the_endpoints_do() {
    let bridge = RunningBridge::new().await;
    let document = Call::new("GET", DOCUMENTS[2]).send(&bridge).await.json();
    assert_eq!(document["issuer"], ISSUER);
    for (name, path) in [
        ("authorization_endpoint", "/authorize"),
        ("token_endpoint", "/token"),
        ("userinfo_endpoint", "/userinfo"),
        ("jwks_uri", "/jwks.json"),
    ] {
        assert_eq!(document[name], format!("{ISSUER}{path}"));
    }
    assert_eq!(
        document["scopes_supported"],
        json!(SCOPE.split(' ').collect::<Vec<_>>())
    );
    for (name, only) in [
        ("response_types_supported", "code"),
        ("grant_types_supported", "authorization_code"),
        ("id_token_signing_alg_values_supported", "RS256"),
        (
            "token_endpoint_auth_methods_supported",
            "client_secret_post",
        ),
        ("code_challenge_methods_supported", "S256"),
    ] {
        assert_eq!(document[name], json!([only]), "{name}");
    }
    for unsupported in ["claims", "request", "request_uri"] {
        assert_eq!(
            document[format!("{unsupported}_parameter_supported")],
            false
        );
    }
}

#[tokio::test]
async fn pass_the_key_sets_are_public() {
    let bridge = RunningBridge::new().await;
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    for (path, key) in [
        (DOCUMENTS[0], &*ID_TOKEN_KEY),
        (DOCUMENTS[1], &*ASSERTION_KEY),
    ] {
        let set = Call::new("GET", path).send(&bridge).await.json();
        let private_jwk: Value = serde_json::from_str(key).unwrap();
        let expected: serde_json::Map<_, _> = private_jwk
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| !private.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        assert_eq!(set, json!({ "keys": [expected] }));
    }
}

#[tokio::test]
async fn pass_all_keys_of_a_ring_are_published() {
    let second = keys::LocalKey::generate(keys::Algorithm::Es256).unwrap();
    let second = secrecy::ExposeSecret::expose_secret(&second.private_jwk()).to_owned();
    let both = format!("{} {second}", *ASSERTION_KEY);
    let bridge = RunningBridge::with(&[(variables::ASSERTION_KEYS, &both)]).await;
    let set = Call::new("GET", DOCUMENTS[1]).send(&bridge).await.json();
    assert_eq!(set["keys"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn pass_nothing_of_a_request_is_in_a_document() {
    let bridge = RunningBridge::new().await;
    for path in DOCUMENTS {
        let plain = Call::new("GET", path).send(&bridge).await;
        let call = Call::new("GET", path)
            .query("host=evil.example&x=%zz")
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("origin", "https://evil.example");
        let answer = call.send(&bridge).await;
        assert_eq!((answer.status, &answer.body), (200, &plain.body));
        assert_eq!(answer.headers, plain.headers);
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
    }
}

#[tokio::test]
async fn fail_another_method() {
    let bridge = RunningBridge::new().await;
    for path in DOCUMENTS {
        for method in ["POST", "DELETE"] {
            let answer = Call::new(method, path).send(&bridge).await;
            answer.is_error(405, "invalid_request", "method_not_allowed");
            assert_eq!(answer.header("allow"), "GET, HEAD");
        }
    }
}
