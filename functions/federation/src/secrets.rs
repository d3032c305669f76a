//! The bridge's secrets: the sealing keys and the client's secrets, which become one value.
//! How they are kept and fetched again is the same for all functions: [`Cached`].

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

use crate::config::{CLIENT_SECRETS, SEALING_KEYS};

/// The client's secrets: the one in use, and the one before it while it is being rotated.
pub struct ClientSecrets {
    current: SecretString,
    previous: Option<SecretString>,
}

impl ClientSecrets {
    /// Whether this is one of them, in a time that doesn't depend on the values.
    #[must_use]
    pub fn match_any(&self, given: &str) -> bool {
        // Hashes have one length, so that not even the secret's length is told.
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

/// The secrets of one fetch.
pub struct SecretValues {
    /// The ring.
    pub sealing: SealingKeys,
    /// The client's.
    pub client: ClientSecrets,
}

impl fmt::Debug for SecretValues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretValues(…)")
    }
}

/// The secrets, and how to fetch them again.
pub type Secrets = Cached<SecretValues, 2>;

/// Fetches the secrets for the first time.
///
/// # Errors
///
/// The first that can't be had.
pub async fn load(
    reader: SecretReader,
    sealing_keys: Reference,
    client_secrets: Reference,
    now: DateTime<Utc>,
) -> Result<Secrets, InvalidSecret> {
    let sources = [
        Source {
            variable: SEALING_KEYS,
            reference: sealing_keys,
        },
        Source {
            variable: CLIENT_SECRETS,
            reference: client_secrets,
        },
    ];
    Cached::load(reader, sources, values, now).await
}

fn values([sealing, client]: [SecretText; 2]) -> Result<SecretValues, InvalidSecret> {
    Ok(SecretValues {
        sealing: sealing.parse(sealing_keys)?,
        client: client.parse(client_pair)?,
    })
}

#[derive(Deserialize)]
struct ClientDocument {
    current: SecretString,
    previous: Option<SecretString>,
}

fn client_pair(text: &SecretString) -> Result<ClientSecrets, SecretError> {
    let document: ClientDocument =
        serde_json::from_str(text.expose_secret()).map_err(|_| SecretError::Malformed)?;
    let secrets = [Some(&document.current), document.previous.as_ref()];
    // An empty or short secret would open the token endpoint to anybody who guesses.
    if secrets
        .into_iter()
        .flatten()
        .any(|secret| secret.expose_secret().len() < 16)
    {
        return Err(SecretError::Malformed);
    }
    Ok(ClientSecrets {
        current: document.current,
        previous: document.previous,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEALING: &str = r#"{"keys":["AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"]}"#;

    async fn loaded(sealing: &str, client: &str) -> Result<Secrets, InvalidSecret> {
        let inline = |text| Reference::Inline(SecretString::from(text));
        let reader = SecretReader::new(None);
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        load(reader, inline(sealing), inline(client), now).await
    }

    #[tokio::test]
    async fn a_client_has_one_secret_or_two_and_no_other() {
        let one = loaded(SEALING, r#"{"current":"second-secret-002"}"#);
        let two = r#"{"current":"second-secret-002","previous":"first-secret-0001"}"#;
        let two = loaded(SEALING, two).await.unwrap().current();
        assert!(two.client.match_any("second-secret-002"));
        assert!(two.client.match_any("first-secret-0001"));
        assert!(!two.client.match_any("third-secret-0003"));
        let one = one.await.unwrap().current();
        assert!(one.client.match_any("second-secret-002"));
        assert!(!one.client.match_any("first-secret-0001"));
        assert!(!one.client.match_any(""));
    }

    #[tokio::test]
    async fn a_secret_of_another_form_is_refused() {
        let client = r#"{"current":"first-secret-0001"}"#;
        for (sealing, client, variable) in [
            (r#"{"keys":[]}"#, client, SEALING_KEYS),
            (r#"{"keys":["short"]}"#, client, SEALING_KEYS),
            ("[]", client, SEALING_KEYS),
            (SEALING, "{}", CLIENT_SECRETS),
            (SEALING, r#"{"current":""}"#, CLIENT_SECRETS),
            (
                SEALING,
                r#"{"current":"first-secret-0001","previous":"x"}"#,
                CLIENT_SECRETS,
            ),
        ] {
            let expected = InvalidSecret {
                variable,
                reason: SecretError::Malformed,
            };
            assert_eq!(loaded(sealing, client).await.unwrap_err(), expected);
        }
    }
}
