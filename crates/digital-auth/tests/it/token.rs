//! Tests of the token request on the wire, and of every answer to it.
//! The request is sent once, whatever happens.
//! Each refusal has the error that tells the operator what to do.

use std::time::{Duration, Instant};

use digital_auth::authorization::Secret256;
use digital_auth::token::{TokenError, TokenRequest, Tokens, exchange};
use digital_auth::{Deadline, HttpError};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::service::{TOKEN, http, provider, tokens};
use kit::{Reply, Server, answer, chunked, json as json_answer, start};

const REDIRECT_URI: &str = "https://bridge.example/callback?a=b&c=ü";

async fn exchange_within(server: &Server, time: Duration) -> Result<Tokens, TokenError> {
    let code = SecretString::from("a code & more=;+");
    let assertion = SecretString::from("header.claims.signature");
    let request = TokenRequest {
        code: &code,
        redirect_uri: REDIRECT_URI,
        client_id: "RP00000001",
        code_verifier: &Secret256::from_bytes([3; 32]),
        client_assertion: &assertion,
    };
    let http = http();
    let deadline = Deadline::after(time);
    exchange(&http, &provider(server), &request, deadline, &()).await
}

async fn exchange_with(reply: Reply) -> (Result<Tokens, TokenError>, Server) {
    let server = Server::start(move |_| reply.clone());
    let result = exchange_within(&server, Duration::from_secs(4)).await;
    assert_eq!(server.requests().len(), 1, "a token request is sent once");
    (result, server)
}

async fn refused(bytes: Vec<u8>) -> TokenError {
    exchange_with(Reply::Bytes(bytes)).await.0.unwrap_err()
}

#[tokio::test]
async fn pass_the_request_is_exactly_what_the_service_documents() {
    let (result, server) = exchange_with(Reply::Bytes(json_answer(200, &tokens("i.d.t")))).await;
    result.unwrap();

    let request = &server.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", TOKEN)
    );
    let expected = [
        ("grant_type", "authorization_code"),
        ("code", "a code & more=;+"),
        ("redirect_uri", REDIRECT_URI),
        ("client_id", "RP00000001"),
        (
            "code_verifier",
            "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM",
        ),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", "header.claims.signature"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(request.form(), expected);
    let mut names: Vec<_> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "accept-encoding",
            "content-length",
            "content-type",
            "host"
        ]
    );
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(request.header("accept"), Some("application/json"));
}

#[tokio::test]
async fn pass_both_tokens_are_taken_and_what_is_unknown_is_ignored() {
    let minimal = json!({"access_token": "a", "token_type": "Bearer", "id_token": "i.d.t"});
    let mut more = tokens("i.d.t");
    more["access_token"] = json!("a");
    more["new"] = json!({"deep": [1, null]});
    let chunks = minimal.to_string();
    for bytes in [
        json_answer(200, &minimal),
        json_answer(200, &more),
        answer(200, Some("application/json;charset=UTF-8"), &chunks),
        chunked(200, "application/json", &[&chunks[..7], &chunks[7..]]),
    ] {
        let tokens = exchange_with(Reply::Bytes(bytes)).await.0.unwrap();
        assert_eq!(tokens.access_token.expose_secret(), "a");
        assert_eq!(tokens.id_token.expose_secret(), "i.d.t");
    }
}

#[tokio::test]
async fn fail_an_answer_without_one_of_its_members_or_with_another_type() {
    for member in ["access_token", "token_type", "id_token"] {
        let mut missing = tokens("i.d.t");
        missing.as_object_mut().unwrap().remove(member);
        let wrong = [Value::Null, json!(1), json!(["Bearer"]), json!({})].map(|value| {
            let mut wrong = tokens("i.d.t");
            wrong[member] = value;
            wrong
        });
        for body in wrong.iter().chain([&missing]) {
            let error = refused(json_answer(200, body)).await;
            let is_expected = match (member, &body[member]) {
                ("id_token", Value::Null) => matches!(error, TokenError::NoIdToken),
                _ => matches!(error, TokenError::Malformed),
            };
            assert!(is_expected, "{member} {error:?}");
        }
    }
}

#[tokio::test]
async fn fail_another_token_type() {
    for token_type in ["", "DPoP", "mac", "N_A", "Bearer "] {
        let mut body = tokens("i.d.t");
        body["token_type"] = json!(token_type);
        let error = refused(json_answer(200, &body)).await;
        assert!(matches!(error, TokenError::Malformed), "{token_type:?}");
    }
}

#[tokio::test]
async fn fail_what_is_no_json_object() {
    for body in [
        "",
        "null",
        "[]",
        "\"text\"",
        "{",
        "<html></html>",
        "access_token=a",
    ] {
        let error = refused(answer(200, Some("application/json"), body)).await;
        assert!(matches!(error, TokenError::Malformed), "{body:?}");
    }
}

