//! The pool's own users, who don't come from a provider: how an administrator creates them, gives
//! them a password, and disables any user.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::options::{CognitoOptions, EmptyValues, NewUser, StartError};
use crate::password::{self, PasswordHash};
use crate::user_failure::UserFailure;
use crate::user_pool::{AttributeFailure, User, UserPool, check_username, check_value, in_case_of};

/// Why nobody is signed in with a username and a password, in Cognito's own words.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum NoSignIn {
    /// There is no such user, the user has no password, or another one. These are one answer
    /// (`PreventUserExistenceErrors`).
    #[error("Incorrect username or password.")]
    Wrong,
    /// The password is the user's, and the user is disabled. Whether AWS says so before the
    /// password was compared isn't known.
    #[error("User is disabled.")]
    Disabled,
}

impl UserPool {
    /// The users of the options that aren't among these users yet.
    pub(crate) fn with_users_of(
        mut self,
        options: &CognitoOptions,
        now: DateTime<Utc>,
    ) -> Result<Self, StartError> {
        for new in &options.users {
            let failed = |failure| StartError::User {
                username: new.username.clone(),
                failure,
            };
            if self.find(options, &new.username).is_none() {
                self.create_with_password(options, new, now)
                    .map_err(failed)?;
            }
        }
        Ok(self)
    }

    fn create_with_password(
        &mut self,
        options: &CognitoOptions,
        new: &NewUser,
        now: DateTime<Utc>,
    ) -> Result<(), UserFailure> {
        let hash = hash_of(&new.password)?;
        self.create(options, &new.username, &new.attributes, now)
            .map_err(UserFailure::from)?;
        self.set_password(options, &new.username, hash, now)
    }

    /// Creates one of the pool's own users, who has no password yet.
    pub(crate) fn create(
        &mut self,
        options: &CognitoOptions,
        username: &str,
        attributes: &BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Result<&mut User, NotCreated> {
        let username = in_case_of(options, username.to_owned());
        check_username(&username)?;
        if self.users.contains_key(&username) {
            return Err(NotCreated::Taken);
        }
        let user = User::new(username.clone(), None, now);
        let mut user = user.map_err(AttributeFailure::from)?;
        for (name, value) in attributes {
            check_value(options, EmptyValues::TooShort, name, value)?;
            user.set(name, value);
        }
        user.check_required(options)?;
        Ok(self.users.entry(username).or_insert(user))
    }

    /// Gives one of the pool's own users this password, for good.
    pub(crate) fn set_password(
        &mut self,
        options: &CognitoOptions,
        username: &str,
        hash: PasswordHash,
        now: DateTime<Utc>,
    ) -> Result<(), UserFailure> {
        let user = self.find_mut(options, username);
        let user = user.ok_or(UserFailure::Unknown)?;
        if user.identity.is_some() {
            return Err(UserFailure::Federated);
        }
        user.password = Some(hash);
        user.awaits_password = false;
        user.modified = now;
        Ok(())
    }

    /// Disables a user, and revokes the user's access tokens. Or enables a user again.
    pub(crate) fn set_enabled(
        &mut self,
        options: &CognitoOptions,
        username: &str,
        enabled: bool,
    ) -> Result<(), UserFailure> {
        let user = self.find_mut(options, username);
        let user = user.ok_or(UserFailure::Unknown)?;
        user.disabled = !enabled;
        user.modified = options.clock.now();
        if !enabled {
            user.tokens_revoked = Some(options.token_time());
        }
        Ok(())
    }

    fn find_mut(&mut self, options: &CognitoOptions, username: &str) -> Option<&mut User> {
        self.users
            .get_mut(&in_case_of(options, username.to_owned()))
    }
}

/// Why a user can't be created.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum NotCreated {
    Taken,
    Attribute(AttributeFailure),
}

impl From<AttributeFailure> for NotCreated {
    fn from(failure: AttributeFailure) -> Self {
        Self::Attribute(failure)
    }
}

impl From<NotCreated> for UserFailure {
    fn from(failure: NotCreated) -> Self {
        match failure {
            NotCreated::Taken => Self::Taken,
            NotCreated::Attribute(AttributeFailure::NoRandomness) => Self::NoRandomness,
            NotCreated::Attribute(_) => Self::Invalid,
        }
    }
}

/// The hash of a password that fits the policy.
pub(crate) fn hash_of(password: &SecretString) -> Result<PasswordHash, UserFailure> {
    password::check(password).map_err(|_| UserFailure::Password)?;
    PasswordHash::new(password).map_err(|_| UserFailure::NoRandomness)
}

/// The user who has this username and this password. It takes the same time whether or not there is
/// such a user.
pub(crate) fn authenticated(
    known: Option<User>,
    password: &SecretString,
) -> Result<User, NoSignIn> {
    let hash = known.as_ref().and_then(|user| user.password.clone());
    let is_right = match &hash {
        Some(hash) => hash.is_of(password),
        None => PasswordHash::of_nobody().is_of(password),
    };
    match known {
        Some(user) if hash.is_some() && is_right && user.disabled => Err(NoSignIn::Disabled),
        Some(user) if hash.is_some() && is_right => Ok(user),
        _ => Err(NoSignIn::Wrong),
    }
}
