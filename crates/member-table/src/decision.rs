//! What each operation does with the entries that it reads. Pure functions: what was seen goes in;
//! what is answered, and what is to be written, comes out.

use chrono::{DateTime, Utc};

use crate::entries::{Entries, Held, Lease, MemberEntry, Pending, PersonEntry, Settled};
use four_attributes::VerificationId;

use crate::ids::Member;
use crate::outcome::{
    Begin, Expired, Found, FoundGone, FoundPending, Hold, Holder, Pause, Release, Settle,
};
use crate::person::Person;
use crate::policy::Policy;

/// An answer, and the entries that are to be written before it is given.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Decided<T> {
    pub(crate) answer: T,
    /// `None` if nothing changes.
    pub(crate) entries: Option<Entries>,
}

impl<T> Decided<T> {
    fn unchanged(answer: T) -> Self {
        Self {
            answer,
            entries: None,
        }
    }

    fn changed(answer: T, entries: Entries) -> Self {
        let member = entries
            .member
            .filter(|entry| entry.held.is_some() || entry.pending.is_some());
        Self {
            answer,
            entries: Some(Entries { member, ..entries }),
        }
    }
}

/// One pass of a member through the service.
#[derive(Clone, Debug)]
pub struct Pass {
    /// Who showed the card.
    pub person: Person,
    /// Whose account it is.
    pub member: Member,
    /// The verification.
    pub id: VerificationId,
    /// When the member began it. It matters where the pass begins, and nowhere else.
    pub began: DateTime<Utc>,
}

/// Begins a pass, or goes on with one that was begun. `lease` is the one that it gets.
///
/// A pass that isn't through comes before anything else, since it may change what is held. That
/// includes this very pass, while another process has a lease of it: only one process at a time may
/// write its record.
pub(crate) fn begin(
    seen: &Entries,
    pass: &Pass,
    policy: Policy,
    lease: Lease,
    now: DateTime<Utc>,
) -> Decided<Begin> {
    let own = seen.member.as_ref();
    let pending = own.and_then(|own| own.pending_of(pass.person, pass.id));
    if pending.is_some_and(|pending| pending.lease == lease) {
        // It was written, and the answer was lost.
        return Decided::unchanged(Begin::Begun(lease));
    }
    let obstacle =
        own_obstacle(own, pass, now).or_else(|| persons_obstacle(&seen.person, pass, policy, now));
    if let Some(obstacle) = obstacle {
        return Decided::unchanged(obstacle);
    }
    let pending = Pending { id: pass.id, lease };
    let mut entries = seen.clone();
    entries.member = Some(MemberEntry {
        person: pass.person,
        held: own.and_then(|own| own.held),
        pending: Some(pending),
    });
    if takes_persons_entry(&seen.person, pass) {
        entries.person.pending = Some((pass.member.clone(), pending));
    }
    Decided::changed(Begin::Begun(lease), entries)
}

/// Ends a lease before its time: nothing is under way, and the pass is to go on later.
pub(crate) fn pause(
    seen: &Entries,
    pass: &Pass,
    lease: Lease,
    now: DateTime<Utc>,
) -> Decided<Pause> {
    let mut entries = seen.clone();
    let ended = Pending {
        id: pass.id,
        lease: Lease {
            until: now.min(lease.until),
            ..lease
        },
    };
    let of_member = (entries.member.as_mut())
        .filter(|own| own.person == pass.person)
        .and_then(|own| own.pending.as_mut());
    let of_person = (entries.person.pending.as_mut())
        .filter(|(owner, _)| *owner == pass.member)
        .map(|(_, pending)| pending);
    let mut paused = Pause::Lost;
    for pending in of_member.into_iter().chain(of_person) {
        if pending.id == pass.id && pending.lease.nonce == lease.nonce {
            *pending = ended;
            paused = Pause::Paused;
        }
    }
    if entries == *seen {
        return Decided::unchanged(paused);
    }
    Decided::changed(paused, entries)
}

