//! `/authorize`: Amazon Cognito sends the browser here, and the bridge sends it on to the service.
//! The client and its redirect URI are checked first: until they are known, nothing is redirected.
//! Then the request is checked (RFC 6749 §4.1.1, OIDC Core §3.1.2.1; what Cognito sends: contract
//! C1). What the bridge has to remember goes into a sealed cookie.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use digital_auth::authorization::{OneTimeValues, scope};
use function_kit::check::{ensure, none_of, present};

use crate::bridge::Bridge;
use crate::endpoint::Endpoint;
use crate::logins::Logins;
use crate::pending_cookie::BeginError;
use crate::pending_login::{ClientRequest, ClientState, PendingLogin};
use crate::refusal::Refusal;
use relying_party::Class;
use relying_party::http_api::{MAX_QUERY_BYTES, Request, Response};
use relying_party::parameters::Parameters;

/// The longest `nonce` of the client, in bytes: the cookie and the code have to hold it.
const MAX_NONCE_BYTES: usize = 512;

/// The parameters that are read, except for request objects.
const PARAMETERS: &[&str] = &[
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
];

/// Begins a login.
///
/// # Errors
///
/// [`Refusal`].
pub fn authorize(
    (bridge, logins): (&Bridge, &Logins),
    request: &Request,
    now: DateTime<Utc>,
) -> Result<Response, Refusal> {
    let service = bridge.service().ok_or(Class::NotConnected);
    let service = service.map_err(Refusal::on_page)?;
    let parameters = request.query(Class::MalformedRequest);
    let parameters = parameters.map_err(Refusal::on_page)?;
    let redirect_uri = client(logins, &parameters).map_err(Refusal::on_page)?;
    let refuse = |class| Refusal::to_client(class, redirect_uri, parameters.get("state"));
    let (client_state, client_request) =
        client_request(bridge, &parameters, now).map_err(refuse)?;

    let one_time = OneTimeValues::new(bridge.randomness()).map_err(|_| refuse(Class::Internal))?;
    let location = service.authorization_url(&one_time);
    let pending = PendingLogin {
        one_time,
        redirect_uri: redirect_uri.to_owned(),
        client_state,
        client_request,
    };
    let values = logins.usable_secrets(now).map_err(refuse)?;
    let begun = pending.begin(
        logins.seal(&values, now),
        request.cookies(),
        bridge.randomness(),
    );
    let cookies = none_of(&[BeginError::TooLarge], begun, |error| match error {
        BeginError::TooLarge => Class::StateTooLong,
        BeginError::Seal => Class::Internal,
    });
    let cookies = cookies.map_err(refuse)?;
    let redirect = Response::redirect(location.into());
    Ok(cookies.into_iter().fold(redirect, Response::with_cookie))
}

/// Redirects a request in a form (OIDC Core §3.1.2.1) to the same request in a query. With a form
/// from another site, a browser sends no cookie (`SameSite=Lax`): the bridge would not see the
/// browser's pending logins, and could not keep their cookies from becoming too many. The query has
/// only the parameters that are read. The client may have used a form to keep the others out of
/// URLs.
///
/// # Errors
///
/// [`Refusal`]; nothing is redirected before client and redirect URI are known.
pub fn authorize_by_query(
    (bridge, logins): (&Bridge, &Logins),
    request: &Request,
) -> Result<Response, Refusal> {
    let parameters = request.form(Class::MalformedRequest);
    let parameters = parameters.map_err(Refusal::on_page)?;
    let redirect_uri = client(logins, &parameters).map_err(Refusal::on_page)?;
    no_object(&parameters)
        .map_err(|class| Refusal::to_client(class, redirect_uri, parameters.get("state")))?;
    let query = parameters.to_query(PARAMETERS);
    if query.len() > MAX_QUERY_BYTES {
        return Err(Refusal::on_page(Class::TooLarge));
    }
    let issuer = &bridge.config().service.issuer;
    let authorize = Endpoint::Authorize.url(issuer);
    Ok(Response::redirect(format!("{authorize}?{query}")))
}

/// Whether a refused request is Cognito's except for one parameter. Such a request shows a setting
/// that differs between the user pool and this function, and then the requests of all people are
/// refused.
#[must_use]
pub fn is_of_amazon_cognito(refusal: &Refusal, logins: &Logins, request: &Request) -> bool {
    match refusal.class {
        Class::InvalidScope | Class::RedirectUriMismatch => true,
        Class::UnknownClient => {
            let known = &logins.settings.redirect_uris;
            let parameters = request.query(Class::MalformedRequest).ok();
            let given = parameters.as_ref().and_then(|all| all.get("redirect_uri"));
            given.is_some_and(|given| known.iter().any(|known| known == given))
        }
        _ => false,
    }
}

