//! What all endpoints share ([`Bridge`]), made once at start.
//! A request changes only caches and counters in it. Nothing is stored.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use digital_auth::{Client, Clock};
use function_kit::aws::Connections;
use function_kit::invocation::Invocation;
use function_kit::metrics::Metrics;
use function_kit::once::OncePerPeriod;
use function_kit::secrets::Shown;
use keys::{KeyRing, Randomness};

use crate::config::Config;
use crate::front_door::FrontDoor;
use crate::members::Members;
use crate::metadata::Metadata;
use crate::secrets::{SecretValues, Secrets};
use relying_party::Class;
use relying_party::at_service::AtService;
use sealing::sealed::{Audience, OpenError, Seal, Travels};

/// How long a request waits at most for work that it can do without: opening connections for a
/// later request, and reading secrets again while the known ones may still be used.
pub const WARM_UP: Duration = Duration::from_secs(1);

/// The parts of which a bridge is made.
pub struct Parts {
    /// The configuration.
    pub config: Config,
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub randomness: Arc<dyn Randomness>,
    /// The sealing keys and the client's secrets.
    pub secrets: Secrets,
    /// The secret of the front door, if there is one.
    pub front_door: Option<FrontDoor>,
    /// What the verification of members needs; `None` if members aren't verified.
    pub members: Option<Members>,
    /// The keys that sign the bridge's ID tokens.
    pub id_token_keys: Arc<KeyRing>,
    /// The keys that sign the bridge's client assertions.
    pub assertion_keys: Arc<KeyRing>,
    /// The client of the service; `None` as long as there is no client ID.
    pub service: Option<Client>,
    /// The connections to AWS KMS.
    pub kms: Option<Connections>,
    /// Where metrics go.
    pub metrics: Metrics,
}

/// The bridge.
pub struct Bridge {
    parts: Parts,
    audience: Audience,
    metadata: Metadata,
    counted: OncePerPeriod,
    begun: OncePerPeriod,
}

impl fmt::Debug for Bridge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Bridge")
            .field("config", &self.parts.config)
            .finish_non_exhaustive()
    }
}

impl Bridge {
    /// The bridge of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let audience = Audience::new(&parts.config.service.issuer, &parts.config.client_id);
        let metadata = Metadata::new(&parts.config, &parts.id_token_keys, &parts.assertion_keys);
        Self {
            parts,
            audience,
            metadata,
            counted: OncePerPeriod::default(),
            begun: OncePerPeriod::default(),
        }
    }

    /// The same bridge, which writes its metrics with `metrics`.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Metrics) -> Self {
        self.parts.metrics = metrics;
        self
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.parts.config
    }

    /// The source of the current time.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
    }

    /// The source of randomness.
    #[must_use]
    pub fn randomness(&self) -> &dyn Randomness {
        &*self.parts.randomness
    }

    /// The secrets.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.parts.secrets
    }

    /// The front door, if there is one.
    #[must_use]
    pub fn front_door(&self) -> Option<&FrontDoor> {
        self.parts.front_door.as_ref()
    }

    /// What the verification of members needs; `None` if members aren't verified.
    #[must_use]
    pub fn members(&self) -> Option<&Members> {
        self.parts.members.as_ref()
    }

    /// The secrets as they were last read.
    ///
    /// # Errors
    ///
    /// [`Class::SecretsUnavailable`] if they are too old to be used.
    pub fn usable_secrets(&self, now: DateTime<Utc>) -> Result<Arc<SecretValues>, Class> {
        Ok(self.secrets().usable(now)?)
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
        let opening = (self.secrets()).open(shown, invocation, |values: &SecretValues| {
            T::open(shown.value, self.seal(values, invocation.now))
        });
        opening.await
    }

    /// The client of the service; `None` as long as there is no client ID.
    #[must_use]
    pub fn service(&self) -> Option<&Client> {
        self.parts.service.as_ref()
    }

    /// The keys that sign the bridge's ID tokens.
    #[must_use]
    pub fn id_token_keys(&self) -> &KeyRing {
        &self.parts.id_token_keys
    }

    /// The documents that anybody may read.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Where metrics go.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.parts.metrics
    }

    /// Remembers for which places (addresses or networks of browsers), people and classes of
    /// failure a failed login was counted in this period.
    #[must_use]
    pub fn counted(&self) -> &OncePerPeriod {
        &self.counted
    }

    /// Remembers for which places a login that began was counted in this period.
    #[must_use]
    pub fn begun(&self) -> &OncePerPeriod {
        &self.begun
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

    /// Opens the connections that the token request will need, and fetches the service's keys if
    /// they are old. Lambda froze the process after `/authorize`, so the connections from then are
    /// dead.
    pub async fn warm(&self, invocation: &Invocation<'_>) {
        let deadline = invocation.deadline.at_most(WARM_UP);
        let service = async {
            if let Some(service) = &self.parts.service {
                let observer = AtService::new(invocation.measurements);
                service.warm(invocation.now, deadline, &observer).await;
            }
        };
        let kms = async {
            if let Some(kms) = &self.parts.kms {
                let _ = deadline.bound(kms.warm()).await;
            }
        };
        tokio::join!(service, kms);
    }
}
