//! The authorization code that Amazon Cognito issues to the app.

use chrono::{DateTime, TimeDelta, Utc};

use crate::pending_login::AppRequest;
use crate::token_changes::TokenChanges;

/// Cognito's codes live five minutes.
pub(crate) const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// A code that the app hasn't redeemed yet.
pub(crate) struct IssuedCode {
    pub(crate) app: AppRequest,
    pub(crate) username: String,
    pub(crate) sub: String,
    pub(crate) issued: DateTime<Utc>,
    /// Whether the user came from the provider.
    pub(crate) is_federated: bool,
    /// What the trigger changes in the tokens.
    pub(crate) changes: TokenChanges,
}
