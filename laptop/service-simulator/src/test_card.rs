//! The test-card page: instead of using a card, the tester picks a person and an answer. A browser
//! gets a form that works without scripts; a program can get the same choices as JSON. A
//! cancellation, or an error instead of a code, sends the browser back to the client at once. All
//! other answers lead to the consent page first.

use chrono::{DateTime, Utc};
use http::StatusCode;
use loopback::parameters::Parameters;
use serde_json::json;

use crate::exchange::{Answer, Checks, Endpoint, Received};
use crate::fault::{Fault, FaultPlace};
use crate::login::{AuthorizationRequest, Choice};
use crate::pages::{self, ErrorPage, NORMAL, Shown};
use crate::persona::Persona;
use crate::realm::{Memory, Realm};
use crate::way_back;

const RULE: &str = "test-card page";

/// The page of a login that has just begun. If the service is unattended, there is no page, and the
/// login ends at once.
pub(crate) fn begun(
    realm: &Realm,
    received: &Received,
    login: &str,
    request: &AuthorizationRequest,
) -> Answer {
    let picked = {
        let mut memory = realm.memory();
        if memory.unattended
            && !received.wants_json()
            && let Some(choice) = choice_by_default(realm, &memory)
        {
            realm.note_fault(received, choice.fault, &FaultPlace::BACK);
            return way_back::answer(realm, &mut memory, login, choice, received.language());
        }
        Picked::by_default(&memory)
    };
    show(realm, received, (login, request), &picked)
}

/// The preselected person and answer, as if they had been chosen now.
fn choice_by_default(realm: &Realm, memory: &Memory) -> Option<Choice> {
    let persona = realm.person(&memory.persona)?;
    Some(chosen(memory, persona, memory.fault, realm.clock.now()))
}

/// The person and the fault that are preselected.
struct Picked {
    person: String,
    fault: Option<Fault>,
}

impl Picked {
    fn by_default(memory: &Memory) -> Self {
        Self {
            person: memory.persona.clone(),
            fault: memory.fault,
        }
    }
}

/// The answer to `GET …/test-card`: the page again, in another language or after a step back.
pub(crate) fn page(realm: &Realm, received: &Received, checks: &mut Checks) -> Answer {
    let now = realm.clock.now();
    let found = {
        let memory = realm.memory();
        memory
            .waiting(&received.query, RULE, now, checks)
            .map(|(login, waiting)| {
                let picked = waiting.choice.as_ref().map(|choice| Picked {
                    person: choice.persona.id.clone(),
                    fault: choice.fault,
                });
                let picked = picked.unwrap_or_else(|| Picked::by_default(&memory));
                (login.to_owned(), waiting.request.clone(), picked)
            })
    };
    match found {
        Ok((login, request, picked)) => show(realm, received, (&login, &request), &picked),
        Err(error) => error.in_language(received.language()),
    }
}

fn show(
    realm: &Realm,
    received: &Received,
    (login, request): (&str, &AuthorizationRequest),
    picked: &Picked,
) -> Answer {
    let people = realm.people();
    let shown = Shown::new(&realm.settings, login, request);
    if received.wants_json() {
        return choice(&shown, &people, picked);
    }
    let picked = (&*picked.person, picked.fault);
    pages::test_card(&shown, &people, picked, received.language())
}

fn choice(shown: &Shown<'_>, people: &[Persona], picked: &Picked) -> Answer {
    let answers: Vec<&str> = std::iter::once(NORMAL)
        .chain(Fault::ALL.iter().map(|fault| fault.id()))
        .collect();
    let people: Vec<_> = people
        .iter()
        .map(|person| json!({ "id": person.id, "label": person.label_ja }))
        .collect();
    let body = json!({
        "login": shown.login,
        "action": Endpoint::TestCard.path(),
        "attributes": pages::granted(shown.request).collect::<Vec<_>>(),
        "people": people,
        "answers": answers,
        "persona": picked.person,
        "answer": picked.fault.map_or(NORMAL, Fault::id),
    });
    Answer::new(StatusCode::OK, "application/json", body.to_string())
}

/// The answer to `POST …/test-card`.
pub(crate) fn answer(realm: &Realm, received: &Received, checks: &mut Checks) -> Answer {
    let now = realm.clock.now();
    let mut memory = realm.memory();
    let (login, choice) = match examine(realm, &memory, received, now, checks) {
        Ok(picked) => picked,
        Err(error) => return error.in_language(received.language()),
    };
    if choice.fault.is_some_and(way_back::ends_at_once) {
        realm.note_fault(received, choice.fault, &FaultPlace::BACK);
        return way_back::answer(realm, &mut memory, &login, choice, received.language());
    }
    let location = pages::address(Endpoint::Consent, &login);
    if let Some(waiting) = memory.logins.get_mut(&login) {
        waiting.choice = Some(choice);
    }
    Answer::own_redirect(&location)
}

fn examine(
    realm: &Realm,
    memory: &Memory,
    received: &Received,
    now: DateTime<Utc>,
    checks: &mut Checks,
) -> Result<(String, Choice), ErrorPage> {
    let empty = Parameters::missing();
    let form = received.form.as_ref().unwrap_or(&empty);
    let (login, _) = memory.waiting(form, RULE, now, checks)?;
    let persona = realm.person(form.first("persona").unwrap_or(&memory.persona));
    let persona = checks.find("the person is known", RULE, persona, || {
        ErrorPage::UnknownPersona
    })?;
    let fault = match form.first("answer") {
        None => Ok(memory.fault),
        Some(NORMAL) => Ok(None),
        Some(id) => id.parse().map(Some),
    };
    let fault = checks.find("the answer is known", RULE, fault.ok(), || {
        ErrorPage::UnknownAnswer
    })?;
    Ok((login.to_owned(), chosen(memory, persona, fault, now)))
}

fn chosen(memory: &Memory, persona: Persona, fault: Option<Fault>, now: DateTime<Utc>) -> Choice {
    let mut userinfo = persona.userinfo.clone();
    let changed = memory.changed.get(&persona.id);
    userinfo.extend(changed.cloned().unwrap_or_default());
    Choice {
        persona,
        userinfo,
        fault,
        authenticated: now,
    }
}
