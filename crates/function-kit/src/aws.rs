//! The AWS SDK on our own HTTP client: one TLS configuration, and connections that can be opened
//! ahead of time. A function uses the SDKs only of the services that it needs, and makes a client
//! only of those that it may call.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::AppName;
use aws_smithy_runtime_api::client::http::{
    HttpClient as SdkHttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
    SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use http::Uri;
use http_client::{Deadline, HttpClient, HttpError};

/// The largest answer of AWS that is read, in bytes: a secret has 64 KiB at most.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// The time limit of one attempt.
const ATTEMPT: Duration = Duration::from_millis(1_500);
/// The time limit of a call with its one repetition.
pub const OPERATION: Duration = Duration::from_secs(3);

/// The SDK's configuration: on our own HTTP client, with these time limits and two attempts. If the
/// HTTP client has a name, it is the application's name in the SDK's `User-Agent`, which AWS
/// CloudTrail records.
pub async fn sdk_config(connections: &Connections) -> aws_config::SdkConfig {
    let name = connections.http.product();
    let name = name.and_then(|name| AppName::new(name).ok());
    let mut loader = aws_config::from_env();
    if let Some(name) = name {
        loader = loader.app_name(name);
    }
    loader
        .http_client(SharedHttpClient::new(connections.clone()))
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT)
                .operation_timeout(OPERATION)
                .build(),
        )
        .load()
        .await
}

/// The connections of one SDK client.
#[derive(Clone, Debug)]
pub struct Connections {
    http: Arc<HttpClient>,
    /// The address of the first call of the SDK client, which is made at start. Until then, there
    /// is none.
    endpoint: Arc<OnceLock<Uri>>,
}

impl Connections {
    /// Connections of this HTTP client.
    #[must_use]
    pub fn new(http: Arc<HttpClient>) -> Self {
        Self {
            http,
            endpoint: Arc::default(),
        }
    }

    /// Opens a connection to the address of the SDK client's first call.
    pub async fn warm(&self) {
        if let Some(endpoint) = self.endpoint.get() {
            self.http.warm(endpoint).await;
        }
    }
}

impl SdkHttpClient for Connections {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connections {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.send(request).await })
    }
}

impl Connections {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let user = |error: &'static str| ConnectorError::user(error.into());
        let request = request
            .try_into_http1x()
            .map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let body = body.bytes().map(Bytes::copy_from_slice);
        let body = body.ok_or_else(|| user("a streamed body is not supported"))?;
        let _ = self.endpoint.set(parts.uri.clone());
        let request = http::Request::from_parts(parts, body);
        let answer = self
            .http
            .send(request, MAX_ANSWER_BYTES, Deadline::after(ATTEMPT))
            .await
            .map_err(|error| match error {
                HttpError::TimedOut => ConnectorError::timeout(error.into()),
                HttpError::Unreachable | HttpError::Interrupted => ConnectorError::io(error.into()),
                HttpError::TooLarge => ConnectorError::user(error.into()),
            })?;
        HttpResponse::try_from(answer.map(SdkBody::from))
            .map_err(|error| ConnectorError::user(error.into()))
    }
}
