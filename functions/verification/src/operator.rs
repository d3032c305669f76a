//! The operator's command: whether a member is verified and since when, and the release of a
//! verification. It is no route of the HTTP API: the operator invokes the function itself, which
//! IAM guards (`lambda:InvokeFunction`).
//!
//! ```text
//! {"operator": "show", "sub": "…"}
//! {"operator": "release", "sub": "…"}
//! ```

use function_kit::invocation::Invocation;
use member_table::{FoundPending, Member};
use relying_party::Class;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::me::released;
use crate::pass::{Stopped, of_table};
use crate::verification::Verification;

/// What the operator asks.
#[derive(Clone, Deserialize, Eq, PartialEq)]
#[serde(tag = "operator", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Whether a member is verified, and since when.
    Show {
        /// The user's `sub`.
        sub: String,
    },
    /// Take the verification of a member back.
    Release {
        /// The user's `sub`.
        sub: String,
    },
}

impl std::fmt::Debug for Command {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Show { .. } => "Show(…)",
            Self::Release { .. } => "Release(…)",
        })
    }
}

/// Does what the operator asks. The answer says who a member is verified as no more than the table
/// does: nothing.
///
/// # Errors
///
/// [`Stopped`].
pub async fn command(
    verification: &Verification,
    command: &Command,
    invocation: &Invocation<'_>,
) -> Result<Value, Stopped> {
    match command {
        Command::Show { sub } => show(verification, sub, invocation).await,
        Command::Release { sub } => {
            let read = async || Ok(verification.users().with_sub(sub).await?);
            let since = released(verification, sub, read, invocation).await?;
            let since = since.map(|since| since.timestamp());
            Ok(json!({ "released": since.is_some(), "since": since }))
        }
    }
}

async fn show(
    verification: &Verification,
    sub: &str,
    invocation: &Invocation<'_>,
) -> Result<Value, Stopped> {
    let member = Member::new(sub).map_err(|_| Class::MemberGone)?;
    let user = verification
        .users()
        .with_sub(sub)
        .await
        .map_err(Class::from)?;
    let record = match &user {
        Some(user) => verification.record_id(user, invocation).await?,
        None => None,
    };
    let found = verification
        .table()
        .find(&member, verification.of_table(invocation));
    let found = found.await.map_err(of_table)?;
    let pending = found.pending.map(|pending| match pending {
        FoundPending::Live { .. } => "under_way",
        FoundPending::Expired(_) => "left_half_way",
    });
    Ok(json!({
        "in_user_pool": user.is_some(),
        "verified": found.held.is_some_and(|held| record == Some(held.id)),
        "since": found.held.map(|held| held.since.timestamp()),
        "pass": pending,
    }))
}
