//! Faults on the way to a service: a script says of each call, by its number and its operation,
//! what happens to it. An SDK client calls through it; what isn't an SDK's call can, too.

use std::future::{Future, pending};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use tokio::sync::Notify;

/// What happens to a call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing.
    None,
    /// The service answers so, and does nothing.
    Answer(u16, Value),
    /// The call is lost before it took effect, and fails.
    LostBefore,
    /// The call takes effect, but its answer is lost.
    LostAfter,
    /// The process ends before the call took effect.
    EndsBefore,
    /// The process ends after the call took effect, before its answer came.
    EndsAfter,
    /// No answer ever comes.
    Silence,
}

type Script = dyn FnMut(usize, &str) -> Fault + Send;

/// The way to a service. Clones share their script and their count of calls.
#[derive(Clone)]
pub struct Faults {
    connector: SharedHttpConnector,
    state: Arc<Mutex<State>>,
    ended: Arc<Notify>,
}

struct State {
    script: Box<Script>,
    calls: Vec<String>,
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Faults")
    }
}

impl Faults {
    /// The way through `connector`, without a fault at first.
    pub fn before(connector: impl HttpConnector + 'static) -> Self {
        let state = State {
            script: Box::new(|_, _| Fault::None),
            calls: Vec::new(),
        };
        Self {
            connector: SharedHttpConnector::new(connector),
            state: Arc::new(Mutex::new(state)),
            ended: Arc::default(),
        }
    }

    /// From now on, this script says what happens. The calls are counted from 0 again.
    pub fn follow(&self, script: impl FnMut(usize, &str) -> Fault + Send + 'static) {
        let mut state = self.state.lock().unwrap();
        state.script = Box::new(script);
        state.calls.clear();
    }

    /// The operations that were called since the script began.
    pub fn calls(&self) -> Vec<String> {
        self.state.lock().unwrap().calls.clone()
    }

    /// Runs the work of a process; `None` if the script ends the process meanwhile.
    pub async fn process<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.ended.notified() => None,
        }
    }

    /// Makes a call that isn't an SDK's. Only the ends of a process happen to it.
    pub async fn call<T>(&self, operation: &str, effect: impl FnOnce() -> T) -> T {
        let fault = self.next(operation);
        assert!(
            matches!(fault, Fault::None | Fault::EndsBefore | Fault::EndsAfter),
            "{fault:?} can't happen to {operation}"
        );
        if matches!(fault, Fault::EndsBefore) {
            return self.end().await;
        }
        let done = effect();
        if matches!(fault, Fault::EndsAfter) {
            return self.end().await;
        }
        done
    }

    fn next(&self, operation: &str) -> Fault {
        let mut state = self.state.lock().unwrap();
        let number = state.calls.len();
        state.calls.push(operation.to_owned());
        (state.script)(number, operation)
    }

    async fn end<T>(&self) -> T {
        self.ended.notify_one();
        pending().await
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap();
        let operation = target.rsplit('.').next().unwrap().to_owned();
        let lost = || Err(ConnectorError::io("lost".into()));
        match self.next(&operation) {
            Fault::None => self.connector.call(request).await,
            Fault::Answer(status, body) => {
                let body = SdkBody::from(body.to_string());
                Ok(HttpResponse::new(status.try_into().unwrap(), body))
            }
            Fault::LostBefore => lost(),
            Fault::LostAfter => {
                self.connector.call(request).await?;
                lost()
            }
            Fault::EndsBefore => self.end().await,
            Fault::EndsAfter => {
                self.connector.call(request).await?;
                self.end().await
            }
            Fault::Silence => pending().await,
        }
    }
}

impl HttpConnector for Faults {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

impl HttpClient for Faults {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
