//! The bridge as provider, towards Amazon Cognito: the cases of `oidcc-…` and of the FAPI 2 server
//! that are about a code and what it is bound to. A client in Cognito's place sends what each case
//! needs. Beside each refusal, the same flow without the reason for the refusal succeeds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use demo::laptop::COGNITO_CLIENT_ID;
use federation::code::Code;
use federation::variables;
use keys::{Algorithm, KeyRing, LocalKey, SystemRandomness};
use login_kit::{
    Answer, AuthorizationRequest, Laptop, Outcome, Place, Refusal, RelyingParty, TokenRequest,
    browser, laptop, laptop_with, logged_failures, parameter, variables,
};
use sealing::SealingKeys;
use sealing::sealed::{Audience, Seal, Travels as _};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use service_simulator::Endpoint;
use service_simulator::fault::Fault;
use url::Url;

/// The client's `state` in the usual authorization request.
pub(super) const STATE: &str = "the-clients-state.of-some-length.4";

/// The lifetime of the service's code, in tests that wait for its end.
const TEN_SECONDS: TimeDelta = TimeDelta::seconds(10);

/// Asserts that the login succeeds: with a code, the client's state, and tokens.
pub(super) async fn succeeds(client: &RelyingParty<'_>, request: &AuthorizationRequest) -> Answer {
    let code = code(client, request).await;
    exchanged(&client.token_request(&code)).await
}

/// Signs in and gives the code. Asserts that the client's state came back with it.
pub(super) async fn code(client: &RelyingParty<'_>, request: &AuthorizationRequest) -> String {
    let login = client
        .browser_login(&browser(), request, "adult", None)
        .await;
    let sent = kit::parameter(&request.url(), "state");
    assert_eq!(parameter(&login.end, "state"), sent);
    assert_eq!(parameter(&login.end, "error"), None);
    parameter(&login.end, "code").expect("a code")
}

/// Asserts that the token request succeeds.
pub(super) async fn exchanged(request: &TokenRequest) -> Answer {
    let tokens = request.send().await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    tokens
}

/// How the bridge refuses an authorization request before the person has done anything.
pub(super) async fn refused(client: &RelyingParty<'_>, request: &AuthorizationRequest) -> Refusal {
    let login = client
        .browser_login(&browser(), request, "adult", None)
        .await;
    let answer = login.answers.first().expect("an answer");
    assert!(!answer.headers.contains_key("set-cookie"), "no login began");
    assert_eq!(login.answers.len(), 1, "nothing but the bridge's answer");
    Refusal::of(&login.end)
}

/// How the bridge refuses a token request.
pub(super) async fn token_refused(request: &TokenRequest) -> Refusal {
    Refusal::of_answer(&request.send().await)
}

pub(super) async fn claims(client: &RelyingParty<'_>, tokens: &Answer) -> Map<String, Value> {
    client.verified(&tokens.text("id_token").unwrap()).await
}

/// The bridge's authorization request to the service in the last login.
pub(super) fn asked_of_service(laptop: &Laptop) -> Vec<(String, String)> {
    let requests = laptop.service.requests();
    let last = requests
        .iter()
        .rfind(|request| request.endpoint == Endpoint::Authorization);
    last.expect("an authorization request").query.clone()
}

fn asked(laptop: &Laptop) -> usize {
    laptop.service.count(Endpoint::Token)
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        verifier.as_bytes(),
    ))
}

/// Whether a key of this set signed the token. The key is chosen by `kid`.
fn fits(id_token: &str, jwks: &Answer) -> bool {
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&jwks.body).unwrap();
    let kid = jsonwebtoken::decode_header(id_token).unwrap().kid.unwrap();
    let Some(key) = set.find(&kid) else {
        return false;
    };
    let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
    let (message, signature) = id_token.rsplit_once('.').unwrap();
    jsonwebtoken::crypto::verify(
        signature,
        message.as_bytes(),
        &key,
        jsonwebtoken::Algorithm::RS256,
    )
    .unwrap()
}

fn names(claims: &Map<String, Value>) -> BTreeSet<&str> {
    claims.keys().map(String::as_str).collect()
}

