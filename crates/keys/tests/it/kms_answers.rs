//! Tests of a KMS key that signs, with a scripted KMS: which requests it gets, and what each of its
//! answers leads to. `tests/emulator/kms.rs` tests with a KMS that others wrote.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keys::{Algorithm, InvalidKey, KmsKey, LocalKey, SigningError, SigningKey};
use p256::ecdsa::Signature;
use serde_json::{Value, json};

use kit::keys::{public_jwk, verifies};

use crate::scripted_kms::{ARN, Answer, NO_ANSWERS, ScriptedKms, kms_error};

/// The JWK's public key as KMS sends it: a DER SubjectPublicKeyInfo.
fn spki(public_jwk: &Value) -> Vec<u8> {
    let number = |name: &str| {
        URL_SAFE_NO_PAD
            .decode(public_jwk[name].as_str().unwrap())
            .unwrap()
    };
    if public_jwk["kty"] == "RSA" {
        use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
        let components = aws_lc_rs::rsa::PublicKeyComponents {
            n: number("n"),
            e: number("e"),
        };
        let der: PublicKeyX509Der<'_> = components.as_der().unwrap();
        der.as_ref().to_vec()
    } else {
        // The algorithm id-ecPublicKey with the curve secp256r1 (RFC 5480 §2.1.1), and the
        // header of a BIT STRING of an uncompressed point.
        let header = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06,
            0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
        ];
        [header.to_vec(), number("x"), number("y")].concat()
    }
}

/// The answer to `GetPublicKey` for the public half of `key`.
fn public_key(key: &LocalKey) -> Value {
    let (spec, algorithms) = match key.algorithm() {
        Algorithm::Rs256 => (
            "RSA_2048",
            json!(["RSASSA_PSS_SHA_256", "RSASSA_PKCS1_V1_5_SHA_256"]),
        ),
        Algorithm::Es256 => ("ECC_NIST_P256", json!(["ECDSA_SHA_256"])),
    };
    json!({
        "KeyId": ARN,
        "KeyUsage": "SIGN_VERIFY",
        "KeySpec": spec,
        "PublicKey": STANDARD.encode(spki(&public_jwk(key))),
        "SigningAlgorithms": algorithms,
    })
}

fn signed(signature: &[u8]) -> Answer {
    Answer::Json(
        200,
        json!({ "KeyId": ARN, "Signature": STANDARD.encode(signature) }),
    )
}

fn generate(algorithm: Algorithm) -> LocalKey {
    LocalKey::generate(algorithm).unwrap()
}

/// Loads `key` from a KMS that answers `Sign` with `answer`, and signs.
async fn sign_answered(key: &LocalKey, answer: Answer) -> Result<Vec<u8>, SigningError> {
    let public = public_key(key);
    let mut answer = Some(answer);
    let kms = ScriptedKms::new(move |operation, _| match operation {
        "GetPublicKey" => Answer::Json(200, public.clone()),
        "Sign" => answer.take().unwrap_or_else(|| panic!("asked twice")),
        other => panic!("{other}"),
    });
    let key = KmsKey::load(kms.client(), ARN).await.unwrap();
    key.sign(b"message").await
}

/// Loads a key from a KMS that answers `GetPublicKey` with `answer`.
async fn load_answered(answer: Answer) -> Result<(), InvalidKey> {
    let mut answer = Some(answer);
    let kms = ScriptedKms::new(move |_, _| answer.take().unwrap_or_else(|| panic!("asked twice")));
    KmsKey::load(kms.client(), ARN).await.map(|_| ())
}

/// Loads a key from a KMS that answers `GetPublicKey` with a good answer in which one member is
/// changed.
async fn load_changed(
    algorithm: Algorithm,
    member: &str,
    value: impl Into<Value>,
) -> Result<(), InvalidKey> {
    let mut answer = public_key(&generate(algorithm));
    answer[member] = value.into();
    load_answered(Answer::Json(200, answer)).await
}

