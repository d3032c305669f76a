//! The user pool: federated users, whose attributes are written again at every sign-in, and the
//! pool's own users.
//! An identity belongs to the user who was created when it first signed in, or to the user to whom
//! it is linked (see `linked_users`).
//! A write is refused where Cognito refuses it, and then nothing of it is written. If a claim is
//! missing, the old value stays. An empty claim clears the value, if the attribute has no minimum
//! length.

use std::collections::BTreeMap;

use aws_lc_rs::error::Unspecified;
use chrono::{DateTime, Utc};
use loopback::random;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use user_pool::attribute::IDENTITIES;

use crate::app_client::AppClient;
use crate::options::{CognitoOptions, EmptyValues, is_provider_name, is_username_character};
use crate::password::PasswordHash;
use crate::user_failure::UserFailure;

/// The most bytes of any attribute.
const VALUE_LIMIT: usize = 2048;
/// The most characters of a username.
const USERNAME_LIMIT: usize = 128;

/// The provider name that the API uses for the pool's own users.
pub(crate) const NATIVE_PROVIDER: &str = "Cognito";

/// Attributes that nobody can write, because Cognito itself sets them.
const COGNITOS_OWN: [&str; 2] = ["sub", IDENTITIES];
/// Attributes that users can't write themselves: only an administrator writes them.
const NOT_THE_USERS: [&str; 2] = ["email_verified", "phone_number_verified"];

/// Why the pool refuses a sign-in or a write. Attributes are named, but their values never are.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum AttributeFailure {
    #[error(
        "Value at 'userName' failed to satisfy constraint: Member must have length less than or \
         equal to 128"
    )]
    UsernameTooLong,
    #[error(
        "Value at 'userName' failed to satisfy constraint: Member must satisfy regular expression \
         pattern"
    )]
    UsernameCharacters,
    #[error("Invalid ProviderName/Username combination. Please check again")]
    UsernameTaken,
    #[error("Invalid user attributes: Type for attribute {{{name}}} could not be determined")]
    Unknown { name: String },
    #[error("Invalid user attributes: {name}: Attribute cannot be updated.")]
    Immutable { name: String },
    #[error("Invalid user attributes: {name}: A client attempted to write unauthorized attribute")]
    NotWritable { name: String },
    #[error("Invalid user attributes: {name}: Attribute value length is out of range.")]
    Length { name: String },
    #[error("Invalid user attributes: {name}: The attribute is required.")]
    Required { name: String },
    #[error("User does not exist.")]
    UserUnknown,
    #[error("User is not enabled")]
    UserDisabled,
    #[error("Internal error")]
    NoRandomness,
}

impl From<Unspecified> for AttributeFailure {
    fn from(_: Unspecified) -> Self {
        Self::NoRandomness
    }
}

/// The rules for what is written.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) options: &'a CognitoOptions,
    pub(crate) writer: Writer<'a>,
    pub(crate) empty_values: EmptyValues,
}

/// Who writes attributes.
#[derive(Clone, Copy)]
pub(crate) enum Writer<'a> {
    /// A user at an app client, or a provider when somebody signs in at the app client: the
    /// attributes that the client may write.
    Client(&'a AppClient),
    /// An administrator: every mutable attribute, also one that no app client may write.
    Administrator,
}

/// One user.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) username: String,
    /// The pool's own subject, a UUID.
    pub(crate) sub: String,
    /// The identity with which a federated user came. `None` for one of the pool's own users.
    pub(crate) identity: Option<Identity>,
    /// The identities that are linked to this user, in the order in which they were linked.
    pub(crate) linked: Vec<Identity>,
    /// The permanent password. Without one, nobody signs in with a password as this user.
    #[serde(default)]
    pub(crate) password: Option<PasswordHash>,
    /// Whether an administrator created the user, and the user has no permanent password yet.
    #[serde(default)]
    pub(crate) awaits_password: bool,
    /// Whether the user is disabled: nobody signs in as this user, or refreshes tokens.
    #[serde(default)]
    pub(crate) disabled: bool,
    /// When the user was last disabled. Access tokens from before are revoked.
    #[serde(default)]
    pub(crate) tokens_revoked: Option<DateTime<Utc>>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) modified: DateTime<Utc>,
    pub(crate) attributes: BTreeMap<String, String>,
    /// In alphabetical order.
    pub(crate) groups: Vec<String>,
}

