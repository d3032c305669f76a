//! A request to the members' part that the journal tells: who asks, what was checked, and how it is
//! answered.

use axum::response::Response;
use http::header::HeaderMap;
use loopback::journal::{Check, Entry, Moment, Party};
use loopback::pages::cookie;
use loopback::parameters::Parameters;

use super::super::handlers::{Asked, is_from_elsewhere, see_other};
use super::super::login::{journaled, tell};
use super::super::pages::{self, Problem};
use super::pages as member_pages;
use super::sessions::Session;
use super::state::Members;

/// The cookie of a member's session.
pub(super) const MEMBER: &str = "__Host-member";
/// Where every act ends.
pub(super) const ACCOUNT: &str = "/members";

/// A request.
pub(super) struct Call<'a> {
    pub(super) members: &'a Members,
    pub(super) asked: Asked,
    /// What was checked.
    pub(super) checks: Vec<Check>,
    entry: Entry,
    request: &'static str,
}

impl<'a> Call<'a> {
    pub(super) fn begin(
        members: &'a Members,
        query: Option<String>,
        headers: HeaderMap,
        request: &'static str,
    ) -> Self {
        let journal = &members.shared.journal;
        Self {
            members,
            asked: Asked::new(query, headers),
            checks: Vec::new(),
            entry: journal.begin(Party::Browser, Party::App, request),
            request,
        }
    }

    /// The moment at which the request came.
    pub(super) const fn moment(&self) -> Moment {
        self.entry.moment()
    }

    /// The session, for a form of this app that stands on a page of this member: in an old tab, it
    /// may be another's.
    pub(super) fn signed_in(&mut self, form: &[u8]) -> Result<Session, NotSignedIn> {
        if !self.is_own_form() {
            return Err(NotSignedIn::OtherOrigin);
        }
        let now = self.members.shared.clock.now();
        let session = self.members.sessions().get(self.session_id(), now);
        let what = "a user is signed in in this browser";
        self.check(what, "RFC 6749 §6", session.is_some());
        let session = session.ok_or(NotSignedIn::Nobody)?;
        let form = Parameters::parse(form);
        let is_theirs = form.first("member") == Some(session.member());
        let what = "the form is on a page of the member who is signed in";
        if self.check(what, "docs/members.md", is_theirs) {
            Ok(session)
        } else {
            Err(NotSignedIn::AnotherMember)
        }
    }

    pub(super) fn is_own_form(&mut self) -> bool {
        let is_own = !is_from_elsewhere(&self.asked.headers);
        let rule = "Fetch Metadata, Sec-Fetch-Site";
        self.check("the form is this app's", rule, is_own)
    }

    pub(super) fn check(&mut self, what: &str, rule: &str, passed: bool) -> bool {
        self.checks.push(Check::new(what, rule, passed));
        passed
    }

    /// Records the request with its answer. The story of an act that has ended ends here.
    pub(super) fn end(self, query: &str, response: Response, session: Option<&str>) -> Response {
        let session = session.or_else(|| self.session_id()).map(str::to_owned);
        let shared = &self.members.shared;
        let parameters = journaled(query);
        let (entry, request) = (self.entry, self.request);
        tell(shared, entry, request, parameters, self.checks, &response);
        let until = shared.journal.now();
        self.members.sessions().close(session.as_deref(), until);
        response
    }

    pub(super) fn session_id(&self) -> Option<&str> {
        cookie(&self.asked.headers, MEMBER)
    }
}

/// Why a form isn't acted on.
#[derive(Clone, Copy, Debug)]
pub(super) enum NotSignedIn {
    /// It came from another site.
    OtherOrigin,
    /// Nobody is signed in in this browser.
    Nobody,
    /// It is on a page of another member.
    AnotherMember,
}

impl NotSignedIn {
    pub(super) fn answer(self, call: Call<'_>) -> Response {
        let response = match self {
            Self::OtherOrigin => pages::problem(Problem::OtherOrigin, call.asked.language),
            Self::Nobody => see_other(ACCOUNT),
            Self::AnotherMember => member_pages::another_member(call.asked.language),
        };
        call.end("", response, None)
    }
}
