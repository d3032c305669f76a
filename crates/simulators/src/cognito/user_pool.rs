//! The user pool: federated users and their attributes, written again at every sign-in.
//! A write is refused as Cognito refuses it, and then nothing of it is written.
//! A claim that doesn't come leaves the old value; an empty one clears it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use serde_json::{Value, json};

use super::options::CognitoOptions;
use super::random::{self, NoRandomness};

/// The most bytes of any attribute.
const VALUE_LIMIT: usize = 2048;
/// The most characters of a username.
const USERNAME_LIMIT: usize = 128;

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
    #[error("Internal error")]
    NoRandomness,
}

impl From<NoRandomness> for AttributeFailure {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

/// One federated user.
#[derive(Clone)]
pub(super) struct User {
    pub(super) username: String,
    /// The pool's own subject, a UUID.
    pub(super) sub: String,
    /// The provider's subject, exactly.
    user_id: String,
    provider_name: String,
    created: DateTime<Utc>,
    pub(super) attributes: BTreeMap<String, String>,
}

impl User {
    /// `identities` as an ID token has it.
    pub(super) fn identities(&self) -> Value {
        json!([{
            "userId": self.user_id,
            "providerName": self.provider_name,
            "providerType": "OIDC",
            "issuer": null,
            "primary": "true",
            "dateCreated": self.created.timestamp_millis().to_string(),
        }])
    }
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
                attributes.insert("sub".to_owned(), user.sub.clone());
                attributes.insert("identities".to_owned(), user.identities().to_string());
                (user.username.clone(), attributes)
            })
            .collect()
    }

    /// Creates or updates the user to whom these claims belong, and gives the username.
    pub(super) fn sign_in(
        &mut self,
        options: &CognitoOptions,
        claims: &BTreeMap<String, String>,
        now: DateTime<Utc>,
    ) -> Result<String, AttributeFailure> {
        let subject = claims.get("sub").map(String::as_str).unwrap_or_default();
        let username = username(options, subject)?;
        let known = self.users.get(&username);
        if known.is_some_and(|user| user.user_id != subject) {
            // In a pool without case, two subjects can have one username: they aren't one person.
            return Err(AttributeFailure::UsernameTaken);
        }
        let mut user = match known {
            Some(user) => user.clone(),
            None => User {
                username: username.clone(),
                sub: random::uuid()?,
                user_id: subject.to_owned(),
                provider_name: options.provider.name.clone(),
                created: now,
                attributes: BTreeMap::new(),
            },
        };
        let is_new = known.is_none();
        let mapping = &options.provider.attribute_mapping;
        for (name, claim) in mapping.iter().filter(|(name, _)| *name != "username") {
            let Some(value) = claims.get(claim) else {
                continue;
            };
            check_write(options, name, value, is_new)?;
            if value.is_empty() {
                user.attributes.remove(name);
            } else {
                user.attributes.insert(name.clone(), value.clone());
            }
        }
        for attribute in options.schema.iter().filter(|attribute| attribute.required) {
            if !user.attributes.contains_key(&attribute.name) {
                return Err(AttributeFailure::Required {
                    name: attribute.name.clone(),
                });
            }
        }
        self.users.insert(username.clone(), user);
        Ok(username)
    }
}

fn check_write(
    options: &CognitoOptions,
    name: &str,
    value: &str,
    is_new: bool,
) -> Result<(), AttributeFailure> {
    let name = name.to_owned();
    let Some(attribute) = options.attribute(&name) else {
        return Err(AttributeFailure::Unknown { name });
    };
    if !attribute.mutable && !is_new {
        return Err(AttributeFailure::Immutable { name });
    }
    if !options.may_write(&name) {
        return Err(AttributeFailure::NotWritable { name });
    }
    let length = value.chars().count();
    let fits = value.len() <= VALUE_LIMIT
        && length <= attribute.maximum_length
        && (value.is_empty() || length >= attribute.minimum_length);
    if !fits {
        return Err(AttributeFailure::Length { name });
    }
    Ok(())
}

fn username(options: &CognitoOptions, subject: &str) -> Result<String, AttributeFailure> {
    let username = format!("{}_{subject}", options.provider.name);
    if username.chars().count() > USERNAME_LIMIT {
        return Err(AttributeFailure::UsernameTooLong);
    }
    if subject.is_empty() || !username.chars().all(is_username_character) {
        return Err(AttributeFailure::UsernameCharacters);
    }
    Ok(if options.case_sensitive_usernames {
        username
    } else {
        username.to_lowercase()
    })
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
    use super::*;

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
}
