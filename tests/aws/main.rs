//! The built function with AWS KMS and AWS Secrets Manager, as it is configured in the cloud, against an emulator that
//! others wrote: `cargo xtask aws` starts one and runs this. `AWS_EMULATOR` says where it is (`http://127.0.0.1:4566`).
//! All calls of the function go through a proxy that counts them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on fails"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_sdk_kms::config::{Credentials, Region};
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use digital_auth::{HttpClient, SystemClock};
use function_kit::aws::Connections;
use secrecy::ExposeSecret as _;
use serde_json::json;
use simulators::service::RegisteredClient;
use simulators::stack::SERVICE_CLIENT_ID;
use test_kit::{Outcome, RelyingParty, Stack, browser, parameter, stack_with, variables};

/// The emulator's address.
fn emulator() -> String {
    std::env::var("AWS_EMULATOR")
        .expect("AWS_EMULATOR must name an emulator of AWS; `cargo xtask aws` starts one")
}

/// Hands every call on to the emulator, and counts it by `X-Amz-Target`.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<BTreeMap<String, usize>>>);

impl Counted {
    async fn serve(&self) -> SocketAddr {
        let counted = self.clone();
        let router =
            axum::Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
                let counted = counted.clone();
                async move { counted.pass(&uri, headers, body).await }
            });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    async fn pass(&self, uri: &Uri, mut headers: HeaderMap, body: Bytes) -> (StatusCode, Bytes) {
        let target = headers
            .get("x-amz-target")
            .and_then(|value| value.to_str().ok());
        let target = target.unwrap_or_default().to_owned();
        *self.0.lock().unwrap().entry(target).or_default() += 1;
        headers.remove("host");
        let url = format!("{}{uri}", emulator());
        let answer = reqwest::Client::new()
            .post(url)
            .headers(headers)
            .body(body)
            .send()
            .await
            .unwrap();
        (answer.status(), answer.bytes().await.unwrap())
    }

    fn of(&self, target: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .get(target)
            .copied()
            .unwrap_or_default()
    }

    fn all(&self) -> usize {
        self.0.lock().unwrap().values().sum()
    }
}

/// What the test has in the emulator.
struct Aws {
    kms: aws_sdk_kms::Client,
    secrets: aws_sdk_secretsmanager::Client,
}

impl Aws {
    fn new() -> Self {
        let http = Arc::new(HttpClient::new(Arc::new(SystemClock)).unwrap());
        let credentials = Credentials::new("test", "test", None, None, "test");
        let kms = aws_sdk_kms::Config::builder()
            .region(Region::new("ap-northeast-1"))
            .endpoint_url(emulator())
            .credentials_provider(credentials.clone())
            .http_client(Connections::new(Arc::clone(&http)))
            .build();
        let secrets = aws_sdk_secretsmanager::Config::builder()
            .region(Region::new("ap-northeast-1"))
            .endpoint_url(emulator())
            .credentials_provider(credentials)
            .http_client(Connections::new(http))
            .build();
        Self {
            kms: aws_sdk_kms::Client::from_conf(kms),
            secrets: aws_sdk_secretsmanager::Client::from_conf(secrets),
        }
    }

    async fn key(&self, spec: KeySpec) -> String {
        let made = self
            .kms
            .create_key()
            .key_spec(spec)
            .key_usage(KeyUsageType::SignVerify);
        made.send()
            .await
            .unwrap()
            .key_metadata
            .unwrap()
            .arn
            .unwrap()
    }

    async fn secret(&self) -> String {
        let name = keys::random_base64url::<12>(&keys::SystemRandomness).unwrap();
        let made = self.secrets.create_secret().name(name).secret_string("{}");
        made.send().await.unwrap().arn.unwrap()
    }

    async fn put(&self, arn: &str, value: &serde_json::Value) {
        let put = self
            .secrets
            .put_secret_value()
            .secret_id(arn)
            .secret_string(value.to_string());
        put.send().await.unwrap();
    }
}

fn sealing_key() -> String {
    keys::random_base64url::<32>(&keys::SystemRandomness).unwrap()
}

/// Everything, the function with its keys and secrets in AWS.
struct InAws {
    stack: Stack,
    aws: Aws,
    counted: Counted,
    sealing_keys: String,
    client_secrets: String,
    first_sealing_key: String,
    signing_keys: [String; 2],
}

