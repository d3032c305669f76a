//! Tests of the verified record in the ID token: what the service said in this login, sealed for
//! the triggers. The tests open it as a trigger does, with the keys of the records and with what is
//! expected of the user.
//! The record is only in the ID token.

use chrono::{DateTime, TimeDelta, Utc};
use federation::variables;
use four_attributes::{
    Expected, FourAttributes, Gender, RecordRefusal, VerifiedAt, VerifiedPerson, VerifiedRecord,
};
use kit::service::SUBJECT;
use kit::{sealing_keys, sealing_keys_json, start};
use serde_json::{Value, json};

use crate::bridge::{Call, RunningBridge, verified_claims};
use crate::support::{PROVIDER_NAME, SCOPE, authorization_request, token_request};

/// The key of the records in the tests' configuration, and the key of all other sealed values.
const RECORD_KEY: u8 = 101;
const SEALING_KEY: u8 = 1;

/// The claims of the ID token of one login.
async fn claims(bridge: &RunningBridge) -> Value {
    let tokens = bridge.tokens().await;
    verified_claims(bridge, tokens["id_token"].as_str().unwrap()).await
}

/// The record as a trigger opens it, for the user with the claim `sub`.
fn opened(
    bridge: &RunningBridge,
    claims: &Value,
    keys: &[u8],
) -> Result<VerifiedRecord, RecordRefusal> {
    let expected = Expected {
        issuers: &[&bridge.service.issuer()],
        provider_name: PROVIDER_NAME,
        subjects: &[claims["sub"].as_str().unwrap()],
        not_after: bridge.itself.clock().now() + TimeDelta::seconds(60),
    };
    let sealed = claims["verified_record"].as_str().unwrap();
    VerifiedRecord::open(sealed, &sealing_keys(keys), &expected)
}

