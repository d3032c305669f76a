//! Tests of `/token`: the client is authenticated before anything is opened or called. Then the
//! code must be the bridge's own, for this client and redirect URI. Then the service has to give
//! its tokens, and everything in its answers is checked.
//! The service in the test records the calls that reach it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use federation::variables;
use four_attributes::AuthenticationTime;
use kit::service::{KEY, Key, SUBJECT, tokens};
use kit::{Parameters, sealing_keys_json, start};
use serde_json::{Value, json};

use crate::bridge::{Call, RunningBridge, altered, verified_claims};
use crate::service::Fault;
use crate::support::{
    CLIENT_ID, CLIENT_SECRET, ISSUER, REDIRECT_URI, SCOPE, authorization_request, token_request,
};

/// A bridge, and an unused code of it.
async fn bridge_with_code() -> (RunningBridge, String) {
    let bridge = RunningBridge::new().await;
    let code = bridge.code(&authorization_request()).await;
    bridge.service.take_calls();
    (bridge, code)
}

#[tokio::test]
async fn pass_two_tokens_with_everything_that_cognito_needs() {
    let (bridge, code) = bridge_with_code().await;
    let tokens = Call::token(&token_request(&code))
        .send(&bridge)
        .await
        .tokens();
    let names: Vec<_> = tokens.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "access_token",
            "expires_in",
            "id_token",
            "scope",
            "token_type"
        ]
    );
    assert_eq!(tokens["expires_in"], 300);
    assert_eq!(tokens["scope"], SCOPE);
    assert_eq!(tokens["token_type"], "Bearer");
    let mut claims = verified_claims(&bridge, tokens["id_token"].as_str().unwrap()).await;
    let mut take = |name| claims.as_object_mut().unwrap().remove(name).unwrap();
    let at_hash = take("at_hash");
    assert_eq!(at_hash.as_str().unwrap().len(), 22);
    // Its content is tested in `verified_record.rs`.
    assert!(take("verified_record").is_string());
    let now = start().timestamp();
    let expected = json!({
        "iss": ISSUER, "aud": CLIENT_ID, "sub": SUBJECT,
        "iat": now, "exp": now + 300, "auth_time": now,
        "acr": "aal3 crl",
        "name": "山田　マーク太郎",
        "address": { "formatted": "東京都千代田区マーク町１丁目７番１号" },
        "formatted_address": "東京都千代田区マーク町１丁目７番１号",
        "birthdate": "1985-03-15",
        "gender": "male",
        "verified_at": now,
    });
    assert_eq!(claims, expected);
    assert_eq!(bridge.service.take_calls(), ["/token", "/userinfo"]);
}

#[tokio::test]
async fn pass_every_token_request_has_an_assertion_of_its_own() {
    let bridge = RunningBridge::new().await;
    for _ in 0..3 {
        bridge.tokens().await;
    }
    let mut jtis = std::collections::BTreeSet::new();
    for claims in bridge.service.assertions() {
        let jti = claims["jti"].as_str().unwrap().to_owned();
        assert!(jti.len() == 43 && jtis.insert(jti));
        assert_eq!(claims["sub"], "RP00000001");
        assert_eq!(claims["aud"], format!("{}/token", bridge.service.address()));
        // The service's two limits of 60 s aren't used up, because its clock differs from the
        // bridge's.
        let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert!((1..60).contains(&lifetime), "{lifetime}");
    }
    assert_eq!(jtis.len(), 3);
}

#[tokio::test]
async fn pass_a_body_in_base64_and_a_plain_one_by_the_events_flag() {
    let bridge = RunningBridge::new().await;
    for content_type in [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "Application/X-WWW-Form-URLEncoded",
    ] {
        for is_base64 in [true, false] {
            let code = bridge.code(&authorization_request()).await;
            let form = token_request(&code).encode();
            let body = if is_base64 {
                STANDARD.encode(&form)
            } else {
                form
            };
            let call = Call::new("POST", "/token").header("content-type", content_type);
            call.body(&body, is_base64).send(&bridge).await.tokens();
        }
    }
}

