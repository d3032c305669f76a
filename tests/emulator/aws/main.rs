//! The built functions with AWS KMS, AWS Secrets Manager and a user pool, configured as in the
//! cloud, against an emulator of AWS. `cargo xtask aws` starts the emulator and runs these tests.
//! `AWS_EMULATOR` is its URL (`http://127.0.0.1:4566`). All calls of the functions go through
//! proxies that count them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod emulator;
mod federation;
mod pre_token_generation;

use ::federation::variables;
use aws_sdk_kms::types::KeySpec;
use demo::laptop::SERVICE_CLIENT_ID;
use emulator::{Aws, Counted, new_key};
use login_kit::{Laptop, RelyingParty, laptop_with, variables};
use secrecy::ExposeSecret as _;
use serde_json::json;
use service_simulator::RegisteredClient;

/// A laptop whose functions have their keys and secrets in AWS.
struct InAws {
    laptop: Laptop,
    aws: Aws,
    /// The calls of the bridge.
    bridge: Counted,
    /// The calls of the triggers.
    triggers: Counted,
    client_secrets: String,
    sealing_keys: Ring,
    record_keys: Ring,
    /// The keys that sign client assertions and ID tokens, in this order.
    signing_keys: [String; 2],
}

/// A secret with a ring of keys.
struct Ring {
    /// The ARN of the secret.
    arn: String,
    /// The only key of the ring at the start.
    first: String,
}

impl Ring {
    async fn new(aws: &Aws) -> Self {
        let ring = Self {
            arn: aws.secret().await,
            first: new_key(),
        };
        aws.put(&ring.arn, &json!({ "keys": [ring.first] })).await;
        ring
    }

    /// Puts a new key in front of the first one.
    async fn rotate(&self, aws: &Aws) {
        aws.put(&self.arn, &json!({ "keys": [new_key(), self.first] }))
            .await;
    }
}

async fn in_aws(assertion_key: KeySpec) -> InAws {
    let aws = Aws::new();
    let (bridge, triggers) = (Counted::default(), Counted::default());
    let [for_the_bridge, for_the_triggers] =
        [bridge.serve().await, triggers.serve().await].map(|proxy| format!("http://{proxy}"));
    let assertion_key = aws.key(assertion_key).await;
    let (signs, published) = (
        aws.key(KeySpec::Rsa2048).await,
        aws.key(KeySpec::Rsa2048).await,
    );
    let client_secrets = aws.secret().await;
    let (sealing_keys, record_keys) = (Ring::new(&aws).await, Ring::new(&aws).await);
    let id_token_keys = format!("{signs} {published}");
    let laptop = laptop_with(|options| {
        options.environment = variables([
            (variables::ASSERTION_KEYS, Some(&assertion_key)),
            (variables::ID_TOKEN_KEYS, Some(&id_token_keys)),
            (variables::SEALING_KEYS, Some(&sealing_keys.arn)),
            (variables::RECORD_KEYS, Some(&record_keys.arn)),
            (variables::CLIENT_SECRETS, Some(&client_secrets)),
            ("AWS_ENDPOINT_URL", Some(&for_the_bridge)),
            ("AWS_ACCESS_KEY_ID", Some("test")),
            ("AWS_SECRET_ACCESS_KEY", Some("test")),
        ]);
        options.trigger_environment = variables([
            ("AWS_ENDPOINT_URL", Some(&for_the_triggers)),
            ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", None),
            ("AWS_ACCESS_KEY_ID", Some("test")),
            ("AWS_SECRET_ACCESS_KEY", Some("test")),
        ]);
    })
    .await;
    // The bridge starts with the first request, so the secret must have its value before.
    let client_secret = laptop.configuration.client_secret().expose_secret();
    aws.put(&client_secrets, &json!({ "current": client_secret }))
        .await;
    // The public keys are registered at the service, as the operator does with the Digital Agency's
    // form.
    let client = RelyingParty::new(&laptop);
    let jwks = client.document("/client-jwks.json").await.json();
    let redirect_uris = vec![format!("{}/callback", client.issuer())];
    let registered = RegisteredClient {
        client_id: SERVICE_CLIENT_ID.to_owned(),
        redirect_uris,
        jwks,
    };
    laptop.service.register_client(registered).unwrap();
    InAws {
        laptop,
        aws,
        bridge,
        triggers,
        client_secrets,
        sealing_keys,
        record_keys,
        signing_keys: [assertion_key, signs],
    }
}
