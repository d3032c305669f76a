//! `POST /verifications`: a member begins. The app gets a ticket, and the URL of the bridge at
//! which the browser goes on. Nothing is remembered: the ticket holds who began, and what only the
//! browser, or the server, that began can show at the end.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use function_kit::check::{ensure, present};
use function_kit::invocation::Invocation;
use http::StatusCode;
use member_flow::{Begun, LONGEST_STATE, TICKET, Ticket, VERIFY_PATH};
use relying_party::Class;
use relying_party::failure::with_query;
use relying_party::http_api::{Request, Response};
use serde::Deserialize;
use serde_json::json;

use crate::access_token::Caller;
use crate::verification::Verification;

/// Gives a ticket.
///
/// # Errors
///
/// The class of the failure.
pub fn begin(
    verification: &Verification,
    caller: Caller,
    request: &Request,
    invocation: &Invocation<'_>,
) -> Result<Response, Class> {
    // Without a client at the service, nobody's browser is sent away in vain.
    present(verification.service(), Class::NotConnected)?;
    let malformed = Class::VerificationMalformed;
    let body: Body = request.json(malformed)?;
    ensure(body.code_challenge_method == "S256", malformed)?;
    let challenge = URL_SAFE_NO_PAD.decode(&body.code_challenge).ok();
    let challenge = challenge.and_then(|bytes| bytes.try_into().ok());
    let code_challenge = present(challenge, malformed)?;
    let has_state = (1..=LONGEST_STATE).contains(&body.state.len());
    ensure(has_state, malformed)?;
    let config = verification.config();
    let may_go = config.apps.allow(&caller.client_id, &body.return_url);
    ensure(may_go, Class::ReturnUrlNotAllowed)?;

    let ticket = Ticket {
        begun: Begun::new(caller.sub, caller.client_id, code_challenge, invocation.now),
        return_url: body.return_url,
        state: body.state,
    };
    let randomness = verification.randomness();
    let ticket = verification.sealed(invocation.now, |seal| ticket.seal(seal, randomness))?;
    let ticket = ticket.map_err(|_| Class::Internal)?;
    let verify = format!("{}{VERIFY_PATH}", config.service.issuer);
    let body = json!({
        "ticket": ticket,
        "url": with_query(&verify, &[(TICKET, &ticket)]),
        "expires_in": member_flow::TICKET_SECONDS,
    });
    tracing::info!(event = "verification_begun");
    Ok(Response::json(StatusCode::CREATED, body.to_string()))
}

/// The body of the request.
#[derive(Deserialize)]
struct Body {
    /// The PKCE challenge: base64url of 32 bytes (RFC 7636 §4.2).
    code_challenge: String,
    /// How it was made; only `S256`.
    code_challenge_method: String,
    /// Whatever the app needs to know its request again when the browser is back.
    state: String,
    /// Where the browser goes in the end.
    return_url: String,
}
