//! `/callback`: the service sends the browser back here, and the bridge sends it on: after a login
//! to Amazon Cognito, and after the verification of a member to their app.
//! The service's `state` and the browser's cookie have to belong together, or nothing has begun.
//! The cookie ends, whether it goes on or not; it stays only if the bridge's secrets can't be read.
//! After a login, the bridge opens the connections that the token request will need, a moment
//! before Cognito sends that request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use digital_auth::CodeExchange;
use digital_auth::authorization::Secret256;
use function_kit::check::{self, ensure, none_of, present};
use function_kit::invocation::Invocation;
use function_kit::secrets::{Asker, Shown};
use secrecy::SecretString;

use crate::bridge::Bridge;
use crate::code::Code;
use crate::config::CallbackIssuer;
use crate::logins::Logins;
use crate::members::Members;
use crate::pending_cookie::{self, Found, Pending};
use crate::pending_login::PendingLogin;
use crate::pending_verification::PendingVerification;
use crate::refusal::Refusal;
use crate::verify;
use relying_party::Class;
use relying_party::failure::with_query;
use relying_party::http_api::{Request, Response};
use relying_party::parameters::Parameters;
use sealing::sealed::OpenError;

/// Who shows cookies here: anybody with a browser, also with cookies that are written by hand.
const BROWSER: Asker = Asker("browser");

/// The longest code of the service, in bytes.
const MAX_CODE_BYTES: usize = 2_048;

/// Takes the service's answer from the browser.
///
/// # Errors
///
/// [`Refusal`].
pub async fn callback(
    bridge: &Bridge,
    request: &Request,
    invocation: &Invocation<'_>,
) -> Result<Response, Refusal> {
    let parameters = request.query(Class::MalformedCallback);
    let parameters = parameters.map_err(Refusal::on_neutral_page)?;
    let state = service_state(&parameters).ok_or(Class::MalformedCallback);
    let state = state.map_err(Refusal::on_neutral_page)?;

    // The cookie alone says what the service's answer is for.
    match pending_cookie::find(&state, request.cookies()) {
        Found::None => Err(Refusal::on_neutral_page(Class::NoPendingLogin)),
        Found::Both => Err(Refusal::on_neutral_page(Class::AlteredLogin)),
        Found::One(Pending::Login, cookie) => {
            check::held(Class::NoPendingLogin);
            let end_cookie = pending_cookie::end(Pending::Login, &state);
            let pending = login(bridge, cookie, &state, invocation).await;
            let (logins, pending) =
                pending.map_err(|class| not_begun(Pending::Login, class, &end_cookie))?;
            let redirect_uri = pending.redirect_uri.clone();
            let client_state = pending.client_state.expose();
            let answer = (&parameters, pending);
            match code_for_cognito(bridge, logins, answer, invocation.now) {
                Ok(code) => {
                    if !request.is_head() {
                        bridge.warm(invocation).await;
                    }
                    let parameters = [("code", code.as_str()), ("state", &client_state)];
                    let location = with_query(&redirect_uri, &parameters);
                    Ok(Response::redirect(location).with_cookie(end_cookie))
                }
                Err(class) => Err(Refusal {
                    end_cookie: Some(end_cookie),
                    ..Refusal::to_client(class, &redirect_uri, Some(&client_state))
                }),
            }
        }
        Found::One(Pending::Verification, cookie) => {
            check::held(Class::NoPendingLogin);
            let end_cookie = pending_cookie::end(Pending::Verification, &state);
            let pending = verification(bridge, cookie, &state, invocation).await;
            let (members, pending) =
                pending.map_err(|class| not_begun(Pending::Verification, class, &end_cookie))?;
            let ticket = pending.ticket.clone();
            let back = service_code(bridge, &parameters).and_then(|code| {
                let answer = (code, pending);
                verify::back_to_the_app(bridge, members, answer, invocation.now)
            });
            match back {
                Ok(response) => Ok(response.with_cookie(end_cookie)),
                Err(class) => Err(Refusal {
                    end_cookie: Some(end_cookie),
                    ..Refusal::to_app(class, ticket)
                }),
            }
        }
    }
}

/// The refusal of an answer to something that isn't known to have begun. Its cookie ends, except if
/// the bridge's secrets can't be read for a moment: then it is still good, and a reload may
/// continue.
fn not_begun(pending: Pending, class: Class, end_cookie: &str) -> Refusal {
    Refusal {
        end_cookie: (class != Class::SecretsUnavailable).then(|| end_cookie.to_owned()),
        ..Refusal::on_page_of(pending, class)
    }
}

/// The bridge's own `state`: base64url of 256 bits, in its only canonical form.
fn service_state(parameters: &Parameters) -> Option<Secret256> {
    let bytes = URL_SAFE_NO_PAD.decode(parameters.get("state")?).ok()?;
    Some(Secret256::from_bytes(bytes.try_into().ok()?))
}

/// The login that a cookie holds.
async fn login<'a>(
    bridge: &'a Bridge,
    cookie: &str,
    state: &Secret256,
    invocation: &Invocation<'_>,
) -> Result<(&'a Logins, PendingLogin), Class> {
    // Nobody may sign in with the card any more.
    let logins = bridge.logins().ok_or(Class::ForeignLogin)?;
    let opened: Result<PendingLogin, _> = logins.open(shown(cookie), invocation).await;
    let pending = of_this_state(opened, |pending| pending.is_of(state))?;
    // The redirect URI may have been taken out of the configuration since. Then nobody may be sent
    // there.
    let known = &logins.settings.redirect_uris;
    ensure(known.contains(&pending.redirect_uri), Class::ForeignLogin)?;
    Ok((logins, pending))
}

