//! What a request of the user pool's API and its answer consist of, and what of it is recorded in
//! the journal: names and sizes.

use chrono::{DateTime, Utc};
use loopback::journal::{Check, Parameter};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::Refusal;
use crate::user_pool::User;

/// The source of rules that aren't in a specification.
pub(super) const API: &str = "Cognito: user pools API";
/// The most attributes of one request; AWS names no figure.
const MOST_ATTRIBUTES: usize = 100;

/// `AttributeType`. A missing value counts as an empty one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attribute {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: String,
}

/// What is recorded in the journal of a request and its answer.
#[derive(Default)]
pub(super) struct Told {
    pub(super) parameters: Vec<Parameter>,
    pub(super) checks: Vec<Check>,
    pub(super) answer: Vec<Parameter>,
}

impl Told {
    /// Reads the body.
    pub(super) fn body<'a, T: Deserialize<'a>>(&mut self, body: &'a [u8]) -> Result<T, Refusal> {
        let understood = serde_json::from_slice(body);
        let check = ("the body has the operation's parameters", API);
        self.check(check, understood.is_ok(), Refusal::Serialization)?;
        understood.map_err(|_| Refusal::Serialization)
    }

    pub(super) fn check(
        &mut self,
        (what, rule): (&str, &str),
        passed: bool,
        refusal: Refusal,
    ) -> Result<(), Refusal> {
        self.checks.push(Check::new(what, rule, passed));
        if passed { Ok(()) } else { Err(refusal) }
    }
    /// Records how large values are, which are personal or secret.
    pub(super) fn sizes<'a>(&mut self, values: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let values = values.into_iter().take(MOST_ATTRIBUTES);
        self.parameters
            .extend(values.map(|(name, value)| Parameter {
                name: name.to_owned(),
                value: format!("{} bytes", value.len()),
            }));
    }
}

/// Refuses a write of no attribute at all, or of very many.
pub(super) fn check_number<T>(attributes: &[T]) -> Result<(), Refusal> {
    if (1..=MOST_ATTRIBUTES).contains(&attributes.len()) {
        return Ok(());
    }
    Err(Refusal::invalid_parameter("Invalid number of attributes"))
}

/// What the API says of a user, with the attributes under this name.
pub(super) fn described(user: &User, name: &str, attributes: Vec<Value>) -> Value {
    json!({
        "Username": user.username,
        name: attributes,
        "UserCreateDate": seconds(user.created),
        "UserLastModifiedDate": seconds(user.modified),
        "Enabled": !user.disabled,
        "UserStatus": user.status(),
    })
}

/// A time as AWS JSON has it: seconds with a fraction.
fn seconds(time: DateTime<Utc>) -> Value {
    let milliseconds = time.timestamp_millis();
    json!(std::time::Duration::from_millis(milliseconds.unsigned_abs()).as_secs_f64())
}

/// The user's attributes as `AttributeType`s. Their names are recorded in the journal.
pub(super) fn attributes(
    user: &User,
    shown: impl Fn(&String) -> bool,
    told: &mut Told,
) -> Vec<Value> {
    let own = user.own_attributes();
    let written = user.attributes.clone().into_iter();
    let attributes = own.chain(written.filter(|(name, _)| shown(name)));
    let attributes: Vec<(String, String)> = attributes.collect();
    let names: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
    told.answer
        .push(Parameter::new("UserAttributes", names.join(" ")));
    attribute_types(attributes)
}

/// Attributes as `AttributeType`s.
pub(super) fn attribute_types(
    attributes: impl IntoIterator<Item = (String, String)>,
) -> Vec<Value> {
    let attributes = attributes.into_iter();
    attributes
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect()
}