#[tokio::test]
async fn fail_a_body_that_is_no_form() {
    let (bridge, code) = bridge_with_code().await;
    let form = token_request(&code).encode();
    let call = || Call::new("POST", "/token");
    let typed = || call().header("content-type", "application/x-www-form-urlencoded");
    let json = json!({ "grant_type": "authorization_code", "code": code }).to_string();
    for call in [
        call(),
        typed(),
        call().body(&form, false),
        call()
            .header("content-type", "application/json")
            .body(&form, false),
        call()
            .header("content-type", "multipart/form-data; boundary=x")
            .body(&form, false),
        call().header("content-type", "").body(&form, false),
        call()
            .header("content-type", "text/plain")
            .body(&form, false),
        // The flag contradicts the body.
        typed().body(&form, true),
        typed().body("%%%", true),
        typed().body(&format!("{}=", STANDARD.encode(&form)), true),
        typed().body(&format!("{form}&code=x"), false),
        typed().body(&format!("{form}&client_secret={CLIENT_SECRET}"), false),
        typed().body(&format!("{form}&x=%zz"), false),
        typed().body(&format!("{form}&x=%ff"), false),
        typed().body(
            &STANDARD.encode([form.as_bytes(), b"&x=\xff"].concat()),
            true,
        ),
    ] {
        call.send(&bridge)
            .await
            .is_error(400, "invalid_request", "malformed_token_request");
    }
    for body in [STANDARD.encode(&form), json, String::new()] {
        // Read as a form, the body has no `client_id`.
        let answer = typed().body(&body, false).send(&bridge).await;
        answer.is_error(401, "invalid_client", "client_authentication_failed");
    }
    assert_eq!(bridge.service.take_calls(), [""; 0]);
    Call::token(&token_request(&code))
        .send(&bridge)
        .await
        .tokens();
}

#[tokio::test]
async fn fail_the_client_before_anything_is_opened_or_called() {
    let (bridge, code) = bridge_with_code().await;
    let whole = || token_request(&code);
    let longer = format!("{CLIENT_SECRET}1");
    for form in [
        whole().without("client_secret"),
        whole().with("client_secret", ""),
        whole().with("client_secret", "wrong"),
        whole().with("client_secret", &CLIENT_SECRET[1..]),
        whole().with("client_secret", &longer),
        whole().with("client_secret", &CLIENT_SECRET.to_uppercase()),
        whole().with("client_secret", &"s".repeat(10_000)),
        whole().without("client_id"),
        whole().with("client_id", "other"),
        whole().with("client_id", ""),
        // The rest isn't looked at, however wrong it is.
        whole().with("client_secret", "wrong").with("code", "junk"),
        whole()
            .with("client_secret", "wrong")
            .with("grant_type", "junk"),
        whole().with("client_secret", "wrong").without("code"),
        Parameters::of([]),
    ] {
        let answer = Call::token(&form).send(&bridge).await;
        answer.is_error(401, "invalid_client", "client_authentication_failed");
    }
    // client_secret_basic isn't registered for this client.
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"))
    );
    let alone = whole().without("client_id").without("client_secret");
    let answer = Call::token(&alone)
        .header("authorization", &basic)
        .send(&bridge)
        .await;
    answer.is_error(401, "invalid_client", "client_authentication_failed");
    assert_eq!(bridge.service.take_calls(), [""; 0]);
    Call::token(&whole()).send(&bridge).await.tokens();
}

#[tokio::test]
async fn pass_with_the_previous_secret() {
    let (bridge, code) = bridge_with_code().await;
    let form = token_request(&code).with("client_secret", "marked-client-secret-0");
    Call::token(&form).send(&bridge).await.tokens();
}

#[tokio::test]
async fn fail_another_grant() {
    let (bridge, code) = bridge_with_code().await;
    for grant in [
        "refresh_token",
        "client_credentials",
        "password",
        "Authorization_Code",
        "implicit",
    ] {
        let answer = Call::token(&token_request(&code).with("grant_type", grant))
            .send(&bridge)
            .await;
        answer.is_error(400, "unsupported_grant_type", "unsupported_grant_type");
    }
    for missing in ["grant_type", "code", "redirect_uri"] {
        for form in [
            token_request(&code).without(missing),
            token_request(&code).with(missing, ""),
        ] {
            let answer = Call::token(&form).send(&bridge).await;
            answer.is_error(400, "invalid_request", "malformed_token_request");
        }
    }
    assert_eq!(bridge.service.take_calls(), [""; 0]);
    Call::token(&token_request(&code))
        .send(&bridge)
        .await
        .tokens();
}

