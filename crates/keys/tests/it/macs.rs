//! Tests of keys of HMACs: a local secret and a key in KMS make the same MACs, and an answer that
//! isn't a MAC of the key is refused.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keys::{InvalidKey, MacError, MacKey};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::scripted_kms::{ARN, Answer, NO_ANSWERS, ScriptedKms, kms_error};

/// The bytes 0 to 31.
const SECRET: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The HMAC-SHA-256 of `message` under `SECRET`, by Python's `hmac`:
/// `hmac.new(bytes(range(32)), b"message", hashlib.sha256).hexdigest()`.
const MAC: &str = "6297b77508a1a30ea4dfadd8f847c31b49aba45de10a79daf721d3f7ec112a24";

fn local(secret: &str) -> Result<MacKey, InvalidKey> {
    MacKey::local(&SecretString::from(secret))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn mac_bytes() -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&MAC[at..at + 2], 16).unwrap();
    (0..MAC.len()).step_by(2).map(digits).collect()
}

/// A good answer of `GenerateMac`.
fn generated(mac: &[u8]) -> Value {
    json!({ "KeyId": ARN, "MacAlgorithm": "HMAC_SHA_256", "Mac": STANDARD.encode(mac) })
}

/// What comes of the MAC of a message if KMS answers so.
async fn mac_answered(answer: Answer) -> Result<[u8; 32], MacError> {
    let mut answer = Some(answer);
    let kms = ScriptedKms::new(move |_, _| answer.take().unwrap_or_else(|| panic!("asked twice")));
    let key = MacKey::kms(kms.client(), ARN).unwrap();
    key.mac(b"message").await
}

#[tokio::test]
async fn a_local_secret_in_either_spelling_makes_the_mac_that_python_makes() {
    let bytes: Vec<u8> = (0..32).collect();
    for spelling in [SECRET, &URL_SAFE_NO_PAD.encode(bytes)] {
        let mac = local(spelling).unwrap().mac(b"message").await.unwrap();
        assert_eq!(hex(&mac), MAC);
    }
}

#[tokio::test]
async fn kms_is_asked_for_the_hmac_of_the_message_and_its_mac_is_taken_as_it_comes() {
    let kms = ScriptedKms::new(|_, _| Answer::Json(200, generated(&mac_bytes())));
    let key = MacKey::kms(kms.client(), ARN).unwrap();

    let mac = key.mac(b"message").await.unwrap();

    assert_eq!(hex(&mac), MAC);
    assert_eq!(
        kms.asked(),
        [(
            "GenerateMac".to_owned(),
            json!({
                "KeyId": ARN,
                "MacAlgorithm": "HMAC_SHA_256",
                "Message": STANDARD.encode(b"message"),
            })
        )]
    );
}

#[tokio::test]
async fn what_is_no_mac_of_this_key_is_refused() {
    let changed = |member: &str, value: Value| {
        let mut answer = generated(&mac_bytes());
        answer[member] = value;
        answer
    };
    for wrong in [
        generated(&[]),
        generated(&[1; 31]),
        generated(&[1; 33]),
        changed("Mac", Value::Null),
        changed("KeyId", Value::Null),
        changed("KeyId", json!(ARN.replace("key/0", "key/1"))),
        changed("MacAlgorithm", Value::Null),
        changed("MacAlgorithm", json!("HMAC_SHA_512")),
    ] {
        let text = wrong.to_string();
        assert_eq!(
            mac_answered(Answer::Json(200, wrong)).await,
            Err(MacError::MalformedMac),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_no_of_kms_is_a_refusal_and_what_may_pass_is_unavailable() {
    for code in [
        "AccessDeniedException",
        "InvalidKeyUsageException",
        "NotFoundException",
    ] {
        assert_eq!(
            mac_answered(kms_error(400, code)).await,
            Err(MacError::Refused),
            "{code}"
        );
    }
    for (status, code) in [(400, "ThrottlingException"), (500, "KMSInternalException")] {
        assert_eq!(
            mac_answered(kms_error(status, code)).await,
            Err(MacError::Unavailable),
            "{code}"
        );
    }
    for answer in NO_ANSWERS {
        assert_eq!(mac_answered(answer()).await, Err(MacError::Unavailable));
    }
}

#[tokio::test]
async fn a_message_longer_than_kms_takes_is_refused_by_both_keys() {
    let kms = ScriptedKms::new(|_, _| Answer::Json(200, generated(&mac_bytes())));
    for key in [
        local(SECRET).unwrap(),
        MacKey::kms(kms.client(), ARN).unwrap(),
    ] {
        assert!(key.mac(&[0; 4_096]).await.is_ok());
        assert_eq!(key.mac(&[0; 4_097]).await, Err(MacError::TooLong));
    }
    assert_eq!(kms.asked().len(), 1);
}

#[test]
fn a_local_secret_of_another_length_or_spelling_is_refused() {
    for wrong in [
        "",
        &SECRET[2..],
        &SECRET.to_uppercase(),
        &format!("{SECRET}20"),
    ] {
        assert_eq!(local(wrong).unwrap_err(), InvalidKey::MalformedSecret);
    }
}

#[test]
fn only_the_arn_of_a_key_in_kms_names_it() {
    let kms = ScriptedKms::new(|_, _| panic!("nothing is asked yet"));
    let of = |arn: &str| MacKey::kms(kms.client(), arn).map(|_| ());
    let replaced = |from, to| ARN.replace(from, to);

    assert_eq!(of(ARN), Ok(()));
    assert_eq!(of(&replaced("key/0", "key/mrk-0")), Ok(()));
    for wrong in [
        String::new(),
        "alias/persons".to_owned(),
        replaced("key/00000000-0000-4000-8000-000000000000", "alias/persons"),
        replaced("key/00000000-0000-4000-8000-000000000000", "key/"),
        replaced("arn:aws:kms:ap-northeast-1:000000000000:key/", ""),
        replaced("kms", "secretsmanager"),
        format!("{ARN}:more"),
    ] {
        assert_eq!(of(&wrong), Err(InvalidKey::NotAKeyArn), "{wrong}");
    }
}

#[test]
fn debug_shows_where_the_key_is_and_nothing_of_a_secret() {
    let kms = ScriptedKms::new(|_, _| panic!("nothing is asked"));

    assert_eq!(format!("{:?}", local(SECRET).unwrap()), "MacKey(local)");
    assert_eq!(
        format!("{:?}", MacKey::kms(kms.client(), ARN).unwrap()),
        format!("MacKey({ARN})")
    );
}