#[tokio::test]
async fn the_public_jwk_is_that_of_the_key_in_kms() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
        let held = generate(algorithm);
        let answer = public_key(&held);
        let kms = ScriptedKms::new(move |_, _| Answer::Json(200, answer.clone()));

        let key = KmsKey::load(kms.client(), "alias/assertion").await.unwrap();

        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(key.public_jwk(), held.public_jwk());
        assert_eq!(key.key_id(), held.key_id());
        assert_eq!(
            kms.asked(),
            [(
                "GetPublicKey".to_owned(),
                json!({ "KeyId": "alias/assertion" })
            )]
        );
    }
}

#[tokio::test]
async fn kms_is_asked_for_the_hash_by_the_arn_and_never_sees_the_message() {
    for (algorithm, kms_algorithm) in [
        (Algorithm::Rs256, "RSASSA_PKCS1_V1_5_SHA_256"),
        (Algorithm::Es256, "ECDSA_SHA_256"),
    ] {
        let held = generate(algorithm);
        let public = public_key(&held);
        let kms = ScriptedKms::new(move |operation, _| match operation {
            "GetPublicKey" => Answer::Json(200, public.clone()),
            _ => kms_error(400, "DisabledException"),
        });
        let key = KmsKey::load(kms.client(), "alias/id-token").await.unwrap();
        let message = vec![b'a'; 5000];

        key.sign(&message).await.unwrap_err();

        assert_eq!(
            kms.asked()[1..],
            [(
                "Sign".to_owned(),
                json!({
                    "KeyId": ARN,
                    "Message": STANDARD.encode(digest(&SHA256, &message)),
                    "MessageType": "DIGEST",
                    "SigningAlgorithm": kms_algorithm,
                })
            )]
        );
    }
}

#[tokio::test]
async fn an_rsa_signature_is_taken_as_it_comes() {
    let key = generate(Algorithm::Rs256);
    let expected = key.sign(b"message").await.unwrap();

    let signature = sign_answered(&key, signed(&expected)).await.unwrap();

    assert_eq!(signature, expected);
    assert!(verifies(&key, b"message", &signature));
}

#[tokio::test]
async fn an_ecdsa_signature_loses_its_der() {
    let key = generate(Algorithm::Es256);
    let expected = key.sign(b"message").await.unwrap();
    let der = Signature::from_slice(&expected).unwrap().to_der();

    let signature = sign_answered(&key, signed(der.as_bytes())).await.unwrap();

    assert_eq!(signature, expected);
    assert!(verifies(&key, b"message", &signature));
}

#[tokio::test]
async fn what_is_no_signature_is_refused() {
    let rsa = generate(Algorithm::Rs256);
    let ec = generate(Algorithm::Es256);
    let fixed = ec.sign(b"message").await.unwrap();

    for (key, answer) in [
        (&rsa, signed(&[])),
        (&rsa, signed(&[1; 255])),
        (&rsa, signed(&[1; 257])),
        (&rsa, Answer::Json(200, json!({ "KeyId": ARN }))),
        (&ec, signed(&[])),
        (&ec, signed(&fixed)),
        (&ec, Answer::Json(200, json!({ "KeyId": ARN }))),
    ] {
        assert_eq!(
            sign_answered(key, answer).await,
            Err(SigningError::MalformedSignature)
        );
    }
}

#[tokio::test]
async fn a_no_of_kms_is_a_refusal() {
    for (status, code) in [
        (400, "AccessDeniedException"),
        (400, "DisabledException"),
        (409, "KMSInvalidStateException"),
        (400, "NotFoundException"),
        (400, "InvalidKeyUsageException"),
        (400, "UnrecognizedClientException"),
        (400, "SomethingNew"),
    ] {
        let key = generate(Algorithm::Es256);
        assert_eq!(
            sign_answered(&key, kms_error(status, code)).await,
            Err(SigningError::Refused),
            "{code}"
        );
        assert_eq!(
            load_answered(kms_error(status, code)).await,
            Err(InvalidKey::Refused),
            "{code}"
        );
    }
}

