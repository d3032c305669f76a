//! `/verify`: the browser of a member comes with a ticket, and the bridge sends it on to the
//! service.
//! The ticket says at which app the member began, and where the browser goes in the end. That URL
//! must be configured for the app client, also at this moment. The service sends the browser back
//! to the one redirect URI that is registered there, `/callback`; a cookie of its own says there
//! that it is a verification. What is verified, the function `verification` finds out, from the
//! code that the browser carries to the app.

use chrono::{DateTime, Utc};
use digital_auth::CodeExchange;
use digital_auth::authorization::OneTimeValues;
use function_kit::check::{ensure, none_of, present};
use function_kit::invocation::Invocation;
use function_kit::secrets::{Asker, Shown};
use member_flow::{TICKET, Ticket, VERIFICATION_CODE, VerificationCode};
use relying_party::Class;
use relying_party::failure::with_query;
use relying_party::http_api::{Request, Response};
use sealing::sealed::OpenError;
use secrecy::SecretString;

use crate::bridge::Bridge;
use crate::members::Members;
use crate::pending_cookie::{BeginError, Pending};
use crate::pending_verification::PendingVerification;
use crate::refusal::Refusal;

/// Who shows tickets here: anybody with a browser.
const BROWSER: Asker = Asker("member's browser");

/// Begins the verification of a member.
///
/// # Errors
///
/// [`Refusal`], always on a page: whoever opens this URL isn't at the app any more, and the app
/// would take an answer for one that the member's card caused.
pub async fn verify(
    bridge: &Bridge,
    members: &Members,
    request: &Request,
    invocation: &Invocation<'_>,
) -> Result<Response, Refusal> {
    let service = bridge.service().ok_or(Class::NotConnected);
    let service = service.map_err(on_page)?;
    let ticket = ticket(members, request, invocation).await;
    let ticket = ticket.map_err(on_page)?;

    let one_time = OneTimeValues::new(bridge.randomness()).map_err(|_| Class::Internal);
    let one_time = one_time.map_err(on_page)?;
    let location = service.authorization_url(&one_time);
    let pending = PendingVerification { one_time, ticket };
    let begun = members.sealed(invocation.now, |seal| {
        pending.begin(seal, request.cookies(), bridge.randomness())
    });
    let begun = begun.map_err(|error| on_page(error.into()))?;
    let cookies = none_of(&[BeginError::TooLarge], begun, |error| match error {
        BeginError::TooLarge => Class::StateTooLong,
        BeginError::Seal => Class::Internal,
    });
    let cookies = cookies.map_err(on_page)?;
    let redirect = Response::redirect(location.into());
    Ok(cookies.into_iter().fold(redirect, Response::with_cookie))
}

fn on_page(class: Class) -> Refusal {
    Refusal::on_page_of(Pending::Verification, class)
}

/// The ticket of a request.
async fn ticket(
    members: &Members,
    request: &Request,
    invocation: &Invocation<'_>,
) -> Result<Ticket, Class> {
    let parameters = request.query(Class::TicketInvalid)?;
    let ticket = present(parameters.get(TICKET), Class::TicketInvalid)?;
    let shown = Shown {
        by: BROWSER,
        value: ticket,
    };
    let opened: Result<Ticket, _> = members.open(shown, invocation).await;
    let ticket = none_of(&OpenError::OF_A_SEAL, opened, |error| match error {
        OpenError::SecretsUnavailable => Class::SecretsUnavailable,
        OpenError::Expired => Class::TicketExpired,
        OpenError::Malformed
        | OpenError::UnknownKey
        | OpenError::Forged
        | OpenError::Foreign
        | OpenError::OtherVersion => Class::TicketInvalid,
    })?;
    is_allowed(members, &ticket)?;
    Ok(ticket)
}

/// The URL may have been taken out of the configuration since the ticket was made. Then nobody may
/// be sent there.
pub(crate) fn is_allowed(members: &Members, ticket: &Ticket) -> Result<(), Class> {
    let may_go = (members.apps()).allow(&ticket.begun.client_id, &ticket.return_url);
    ensure(may_go, Class::ReturnUrlNotAllowed)
}

/// Sends the browser back to the app, with a code that only the member who began can use: the
/// service's `code`, sealed with who that is.
///
/// # Errors
///
/// The class of the failure.
pub(crate) fn back_to_the_app(
    bridge: &Bridge,
    members: &Members,
    (code, pending): (&str, PendingVerification),
    now: DateTime<Utc>,
) -> Result<Response, Class> {
    let PendingVerification { one_time, ticket } = pending;
    let code = VerificationCode {
        exchange: CodeExchange::new(SecretString::from(code), one_time),
        begun: ticket.begun,
    };
    let code = members.sealed(now, |seal| code.seal(seal, bridge.randomness()))?;
    let code = code.map_err(|_| Class::Internal)?;
    let parameters = [
        (VERIFICATION_CODE, code.as_str()),
        ("state", &ticket.state),
        ("iss", &bridge.config().service.issuer),
    ];
    Ok(Response::redirect(with_query(
        &ticket.return_url,
        &parameters,
    )))
}