/// `ProviderType`, as far as the stand-in knows them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum ProviderType {
    /// OpenID Connect.
    Oidc,
    /// SAML 2.0.
    Saml,
}

impl ProviderType {
    const fn name(self) -> &'static str {
        match self {
            Self::Oidc => "OIDC",
            Self::Saml => "SAML",
        }
    }
}

/// A user as a provider knows them.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The provider's subject, with upper and lower case kept.
    pub(crate) user_id: String,
    pub(crate) provider_name: String,
    pub(crate) provider_type: ProviderType,
    /// When the user was created with it, or when it was linked.
    pub(crate) created: DateTime<Utc>,
}

impl Identity {
    /// Whether it is the identity of this subject at this provider. Subjects are compared exactly,
    /// also in a pool whose usernames are case-insensitive.
    pub(crate) fn is(&self, provider_name: &str, subject: &str) -> bool {
        self.provider_name == provider_name && self.user_id == subject
    }
}

impl User {
    pub(crate) fn new(
        username: String,
        identity: Option<Identity>,
        now: DateTime<Utc>,
    ) -> Result<Self, Unspecified> {
        Ok(Self {
            username,
            sub: random::uuid()?,
            identity,
            linked: Vec::new(),
            password: None,
            awaits_password: false,
            disabled: false,
            tokens_revoked: None,
            created: now,
            modified: now,
            attributes: BTreeMap::new(),
            groups: Vec::new(),
        })
    }

    /// All identities: first the one with which the user came, then the linked ones.
    pub(crate) fn all_identities(&self) -> impl Iterator<Item = &Identity> {
        self.identity.iter().chain(&self.linked)
    }

    /// `identities` as an ID token has it, or `None` if the user has no identity. Only the one with
    /// which a federated user came is primary.
    pub(crate) fn identities(&self) -> Option<Value> {
        let own = self.identity.iter().map(|identity| (identity, "true"));
        let linked = self.linked.iter().map(|identity| (identity, "false"));
        let all = own.chain(linked).map(|(identity, primary)| {
            json!({
                "userId": identity.user_id,
                "providerName": identity.provider_name,
                "providerType": identity.provider_type.name(),
                "issuer": null,
                "primary": primary,
                "dateCreated": identity.created.timestamp_millis().to_string(),
            })
        });
        let all: Vec<Value> = all.collect();
        (!all.is_empty()).then_some(Value::Array(all))
    }

    /// The attributes that Cognito itself sets, and that nobody can write: `sub` and `identities`.
    pub(crate) fn own_attributes(&self) -> impl Iterator<Item = (String, String)> {
        let identities = self.identities();
        let identities = identities.map(|value| (IDENTITIES.to_owned(), value.to_string()));
        std::iter::once(("sub".to_owned(), self.sub.clone())).chain(identities)
    }

    /// `UserStatus`. Links don't change it.
    pub(crate) fn status(&self) -> &'static str {
        if self.identity.is_some() {
            "EXTERNAL_PROVIDER"
        } else if self.awaits_password {
            "FORCE_CHANGE_PASSWORD"
        } else {
            "CONFIRMED"
        }
    }

    fn join(&mut self, group: String) {
        if let Err(place) = self.groups.binary_search(&group) {
            self.groups.insert(place, group);
        }
    }

    /// Writes an attribute; an empty value clears it.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            self.attributes.remove(name);
        } else {
            self.attributes.insert(name.to_owned(), value.to_owned());
        }
    }

    pub(crate) fn check_required(&self, options: &CognitoOptions) -> Result<(), AttributeFailure> {
        let mut required = options.schema.iter().filter(|attribute| attribute.required);
        match required.find(|attribute| !self.attributes.contains_key(&attribute.name)) {
            None => Ok(()),
            Some(attribute) => Err(AttributeFailure::Required {
                name: attribute.name.clone(),
            }),
        }
    }
}

