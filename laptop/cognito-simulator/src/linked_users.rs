//! Linked users: an identity of a provider signs in as a user who is in the pool already.
//! Sources: Amazon Cognito Developer Guide, "Linking federated users to an existing user profile";
//! AdminLinkProviderForUser and AdminDisableProviderForUser in the API reference. The messages of
//! refusals are AWS's own where they were seen.

use chrono::{DateTime, Utc};

use crate::options::CognitoOptions;
use crate::user_pool::{
    AttributeFailure, Identity, NATIVE_PROVIDER, ProviderType, User, UserPool, federated_username,
};

/// The most identities of one user. AWS says that five can be linked, and doesn't say whether the
/// one with which a federated user came counts too. Here it does, which is stricter.
const MOST_IDENTITIES: usize = 5;

/// Why an identity can't be linked, or its link can't be removed. Attributes are named, but neither
/// their values nor subjects are.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LinkFailure {
    /// `UserNotFoundException`: there is no such destination, or no such identity whose link could
    /// be removed.
    #[error("User does not exist.")]
    UserUnknown,
    /// `InvalidParameterException`: the pool has no provider of this name. AWS's words aren't
    /// known.
    #[error("Invalid SourceUser: the user pool has no such provider")]
    ProviderUnknown,
    /// `InvalidParameterException`: no username could be made of the subject. AWS's words aren't
    /// known.
    #[error("Invalid SourceUser: the subject is empty, too long, or has other characters")]
    Subject,
    /// `InvalidParameterException`: the source is a user of the pool's own.
    #[error(
        "Invalid SourceUser: Cognito users with a username/password may not be passed in as a \
         SourceUser, only as a DestinationUser"
    )]
    SourceIsNative,
    /// `InvalidParameterException`: the source has signed in before, and so has its own user.
    #[error(
        "Merging is not currently supported, provide a SourceUser that has not been signed up in \
         order to link"
    )]
    SourceSignedUp,
    /// `InvalidParameterException`: the source is linked already, to this user or to another.
    #[error("SourceUser is already linked to DestinationUser")]
    AlreadyLinked,
    /// `InvalidParameterException`: the destination has an immutable attribute, which no sign-in
    /// could write again. AWS's words aren't known.
    #[error("Invalid DestinationUser: {name}: Attribute cannot be updated.")]
    Immutable {
        /// The attribute.
        name: String,
    },
    /// `LimitExceededException`: the destination has five identities already. AWS's words aren't
    /// known.
    #[error("The user has five federated identities, and can have no more")]
    TooMany,
    /// The user is one of the pool's own, or the identity is the one with which a federated user
    /// came. AWS would disable such a user for this identity. The stand-in only removes links.
    #[error("Only links can be removed here")]
    NotLinked,
}

impl UserPool {
    /// The username of the user whom a request names: one of the pool's own users by username, a
    /// federated user by the provider's subject. A linked identity doesn't name the user to whom it
    /// is linked.
    pub(crate) fn named_by_provider(
        &self,
        options: &CognitoOptions,
        provider_name: &str,
        value: &str,
    ) -> Option<String> {
        let user = if provider_name == NATIVE_PROVIDER {
            let user = self.find(options, value)?;
            user.identity.is_none().then_some(user)
        } else {
            let is_own = |user: &&User| {
                let own = user.identity.as_ref();
                own.is_some_and(|own| own.is(provider_name, value))
            };
            self.users.values().find(is_own)
        };
        user.map(|user| user.username.clone())
    }

    /// Links an identity to a user. The identity must not have signed in before; the user need not
    /// have.
    pub(crate) fn link(
        &mut self,
        options: &CognitoOptions,
        destination: &str,
        (provider_name, subject): (&str, &str),
        now: DateTime<Utc>,
    ) -> Result<(), LinkFailure> {
        let destination = self.find(options, destination);
        let destination = destination
            .ok_or(LinkFailure::UserUnknown)?
            .username
            .clone();
        let provider_type = self.check_source(options, provider_name, subject)?;
        let destination = self.users.get_mut(&destination);
        let destination = destination.ok_or(LinkFailure::UserUnknown)?;
        let mut names = destination.attributes.keys();
        let immutable = names.find(|name| {
            let attribute = options.attribute(name);
            attribute.is_some_and(|attribute| !attribute.mutable)
        });
        if let Some(name) = immutable {
            return Err(LinkFailure::Immutable { name: name.clone() });
        }
        if destination.all_identities().count() >= MOST_IDENTITIES {
            return Err(LinkFailure::TooMany);
        }
        destination.linked.push(Identity {
            user_id: subject.to_owned(),
            provider_name: provider_name.to_owned(),
            provider_type,
            created: now,
        });
        destination.modified = now;
        Ok(())
    }

    /// Whether an identity can be linked to a user at all. Returns the type of its provider.
    fn check_source(
        &self,
        options: &CognitoOptions,
        provider_name: &str,
        subject: &str,
    ) -> Result<ProviderType, LinkFailure> {
        if provider_name == NATIVE_PROVIDER {
            return Err(LinkFailure::SourceIsNative);
        }
        let provider_type = if provider_name == options.provider.name {
            Some(ProviderType::Oidc)
        } else {
            self.other_providers.get(provider_name).copied()
        };
        let provider_type = provider_type.ok_or(LinkFailure::ProviderUnknown)?;
        let username = federated_username(options, provider_name, subject);
        let username = username.map_err(|_: AttributeFailure| LinkFailure::Subject)?;
        let is_linked = |user: &User| {
            let mut linked = user.linked.iter();
            linked.any(|identity| identity.is(provider_name, subject))
        };
        if self.users.values().any(is_linked) {
            return Err(LinkFailure::AlreadyLinked);
        }
        // The user is looked up by the username that the identity's sign-in makes. In a pool that
        // isn't case-sensitive, that can be the user of another subject, and the link is refused
        // too.
        match self.users.get(&username) {
            None => Ok(provider_type),
            Some(user) if user.identity.is_none() => Err(LinkFailure::SourceIsNative),
            Some(_) => Err(LinkFailure::SourceSignedUp),
        }
    }

    /// Removes an identity's link. At its next sign-in the identity gets a new user.
    pub(crate) fn unlink(
        &mut self,
        options: &CognitoOptions,
        (provider_name, subject): (&str, &str),
        now: DateTime<Utc>,
    ) -> Result<(), LinkFailure> {
        for user in self.users.values_mut() {
            let before = user.linked.len();
            user.linked
                .retain(|identity| !identity.is(provider_name, subject));
            if user.linked.len() < before {
                user.modified = now;
                return Ok(());
            }
        }
        match self.named_by_provider(options, provider_name, subject) {
            Some(_) => Err(LinkFailure::NotLinked),
            None => Err(LinkFailure::UserUnknown),
        }
    }
}
