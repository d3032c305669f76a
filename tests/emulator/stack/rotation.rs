//! Changes keys and secrets while people sign in, in the steps of docs/rotation.md. No login fails,
//! not even one that begins before a step and ends after it. Each deployment changes the log level,
//! so that it starts new processes of the functions.

use serde_json::{Value, json};

use crate::world::World;

/// A random value of 64 hexadecimal digits, as `openssl rand -hex 32` prints it.
fn new_value() -> String {
    use keys::Randomness as _;
    let mut bytes = [0; 32];
    keys::SystemRandomness.fill(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds a new key at the start of a ring.
async fn add_key(world: &World, arn: &str) {
    let ring = world.deployment.aws.secret(arn).await;
    let old = ring["key"]
        .as_str()
        .expect("what CloudFormation made")
        .to_owned();
    assert!(
        old.len() == 64
            && old
                .bytes()
                .all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
    );
    let ring = json!({ "keys": [new_value(), old] });
    world.deployment.aws.put_secret(arn, &ring).await;
}

/// Removes the last key of a ring.
async fn drop_last_key(world: &World, arn: &str) {
    let mut ring = world.deployment.aws.secret(arn).await;
    ring["keys"].as_array_mut().unwrap().pop().unwrap();
    world.deployment.aws.put_secret(arn, &ring).await;
}

/// The beginning of a user's record, which tells which key sealed it: the version, and the key's id
/// without its last four bits (base64url).
async fn key_of_record(world: &World, username: &str) -> String {
    let pool = world.deployment.output("UserPoolId").await;
    let user = world.deployment.aws.user_pools.admin_get_user();
    let user = user
        .user_pool_id(pool)
        .username(username)
        .send()
        .await
        .unwrap();
    let attributes = user.user_attributes();
    let record = attributes
        .iter()
        .find(|attribute| attribute.name() == "custom:verified_record");
    record.unwrap().value().unwrap()[..6].to_owned()
}

#[tokio::test]
async fn rings_of_keys_are_changed_under_logins_and_records() {
    let mut world = World::connected("rings").await;
    let outputs = world.deployment.outputs().await;
    let (sealing, record) = (&outputs["SealingKeysArn"], &outputs["RecordKeysArn"]);
    let before = world.sign_in("adult").await;
    let old_record = key_of_record(&world, before.username()).await;
    let [under_way, too_late] = [world.begin("adult").await, world.begin("adult").await];

    add_key(&world, sealing).await;
    add_key(&world, record).await;
    world.deployment.deploy(&[("LogLevel", "debug")]).await;
    assert_eq!(
        before.refreshed().await["age_over_20"],
        json!(true),
        "the record of the old key opens"
    );
    let after = under_way.finish().await;
    assert_eq!(after.id_token["age_over_20"], json!(true));
    assert_ne!(key_of_record(&world, after.username()).await, old_record);
    let next = world.begin("adult").await;

    drop_last_key(&world, sealing).await;
    drop_last_key(&world, record).await;
    world.deployment.deploy(&[("LogLevel", "info")]).await;
    next.finish().await;
    assert_eq!(
        before.refreshed().await["age_over_20"],
        json!(true),
        "the record is of the new key"
    );
    // This shows that the old key is gone, and that each deployment above started new processes.
    assert_eq!(too_late.refused().await, "foreign_login");
    world.service.stop().await;
}

#[tokio::test]
async fn the_client_secret_is_changed_at_both_ends() {
    let mut world = World::connected("client-secret").await;
    let arn = world.deployment.output("ClientSecretsArn").await;
    let old = world.deployment.aws.secret(&arn).await["current"].clone();
    assert_eq!(shown_by_cognito(&world).await, old);
    let new = json!(new_value());

    let both = json!({ "current": new, "previous": old });
    let version = world.deployment.aws.put_secret(&arn, &both).await;
    world.sign_in("adult").await;
    assert_eq!(
        shown_by_cognito(&world).await,
        old,
        "the provider's own text is the same"
    );
    // The running processes only know the old secret. They fetch the secret again when they meet
    // the new one.
    let under_way = world.begin("adult").await;
    world
        .deployment
        .deploy(&[("ClientSecretVersionId", &version)])
        .await;
    assert_eq!(shown_by_cognito(&world).await, new);
    under_way.finish().await;
    world.sign_in("adult").await;

    world
        .deployment
        .aws
        .put_secret(&arn, &json!({ "current": new }))
        .await;
    world.deployment.deploy(&[("LogLevel", "debug")]).await;
    world.sign_in("adult").await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", "x"),
        ("client_id", "amazon-cognito"),
        ("redirect_uri", "x"),
        ("client_secret", old.as_str().unwrap()),
    ];
    let refused = world
        .ask("/token", |http, url| http.post(url).form(&form))
        .await;
    assert_eq!(
        (refused.status, refused.text("error").as_deref()),
        (401, Some("invalid_client"))
    );
    world.service.stop().await;
}

/// The client secret in the settings of the user pool's identity provider.
async fn shown_by_cognito(world: &World) -> Value {
    let pool = world.deployment.output("UserPoolId").await;
    let provider = world.deployment.aws.user_pools.describe_identity_provider();
    let provider = provider
        .user_pool_id(pool)
        .provider_name("MynaApp")
        .send()
        .await;
    let details = provider
        .unwrap()
        .identity_provider
        .unwrap()
        .provider_details
        .unwrap();
    json!(details["client_secret"])
}

#[tokio::test]
async fn signing_keys_are_published_then_used_then_dropped() {
    let mut world = World::connected("signing-keys").await;
    let documents = ["/client-jwks.json", "/jwks.json"];
    let mut first = Vec::new();
    for document in documents {
        first.extend(world.key_ids(document).await);
    }
    let mut second = Vec::new();
    for order in ["1 2", "2 1", "2"] {
        let under_way = world.begin("adult").await;
        world
            .deployment
            .deploy(&[("AssertionKeys", order), ("IdTokenKeys", order)])
            .await;
        for (document, first) in documents.iter().zip(&first) {
            let keys = world.key_ids(document).await;
            if order == "1 2" {
                second.push(keys[1].clone());
            }
            let second = &second[documents.iter().position(|one| one == document).unwrap()];
            let expected = match order {
                "1 2" => vec![first.clone(), second.clone()],
                "2 1" => vec![second.clone(), first.clone()],
                _ => vec![second.clone()],
            };
            assert_eq!(keys, expected, "{document} with {order}");
        }
        under_way.finish().await;
        assert_eq!(
            world.sign_in("adult").await.id_token["age_over_20"],
            json!(true)
        );
        // Both public keys are registered at the service before the second one signs, and in the
        // end only the second one.
        world.register().await;
    }
    world.sign_in("adult").await;
    world.service.stop().await;
}
