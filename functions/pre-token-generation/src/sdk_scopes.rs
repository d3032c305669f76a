//! What a sign-in through the API is granted. An app that signs its users in by an AWS SDK can't
//! ask for a scope of the resource server: its access tokens have
//! `aws.cognito.signin.user.admin` and nothing else (contract C7). So the configuration says, for
//! each app client, which scopes are added to such tokens.

use std::collections::{BTreeMap, BTreeSet};

use user_pool::scope::{OLDEST, SIGNED_IN_BY_API, Scope, VERIFY};

/// The longest id of an app client (AWS, UserPoolClientType).
const LONGEST_CLIENT_ID: usize = 128;

/// The scopes for each app client.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SdkScopes(BTreeMap<String, Vec<String>>);

impl SdkScopes {
    /// Reads `CLIENT_ID:SCOPE …`, where `SCOPE` is the name of a scope within `resource_server`, or
    /// `none`. `ages` are the ages for which there are scopes. The scope of another age is granted
    /// to nobody, and isn't an error: a trigger that doesn't start would end every sign-in of the
    /// pool, and the template can't compare the two lists.
    ///
    /// # Errors
    ///
    /// What is wrong, without the value.
    pub fn read(value: &str, resource_server: &str, ages: &[u8]) -> Result<Self, String> {
        let mut scopes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if value == "none" {
            return Ok(Self(scopes));
        }
        let every_age: Vec<u8> = (1..=OLDEST).collect();
        let known: Vec<Scope> = Scope::all(&every_age).collect();
        for word in value.split_whitespace() {
            let wrong = || {
                "must list app clients with the name of a scope (`CLIENT_ID:SCOPE`), each pair \
                 once, separated by spaces, or be `none`"
            };
            let (client_id, name) = word.split_once(':').ok_or_else(wrong)?;
            let is_client_id = (1..=LONGEST_CLIENT_ID).contains(&client_id.len())
                && (client_id.bytes())
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_+".contains(&byte));
            let is_scope = name == VERIFY || known.iter().any(|scope| scope.name() == name);
            let of_client = scopes.entry(client_id.to_owned()).or_default();
            let scope = format!("{resource_server}/{name}");
            if !is_client_id || !is_scope || of_client.contains(&scope) {
                return Err(wrong().to_owned());
            }
            of_client.push(scope);
        }
        let granted = Scope::all(ages).map(|scope| scope.of_server(resource_server));
        let granted: BTreeSet<String> = granted
            .chain([format!("{resource_server}/{VERIFY}")])
            .collect();
        for of_client in scopes.values_mut() {
            of_client.retain(|scope| granted.contains(scope));
        }
        Ok(Self(scopes))
    }

    /// The scopes that a token gets in addition, for a sign-in at this app client whose token has
    /// `scopes`. None unless the user signed in through the API.
    #[must_use]
    pub fn added(&self, client_id: Option<&str>, scopes: &[&str]) -> &[String] {
        if scopes != [SIGNED_IN_BY_API] {
            return &[];
        }
        let of_client = client_id.and_then(|client_id| self.0.get(client_id));
        of_client.map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<SdkScopes, String> {
        SdkScopes::read(value, "digital-auth", &[18, 20])
    }

    #[test]
    fn each_app_client_gets_its_own_scopes_and_only_for_sign_ins_through_the_api() {
        let scopes = read("shop:verify shop:age_over_20  other:name").unwrap();
        let by_api = [SIGNED_IN_BY_API];
        let of_shop = ["digital-auth/verify", "digital-auth/age_over_20"];
        assert_eq!(scopes.added(Some("shop"), &by_api), of_shop);
        assert_eq!(scopes.added(Some("other"), &by_api), ["digital-auth/name"]);
        let none: [&str; 0] = [];
        for (client_id, scopes_of_token) in [
            (Some("another"), &by_api[..]),
            (Some("Shop"), &by_api),
            (None, &by_api),
            (Some("shop"), &[]),
            (Some("shop"), &["openid"]),
            (Some("shop"), &["openid", SIGNED_IN_BY_API]),
            (Some("shop"), &[SIGNED_IN_BY_API, SIGNED_IN_BY_API]),
        ] {
            assert_eq!(scopes.added(client_id, scopes_of_token), none);
        }
    }

    #[test]
    fn nobody_gets_anything_unless_it_is_configured() {
        for none in ["", "none"] {
            assert_eq!(read(none), Ok(SdkScopes::default()));
        }
    }

    /// A trigger that doesn't start would end every sign-in of the user pool.
    #[test]
    fn an_age_that_is_not_configured_is_granted_to_nobody_and_stops_nobody() {
        let scopes = read("shop:age_over_21 shop:verify other:age_over_21").unwrap();
        let by_api = [SIGNED_IN_BY_API];
        assert_eq!(scopes.added(Some("shop"), &by_api), ["digital-auth/verify"]);
        let none: [&str; 0] = [];
        assert_eq!(scopes.added(Some("other"), &by_api), none);
    }

    #[test]
    fn what_is_no_client_or_no_scope_is_refused() {
        for wrong in [
            "shop",
            "shop:",
            ":name",
            "shop:age_over_151",
            "shop:age_over_21 shop:age_over_21",
            "shop:digital-auth/name",
            "shop:openid",
            "shop:name shop:name",
            "sh-op:name",
            "none shop:name",
            "shop:name,verified",
            &format!("{}:name", "a".repeat(129)),
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