/// Every user, by username, and the providers besides the one through which the stand-in signs
/// people in.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct UserPool {
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) other_providers: BTreeMap<String, ProviderType>,
}

impl UserPool {
    pub(crate) fn get(&self, username: &str) -> Option<&User> {
        self.users.get(username)
    }

    pub(crate) fn attributes_by_username(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        self.users
            .values()
            .map(|user| {
                let mut attributes = user.attributes.clone();
                attributes.extend(user.own_attributes());
                (user.username.clone(), attributes)
            })
            .collect()
    }

    /// The user to whom this identity belongs or is linked.
    pub(crate) fn of_identity(&self, provider_name: &str, subject: &str) -> Option<&User> {
        let is_theirs = |user: &&User| {
            let mut identities = user.all_identities();
            identities.any(|identity| identity.is(provider_name, subject))
        };
        self.users.values().find(is_theirs)
    }

    /// A user by username. In a pool that isn't case-sensitive, its case doesn't matter.
    pub(crate) fn find(&self, options: &CognitoOptions, username: &str) -> Option<&User> {
        self.users.get(&in_case_of(options, username.to_owned()))
    }

    /// A user by what the operations of administrators take for a username: the username, or the
    /// `sub` of a user whom no other provider signs in (AWS, AdminGetUser).
    pub(crate) fn addressed(&self, options: &CognitoOptions, username: &str) -> Option<&User> {
        let has_sub = |user: &&User| user.identity.is_none() && user.sub == username;
        let by_sub = || self.users.values().find(has_sub);
        self.find(options, username).or_else(by_sub)
    }

    /// Adds a provider, as `CreateIdentityProvider` does.
    pub(crate) fn add_provider(
        &mut self,
        options: &CognitoOptions,
        name: &str,
        provider_type: ProviderType,
    ) -> Result<(), UserFailure> {
        // `Cognito` is the name for the pool's own users.
        if !is_provider_name(name) || name == NATIVE_PROVIDER {
            return Err(UserFailure::Invalid);
        }
        if name == options.provider.name || self.other_providers.contains_key(name) {
            return Err(UserFailure::Taken);
        }
        self.other_providers.insert(name.to_owned(), provider_type);
        Ok(())
    }

