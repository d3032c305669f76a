//! The control API, by which tests of an app drive the laptop: who signs in, what the service
//! answers, the time of Cognito's tokens, an empty user pool, and tokens without a browser.
//! It listens on loopback only, and takes JSON only: a page of another site can't send that
//! without asking first, and nobody answers such a question (CORS).

mod sign_in;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use chrono::TimeDelta;
use http::StatusCode;
use loopback::clock::SimClock;
use loopback::names::only_this_machine;
use loopback::server::{Listener, Manners, Server};
use serde::Deserialize;
use serde_json::{Value, json};
use service_simulator::fault::Fault;

use crate::laptop::Laptop;

/// The answer of the service that is no fault.
const NORMAL: &str = "normal";

/// The most bytes of a request.
const BODY_LIMIT: usize = 64 * 1024;
/// How far the clock of tokens can be moved: ten years, as long as a refresh token of Cognito can
/// live.
const FARTHEST: i64 = 3_650 * 24 * 3_600;

/// The running control API. Dropping it stops it at once.
#[derive(Debug)]
pub struct Control {
    server: Server,
}

/// What the control API changes.
struct Controlled {
    laptop: Arc<Laptop>,
    token_clock: SimClock,
    /// The person with whom the laptop began.
    person: String,
}

impl Control {
    /// Answers for a laptop that was started with this clock for tokens, and with this test person
    /// preselected.
    #[must_use]
    pub fn serve(
        listener: Listener,
        laptop: Arc<Laptop>,
        token_clock: SimClock,
        person: &str,
    ) -> Self {
        let controlled = Arc::new(Controlled {
            laptop,
            token_clock,
            person: person.to_owned(),
        });
        let router = Router::new()
            .route("/", get(state))
            .route("/person", put(set_person))
            .route("/answer", put(set_answer))
            .route("/clock", put(set_clock))
            .route("/reset", post(reset))
            .route("/sign-in", post(sign_in))
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .layer(from_fn(only_this_machine))
            .with_state(controlled);
        Self {
            server: listener.serve(Manners::default(), router),
        }
    }

    /// The address of the API, with a slash at its end.
    #[must_use]
    pub fn url(address: SocketAddr) -> String {
        format!("http://{address}/")
    }

    /// Stops listening, and gives requests under way two seconds to end.
    pub async fn stop(mut self) {
        self.server.stop().await;
    }
}

/// A refusal: its status, and what to do in English.
struct Refused(StatusCode, String);

impl Refused {
    fn bad(message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, message.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "message": self.1 }))).into_response()
    }
}

/// A JSON body. Its `Content-Type` is what a page of another site can't send.
struct Body<T>(T);

impl<T, S> FromRequest<S> for Body<T>
where
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
    S: Send + Sync,
{
    type Rejection = Refused;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Refused> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => {
                // 422 is a login that failed.
                let status = match rejection.status() {
                    StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
                    other => other,
                };
                Err(Refused(status, rejection.body_text()))
            }
        }
    }
}

/// `GET /`: what is set, and what could be.
async fn state(State(controlled): State<Arc<Controlled>>) -> Json<Value> {
    let service = &controlled.laptop.service;
    let people: Vec<String> = service.people().into_iter().map(|one| one.id).collect();
    let answers = std::iter::once(NORMAL).chain(Fault::ALL.iter().map(|fault| fault.id()));
    let preselected = service.preselected();
    Json(json!({
        "person": preselected.person,
        "unattended": preselected.unattended,
        "answer": preselected.fault.map_or(NORMAL, Fault::id),
        "clock": { "offset_seconds": controlled.token_clock.shift().num_seconds() },
        "people": people,
        "answers": answers.collect::<Vec<_>>(),
    }))
}

/// `PUT /person`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    /// The id of a test person.
    id: Option<String>,
    /// Whether the service shows no pages, so that this person signs in at once.
    unattended: Option<bool>,
}

async fn set_person(
    State(controlled): State<Arc<Controlled>>,
    Body(person): Body<Person>,
) -> Result<Json<Value>, Refused> {
    let service = &controlled.laptop.service;
    if let Some(id) = &person.id {
        let set = service.set_persona(id);
        set.map_err(|_| Refused::bad(format!("no test person has the id {id:?}; see GET /")))?;
    }
    if let Some(unattended) = person.unattended {
        service.set_unattended(unattended);
    }
    Ok(state(State(controlled)).await)
}

/// `PUT /answer`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// `normal`, or the id of a fault.
    id: String,
}

