//! The test-card page: the tester picks a person and an answer, and goes back to the client.
//! A program asks for JSON and gets the same choice; a browser gets a form that works without scripts.
//! The front-channel faults are made here.

use aws_lc_rs::error::Unspecified;
use chrono::{DateTime, Utc};
use http::StatusCode;
use http::header::ACCEPT;
use serde_json::json;
use url::Url;

use super::exchange::{Answer, Checks, Endpoint, Parameters, Received};
use super::random;
use super::realm::{Code, Grant, Memory, Realm};
use crate::fault::Fault;
use crate::persona::{Persona, personas};

const RULE: &str = "test-card page";

/// The answer without a fault.
const NORMAL: &str = "normal";

/// The page for a login that has begun.
pub(super) fn page(realm: &Realm, received: &Received, login: &str) -> Answer {
    let people = personas(realm.clock.now());
    let (person, fault) = {
        let memory = realm.memory();
        (memory.persona, memory.fault.map_or(NORMAL, Fault::id))
    };
    let wants_json = received.header(&ACCEPT).is_some_and(|accept| {
        accept
            .split([',', ';'])
            .any(|part| part.trim() == "application/json")
    });
    if wants_json {
        choice(login, &people, person, fault)
    } else {
        form(login, &people, person, fault)
    }
}

fn choice(login: &str, people: &[Persona], person: &str, fault: &str) -> Answer {
    let answers: Vec<&str> = std::iter::once(NORMAL)
        .chain(Fault::ALL.iter().map(|fault| fault.id()))
        .collect();
    let people: Vec<_> = people
        .iter()
        .map(|person| json!({ "id": person.id, "label": person.label_ja }))
        .collect();
    let body = json!({
        "login": login,
        "action": Endpoint::TestCard.path(),
        "people": people,
        "answers": answers,
        "persona": person,
        "answer": fault,
    });
    Answer::new(StatusCode::OK, "application/json", body.to_string())
}

fn form(login: &str, people: &[Persona], person: &str, fault: &str) -> Answer {
    let people: String = people
        .iter()
        .map(|each| option(each.id, each.label_ja, each.label_en, each.id == person))
        .collect();
    let faults: String = Fault::ALL
        .iter()
        .map(|each| {
            option(
                each.id(),
                each.description_ja(),
                each.description_en(),
                each.id() == fault,
            )
        })
        .collect();
    let normal = option(NORMAL, "正常", "normal", fault == NORMAL);
    let action = Endpoint::TestCard.path();
    let body = format!(
        r#"<p>これはデジタル認証アプリサービスの代役です。手元だけで動き、登場する人はみな架空です。</p>
<form method="post" action="{action}">
<input type="hidden" name="login" value="{login}">
<p><label for="persona">テスト利用者</label><br><select id="persona" name="persona">{people}</select></p>
<p><label for="answer">応答</label><br><select id="answer" name="answer">{normal}{faults}</select></p>
<p><button type="submit">認証</button></p>
</form>"#
    );
    Answer::page(StatusCode::OK, document("テストカード代替機能", &body))
}

fn option(value: &str, label_ja: &str, label_en: &str, selected: bool) -> String {
    let selected = if selected { " selected" } else { "" };
    let mut text = String::new();
    for character in format!("{label_ja} / {label_en}").chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            other => text.push(other),
        }
    }
    format!("<option value=\"{value}\"{selected}>{text}</option>")
}

/// A page that says what is wrong, where the client can't be told.
pub(super) fn error_page(sentence: &'static str) -> Answer {
    let body = format!("<p lang=\"en\">{sentence}</p>");
    Answer::page(
        StatusCode::BAD_REQUEST,
        document("エラーが発生しました", &body),
    )
}

fn document(title: &str, body: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body{{font:1.1em/1.6 sans-serif;max-width:40em;margin:2em auto;padding:0 1em}}select,button{{font:inherit;padding:.4em;max-width:100%}}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"#
    )
}

/// What the tester picked.
struct Picked {
    login: String,
    persona: Persona,
    fault: Option<Fault>,
}

