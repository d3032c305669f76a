//! From a request to an answer: which endpoint, and what becomes of a failure.
//! Here, and only here, a failure becomes an answer, a log event and a metric; a panic becomes one too.

use std::panic::AssertUnwindSafe;

use chrono::{DateTime, Utc};
use function_kit::failure::tell;
use function_kit::metrics::{Count, Measurements, Step};
use function_kit::support_id::SupportId;
use futures_util::FutureExt as _;
use http::{Method, StatusCode};

use crate::authorize::{self, authorize};
use crate::callback::{self, callback};
use crate::failure::{Class, Failure};
use crate::federation::{Federation, WARM_UP};
use crate::http_api::{Request, Response};
use crate::pages::page;
use crate::token::token;
use crate::userinfo::userinfo;

/// How long a copy of our public keys may be used: a new key is published long before it signs.
const KEYS_CACHE: &str = "public, max-age=300";

/// Where a failure is told.
enum Told {
    Page,
    Redirect {
        redirect_uri: String,
        state: Option<String>,
    },
    Json,
    Bearer,
}

/// A failure on its way to the answer.
struct Refusal {
    class: Class,
    told: Told,
    cookie: Option<String>,
    /// The methods that the endpoint has, where the request's isn't one of them (RFC 9110 §15.5.6).
    allow: Option<String>,
}

impl Federation {
    /// Answers a request. `request_id` is Lambda's, and the support id follows from it.
    pub async fn handle(&self, request: Request, request_id: &str) -> Response {
        let now = self.now();
        let measurements = Measurements::default();
        let timing = step(&request.path).map(|step| measurements.begin(step));
        let response = self.answer(&request, request_id, now, &measurements).await;
        drop(timing);
        self.metrics().write(measurements, now);
        response
    }

    async fn answer(
        &self,
        request: &Request,
        request_id: &str,
        now: DateTime<Utc>,
        measurements: &Measurements,
    ) -> Response {
        // A request that meets a defect must not take the others with it, and deserves a page too.
        let routed = AssertUnwindSafe(self.route(request, now, measurements))
            .catch_unwind()
            .await;
        let refusal = match routed {
            Ok(Ok(response)) => return response,
            Ok(Err(refusal)) => refusal,
            Err(_) => told(told_at(&request.path))(Class::Internal),
        };
        let failure = Failure {
            class: refusal.class,
            support_id: SupportId::of_request(request_id),
        };
        let Failure { class, support_id } = &failure;
        tell(*class, support_id, request_id, measurements);
        if *class == Class::Cancelled {
            measurements.count(Count::LoginCancelled);
        }
        let response = match refusal.told {
            Told::Page => page(&failure, request.header("accept-language")),
            Told::Redirect {
                redirect_uri,
                state,
            } => failure.redirect(&redirect_uri, state.as_deref()),
            Told::Json => failure.json(),
            Told::Bearer => failure.bearer(),
        };
        let response = match refusal.allow {
            Some(methods) => response.with_header("allow", methods),
            None => response,
        };
        match refusal.cookie {
            Some(cookie) => response.with_cookie(cookie),
            None => response,
        }
    }

    async fn route(
        &self,
        request: &Request,
        now: DateTime<Utc>,
        measurements: &Measurements,
    ) -> Result<Response, Refusal> {
        // Once an hour; Amazon Cognito doesn't wait long, so this doesn't either. Userinfo calls nobody.
        let refreshing = async {
            if matches!(request.path.as_str(), "/authorize" | "/callback" | "/token") {
                self.secrets().refresh(now, WARM_UP, measurements).await;
            }
        };
        if let Some(front_door) = self.front_door() {
            tokio::join!(refreshing, front_door.refresh(now, measurements));
            let admitted = front_door.admit(request, now, measurements).await;
            admitted.map_err(told(told_at(&request.path)))?;
        } else {
            refreshing.await;
        }
        match request.path.as_str() {
            "/authorize" => {
                request.only(&[Method::GET], Told::Page)?;
                let response = authorize(self, request, now)?;
                measurements.count(Count::LoginStarted);
                Ok(response)
            }
            "/callback" => {
                request.only(&[Method::GET], Told::Page)?;
                Ok(callback(self, request, now, measurements).await?)
            }
            "/token" => {
                request.only(&[Method::POST], Told::Json)?;
                let response = token(self, request, now, measurements)
                    .await
                    .map_err(told(Told::Json))?;
                measurements.count(Count::LoginFinished);
                Ok(response)
            }
            "/userinfo" => {
                request.only(&[Method::GET, Method::POST], Told::Json)?;
                userinfo(self, request, now, measurements)
                    .await
                    .map_err(|class| {
                        let is_bearer = class.status() == StatusCode::UNAUTHORIZED;
                        told(if is_bearer { Told::Bearer } else { Told::Json })(class)
                    })
            }
            "/jwks.json" => request.document(&self.metadata().id_token_keys),
            "/client-jwks.json" => request.document(&self.metadata().client_keys),
            "/.well-known/openid-configuration" => {
                request.document(&self.metadata().openid_configuration)
            }
            _ => Err(told(Told::Page)(Class::NotFound)),
        }
    }
}

/// Where a failure is told that has nothing to do with what was asked: programs read JSON, people a page.
fn told_at(path: &str) -> Told {
    match path {
        "/token"
        | "/userinfo"
        | "/jwks.json"
        | "/client-jwks.json"
        | "/.well-known/openid-configuration" => Told::Json,
        _ => Told::Page,
    }
}

/// What a whole request of this path is measured as, where anybody waits for it during a login.
fn step(path: &str) -> Option<Step> {
    match path {
        "/authorize" => Some(Step::Authorize),
        "/callback" => Some(Step::Callback),
        "/token" => Some(Step::Token),
        "/userinfo" => Some(Step::Userinfo),
        "/jwks.json" => Some(Step::Jwks),
        _ => None,
    }
}

impl Request {
    fn only(&self, methods: &[Method], how: Told) -> Result<(), Refusal> {
        match &self.method {
            Some(method) if methods.contains(method) => Ok(()),
            _ => {
                let methods: Vec<_> = methods.iter().map(Method::as_str).collect();
                Err(Refusal {
                    allow: Some(methods.join(", ")),
                    ..told(how)(Class::MethodNotAllowed)
                })
            }
        }
    }

    fn document(&self, json: &str) -> Result<Response, Refusal> {
        self.only(&[Method::GET], Told::Json)?;
        Ok(
            Response::json(StatusCode::OK, json.to_owned())
                .with_header("cache-control", KEYS_CACHE),
        )
    }
}

fn told(how: Told) -> impl FnOnce(Class) -> Refusal {
    move |class| Refusal {
        class,
        told: how,
        cookie: None,
        allow: None,
    }
}

impl From<authorize::Refusal> for Refusal {
    fn from(refusal: authorize::Refusal) -> Self {
        match refusal {
            authorize::Refusal::Page(class) => told(Told::Page)(class),
            authorize::Refusal::Redirect {
                class,
                redirect_uri,
                state,
            } => told(Told::Redirect {
                redirect_uri,
                state,
            })(class),
        }
    }
}

impl From<callback::Refusal> for Refusal {
    fn from(refusal: callback::Refusal) -> Self {
        let how = match refusal.client {
            Some(client) => Told::Redirect {
                redirect_uri: client.redirect_uri,
                state: Some(client.state),
            },
            None => Told::Page,
        };
        Self {
            class: refusal.class,
            told: how,
            cookie: refusal.end_cookie,
            allow: None,
        }
    }
}
