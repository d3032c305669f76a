//! The schema of a user pool: its attributes, the standard ones and its own.

use user_pool::attribute::CUSTOM;

/// One attribute of the pool's schema.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PoolAttribute {
    /// The name; a custom one begins with `custom:`.
    pub name: String,
    /// Whether it can be changed. An immutable attribute can be written only once, so a login that
    /// maps it succeeds only the first time.
    pub mutable: bool,
    /// Whether every user must have it. If it is missing, the login fails.
    pub required: bool,
    /// The fewest characters of a value. If it is 0, which is usual, an empty value clears the
    /// attribute; otherwise see [`EmptyValues`](crate::EmptyValues).
    pub minimum_length: usize,
    /// The most characters of a value. Besides this limit, no attribute has more than 2,048 bytes.
    pub maximum_length: usize,
}

impl PoolAttribute {
    /// A mutable, optional attribute of up to 2,048 characters.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            mutable: true,
            required: false,
            minimum_length: 0,
            maximum_length: 2048,
        }
    }

    /// Whether this is a custom attribute.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.name.starts_with(CUSTOM)
    }
}

/// The standard attributes of a pool (OIDC Core §5.1), all mutable and optional; `birthdate` has
/// exactly ten characters.
#[must_use]
pub fn standard_attributes() -> Vec<PoolAttribute> {
    const NAMES: [&str; 19] = [
        "address",
        "birthdate",
        "email",
        "email_verified",
        "family_name",
        "gender",
        "given_name",
        "locale",
        "middle_name",
        "name",
        "nickname",
        "phone_number",
        "phone_number_verified",
        "picture",
        "preferred_username",
        "profile",
        "updated_at",
        "website",
        "zoneinfo",
    ];
    NAMES
        .into_iter()
        .map(|name| {
            let attribute = PoolAttribute::new(name);
            if name == "birthdate" {
                PoolAttribute {
                    minimum_length: 10,
                    maximum_length: 10,
                    ..attribute
                }
            } else {
                attribute
            }
        })
        .collect()
}

/// The attribute of this name, if the schema has it.
pub(crate) fn attribute<'a>(schema: &'a [PoolAttribute], name: &str) -> Option<&'a PoolAttribute> {
    schema.iter().find(|attribute| attribute.name == name)
}
