//! The claims beside the four attributes: those that the bridge gives to Amazon Cognito, and those that the apps' tokens get.

/// The bridge's: the address as a plain text. Amazon Cognito's attribute mapping reads whole claims, and stores OpenID
/// Connect's address object as its JSON text; whoever wants the address itself in the pool maps this one.
pub const FORMATTED_ADDRESS: &str = "formatted_address";

/// The bridge's: the sealed [`VerifiedRecord`](four_attributes::VerifiedRecord).
pub const VERIFIED_RECORD: &str = "verified_record";

/// The bridge's, and the apps': when the person was verified, as a NumericDate (RFC 7519 §2).
pub const VERIFIED_AT: &str = "verified_at";

/// The apps': whether the person was verified as the policy wants it, and not too long ago.
pub const IDENTITY_VERIFIED: &str = "identity_verified";

/// The apps': the `acr` of the verification.
pub const VERIFICATION_ACR: &str = "verification_acr";

/// The apps': the prefecture of the address.
pub const PREFECTURE: &str = "prefecture";

/// The apps': the municipality of the address.
pub const MUNICIPALITY: &str = "municipality";

/// The apps': the municipality's code, six digits as text.
pub const MUNICIPALITY_CODE: &str = "municipality_code";

/// What the apps' claims of an age begin with, before the number of years.
pub const AGE_OVER: &str = "age_over_";

/// The apps': whether the person is 18 or over.
pub const AGE_OVER_18: &str = "age_over_18";

/// The apps': whether the person is 20 or over.
pub const AGE_OVER_20: &str = "age_over_20";

/// The apps': whether the person has reached this age.
#[must_use]
pub fn age_over(years: u8) -> String {
    format!("{AGE_OVER}{years}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ages_of_the_law_are_called_like_any_other() {
        assert_eq!([age_over(18), age_over(20)], [AGE_OVER_18, AGE_OVER_20]);
    }
}
