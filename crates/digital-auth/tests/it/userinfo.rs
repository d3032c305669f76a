//! Tests of the userinfo request on the wire, and of every answer to it.
//! The attributes must be about the ID token's subject.
//! An error never contains what the answer said.

use std::time::Duration;

use digital_auth::id_token::Subject;
use digital_auth::userinfo::{UserinfoError, attributes};
use digital_auth::{Deadline, HttpError};
use four_attributes::{Attribute, AttributeError, AttributeSet, FourAttributes, MalformedReason};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::service::{USERINFO, http, provider, soon, userinfo};
use crate::signed::{ACCESS_TOKEN, SUBJECT};
use kit::{Reply, Server, answer, chunked, json as json_answer};

async fn ask_within(server: &Server, time: Duration) -> Result<FourAttributes, UserinfoError> {
    let http = http();
    attributes(
        &http,
        &provider(server),
        &SecretString::from(ACCESS_TOKEN),
        &Subject::new(SUBJECT.to_owned()),
        AttributeSet::all(),
        Deadline::after(time),
        &(),
    )
    .await
}

async fn ask(server: &Server) -> Result<FourAttributes, UserinfoError> {
    ask_within(server, Duration::from_secs(4)).await
}

async fn answered(bytes: Vec<u8>) -> Result<FourAttributes, UserinfoError> {
    let server = Server::start(move |_| Reply::Bytes(bytes.clone()));
    let result = ask(&server).await;
    assert_eq!(server.requests().len(), 1);
    result
}

fn with(member: &str, value: Value) -> Vec<u8> {
    let mut claims = userinfo();
    claims[member] = value;
    json_answer(200, &claims)
}

fn without(member: &str) -> Vec<u8> {
    let mut claims = userinfo();
    claims.as_object_mut().unwrap().remove(member);
    json_answer(200, &claims)
}

#[tokio::test]
async fn pass_the_request_is_a_get_with_the_access_token_in_its_header_only() {
    let server = Server::start(|_| Reply::Bytes(json_answer(200, &userinfo())));

    ask(&server).await.unwrap();

    let request = &server.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("GET", USERINFO)
    );
    assert_eq!(request.body, "");
    let mut names: Vec<_> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["accept", "accept-encoding", "authorization", "host"]
    );
    assert_eq!(
        request.header("authorization"),
        Some(format!("Bearer {ACCESS_TOKEN}").as_str())
    );
    assert_eq!(request.header("accept"), Some("application/json"));
}

#[tokio::test]
async fn pass_the_four_attributes_are_taken() {
    let attributes = answered(json_answer(200, &userinfo())).await.unwrap();

    let expected =
        FourAttributes::from_userinfo(userinfo().as_object().unwrap(), AttributeSet::all())
            .unwrap();
    assert_eq!(attributes, expected);
    assert!(attributes.name.is_some() && attributes.gender.is_some());
}