/// The Shannon entropy of a text in bits, by the frequencies of its characters.
fn entropy(text: &str) -> f64 {
    let characters: BTreeSet<_> = text.chars().collect();
    let length = f64::from(u32::try_from(text.len()).unwrap());
    let bits = characters.iter().map(|character| {
        let count = text.chars().filter(|other| other == character).count();
        let share = f64::from(u32::try_from(count).unwrap()) / length;
        -share * share.log2()
    });
    bits.sum::<f64>() * length
}

#[tokio::test]
async fn oidcc_server() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request().with("nonce", "n-0S6_WzA2Mj");
    let tokens = succeeds(&client, &request).await;

    assert_eq!(tokens.headers["content-type"], "application/json");
    assert_eq!(tokens.headers["cache-control"], "no-store");
    assert_eq!(tokens.headers["pragma"], "no-cache");
    let answer = tokens.json();
    let members = names(answer.as_object().unwrap());
    let expected = [
        "access_token",
        "expires_in",
        "id_token",
        "scope",
        "token_type",
    ];
    assert_eq!(members, expected.into());
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 300);
    assert_eq!(answer["scope"], "openid name address birthdate gender");

    // The suite requires a code of 128 bits with an entropy of 96 bits, as far as the text shows
    // it.
    let code = code(&client, &request).await;
    assert!(code.len() * 8 >= 128 && entropy(&code) >= 96.0);

    let claims = claims(&client, &tokens).await;
    let expected = [
        "acr",
        "address",
        "at_hash",
        "aud",
        "auth_time",
        "birthdate",
        "exp",
        "formatted_address",
        "gender",
        "iat",
        "iss",
        "name",
        "nonce",
        "sub",
        "verified_at",
        "verified_record",
    ];
    assert_eq!(names(&claims), expected.into());
    assert_eq!(claims["iss"], client.issuer());
    assert_eq!(claims["aud"], COGNITO_CLIENT_ID);
    assert_eq!(claims["nonce"], "n-0S6_WzA2Mj");
    let (iat, exp) = (
        claims["iat"].as_i64().unwrap(),
        claims["exp"].as_i64().unwrap(),
    );
    assert!((laptop.clock.now().timestamp() - iat).abs() < 30);
    assert_eq!(exp - iat, 300);
    let access_token = tokens.text("access_token").unwrap();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, access_token.as_bytes());
    assert_eq!(
        claims["at_hash"],
        URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
    );
    let subject = claims["sub"].as_str().unwrap();
    assert!(subject.is_ascii() && subject.len() <= 255);
    assert_eq!(
        client.userinfo(&access_token).await.json()["sub"],
        claims["sub"]
    );
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_server_client_secret_post() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let code = client.code().await;
    let request = client.token_request(&code);
    let secret = laptop.configuration.client_secret().expose_secret();
    let basic =
        base64::engine::general_purpose::STANDARD.encode(format!("{COGNITO_CLIENT_ID}:{secret}"));
    for wrong in [
        request
            .clone()
            .with("client_secret", "another-secret-of-length"),
        request.clone().with("client_secret", &format!("{secret}x")),
        request.clone().without("client_secret"),
        request.clone().without("client_id"),
        request.clone().with("client_id", "another-client"),
        // `client_secret_basic` isn't announced and isn't accepted.
        request
            .clone()
            .without("client_id")
            .without("client_secret")
            .header("authorization", &format!("Basic {basic}")),
    ] {
        let refusal = Refusal::json(401, "invalid_client", "client_authentication_failed");
        assert_eq!(token_refused(&wrong).await, refusal);
    }
    assert_eq!(asked(&laptop), 0, "nothing is called for an unknown client");
    exchanged(&request).await;
    assert_eq!(asked(&laptop), 1);
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let document = client.document("/.well-known/openid-configuration").await;
    assert_eq!(document.status, 200);
    assert_eq!(document.headers["content-type"], "application/json");
    let metadata = document.json();
    let issuer = client.issuer();
    let expected = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks.json"),
        "scopes_supported": ["openid", "name", "address", "birthdate", "gender"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&metadata[name], value, "{name}");
    }
    // The suite warns of every member that it doesn't know.
    let mut members = names(expected.as_object().unwrap());
    members.insert("claims_supported");
    assert_eq!(names(metadata.as_object().unwrap()), members);
    let issuer = Url::parse(&issuer).unwrap();
    let (query, fragment) = (issuer.query(), issuer.fragment());
    assert_eq!((issuer.path(), query, fragment), ("/", None, None));

    // The metadata is true: every endpoint exists, and every claim of an ID token is announced.
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
    ] {
        let url = Url::parse(metadata[endpoint].as_str().unwrap()).unwrap();
        let answer = client.document(url.path()).await;
        assert_ne!(answer.status, 404, "{endpoint}");
    }
    assert_eq!(client.document("/elsewhere").await.status, 404);
    let jwks = client.document("/jwks.json").await;
    assert_eq!(jwks.status, 200);
    let jwks = jwks.json();
    let keys = jwks["keys"].as_array().unwrap();
    for key in keys {
        let members = names(key.as_object().unwrap());
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"].into());
    }
    let ids: BTreeSet<_> = keys.iter().filter_map(|key| key["kid"].as_str()).collect();
    assert_eq!(ids.len(), keys.len(), "each has a name of its own");
    let request = client.authorization_request().with("nonce", "n");
    let tokens = succeeds(&client, &request).await;
    let claims = claims(&client, &tokens).await;
    let announced = metadata["claims_supported"].as_array().unwrap();
    let announced: BTreeSet<_> = announced.iter().filter_map(Value::as_str).collect();
    assert_eq!(names(&claims), announced);
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_idtoken_signature() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let tokens = succeeds(&client, &client.authorization_request()).await;
    let id_token = tokens.text("id_token").unwrap();
    let jwks = client.document("/jwks.json").await;
    assert!(fits(&id_token, &jwks));

    // The signature covers header and claims: it doesn't fit other ones.
    let parts: Vec<_> = id_token.split('.').collect();
    let claims = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let mut claims: Map<String, Value> = serde_json::from_slice(&claims).unwrap();
    claims.insert("name".to_owned(), "somebody else".into());
    let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).unwrap());
    let forged = format!("{}.{claims}.{}", parts[0], parts[2]);
    assert!(!fits(&forged, &jwks));
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_idtoken_rs256() {
    // The algorithm of the client assertion makes no difference: the ID token is RS256 with both.
    for assertion_algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let laptop = laptop_with(|options| options.assertion_algorithm = assertion_algorithm).await;
        let client = RelyingParty::new(&laptop);
        let tokens = succeeds(&client, &client.authorization_request()).await;
        let header = tokens.text("id_token").unwrap();
        let header = URL_SAFE_NO_PAD
            .decode(header.split('.').next().unwrap())
            .unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        let jwks = client.document("/jwks.json").await.json();
        let key = &jwks["keys"][0];
        assert_eq!(
            header,
            json!({ "alg": "RS256", "typ": "JWT", "kid": key["kid"] })
        );
        assert_eq!(
            (&key["kty"], &key["alg"], &key["use"]),
            (&json!("RSA"), &json!("RS256"), &json!("sig"))
        );
        let modulus = URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap();
        assert!(modulus.len() >= 256, "2,048 bits at least");
        laptop.stop().await;
    }
}

