//! The user pool, as far as members need it: a user by name or by `sub`, and the record of a
//! verification, which only this function writes.

use std::fmt;

use aws_failure::AwsFailure;
use aws_sdk_cognitoidentityprovider::config::http::HttpResponse;
use aws_sdk_cognitoidentityprovider::config::retry::RetryConfig;
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cognitoidentityprovider::types::AttributeType;
use aws_sdk_cognitoidentityprovider::{Client, Config};
use secrecy::SecretString;
use serde::Deserialize;
use thiserror::Error;
use user_pool::attribute::{IDENTITIES, SUB};

use crate::config::Pool;

/// The codes with which Amazon Cognito says that there are too many requests.
const THROTTLED: [&str; 3] = [
    "LimitExceededException",
    "ThrottlingException",
    "TooManyRequestsException",
];
/// The code for a user who doesn't exist.
const NOBODY: &str = "UserNotFoundException";

/// Why the user pool didn't do it.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum PoolError {
    /// There is no such user.
    #[error("there is no such user")]
    Nobody,
    /// There are too many requests. The call had no effect.
    #[error("the user pool has too many requests")]
    Throttled,
    /// No answer in time, or an error of the pool's own. A write may have had its effect.
    #[error("the user pool can't be reached now")]
    Unavailable,
    /// The pool refused: a missing permission, an unknown attribute. The call had no effect.
    #[error("the user pool refused")]
    Refused,
}

impl PoolError {
    fn of<E: ProvideErrorMetadata>(operation: &str, error: &SdkError<E, HttpResponse>) -> Self {
        let failure = AwsFailure::of(error);
        let class = match failure.code() {
            NOBODY => return Self::Nobody,
            code if THROTTLED.contains(&code) => Self::Throttled,
            _ if failure.is_refusal() => Self::Refused,
            _ => Self::Unavailable,
        };
        failure.log("user_pool_call_failed", operation, &class);
        class
    }
}

/// A user of the pool. `Debug` shows nothing of them.
pub struct User {
    /// The name, with which calls address the user.
    pub username: String,
    /// The `sub`.
    pub sub: String,
    /// Whether the user may sign in.
    pub is_enabled: bool,
    /// The sealed record of a verification, if there is one.
    pub record: Option<SecretString>,
    /// The user's subjects at the bridge, if the user signs in with the card.
    pub subjects: Vec<String>,
}

impl fmt::Debug for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("User(…)")
    }
}

/// The users of the pool.
#[derive(Clone)]
pub struct Users {
    client: Client,
    pool: Pool,
}

impl fmt::Debug for Users {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Users({})", self.pool.id)
    }
}

impl Users {
    /// The users of this pool.
    #[must_use]
    pub const fn new(client: Client, pool: Pool) -> Self {
        Self { client, pool }
    }

    /// The user with this name.
    ///
    /// # Errors
    ///
    /// [`PoolError`].
    pub async fn named(&self, username: &str) -> Result<User, PoolError> {
        // Boxed, because the futures of the SDK are large.
        let asking = Box::pin(
            (self.client.admin_get_user())
                .user_pool_id(&self.pool.id)
                .username(username)
                .send(),
        );
        let answer = asking.await;
        let answer = answer.map_err(|error| PoolError::of("AdminGetUser", &error))?;
        let attributes = answer.user_attributes.unwrap_or_default();
        Ok(self.user(answer.username, answer.enabled, attributes))
    }

