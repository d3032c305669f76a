//! The names of claims: those that the bridge gives to Amazon Cognito besides the four attributes,
//! and all claims of the apps' tokens.

use std::borrow::Cow;

use four_attributes::Attribute;

/// A claim of the bridge: the address as plain text. Amazon Cognito's attribute mapping reads whole
/// claims, and stores OpenID Connect's address object as its JSON text. To store the plain address,
/// a user pool maps this claim.
pub const FORMATTED_ADDRESS: &str = "formatted_address";

/// A claim of the bridge: the sealed [`VerifiedRecord`](four_attributes::VerifiedRecord).
pub const VERIFIED_RECORD: &str = "verified_record";

/// A claim of the bridge and of the apps' tokens: when the person was verified, as a NumericDate
/// (RFC 7519 §2).
pub const VERIFIED_AT: &str = "verified_at";

/// A claim of the apps' tokens. If its value can't be known, the tokens don't have the claim.
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
    /// Whether the verification fulfils the policy and isn't too long ago: a boolean.
    IdentityVerified,
    /// When the person was verified: a NumericDate (RFC 7519 §2).
    VerifiedAt,
    /// The `acr` of the verification: text.
    VerificationAcr,
}

impl Claim {
    /// The name of the claim, the same in both tokens.
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

    /// Whether the access token has the claim, too, and not only the ID token. Apps send access
    /// tokens to other servers. Those need claims to decide by (an age, a municipality), but not
    /// the person's attributes.
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

    /// The attribute that the claim is derived from: without it, the claim can't be known. Claims
    /// about the verification are derived from no attribute.
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