/// Ends a pass: the record is in the user pool.
pub(crate) fn hold(seen: &Entries, pass: &Pass, now: DateTime<Utc>) -> Decided<Hold> {
    let Some(own) = seen.member.as_ref().filter(|own| own.person == pass.person) else {
        return Decided::unchanged(Hold::Lost);
    };
    if let Some(held) = own.held.filter(|held| held.id == pass.id) {
        return Decided::unchanged(Hold::Held { since: held.since });
    }
    if own.pending_of(pass.person, pass.id).is_none() {
        return Decided::unchanged(Hold::Lost);
    }
    Decided::changed(Hold::Held { since: now }, held(seen, pass, now))
}

/// Ends a pass that was left half way, by what the owner's record in the user pool says: the id of
/// its verification, or that there is none.
pub(crate) fn settle(
    seen: &Entries,
    expired: &Expired,
    record: Option<VerificationId>,
    now: DateTime<Utc>,
) -> Decided<Settle> {
    let pass = Pass {
        person: expired.person,
        member: expired.owner.clone(),
        id: expired.pending.id,
        began: now,
    };
    let own = seen.member.as_ref().filter(|own| own.person == pass.person);
    let of_member = own.and_then(|own| own.pending_of(pass.person, pass.id));
    let of_person = seen.person.pending_of(&pass.member, pass.id);
    // A pass that goes on has a new lease.
    let mut both = of_member.into_iter().chain(of_person).peekable();
    if both.peek().is_none()
        || both.any(|pending| *pending != expired.pending)
        || !expired.pending.lease.has_ended(now)
    {
        return Decided::unchanged(Settle::Changed);
    }
    let former = own.and_then(|own| own.held);
    match record {
        Some(id) if id == pass.id => Decided::changed(Settle::Held, held(seen, &pass, now)),
        Some(id) if former.is_some_and(|former| former.id == id) => {
            Decided::changed(Settle::StillHeld, without_pending(seen, &pass))
        }
        Some(_) => Decided::unchanged(Settle::UnknownRecord),
        None => {
            let forgotten = without_pending(seen, &pass);
            let released = released(&forgotten, pass.person, &pass.member, now);
            let answer = if released == forgotten {
                Settle::Forgotten
            } else {
                Settle::Released
            };
            Decided::changed(answer, released)
        }
    }
}

/// Releases the person from a holder who isn't in the user pool any more, or whose record isn't.
/// The time is that of the first call.
pub(crate) fn found_gone(
    seen: &Entries,
    holder: &Holder,
    now: DateTime<Utc>,
) -> Decided<FoundGone> {
    let Holder { person, owner, id } = holder;
    let own = (seen.member.as_ref()).filter(|own| own.person == *person);
    // Whoever verifies again may be about to write a record.
    let verifies_again = own.is_some_and(|own| own.pending.is_some());
    match &seen.person.settled {
        Some(Settled::Released {
            member,
            id: released,
            at,
        }) if member == owner && released == id => {
            Decided::unchanged(FoundGone::Released { at: *at })
        }
        Some(Settled::Held(member, held))
            if member == owner && held.id == *id && !verifies_again =>
        {
            let entries = released(seen, *person, owner, now);
            Decided::changed(FoundGone::Released { at: now }, entries)
        }
        _ => Decided::unchanged(FoundGone::Changed),
    }
}

/// Releases the person from a member whose record was removed from the user pool. `id` is the
/// verification that held before the record was removed.
pub(crate) fn release(
    seen: &Entries,
    member: &Member,
    id: VerificationId,
    now: DateTime<Utc>,
) -> Decided<Release> {
    let Some(own) = &seen.member else {
        return Decided::unchanged(Release::Released);
    };
    // The pass may be about to write its record.
    if let Some(pending) = own.pending {
        return Decided::unchanged(match found_pending(pending, own.person, member, now) {
            FoundPending::Live { until } => Release::Wait { until },
            FoundPending::Expired(expired) => Release::LookFirst(expired),
        });
    }
    if own.held.is_none_or(|held| held.id != id) {
        return Decided::unchanged(Release::Changed);
    }
    let entries = released(seen, own.person, member, now);
    Decided::changed(Release::Released, entries)
}

