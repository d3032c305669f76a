//! Makes the bridge from its configuration. Keys and secrets are loaded in parallel.

use std::sync::Arc;

use digital_auth::http_client::NoRootCertificates;
use digital_auth::{Clock, HttpClient};
use function_kit::aws::{self, Connections};
use function_kit::metrics::Metrics;
use function_kit::reference::Reference;
use function_kit::secrets::{InvalidSecret, SecretError, SecretReader};
use keys::{Algorithm, Randomness, SigningKey};
use relying_party::startup::{KeyError, key_ring, signing_keys};
use thiserror::Error;

use crate::bridge::{Bridge, Parts};
use crate::config::Config;
use crate::front_door::FrontDoor;
use crate::logins::{LoginSettings, Logins};
use crate::members::Members;
use crate::secrets::{self, References};
use crate::variables::{ASSERTION_KEYS, ID_TOKEN_KEYS, RECORD_KEYS, SEALING_KEYS};

/// The name of the function in the requests that it makes.
const PRODUCT: &str = concat!("digital-auth-", env!("CARGO_PKG_NAME"));

/// Why the bridge can't start.
#[derive(Debug, Error)]
pub enum StartError {
    /// There are no root certificates, so no TLS connection is possible.
    #[error(transparent)]
    NoRootCertificates(#[from] NoRootCertificates),
    /// A secret is missing or malformed.
    #[error(transparent)]
    Secret(#[from] InvalidSecret),
    /// A key is missing or can't be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A key for ID tokens is an elliptic curve key: ID tokens are signed with RS256.
    #[error("{ID_TOKEN_KEYS} must be RSA keys: ID tokens are signed with RS256")]
    IdTokenKeyAlgorithm,
    /// One key has two roles, by two references: it would sign client assertions and the ID tokens
    /// for Cognito, and be in both JWK Sets.
    #[error("{ASSERTION_KEYS} {}", SecretError::SharedKey(ID_TOKEN_KEYS))]
    SharedKey,
}

/// The AWS clients that the configuration needs.
struct AwsClients {
    kms: Option<(aws_sdk_kms::Client, Connections)>,
    secrets_manager: Option<aws_sdk_secretsmanager::Client>,
}

impl AwsClients {
    async fn new(config: &Config, http: &Arc<HttpClient>) -> Self {
        let references = || {
            let of_logins = config.logins.iter().flat_map(|logins| {
                logins.id_token_keys.iter().chain([
                    &logins.sealing_keys,
                    &logins.record_keys,
                    &logins.client_secrets,
                ])
            });
            let keys = of_logins.chain(&config.service.assertion_keys);
            keys.chain(&config.front_door_secrets)
                .chain(config.members.as_ref().map(|members| &members.keys))
        };
        let uses_kms = references().any(|one| matches!(one, Reference::Kms(_)));
        let uses_secrets = references().any(|one| matches!(one, Reference::SecretsManager(_)));
        if !uses_kms && !uses_secrets {
            return Self {
                kms: None,
                secrets_manager: None,
            };
        }
        let connections = Connections::new(Arc::clone(http));
        let shared = aws::sdk_config(&connections).await;
        let kms = uses_kms.then(|| {
            let connections = Connections::new(Arc::clone(http));
            let own = aws_sdk_kms::config::Builder::from(&shared).http_client(connections.clone());
            (aws_sdk_kms::Client::from_conf(own.build()), connections)
        });
        let secrets_manager = uses_secrets.then(|| aws_sdk_secretsmanager::Client::new(&shared));
        Self {
            kms,
            secrets_manager,
        }
    }
}

/// Makes the bridge.
///
/// # Errors
///
/// [`StartError`] names what could not be loaded, without any value.
pub async fn start(
    config: Config,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
) -> Result<Bridge, StartError> {
    let parts = parts(config, clock, randomness).await?;
    Ok(Bridge::new(parts))
}

/// Makes the parts of the bridge from its configuration.
///
/// # Errors
///
/// [`StartError`].
pub async fn parts(
    config: Config,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
) -> Result<Parts, StartError> {
    let http = Arc::new(HttpClient::new(Arc::clone(&clock))?.named(PRODUCT));
    let aws = AwsClients::new(&config, &http).await;
    let reader = SecretReader::new(aws.secrets_manager.clone());
    let kms = aws.kms.as_ref().map(|(client, _)| client.clone());
    let front_door = async {
        let reference = config.front_door_secrets.clone();
        let reader = SecretReader::new(aws.secrets_manager.clone());
        match reference {
            Some(reference) => (FrontDoor::load(reader, reference, clock.now()).await).map(Some),
            None => Ok(None),
        }
    };
    let members = async {
        let reader = SecretReader::new(aws.secrets_manager.clone());
        match config.members.clone() {
            Some(settings) => {
                let issuer = &config.service.issuer;
                let loading = Members::load(reader, settings, issuer, clock.now());
                loading.await.map(Some)
            }
            None => Ok(None),
        }
    };
    let secrets = async {
        let reader = SecretReader::new(aws.secrets_manager.clone());
        match &config.logins {
            Some(logins) => {
                (secrets::load(reader, references(logins), clock.now()).await).map(Some)
            }
            None => Ok(None),
        }
    };
    let id_token_keys = match &config.logins {
        Some(logins) => logins.id_token_keys.as_slice(),
        None => &[],
    };
    let (secrets, front_door, members, id_token_keys, assertion_keys) = tokio::join!(
        secrets,
        front_door,
        members,
        signing_keys(ID_TOKEN_KEYS, id_token_keys, &reader, kms.as_ref()),
        signing_keys(
            ASSERTION_KEYS,
            &config.service.assertion_keys,
            &reader,
            kms.as_ref()
        ),
    );
    let (secrets, front_door, members) = (secrets?, front_door?, members?);
    let now = clock.now();
    if let (Some(members), Some(secrets)) = (&members, &secrets)
        && let Ok(values) = secrets.usable(now)
    {
        let others = [
            (SEALING_KEYS, &values.sealing),
            (RECORD_KEYS, &values.records),
        ];
        members.have_keys_of_their_own(&others, now)?;
    }
    let (id_token_keys, assertion_keys) = (id_token_keys?, assertion_keys?);
    // A key that is only published so far is checked, too: it will sign later.
    let is_rs256 = |key: &Arc<dyn SigningKey>| key.algorithm() == Algorithm::Rs256;
    if !id_token_keys.iter().all(is_rs256) {
        return Err(StartError::IdTokenKeyAlgorithm);
    }
    let in_two_roles = |key: &Arc<dyn SigningKey>| {
        let mut others = id_token_keys.iter();
        others.any(|other| other.key_id() == key.key_id())
    };
    if assertion_keys.iter().any(in_two_roles) {
        return Err(StartError::SharedKey);
    }
    let logins = match (config.logins.clone(), secrets) {
        (Some(settings), Some(secrets)) => {
            let keys = key_ring(ID_TOKEN_KEYS, id_token_keys)?;
            Some(Logins::new(settings, &config.service, secrets, keys))
        }
        _ => None,
    };
    let assertion_keys = key_ring(ASSERTION_KEYS, assertion_keys)?;
    let keys = Arc::clone(&assertion_keys);
    let service = (config.service).client(http, keys, Arc::clone(&randomness));
    Ok(Parts {
        metrics: Metrics::new(&config.telemetry),
        config,
        clock,
        randomness,
        front_door,
        logins,
        members,
        assertion_keys,
        service,
        kms: aws.kms.map(|(_, connections)| connections),
    })
}

/// Where the secrets of logins are.
fn references(logins: &LoginSettings) -> References {
    References {
        sealing_keys: logins.sealing_keys.clone(),
        record_keys: logins.record_keys.clone(),
        client_secrets: logins.client_secrets.clone(),
    }
}