/// The redirect URI of the client, if `client_id` and `redirect_uri` are the configured ones, byte
/// for byte (RFC 9700 §4.1.3).
fn client<'a>(logins: &'a Logins, parameters: &Parameters) -> Result<&'a str, Class> {
    let settings = &logins.settings;
    let is_known = parameters.get("client_id") == Some(settings.client_id.as_str());
    ensure(is_known, Class::UnknownClient)?;
    let given = parameters.get("redirect_uri");
    let mut known = settings.redirect_uris.iter().map(String::as_str);
    let known = known.find(|known| Some(*known) == given);
    present(known, Class::RedirectUriMismatch)
}

/// The client's `state`, which the answer has to have, and what the client asks for.
fn client_request(
    bridge: &Bridge,
    parameters: &Parameters,
    now: DateTime<Utc>,
) -> Result<(ClientState, ClientRequest), Class> {
    // This comes first, because with a request object every other parameter may be only in the
    // object (OIDC Core §6.1).
    no_object(parameters)?;
    let state = present(parameters.get("state"), Class::StateMissing)?;
    let is_code = parameters.get("response_type") == Some("code");
    ensure(is_code, Class::UnsupportedResponseType)?;
    // The scope has to be exact: the person can't take attributes out, and nobody can ask for more.
    let wanted = scope(bridge.config().service.attributes);
    let wanted: BTreeSet<_> = wanted.split(' ').collect();
    let given: BTreeSet<_> = parameters
        .get("scope")
        .unwrap_or_default()
        .split(' ')
        .filter(|one| !one.is_empty())
        .collect();
    ensure(given == wanted, Class::InvalidScope)?;
    let nonce = parameters.get("nonce");
    let fits = nonce.is_none_or(|nonce| nonce.len() <= MAX_NONCE_BYTES);
    ensure(fits, Class::InvalidNonce)?;
    let client_request = ClientRequest {
        nonce: nonce.map(str::to_owned),
        code_challenge: code_challenge(parameters)?,
        authenticated_after: authenticated_after(parameters, now)?,
    };
    Ok((ClientState::new(state), client_request))
}

/// Refuses request objects (OIDC Core §6).
fn no_object(parameters: &Parameters) -> Result<(), Class> {
    let has_none = parameters.get("request").is_none();
    ensure(has_none, Class::RequestNotSupported)?;
    let has_no_address = parameters.get("request_uri").is_none();
    ensure(has_no_address, Class::RequestUriNotSupported)
}

/// An S256 challenge, if the client sends one (RFC 7636 §4.3); `plain` is refused.
fn code_challenge(parameters: &Parameters) -> Result<Option<[u8; 32]>, Class> {
    let challenge = match (
        parameters.get("code_challenge"),
        parameters.get("code_challenge_method"),
    ) {
        (None, None) => Some(None),
        (Some(challenge), Some("S256")) => {
            let bytes = URL_SAFE_NO_PAD.decode(challenge).ok();
            bytes.and_then(|bytes| bytes.try_into().ok()).map(Some)
        }
        _ => None,
    };
    present(challenge, Class::InvalidCodeChallenge)
}

/// The time at which the person must have authenticated at the earliest: `prompt=login` means now,
/// `max_age` that many seconds ago (OIDC Core §3.1.2.1). The service documents neither parameter,
/// so `auth_time` has to show it afterwards.
fn authenticated_after(
    parameters: &Parameters,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Class> {
    let mut prompts = parameters.get("prompt").unwrap_or_default().split(' ');
    let may_be_asked = prompts.clone().all(|prompt| prompt != "none");
    ensure(may_be_asked, Class::LoginRequired)?;
    let max_age = match parameters.get("max_age") {
        None => Some(None),
        // Only digits are allowed: `parse` would accept a sign, too.
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse::<u32>().ok().map(Some)
        }
        Some(_) => None,
    };
    let max_age = present(max_age, Class::InvalidMaxAge)?;
    if prompts.any(|prompt| prompt == "login") {
        return Ok(Some(now));
    }
    Ok(max_age.map(|seconds| now - TimeDelta::seconds(i64::from(seconds))))
}
