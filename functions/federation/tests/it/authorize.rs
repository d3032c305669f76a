//! Tests of `/authorize`: what is refused on a page, what is reported to the client, and what is
//! sent on to the service.
//! The order of the checks is that of the code: the client and its redirect URI come first, because
//! nothing is redirected until they are known.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use federation::variables;
use kit::{Parameters, service, start};
use serde_json::{Value, json};

use crate::bridge::{Browser, Call, RunningBridge, verified_claims};
use crate::support::{
    ISSUER, REDIRECT_URI, SCOPE, authorization_request, parameters, token_request,
};

const STATE: &str = "marked-client-state";

/// `<base64url>.<base64url>.<digit>` of 2,600 characters, as Amazon Cognito's longest.
pub(crate) fn longest_cognito_state() -> String {
    let state = format!("{}.{}.4", "Ab-_".repeat(325), "x9YzA".repeat(1_297 / 5));
    format!("{state}{}", "4".repeat(2_600 - state.len()))
}

async fn answer(form: &Parameters) -> crate::bridge::Answer {
    Call::authorize(form)
        .send(&RunningBridge::new().await)
        .await
}

#[tokio::test]
async fn pass_exactly_the_documented_parameters_go_to_the_service() {
    let bridge = RunningBridge::new().await;
    let mut form = authorization_request();
    for unknown in [
        "login_hint",
        "ui_locales",
        "display",
        "lang",
        "acr_values",
        "resource",
        "x",
    ] {
        form = form.and(unknown, "anything");
    }
    let mut browser = Browser::default();
    let mut asked = bridge.begin(&mut browser, &form).await;
    for new in ["state", "nonce", "code_challenge"] {
        let value = asked.remove(new).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(&value).unwrap().len(), 32, "{new}");
    }
    let expected = [
        ("acr_values", "aal3 crl"),
        ("client_id", service::CLIENT_ID),
        ("code_challenge_method", "S256"),
        ("redirect_uri", &format!("{ISSUER}/callback")),
        ("response_type", "code"),
        ("scope", SCOPE),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(asked, BTreeMap::from(expected));
    assert_eq!(browser.0.len(), 1);
    assert_eq!(bridge.service.take_calls(), [""; 0]);
}

/// OIDC Core §3.1.2.1 allows GET and POST. A form is redirected to the same query, by 303
/// (RFC 9700 §4.12). With another site's form, a browser sends no cookies, and the bridge could not
/// limit the pending logins.
#[tokio::test]
async fn pass_a_form_goes_on_as_the_same_query_and_begins_nothing() {
    let bridge = RunningBridge::new().await;
    let redirected = async |form: &Parameters| {
        let call = Call::new("POST", "/authorize").form(&form.encode());
        let answer = call.send(&bridge).await;
        assert_eq!((answer.status, answer.cookies.len()), (303, 0));
        let location = answer.header("location").to_owned();
        let (endpoint, query) = location.split_once('?').unwrap();
        assert_eq!(endpoint, format!("{ISSUER}/authorize"));
        let mut expected = parameters(&format!("x:?{}", form.encode()));
        // Parameters that aren't read don't get into the URL.
        for unread in ["claims", "id_token_hint", "next"] {
            expected.remove(unread);
        }
        assert_eq!(parameters(&location), expected);
        Call::new("GET", "/authorize")
            .query(query)
            .send(&bridge)
            .await
    };
    let longest = "s".repeat(2_600);
    let odd = "a b&c=d\r\nX: y/日本?#%41";
    for form in [
        authorization_request(),
        authorization_request().with("state", &longest),
        authorization_request().with("state", odd),
        authorization_request().without("state"),
        authorization_request().with("scope", "openid"),
        authorization_request().with("claims", "{}"),
        authorization_request().with("id_token_hint", "e30.e30.AA"),
        authorization_request().with("next", "https://evil.example/"),
        authorization_request().with("response_type", "token"),
        authorization_request().with("nonce", &"n".repeat(600)),
        authorization_request().with("code_challenge", "x"),
        authorization_request().with("code_challenge_method", "plain"),
        authorization_request().with("prompt", "none"),
        authorization_request().with("max_age", "-1"),
    ] {
        let by_query = Call::authorize(&form).send(&bridge).await;
        let by_form = redirected(&form).await;
        assert_eq!((by_form.status, by_query.status), (302, 302));
        assert_eq!(by_form.cookies.len(), by_query.cookies.len());
        let class =
            |answer: &crate::bridge::Answer| parameters(answer.header("location")).remove("error");
        assert_eq!(class(&by_form), class(&by_query));
    }
    // A request object is refused, and isn't redirected to the query.
    for (name, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
    ] {
        let form = authorization_request().with(name, "e30.e30.AA");
        let call = Call::new("POST", "/authorize").form(&form.encode());
        let answer = call.send(&bridge).await;
        assert_eq!(answer.status, 303);
        assert_eq!(parameters(answer.header("location"))["error"], error);
    }
    for (form, status, class) in [
        (
            authorization_request().with("client_id", "x"),
            400,
            "unknown_client",
        ),
        (
            authorization_request().with("redirect_uri", "https://evil.example/"),
            400,
            "redirect_uri_mismatch",
        ),
        // Longer than a query may be.
        (
            authorization_request().with("state", &"x".repeat(9_000)),
            413,
            "too_large",
        ),
        (
            authorization_request().with("state", &"日".repeat(1_500)),
            413,
            "too_large",
        ),
    ] {
        let call = Call::new("POST", "/authorize").form(&form.encode());
        call.send(&bridge).await.is_page(status, class);
    }

    // A whole login, as far as the client's code.
    let form = authorization_request();
    let mut browser = Browser::default();
    let begun = redirected(&form).await;
    browser.take(&begun);
    let back = bridge.service.answer(&parameters(begun.location()));
    let back = Call::callback(&back).browser(&browser).send(&bridge).await;
    let back = parameters(back.location());
    assert!(back.contains_key("code"));
    assert_eq!(back["state"], form.get("state"));
}