#[tokio::test]
async fn fail_a_code_that_is_not_ours() {
    let (bridge, code) = bridge_with_code().await;
    let tokens = bridge.tokens().await;
    bridge.service.take_calls();
    let access_token = tokens["access_token"].as_str().unwrap();
    let padded = format!("{code}=");
    let bytes = URL_SAFE_NO_PAD.decode(&code).unwrap();
    let cut = URL_SAFE_NO_PAD.encode(&bytes[..bytes.len() - 1]);
    let cases = [
        ("x".to_owned(), "code_malformed"),
        ("marked-service-code.0".to_owned(), "code_malformed"),
        ("not base64url!".to_owned(), "code_malformed"),
        (code[..40].to_owned(), "code_malformed"),
        (padded, "code_malformed"),
        // Another version of the bridge may have written it.
        (altered(&code, 0), "code_foreign"),
        (altered(&code, 3), "code_foreign"),
        (altered(&code, 9), "code_forged"),
        (altered(&code, 20), "code_forged"),
        (altered(&code, 34), "code_forged"),
        (altered(&code, code.len() - 3), "code_forged"),
        (cut, "code_forged"),
        // Sealed by us, for another purpose.
        (access_token.to_owned(), "code_forged"),
        (
            tokens["id_token"].as_str().unwrap().to_owned(),
            "code_malformed",
        ),
    ];
    for (bad, class) in cases {
        let answer = Call::token(&token_request(&bad)).send(&bridge).await;
        answer.is_error(400, "invalid_grant", class);
    }
    assert_eq!(bridge.service.take_calls(), [""; 0]);
    Call::token(&token_request(&code))
        .send(&bridge)
        .await
        .tokens();
}

#[tokio::test]
async fn fail_a_cookie_in_place_of_a_code() {
    let bridge = RunningBridge::new().await;
    let mut browser = crate::bridge::Browser::default();
    bridge.begin(&mut browser, &authorization_request()).await;
    let cookie = browser.0[browser.only()].clone();
    let answer = Call::token(&token_request(&cookie)).send(&bridge).await;
    answer.is_error(400, "invalid_grant", "code_forged");
}

#[tokio::test]
async fn fail_a_code_after_sixty_seconds() {
    let (bridge, code) = bridge_with_code().await;
    bridge.clock.advance(TimeDelta::seconds(59));
    let other = token_request(&code).with("redirect_uri", "https://other.example/");
    let in_time = Call::token(&other).send(&bridge).await;
    in_time.is_error(400, "invalid_grant", "code_redirect_uri_mismatch");
    bridge.clock.advance(TimeDelta::seconds(1));
    let answer = Call::token(&token_request(&code)).send(&bridge).await;
    answer.is_error(400, "invalid_grant", "code_expired");
    assert_eq!(bridge.service.take_calls(), [""; 0]);
}

#[tokio::test]
async fn fail_a_code_that_was_used() {
    let (bridge, code) = bridge_with_code().await;
    Call::token(&token_request(&code))
        .send(&bridge)
        .await
        .tokens();
    let again = Call::token(&token_request(&code)).send(&bridge).await;
    again.is_error(400, "invalid_grant", "service_refused_code");
    assert_eq!(
        bridge.service.take_calls(),
        ["/token", "/userinfo", "/token"]
    );
}

#[tokio::test]
async fn fail_a_code_of_another_bridge_or_client() {
    for (change, request) in [
        ((variables::ISSUER, "https://other.example"), CLIENT_ID),
        ((variables::CLIENT_ID, "other"), "other"),
        (
            (variables::SEALING_KEYS, sealing_keys_json(&[2]).as_str()),
            CLIENT_ID,
        ),
    ] {
        let (bridge, code) = bridge_with_code().await;
        let bridge = bridge.restarted_with(&[change]).await;
        let form = token_request(&code).with("client_id", request);
        let answer = Call::token(&form).send(&bridge).await;
        answer.is_error(400, "invalid_grant", "code_foreign");
        assert_eq!(bridge.service.take_calls(), [""; 0]);
    }
    let (bridge, code) = bridge_with_code().await;
    let bridge = bridge
        .restarted_with(&[(variables::LOG_LEVEL, "warn")])
        .await;
    Call::token(&token_request(&code))
        .send(&bridge)
        .await
        .tokens();
}

#[tokio::test]
async fn fail_another_redirect_uri() {
    let other = "https://other.example/oauth2/idpresponse";
    let both = format!("{REDIRECT_URI} {other}");
    let bridge = RunningBridge::with(&[(variables::REDIRECT_URIS, &both)]).await;
    let code = bridge.code(&authorization_request()).await;
    bridge.service.take_calls();
    let slash = format!("{REDIRECT_URI}/");
    for uri in [other, &slash, "x"] {
        let answer = Call::token(&token_request(&code).with("redirect_uri", uri))
            .send(&bridge)
            .await;
        answer.is_error(400, "invalid_grant", "code_redirect_uri_mismatch");
    }
    assert_eq!(bridge.service.take_calls(), [""; 0]);
    Call::token(&token_request(&code))
        .send(&bridge)
        .await
        .tokens();
}

