//! Decides whether a federated sign-in is admitted, and which attributes it writes to the user
//! pool.
//! For a sign-in through the bridge, all attributes come from the verified record: nothing else
//! that the event says of the person is trusted. Sign-ins through other providers pass unchanged.

use std::fmt;
use std::sync::Arc;

use four_attributes::{Attribute, VerifiedAt, VerifiedPerson};
use function_kit::invocation::Invocation;
use function_kit::metrics::{Count, Metrics, Step};
use http_client::Clock;
use record_trigger::Class;
use record_trigger::records::Records;
use record_trigger::trigger::{Trigger, in_time, with_response};
use serde_json::{Map, Value};
use user_pool::claim::{FORMATTED_ADDRESS, VERIFIED_AT, VERIFIED_RECORD};

use crate::config::Config;
use crate::event::{SignIn, Whose};

/// The trigger, made once at start.
pub struct Admission {
    /// The configuration.
    pub config: Config,
    /// Opens verified records.
    pub records: Records,
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
    /// Where metrics go.
    pub metrics: Metrics,
}

impl fmt::Debug for Admission {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Admission")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Trigger for Admission {
    const STEP: Step = Step::InboundFederation;

    /// Any doubt is a failure: then the sign-in ends, and nothing is written to the user pool.
    async fn handle(&self, event: Value, invocation: &Invocation<'_>) -> Result<Value, Class> {
        (invocation.measurements).count(Count::InboundFederationInvoked);
        let sign_in = match Whose::read(&event, &self.config.records.provider_name)? {
            Whose::Ours(sign_in) => sign_in,
            Whose::Anothers { record } => {
                // If the bridge has sealed the record, this provider is the bridge, and
                // `PROVIDER_NAME` is wrong. Any other value under this claim's name belongs to the
                // other provider.
                if let Some(record) = record {
                    let ours = self.records.have_sealed(record, invocation);
                    if in_time(ours, invocation).await? {
                        return Err(Class::ProviderMismatch);
                    }
                }
                let request_id = invocation.request_id;
                tracing::info!(event = "sign_in_of_another_provider", request_id);
                return Ok(event);
            }
        };
        let subjects = [sign_in.subject];
        let opened = (self.records).open(sign_in.record, &subjects, invocation);
        let person = in_time(opened, invocation).await?;
        let attributes = attributes(&person, &sign_in, &self.config);
        tracing::info!(
            event = "sign_in_admitted",
            request_id = invocation.request_id
        );
        let answer = with_response(event, |response| {
            response.insert("userAttributesToMap".to_owned(), attributes.into());
        })?;
        // Cognito calls `pre-token-generation` next. The 0 is there for the metric's share even if
        // that trigger is never invoked.
        (invocation.measurements).count_if(Count::PreTokenGenerationInvoked, false);
        Ok(answer)
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// The attributes that the sign-in writes, by the names of the provider's claims, from which the
/// user pool's attribute mapping starts. An empty text clears an attribute. An attribute without an
/// entry keeps its value. Attributes that the bridge doesn't ask for have no entry: a linked user,
/// or another provider of that user, may have written them.
fn attributes(
    person: &VerifiedPerson,
    sign_in: &SignIn<'_>,
    config: &Config,
) -> Map<String, Value> {
    let mut texts = user_pool::texts(&person.attributes);
    let mut attributes = Map::new();
    for attribute in config.attributes.iter() {
        // A user pool may map either of these two claims. Both get the address as text.
        let names: &[&str] = match attribute {
            Attribute::Address => &[attribute.claim(), FORMATTED_ADDRESS],
            _ => &[attribute.claim()],
        };
        let value = texts.remove(attribute.claim());
        let is_cleared = config.cleared.contains(attribute);
        let Some(value) = value.or_else(|| is_cleared.then(|| "".into())) else {
            continue;
        };
        let named = names.iter().map(|name| ((*name).to_owned(), value.clone()));
        attributes.extend(named);
    }
    // Without `auth_time` of the service there is no reliable time of verification, so an earlier
    // one is cleared.
    let verified_at = match person.verified_at {
        VerifiedAt::Authentication(time) => time.timestamp().to_string(),
        VerifiedAt::IssuedAt(_) => String::new(),
    };
    attributes.insert(VERIFIED_AT.to_owned(), verified_at.into());
    attributes.insert(VERIFIED_RECORD.to_owned(), sign_in.record.into());
    attributes.insert("sub".to_owned(), sign_in.subject.into());
    attributes
}
