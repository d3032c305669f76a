//! Linked users: an identity of a provider signs in as a user who is in the pool already.
//! Source: Amazon Cognito Developer Guide, "Linking federated users to an existing user profile";
//! AdminLinkProviderForUser and AdminDisableProviderForUser in the API reference. The words of
//! refusals are AWS's where they were seen.

use chrono::{DateTime, Utc};

use crate::options::CognitoOptions;
use crate::user_pool::{
    AttributeFailure, Identity, NATIVE_PROVIDER, ProviderType, User, UserPool, federated_username,
};

/// The most identities of one user. AWS says that five can be linked, and not whether the one that
/// a federated user came with is among them: here it is, which is stricter.
const MOST_IDENTITIES: usize = 5;

/// Why an identity isn't linked, or its link isn't removed. Attributes are named; their values, and
/// subjects, never are.
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
        "Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser, only as a DestinationUser"
    )]
    SourceIsNative,
    /// `InvalidParameterException`: the source signed in before it was linked, and is a user of its
    /// own.
    #[error(
        "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link"
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
    /// `LimitExceededException`: five identities. AWS's words aren't known.
    #[error("The user has five federated identities, and can have no more")]
    TooMany,
    /// A user of the pool's own, or the identity that a federated user came with: AWS would disable
    /// it. The stand-in removes links, and knows nobody who is disabled.
    #[error("Only links can be removed here")]
    NotLinked,
}

impl UserPool {
    /// The user whom the API means: by username for one of the pool's own, by the provider's
    /// subject for a federated one. A linked identity is no name of its destination.
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

    /// Links an identity to a user, who needn't have signed in for it.
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

    /// Whether an identity can be linked to anybody.
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
        // By the username that its sign-in makes or made: in a pool without case, another subject's
        // user is in the way too.
        match self.users.get(&username) {
            None => Ok(provider_type),
            Some(user) if user.identity.is_none() => Err(LinkFailure::SourceIsNative),
            Some(_) => Err(LinkFailure::SourceSignedUp),
        }
    }

    /// Removes an identity's link. With its next sign-in it is somebody new.
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
