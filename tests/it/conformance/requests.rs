//! The bridge as provider: optional parameters of an authorization request, and the forms in which
//! it may come. Each test sends what the suite's module with the same name sends.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use demo::laptop::Laptop;
use login_kit::{
    Answer, Arrival, AuthorizationRequest, BrowserLogin, Refusal, RelyingParty, browser, laptop,
    parameter,
};
use serde_json::{Map, Value, json};
use service_simulator::Endpoint;
use service_simulator::fault::Fault;
use url::Url;

use super::provider::{
    STATE, asked_of_service, claims, code, exchanged, names_of, refused, succeeds, token_refused,
    userinfo, userinfo_of_adult,
};

/// A state of 128 characters, including all that a URL doesn't encode.
fn state_of_128() -> String {
    let letters = ('a'..='z').chain('0'..='9').cycle().take(124);
    letters.chain("-._~".chars()).collect()
}

/// Asserts that a parameter has no effect: the login succeeds, the service gets the same parameters
/// as without it, and the log doesn't show it.
async fn is_ignored(name: &str, value: &str) {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let plain = succeeds(&client, &request).await;
    let usual = names_of(&asked_of_service(&laptop));
    let tokens = succeeds(&client, &request.with(name, value)).await;
    let query = asked_of_service(&laptop);
    assert_eq!(names_of(&query), usual, "nothing of it goes to the service");
    // A short value can be part of random text by chance.
    let has_it = |given: &str| given == value || value.len() > 6 && given.contains(value);
    assert!(!query.iter().any(|(_, given)| has_it(given)));
    let members = |claims: Map<String, Value>| claims.into_iter().map(|(name, _)| name);
    let [expected, found] = [
        members(claims(&client, &plain).await),
        members(claims(&client, &tokens).await),
    ];
    assert!(found.eq(expected));
    let log = laptop.bridge.logs().lines().join("\n");
    assert!(!log.is_empty() && !log.contains(value));
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_display_page() {
    is_ignored("display", "page").await;
}

#[tokio::test]
async fn oidcc_display_popup() {
    is_ignored("display", "popup").await;
}

#[tokio::test]
async fn oidcc_login_hint() {
    is_ignored("login_hint", "buffy@bridge.localhost").await;
}

#[tokio::test]
async fn oidcc_ui_locales() {
    is_ignored("ui_locales", "se-marked").await;
}

#[tokio::test]
async fn oidcc_claims_locales() {
    is_ignored("claims_locales", "se-marked").await;
}

#[tokio::test]
async fn oidcc_claims_essential() {
    let claims = r#"{"userinfo":{"name":{"essential":true}}}"#;
    is_ignored("claims", claims).await;
}

/// The parameters come in reverse order, and so do the scopes.
#[tokio::test]
async fn oidcc_alternate_happy_flow() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let reversed = "gender birthdate address name openid";
    let request = request.with("scope", reversed).with("nonce", "n-1");
    let mut pairs: Vec<_> = request.url().query_pairs().into_owned().collect();
    pairs.sort_by(|one, other| other.cmp(one));
    let mut alternate = request.clone();
    for (name, value) in &pairs {
        alternate = alternate.without(name).and(name, value);
    }
    assert!(alternate.url().query().unwrap().starts_with("state="));
    let tokens = succeeds(&client, &alternate).await;
    let subject = claims(&client, &tokens).await["sub"].clone();
    let access_token = tokens.text("access_token").unwrap();
    let answer = client.userinfo(&access_token).await;
    assert_eq!(answer.json(), userinfo_of_adult(&subject));
    laptop.stop().await;
}

/// The request is sent as a form (OIDC Core §3.1.2.1).
#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request().with("nonce", "n-1");
    let browser = browser();
    let begun = request.post(&browser).await;
    // After the 303, the browser sends the same request with GET.
    assert_eq!(begun.status, 303);
    let next = begun.redirect_target().unwrap().unwrap();
    let redirect_uri = client.redirect_uri();
    let at_client = |url: &Url| url.as_str().starts_with(&redirect_uri);
    let login = BrowserLogin::run(&browser, &next, "adult", None, at_client).await;
    assert_eq!(parameter(&login.end, "state").as_deref(), Some(STATE));
    let code = parameter(&login.end, "code").unwrap();
    let tokens = exchanged(&client.token_request(&code)).await;
    assert_eq!(claims(&client, &tokens).await["nonce"], "n-1");
    laptop.stop().await;
}

