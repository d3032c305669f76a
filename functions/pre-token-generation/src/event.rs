//! The event of the trigger: what is read of it, and how it is answered.
//! It comes and goes as plain JSON, so that whatever Amazon Cognito adds to it survives.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html>

use record_trigger::Class;
use record_trigger::trigger::{with_response, within};
use serde_json::{Value, json};
use user_pool::attribute::IDENTITIES;

use crate::claims::Claims;
use crate::identities::Identities;

/// What every source of this trigger begins with.
const SOURCE: &str = "TokenGeneration_";
/// The source of an event that is about no user: a machine gets a token by its app client's own
/// credentials (V3_0 alone).
const CLIENT_CREDENTIALS: &str = "TokenGeneration_ClientCredentials";
/// The versions of the event (V2_0, V3_0), whose answers have one form. Version 1 understands less
/// of an answer: it would let attributes into tokens that nobody granted.
const VERSIONS: [&str; 2] = ["2", "3"];
/// Where the answer is.
const DETAILS: &str = "claimsAndScopeOverrideDetails";
/// The user's groups in the answer. Without it they stay as they are; even an empty one would take
/// them away.
const GROUPS: &str = "groupOverrideDetails";

/// What is read of an event.
pub struct TokenRequest<'a> {
    /// The user pool's id.
    pub user_pool_id: &'a str,
    /// The user's name in the pool.
    pub user_name: &'a str,
    /// The scopes that the access token gets.
    pub scopes: Vec<&'a str>,
    /// The sealed record, if the event carries it.
    pub record: Option<&'a str>,
    /// The user's identities, if the event carries them: users of the pool's own have none.
    pub identities: Option<Identities>,
}

impl std::fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TokenRequest(…)")
    }
}

impl<'a> TokenRequest<'a> {
    /// Reads an event; `record_attribute` is the name of the attribute with the record. `None` if
    /// it is about a machine, and so about nobody.
    ///
    /// # Errors
    ///
    /// [`Class::EventMalformed`] for what isn't such an event, and [`Class::EventVersion`] for
    /// another version.
    pub fn read(event: &'a Value, record_attribute: &str) -> Result<Option<Self>, Class> {
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
        Ok(Some(Self {
            user_pool_id: text(event, "userPoolId").ok_or(Class::EventMalformed)?,
            user_name: text(event, "userName").ok_or(Class::EventMalformed)?,
            scopes: scopes(request)?,
            record: match attribute(record_attribute) {
                None => None,
                Some(record) => Some(record.as_str().ok_or(Class::EventMalformed)?)
                    .filter(|record| !record.is_empty()),
            },
            identities: attribute(IDENTITIES).map(Identities::read).transpose()?,
        }))
    }

    /// Whether the name is the one that the user of this subject at this provider has:
    /// `<ProviderName>_<sub>`, in lower case where the pool tells no cases apart.
    #[must_use]
    pub fn is_name_of(&self, provider_name: &str, subject: &str) -> bool {
        let name = format!("{provider_name}_{subject}");
        self.user_name.to_lowercase() == name.to_lowercase()
    }

    /// Whether the name is one that users of this provider have: `<ProviderName>_<sub>`, in lower
    /// case where the pool tells no cases apart.
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

/// What is there and isn't `null`.
fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// A sign-in that knows no scopes (through the API, not through the hosted pages) has none of ours.
fn scopes(request: &Value) -> Result<Vec<&str>, Class> {
    match present(request.get("scopes")) {
        None => Ok(Vec::new()),
        Some(scopes) => (scopes.as_array().ok_or(Class::EventMalformed)?.iter())
            .map(|scope| scope.as_str().ok_or(Class::EventMalformed))
            .collect(),
    }
}

/// The event with its answer: these claims are added, and of `hidden` those are suppressed that
/// aren't.
///
/// # Errors
///
/// [`Class::EventMalformed`] if the event has no place for an answer.
pub fn answered(event: Value, claims: Claims, hidden: &[&str]) -> Result<Value, Class> {
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
            });
        });
    })
}
