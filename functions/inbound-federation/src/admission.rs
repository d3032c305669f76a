//! Whether a federated sign-in is admitted, and which attributes it writes.
//! For our provider all of them come from the verified record: whatever else the event says of the
//! person isn't believed. The sign-ins of other providers pass as they came.

use std::fmt;
use std::sync::Arc;

use four_attributes::{Attribute, VerifiedAt, VerifiedRecord};
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
    /// What opens records.
    pub records: Records,
    /// What time it is.
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

    /// Any doubt is a failure: then nobody signs in, and nothing is written.
    async fn handle(&self, event: Value, invocation: &Invocation<'_>) -> Result<Value, Class> {
        (invocation.measurements).count(Count::InboundFederationInvoked);
        let sign_in = match Whose::read(&event, &self.config.records.provider_name)? {
            Whose::Ours(sign_in) => sign_in,
            Whose::Anothers { record } => {
                // One of our records under another name: it is our provider, and the configuration
                // calls it otherwise. What else a provider calls so is its own.
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
        let opened = (self.records).open(sign_in.record, &subjects, None, invocation);
        let record = in_time(opened, invocation).await?;
        let attributes = attributes(&record, &sign_in, &self.config);
        tracing::info!(
            event = "sign_in_admitted",
            request_id = invocation.request_id
        );
        let answer = with_response(event, |response| {
            response.insert("userAttributesToMap".to_owned(), attributes.into());
        })?;
        // Tokens are next.
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

/// What the sign-in writes, by the names of the provider's claims: these are what the attribute
/// mapping starts from. An empty text clears an attribute; what has no entry stays as it was. So
/// stays what the bridge doesn't ask for: of a linked user, it is what they wrote themselves, or
/// their other provider did.
fn attributes(
    record: &VerifiedRecord,
    sign_in: &SignIn<'_>,
    config: &Config,
) -> Map<String, Value> {
    let mut texts = user_pool::texts(&record.attributes);
    let mut attributes = Map::new();
    for attribute in config.attributes.iter() {
        // The address as text, for both of the claims that a pool may map.
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
    // Where the service didn't say when, there is no time that anybody may rely on: an earlier one
    // goes.
    let verified_at = match record.verified_at {
        VerifiedAt::Authentication(time) => time.timestamp().to_string(),
        VerifiedAt::IssuedAt(_) => String::new(),
    };
    attributes.insert(VERIFIED_AT.to_owned(), verified_at.into());
    attributes.insert(VERIFIED_RECORD.to_owned(), sign_in.record.into());
    attributes.insert("sub".to_owned(), sign_in.subject.into());
    attributes
}