async fn set_answer(
    State(controlled): State<Arc<Controlled>>,
    Body(answer): Body<Answer>,
) -> Result<Json<Value>, Refused> {
    controlled.laptop.service.set_fault(fault(&answer.id)?);
    Ok(state(State(controlled)).await)
}

/// The fault of this answer; the normal answer has none.
fn fault(id: &str) -> Result<Option<Fault>, Refused> {
    if id == NORMAL {
        return Ok(None);
    }
    let fault = id.parse();
    let fault = fault.map_err(|_| Refused::bad(format!("no answer has the id {id:?}; see GET /")));
    fault.map(Some)
}

/// `PUT /clock`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    /// How far Cognito's tokens are ahead of real time.
    offset_seconds: i64,
}

async fn set_clock(
    State(controlled): State<Arc<Controlled>>,
    Body(clock): Body<Clock>,
) -> Result<Json<Value>, Refused> {
    if !(-FARTHEST..=FARTHEST).contains(&clock.offset_seconds) {
        return Err(Refused::bad("offset_seconds is at most ten years"));
    }
    let offset = TimeDelta::seconds(clock.offset_seconds);
    controlled.token_clock.set_shift(offset);
    Ok(state(State(controlled)).await)
}

/// `POST /reset`, an empty object: no users, no refresh tokens, no logins, and the settings of the
/// start.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {}

async fn reset(State(controlled): State<Arc<Controlled>>, _: Body<Reset>) -> Json<Value> {
    let Laptop {
        service, cognito, ..
    } = &*controlled.laptop;
    cognito.reset();
    // Can't fail: the laptop began with this person.
    let _ = service.set_persona(&controlled.person);
    service.set_fault(None);
    service.set_unattended(false);
    controlled.token_clock.set_shift(TimeDelta::zero());
    state(State(controlled)).await
}

/// `POST /sign-in`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SignIn {
    /// The test person; without it, the one that is set.
    person: Option<String>,
    /// The service's answer; without it, the one that is set.
    answer: Option<String>,
    /// The scopes that the app asks for, with spaces between them; without them, all of its own.
    scopes: Option<String>,
    /// The callback URL, a registered one; without it, the first.
    callback: Option<String>,
    /// The `nonce` of the authorization request.
    nonce: Option<String>,
}

async fn sign_in(
    State(controlled): State<Arc<Controlled>>,
    Body(wish): Body<SignIn>,
) -> Result<Response, Refused> {
    let service = &controlled.laptop.service;
    let preselected = service.preselected();
    let fault = match &wish.answer {
        Some(id) => fault(id)?,
        None => preselected.fault,
    };
    let person = wish.person.clone().unwrap_or(preselected.person);
    if !service.people().iter().any(|known| known.id == person) {
        let told = format!("no test person has the id {person:?}; see GET /");
        return Err(Refused::bad(told));
    }
    let app = controlled.laptop.own_app.as_ref();
    let callbacks = app.map_or(&[][..], |app| &app.callback_urls);
    if let Some(callback) = &wish.callback
        && !callbacks.contains(callback)
    {
        let told = format!("callback is none of those that are registered: {callbacks:?}");
        return Err(Refused::bad(told));
    }
    let wishes = sign_in::Wishes {
        person: &person,
        fault,
        scopes: wish.scopes.as_deref(),
        callback: wish.callback.as_deref(),
        nonce: wish.nonce.as_deref(),
    };
    let outcome = sign_in::sign_in(&controlled.laptop, &wishes).await;
    let (status, answer) = match outcome {
        Ok(sign_in::Outcome::Tokens(tokens)) => (StatusCode::OK, tokens),
        Ok(sign_in::Outcome::Failed(failed)) => (StatusCode::UNPROCESSABLE_ENTITY, json!(failed)),
        Ok(sign_in::Outcome::TokenRefused(answer)) => (StatusCode::UNPROCESSABLE_ENTITY, answer),
        Err(error) => {
            return Err(Refused(error.status(), error.to_string()));
        }
    };
    Ok((status, Json(answer)).into_response())
}

/// All calls, for whoever makes another one.
const CALLS: &str = "GET /, PUT /person, PUT /answer, PUT /clock, POST /reset, POST /sign-in";

async fn not_found() -> Refused {
    Refused(
        StatusCode::NOT_FOUND,
        format!("no such call; there are {CALLS}"),
    )
}

async fn method_not_allowed() -> Refused {
    let told = format!("no such method of this call; there are {CALLS}");
    Refused(StatusCode::METHOD_NOT_ALLOWED, told)
}
