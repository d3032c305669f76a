//! The bridge's secrets: the sealing keys and the client's secrets, kept in memory and fetched again when they
//! may have been rotated: for a seal of an unknown key or a client secret that doesn't match, once, and then not for 10 seconds;
//! and once an hour, so that what was taken out of them doesn't live on in a process that is always busy.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use thiserror::Error;

use crate::reference::Reference;
use crate::sealed::SealingKeys;

/// After a fetch, none for this long.
const PAUSE: TimeDelta = TimeDelta::seconds(10);

/// How old they may be when a request comes.
const MAX_AGE: TimeDelta = TimeDelta::hours(1);

/// Why there are no secrets.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum SecretError {
    /// The file or AWS Secrets Manager didn't give it.
    #[error("can't be read")]
    Unavailable,
    /// It isn't the JSON that is documented.
    #[error("doesn't have the form that is documented")]
    Malformed,
}

/// Where secrets are read from.
pub struct SecretReader {
    secrets_manager: Option<aws_sdk_secretsmanager::Client>,
}

impl fmt::Debug for SecretReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretReader")
    }
}

impl SecretReader {
    /// A reader; `secrets_manager` may be missing where no reference needs it.
    #[must_use]
    pub fn new(secrets_manager: Option<aws_sdk_secretsmanager::Client>) -> Self {
        Self { secrets_manager }
    }

    /// The text of a secret.
    ///
    /// # Errors
    ///
    /// [`SecretError::Unavailable`].
    pub async fn read(&self, reference: &Reference) -> Result<SecretString, SecretError> {
        match reference {
            Reference::Inline(text) => Ok(text.clone()),
            Reference::File(path) => std::fs::read_to_string(path)
                .map(SecretString::from)
                .map_err(|_| SecretError::Unavailable),
            Reference::SecretsManager(arn) => {
                let client = self
                    .secrets_manager
                    .as_ref()
                    .ok_or(SecretError::Unavailable)?;
                let answer = client.get_secret_value().secret_id(arn).send().await;
                answer
                    .ok()
                    .and_then(|answer| answer.secret_string)
                    .map(SecretString::from)
                    .ok_or(SecretError::Unavailable)
            }
            Reference::Kms(_) => Err(SecretError::Unavailable),
        }
    }
}

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
    fetched_at: DateTime<Utc>,
}

impl fmt::Debug for SecretValues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretValues(…)")
    }
}

#[derive(Deserialize)]
struct SealingDocument {
    keys: Vec<SecretString>,
}

#[derive(Deserialize)]
struct ClientDocument {
    current: SecretString,
    previous: Option<SecretString>,
}

/// The secrets, and how to fetch them again.
#[derive(Debug)]
pub struct Secrets {
    reader: SecretReader,
    sealing_keys: Reference,
    client_secrets: Reference,
    current: Mutex<Arc<SecretValues>>,
    /// When they were last fetched again; held while fetching, so that it happens once for all who wait.
    refetched: tokio::sync::Mutex<Option<DateTime<Utc>>>,
}

/// Which secret is wrong, and why.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{variable} {reason}")]
pub struct InvalidSecret {
    /// The variable with the reference.
    pub variable: &'static str,
    /// What is wrong.
    pub reason: SecretError,
}

impl Secrets {
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
    ) -> Result<Self, InvalidSecret> {
        let values = fetch(&reader, &sealing_keys, &client_secrets, now).await?;
        Ok(Self {
            reader,
            sealing_keys,
            client_secrets,
            current: Mutex::new(Arc::new(values)),
            refetched: tokio::sync::Mutex::default(),
        })
    }

    /// The secrets as they are known now.
    #[must_use]
    pub fn current(&self) -> Arc<SecretValues> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Fetches the secrets again if they are an hour old. If that fails, those that are known stay in use: an hour is
    /// no reason to refuse logins. It is logged, and tried again after 10 seconds.
    pub async fn refresh(&self, now: DateTime<Utc>) {
        let current = self.current();
        if now - current.fetched_at >= MAX_AGE
            && let Err(error) = self.newer_than(&current, now).await
        {
            tracing::warn!(event = "secrets_not_refreshed", variable = error.variable);
        }
    }

    /// The secrets after `seen` turned out not to be enough: fetched again, or those that somebody else fetched meanwhile.
    /// `None` if there is nothing newer to be had now.
    ///
    /// # Errors
    ///
    /// If they can't be fetched.
    pub async fn newer_than(
        &self,
        seen: &Arc<SecretValues>,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<SecretValues>>, InvalidSecret> {
        let mut refetched = self.refetched.lock().await;
        let current = self.current();
        if !Arc::ptr_eq(&current, seen) {
            return Ok(Some(current));
        }
        if refetched.is_some_and(|then| now >= then && now - then < PAUSE) {
            return Ok(None);
        }
        *refetched = Some(now);
        // In a box: the SDK's future is large, and every request would carry it along for the one that needs it.
        let fetching = Box::pin(fetch(
            &self.reader,
            &self.sealing_keys,
            &self.client_secrets,
            now,
        ));
        let values = Arc::new(fetching.await?);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&values);
        Ok(Some(values))
    }
}

