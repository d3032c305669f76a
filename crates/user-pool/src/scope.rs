//! The scopes of the resource server, with which an app asks for claims. This is the only table of
//! them: the trigger `pre-token-generation` grants claims by it, the demo's app asks by it, and
//! tests compare the template and the documents with it.

use std::borrow::Cow;
use std::iter;

use four_attributes::Attribute;

use crate::claim::Claim;

/// The resource server's identifier, unless the configuration names another one.
pub const RESOURCE_SERVER: &str = "digital-auth";

/// The ages that can be asked for, unless the configuration names others.
pub const AGES: [u8; 2] = [18, 20];

/// The oldest age that can be asked for.
pub const OLDEST: u8 = 150;

/// The name of the scope with which an app may call the members' API. It asks for no claim.
pub const VERIFY: &str = "verify";

/// The scope of every sign-in through the API of Amazon Cognito, and the only one of its access
/// token (contract C7). With it, a user may read and write their own attributes.
pub const SIGNED_IN_BY_API: &str = "aws.cognito.signin.user.admin";

/// A scope of the resource server that asks for claims.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Scope {
    /// One of the four attributes.
    Attribute(Attribute),
    /// The prefecture of the address.
    Prefecture,
    /// The municipality of the address, and its code.
    Municipality,
    /// Whether the person has reached this age.
    AgeOver(u8),
    /// That, when and how the person was verified.
    Verified,
}

impl Scope {
    /// All scopes, in the order in which people see them. `ages` are those that can be asked for.
    pub fn all(ages: &[u8]) -> impl Iterator<Item = Self> {
        let attributes = Attribute::ALL.into_iter().map(Self::Attribute);
        attributes
            .chain([Self::Prefecture, Self::Municipality])
            .chain(ages.iter().copied().map(Self::AgeOver))
            .chain([Self::Verified])
    }

    /// The main claim that the scope asks for.
    #[must_use]
    pub const fn claim(self) -> Claim {
        match self {
            Self::Attribute(attribute) => Claim::Attribute(attribute),
            Self::Prefecture => Claim::Prefecture,
            Self::Municipality => Claim::Municipality,
            Self::AgeOver(years) => Claim::AgeOver(years),
            Self::Verified => Claim::IdentityVerified,
        }
    }

    /// All claims that the scope asks for, with the main [`claim`](Self::claim) first.
    pub fn claims(self) -> impl Iterator<Item = Claim> {
        let others: &[Claim] = match self {
            Self::Attribute(_) | Self::Prefecture | Self::AgeOver(_) => &[],
            Self::Municipality => &[Claim::MunicipalityCode],
            Self::Verified => &[Claim::VerifiedAt, Claim::VerificationAcr],
        };
        iter::once(self.claim()).chain(others.iter().copied())
    }

    /// The name within the resource server: that of the main [`claim`](Self::claim), except for
    /// [`Verified`](Self::Verified).
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Verified => "verified".into(),
            Self::Attribute(_) | Self::Prefecture | Self::Municipality | Self::AgeOver(_) => {
                self.claim().name()
            }
        }
    }

    /// The description in the user pool's configuration (`ScopeDescription`).
    #[must_use]
    pub fn description(self) -> Cow<'static, str> {
        match self {
            Self::Attribute(Attribute::BirthDate) => "birth date".into(),
            Self::Attribute(_) | Self::Prefecture => self.name(),
            Self::Municipality => "municipality and its code".into(),
            Self::AgeOver(years) => format!("{years} or over").into(),
            Self::Verified => "when and how it was verified".into(),
        }
    }

    /// The scope as an authorization request has it: the resource server's identifier, a slash, and
    /// the name (Amazon Cognito, "Scopes, M2M, and resource servers").
    #[must_use]
    pub fn of_server(self, resource_server: &str) -> String {
        format!("{resource_server}/{}", self.name())
    }
}

/// The name of `scope` within the resource server. `None` if it isn't a scope of this resource
/// server.
#[must_use]
pub fn name_within<'a>(scope: &'a str, resource_server: &str) -> Option<&'a str> {
    scope.strip_prefix(resource_server)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_scope_is_the_servers_name_a_slash_and_its_own() {
        let scope = Scope::Prefecture.of_server(RESOURCE_SERVER);
        assert_eq!(scope, "digital-auth/prefecture");
        assert_eq!(name_within(&scope, RESOURCE_SERVER), Some("prefecture"));
        for other in [
            "openid",
            "digital-auth",
            "digital-authority/name",
            "other/digital-auth/name",
        ] {
            assert_eq!(name_within(other, RESOURCE_SERVER), None, "{other}");
        }
    }

    /// Apps outside of this repository use these names, too, so the names can't change.
    #[test]
    fn names_and_tokens_stay_as_they_are() {
        let table: Vec<_> = Scope::all(&AGES)
            .map(|scope| {
                let claims = scope.claims().map(|claim| {
                    let tokens = if claim.is_in_access_token() {
                        "both"
                    } else {
                        "ID"
                    };
                    format!("{} ({tokens})", claim.name())
                });
                format!("{}: {}", scope.name(), claims.collect::<Vec<_>>().join(" "))
            })
            .collect();
        assert_eq!(
            table,
            [
                "name: name (ID)",
                "address: address (ID)",
                "birthdate: birthdate (ID)",
                "gender: gender (ID)",
                "prefecture: prefecture (both)",
                "municipality: municipality (both) municipality_code (both)",
                "age_over_18: age_over_18 (both)",
                "age_over_20: age_over_20 (both)",
                "verified: identity_verified (both) verified_at (both) verification_acr (both)",
            ]
        );
    }

    #[test]
    fn no_two_scopes_and_no_two_claims_share_a_name() {
        let ages: Vec<u8> = (1..=OLDEST).collect();
        let scopes: BTreeSet<_> = Scope::all(&ages).map(Scope::name).collect();
        assert_eq!(scopes.len(), Scope::all(&ages).count());
        assert!(!scopes.contains(VERIFY));
        let claims: Vec<_> = Scope::all(&ages).flat_map(Scope::claims).collect();
        let names: BTreeSet<_> = claims.iter().map(|claim| claim.name()).collect();
        assert_eq!(names.len(), claims.len());
    }
}
