//! The operations of administrators about one user. A function with a role calls them, or somebody
//! who sets a pool up.

use std::collections::BTreeMap;

use http::header::HeaderMap;
use loopback::journal::{Check, Parameter};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::signature::{check_pool, check_signed};
use super::told::{API, Attribute, Told, attributes, check_number, described};
use crate::password::{self, PasswordHash};
use crate::shared::Shared;
use crate::user_pool::{Rules, Writer};

/// The `ProviderAttributeName` with which the value is the provider's subject.
const SUBJECT: &str = "Cognito_Subject";
/// The source of rules about linked users.
const LINKING: &str = "Cognito: linking federated users";

pub(super) fn get_user(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let (username, Alone {}) = request(shared, headers, body, told)?;
    let user = {
        let kept = shared.state();
        kept.users.addressed(&shared.options, &username).cloned()
    };
    let check = ("the user is in the pool", API);
    let user = Check::made(&mut told.checks, check, user, Refusal::UserNotFound)?;
    let attributes = attributes(&user, |_| true, told);
    Ok(described(&user, "UserAttributes", attributes))
}

/// `AdminCreateUser`. The user has no permanent password, so nobody can sign in as the user until
/// `AdminSetUserPassword`. A temporary password is checked and not kept, because the stand-in
/// doesn't have the challenge in which it is replaced. No invitation is sent.
pub(super) fn create_user(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let (username, request): (_, AdminCreateUser) = request(shared, headers, body, told)?;
    told.sizes(sizes(&request.user_attributes));
    match request.message_action.as_deref() {
        None | Some("SUPPRESS") => {}
        Some(_) => {
            let message = "MessageAction can only be SUPPRESS here";
            return Err(Refusal::invalid_parameter(message));
        }
    }
    if let Some(password) = &request.temporary_password {
        check_password(password)?;
    }
    let sent = request.user_attributes.into_iter();
    let named: BTreeMap<String, String> = sent
        .map(|attribute| (attribute.name, attribute.value))
        .collect();
    let created = {
        let (options, now) = (&shared.options, shared.options.clock.now());
        let mut kept = shared.state();
        let created = (kept.users).create(options, &username, &named, now);
        created.map(|user| {
            user.awaits_password = true;
            user.clone()
        })
    };
    let check = "the username is free, and the attributes fit the schema";
    told.checks.push(Check::new(check, API, created.is_ok()));
    let user = created?;
    let attributes = attributes(&user, |_| true, told);
    Ok(json!({ "User": described(&user, "Attributes", attributes) }))
}

/// `AdminSetUserPassword`, with `Permanent`. The stand-in has no temporary passwords.
pub(super) fn set_password(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let (username, request): (_, AdminSetUserPassword) = request(shared, headers, body, told)?;
    if !request.permanent {
        let message = "Permanent can only be true here";
        return Err(Refusal::invalid_parameter(message));
    }
    check_password(&request.password)?;
    let hash = PasswordHash::new(&request.password).map_err(|_| Refusal::Internal)?;
    let set = {
        let (options, now) = (&shared.options, shared.options.clock.now());
        let mut kept = shared.state();
        (kept.users).set_password(options, &username, hash, now)
    };
    done(set.map_err(Refusal::from), told)
}

pub(super) fn delete_user(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let (username, Alone {}) = request(shared, headers, body, told)?;
    let mut kept = shared.state();
    let deleted = kept.users.delete(&shared.options, &username);
    done(deleted.map_err(Refusal::from), told)
}

/// `AdminEnableUser` and `AdminDisableUser`.
pub(super) fn set_enabled(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    enabled: bool,
    told: &mut Told,
) -> Result<Value, Refusal> {
    let (username, Alone {}) = request(shared, headers, body, told)?;
    let mut kept = shared.state();
    let set = kept.users.set_enabled(&shared.options, &username, enabled);
    done(set.map_err(Refusal::from), told)
}

/// `AdminUpdateUserAttributes`. An empty value deletes the attribute.
pub(super) fn update_attributes(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let (username, request): (_, AdminUpdateUserAttributes) = request(shared, headers, body, told)?;
    told.sizes(sizes(&request.user_attributes));
    let written = check_number(&request.user_attributes).and_then(|()| {
        let (options, now) = (&shared.options, shared.options.clock.now());
        let named = request.user_attributes.into_iter();
        let attributes: Vec<_> = named
            .map(|attribute| (attribute.name, Some(attribute.value)))
            .collect();
        let mut kept = shared.state();
        let user = kept.users.addressed(options, &username);
        let username = user.ok_or(Refusal::UserNotFound)?.username.clone();
        let rules = Rules {
            options,
            writer: Writer::Administrator,
            empty_values: kept.variation.empty_values,
        };
        let written = kept.users.update(rules, &username, &attributes, now);
        written.map_err(Refusal::from)
    });
    let check = "the user is in the pool, and the attributes fit the schema and are mutable";
    told.checks.push(Check::new(check, API, written.is_ok()));
    written.map(|()| json!({}))
}

