//! The user pool's attributes, and the claims of the bridge that they are mapped from.

use crate::claim;

/// The prefix of a custom attribute's name (AWS, SchemaAttributeType).
pub const CUSTOM: &str = "custom:";

/// The attribute with the verified record, unless the configuration names another one.
pub const RECORD: &str = "custom:verified_record";

/// The attribute with the time of verification, unless the configuration names another one.
pub const VERIFIED_AT: &str = "custom:verified_at";

/// The attribute with the record of a member's verification, unless the configuration names another
/// one. No provider is mapped to it, and no app client may read or write it.
pub const MEMBER_RECORD: &str = "custom:member_record";

/// The attribute with the user's id, which Amazon Cognito makes itself and nobody can change.
pub const SUB: &str = "sub";

/// The attribute in which Amazon Cognito itself lists the user's identities at identity providers,
/// as JSON text.
pub const IDENTITIES: &str = "identities";

/// The attribute mapping of the username and of the four attributes: each attribute with the claim
/// that it comes from. `address` comes from the claim with the plain text: Amazon Cognito maps
/// whole claims, and would store OpenID Connect's address object as JSON text.
pub const MAPPING: [(&str, &str); 5] = [
    ("username", "sub"),
    ("name", "name"),
    ("address", claim::FORMATTED_ADDRESS),
    ("birthdate", "birthdate"),
    ("gender", "gender"),
];

/// The attribute mapping of what proves the four attributes: each attribute with the claim that it
/// comes from.
pub const RECORD_MAPPING: [(&str, &str); 2] = [
    (RECORD, claim::VERIFIED_RECORD),
    (VERIFIED_AT, claim::VERIFIED_AT),
];

#[cfg(test)]
mod tests {
    use four_attributes::Attribute;

    use super::*;

    #[test]
    fn every_attribute_is_mapped_from_a_claim_of_its_name_but_for_the_address() {
        for attribute in Attribute::ALL {
            let name = attribute.claim();
            let from = match attribute {
                Attribute::Address => claim::FORMATTED_ADDRESS,
                _ => name,
            };
            assert!(MAPPING.contains(&(name, from)), "{name}");
        }
        for (attribute, claim) in RECORD_MAPPING {
            assert_eq!(attribute.strip_prefix(CUSTOM), Some(claim));
        }
    }
}
