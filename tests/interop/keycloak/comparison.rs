//! Compares Keycloak's answers with those of the service's stand-in. The same requests go to both.
//! The answers must be equal, unless the table of differences has the case. Then both must be as
//! the table says.
//! The table is what a reader of the stand-in has to know.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keys::Algorithm;
use kit::Parameters;
use login_kit::{Answer, Form, browser, parameter};
use loopback::user_agent::{ACCEPT_PAGE, Arrival, Page, UserAgent};
use serde_json::{Map, Value, json};
use service_simulator::{Endpoints, Service, ServiceOptions};
use url::Url;

use super::person::{arrive, sign_in};
use super::requests::{Assertion, Client, REDIRECT_URI, ask_for_claims, ask_for_tokens};
use super::{Consent, PEOPLE, Realm};

/// The party that is asked.
enum Party {
    StandIn(Service),
    Keycloak(Realm),
}

impl Party {
    fn endpoints(&self) -> Endpoints {
        match self {
            Self::StandIn(service) => service.endpoints().clone(),
            Self::Keycloak(realm) => realm.endpoints(),
        }
    }

    /// Does the person's part of a login, from the first page until the browser is at the client.
    async fn sign_in(&self, browser: &UserAgent, arrival: Arrival, consent: Consent) -> Arrival {
        if matches!(self, Self::Keycloak(_)) {
            return sign_in(browser, arrival, PEOPLE[0], consent, at_client).await;
        }
        let Arrival::Page(page) = &arrival else {
            return arrival;
        };
        let form = Form::all(page).remove(0);
        let chosen = form
            .chosen("persona", PEOPLE[0])
            .chosen("answer", "normal")
            .submit(browser)
            .await;
        let target = chosen.redirect_target().unwrap().expect("the consent");
        let Arrival::Page(page) = arrive(browser, &target, at_client).await else {
            panic!("the person wasn't asked for consent");
        };
        let form = Form::all(&page)
            .remove(0)
            .pressed("decision", consent.button());
        let decided = form.submit(browser).await;
        let target = decided.redirect_target().unwrap().expect("the way back");
        arrive(browser, &target, at_client).await
    }
}

fn at_client(url: &Url) -> bool {
    url.as_str().starts_with(REDIRECT_URI)
}

/// One line for each case, by the name of the case.
type Seen = BTreeMap<&'static str, String>;

/// A party, a client of it, and what was seen so far.
struct Comparison<'a> {
    party: &'a Party,
    client: &'a Client,
    endpoints: Endpoints,
    seen: Seen,
}

impl Comparison<'_> {
    fn see(&mut self, case: &'static str, line: String) {
        assert_eq!(self.seen.insert(case, line), None, "{case} comes twice");
    }

    /// The party's own answer to an authorization request.
    async fn first_answer(&self, request: &Parameters) -> Page {
        let url = Client::url(&self.endpoints, request);
        browser().get(&url, ACCEPT_PAGE).await.unwrap()
    }

    async fn authorization(
        &mut self,
        case: &'static str,
        change: impl FnOnce(Parameters) -> Parameters,
    ) {
        let request = change(Client::authorization_request());
        let answer = self.first_answer(&request).await;
        let line = match answer.redirect_target().unwrap() {
            None => format!("page {}", answer.status.as_u16()),
            Some(url) if at_client(&url) => format!("{} {}", answer.status.as_u16(), told(&url)),
            Some(url) => panic!("{case}: redirected to {url}"),
        };
        self.see(case, line);
    }

    /// Signs in, to the end of the login.
    async fn login(&self, consent: Consent) -> Arrival {
        let browser = browser();
        let start = Client::url(&self.endpoints, &Client::authorization_request());
        let arrival = arrive(&browser, &start, at_client).await;
        self.party.sign_in(&browser, arrival, consent).await
    }

    async fn code(&self) -> String {
        parameter(&self.login(Consent::Given).await, "code").expect("a code")
    }

    async fn token_request(&self) -> Parameters {
        let code = self.code().await;
        self.client.token_request(&self.endpoints, &code).await
    }

    /// Sends a token request with a new code, changed by `change`.
    async fn token(&mut self, case: &'static str, change: impl FnOnce(Parameters) -> Parameters) {
        let request = change(self.token_request().await);
        let answer = ask_for_tokens(&self.endpoints, &request).await;
        self.see(case, answered(&answer));
    }

    /// Sends a token request with a changed assertion. The party refuses it before it looks at the
    /// code, or accepts it.
    async fn assertion(&mut self, case: &'static str, change: impl FnOnce(Assertion) -> Assertion) {
        let assertion = change(self.client.assertion(&self.endpoints));
        let assertion = self.client.sign(&assertion).await;
        self.token(case, |request| request.with("client_assertion", &assertion))
            .await;
    }
}