pub(super) fn link(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let options = &shared.options;
    check_signed(shared, headers, told)?;
    let request: AdminLinkProviderForUser = told.body(body)?;
    let (destination, source) = (&request.destination_user, &request.source_user);
    told.parameters.extend([
        Parameter::new("UserPoolId", &request.user_pool_id),
        destination.shown("DestinationUser"),
        source.shown("SourceUser"),
    ]);
    check_pool(shared, &request.user_pool_id, told)?;
    let linked = source.identity().and_then(|source| {
        let now = options.clock.now();
        let users = &mut shared.state().users;
        // AWS ignores ProviderAttributeName here.
        let (provider, value) = (
            &destination.provider_name,
            &destination.provider_attribute_value,
        );
        let username = users.named_by_provider(options, provider, value);
        let username = username.ok_or(Refusal::UserNotFound)?;
        let linked = users.link(options, &username, source, now);
        linked.map_err(Refusal::from)
    });
    told.checks.push(Check::new(
        "the identity isn't linked yet, and can be linked to the user",
        LINKING,
        linked.is_ok(),
    ));
    linked.map(|()| json!({}))
}

pub(super) fn unlink(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    let options = &shared.options;
    check_signed(shared, headers, told)?;
    let request: AdminDisableProviderForUser = told.body(body)?;
    told.parameters.extend([
        Parameter::new("UserPoolId", &request.user_pool_id),
        request.user.shown("User"),
    ]);
    check_pool(shared, &request.user_pool_id, told)?;
    let unlinked = request.user.identity().and_then(|identity| {
        let now = options.clock.now();
        let unlinked = shared.state().users.unlink(options, identity, now);
        unlinked.map_err(Refusal::from)
    });
    let is_linked = Check::new("the identity is linked", LINKING, unlinked.is_ok());
    told.checks.push(is_linked);
    unlinked.map(|()| json!({}))
}

/// Reads a request about one user of this pool: the username, and what else it says.
fn request<T: DeserializeOwned>(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<(String, T), Refusal> {
    check_signed(shared, headers, told)?;
    let request: OfUser<T> = told.body(body)?;
    told.parameters
        .push(Parameter::new("UserPoolId", &request.user_pool_id));
    told.sizes([("Username", request.username.as_str())]);
    check_pool(shared, &request.user_pool_id, told)?;
    Ok((request.username, request.more))
}

/// A request about one user of a pool.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfUser<T> {
    user_pool_id: String,
    username: String,
    #[serde(flatten)]
    more: T,
}

/// Nothing besides the pool and the user.
#[derive(Deserialize)]
struct Alone {}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AdminCreateUser {
    #[serde(default)]
    user_attributes: Vec<Attribute>,
    #[serde(default)]
    temporary_password: Option<SecretString>,
    #[serde(default)]
    message_action: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AdminSetUserPassword {
    password: SecretString,
    #[serde(default)]
    permanent: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AdminUpdateUserAttributes {
    user_attributes: Vec<Attribute>,
}

/// `ProviderUserIdentifierType`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProviderUser {
    provider_name: String,
    #[serde(default)]
    provider_attribute_name: Option<String>,
    provider_attribute_value: String,
}

impl ProviderUser {
    /// The provider's name and its subject. AWS can link by other attributes too; the stand-in
    /// can't.
    fn identity(&self) -> Result<(&str, &str), Refusal> {
        if self.provider_attribute_name.as_deref() == Some(SUBJECT) {
            return Ok((&self.provider_name, &self.provider_attribute_value));
        }
        let message = format!("ProviderAttributeName can only be {SUBJECT} here");
        Err(Refusal::InvalidParameter(message))
    }

    /// What the journal shows of it: never the subject, and of the provider's name only its size,
    /// because the name comes from outside.
    fn shown(&self, name: &str) -> Parameter {
        let (provider, value) = (&self.provider_name, &self.provider_attribute_value);
        Parameter {
            name: name.to_owned(),
            value: format!("{} + {} bytes", provider.len(), value.len()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AdminLinkProviderForUser {
    user_pool_id: String,
    destination_user: ProviderUser,
    source_user: ProviderUser,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AdminDisableProviderForUser {
    user_pool_id: String,
    user: ProviderUser,
}

/// The answer of an operation that returns nothing.
fn done(outcome: Result<(), Refusal>, told: &mut Told) -> Result<Value, Refusal> {
    let check = Check::new("the user is in the pool", API, outcome.is_ok());
    told.checks.push(check);
    outcome.map(|()| json!({}))
}

fn check_password(password: &SecretString) -> Result<(), Refusal> {
    let checked = password::check(password);
    checked.map_err(|weak| Refusal::InvalidPassword(weak.to_string()))
}

fn sizes(attributes: &[Attribute]) -> impl Iterator<Item = (&str, &str)> {
    let attributes = attributes.iter();
    attributes.map(|attribute| (attribute.name.as_str(), attribute.value.as_str()))
}
