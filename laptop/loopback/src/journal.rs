//! The journal: what happened in a login, hop by hop, as the stand-ins saw it.
//! Each stand-in records the requests that it receives, and what it checked.
//! Values that could be misused are masked before they are recorded, so a journal can be shown to
//! anybody.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;
use user_pool::{attribute, claim};

/// A party that takes part in a login.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The person's browser.
    Browser,
    /// The app that uses Amazon Cognito.
    App,
    /// Amazon Cognito's managed login, as a relying party of the bridge.
    Cognito,
    /// The functions that Amazon Cognito calls in the middle of a sign-in: its Lambda triggers.
    Triggers,
    /// The function `federation`.
    Bridge,
    /// The function `verification`, with its HTTP API: the members' API.
    Verification,
    /// The Digital Authentication App service.
    Service,
}

/// One parameter of a request or of an answer.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Parameter {
    /// The name as on the wire.
    pub name: String,
    /// The value, or its masked form (see [`mask`]).
    pub value: String,
}

impl Parameter {
    /// A parameter. Its value is masked if the name is one whose values are never shown (see
    /// [`mask`]).
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl AsRef<str>) -> Self {
        let name = name.into();
        let value = mask(&name, value.as_ref());
        Self { name, value }
    }
}

/// One check, and whether it passed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Check {
    /// What was checked, in a few words.
    pub what: String,
    /// The source of the rule, for example `RFC 7636 §4.6`.
    pub rule: String,
    /// Whether the check passed.
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

    /// Adds a check to `checks` and returns `value`. The check passed if there is a value.
    ///
    /// # Errors
    ///
    /// `failure`, if there is no value.
    pub fn made<T, F>(
        checks: &mut Vec<Self>,
        (what, rule): (&str, &str),
        value: Option<T>,
        failure: F,
    ) -> Result<T, F> {
        checks.push(Self::new(what, rule, value.is_some()));
        value.ok_or(failure)
    }
}

/// One hop: a request, what was checked about it, and the answer.
/// A step whose `from` and `to` are the same party is work of that party alone.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Step {
    /// The calling party.
    pub from: Party,
    /// The called party.
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

impl Step {
    /// Whether the values are words and sizes instead of what an HTTP request carried. This is so
    /// for work of one party, for triggers, and for the user pool's API: there, `request` is a name
    /// instead of a method and a path.
    #[must_use]
    pub fn is_told_in_words(&self) -> bool {
        !self.request.contains(" /")
    }
}

/// Something about a hop that isn't among what it carries: only a stand-in knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Note {
    /// The fault that was chosen for this answer, by its name.
    Fault(String),
    /// What the answer looks like, or what is inside a part of it that the hop shows masked. As
    /// with every parameter, nothing that can be misused, and nothing personal.
    Inside(Parameter),
    /// The sentences of the error page that the person got.
    Page(String),
    /// The same call was made before, and is made again.
    Again(Again),
}

/// Why a call is made again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Again {
    /// The call before wasn't answered in time.
    TimedOut,
    /// For no reason that the called party can see: callers may do so.
    Unprompted,
}

/// How many hops the journal keeps: the newest ones.
const KEPT: usize = 2_000;
/// How many notes a hop has at most.
const NOTES: usize = 40;

/// A moment in the journal. Each beginning and each end of a hop has its own moment, and later
/// moments are greater.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    /// The moment as a number, with which a page asks for what is new since then.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl From<u64> for Moment {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// A hop with the moments at which it began and ended. While it is under way, it has neither an end
/// nor a [`Step`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hop {
    /// When it began.
    pub begun: Moment,
    /// When it ended.
    pub ended: Option<Moment>,
    /// The calling party.
    pub from: Party,
    /// The called party.
    pub to: Party,
    /// Method and path, or a name for work of one party.
    pub request: String,
    /// The whole hop, once it has ended.
    pub step: Option<Step>,
    /// What only the stand-in knows of it.
    pub notes: Vec<Note>,
}