async fn fetch(
    reader: &SecretReader,
    sealing_keys: &Reference,
    client_secrets: &Reference,
    now: DateTime<Utc>,
) -> Result<SecretValues, InvalidSecret> {
    let invalid = |variable| move |reason| InvalidSecret { variable, reason };
    let (sealing, client) = tokio::join!(reader.read(sealing_keys), reader.read(client_secrets));
    let sealing = sealing
        .and_then(|text| sealing_ring(&text))
        .map_err(invalid("SEALING_KEYS"))?;
    let client = client
        .and_then(|text| client_pair(&text))
        .map_err(invalid("CLIENT_SECRETS"))?;
    Ok(SecretValues {
        sealing,
        client,
        fetched_at: now,
    })
}

fn sealing_ring(text: &SecretString) -> Result<SealingKeys, SecretError> {
    let document: SealingDocument =
        serde_json::from_str(text.expose_secret()).map_err(|_| SecretError::Malformed)?;
    SealingKeys::new(document.keys.iter().map(|key| key.expose_secret()))
        .map_err(|_| SecretError::Malformed)
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

    fn inline(text: &str) -> Reference {
        Reference::Inline(SecretString::from(text))
    }

    fn now(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[tokio::test]
    async fn a_rotated_secret_is_fetched_once_and_then_not_for_ten_seconds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("client");
        std::fs::write(&path, r#"{"current":"first-secret-0001"}"#).unwrap();
        let reader = SecretReader::new(None);
        let secrets = Secrets::load(
            reader,
            inline(SEALING),
            Reference::File(path.clone()),
            now(0),
        )
        .await
        .unwrap();
        let first = secrets.current();
        assert!(first.client.match_any("first-secret-0001"));

        let rotated = r#"{"current":"second-secret-002","previous":"first-secret-0001"}"#;
        std::fs::write(&path, rotated).unwrap();
        let second = secrets.newer_than(&first, now(0)).await.unwrap().unwrap();
        for known in ["first-secret-0001", "second-secret-002"] {
            assert!(second.client.match_any(known));
        }
        // Whoever still holds the first values gets the second without a fetch.
        let same = secrets.newer_than(&first, now(1)).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&second, &same));
        assert!(secrets.newer_than(&second, now(9)).await.unwrap().is_none());
        assert!(
            secrets
                .newer_than(&second, now(10))
                .await
                .unwrap()
                .is_some()
        );

        std::fs::remove_file(&path).unwrap();
        let newest = secrets.current();
        let gone = InvalidSecret {
            variable: "CLIENT_SECRETS",
            reason: SecretError::Unavailable,
        };
        assert_eq!(
            secrets.newer_than(&newest, now(20)).await.unwrap_err(),
            gone
        );
    }

    #[tokio::test]
    async fn a_secret_that_was_taken_out_is_forgotten_within_an_hour() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("client");
        std::fs::write(&path, r#"{"current":"first-secret-0001"}"#).unwrap();
        let file = Reference::File(path.clone());
        let secrets = Secrets::load(SecretReader::new(None), inline(SEALING), file, now(0))
            .await
            .unwrap();
        std::fs::write(&path, r#"{"current":"second-secret-002"}"#).unwrap();
        secrets.refresh(now(3_599)).await;
        assert!(secrets.current().client.match_any("first-secret-0001"));
        secrets.refresh(now(3_600)).await;
        assert!(!secrets.current().client.match_any("first-secret-0001"));
        assert!(secrets.current().client.match_any("second-secret-002"));
        // Where it can't be had, the known one stays.
        std::fs::remove_file(&path).unwrap();
        secrets.refresh(now(9_000)).await;
        assert!(secrets.current().client.match_any("second-secret-002"));
    }

    #[tokio::test]
    async fn a_secret_of_another_form_is_refused() {
        let client = r#"{"current":"first-secret-0001"}"#;
        for (sealing, client, variable) in [
            (r#"{"keys":[]}"#, client, "SEALING_KEYS"),
            (r#"{"keys":["short"]}"#, client, "SEALING_KEYS"),
            ("[]", client, "SEALING_KEYS"),
            (SEALING, "{}", "CLIENT_SECRETS"),
            (SEALING, r#"{"current":""}"#, "CLIENT_SECRETS"),
            (
                SEALING,
                r#"{"current":"first-secret-0001","previous":"x"}"#,
                "CLIENT_SECRETS",
            ),
        ] {
            let loaded = Secrets::load(
                SecretReader::new(None),
                inline(sealing),
                inline(client),
                now(0),
            );
            let expected = InvalidSecret {
                variable,
                reason: SecretError::Malformed,
            };
            assert_eq!(loaded.await.unwrap_err(), expected);
        }
    }
}