#[tokio::test]
async fn fail_another_success_and_a_redirect() {
    for status in [201, 204, 302, 303, 307] {
        let good = if status == 204 {
            String::new()
        } else {
            tokens("i.d.t").to_string()
        };
        let error = refused(answer(status, Some("application/json"), &good)).await;
        assert!(matches!(error, TokenError::Malformed), "{status}");
    }
}

#[tokio::test]
async fn fail_by_the_code_of_the_error_and_by_nothing_else() {
    for status in [400, 401] {
        for (code, expected) in [
            ("invalid_grant", TokenError::RefusedCode),
            ("invalid_client", TokenError::RefusedClient { at: None }),
            (
                "unauthorized_client",
                TokenError::RefusedClient { at: None },
            ),
            ("invalid_request", TokenError::RefusedRequest),
            ("invalid_scope", TokenError::RefusedRequest),
            ("unsupported_grant_type", TokenError::RefusedRequest),
            ("something_new", TokenError::RefusedRequest),
            ("", TokenError::RefusedRequest),
        ] {
            let body = json!({"error": code, "error_description": "invalid_client marked"});
            let error = refused(json_answer(status, &body)).await;
            assert_eq!(error.to_string(), expected.to_string(), "{status} {code}");
            assert!(!format!("{error:?} {error}").contains("marked"));
        }
    }
}

/// An answer that refuses the client, with this header.
fn refused_at(header: &str) -> Vec<u8> {
    let body = json!({"error": "invalid_client"}).to_string();
    let length = body.len();
    format!("HTTP/1.1 400 Bad Request\r\n{header}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// The error has the service's time, so that the operator can see whether a clock is the reason.
#[tokio::test]
async fn fail_a_refused_client_with_the_time_that_the_service_has() {
    let noon = start() + chrono::TimeDelta::hours(12);
    for (header, expected) in [
        ("Date: Tue, 03 Nov 2026 12:00:00 GMT\r\n", Some(noon)),
        ("Date: noon\r\n", None),
        ("Date: \r\n", None),
        ("", None),
    ] {
        let error = refused(refused_at(header)).await;
        let TokenError::RefusedClient { at } = error else {
            panic!("{error:?}");
        };
        assert_eq!(at, expected, "{header:?}");
    }
}

#[tokio::test]
async fn fail_a_refusal_without_a_readable_reason() {
    for (status, body) in [
        (400, ""),
        (400, "<html>"),
        (400, "{}"),
        (400, "{\"error\":1}"),
        (401, ""),
        (403, "{\"error\":null}"),
        (404, "not found"),
        (418, "[]"),
    ] {
        let error = refused(answer(status, None, body)).await;
        assert!(
            matches!(error, TokenError::RefusedRequest),
            "{status} {body}"
        );
    }
}

#[tokio::test]
async fn fail_a_service_in_trouble_also_if_it_blames_the_code() {
    for status in [429, 500, 502, 503, 504] {
        for body in ["", "{\"error\":\"invalid_grant\"}"] {
            let error = refused(answer(status, None, body)).await;
            assert!(matches!(error, TokenError::Failed), "{status} {body}");
        }
    }
}

#[tokio::test]
async fn pass_an_answer_as_large_as_the_limit_and_fail_one_byte_more() {
    let body = tokens("i.d.t").to_string();
    let fits = format!("{body}{}", " ".repeat(256 * 1024 - body.len()));
    let too_large = format!("{fits} ");

    let (result, _server) = exchange_with(Reply::Bytes(answer(200, None, &fits))).await;
    assert!(result.is_ok());
    for bytes in [
        answer(200, None, &too_large),
        chunked(200, "application/json", &[&too_large]),
        answer(400, None, &too_large),
    ] {
        let error = refused(bytes).await;
        assert!(matches!(error, TokenError::Http(HttpError::TooLarge)));
    }
}

#[tokio::test]
async fn fail_no_answer_in_time_and_the_request_is_not_sent_again() {
    let server = Server::start(|_| Reply::Silence);
    let since = Instant::now();

    let result = exchange_within(&server, Duration::from_secs(1)).await;

    assert!(matches!(
        result.unwrap_err(),
        TokenError::Http(HttpError::TimedOut)
    ));
    assert!(since.elapsed() < Duration::from_secs(5));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn fail_an_interruption_and_the_request_is_not_sent_again() {
    for reply in [
        Reply::Close,
        Reply::BytesThenClose(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec()),
        Reply::BytesThenClose(b"garbage\r\n\r\n".to_vec()),
    ] {
        let (result, server) = exchange_with(reply).await;
        assert!(matches!(
            result.unwrap_err(),
            TokenError::Http(HttpError::Interrupted)
        ));
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn pass_nothing_secret_is_shown() {
    let mut body = tokens("marked-id-token");
    body["access_token"] = json!("marked-access-token");
    let (result, _server) = exchange_with(Reply::Bytes(json_answer(200, &body))).await;
    assert!(!format!("{:?}", result.unwrap()).contains("marked"));
}