fn at(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

#[tokio::test]
async fn pass_it_says_what_the_service_said() {
    let bridge = RunningBridge::new().await;
    bridge.service.claims(|claims| {
        claims.insert("auth_time".to_owned(), json!(at(-30).timestamp()));
    });
    let claims = claims(&bridge).await;
    let expected = VerifiedRecord {
        provider_name: PROVIDER_NAME.to_owned(),
        person: VerifiedPerson {
            issuer: bridge.service.issuer(),
            subject: SUBJECT.to_owned(),
            attributes: FourAttributes {
                name: Some("山田　マーク太郎".parse().unwrap()),
                address: Some("東京都千代田区マーク町１丁目７番１号".parse().unwrap()),
                birth_date: Some("1985-03-15".parse().unwrap()),
                gender: Some(Gender::Male),
            },
            verified_at: VerifiedAt::Authentication(at(-30)),
            acr: Some("aal3 crl".to_owned()),
        },
    };
    assert_eq!(opened(&bridge, &claims, &[RECORD_KEY]), Ok(expected));
    assert_eq!(claims["verified_at"], at(-30).timestamp());
}

#[tokio::test]
async fn pass_without_auth_time_the_record_has_iat_marked_as_such_and_the_id_token_no_time_at_all()
{
    let bridge = RunningBridge::new().await;
    bridge.service.claims(|claims| {
        claims.remove("auth_time");
        claims.insert("iat".to_owned(), json!(at(-10).timestamp()));
    });
    let claims = claims(&bridge).await;
    let record = opened(&bridge, &claims, &[RECORD_KEY]).unwrap();
    assert_eq!(record.person.verified_at, VerifiedAt::IssuedAt(at(-10)));
    assert_eq!(claims.get("verified_at"), None);
    assert_eq!(claims.get("auth_time"), None);
}

/// Values for which Cognito has no form are in the record nevertheless.
#[tokio::test]
async fn pass_it_keeps_what_has_no_claim() {
    let bridge = RunningBridge::new().await;
    bridge.service.person("birthdate", json!("19850300"));
    bridge.service.person("gender", json!("9"));
    let claims = claims(&bridge).await;
    assert_eq!(
        (claims.get("birthdate"), claims.get("gender")),
        (None, None)
    );
    let record = opened(&bridge, &claims, &[RECORD_KEY]).unwrap();
    assert_eq!(
        record.person.attributes.birth_date,
        Some("1985-03-00".parse().unwrap())
    );
    assert_eq!(record.person.attributes.gender, Some(Gender::NotApplicable));
}

#[tokio::test]
async fn pass_it_holds_no_attribute_that_was_not_asked_for() {
    let bridge = RunningBridge::with(&[(variables::ATTRIBUTES, "birthdate")]).await;
    let form = authorization_request().with("scope", "openid birthdate");
    let code = bridge.code(&form).await;
    let tokens = Call::token(&token_request(&code))
        .send(&bridge)
        .await
        .json();
    let claims = verified_claims(&bridge, tokens["id_token"].as_str().unwrap()).await;
    let attributes = opened(&bridge, &claims, &[RECORD_KEY])
        .unwrap()
        .person
        .attributes;
    assert_eq!(
        attributes,
        FourAttributes {
            birth_date: Some("1985-03-15".parse().unwrap()),
            ..FourAttributes::default()
        }
    );
    assert_ne!(SCOPE, "openid birthdate");
}

/// A subject that doesn't fit into a user name is hashed for the user pool, and the record holds
/// the hashed one.
#[tokio::test]
async fn pass_it_belongs_to_the_subject_that_the_pool_sees() {
    let bridge = RunningBridge::new().await;
    bridge.service.person("sub", json!("s".repeat(96)));
    bridge.service.claims(|claims| {
        claims.insert("sub".to_owned(), json!("s".repeat(96)));
    });
    let claims = claims(&bridge).await;
    let record = opened(&bridge, &claims, &[RECORD_KEY]).unwrap();
    assert!(record.person.subject.starts_with("sha256-"));
    assert_eq!(claims["sub"], record.person.subject);
}

#[tokio::test]
async fn fail_for_somebody_else() {
    let bridge = RunningBridge::new().await;
    let mut claims = claims(&bridge).await;
    claims["sub"] = json!("another-subject");
    assert_eq!(
        opened(&bridge, &claims, &[RECORD_KEY]),
        Err(RecordRefusal::Unlinked)
    );
}

#[tokio::test]
async fn pass_userinfo_and_the_answer_of_the_token_endpoint_do_not_show_it() {
    let bridge = RunningBridge::new().await;
    let mut tokens = bridge.tokens().await;
    let id_token = tokens["id_token"].take();
    let claims = verified_claims(&bridge, id_token.as_str().unwrap()).await;
    let record = claims["verified_record"].as_str().unwrap();
    assert!(!tokens.to_string().contains(record));
    let access_token = tokens["access_token"].as_str().unwrap();
    let userinfo = Call::userinfo(access_token).send(&bridge).await.json();
    for name in ["verified_record", "verified_at"] {
        assert_eq!(userinfo.get(name), None);
    }
    assert_eq!(userinfo["sub"], SUBJECT);
}

#[tokio::test]
async fn fail_with_the_ring_of_everything_else() {
    let bridge = RunningBridge::new().await;
    let claims = claims(&bridge).await;
    assert_eq!(
        opened(&bridge, &claims, &[SEALING_KEY]),
        Err(RecordRefusal::UnknownKey)
    );
}

/// A value that the bridge sealed for another purpose is no record, even when it is opened with the
/// key of these values.
#[tokio::test]
async fn fail_with_an_access_token_or_code_in_its_place() {
    let bridge = RunningBridge::new().await;
    let tokens = bridge.tokens().await;
    let code = bridge.code(&authorization_request()).await;
    let mut claims = verified_claims(&bridge, tokens["id_token"].as_str().unwrap()).await;
    for other in [tokens["access_token"].clone(), json!(code)] {
        claims["verified_record"] = other;
        assert_eq!(
            opened(&bridge, &claims, &[SEALING_KEY]),
            Err(RecordRefusal::Forged)
        );
    }
}

#[tokio::test]
async fn pass_a_rotated_key_seals_and_every_earlier_record_still_opens() {
    let mut bridge = RunningBridge::new().await;
    let mut all = vec![(RECORD_KEY, claims(&bridge).await)];
    for rings in [&[102, RECORD_KEY][..], &[103, 102, RECORD_KEY]] {
        bridge = bridge
            .restarted_with(&[(variables::RECORD_KEYS, &sealing_keys_json(rings))])
            .await;
        all.push((rings[0], claims(&bridge).await));
    }
    for (key, claims) in &all {
        assert!(opened(&bridge, claims, &[103, 102, RECORD_KEY]).is_ok());
        assert!(
            opened(&bridge, claims, &[*key]).is_ok(),
            "sealed with {key}"
        );
    }
    let removed = opened(&bridge, &all[0].1, &[103, 102]);
    assert_eq!(removed, Err(RecordRefusal::UnknownKey));
}

/// A process that never stops seals with the new key within the hour.
#[tokio::test]
async fn pass_a_rotated_key_is_fetched_with_the_other_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("records");
    std::fs::write(&path, sealing_keys_json(&[RECORD_KEY])).unwrap();
    let reference = format!("file:{}", path.display());
    let bridge = RunningBridge::with(&[(variables::RECORD_KEYS, &reference)]).await;
    std::fs::write(&path, sealing_keys_json(&[102, RECORD_KEY])).unwrap();
    let before = claims(&bridge).await;
    assert!(opened(&bridge, &before, &[RECORD_KEY]).is_ok());
    bridge.clock.advance(TimeDelta::seconds(3_600));
    let after = claims(&bridge).await;
    assert!(opened(&bridge, &after, &[102]).is_ok());
}

#[tokio::test]
async fn pass_the_longest_person_fits_and_fail_who_does_not() {
    for character in ["山", "\u{20BB7}"] {
        let bridge = RunningBridge::new().await;
        bridge.service.person("name", json!(character.repeat(100)));
        bridge
            .service
            .person("address", json!(character.repeat(200)));
        let longest = claims(&bridge).await;
        let sealed = longest["verified_record"].as_str().unwrap();
        assert!(sealed.len() < 2_048, "{}", sealed.len());
        assert!(opened(&bridge, &longest, &[RECORD_KEY]).is_ok());

        // The user pool could store each of them by itself, but not the record.
        bridge.service.person("address", json!("a".repeat(1_800)));
        let code = bridge.code(&authorization_request()).await;
        let answer = Call::token(&token_request(&code)).send(&bridge).await;
        answer.is_error(502, "server_error", "record_too_long");
    }
}
