//! A KMS key against an emulator of AWS KMS, over HTTP. `cargo xtask aws` starts the emulator and
//! runs these tests.
//! `AWS_EMULATOR` is its URL (`http://127.0.0.1:4566`). Without it, every test fails.
//! The tests show what a scripted KMS can't: that both sides agree on hash, padding and DER.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as TcpConnector;
use hyper_util::rt::TokioExecutor;
use keys::{Algorithm, InvalidKey, KmsKey, SigningError, SigningKey as _, sign_jwt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};

use kit::keys::{decode, kms_client, verifies};

/// A connector for plain HTTP on the loopback. The test can change its port while a key is in use.
#[derive(Clone, Debug)]
struct Loopback {
    port: Arc<AtomicU16>,
    http: Client<TcpConnector, SdkBody>,
}

impl HttpConnector for Loopback {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = request.try_into_http1x().unwrap();
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let port = self.port.load(Ordering::SeqCst);
        *request.uri_mut() = format!("http://127.0.0.1:{port}{path}").parse().unwrap();
        let http = self.http.clone();
        HttpConnectorFuture::new(async move {
            let response = http
                .request(request)
                .await
                .map_err(|error| ConnectorError::io(error.into()))?;
            let (head, body) = response.into_parts();
            let body = body
                .collect()
                .await
                .map_err(|error| ConnectorError::io(error.into()))?
                .to_bytes();
            let response = http::Response::from_parts(head, SdkBody::from(body));
            HttpResponse::try_from(response)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// A longer time limit, for a call that has to find a large prime.
fn patient() -> aws_sdk_kms::config::Builder {
    let minute = TimeoutConfig::builder().operation_timeout(Duration::from_secs(60));
    aws_sdk_kms::config::Builder::new().timeout_config(minute.build())
}

/// The emulator, and the port on which the client reaches it.
struct Kms {
    client: aws_sdk_kms::Client,
    port: Arc<AtomicU16>,
    emulator_port: u16,
}

impl Kms {
    fn new() -> Self {
        let endpoint = std::env::var("AWS_EMULATOR")
            .expect("AWS_EMULATOR must name a KMS emulator; `cargo xtask aws` starts one");
        let emulator_port = endpoint
            .strip_prefix("http://127.0.0.1:")
            .and_then(|port| port.trim_end_matches('/').parse().ok())
            .unwrap_or_else(|| panic!("AWS_EMULATOR must be http://127.0.0.1:PORT"));
        let port = Arc::new(AtomicU16::new(emulator_port));
        let http = Client::builder(TokioExecutor::new()).build_http();
        let client = kms_client(
            Loopback {
                port: Arc::clone(&port),
                http,
            },
            &endpoint,
        );
        Self {
            client,
            port,
            emulator_port,
        }
    }

    /// Makes a key, and gives its id.
    async fn create(&self, spec: KeySpec, usage: KeyUsageType) -> String {
        let answer = self
            .client
            .create_key()
            .key_spec(spec)
            .key_usage(usage)
            .customize()
            .config_override(patient())
            .send()
            .await
            .unwrap();
        answer.key_metadata().unwrap().key_id().to_owned()
    }

    async fn create_signing(&self, spec: KeySpec) -> String {
        self.create(spec, KeyUsageType::SignVerify).await
    }

    async fn load(&self, key: &str) -> Result<KmsKey, InvalidKey> {
        KmsKey::load(self.client.clone(), key).await
    }
}

/// The claims of an ID token at least as long as the longest one: a name of 100 and an address of
/// 200 full-width characters, the address in both forms, and a record of 2,048 bytes.
fn longest_claims() -> Value {
    let address = "渡".repeat(200);
    json!({
        "iss": "https://bridge.example",
        "name": "鷗".repeat(100),
        "address": { "formatted": address },
        "formatted_address": address,
        "record": "r".repeat(2048),
    })
}

#[tokio::test]
async fn every_key_spec_signs_what_others_verify() {
    let kms = Kms::new();
    for (spec, algorithm, length) in [
        (KeySpec::Rsa2048, Algorithm::Rs256, 256),
        (KeySpec::Rsa3072, Algorithm::Rs256, 384),
        (KeySpec::Rsa4096, Algorithm::Rs256, 512),
        (KeySpec::EccNistP256, Algorithm::Es256, 64),
    ] {
        let id = kms.create_signing(spec).await;
        let key = kms.load(&id).await.unwrap();

        let signature = key.sign(b"message").await.unwrap();

        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(signature.len(), length);
        assert!(verifies(&key, b"message", &signature));
        assert!(!verifies(&key, b"massage", &signature));
    }
}

#[tokio::test]
async fn a_jwt_with_the_longest_attributes_is_signed() {
    let kms = Kms::new();
    for spec in [KeySpec::Rsa2048, KeySpec::EccNistP256] {
        let id = kms.create_signing(spec).await;
        let key = kms.load(&id).await.unwrap();

        let jwt = sign_jwt(&key, &longest_claims()).await.unwrap();

        let (signing_input, _) = jwt.rsplit_once('.').unwrap();
        assert!(signing_input.len() > 4096, "KMS would have taken it as RAW");
        let (header, claims) = decode(&key, &jwt).unwrap();
        assert_eq!(
            header,
            json!({ "alg": key.algorithm().as_str(), "kid": key.key_id().as_str(), "typ": "JWT" })
        );
        assert_eq!(claims, longest_claims());
    }
}

#[tokio::test]
async fn ecdsa_signatures_with_short_numbers_verify_too() {
    let kms = Kms::new();
    let id = kms.create_signing(KeySpec::EccNistP256).await;
    let key = kms.load(&id).await.unwrap();
    let mut short = 0;

    // One in 128 signatures has an r or an s of 31 bytes or fewer. The probability that there is
    // none among 4,000 is 2 in 10^14.
    for count in 0..4000_u32 {
        let message = count.to_be_bytes();
        let signature = key.sign(&message).await.unwrap();
        assert_eq!(signature.len(), 64);
        let (r, s) = signature.split_at(32);
        let has_short_number = r.first() == Some(&0) || s.first() == Some(&0);
        if has_short_number || count == 0 {
            assert!(verifies(&key, &message, &signature));
        }
        if has_short_number {
            short += 1;
        }
        if short == 3 {
            break;
        }
    }

    assert!(short > 0);
}

#[tokio::test]
async fn a_key_that_may_not_be_used_is_refused_and_works_again_when_it_may() {
    let kms = Kms::new();
    let id = kms.create_signing(KeySpec::EccNistP256).await;
    let key = kms.load(&id).await.unwrap();
    assert!(key.sign(b"message").await.is_ok());

    kms.client.disable_key().key_id(&id).send().await.unwrap();
    assert_eq!(key.sign(b"message").await, Err(SigningError::Refused));

    kms.client.enable_key().key_id(&id).send().await.unwrap();
    assert!(key.sign(b"message").await.is_ok());

    kms.client
        .schedule_key_deletion()
        .key_id(&id)
        .send()
        .await
        .unwrap();
    assert_eq!(key.sign(b"message").await, Err(SigningError::Refused));
}

#[tokio::test]
async fn a_key_of_another_kind_is_refused_when_it_is_loaded() {
    let kms = Kms::new();
    let unknown = "00000000-0000-4000-8000-000000000000";
    let encrypting = kms
        .create(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt)
        .await;
    let symmetric = kms
        .create(KeySpec::SymmetricDefault, KeyUsageType::EncryptDecrypt)
        .await;
    let other_curve = kms.create_signing(KeySpec::EccNistP384).await;

    assert_eq!(kms.load(unknown).await.unwrap_err(), InvalidKey::Refused);
    assert_eq!(
        kms.load(&encrypting).await.unwrap_err(),
        InvalidKey::KmsKeyUsage
    );
    assert_eq!(kms.load(&symmetric).await.unwrap_err(), InvalidKey::Refused);
    assert_eq!(
        kms.load(&other_curve).await.unwrap_err(),
        InvalidKey::KmsKeySpec
    );
}

#[tokio::test]
async fn a_moved_alias_does_not_change_the_key_that_is_in_use() {
    let kms = Kms::new();
    let first = kms.create_signing(KeySpec::EccNistP256).await;
    let second = kms.create_signing(KeySpec::EccNistP256).await;
    let alias = format!("alias/{first}");
    kms.client
        .create_alias()
        .alias_name(&alias)
        .target_key_id(&first)
        .send()
        .await
        .unwrap();
    let loaded_before = kms.load(&alias).await.unwrap();

    kms.client
        .update_alias()
        .alias_name(&alias)
        .target_key_id(&second)
        .send()
        .await
        .unwrap();

    let signature = loaded_before.sign(b"message").await.unwrap();
    assert!(verifies(&loaded_before, b"message", &signature));
    let loaded_after = kms.load(&alias).await.unwrap();
    assert_ne!(loaded_before.key_id(), loaded_after.key_id());
}

#[tokio::test]
async fn a_kms_that_is_closed_or_silent_is_unavailable_until_it_is_back() {
    let kms = Kms::new();
    let id = kms.create_signing(KeySpec::EccNistP256).await;
    let key = kms.load(&id).await.unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();

    // This port accepts connections, since the kernel does that, and never answers.
    kms.port.store(port, Ordering::SeqCst);
    assert_eq!(key.sign(b"message").await, Err(SigningError::Unavailable));
    assert_eq!(kms.load(&id).await.unwrap_err(), InvalidKey::Unavailable);

    // This port is bound, so that no other process can take it, but it doesn't listen.
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    kms.port
        .store(held.local_addr().unwrap().port(), Ordering::SeqCst);
    assert_eq!(key.sign(b"message").await, Err(SigningError::Unavailable));
    assert_eq!(kms.load(&id).await.unwrap_err(), InvalidKey::Unavailable);

    kms.port.store(kms.emulator_port, Ordering::SeqCst);
    assert!(key.sign(b"message").await.is_ok());
}