/// Challenge and verifier are those of RFC 7636 Appendix B.
#[tokio::test]
async fn fail_the_clients_verifier_unless_it_fits() {
    let bridge = RunningBridge::new().await;
    let bound = authorization_request()
        .and(
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        )
        .and("code_challenge_method", "S256");
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let code = bridge.code(&bound).await;
    let unbound = bridge.code(&authorization_request()).await;
    bridge.service.take_calls();
    let challenge = bound.get("code_challenge");
    for form in [
        token_request(&code),
        token_request(&code).and("code_verifier", ""),
        token_request(&code).and("code_verifier", challenge),
        token_request(&code).and("code_verifier", &altered(verifier, 5)),
        token_request(&code).and("code_verifier", &format!("{verifier}=")),
        token_request(&unbound).and("code_verifier", verifier),
    ] {
        let answer = Call::token(&form).send(&bridge).await;
        answer.is_error(400, "invalid_grant", "code_verifier_mismatch");
    }
    assert_eq!(bridge.service.take_calls(), [""; 0]);
    let fits = token_request(&code).and("code_verifier", verifier);
    Call::token(&fits).send(&bridge).await.tokens();
    Call::token(&token_request(&unbound))
        .send(&bridge)
        .await
        .tokens();
}

/// Makes one more login with what the test told the service, and checks the token endpoint's answer
/// and the calls to the service: nothing is called after a refusal. A login without the fault
/// succeeds afterwards.
async fn refused(bridge: &RunningBridge, status: u64, error: &str, class: &str, calls: &[&str]) {
    let code = bridge.code(&authorization_request()).await;
    bridge.service.take_calls();
    let answer = Call::token(&token_request(&code)).send(bridge).await;
    answer.is_error(status, error, class);
    assert_eq!(bridge.service.take_calls(), calls, "{class}");
    bridge.service.behave();
    bridge.tokens().await;
}

#[tokio::test]
async fn fail_when_the_service_refuses_or_fails() {
    let bridge = RunningBridge::new().await;
    let too_large = " ".repeat(256 * 1024 + 1);
    let access_token_only = r#"{"access_token":"a","token_type":"Bearer"}"#;
    let other_type = tokens("x.y.z").to_string().replace("Bearer", "mac");
    for (code, body, status, error, class) in [
        (
            400,
            r#"{"error":"invalid_grant"}"#,
            400,
            "invalid_grant",
            "service_refused_code",
        ),
        (
            400,
            r#"{"error":"invalid_client","error_description":"x"}"#,
            502,
            "server_error",
            "service_refused_client",
        ),
        (
            401,
            r#"{"error":"unauthorized_client"}"#,
            502,
            "server_error",
            "service_refused_client",
        ),
        (
            400,
            r#"{"error":"invalid_request"}"#,
            400,
            "invalid_grant",
            "service_refused_request",
        ),
        (
            403,
            "<html>",
            400,
            "invalid_grant",
            "service_refused_request",
        ),
        (429, "{}", 503, "temporarily_unavailable", "service_failed"),
        (500, "{}", 503, "temporarily_unavailable", "service_failed"),
        (503, "", 503, "temporarily_unavailable", "service_failed"),
        (302, "", 502, "server_error", "token_answer_malformed"),
        (200, "", 502, "server_error", "token_answer_malformed"),
        (200, "{", 502, "server_error", "token_answer_malformed"),
        (200, "[]", 502, "server_error", "token_answer_malformed"),
        (
            200,
            access_token_only,
            400,
            "invalid_grant",
            "id_token_missing",
        ),
        (
            200,
            &other_type,
            502,
            "server_error",
            "token_answer_malformed",
        ),
        (
            200,
            &too_large,
            502,
            "server_error",
            "token_answer_too_large",
        ),
        (
            200,
            &tokens("no jwt").to_string(),
            400,
            "invalid_grant",
            "id_token_malformed",
        ),
    ] {
        bridge.service.fault("/token", Fault::new(code, body));
        refused(&bridge, status, error, class, &["/token"]).await;
    }
}

