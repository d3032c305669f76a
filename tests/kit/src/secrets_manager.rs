//! A stand-in for AWS Secrets Manager, used through the SDK's client: it gives secrets by their
//! names, after a delay. The delay is in the test's time (`tokio::time`), which may stand still.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_secretsmanager::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

/// The stand-in. Clones share their secrets.
#[derive(Clone, Debug, Default)]
pub struct SecretsManager(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    secrets: BTreeMap<String, String>,
    after: Duration,
    asked: usize,
}

impl SecretsManager {
    /// A Secrets Manager that answers at once and has this secret.
    pub fn with(id: &str, text: &str) -> Self {
        let aws = Self::default();
        aws.holds(id, text);
        aws
    }

    /// Gives this secret this text from now on.
    pub fn holds(&self, id: &str, text: &str) {
        let mut state = self.0.lock().unwrap();
        state.secrets.insert(id.to_owned(), text.to_owned());
    }

    /// Removes this secret.
    pub fn forgets(&self, id: &str) {
        self.0.lock().unwrap().secrets.remove(id);
    }

    /// Delays answers by `time` from now on.
    pub fn answers_after(&self, time: Duration) {
        self.0.lock().unwrap().after = time;
    }

    /// How many requests arrived so far.
    pub fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }

    /// An SDK client of this Secrets Manager. The client has no time limits of its own.
    pub fn client(&self) -> Client {
        let connector = self.clone();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://127.0.0.1:9")
            .retry_config(RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| {
                SharedHttpConnector::new(connector.clone())
            }));
        Client::from_conf(config.build())
    }
}

impl HttpConnector for SecretsManager {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let id = asked["SecretId"].as_str().unwrap();
        let mut state = self.0.lock().unwrap();
        state.asked += 1;
        let (secret, after) = (state.secrets.get(id).cloned(), state.after);
        HttpConnectorFuture::new(async move {
            tokio::time::sleep(after).await;
            let (status, body) = match secret {
                Some(text) => (200, json!({ "Name": "a", "SecretString": text })),
                None => (400, json!({ "__type": "ResourceNotFoundException" })),
            };
            let body = SdkBody::from(body.to_string());
            Ok(HttpResponse::new(status.try_into().unwrap(), body))
        })
    }
}