/// An authorization response as it reached the client: the names of the parameters in order, and
/// the error if there is one.
fn told(url: &Url) -> String {
    let pairs: Vec<_> = url.query_pairs().collect();
    let names: Vec<_> = pairs.iter().map(|(name, _)| &**name).collect();
    let value = |wanted| pairs.iter().find(|(name, _)| name == wanted);
    let error = value("error").map_or(String::new(), |(_, error)| format!(": {error}"));
    let description =
        value("error_description").map_or(String::new(), |(_, text)| format!(" {text:?}"));
    format!("[{}]{error}{description}", names.join(" "))
}

/// An answer to the client: the status, and the error and its description if there is one.
fn answered(answer: &Answer) -> String {
    let (status, description) = (answer.status, answer.text("error_description"));
    match (answer.text("error"), description) {
        (Some(error), Some(description)) => format!("{status} {error} {description:?}"),
        _ => status.to_string(),
    }
}

/// A successful answer to the client: the status, and the members with their types.
fn members(answer: &Answer) -> String {
    let json = answer.json();
    format!("{} {}", answer.status, forms(json.as_object().unwrap()))
}

/// The names of a JSON object's members, with their types.
fn forms(members: &Map<String, Value>) -> String {
    let mut forms: Vec<_> = members
        .iter()
        .map(|(name, value)| match value {
            Value::String(_) => format!("{name}:string"),
            Value::Number(_) => format!("{name}:number"),
            Value::Array(_) => format!("{name}:array"),
            Value::Object(_) => format!("{name}:object"),
            other => format!("{name}:{other}"),
        })
        .collect();
    forms.sort();
    forms.join(" ")
}

