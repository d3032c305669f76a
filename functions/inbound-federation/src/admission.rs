//! Whether a federated sign-in is admitted, and which attributes it writes.
//! For our provider all of them come from the verified record: whatever else the event says of the person isn't believed.
//! The sign-ins of other providers pass as they came.

use std::fmt;
use std::sync::Arc;

use four_attributes::VerifiedRecord;
use four_attributes::{Attribute, FORMATTED_ADDRESS, VERIFIED_AT, VERIFIED_RECORD, cognito_claims};
use function_kit::invocation::Invocation;
use function_kit::metrics::{Count, Metrics, Step};
use function_kit::trigger::Trigger;
use function_kit::verified::{Class, Records, in_time};
use http_client::Clock;
use serde_json::{Map, Value};

use crate::config::{BirthDateThatIsGone, Config};
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
    type Class = Class;
    const STEP: Step = Step::InboundFederation;

    /// Any doubt is a failure: then nobody signs in, and nothing is written.
    async fn handle(&self, event: Value, invocation: &Invocation<'_>) -> Result<Value, Class> {
        (invocation.measurements).count(Count::InboundFederationInvoked);
        let sign_in = match Whose::read(&event, &self.config.records.provider_name)? {
            Whose::Ours(sign_in) => sign_in,
            Whose::Anothers { record } => {
                // One of our records under another name: it is our provider, and the configuration calls it otherwise.
                // What else a provider calls so is its own.
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
        let attributes = attributes(&record, &sign_in, self.config.birth_date_that_is_gone);
        tracing::info!(
            event = "sign_in_admitted",
            request_id = invocation.request_id
        );
        let answer = answered(event, attributes)?;
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

/// What the sign-in writes, by the names of the provider's claims: these are what the attribute mapping starts from.
/// An empty text clears an attribute; what has no entry stays as it was.
fn attributes(
    record: &VerifiedRecord,
    sign_in: &SignIn<'_>,
    birth_date_that_is_gone: BirthDateThatIsGone,
) -> Map<String, Value> {
    let mut forms = cognito_claims(&record.attributes);
    // The address as text, for both of the claims that a pool may map.
    let address = forms.remove(FORMATTED_ADDRESS).unwrap_or_default();
    forms.insert(Attribute::Address.claim().to_owned(), address.clone());
    forms.insert(FORMATTED_ADDRESS.to_owned(), address);

    let mut attributes = Map::new();
    let mut write = |name: &str, value: Option<Value>| {
        let value = value.filter(|value| !value.is_null());
        attributes.insert(name.to_owned(), value.unwrap_or_else(|| "".into()));
    };
    write("sub", Some(sign_in.subject.into()));
    for name in [
        Attribute::Name.claim(),
        Attribute::Address.claim(),
        FORMATTED_ADDRESS,
        Attribute::Gender.claim(),
    ] {
        write(name, forms.remove(name));
    }
    let birth_date = forms.remove(Attribute::BirthDate.claim());
    if birth_date.is_some() || birth_date_that_is_gone == BirthDateThatIsGone::Clear {
        write(Attribute::BirthDate.claim(), birth_date);
    }
    let verified_at = record.verified_at.time().timestamp().to_string();
    write(VERIFIED_AT, Some(verified_at.into()));
    write(VERIFIED_RECORD, Some(sign_in.record.into()));
    attributes
}

fn answered(mut event: Value, attributes: Map<String, Value>) -> Result<Value, Class> {
    let whole = event.as_object_mut().ok_or(Class::EventMalformed)?;
    let mut response = match whole.remove("response") {
        Some(Value::Object(response)) => response,
        _ => Map::new(),
    };
    response.insert("userAttributesToMap".to_owned(), attributes.into());
    whole.insert("response".to_owned(), response.into());
    Ok(event)
}