/// The answer to `POST …/test-card`.
pub(super) fn answer(realm: &Realm, received: &Received, checks: &mut Checks) -> Answer {
    let now = realm.clock.now();
    let empty = Parameters::default();
    let form = received.form.as_ref().unwrap_or(&empty);
    let mut memory = realm.memory();
    let picked = match examine(&memory, form, now, checks) {
        Ok(picked) => picked,
        Err(sentence) => return error_page(sentence),
    };
    match go_back(realm, &mut memory, picked, now) {
        Ok(Some(location)) => Answer::redirect(StatusCode::SEE_OTHER, &location),
        Ok(None) | Err(Unspecified) => Answer::internal_error(),
    }
}

fn examine(
    memory: &Memory,
    form: &Parameters,
    now: DateTime<Utc>,
    checks: &mut Checks,
) -> Result<Picked, &'static str> {
    let clean = form.well_formed() && form.are_unique();
    checks.require("the body is a form", RULE, clean, || "Invalid Request")?;
    let login = form
        .get("login")
        .filter(|login| memory.logins.contains_key(*login));
    let login = checks.find(
        "the login is one that waits",
        RULE,
        login,
        || "Login not found.",
    )?;
    let waits = memory
        .logins
        .get(login)
        .is_some_and(|login| now < login.expires);
    checks.require(
        "the login hasn't expired",
        RULE,
        waits,
        || "Login timed out.",
    )?;

    let id = form.get("persona").unwrap_or(memory.persona);
    let persona = personas(now).into_iter().find(|persona| persona.id == id);
    let persona = checks.find("the person is known", RULE, persona, || "Person not found.")?;
    let fault = match form.get("answer") {
        None => Ok(memory.fault),
        Some(NORMAL) => Ok(None),
        Some(id) => id.parse().map(Some),
    };
    let fault = checks.find(
        "the answer is known",
        RULE,
        fault.ok(),
        || "Answer not found.",
    )?;
    Ok(Picked {
        login: login.to_owned(),
        persona,
        fault,
    })
}

/// Where the browser goes. The login is used up.
fn go_back(
    realm: &Realm,
    memory: &mut Memory,
    picked: Picked,
    now: DateTime<Utc>,
) -> Result<Option<Url>, Unspecified> {
    let Some(login) = memory.logins.remove(&picked.login) else {
        return Ok(None);
    };
    let request = login.request;
    memory.key_set_fault = picked.fault;
    if picked.fault == Some(Fault::KeysRotated) {
        memory.keys.rotate()?;
    }
    let Ok(mut location) = Url::parse(&request.redirect_uri) else {
        return Ok(None);
    };
    let issuer = match picked.fault {
        Some(Fault::CallbackWrongIssuer) => Some("https://issuer.invalid/api/realms/main"),
        Some(Fault::CallbackWithoutIssuer) => None,
        _ => Some(realm.endpoints.issuer.as_str()),
    };
    let state = match picked.fault {
        Some(Fault::CallbackWithoutState) => None,
        Some(Fault::CallbackOtherState) => Some(random::base64url::<32>()?),
        _ => Some(request.state.clone()),
    };

    if let Some((error, description)) = picked.fault.and_then(front_channel_error) {
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
    // Keycloak's form: the code's own id, the session, the client.
    let code = format!("{}.{session}.{}", random::uuid()?, random::uuid()?);
    let codes = match picked.fault {
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
        if picked.fault == Some(Fault::CallbackExtraParameter) {
            query.append_pair("extra", "ignore me");
        }
    }
    let mut userinfo = picked.persona.userinfo.clone();
    let changed = memory.changed.get(picked.persona.id);
    userinfo.extend(changed.cloned().unwrap_or_default());
    let grant = Grant {
        subject: subject(&picked.persona, &request.client_id, picked.fault),
        userinfo,
        fault: picked.fault,
        session,
        authenticated: now,
        request,
    };
    let expires = now + realm.settings.code_lifetime;
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
        Fault::ErrorTemporarilyUnavailable => {
            ("temporarily_unavailable", Some("authentication_expired"))
        }
        Fault::ErrorUnknown => ("card_revoked", Some("Certificate is revoked")),
        _ => return None,
    };
    Some((error, description))
}

/// The subject, or one that a fault makes of it. It is the same in the ID token and in userinfo.
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
