//! What an app may have: its scopes of the resource server, read as grants.
//! Amazon Cognito has seen to it already that the app client is allowed each of them (`AllowedOAuthScopes`).
//! A scope of the resource server that isn't known here grants nothing, but is one of ours.

use four_attributes::{Attribute, AttributeSet};
use user_pool::scope;

/// What the scopes of one request grant.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Grants {
    /// The attributes, for the ID token.
    pub attributes: AttributeSet,
    /// The prefecture.
    pub prefecture: bool,
    /// The municipality.
    pub municipality: bool,
    /// The ages, in the order of the configuration.
    pub ages: Vec<u8>,
    /// How the person was verified.
    pub verified: bool,
}

impl Grants {
    /// Whether nothing is granted: the scopes are ours, and nobody knows them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What `scopes` grant, or `None` if none of them is one of `resource_server`. `ages` are those that can be asked for.
    #[must_use]
    pub fn of(scopes: &[&str], resource_server: &str, ages: &[u8]) -> Option<Self> {
        let names: Vec<&str> = scopes
            .iter()
            .filter_map(|scope| scope::name_within(scope, resource_server))
            .collect();
        if names.is_empty() {
            return None;
        }
        let has = |wanted: &str| names.contains(&wanted);
        let is_asked = |age: &u8| {
            names
                .iter()
                .filter_map(|name| name.strip_prefix(scope::AGE_OVER))
                .any(|years| years == age.to_string())
        };
        Some(Self {
            attributes: (Attribute::ALL.into_iter())
                .filter(|attribute| has(attribute.scope()))
                .collect(),
            prefecture: has(scope::PREFECTURE),
            municipality: has(scope::MUNICIPALITY),
            ages: ages.iter().copied().filter(is_asked).collect(),
            verified: has(scope::VERIFIED),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(scopes: &str) -> Option<Grants> {
        let scopes: Vec<&str> = scopes.split(' ').collect();
        Grants::of(&scopes, "digital-auth", &[18, 20])
    }

    #[test]
    fn standard_scopes_and_those_of_another_resource_server_are_not_ours() {
        assert_eq!(of("openid profile aws.cognito.signin.user.admin"), None);
        assert_eq!(
            of("digital-auth digital-authority/name other/digital-auth/name"),
            None
        );
    }

    #[test]
    fn each_scope_grants_what_it_names() {
        let all = of(
            "openid digital-auth/gender digital-auth/birthdate digital-auth/address digital-auth/name \
             digital-auth/verified digital-auth/prefecture digital-auth/municipality digital-auth/age_over_20 \
             digital-auth/age_over_18",
        );
        let expected = Grants {
            attributes: AttributeSet::all(),
            prefecture: true,
            municipality: true,
            ages: vec![18, 20],
            verified: true,
        };
        assert_eq!(all, Some(expected));
        let one = of("digital-auth/age_over_20").unwrap();
        assert_eq!(
            one,
            Grants {
                ages: vec![20],
                ..Grants::default()
            }
        );
    }

    #[test]
    fn a_scope_that_nobody_knows_is_ours_and_grants_nothing() {
        for scope in [
            "age_over_16",
            "age_over_020",
            "age_over_",
            "municipality_code",
            "Name",
            "name ",
            "name/",
            "",
        ] {
            let scope = format!("digital-auth/{scope}");
            let grants = Grants::of(&[&scope], "digital-auth", &[18, 20]);
            assert_eq!(grants, Some(Grants::default()), "{scope}");
        }
    }
}
