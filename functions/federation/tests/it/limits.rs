//! Tests of the size limits of a login: query, body, cookies, headers.
//! What is as large as its limit is accepted; one byte more is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use federation::variables;

use crate::authorize::longest_cognito_state;
use crate::bridge::{Browser, Call, RunningBridge};
use crate::support::{authorization_request, parameters, token_request};

const QUERY: usize = 8 * 1024;
const BODY: usize = 16 * 1024;
/// How many bytes the HTTP API accepts for the request line and all headers.
const HTTP_API: usize = 10_240;
/// The size of a browser's other headers, `Host` included.
const USUAL_HEADERS: usize = 2_048;

fn padded(text: &str, length: usize) -> String {
    let start = format!("{text}&x=");
    format!("{start}{}", "x".repeat(length - start.len()))
}

#[tokio::test]
async fn a_query_of_8_kib_is_read_and_one_byte_more_is_not() {
    let bridge = RunningBridge::new().await;
    let query = authorization_request().encode();
    let call = |length| Call::new("GET", "/authorize").query(&padded(&query, length));
    assert_eq!(call(QUERY).send(&bridge).await.status, 302);
    call(QUERY + 1)
        .send(&bridge)
        .await
        .is_page(413, "too_large");

    let mut browser = Browser::default();
    let asked = bridge.begin(&mut browser, &authorization_request()).await;
    let query = bridge.service.answer(&asked).encode();
    let call = |length| {
        Call::new("GET", "/callback")
            .query(&padded(&query, length))
            .browser(&browser)
    };
    call(QUERY + 1)
        .send(&bridge)
        .await
        .is_page(413, "too_large");
    assert_eq!(call(QUERY).send(&bridge).await.status, 302);
}

#[tokio::test]
async fn a_body_of_16_kib_is_read_and_one_byte_more_is_not_by_its_decoded_size() {
    let bridge = RunningBridge::new().await;
    for is_base64 in [true, false] {
        let code = bridge.code(&authorization_request()).await;
        let form = token_request(&code).encode();
        let call = |length| {
            let body = padded(&form, length);
            let body = if is_base64 {
                STANDARD.encode(body)
            } else {
                body
            };
            Call::new("POST", "/token")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(&body, is_base64)
        };
        for too_large in [BODY + 1, BODY + 2, BODY + 3, BODY + 4, 6_000_000] {
            let answer = call(too_large).send(&bridge).await;
            answer.is_error(413, "invalid_request", "too_large");
        }
        call(BODY).send(&bridge).await.tokens();
    }
}

#[tokio::test]
async fn the_cookie_of_the_longest_state_is_under_4096_bytes() {
    let bridge = RunningBridge::new().await;
    let state = longest_cognito_state();
    assert_eq!(state.len(), 2_600);
    let nonce = "n".repeat(43);
    let form = authorization_request()
        .with("state", &state)
        .and("nonce", &nonce);
    let answer = Call::authorize(&form).send(&bridge).await;
    assert_eq!(answer.status, 302);
    let line = &answer.cookies[0];
    assert!(line.len() < 4_096, "{}", line.len());
    println!(
        "cookie of a state of 2,600 characters: {} bytes",
        line.len()
    );
}

#[tokio::test]
async fn the_cookies_of_a_browser_stay_under_4900_bytes_and_a_request_under_the_http_apis_limit() {
    let bridge = RunningBridge::new().await;
    for state in ["s".repeat(700), longest_cognito_state()] {
        let mut browser = Browser::default();
        let mut last = None;
        let (mut largest_cookies, mut largest_request) = (0, 0);
        for _ in 0..20 {
            bridge.clock.advance(TimeDelta::seconds(1));
            let asked = bridge
                .begin(&mut browser, &authorization_request().with("state", &state))
                .await;
            let cookies: usize = browser
                .0
                .iter()
                .map(|(name, value)| name.len() + value.len() + 3)
                .sum();
            let form = bridge
                .service
                .answer(&asked)
                .with("code", &"c".repeat(1_024));
            let line = format!("GET /callback?{} HTTP/1.1\r\n", form.encode());
            largest_cookies = largest_cookies.max(cookies);
            largest_request = largest_request.max(line.len() + cookies + "cookie: \r\n".len());
            last = Some(form);
        }
        assert!(largest_cookies < 4_900, "{largest_cookies}");
        assert!(
            largest_request + USUAL_HEADERS < HTTP_API,
            "{largest_request}"
        );
        println!("all cookies {largest_cookies} bytes, with the request line {largest_request}");
        // The newest login is always kept.
        let answer = Call::callback(&last.unwrap())
            .browser(&browser)
            .send(&bridge)
            .await;
        assert_eq!(parameters(answer.location())["state"], state);
    }
}

/// The size of the headers that CloudFront adds if it is in front, each as long as it can be.
fn headers_of_cloudfront() -> usize {
    let address = "2001:0db8:1111:2222:3333:4444:5555:6666";
    let headers = [
        format!("x-front-door: {}", "s".repeat(64)),
        format!("x-amz-cf-id: {}", "i".repeat(56)),
        format!("via: 2.0 {}.cloudfront.net (CloudFront)", "v".repeat(32)),
        // Two addresses, if there is a proxy in front of CloudFront.
        format!("x-forwarded-for: {address}, {address}"),
    ];
    headers.iter().map(|line| line.len() + "\r\n".len()).sum()
}

/// `/authorize` with Cognito's longest state, from a browser with as many cookies of the bridge as
/// it may have, where every name is as long as the template allows.
#[tokio::test]
async fn the_largest_request_stays_under_the_http_apis_limit_through_cloudfront() {
    let redirect_uri = format!("https://{}/oauth2/idpresponse", "d".repeat(128));
    let bridge = RunningBridge::with(&[(variables::REDIRECT_URIS, &redirect_uri)]).await;
    let state = longest_cognito_state();
    let form = authorization_request()
        .with("redirect_uri", &redirect_uri)
        .with("state", &state);
    let call = Call::authorize(&form).send(&bridge).await;
    assert_eq!(call.status, 302);
    let line = format!("GET /authorize?{} HTTP/1.1\r\n", form.encode());
    let cookies = "cookie: \r\n".len() + 4_900;
    let largest = line.len() + cookies + USUAL_HEADERS + headers_of_cloudfront();
    assert!(largest < HTTP_API, "{largest}");
    println!("the largest request through CloudFront: {largest} bytes");
}

/// The name of a cookie gets into a header of the answer only if the cookie could be the bridge's.
#[tokio::test]
async fn other_cookies_are_left_alone() {
    let bridge = RunningBridge::new().await;
    let mut call = Call::authorize(&authorization_request());
    let junk = "x".repeat(6_000);
    call.event["cookies"] = serde_json::json!([
        format!("session={junk}"),
        format!("__Host-login-\u{e9}\t\u{1}<b>={junk}"),
        "no equals sign",
        "=",
        "",
        ";;;",
    ]);
    let answer = call.send(&bridge).await;
    assert_eq!(answer.cookies.len(), 1);
    let mut call = Call::authorize(&authorization_request());
    call.event["cookies"] = serde_json::json!([format!("__Host-login-Abc_-123={junk}")]);
    let answer = call.send(&bridge).await;
    assert_eq!(answer.cookies.len(), 2);
    assert!(answer.cookies[1].starts_with("__Host-login-Abc_-123=;"));
    assert!(answer.cookies[1].ends_with("Max-Age=0"));
}