/// A POST has only the parameters of its form. Its query doesn't count.
#[tokio::test]
async fn fail_a_post_without_a_form() {
    let bridge = RunningBridge::new().await;
    let form = authorization_request().encode();
    let post = || Call::new("POST", "/authorize");
    let json = |call: Call| call.header("content-type", "application/json");
    for (call, status, class) in [
        (post().query(&form), 400, "malformed_request"),
        (post().query(&form).form(""), 400, "unknown_client"),
        (json(post().form(&form)), 400, "malformed_request"),
        (
            post().form(&format!("{form}&state=x")),
            400,
            "malformed_request",
        ),
        (
            post().form(&format!("{form}&x={}", "x".repeat(20_000))),
            413,
            "too_large",
        ),
    ] {
        let answer = call.send(&bridge).await;
        answer.is_page(status, class);
        assert!(answer.cookies.is_empty());
    }
}

#[tokio::test]
async fn pass_every_login_has_a_state_a_nonce_a_challenge_and_a_cookie_of_its_own() {
    let bridge = RunningBridge::new().await;
    let mut seen = std::collections::BTreeSet::new();
    let mut browser = Browser::default();
    for _ in 0..4 {
        let asked = bridge.begin(&mut browser, &authorization_request()).await;
        for new in ["state", "nonce", "code_challenge"] {
            assert!(seen.insert(asked[new].clone()), "{new}");
        }
    }
    assert_eq!(browser.0.len(), 4);
}

#[tokio::test]
async fn pass_without_acr_values_and_with_fewer_attributes_when_so_configured() {
    let bridge = RunningBridge::with(&[
        (variables::ACR_VALUES, "none"),
        (variables::ATTRIBUTES, "birthdate"),
    ])
    .await;
    let form = authorization_request().with("scope", "birthdate openid");
    let asked = bridge.begin(&mut Browser::default(), &form).await;
    assert_eq!(asked["scope"], "openid birthdate");
    assert!(!asked.contains_key("acr_values"));
    let refused = Call::authorize(&authorization_request())
        .send(&bridge)
        .await;
    refused.is_redirect("invalid_scope", "invalid_scope", Some(STATE));
}

