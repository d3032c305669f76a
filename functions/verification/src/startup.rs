//! Makes the function from its configuration. Keys and secrets are loaded in parallel.

use std::sync::Arc;

use aws_sdk_secretsmanager::Client as SecretsManager;
use chrono::{DateTime, Utc};
use digital_auth::http_client::NoRootCertificates;
use digital_auth::{Clock, HttpClient};
use function_kit::aws::{Connections, sdk_config};
use function_kit::metrics::Metrics;
use function_kit::reference::Reference;
use function_kit::secrets::{
    Cached, InvalidSecret, Make, SecretError, SecretReader, Source, sealing_keys,
};
use keys::{InvalidKey, MacKey, Randomness};
use member_table::{LEASE, MemberTable, PersonHasher};
use relying_party::startup::{KeyError, key_ring, signing_keys};
use relying_party::variables::ASSERTION_KEYS;
use sealing::SealingKeys;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use thiserror::Error;

use crate::access_token::AccessTokens;
use crate::config::Config;
use crate::users::Users;
use crate::variables::{MEMBER_KEYS, PERSON_KEY, RECORD_KEYS, USER_POOL_JWKS_URI};
use crate::verification::{Parts, Verification};

/// The name of the function in the requests that it makes.
const PRODUCT: &str = concat!("digital-auth-", env!("CARGO_PKG_NAME"));

/// Why the function can't start.
#[derive(Debug, Error)]
pub enum StartError {
    /// No secure connection is possible.
    #[error(transparent)]
    NoRootCertificates(#[from] NoRootCertificates),
    /// A secret is missing or malformed.
    #[error(transparent)]
    Secret(#[from] InvalidSecret),
    /// A key is missing or can't be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key of the persons can't be used.
    #[error("{PERSON_KEY} holds a key that can't be used: {0}")]
    PersonKey(InvalidKey),
    /// The text of the key of the persons can't be read.
    #[error("{PERSON_KEY} {0}")]
    PersonKeyText(SecretError),
    /// The address of the pool's keys can't be called.
    #[error("{USER_POOL_JWKS_URI} can't be called")]
    JwksUri,
}

/// Makes the function.
///
/// # Errors
///
/// [`StartError`] names what could not be loaded, without any value.
pub async fn start(
    config: Config,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
) -> Result<Verification, StartError> {
    let http = Arc::new(HttpClient::new(Arc::clone(&clock))?.named(PRODUCT));
    let shared = sdk_config(&Connections::new(Arc::clone(&http))).await;
    let secrets = SecretsManager::new(&shared);
    let reader = || SecretReader::new(Some(secrets.clone()));
    let keys_reader = reader();
    let kms = aws_sdk_kms::Client::new(&shared);
    let tokens = AccessTokens::new(Arc::clone(&http), &config.pool, config.apps.clone());
    let tokens = tokens.ok_or(StartError::JwksUri)?;
    let now = clock.now();
    let (member_keys, record_keys, assertion_keys, person_key) = tokio::join!(
        ring(reader(), MEMBER_KEYS, &config.member_keys, now),
        ring(reader(), RECORD_KEYS, &config.record_keys, now),
        signing_keys(
            ASSERTION_KEYS,
            &config.service.assertion_keys,
            &keys_reader,
            Some(&kms)
        ),
        person_key(&config.person_key, &keys_reader, &kms),
    );
    let (member_keys, record_keys) = (member_keys?, record_keys?);
    if let (Ok(members), Ok(records)) = (member_keys.usable(now), record_keys.usable(now))
        && members.shares_a_key_with(&records)
    {
        return Err(StartError::Secret(InvalidSecret {
            variable: MEMBER_KEYS,
            reason: SecretError::SharedKey(RECORD_KEYS),
        }));
    }
    let assertion_keys = key_ring(ASSERTION_KEYS, assertion_keys?)?;
    let service = (config.service).client(http, assertion_keys, Arc::clone(&randomness));
    let users = aws_sdk_cognitoidentityprovider::Client::new(&shared);
    let dynamodb = aws_sdk_dynamodb::Client::new(&shared);
    Ok(Verification::new(Parts {
        clock,
        randomness,
        tokens,
        member_keys,
        record_keys,
        service,
        users: Users::new(users, config.pool.clone()),
        table: MemberTable::new(dynamodb, config.table.clone(), LEASE),
        persons: PersonHasher::new(person_key?),
        metrics: Metrics::new(&config.telemetry),
        config,
    }))
}

async fn ring(
    reader: SecretReader,
    variable: &'static str,
    reference: &Reference,
    now: DateTime<Utc>,
) -> Result<Cached<SealingKeys>, InvalidSecret> {
    let source = Source {
        variable,
        reference: reference.clone(),
    };
    let make: Make<SealingKeys, 1> = |[keys]| keys.parse(sealing_keys);
    Cached::load(reader, [source], make, now).await
}

/// The one key of a secret: `{"key": "…"}`.
#[derive(Deserialize)]
struct OneKey {
    key: SecretString,
}

async fn person_key(
    reference: &Reference,
    reader: &SecretReader,
    kms: &aws_sdk_kms::Client,
) -> Result<MacKey, StartError> {
    if let Reference::Kms(arn) = reference {
        return MacKey::kms(kms.clone(), arn).map_err(StartError::PersonKey);
    }
    let text = reader.read(reference).await;
    let text = text.map_err(StartError::PersonKeyText)?;
    let document: OneKey = serde_json::from_str(text.expose_secret())
        .map_err(|_| StartError::PersonKeyText(SecretError::Malformed))?;
    MacKey::local(&document.key).map_err(StartError::PersonKey)
}