/// The person's browser carries the request to the service, and the person can take a scope out of
/// it. So the service's answer has to say what was granted.
#[tokio::test]
async fn fail_when_the_service_granted_less_than_was_asked_for_or_does_not_say() {
    let answer = |bridge: &RunningBridge, scope: Option<&str>| {
        let scope = scope.map(str::to_owned);
        bridge.service.token_answer(move |answer| match &scope {
            Some(scope) => drop(answer.insert("scope".to_owned(), json!(scope))),
            None => drop(answer.remove("scope")),
        });
    };
    const ALL: &str = "openid name address birthdate gender";
    for (granted_scope, scope, class) in [
        ("required", Some(ALL), None),
        (
            "required",
            Some("gender email birthdate openid address name"),
            None,
        ),
        (
            "required",
            Some("openid name address birthdate"),
            Some("scope_not_granted"),
        ),
        (
            "required",
            Some("name address birthdate gender"),
            Some("scope_not_granted"),
        ),
        ("required", Some(""), Some("scope_not_granted")),
        ("required", None, Some("scope_not_confirmed")),
        (
            "optional",
            Some("openid name address birthdate"),
            Some("scope_not_granted"),
        ),
        ("optional", None, None),
    ] {
        let bridge = RunningBridge::with(&[(variables::GRANTED_SCOPE, granted_scope)]).await;
        answer(&bridge, scope);
        match class {
            // Then userinfo isn't called.
            Some(class) => refused(&bridge, 400, "invalid_grant", class, &["/token"]).await,
            None => drop(bridge.tokens().await),
        }
    }
}

#[tokio::test]
async fn fail_no_authentication_time_where_it_is_required() {
    let required = RunningBridge::with(&[(variables::REQUIRE_AUTH_TIME, "yes")]).await;
    required.tokens().await;
    for bridge in [RunningBridge::new().await, required] {
        let is_required =
            bridge.itself.config().service.authentication_time == AuthenticationTime::Required;
        bridge
            .service
            .claims(|claims| drop(claims.remove("auth_time")));
        if is_required {
            let class = "auth_time_missing";
            refused(&bridge, 400, "invalid_grant", class, &["/token"]).await;
        } else {
            bridge.tokens().await;
        }
    }
}

#[tokio::test]
async fn fail_an_id_token_that_says_something_else() {
    let bridge = RunningBridge::with(&[(variables::ACCEPTED_ACR, "aal3 crl")]).await;
    let now = start().timestamp();
    let cases: [(&str, Option<Value>, &str); 27] = [
        (
            "iss",
            Some(json!("https://evil.example")),
            "id_token_issuer",
        ),
        ("iss", None, "id_token_issuer"),
        ("aud", Some(json!("other")), "id_token_audience"),
        (
            "aud",
            Some(json!(["RP00000001", "other"])),
            "id_token_audience",
        ),
        ("aud", Some(json!([])), "id_token_audience"),
        ("aud", None, "id_token_audience"),
        ("azp", Some(json!("other")), "id_token_authorized_party"),
        ("exp", Some(json!(now - 60)), "id_token_expired"),
        ("exp", None, "id_token_expired"),
        ("iat", Some(json!(now - 61)), "id_token_issued_at"),
        ("iat", Some(json!(now + 61)), "id_token_issued_at"),
        ("iat", None, "id_token_issued_at"),
        ("nbf", Some(json!(now + 61)), "id_token_not_yet_valid"),
        ("nonce", Some(json!("other")), "id_token_nonce"),
        ("nonce", None, "id_token_nonce"),
        (
            "at_hash",
            Some(json!("AAAAAAAAAAAAAAAAAAAAAA")),
            "id_token_access_token_hash",
        ),
        ("sub", None, "id_token_subject"),
        ("sub", Some(json!("")), "id_token_subject"),
        ("sub", Some(json!("s".repeat(256))), "id_token_subject"),
        ("acr", Some(json!("aal1")), "assurance_not_accepted"),
        ("acr", None, "assurance_not_accepted"),
        ("auth_time", Some(json!(now + 61)), "id_token_auth_time"),
        ("auth_time", Some(json!(now * 1_000)), "id_token_auth_time"),
        ("auth_time", Some(json!(0)), "id_token_auth_time"),
        ("auth_time", Some(json!(-1)), "id_token_auth_time"),
        ("exp", Some(json!("soon")), "id_token_malformed"),
        ("sub", Some(json!(7)), "id_token_malformed"),
    ];
    for (name, value, class) in cases {
        bridge.service.claims(move |claims| {
            claims.remove(name);
            claims.extend(value.clone().map(|value| (name.to_owned(), value)));
        });
        refused(&bridge, 400, "invalid_grant", class, &["/token"]).await;
    }
}

