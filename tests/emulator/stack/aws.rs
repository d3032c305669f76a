//! What the tests need of the emulator: its stacks, user pools, secrets and keys through the AWS
//! SDKs, its record of the calls that it got, and the logs of the functions.

use std::sync::Arc;

use aws_sdk_cloudformation::config::{Credentials, Region};
use digital_auth::{HttpClient, SystemClock};
use function_kit::aws::Connections;
use serde_json::{Value, json};

/// The Region of all stacks.
pub(crate) const REGION: &str = "ap-northeast-1";

/// A variable that `cargo xtask interop` sets for the emulator or the build.
///
/// # Panics
///
/// If the variable is missing.
pub(crate) fn given(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is missing: `cargo xtask interop stack` runs this"))
}

/// The URL of the emulator: `http://127.0.0.1:4566`.
pub(crate) fn emulator() -> String {
    given("AWS_EMULATOR")
}

/// Clients of the emulator's services.
pub(crate) struct Aws {
    pub(crate) stacks: aws_sdk_cloudformation::Client,
    pub(crate) user_pools: aws_sdk_cognitoidentityprovider::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
}

impl Aws {
    pub(crate) fn new() -> Self {
        let http = Arc::new(HttpClient::new(Arc::new(SystemClock)).unwrap());
        let credentials = Credentials::new("test", "test", None, None, "test");
        let stacks = aws_sdk_cloudformation::Config::builder()
            .region(Region::new(REGION))
            .endpoint_url(emulator())
            .credentials_provider(credentials.clone())
            .http_client(Connections::new(Arc::clone(&http)))
            .build();
        let user_pools = aws_sdk_cognitoidentityprovider::Config::builder()
            .region(Region::new(REGION))
            .endpoint_url(emulator())
            .credentials_provider(credentials.clone())
            .http_client(Connections::new(Arc::clone(&http)))
            .build();
        let secrets = aws_sdk_secretsmanager::Config::builder()
            .region(Region::new(REGION))
            .endpoint_url(emulator())
            .credentials_provider(credentials)
            .http_client(Connections::new(http))
            .build();
        Self {
            stacks: aws_sdk_cloudformation::Client::from_conf(stacks),
            user_pools: aws_sdk_cognitoidentityprovider::Client::from_conf(user_pools),
            secrets: aws_sdk_secretsmanager::Client::from_conf(secrets),
        }
    }

    /// The current text of a secret.
    pub(crate) async fn secret(&self, arn: &str) -> Value {
        let got = self.secrets.get_secret_value().secret_id(arn).send().await;
        serde_json::from_str(&got.unwrap().secret_string.unwrap()).unwrap()
    }

    /// Puts a new version into a secret, and gives its `VersionId`.
    pub(crate) async fn put_secret(&self, arn: &str, value: &Value) -> String {
        let put = self.secrets.put_secret_value().secret_id(arn);
        let put = put.secret_string(value.to_string()).send().await;
        put.unwrap().version_id.unwrap()
    }
}

/// Calls a service without an SDK, as JSON with `X-Amz-Target`. The tests only read logs, the trail
/// and tables with it.
pub(crate) async fn call(service: &str, target: &str, request: &Value) -> Value {
    let asked = reqwest::Client::new()
        .post(emulator())
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", target);
    answer(service, asked, target, request).await
}

/// Invokes a function, and gives its answer.
pub(crate) async fn invoke(function: &str, event: &Value) -> Value {
    let url = format!("{}/2015-03-31/functions/{function}/invocations", emulator());
    answer("lambda", reqwest::Client::new().post(url), function, event).await
}

/// The answer to a signed request. The emulator doesn't check the signature, and takes only the
/// service and the Region from it.
async fn answer(
    service: &str,
    asked: reqwest::RequestBuilder,
    what: &str,
    request: &Value,
) -> Value {
    let credential = format!("test/20260101/{REGION}/{service}/aws4_request");
    let signed = asked.header(
        "authorization",
        format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"),
    );
    let answer = signed.body(request.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{what}");
    assert_eq!(answer.headers().get("x-amz-function-error"), None, "{what}");
    answer.json().await.unwrap()
}

/// The events of a log group, in order. Each is a JSON object that a function logged.
pub(crate) async fn logged(group: &str) -> Vec<Value> {
    let target = "Logs_20140328.FilterLogEvents";
    let mut events = Vec::new();
    let mut request = json!({ "logGroupName": group });
    // A test's functions write far fewer than ten pages.
    for _ in 0..10 {
        let answer = call("logs", target, &request).await;
        let page = answer["events"].as_array().unwrap().iter();
        events.extend(page.filter_map(|event| {
            let message = event["message"].as_str()?;
            serde_json::from_str::<Value>(message).ok()
        }));
        match answer["nextToken"].as_str() {
            Some(token) => request["nextToken"] = json!(token),
            None => break,
        }
    }
    events
}

/// The parameters of the newest calls with this name, at most 50 and the newest first, from the
/// emulator's CloudTrail.
pub(crate) async fn calls(event_name: &str) -> Vec<Value> {
    let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
    let by_name = json!([{ "AttributeKey": "EventName", "AttributeValue": event_name }]);
    let answer = call(
        "cloudtrail",
        target,
        &json!({ "LookupAttributes": by_name }),
    )
    .await;
    let events = answer["Events"].as_array().unwrap().iter();
    events
        .map(|event| {
            let event = event["CloudTrailEvent"].as_str().unwrap();
            let event: Value = serde_json::from_str(event).unwrap();
            event["requestParameters"].clone()
        })
        .collect()
}
