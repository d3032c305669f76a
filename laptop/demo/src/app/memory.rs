//! The app's memory: the logins that it began, how they ended, and the sessions. Its size is
//! limited, and every entry expires. A login belongs to the browser that began it; a cookie
//! identifies the browser. One lock guards all of it, and is never held across an await.

use std::collections::VecDeque;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use four_attributes::AttributeSet;
use loopback::journal::{Check, Moment};

use super::relying_party::{AppLogin, FinishError, OAuthError, SignedIn, class_and_support_id};
use super::visit::{Visit, address};
use crate::expected::CANCELLED;
use crate::scopes::Scopes;

/// How long a login may take: longer than Amazon Cognito's five minutes, so that Cognito can report
/// that the time is up.
pub(super) const LOGIN_LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// How long the app remembers how a login ended.
const ENDED_LIFETIME: TimeDelta = TimeDelta::hours(1);
/// How long a session lasts.
const SESSION_LIFETIME: TimeDelta = TimeDelta::hours(1);
/// The most logins that are remembered; a new one replaces the oldest.
pub(super) const MAX_LOGINS: usize = 200;
/// The most sessions; a new one replaces the oldest.
pub(super) const MAX_SESSIONS: usize = 100;

/// The part of the journal that belongs to one login or refresh.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Chapter {
    pub(super) from: Moment,
    pub(super) until: Option<Moment>,
}

impl Chapter {
    /// Whether another chapter has moments of this one.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let ends_before = |until: Option<Moment>, from| until.is_some_and(|until| until < from);
        other.from != self.from
            && !ends_before(other.until, self.from)
            && !ends_before(self.until, other.from)
    }

    /// Whether another chapter begins within this one.
    pub(super) fn is_begun_within(self, other: Self) -> bool {
        other.from > self.from && self.until.is_none_or(|until| other.from <= until)
    }
}

/// How a login or a refresh failed: it gave the app no tokens.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    /// `error` of Amazon Cognito's answer.
    pub(super) error: Option<String>,
    /// `error_description` of Amazon Cognito's answer.
    pub(super) description: String,
    /// The bridge's class of the failure.
    pub(super) class: Option<String>,
    /// The bridge's support id.
    pub(super) support_id: Option<String>,
    /// Why the app itself refused.
    pub(super) refused: Option<Refused>,
}

impl Failed {
    /// The failure that Amazon Cognito reported.
    pub(super) fn told(error: &OAuthError) -> Self {
        let (class, support_id) = class_and_support_id(&error.description);
        Self {
            error: Some(error.error.clone()),
            description: error.description.clone(),
            class,
            support_id,
            refused: None,
        }
    }

    /// Whether the person cancelled, which is no failure.
    pub(super) fn is_cancel(&self) -> bool {
        self.class.as_deref() == Some(CANCELLED)
    }
}

impl From<&FinishError> for Failed {
    fn from(error: &FinishError) -> Self {
        let told = match error {
            FinishError::Refused(told) => Self::told(told),
            _ => Self {
                error: None,
                description: String::new(),
                class: None,
                support_id: None,
                refused: None,
            },
        };
        Self {
            refused: Some(Refused::from(error)),
            ..told
        }
    }
}

/// Why the app itself refused Amazon Cognito's answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refused {
    /// No answer came on the back channel.
    BackChannel,
    /// Amazon Cognito refused the code or the refresh token.
    Code,
    /// An answer of the back channel can't be used.
    Answer,
    /// The ID token isn't valid.
    IdToken,
}

impl From<&FinishError> for Refused {
    fn from(error: &FinishError) -> Self {
        match error {
            FinishError::BackChannel => Self::BackChannel,
            FinishError::Refused(_) => Self::Code,
            FinishError::TokenAnswer | FinishError::Userinfo | FinishError::NoRefreshToken => {
                Self::Answer
            }
            FinishError::IdToken(_) => Self::IdToken,
        }
    }
}

/// The state of a login.
#[derive(Clone)]
pub(super) enum Stage {
    /// The browser was sent to Amazon Cognito, and isn't back yet.
    Waiting(AppLogin),
    /// The browser brought the answer, and the app is verifying it.
    Finishing,
    /// There is a session.
    SignedIn,
    /// There is no session: the login failed.
    Failed(Failed),
}

