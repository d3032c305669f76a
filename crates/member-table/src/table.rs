//! The table: each operation reads both entries, decides, and writes both if neither has changed.

use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Get, Put, TransactGetItem, TransactWriteItem,
};
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use http_client::Deadline;
use sealing::{NoRandomness, Randomness};

use crate::decision::{self, Decided, Pass};
use crate::entries::{Entries, Lease, MemberEntry};
use crate::error::TableError;
use four_attributes::VerificationId;

use crate::ids::Member;
use crate::items::{self, Attributes, KEY, Unchanged};
use crate::outcome::{Begin, Expired, Found, FoundGone, Hold, Holder, Pause, Release, Settle};
use crate::person::Person;
use crate::policy::Policy;

/// The usual lease: longer than the time limit of a function that verifies.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);

/// How often an operation is tried.
const ATTEMPTS: u32 = 6;
/// The longest pause after the first attempt. It doubles with each attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// The table of persons and members. `Debug` shows its name.
///
/// Its permissions on the table are `dynamodb:GetItem`, `dynamodb:PutItem`, `dynamodb:DeleteItem`
/// and `dynamodb:ConditionCheckItem`.
#[derive(Clone)]
pub struct MemberTable {
    client: Client,
    name: String,
    lease: TimeDelta,
}

/// What each call is given.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The time now. It is kept in milliseconds.
    pub now: DateTime<Utc>,
    /// When the whole operation ends, with all of its attempts.
    pub deadline: Deadline,
    /// Tells leases apart, and spreads the attempts of many callers. Nothing depends on it being
    /// unguessable.
    pub randomness: &'a dyn Randomness,
}

impl fmt::Debug for MemberTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MemberTable({})", self.name)
    }
}

impl MemberTable {
    /// The table with this name. `lease` has to be longer than any process works on a pass; see
    /// [`LEASE`].
    #[must_use]
    pub const fn new(client: Client, name: String, lease: TimeDelta) -> Self {
        Self {
            client,
            name,
            lease,
        }
    }

    /// Begins a pass: marks the person and the member as pending. It also goes on with a pass that
    /// was begun and whose lease ended.
    ///
    /// # Errors
    ///
    /// [`TableError`].
    pub async fn begin(
        &self,
        pass: &Pass,
        policy: Policy,
        call: Call<'_>,
    ) -> Result<Begin, TableError> {
        let mut nonce = [0; Lease::NONCE_BYTES];
        (call.randomness.fill(&mut nonce)).map_err(|NoRandomness| TableError::Unavailable)?;
        self.change(pass.person, &pass.member, call, |seen, now| {
            let until = now + self.lease;
            decision::begin(seen, pass, policy, Lease { until, nonce }, now)
        })
        .await
    }

    /// Ends a lease before its time, so that the pass may go on at once when the member comes back.
    /// Nothing may be under way: the record certainly isn't in the user pool, and won't be written.
    ///
    /// # Errors
    ///
    /// [`TableError`].
    pub async fn pause(
        &self,
        pass: &Pass,
        lease: Lease,
        call: Call<'_>,
    ) -> Result<Pause, TableError> {
        self.change(pass.person, &pass.member, call, |seen, now| {
            decision::pause(seen, pass, lease, now)
        })
        .await
    }

    /// Ends a pass whose record is in the user pool: from now on, the member holds the person.
    ///
    /// # Errors
    ///
    /// [`TableError`].
    pub async fn hold(&self, pass: &Pass, call: Call<'_>) -> Result<Hold, TableError> {
        self.change(pass.person, &pass.member, call, |seen, now| {
            decision::hold(seen, pass, now)
        })
        .await
    }

    /// Ends a pass that was left half way. `record` is the verification of the record that the
    /// owner has in the user pool, read after the pass was seen as expired; `None` if there is no
    /// record, or no owner any more.
    ///
    /// # Errors
    ///
    /// [`TableError`].
    pub async fn settle(
        &self,
        expired: &Expired,
        record: Option<VerificationId>,
        call: Call<'_>,
    ) -> Result<Settle, TableError> {
        self.change(expired.person, &expired.owner, call, |seen, now| {
            decision::settle(seen, expired, record, now)
        })
        .await
    }

