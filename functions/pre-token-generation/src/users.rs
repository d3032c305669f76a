//! Reads from the user pool what an event lacks. AWS doesn't document whether triggers see
//! attributes that the app client may not read (contract C4).
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html>

use std::fmt;

use aws_sdk_cognitoidentityprovider::Client;
use secrecy::SecretString;

/// Reads the users of a user pool.
#[derive(Clone)]
pub struct Users {
    client: Client,
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
        Self { client }
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