/// What a login is for.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// The scopes that the app asks for.
    pub(super) scopes: Scopes,
    /// What the stack asks people for.
    pub(super) asked: AttributeSet,
    /// The use case, if it isn't the start page's own login.
    pub(super) case: Option<Visit>,
}

impl Wish {
    /// The address of the page of whoever is signed in, with more parameters.
    pub(super) fn page(&self, more: &[(&str, &str)]) -> String {
        match self.case {
            Some(case) => case.page(more),
            None => address("/signed-in", more.iter().copied()),
        }
    }
}

/// A login that this app began.
#[derive(Clone)]
pub(super) struct Login {
    /// The id by which the app's pages name the login. It is no secret, and gives no access: the
    /// browser's cookie must fit, too.
    pub(super) id: String,
    /// The id of the browser that began the login.
    pub(super) browser: String,
    pub(super) chapter: Chapter,
    pub(super) stage: Stage,
    pub(super) wish: Wish,
    /// The key of the page that shows the login beside it, if one does.
    pub(super) watch: Option<String>,
    state: String,
    changed: DateTime<Utc>,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Login")
            .field("chapter", &self.chapter)
            .finish_non_exhaustive()
    }
}

impl Login {
    fn is_kept(&self, now: DateTime<Utc>) -> bool {
        let lifetime = match self.stage {
            // Kept twice as long as a login may take, so that the app can tell a late answer from
            // one of an unknown login.
            Stage::Waiting(_) | Stage::Finishing => LOGIN_LIFETIME * 2,
            Stage::SignedIn | Stage::Failed(_) => ENDED_LIFETIME,
        };
        now - self.changed < lifetime
    }
}

/// A session: a person who is signed in.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) signed_in: SignedIn,
    pub(super) wish: Wish,
    /// The room that the person booked, by its place in the list.
    pub(super) booked: Option<usize>,
    pub(super) chapter: Chapter,
    /// How the newest refresh ended, if there was one.
    pub(super) refreshed: Option<Refreshed>,
    id: String,
    begun: DateTime<Utc>,
}

/// How a refresh ended.
#[derive(Clone, Debug)]
pub(super) struct Refreshed {
    pub(super) at: DateTime<Utc>,
    /// Why the refresh failed, if it did.
    pub(super) failed: Option<Failed>,
    /// The refresh's part of the journal, once the refresh is over.
    pub(super) chapter: Option<Chapter>,
}

/// Why the answer of a callback is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NotTaken {
    /// No login has this state.
    Unknown,
    /// The login was begun in another browser, or the browser sent no cookie.
    OtherBrowser,
    /// The login had its answer already.
    Ended,
    /// The login took too long.
    TooLate,
}

/// Everything that the app remembers.
#[derive(Default)]
pub(super) struct Memory {
    logins: VecDeque<Login>,
    sessions: VecDeque<Session>,
}

impl Memory {
    /// Remembers a login that begins.
    pub(super) fn begin(
        &mut self,
        (id, browser): (String, String),
        (login, wish): (AppLogin, Wish),
        from: Moment,
        now: DateTime<Utc>,
    ) {
        self.forget(now);
        if self.logins.len() >= MAX_LOGINS {
            self.logins.pop_front();
        }
        self.logins.push_back(Login {
            id,
            browser,
            chapter: Chapter { from, until: None },
            state: login.state().to_owned(),
            stage: Stage::Waiting(login),
            wish,
            watch: None,
            changed: now,
        });
    }

