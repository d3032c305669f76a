//! The resources of a test in the emulator of AWS, and a proxy that counts the calls of functions.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_sdk_cognitoidentityprovider::types::{
    AttributeDataType, AttributeType, SchemaAttributeType,
};
use aws_sdk_kms::config::{Credentials, Region};
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use digital_auth::{HttpClient, SystemClock};
use function_kit::aws::Connections;

/// The URL of the emulator.
fn emulator() -> String {
    std::env::var("AWS_EMULATOR")
        .expect("AWS_EMULATOR must name an emulator of AWS; `cargo xtask aws` starts one")
}

/// A proxy that forwards every call to the emulator, and counts the calls by `X-Amz-Target`.
#[derive(Clone, Default)]
pub(crate) struct Counted(Arc<Mutex<BTreeMap<String, usize>>>);

impl Counted {
    pub(crate) async fn serve(&self) -> SocketAddr {
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

    pub(crate) fn of(&self, target: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .get(target)
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn all(&self) -> usize {
        self.0.lock().unwrap().values().sum()
    }
}

/// Clients of the emulator's services.
pub(crate) struct Aws {
    /// AWS KMS.
    pub(crate) kms: aws_sdk_kms::Client,
    secrets: aws_sdk_secretsmanager::Client,
    user_pools: aws_sdk_cognitoidentityprovider::Client,
}

impl Aws {
    pub(crate) fn new() -> Self {
        let http = Arc::new(HttpClient::new(Arc::new(SystemClock)).unwrap());
        let credentials = Credentials::new("test", "test", None, None, "test");
        let region = Region::new("ap-northeast-1");
        let kms = aws_sdk_kms::Config::builder()
            .region(region.clone())
            .endpoint_url(emulator())
            .credentials_provider(credentials.clone())
            .http_client(Connections::new(Arc::clone(&http)))
            .build();
        let secrets = aws_sdk_secretsmanager::Config::builder()
            .region(region.clone())
            .endpoint_url(emulator())
            .credentials_provider(credentials.clone())
            .http_client(Connections::new(Arc::clone(&http)))
            .build();
        let user_pools = aws_sdk_cognitoidentityprovider::Config::builder()
            .region(region)
            .endpoint_url(emulator())
            .credentials_provider(credentials)
            .http_client(Connections::new(http))
            .build();
        Self {
            kms: aws_sdk_kms::Client::from_conf(kms),
            secrets: aws_sdk_secretsmanager::Client::from_conf(secrets),
            user_pools: aws_sdk_cognitoidentityprovider::Client::from_conf(user_pools),
        }
    }

    pub(crate) async fn key(&self, spec: KeySpec) -> String {
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

    pub(crate) async fn secret(&self) -> String {
        let name = keys::random_base64url::<12>(&keys::SystemRandomness).unwrap();
        let made = self.secrets.create_secret().name(name).secret_string("{}");
        made.send().await.unwrap().arn.unwrap()
    }

    pub(crate) async fn put(&self, arn: &str, value: &serde_json::Value) {
        let put = self
            .secrets
            .put_secret_value()
            .secret_id(arn)
            .secret_string(value.to_string());
        put.send().await.unwrap();
    }

    /// Makes a user pool with a custom attribute, and a user who has it. Gives the pool's id.
    pub(crate) async fn user_pool(&self, username: &str, attribute: &str, value: &str) -> String {
        let schema = SchemaAttributeType::builder()
            .name(attribute)
            .attribute_data_type(AttributeDataType::String)
            .mutable(true)
            .build();
        let made = self.user_pools.create_user_pool().pool_name("test");
        let made = made.schema(schema).send().await.unwrap();
        let id = made.user_pool.unwrap().id.unwrap();
        let has = AttributeType::builder()
            .name(format!("custom:{attribute}"))
            .value(value)
            .build()
            .unwrap();
        let user = self.user_pools.admin_create_user().user_pool_id(&id);
        let user = user.username(username).user_attributes(has);
        user.send().await.unwrap();
        id
    }
}

/// A key for a ring: 32 random bytes in base64url.
pub(crate) fn new_key() -> String {
    keys::random_base64url::<32>(&keys::SystemRandomness).unwrap()
}
