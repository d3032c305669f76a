//! Who a person is in the table: an HMAC of the service's subject, from which nobody without the
//! key learns the subject, or whether a person whom they know is in the table.
//!
//! The HMAC-SHA-256 is over three texts, each after its length in bytes (32 bits, big-endian): the
//! service's issuer, the subject as it is in the user pool, and `member`, the purpose. The lengths
//! keep two different triples from being the same message.
//!
//! The key can't be changed: with another key, every person of the table would be an unknown one.
//! The same holds for the client ID at the service, since the service's subject depends on it.

use std::fmt;

use keys::{MAC_BYTES, MacError, MacKey};
use zeroize::Zeroizing;

/// Keeps these HMACs apart from others that are made with the same key.
const PURPOSE: &str = "member";

/// A person, as the table knows them. `Debug` doesn't show who it is.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Person(pub(crate) [u8; MAC_BYTES]);

impl fmt::Debug for Person {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Person(…)")
    }
}

/// Whom the service means.
#[derive(Clone, Copy)]
pub struct ServiceSubject<'a> {
    /// The service's issuer: sandbox or production.
    pub issuer: &'a str,
    /// The service's subject, in the form that it has in the user pool.
    pub subject: &'a str,
}

impl fmt::Debug for ServiceSubject<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ServiceSubject(…)")
    }
}

/// Makes persons of the service's subjects.
#[derive(Debug)]
pub struct PersonHasher {
    key: MacKey,
}

impl PersonHasher {
    /// Persons by this key.
    #[must_use]
    pub const fn new(key: MacKey) -> Self {
        Self { key }
    }

    /// The person with this subject.
    ///
    /// # Errors
    ///
    /// See [`MacError`].
    pub async fn person(&self, subject: ServiceSubject<'_>) -> Result<Person, MacError> {
        let message = message(subject)?;
        self.key.mac(&message).await.map(Person)
    }
}

fn message(of: ServiceSubject<'_>) -> Result<Zeroizing<Vec<u8>>, MacError> {
    let parts = [of.issuer, of.subject, PURPOSE];
    // The buffer has its final size from the start: one that grew would leave copies in memory.
    let size = parts.iter().map(|part| part.len() + size_of::<u32>()).sum();
    let mut message = Zeroizing::new(Vec::with_capacity(size));
    for part in parts {
        let length = u32::try_from(part.len()).map_err(|_large| MacError::TooLong)?;
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(part.as_bytes());
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://auth-and-sign.go.jp/api/realms/main";

    fn subject(issuer: &'static str, subject: &'static str) -> ServiceSubject<'static> {
        ServiceSubject { issuer, subject }
    }

    /// With the bytes 0 to 31 as the key.
    fn hasher() -> PersonHasher {
        let secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        PersonHasher::new(MacKey::local(&secret.into()).unwrap())
    }

    #[tokio::test]
    async fn a_person_is_the_hmac_that_python_makes() {
        let person = hasher().person(subject(ISSUER, "subject-1")).await.unwrap();

        // import hmac, hashlib
        // texts = [b"https://auth-and-sign.go.jp/api/realms/main", b"subject-1", b"member"]
        // message = b"".join(len(text).to_bytes(4, "big") + text for text in texts)
        // hmac.new(bytes(range(32)), message, hashlib.sha256).hexdigest()
        assert_eq!(
            base16ct::lower::encode_string(&person.0),
            "4b77dc4b87e8f69a44243faba88a686bee2f1ed89599897c8da2354869446c92"
        );
    }

    #[tokio::test]
    async fn another_issuer_subject_or_border_between_them_is_another_person() {
        let hasher = hasher();
        let mut persons = std::collections::BTreeSet::new();
        for (issuer, sub) in [
            ("i", "ab"),
            ("ia", "b"),
            ("i", "b"),
            ("j", "ab"),
            ("iab", ""),
        ] {
            persons.insert(hasher.person(subject(issuer, sub)).await.unwrap());
        }
        assert_eq!(persons.len(), 5);
    }

    #[tokio::test]
    async fn debug_shows_no_person_subject_or_key() {
        let hasher = hasher();
        let person = hasher.person(subject(ISSUER, "marked")).await.unwrap();

        assert_eq!(format!("{person:?}"), "Person(…)");
        assert_eq!(
            format!("{:?}", subject(ISSUER, "marked")),
            "ServiceSubject(…)"
        );
        assert_eq!(format!("{hasher:?}"), "PersonHasher { key: MacKey(local) }");
    }
}
