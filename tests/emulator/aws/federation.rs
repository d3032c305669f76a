//! The bridge, with its keys in AWS KMS and its secrets in AWS Secrets Manager.

use aws_sdk_kms::types::KeySpec;
use login_kit::{Outcome, RelyingParty, browser, parameter};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::emulator::new_key;
use crate::{InAws, in_aws};

#[tokio::test]
async fn a_login_makes_two_signatures_and_no_other_call_of_aws() {
    for assertion_key in [KeySpec::EccNistP256, KeySpec::Rsa2048] {
        let InAws {
            laptop,
            bridge: counted,
            ..
        } = in_aws(assertion_key).await;
        for persona in ["longest", "adult"] {
            let (all, signatures) = (counted.all(), counted.of("TrentService.Sign"));
            let outcome = laptop.login(&browser(), persona, None).await.unwrap();
            assert!(matches!(outcome, Outcome::SignedIn(_)), "{outcome:?}");
            assert_eq!(counted.of("TrentService.Sign") - signatures, 2);
            assert_eq!(counted.all() - all, 2, "a login calls AWS for nothing else");
        }
        let client = RelyingParty::new(&laptop);
        let keys = client.document("/jwks.json").await.json();
        assert_eq!(
            keys["keys"].as_array().unwrap().len(),
            2,
            "the next key is published"
        );
        laptop.stop().await;
    }
}

#[tokio::test]
async fn secrets_are_rotated_while_a_login_is_under_way() {
    let InAws {
        laptop,
        aws,
        bridge: counted,
        sealing_keys,
        client_secrets,
        ..
    } = in_aws(KeySpec::EccNistP256).await;
    let client = RelyingParty::new(&laptop);
    // A cookie and a code that were sealed with the old key.
    let code = client.code().await;

    let client_secret = laptop
        .configuration
        .client_secret()
        .expose_secret()
        .to_owned();
    let new_secret = new_key();
    sealing_keys.rotate(&aws).await;
    let both = json!({ "current": new_secret, "previous": client_secret });
    aws.put(&client_secrets, &both).await;

    // The running process knows only the old secret. It fetches the secret again when it meets the
    // new one.
    let fetched = counted.of("secretsmanager.GetSecretValue");
    let tokens = client
        .token_request(&code)
        .with("client_secret", &new_secret)
        .send()
        .await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    assert_eq!(counted.of("secretsmanager.GetSecretValue") - fetched, 3);

    // A new process knows both secrets. Amazon Cognito still uses the old one.
    let browser = browser();
    let request = client.authorization_request();
    let before = client.sign_in(&browser, &request, "adult", None).await;
    laptop.bridge.scale_to_zero().await;
    let code = parameter(&before, "code").unwrap();
    let tokens = client.token_request(&code).send().await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    laptop.stop().await;
}

#[tokio::test]
async fn a_disabled_key_is_said_and_nothing_is_half_done() {
    let InAws {
        laptop,
        aws,
        signing_keys: [assertion_key, id_token_key],
        ..
    } = in_aws(KeySpec::EccNistP256).await;
    let client = RelyingParty::new(&laptop);
    let code = client.code().await;

    aws.kms
        .disable_key()
        .key_id(&assertion_key)
        .send()
        .await
        .unwrap();
    let refused = client.token_request(&code).send().await;
    assert_eq!(
        (refused.status, refused.class().as_deref()),
        (503, Some("signing_failed"))
    );
    aws.kms
        .enable_key()
        .key_id(&assertion_key)
        .send()
        .await
        .unwrap();
    let again = client.token_request(&code).send().await;
    assert_eq!(
        again.status, 200,
        "the service's code was not used up: {again:?}"
    );

    let code = client.code().await;
    aws.kms
        .disable_key()
        .key_id(&id_token_key)
        .send()
        .await
        .unwrap();
    let refused = client.token_request(&code).send().await;
    assert_eq!(
        (refused.status, refused.class().as_deref()),
        (503, Some("signing_failed"))
    );
    laptop.stop().await;
}
