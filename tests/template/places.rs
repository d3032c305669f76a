//! The Region and the account of a stack: no template is written for a certain Region or account.
//! In us-east-1, no copy of a secret is made beside the secret.

use std::collections::BTreeMap;

use crate::cloudformation::STACK;
use crate::cloudformation::{ACCOUNT, Place, REGION, Template};
use crate::combinations::{
    COGNITO_DOMAIN, CUSTOM, EDGE, EXISTING_USER_POOL, MEMBERS, MEMBERS_OF_OLD, PREFIX, PRODUCTION,
    parameters,
};
use crate::expected::Given;
use crate::translated::{edge, observability, template};

const ELSEWHERE: Place<'_> = ("eu-central-1", "210987654321");
const US_EAST_1: &str = "us-east-1";

/// A text with the other Region and account.
fn moved(text: &str) -> String {
    let (region, account) = ELSEWHERE;
    text.replace(REGION, region).replace(ACCOUNT, account)
}

fn is_the_same_elsewhere(template: &Template, given: &Given) {
    let there: BTreeMap<_, _> = given
        .iter()
        .map(|(name, value)| (name.clone(), moved(value)))
        .collect();
    let here = template.stack(STACK, given).ok().unwrap();
    let there = template.stack_in(ELSEWHERE, STACK, &there).ok().unwrap();
    for (id, resource) in &here.resources {
        assert_eq!(
            moved(&resource.to_string()),
            there.resources[id].to_string()
        );
    }
    assert_eq!(here.resources.len(), there.resources.len());
    let outputs = here.outputs.into_iter();
    let outputs: BTreeMap<_, _> = outputs.map(|(name, value)| (name, moved(&value))).collect();
    assert_eq!(outputs, there.outputs);
}

#[test]
fn no_region_and_no_account_stands_in_a_template() {
    for settings in [
        PREFIX,
        PRODUCTION,
        CUSTOM,
        EDGE,
        COGNITO_DOMAIN,
        EXISTING_USER_POOL,
        MEMBERS,
        MEMBERS_OF_OLD,
    ] {
        is_the_same_elsewhere(&template(), &parameters(&[settings]));
    }
    is_the_same_elsewhere(&observability(), &crate::observability::given());
    is_the_same_elsewhere(&edge(), &crate::edge::given());
}

/// China and GovCloud have other partitions.
#[test]
fn no_partition_stands_in_a_template() {
    for template in [template(), observability(), edge()] {
        for section in ["Resources", "Outputs"] {
            for (id, declared) in template.section(section) {
                assert!(!declared.to_string().contains("arn:aws:"), "{id}");
            }
        }
    }
}

/// A secret can't be replicated to its own Region.
#[test]
fn in_the_region_of_cloudfront_the_secret_is_its_own_copy() {
    let place = (US_EAST_1, ACCOUNT);
    let stack = template().stack_in(place, STACK, &parameters(&[EDGE]));
    let stack = stack.ok().unwrap();
    let secret = stack.properties("FrontDoorSecrets");
    assert!(secret.get("ReplicaRegions").is_none());
    let arn = |output: &str| stack.outputs[output].clone();
    assert_eq!(
        arn("FrontDoorSecretsArn"),
        arn("FrontDoorSecretsInUsEast1Arn")
    );
}
