//! From the environment to a trigger that can answer.

use std::sync::Arc;

use function_kit::metrics::Metrics;
use function_kit::secrets::{SecretReader, Source};
use function_kit::verified::{Records, StartError};
use http_client::{Clock, HttpClient};

use crate::admission::Admission;
use crate::config::{Config, RECORD_KEYS};

/// Makes the trigger.
///
/// # Errors
///
/// [`StartError`] names what can't be had, without any value.
pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Admission, StartError> {
    let http = Arc::new(HttpClient::new(Arc::clone(&clock))?);
    let reader = SecretReader::for_references([&config.record_keys], &http).await;
    let records = Records::load(
        reader,
        Source {
            variable: RECORD_KEYS,
            reference: config.record_keys.clone(),
        },
        &config.service_issuer,
        &config.provider_name,
        clock.now(),
    );
    Ok(Admission {
        records: records.await?,
        metrics: Metrics::new(config.metrics_namespace.clone()),
        config,
        clock,
    })
}
