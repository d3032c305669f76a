//! The consent page: shows which attributes the client will get, and takes the person's decision.
//! It shows exactly what userinfo will return: the attributes were copied when the person was
//! chosen. The decision ends the login, and the browser goes back to the client.

use chrono::{DateTime, Utc};
use http::StatusCode;
use loopback::parameters::Parameters;
use serde_json::{Value, json};

use crate::exchange::{Answer, Checks, Endpoint, Received};
use crate::fault::{Fault, FaultPlace};
use crate::login::Choice;
use crate::pages::{self, ErrorPage, Shown};
use crate::realm::{Memory, Realm};
use crate::way_back;

const RULE: &str = "consent page";

/// The two values of the form's field `decision`.
const ACCEPT: &str = "accept";
const CANCEL: &str = "cancel";

/// The answer to `GET …/consent`. If no person was chosen yet, it redirects to the test-card page.
pub(crate) fn page(realm: &Realm, received: &Received, checks: &mut Checks) -> Answer {
    let now = realm.clock.now();
    let found = {
        let memory = realm.memory();
        memory
            .waiting(&received.query, RULE, now, checks)
            .map(|(login, waiting)| {
                let choice = waiting.choice.clone();
                (login.to_owned(), waiting.request.clone(), choice)
            })
    };
    let (login, request, choice) = match found {
        Ok((login, request, Some(choice))) => (login, request, choice),
        Ok((login, _, None)) => {
            return Answer::own_redirect(&pages::address(Endpoint::TestCard, &login));
        }
        Err(error) => return error.in_language(received.language()),
    };
    let shown = Shown::new(&realm.settings, &login, &request);
    if received.wants_json() {
        return question(&shown, &choice);
    }
    pages::consent(&shown, &choice, received.language())
}

/// The consent page as JSON, for a program.
fn question(shown: &Shown<'_>, choice: &Choice) -> Answer {
    let attributes: Vec<Value> = pages::granted(shown.request)
        .map(|attribute| {
            let value = choice.userinfo.get(attribute);
            json!({ "claim": attribute, "value": value })
        })
        .collect();
    let body = json!({
        "login": shown.login,
        "action": Endpoint::Consent.path(),
        "client_id": shown.request.client_id,
        "attributes": attributes,
        "decisions": [ACCEPT, CANCEL],
    });
    Answer::new(StatusCode::OK, "application/json", body.to_string())
}

/// The answer to `POST …/consent`. A decision ends the login.
pub(crate) fn answer(realm: &Realm, received: &Received, checks: &mut Checks) -> Answer {
    let now = realm.clock.now();
    let mut memory = realm.memory();
    match examine(&memory, received, now, checks) {
        Ok(Decision::Made { login, choice }) => {
            // A person who refuses here chose no fault.
            let fault = choice.fault.filter(|fault| !way_back::ends_at_once(*fault));
            realm.note_fault(received, fault, &FaultPlace::BACK);
            way_back::answer(realm, &mut memory, &login, choice, received.language())
        }
        Ok(Decision::NobodyChosen { login }) => {
            Answer::own_redirect(&pages::address(Endpoint::TestCard, &login))
        }
        Err(error) => error.in_language(received.language()),
    }
}

enum Decision {
    Made { login: String, choice: Choice },
    NobodyChosen { login: String },
}

fn examine(
    memory: &Memory,
    received: &Received,
    now: DateTime<Utc>,
    checks: &mut Checks,
) -> Result<Decision, ErrorPage> {
    let empty = Parameters::missing();
    let form = received.form.as_ref().unwrap_or(&empty);
    let (login, waiting) = memory.waiting(form, RULE, now, checks)?;
    let login = login.to_owned();
    let Some(mut choice) = waiting.choice.clone() else {
        return Ok(Decision::NobodyChosen { login });
    };
    let accepted = match form.first("decision") {
        Some(ACCEPT) => Some(true),
        Some(CANCEL) => Some(false),
        _ => None,
    };
    let accepted = checks.find("the decision is known", RULE, accepted, || {
        ErrorPage::UnknownDecision
    })?;
    if !accepted {
        // The same answer as Keycloak's when the consent is refused.
        choice.fault = Some(Fault::CancelWithoutDescription);
    }
    Ok(Decision::Made { login, choice })
}
