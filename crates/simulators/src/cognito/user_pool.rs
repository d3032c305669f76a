//! The user pool: federated users, whose attributes are written again at every sign-in, and the pool's own users.
//! A write is refused as Cognito refuses it, and then nothing of it is written.
//! A claim that doesn't come leaves the old value; an empty one clears it, if the attribute has no minimum length.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use serde_json::{Value, json};

use super::options::{CognitoOptions, EmptyValues};
use super::random::{self, NoRandomness};

/// The most bytes of any attribute.
const VALUE_LIMIT: usize = 2048;
/// The most characters of a username.
const USERNAME_LIMIT: usize = 128;

/// The attributes that Cognito itself makes, or that only an administrator writes.
const NOT_THE_USERS: [&str; 4] = [
    "sub",
    "identities",
    "email_verified",
    "phone_number_verified",
];

/// Why the pool doesn't take a sign-in. Attributes are named; their values never are.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum AttributeFailure {
    #[error(
        "Value at 'userName' failed to satisfy constraint: Member must have length less than or equal to 128"
    )]
    UsernameTooLong,
    #[error(
        "Value at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern"
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
    #[error("Internal error")]
    NoRandomness,
}

impl From<NoRandomness> for AttributeFailure {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

/// One user.
#[derive(Clone)]
pub(super) struct User {
    pub(super) username: String,
    /// The pool's own subject, a UUID.
    pub(super) sub: String,
    /// Who a federated user is at the provider; nothing for a user of the pool's own.
    identity: Option<Identity>,
    pub(super) created: DateTime<Utc>,
    pub(super) modified: DateTime<Utc>,
    pub(super) attributes: BTreeMap<String, String>,
    /// In alphabetical order.
    pub(super) groups: Vec<String>,
}

/// A user as the provider knows them.
#[derive(Clone)]
struct Identity {
    /// The provider's subject, exactly.
    user_id: String,
    provider_name: String,
}

impl User {
    fn new(
        username: String,
        identity: Option<Identity>,
        now: DateTime<Utc>,
    ) -> Result<Self, NoRandomness> {
        Ok(Self {
            username,
            sub: random::uuid()?,
            identity,
            created: now,
            modified: now,
            attributes: BTreeMap::new(),
            groups: Vec::new(),
        })
    }

    /// `identities` as an ID token has it, for a federated user.
    pub(super) fn identities(&self) -> Option<Value> {
        let identity = self.identity.as_ref()?;
        Some(json!([{
            "userId": identity.user_id,
            "providerName": identity.provider_name,
            "providerType": "OIDC",
            "issuer": null,
            "primary": "true",
            "dateCreated": self.created.timestamp_millis().to_string(),
        }]))
    }

    /// The attributes that Cognito itself makes, and nobody writes.
    pub(super) fn own_attributes(&self) -> impl Iterator<Item = (String, String)> {
        let identities = self.identities();
        let identities = identities.map(|value| ("identities".to_owned(), value.to_string()));
        std::iter::once(("sub".to_owned(), self.sub.clone())).chain(identities)
    }

    /// `UserStatus`.
    pub(super) fn status(&self) -> &'static str {
        if self.identity.is_some() {
            "EXTERNAL_PROVIDER"
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
    fn set(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            self.attributes.remove(name);
        } else {
            self.attributes.insert(name.to_owned(), value.to_owned());
        }
    }

    fn check_required(&self, options: &CognitoOptions) -> Result<(), AttributeFailure> {
        let mut required = options.schema.iter().filter(|attribute| attribute.required);
        match required.find(|attribute| !self.attributes.contains_key(&attribute.name)) {
            None => Ok(()),
            Some(attribute) => Err(AttributeFailure::Required {
                name: attribute.name.clone(),
            }),
        }
    }
}

/// Why a user isn't made or changed by a test.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UserFailure {
    /// `UsernameExistsException`.
    #[error("the username is taken")]
    Taken,
    /// `InvalidParameterException`: the username, or an attribute that the schema doesn't have or whose length is out of range.
    #[error("the username or an attribute doesn't fit the pool")]
    Invalid,
    /// `UserNotFoundException`.
    #[error("there is no such user")]
    Unknown,
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

/// Every user, by username.
#[derive(Default)]
pub(super) struct UserPool {
    users: BTreeMap<String, User>,
}

impl UserPool {
    pub(super) fn get(&self, username: &str) -> Option<&User> {
        self.users.get(username)
    }

    pub(super) fn attributes_by_username(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        self.users
            .values()
            .map(|user| {
                let mut attributes = user.attributes.clone();
                attributes.extend(user.own_attributes());
                (user.username.clone(), attributes)
            })
            .collect()
    }

    /// A user by name, in the case that the pool keeps.
    pub(super) fn find(&self, options: &CognitoOptions, username: &str) -> Option<&User> {
        self.users.get(&in_case_of(options, username.to_owned()))
    }