/// Signs in, and then sends a changed request in the same browser. Gives where the browser arrives.
async fn again(
    laptop: &Laptop,
    change: impl FnOnce(AuthorizationRequest, &Answer) -> AuthorizationRequest,
) -> Arrival {
    let client = RelyingParty::new(laptop);
    let request = client.authorization_request();
    let browser = browser();
    let first = client
        .browser_login(&browser, &request, "adult", None)
        .await;
    let code = parameter(&first.end, "code").unwrap();
    let tokens = exchanged(&client.token_request(&code)).await;
    let request = change(request, &tokens);
    client
        .browser_login(&browser, &request, "adult", None)
        .await
        .end
}

/// The claims of the ID token, after a login that ended at the client.
async fn claims_of(laptop: &Laptop, end: &Arrival) -> Map<String, Value> {
    let client = RelyingParty::new(laptop);
    let code = parameter(end, "code").expect("a code");
    let tokens = exchanged(&client.token_request(&code)).await;
    claims(&client, &tokens).await
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let state = state_of_128();
    let request = client.authorization_request().with("state", &state);
    let refusal = Refusal::at_client("login_required", "login_required", Some(&state));
    for prompt in ["none", "none login"] {
        let none = request.clone().with("prompt", prompt);
        assert_eq!(refused(&client, &none).await, refusal, "{prompt}");
    }
    for prompt in ["login", "consent"] {
        succeeds(&client, &request.clone().with("prompt", prompt)).await;
    }
    laptop.stop().await;
}

/// The suite's module expects a login without interaction. The bridge has no session, so it can't
/// do that.
#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    let laptop = laptop().await;
    let end = again(&laptop, |request, _| request.with("prompt", "none")).await;
    let refusal = Refusal::at_client("login_required", "login_required", Some(STATE));
    assert_eq!(Refusal::of(&end), refusal);
    laptop.stop().await;
}

/// The suite's module expects a login without interaction. The hint is a token. The bridge doesn't
/// need it, and neither passes it on nor logs it.
#[tokio::test]
async fn oidcc_id_token_hint() {
    let laptop = laptop().await;
    let hinted = |request: AuthorizationRequest, tokens: &Answer| {
        request.with("id_token_hint", &tokens.text("id_token").unwrap())
    };
    let none = |request, tokens: &Answer| hinted(request, tokens).with("prompt", "none");
    let refusal = Refusal::at_client("login_required", "login_required", Some(STATE));
    assert_eq!(Refusal::of(&again(&laptop, none).await), refusal);

    let end = again(&laptop, hinted).await;
    claims_of(&laptop, &end).await;
    let asked = asked_of_service(&laptop);
    assert!(asked.iter().all(|(name, _)| name != "id_token_hint"));
    let log = laptop.bridge.logs().lines().join("\n");
    // Every JWT begins like this and has dots.
    let mut words = log.split(|one: char| !one.is_ascii_alphanumeric() && !"-_.".contains(one));
    let has_jwt = words.any(|word| word.starts_with("eyJ") && word.contains('.'));
    assert!(!log.is_empty() && !has_jwt);
    laptop.stop().await;
}

/// Signs in twice in the same browser, the second time `later` and with this parameter. Gives both
/// times of authentication.
async fn authenticated(name: &str, value: &str, later: TimeDelta) -> (i64, i64) {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let browser = browser();
    let mut times = Vec::new();
    for request in [request.clone(), request.with(name, value)] {
        let login = client
            .browser_login(&browser, &request, "adult", None)
            .await;
        let claims = claims_of(&laptop, &login.end).await;
        times.push(claims["auth_time"].as_i64().expect("auth_time"));
        laptop.clock.advance(later);
    }
    let now = laptop.clock.now().timestamp();
    assert!(
        times.iter().all(|time| (now - time).abs() < 300),
        "{times:?}"
    );

    // If the person doesn't authenticate again, the login fails.
    let old = Some(Fault::IdTokenOldAuthentication);
    let request = client.authorization_request().with(name, value);
    let arrival = client.sign_in(&browser, &request, "adult", old).await;
    let code = parameter(&arrival, "code").unwrap();
    let refusal = Refusal::json(400, "invalid_grant", "authentication_too_old");
    assert_eq!(token_refused(&client.token_request(&code)).await, refusal);
    laptop.stop().await;
    (times[0], times[1])
}

