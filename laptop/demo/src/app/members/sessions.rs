//! The sessions of members: their tokens, the verification that is under way, and how the newest
//! act ended. Their number is limited, and each expires. One lock guards them, and is never held
//! across an await.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use loopback::journal::Moment;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::super::memory::Chapter;
use super::super::relying_party::SignedIn;
use crate::member_client::{Begun, MemberTokens};

/// How long a session lasts.
const LIFETIME: TimeDelta = TimeDelta::hours(1);
/// The most sessions; a new one replaces the oldest.
const MOST: usize = 100;

/// The tokens of a member, by the way of the sign-in.
pub(super) enum Tokens {
    /// Through the user pool's API, as an AWS SDK does it.
    Api(MemberTokens),
    /// At Amazon Cognito's page.
    Page(Box<SignedIn>),
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tokens(…)")
    }
}

impl Tokens {
    /// The claims of the ID token.
    pub(super) const fn id_token(&self) -> &Map<String, Value> {
        match self {
            Self::Api(tokens) => &tokens.id_token_claims,
            Self::Page(signed_in) => &signed_in.id_token,
        }
    }

    /// The claims of the access token.
    pub(super) const fn access_token_claims(&self) -> &Map<String, Value> {
        match self {
            Self::Api(tokens) => &tokens.access_token_claims,
            Self::Page(signed_in) => &signed_in.access_token,
        }
    }

    /// The access token, for the members' API.
    pub(super) const fn access_token(&self) -> &SecretString {
        match self {
            Self::Api(tokens) => &tokens.access_token,
            Self::Page(signed_in) => &signed_in.tokens.access_token,
        }
    }
}

/// What a member did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Deed {
    /// Signed in.
    SignIn,
    /// Verified, or tried to.
    Verify,
    /// Took the verification back.
    TakeBack,
    /// Got newer tokens.
    Refresh,
}

/// Why a verification, or taking it back, didn't succeed.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusal {
    /// The class. Without one, an answer didn't come or can't be used.
    pub(super) class: Option<String>,
    /// The support id.
    pub(super) support_id: Option<String>,
    /// After how many seconds the member may go on without the card, if they may.
    pub(super) goes_on_after: Option<u64>,
}

/// The newest act of a member.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub(super) deed: Deed,
    pub(super) chapter: Chapter,
    /// How it ended, if it has.
    pub(super) ended: Option<Result<(), Refusal>>,
    /// Whether a page has told how it ended.
    told: bool,
}

impl Act {
    fn begin(deed: Deed, from: Moment) -> Self {
        Self {
            deed,
            chapter: Chapter { from, until: None },
            ended: None,
            told: false,
        }
    }

    /// What tells this act, and whether it has ended, from every other.
    pub(super) fn mark(&self) -> String {
        let ended = u8::from(self.ended.is_some());
        format!("{}-{ended}", self.chapter.from.number())
    }

    /// Whether a page tells how the act ended: the first one does, and all do as long as the member
    /// can go on.
    pub(super) fn is_news(&self) -> bool {
        let goes_on = |refusal: &Refusal| refusal.goes_on_after.is_some();
        let ended = self.ended.as_ref();
        ended.is_some_and(|ended| !self.told || ended.as_ref().is_err_and(goes_on))
    }
}

/// What a verification waits for.
pub(super) enum Pending {
    /// The browser, with a code.
    Code(Begun),
    /// The member, who goes on.
    GoingOn(Begun, SecretString),
}

/// A session, as the pages see it.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) tokens: Arc<Tokens>,
    /// The tokens before the newest verification or withdrawal.
    pub(super) before: Option<Arc<Tokens>>,
    pub(super) act: Act,
}

impl Session {
    /// The member: `sub` of the user pool.
    pub(super) fn member(&self) -> &str {
        let sub = self.tokens.id_token().get("sub");
        sub.and_then(Value::as_str).unwrap_or_default()
    }
}

struct Entry {
    id: String,
    begun: DateTime<Utc>,
    session: Session,
    pending: Option<Pending>,
}

/// All sessions.
#[derive(Default)]
pub(super) struct Sessions {
    entries: VecDeque<Entry>,
}

