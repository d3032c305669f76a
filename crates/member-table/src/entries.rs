//! The two entries of a verification, as values: the person's and the member's. What is held and
//! what is pending stand side by side. So a member who verifies again keeps what they have until
//! the second pass is through.

use chrono::{DateTime, Utc};
use four_attributes::VerificationId;

use crate::ids::Member;
use crate::person::Person;

/// A verification that holds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Held {
    /// The verification.
    pub id: VerificationId,
    /// Since when it holds.
    pub since: DateTime<Utc>,
}

/// The time that one process has for its work on a pass. Until it ends, no other process works on
/// that pass.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Lease {
    pub(crate) until: DateTime<Utc>,
    /// Random: tells the leases of two processes apart that begin at the same moment.
    pub(crate) nonce: [u8; Self::NONCE_BYTES],
}

impl Lease {
    pub(crate) const NONCE_BYTES: usize = 8;

    /// When the lease ends.
    #[must_use]
    pub const fn until(&self) -> DateTime<Utc> {
        self.until
    }

    pub(crate) fn has_ended(&self, now: DateTime<Utc>) -> bool {
        now >= self.until
    }
}

/// A verification between its first and its last step.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Pending {
    pub(crate) id: VerificationId,
    pub(crate) lease: Lease,
}

/// The entry of a person. One without anything isn't in the table.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct PersonEntry {
    pub(crate) settled: Option<Settled>,
    pub(crate) pending: Option<(Member, Pending)>,
}

/// Whose verification holds, or was the last to hold.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Settled {
    Held(Member, Held),
    Released {
        member: Member,
        /// The verification that was released.
        id: VerificationId,
        at: DateTime<Utc>,
    },
}

impl PersonEntry {
    /// Whether a member other than this one holds the person.
    pub(crate) fn is_held_by_other(&self, member: &Member) -> bool {
        matches!(&self.settled, Some(Settled::Held(holder, _)) if holder != member)
    }

    /// The pending entry of one pass.
    pub(crate) fn pending_of(&self, member: &Member, id: VerificationId) -> Option<&Pending> {
        let (owner, pending) = self.pending.as_ref()?;
        (owner == member && pending.id == id).then_some(pending)
    }
}

/// The entry of a member. One without anything isn't in the table.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct MemberEntry {
    pub(crate) person: Person,
    pub(crate) held: Option<Held>,
    pub(crate) pending: Option<Pending>,
}

impl MemberEntry {
    /// The pending entry of one pass.
    pub(crate) fn pending_of(&self, person: Person, id: VerificationId) -> Option<&Pending> {
        let pending = self.pending.as_ref()?;
        (self.person == person && pending.id == id).then_some(pending)
    }
}

/// Both entries, as they were at one moment.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) struct Entries {
    pub(crate) person: PersonEntry,
    pub(crate) member: Option<MemberEntry>,
}
