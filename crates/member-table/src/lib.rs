//! One person, one member. A table in Amazon DynamoDB remembers which person verified which member
//! of the user pool, so that one person doesn't verify two members unnoticed. No attribute of a
//! person is in it: a person is an HMAC of the service's subject, a member is the pool's `sub`.
//!
//! A verification writes in three steps: [`MemberTable::begin`], the record into the user pool,
//! [`MemberTable::hold`]. Between the first and the last, both are marked as pending, with the id
//! of the verification and a lease. If the process ends between two steps, whoever meets the
//! pending entry after its lease reads that member's record in the user pool first, and says in
//! [`MemberTable::settle`] what is there. So nothing stays half done.
//!
//! Taking a verification back goes the other way round: [`MemberTable::find`], the record is
//! removed from the user pool, [`MemberTable::release`]. A person is free for another member only
//! when the record is gone.
//!
//! Each operation reads both entries in one transaction, lets a pure function decide
//! (`decision.rs`), and writes both in one transaction, on the condition that neither has changed
//! since. If one has, it starts over. So a conflict between two requests is never taken for a
//! conflict between two accounts. Each operation can be repeated after its answer was lost.

mod decision;
mod entries;
mod error;
#[cfg(test)]
mod explored;
mod ids;
mod items;
mod outcome;
mod person;
mod policy;
mod table;

pub use decision::Pass;
pub use entries::{Held, Lease};
pub use error::TableError;
pub use four_attributes::VerificationId;
pub use ids::{InvalidMember, Member};
pub use items::KEY;
pub use outcome::{
    Begin, Expired, Found, FoundGone, FoundPending, Hold, Holder, Pause, Release, Settle,
};
pub use person::{Person, PersonHasher, ServiceSubject};
pub use policy::{Policy, ReleaseWait};
pub use table::{Call, LEASE, MemberTable};