    /// The user with this `sub`, if there is one.
    ///
    /// `ListUsers` gives no more than the name, because it is eventually consistent: it may not
    /// know the newest users, nor what was written last. A user whom it doesn't find is looked up
    /// by the `sub`, which is a name of a user whom no other provider signs in (AWS, AdminGetUser).
    /// So a user of another provider isn't found as long as the list doesn't know them.
    ///
    /// # Errors
    ///
    /// [`PoolError`], except [`PoolError::Nobody`].
    pub async fn with_sub(&self, sub: &str) -> Result<Option<User>, PoolError> {
        // A filter's value is in quotation marks. A `sub` of a pool has none.
        if sub.contains(['"', '\\']) {
            return Ok(None);
        }
        let name = self.name_of(sub).await?;
        match self.named(name.as_deref().unwrap_or(sub)).await {
            Ok(user) => Ok(Some(user).filter(|user| user.sub == sub)),
            Err(PoolError::Nobody) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The name of the user with this `sub`, if `ListUsers` finds one.
    async fn name_of(&self, sub: &str) -> Result<Option<String>, PoolError> {
        let asking = Box::pin(
            (self.client.list_users())
                .user_pool_id(&self.pool.id)
                .filter(format!("{SUB} = \"{sub}\""))
                .limit(2)
                .send(),
        );
        let answer = asking.await;
        let answer = answer.map_err(|error| PoolError::of("ListUsers", &error))?;
        let mut users = answer.users.unwrap_or_default().into_iter();
        let (user, None) = (users.next(), users.next()) else {
            return Err(PoolError::Refused);
        };
        Ok(user.and_then(|user| user.username))
    }

    /// Writes a record into a user's attribute, or removes it: an empty value does. It is tried
    /// twice if no answer comes, and once if the pool has too many requests.
    ///
    /// # Errors
    ///
    /// [`PoolError`]. After [`PoolError::Unavailable`], any of the tries may have its effect, even
    /// later.
    pub async fn write(&self, username: &str, record: &str) -> Result<(), PoolError> {
        match self.try_to_write(username, record).await {
            Err(PoolError::Unavailable) => {
                let again = self.try_to_write(username, record).await;
                // Whatever the pool says now, it isn't about the first try.
                again.map_err(|_| PoolError::Unavailable)
            }
            answered => answered,
        }
    }

    async fn try_to_write(&self, username: &str, record: &str) -> Result<(), PoolError> {
        let attribute = AttributeType::builder()
            .name(&self.pool.record_attribute)
            .value(record)
            .build()
            .map_err(|_| PoolError::Refused)?;
        let writing = Box::pin(
            (self.client.admin_update_user_attributes())
                .user_pool_id(&self.pool.id)
                .username(username)
                .user_attributes(attribute)
                .customize()
                // The SDK would tell the last answer alone.
                .config_override(Config::builder().retry_config(RetryConfig::disabled()))
                .send(),
        );
        let written = writing.await;
        written.map_err(|error| PoolError::of("AdminUpdateUserAttributes", &error))?;
        Ok(())
    }

    /// The name of the user who signs in with the card of this subject, and has no other account.
    #[must_use]
    pub fn name_of_card_user(&self, subject: &str) -> String {
        format!("{}_{subject}", self.pool.provider_name)
    }

    fn user(&self, username: String, is_enabled: bool, attributes: Vec<AttributeType>) -> User {
        let mut user = User {
            username,
            sub: String::new(),
            is_enabled,
            record: None,
            subjects: Vec::new(),
        };
        for attribute in attributes {
            let Some(value) = attribute.value.filter(|value| !value.is_empty()) else {
                continue;
            };
            match attribute.name.as_str() {
                SUB => user.sub = value,
                IDENTITIES => user.subjects = subjects(&value, &self.pool.provider_name),
                name if name == self.pool.record_attribute => user.record = Some(value.into()),
                _ => {}
            }
        }
        user
    }
}

/// The subjects at this provider in the attribute `identities`, which is JSON text. Identities that
/// can't be read are none.
fn subjects(identities: &str, provider_name: &str) -> Vec<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Identity {
        user_id: String,
        provider_name: String,
    }
    let identities: Vec<Identity> = serde_json::from_str(identities).unwrap_or_default();
    let ours = identities.into_iter();
    ours.filter(|identity| identity.provider_name == provider_name)
        .map(|identity| identity.user_id)
        .collect()
}
