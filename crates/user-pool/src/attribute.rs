//! The user pool's attributes, and the claims of the bridge that they are mapped from.

use crate::claim;

/// What the name of a custom attribute begins with (AWS, SchemaAttributeType).
pub const CUSTOM: &str = "custom:";

/// The attribute with the verified record, unless the configuration calls it otherwise.
pub const RECORD: &str = "custom:verified_record";

/// The attribute with the time of verification, unless the configuration calls it otherwise.
pub const VERIFIED_AT: &str = "custom:verified_at";

/// The attribute in which Amazon Cognito itself says which providers know the user, as JSON text.
pub const IDENTITIES: &str = "identities";

/// The mapping of who it is, and of the four attributes: each attribute with its claim. `address`
/// comes from the text, since Amazon Cognito maps whole claims, and would store an object as JSON.
pub const MAPPING: [(&str, &str); 5] = [
    ("username", "sub"),
    ("name", "name"),
    ("address", claim::FORMATTED_ADDRESS),
    ("birthdate", "birthdate"),
    ("gender", "gender"),
];

/// The mapping of what proves the attributes: each attribute with its claim.
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