/// The attributes come from userinfo, which the service answers for this bridge's request. The
/// service's ID token may have others, in any form: they are neither used nor passed on.
#[tokio::test]
async fn pass_attributes_in_the_id_token_are_in_the_way_of_nothing() {
    let (bridge, code) = bridge_with_code().await;
    bridge.service.claims(|claims| {
        claims.insert("address".to_owned(), json!("東京都別人町９丁目"));
        claims.insert("name".to_owned(), Value::Null);
        claims.insert("birthdate".to_owned(), json!(20_000_101));
        claims.insert("gender".to_owned(), json!({ "code": "2" }));
        claims.insert("email_verified".to_owned(), json!("yes"));
        claims.insert("updated_at".to_owned(), json!({ "deep": [[[]]] }));
    });
    let answer = Call::token(&token_request(&code)).send(&bridge).await;
    let tokens = answer.tokens();
    let claims = verified_claims(&bridge, tokens["id_token"].as_str().unwrap()).await;
    let address = "東京都千代田区マーク町１丁目７番１号";
    assert_eq!(claims["address"], json!({ "formatted": address }));
    assert_eq!(claims["formatted_address"], address);
    assert_eq!(claims["name"], "山田　マーク太郎");
    assert_eq!(claims["birthdate"], "1985-03-15");
    assert_eq!(claims["gender"], "male");
    for other in ["email_verified", "updated_at"] {
        assert!(claims.get(other).is_none(), "{other}");
    }
}

/// Times at and beyond the limits of what can be represented, in every claim with which the bridge
/// calculates: they are refused, and nothing overflows.
#[tokio::test]
async fn fail_times_that_no_clock_shows() {
    const LAST_SECOND: i64 = 8_210_266_876_799;
    const FIRST_SECOND: i64 = -8_334_601_228_800;
    let bridge = RunningBridge::new().await;
    let extremes = [
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!(-1e300),
        json!(LAST_SECOND + 1),
        json!(FIRST_SECOND - 1),
    ];
    let malformed = ["exp", "iat", "auth_time"].into_iter().flat_map(|name| {
        extremes
            .iter()
            .map(move |value| (name, value.clone(), "id_token_malformed"))
    });
    let representable = [
        ("exp", FIRST_SECOND, "id_token_expired"),
        ("exp", -1, "id_token_expired"),
        ("iat", FIRST_SECOND, "id_token_issued_at"),
        ("iat", LAST_SECOND, "id_token_issued_at"),
        ("auth_time", FIRST_SECOND, "id_token_auth_time"),
        ("auth_time", LAST_SECOND, "id_token_auth_time"),
        // Milliseconds instead of seconds.
        (
            "auth_time",
            start().timestamp_millis(),
            "id_token_auth_time",
        ),
    ]
    .map(|(name, value, class)| (name, json!(value), class));
    for (name, value, class) in malformed.chain(representable) {
        bridge.service.claims(move |claims| {
            claims.insert(name.to_owned(), value.clone());
        });
        let form = authorization_request().and("max_age", &u32::MAX.to_string());
        let form = if name == "auth_time" {
            form.and("prompt", "login")
        } else {
            form
        };
        let code = bridge.code(&form).await;
        let answer = Call::token(&token_request(&code)).send(&bridge).await;
        answer.is_error(400, "invalid_grant", class);
    }
    bridge.service.behave();
    bridge.tokens().await;
}

