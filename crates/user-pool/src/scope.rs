//! The scopes of the resource server, by which an app says which claims it asks for. A scope is called like the claim that it
//! asks for, but for [`VERIFIED`], which asks for several.

use crate::claim;

/// The resource server's identifier, unless the configuration calls it otherwise.
pub const RESOURCE_SERVER: &str = "digital-auth";

/// The ages that can be asked for, unless the configuration names others: separated by spaces.
pub const AGES: &str = "18 20";

/// The prefecture of the address.
pub const PREFECTURE: &str = claim::PREFECTURE;

/// The municipality of the address, and its code.
pub const MUNICIPALITY: &str = claim::MUNICIPALITY;

/// Before a number of years: whether the person has reached that age.
pub const AGE_OVER: &str = claim::AGE_OVER;

/// Whether the person is 18 or over.
pub const AGE_OVER_18: &str = claim::AGE_OVER_18;

/// Whether the person is 20 or over.
pub const AGE_OVER_20: &str = claim::AGE_OVER_20;

/// That, when and how the person was verified.
pub const VERIFIED: &str = "verified";

/// A scope as an authorization request has it (Amazon Cognito, "Scopes, M2M, and resource servers").
#[must_use]
pub fn of(resource_server: &str, name: &str) -> String {
    format!("{resource_server}/{name}")
}

/// The name within the resource server, if the scope is one of it.
#[must_use]
pub fn name_within<'a>(scope: &'a str, resource_server: &str) -> Option<&'a str> {
    scope.strip_prefix(resource_server)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_the_servers_name_a_slash_and_its_own() {
        let scope = of(RESOURCE_SERVER, PREFECTURE);
        assert_eq!(scope, "digital-auth/prefecture");
        assert_eq!(name_within(&scope, RESOURCE_SERVER), Some(PREFECTURE));
        for other in [
            "openid",
            "digital-auth",
            "digital-authority/name",
            "other/digital-auth/name",
        ] {
            assert_eq!(name_within(other, RESOURCE_SERVER), None, "{other}");
        }
    }
}
