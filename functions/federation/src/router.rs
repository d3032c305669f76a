//! From a request to an answer: which endpoint, and what becomes of a failure.
//! Here, and only here, a failure becomes an answer, a log event and a metric; a panic becomes one
//! too.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;

use digital_auth::id_token::Subject;
use function_kit::failure::{Concern, tell, tell_lambda};
use function_kit::invocation::Invocation;
use function_kit::metrics::{Count, Measurements};
use function_kit::runtime::{Call, Handler};
use futures_util::FutureExt as _;
use http::{Method, StatusCode};
use lambda_runtime::Diagnostic;

use crate::authorize::{authorize, authorize_by_query, is_of_amazon_cognito};
use crate::bridge::{Bridge, WARM_UP};
use crate::callback::callback;
use crate::endpoint::Endpoint;
use crate::failure::{Class, Failure};
use crate::http_api::{Event, Request, Response};
use crate::pages::page;
use crate::refusal::{Refusal, Told};
use crate::token::token;
use crate::userinfo::userinfo;

/// How long a copy of our public keys may be used: a new key is published long before it signs.
const KEYS_CACHE: &str = "public, max-age=300";

/// What has GET has HEAD (RFC 9110 §9.1): as GET without content. It begins and ends no login, and
/// touches no cookie.
const READ: &[Method] = &[Method::GET, Method::HEAD];
/// What may come as a form, too.
const READ_OR_FORM: &[Method] = &[Method::GET, Method::HEAD, Method::POST];
/// What comes as a form alone.
const FORM: &[Method] = &[Method::POST];

impl Handler for Bridge {
    type Event = Event;
    type Answer = Response;

    async fn handle(&self, event: Option<Event>, call: &Call<'_>) -> Result<Response, Diagnostic> {
        let Some(event) = event else {
            // Only the HTTP API calls this function, so whoever may call it otherwise is told, and
            // nobody else.
            let measurements = Measurements::default();
            let invocation =
                Invocation::new(call.request_id, call.begun, self.clock(), &measurements);
            let diagnostic = tell_lambda(Class::EventMalformed, &invocation);
            let now = invocation.now;
            self.metrics().write(measurements, now);
            return Err(diagnostic);
        };
        Ok(self.respond(Request::from(event), call).await)
    }
}

impl Bridge {
    /// Answers a request.
    pub async fn respond(&self, request: Request, call: &Call<'_>) -> Response {
        let measurements = Measurements::default();
        let invocation = Invocation::new(call.request_id, call.begun, self.clock(), &measurements);
        let step = Endpoint::at(&request.path).and_then(Endpoint::step);
        let timing = step.map(|step| measurements.begin(step));
        let response = self.answer(&request, &invocation).await;
        drop(timing);
        let now = invocation.now;
        self.metrics().write(measurements, now);
        match request.method {
            Some(Method::HEAD) => response.without_content(),
            Some(Method::POST) => response.after_form(),
            _ => response,
        }
    }

    async fn answer(&self, request: &Request, invocation: &Invocation<'_>) -> Response {
        // A request that meets a defect must not take the others with it, and deserves a page too.
        let routed = AssertUnwindSafe(self.route(request, invocation))
            .catch_unwind()
            .await;
        let refusal = match routed {
            Ok(Ok(response)) => return response,
            Ok(Err(refusal)) => refusal,
            Err(_) => Refusal::told(told_at(Endpoint::at(&request.path)), Class::Internal),
        };
        let failure = Failure {
            class: refusal.class,
            support_id: invocation.support_id(),
        };
        tell(failure.class, invocation);
        if failure.class == Class::Cancelled && !request.is_head() {
            invocation.measurements.count(Count::LoginCancelled);
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
            Some(methods) => {
                let methods: Vec<_> = methods.iter().map(Method::as_str).collect();
                response.with_header("allow", methods.join(", "))
            }
            None => response,
        };
        match refusal.end_cookie {
            Some(cookie) => response.with_cookie(cookie),
            None => response,
        }
    }