async fn in_aws(assertion_key: KeySpec) -> InAws {
    let aws = Aws::new();
    let counted = Counted::default();
    let proxy = format!("http://{}", counted.serve().await);
    let assertion_key = aws.key(assertion_key).await;
    let (signs, published) = (
        aws.key(KeySpec::Rsa2048).await,
        aws.key(KeySpec::Rsa2048).await,
    );
    let (sealing_keys, client_secrets) = (aws.secret().await, aws.secret().await);
    let id_token_keys = format!("{signs} {published}");
    let stack = stack_with(|options| {
        options.environment = variables([
            ("ASSERTION_KEYS", Some(&assertion_key)),
            ("ID_TOKEN_KEYS", Some(&id_token_keys)),
            ("SEALING_KEYS", Some(&sealing_keys)),
            ("CLIENT_SECRETS", Some(&client_secrets)),
            ("AWS_ENDPOINT_URL", Some(&proxy)),
            ("AWS_ACCESS_KEY_ID", Some("test")),
            ("AWS_SECRET_ACCESS_KEY", Some("test")),
        ]);
    })
    .await;
    // The function starts with the first request: the secrets get their values before it.
    let client_secret = stack.configuration.client_secret().expose_secret();
    aws.put(&client_secrets, &json!({ "current": client_secret }))
        .await;
    let first_sealing_key = sealing_key();
    aws.put(&sealing_keys, &json!({ "keys": [first_sealing_key] }))
        .await;
    // The Digital Agency gets the public keys on a form.
    let client = RelyingParty::new(&stack);
    let jwks = client.document("/client-jwks.json").await.json();
    let redirect_uris = vec![format!("{}/callback", client.issuer())];
    let registered = RegisteredClient {
        client_id: SERVICE_CLIENT_ID.to_owned(),
        redirect_uris,
        jwks,
    };
    stack.service.register_client(registered).unwrap();
    let signing_keys = [assertion_key, signs];
    InAws {
        stack,
        aws,
        counted,
        sealing_keys,
        client_secrets,
        first_sealing_key,
        signing_keys,
    }
}

#[tokio::test]
async fn a_login_makes_two_signatures_and_no_other_call_of_aws() {
    for assertion_key in [KeySpec::EccNistP256, KeySpec::Rsa2048] {
        let InAws { stack, counted, .. } = in_aws(assertion_key).await;
        for persona in ["longest", "adult"] {
            let (all, signatures) = (counted.all(), counted.of("TrentService.Sign"));
            let outcome = stack.login(&browser(), persona, None).await.unwrap();
            assert!(matches!(outcome, Outcome::SignedIn(_)), "{outcome:?}");
            assert_eq!(counted.of("TrentService.Sign") - signatures, 2);
            assert_eq!(counted.all() - all, 2, "a login calls AWS for nothing else");
        }
        let client = RelyingParty::new(&stack);
        let keys = client.document("/jwks.json").await.json();
        assert_eq!(
            keys["keys"].as_array().unwrap().len(),
            2,
            "the next key is published"
        );
        stack.stop().await;
    }
}

#[tokio::test]
async fn secrets_are_rotated_while_a_login_is_under_way() {
    let InAws {
        stack,
        aws,
        counted,
        sealing_keys,
        client_secrets,
        first_sealing_key,
        ..
    } = in_aws(KeySpec::EccNistP256).await;
    let client = RelyingParty::new(&stack);
    // A cookie and a code that the old key sealed.
    let code = client.code().await;

    let client_secret = stack
        .configuration
        .client_secret()
        .expose_secret()
        .to_owned();
    let new_secret = sealing_key();
    aws.put(
        &sealing_keys,
        &json!({ "keys": [sealing_key(), first_sealing_key] }),
    )
    .await;
    let both = json!({ "current": new_secret, "previous": client_secret });
    aws.put(&client_secrets, &both).await;

    // The warm process knows only the old secret; it fetches the new one when it first sees it.
    let fetched = counted.of("secretsmanager.GetSecretValue");
    let tokens = client
        .token_request(&code)
        .with("client_secret", &new_secret)
        .send()
        .await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    assert_eq!(counted.of("secretsmanager.GetSecretValue") - fetched, 2);

    // A new process has both; Amazon Cognito still uses the old secret.
    let browser = browser();
    let request = client.authorization_request();
    let before = client.sign_in(&browser, &request, "adult", None).await;
    stack.bridge.scale_to_zero().await;
    let code = parameter(&before, "code").unwrap();
    let tokens = client.token_request(&code).send().await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    stack.stop().await;
}

#[tokio::test]
async fn a_disabled_key_is_said_and_nothing_is_half_done() {
    let InAws {
        stack,
        aws,
        signing_keys: [assertion_key, id_token_key],
        ..
    } = in_aws(KeySpec::EccNistP256).await;
    let client = RelyingParty::new(&stack);
    let code = client.code().await;

    aws.kms
        .disable_key()
        .key_id(&assertion_key)
        .send()
        .await
        .unwrap();
    let refused = client.token_request(&code).send().await;
    assert_eq!(
        (refused.status, refused.class().as_deref()),
        (503, Some("signing_failed"))
    );
    aws.kms
        .enable_key()
        .key_id(&assertion_key)
        .send()
        .await
        .unwrap();
    let again = client.token_request(&code).send().await;
    assert_eq!(
        again.status, 200,
        "the service's code was not used up: {again:?}"
    );

    let code = client.code().await;
    aws.kms
        .disable_key()
        .key_id(&id_token_key)
        .send()
        .await
        .unwrap();
    let refused = client.token_request(&code).send().await;
    assert_eq!(
        (refused.status, refused.class().as_deref()),
        (503, Some("signing_failed"))
    );
    stack.stop().await;
}
