//! Reads from the user pool what an event lacks. AWS doesn't document whether triggers see
//! attributes that the app client may not read (contract C4).
//! The whole AWS account shares 120 of these requests in a second. So the tokens of a user who
//! doesn't sign in with the card must not depend on one ([`Users::attributes_if_it_can_be`]).
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html>

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_cognitoidentityprovider::Client;
use chrono::{DateTime, Utc};
use secrecy::SecretString;

/// How long a process asks for no more users who can do without, after an answer didn't come, in
/// seconds. Whoever is asked more than they can answer isn't asked again at once.
const REST_SECONDS: i64 = 10;

/// Reads the users of a user pool.
pub struct Users {
    client: Client,
    /// Until when users who can do without aren't asked for, in seconds since 1970.
    resting_until: AtomicI64,
}

impl fmt::Debug for Users {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Users")
    }
}

/// The user pool didn't give the user's attributes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the user could not be read from the user pool")]
pub struct Unavailable;

/// The attributes of one user.
pub struct Attributes(Vec<(String, SecretString)>);

impl fmt::Debug for Attributes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Attributes({})", self.0.len())
    }
}

impl Attributes {
    /// The value of an attribute, if there is one and it isn't empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        let mut all = self.0.iter();
        all.find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl Users {
    /// Reads users with this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            client,
            resting_until: AtomicI64::new(0),
        }
    }

    /// As [`attributes`](Self::attributes), for a user who can do without: the pool isn't asked
    /// within `REST_SECONDS` of a question that it didn't answer, or not before this was
    /// cancelled.
    ///
    /// # Errors
    ///
    /// [`Unavailable`], also if the pool wasn't asked.
    pub async fn attributes_if_it_can_be(
        &self,
        user_pool_id: &str,
        user_name: &str,
        now: DateTime<Utc>,
    ) -> Result<Attributes, Unavailable> {
        let now = now.timestamp();
        let remaining = self.resting_until.load(Ordering::Relaxed) - now;
        // A clock may have gone back since.
        if (1..=REST_SECONDS).contains(&remaining) {
            return Err(Unavailable);
        }
        // Whoever cancels this takes the failure for granted, so it is noted first.
        (self.resting_until).store(now + REST_SECONDS, Ordering::Relaxed);
        let attributes = self.attributes(user_pool_id, user_name).await?;
        self.resting_until.store(0, Ordering::Relaxed);
        Ok(attributes)
    }

    /// The attributes of a user.
    ///
    /// # Errors
    ///
    /// [`Unavailable`], whatever the reason: a time-out, a missing permission, a user who was
    /// deleted.
    pub async fn attributes(
        &self,
        user_pool_id: &str,
        user_name: &str,
    ) -> Result<Attributes, Unavailable> {
        // Boxed, because the SDK's future is large, and the future of every event would be as
        // large, though few events need it.
        let asking = Box::pin(
            (self.client.admin_get_user())
                .user_pool_id(user_pool_id)
                .username(user_name)
                .send(),
        );
        let answer = asking.await.map_err(|_| Unavailable)?;
        let attributes = answer.user_attributes.unwrap_or_default();
        let named = attributes.into_iter().filter_map(|attribute| {
            let value = attribute.value.filter(|value| !value.is_empty())?;
            Some((attribute.name, SecretString::from(value)))
        });
        Ok(Attributes(named.collect()))
    }
}