    /// Makes a user of the pool's own, as an administrator does.
    pub(super) fn create(
        &mut self,
        options: &CognitoOptions,
        username: &str,
        attributes: &BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Result<(), UserFailure> {
        let username = in_case_of(options, username.to_owned());
        check_username(&username).map_err(|_| UserFailure::Invalid)?;
        if self.users.contains_key(&username) {
            return Err(UserFailure::Taken);
        }
        let user = User::new(username.clone(), None, now);
        let mut user = user.map_err(|_| UserFailure::NoRandomness)?;
        for (name, value) in attributes {
            check_value(options, EmptyValues::TooShort, name, value)
                .map_err(|_| UserFailure::Invalid)?;
            user.set(name, value);
        }
        user.check_required(options)
            .map_err(|_| UserFailure::Invalid)?;
        self.users.insert(username, user);
        Ok(())
    }

    /// Takes a user out of the pool.
    pub(super) fn delete(
        &mut self,
        options: &CognitoOptions,
        username: &str,
    ) -> Result<(), UserFailure> {
        let username = in_case_of(options, username.to_owned());
        let user = self.users.remove(&username);
        user.map(|_| ()).ok_or(UserFailure::Unknown)
    }

    /// Puts a user into a group.
    pub(super) fn add_to_group(
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

    /// Writes attributes in a user's own name, or deletes those without a value. All are written, or none.
    pub(super) fn update(
        &mut self,
        (options, empty): (&CognitoOptions, EmptyValues),
        username: &str,
        attributes: &[(String, Option<String>)],
        now: DateTime<Utc>,
    ) -> Result<(), AttributeFailure> {
        let known = self.users.get_mut(username);
        let known = known.ok_or(AttributeFailure::UserUnknown)?;
        let mut user = known.clone();
        for (name, value) in attributes {
            if NOT_THE_USERS.contains(&name.as_str()) {
                return Err(AttributeFailure::Immutable { name: name.clone() });
            }
            check_permission(options, name, false)?;
            if let Some(value) = value {
                check_value(options, empty, name, value)?;
            }
            user.set(name, value.as_deref().unwrap_or_default());
        }
        user.check_required(options)?;
        user.modified = now;
        *known = user;
        Ok(())
    }

    /// Creates or updates the user to whom these claims belong, and gives the user.
    pub(super) fn sign_in(
        &mut self,
        (options, empty): (&CognitoOptions, EmptyValues),
        claims: &BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Result<User, AttributeFailure> {
        let subject = claims.get("sub").map(String::as_str).unwrap_or_default();
        let username = username(options, subject)?;
        let known = self.users.get(&username);
        let is_subject = |user: &User| {
            let identity = user.identity.as_ref();
            identity.is_some_and(|identity| identity.user_id == subject)
        };
        if known.is_some_and(|user| !is_subject(user)) {
            // In a pool without case, two subjects can have one username: they aren't one person.
            return Err(AttributeFailure::UsernameTaken);
        }
        let provider_name = &options.provider.name;
        let mut user = match known {
            Some(user) => user.clone(),
            None => {
                let identity = Identity {
                    user_id: subject.to_owned(),
                    provider_name: provider_name.clone(),
                };
                let mut user = User::new(username.clone(), Some(identity), now)?;
                // Cognito makes a group for every provider, and puts its users into it.
                user.join(format!("{}_{provider_name}", options.user_pool_id));
                user
            }
        };
        let is_new = known.is_none();
        let mapping = &options.provider.attribute_mapping;
        for (name, claim) in mapping.iter().filter(|(name, _)| *name != "username") {
            let Some(value) = claims.get(claim) else {
                continue;
            };
            check_permission(options, name, is_new)?;
            check_value(options, empty, name, value)?;
            user.set(name, value);
        }
        user.check_required(options)?;
        user.modified = now;
        self.users.insert(username, user.clone());
        Ok(user)
    }
}

/// Whether the attribute may be written, whatever the value.
fn check_permission(
    options: &CognitoOptions,
    name: &str,
    is_new: bool,
) -> Result<(), AttributeFailure> {
    let name = name.to_owned();
    match options.attribute(&name) {
        None => Err(AttributeFailure::Unknown { name }),
        Some(attribute) if !attribute.mutable && !is_new => {
            Err(AttributeFailure::Immutable { name })
        }
        Some(_) if !options.may_write(&name) => Err(AttributeFailure::NotWritable { name }),
        Some(_) => Ok(()),
    }
}

/// Whether the schema takes the value, whoever writes it.
fn check_value(
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

fn username(options: &CognitoOptions, subject: &str) -> Result<String, AttributeFailure> {
    let username = format!("{}_{subject}", options.provider.name);
    check_username(&username)?;
    if subject.is_empty() {
        return Err(AttributeFailure::UsernameCharacters);
    }
    Ok(in_case_of(options, username))
}

fn check_username(username: &str) -> Result<(), AttributeFailure> {
    if username.chars().count() > USERNAME_LIMIT {
        return Err(AttributeFailure::UsernameTooLong);
    }
    if username.is_empty() || !username.chars().all(is_username_character) {
        return Err(AttributeFailure::UsernameCharacters);
    }
    Ok(())
}

/// A username in the case that the pool keeps.
fn in_case_of(options: &CognitoOptions, username: String) -> String {
    if options.case_sensitive_usernames {
        username
    } else {
        username.to_lowercase()
    }
}

/// `[\p{L}\p{M}\p{S}\p{N}\p{P}]`, as the AWS API has it: no spaces, nothing that can't be seen.
pub(super) fn is_username_character(character: char) -> bool {
    let allowed = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Mark)
        .union(GeneralCategoryGroup::Symbol)
        .union(GeneralCategoryGroup::Number)
        .union(GeneralCategoryGroup::Punctuation);
    allowed.contains(CodePointMapData::<GeneralCategory>::new().get(character))
}

#[cfg(test)]
mod tests {
    use super::super::options::{AppClient, AttributesRequestMethod, Provider};
    use super::*;

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

    /// As when a user is deleted between the check of their token and the write.
    #[test]
    fn nobody_is_made_by_writing_attributes() {
        let mut users = UserPool::default();
        let name = [("name".to_owned(), Some("山田".to_owned()))];
        let rules = (&options(), EmptyValues::TooShort);
        let written = users.update(rules, "nobody", &name, DateTime::UNIX_EPOCH);
        assert_eq!(written, Err(AttributeFailure::UserUnknown));
        assert_eq!(users.attributes_by_username(), BTreeMap::new());
    }
}
