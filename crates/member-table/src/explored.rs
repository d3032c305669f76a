//! Every order in which the steps of several passes can come, with a process that ends after any
//! step, and leases that end at any time. The steps are those of a function that verifies, against
//! the decisions of this crate and a user pool of two members.
//!
//! In none of the states do both members have a record of the person. And from each state, a member
//! who comes later, when all processes have ended, is either verified or refused because the other
//! one is.

use std::collections::{HashMap, HashSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use crate::decision::{self, Decided, Pass};
use crate::entries::{Entries, Lease, MemberEntry, Pending, PersonEntry};
use four_attributes::VerificationId;

use crate::ids::Member;
use crate::outcome::{
    Begin, Expired, Found, FoundGone, FoundPending, Hold, Holder, Pause, Release, Settle,
};
use crate::person::Person;
use crate::policy::{Policy, ReleaseWait};

const PERSON: Person = Person([7; 32]);
const POLICY: Policy = Policy::One(ReleaseWait::AtOnce);
/// A lease lasts until the next tick.
const LEASE: i64 = 1;
/// How often all leases end while processes are at work.
const TICKS: i64 = 2;

/// A member by number.
type Number = usize;
const A: Number = 0;
const B: Number = 1;

fn member(number: Number) -> Member {
    Member::new(["a", "b"][number]).unwrap()
}

fn number(member: &Member) -> Number {
    usize::from(member.expose() == "b")
}

const fn id(byte: u8) -> VerificationId {
    VerificationId::from_bytes([byte; 16])
}

/// The table, the user pool, the time and the processes.
#[derive(Clone, Eq, Hash, PartialEq)]
struct World {
    person: PersonEntry,
    members: [Option<MemberEntry>; 2],
    records: [Option<VerificationId>; 2],
    tick: i64,
    processes: Vec<Process>,
}

#[derive(Clone, Eq, Hash, PartialEq)]
struct Process {
    member: Number,
    /// The id of a pass. What is taken back has none.
    id: Option<VerificationId>,
    /// When a pass began.
    began: DateTime<Utc>,
    step: Step,
}

/// What a process does next. Each step is one request.
#[derive(Clone, Eq, Hash, PartialEq)]
enum Step {
    Begin,
    LookAtPass(Seen),
    Settle(Seen, Option<VerificationId>),
    LookAtHolder(Number, VerificationId),
    FoundGone(Number, VerificationId),
    WriteRecord(Lease),
    Pause(Lease),
    Hold(Lease),
    UndoRecord,
    ReadRecord,
    /// What is taken back: whether there was a record.
    Find(bool),
    /// With the verification that holds, if one does.
    RemoveRecord(Option<VerificationId>),
    Release(VerificationId),
    Verified,
    Refused,
    /// The process was killed, or what it did is of no interest any more.
    Ended,
}

/// An expired pass, in a form that can be compared.
#[derive(Clone, Eq, Hash, PartialEq)]
struct Seen {
    owner: Number,
    pending: Pending,
}

impl Seen {
    fn of(expired: &Expired) -> Self {
        assert_eq!(expired.person, PERSON);
        Self {
            owner: number(&expired.owner),
            pending: expired.pending,
        }
    }

    fn expired(&self) -> Expired {
        Expired {
            person: PERSON,
            owner: member(self.owner),
            pending: self.pending,
        }
    }
}

fn verifies(member: Number, id: VerificationId) -> Process {
    Process {
        member,
        id: Some(id),
        began: kit::start(),
        step: Step::Begin,
    }
}

fn takes_back(member: Number) -> Process {
    Process {
        member,
        id: None,
        began: kit::start(),
        step: Step::ReadRecord,
    }
}

impl World {
    fn new(processes: Vec<Process>) -> Self {
        Self {
            person: PersonEntry::default(),
            members: [None, None],
            records: [None, None],
            tick: 0,
            processes,
        }
    }

    fn now(&self) -> DateTime<Utc> {
        kit::start() + TimeDelta::seconds(self.tick)
    }

    fn entries(&self, number: Number) -> Entries {
        Entries {
            person: self.person.clone(),
            member: self.members[number].clone(),
        }
    }

    /// Writes what was decided, as one transaction.
    fn write<T>(&mut self, number: Number, decided: Decided<T>) -> T {
        if let Some(entries) = decided.entries {
            self.person = entries.person;
            self.members[number] = entries.member;
        }
        decided.answer
    }

    /// The world after the next step of a process; `None` if it has none.
    fn stepped(&self, index: usize) -> Option<Self> {
        let mut world = self.clone();
        let process = self.processes[index].clone();
        let own = process.member;
        let now = self.now();
        let pass = || Pass {
            person: PERSON,
            member: member(own),
            id: process.id.unwrap(),
            began: process.began,
        };
        let step = match process.step {
            Step::Begin => {
                let seen = self.entries(own);
                let lease = Lease {
                    until: now + TimeDelta::seconds(LEASE),
                    nonce: [u8::try_from(index).unwrap(); Lease::NONCE_BYTES],
                };
                let decided = decision::begin(&seen, &pass(), POLICY, lease, now);
                match world.write(own, decided) {
                    Begin::Begun(lease) => Step::WriteRecord(lease),
                    Begin::AlreadyHeld { .. } => Step::Verified,
                    Begin::Wait { .. } => Step::Begin,
                    Begin::LookFirst(expired) => Step::LookAtPass(Seen::of(&expired)),
                    Begin::HeldByAnother(holder) => {
                        Step::LookAtHolder(number(holder.owner()), holder.id())
                    }
                    Begin::NotYetFree | Begin::TakenBack => Step::Refused,
                    Begin::MemberIsAnotherPerson => panic!("there is one person"),
                }
            }
            Step::LookAtPass(seen) => {
                let record = self.records[seen.owner];
                Step::Settle(seen, record)
            }
            Step::Settle(seen, record) => {
                let entries = self.entries(seen.owner);
                let decided = decision::settle(&entries, &seen.expired(), record, now);
                match world.write(seen.owner, decided) {
                    Settle::UnknownRecord => panic!("a record that the table doesn't know"),
                    _ if process.id.is_none() => Step::ReadRecord,
                    _ => Step::Begin,
                }
            }
            Step::LookAtHolder(owner, held) if self.records[owner].is_none() => {
                Step::FoundGone(owner, held)
            }
            Step::LookAtHolder(..) => Step::Refused,
            Step::FoundGone(owner, held) => {
                let holder = Holder {
                    person: PERSON,
                    owner: member(owner),
                    id: held,
                };
                let decided = decision::found_gone(&self.entries(owner), &holder, now);
                match world.write(owner, decided) {
                    FoundGone::Released { .. } | FoundGone::Changed => Step::Begin,
                }
            }
            Step::WriteRecord(lease) if !lease.has_ended(now) => {
                world.records[own] = process.id;
                Step::Hold(lease)
            }
            Step::Pause(lease) if !lease.has_ended(now) => {
                let decided = decision::pause(&self.entries(own), &pass(), lease, now);
                match world.write(own, decided) {
                    Pause::Paused => Step::Ended,
                    Pause::Lost => panic!("nobody else has it"),
                }
            }
            Step::Hold(lease) if !lease.has_ended(now) => {
                let decided = decision::hold(&self.entries(own), &pass(), now);
                match world.write(own, decided) {
                    Hold::Held { .. } => Step::Verified,
                    Hold::Lost => Step::UndoRecord,
                }
            }
            // A function's time limit is shorter than the lease.
            Step::WriteRecord(_) | Step::Pause(_) | Step::Hold(_) => Step::Ended,
            Step::UndoRecord => {
                if world.records[own] == process.id {
                    world.records[own] = None;
                }
                Step::Ended
            }
            Step::ReadRecord => Step::Find(self.records[own].is_some()),
            Step::Find(has_record) => {
                match decision::find(self.members[own].as_ref(), &member(own), now) {
                    Found {
                        pending: Some(FoundPending::Expired(expired)),
                        ..
                    } => {
                        // It is settled before anything is removed.
                        Step::LookAtPass(Seen::of(&expired))
                    }
                    Found {
                        pending: Some(_), ..
                    } => Step::ReadRecord,
                    // The record may be newer than what was read.
                    Found {
                        held: Some(held), ..
                    } => Step::RemoveRecord(Some(held.id)),
                    Found { .. } if has_record => Step::RemoveRecord(None),
                    Found { .. } => Step::Ended,
                }
            }
            Step::RemoveRecord(held) => {
                world.records[own] = None;
                held.map_or(Step::Ended, Step::Release)
            }
            Step::Release(held) => {
                let decided = decision::release(&self.entries(own), &member(own), held, now);
                match world.write(own, decided) {
                    Release::Released => Step::Ended,
                    Release::Changed | Release::Wait { .. } | Release::LookFirst(_) => {
                        Step::ReadRecord
                    }
                }
            }
            Step::Verified | Step::Refused | Step::Ended => return None,
        };
        world.processes[index].step = step;
        Some(world)
    }

    /// Every world that can come next.
    fn next(&self) -> Vec<Self> {
        let mut next = Vec::new();
        for (index, process) in self.processes.iter().enumerate() {
            next.extend(self.stepped(index));
            if process.step != Step::Ended {
                let mut world = self.clone();
                world.processes[index].step = Step::Ended;
                next.push(world);
            }
            // The user pool has too many requests.
            if let Step::WriteRecord(lease) = process.step {
                let mut world = self.clone();
                world.processes[index].step = Step::Pause(lease);
                next.push(world);
            }
        }
        if self.tick < TICKS {
            let mut world = self.clone();
            world.tick += 1;
            next.push(world);
        }
        next
    }

    /// What comes of a member who verifies alone, after all leases have ended.
    fn later(&self, number: Number, id: VerificationId) -> (Self, Step) {
        let mut world = self.clone();
        world.tick += 10;
        world.processes = vec![Process {
            began: world.now(),
            ..verifies(number, id)
        }];
        for _ in 0..20 {
            let Some(next) = world.stepped(0) else {
                let end = world.processes[0].step.clone();
                return (world, end);
            };
            world = next;
        }
        panic!("it never ends");
    }
}

/// Looks at every world that can come of these processes, and says how many there are.
fn explore(processes: Vec<Process>) -> usize {
    let first = World::new(processes);
    let mut known = HashSet::from([first.clone()]);
    let mut ends = HashMap::new();
    let mut queue = VecDeque::from([first]);
    while let Some(world) = queue.pop_front() {
        assert!(
            world.records.iter().flatten().count() <= 1,
            "both members are verified"
        );
        for process in &world.processes {
            if process.step == Step::Verified {
                *ends.entry(process.member).or_insert(0) += 1;
            }
        }
        for number in [A, B] {
            comes_later(&world, number);
        }
        for next in world.next() {
            if known.insert(next.clone()) {
                queue.push_back(next);
            }
        }
    }
    assert!(
        ends.contains_key(&A) && ends.contains_key(&B),
        "each may win"
    );
    known.len()
}

/// A member who comes when all processes have ended is verified, or the other one is.
fn comes_later(world: &World, number: Number) {
    let other = 1 - number;
    let new = id(99);
    let (after, end) = world.later(number, new);
    match end {
        Step::Verified => {
            assert_eq!(after.records[number], Some(new));
            assert_eq!(after.records[other], None);
            let own = after.members[number].as_ref().unwrap();
            assert_eq!(own.held.map(|held| held.id), Some(new));
            assert_eq!(own.pending, None);
            assert_eq!(after.person.pending, None);
            assert_eq!(after.members[other], None);
        }
        Step::Refused => {
            let record = after.records[other];
            assert!(record.is_some(), "refused because of nobody");
            let others = after.members[other].as_ref().unwrap();
            assert_eq!(others.held.map(|held| held.id), record);
        }
        _ => panic!("neither verified nor refused"),
    }
}

#[test]
fn two_members_of_one_person_and_a_pass_that_goes_on() {
    let worlds = explore(vec![
        verifies(A, id(1)),
        verifies(A, id(1)),
        verifies(B, id(2)),
    ]);
    assert!(worlds > 1_000, "{worlds}");
}

#[test]
fn two_members_of_one_person_of_whom_one_verifies_twice() {
    let worlds = explore(vec![
        verifies(A, id(1)),
        verifies(A, id(2)),
        verifies(B, id(3)),
    ]);
    assert!(worlds > 1_000, "{worlds}");
}

#[test]
fn two_members_of_one_person_of_whom_one_takes_it_back() {
    let worlds = explore(vec![verifies(A, id(1)), takes_back(A), verifies(B, id(2))]);
    assert!(worlds > 1_000, "{worlds}");
}

#[test]
fn two_members_of_one_person_of_whom_one_takes_it_back_while_the_pass_goes_on() {
    let worlds = explore(vec![
        verifies(A, id(1)),
        takes_back(A),
        verifies(A, id(1)),
        verifies(B, id(2)),
    ]);
    assert!(worlds > 10_000, "{worlds}");
}
