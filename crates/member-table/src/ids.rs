//! What names a member.

use std::fmt;

use thiserror::Error;

/// The most bytes that a member's `sub` has.
const LONGEST_MEMBER: usize = 128;

/// A member of the user pool: the `sub`, which nobody can change. `Debug` doesn't show it.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Member(String);

/// The text isn't the `sub` of a member: 1 to 128 visible ASCII characters without `#`.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not the sub of a member: 1 to 128 visible ASCII characters without #")]
pub struct InvalidMember;

impl Member {
    /// A member with this `sub`.
    ///
    /// # Errors
    ///
    /// [`InvalidMember`].
    pub fn new(sub: &str) -> Result<Self, InvalidMember> {
        let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        if sub.is_empty() || sub.len() > LONGEST_MEMBER || !sub.bytes().all(allowed) {
            return Err(InvalidMember);
        }
        Ok(Self(sub.to_owned()))
    }

    /// The `sub`.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Member(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_1_to_128_visible_ascii_characters_without_a_number_sign() {
        for sub in [
            "a",
            "57e4ea68-7011-70b2-9d2c-5c0f6d8a1e3b",
            "!\"$%~",
            &"a".repeat(128),
        ] {
            assert_eq!(Member::new(sub).unwrap().expose(), sub);
        }
        for wrong in ["", &"a".repeat(129), "a b", "a#b", "a\n", "\u{7f}", "é"] {
            assert_eq!(Member::new(wrong), Err(InvalidMember), "{wrong:?}");
        }
    }

    #[test]
    fn debug_doesnt_show_the_member() {
        let member = Member::new("marked-sub").unwrap();
        assert_eq!(format!("{member:?}"), "Member(…)");
    }
}
