//! The AWS SDK on our own HTTP client: one TLS configuration, and connections that can be opened
//! ahead of time. Clients are only made for what may be called.
//! A function takes the SDK of each service that it needs, and no other.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

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

/// The largest answer of AWS that is read: a secret has 64 KiB at most.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// One attempt of a call.
const ATTEMPT: Duration = Duration::from_millis(1_500);
/// A call with its one repetition.
pub const OPERATION: Duration = Duration::from_secs(3);

/// The SDK's configuration on this HTTP client.
pub async fn sdk_config(connections: &Connections) -> aws_config::SdkConfig {
    aws_config::from_env()
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
    /// Where it was called last: known from the first call on, which is at start.
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

    /// Opens a connection to where the SDK client was called before.
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