#[tokio::test]
async fn what_may_pass_is_unavailable() {
    for (status, code) in [
        (400, "ThrottlingException"),
        (400, "LimitExceededException"),
        (429, "SomethingNew"),
        (500, "KMSInternalException"),
        (500, "KeyUnavailableException"),
        (503, "DependencyTimeoutException"),
        (503, "SomethingNew"),
    ] {
        let key = generate(Algorithm::Es256);
        assert_eq!(
            sign_answered(&key, kms_error(status, code)).await,
            Err(SigningError::Unavailable),
            "{code}"
        );
        assert_eq!(
            load_answered(kms_error(status, code)).await,
            Err(InvalidKey::Unavailable),
            "{code}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_unavailable() {
    for answer in NO_ANSWERS {
        let key = generate(Algorithm::Es256);
        assert_eq!(
            sign_answered(&key, answer()).await,
            Err(SigningError::Unavailable)
        );
        assert_eq!(load_answered(answer()).await, Err(InvalidKey::Unavailable));
    }
}

#[tokio::test]
async fn a_kms_key_of_another_kind_is_refused_when_it_is_loaded() {
    use Algorithm::{Es256, Rs256};

    assert_eq!(
        load_changed(Rs256, "KeyUsage", "ENCRYPT_DECRYPT").await,
        Err(InvalidKey::KmsKeyUsage)
    );
    assert_eq!(
        load_changed(Es256, "KeyUsage", "KEY_AGREEMENT").await,
        Err(InvalidKey::KmsKeyUsage)
    );
    assert_eq!(
        load_changed(Es256, "KeyUsage", Value::Null).await,
        Err(InvalidKey::KmsKeyUsage)
    );
    for spec in [
        "ECC_NIST_P384",
        "ECC_SECG_P256K1",
        "SM2",
        "ML_DSA_44",
        "SOMETHING_NEW",
    ] {
        assert_eq!(
            load_changed(Es256, "KeySpec", spec).await,
            Err(InvalidKey::KmsKeySpec)
        );
    }
    assert_eq!(
        load_changed(Es256, "KeySpec", Value::Null).await,
        Err(InvalidKey::KmsKeySpec)
    );
    assert_eq!(
        load_changed(Rs256, "SigningAlgorithms", json!(["RSASSA_PSS_SHA_256"])).await,
        Err(InvalidKey::KmsAlgorithm)
    );
    assert_eq!(
        load_changed(Es256, "SigningAlgorithms", json!([])).await,
        Err(InvalidKey::KmsAlgorithm)
    );
}

#[tokio::test]
async fn an_answer_whose_public_key_is_not_of_the_spec_is_refused() {
    use Algorithm::{Es256, Rs256};
    let of = |algorithm| STANDARD.encode(spki(&public_jwk(&generate(algorithm))));

    for (algorithm, wrong) in [
        (Rs256, json!(of(Es256))),
        (Es256, json!(of(Rs256))),
        (Rs256, json!("")),
        (Es256, json!(STANDARD.encode(b"no DER"))),
        (Es256, Value::Null),
    ] {
        assert_eq!(
            load_changed(algorithm, "PublicKey", wrong).await,
            Err(InvalidKey::MalformedPublicKey)
        );
    }
    // 2048 bits where the spec says 4096.
    assert_eq!(
        load_changed(Rs256, "KeySpec", "RSA_4096").await,
        Err(InvalidKey::MalformedPublicKey)
    );
    assert_eq!(
        load_changed(Es256, "KeyId", Value::Null).await,
        Err(InvalidKey::MalformedPublicKey)
    );
}

#[tokio::test]
async fn debug_shows_the_key_id_the_algorithm_and_the_arn() {
    let held = generate(Algorithm::Es256);
    let answer = public_key(&held);
    let kms = ScriptedKms::new(move |_, _| Answer::Json(200, answer.clone()));
    let key = KmsKey::load(kms.client(), ARN).await.unwrap();

    assert_eq!(
        format!("{key:?}"),
        format!(
            r#"KmsKey {{ key_id: "{}", algorithm: Es256, arn: "{ARN}", .. }}"#,
            held.key_id()
        )
    );
}