#[tokio::test]
async fn fail_on_a_page_while_the_client_is_not_known() {
    let whole = authorization_request;
    let with_query = format!("{REDIRECT_URI}?x=1");
    let with_slash = format!("{REDIRECT_URI}/");
    let upper_case = REDIRECT_URI.replace("https://app", "https://APP");
    for (form, class) in [
        (whole().without("client_id"), "unknown_client"),
        (whole().with("client_id", ""), "unknown_client"),
        (whole().with("client_id", "another"), "unknown_client"),
        (whole().with("client_id", "Cognito"), "unknown_client"),
        (whole().with("client_id", "cognito "), "unknown_client"),
        (
            whole().with("client_id", &"c".repeat(4_000)),
            "unknown_client",
        ),
        (whole().without("redirect_uri"), "redirect_uri_mismatch"),
        (whole().with("redirect_uri", ""), "redirect_uri_mismatch"),
        (
            whole().with("redirect_uri", "https://evil.example/"),
            "redirect_uri_mismatch",
        ),
        (
            whole().with("redirect_uri", "javascript:alert(1)"),
            "redirect_uri_mismatch",
        ),
        (
            whole().with("redirect_uri", &with_query),
            "redirect_uri_mismatch",
        ),
        (
            whole().with("redirect_uri", &with_slash),
            "redirect_uri_mismatch",
        ),
        (
            whole().with("redirect_uri", &upper_case),
            "redirect_uri_mismatch",
        ),
        (
            whole().with("redirect_uri", &format!("{REDIRECT_URI}#f")),
            "redirect_uri_mismatch",
        ),
        (whole().and("client_id", "cognito"), "malformed_request"),
        (
            whole().and("redirect_uri", REDIRECT_URI),
            "malformed_request",
        ),
        (whole().and("state", "other"), "malformed_request"),
        (whole().and("x", "1").and("x", "2"), "malformed_request"),
    ] {
        let answer = answer(&form).await;
        answer.is_page(400, class);
        assert!(answer.cookies.is_empty());
    }
}

#[tokio::test]
async fn fail_a_query_that_two_readers_could_read_in_two_ways() {
    let bridge = RunningBridge::new().await;
    let good = authorization_request().encode();
    assert_eq!(
        Call::new("GET", "/authorize")
            .query(&good)
            .send(&bridge)
            .await
            .status,
        302
    );
    for bad in [
        "x=%",
        "x=%4",
        "x=%zz",
        "x=%ff",
        "%ff=x",
        "x=%c3%28",
        "x=%ed%a0%80",
    ] {
        let query = format!("{good}&{bad}");
        let answer = Call::new("GET", "/authorize")
            .query(&query)
            .send(&bridge)
            .await;
        answer.is_page(400, "malformed_request");
    }
}

#[tokio::test]
async fn fail_a_request_that_is_told_to_the_client() {
    let whole = authorization_request;
    let long_nonce = "n".repeat(513);
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let with_challenge = || whole().and("code_challenge", challenge);
    let s256 = |challenge: &str| {
        let form = whole().and("code_challenge", challenge);
        form.and("code_challenge_method", "S256")
    };
    let longer = format!("{challenge}AAAA");
    let spare_bits = format!("{}N", &challenge[..42]);
    for (form, error, class) in [
        (
            whole().without("response_type"),
            "unsupported_response_type",
            "unsupported_response_type",
        ),
        (
            whole().with("response_type", "token"),
            "unsupported_response_type",
            "unsupported_response_type",
        ),
        (
            whole().with("response_type", "code id_token"),
            "unsupported_response_type",
            "unsupported_response_type",
        ),
        (
            whole().with("response_type", "CODE"),
            "unsupported_response_type",
            "unsupported_response_type",
        ),
        (whole().without("scope"), "invalid_scope", "invalid_scope"),
        (
            whole().with("scope", "openid"),
            "invalid_scope",
            "invalid_scope",
        ),
        (
            whole().with("scope", "openid name address birthdate"),
            "invalid_scope",
            "invalid_scope",
        ),
        (
            whole().with("scope", "name address birthdate gender"),
            "invalid_scope",
            "invalid_scope",
        ),
        (
            whole().with("scope", "openid name address birthdate gender sign"),
            "invalid_scope",
            "invalid_scope",
        ),
        (
            whole().with("scope", "openid,name,address,birthdate,gender"),
            "invalid_scope",
            "invalid_scope",
        ),
        (
            whole().and("request", "eyJ"),
            "request_not_supported",
            "request_not_supported",
        ),
        (
            whole().and("request_uri", "urn:x"),
            "request_uri_not_supported",
            "request_uri_not_supported",
        ),
        (
            whole().and("prompt", "none"),
            "login_required",
            "login_required",
        ),
        (
            whole().and("prompt", "login none"),
            "login_required",
            "login_required",
        ),
        (
            whole().and("nonce", &long_nonce),
            "invalid_request",
            "invalid_nonce",
        ),
        (
            with_challenge(),
            "invalid_request",
            "invalid_code_challenge",
        ),
        (
            with_challenge().and("code_challenge_method", "plain"),
            "invalid_request",
            "invalid_code_challenge",
        ),
        (
            with_challenge().and("code_challenge_method", "s256"),
            "invalid_request",
            "invalid_code_challenge",
        ),
        (
            whole().and("code_challenge_method", "S256"),
            "invalid_request",
            "invalid_code_challenge",
        ),
        (
            s256(&challenge[..42]),
            "invalid_request",
            "invalid_code_challenge",
        ),
        (s256(&longer), "invalid_request", "invalid_code_challenge"),
        (
            s256(&format!("{challenge}=")),
            "invalid_request",
            "invalid_code_challenge",
        ),
        (
            s256(&challenge.replace('-', "+")),
            "invalid_request",
            "invalid_code_challenge",
        ),
        (
            s256(&spare_bits),
            "invalid_request",
            "invalid_code_challenge",
        ),
        (
            whole().and("max_age", "x"),
            "invalid_request",
            "invalid_max_age",
        ),
        (
            whole().and("max_age", "-1"),
            "invalid_request",
            "invalid_max_age",
        ),
        (
            whole().and("max_age", "+1"),
            "invalid_request",
            "invalid_max_age",
        ),
        (
            whole().and("max_age", "1.5"),
            "invalid_request",
            "invalid_max_age",
        ),
        (
            whole().and("max_age", "4294967296"),
            "invalid_request",
            "invalid_max_age",
        ),
    ] {
        let answer = answer(&form).await;
        answer.is_redirect(error, class, Some(STATE));
        assert!(answer.cookies.is_empty());
    }
}