/// A new key is published before it signs. The old key stays published until the last token that it
/// signed has expired.
#[tokio::test]
async fn oidcc_server_rotate_keys() {
    let [old, new] = [(); 2].map(|()| {
        let key = LocalKey::generate(Algorithm::Rs256).unwrap();
        key.private_jwk().expose_secret().to_owned()
    });
    let kid = |jwk: &str| {
        let key = LocalKey::from_jwk(&jwk.into()).unwrap();
        let set: Value =
            serde_json::from_str(KeyRing::new(vec![Arc::new(key)]).unwrap().jwk_set()).unwrap();
        set["keys"][0]["kid"].as_str().unwrap().to_owned()
    };
    let mut published = Vec::new();
    let mut issued = Vec::new();
    for (keys, signer) in [
        (vec![&old], &old),
        (vec![&old, &new], &old),
        (vec![&new, &old], &new),
        (vec![&new], &new),
    ] {
        let references = keys.iter().map(|key| key.as_str()).collect::<Vec<_>>();
        let environment = variables([(
            variables::ID_TOKEN_KEYS,
            Some(references.join(" ").as_str()),
        )]);
        let laptop = laptop_with(|options| options.environment = environment).await;
        let client = RelyingParty::new(&laptop);
        let tokens = succeeds(&client, &client.authorization_request()).await;
        let id_token = tokens.text("id_token").unwrap();
        let jwks = client.document("/jwks.json").await;
        let set = jwks.json();
        let kids: Vec<_> = set["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["kid"].as_str().unwrap())
            .collect();
        assert_eq!(kids, keys.iter().map(|key| kid(key)).collect::<Vec<_>>());
        let header = jsonwebtoken::decode_header(&id_token).unwrap();
        assert_eq!(header.kid, Some(kid(signer)));
        published.push(jwks);
        issued.push(id_token);
        laptop.stop().await;
    }
    // A client that fetched the keys one step before or after a token was issued can verify the
    // token.
    for (step, id_token) in issued.iter().enumerate() {
        for (at, keys) in published.iter().enumerate() {
            let near = at.abs_diff(step) <= 1;
            assert!(!near || fits(id_token, keys), "token {step}, keys {at}");
        }
    }
    // The check can fail: a removed key verifies nothing.
    assert!(!fits(&issued[0], &published[3]));
    assert!(!fits(&issued[3], &published[0]));
}

#[tokio::test]
async fn oidcc_codereuse() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.token_request(&client.code().await);
    let tokens = exchanged(&request).await;
    let refusal = Refusal::json(400, "invalid_grant", "service_refused_code");
    assert_eq!(token_refused(&request).await, refusal);
    assert_eq!(
        asked(&laptop),
        2,
        "single use is the service's, so it was asked"
    );
    assert_eq!(laptop.service.count(Endpoint::Userinfo), 1);
    assert_eq!(logged_failures(&laptop), ["service_refused_code"]);
    // The access token of the first answer contains only its sealed claims. It expires after its
    // own five minutes.
    let access_token = tokens.text("access_token").unwrap();
    assert_eq!(client.userinfo(&access_token).await.status, 200);
    exchanged(&client.token_request(&client.code().await)).await;
    laptop.stop().await;
}