/// The verification that a cookie holds.
async fn verification<'a>(
    bridge: &'a Bridge,
    cookie: &str,
    state: &Secret256,
    invocation: &Invocation<'_>,
) -> Result<(&'a Members, PendingVerification), Class> {
    // Members may not be verified any more.
    let members = bridge.members().ok_or(Class::ForeignLogin)?;
    let opened: Result<PendingVerification, _> = members.open(shown(cookie), invocation).await;
    let pending = of_this_state(opened, |pending| pending.is_of(state))?;
    verify::is_allowed(members, &pending.ticket).map_err(|_| Class::ForeignLogin)?;
    Ok((members, pending))
}

fn shown(cookie: &str) -> Shown<'_> {
    Shown {
        by: BROWSER,
        value: cookie,
    }
}

/// What a cookie holds, if that is of the service's `state`. If it isn't, somebody put the cookie
/// there by hand.
fn of_this_state<T>(
    opened: Result<T, OpenError>,
    is_of_it: impl FnOnce(&T) -> bool,
) -> Result<T, Class> {
    let opened = opened.and_then(|pending| {
        let is_of_it = is_of_it(&pending);
        is_of_it.then_some(pending).ok_or(OpenError::Forged)
    });
    let ruled_out = [OpenError::Forged, OpenError::Expired];
    none_of(&ruled_out, opened, |error| match error {
        OpenError::SecretsUnavailable => Class::SecretsUnavailable,
        OpenError::Expired => Class::LoginExpired,
        OpenError::UnknownKey | OpenError::Foreign | OpenError::OtherVersion => Class::ForeignLogin,
        OpenError::Malformed | OpenError::Forged => Class::AlteredLogin,
    })
}

/// The bridge's code for Amazon Cognito, from the service's answer to a known login.
fn code_for_cognito(
    bridge: &Bridge,
    logins: &Logins,
    (parameters, pending): (&Parameters, PendingLogin),
    now: DateTime<Utc>,
) -> Result<String, Class> {
    let code = service_code(bridge, parameters)?;
    let code = Code {
        exchange: CodeExchange::new(SecretString::from(code), pending.one_time),
        redirect_uri: pending.redirect_uri,
        client_request: pending.client_request,
    };
    let values = logins.usable_secrets(now)?;
    code.seal(logins.seal(&values, now), bridge.randomness())
        .map_err(|_| Class::Internal)
}

/// The code in the service's answer, or the class of the service's error.
fn service_code<'a>(bridge: &Bridge, parameters: &'a Parameters) -> Result<&'a str, Class> {
    let issuer = bridge.config().service.provider.issuer().as_str();
    // RFC 9207 §2.4: if `iss` is there, it has to be right. With `CALLBACK_ISS=required`, it has to
    // be there with every code and every error. A person who cancels in the app comes back without
    // any of them, and such an answer has nothing that an attacker could inject.
    let is_no_answer = parameters.get("code").is_none() && parameters.get("error").is_none();
    let may_be_missing =
        bridge.config().callback_issuer == CallbackIssuer::Optional || is_no_answer;
    let is_the_service = match parameters.get("iss") {
        Some(iss) => iss == issuer,
        None => may_be_missing,
    };
    ensure(is_the_service, Class::IssuerMismatch)?;
    if let Some(error) = parameters.get("error") {
        return Err(service_error(error, parameters.get("error_description")));
    }
    // A person who cancels in the app can come back with neither code nor error (contract S3).
    let code = present(parameters.get("code"), Class::Cancelled)?;
    ensure(is_code(code), Class::MalformedCallback)?;
    Ok(code)
}

/// Whether this can be a code of the service. RFC 6749 §A.11 allows all visible characters. The
/// service's codes are UUIDs with dots between them (contract S3). All characters that need no
/// escaping in a URL are let through, so that the service may change the form. Others are refused,
/// because a firewall in front of the service could take them for an attack.
fn is_code(code: &str) -> bool {
    let mut bytes = code.bytes();
    (1..=MAX_CODE_BYTES).contains(&code.len())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// The description with which Keycloak says that its login page timed out, beside
/// `temporarily_unavailable`.
const AUTHENTICATION_EXPIRED: &str = "authentication_expired";

/// The class of the service's error, by its OAuth code (contract S3). Anybody can write the
/// description. It is only compared with the one description that tells two cases of one code
/// apart, and used for nothing else.
fn service_error(error: &str, description: Option<&str>) -> Class {
    match error {
        "temporarily_unavailable" if description == Some(AUTHENTICATION_EXPIRED) => {
            Class::ServiceLoginExpired
        }
        "access_denied" => Class::Cancelled,
        "login_required" => Class::ServiceLoginRequired,
        "interaction_required" | "consent_required" | "account_selection_required" => {
            Class::ServiceInteractionRequired
        }
        "invalid_request" => Class::ServiceInvalidRequest,
        "invalid_scope" => Class::ServiceInvalidScope,
        "unauthorized_client" => Class::ServiceUnauthorizedClient,
        "server_error" => Class::ServiceServerError,
        "temporarily_unavailable" => Class::ServiceTemporarilyUnavailable,
        _ => Class::ServiceUnknownError,
    }
}