/// Allowed requests that are close to the faults above.
#[tokio::test]
async fn pass_requests_with_what_is_allowed() {
    let bridge = RunningBridge::new().await;
    let whole = authorization_request;
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    for form in [
        whole(),
        whole().with("scope", "gender  birthdate address name openid"),
        whole().and("request", "").and("request_uri", ""),
        whole().and("prompt", "login"),
        whole().and("prompt", "consent"),
        whole().and("nonce", &"n".repeat(512)),
        whole()
            .and("code_challenge", challenge)
            .and("code_challenge_method", "S256"),
        whole()
            .and("code_challenge", "")
            .and("code_challenge_method", ""),
        whole().and("max_age", "0"),
        whole().and("max_age", "4294967295"),
        whole().and("max_age", ""),
    ] {
        bridge.begin(&mut Browser::default(), &form).await;
    }
}

#[tokio::test]
async fn fail_without_a_state_and_none_is_made_up() {
    for form in [
        authorization_request().without("state"),
        authorization_request().with("state", ""),
    ] {
        answer(&form)
            .await
            .is_redirect("invalid_request", "state_missing", None);
    }
}

#[tokio::test]
async fn pass_the_state_comes_back_byte_for_byte() {
    let bridge = RunningBridge::new().await;
    let odd = [
        ".",
        "...",
        "a",
        "a.b=.c%2E",
        "YWI.YWI=.YWJ.YWK",
        "Zm9v.Zm9v.4",
        "%00%20+ &=#?;/\\\"'<>",
        "東京都 ♥ é \u{FFFD}",
        "line\r\nbreak\0",
        "n".repeat(700).as_str(),
        &longest_cognito_state(),
    ]
    .map(str::to_owned);
    for state in odd {
        let form = authorization_request().with("state", &state);
        let location = bridge.come_back(&form).await.location().to_owned();
        assert!(
            location.starts_with(&format!("{REDIRECT_URI}?code=")),
            "{location}"
        );
        assert_eq!(parameters(&location)["state"], state);
        let refused = Call::authorize(&form.and("prompt", "none"))
            .send(&bridge)
            .await;
        refused.is_redirect("login_required", "login_required", Some(&state));
    }
}

#[tokio::test]
async fn fail_a_state_that_does_not_fit_into_a_cookie() {
    let bridge = RunningBridge::new().await;
    // Base64url is stored decoded, so more of it fits than of other text.
    for (character, fits, too_long) in [("A", 3_700, 3_900), ("~", 2_750, 3_000)] {
        let call = |length| {
            let query = authorization_request().without("state").encode();
            let state = character.repeat(length);
            Call::new("GET", "/authorize").query(&format!("{query}&state={state}"))
        };
        assert!(
            !call(fits).send(&bridge).await.cookies.is_empty(),
            "{character}"
        );
        let refused = call(too_long).send(&bridge).await;
        let state = character.repeat(too_long);
        refused.is_redirect("invalid_request", "state_too_long", Some(&state));
        assert!(refused.cookies.is_empty());
    }
}