    /// Releases a person whose holder isn't in the user pool any more, or has no record there. The
    /// user pool has to be read after the holder was seen in the table. The wait of the policy
    /// counts from the first such call.
    ///
    /// # Errors
    ///
    /// [`TableError`].
    pub async fn found_gone(
        &self,
        holder: &Holder,
        call: Call<'_>,
    ) -> Result<FoundGone, TableError> {
        self.change(holder.person, &holder.owner, call, |seen, now| {
            decision::found_gone(seen, holder, now)
        })
        .await
    }

    /// Releases the person whom a member holds. `id` is the verification that [`Self::find`] gave
    /// before the record was removed from the user pool.
    ///
    /// # Errors
    ///
    /// [`TableError`].
    pub async fn release(
        &self,
        member: &Member,
        id: VerificationId,
        call: Call<'_>,
    ) -> Result<Release, TableError> {
        self.persist(call, async |now| {
            let Some(own) = self.read_member(member).await? else {
                return Ok(Release::Released);
            };
            let seen = self.read(own.person, member).await?;
            let decided = decision::release(&seen, member, id, now);
            self.write(own.person, member, &seen, decided).await
        })
        .await
    }

    /// What the table says of a member.
    ///
    /// # Errors
    ///
    /// [`TableError`].
    pub async fn find(&self, member: &Member, call: Call<'_>) -> Result<Found, TableError> {
        self.persist(call, async |now| {
            let own = self.read_member(member).await?;
            Ok(decision::find(own.as_ref(), member, now))
        })
        .await
    }

    /// Reads the entries of a person and a member, decides, and writes.
    async fn change<T>(
        &self,
        person: Person,
        member: &Member,
        call: Call<'_>,
        decide: impl Fn(&Entries, DateTime<Utc>) -> Decided<T>,
    ) -> Result<T, TableError> {
        self.persist(call, async |now| {
            let seen = self.read(person, member).await?;
            let decided = decide(&seen, now);
            self.write(person, member, &seen, decided).await
        })
        .await
    }

    /// Tries an operation until it succeeds, fails for good, was tried often enough, or is late.
    async fn persist<T>(
        &self,
        call: Call<'_>,
        attempt: impl AsyncFn(DateTime<Utc>) -> Result<T, TableError>,
    ) -> Result<T, TableError> {
        let now = call.now.trunc_subsecs(3);
        let mut last = TableError::Unavailable;
        let attempts = async {
            for number in 0..ATTEMPTS {
                if number > 0 {
                    tokio::time::sleep(pause(number, call.randomness)).await;
                }
                match attempt(now).await {
                    Err(error) if error.may_pass() => last = error,
                    ended => return Some(ended),
                }
            }
            None
        };
        match call.deadline.bound(attempts).await {
            Ok(Some(ended)) => ended,
            Ok(None) | Err(_) => Err(last),
        }
    }

    /// Both entries, at one moment.
    async fn read(&self, person: Person, member: &Member) -> Result<Entries, TableError> {
        let get = |key: String| {
            let get = Get::builder()
                .table_name(&self.name)
                .key(KEY, AttributeValue::S(key));
            let get = get.build().map_err(incomplete)?;
            Ok(TransactGetItem::builder().get(get).build())
        };
        let gets = vec![
            get(items::person_key(person))?,
            get(items::member_key(member))?,
        ];
        // Boxed, because the futures of the SDK are large.
        let asking = Box::pin(
            self.client
                .transact_get_items()
                .set_transact_items(Some(gets))
                .send(),
        );
        let answer = asking.await.map_err(|error| TableError::of_read(&error))?;
        let mut items = answer.responses.unwrap_or_default().into_iter();
        let (Some(person), Some(member), None) = (items.next(), items.next(), items.next()) else {
            return Err(TableError::Malformed);
        };
        Ok(Entries {
            person: items::read_person(person.item)?,
            member: items::read_member(member.item)?,
        })
    }