#[tokio::test]
async fn pass_the_content_type_of_json_however_it_is_written() {
    let body = userinfo().to_string();
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON ; charset=utf-8",
    ] {
        assert!(
            answered(answer(200, Some(content_type), &body))
                .await
                .is_ok(),
            "{content_type}"
        );
    }
    assert!(
        answered(chunked(200, "application/json", &[&body]))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn fail_another_content_type_or_none() {
    let body = userinfo().to_string();
    for content_type in [
        None,
        Some(""),
        Some("application/jwt"),
        Some("application/jwt; application/json"),
        Some("text/html"),
        Some("text/json"),
        Some("application/json-seq"),
        Some("application/jsonp"),
    ] {
        assert_eq!(
            answered(answer(200, content_type, &body)).await,
            Err(UserinfoError::Malformed),
            "{content_type:?}"
        );
    }
}

#[tokio::test]
async fn fail_an_answer_about_somebody_else() {
    for bytes in [
        with("sub", json!("somebody-else")),
        with("sub", json!("")),
        with("sub", json!(SUBJECT.to_uppercase())),
        with("sub", json!(format!("{SUBJECT} "))),
        with("sub", json!([SUBJECT])),
        with("sub", json!(7)),
        with("sub", Value::Null),
        without("sub"),
    ] {
        assert_eq!(answered(bytes).await, Err(UserinfoError::OtherSubject));
    }
}

#[tokio::test]
async fn fail_the_subject_is_looked_at_before_the_attributes() {
    let claims = json!({"sub": "somebody-else", "name": 1});
    assert_eq!(
        answered(json_answer(200, &claims)).await,
        Err(UserinfoError::OtherSubject)
    );
}

#[tokio::test]
async fn pass_without_gender_and_fail_without_anything_else() {
    assert_eq!(answered(without("gender")).await.unwrap().gender, None);
    for attribute in [Attribute::Name, Attribute::Address, Attribute::BirthDate] {
        assert_eq!(
            answered(without(attribute.claim())).await,
            Err(UserinfoError::Attribute(AttributeError::Missing(attribute)))
        );
    }
}

#[tokio::test]
async fn fail_a_malformed_attribute_is_named_and_not_shown() {
    let error = answered(with("birthdate", json!("marked")))
        .await
        .unwrap_err();

    assert_eq!(
        error,
        UserinfoError::Attribute(AttributeError::Malformed {
            attribute: Attribute::BirthDate,
            reason: MalformedReason::NotADate
        })
    );
    assert!(!format!("{error:?} {error}").contains("marked"));
}

/// If a name has two values, one parser takes the first and another one the last.
#[tokio::test]
async fn fail_a_name_that_comes_twice_wherever_it_stands() {
    let whole = userinfo().to_string();
    let with = |member: &str| {
        let body = whole.replacen('{', &format!("{{{member},"), 1);
        let answer = answer(200, Some("application/json"), &body);
        answered(answer)
    };
    assert!(with(r#""unused":{"a":1}"#).await.is_ok());
    for twice in [
        r#""name":"別人""#.to_owned(),
        r#""gender":null"#.to_owned(),
        format!(r#""sub":"{SUBJECT}""#),
        // The same name, written with an escape.
        r#""\u006eame":"別人""#.to_owned(),
        r#""unused":1,"unused":1"#.to_owned(),
        r#""unused":{"formatted":"a","formatted":"b"}"#.to_owned(),
        r#""unused":[[{"a":1,"a":1}]]"#.to_owned(),
    ] {
        assert_eq!(with(&twice).await, Err(UserinfoError::Malformed), "{twice}");
    }
}

#[tokio::test]
async fn fail_what_is_no_json_object() {
    for body in [
        "",
        "null",
        "[]",
        "[{}]",
        "\"text\"",
        "{\"sub\":",
        "{\"sub\":\"a\"}}",
    ] {
        assert_eq!(
            answered(answer(200, Some("application/json"), body)).await,
            Err(UserinfoError::Malformed),
            "{body:?}"
        );
    }
}

#[tokio::test]
async fn fail_by_the_status() {
    let body = userinfo();
    for (status, expected) in [
        (400, UserinfoError::Refused),
        (401, UserinfoError::Refused),
        (403, UserinfoError::Refused),
        (404, UserinfoError::Refused),
        (429, UserinfoError::Failed),
        (500, UserinfoError::Failed),
        (503, UserinfoError::Failed),
        (201, UserinfoError::Malformed),
        (302, UserinfoError::Malformed),
    ] {
        assert_eq!(
            answered(json_answer(status, &body)).await,
            Err(expected),
            "{status}"
        );
    }
}

#[tokio::test]
async fn fail_an_answer_over_the_limit() {
    let body = format!("{}{}", userinfo(), " ".repeat(256 * 1024));
    assert_eq!(
        answered(answer(200, Some("application/json"), &body)).await,
        Err(UserinfoError::Http(HttpError::TooLarge))
    );
}

#[tokio::test]
async fn pass_one_interruption_is_repeated_and_fail_two_are_not() {
    for (interruptions, expected) in [(1, Ok(())), (2, Err(HttpError::Interrupted))] {
        let server = Server::start(move |request| {
            if request.number < interruptions {
                Reply::Close
            } else {
                Reply::Bytes(json_answer(200, &userinfo()))
            }
        });

        let result = ask(&server).await.map(|_| ());

        assert_eq!(result, expected.map_err(UserinfoError::Http));
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn fail_no_answer_in_time() {
    let server = Server::start(|_| Reply::Silence);
    assert_eq!(
        ask_within(&server, Duration::from_secs(1)).await,
        Err(UserinfoError::Http(HttpError::TimedOut))
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn fail_an_access_token_that_fits_no_header_is_not_sent() {
    let server = Server::start(|_| Reply::Bytes(json_answer(200, &userinfo())));
    let result = attributes(
        &http(),
        &provider(&server),
        &SecretString::from("a\r\nX-Injected: 1"),
        &Subject::new(SUBJECT.to_owned()),
        AttributeSet::all(),
        soon(),
        &(),
    )
    .await;
    assert_eq!(result, Err(UserinfoError::Malformed));
    assert_eq!(server.connections(), 0);
}
