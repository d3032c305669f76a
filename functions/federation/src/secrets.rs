//! The bridge's secrets: the sealing keys, the keys of the verified records and the client's
//! secrets, which are read together and become one value. A [`SecretPair`] is a secret that a
//! caller shows, also while it is being changed.
//! How secrets are kept and read again is the same for all functions: [`Cached`].

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use function_kit::reference::Reference;
use function_kit::secrets::{
    Cached, InvalidSecret, SecretError, SecretReader, SecretText, Source, sealing_keys,
};
use sealing::SealingKeys;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::variables::{CLIENT_SECRETS, RECORD_KEYS, SEALING_KEYS};

/// A secret that a caller has to show: the current one, and the previous one while it is being
/// rotated.
pub struct SecretPair {
    current: SecretString,
    previous: Option<SecretString>,
}

impl fmt::Debug for SecretPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretPair(…)")
    }
}

impl SecretPair {
    /// Whether `given` is one of the two, in a time that doesn't depend on the values.
    #[must_use]
    pub fn match_any(&self, given: &str) -> bool {
        // Hashes have the same length, so that the time doesn't even show the secret's length.
        let given = digest(&SHA256, given.as_bytes());
        let is = |secret: &SecretString| {
            let hash = digest(&SHA256, secret.expose_secret().as_bytes());
            verify_slices_are_equal(hash.as_ref(), given.as_ref()).is_ok()
        };
        let current = is(&self.current);
        let previous = self.previous.as_ref().is_some_and(is);
        current | previous
    }
}

/// The secrets that were read together.
pub struct SecretValues {
    /// The keys of the sealed values: cookies, codes and access tokens.
    pub sealing: SealingKeys,
    /// The keys of the verified records.
    pub records: SealingKeys,
    /// The client's secrets.
    pub client: SecretPair,
}

impl fmt::Debug for SecretValues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretValues(…)")
    }
}

/// The secrets, which can be read again.
pub type Secrets = Cached<SecretValues, 3>;

/// Where the secrets are.
#[derive(Clone, Debug)]
pub struct References {
    /// The sealing keys.
    pub sealing_keys: Reference,
    /// The keys of the verified records.
    pub record_keys: Reference,
    /// The client's secrets.
    pub client_secrets: Reference,
}

/// Reads the secrets for the first time.
///
/// # Errors
///
/// The first secret that can't be read, or is malformed.
pub async fn load(
    reader: SecretReader,
    references: References,
    now: DateTime<Utc>,
) -> Result<Secrets, InvalidSecret> {
    let sources = [
        Source {
            variable: SEALING_KEYS,
            reference: references.sealing_keys,
        },
        Source {
            variable: RECORD_KEYS,
            reference: references.record_keys,
        },
        Source {
            variable: CLIENT_SECRETS,
            reference: references.client_secrets,
        },
    ];
    Cached::load(reader, sources, values, now).await
}

fn values([sealing, records, client]: [SecretText; 3]) -> Result<SecretValues, InvalidSecret> {
    let sealing = sealing.parse(sealing_keys)?;
    let records = records.parse(sealing_keys)?;
    // The purpose already tells the seals apart. But the triggers have the keys of the records,
    // too, and these keys stay for years: with them, nobody must be able to open or make cookies,
    // codes and access tokens.
    if records.shares_a_key_with(&sealing) {
        return Err(InvalidSecret {
            variable: RECORD_KEYS,
            reason: SecretError::SharedKey(SEALING_KEYS),
        });
    }
    Ok(SecretValues {
        sealing,
        records,
        client: client.parse(secret_pair)?,
    })
}

#[derive(Deserialize)]
struct PairDocument {
    current: SecretString,
    previous: Option<SecretString>,
}

/// Reads a pair of the form `{"current":"…","previous":"…"}`. Each secret has 16 bytes or more;
/// `previous` may be absent.
///
/// # Errors
///
/// [`SecretError::Malformed`].
pub fn secret_pair(text: &SecretString) -> Result<SecretPair, SecretError> {
    let document: PairDocument =
        serde_json::from_str(text.expose_secret()).map_err(|_| SecretError::Malformed)?;
    let secrets = [Some(&document.current), document.previous.as_ref()];
    // An empty or short secret could be guessed.
    if secrets
        .into_iter()
        .flatten()
        .any(|secret| secret.expose_secret().len() < 16)
    {
        return Err(SecretError::Malformed);
    }
    Ok(SecretPair {
        current: document.current,
        previous: document.previous,
    })
}

