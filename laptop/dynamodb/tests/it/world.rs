//! The table in its stand-in, a user pool, and the steps of a function that verifies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use dynamodb::{DynamoDb, Storage};
use function_kit::aws::Connections;
use http_client::{Deadline, HttpClient, SystemClock};
use keys::{MacKey, SystemRandomness};
use kit::{Faults, start};
use member_table::{
    Begin, Call, Expired, FoundGone, FoundPending, Hold, LEASE, Member, MemberTable, Pass, Pause,
    Person, PersonHasher, Policy, Release, ReleaseWait, ServiceSubject, Settle, TableError,
    VerificationId,
};

pub(crate) const ONE: Policy = Policy::One(ReleaseWait::AtOnce);

/// How long an operation may take. It is long, because many tests run at a time.
const DEADLINE: Duration = Duration::from_secs(60);

/// How a verification ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Verified,
    /// Another member has the person.
    Refused,
    /// A pass is under way until then.
    Wait(DateTime<Utc>),
    /// The table didn't answer.
    Error(TableError),
}

/// The table, the way to it, and the user pool with the records of its members.
#[derive(Clone)]
pub(crate) struct World {
    _dynamodb: Arc<DynamoDb>,
    pub(crate) faults: Faults,
    pub(crate) table: MemberTable,
    records: Arc<Mutex<BTreeMap<Member, VerificationId>>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::kept_in(&Storage::Memory).await
    }

    pub(crate) async fn kept_in(storage: &Storage) -> Self {
        let dynamodb = DynamoDb::start(storage, "members").await.unwrap();
        let http = HttpClient::new(Arc::new(SystemClock)).unwrap();
        let faults = Faults::before(Connections::new(Arc::new(http)));
        let client = dynamodb.client(faults.clone());
        Self {
            table: MemberTable::new(client, "members".to_owned(), LEASE),
            _dynamodb: Arc::new(dynamodb),
            faults,
            records: Arc::default(),
        }
    }

    /// The verification of a member's record in the user pool.
    pub(crate) fn record(&self, member: &Member) -> Option<VerificationId> {
        self.records.lock().unwrap().get(member).copied()
    }

    /// Deletes a member, with their record.
    pub(crate) fn delete(&self, member: &Member) {
        self.records.lock().unwrap().remove(member);
    }

    /// Verifies a member.
    pub(crate) async fn verify(&self, pass: &Pass, policy: Policy, now: DateTime<Utc>) -> End {
        self.try_to_verify(pass, policy, now)
            .await
            .unwrap_or_else(End::Error)
    }

    async fn try_to_verify(
        &self,
        pass: &Pass,
        policy: Policy,
        now: DateTime<Utc>,
    ) -> Result<End, TableError> {
        for _ in 0..5 {
            match self.table.begin(pass, policy, call(now)).await? {
                Begin::Begun(lease) => {
                    assert_eq!(lease.until(), now + LEASE);
                    return self.write_and_hold(pass, now).await;
                }
                Begin::AlreadyHeld { .. } => return Ok(End::Verified),
                Begin::Wait { until } => return Ok(End::Wait(until)),
                Begin::LookFirst(expired) => {
                    self.settle(&expired, now).await?;
                }
                Begin::HeldByAnother(holder) if self.record(holder.owner()).is_none() => {
                    self.table.found_gone(&holder, call(now)).await?;
                }
                Begin::HeldByAnother(_)
                | Begin::NotYetFree
                | Begin::MemberIsAnotherPerson
                | Begin::TakenBack => return Ok(End::Refused),
            }
        }
        panic!("it goes round in circles");
    }

    async fn write_and_hold(&self, pass: &Pass, now: DateTime<Utc>) -> Result<End, TableError> {
        self.faults
            .call("WriteRecord", || {
                let mut records = self.records.lock().unwrap();
                records.insert(pass.member.clone(), pass.id);
            })
            .await;
        match self.table.hold(pass, call(now)).await? {
            Hold::Held { .. } => Ok(End::Verified),
            Hold::Lost => panic!("nobody may settle a pass within its lease"),
        }
    }

    pub(crate) async fn settle(
        &self,
        expired: &Expired,
        now: DateTime<Utc>,
    ) -> Result<Settle, TableError> {
        let record = self.record(expired.owner());
        self.table.settle(expired, record, call(now)).await
    }

    /// Takes a member's verification back; what is under way is waited for by the caller.
    pub(crate) async fn take_back(&self, member: &Member, now: DateTime<Utc>) -> Release {
        for _ in 0..5 {
            let found = self.table.find(member, call(now)).await.unwrap();
            match found.pending {
                Some(FoundPending::Live { until }) => return Release::Wait { until },
                Some(FoundPending::Expired(expired)) => {
                    self.settle(&expired, now).await.unwrap();
                    continue;
                }
                None => {}
            }
            let Some(held) = found.held else {
                return Release::Released;
            };
            self.faults
                .call("RemoveRecord", || self.delete(member))
                .await;
            let released = self.table.release(member, held.id, call(now)).await;
            return released.unwrap();
        }
        panic!("it goes round in circles");
    }
}

/// What an operation is given.
pub(crate) fn call(now: DateTime<Utc>) -> Call<'static> {
    Call {
        now,
        deadline: Deadline::after(DEADLINE),
        randomness: &SystemRandomness,
    }
}

/// The time after a number of seconds.
pub(crate) fn after(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

pub(crate) async fn person(subject: &str) -> Person {
    let secret = "00".repeat(32);
    let hasher = PersonHasher::new(MacKey::local(&secret.into()).unwrap());
    let issuer = "https://auth-and-sign.go.jp/api/realms/main";
    let subject = ServiceSubject { issuer, subject };
    hasher.person(subject).await.unwrap()
}

pub(crate) fn member(sub: &str) -> Member {
    Member::new(sub).unwrap()
}

/// A pass of the one person of most tests. It began later than anything was taken back.
pub(crate) async fn pass(sub: &str, id: u16) -> Pass {
    let mut bytes = [0; VerificationId::BYTES];
    bytes[..2].copy_from_slice(&id.to_be_bytes());
    Pass {
        person: person("one").await,
        member: member(sub),
        id: VerificationId::from_bytes(bytes),
        began: DateTime::<Utc>::MAX_UTC,
    }
}

/// Begins a pass, which has to be possible.
pub(crate) async fn begin(world: &World, pass: &Pass, now: DateTime<Utc>) {
    let begun = world.table.begin(pass, ONE, call(now)).await;
    assert!(matches!(begun, Ok(Begin::Begun(_))), "{begun:?}");
}

/// Ends the lease of a pass that was just begun.
pub(crate) async fn pause(world: &World, pass: &Pass, now: DateTime<Utc>) {
    let Ok(Begin::Begun(lease)) = world.table.begin(pass, ONE, call(now)).await else {
        panic!("it can't begin");
    };
    let paused = world.table.pause(pass, lease, call(now)).await;
    assert_eq!(paused, Ok(Pause::Paused));
}

/// That a holder was found gone.
pub(crate) const fn gone(at: DateTime<Utc>) -> FoundGone {
    FoundGone::Released { at }
}
