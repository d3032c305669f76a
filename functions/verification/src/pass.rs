//! One pass of a member through table and user pool: the person is taken for the member, the record
//! is written, the person is held. The table says what stands in the way, and what has to be looked
//! up in the user pool before it can say: then this looks, tells the table, and begins again.
//!
//! The process may end between any two steps. What it leaves behind is pending until its lease
//! ends, and whoever comes next looks first. So nothing stays half done.

use chrono::{DateTime, Utc};
use function_kit::check::held;
use function_kit::invocation::Invocation;
use function_kit::metrics::{Count, Step};
use keys::MacError;
use member_table::{
    Begin, Expired, FoundGone, Hold, Lease, Member, Pass, Policy, ServiceSubject, Settle,
    TableError, VerificationId,
};
use relying_party::Class;

use crate::users::{PoolError, User};
use crate::verification::Verification;

/// How often a pass begins again because the table wanted something looked up.
const LOOKS: usize = 5;

/// Why a pass stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stopped {
    /// The class.
    pub class: Class,
    /// When it can go on at the earliest, if that is known.
    pub until: Option<DateTime<Utc>>,
}

impl From<Class> for Stopped {
    fn from(class: Class) -> Self {
        Self { class, until: None }
    }
}

impl From<PoolError> for Class {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Nobody => Self::MemberGone,
            PoolError::Throttled => Self::TooManyRequests,
            PoolError::Unavailable => Self::UserPoolUnavailable,
            PoolError::Refused => Self::UserPoolRefused,
        }
    }
}

/// The class of what the table says.
pub(crate) fn of_table(error: TableError) -> Class {
    match error {
        TableError::Throttled => Class::TooManyRequests,
        TableError::Busy | TableError::Unavailable => Class::MemberTableUnavailable,
        TableError::Refused | TableError::Malformed => Class::MemberTableRefused,
    }
}

/// Takes the pass of a `user` through: `subject` is the person's, and `record` the sealed record of
/// the verification `id`, which began at `began`. Gives since when the verification holds.
///
/// # Errors
///
/// [`Stopped`]. Whatever it is, the pass can be taken up again with the same `id`.
pub async fn through(
    verification: &Verification,
    user: &User,
    (id, record, began): (VerificationId, &str, DateTime<Utc>),
    subject: ServiceSubject<'_>,
    invocation: &Invocation<'_>,
) -> Result<DateTime<Utc>, Stopped> {
    let hashing = verification.persons().person(subject);
    let hashing = invocation.deadline.bound(hashing);
    let person = invocation
        .measurements
        .timed(Step::PersonMac, hashing)
        .await;
    let person = match person {
        Ok(Ok(person)) => person,
        Ok(Err(MacError::TooLong)) => return Err(Class::Internal.into()),
        Ok(Err(_)) | Err(_) => return Err(Class::PersonKeyUnavailable.into()),
    };
    let pass = Pass {
        person,
        member: Member::new(&user.sub).map_err(|_| Class::MemberGone)?,
        id,
        began,
    };
    let lease = match begun(verification, &pass, invocation).await? {
        Taken::Now(lease) => lease,
        Taken::Before(since) => return Ok(since),
    };
    held(Class::PersonAlreadyVerified);
    write(verification, user, (&pass, lease), record, invocation).await?;
    let holding = verification
        .table()
        .hold(&pass, verification.of_table(invocation));
    match holding.await.map_err(of_table)? {
        Hold::Held { since } => Ok(since),
        // The lease ended, and somebody settled the pass without this record. Nobody may count on
        // it.
        Hold::Lost => {
            let users = verification.users();
            let now = users.named(&user.username).await.map_err(Class::from)?;
            if verification.record_id(&now, invocation).await? == Some(id) {
                users.write(&now.username, "").await.map_err(Class::from)?;
            }
            Err(Class::MemberTableUnavailable.into())
        }
    }
}