    /// Creates a user of another provider, as the user's first sign-in does.
    pub(crate) fn create_federated(
        &mut self,
        options: &CognitoOptions,
        (provider_name, subject): (&str, &str),
        attributes: &BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Result<String, UserFailure> {
        let provider_type = self.other_providers.get(provider_name).copied();
        let provider_type = provider_type.ok_or(UserFailure::NoProvider)?;
        if self.of_identity(provider_name, subject).is_some() {
            return Err(UserFailure::Taken);
        }
        let identity = Identity {
            user_id: subject.to_owned(),
            provider_name: provider_name.to_owned(),
            provider_type,
            created: now,
        };
        let user = self.new_federated(options, identity);
        let mut user = user.map_err(|failure| match failure {
            AttributeFailure::UsernameTaken => UserFailure::Taken,
            AttributeFailure::NoRandomness => UserFailure::NoRandomness,
            _ => UserFailure::Invalid,
        })?;
        let rules = Rules {
            options,
            writer: Writer::Client(options.app_clients.first().ok_or(UserFailure::Invalid)?),
            empty_values: EmptyValues::TooShort,
        };
        for (name, value) in attributes {
            check_permission(rules, name, true).map_err(|_| UserFailure::Invalid)?;
            check_value(options, rules.empty_values, name, value)
                .map_err(|_| UserFailure::Invalid)?;
            user.set(name, value);
        }
        user.check_required(options)
            .map_err(|_| UserFailure::Invalid)?;
        let username = user.username.clone();
        self.users.insert(username.clone(), user);
        Ok(username)
    }

    /// A new user for an identity that signs in for the first time. The user isn't put into the
    /// pool yet.
    fn new_federated(
        &self,
        options: &CognitoOptions,
        identity: Identity,
    ) -> Result<User, AttributeFailure> {
        let provider_name = identity.provider_name.clone();
        let username = federated_username(options, &provider_name, &identity.user_id)?;
        if self.users.contains_key(&username) {
            // In a pool that isn't case-sensitive, two subjects can lead to one username. They
            // aren't the same person.
            return Err(AttributeFailure::UsernameTaken);
        }
        let created = identity.created;
        let mut user = User::new(username, Some(identity), created)?;
        // Cognito makes a group for every provider, and puts its users into it.
        user.join(format!("{}_{provider_name}", options.user_pool_id));
        Ok(user)
    }

    /// Deletes a user, and with the user all identities. If one of them signs in again, it gets a
    /// new user.
    pub(crate) fn delete(
        &mut self,
        options: &CognitoOptions,
        username: &str,
    ) -> Result<(), UserFailure> {
        let username = in_case_of(options, username.to_owned());
        let user = self.users.remove(&username);
        user.map(|_| ()).ok_or(UserFailure::Unknown)
    }

    /// Puts a user into a group.
    pub(crate) fn add_to_group(
        &mut self,
        options: &CognitoOptions,
        username: &str,
        group: &str,
    ) -> Result<(), UserFailure> {
        let username = in_case_of(options, username.to_owned());
        let user = self.users.get_mut(&username).ok_or(UserFailure::Unknown)?;
        user.join(group.to_owned());
        Ok(())
    }

    /// Writes attributes of a user. An attribute without a value is deleted. All are written, or
    /// none.
    pub(crate) fn update(
        &mut self,
        rules: Rules<'_>,
        username: &str,
        attributes: &[(String, Option<String>)],
        now: DateTime<Utc>,
    ) -> Result<(), AttributeFailure> {
        let known = self.users.get_mut(username);
        let known = known.ok_or(AttributeFailure::UserUnknown)?;
        let mut user = known.clone();
        for (name, value) in attributes {
            let is_not_the_writers = match rules.writer {
                Writer::Client(_) => NOT_THE_USERS.contains(&name.as_str()),
                Writer::Administrator => false,
            };
            if is_not_the_writers || COGNITOS_OWN.contains(&name.as_str()) {
                return Err(AttributeFailure::Immutable { name: name.clone() });
            }
            check_permission(rules, name, false)?;
            if let Some(value) = value {
                check_value(rules.options, rules.empty_values, name, value)?;
            }
            user.set(name, value.as_deref().unwrap_or_default());
        }
        user.check_required(rules.options)?;
        user.modified = now;
        *known = user;
        Ok(())
    }

    /// Creates or updates the user to whom these claims belong, and returns the user. If the
    /// identity is linked, that is the user to whom it is linked, whose username, `sub` and groups
    /// stay.
    pub(crate) fn sign_in(
        &mut self,
        rules: Rules<'_>,
        claims: &BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Result<User, AttributeFailure> {
        let options = rules.options;
        let subject = claims.get("sub").map(String::as_str).unwrap_or_default();
        let provider_name = &options.provider.name;
        let known = self.of_identity(provider_name, subject).cloned();
        let is_new = known.is_none();
        let mut user = match known {
            Some(user) if user.disabled => return Err(AttributeFailure::UserDisabled),
            Some(user) => user,
            None => {
                let identity = Identity {
                    user_id: subject.to_owned(),
                    provider_name: provider_name.clone(),
                    provider_type: ProviderType::Oidc,
                    created: now,
                };
                self.new_federated(options, identity)?
            }
        };
        let mapping = &options.provider.attribute_mapping;
        for (name, claim) in mapping.iter().filter(|(name, _)| *name != "username") {
            let Some(value) = claims.get(claim) else {
                continue;
            };
            check_permission(rules, name, is_new)?;
            check_value(options, rules.empty_values, name, value)?;
            user.set(name, value);
        }
        user.check_required(options)?;
        user.modified = now;
        self.users.insert(user.username.clone(), user.clone());
        Ok(user)
    }
}

/// Whether the attribute may be written, whatever the value.
fn check_permission(
    Rules {
        options, writer, ..
    }: Rules<'_>,
    name: &str,
    is_new: bool,
) -> Result<(), AttributeFailure> {
    let name = name.to_owned();
    let may_write = match writer {
        Writer::Client(client) => client.may_write(&name),
        Writer::Administrator => true,
    };
    match options.attribute(&name) {
        None => Err(AttributeFailure::Unknown { name }),
        Some(attribute) if !attribute.mutable && !is_new => {
            Err(AttributeFailure::Immutable { name })
        }
        Some(_) if !may_write => Err(AttributeFailure::NotWritable { name }),
        Some(_) => Ok(()),
    }
}

/// Whether the value fits the schema, no matter who writes it.
pub(crate) fn check_value(
    options: &CognitoOptions,
    empty: EmptyValues,
    name: &str,
    value: &str,
) -> Result<(), AttributeFailure> {
    let name = name.to_owned();
    let Some(attribute) = options.attribute(&name) else {
        return Err(AttributeFailure::Unknown { name });
    };
    let length = value.chars().count();
    let clears = value.is_empty() && empty == EmptyValues::Clear;
    let fits = value.len() <= VALUE_LIMIT
        && length <= attribute.maximum_length
        && (length >= attribute.minimum_length || clears);
    if !fits {
        return Err(AttributeFailure::Length { name });
    }
    Ok(())
}

/// The username of a user who comes from a provider.
pub(crate) fn federated_username(
    options: &CognitoOptions,
    provider_name: &str,
    subject: &str,
) -> Result<String, AttributeFailure> {
    let username = format!("{provider_name}_{subject}");
    check_username(&username)?;
    if subject.is_empty() {
        return Err(AttributeFailure::UsernameCharacters);
    }
    Ok(in_case_of(options, username))
}

pub(crate) fn check_username(username: &str) -> Result<(), AttributeFailure> {
    if username.chars().count() > USERNAME_LIMIT {
        return Err(AttributeFailure::UsernameTooLong);
    }
    if username.is_empty() || !username.chars().all(is_username_character) {
        return Err(AttributeFailure::UsernameCharacters);
    }
    Ok(())
}

/// A username as the pool keeps it: in lower case, unless the pool is case-sensitive.
pub(crate) fn in_case_of(options: &CognitoOptions, username: String) -> String {
    if options.case_sensitive_usernames {
        username
    } else {
        username.to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{AttributesRequestMethod, Provider};

    fn options() -> CognitoOptions {
        let provider = Provider {
            name: "MynaApp".to_owned(),
            button: (String::new(), String::new()),
            client_id: String::new(),
            client_secret: "".into(),
            authorize_scopes: "openid".to_owned(),
            oidc_issuer: String::new(),
            authorize_url: String::new(),
            token_url: String::new(),
            attributes_url: String::new(),
            jwks_uri: String::new(),
            attributes_request_method: AttributesRequestMethod::Get,
            attribute_mapping: BTreeMap::new(),
        };
        CognitoOptions::new(provider, AppClient::new("", ""))
    }

    #[test]
    fn a_username_has_letters_marks_symbols_numbers_and_punctuation() {
        for character in ['a', '山', '\u{3099}', '+', '〓', '9', 'Ⅷ', '-', '_', '：'] {
            assert!(is_username_character(character), "{character:?}");
        }
        for character in [
            ' ', '\u{3000}', '\t', '\u{200b}', '\u{0}', '\u{e000}', '\u{2028}',
        ] {
            assert!(!is_username_character(character), "{character:?}");
        }
    }

    /// This happens when a user is deleted between the check of the access token and the write.
    #[test]
    fn nobody_is_made_by_writing_attributes() {
        let mut users = UserPool::default();
        let name = [("name".to_owned(), Some("山田".to_owned()))];
        let options = options();
        let rules = Rules {
            options: &options,
            writer: Writer::Client(&options.app_clients[0]),
            empty_values: EmptyValues::TooShort,
        };
        let written = users.update(rules, "nobody", &name, DateTime::UNIX_EPOCH);
        assert_eq!(written, Err(AttributeFailure::UserUnknown));
        assert_eq!(users.attributes_by_username(), BTreeMap::new());
    }
}
