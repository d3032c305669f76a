//! The AWS SDK as a client of the stand-in, and what tests read of its answers.

use std::fmt::Debug;
use std::sync::Arc;

use aws_sdk_cognitoidentityprovider::config::retry::RetryConfig;
use aws_sdk_cognitoidentityprovider::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cognitoidentityprovider::types::AttributeType;
use aws_sdk_cognitoidentityprovider::{Client, Config};
use cognito_simulator::Cognito;
use function_kit::aws::Connections;
use http_client::{HttpClient, SystemClock};

/// A client that makes one attempt at each call.
pub(crate) fn sdk(cognito: &Cognito) -> Client {
    let http = HttpClient::new(Arc::new(SystemClock)).unwrap();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("ap-northeast-1"))
        .credentials_provider(Credentials::new(
            "AKIDEXAMPLE",
            "secret",
            None,
            None,
            "test",
        ))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(cognito.user_pool_api_url())
        .http_client(Connections::new(Arc::new(http)))
        .build();
    Client::from_conf(config)
}

/// The status, the exception and the message of a refusal.
pub(crate) fn refusal<T: Debug, E: Debug + ProvideErrorMetadata>(
    outcome: Result<T, SdkError<E>>,
) -> (u16, String, String) {
    let error = outcome.unwrap_err();
    let status = error.raw_response().unwrap().status().as_u16();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (status, text(error.code()), text(error.message()))
}

/// A refusal with status 400.
pub(crate) fn refused(exception: &str, message: &str) -> (u16, String, String) {
    (400, exception.to_owned(), message.to_owned())
}

pub(crate) fn attribute(name: &str, value: &str) -> AttributeType {
    let attribute = AttributeType::builder().name(name).value(value);
    attribute.build().unwrap()
}

/// The value of an attribute, if it is among these.
pub(crate) fn value<'a>(attributes: &'a [AttributeType], name: &str) -> Option<&'a str> {
    let mut attributes = attributes.iter();
    let attribute = attributes.find(|attribute| attribute.name() == name);
    attribute.and_then(AttributeType::value)
}