/// With `one`, a person who signs in with the card as a user of their own has an account already;
/// and a member who signs in with a card can't be another person.
///
/// # Errors
///
/// The class of what stands in the way, or can't be reached.
pub async fn only_one_account(
    verification: &Verification,
    user: &User,
    subject: &str,
) -> Result<(), Class> {
    if !user.subjects.is_empty() && !user.subjects.iter().any(|own| own == subject) {
        return Err(Class::MemberIsAnotherPerson);
    }
    if verification.config().policy == Policy::Many || !user.subjects.is_empty() {
        return Ok(());
    }
    let users = verification.users();
    match users.named(&users.name_of_card_user(subject)).await {
        Ok(other) if other.sub != user.sub => Err(Class::PersonAlreadyVerified),
        Ok(_) | Err(PoolError::Nobody) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// That the person is taken for the member.
enum Taken {
    /// By this call: until the lease ends, the record may be written.
    Now(Lease),
    /// By an earlier call of the same pass, which went through.
    Before(DateTime<Utc>),
}

async fn begun(
    verification: &Verification,
    pass: &Pass,
    invocation: &Invocation<'_>,
) -> Result<Taken, Stopped> {
    let (table, policy) = (verification.table(), verification.config().policy);
    for _ in 0..LOOKS {
        let call = verification.of_table(invocation);
        let beginning = table.begin(pass, policy, call);
        let beginning = invocation.measurements.timed(Step::MemberTable, beginning);
        match beginning.await.map_err(of_table)? {
            Begin::Begun(lease) => return Ok(Taken::Now(lease)),
            Begin::AlreadyHeld { since } => return Ok(Taken::Before(since)),
            Begin::HeldByAnother(holder) => {
                let owner = verification.users().with_sub(holder.owner().expose()).await;
                let owner = owner.map_err(Class::from)?;
                let record = match &owner {
                    Some(owner) => verification.record_id(owner, invocation).await?,
                    None => None,
                };
                if record == Some(holder.id()) {
                    return Err(Class::PersonAlreadyVerified.into());
                }
                let found = table.found_gone(&holder, call).await.map_err(of_table)?;
                if let FoundGone::Released { .. } = found {
                    tracing::info!(event = "verification_found_gone");
                }
            }
            Begin::NotYetFree => return Err(Class::PersonAlreadyVerified.into()),
            Begin::MemberIsAnotherPerson => return Err(Class::MemberIsAnotherPerson.into()),
            Begin::TakenBack => return Err(Class::VerificationTakenBack.into()),
            Begin::Wait { until } => {
                return Err(Stopped {
                    class: Class::VerificationUnderWay,
                    until: Some(until),
                });
            }
            Begin::LookFirst(expired) => settled(verification, &expired, invocation).await?,
        }
    }
    // Others begin and end passes of this person all the time.
    Err(Class::VerificationUnderWay.into())
}

/// Settles a pass that was left half way: what its owner's record says, counts.
///
/// # Errors
///
/// The class of what can't be reached.
pub(crate) async fn settled(
    verification: &Verification,
    expired: &Expired,
    invocation: &Invocation<'_>,
) -> Result<(), Class> {
    invocation.measurements.count(Count::ExpiredPassSettled);
    tracing::info!(event = "expired_pass_settled");
    let (table, users) = (verification.table(), verification.users());
    let owner = users.with_sub(expired.owner().expose()).await?;
    let record = match &owner {
        Some(owner) => verification.record_id(owner, invocation).await?,
        None => None,
    };
    let call = verification.of_table(invocation);
    let settled = table
        .settle(expired, record, call)
        .await
        .map_err(of_table)?;
    // A record that the table doesn't know was put there by somebody else: it isn't one of an
    // operation that can still end. Nobody may count on it.
    if let (Settle::UnknownRecord, Some(owner)) = (settled, &owner) {
        tracing::warn!(event = "unknown_member_record");
        users.write(&owner.username, "").await?;
        table.settle(expired, None, call).await.map_err(of_table)?;
    }
    Ok(())
}

/// Writes the record, while the lease lasts.
async fn write(
    verification: &Verification,
    user: &User,
    (pass, lease): (&Pass, Lease),
    record: &str,
    invocation: &Invocation<'_>,
) -> Result<(), Stopped> {
    let writing = verification.users().write(&user.username, record);
    let writing = invocation.deadline.bound(writing);
    let writing = invocation.measurements.timed(Step::UpdateUser, writing);
    let error = match writing.await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error,
        // It may still have its effect, so the lease stays.
        Err(_) => return Err(Class::UserPoolUnavailable.into()),
    };
    match error {
        // The record certainly isn't there: the pass may go on at once.
        PoolError::Throttled | PoolError::Refused | PoolError::Nobody => {
            let call = verification.of_table(invocation);
            // If that fails, the pass waits for the end of its lease.
            let _ = verification.table().pause(pass, lease, call).await;
            Err(Class::from(error).into())
        }
        PoolError::Unavailable => Err(Stopped {
            class: Class::UserPoolUnavailable,
            until: Some(lease.until()),
        }),
    }
}