    async fn read_member(&self, member: &Member) -> Result<Option<MemberEntry>, TableError> {
        let asking = Box::pin(
            self.client
                .get_item()
                .table_name(&self.name)
                .key(KEY, AttributeValue::S(items::member_key(member)))
                .consistent_read(true)
                .send(),
        );
        let answer = asking
            .await
            .map_err(|error| TableError::of("GetItem", &error))?;
        items::read_member(answer.item)
    }

    /// Writes what was decided, if the entries are still those that were seen.
    async fn write<T>(
        &self,
        person: Person,
        member: &Member,
        seen: &Entries,
        decided: Decided<T>,
    ) -> Result<T, TableError> {
        let Some(entries) = decided.entries else {
            return Ok(decided.answer);
        };
        let member_of = |entries: &Entries| entries.member.as_ref().map(items::write_member);
        let writes = vec![
            self.replace(
                items::person_key(person),
                items::write_person(&seen.person).as_ref(),
                items::write_person(&entries.person),
            )?,
            self.replace(
                items::member_key(member),
                member_of(seen).as_ref(),
                member_of(&entries),
            )?,
        ];
        let asking = Box::pin(
            self.client
                .transact_write_items()
                .set_transact_items(Some(writes))
                .send(),
        );
        asking.await.map_err(|error| TableError::of_write(&error))?;
        Ok(decided.answer)
    }

    /// Puts `new` in the place of `seen`, or checks that `seen` is still there if it doesn't
    /// change.
    fn replace(
        &self,
        key: String,
        seen: Option<&Attributes>,
        new: Option<Attributes>,
    ) -> Result<TransactWriteItem, TableError> {
        let condition = Unchanged::of(seen);
        let key = AttributeValue::S(key);
        let item = TransactWriteItem::builder();
        let item = match new {
            new if new.as_ref() == seen => item.condition_check(
                ConditionCheck::builder()
                    .table_name(&self.name)
                    .key(KEY, key)
                    .condition_expression(condition.expression)
                    .set_expression_attribute_names(Some(condition.names))
                    .set_expression_attribute_values(condition.values)
                    .build()
                    .map_err(incomplete)?,
            ),
            Some(new) => item.put(
                Put::builder()
                    .table_name(&self.name)
                    .set_item(Some(new))
                    .item(KEY, key)
                    .condition_expression(condition.expression)
                    .set_expression_attribute_names(Some(condition.names))
                    .set_expression_attribute_values(condition.values)
                    .build()
                    .map_err(incomplete)?,
            ),
            None => item.delete(
                Delete::builder()
                    .table_name(&self.name)
                    .key(KEY, key)
                    .condition_expression(condition.expression)
                    .set_expression_attribute_names(Some(condition.names))
                    .set_expression_attribute_values(condition.values)
                    .build()
                    .map_err(incomplete)?,
            ),
        };
        Ok(item.build())
    }
}

/// A random pause before an attempt, so that callers who met don't meet again. Without randomness,
/// the longest one.
fn pause(attempt: u32, randomness: &dyn Randomness) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << attempt.saturating_sub(1).min(8));
    let mut share = [u8::MAX];
    let share = match randomness.fill(&mut share) {
        Ok(()) => u32::from(u8::from_be_bytes(share)),
        Err(_) => u8::MAX.into(),
    };
    longest * share / u32::from(u8::MAX)
}

/// A part of a request lacks a member that it must have.
fn incomplete(_: BuildError) -> TableError {
    TableError::Refused
}

#[cfg(test)]
mod tests {
    use kit::{Exhausted, Repeating};

    use super::*;

    #[test]
    fn pauses_grow_are_spread_and_have_an_end() {
        let longest = |attempt| pause(attempt, &Repeating(u8::MAX)).as_millis();
        let all: Vec<_> = (1..ATTEMPTS).map(longest).collect();

        assert_eq!(all, [25, 50, 100, 200, 400]);
        assert_eq!(pause(3, &Repeating(51)).as_millis(), 20);
        assert_eq!(pause(3, &Repeating(0)), Duration::ZERO);
        assert_eq!(pause(3, &Exhausted).as_millis(), 100);
    }
}
