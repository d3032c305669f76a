//! The authorization response: sends the browser back to the client, with a code or an error. It
//! ends the login. This file implements the front-channel faults.

use aws_lc_rs::error::Unspecified;
use http::StatusCode;
use loopback::pages::Language;
use loopback::random;
use url::Url;

use crate::exchange::Answer;
use crate::fault::Fault;
use crate::login::{Choice, Code, Grant};
use crate::pages::ErrorPage;
use crate::persona::Persona;
use crate::realm::{Memory, Realm};

/// Whether the login ends before the consent: the person cancels in the app, or the service fails.
pub(crate) fn ends_at_once(fault: Fault) -> bool {
    fault == Fault::CallbackWithoutCode || front_channel_error(fault).is_some()
}

/// The redirect to the client.
pub(crate) fn answer(
    realm: &Realm,
    memory: &mut Memory,
    login: &str,
    choice: Choice,
    language: Language,
) -> Answer {
    match go_back(realm, memory, login, choice) {
        Ok(Some(location)) => Answer::redirect(StatusCode::SEE_OTHER, &location),
        Ok(None) | Err(Unspecified) => ErrorPage::Internal.in_language(language),
    }
}

/// Ends the login, and returns where the browser goes. `None`: there is no such login, or its
/// redirect URI can't be parsed.
fn go_back(
    realm: &Realm,
    memory: &mut Memory,
    login: &str,
    choice: Choice,
) -> Result<Option<Url>, Unspecified> {
    let Some(login) = memory.logins.remove(login) else {
        return Ok(None);
    };
    let request = login.request;
    memory.key_set_fault = choice.fault;
    if choice.fault == Some(Fault::KeysRotated) {
        memory.keys.rotate()?;
    }
    let Ok(mut location) = Url::parse(&request.redirect_uri) else {
        return Ok(None);
    };
    let issuer = &realm.endpoints.issuer;
    let issuer = match choice.fault {
        Some(Fault::CallbackWrongIssuer) => {
            Some("https://issuer.invalid/api/realms/main".to_owned())
        }
        Some(Fault::CallbackLengthenedIssuer) => Some(format!("{issuer}1")),
        Some(Fault::CallbackWithoutIssuer) => None,
        _ => Some(issuer.clone()),
    };
    let state = match choice.fault {
        Some(Fault::CallbackWithoutState) => None,
        Some(Fault::CallbackOtherState) => Some(random::base64url(32)?),
        Some(Fault::CallbackLengthenedState) => Some(format!("{}1", request.state)),
        _ => Some(request.state.clone()),
    };

    if let Some((error, description)) = choice.fault.and_then(front_channel_error) {
        let mut query = location.query_pairs_mut();
        query.append_pair("error", error);
        if let Some(description) = description {
            query.append_pair("error_description", description);
        }
        query.extend_pairs(state.iter().map(|state| ("state", state)));
        query.extend_pairs(issuer.iter().map(|issuer| ("iss", issuer)));
        drop(query);
        return Ok(Some(location));
    }

    let session = random::uuid()?;
    // A code has Keycloak's form: the code's own id, the session's id, the client's internal id.
    let code = format!("{}.{session}.{}", random::uuid()?, random::uuid()?);
    let codes = match choice.fault {
        Some(Fault::CallbackWithoutCode) => vec![],
        Some(Fault::CallbackDuplicateCode) => vec![code.clone(), code.clone()],
        Some(Fault::CallbackForgedCode) => {
            vec![format!("{}.{session}.{}", random::uuid()?, random::uuid()?)]
        }
        _ => vec![code.clone()],
    };
    {
        let mut query = location.query_pairs_mut();
        query.extend_pairs(state.iter().map(|state| ("state", state)));
        query.append_pair("session_state", &session);
        query.extend_pairs(issuer.iter().map(|issuer| ("iss", issuer)));
        query.extend_pairs(codes.iter().map(|code| ("code", code)));
        if choice.fault == Some(Fault::CallbackExtraParameter) {
            query.append_pair("extra", "ignore me");
        }
    }
    let grant = Grant {
        subject: subject(&choice.persona, &request.client_id, choice.fault),
        userinfo: choice.userinfo,
        fault: choice.fault,
        session,
        authenticated: choice.authenticated,
        request,
    };
    let expires = realm.clock.now() + realm.settings.code_lifetime;
    memory.codes.insert(
        code,
        Code {
            grant,
            expires,
            used: false,
        },
    );
    Ok(Some(location))
}

/// The error that comes back instead of a code, with its description.
fn front_channel_error(fault: Fault) -> Option<(&'static str, Option<&'static str>)> {
    let (error, description) = match fault {
        Fault::Cancel => ("access_denied", Some("User cancelled the authentication")),
        Fault::CancelWithoutDescription => ("access_denied", None),
        Fault::CancelHostileDescription => (
            "access_denied",
            Some("<script>alert(1)</script>\r\nSet-Cookie: a=b; 名前\u{202e}\"'&amp;"),
        ),
        Fault::ErrorInvalidRequest => ("invalid_request", Some("Invalid Request")),
        Fault::ErrorInvalidScope => ("invalid_scope", Some("Invalid scopes: name")),
        Fault::ErrorUnauthorizedClient => (
            "unauthorized_client",
            Some("Client is not allowed to initiate browser login"),
        ),
        Fault::ErrorLoginRequired => ("login_required", None),
        Fault::ErrorInteractionRequired => ("interaction_required", None),
        Fault::ErrorServerError => ("server_error", Some("Unexpected error")),
        Fault::ErrorTemporarilyUnavailable => (
            "temporarily_unavailable",
            Some("Service is under maintenance"),
        ),
        Fault::ErrorAuthenticationExpired => {
            ("temporarily_unavailable", Some("authentication_expired"))
        }
        Fault::ErrorUnknown => ("card_revoked", Some("Certificate is revoked")),
        _ => return None,
    };
    Some((error, description))
}

/// The subject, changed as the fault says. It is the same in the ID token and in userinfo.
fn subject(persona: &Persona, client_id: &str, fault: Option<Fault>) -> String {
    let subject = persona.subject(client_id);
    match fault {
        Some(Fault::IdTokenOverlongSubject) => lengthened(&subject, 300),
        Some(Fault::IdTokenLongSubject) => lengthened(&subject, 200),
        Some(Fault::IdTokenSubjectWithSpace) => format!("a {subject}"),
        _ => subject,
    }
}

fn lengthened(subject: &str, length: usize) -> String {
    subject.chars().cycle().take(length).collect()
}