/// What a member's entry says.
pub(crate) fn find(seen: Option<&MemberEntry>, member: &Member, now: DateTime<Utc>) -> Found {
    seen.map_or_else(Found::default, |own| Found {
        held: own.held,
        pending: own
            .pending
            .map(|pending| found_pending(pending, own.person, member, now)),
    })
}

/// Why the member's own entry keeps a pass from beginning.
fn own_obstacle(own: Option<&MemberEntry>, pass: &Pass, now: DateTime<Utc>) -> Option<Begin> {
    let own = own?;
    let may_go_on = |pending: &Pending| pending.lease.has_ended(now);
    if let Some(pending) = own.pending
        && !own.pending_of(pass.person, pass.id).is_some_and(may_go_on)
    {
        return Some(not_through(pending, own.person, &pass.member, now));
    }
    match own.held? {
        _ if own.person != pass.person => Some(Begin::MemberIsAnotherPerson),
        Held { id, since } if id == pass.id => Some(Begin::AlreadyHeld { since }),
        Held { .. } => None,
    }
}

/// Why the person's entry keeps a pass from beginning.
fn persons_obstacle(
    person: &PersonEntry,
    pass: &Pass,
    policy: Policy,
    now: DateTime<Utc>,
) -> Option<Begin> {
    // Whoever takes back, takes back what they had begun until then.
    if let Some(Settled::Released { member, id, at }) = &person.settled
        && *member == pass.member
        && (*id == pass.id || pass.began < *at)
    {
        return Some(Begin::TakenBack);
    }
    let Policy::One(wait) = policy else {
        return None;
    };
    if person.pending_of(&pass.member, pass.id).is_none()
        && let Some((owner, pending)) = &person.pending
    {
        return Some(not_through(*pending, pass.person, owner, now));
    }
    match person.settled.as_ref()? {
        Settled::Held(owner, held) if *owner != pass.member => Some(Begin::HeldByAnother(Holder {
            person: pass.person,
            owner: owner.clone(),
            id: held.id,
        })),
        Settled::Released { member, at, .. }
            if *member != pass.member && !wait.is_over(*at, now) =>
        {
            Some(Begin::NotYetFree)
        }
        Settled::Held(..) | Settled::Released { .. } => None,
    }
}

/// What is to be done about a pass that isn't through.
fn not_through(pending: Pending, person: Person, owner: &Member, now: DateTime<Utc>) -> Begin {
    match found_pending(pending, person, owner, now) {
        FoundPending::Expired(expired) => Begin::LookFirst(expired),
        FoundPending::Live { until } => Begin::Wait { until },
    }
}

/// Whether a pass that may begin is written into the person's entry, too. Under [`Policy::Many`] it
/// isn't if another member is there before it.
fn takes_persons_entry(person: &PersonEntry, pass: &Pass) -> bool {
    match &person.pending {
        Some((owner, pending)) => *owner == pass.member && pending.id == pass.id,
        None => !person.is_held_by_other(&pass.member),
    }
}

fn found_pending(
    pending: Pending,
    person: Person,
    owner: &Member,
    now: DateTime<Utc>,
) -> FoundPending {
    if pending.lease.has_ended(now) {
        FoundPending::Expired(Expired {
            person,
            owner: owner.clone(),
            pending,
        })
    } else {
        FoundPending::Live {
            until: pending.lease.until,
        }
    }
}

/// The entries when a pass holds. The person's entry keeps a holder that it has.
fn held(seen: &Entries, pass: &Pass, now: DateTime<Utc>) -> Entries {
    let held = Held {
        id: pass.id,
        since: now,
    };
    let mut entries = without_pending(seen, pass);
    if !entries.person.is_held_by_other(&pass.member) {
        entries.person.settled = Some(Settled::Held(pass.member.clone(), held));
    }
    entries.member = Some(MemberEntry {
        person: pass.person,
        held: Some(held),
        pending: None,
    });
    entries
}