    /// Takes the login with this `state`. It can't be taken again. An answer in another browser
    /// doesn't use the login up.
    pub(super) fn take(
        &mut self,
        state: &str,
        browser: Option<&str>,
        now: DateTime<Utc>,
        checks: &mut Vec<Check>,
    ) -> Result<(String, AppLogin), NotTaken> {
        self.forget(now);
        let login = self.logins.iter_mut().find(|login| login.state == state);
        let login = Check::made(
            checks,
            ("state was issued by this app", "RFC 6749 §10.12"),
            login,
            NotTaken::Unknown,
        )?;
        let is_its_browser = browser == Some(login.browser.as_str());
        Check::made(
            checks,
            ("the login was begun in this browser", "RFC 9700 §4.7.1"),
            is_its_browser.then_some(()),
            NotTaken::OtherBrowser,
        )?;
        let waiting = match &login.stage {
            Stage::Waiting(waiting) => Some(waiting.clone()),
            _ => None,
        };
        let waiting = Check::made(
            checks,
            ("the login has no result yet", "RFC 9700 §4.7.1"),
            waiting,
            NotTaken::Ended,
        )?;
        let is_in_time = now - login.changed < LOGIN_LIFETIME;
        Check::made(
            checks,
            ("the login hasn't expired", "RFC 9700 §4.7.1"),
            is_in_time.then_some(()),
            NotTaken::TooLate,
        )?;
        login.stage = Stage::Finishing;
        Ok((login.id.clone(), waiting))
    }

    /// Writes down how a login ended.
    pub(super) fn end(&mut self, id: &str, stage: Stage, until: Moment, now: DateTime<Utc>) {
        if let Some(login) = self.logins.iter_mut().find(|login| login.id == id) {
            login.stage = stage;
            login.chapter.until = Some(until);
            login.changed = now;
        }
    }

    /// A login of this browser: the one with this id or, without an id, the newest.
    pub(super) fn login(&self, browser: &str, id: Option<&str>) -> Option<&Login> {
        let own = |login: &&Login| login.browser == browser;
        self.logins
            .iter()
            .rev()
            .filter(own)
            .find(|login| id.is_none_or(|id| login.id == id))
    }

    /// Lets the login with this id be shown under a key.
    pub(super) fn watch(&mut self, id: &str, key: String) {
        if let Some(login) = self.logins.iter_mut().find(|login| login.id == id) {
            login.watch = Some(key);
        }
    }

    /// The login that is shown under this key.
    pub(super) fn watched(&self, key: &str) -> Option<&Login> {
        let mut logins = self.logins.iter();
        logins.find(|login| login.watch.as_deref() == Some(key))
    }

    /// The id of the login that had this state, if this browser began it.
    pub(super) fn id_of(&self, state: &str, browser: Option<&str>) -> Option<String> {
        let mut logins = self.logins.iter();
        logins
            .find(|login| login.state == state && browser == Some(login.browser.as_str()))
            .map(|login| login.id.clone())
    }

    /// Whether hops of another login or refresh may be among those of this chapter: of one that
    /// ended, or is ending now, if the two overlapped; of one whose browser isn't back yet if it
    /// began within this chapter. An earlier one whose browser never came back was abandoned, and
    /// doesn't count.
    pub(super) fn has_others(&self, chapter: Chapter) -> bool {
        let logins = self.logins.iter().map(|login| match login.stage {
            Stage::Waiting(_) => chapter.is_begun_within(login.chapter),
            Stage::Finishing | Stage::SignedIn | Stage::Failed(_) => {
                chapter.overlaps(login.chapter)
            }
        });
        let sessions = self.sessions.iter();
        let refreshes = sessions
            .filter_map(|session| session.refreshed.as_ref()?.chapter)
            .map(|refresh| chapter.overlaps(refresh));
        logins.chain(refreshes).any(|is_other| is_other)
    }

    /// Begins a session with this id. The session `before`, which this browser had, ends.
    pub(super) fn sign_in(
        &mut self,
        (id, before): (String, Option<&str>),
        (signed_in, wish): (SignedIn, Wish),
        chapter: Chapter,
        now: DateTime<Utc>,
    ) {
        self.sign_out(before);
        self.forget(now);
        if self.sessions.len() >= MAX_SESSIONS {
            self.sessions.pop_front();
        }
        self.sessions.push_back(Session {
            signed_in,
            wish,
            booked: None,
            chapter,
            refreshed: None,
            id,
            begun: now,
        });
    }

    /// The session with this id, unless it has expired.
    pub(super) fn session(&self, id: Option<&str>, now: DateTime<Utc>) -> Option<&Session> {
        let mut sessions = self.sessions.iter();
        sessions.find(|session| {
            id == Some(session.id.as_str()) && now - session.begun < SESSION_LIFETIME
        })
    }

    /// Writes down which room the person of this session booked.
    pub(super) fn book(&mut self, id: Option<&str>, room: usize) {
        if let Some(session) = self.session_mut(id) {
            session.booked = Some(room);
        }
    }