/// Hostile answers of an allowed size: very deeply nested, with very many keys, with a very long
/// claim.
#[tokio::test]
async fn answers_made_to_hurt_are_refused_or_taken_without_harm() {
    let deep = format!("{}{}", "[".repeat(120_000), "]".repeat(120_000));
    for (path, body, class) in [
        (
            "/token",
            format!(r#"{{"a":{deep}}}"#),
            "token_answer_malformed",
        ),
        (
            "/userinfo",
            format!(r#"{{"sub":"{SUBJECT}","a":{deep}}}"#),
            "userinfo_malformed",
        ),
        (
            "/certs",
            format!(r#"{{"keys":[],"x":[{deep}}}"#),
            "key_set_malformed",
        ),
    ] {
        let bridge = RunningBridge::new().await;
        bridge.service.fault(path, Fault::new(200, &body));
        let code = bridge.code(&authorization_request()).await;
        let answer = Call::token(&token_request(&code)).send(&bridge).await;
        answer.is_error(502, "server_error", class);
    }

    let bridge = RunningBridge::new().await;
    bridge.service.claims(|claims| {
        claims.insert("acr".to_owned(), "a".repeat(100_000).into());
    });
    let code = bridge.code(&authorization_request()).await;
    let answer = Call::token(&token_request(&code)).send(&bridge).await;
    answer.is_error(400, "invalid_grant", "assurance_not_accepted");

    let known = KEY.key_set();
    let mut keys = vec![json!({ "kty": "oct", "k": "AA" }); 9_000];
    keys.push(known["keys"][0].clone());
    let bridge = RunningBridge::new().await;
    let body = json!({ "keys": keys }).to_string();
    bridge.service.fault("/certs", Fault::new(200, &body));
    bridge.tokens().await;

    let bridge = RunningBridge::new().await;
    let good = &known["keys"][0];
    let body = format!(r#"{{"keys":[{{"x":{deep}}},{good}]}}"#);
    bridge.service.fault("/certs", Fault::new(200, &body));
    bridge.tokens().await;
}

#[tokio::test]
async fn fail_an_id_token_that_was_signed_otherwise() {
    let bridge = RunningBridge::new().await;
    let other_key: fn(&str) -> String = |token| Key::new().sign(&kit::payload(token));
    let changed: fn(&str) -> String = |token| altered(token, token.len() - 30);
    let none: fn(&str) -> String = |token| {
        let payload = token.split('.').nth(1).unwrap();
        // {"alg":"none"}
        format!("eyJhbGciOiJub25lIn0.{payload}.")
    };
    // The key may have changed under its `kid`. So the first signature that doesn't fit makes the
    // bridge fetch the keys again, and then not for ten seconds.
    for (seconds, change, class, calls) in [
        (
            0,
            other_key,
            "id_token_signature",
            &["/token", "/certs"][..],
        ),
        (0, changed, "id_token_signature", &["/token"]),
        (9, other_key, "id_token_signature", &["/token"]),
        (1, other_key, "id_token_signature", &["/token", "/certs"]),
        (0, none, "id_token_algorithm", &["/token"]),
    ] {
        bridge.clock.advance(TimeDelta::seconds(seconds));
        bridge.service.id_token(change);
        refused(&bridge, 400, "invalid_grant", class, calls).await;
    }
}

/// An unknown key makes the bridge fetch the keys again, and then not for ten seconds.
#[tokio::test]
async fn fail_an_unknown_key_after_one_look() {
    let bridge = RunningBridge::new().await;
    let other_kid: fn(&str) -> String = |token| {
        let (_, rest) = token.split_once('.').unwrap();
        // {"alg":"ES256","kid":"x"}
        format!("eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.{rest}")
    };
    let error = "invalid_grant";
    for (seconds, calls) in [
        (0, &["/token", "/certs"][..]),
        (9, &["/token"]),
        (1, &["/token", "/certs"]),
    ] {
        bridge.clock.advance(TimeDelta::seconds(seconds));
        bridge.service.id_token(other_kid);
        refused(&bridge, 400, error, "id_token_unknown_key", calls).await;
    }
}

#[tokio::test]
async fn fail_without_the_services_keys() {
    let too_large = " ".repeat(256 * 1024 + 1);
    for (status, body, expected, error, class) in [
        (
            500,
            "",
            503,
            "temporarily_unavailable",
            "key_set_unavailable",
        ),
        (
            404,
            "{}",
            503,
            "temporarily_unavailable",
            "key_set_unavailable",
        ),
        (200, "{", 502, "server_error", "key_set_malformed"),
        (200, &too_large, 502, "server_error", "key_set_malformed"),
    ] {
        let bridge = RunningBridge::new().await;
        bridge.service.fault("/certs", Fault::new(status, body));
        let code = bridge.code(&authorization_request()).await;
        let answer = Call::token(&token_request(&code)).send(&bridge).await;
        answer.is_error(expected, error, class);
        assert!(
            !bridge
                .service
                .take_calls()
                .contains(&"/userinfo".to_owned())
        );
        bridge.service.behave();
        bridge.tokens().await;
    }
}

#[tokio::test]
async fn fail_without_the_attributes() {
    let bridge = RunningBridge::new().await;
    let calls = ["/token", "/userinfo"];
    let jwt = Fault {
        content_type: "application/jwt",
        ..Fault::new(200, "x.y.z")
    };
    let text = Fault {
        content_type: "text/plain",
        ..Fault::new(200, "{}")
    };
    for (fault, status, error, class) in [
        (
            Fault::new(401, "{}"),
            502,
            "server_error",
            "userinfo_refused",
        ),
        (
            Fault::new(403, "{}"),
            502,
            "server_error",
            "userinfo_refused",
        ),
        (
            Fault::new(500, "{}"),
            503,
            "temporarily_unavailable",
            "service_failed",
        ),
        (
            Fault::new(429, "{}"),
            503,
            "temporarily_unavailable",
            "service_failed",
        ),
        (
            Fault::new(200, "{"),
            502,
            "server_error",
            "userinfo_malformed",
        ),
        (
            Fault::new(200, "[]"),
            502,
            "server_error",
            "userinfo_malformed",
        ),
        (jwt, 502, "server_error", "userinfo_malformed"),
        (text, 502, "server_error", "userinfo_malformed"),
        (
            Fault::new(200, &" ".repeat(256 * 1024 + 1)),
            502,
            "server_error",
            "userinfo_too_large",
        ),
        (
            Fault::new(200, "{}"),
            400,
            "invalid_grant",
            "userinfo_subject_mismatch",
        ),
    ] {
        bridge.service.fault("/userinfo", fault);
        refused(&bridge, status, error, class, &calls).await;
    }
    for (name, value, status, error, class) in [
        (
            "sub",
            json!("another"),
            400,
            "invalid_grant",
            "userinfo_subject_mismatch",
        ),
        (
            "name",
            json!(null),
            400,
            "invalid_grant",
            "attribute_missing",
        ),
        (
            "name",
            json!(""),
            502,
            "server_error",
            "attribute_malformed",
        ),
        (
            "address",
            json!(null),
            400,
            "invalid_grant",
            "attribute_missing",
        ),
        (
            "address",
            json!(7),
            502,
            "server_error",
            "attribute_malformed",
        ),
        (
            "birthdate",
            json!(null),
            400,
            "invalid_grant",
            "attribute_missing",
        ),
        (
            "birthdate",
            json!("19850230"),
            502,
            "server_error",
            "attribute_malformed",
        ),
        (
            "gender",
            json!("x"),
            502,
            "server_error",
            "attribute_malformed",
        ),
    ] {
        bridge.service.person(name, value);
        refused(&bridge, status, error, class, &calls).await;
    }
}

#[tokio::test]
async fn pass_without_a_gender_and_with_the_other_documented_forms() {
    let bridge = RunningBridge::new().await;
    for (name, value, claim, expected) in [
        ("gender", json!(null), "gender", Value::Null),
        ("gender", json!("2"), "gender", json!("female")),
        (
            "birthdate",
            json!("1985-03-15"),
            "birthdate",
            json!("1985-03-15"),
        ),
        ("birthdate", json!("19850300"), "birthdate", Value::Null),
        (
            "address",
            json!({ "formatted": "大阪市" }),
            "formatted_address",
            json!("大阪市"),
        ),
    ] {
        bridge.service.person(name, value);
        let tokens = bridge.tokens().await;
        let claims = verified_claims(&bridge, tokens["id_token"].as_str().unwrap()).await;
        assert_eq!(claims[claim], expected, "{name}");
        bridge.service.behave();
    }
}

#[tokio::test]
async fn pass_a_subject_that_cognito_can_not_take_is_hashed() {
    let bridge = RunningBridge::new().await;
    let long = "s".repeat(96);
    bridge.service.person("sub", json!(long));
    bridge.service.claims(|claims| {
        claims.insert("sub".to_owned(), json!("s".repeat(96)));
    });
    let tokens = bridge.tokens().await;
    let claims = verified_claims(&bridge, tokens["id_token"].as_str().unwrap()).await;
    // printf 's%.0s' {1..96} | sha256sum
    let subject = "sha256-ce6b6a6a85c8eec80663dfb98b7fbd5c8cc162d51b090dde1c75a1f3dc3926dd";
    assert_eq!(claims["sub"], subject);
    let access_token = tokens["access_token"].as_str().unwrap();
    assert_eq!(
        Call::userinfo(access_token).send(&bridge).await.json()["sub"],
        subject
    );
}

#[tokio::test]
async fn fail_when_nobody_listens() {
    // Port 9 is the discard service's, which nobody runs.
    let bridge = RunningBridge::with(&[(
        variables::SERVICE_TOKEN_ENDPOINT,
        "http://127.0.0.1:9/token",
    )])
    .await;
    let code = bridge.code(&authorization_request()).await;
    let answer = Call::token(&token_request(&code)).send(&bridge).await;
    answer.is_error(503, "temporarily_unavailable", "service_unreachable");
}

#[tokio::test]
async fn fail_another_method() {
    let (bridge, code) = bridge_with_code().await;
    for method in ["GET", "DELETE", "PUT"] {
        let mut call = Call::token(&token_request(&code));
        call.event["requestContext"]["http"]["method"] = method.into();
        let answer = call.send(&bridge).await;
        answer.is_error(405, "invalid_request", "method_not_allowed");
        assert_eq!(answer.header("allow"), "POST");
    }
    // Parameters in the query are ignored.
    let call = Call::new("POST", "/token")
        .query(&token_request(&code).encode())
        .form("");
    let answer = call.send(&bridge).await;
    answer.is_error(401, "invalid_client", "client_authentication_failed");
}
