//! Loads what a function needs to be a client of the service: its signing keys, in parallel.

use std::sync::Arc;

use function_kit::reference::Reference;
use function_kit::secrets::{SecretError, SecretReader};
use futures_util::future::join_all;
use keys::{InvalidKey, KeyRing, KmsKey, LocalKey, SigningKey};
use thiserror::Error;

/// Why a key can't be loaded. The message names the variable with the reference, and no value.
#[derive(Debug, Error)]
pub enum KeyError {
    /// A key is missing or can't be used.
    #[error("{variable} holds a key that can't be used: {source}")]
    Key {
        /// The variable with the reference.
        variable: &'static str,
        /// What is wrong with it.
        source: InvalidKey,
    },
    /// The text of a key can't be read.
    #[error("{variable} {source}")]
    Text {
        /// The variable with the reference.
        variable: &'static str,
        /// What is wrong.
        source: SecretError,
    },
}

/// The ring of the keys of one variable.
///
/// # Errors
///
/// [`KeyError::Key`] if the keys can't form a ring.
pub fn key_ring(
    variable: &'static str,
    keys: Vec<Arc<dyn SigningKey>>,
) -> Result<Arc<KeyRing>, KeyError> {
    let ring = KeyRing::new(keys).map_err(|source| KeyError::Key { variable, source })?;
    Ok(Arc::new(ring))
}

/// Loads the keys of one variable, in parallel.
///
/// # Errors
///
/// [`KeyError`], of the first key that can't be loaded.
pub async fn signing_keys(
    variable: &'static str,
    references: &[Reference],
    reader: &SecretReader,
    kms: Option<&aws_sdk_kms::Client>,
) -> Result<Vec<Arc<dyn SigningKey>>, KeyError> {
    let keys = references.iter();
    let keys = keys.map(|reference| signing_key(variable, reference, reader, kms));
    join_all(keys).await.into_iter().collect()
}

/// Loads a key, with one call to AWS at most.
async fn signing_key(
    variable: &'static str,
    reference: &Reference,
    reader: &SecretReader,
    kms: Option<&aws_sdk_kms::Client>,
) -> Result<Arc<dyn SigningKey>, KeyError> {
    let unusable = |source| KeyError::Key { variable, source };
    if let (Reference::Kms(arn), Some(client)) = (reference, kms) {
        let key = KmsKey::load(client.clone(), arn).await;
        return Ok(Arc::new(key.map_err(unusable)?));
    }
    let text = reader.read(reference).await;
    let text = text.map_err(|source| KeyError::Text { variable, source })?;
    Ok(Arc::new(LocalKey::from_jwk(&text).map_err(unusable)?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kit::SecretsManager;
    use secrecy::ExposeSecret as _;
    use tokio::time::Instant;

    use super::*;
    use crate::variables::ASSERTION_KEYS;

    /// Cognito waits while a process starts, so everything is loaded in parallel.
    #[tokio::test(start_paused = true)]
    async fn a_ring_of_keys_takes_as_long_as_one_of_them() {
        let aws = SecretsManager::default();
        let ids = ["first", "second", "third"];
        for id in ids {
            let key = LocalKey::generate(keys::Algorithm::Es256).unwrap();
            aws.holds(id, key.private_jwk().expose_secret());
        }
        let takes = Duration::from_secs(1);
        aws.answers_after(takes);
        let references = ids.map(|id| Reference::SecretsManager(id.to_owned()));
        let reader = SecretReader::new(Some(aws.client()));
        let begun = Instant::now();
        let keys = signing_keys(ASSERTION_KEYS, &references, &reader, None).await;
        assert_eq!(keys.unwrap().len(), 3);
        assert!(begun.elapsed() < 2 * takes, "{:?}", begun.elapsed());
    }
}
