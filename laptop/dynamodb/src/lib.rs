//! A stand-in for Amazon DynamoDB: the emulator dynoxide, in this process and on loopback, with the
//! table of members. The functions and their AWS SDK can't tell it from DynamoDB, as far as it
//! goes: it knows no conflicts between transactions and no throttling.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::HttpClient;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::{Database, DynoxideError, server};
use serde_json::json;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The region and the key of an account that doesn't exist. Nobody checks them.
const REGION: &str = "ap-northeast-1";
const ACCESS_KEY: &str = "laptop";

/// Where the items are kept.
#[derive(Clone, Debug)]
pub enum Storage {
    /// In this process: they are gone when it ends.
    Memory,
    /// In this file, which is made if it isn't there.
    File(PathBuf),
}

/// Why the stand-in can't start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The file can't be used. The emulator gives the reason as text.
    #[error("the items can't be kept: {0}")]
    Storage(String),
    /// The table can't be made.
    #[error("the table can't be made: {0}")]
    Table(String),
    /// No port of this machine can be used.
    #[error("can't listen on loopback")]
    Listen(#[from] io::Error),
}

/// A stand-in that runs. It ends when it is dropped.
pub struct DynamoDb {
    address: SocketAddr,
    _running: oneshot::Sender<()>,
}

impl fmt::Debug for DynamoDb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DynamoDb({})", self.address)
    }
}

impl DynamoDb {
    /// Starts it on a free port, with a table of members of this name.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub async fn start(storage: &Storage, table: &str) -> Result<Self, StartError> {
        let database = match storage {
            Storage::Memory => Database::memory(),
            Storage::File(path) => Database::new(&path.to_string_lossy()),
        };
        let database = database.map_err(|error| StartError::Storage(error.to_string()))?;
        match database.create_table(members_table(table)?) {
            // It is in the file.
            Ok(_) | Err(DynoxideError::ResourceInUseException(_)) => {}
            Err(error) => return Err(StartError::Table(error.to_string())),
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (running, dropped) = oneshot::channel::<()>();
        tokio::spawn(server::serve_with_shutdown(listener, database, async {
            // Nothing is ever sent. The other end goes when the stand-in is dropped.
            let _ = dropped.await;
        }));
        Ok(Self {
            address,
            _running: running,
        })
    }

    /// Where it is: the value of `AWS_ENDPOINT_URL_DYNAMODB` for a function.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// An SDK client of it, without retries of its own.
    #[must_use]
    pub fn client(&self, http: impl HttpClient + 'static) -> Client {
        let credentials = Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "laptop");
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(credentials)
            .endpoint_url(self.url())
            .retry_config(RetryConfig::disabled())
            .http_client(http);
        Client::from_conf(config.build())
    }
}

/// The table of members: a partition key, and no capacity to plan.
fn members_table(name: &str) -> Result<CreateTableRequest, StartError> {
    serde_json::from_value(json!({
        "TableName": name,
        "KeySchema": [{ "AttributeName": member_table::KEY, "KeyType": "HASH" }],
        "AttributeDefinitions": [
            { "AttributeName": member_table::KEY, "AttributeType": "S" },
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }))
    .map_err(|error| StartError::Table(error.to_string()))
}
