//! What the operations of the table answer.

use chrono::{DateTime, Utc};

use crate::entries::{Held, Lease, Pending};
use four_attributes::VerificationId;

use crate::ids::Member;
use crate::person::Person;

/// What [`crate::MemberTable::begin`] answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Begin {
    /// The pass may go on. The record may be written into the user pool until the lease ends, and
    /// not later: others may have looked by then.
    Begun(Lease),
    /// This very verification holds already: an answer was lost. The record is in the user pool.
    AlreadyHeld {
        /// Since when it holds.
        since: DateTime<Utc>,
    },
    /// Another member holds the person. Look that member up: if they, or their record, aren't in
    /// the user pool any more, say so with [`crate::MemberTable::found_gone`], and begin again.
    HeldByAnother(Holder),
    /// Another member held the person until recently, and the wait of the policy isn't over. To the
    /// member, this is the same as [`Begin::HeldByAnother`].
    NotYetFree,
    /// The member is verified as another person. They have to take that back first.
    MemberIsAnotherPerson,
    /// The member took back this very verification, or took another one back after they had begun
    /// this one. It doesn't come back: they have to verify anew.
    TakenBack,
    /// Another pass of this member, or a pass of another member of this person, is under way. Or
    /// another process works on this very pass.
    Wait {
        /// When it will be over at the latest.
        until: DateTime<Utc>,
    },
    /// A pass of the owner ended half way. Read the owner's record in the user pool, say with
    /// [`crate::MemberTable::settle`] what is there, and begin again.
    LookFirst(Expired),
}

/// A member who holds a person, as it was seen in the table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holder {
    pub(crate) person: Person,
    pub(crate) owner: Member,
    pub(crate) id: VerificationId,
}

impl Holder {
    /// The member.
    #[must_use]
    pub const fn owner(&self) -> &Member {
        &self.owner
    }

    /// The verification that holds.
    #[must_use]
    pub const fn id(&self) -> VerificationId {
        self.id
    }
}

/// A pass whose lease ended before it was through, as it was seen in the table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expired {
    pub(crate) person: Person,
    pub(crate) owner: Member,
    pub(crate) pending: Pending,
}

impl Expired {
    /// Whose pass it was: the member whose record is to be read.
    #[must_use]
    pub const fn owner(&self) -> &Member {
        &self.owner
    }

    /// Which verification it was.
    #[must_use]
    pub const fn id(&self) -> VerificationId {
        self.pending.id
    }
}

/// What [`crate::MemberTable::hold`] answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hold {
    /// The verification holds.
    Held {
        /// Since when: if an earlier call of the same pass already did it, since that one.
        since: DateTime<Utc>,
    },
    /// The pass isn't pending any more: its lease ended, and somebody settled it. If the record of
    /// this verification is in the user pool, it has to be removed from there again.
    Lost,
}

/// What [`crate::MemberTable::pause`] answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pause {
    /// The lease has ended: the pass may go on at once, by a call of [`crate::MemberTable::begin`].
    Paused,
    /// The pass has another lease, or is through.
    Lost,
}

/// What [`crate::MemberTable::settle`] answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settle {
    /// The record of the pass is in the user pool: the verification holds from now on.
    Held,
    /// The record of an earlier verification is still there: it goes on to hold, and the pass is
    /// forgotten.
    StillHeld,
    /// There is no record, and an earlier verification held: it is released from now on, as if the
    /// member had just taken it back.
    Released,
    /// There is no record, and no verification ever held: the pass is forgotten, and nobody has to
    /// wait because of it.
    Forgotten,
    /// The pass isn't as it was seen: somebody settled it, or it goes on. Nothing was changed.
    Changed,
    /// The record in the user pool is of a verification that the table doesn't know. Nothing was
    /// changed, because the person may not become free while a record of theirs is there: remove
    /// that record first, and settle without one.
    UnknownRecord,
}

/// What [`crate::MemberTable::found_gone`] answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FoundGone {
    /// The person is released.
    Released {
        /// Since when: since the first call that found it so.
        at: DateTime<Utc>,
    },
    /// The verification doesn't hold any more, or the owner is verifying again. Nothing was
    /// changed.
    Changed,
}

/// What [`crate::MemberTable::release`] answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Release {
    /// The verification is released, now or by an earlier call.
    Released,
    /// The member verified again meanwhile. Nothing was changed: start over.
    Changed,
    /// A pass of the member is under way. Nothing was changed.
    Wait {
        /// When it will be over at the latest.
        until: DateTime<Utc>,
    },
    /// A pass of the member ended half way. Nothing was changed: it has to be settled first.
    LookFirst(Expired),
}

/// What [`crate::MemberTable::find`] answers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Found {
    /// The verification that holds.
    pub held: Option<Held>,
    /// A pass that isn't through.
    pub pending: Option<FoundPending>,
}

/// A pass that isn't through.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FoundPending {
    /// It is under way.
    Live {
        /// When it will be over at the latest.
        until: DateTime<Utc>,
    },
    /// It ended half way.
    Expired(Expired),
}
