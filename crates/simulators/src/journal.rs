//! What happened in a login, hop by hop, as the stand-ins saw it.
//! Each stand-in writes down the requests that it receives, and what it checked.
//! Secrets are masked before they get here: a journal can be shown to anybody.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// Who takes part in a login.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The person's browser.
    Browser,
    /// The app that uses Amazon Cognito.
    App,
    /// Amazon Cognito's managed login, as a relying party of the bridge.
    Cognito,
    /// The function `federation`.
    Bridge,
    /// The Digital Authentication App service.
    Service,
}

/// One parameter of a request or of an answer, its value masked where it is a secret.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Parameter {
    /// The name as on the wire.
    pub name: String,
    /// The value, or its masked form.
    pub value: String,
}

impl Parameter {
    /// A parameter whose value is masked if its name is that of a secret (see [`mask`]).
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl AsRef<str>) -> Self {
        let name = name.into();
        let value = mask(&name, value.as_ref());
        Self { name, value }
    }
}

/// One thing that was checked.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Check {
    /// What was checked, in a few words.
    pub what: String,
    /// Where the rule stands, for example `RFC 7636 §4.6`.
    pub rule: String,
    /// Whether it held.
    pub passed: bool,
}

impl Check {
    /// A check and its outcome.
    #[must_use]
    pub fn new(what: impl Into<String>, rule: impl Into<String>, passed: bool) -> Self {
        Self {
            what: what.into(),
            rule: rule.into(),
            passed,
        }
    }
}

/// One hop: a request, what was checked about it, and the answer.
/// A step whose `from` and `to` are the same party is work of that party alone.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Step {
    /// Who called.
    pub from: Party,
    /// Who was called.
    pub to: Party,
    /// Method and path, for example `GET /authorize`, or a name for work of one party.
    pub request: String,
    /// The parameters of the request: query, form, and headers that matter.
    pub parameters: Vec<Parameter>,
    /// What the called party checked.
    pub checks: Vec<Check>,
    /// The HTTP status of the answer, where there is one.
    pub status: Option<u16>,
    /// The parameters of the answer: those of the redirect, or the members of the JSON object.
    pub answer: Vec<Parameter>,
}

/// The journal that all stand-ins of one login share. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    pages: Arc<Mutex<Pages>>,
}

#[derive(Debug, Default)]
struct Pages {
    next: u64,
    entries: Vec<(Entry, Option<Step>)>,
}

/// The place of a step that has begun and hasn't ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry(u64);

impl Journal {
    /// Keeps the place of a step that begins now, so that the hops that it causes come after it.
    #[must_use]
    pub fn begin(&self) -> Entry {
        let mut pages = self.pages();
        let entry = Entry(pages.next);
        pages.next += 1;
        pages.entries.push((entry, None));
        entry
    }

    /// Writes the step that began at this place.
    pub fn end(&self, entry: Entry, step: Step) {
        let mut pages = self.pages();
        match pages.entries.iter_mut().find(|(known, _)| *known == entry) {
            Some((_, place)) => *place = Some(step),
            // The journal was cleared meanwhile.
            None => pages.entries.push((entry, Some(step))),
        }
    }

    /// Adds a step that causes no other.
    pub fn record(&self, step: Step) {
        self.end(self.begin(), step);
    }

    /// Every step that ended so far, in the order in which they began.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        self.pages()
            .entries
            .iter()
            .filter_map(|(_, step)| step.clone())
            .collect()
    }

    /// Forgets every step.
    pub fn clear(&self) {
        self.pages().entries.clear();
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The parameters whose values are never shown.
const SECRET: &[&str] = &[
    "access_token",
    "authorization",
    "client_assertion",
    "client_secret",
    "code",
    "code_challenge",
    "code_verifier",
    "cookie",
    "id_token",
    "login",
    "nonce",
    "refresh_token",
    "session_state",
    "set-cookie",
    "state",
];

/// The value itself, or for a secret its first four characters and its length: enough to see that two
/// hops carry the same value, too little to use it. A secret of less than 16 characters shows only its length.
#[must_use]
pub fn mask(name: &str, value: &str) -> String {
    if !SECRET.contains(&name.to_ascii_lowercase().as_str()) {
        return value.to_owned();
    }
    let length = value.chars().count();
    if length < 16 {
        return format!("…({length})");
    }
    let start: String = value.chars().take(4).collect();
    format!("{start}…({length})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(request: &str) -> Step {
        Step {
            from: Party::Browser,
            to: Party::Bridge,
            request: request.to_owned(),
            parameters: Vec::new(),
            checks: Vec::new(),
            status: None,
            answer: Vec::new(),
        }
    }

    #[test]
    fn a_step_comes_before_those_that_it_causes() {
        let journal = Journal::default();
        let outer = journal.begin();
        journal.record(step("inner"));
        assert_eq!(journal.steps(), [step("inner")]);
        journal.end(outer, step("outer"));
        assert_eq!(journal.steps(), [step("outer"), step("inner")]);
        let late = journal.begin();
        journal.clear();
        journal.end(late, step("late"));
        assert_eq!(journal.steps(), [step("late")]);
    }

    #[test]
    fn a_secret_shows_its_length_and_at_most_four_characters() {
        assert_eq!(mask("code", "0123456789abcdef"), "0123…(16)");
        assert_eq!(mask("Cookie", "short"), "…(5)");
        assert_eq!(mask("scope", "openid name"), "openid name");
    }
}
