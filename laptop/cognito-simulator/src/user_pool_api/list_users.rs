//! `ListUsers`: the users of the pool, or those that a filter finds, page by page.

use http::header::HeaderMap;
use loopback::journal::{Check, Parameter};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use user_pool::attribute::IDENTITIES;

use super::refusal::Refusal;
use super::signature::{check_pool, check_signed};
use super::told::{API, Told, attribute_types, described};
use super::user_filter::UserFilter;
use crate::options::CognitoOptions;
use crate::shared::Shared;
use crate::user_pool::User;

/// The most users of one answer, which is also the number without `Limit`.
const MOST: usize = 60;

/// Answers the operation. Users come in the order of their `sub`, after which pages are named, too.
pub(super) fn list_users(
    shared: &Shared,
    headers: &HeaderMap,
    body: &[u8],
    told: &mut Told,
) -> Result<Value, Refusal> {
    check_signed(shared, headers, told)?;
    let request: ListUsers = told.body(body)?;
    told.parameters
        .push(Parameter::new("UserPoolId", &request.user_pool_id));
    let filter = request.filter.as_deref().unwrap_or_default();
    told.sizes([("Filter", filter)]);
    check_pool(shared, &request.user_pool_id, told)?;
    let limit = request.limit()?;
    let names = request.attributes_to_get.as_deref().unwrap_or_default();
    check_names(&shared.options, names)?;
    let filter = UserFilter::parse(filter);
    let check = "the filter has AWS's syntax, and a searchable attribute";
    told.checks.push(Check::new(check, API, filter.is_ok()));
    let filter = filter.map_err(|wrong| Refusal::InvalidParameter(wrong.to_string()))?;
    let after = request.pagination_token.unwrap_or_default();
    let mut found: Vec<User> = {
        let kept = shared.state();
        let users = kept.listed.as_ref().unwrap_or(&kept.users).users.values();
        let found = users.filter(|user| user.sub > after && filter.finds(user));
        found.cloned().collect()
    };
    found.sort_unstable_by(|one, other| one.sub.cmp(&other.sub));
    let has_more = found.len() > limit;
    found.truncate(limit);
    let users: Result<Vec<Value>, Refusal> = (found.iter())
        .map(|user| Ok(described(user, "Attributes", shown(user, names)?)))
        .collect();
    let mut answer = Map::from_iter([("Users".to_owned(), json!(users?))]);
    if let (true, Some(last)) = (has_more, found.last()) {
        answer.insert("PaginationToken".to_owned(), json!(last.sub));
    }
    told.answer.push(Parameter {
        name: "Users".to_owned(),
        value: found.len().to_string(),
    });
    Ok(answer.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListUsers {
    user_pool_id: String,
    #[serde(default)]
    attributes_to_get: Option<Vec<String>>,
    #[serde(default)]
    filter: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    pagination_token: Option<String>,
}

impl ListUsers {
    fn limit(&self) -> Result<usize, Refusal> {
        match self.limit {
            // The API takes 0, and AWS doesn't say what it means.
            None | Some(0) => Ok(MOST),
            Some(limit) if limit <= MOST => Ok(limit),
            Some(_) => Err(Refusal::invalid_parameter(
                "Value at 'limit' failed to satisfy constraint: Member must have value less than \
                 or equal to 60",
            )),
        }
    }
}

/// Whether the pool has all these attributes.
fn check_names(options: &CognitoOptions, names: &[String]) -> Result<(), Refusal> {
    let is_own = |name: &str| ["sub", IDENTITIES].contains(&name);
    let mut names = names.iter();
    if names.all(|name| is_own(name) || options.attribute(name).is_some()) {
        return Ok(());
    }
    let message = "One or more requested attributes do not exist.";
    Err(Refusal::invalid_parameter(message))
}

/// The attributes of these names, or all of them. AWS says that it is an error if a user of the
/// answer doesn't have one of them.
fn shown(user: &User, names: &[String]) -> Result<Vec<Value>, Refusal> {
    let own = user.own_attributes();
    let all = own.chain(user.attributes.clone());
    let shown: Vec<(String, String)> = all
        .filter(|(name, _)| names.is_empty() || names.contains(name))
        .collect();
    let has = |name: &String| shown.iter().any(|(known, _)| known == name);
    if !names.iter().all(has) {
        let message = "Input fails to satisfy the constraints.";
        return Err(Refusal::invalid_parameter(message));
    }
    Ok(attribute_types(shown))
}