/// A part of a JWT, decoded.
fn part(token: &str, index: usize) -> Map<String, Value> {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn authorization_requests(comparison: &mut Comparison<'_>) {
    let c = comparison;
    c.authorization("authorization: as it should be", |r| r)
        .await;
    for (case, name) in [
        ("authorization: no client_id", "client_id"),
        ("authorization: no redirect_uri", "redirect_uri"),
        ("authorization: no response_type", "response_type"),
        ("authorization: no scope", "scope"),
        ("authorization: no state", "state"),
        ("authorization: no nonce", "nonce"),
        ("authorization: no code_challenge", "code_challenge"),
        (
            "authorization: no code_challenge_method",
            "code_challenge_method",
        ),
        ("authorization: no acr_values", "acr_values"),
    ] {
        c.authorization(case, |r| r.without(name)).await;
    }
    let long = "x".repeat(256);
    for (case, name, value) in [
        (
            "authorization: unknown client_id",
            "client_id",
            "RP99999999",
        ),
        (
            "authorization: other redirect_uri",
            "redirect_uri",
            "http://bridge.localhost/other",
        ),
        (
            "authorization: redirect_uri with a query",
            "redirect_uri",
            "http://bridge.localhost/callback?a=b",
        ),
        (
            "authorization: response_type token",
            "response_type",
            "token",
        ),
        (
            "authorization: response_type unknown",
            "response_type",
            "other",
        ),
        ("authorization: scope without openid", "scope", "name"),
        ("authorization: unknown scope", "scope", "openid name other"),
        ("authorization: scope twice", "scope", "openid name name"),
        ("authorization: long state", "state", &long),
        (
            "authorization: state with a control character",
            "state",
            "a\u{1}b",
        ),
        ("authorization: state beyond ASCII", "state", "状態"),
        ("authorization: long nonce", "nonce", &long),
        (
            "authorization: code_challenge_method plain",
            "code_challenge_method",
            "plain",
        ),
        (
            "authorization: short code_challenge",
            "code_challenge",
            "abc",
        ),
    ] {
        c.authorization(case, |r| r.with(name, value)).await;
    }
    c.authorization("authorization: state twice", |r| r.and("state", "other"))
        .await;
    c.authorization("authorization: nonce twice", |r| r.and("nonce", "other"))
        .await;
    c.authorization("authorization: unknown parameter", |r| {
        r.and("other", "value")
    })
    .await;
    c.authorization("authorization: prompt none", |r| r.and("prompt", "none"))
        .await;
    c.authorization("authorization: a request object", |r| {
        r.and("request", "e30.e30.")
    })
    .await;
}

async fn answers_at_the_client(comparison: &mut Comparison<'_>) {
    for (case, consent) in [
        ("callback: cancelled", Consent::Refused),
        ("callback: signed in", Consent::Given),
    ] {
        let Arrival::At(url) = comparison.login(consent).await else {
            panic!("{case}: not at the client");
        };
        comparison.see(case, told(&url));
    }
    let code = comparison.code().await;
    let lengths: Vec<_> = code.split('.').map(str::len).collect();
    comparison.see("callback: parts of the code", format!("{lengths:?}"));
}

async fn token_requests(comparison: &mut Comparison<'_>) {
    let c = comparison;
    for (case, name) in [
        ("token: no grant_type", "grant_type"),
        ("token: no code", "code"),
        ("token: no redirect_uri", "redirect_uri"),
        ("token: no client_id", "client_id"),
        ("token: no code_verifier", "code_verifier"),
        ("token: no client_assertion_type", "client_assertion_type"),
        ("token: no client_assertion", "client_assertion"),
    ] {
        c.token(case, |r| r.without(name)).await;
    }
    for (case, name, value) in [
        ("token: unknown grant_type", "grant_type", "other"),
        ("token: unknown code", "code", "a.b.c"),
        ("token: code of no form", "code", "code"),
        (
            "token: other redirect_uri",
            "redirect_uri",
            "http://bridge.localhost/other",
        ),
        ("token: unknown client_id", "client_id", "RP99999999"),
        (
            "token: other code_verifier",
            "code_verifier",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXx",
        ),
        ("token: short code_verifier", "code_verifier", "short"),
        (
            "token: code_verifier of another alphabet",
            "code_verifier",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r wW1gFWFOEjXk",
        ),
        (
            "token: unknown client_assertion_type",
            "client_assertion_type",
            "other",
        ),
        (
            "token: client_assertion that is no JWT",
            "client_assertion",
            "assertion",
        ),
        (
            "token: client_assertion of three parts",
            "client_assertion",
            "a.b.c",
        ),
    ] {
        c.token(case, |r| r.with(name, value)).await;
    }
    c.token("token: code twice in the form", |r| r.and("code", "other"))
        .await;
    c.token("token: unknown parameter", |r| r.and("other", "value"))
        .await;
    c.token("token: refresh", |r| r.with("grant_type", "refresh_token"))
        .await;
    c.token("token: client_credentials", |r| {
        r.with("grant_type", "client_credentials")
    })
    .await;

    let request = c.token_request().await;
    let first = ask_for_tokens(&c.endpoints, &request).await;
    c.see("token: signed in", members(&first));
    let again = ask_for_tokens(&c.endpoints, &request).await;
    c.see("token: the same request again", answered(&again));
    let assertion = c.client.sign(&c.client.assertion(&c.endpoints)).await;
    let again = request.with("client_assertion", &assertion);
    let again = ask_for_tokens(&c.endpoints, &again).await;
    c.see("token: a code again", answered(&again));
    let access_token = first.text("access_token").unwrap();
    let claims = ask_for_claims(&c.endpoints, &access_token).await;
    c.see("userinfo: after the code came again", answered(&claims));
}

async fn assertions(comparison: &mut Comparison<'_>) {
    let c = comparison;
    let (issuer, token_endpoint) = (
        c.endpoints.issuer.clone(),
        c.endpoints.token_endpoint.clone(),
    );
    for (case, claim) in [
        ("assertion: no iss", "iss"),
        ("assertion: no sub", "sub"),
        ("assertion: no aud", "aud"),
        ("assertion: no jti", "jti"),
        ("assertion: no iat", "iat"),
        ("assertion: no exp", "exp"),
    ] {
        c.assertion(case, |a| a.claim(claim, Value::Null)).await;
    }
    for (case, claim, value) in [
        ("assertion: other iss", "iss", json!("RP99999999")),
        ("assertion: other sub", "sub", json!("RP99999999")),
        (
            "assertion: other aud",
            "aud",
            json!("http://elsewhere.localhost/token"),
        ),
        ("assertion: aud is the issuer", "aud", json!(issuer)),
        (
            "assertion: aud is an array of one",
            "aud",
            json!([token_endpoint]),
        ),
        (
            "assertion: aud is an array of two",
            "aud",
            json!([token_endpoint, issuer]),
        ),
    ] {
        c.assertion(case, |a| a.claim(claim, value)).await;
    }
    for (case, claim, shift) in [
        ("assertion: expired", "exp", -120),
        ("assertion: expires in five minutes", "exp", 240),
        ("assertion: expires in a day", "exp", 86_400),
        ("assertion: issued in the future", "iat", 120),
        ("assertion: issued ten minutes ago", "iat", -600),
        ("assertion: issued two days ago", "iat", -172_800),
    ] {
        c.assertion(case, |a| {
            let value = json!(a.seconds(claim) + shift);
            a.claim(claim, value)
        })
        .await;
    }
    c.assertion("assertion: not valid yet", |a| {
        let value = json!(a.seconds("iat") + 120);
        a.claim("nbf", value)
    })
    .await;
    c.assertion("assertion: foreign key", |mut a| {
        a.foreign = true;
        a
    })
    .await;
    c.assertion("assertion: unknown kid", |a| {
        a.header("kid", json!("other"))
    })
    .await;
    c.assertion("assertion: no kid", |a| a.header("kid", Value::Null))
        .await;
    c.assertion("assertion: alg of another key", |a| {
        a.header("alg", json!("RS256"))
    })
    .await;
    c.assertion("assertion: alg none", |a| a.header("alg", json!("none")))
        .await;
    c.assertion("assertion: no typ", |a| a.header("typ", Value::Null))
        .await;

    let assertion = c.client.sign(&c.client.assertion(&c.endpoints)).await;
    for case in ["assertion: first use", "assertion: second use"] {
        c.token(case, |r| r.with("client_assertion", &assertion))
            .await;
    }
}

async fn tokens_and_claims(comparison: &mut Comparison<'_>) {
    let c = comparison;
    let request = c.token_request().await;
    let answer = ask_for_tokens(&c.endpoints, &request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = |name| answer.text(name).unwrap();
    for (case, name) in [
        ("ID token: header", "id_token"),
        ("access token: header", "access_token"),
    ] {
        let header = part(&token(name), 0);
        c.see(
            case,
            format!("{} {} {}", header["alg"], header["typ"], forms(&header)),
        );
    }
    let claims = part(&token("id_token"), 1);
    c.see("ID token: claims", forms(&claims));
    c.see(
        "ID token: typ, acr",
        format!("{} {}", claims["typ"], claims["acr"]),
    );
    c.see(
        "ID token: lifetime",
        json!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()).to_string(),
    );
    let is = |name: &str, expected: &str| claims[name] == expected;
    assert!(is("iss", &c.endpoints.issuer) && is("nonce", "the-nonce-of-this-login"));
    assert!(is("aud", "RP00000001") && is("azp", "RP00000001"));
    assert_eq!(
        claims["sid"],
        claims
            .get("session_state")
            .cloned()
            .unwrap_or(claims["sid"].clone())
    );
    c.see(
        "access token: claims",
        forms(&part(&token("access_token"), 1)),
    );
    c.see(
        "refresh token: alg",
        part(&token("refresh_token"), 0)["alg"].to_string(),
    );
    let json = answer.json();
    c.see(
        "token answer: values",
        format!(
            "{} {} {} {}",
            json["token_type"],
            json["expires_in"],
            json["refresh_expires_in"],
            json["not-before-policy"]
        ),
    );
    let mut scope: Vec<_> = json["scope"].as_str().unwrap().split(' ').collect();
    scope.sort_unstable();
    c.see("token answer: scope", scope.join(" "));
    c.see("token answer: headers", headers(&answer));

    let claims = ask_for_claims(&c.endpoints, &token("access_token")).await;
    c.see("userinfo: signed in", members(&claims));
    c.see("userinfo: headers", headers(&claims));
    let refused = ask_for_claims(&c.endpoints, "token").await;
    c.see("userinfo: unknown token", answered(&refused));
    c.see("userinfo: headers of a refusal", headers(&refused));
    let http = reqwest::Client::new();
    let userinfo = c.endpoints.userinfo_endpoint.clone();
    let refused = Answer::of(http.get(&userinfo)).await;
    c.see("userinfo: no token", answered(&refused));
    c.see("userinfo: headers without a token", headers(&refused));
    let with_query = format!("{userinfo}?access_token={}", token("access_token"));
    let refused = Answer::of(http.get(with_query)).await;
    c.see("userinfo: token in the query", answered(&refused));
    let posted = Answer::of(http.post(&userinfo).bearer_auth(token("access_token"))).await;
    c.see("userinfo: POST", answered(&posted));

    let form = [("grant_type", "authorization_code")];
    let got = Answer::of(http.get(&c.endpoints.token_endpoint)).await;
    c.see("token: GET", answered(&got));
    let refused = Answer::of(http.post(&c.endpoints.token_endpoint).json(&json!({}))).await;
    c.see("token: JSON", answered(&refused));
    let refused = Answer::of(http.post(&c.endpoints.token_endpoint).form(&form)).await;
    c.see("token: no client", answered(&refused));
    c.see("token: headers of a refusal", headers(&refused));

    let answer = Answer::of(http.get(&c.endpoints.jwks_uri)).await;
    c.see("key set: headers", headers(&answer));
    let answer = answer.json();
    let mut keys: Vec<_> = answer["keys"].as_array().unwrap().iter().collect();
    keys.sort_by_key(|key| key["alg"].to_string());
    let named = keys
        .iter()
        .map(|key| format!("{} {}", key["alg"], key["use"]));
    c.see("key set: keys", named.collect::<Vec<_>>().join("; "));
    for (case, kind) in [
        ("key set: members of EC keys", "EC"),
        ("key set: members of RSA keys", "RSA"),
    ] {
        let of_kind = keys.iter().filter(|key| key["kty"] == kind);
        let forms: BTreeSet<_> = of_kind.map(|key| forms(key.as_object().unwrap())).collect();
        c.see(case, Vec::from_iter(forms).join("; "));
    }
}

/// The headers that say something about the answer.
fn headers(answer: &Answer) -> String {
    let names = [
        "cache-control",
        "content-type",
        "pragma",
        "www-authenticate",
    ];
    let mut headers = Vec::new();
    for name in names {
        if let Some(value) = answer.headers.get(name) {
            headers.push(format!("{name}: {value}"));
        }
    }
    headers.join("; ")
}

async fn seen(party: &Party, client: &Client) -> Seen {
    let mut comparison = Comparison {
        party,
        client,
        endpoints: party.endpoints(),
        seen: Seen::new(),
    };
    // These come first, because a person who has consented once isn't asked again.
    answers_at_the_client(&mut comparison).await;
    authorization_requests(&mut comparison).await;
    token_requests(&mut comparison).await;
    assertions(&mut comparison).await;
    tokens_and_claims(&mut comparison).await;
    comparison.seen
}

/// A case in which Keycloak and the stand-in differ.
struct Difference {
    case: &'static str,
    keycloak: &'static str,
    stand_in: &'static str,
}

/// The differences that have the same reason.
type Group = (&'static str, &'static [Difference]);

const fn differs(case: &'static str, keycloak: &'static str, stand_in: &'static str) -> Difference {
    Difference {
        case,
        keycloak,
        stand_in,
    }
}

const DIFFERENCES: &[Group] = &[
    (
        "The service's documentation requires it, or bounds it; Keycloak by itself doesn't.",
        &[
            differs(
                "authorization: no state",
                "page 200",
                "302 [error error_description iss]: invalid_request \"Missing parameter: state\"",
            ),
            differs(
                "authorization: long state",
                "page 200",
                "302 [error error_description iss]: invalid_request \"Invalid parameter: state\"",
            ),
            differs(
                "authorization: state with a control character",
                "page 200",
                "302 [error error_description iss]: invalid_request \"Invalid parameter: state\"",
            ),
            differs(
                "authorization: state beyond ASCII",
                "page 200",
                "302 [error error_description iss]: invalid_request \"Invalid parameter: state\"",
            ),
            differs(
                "authorization: no nonce",
                "page 200",
                "302 [error error_description state iss]: invalid_request \"Missing parameter: \
                 nonce\"",
            ),
            differs(
                "authorization: long nonce",
                "page 200",
                "302 [error error_description state iss]: invalid_request \"Invalid parameter: \
                 nonce\"",
            ),
            differs(
                "authorization: no scope",
                "page 200",
                "302 [error error_description state iss]: invalid_scope \"Missing parameter: \
                 scope\"",
            ),
            differs(
                "authorization: scope without openid",
                "page 200",
                "302 [error error_description state iss]: invalid_scope \"Missing scope: openid\"",
            ),
            differs(
                "authorization: scope twice",
                "page 200",
                "302 [error error_description state iss]: invalid_scope \"Invalid scopes: openid \
                 name name\"",
            ),
            differs(
                "token: no client_id",
                "200",
                "400 invalid_client \"Missing parameter: client_id\"",
            ),
            differs(
                "assertion: no iat",
                "200",
                "400 invalid_client \"Token iat claim is required\"",
            ),
            differs(
                "assertion: no kid",
                "200",
                "400 invalid_client \"Unable to load public key\"",
            ),
            differs(
                "assertion: expires in five minutes",
                "200",
                "400 invalid_client \"Token expiration is too far in the future\"",
            ),
            differs(
                "assertion: expires in a day",
                "200",
                "400 invalid_client \"Token expiration is too far in the future\"",
            ),
            differs(
                "assertion: aud is the issuer",
                "200",
                "400 invalid_client \"Invalid token audience\"",
            ),
            differs(
                "assertion: aud is an array of one",
                "200",
                "400 invalid_client \"Invalid token audience\"",
            ),
            differs(
                "assertion: aud is an array of two",
                "400 invalid_client \"Multiple audiences not allowed\"",
                "400 invalid_client \"Invalid token audience\"",
            ),
        ],
    ),
    (
        "The service's documentation doesn't have it: a relying party shall send nothing else.",
        &[
            differs(
                "authorization: unknown parameter",
                "page 200",
                "302 [error error_description state iss]: invalid_request \"Unknown parameter\"",
            ),
            differs(
                "authorization: prompt none",
                "302 [error state iss]: login_required",
                "302 [error error_description state iss]: invalid_request \"Unknown parameter\"",
            ),
            differs(
                "authorization: a request object",
                "page 400",
                "302 [error error_description state iss]: invalid_request \"Request objects are \
                 not supported\"",
            ),
            differs(
                // This response type puts the error into the fragment.
                "authorization: response_type token",
                "302 []",
                "302 [error state iss]: unsupported_response_type",
            ),
            differs(
                "token: unknown parameter",
                "200",
                "400 invalid_request \"Unknown parameter\"",
            ),
            differs(
                "token: refresh",
                "400 invalid_request \"No refresh token\"",
                "400 unsupported_grant_type \"Unsupported grant_type\"",
            ),
            differs(
                "token: client_credentials",
                "401 unauthorized_client \"Client not enabled to retrieve service account\"",
                "400 unsupported_grant_type \"Unsupported grant_type\"",
            ),
            differs("userinfo: POST", "200", "405"),
            differs("userinfo: token in the query", "401", "400"),
        ],
    ),
    (
        "Both refuse it; the stand-in has its own order of checks, and doesn't imitate Java's \
         words.",
        &[
            differs(
                "authorization: state twice",
                "302 [error error_description state iss]: invalid_request \"duplicated parameter\"",
                "302 [error error_description iss]: invalid_request \"duplicated parameter\"",
            ),
            differs(
                "token: no client",
                "401 invalid_client \"Invalid client or Invalid client credentials\"",
                "400 invalid_client \"Parameter client_assertion_type is missing\"",
            ),
            differs(
                "token: client_assertion that is no JWT",
                "400 invalid_client \"Client authentication with signed JWT failed: \
                 java.lang.IllegalArgumentException: Parsing error\"",
                "400 invalid_client \"Client authentication with signed JWT failed: Invalid JWT\"",
            ),
            differs(
                "token: client_assertion of three parts",
                "400 invalid_client \"Client authentication with signed JWT failed: \
                 java.lang.RuntimeException: Illegal base64url string!\"",
                "400 invalid_client \"Client authentication with signed JWT failed: Invalid JWT\"",
            ),
            differs(
                "assertion: alg none",
                "400 invalid_client \"Client authentication with signed JWT failed: Signature on \
                 JWT token failed validation\"",
                "400 invalid_client \"Client authentication with signed JWT failed: Invalid JWT\"",
            ),
        ],
    ),
    (
        "A relying party has no use for it: what a token is to its reader, certificates, what \
         caches may do.",
        &[
            differs("refresh token: alg", "\"HS512\"", "\"RS256\""),
            differs(
                "key set: members of RSA keys",
                "alg:string e:string kid:string kty:string n:string use:string x5c:array \
                 x5t#S256:string x5t:string",
                "alg:string e:string kid:string kty:string n:string use:string",
            ),
            differs(
                "key set: headers",
                "cache-control: no-cache; content-type: application/json",
                "cache-control: no-store; content-type: application/json; pragma: no-cache",
            ),
            differs(
                "userinfo: headers",
                "cache-control: no-cache; content-type: application/json",
                "cache-control: no-store; content-type: application/json; pragma: no-cache",
            ),
            differs(
                "userinfo: headers of a refusal",
                "content-type: text/plain;charset=utf-8; www-authenticate: Bearer realm=\"main\", \
                 error=\"invalid_token\", error_description=\"Token verification failed\"",
                "cache-control: no-store; content-type: text/plain;charset=utf-8; pragma: \
                 no-cache; www-authenticate: Bearer realm=\"main\", error=\"invalid_token\", \
                 error_description=\"Token verification failed\"",
            ),
            differs(
                "userinfo: headers without a token",
                "content-type: text/plain;charset=utf-8; www-authenticate: Bearer realm=\"main\"",
                "cache-control: no-store; content-type: text/plain;charset=utf-8; pragma: \
                 no-cache; www-authenticate: Bearer realm=\"main\"",
            ),
        ],
    ),
];

#[tokio::test]
async fn keycloak_and_the_stand_in_answer_alike_but_for_what_is_known() {
    let client = Client::new(Algorithm::Es256);
    let mut realm = Realm::new().await;
    realm.register(&client.registered()).await;
    let keycloak = seen(&Party::Keycloak(realm), &client).await;
    let service = Service::start(ServiceOptions::new(client.registered()));
    let stand_in = seen(&Party::StandIn(service.await.unwrap()), &client).await;

    assert!(
        keycloak.keys().eq(stand_in.keys()),
        "both were asked the same"
    );
    let differing: BTreeMap<_, _> = keycloak
        .iter()
        .filter(|(case, line)| stand_in[*case] != **line)
        .map(|(case, line)| (*case, (line.as_str(), stand_in[case].as_str())))
        .collect();
    let known: BTreeMap<_, _> = DIFFERENCES
        .iter()
        .flat_map(|(_, differences)| *differences)
        .map(|known| (known.case, (known.keycloak, known.stand_in)))
        .collect();
    for (case, lines) in &differing {
        assert_eq!(
            known.get(case),
            Some(lines),
            "{case}: Keycloak's answer, the stand-in's"
        );
    }
    for case in known.keys() {
        assert!(
            differing.contains_key(case),
            "{case}: no difference any more"
        );
    }
    // What the client gets in the end must be exactly this.
    for (case, line) in [
        ("callback: signed in", "[state session_state iss code]"),
        ("callback: cancelled", "[error state iss]: access_denied"),
        (
            "assertion: second use",
            "400 invalid_client \"Token reuse detected\"",
        ),
        (
            "token: a code again",
            "400 invalid_grant \"Code not valid\"",
        ),
        (
            "ID token: header",
            "\"ES256\" \"JWT\" alg:string kid:string typ:string",
        ),
        ("ID token: typ, acr", "\"ID\" \"aal3\""),
        (
            "userinfo: signed in",
            "200 address:string birthdate:string gender:string name:string sub:string",
        ),
    ] {
        assert_eq!(
            (keycloak[case].as_str(), stand_in[case].as_str()),
            (line, line),
            "{case}"
        );
    }
}