impl Hop {
    /// The name of the fault that was chosen for the answer, if one was.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.notes.iter().find_map(|note| match note {
            Note::Fault(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// What the answer looks like, and what is inside it.
    pub fn inside(&self) -> impl Iterator<Item = &Parameter> {
        self.notes.iter().filter_map(|note| match note {
            Note::Inside(parameter) => Some(parameter),
            _ => None,
        })
    }

    /// The sentences of the error page that the person got, if the answer is one.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        self.notes.iter().find_map(|note| match note {
            Note::Page(sentences) => Some(sentences.as_str()),
            _ => None,
        })
    }

    /// Why the call is made again, if it is.
    #[must_use]
    pub fn again(&self) -> Option<Again> {
        self.notes.iter().find_map(|note| match note {
            Note::Again(again) => Some(*again),
            _ => None,
        })
    }

    /// Whether this is work of one party alone.
    #[must_use]
    pub fn is_own_work(&self) -> bool {
        self.from == self.to
    }

    /// Whether `other` is something that the called party did, or requested from another party, in
    /// order to answer this hop.
    fn causes(&self, other: &Self) -> bool {
        other.from == self.to
            && self.begun < other.begun
            && self.ended.is_none_or(|ended| other.begun < ended)
    }
}

/// A line of a [`story`]. A hop that caused others has two lines: its request, and after the caused
/// hops its answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Line<'a> {
    /// A hop with its answer.
    Whole(&'a Hop),
    /// The request of a hop that caused others or is still under way.
    Request(&'a Hop),
    /// The answer to a hop that caused others.
    Answer(&'a Hop),
}

impl<'a> Line<'a> {
    /// The hop to which this line belongs.
    #[must_use]
    pub const fn hop(&self) -> &'a Hop {
        match self {
            Self::Whole(hop) | Self::Request(hop) | Self::Answer(hop) => hop,
        }
    }
}

/// The hops as lines, in the order in which requests and answers happened.
#[must_use]
pub fn story(hops: &[Hop]) -> Vec<Line<'_>> {
    let mut lines: Vec<(Moment, Line<'_>)> = Vec::new();
    for hop in hops {
        let is_leaf = !hops.iter().any(|other| hop.causes(other));
        match hop.ended {
            Some(_) if is_leaf => lines.push((hop.begun, Line::Whole(hop))),
            Some(ended) => {
                lines.push((hop.begun, Line::Request(hop)));
                lines.push((ended, Line::Answer(hop)));
            }
            None => lines.push((hop.begun, Line::Request(hop))),
        }
    }
    lines.sort_by_key(|(moment, _)| *moment);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The journal that all stand-ins of one login share. Clones share it.
#[derive(Clone, Debug)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pages: Mutex<Pages>,
    grown: watch::Sender<Moment>,
}

#[derive(Debug, Default)]
struct Pages {
    now: Moment,
    hops: VecDeque<Hop>,
}

impl Pages {
    fn next(&mut self) -> Moment {
        self.now = Moment(self.now.0 + 1);
        self.now
    }

    fn push(&mut self, hop: Hop) {
        if self.hops.len() >= KEPT {
            self.hops.pop_front();
        }
        self.hops.push_back(hop);
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            shared: Arc::new(Shared {
                pages: Mutex::default(),
                grown: watch::Sender::new(Moment::default()),
            }),
        }
    }
}

/// A hop that has begun and hasn't ended: [`Journal::begin`] gives it, and [`Journal::end`] takes
/// it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry(Moment);

impl Entry {
    /// The moment at which the hop began.
    #[must_use]
    pub const fn moment(self) -> Moment {
        self.0
    }
}

impl Journal {
    /// Records that a hop begins now. The hops that it causes will come after it. `request` is the
    /// method and the path without the query, or a name.
    #[must_use]
    pub fn begin(&self, from: Party, to: Party, request: impl Into<String>) -> Entry {
        let mut pages = self.pages();
        let begun = pages.next();
        pages.push(Hop {
            begun,
            ended: None,
            from,
            to,
            request: request.into(),
            step: None,
            notes: Vec::new(),
        });
        self.tell(pages);
        Entry(begun)
    }

    /// Adds a note to a hop, also before it ends. A hop has 40 notes at most. If the journal
    /// doesn't have the hop any more, nothing is noted.
    pub fn note(&self, entry: Entry, note: Note) {
        let mut pages = self.pages();
        let known = pages.hops.iter_mut().rev().find(|hop| hop.begun == entry.0);
        let Some(hop) = known.filter(|hop| hop.notes.len() < NOTES) else {
            return;
        };
        hop.notes.push(note);
        // A moment of its own, so that whoever watches the journal sees the note.
        pages.next();
        self.tell(pages);
    }

