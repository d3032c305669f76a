//! The router: passes a request to its endpoint, and turns a failure into an answer.
//! Only here, a failure becomes an answer, a log event and a metric. A panic becomes a failure,
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
use crate::pages::page;
use crate::pending_cookie::Pending;
use crate::refusal::{Refusal, Told};
use crate::token::token;
use crate::userinfo::userinfo;
use crate::verify::verify;
use relying_party::Class;
use relying_party::failure::Failure;
use relying_party::http_api::{Event, Request, Response};

/// How long caches may keep the public keys and the metadata. A new key is published long before it
/// signs.
const KEYS_CACHE: &str = "public, max-age=300";

/// The methods of an endpoint that takes no form. Every endpoint with GET has HEAD (RFC 9110 §9.1),
/// which gets the same answer without its content. HEAD begins and ends no login, and touches no
/// cookie.
const READ: &[Method] = &[Method::GET, Method::HEAD];
/// The methods of an endpoint whose parameters may also come as a form.
const READ_OR_FORM: &[Method] = &[Method::GET, Method::HEAD, Method::POST];
/// The method of an endpoint whose parameters only come as a form.
const FORM: &[Method] = &[Method::POST];

impl Handler for Bridge {
    type Event = Event;
    type Answer = Response;

    async fn handle(&self, event: Option<Event>, call: &Call<'_>) -> Result<Response, Diagnostic> {
        let Some(event) = event else {
            // The HTTP API sends only events that can be read. So this one is from a direct caller
            // of the function, and only that caller gets the error.
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
        // A panic in one request must not end the process, which answers other requests, too. The
        // request that panics gets an answer, too.
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
            Told::Page(pending) => {
                // Where nobody signs in with the card, no page speaks of a login. Where no member
                // verifies, what isn't known is one.
                let pending = match (self.logins(), self.members()) {
                    (None, _) => Some(Pending::Verification),
                    (_, None) => pending.or(Some(Pending::Login)),
                    _ => pending,
                };
                page(&failure, pending, request.header("accept-language"))
            }
            Told::Redirect {
                redirect_uri,
                state,
            } => failure.redirect(&redirect_uri, state.as_deref()),
            Told::Return(ticket) => {
                let issuer = &self.config().service.issuer;
                failure.to_return_url(&ticket.return_url, &ticket.state, issuer)
            }
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
        // Reads secrets again that are an hour old. The wait is short, because Cognito doesn't wait
        // long.
        let refreshing = async {
            if let Some(logins) = self.logins()
                && endpoint.is_some_and(Endpoint::is_sealed)
            {
                logins.secrets.refresh(WARM_UP, invocation).await;
            }
        };
        if let Some(front_door) = self.front_door() {
            tokio::join!(refreshing, front_door.refresh(WARM_UP, invocation));
            let admitted = front_door.admit(request, invocation).await;
            if admitted == Err(Class::NotThroughFrontDoor)
                && front_door.is_shown_anything(request)
                && endpoint == Some(Endpoint::Authorize)
                && self.logins().is_some()
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
        // Where nobody signs in with the card, or no members are verified, there is nothing at the
        // endpoints for that.
        let not_found = || Refusal::on_page(Class::NotFound);
        let logins = || self.logins().ok_or_else(not_found);
        match endpoint {
            Endpoint::Authorize => {
                let logins = logins()?;
                // OIDC Core §3.1.2.1 requires GET and POST.
                only(request, READ_OR_FORM, endpoint.told())?;
                if request.is_post() {
                    return authorize_by_query((self, logins), request);
                }
                let answer = authorize((self, logins), request, invocation.now);
                if let Err(refusal) = &answer
                    && is_of_amazon_cognito(refusal, logins, request)
                    && self.counts(request, self.viewer(request), invocation)
                {
                    (invocation.measurements).count_if(Count::LoginFinished, false);
                }
                let response = answer?;
                if !request.is_head() {
                    tracing::info!(event = "login_started");
                    // Anybody can begin any number of logins, so each place counts once in a
                    // period.
                    let counts = self.begun().counts(self.viewer(request), invocation.now);
                    (invocation.measurements).count_if(Count::LoginStarted, counts);
                }
                Ok(response)
            }
            Endpoint::Verify => {
                let members = self.members().ok_or_else(not_found)?;
                only(request, READ, endpoint.told())?;
                let response = verify(self, members, request, invocation).await?;
                if !request.is_head() {
                    tracing::info!(event = "verification_started");
                }
                Ok(response)
            }
            Endpoint::Callback => {
                only(request, READ, endpoint.told())?;
                let answer = callback(self, request, invocation).await;
                if let Err(refusal) = &answer
                    && self.is_evidence(refusal, request, invocation)
                {
                    (invocation.measurements).count_if(Count::LoginFinished, false);
                }
                answer
            }
            Endpoint::Token => {
                let logins = logins()?;
                only(request, FORM, endpoint.told())?;
                let answer = token((self, logins), request, invocation).await;
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
                let logins = logins()?;
                only(request, READ_OR_FORM, endpoint.told())?;
                userinfo(logins, request, invocation).await
            }
            Endpoint::Jwks => document(request, &logins()?.metadata().id_token_keys),
            Endpoint::ClientJwks => document(request, self.client_keys()),
            Endpoint::OpenIdConfiguration => {
                document(request, &logins()?.metadata().openid_configuration)
            }
        }
    }
}

impl Bridge {
    /// Whether a login that ends at `/callback` counts as one that didn't finish. This browser has
    /// to have begun it, as its cookie and the state show. Only the browser says why it ended, and
    /// an attacker who begins logins can repeat that at will. So each place counts once in a
    /// period.
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

    /// The place of the browser: its address or network.
    fn viewer(&self, request: &Request) -> Option<IpAddr> {
        request.origin(self.front_door().is_some())
    }

    /// Whether a failed login counts: each place counts once in a period. HEAD never counts.
    fn counts(&self, request: &Request, place: Option<IpAddr>, call: &Invocation<'_>) -> bool {
        !request.is_head() && self.counted().counts(place, call.now)
    }

    /// Whether a login that ends at `/token` counts as one that didn't finish. Cognito sends this
    /// request, so the place of the browser isn't known. If the service has said whose login it is,
    /// each person counts once in a period: people can edit what their browser carries to the
    /// service, and can do so again and again. If the login ended before that, it counts every
    /// time.
    fn is_evidence_of_a_person(&self, refusal: &Refusal, invocation: &Invocation<'_>) -> bool {
        let counts_once = |who: &str| self.counted().counts(who, invocation.now);
        let person = refusal.person.as_ref().map(Subject::expose);
        !matches!(refusal.class.concern(), Concern::Nobody | Concern::Client)
            && match (person, refusal.class) {
                (Some(person), _) => counts_once(person),
                // The ID token would say whose login it is. A person who takes `openid` out of the
                // scope gets none, so this class counts once in a period for all people together.
                (None, class @ Class::IdTokenMissing) => counts_once(class.name()),
                (None, _) => true,
            }
    }
}

/// Where a failure is reported that doesn't depend on the endpoint's own checks. For an unknown
/// path, it is reported to a person.
fn told_at(endpoint: Option<Endpoint>) -> Told {
    endpoint.map_or(Told::Page(None), Endpoint::told)
}

fn document(request: &Request, json: &str) -> Result<Response, Refusal> {
    only(request, READ, Told::Json)?;
    Ok(Response::json(StatusCode::OK, json.to_owned()).with_header("cache-control", KEYS_CACHE))
}

fn only(request: &Request, methods: &'static [Method], told: Told) -> Result<(), Refusal> {
    match &request.method {
        Some(method) if methods.contains(method) => Ok(()),
        _ => Err(Refusal {
            allow: Some(methods),
            ..Refusal::told(told, Class::MethodNotAllowed)
        }),
    }
}