    async fn route(
        &self,
        request: &Request,
        invocation: &Invocation<'_>,
    ) -> Result<Response, Refusal> {
        let endpoint = Endpoint::at(&request.path);
        // Once an hour; Amazon Cognito doesn't wait long, so this doesn't either.
        let refreshing = async {
            if endpoint.is_some_and(Endpoint::is_sealed) {
                self.secrets().refresh(WARM_UP, invocation).await;
            }
        };
        if let Some(front_door) = self.front_door() {
            tokio::join!(refreshing, front_door.refresh(WARM_UP, invocation));
            let admitted = front_door.admit(request, invocation).await;
            if admitted == Err(Class::NotThroughFrontDoor)
                && front_door.is_shown_anything(request)
                && endpoint == Some(Endpoint::Authorize)
                && self.counts(request, request.origin(false), invocation)
            {
                (invocation.measurements).count_if(Count::LoginFinished, false);
            }
            admitted.map_err(|class| Refusal::told(told_at(endpoint), class))?;
        } else {
            refreshing.await;
        }
        let Some(endpoint) = endpoint else {
            return Err(Refusal::on_page(Class::NotFound));
        };
        match endpoint {
            Endpoint::Authorize => {
                // OIDC Core §3.1.2.1 wants both.
                request.only(READ_OR_FORM, endpoint.told())?;
                if request.is_post() {
                    return authorize_by_query(self, request);
                }
                let answer = authorize(self, request, invocation.now);
                if let Err(refusal) = &answer
                    && is_of_amazon_cognito(refusal, self, request)
                    && self.counts(request, self.viewer(request), invocation)
                {
                    (invocation.measurements).count_if(Count::LoginFinished, false);
                }
                let response = answer?;
                if !request.is_head() {
                    tracing::info!(event = "login_started");
                    // Anybody can begin as many as they like.
                    let counts = self.begun().counts(self.viewer(request), invocation.now);
                    (invocation.measurements).count_if(Count::LoginStarted, counts);
                }
                Ok(response)
            }
            Endpoint::Callback => {
                request.only(READ, endpoint.told())?;
                let answer = callback(self, request, invocation).await;
                if let Err(refusal) = &answer
                    && self.is_evidence(refusal, request, invocation)
                {
                    (invocation.measurements).count_if(Count::LoginFinished, false);
                }
                answer
            }
            Endpoint::Token => {
                request.only(FORM, endpoint.told())?;
                let answer = token(self, request, invocation).await;
                match &answer {
                    Ok(_) => {
                        invocation.measurements.count(Count::LoginFinished);
                        let invoked = Count::InboundFederationInvoked;
                        invocation.measurements.count_if(invoked, false);
                    }
                    Err(refusal) if self.is_evidence_of_a_person(refusal, invocation) => {
                        (invocation.measurements).count_if(Count::LoginFinished, false);
                    }
                    Err(_) => {}
                }
                answer
            }
            Endpoint::Userinfo => {
                request.only(READ_OR_FORM, endpoint.told())?;
                userinfo(self, request, invocation).await
            }
            Endpoint::Jwks => request.document(&self.metadata().id_token_keys),
            Endpoint::ClientJwks => request.document(&self.metadata().client_keys),
            Endpoint::OpenIdConfiguration => {
                request.document(&self.metadata().openid_configuration)
            }
        }
    }
}

impl Bridge {
    /// Whether a login that ends at `/callback` counts as one that didn't finish. It has to be one
    /// that this browser began: the cookie and the state show it. What made it end, the browser
    /// alone says, and whoever begins logins can say it again and again: so of one place one counts
    /// in a period.
    fn is_evidence(
        &self,
        refusal: &Refusal,
        request: &Request,
        invocation: &Invocation<'_>,
    ) -> bool {
        refusal.is_told_to_client()
            && refusal.class.concern() != Concern::Nobody
            && self.counts(request, self.viewer(request), invocation)
    }

    /// Where the browser is.
    fn viewer(&self, request: &Request) -> Option<IpAddr> {
        request.origin(self.front_door().is_some())
    }

    /// Whether a login that doesn't go on counts: of one place, one does in a period.
    fn counts(&self, request: &Request, place: Option<IpAddr>, call: &Invocation<'_>) -> bool {
        !request.is_head() && self.counted().counts(place, call.now)
    }

    /// The same at `/token`, where it is Amazon Cognito that asks. Whose login it was, the service
    /// has said, or else it didn't come so far. A person can edit what their browser carries to the
    /// service, and do so again and again.
    fn is_evidence_of_a_person(&self, refusal: &Refusal, invocation: &Invocation<'_>) -> bool {
        let counts_once = |who: &str| self.counted().counts(who, invocation.now);
        let person = refusal.person.as_ref().map(Subject::expose);
        !matches!(refusal.class.concern(), Concern::Nobody | Concern::Client)
            && match (person, refusal.class) {
                (Some(person), _) => counts_once(person),
                // The ID token would say it. Whoever takes `openid` out of the scope gets none.
                (None, class @ Class::IdTokenMissing) => counts_once(class.name()),
                (None, _) => true,
            }
    }
}

/// Where a failure is told that has nothing to do with what was asked. What nobody knows is told to
/// a person.
fn told_at(endpoint: Option<Endpoint>) -> Told {
    endpoint.map_or(Told::Page, Endpoint::told)
}

impl Request {
    fn only(&self, methods: &'static [Method], told: Told) -> Result<(), Refusal> {
        match &self.method {
            Some(method) if methods.contains(method) => Ok(()),
            _ => Err(Refusal {
                allow: Some(methods),
                ..Refusal::told(told, Class::MethodNotAllowed)
            }),
        }
    }

    fn document(&self, json: &str) -> Result<Response, Refusal> {
        self.only(READ, Told::Json)?;
        Ok(
            Response::json(StatusCode::OK, json.to_owned())
                .with_header("cache-control", KEYS_CACHE),
        )
    }
}
