//! Passwords of the pool's own users. The pool keeps a salted hash (PBKDF2), so a
//! saved pool shows no password, and comparing takes the same time whatever the password is.

use std::num::NonZeroU32;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use loopback::random;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// The fewest characters, by the policy that a new pool has.
const SHORTEST: usize = 8;
/// The most characters of `PasswordType` in the API.
const LONGEST: usize = 256;
/// Rounds of the hash. A pool for real people needs far more. Here, the hash only keeps the
/// passwords of test people out of a file.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9_999);

/// The hash of one password. It has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PasswordHash {
    salt: [u8; 16],
    hash: [u8; 32],
}

impl PasswordHash {
    /// The hash of a password, with a new salt.
    pub(crate) fn new(password: &SecretString) -> Result<Self, Unspecified> {
        let salt = random::bytes()?;
        let mut hash = [0; 32];
        let password = password.expose_secret().as_bytes();
        pbkdf2::derive(PBKDF2_HMAC_SHA256, ROUNDS, &salt, password, &mut hash);
        Ok(Self { salt, hash })
    }

    /// Whether this is the password.
    pub(crate) fn is_of(&self, password: &SecretString) -> bool {
        let password = password.expose_secret().as_bytes();
        pbkdf2::verify(PBKDF2_HMAC_SHA256, ROUNDS, &self.salt, password, &self.hash).is_ok()
    }

    /// A hash that no password is known to have. Comparing with it takes the time that comparing
    /// with a user's takes.
    pub(crate) const fn of_nobody() -> Self {
        Self {
            salt: [0; 16],
            hash: [0; 32],
        }
    }
}

/// What a password lacks. The texts are AWS's own where they were seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum WeakPassword {
    #[error("Password did not conform with policy: Password not long enough")]
    Short,
    /// AWS's words aren't known.
    #[error("Password did not conform with policy: Password too long")]
    Long,
    #[error("Password did not conform with policy: Password must have lowercase characters")]
    Lowercase,
    #[error("Password did not conform with policy: Password must have uppercase characters")]
    Uppercase,
    #[error("Password did not conform with policy: Password must have numeric characters")]
    Digit,
    #[error("Password did not conform with policy: Password must have symbol characters")]
    Symbol,
    /// The API's pattern of a password. AWS's words aren't known.
    #[error("Password did not conform with policy: Password must not begin or end with a space")]
    Space,
}

/// Checks a password against the policy that a new pool has: eight characters, among them an upper
/// and a lower case letter, a digit and a symbol of those that AWS names.
pub(crate) fn check(password: &SecretString) -> Result<(), WeakPassword> {
    const SYMBOLS: &str = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= ";
    let password = password.expose_secret();
    let has = |is: fn(char) -> bool| password.chars().any(is);
    let length = password.chars().count();
    let ends_in_space =
        password.starts_with(char::is_whitespace) || password.ends_with(char::is_whitespace);
    for (failed, failure) in [
        (length < SHORTEST, WeakPassword::Short),
        (length > LONGEST, WeakPassword::Long),
        (ends_in_space, WeakPassword::Space),
        (!has(|c| c.is_ascii_lowercase()), WeakPassword::Lowercase),
        (!has(|c| c.is_ascii_uppercase()), WeakPassword::Uppercase),
        (!has(|c| c.is_ascii_digit()), WeakPassword::Digit),
        (!has(|c| SYMBOLS.contains(c)), WeakPassword::Symbol),
    ] {
        if failed {
            return Err(failure);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_what_the_policy_of_a_new_pool_asks_for() {
        let checked = |password: &str| check(&password.into());
        assert_eq!(checked("Passw0rd!"), Ok(()));
        assert_eq!(checked("pass phrase A1"), Ok(()));
        for (password, lack) in [
            ("Pa0!", WeakPassword::Short),
            (&*format!("{}A0!", "a".repeat(LONGEST)), WeakPassword::Long),
            ("PASSW0RD!", WeakPassword::Lowercase),
            ("passw0rd!", WeakPassword::Uppercase),
            ("Password!", WeakPassword::Digit),
            ("Passw0rds", WeakPassword::Symbol),
            (" Passw0rd", WeakPassword::Space),
            ("Passw0rd ", WeakPassword::Space),
        ] {
            assert_eq!(checked(password), Err(lack), "{lack:?}");
        }
    }

    #[test]
    fn a_hash_is_of_its_password_alone_and_two_of_one_password_differ() {
        let password = SecretString::from("Passw0rd!");
        let hash = PasswordHash::new(&password).unwrap();
        assert!(hash.is_of(&password));
        assert!(!hash.is_of(&"passw0rd!".into()));
        assert!(!hash.is_of(&"".into()));
        assert!(!PasswordHash::of_nobody().is_of(&password));
        let again = PasswordHash::new(&password).unwrap();
        assert_ne!((hash.salt, hash.hash), (again.salt, again.hash));
        let saved = serde_json::to_string(&hash).unwrap();
        let read: PasswordHash = serde_json::from_str(&saved).unwrap();
        assert!(read.is_of(&password) && !saved.contains("Passw0rd!"));
    }
}
