//! The memory of the service: clients, unfinished logins, codes and access tokens. One lock guards
//! all of it, and is never held across an await. Everything expires by the stand-in's clock.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::error::Unspecified;
use chrono::{DateTime, TimeDelta, Utc};
use loopback::clock::SimClock;
use loopback::journal::{Entry, Journal, Note, Parameter, Party};
use loopback::parameters::Parameters;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::exchange::{Answer, Checks, Endpoint, Received, RecordedRequest};
use crate::fault::{Fault, FaultPlace};
use crate::login::{Code, Given, Login};
use crate::options::{Endpoints, Settings};
use crate::pages::ErrorPage;
use crate::persona::Persona;
use crate::realm_keys::RealmKeys;

/// The tokens of one token answer, as the service sent them. Tests search logs and pages for them,
/// to make sure that no token is shown. `Debug` doesn't show them.
#[derive(Clone)]
pub struct IssuedTokens {
    /// The ID token, changed as the login's fault says.
    pub id_token: String,
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
}

impl fmt::Debug for IssuedTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IssuedTokens(…)")
    }
}

/// All state that changes while the service runs.
pub(crate) struct Memory {
    pub(crate) clients: Vec<Client>,
    pub(crate) keys: RealmKeys,
    pub(crate) fault: Option<Fault>,
    /// The fault of the key set: that of the login that ended last, because a request for the key
    /// set doesn't say to which login it belongs.
    pub(crate) key_set_fault: Option<Fault>,
    /// The id of the preselected person.
    pub(crate) persona: String,
    /// Whether the preselected person answers at once, without pages.
    pub(crate) unattended: bool,
    /// The attributes that [`crate::Service::change_attribute`] changed, by the person's id.
    pub(crate) changed: HashMap<String, Map<String, Value>>,
    pub(crate) logins: HashMap<String, Login>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) given: HashMap<String, Given>,
    /// Client id and `jti` of every accepted assertion, with its expiry.
    pub(crate) assertions: HashMap<(String, String), DateTime<Utc>>,
    requests: VecDeque<RecordedRequest>,
    /// The tokens of the token answers so far, in order.
    issued: VecDeque<IssuedTokens>,
}

/// The realm `main`.
pub(crate) struct Realm {
    pub(crate) endpoints: Endpoints,
    pub(crate) settings: Settings,
    pub(crate) clock: SimClock,
    journal: Journal,
    memory: Mutex<Memory>,
}

impl Realm {
    pub(crate) fn new(
        endpoints: Endpoints,
        settings: Settings,
        (clock, journal): (SimClock, Journal),
        (client, keys): (Client, RealmKeys),
        (fault, persona): (Option<Fault>, String),
    ) -> Self {
        let memory = Memory {
            clients: vec![client],
            keys,
            fault,
            key_set_fault: fault,
            persona,
            unattended: false,
            changed: HashMap::new(),
            logins: HashMap::new(),
            codes: HashMap::new(),
            given: HashMap::new(),
            assertions: HashMap::new(),
            requests: VecDeque::new(),
            issued: VecDeque::new(),
        };
        Self {
            endpoints,
            settings,
            clock,
            journal,
            memory: Mutex::new(memory),
        }
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn remember(&self, request: RecordedRequest) {
        push(
            &mut self.memory().requests,
            request,
            self.settings.remembered,
        );
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.memory().requests.iter().cloned().collect()
    }

    pub(crate) fn remember_issued(&self, tokens: IssuedTokens) {
        push(&mut self.memory().issued, tokens, self.settings.remembered);
    }

    pub(crate) fn issued_tokens(&self) -> Vec<IssuedTokens> {
        self.memory().issued.iter().cloned().collect()
    }

    /// All people who can sign in.
    pub(crate) fn people(&self) -> Vec<Persona> {
        self.settings.people.at(self.clock.now())
    }

    /// The person with this id.
    pub(crate) fn person(&self, id: &str) -> Option<Persona> {
        self.settings.people.find(id, self.clock.now())
    }

    pub(crate) fn forget_requests(&self) {
        self.memory().requests.clear();
    }

    /// Records in the journal that a request has come.
    pub(crate) fn begin(&self, from: Party, request: String) -> Entry {
        self.journal.begin(from, Party::Service, request)
    }

    /// Notes in the journal the fault that was chosen, if it is one of this place. It is noted
    /// before the answer is, which may be late.
    pub(crate) fn note_fault(&self, received: &Received, fault: Option<Fault>, of: &[FaultPlace]) {
        if let Some(fault) = fault.filter(|fault| of.contains(&fault.place())) {
            let note = Note::Fault(fault.id().to_owned());
            self.journal.note(received.entry, note);
        }
    }

    /// Notes in the journal what the answer looks like, or what is inside it.
    pub(crate) fn note(&self, received: &Received, inside: impl IntoIterator<Item = Parameter>) {
        for parameter in inside {
            let note = Note::Inside(parameter);
            self.journal.note(received.entry, note);
        }
    }

    /// Records the request, its checks and its answer in the journal.
    pub(crate) fn tell(&self, received: &Received, checks: Checks, answer: &Answer) {
        if Endpoint::of(&received.path).is_back_channel() {
            self.note(received, answer.look());
        }
        if let Some(sentences) = answer.sentences() {
            let note = Note::Page(sentences.to_owned());
            self.journal.note(received.entry, note);
        }
        let step = answer.step(received, checks);
        self.journal.end(received.entry, step);
    }
}

impl Memory {
    /// The unfinished login that a page's query or form names, with its id.
    pub(crate) fn waiting<'a>(
        &'a self,
        parameters: &'a Parameters,
        rule: &str,
        now: DateTime<Utc>,
        checks: &mut Checks,
    ) -> Result<(&'a str, &'a Login), ErrorPage> {
        let clean = parameters.are_well_formed() && parameters.are_unique();
        checks.require("no parameter comes twice", rule, clean, || {
            ErrorPage::MalformedForm
        })?;
        let login = parameters
            .first("login")
            .and_then(|login| self.logins.get_key_value(login));
        let (id, login) = checks.find("the login is pending", rule, login, || {
            ErrorPage::UnknownLogin
        })?;
        let in_time = now < login.expires;
        checks.require("the login hasn't expired", rule, in_time, || {
            ErrorPage::ExpiredLogin
        })?;
        Ok((id, login))
    }

