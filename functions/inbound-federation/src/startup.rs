//! Makes the trigger from its configuration.

use std::sync::Arc;

use function_kit::metrics::Metrics;
use function_kit::secrets::SecretReader;
use http_client::{Clock, HttpClient};
use record_trigger::records::{Records, StartError};

use crate::admission::Admission;
use crate::config::Config;

/// The name of the function in the requests that it makes.
const PRODUCT: &str = concat!("digital-auth-", env!("CARGO_PKG_NAME"));

/// Makes the trigger.
///
/// # Errors
///
/// [`StartError`] names what could not be loaded, without any value.
pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Admission, StartError> {
    let http = Arc::new(HttpClient::new(Arc::clone(&clock))?.named(PRODUCT));
    let reader = SecretReader::for_references([&config.records.keys.reference], &http).await;
    let records = Records::load(reader, &config.records, clock.now()).await?;
    Ok(Admission {
        records,
        metrics: Metrics::new(&config.telemetry),
        config,
        clock,
    })
}
