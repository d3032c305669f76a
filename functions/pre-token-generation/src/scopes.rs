//! Grants: what the scopes of the resource server allow an app to get.
//! Amazon Cognito has already checked that the app client may use each scope (`AllowedOAuthScopes`;
//! contract C7).
//! An unknown scope of the resource server grants nothing, but still counts as one of its scopes.

use four_attributes::{Attribute, AttributeSet};
use user_pool::claim::Claim;
use user_pool::scope::{Scope, name_within};

/// What the scopes of one request grant.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Grants(Vec<Scope>);

impl Grants {
    /// What `scopes` grant, or `None` if none of them is one of `resource_server`. `ages` are the
    /// ages for which there are scopes.
    #[must_use]
    pub fn of(scopes: &[&str], resource_server: &str, ages: &[u8]) -> Option<Self> {
        let names: Vec<&str> = scopes
            .iter()
            .filter_map(|scope| name_within(scope, resource_server))
            .collect();
        if names.is_empty() {
            return None;
        }
        let is_asked_for = |scope: &Scope| names.contains(&&*scope.name());
        Some(Self(Scope::all(ages).filter(is_asked_for).collect()))
    }

    /// Whether nothing is granted: no scope of the resource server in the request is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The granted attributes, for the ID token.
    #[must_use]
    pub fn attributes(&self) -> AttributeSet {
        let has = |attribute: &Attribute| self.0.contains(&Scope::Attribute(*attribute));
        Attribute::ALL.into_iter().filter(has).collect()
    }

    /// The granted claims.
    pub fn claims(&self) -> impl Iterator<Item = Claim> {
        self.0.iter().flat_map(|scope| scope.claims())
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
        let ages = [18, 20];
        let known: Vec<Scope> = Scope::all(&ages).collect();
        for scope in &known {
            let grants = of(&format!("openid digital-auth/{}", scope.name()));
            assert_eq!(grants, Some(Grants(vec![*scope])));
        }
        // In any order, and repeated.
        let backwards = known.iter().rev().chain(&known);
        let scopes: Vec<_> = backwards
            .map(|scope| format!("digital-auth/{}", scope.name()))
            .collect();
        let all = of(&scopes.join(" ")).unwrap();
        assert_eq!(all, Grants(known));
        assert_eq!(all.attributes(), AttributeSet::all());
        let some = of("digital-auth/verified digital-auth/gender").unwrap();
        assert_eq!(some.attributes().to_string(), "gender");
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
