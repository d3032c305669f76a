//! Which claims the tokens of one request get.
//! The rule follows the scope, not the provider: where one of ours was asked for, the four attributes come from a record
//! that opens and belongs to this user, or don't come. Where none was, only our own users' attributes are kept back.

use std::fmt;
use std::sync::Arc;

use function_kit::failure::{self, Kind};
use function_kit::metrics::Metrics;
use function_kit::trigger::{Invocation, Trigger};
use function_kit::verified::{Class, Records};
use http_client::Clock;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::claims::Claims;
use crate::config::Config;
use crate::event::{TokenRequest, answered, hidden};
use crate::scopes::Grants;
use crate::users::Users;

/// A record that isn't believed.
const REFUSED: Kind = Kind {
    event: "record_refused",
    metric: "RecordRefused",
};

/// The trigger, made once at start.
pub struct Generation {
    /// The configuration.
    pub config: Config,
    /// What opens records.
    pub records: Records,
    /// The user pool.
    pub users: Users,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where metrics go.
    pub metrics: Metrics,
}

impl fmt::Debug for Generation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Generation")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Trigger for Generation {
    type Class = Class;

    /// A record that is refused is no failure: the tokens come, without what would have followed from it. A failure is
    /// what can't be decided; then there are no tokens.
    async fn handle(&self, event: Value, invocation: &Invocation<'_>) -> Result<Value, Class> {
        let config = &self.config;
        let request = TokenRequest::read(&event, &config.record_attribute)?;
        let subjects = request.subjects(&config.provider_name);
        let grants = Grants::of(&request.scopes, &config.resource_server, &config.ages);
        let claims = match grants {
            None if subjects.is_empty() => return Ok(event),
            Some(grants) if !subjects.is_empty() => {
                self.claims(&request, &subjects, &grants, invocation)
                    .await?
            }
            _ => Claims::default(),
        };
        let hidden = hidden(&config.record_attribute, &config.verified_at_attribute);
        answered(event, claims, &hidden)
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

impl Generation {
    /// The claims of one of our users.
    async fn claims(
        &self,
        request: &TokenRequest<'_>,
        subjects: &[&str],
        grants: &Grants,
        invocation: &Invocation<'_>,
    ) -> Result<Claims, Class> {
        let pooled;
        let record = match request.record {
            Some(record) => Some(record),
            None => {
                let name = &self.config.record_attribute;
                let asked = (self.users).attribute(request.user_pool_id, request.user_name, name);
                pooled = asked.await.map_err(|_| Class::UserUnavailable)?;
                pooled.as_ref().map(|record| record.expose_secret())
            }
        };
        let now = invocation.now;
        let not_before = self.config.max_verification_age.map(|age| now - age);
        let opened = match record {
            Some(record) => {
                let opened =
                    self.records
                        .open(record, subjects, not_before, invocation, &self.metrics);
                opened.await
            }
            None => Err(Class::RecordMissing),
        };
        match opened {
            Ok(record) => {
                tracing::info!(event = "claims_granted", request_id = invocation.request_id);
                Ok(Claims::of(&record, grants, now))
            }
            Err(class) if class.is_refusal() => {
                let (support_id, request_id) = (&invocation.support_id, invocation.request_id);
                failure::tell_as(REFUSED, class, support_id, request_id, &self.metrics, now);
                Ok(match class {
                    Class::RecordTooOld => Claims::of_an_old_record(grants),
                    _ => Claims::default(),
                })
            }
            Err(class) => Err(class),
        }
    }
}