/// The entries without what is pending of a pass.
fn without_pending(seen: &Entries, pass: &Pass) -> Entries {
    let mut entries = seen.clone();
    if entries.person.pending_of(&pass.member, pass.id).is_some() {
        entries.person.pending = None;
    }
    if let Some(own) = &mut entries.member
        && own.pending_of(pass.person, pass.id).is_some()
    {
        own.pending = None;
    }
    entries
}

/// The entries when a member holds the person no more.
fn released(seen: &Entries, person: Person, member: &Member, now: DateTime<Utc>) -> Entries {
    let mut entries = seen.clone();
    if let Some(Settled::Held(holder, held)) = &seen.person.settled
        && holder == member
    {
        entries.person.settled = Some(Settled::Released {
            member: member.clone(),
            id: held.id,
            at: now,
        });
    }
    if let Some(own) = &mut entries.member
        && own.person == person
    {
        own.held = None;
    }
    entries
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::policy::ReleaseWait;

    const PERSON: Person = Person([1; 32]);
    const OTHER_PERSON: Person = Person([2; 32]);
    /// The verification of the pass in question, one that was before it, and one of another pass.
    const THIS: VerificationId = VerificationId::from_bytes([1; 16]);
    const FORMER: VerificationId = VerificationId::from_bytes([2; 16]);
    const ANOTHER: VerificationId = VerificationId::from_bytes([3; 16]);
    const ONE: Policy = Policy::One(ReleaseWait::Days(30));

    fn now() -> DateTime<Utc> {
        kit::start()
    }

    fn days_ago(days: i64) -> DateTime<Utc> {
        now() - TimeDelta::days(days)
    }

    fn member() -> Member {
        Member::new("member").unwrap()
    }

    fn other() -> Member {
        Member::new("other").unwrap()
    }

    fn pass() -> Pass {
        Pass {
            person: PERSON,
            member: member(),
            id: THIS,
            began: now(),
        }
    }

    /// The lease that a pass gets when it begins.
    fn new_lease() -> Lease {
        Lease {
            until: now() + TimeDelta::seconds(60),
            nonce: [9; 8],
        }
    }

    fn pending(id: VerificationId, seconds: i64) -> Pending {
        let until = now() + TimeDelta::seconds(seconds);
        let nonce = [8; 8];
        Pending {
            id,
            lease: Lease { until, nonce },
        }
    }

    fn live(id: VerificationId) -> Pending {
        pending(id, 1)
    }

    fn ended(id: VerificationId) -> Pending {
        pending(id, 0)
    }

    fn held_as(id: VerificationId) -> Held {
        Held {
            id,
            since: days_ago(90),
        }
    }

    fn own(
        person: Person,
        held: Option<VerificationId>,
        pending: Option<Pending>,
    ) -> Option<MemberEntry> {
        Some(MemberEntry {
            person,
            held: held.map(held_as),
            pending,
        })
    }

    fn mine(held: Option<VerificationId>, pending: Option<Pending>) -> Option<MemberEntry> {
        own(PERSON, held, pending)
    }

    fn holds(member: Member, id: VerificationId) -> Option<Settled> {
        Some(Settled::Held(member, held_as(id)))
    }

    fn was_released(member: Member, id: VerificationId, days: i64) -> Option<Settled> {
        Some(Settled::Released {
            member,
            id,
            at: days_ago(days),
        })
    }

    fn entries(settled: Option<Settled>, member: Option<MemberEntry>) -> Entries {
        Entries {
            person: PersonEntry {
                settled,
                pending: None,
            },
            member,
        }
    }

    fn look(person: Person, owner: Member, id: VerificationId) -> Begin {
        let pending = ended(id);
        Begin::LookFirst(Expired {
            person,
            owner,
            pending,
        })
    }

    fn wait() -> Begin {
        let until = live(THIS).lease.until;
        Begin::Wait { until }
    }

    /// Every state of the member's entry, and why it keeps the pass from beginning.
    fn own_entries() -> Vec<(Option<MemberEntry>, Option<Begin>)> {
        let since = held_as(THIS).since;
        let others = |held, pending| own(OTHER_PERSON, held, pending);
        let look = |person, id| Some(look(person, member(), id));
        let is_other = || Some(Begin::MemberIsAnotherPerson);
        let (former, this) = (Some(FORMER), Some(THIS));
        vec![
            (None, None),
            (mine(former, None), None),
            (mine(this, None), Some(Begin::AlreadyHeld { since })),
            (mine(None, Some(live(THIS))), Some(wait())),
            (mine(None, Some(ended(THIS))), None),
            (mine(None, Some(live(ANOTHER))), Some(wait())),
            (mine(None, Some(ended(ANOTHER))), look(PERSON, ANOTHER)),
            (mine(former, Some(live(THIS))), Some(wait())),
            (mine(former, Some(ended(THIS))), None),
            (mine(former, Some(live(ANOTHER))), Some(wait())),
            (mine(former, Some(ended(ANOTHER))), look(PERSON, ANOTHER)),
            (mine(this, Some(live(ANOTHER))), Some(wait())),
            (mine(this, Some(ended(ANOTHER))), look(PERSON, ANOTHER)),
            (others(former, None), is_other()),
            (others(this, None), is_other()),
            (others(None, Some(live(ANOTHER))), Some(wait())),
            (
                others(None, Some(ended(ANOTHER))),
                look(OTHER_PERSON, ANOTHER),
            ),
            (others(None, Some(live(THIS))), Some(wait())),
            (others(None, Some(ended(THIS))), look(OTHER_PERSON, THIS)),
            (others(former, Some(live(ANOTHER))), Some(wait())),
            (
                others(former, Some(ended(ANOTHER))),
                look(OTHER_PERSON, ANOTHER),
            ),
        ]
    }

    /// What comes of a pass that its member's entry lets begin.
    #[derive(Clone, Copy, Debug)]
    enum Cell {
        /// It begins, in both entries.
        Both,
        /// It begins, in the member's entry alone.
        Own,
        /// Another pass is to be waited for, or looked at.
        Pass,
        /// Another member holds the person.
        Held,
        /// The wait after another member's release isn't over.
        Soon,
        /// It was taken back.
        Back,
    }

    #[test]
    fn each_cell_of_a_beginning_is_as_the_table_says() {
        use Cell::{Back, Both, Held, Own, Pass, Soon};
        let columns = [
            None,
            Some((member(), ended(THIS))),
            Some((member(), live(ANOTHER))),
            Some((member(), ended(ANOTHER))),
            Some((other(), live(ANOTHER))),
            Some((other(), ended(ANOTHER))),
        ];
        let rows = [
            None,
            holds(member(), FORMER),
            holds(other(), FORMER),
            was_released(member(), FORMER, 0),
            was_released(member(), THIS, 90),
            was_released(other(), FORMER, 30),
            was_released(other(), FORMER, 29),
        ];
        #[rustfmt::skip]
        let one = [
            // pending:          none  this  own live, ended  other's live, ended
            /* nobody        */ [Both, Both, Pass, Pass,      Pass, Pass],
            /* held          */ [Both, Both, Pass, Pass,      Pass, Pass],
            /* held by other */ [Held, Held, Pass, Pass,      Pass, Pass],
            /* released      */ [Both, Both, Pass, Pass,      Pass, Pass],
            /* taken back    */ [Back, Back, Back, Back,      Back, Back],
            /* other's, over */ [Both, Both, Pass, Pass,      Pass, Pass],
            /* other's, soon */ [Soon, Soon, Pass, Pass,      Pass, Pass],
        ];
        #[rustfmt::skip]
        let many = [
            /* nobody        */ [Both, Both, Own,  Own,       Own,  Own],
            /* held          */ [Both, Both, Own,  Own,       Own,  Own],
            /* held by other */ [Own,  Both, Own,  Own,       Own,  Own],
            /* released      */ [Both, Both, Own,  Own,       Own,  Own],
            /* taken back    */ [Back, Back, Back, Back,      Back, Back],
            /* other's, over */ [Both, Both, Own,  Own,       Own,  Own],
            /* other's, soon */ [Both, Both, Own,  Own,       Own,  Own],
        ];
        for (policy, table) in [(ONE, one), (Policy::Many, many)] {
            for (settled, cells) in rows.iter().zip(table) {
                for (pending, cell) in columns.iter().zip(cells) {
                    for (own, obstacle) in own_entries() {
                        let mut seen = entries(settled.clone(), own);
                        seen.person.pending.clone_from(pending);
                        let expected =
                            obstacle.map_or_else(|| expected(&seen, cell), Decided::unchanged);
                        let decided = begin(&seen, &pass(), policy, new_lease(), now());
                        assert_eq!(decided, expected, "{policy:?} {seen:?}");
                    }
                }
            }
        }
    }

    fn expected(seen: &Entries, cell: Cell) -> Decided<Begin> {
        let begun = Pending {
            id: THIS,
            lease: new_lease(),
        };
        let mut entries = Entries {
            person: seen.person.clone(),
            member: Some(MemberEntry {
                person: PERSON,
                held: seen.member.as_ref().and_then(|own| own.held),
                pending: Some(begun),
            }),
        };
        Decided::unchanged(match cell {
            Cell::Both => {
                entries.person.pending = Some((member(), begun));
                return Decided::changed(Begin::Begun(new_lease()), entries);
            }
            Cell::Own => return Decided::changed(Begin::Begun(new_lease()), entries),
            Cell::Pass => match seen.person.pending.clone().unwrap() {
                (_, pending) if pending == live(ANOTHER) => wait(),
                (owner, pending) => look(PERSON, owner, pending.id),
            },
            Cell::Held => Begin::HeldByAnother(Holder {
                person: PERSON,
                owner: other(),
                id: FORMER,
            }),
            Cell::Soon => Begin::NotYetFree,
            Cell::Back => Begin::TakenBack,
        })
    }

    /// Both entries while the pass is pending, with what was there before it.
    fn half_way(settled: Option<Settled>, held: Option<VerificationId>) -> Entries {
        let mut entries = entries(settled, mine(held, Some(ended(THIS))));
        entries.person.pending = Some((member(), ended(THIS)));
        entries
    }

    fn expired() -> Expired {
        Expired {
            person: PERSON,
            owner: member(),
            pending: ended(THIS),
        }
    }

    fn holder() -> Holder {
        Holder {
            person: PERSON,
            owner: member(),
            id: THIS,
        }
    }

    /// Both entries when this pass holds from now on.
    fn through() -> Entries {
        let held = Held {
            id: THIS,
            since: now(),
        };
        let own = MemberEntry {
            person: PERSON,
            held: Some(held),
            pending: None,
        };
        entries(Some(Settled::Held(member(), held)), Some(own))
    }

    #[test]
    fn a_beginning_whose_answer_was_lost_is_known_by_its_lease() {
        let decided = begin(&Entries::default(), &pass(), ONE, new_lease(), now());
        let seen = decided.entries.unwrap();
        assert_eq!(
            begin(&seen, &pass(), ONE, new_lease(), now()),
            Decided::unchanged(Begin::Begun(new_lease()))
        );
    }

    #[test]
    fn a_pass_that_holds_replaces_what_was_before() {
        for seen in [
            half_way(None, None),
            half_way(holds(member(), FORMER), Some(FORMER)),
            half_way(was_released(member(), FORMER, 1), None),
            half_way(was_released(other(), FORMER, 90), None),
        ] {
            let since = now();
            assert_eq!(
                hold(&seen, &pass(), now()),
                Decided::changed(Hold::Held { since }, through())
            );
        }
    }

    #[test]
    fn a_pass_that_holds_already_keeps_its_time() {
        let seen = entries(holds(member(), THIS), mine(Some(THIS), None));
        let since = held_as(THIS).since;
        assert_eq!(
            hold(&seen, &pass(), now()),
            Decided::unchanged(Hold::Held { since })
        );
    }

    #[test]
    fn a_pass_that_isnt_pending_any_more_is_lost() {
        for own in [
            None,
            mine(Some(FORMER), None),
            mine(None, Some(live(ANOTHER))),
            own(OTHER_PERSON, None, Some(live(THIS))),
            own(OTHER_PERSON, Some(THIS), None),
        ] {
            let mut seen = entries(None, own);
            seen.person.pending = Some((member(), live(THIS)));
            assert_eq!(hold(&seen, &pass(), now()), Decided::unchanged(Hold::Lost));
        }
    }

    #[test]
    fn a_further_member_leaves_the_persons_entry_to_its_holder() {
        let mut seen = entries(holds(other(), FORMER), mine(None, Some(live(THIS))));
        seen.person.pending = Some((other(), live(ANOTHER)));
        let held = hold(&seen, &pass(), now());
        let entries = held.entries.unwrap();
        assert_eq!(held.answer, Hold::Held { since: now() });
        assert_eq!(entries.person, seen.person);
        assert_eq!(entries.member, through().member);

        let released = release(&entries, &member(), THIS, now());
        let entries = released.entries.unwrap();
        assert_eq!(released.answer, Release::Released);
        assert_eq!(entries.person, seen.person);
        assert_eq!(entries.member, None);
    }

    #[test]
    fn a_further_member_becomes_the_holder_if_there_is_none_any_more() {
        for settled in [None, was_released(other(), FORMER, 0)] {
            let seen = entries(settled, mine(None, Some(live(THIS))));
            let decided = hold(&seen, &pass(), now());
            assert_eq!(decided.entries, Some(through()));
        }
    }

    #[test]
    fn a_pass_left_half_way_is_settled_by_the_record() {
        let again = || half_way(holds(member(), FORMER), Some(FORMER));
        let first = || half_way(None, None);
        let after_other = || was_released(other(), FORMER, 90);
        let still = entries(holds(member(), FORMER), mine(Some(FORMER), None));
        let released = entries(was_released(member(), FORMER, 0), None);
        for (seen, record, answer, entries) in [
            (first(), Some(THIS), Settle::Held, Some(through())),
            (again(), Some(THIS), Settle::Held, Some(through())),
            (again(), Some(FORMER), Settle::StillHeld, Some(still)),
            (again(), None, Settle::Released, Some(released)),
            (first(), None, Settle::Forgotten, Some(Entries::default())),
            (
                half_way(after_other(), None),
                None,
                Settle::Forgotten,
                Some(entries(after_other(), None)),
            ),
            (again(), Some(ANOTHER), Settle::UnknownRecord, None),
            (first(), Some(FORMER), Settle::UnknownRecord, None),
        ] {
            assert_eq!(
                settle(&seen, &expired(), record, now()),
                Decided { answer, entries },
                "{record:?} {seen:?}"
            );
        }
    }

    #[test]
    fn a_pass_is_settled_whichever_entry_still_has_it() {
        let mut without_person = half_way(None, None);
        without_person.person.pending = None;
        let mut without_member = half_way(None, None);
        without_member.member = None;
        for seen in [without_person, without_member] {
            assert_eq!(
                settle(&seen, &expired(), Some(THIS), now()),
                Decided::changed(Settle::Held, through())
            );
            assert_eq!(
                settle(&seen, &expired(), None, now()),
                Decided::changed(Settle::Forgotten, Entries::default())
            );
        }
    }

    #[test]
    fn a_pass_that_goes_on_or_is_settled_isnt_settled() {
        let mut goes_on = half_way(None, None);
        goes_on.member = mine(None, Some(live(THIS)));
        let mut goes_on_too = half_way(None, None);
        goes_on_too.person.pending = Some((member(), live(THIS)));
        for seen in [
            Entries::default(),
            through(),
            goes_on,
            goes_on_too,
            entries(None, mine(None, Some(ended(ANOTHER)))),
            entries(None, own(OTHER_PERSON, None, Some(ended(THIS)))),
        ] {
            for record in [None, Some(THIS)] {
                assert_eq!(
                    settle(&seen, &expired(), record, now()),
                    Decided::unchanged(Settle::Changed),
                    "{seen:?}"
                );
            }
        }
        let early = now() - TimeDelta::milliseconds(1);
        assert_eq!(
            settle(&half_way(None, None), &expired(), None, early),
            Decided::unchanged(Settle::Changed)
        );
    }

    #[test]
    fn a_holder_found_gone_is_released_once() {
        let decided = found_gone(&through(), &holder(), now());
        let released = entries(was_released(member(), THIS, 0), None);
        assert_eq!(
            decided,
            Decided::changed(FoundGone::Released { at: now() }, released.clone())
        );
        let later = now() + TimeDelta::days(1);
        assert_eq!(
            found_gone(&released, &holder(), later),
            Decided::unchanged(FoundGone::Released { at: now() })
        );
    }

    #[test]
    fn nobody_is_found_gone_who_holds_or_verifies_again() {
        let verifies_again = mine(Some(THIS), Some(live(ANOTHER)));
        for seen in [
            entries(holds(member(), THIS), verifies_again),
            entries(holds(member(), ANOTHER), mine(Some(ANOTHER), None)),
            entries(holds(other(), THIS), None),
            entries(was_released(other(), THIS, 0), None),
            entries(was_released(member(), ANOTHER, 0), None),
            Entries::default(),
        ] {
            assert_eq!(
                found_gone(&seen, &holder(), now()),
                Decided::unchanged(FoundGone::Changed),
                "{seen:?}"
            );
        }
    }

    #[test]
    fn what_is_taken_back_is_released_once() {
        let released = entries(was_released(member(), THIS, 0), None);
        assert_eq!(
            release(&through(), &member(), THIS, now()),
            Decided::changed(Release::Released, released.clone())
        );
        let later = now() + TimeDelta::days(1);
        assert_eq!(
            release(&released, &member(), THIS, later),
            Decided::unchanged(Release::Released)
        );
    }

    #[test]
    fn nothing_is_released_during_a_pass_or_after_another_one() {
        let until = live(ANOTHER).lease.until;
        let look = Release::LookFirst(Expired {
            pending: ended(ANOTHER),
            ..expired()
        });
        for (own, answer) in [
            (
                mine(Some(THIS), Some(live(ANOTHER))),
                Release::Wait { until },
            ),
            (mine(Some(THIS), Some(ended(ANOTHER))), look),
            (mine(Some(ANOTHER), None), Release::Changed),
        ] {
            let seen = entries(holds(member(), THIS), own);
            assert_eq!(
                release(&seen, &member(), THIS, now()),
                Decided::unchanged(answer)
            );
        }
    }

    #[test]
    fn a_pass_that_pauses_may_go_on_at_once() {
        let begun = begin(&Entries::default(), &pass(), ONE, new_lease(), now());
        let paused = pause(&begun.entries.unwrap(), &pass(), new_lease(), now());
        let seen = paused.entries.unwrap();
        assert_eq!(paused.answer, Pause::Paused);
        assert_eq!(
            pause(&seen, &pass(), new_lease(), now()),
            Decided::unchanged(Pause::Paused)
        );

        let lease = Lease {
            nonce: [7; 8],
            ..new_lease()
        };
        let again = begin(&seen, &pass(), ONE, lease, now());
        assert_eq!(again.answer, Begin::Begun(lease));
        for seen in [again.entries.unwrap(), through()] {
            assert_eq!(
                pause(&seen, &pass(), new_lease(), now()),
                Decided::unchanged(Pause::Lost)
            );
        }
    }

    #[test]
    fn a_members_entry_says_what_holds_and_what_isnt_through() {
        let of = |entry: Option<MemberEntry>| find(entry.as_ref(), &member(), now());
        let until = live(ANOTHER).lease.until;
        let found = |held: Option<VerificationId>, pending| Found {
            held: held.map(held_as),
            pending,
        };
        assert_eq!(of(None), found(None, None));
        assert_eq!(
            of(mine(Some(THIS), Some(live(ANOTHER)))),
            found(Some(THIS), Some(FoundPending::Live { until }))
        );
        assert_eq!(
            of(mine(None, Some(ended(THIS)))),
            found(None, Some(FoundPending::Expired(expired())))
        );
    }
}
