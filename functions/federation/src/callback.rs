//! `/callback`: the service sends the browser back here, and the bridge sends it on to Amazon
//! Cognito.
//! The service's `state` and the browser's cookie have to belong together, or there is no login.
//! The login's cookie ends, whether the login goes on or not; it stays only if the bridge's secrets
//! can't be read. The bridge opens the connections that the token request will need, a moment
//! before Cognito sends that request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use digital_auth::CodeExchange;
use digital_auth::authorization::Secret256;
use function_kit::check::{ensure, none_of, present};
use function_kit::invocation::Invocation;
use function_kit::secrets::{Asker, Shown};
use secrecy::SecretString;

use crate::bridge::Bridge;
use crate::code::Code;
use crate::config::CallbackIssuer;
use crate::pending_login::{self, PendingLogin};
use crate::refusal::Refusal;
use relying_party::Class;
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
    let parameters = parameters.map_err(Refusal::on_page)?;
    let state = service_state(&parameters).ok_or(Class::MalformedCallback);
    let state = state.map_err(Refusal::on_page)?;
    let end_cookie = pending_login::end(&state);

    let pending = find(bridge, request, &state, invocation)
        .await
        .map_err(|class| Refusal {
            // If the bridge's secrets can't be read for a moment, the login is still good: a reload
            // may continue it.
            end_cookie: (!matches!(class, Class::NoPendingLogin | Class::SecretsUnavailable))
                .then(|| end_cookie.clone()),
            ..Refusal::on_page(class)
        })?;
    let redirect_uri = pending.redirect_uri.clone();
    let client_state = pending.client_state.expose();
    match answer(bridge, &parameters, pending, invocation.now) {
        Ok(code) => {
            if !request.is_head() {
                bridge.warm(invocation).await;
            }
            let location = relying_party::failure::with_query(
                &redirect_uri,
                &[("code", &code), ("state", &client_state)],
            );
            Ok(Response::redirect(location).with_cookie(end_cookie))
        }
        Err(class) => Err(Refusal {
            end_cookie: Some(end_cookie),
            ..Refusal::to_client(class, &redirect_uri, Some(&client_state))
        }),
    }
}

/// The bridge's own `state`: base64url of 256 bits, in its only canonical form.
fn service_state(parameters: &Parameters) -> Option<Secret256> {
    let bytes = URL_SAFE_NO_PAD.decode(parameters.get("state")?).ok()?;
    Some(Secret256::from_bytes(bytes.try_into().ok()?))
}

async fn find(
    bridge: &Bridge,
    request: &Request,
    state: &Secret256,
    invocation: &Invocation<'_>,
) -> Result<PendingLogin, Class> {
    let cookie = pending_login::cookie(state, request.cookies());
    let cookie = present(cookie, Class::NoPendingLogin)?;
    let shown = Shown {
        by: BROWSER,
        value: cookie,
    };
    let opened: Result<PendingLogin, _> = bridge.open(shown, invocation).await;
    // If the cookie with this login's name holds another login, somebody put it there by hand.
    let opened = opened.and_then(|pending| {
        let is_this_one = pending.is_of(state);
        is_this_one.then_some(pending).ok_or(OpenError::Forged)
    });
    let ruled_out = [OpenError::Forged, OpenError::Expired];
    let pending = none_of(&ruled_out, opened, |error| match error {
        OpenError::SecretsUnavailable => Class::SecretsUnavailable,
        OpenError::Expired => Class::LoginExpired,
        OpenError::UnknownKey | OpenError::Foreign | OpenError::OtherVersion => Class::ForeignLogin,
        OpenError::Malformed | OpenError::Forged => Class::AlteredLogin,
    })?;
    // The redirect URI may have been taken out of the configuration since. Then nobody may be sent
    // there.
    let known = &bridge.config().redirect_uris;
    ensure(known.contains(&pending.redirect_uri), Class::ForeignLogin)?;
    Ok(pending)
}

/// The service's answer to a known login: the bridge's code for the client, or the class of the
/// failure.
fn answer(
    bridge: &Bridge,
    parameters: &Parameters,
    pending: PendingLogin,
    now: DateTime<Utc>,
) -> Result<String, Class> {
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
    let code = Code {
        exchange: CodeExchange::new(SecretString::from(code), pending.one_time),
        redirect_uri: pending.redirect_uri,
        client_request: pending.client_request,
    };
    let values = bridge.usable_secrets(now)?;
    code.seal(bridge.seal(&values, now), bridge.randomness())
        .map_err(|_| Class::Internal)
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
