//! The life of a stack: deployed before there is a client ID, connected once there is one, deployed
//! again without changes, deleted and made again with the resources that it retained, run beside
//! another stack, and refused where the rules of its parameters say so.

use std::collections::BTreeSet;

use login_kit::browser;
use url::Url;

use crate::deployment::{Deployment, Resource};
use crate::world::World;

#[tokio::test]
async fn a_stack_has_its_keys_before_there_is_a_client_id_and_keeps_them() {
    let mut world = World::not_connected("life").await;
    world.deployment.deploy(&[]).await;
    let first = world.deployment.resources().await;
    assert!(first.len() > 30);
    for resource in &first {
        assert_eq!(resource.status, "CREATE_COMPLETE", "{resource:?}");
    }
    // What the form asks for is available, and a person who signs in sees that the bridge isn't
    // connected yet.
    let keys = world.key_ids("/client-jwks.json").await;
    assert_eq!(keys.len(), 1);
    assert!(
        world
            .deployment
            .output("Connection")
            .await
            .starts_with("not connected yet")
    );
    let login = Url::parse(&world.deployment.output("Issuer").await).unwrap();
    let page = browser()
        .get(&login.join("/authorize").unwrap(), "text/html")
        .await
        .unwrap();
    assert_eq!(page.status, 403);
    assert!(page.text().contains("<small>not_connected</small>"));

    let said = world.deployment.deploy_again().await;
    assert!(said.contains("No changes to deploy"), "{said}");
    assert_eq!(world.deployment.resources().await, first);

    world.connect(&[]).await;
    assert_eq!(world.deployment.output("Connection").await, "connected");
    assert_eq!(world.key_ids("/client-jwks.json").await, keys);
    let what = |resource: &Resource| (resource.logical_id.clone(), resource.physical_id.clone());
    let now = world.deployment.resources().await;
    assert_eq!(
        now.iter().map(what).collect::<Vec<_>>(),
        first.iter().map(what).collect::<Vec<_>>(),
        "nothing was made anew"
    );
    world.sign_in("adult").await;
    world.service.stop().await;
}

#[tokio::test]
async fn a_rebuilt_stack_takes_the_keys_that_are_registered() {
    let mut world = World::connected("rebuilt").await;
    let documents = ["/client-jwks.json", "/jwks.json"];
    let mut before = Vec::new();
    for document in documents {
        before.push(world.key_ids(document).await);
    }
    let outputs = world.deployment.outputs().await;
    world.deployment.delete().await;

    let kept = [
        ("AssertionKey1", "AssertionKey1Arn"),
        ("IdTokenKey1", "IdTokenKey1Arn"),
        ("ExistingRecordKeys", "RecordKeysArn"),
    ];
    let kept = kept.map(|(parameter, output)| (parameter, outputs[output].as_str()));
    world.deployment.deploy(&kept).await;
    for (document, before) in documents.into_iter().zip(before) {
        assert_eq!(world.key_ids(document).await, before, "{document}");
    }
    let now = world.deployment.outputs().await;
    assert_eq!(now["RecordKeysArn"], outputs["RecordKeysArn"]);
    // Without a domain of its own, the bridge now has another address. The redirect URI is the only
    // entry of the form that changes.
    assert_ne!(now["RedirectUri"], outputs["RedirectUri"]);
    world.register().await;
    world.sign_in("adult").await;
    world.service.stop().await;
}

#[tokio::test]
async fn two_stacks_share_an_account() {
    let [mut one, mut other] =
        ["sandbox", "production"].map(|name| Deployment::new(name, &[("ServiceClientId", "RP1")]));
    one.set(&[("AskName", "yes")]);
    other.set(&[("AskName", "yes")]);
    one.deploy(&[]).await;
    other.deploy(&[]).await;
    let ids = async |deployment: &Deployment| -> BTreeSet<_> {
        let resources = deployment.resources().await.into_iter();
        // The physical ids of these resources are names within an API or within a user pool.
        let inside = [
            "AWS::ApiGatewayV2::Stage",
            "AWS::Cognito::UserPoolResourceServer",
        ];
        let resources = resources.filter(|resource| !inside.contains(&&*resource.kind));
        resources
            .map(|resource| (resource.kind, resource.physical_id))
            .collect()
    };
    let (ids_of_one, ids_of_other) = (ids(&one).await, ids(&other).await);
    assert!(ids_of_one.len() > 30);
    let shared: Vec<_> = ids_of_one.intersection(&ids_of_other).collect();
    assert!(shared.is_empty(), "{shared:?}");
    let (mine, theirs) = (one.outputs().await, other.outputs().await);
    for (key, value) in mine {
        assert!(key == "Connection" || theirs[&key] != value, "{key}");
    }
}

#[tokio::test]
async fn what_the_rules_forbid_is_not_deployed() {
    let production = ("Environment", "production");
    let certificate =
        "arn:aws:acm:ap-northeast-1:000000000000:certificate/00000000-0000-0000-0000-000000000000";
    let domain = [
        ("BridgeDomain", "login.example.jp"),
        ("BridgeCertificateArn", certificate),
    ];
    for (name, parameters, reason) in [
        (
            "rule-domain",
            &[production, ("AcceptedAcr", "aal3")][..],
            "production needs BridgeDomain",
        ),
        (
            "rule-acr",
            &[production, domain[0], domain[1]],
            "production needs AcceptedAcr",
        ),
        (
            "rule-endpoints",
            &[("Environment", "custom")],
            "custom needs all five URLs",
        ),
        (
            "rule-certificate",
            &[domain[0]],
            "BridgeDomain needs BridgeCertificateArn",
        ),
        (
            "rule-prefix",
            &[("DomainPrefix", "")],
            "Set DomainPrefix or CognitoDomain",
        ),
    ] {
        let deployment = Deployment::new(name, parameters);
        let said = deployment.try_to_deploy().await.expect_err(name);
        assert!(said.contains(reason), "{name}: {said}");
    }
}