#[cfg(test)]
mod tests {
    use sealing::{InvalidSealingKeys, OpenError, SystemRandomness};

    use super::*;

    const SEALING: &str = r#"{"keys":["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"]}"#;
    const RECORDS: &str = r#"{"keys":["AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"]}"#;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    async fn loaded(sealing: &str, records: &str, client: &str) -> Result<Secrets, InvalidSecret> {
        let inline = |text| Reference::Inline(SecretString::from(text));
        let reader = SecretReader::new(None);
        let references = References {
            sealing_keys: inline(sealing),
            record_keys: inline(records),
            client_secrets: inline(client),
        };
        load(reader, references, now()).await
    }

    #[tokio::test]
    async fn a_client_has_one_secret_or_two_and_no_other() {
        let one = loaded(SEALING, RECORDS, r#"{"current":"second-secret-002"}"#);
        let two = r#"{"current":"second-secret-002","previous":"first-secret-0001"}"#;
        let two = loaded(SEALING, RECORDS, two)
            .await
            .unwrap()
            .usable(now())
            .unwrap();
        assert!(two.client.match_any("second-secret-002"));
        assert!(two.client.match_any("first-secret-0001"));
        assert!(!two.client.match_any("third-secret-0003"));
        let one = one.await.unwrap().usable(now()).unwrap();
        assert!(one.client.match_any("second-secret-002"));
        assert!(!one.client.match_any("first-secret-0001"));
        assert!(!one.client.match_any(""));
    }

    #[tokio::test]
    async fn the_two_rings_are_told_apart() {
        let client = r#"{"current":"first-secret-0001"}"#;
        let values = loaded(SEALING, RECORDS, client)
            .await
            .unwrap()
            .usable(now())
            .unwrap();
        let seal = |ring: &SealingKeys| ring.seal(b"", &[], b"", &SystemRandomness).unwrap();
        assert!(
            values
                .sealing
                .open::<0>(b"", &seal(&values.sealing))
                .is_ok()
        );
        assert!(
            values
                .records
                .open::<0>(b"", &seal(&values.records))
                .is_ok()
        );
        let crossed = values.records.open::<0>(b"", &seal(&values.sealing));
        assert_eq!(crossed.unwrap_err(), OpenError::UnknownKey);
    }

    #[tokio::test]
    async fn rings_that_share_a_key_are_refused() {
        let client = r#"{"current":"first-secret-0001"}"#;
        let both = SEALING.replace(']', r#","AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"]"#);
        // The same key in the other form, as AWS Secrets Manager generates it.
        let generated = format!(r#"{{"key":"{}"}}"#, "01".repeat(32));
        for (sealing, records) in [
            (SEALING, SEALING),
            (&both, RECORDS),
            (SEALING, &both),
            (SEALING, &generated),
            (&generated, SEALING),
        ] {
            let refused = loaded(sealing, records, client).await.unwrap_err();
            assert_eq!(
                refused.to_string(),
                "RECORD_KEYS has a key that SEALING_KEYS has, too: each needs its own keys"
            );
        }
    }

    #[tokio::test]
    async fn a_secret_of_another_form_is_refused() {
        let client = r#"{"current":"first-secret-0001"}"#;
        let empty = SecretError::Ring(InvalidSealingKeys::Missing);
        let short = SecretError::Ring(InvalidSealingKeys::Malformed);
        let malformed = SecretError::Malformed;
        for (sealing, records, client, variable, reason) in [
            (r#"{"keys":[]}"#, RECORDS, client, SEALING_KEYS, empty),
            (r#"{"key":"short"}"#, RECORDS, client, SEALING_KEYS, short),
            ("[]", RECORDS, client, SEALING_KEYS, malformed),
            (SEALING, r#"{"keys":[]}"#, client, RECORD_KEYS, empty),
            (SEALING, r#"{"keys":["short"]}"#, client, RECORD_KEYS, short),
            (SEALING, "[]", client, RECORD_KEYS, malformed),
            (SEALING, RECORDS, "{}", CLIENT_SECRETS, malformed),
            (
                SEALING,
                RECORDS,
                r#"{"current":""}"#,
                CLIENT_SECRETS,
                malformed,
            ),
            (
                SEALING,
                RECORDS,
                r#"{"current":"first-secret-0001","previous":"x"}"#,
                CLIENT_SECRETS,
                malformed,
            ),
        ] {
            let expected = InvalidSecret { variable, reason };
            let refused = loaded(sealing, records, client).await.unwrap_err();
            assert_eq!(refused, expected);
        }
    }
}