/// The test moves only the service's clock. The bridge's seal lasts 60 seconds, and so the code
/// still opens. The suite would warn that the first access token stays valid: the bridge stores
/// nothing, so it can't end the token.
#[tokio::test]
async fn oidcc_codereuse_30seconds() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let used = client.token_request(&client.code().await);
    let tokens = exchanged(&used).await;
    let unused = client.token_request(&client.code().await);
    laptop.clock.advance(TimeDelta::seconds(30));
    let refusal = Refusal::json(400, "invalid_grant", "service_refused_code");
    assert_eq!(token_refused(&used).await, refusal);
    let access_token = tokens.text("access_token").unwrap();
    assert_eq!(client.userinfo(&access_token).await.status, 200);
    exchanged(&unused).await;
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    // The suite adds a path of its own to the registered URI.
    let below = format!("{}/Kq3vT0b9Zx", client.redirect_uri());
    let refusal = Refusal::on_page(400, "redirect_uri_mismatch");
    for other in [&*below, "https://client.example/callback"] {
        let other = request.clone().with("redirect_uri", other);
        assert_eq!(refused(&client, &other).await, refusal);
    }
    succeeds(&client, &request).await;
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_ensure_redirect_uri_in_authorization_request() {
    // The suite registers two URIs. With only one, a provider could assume it.
    let uris = "https://client.example/callback https://example.org/redirect";
    let environment = variables([(variables::REDIRECT_URIS, Some(uris))]);
    let laptop = laptop_with(|options| options.environment = environment).await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    for registered in uris.split(' ') {
        let request = request.clone().with("redirect_uri", registered);
        let code = code(&client, &request).await;
        exchanged(&client.token_request(&code).with("redirect_uri", registered)).await;
    }
    let without = request.clone().without("redirect_uri");
    let refusal = Refusal::on_page(400, "redirect_uri_mismatch");
    assert_eq!(refused(&client, &without).await, refusal);
    laptop.stop().await;

    let laptop = login_kit::laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let refusal = Refusal::on_page(400, "redirect_uri_mismatch");
    for without in [
        request.clone().without("redirect_uri"),
        request.clone().with("redirect_uri", ""),
    ] {
        assert_eq!(refused(&client, &without).await, refusal);
    }
    succeeds(&client, &request).await;
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_redirect_uri_query_added() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let refusal = Refusal::on_page(400, "redirect_uri_mismatch");
    for query in ["?", "?foo=bar"] {
        let added = format!("{}{query}", client.redirect_uri());
        let request = request.clone().with("redirect_uri", &added);
        assert_eq!(refused(&client, &request).await, refusal, "{query}");
    }
    succeeds(&client, &request).await;
    laptop.stop().await;
}

