//! What the bridge has for logins, if people sign in with the card at all: the client (Amazon
//! Cognito), the keys that seal what travels, and the keys of the ID tokens and of the verified
//! records. Where only members are verified, the bridge has none of it, and its endpoints for
//! logins aren't there.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use function_kit::invocation::Invocation;
use function_kit::reference::Reference;
use function_kit::secrets::Shown;
use keys::KeyRing;
use relying_party::Class;
use relying_party::service::ServiceSettings;
use sealing::sealed::{Audience, OpenError, Seal, Travels};

use crate::metadata::Metadata;
use crate::secrets::{SecretValues, Secrets};

/// The settings of logins.
#[derive(Clone, Debug)]
pub struct LoginSettings {
    /// Cognito's client ID.
    pub client_id: String,
    /// Where the client secrets are.
    pub client_secrets: Reference,
    /// Cognito's redirect URIs, compared byte for byte.
    pub redirect_uris: Vec<String>,
    /// The bridge's name in the user pool.
    pub provider_name: String,
    /// Where the sealing keys are.
    pub sealing_keys: Reference,
    /// Where the keys of the verified records are.
    pub record_keys: Reference,
    /// Where the keys for ID tokens are.
    pub id_token_keys: Vec<Reference>,
}

/// The settings, and what was loaded as they say, made once at start.
pub struct Logins {
    /// The settings.
    pub settings: LoginSettings,
    /// The sealing keys, the record keys and the client's secrets.
    pub secrets: Secrets,
    /// The keys that sign the bridge's ID tokens.
    pub id_token_keys: Arc<KeyRing>,
    audience: Audience,
    metadata: Metadata,
}

impl fmt::Debug for Logins {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Logins")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Logins {
    /// What logins need, at this service.
    #[must_use]
    pub fn new(
        settings: LoginSettings,
        service: &ServiceSettings,
        secrets: Secrets,
        id_token_keys: Arc<KeyRing>,
    ) -> Self {
        Self {
            audience: Audience::new(&service.issuer, &settings.client_id),
            metadata: Metadata::new(service, &id_token_keys),
            settings,
            secrets,
            id_token_keys,
        }
    }

    /// The documents that anybody may read.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The secrets as they were last read.
    ///
    /// # Errors
    ///
    /// [`Class::SecretsUnavailable`] if they are too old to be used.
    pub fn usable_secrets(&self, now: DateTime<Utc>) -> Result<Arc<SecretValues>, Class> {
        Ok(self.secrets.usable(now)?)
    }

    /// Opens a sealed value that a request shows: if its key is unknown, with newer keys.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub async fn open<T: Travels>(
        &self,
        shown: Shown<'_>,
        invocation: &Invocation<'_>,
    ) -> Result<T, OpenError> {
        let opening = (self.secrets).open(shown, invocation, |values: &SecretValues| {
            T::open(shown.value, self.seal(values, invocation.now))
        });
        opening.await
    }

    /// Seals and opens values with these secrets, at this time.
    #[must_use]
    pub fn seal<'a>(&self, values: &'a SecretValues, now: DateTime<Utc>) -> Seal<'a> {
        Seal {
            keys: &values.sealing,
            audience: self.audience,
            now,
        }
    }
}