impl Sessions {
    /// Begins a session with this id. The session `before`, which this browser had, ends.
    pub(super) fn begin(
        &mut self,
        (id, before): (String, Option<&str>),
        tokens: Tokens,
        from: Moment,
        now: DateTime<Utc>,
    ) {
        self.end(before);
        self.entries.retain(|entry| now - entry.begun < LIFETIME);
        if self.entries.len() >= MOST {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            id,
            begun: now,
            session: Session {
                tokens: Arc::new(tokens),
                before: None,
                act: Act {
                    ended: Some(Ok(())),
                    ..Act::begin(Deed::SignIn, from)
                },
            },
            pending: None,
        });
    }

    /// The session with this id, unless it has expired.
    pub(super) fn get(&self, id: Option<&str>, now: DateTime<Utc>) -> Option<Session> {
        let mut entries = self.entries.iter();
        let entry =
            entries.find(|entry| id == Some(entry.id.as_str()) && now - entry.begun < LIFETIME);
        entry.map(|entry| entry.session.clone())
    }

    /// Begins an act, which the story shows from here on.
    pub(super) fn act(&mut self, id: Option<&str>, deed: Deed, from: Moment) {
        if let Some(entry) = self.entry(id) {
            entry.session.act = Act::begin(deed, from);
            entry.pending = None;
        }
    }

    /// What the verification of this session waits for from now on.
    pub(super) fn wait(&mut self, id: Option<&str>, pending: Pending) {
        if let Some(entry) = self.entry(id) {
            entry.pending = Some(pending);
        }
    }

    /// Takes the verification that waits for a code, if its `state` is this one.
    pub(super) fn take(&mut self, id: Option<&str>, state: &str) -> Option<Begun> {
        let entry = self.entry(id)?;
        match entry.pending.take() {
            Some(Pending::Code(begun)) if begun.state == state => Some(begun),
            other => {
                entry.pending = other;
                None
            }
        }
    }

    /// Takes the verification that can go on.
    pub(super) fn take_going_on(&mut self, id: Option<&str>) -> Option<(Begun, SecretString)> {
        let entry = self.entry(id)?;
        match entry.pending.take() {
            Some(Pending::GoingOn(begun, continuation)) => Some((begun, continuation)),
            other => {
                entry.pending = other;
                None
            }
        }
    }

    /// Writes down how the act ended, with the newer tokens if there are any.
    pub(super) fn ended(
        &mut self,
        id: Option<&str>,
        ended: Result<(), Refusal>,
        newer: Option<Tokens>,
    ) {
        if let Some(entry) = self.entry(id) {
            entry.session.act.ended = Some(ended);
            entry.session.act.told = false;
            if let Some(newer) = newer {
                let before = std::mem::replace(&mut entry.session.tokens, Arc::new(newer));
                entry.session.before = Some(before);
            }
        }
    }

    /// Writes down that a page has told how the act ended.
    pub(super) fn told(&mut self, id: Option<&str>) {
        if let Some(entry) = self.entry(id) {
            entry.session.act.told = entry.session.act.ended.is_some();
        }
    }

    /// Writes down where the story of an act ends, if the act has ended.
    pub(super) fn close(&mut self, id: Option<&str>, until: Moment) {
        if let Some(entry) = self.entry(id)
            && entry.session.act.ended.is_some()
        {
            entry.session.act.chapter.until = Some(until);
        }
    }

    /// Whether hops of another session's act may be among those of this chapter: of one that ended
    /// if the two overlapped; of one that is under way if it began within this chapter. An earlier
    /// one that never ended was abandoned.
    pub(super) fn has_others(&self, chapter: Chapter) -> bool {
        let mut acts = self.entries.iter().map(|entry| &entry.session.act);
        acts.any(|act| match act.ended {
            Some(_) => chapter.overlaps(act.chapter),
            None => chapter.is_begun_within(act.chapter),
        })
    }

    /// Ends a session, if there is one.
    pub(super) fn end(&mut self, id: Option<&str>) {
        self.entries.retain(|entry| id != Some(entry.id.as_str()));
    }

    fn entry(&mut self, id: Option<&str>) -> Option<&mut Entry> {
        let mut entries = self.entries.iter_mut();
        entries.find(|entry| id == Some(entry.id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        Tokens::Api(MemberTokens {
            access_token: "".into(),
            refresh_token: "".into(),
            id_token_claims: Map::new(),
            access_token_claims: Map::new(),
        })
    }

    fn begun(state: &str) -> Begun {
        Begun {
            url: "http://bridge.localhost/verify".parse().unwrap(),
            state: state.to_owned(),
            code_verifier: "".into(),
        }
    }

    fn moment(number: u64) -> Moment {
        Moment::from(number)
    }

    #[test]
    fn a_verification_is_taken_once_with_its_state_in_its_session() {
        let mut sessions = Sessions::default();
        let now = DateTime::UNIX_EPOCH;
        sessions.begin(("a".to_owned(), None), tokens(), moment(1), now);
        sessions.begin(("b".to_owned(), None), tokens(), moment(2), now);
        sessions.act(Some("a"), Deed::Verify, moment(3));
        sessions.wait(Some("a"), Pending::Code(begun("state")));

        assert!(sessions.take(Some("b"), "state").is_none());
        assert!(sessions.take(None, "state").is_none());
        assert!(sessions.take(Some("a"), "other").is_none());
        assert!(sessions.take_going_on(Some("a")).is_none());
        assert!(sessions.take(Some("a"), "state").is_some());
        assert!(sessions.take(Some("a"), "state").is_none());

        sessions.wait(Some("a"), Pending::GoingOn(begun("state"), "".into()));
        assert!(sessions.take(Some("a"), "state").is_none());
        assert!(sessions.take_going_on(Some("a")).is_some());
        assert!(sessions.take_going_on(Some("a")).is_none());
    }

    #[test]
    fn how_an_act_ended_is_told_once_or_as_long_as_it_can_go_on() {
        let mut sessions = Sessions::default();
        let now = DateTime::UNIX_EPOCH;
        sessions.begin(("a".to_owned(), None), tokens(), moment(1), now);
        let is_news = |sessions: &Sessions| sessions.get(Some("a"), now).unwrap().act.is_news();
        sessions.act(Some("a"), Deed::Verify, moment(3));
        sessions.told(Some("a"));
        assert!(!is_news(&sessions));
        sessions.ended(Some("a"), Ok(()), None);
        assert!(is_news(&sessions));
        sessions.told(Some("a"));
        assert!(!is_news(&sessions));
        let goes_on = Refusal {
            goes_on_after: Some(1),
            ..Refusal::default()
        };
        sessions.ended(Some("a"), Err(goes_on), None);
        assert!(is_news(&sessions));
    }

    #[test]
    fn a_new_act_ends_what_was_under_way() {
        let mut sessions = Sessions::default();
        let now = DateTime::UNIX_EPOCH;
        sessions.begin(("a".to_owned(), None), tokens(), moment(1), now);
        sessions.wait(Some("a"), Pending::Code(begun("state")));
        sessions.act(Some("a"), Deed::TakeBack, moment(3));
        assert!(sessions.take(Some("a"), "state").is_none());
    }

    #[test]
    fn sessions_expire_and_end_and_their_number_is_limited() {
        let mut sessions = Sessions::default();
        let now = DateTime::UNIX_EPOCH;
        for number in 0..=MOST {
            sessions.begin((number.to_string(), None), tokens(), moment(1), now);
        }
        assert_eq!(sessions.entries.len(), MOST);
        assert!(sessions.get(Some("0"), now).is_none());
        assert!(sessions.get(Some("1"), now).is_some());
        assert!(sessions.get(None, now).is_none());
        assert!(sessions.get(Some("1"), now + LIFETIME).is_none());
        sessions.end(Some("1"));
        assert!(sessions.get(Some("1"), now).is_none());
        // A browser has one session.
        sessions.begin(("new".to_owned(), Some("2")), tokens(), moment(1), now);
        assert!(sessions.get(Some("2"), now).is_none());
    }

    #[test]
    fn a_story_ends_with_its_act_and_knows_of_others() {
        let mut sessions = Sessions::default();
        let now = DateTime::UNIX_EPOCH;
        sessions.begin(("a".to_owned(), None), tokens(), moment(1), now);
        sessions.close(Some("a"), moment(2));
        sessions.act(Some("a"), Deed::Verify, moment(5));
        sessions.close(Some("a"), moment(6));
        let act = |sessions: &Sessions| sessions.get(Some("a"), now).unwrap().act;
        assert_eq!(act(&sessions).chapter.until, None);
        assert!(!sessions.has_others(act(&sessions).chapter));
        sessions.begin(("b".to_owned(), None), tokens(), moment(6), now);
        assert!(sessions.has_others(act(&sessions).chapter));

        sessions.ended(Some("a"), Ok(()), Some(tokens()));
        sessions.close(Some("a"), moment(9));
        assert_eq!(act(&sessions).chapter.until, Some(moment(9)));
        assert!(sessions.get(Some("a"), now).unwrap().before.is_some());
    }

    #[test]
    fn a_verification_that_was_left_alone_is_in_no_later_story() {
        let mut sessions = Sessions::default();
        let now = DateTime::UNIX_EPOCH;
        for (id, from) in [("left", 1), ("a", 5)] {
            sessions.begin((id.to_owned(), None), tokens(), moment(from), now);
            sessions.close(Some(id), moment(from + 1));
        }
        sessions.act(Some("left"), Deed::Verify, moment(3));
        sessions.act(Some("a"), Deed::Verify, moment(7));
        let has_others = |sessions: &Sessions, id| {
            let act = sessions.get(Some(id), now).unwrap().act;
            sessions.has_others(act.chapter)
        };
        assert!(!has_others(&sessions, "a"));
        // The later one began while the earlier one was still under way.
        assert!(has_others(&sessions, "left"));
        sessions.ended(Some("left"), Ok(()), None);
        sessions.close(Some("left"), moment(9));
        assert!(has_others(&sessions, "a"));
    }
}