#[tokio::test]
async fn pass_nonce_and_s256_challenge_of_the_client_are_honoured() {
    let bridge = RunningBridge::new().await;
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let form = authorization_request()
        .and("nonce", "the client's nonce 区")
        .and("code_challenge", &challenge)
        .and("code_challenge_method", "S256");
    let code = bridge.code(&form).await;
    let without = Call::token(&token_request(&code)).send(&bridge).await;
    without.is_error(400, "invalid_grant", "code_verifier_mismatch");
    let request = token_request(&code).and("code_verifier", verifier);
    let tokens = Call::token(&request).send(&bridge).await.tokens();
    let claims = verified_claims(&bridge, tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(claims["nonce"], "the client's nonce 区");
}

/// `prompt` and `max_age` (OIDC Core §3.1.2.1): the service documents neither, so `auth_time` has
/// to show what was done.
#[tokio::test]
async fn prompt_login_and_max_age_are_honoured_by_auth_time() {
    let now = start().timestamp();
    const REFUSED: Option<&str> = Some("authentication_too_old");
    let cases: [(&str, &str, Option<i64>, Option<&str>); 10] = [
        ("prompt", "login", Some(now), None),
        // A minute of difference between the clocks.
        ("prompt", "login", Some(now - 60), None),
        ("prompt", "login", Some(now - 61), REFUSED),
        ("prompt", "login", None, REFUSED),
        ("max_age", "300", Some(now - 360), None),
        ("max_age", "300", Some(now - 361), REFUSED),
        ("max_age", "300", None, REFUSED),
        ("max_age", "0", Some(now - 3_600), REFUSED),
        ("prompt", "consent", Some(now - 3_600), None),
        ("prompt", "consent", None, None),
    ];
    let bridge = RunningBridge::new().await;
    for (name, value, auth_time, expected) in cases {
        bridge.service.claims(move |claims| {
            claims.remove("auth_time");
            claims.extend(auth_time.map(|at| ("auth_time".to_owned(), json!(at))));
        });
        let code = bridge.code(&authorization_request().and(name, value)).await;
        bridge.service.take_calls();
        let answer = Call::token(&token_request(&code)).send(&bridge).await;
        let case = format!("{name}={value} {auth_time:?}");
        match expected {
            Some(class) => {
                answer.is_error(400, "invalid_grant", class);
                assert_eq!(bridge.service.take_calls(), ["/token"], "{case}");
            }
            None => {
                let tokens = answer.tokens();
                let claims = verified_claims(&bridge, tokens["id_token"].as_str().unwrap()).await;
                let expected = auth_time.map_or(Value::Null, Value::from);
                assert_eq!(claims["auth_time"], expected, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn fail_before_there_is_a_client_id_while_the_keys_for_the_form_are_served() {
    let bridge = RunningBridge::with(&[(variables::SERVICE_CLIENT_ID, "")]).await;
    let answer = Call::authorize(&authorization_request())
        .send(&bridge)
        .await;
    answer.is_page(403, "not_connected");
    assert!(answer.body.contains(variables::SERVICE_CLIENT_ID));
    let keys = Call::new("GET", "/client-jwks.json")
        .send(&bridge)
        .await
        .json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    RunningBridge::new()
        .await
        .begin(&mut Browser::default(), &authorization_request())
        .await;
}

#[tokio::test]
async fn fail_another_method() {
    let bridge = RunningBridge::new().await;
    for method in ["PUT", "OPTIONS", "get", "TRACE", "", "G E T"] {
        let mut call = Call::authorize(&authorization_request());
        call.event["requestContext"]["http"]["method"] = method.into();
        let answer = call.send(&bridge).await;
        answer.is_page(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET, HEAD, POST");
    }
}

#[tokio::test]
async fn fail_a_path_that_nothing_has() {
    let bridge = RunningBridge::new().await;
    for path in [
        "",
        "/",
        "/authorize/",
        "//authorize",
        "/Authorize",
        "/authorize%20",
        "/token/x",
        "/.well-known",
    ] {
        let call = Call::new("GET", path).query(&authorization_request().encode());
        call.send(&bridge).await.is_page(404, "not_found");
    }
}

#[tokio::test]
async fn pass_headers_that_anybody_can_write_change_nothing() {
    let bridge = RunningBridge::new().await;
    let call = Call::authorize(&authorization_request())
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http")
        .header("x-forwarded-for", "10.0.0.1")
        .header("forwarded", "host=evil.example")
        .header("x-original-url", "/token")
        .header("x-http-method-override", "POST");
    let answer = call.send(&bridge).await;
    assert!(!answer.location().contains("evil."));
    assert_eq!(
        parameters(answer.location())["redirect_uri"],
        format!("{ISSUER}/callback")
    );
}