    pub(crate) fn client(&self, client_id: &str) -> Option<&Client> {
        self.clients
            .iter()
            .find(|client| client.client_id == client_id)
    }

    /// The id of every client.
    pub(crate) fn client_ids(&self) -> Vec<String> {
        let ids = self.clients.iter().map(|client| client.client_id.clone());
        ids.collect()
    }

    /// Adds a client, or replaces the one with its id.
    pub(crate) fn register(&mut self, client: Client) {
        self.clients
            .retain(|other| other.client_id != client.client_id);
        self.clients.push(client);
    }

    /// Changes the keys as the fault needs, just before the tokens are signed.
    pub(crate) fn rotate_for(&mut self, fault: Option<Fault>) -> Result<(), Unspecified> {
        match fault {
            Some(Fault::KeyReplaced) => return self.keys.replace(),
            Some(Fault::KeySetShortCoordinates) => return self.keys.rotate_to_a_short_one(),
            _ => {}
        }
        // Only a relying party that fetches the key set meets a fault of it. A new key makes it
        // fetch the key set.
        let rotates = matches!(
            fault,
            Some(
                Fault::KeysRotatedBeforeSigning
                    | Fault::KeySetUnknownKeys
                    | Fault::KeySetLongCoordinates
                    | Fault::KeySetPadded
                    | Fault::KeySetRepeatedKey
                    | Fault::KeySetUnusableKey
                    | Fault::KeySetEmpty
                    | Fault::KeySet500
                    | Fault::KeySetSlow
                    | Fault::KeySetBrokenJson
                    | Fault::KeySetTooLarge
            )
        );
        if rotates { self.keys.rotate() } else { Ok(()) }
    }

    /// Revokes the access tokens of a session, because its code was used twice (RFC 6749 §4.1.2).
    pub(crate) fn revoke(&mut self, session: &str) {
        self.given.retain(|_, given| given.grant.session != session);
    }

    /// Forgets what expired an hour ago or earlier and, of too many entries, those that expire
    /// first.
    pub(crate) fn tidy(&mut self, now: DateTime<Utc>) {
        let long_ago = now - TimeDelta::hours(1);
        tidy(&mut self.logins, |login| login.expires, long_ago);
        tidy(&mut self.codes, |code| code.expires, long_ago);
        tidy(&mut self.given, |given| given.expires, long_ago);
        // No assertion is forgotten before it expires: otherwise it could be used again.
        if self.assertions.len() > MOST {
            self.assertions.retain(|_, expires| *expires > now);
        }
        self.assertions.retain(|_, expires| *expires > long_ago);
    }
}

/// How many logins, how many codes and how many access tokens are remembered at most.
const MOST: usize = 10_000;

/// Forgets what expired at `before` or earlier. If more than [`MOST`] entries are left, only nine
/// tenths of [`MOST`] stay: those that expire last.
fn tidy<T>(
    map: &mut HashMap<String, T>,
    expires: impl Fn(&T) -> DateTime<Utc>,
    before: DateTime<Utc>,
) {
    map.retain(|_, value| expires(value) > before);
    if map.len() > MOST {
        let mut all: Vec<_> = map.drain().collect();
        all.sort_by_key(|(_, value)| expires(value));
        map.extend(all.into_iter().rev().take(MOST - MOST / 10));
    }
}

/// Adds a value at the end. Of more than `most` values, the oldest are dropped.
fn push<T>(queue: &mut VecDeque<T>, value: T, most: usize) {
    queue.push_back(value);
    while queue.len() > most {
        queue.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_much_the_newest_stays_and_nothing_that_expired_long_ago() {
        let begin: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().unwrap();
        let at = |second: i64| begin + TimeDelta::seconds(second);
        let mut map: HashMap<String, DateTime<Utc>> = (0..10_000)
            .map(|second| (second.to_string(), at(second)))
            .collect();
        tidy(&mut map, |time| *time, at(-1));
        assert_eq!(map.len(), 10_000);
        map.insert("one more".to_owned(), at(10_000));
        tidy(&mut map, |time| *time, at(-1));
        assert_eq!(map.len(), 9_000);
        assert!(map.contains_key("one more") && map.contains_key("1001"));
        assert!(!map.contains_key("1000"));
        tidy(&mut map, |time| *time, at(9_998));
        let mut left: Vec<_> = map.into_keys().collect();
        left.sort();
        assert_eq!(left, ["9999", "one more"]);
    }
}
