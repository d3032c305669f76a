//! `env`: a complete configuration of a function for this machine, as KEY=VALUE lines.
//! Keys and secrets are new every time. The addresses are those of stand-ins on fixed ports.

use std::io::{self, Write};

use demo::laptop::{Addresses, Configuration, ConfigurationError, bridge_issuer};
use service_simulator::Endpoints;

use crate::own_app::{BRIDGE_PORT, COGNITO_PORT, SERVICE_PORT};

/// Why nothing is printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvironmentError {
    /// The keys and secrets can't be made.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The output can't be written.
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl From<EnvironmentError> for io::Error {
    fn from(error: EnvironmentError) -> Self {
        match error {
            EnvironmentError::Output(error) => error,
            EnvironmentError::Configuration(error) => Self::other(error),
        }
    }
}

/// Prints the configuration of `federation`.
///
/// # Errors
///
/// [`EnvironmentError`].
pub(crate) fn write_federation(
    out: &mut impl Write,
    assertion_algorithm: keys::Algorithm,
) -> Result<(), EnvironmentError> {
    let configuration = Configuration::generate(assertion_algorithm)?;
    let service = Endpoints::new("service.localhost", ([127, 0, 0, 1], SERVICE_PORT).into());
    let addresses = Addresses {
        issuer: &bridge_issuer(BRIDGE_PORT),
        redirect_uri: &format!("http://localhost:{COGNITO_PORT}/oauth2/idpresponse"),
        service: &service,
    };
    for (name, value) in configuration.environment(&addresses) {
        writeln!(out, "{name}={value}")?;
    }
    Ok(())
}