/// Amazon Cognito's redirect URI has no query. A redirect URI with a query can't be configured: the
/// function doesn't start. So every query is a mismatch and is refused.
#[tokio::test]
async fn oidcc_redirect_uri_query_mismatch() {
    let registered = "https://client.example/callback?foo=bar";
    let environment = variables([(variables::REDIRECT_URIS, Some(registered))]);
    let laptop = laptop_with(|options| options.environment = environment).await;
    let client = RelyingParty::new(&laptop);
    assert_eq!(client.document("/jwks.json").await.status, 500);
    let lines = laptop.bridge.logs().lines();
    let named = |line: &String| {
        line.contains(r#""event":"configuration""#)
            && line.contains(r#""variable":"REDIRECT_URIS""#)
    };
    assert!(lines.iter().any(named));
    assert!(!lines.iter().any(|line| line.contains("client.example")));
    laptop.stop().await;

    let registered = "https://client.example/callback";
    let environment = variables([(variables::REDIRECT_URIS, Some(registered))]);
    let laptop = laptop_with(|options| options.environment = environment).await;
    let client = RelyingParty::new(&laptop);
    let request = client
        .authorization_request()
        .with("redirect_uri", registered);
    for query in ["?foo=bar", "?foo=baz"] {
        let other = request
            .clone()
            .with("redirect_uri", &format!("{registered}{query}"));
        let refusal = Refusal::on_page(400, "redirect_uri_mismatch");
        assert_eq!(refused(&client, &other).await, refusal, "{query}");
    }
    let code = code(&client, &request).await;
    exchanged(&client.token_request(&code).with("redirect_uri", registered)).await;
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_response_type_missing() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let refusal = Refusal::at_client(
        "unsupported_response_type",
        "unsupported_response_type",
        Some(STATE),
    );
    for other in [
        request.clone().without("response_type"),
        request.clone().with("response_type", ""),
        request.clone().with("response_type", "token"),
        request.clone().with("response_type", "code id_token"),
    ] {
        assert_eq!(refused(&client, &other).await, refusal);
    }
    succeeds(&client, &request).await;
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    succeeds(&client, &request).await;
    let usual: Vec<_> = names_of(&asked_of_service(&laptop));
    let unknown = request.with("extra", "foobar");
    succeeds(&client, &unknown).await;
    let query = asked_of_service(&laptop);
    assert_eq!(names_of(&query), usual, "nothing of it goes to the service");
    assert!(!query.iter().any(|(_, value)| value.contains("foobar")));
    laptop.stop().await;
}

pub(super) fn names_of(query: &[(String, String)]) -> Vec<String> {
    query.iter().map(|(name, _)| name.clone()).collect()
}

#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let tokens = succeeds(&client, &request).await;
    assert!(!claims(&client, &tokens).await.contains_key("nonce"));
    let with_nonce = request.with("nonce", "of the client's own: 区 &=%");
    let tokens = succeeds(&client, &with_nonce).await;
    assert_eq!(
        claims(&client, &tokens).await["nonce"],
        "of the client's own: 区 &=%"
    );
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client
        .authorization_request()
        .with("code_challenge", &challenge(VERIFIER))
        .with("code_challenge_method", "S256");
    let token_request = client.token_request(&code(&client, &request).await);
    let refusal = Refusal::json(400, "invalid_grant", "code_verifier_mismatch");
    for wrong in [
        token_request.clone(),
        token_request.clone().with("code_verifier", ""),
        token_request
            .clone()
            .with("code_verifier", &format!("{VERIFIER}A")),
        token_request
            .clone()
            .with("code_verifier", &challenge(VERIFIER)),
    ] {
        assert_eq!(token_refused(&wrong).await, refusal);
    }
    assert_eq!(
        asked(&laptop),
        0,
        "the code isn't used up by a wrong verifier"
    );
    exchanged(&token_request.with("code_verifier", VERIFIER)).await;

    // A verifier is also refused if no challenge was sent (RFC 9700 §4.8.2).
    let unasked = client.token_request(&client.code().await);
    assert_eq!(
        token_refused(&unasked.clone().with("code_verifier", VERIFIER)).await,
        refusal
    );
    exchanged(&unasked).await;

    let refusal = Refusal::at_client("invalid_request", "invalid_code_challenge", Some(STATE));
    for wrong in [
        request.clone().with("code_challenge_method", "plain"),
        request.clone().without("code_challenge_method"),
        request.clone().without("code_challenge"),
        request.clone().with("code_challenge", "short"),
    ] {
        assert_eq!(refused(&client, &wrong).await, refusal);
    }
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request().with("acr_values", "1 2");
    let tokens = succeeds(&client, &request).await;
    assert_eq!(claims(&client, &tokens).await["acr"], "aal3");
    // The bridge asks the service for the configured values, whatever the client requests.
    let query = asked_of_service(&laptop);
    let acr_values: Vec<_> = query
        .iter()
        .filter(|(name, _)| name == "acr_values")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(acr_values, ["aal3 crl"]);
    laptop.stop().await;
}

/// The claims of userinfo for the usual persona.
pub(super) fn userinfo_of_adult(subject: &Value) -> Value {
    json!({
        "sub": subject,
        "name": "山田　太郎",
        "address": { "formatted": "東京都千代田区永田町１丁目７番１号" },
        "formatted_address": "東京都千代田区永田町１丁目７番１号",
        "birthdate": "1985-03-15",
        "gender": "male",
    })
}

pub(super) async fn userinfo(
    method: reqwest::Method,
    laptop: &Laptop,
    authorization: Option<&str>,
) -> Answer {
    let url = format!("{}/userinfo", laptop.bridge.base_url());
    let mut request = reqwest::Client::new().request(method, url);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    Answer::of(request).await
}

/// Both methods answer alike: with the claims if there is a token, and with a challenge otherwise
/// (RFC 6750 §3).
async fn userinfo_answers(method: reqwest::Method) {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let tokens = succeeds(&client, &client.authorization_request()).await;
    let subject = claims(&client, &tokens).await["sub"].clone();
    let access_token = tokens.text("access_token").unwrap();
    let calls = laptop.service.requests().len();
    for scheme in ["Bearer", "bearer"] {
        let authorization = format!("{scheme} {access_token}");
        let answer = userinfo(method.clone(), &laptop, Some(&authorization)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.json(), userinfo_of_adult(&subject));
    }
    let id_token = tokens.text("id_token").unwrap();
    for (authorization, class) in [
        (None, "access_token_missing"),
        (Some("Bearer".to_owned()), "access_token_missing"),
        (
            Some(format!("Basic {access_token}")),
            "access_token_missing",
        ),
        (
            Some(format!("Bearer {access_token}A")),
            "access_token_invalid",
        ),
        (Some(format!("Bearer {id_token}")), "access_token_invalid"),
    ] {
        let answer = userinfo(method.clone(), &laptop, authorization.as_deref()).await;
        assert_eq!(
            Refusal::of_answer(&answer),
            Refusal::json(401, "invalid_token", class)
        );
        let challenge = &answer.headers["www-authenticate"];
        // A client that sent no token gets a challenge without an error (RFC 6750 §3.1).
        if class == "access_token_missing" {
            assert_eq!(challenge, "Bearer");
            continue;
        }
        let expected = format!(r#"Bearer error="invalid_token", error_description="{class} "#);
        assert!(challenge.starts_with(&expected), "{challenge}");
    }
    assert_eq!(
        laptop.service.requests().len(),
        calls,
        "the service isn't asked"
    );
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_userinfo_get() {
    userinfo_answers(reqwest::Method::GET).await;
}

#[tokio::test]
async fn oidcc_userinfo_post_header() {
    userinfo_answers(reqwest::Method::POST).await;
}

/// With this configured scope, exactly these attributes are in the ID token and in userinfo.
async fn scope_gives(scope: &str, attributes: Value) {
    let environment = variables([(variables::ATTRIBUTES, Some(scope))]);
    let laptop = laptop_with(|options| options.environment = environment).await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let asked = request.clone().with("scope", &format!("openid {scope}"));
    let tokens = succeeds(&client, &asked).await;
    assert_eq!(tokens.json()["scope"], format!("openid {scope}"));
    let claims = claims(&client, &tokens).await;
    let attributes = attributes.as_object().unwrap();
    for name in [
        "name",
        "address",
        "formatted_address",
        "birthdate",
        "gender",
    ] {
        assert_eq!(claims.get(name), attributes.get(name), "{name}");
    }
    let userinfo = client.userinfo(&tokens.text("access_token").unwrap()).await;
    let mut expected = attributes.clone();
    expected.insert("sub".to_owned(), claims["sub"].clone());
    assert_eq!(userinfo.json(), Value::Object(expected));

    // The client can request neither more nor less.
    let refusal = Refusal::at_client("invalid_scope", "invalid_scope", Some(STATE));
    for scope in [
        scope.to_owned(),
        "openid".to_owned(),
        "openid profile".to_owned(),
        format!("openid {scope} email"),
        "openid name address birthdate gender".to_owned(),
    ] {
        let other = request.clone().with("scope", &scope);
        assert_eq!(refused(&client, &other).await, refusal, "{scope}");
    }
    assert_eq!(
        refused(&client, &request.clone().without("scope")).await,
        refusal
    );
    laptop.stop().await;
}

/// There is no scope `profile`. Each claim of `profile` that exists here has a scope of its own.
#[tokio::test]
async fn oidcc_scope_profile() {
    scope_gives("name", json!({ "name": "山田　太郎" })).await;
    scope_gives("birthdate", json!({ "birthdate": "1985-03-15" })).await;
    scope_gives("gender", json!({ "gender": "male" })).await;
}

#[tokio::test]
async fn oidcc_scope_address() {
    let address = "東京都千代田区永田町１丁目７番１号";
    scope_gives(
        "address",
        json!({ "address": { "formatted": address }, "formatted_address": address }),
    )
    .await;
}

#[tokio::test]
async fn fapi2_server_attempt_reuse_authorization_code_after_one_second() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let used = client.token_request(&client.code().await);
    let unused = client.token_request(&client.code().await);
    exchanged(&used).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let refusal = Refusal::json(400, "invalid_grant", "service_refused_code");
    assert_eq!(token_refused(&used).await, refusal);
    exchanged(&unused).await;
    laptop.stop().await;
}

/// A bridge for another client, with the same issuer and the same sealing keys. It refuses the
/// first client's codes. The first bridge accepts them.
#[tokio::test]
async fn fapi2_server_ensure_authorization_code_is_bound_to_client() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let sealing_keys =
        json!({ "keys": [laptop.configuration.sealing_key().expose_secret()] }).to_string();
    let environment = variables([
        (variables::ISSUER, Some(client.issuer().as_str())),
        (variables::CLIENT_ID, Some("another-client")),
        (variables::SEALING_KEYS, Some(sealing_keys.as_str())),
        (
            variables::REDIRECT_URIS,
            Some(client.redirect_uri().as_str()),
        ),
    ]);
    let other_stack = laptop_with(|options| options.environment = environment).await;
    let other = RelyingParty::new(&other_stack);

    let code = client.code().await;
    let by_other = other
        .token_request(&code)
        .with("client_id", "another-client")
        .with("redirect_uri", &client.redirect_uri());
    let refusal = Refusal::json(400, "invalid_grant", "code_foreign");
    assert_eq!(token_refused(&by_other).await, refusal);
    assert_eq!(asked(&other_stack), 0);

    // The right bridge accepts the code, but not with another client's id.
    let own = client.token_request(&code);
    let refusal = Refusal::json(401, "invalid_client", "client_authentication_failed");
    assert_eq!(
        token_refused(&own.clone().with("client_id", "another-client")).await,
        refusal
    );
    exchanged(&own).await;
    other_stack.stop().await;
    laptop.stop().await;
}

/// The two lifetimes of a code: that of the bridge's seal, and that of the service's code inside.
/// The bridge uses the machine's clock, so the test seals the expired codes itself, with the
/// bridge's own library.
#[tokio::test]
async fn fapi2_server_ensure_token_endpoint_fails_with_expired_auth_code() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let code = client.code().await;
    let keys = SealingKeys::new([laptop.configuration.sealing_key().expose_secret()]).unwrap();
    let now = laptop.clock.now();
    let seal = Seal {
        keys: &keys,
        audience: Audience::new(&client.issuer(), COGNITO_CLIENT_ID),
        now,
    };
    let opened = Code::open(&code, seal).unwrap();
    let expiring = |seconds: i64| {
        // A code is valid for 60 seconds.
        let now = now + TimeDelta::seconds(seconds - 60);
        let seal = Seal { now, ..seal };
        opened.seal(seal, &SystemRandomness).unwrap()
    };
    let refusal = Refusal::json(400, "invalid_grant", "code_expired");
    for seconds in [-1, 0] {
        let expired = client.token_request(&expiring(seconds));
        assert_eq!(token_refused(&expired).await, refusal);
    }
    assert_eq!(asked(&laptop), 0);
    exchanged(&client.token_request(&expiring(60))).await;

    laptop.stop().await;

    // The service's clock may only be ten seconds ahead, so that the client assertion stays valid.
    let laptop =
        laptop_with(|options| options.service = |service| service.code_lifetime = TEN_SECONDS)
            .await;
    let client = RelyingParty::new(&laptop);
    let expired = client.code().await;
    laptop.clock.advance(TEN_SECONDS);
    let in_time = client.code().await;
    let refusal = Refusal::json(400, "invalid_grant", "service_refused_code");
    assert_eq!(
        token_refused(&client.token_request(&expired)).await,
        refusal
    );
    exchanged(&client.token_request(&in_time)).await;
    laptop.stop().await;
}

