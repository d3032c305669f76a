//! A KMS that answers as a test's script says. It speaks KMS' JSON behind the SDK's own transport
//! interface, so the requests and the parsing are those of production.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use kit::keys::kms_client;

pub(crate) const ARN: &str =
    "arn:aws:kms:ap-northeast-1:000000000000:key/00000000-0000-4000-8000-000000000000";

/// What the scripted KMS does with a request.
pub(crate) enum Answer {
    Json(u16, Value),
    Bytes(u16, &'static [u8]),
    ConnectionRefused,
    Silence,
}

type Script = dyn FnMut(&str, &Value) -> Answer + Send;

/// A KMS that answers as the script says, and records its requests.
#[derive(Clone)]
pub(crate) struct ScriptedKms {
    script: Arc<Mutex<Script>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl std::fmt::Debug for ScriptedKms {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ScriptedKms")
    }
}

impl ScriptedKms {
    pub(crate) fn new(script: impl FnMut(&str, &Value) -> Answer + Send + 'static) -> Self {
        Self {
            script: Arc::new(Mutex::new(script)),
            asked: Arc::default(),
        }
    }

    pub(crate) fn client(&self) -> aws_sdk_kms::Client {
        kms_client(self.clone(), "http://kms.invalid")
    }

    pub(crate) fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap().clone()
    }
}

impl HttpConnector for ScriptedKms {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap();
        let operation = target.strip_prefix("TrentService.").unwrap().to_owned();
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        self.asked
            .lock()
            .unwrap()
            .push((operation.clone(), body.clone()));
        let response = |status: u16, body: SdkBody| {
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), body)))
        };
        match (self.script.lock().unwrap())(&operation, &body) {
            Answer::Json(status, json) => response(status, SdkBody::from(json.to_string())),
            Answer::Bytes(status, bytes) => response(status, SdkBody::from(bytes)),
            Answer::ConnectionRefused => {
                HttpConnectorFuture::ready(Err(ConnectorError::io("refused".into())))
            }
            Answer::Silence => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

pub(crate) fn kms_error(status: u16, code: &str) -> Answer {
    Answer::Json(
        status,
        json!({ "__type": code, "message": "text of the peer" }),
    )
}

/// What says nothing of the key: no answer, or one that KMS didn't write to its end.
pub(crate) const NO_ANSWERS: [fn() -> Answer; 5] = [
    || Answer::ConnectionRefused,
    || Answer::Silence,
    || Answer::Bytes(200, b"{\"Signature\":"),
    || Answer::Bytes(502, b"<html>"),
    || Answer::Bytes(403, b"<html>"),
];