#[tokio::test]
async fn oidcc_prompt_login() {
    let (first, second) = authenticated("prompt", "login", TimeDelta::seconds(1)).await;
    assert!(second > first);
}

#[tokio::test]
async fn oidcc_max_age_1() {
    let (first, second) = authenticated("max_age", "1", TimeDelta::seconds(2)).await;
    assert!(second > first);
}

/// The suite's module expects the same `auth_time` twice. The service decides whether a person has
/// to authenticate again, and the bridge passes the service's `auth_time` on.
#[tokio::test]
async fn oidcc_max_age_10000() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let mut subjects = Vec::new();
    for max_age in ["15000", "10000"] {
        // As a service with a session would: the person authenticated an hour ago.
        let session = Some(Fault::IdTokenOldAuthentication);
        let request = client.authorization_request().with("max_age", max_age);
        let arrival = client.sign_in(&browser(), &request, "adult", session).await;
        let claims = claims_of(&laptop, &arrival).await;
        let issued = laptop.service.issued_tokens().pop().unwrap().id_token;
        let said = super::relying_party::part(&issued, 1);
        assert_eq!(claims["auth_time"], said["auth_time"]);
        subjects.push(claims["sub"].clone());
    }
    assert_eq!(subjects[0], subjects[1]);
    laptop.stop().await;
}

/// Makes a request object as the suite does: all parameters in an unsigned object, and in the query
/// only those that OAuth requires there.
fn request_object(request: &AuthorizationRequest) -> (AuthorizationRequest, String) {
    let parameters: Map<String, Value> = (request.url().query_pairs())
        .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
        .collect();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let payload = URL_SAFE_NO_PAD.encode(Value::Object(parameters).to_string());
    let query = request.clone().without("state").without("nonce");
    (query, format!("{header}.{payload}."))
}

/// Asserts how a request object is refused, whether by value or by reference: with the client's
/// state, unless the state is only within the object.
async fn is_not_supported(parameter: &str, of: impl Fn(String) -> String) {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request().with("nonce", "n-1");
    let (query, object) = request_object(&request);
    let value = of(object);
    let class = format!("{parameter}_not_supported");
    for (query, state) in [(&query, None), (&request, Some(STATE))] {
        let refusal = Refusal::at_client(&class, &class, state);
        let asked = query.clone().with(parameter, &value);
        assert_eq!(refused(&client, &asked).await, refusal);
    }
    assert_eq!(
        laptop.service.count(Endpoint::Other),
        0,
        "nobody fetches it"
    );
    succeeds(&client, &request).await;
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    is_not_supported("request", |object| object).await;
}

#[tokio::test]
async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported() {
    is_not_supported("request_uri", |_| {
        "https://client.example/request.jwt#3q2-7w".to_owned()
    })
    .await;
}

/// A registered redirect URI in the object and an unregistered one in the query: the bridge shows a
/// page, and sends nothing to the registered one.
#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let (query, object) = request_object(&request);
    let bad = format!("{}_invalid", client.redirect_uri());
    let asked = query.with("redirect_uri", &bad).with("request", &object);
    let refusal = Refusal::on_page(400, "redirect_uri_mismatch");
    assert_eq!(refused(&client, &asked).await, refusal);
    succeeds(&client, &request).await;
    laptop.stop().await;
}

/// Asserts that a scope that isn't announced is refused.
async fn scope_is_unknown(scope: &str) {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let metadata = client.document("/.well-known/openid-configuration").await;
    let supported = metadata.json()["scopes_supported"].clone();
    for one in scope
        .split(' ')
        .filter(|one| !["openid", "address"].contains(one))
    {
        assert!(
            !supported.as_array().unwrap().contains(&json!(one)),
            "{one}"
        );
    }
    let request = client.authorization_request();
    let asked = request.clone().with("scope", scope);
    let refusal = Refusal::at_client("invalid_scope", "invalid_scope", Some(STATE));
    assert_eq!(refused(&client, &asked).await, refusal);
    succeeds(&client, &request).await;
    laptop.stop().await;
}

