//! What all endpoints share ([`Bridge`]), made once at start.
//! A request changes only caches and counters in it. Nothing is stored.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use digital_auth::{Client, Clock};
use function_kit::aws::Connections;
use function_kit::invocation::Invocation;
use function_kit::metrics::Metrics;
use function_kit::once::OncePerPeriod;
use keys::{KeyRing, Randomness};

use crate::config::Config;
use crate::front_door::FrontDoor;
use crate::logins::Logins;
use crate::members::Members;
use relying_party::at_service::AtService;

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
    /// The secret of the front door, if there is one.
    pub front_door: Option<FrontDoor>,
    /// What logins need; `None` if nobody signs in with the card.
    pub logins: Option<Logins>,
    /// What the verification of members needs; `None` if members aren't verified.
    pub members: Option<Members>,
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
        Self {
            parts,
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

    /// The front door, if there is one.
    #[must_use]
    pub fn front_door(&self) -> Option<&FrontDoor> {
        self.parts.front_door.as_ref()
    }

    /// What logins need; `None` if nobody signs in with the card.
    #[must_use]
    pub fn logins(&self) -> Option<&Logins> {
        self.parts.logins.as_ref()
    }

    /// What the verification of members needs; `None` if members aren't verified.
    #[must_use]
    pub fn members(&self) -> Option<&Members> {
        self.parts.members.as_ref()
    }

    /// The client of the service; `None` as long as there is no client ID.
    #[must_use]
    pub fn service(&self) -> Option<&Client> {
        self.parts.service.as_ref()
    }

    /// The public keys of the bridge's client assertions as a JWK Set, which the operator hands to
    /// the Digital Agency.
    #[must_use]
    pub fn client_keys(&self) -> &str {
        self.parts.assertion_keys.jwk_set()
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