    /// Writes down how a refresh of this session ended, with the newer tokens if there are any.
    pub(super) fn refresh(
        &mut self,
        id: Option<&str>,
        signed_in: Option<SignedIn>,
        refreshed: Refreshed,
    ) {
        if let Some(session) = self.session_mut(id) {
            if let Some(signed_in) = signed_in {
                session.signed_in = signed_in;
            }
            session.refreshed = Some(refreshed);
        }
    }

    /// Writes down which part of the journal belongs to the newest refresh of this session.
    pub(super) fn close_refresh(&mut self, id: Option<&str>, chapter: Chapter) {
        let session = self.session_mut(id);
        if let Some(refreshed) = session.and_then(|session| session.refreshed.as_mut()) {
            refreshed.chapter = Some(chapter);
        }
    }

    fn session_mut(&mut self, id: Option<&str>) -> Option<&mut Session> {
        let mut sessions = self.sessions.iter_mut();
        sessions.find(|session| id == Some(session.id.as_str()))
    }

    /// Ends a session, if there is one.
    pub(super) fn sign_out(&mut self, id: Option<&str>) {
        self.sessions
            .retain(|session| id != Some(session.id.as_str()));
    }

    fn forget(&mut self, now: DateTime<Utc>) {
        self.logins.retain(|login| login.is_kept(now));
        self.sessions
            .retain(|session| now - session.begun < SESSION_LIFETIME);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::app::relying_party::Tokens;

    fn nobody() -> SignedIn {
        SignedIn {
            id_token_header: Map::new(),
            id_token: Map::new(),
            access_token_header: Map::new(),
            access_token: Map::new(),
            userinfo: Map::new(),
            tokens: Tokens {
                id_token: "".into(),
                access_token: "".into(),
                refresh_token: None,
            },
        }
    }

    fn everything() -> Wish {
        Wish {
            scopes: Scopes::all(),
            asked: AttributeSet::all(),
            case: None,
        }
    }

    fn chapter(from: u64, until: Option<u64>) -> Chapter {
        Chapter {
            from: from.into(),
            until: until.map(Moment::from),
        }
    }

    /// Asserts that `checks` has the checks that passed, in order, and then the failed one, if one
    /// failed.
    fn assert_told(checks: &[Check], failed: Option<NotTaken>) {
        let (all, held) = (
            [
                "state was issued by this app",
                "the login was begun in this browser",
                "the login has no result yet",
                "the login hasn't expired",
            ],
            match failed {
                Some(NotTaken::Unknown) => 0,
                Some(NotTaken::OtherBrowser) => 1,
                Some(NotTaken::Ended) => 2,
                Some(NotTaken::TooLate) => 3,
                None => 4,
            },
        );
        let told: Vec<_> = checks.iter().map(|c| (&*c.what, c.passed)).collect();
        let made = all.into_iter().enumerate().take(held + 1);
        let expected: Vec<_> = made.map(|(place, what)| (what, place < held)).collect();
        assert_eq!(told, expected, "{failed:?}");
    }

    #[test]
    fn a_login_is_taken_once_in_its_browser_and_in_time() {
        let start = DateTime::UNIX_EPOCH;
        let mut memory = Memory::default();
        for name in ["a", "b"] {
            let ids = (name.to_owned(), "browser".to_owned());
            let asking = (AppLogin::with_state(name), everything());
            memory.begin(ids, asking, 1.into(), start);
        }
        let mut take = |state, browser, now| {
            let mut checks = Vec::new();
            let taken = memory.take(state, browser, now, &mut checks);
            let taken = taken.map(|(id, _)| id);
            assert_told(&checks, taken.as_ref().err().copied());
            taken
        };
        let own = Some("browser");
        for browser in [None, Some(""), Some("other")] {
            assert_eq!(take("a", browser, start), Err(NotTaken::OtherBrowser));
        }
        assert_eq!(take("c", own, start), Err(NotTaken::Unknown));
        assert_eq!(take("a", own, start), Ok("a".to_owned()));
        assert_eq!(take("a", own, start), Err(NotTaken::Ended));
        let late = start + LOGIN_LIFETIME;
        assert_eq!(take("b", own, late), Err(NotTaken::TooLate));
        let later = late + LOGIN_LIFETIME;
        assert_eq!(take("b", own, later), Err(NotTaken::Unknown));
    }

    #[test]
    fn sessions_are_few_end_by_themselves_and_give_way_to_a_new_one_of_the_same_browser() {
        let start = DateTime::UNIX_EPOCH;
        let mut memory = Memory::default();
        let sign_in = |memory: &mut Memory, id: &str, before| {
            let (ids, who) = ((id.to_owned(), before), (nobody(), everything()));
            memory.sign_in(ids, who, chapter(1, None), start);
        };
        sign_in(&mut memory, "first", None);
        sign_in(&mut memory, "second", Some("first"));
        assert!(memory.session(Some("first"), start).is_none());
        assert!(memory.session(Some("second"), start).is_some());
        assert!(memory.session(None, start).is_none());
        assert!(
            memory
                .session(Some("second"), start + SESSION_LIFETIME)
                .is_none()
        );
        for number in 0..MAX_SESSIONS {
            sign_in(&mut memory, &number.to_string(), None);
        }
        assert_eq!(memory.sessions.len(), MAX_SESSIONS);
        assert!(memory.session(Some("second"), start).is_none());
        memory.sign_out(Some("0"));
        assert!(memory.session(Some("0"), start).is_none());
        assert!(memory.session(Some("1"), start).is_some());
    }

    /// A memory with a login of each of these names and beginnings.
    fn with_logins(logins: &[(&str, u64)]) -> Memory {
        let mut memory = Memory::default();
        for (name, from) in logins {
            let ids = ((*name).to_owned(), (*name).to_owned());
            let asking = (AppLogin::with_state(name), everything());
            memory.begin(ids, asking, (*from).into(), DateTime::UNIX_EPOCH);
        }
        memory
    }

    #[test]
    fn another_login_that_ended_counts_if_the_two_overlapped() {
        let start = DateTime::UNIX_EPOCH;
        let mut memory = with_logins(&[("a", 1), ("b", 5)]);
        memory.end("a", Stage::SignedIn, 10.into(), start);
        memory.end("b", Stage::SignedIn, 15.into(), start);
        for (from, until, expected) in [
            (1, Some(10), true),
            (5, Some(15), true),
            (12, None, true),
            (15, Some(19), true),
            (16, Some(19), false),
            (16, None, false),
        ] {
            assert_eq!(memory.has_others(chapter(from, until)), expected, "{from}");
        }
    }

    #[test]
    fn a_login_that_waits_counts_only_where_it_began() {
        let mut memory = with_logins(&[("abandoned", 3), ("own", 10)]);
        assert!(!memory.has_others(chapter(10, None)));
        assert!(!memory.has_others(chapter(10, Some(20))));
        // The abandoned one began within this chapter, so that its hops are among its.
        assert!(memory.has_others(chapter(1, None)));
        assert!(memory.has_others(chapter(1, Some(5))));
        assert!(!memory.has_others(chapter(1, Some(2))));
        // It isn't abandoned after all: its answer comes, and so its hops are among the others'.
        let mut checks = Vec::new();
        let taken = memory.take(
            "abandoned",
            Some("abandoned"),
            DateTime::UNIX_EPOCH,
            &mut checks,
        );
        assert!(taken.is_ok());
        assert!(memory.has_others(chapter(10, None)));
    }

    #[test]
    fn a_refresh_at_the_same_time_counts_and_another_does_not() {
        let start = DateTime::UNIX_EPOCH;
        let mut memory = Memory::default();
        let id = Some("session");
        let ids = ("session".to_owned(), None);
        memory.sign_in(ids, (nobody(), everything()), chapter(1, Some(2)), start);
        let refreshed = Refreshed {
            at: start,
            failed: None,
            chapter: None,
        };
        memory.refresh(id, None, refreshed);
        assert!(!memory.has_others(chapter(4, Some(9))));
        memory.close_refresh(id, chapter(5, Some(6)));
        assert!(memory.has_others(chapter(4, Some(9))));
        assert!(!memory.has_others(chapter(5, Some(6))));
        assert!(!memory.has_others(chapter(7, Some(9))));
    }
}
