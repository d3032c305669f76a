//! For tests of keys: verification by `jsonwebtoken`, independent of the crate `keys`, and a KMS
//! client that connects where the test says.

use std::time::Duration;

use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector, http_client_fn};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation};
use keys::{Algorithm, SigningKey};
use serde_json::Value;

/// How long the client waits for a whole operation, so that a test of silence is short.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(5);

/// The public JWK of a key.
pub fn public_jwk(key: &dyn SigningKey) -> Value {
    serde_json::to_value(key.public_jwk()).unwrap()
}

/// Whether jsonwebtoken accepts the signature of `message`. It gets nothing but the key's public
/// JWK.
pub fn verifies(key: &dyn SigningKey, message: &[u8], signature: &[u8]) -> bool {
    let signature = URL_SAFE_NO_PAD.encode(signature);
    jsonwebtoken::crypto::verify(
        &signature,
        message,
        &verifier(&public_jwk(key)),
        algorithm(key.algorithm()),
    )
    .unwrap()
}

/// The header and the claims of a JWT, if jsonwebtoken accepts its signature. It gets nothing but
/// the key's public JWK. The times and the audience are not checked.
pub fn decode(key: &dyn SigningKey, jwt: &str) -> jsonwebtoken::errors::Result<(Value, Value)> {
    let mut validation = Validation::new(algorithm(key.algorithm()));
    validation.required_spec_claims.clear();
    validation.validate_aud = false;
    validation.validate_exp = false;
    let token = jsonwebtoken::decode::<Value>(jwt, &verifier(&public_jwk(key)), &validation)?;
    Ok((serde_json::to_value(token.header).unwrap(), token.claims))
}

fn verifier(public_jwk: &Value) -> DecodingKey {
    let jwk: Jwk = serde_json::from_value(public_jwk.clone()).unwrap();
    DecodingKey::from_jwk(&jwk).unwrap()
}

fn algorithm(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
    }
}

/// A KMS client that tries once, waits for 5 seconds at most, and connects through `connector`.
pub fn kms_client(
    connector: impl HttpConnector + Clone + 'static,
    endpoint: &str,
) -> aws_sdk_kms::Client {
    aws_sdk_kms::Client::from_conf(
        aws_sdk_kms::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(endpoint)
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_timeout(OPERATION_TIMEOUT)
                    .build(),
            )
            .http_client(http_client_fn(move |_, _| {
                SharedHttpConnector::new(connector.clone())
            }))
            .build(),
    )
}
