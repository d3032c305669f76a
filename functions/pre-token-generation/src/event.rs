//! The event of the trigger: what the trigger reads of it, and how it writes the answer (contract
//! C5).
//! The event stays plain JSON, so that the answer keeps all fields that Amazon Cognito may add.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html>

use record_trigger::Class;
use record_trigger::trigger::{with_response, within};
use serde_json::{Value, json};
use user_pool::attribute::{IDENTITIES, SUB};

use crate::claims::Claims;
use crate::identities::Identities;

/// The beginning of every `triggerSource` of this trigger.
const SOURCE: &str = "TokenGeneration_";
/// The `triggerSource` of an event without a user: an app client gets a token for itself by the
/// client credentials grant (V3_0 only).
const CLIENT_CREDENTIALS: &str = "TokenGeneration_ClientCredentials";
/// The supported versions of the event (V2_0 and V3_0), whose answers have the same form. An answer
/// of version 1 can do less: attributes that no scope granted would get into tokens.
const VERSIONS: [&str; 2] = ["2", "3"];
/// The member of `response` that holds the answer.
const DETAILS: &str = "claimsAndScopeOverrideDetails";
/// The member of the answer that overrides the user's groups. It is removed, so that the groups
/// stay as they are: even an empty one would take them away.
const GROUPS: &str = "groupOverrideDetails";

/// The part of an event that the trigger reads.
pub struct TokenRequest<'a> {
    /// The user pool's id.
    pub user_pool_id: &'a str,
    /// The user's name in the pool.
    pub user_name: &'a str,
    /// The scopes that the access token gets.
    pub scopes: Vec<&'a str>,
    /// The app client.
    pub client_id: Option<&'a str>,
    /// The user's `sub` in the pool, if the event carries it.
    pub sub: Option<&'a str>,
    /// The sealed record of a sign-in with the card, if the event carries it.
    pub record: Option<&'a str>,
    /// The sealed record of a member's verification, if the event carries it.
    pub member_record: Option<&'a str>,
    /// The user's identities, if the event carries them. A native user of the pool has none.
    pub identities: Option<Identities>,
}

/// The names of the user pool's attributes with the records.
#[derive(Clone, Copy, Debug)]
pub struct RecordNames<'a> {
    /// Of the record of a sign-in with the card.
    pub record: &'a str,
    /// Of the record of a member's verification.
    pub member_record: &'a str,
}

impl std::fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenRequest(…)")
    }
}

impl<'a> TokenRequest<'a> {
    /// Reads an event; `names` are those of the attributes with the records. `None` if the token is
    /// for an app client itself, and so not for a user.
    ///
    /// # Errors
    ///
    /// [`Class::EventMalformed`] if the event isn't one of this trigger, and
    /// [`Class::EventVersion`] if its version isn't supported.
    pub fn read(event: &'a Value, names: RecordNames<'_>) -> Result<Option<Self>, Class> {
        let source = text(event, "triggerSource").unwrap_or_default();
        if !source.starts_with(SOURCE) {
            return Err(Class::EventMalformed);
        }
        if source == CLIENT_CREDENTIALS {
            return Ok(None);
        }
        let version = text(event, "version").unwrap_or_default();
        if !VERSIONS.contains(&version) {
            return Err(Class::EventVersion);
        }
        let request = event.get("request").ok_or(Class::EventMalformed)?;
        let attributes = match request.get("userAttributes") {
            Some(Value::Object(attributes)) => Some(attributes),
            None | Some(Value::Null) => None,
            Some(_) => return Err(Class::EventMalformed),
        };
        let attribute = |name: &str| present(attributes.and_then(|all| all.get(name)));
        let record = |name: &str| match attribute(name) {
            None => Ok(None),
            Some(Value::String(record)) => {
                Ok(Some(record.as_str()).filter(|text| !text.is_empty()))
            }
            Some(_) => Err(Class::EventMalformed),
        };
        let caller = event.get("callerContext");
        Ok(Some(Self {
            user_pool_id: text(event, "userPoolId").ok_or(Class::EventMalformed)?,
            user_name: text(event, "userName").ok_or(Class::EventMalformed)?,
            scopes: scopes(request)?,
            client_id: caller.and_then(|caller| text(caller, "clientId")),
            sub: attribute(SUB).and_then(Value::as_str),
            record: record(names.record)?,
            member_record: record(names.member_record)?,
            identities: attribute(IDENTITIES).map(Identities::read).transpose()?,
        }))
    }

    /// Whether the user's name is `<ProviderName>_<sub>`, which Cognito gives to the user with this
    /// subject at this provider. Upper and lower case are the same here, because a user pool that
    /// doesn't tell them apart has the name in lower case.
    #[must_use]
    pub fn is_name_of(&self, provider_name: &str, subject: &str) -> bool {
        let name = format!("{provider_name}_{subject}");
        self.user_name.to_lowercase() == name.to_lowercase()
    }

    /// Whether the user's name has the form `<ProviderName>_<sub>`, which Cognito gives to the
    /// users of this provider. Upper and lower case are the same here, because a user pool that
    /// doesn't tell them apart has the name in lower case.
    #[must_use]
    pub fn is_named_by(&self, provider_name: &str) -> bool {
        let (name, provider_name) = (self.user_name.to_lowercase(), provider_name.to_lowercase());
        name.strip_prefix(&provider_name)
            .is_some_and(|rest| rest.starts_with('_'))
    }
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// The value, unless it is missing or `null`.
fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// The scopes of the request. A sign-in through the API, and not through the hosted pages, has the
/// scope `aws.cognito.signin.user.admin` alone (contract C7), and so none of the resource server.
fn scopes(request: &Value) -> Result<Vec<&str>, Class> {
    match present(request.get("scopes")) {
        None => Ok(Vec::new()),
        Some(scopes) => (scopes.as_array().ok_or(Class::EventMalformed)?.iter())
            .map(|scope| scope.as_str().ok_or(Class::EventMalformed))
            .collect(),
    }
}

/// The event with its answer: `claims` are added to the tokens, and `scopes` to the access token.
/// Those of `hidden` that are not added to the ID token are suppressed there.
///
/// # Errors
///
/// [`Class::EventMalformed`] if the event has no place for an answer.
pub fn answered(
    event: Value,
    claims: Claims,
    scopes: &[String],
    hidden: &[&str],
) -> Result<Value, Class> {
    let suppressed: Vec<&str> = (hidden.iter().copied())
        .filter(|name| !claims.id_token.contains_key(*name))
        .collect();
    with_response(event, |response| {
        within(response, DETAILS, |details| {
            details.remove(GROUPS);
            within(details, "idTokenGeneration", |id_token| {
                id_token.insert("claimsToAddOrOverride".to_owned(), claims.id_token.into());
                id_token.insert("claimsToSuppress".to_owned(), json!(suppressed));
            });
            within(details, "accessTokenGeneration", |access_token| {
                let added = claims.access_token.into();
                access_token.insert("claimsToAddOrOverride".to_owned(), added);
                if !scopes.is_empty() {
                    access_token.insert("scopesToAdd".to_owned(), json!(scopes));
                }
            });
        });
    })
}
