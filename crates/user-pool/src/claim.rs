//! The claims beside the four attributes: those that the bridge gives to Amazon Cognito, and all
//! that the apps' tokens get.

use std::borrow::Cow;

use four_attributes::Attribute;

/// The bridge's: the address as a plain text. Amazon Cognito's attribute mapping reads whole
/// claims, and stores OpenID Connect's address object as its JSON text; whoever wants the address
/// itself in the pool maps this one.
pub const FORMATTED_ADDRESS: &str = "formatted_address";

/// The bridge's: the sealed [`VerifiedRecord`](four_attributes::VerifiedRecord).
pub const VERIFIED_RECORD: &str = "verified_record";

/// The bridge's, and the apps': when the person was verified, as a NumericDate (RFC 7519 §2).
pub const VERIFIED_AT: &str = "verified_at";

/// A claim of the apps' tokens. What can't be known has no claim.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Claim {
    /// One of the four attributes, in the form of [`text`](crate::text).
    Attribute(Attribute),
    /// The prefecture of the address: its name in Japanese.
    Prefecture,
    /// The municipality of the address: its full name in Japanese.
    Municipality,
    /// The municipality's code: six digits as text.
    MunicipalityCode,
    /// Whether the person has reached this age: a boolean.
    AgeOver(u8),
    /// Whether the person was verified as the policy wants it, and not too long ago: a boolean.
    IdentityVerified,
    /// When the person was verified: a NumericDate (RFC 7519 §2).
    VerifiedAt,
    /// The `acr` of the verification: text.
    VerificationAcr,
}

impl Claim {
    /// Its name in both tokens.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Attribute(attribute) => attribute.claim(),
            Self::Prefecture => "prefecture",
            Self::Municipality => "municipality",
            Self::MunicipalityCode => "municipality_code",
            Self::AgeOver(years) => return format!("age_over_{years}").into(),
            Self::IdentityVerified => "identity_verified",
            Self::VerifiedAt => VERIFIED_AT,
            Self::VerificationAcr => "verification_acr",
        })
    }

    /// Whether the access token has it, too, and not only the ID token. An access token goes to
    /// other servers: they learn what they need to decide, and not who somebody is.
    #[must_use]
    pub const fn is_in_access_token(self) -> bool {
        match self {
            Self::Attribute(_) => false,
            Self::Prefecture
            | Self::Municipality
            | Self::MunicipalityCode
            | Self::AgeOver(_)
            | Self::IdentityVerified
            | Self::VerifiedAt
            | Self::VerificationAcr => true,
        }
    }

    /// The attribute that it follows from, and can't be known without. What is said of the
    /// verification follows from none.
    #[must_use]
    pub const fn follows_from(self) -> Option<Attribute> {
        match self {
            Self::Attribute(attribute) => Some(attribute),
            Self::Prefecture | Self::Municipality | Self::MunicipalityCode => {
                Some(Attribute::Address)
            }
            Self::AgeOver(_) => Some(Attribute::BirthDate),
            Self::IdentityVerified | Self::VerifiedAt | Self::VerificationAcr => None,
        }
    }
}