#[tokio::test]
async fn oidcc_scope_email() {
    scope_is_unknown("openid email").await;
}

#[tokio::test]
async fn oidcc_scope_phone() {
    scope_is_unknown("openid phone").await;
}

/// All scopes of the suite, and then all of ours.
#[tokio::test]
async fn oidcc_scope_all() {
    scope_is_unknown("openid email phone address profile").await;
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let tokens = succeeds(&client, &request).await;
    let subject = claims(&client, &tokens).await["sub"].clone();
    let access_token = tokens.text("access_token").unwrap();
    let answer = client.userinfo(&access_token).await;
    assert_eq!(answer.json(), userinfo_of_adult(&subject));
    laptop.stop().await;
}

/// Sending the token in the form is optional (RFC 6750 §2.2). The bridge doesn't accept it.
#[tokio::test]
async fn oidcc_userinfo_post_body() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let tokens = succeeds(&client, &client.authorization_request()).await;
    let access_token = tokens.text("access_token").unwrap();
    let url = format!("{}/userinfo", laptop.bridge.base_url());
    let form = [("access_token", &access_token)];
    let in_body = Answer::of(reqwest::Client::new().post(url).form(&form)).await;
    let refusal = Refusal::json(401, "invalid_token", "access_token_missing");
    assert_eq!(Refusal::of_answer(&in_body), refusal);
    assert_eq!(in_body.headers["www-authenticate"], "Bearer");
    let bearer = format!("Bearer {access_token}");
    let in_header = userinfo(reqwest::Method::POST, &laptop, Some(&bearer)).await;
    assert_eq!(in_header.status, 200);
    laptop.stop().await;
}

/// There are no refresh tokens: none is announced, issued or accepted.
#[tokio::test]
async fn oidcc_refresh_token() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let metadata = client.document("/.well-known/openid-configuration").await;
    let grants = &metadata.json()["grant_types_supported"];
    assert_eq!(*grants, json!(["authorization_code"]));
    let request = client.authorization_request();
    let code = code(&client, &request).await;
    let exchange = client.token_request(&code);
    let refresh = exchange
        .clone()
        .with("grant_type", "refresh_token")
        .with("refresh_token", "anything");
    let kind = "unsupported_grant_type";
    let refusal = Refusal::json(400, kind, kind);
    assert_eq!(token_refused(&refresh).await, refusal);
    let tokens = exchanged(&exchange).await;
    assert_eq!(tokens.text("refresh_token"), None);
    laptop.stop().await;
}

/// The bridge issues no unsigned ID token, whatever the client requests. It announces none.
#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let metadata = client.document("/.well-known/openid-configuration").await;
    let algorithms = &metadata.json()["id_token_signing_alg_values_supported"];
    assert_eq!(*algorithms, json!(["RS256"]));
    let request = client.authorization_request();
    let asked = request.with("id_token_signed_response_alg", "none");
    let tokens = succeeds(&client, &asked).await;
    claims(&client, &tokens).await;
    laptop.stop().await;
}

/// At the authorization endpoint and at the token endpoint (RFC 6749 §3.1, §3.2).
#[tokio::test]
async fn no_parameter_comes_twice() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let sent = request.url();
    let refusal = Refusal::on_page(400, "malformed_request");
    for (name, value) in sent.query_pairs() {
        for second in [&*value, "another", ""] {
            let twice = request.clone().and(&name, second);
            assert_eq!(refused(&client, &twice).await, refusal, "{name}");
        }
    }
    let unknown = request.clone().and("extra", "1").and("extra", "1");
    assert_eq!(refused(&client, &unknown).await, refusal);

    let code = code(&client, &request).await;
    let request = client.token_request(&code);
    let refusal = Refusal::json(400, "invalid_request", "malformed_token_request");
    for name in [
        "grant_type",
        "code",
        "client_id",
        "client_secret",
        "redirect_uri",
    ] {
        let twice = request.clone().and(name, "another");
        assert_eq!(token_refused(&twice).await, refusal, "{name}");
    }
    assert_eq!(laptop.service.count(Endpoint::Token), 0);
    exchanged(&request).await;
    laptop.stop().await;
}