#[tokio::test]
async fn fapi2_server_user_rejects_authentication() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let state = verbatim(128);
    let request = client.authorization_request().with("state", &state);
    let refusal = Refusal::at_client("access_denied", "cancelled", Some(&state));
    for fault in [
        Fault::Cancel,
        Fault::CancelWithoutDescription,
        Fault::CancelHostileDescription,
        Fault::CallbackWithoutCode,
    ] {
        let browser = browser();
        let rejected = client
            .sign_in(&browser, &request, "adult", Some(fault))
            .await;
        assert_eq!(Refusal::of(&rejected), refusal, "{fault}");

        // Through Amazon Cognito, the app gets the same error.
        let outcome = laptop.login(&browser, "adult", Some(fault)).await.unwrap();
        let Outcome::Failed(failed) = outcome else {
            panic!("{fault}: {outcome:?}");
        };
        assert_eq!(failed.place, Place::App, "{fault}");
        assert_eq!(failed.error.as_deref(), Some("access_denied"), "{fault}");
        assert_eq!(failed.class.as_deref(), Some("cancelled"), "{fault}");
    }
    succeeds(&client, &request).await;
    let outcome = laptop.login(&browser(), "adult", None).await.unwrap();
    assert!(matches!(outcome, Outcome::SignedIn(_)), "{outcome:?}");
    laptop.stop().await;
}

