//! Makes the trigger from its configuration, with its two AWS clients.

use std::sync::Arc;

use function_kit::aws::{Connections, sdk_config};
use function_kit::metrics::Metrics;
use function_kit::once::OncePerPeriod;
use function_kit::secrets::SecretReader;
use http_client::{Clock, HttpClient};
use record_trigger::records::{Records, StartError};

use crate::config::Config;
use crate::generation::Generation;
use crate::users::Users;

/// The name of the function in the requests that it makes.
const PRODUCT: &str = concat!("digital-auth-", env!("CARGO_PKG_NAME"));

/// Makes the trigger.
///
/// # Errors
///
/// [`StartError`] names what could not be loaded, without any value.
pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Generation, StartError> {
    let http = Arc::new(HttpClient::new(Arc::clone(&clock))?.named(PRODUCT));
    let shared = sdk_config(&Connections::new(http)).await;
    let reader = SecretReader::new(Some(aws_sdk_secretsmanager::Client::new(&shared)));
    let records = Records::load(reader, &config.records, clock.now()).await?;
    Ok(Generation {
        records,
        users: Users::new(aws_sdk_cognitoidentityprovider::Client::new(&shared)),
        counted: OncePerPeriod::default(),
        metrics: Metrics::new(&config.telemetry),
        config,
        clock,
    })
}
