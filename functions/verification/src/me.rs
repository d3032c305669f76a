//! `/verifications/me`: what a member's state is, and taking a verification back. The record goes
//! first: only when it is gone is the person free for another member.

use chrono::{DateTime, Utc};
use function_kit::invocation::Invocation;
use http::StatusCode;
use member_table::{FoundPending, Member, Release};
use relying_party::Class;
use relying_party::http_api::Response;
use serde_json::json;

use crate::access_token::Caller;
use crate::complete::verified;
use crate::pass::{Stopped, of_table, settled};
use crate::users::{PoolError, User};
use crate::verification::Verification;

/// How often the table is asked again because something changed meanwhile.
const LOOKS: usize = 5;

/// The member's state: `verified` with its time and assurance, or `not_verified`.
///
/// # Errors
///
/// The class of the failure.
pub async fn state(
    verification: &Verification,
    caller: &Caller,
    invocation: &Invocation<'_>,
) -> Result<Response, Class> {
    let user = user(verification, caller).await?;
    let record = verification.record(&user, invocation).await?;
    let member = Member::new(&caller.sub).map_err(|_| Class::MemberGone)?;
    let found = verification
        .table()
        .find(&member, verification.of_table(invocation));
    let held = found.await.map_err(of_table)?.held;
    let body = match (record, held) {
        (Some(record), Some(held)) if record.id == held.id => {
            return Ok(verified(&record, held.since));
        }
        // A pass whose record is written, and that isn't through: the next call of `complete`, or
        // of anybody who meets it, takes it through. The record counts already.
        (Some(record), _) => return Ok(verified(&record, record.person.verified_at.time())),
        (None, _) => json!({ "state": "not_verified" }),
    };
    Ok(Response::json(StatusCode::OK, body.to_string()))
}

/// Takes the member's verification back. It may be repeated.
///
/// # Errors
///
/// [`Stopped`]: if a pass of the member is under way, this has to wait.
pub async fn take_back(
    verification: &Verification,
    caller: &Caller,
    invocation: &Invocation<'_>,
) -> Result<Response, Stopped> {
    let read = async || user(verification, caller).await.map(Some);
    released(verification, &caller.sub, read, invocation).await?;
    Ok(Response::new(StatusCode::NO_CONTENT))
}

/// Removes a member's record, and releases the person. `read` reads the member, if they are still
/// in the pool. Gives since when the member was verified, if they were.
///
/// # Errors
///
/// [`Stopped`].
pub(crate) async fn released(
    verification: &Verification,
    sub: &str,
    read: impl AsyncFn() -> Result<Option<User>, Class>,
    invocation: &Invocation<'_>,
) -> Result<Option<DateTime<Utc>>, Stopped> {
    let member = Member::new(sub).map_err(|_| Class::MemberGone)?;
    let (table, users) = (verification.table(), verification.users());
    for _ in 0..LOOKS {
        let user = read().await?;
        let call = verification.of_table(invocation);
        let found = table.find(&member, call).await.map_err(of_table)?;
        match found.pending {
            Some(FoundPending::Live { until }) => return Err(under_way(until)),
            Some(FoundPending::Expired(expired)) => {
                settled(verification, &expired, invocation).await?;
                continue;
            }
            None => {}
        }
        // A verification that holds may have come through since the user was read.
        let may_have_record = |user: &User| user.record.is_some() || found.held.is_some();
        if let Some(user) = user.filter(may_have_record) {
            match users.write(&user.username, "").await {
                Ok(()) | Err(PoolError::Nobody) => {}
                Err(error) => return Err(Class::from(error).into()),
            }
        }
        let Some(held) = found.held else {
            return Ok(None);
        };
        match table
            .release(&member, held.id, call)
            .await
            .map_err(of_table)?
        {
            Release::Released => {
                tracing::info!(event = "verification_released");
                return Ok(Some(held.since));
            }
            Release::Changed => {}
            Release::Wait { until } => return Err(under_way(until)),
            Release::LookFirst(expired) => settled(verification, &expired, invocation).await?,
        }
    }
    Err(Class::VerificationUnderWay.into())
}

fn under_way(until: DateTime<Utc>) -> Stopped {
    Stopped {
        class: Class::VerificationUnderWay,
        until: Some(until),
    }
}

/// The user that the token names, by name and by `sub`.
async fn user(verification: &Verification, caller: &Caller) -> Result<User, Class> {
    let user = verification.users().named(&caller.username).await?;
    if user.sub == caller.sub {
        Ok(user)
    } else {
        Err(Class::MemberGone)
    }
}