/// Printable characters, some of which aren't in base64url. So the text can't be stored in a
/// shorter form.
fn verbatim(length: usize) -> String {
    "aZ0-._~!*'()=&%+".chars().cycle().take(length).collect()
}

#[tokio::test]
async fn fapi2_server_ensure_authorization_request_with_long_state() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let letters = |length| ('a'..='z').cycle().take(length).collect::<String>();
    // The suite sends a state of 1,000 characters.
    for state in [letters(996) + "-._~", letters(2_000), verbatim(2_000)] {
        // `code` compares the state that came back with the one that was sent.
        succeeds(&client, &request.clone().with("state", &state)).await;
        let none = request.clone().with("state", &state).with("prompt", "none");
        let refusal = Refusal::at_client("login_required", "login_required", Some(&state));
        assert_eq!(refused(&client, &none).await, refusal);
    }
    let too_long = verbatim(3_000);
    let refusal = Refusal::at_client("invalid_request", "state_too_long", Some(&too_long));
    assert_eq!(
        refused(&client, &request.with("state", &too_long)).await,
        refusal
    );
    laptop.stop().await;
}

#[tokio::test]
async fn fapi2_server_ensure_authorization_request_with_long_nonce() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    for length in [384, 512] {
        let nonce = verbatim(length);
        let tokens = succeeds(&client, &request.clone().with("nonce", &nonce)).await;
        assert_eq!(claims(&client, &tokens).await["nonce"], nonce);
    }
    let too_long = request.with("nonce", &verbatim(513));
    let refusal = Refusal::at_client("invalid_request", "invalid_nonce", Some(STATE));
    assert_eq!(refused(&client, &too_long).await, refusal);
    laptop.stop().await;
}
