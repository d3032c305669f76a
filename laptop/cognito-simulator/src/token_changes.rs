//! What the pre token generation trigger changes in the tokens: this is read from its answer, and
//! applied to the claims.

use loopback::journal::Parameter;
use serde_json::{Map, Value, json};
use user_pool::attribute::IDENTITIES;

use crate::options::OverriddenAddress;
use crate::trigger_answer::{TriggerFailure, Understood, names};

/// The most claims and scopes that one answer adds, overrides and suppresses.
const MOST_CHANGES: usize = 5_000;

/// Claims that no trigger can set or suppress. AWS has one list for each token, and ignores changes
/// to the claims on it: the token has the original value. Here both lists apply to both tokens,
/// which is stricter.
const RESERVED: [&str; 22] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "client_id",
    "device_key",
    "event_id",
    "exp",
    "iat",
    IDENTITIES,
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "scope",
    "sub",
    "token_use",
    "username",
    "version",
];
/// Claims that begin with these are reserved too. (The answer has a place of its own for groups.)
const RESERVED_PREFIXES: [&str; 2] = ["cognito:", "dev:"];
/// No trigger can add scopes that begin with this.
const RESERVED_SCOPES: &str = "aws.cognito";

/// What the trigger changes. The default changes nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TokenChanges {
    id_token: ClaimChanges,
    access_token: ClaimChanges,
    added_scopes: Vec<String>,
    suppressed_scopes: Vec<String>,
    groups: Option<Groups>,
}

/// The changes to the claims of one token.
#[derive(Clone, Debug, Default, PartialEq)]
struct ClaimChanges {
    added: Map<String, Value>,
    suppressed: Vec<String>,
}

/// The groups and roles that the tokens have in the place of the user's own.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Groups {
    pub(crate) names: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) preferred_role: Option<String>,
}

/// Reads the answer. A key that isn't known is ignored. A value of the wrong type, `null` as the
/// value of a claim, and an object as the ID token's `address` end the sign-in. AWS says at most
/// that such values aren't supported.
pub(crate) fn understand(response: &Map<String, Value>) -> Understood<TokenChanges> {
    let nothing = (TokenChanges::default(), Vec::new());
    let details = match response.get("claimsAndScopeOverrideDetails") {
        None | Some(Value::Null) => return Ok(nothing),
        Some(Value::Array(list)) if list.is_empty() => return Ok(nothing),
        Some(Value::Object(details)) => details,
        Some(_) => return Err(TriggerFailure::Unrecognizable),
    };
    let empty = Map::new();
    let of_id_token = object(details, "idTokenGeneration")?.unwrap_or(&empty);
    let of_access_token = object(details, "accessTokenGeneration")?.unwrap_or(&empty);
    let claims = |of: &Map<String, Value>| -> Result<ClaimChanges, TriggerFailure> {
        let added = object(of, "claimsToAddOrOverride")?.cloned();
        Ok(ClaimChanges {
            added: added.unwrap_or_default(),
            suppressed: strings(of, "claimsToSuppress")?,
        })
    };
    let mut changes = TokenChanges {
        id_token: claims(of_id_token)?,
        access_token: claims(of_access_token)?,
        added_scopes: strings(of_access_token, "scopesToAdd")?,
        suppressed_scopes: strings(of_access_token, "scopesToSuppress")?,
        groups: match details.get("groupOverrideDetails") {
            None => None,
            Some(_) => {
                let groups = object(details, "groupOverrideDetails")?.unwrap_or(&empty);
                Some(Groups {
                    names: strings(groups, "groupsToOverride")?,
                    roles: strings(groups, "iamRolesToOverride")?,
                    preferred_role: match groups.get("preferredRole") {
                        None | Some(Value::Null) => None,
                        Some(Value::String(role)) => Some(role.clone()),
                        Some(_) => return Err(TriggerFailure::Unrecognizable),
                    },
                })
            }
        },
    };
    let address_is_object = matches!(
        changes.id_token.added.get("address"),
        Some(Value::Object(_))
    );
    let has_null = |claims: &ClaimChanges| claims.added.values().any(Value::is_null);
    let scopes = || {
        changes
            .added_scopes
            .iter()
            .chain(&changes.suppressed_scopes)
    };
    let is_no_scope = |scope: &String| scope.is_empty() || scope.contains(char::is_whitespace);
    if changes.count() > MOST_CHANGES
        || address_is_object
        || has_null(&changes.id_token)
        || has_null(&changes.access_token)
        || scopes().any(is_no_scope)
    {
        return Err(TriggerFailure::Unrecognizable);
    }
    let shown = changes.shown();
    changes.leave_what_is_reserved();
    Ok((changes, shown))
}

/// An object that may be missing or `null`.
fn object<'a>(
    of: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, TriggerFailure> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(TriggerFailure::Unrecognizable),
    }
}

/// A list of strings that may be missing or `null`.
fn strings(of: &Map<String, Value>, name: &str) -> Result<Vec<String>, TriggerFailure> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(list) => {
            serde_json::from_value(list.clone()).map_err(|_| TriggerFailure::Unrecognizable)
        }
    }
}