    /// Records the end of a hop, with all that is known of it.
    pub fn end(&self, entry: Entry, step: Step) {
        let mut pages = self.pages();
        let ended = pages.next();
        let known = pages.hops.iter_mut().rev().find(|hop| hop.begun == entry.0);
        if let Some(hop) = known {
            hop.ended = Some(ended);
            hop.step = Some(step);
        } else {
            // The journal was cleared since the hop began, or keeps only newer hops.
            pages.push(Hop {
                begun: ended,
                ended: Some(ended),
                from: step.from,
                to: step.to,
                request: step.request.clone(),
                step: Some(step),
                notes: Vec::new(),
            });
        }
        self.tell(pages);
    }

    /// Records a hop that causes no others: it begins and ends now.
    pub fn record(&self, step: Step) -> Entry {
        let entry = self.begin(step.from, step.to, step.request.clone());
        self.end(entry, step);
        entry
    }

    /// All steps that have ended, in the order in which they began, among the newest 2,000 hops.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let pages = self.pages();
        pages
            .hops
            .iter()
            .filter_map(|hop| hop.step.clone())
            .collect()
    }

    /// The hops that began between these moments (both included), in the order in which they began.
    /// Without `until`, all hops that began at `from` or later.
    #[must_use]
    pub fn hops(&self, from: Moment, until: Option<Moment>) -> Vec<Hop> {
        let pages = self.pages();
        let within = |hop: &&Hop| hop.begun >= from && until.is_none_or(|until| hop.begun <= until);
        pages.hops.iter().filter(within).cloned().collect()
    }

    /// The latest moment: the last beginning or end of a hop.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.pages().now
    }

    /// Waits until a hop begins or ends after this moment.
    pub async fn grown_since(&self, seen: Moment) {
        let mut grown = self.shared.grown.subscribe();
        // The sender lives as long as this journal does.
        let _ = grown.wait_for(|now| *now > seen).await;
    }

    /// Forgets every hop.
    pub fn clear(&self) {
        self.pages().hops.clear();
    }

    fn tell(&self, pages: MutexGuard<'_, Pages>) {
        let now = pages.now;
        drop(pages);
        // Another task may have announced a later moment already.
        self.shared
            .grown
            .send_if_modified(|told| (*told < now).then(|| *told = now).is_some());
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        let pages = self.shared.pages.lock();
        pages.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The parameters whose values are never shown.
const MASKED: &[&str] = &[
    "access_token",
    "authorization",
    "client_assertion",
    "client_secret",
    attribute::RECORD,
    "code",
    "code_challenge",
    "code_verifier",
    "continuation",
    "cookie",
    "id_token",
    "id_token_hint",
    "login",
    "nonce",
    "refresh_token",
    "session_state",
    "set-cookie",
    "state",
    "ticket",
    "token",
    "verification_code",
    claim::VERIFIED_RECORD,
];

/// The value as the journal shows it. If the name is one whose values are never shown, that is the
/// value's first four characters and its length: enough to see that two hops carry the same value,
/// and too little to use it. Of a value of less than 16 characters only the length is shown.
#[must_use]
pub fn mask(name: &str, value: &str) -> String {
    if !MASKED.contains(&name.to_ascii_lowercase().as_str()) {
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

    fn call(from: Party, to: Party, request: &str) -> Step {
        Step {
            from,
            to,
            ..step(request)
        }
    }

    #[test]
    fn a_step_comes_before_those_that_it_causes() {
        let journal = Journal::default();
        let outer = journal.begin(Party::Browser, Party::Bridge, "outer");
        journal.record(step("inner"));
        assert_eq!(journal.steps(), [step("inner")]);
        journal.end(outer, step("outer"));
        assert_eq!(journal.steps(), [step("outer"), step("inner")]);
        let late = journal.begin(Party::Browser, Party::Bridge, "late");
        journal.clear();
        journal.end(late, step("late"));
        assert_eq!(journal.steps(), [step("late")]);
    }

    #[tokio::test]
    async fn a_hop_is_noted_before_and_after_its_end_and_within_bounds() {
        let journal = Journal::default();
        let entry = journal.begin(Party::Bridge, Party::Service, "call");
        let seen = journal.now();
        journal.note(entry, Note::Fault("token-slow".to_owned()));
        journal.grown_since(seen).await;
        journal.end(entry, call(Party::Bridge, Party::Service, "call"));
        journal.note(entry, Note::Inside(Parameter::new("code", "a".repeat(16))));
        journal.note(entry, Note::Page("Sorry.".to_owned()));
        journal.note(entry, Note::Again(Again::TimedOut));
        let hop = &journal.hops(Moment::default(), None)[0];
        assert_eq!(hop.fault(), Some("token-slow"));
        let inside: Vec<_> = hop.inside().map(|one| one.value.as_str()).collect();
        assert_eq!(inside, ["aaaa…(16)"]);
        assert_eq!(hop.page(), Some("Sorry."));
        assert_eq!(hop.again(), Some(Again::TimedOut));
        for _ in 0..NOTES {
            journal.note(entry, Note::Again(Again::Unprompted));
        }
        assert_eq!(journal.hops(Moment::default(), None)[0].notes.len(), NOTES);
        journal.clear();
        journal.note(entry, Note::Again(Again::Unprompted));
        assert!(journal.hops(Moment::default(), None).is_empty());
    }

    /// The lines of a story: `name` for a whole hop, `name?` for a request and `name!` for an
    /// answer.
    fn told(hops: &[Hop]) -> Vec<String> {
        let line = |line: &Line<'_>| {
            let mark = match line {
                Line::Whole(_) => "",
                Line::Request(_) => "?",
                Line::Answer(_) => "!",
            };
            format!("{}{mark}", line.hop().request)
        };
        story(hops).iter().map(line).collect()
    }

    #[test]
    fn an_answer_comes_after_the_hops_that_its_request_caused() {
        let journal = Journal::default();
        let (browser, cognito) = (Party::Browser, Party::Cognito);
        let (bridge, service) = (Party::Bridge, Party::Service);
        journal.record(call(browser, service, "before"));
        let start = journal.now();
        let outer = journal.begin(browser, cognito, "outer");
        assert_eq!(told(&journal.hops(start, None)), ["outer?"]);
        let token = journal.begin(cognito, bridge, "token");
        journal.record(call(bridge, service, "service"));
        // A hop of another tab, which none of the open hops caused.
        journal.record(call(browser, service, "other"));
        journal.end(token, call(cognito, bridge, "token"));
        journal.record(call(cognito, cognito, "work"));
        let middle = journal.now();
        journal.end(outer, call(browser, cognito, "outer"));
        journal.record(call(browser, Party::App, "after"));
        assert_eq!(
            told(&journal.hops(start, None)),
            [
                "outer?", "token?", "service", "other", "token!", "work", "outer!", "after"
            ]
        );
        // A story up to a moment also has later answers, if their hops began before that moment.
        assert_eq!(
            told(&journal.hops(start, Some(middle))),
            [
                "outer?", "token?", "service", "other", "token!", "work", "outer!"
            ]
        );
    }

    #[test]
    fn the_newest_are_kept_and_one_that_ends_too_late_is_told_at_its_end() {
        let journal = Journal::default();
        let slow = journal.begin(Party::Browser, Party::Bridge, "slow");
        for number in 0..KEPT {
            journal.record(step(&number.to_string()));
        }
        assert_eq!(journal.steps().len(), KEPT);
        assert_eq!(journal.steps()[0].request, "0");
        journal.end(slow, step("slow"));
        assert_eq!(journal.steps().len(), KEPT);
        assert_eq!(journal.steps().last().unwrap().request, "slow");
    }

    #[tokio::test]
    async fn whoever_waits_is_told_that_something_happened() {
        let journal = Journal::default();
        let seen = journal.now();
        let waiting = journal.grown_since(seen);
        tokio::pin!(waiting);
        tokio::select! {
            biased;
            () = &mut waiting => panic!("nothing happened"),
            () = tokio::task::yield_now() => {}
        }
        journal.record(step("something"));
        waiting.await;
        // For what has happened already, it doesn't wait.
        journal.grown_since(seen).await;
    }

    #[test]
    fn a_secret_shows_its_length_and_at_most_four_characters() {
        assert_eq!(mask("code", "0123456789abcdef"), "0123…(16)");
        assert_eq!(mask("Cookie", "short"), "…(5)");
        assert_eq!(mask("scope", "openid name"), "openid name");
    }
}