impl TokenChanges {
    fn count(&self) -> usize {
        let claims = |claims: &ClaimChanges| claims.added.len() + claims.suppressed.len();
        claims(&self.id_token)
            + claims(&self.access_token)
            + self.added_scopes.len()
            + self.suppressed_scopes.len()
    }

    /// Only names, for the journal.
    fn shown(&self) -> Vec<Parameter> {
        let groups = self.groups.as_ref();
        [
            names("idToken: add", self.id_token.added.keys()),
            names("idToken: suppress", &self.id_token.suppressed),
            names("accessToken: add", self.access_token.added.keys()),
            names("accessToken: suppress", &self.access_token.suppressed),
            names("scopesToAdd", &self.added_scopes),
            names("scopesToSuppress", &self.suppressed_scopes),
            names(
                "groupsToOverride",
                groups.iter().flat_map(|groups| &groups.names),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn leave_what_is_reserved(&mut self) {
        for claims in [&mut self.id_token, &mut self.access_token] {
            claims.added.retain(|claim, _| !is_reserved(claim));
            claims.suppressed.retain(|claim| !is_reserved(claim));
        }
        self.added_scopes
            .retain(|scope| !scope.starts_with(RESERVED_SCOPES));
    }

    /// The scopes of the access token: `scopes` and the added ones, without the suppressed ones. A
    /// scope that is added and suppressed is suppressed.
    pub(crate) fn scopes(&self, scopes: &[String]) -> Vec<String> {
        let mut changed: Vec<String> = scopes.to_vec();
        for scope in &self.added_scopes {
            if !changed.contains(scope) {
                changed.push(scope.clone());
            }
        }
        changed.retain(|scope| !self.suppressed_scopes.contains(scope));
        changed
    }

    /// The groups in both tokens: the trigger's, or `own` if the trigger doesn't change them.
    pub(crate) fn groups(&self, own: &[String]) -> Groups {
        self.groups.clone().unwrap_or_else(|| Groups {
            names: own.to_vec(),
            ..Groups::default()
        })
    }

    /// Changes the ID token's claims.
    pub(crate) fn apply_to_id_token(
        &self,
        claims: &mut Map<String, Value>,
        address: OverriddenAddress,
    ) {
        self.id_token.apply(claims);
        let is_overridden = self.id_token.added.contains_key("address");
        if let (OverriddenAddress::Object, true, Some(value)) =
            (address, is_overridden, claims.get_mut("address"))
        {
            *value = json!({ "formatted": value });
        }
    }

    /// Changes the access token's claims.
    pub(crate) fn apply_to_access_token(&self, claims: &mut Map<String, Value>) {
        self.access_token.apply(claims);
    }
}

fn is_reserved(claim: &str) -> bool {
    let mut prefixes = RESERVED_PREFIXES.iter();
    RESERVED.contains(&claim) || prefixes.any(|prefix| claim.starts_with(prefix))
}

impl ClaimChanges {
    /// A claim that is added and suppressed is suppressed.
    fn apply(&self, claims: &mut Map<String, Value>) {
        claims.extend(self.added.clone());
        claims.retain(|claim, _| !self.suppressed.contains(claim));
    }
}

impl Groups {
    /// The claims for these groups and roles in an ID token.
    pub(crate) fn id_token_claims(&self) -> Map<String, Value> {
        let mut claims = self.access_token_claims();
        if !self.roles.is_empty() {
            claims.insert("cognito:roles".to_owned(), json!(self.roles));
        }
        if let Some(role) = &self.preferred_role {
            claims.insert("cognito:preferred_role".to_owned(), json!(role));
        }
        claims
    }

    /// The claim for these groups in an access token.
    pub(crate) fn access_token_claims(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        if !self.names.is_empty() {
            claims.insert("cognito:groups".to_owned(), json!(self.names));
        }
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(details: Value) -> Result<TokenChanges, TriggerFailure> {
        let response = json!({ "claimsAndScopeOverrideDetails": details });
        understand(response.as_object().unwrap()).map(|(changes, _)| changes)
    }

    fn applied(details: Value, claims: Value) -> Value {
        let mut claims = claims.as_object().cloned().unwrap();
        let changes = understood(json!({ "idTokenGeneration": details })).unwrap();
        changes.apply_to_id_token(&mut claims, OverriddenAddress::Text);
        Value::Object(claims)
    }

    #[test]
    fn nothing_null_and_an_empty_list_change_nothing() {
        for details in [json!(null), json!([]), json!({}), json!({"unknown": 1})] {
            assert_eq!(understood(details), Ok(TokenChanges::default()));
        }
        assert_eq!(
            understand(&Map::new()).map(|(changes, _)| changes),
            Ok(TokenChanges::default())
        );
        let nulls = json!({
            "idTokenGeneration": {"claimsToAddOrOverride": null, "claimsToSuppress": null},
            "accessTokenGeneration": null,
        });
        assert_eq!(understood(nulls), Ok(TokenChanges::default()));
    }

    #[test]
    fn a_wrong_type_is_refused() {
        for details in [
            json!("text"),
            json!(["something"]),
            json!({"idTokenGeneration": []}),
            json!({"idTokenGeneration": {"claimsToAddOrOverride": []}}),
            json!({"idTokenGeneration": {"claimsToAddOrOverride": {"a": null}}}),
            json!({"idTokenGeneration": {
                "claimsToAddOrOverride": {"address": {"formatted": "a"}},
            }}),
            json!({"idTokenGeneration": {"claimsToSuppress": "a"}}),
            json!({"idTokenGeneration": {"claimsToSuppress": [1]}}),
            json!({"accessTokenGeneration": {"scopesToAdd": ["a b"]}}),
            json!({"accessTokenGeneration": {"scopesToSuppress": [""]}}),
            json!({"groupOverrideDetails": []}),
            json!({"groupOverrideDetails": {"groupsToOverride": "a"}}),
            json!({"groupOverrideDetails": {"preferredRole": 1}}),
        ] {
            let refused = understood(details.clone());
            assert_eq!(refused, Err(TriggerFailure::Unrecognizable), "{details}");
        }
    }

    #[test]
    fn claims_are_added_overridden_and_suppressed_and_suppressing_wins() {
        let details = json!({
            "claimsToAddOrOverride": {
                "age_over_20": true, "name": "new", "list": [1, "a"], "object": {"a": {"b": 1}},
                "gender": "x", "address": "東京都",
            },
            "claimsToSuppress": ["gender", "birthdate", "not there"],
        });
        let claims = json!({
            "sub": "a", "name": "old", "gender": "male", "birthdate": "1985-03-15",
            "address": {"formatted": "old"},
        });
        let expected = json!({
            "sub": "a", "name": "new", "age_over_20": true, "list": [1, "a"],
            "object": {"a": {"b": 1}}, "address": "東京都",
        });
        assert_eq!(applied(details, claims), expected);
    }

    #[test]
    fn what_is_reserved_stays_as_it_was() {
        for claim in RESERVED
            .iter()
            .chain(&["cognito:groups", "cognito:x", "dev:x"])
        {
            let claims = json!({ *claim: "original" });
            let set = json!({"claimsToAddOrOverride": { *claim: "new" }});
            assert_eq!(applied(set, claims.clone()), claims);
            let suppressed = json!({"claimsToSuppress": [claim]});
            assert_eq!(applied(suppressed, claims.clone()), claims);
        }
    }

    #[test]
    fn scopes_are_added_and_suppressed_but_none_of_cognitos_is_added() {
        let changes = understood(json!({"accessTokenGeneration": {
            "scopesToAdd": ["a/b", "openid", "aws.cognito.signin.user.admin", "both"],
            "scopesToSuppress": ["profile", "both"],
        }}))
        .unwrap();
        let scopes = ["openid".to_owned(), "profile".to_owned()];
        assert_eq!(changes.scopes(&scopes), ["openid", "a/b"]);
    }

    #[test]
    fn an_empty_group_override_removes_the_groups_and_an_absent_one_keeps_them() {
        let own = ["one".to_owned()];
        let groups = |details| understood(details).unwrap().groups(&own);
        assert_eq!(groups(json!({})).names, own);
        for empty in [json!(null), json!({}), json!({"groupsToOverride": []})] {
            let groups = groups(json!({ "groupOverrideDetails": empty }));
            assert_eq!(groups, Groups::default());
            assert_eq!(groups.id_token_claims(), Map::new());
        }
        let details = json!({"groupOverrideDetails": {
            "groupsToOverride": ["other"], "iamRolesToOverride": ["arn"], "preferredRole": "arn",
        }});
        assert_eq!(
            Value::Object(groups(details).id_token_claims()),
            json!({
                "cognito:groups": ["other"], "cognito:roles": ["arn"],
                "cognito:preferred_role": "arn",
            })
        );
    }

    #[test]
    fn five_thousand_changes_are_the_most() {
        let suppressed: Vec<String> = (0..MOST_CHANGES).map(|number| number.to_string()).collect();
        let most = json!({"idTokenGeneration": {"claimsToSuppress": suppressed}});
        assert!(understood(most.clone()).is_ok());
        let mut more = most;
        more["accessTokenGeneration"] = json!({"scopesToAdd": ["a/b"]});
        assert_eq!(understood(more), Err(TriggerFailure::Unrecognizable));
    }

    #[test]
    fn an_overridden_address_can_be_shown_as_an_object() {
        let details =
            json!({"idTokenGeneration": {"claimsToAddOrOverride": {"address": "東京都"}}});
        let changes = understood(details).unwrap();
        let mut claims = Map::new();
        changes.apply_to_id_token(&mut claims, OverriddenAddress::Object);
        assert_eq!(claims["address"], json!({"formatted": "東京都"}));
        let kept = json!({"address": {"formatted": "old"}});
        let mut claims = kept.as_object().cloned().unwrap();
        TokenChanges::default().apply_to_id_token(&mut claims, OverriddenAddress::Object);
        assert_eq!(Value::Object(claims), kept);
    }
}
