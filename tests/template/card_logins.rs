//! Members without logins: with `CardLogins=no`, a stack verifies members, and has nothing with
//! which anybody could sign in with the card. What an earlier stack with logins left in the user
//! pool is still read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cloudformation::{Stack, text};
use crate::combinations::{EXISTING_USER_POOL, MEMBERS, MEMBERS_ALONE, PREFIX, parameters};
use crate::expected::{self, Given};
use crate::settings::{bridge, pre_token_generation, verification};
use crate::translated::{in_every_combination, template};

/// The resources that are there only where people sign in with the card.
const OF_LOGINS: [&str; 17] = [
    "AppClient",
    "AuthorizeRoute",
    "ClientSecrets",
    "CognitoMayInvokeInboundFederation",
    "IdTokenKey1Alias",
    "IdentityProvider",
    "InboundFederationFunction",
    "InboundFederationLogs",
    "InboundFederationRole",
    "JwksRoute",
    "LoginBranding",
    "MadeIdTokenKey1",
    "MetadataRoute",
    "OtherRoute",
    "SealingKeys",
    "TokenRoute",
    "UserinfoRoute",
];

fn stack(given: &Given) -> Stack {
    let stack = template().stack("myna", given);
    stack.unwrap_or_else(|refused| panic!("{refused:?}"))
}

fn without_logins(check: impl Fn(&Stack, &Given)) {
    in_every_combination(|stack, given| {
        if !expected::has_logins(given) {
            check(stack, given);
        }
    });
}

/// No provider, no app client, no trigger at a sign-in with the card, and no endpoint for Amazon
/// Cognito.
#[test]
fn without_logins_nobody_can_sign_in_with_the_card() {
    without_logins(|stack, _| {
        for id in OF_LOGINS {
            assert!(!stack.resources.contains_key(id), "{id}");
        }
        for (id, resource) in &stack.resources {
            let properties = resource["Properties"].to_string();
            for word in ["InboundFederation", "idpresponse", "amazon-cognito"] {
                assert!(!properties.contains(word), "{id}: {word}");
            }
        }
        for kind in [
            "ManagedLoginBranding",
            "UserPoolClient",
            "UserPoolIdentityProvider",
        ] {
            let kind = format!("AWS::Cognito::{kind}");
            assert_eq!(stack.of_type(&kind).count(), 0, "{kind}");
        }
        let bridge = bridge(stack);
        assert!(bridge.logins.is_none() && bridge.members.is_some());
    });
}

/// What isn't for logins is the same with and without them, but for what it knows of them.
#[test]
fn only_what_is_for_logins_is_left_out() {
    let with = stack(&parameters(&[MEMBERS]));
    let without = stack(&parameters(&[MEMBERS_ALONE]));
    let left_out = with.resources.keys();
    let left_out: BTreeSet<_> = left_out
        .filter(|id| !without.resources.contains_key(*id))
        .map(String::as_str)
        .collect();
    assert_eq!(left_out, OF_LOGINS.into());
    let kept = without.resources.iter();
    let changed = kept.filter(|(id, resource)| with.resources.get(*id) != Some(*resource));
    let changed: BTreeSet<_> = changed.map(|(id, _)| id.as_str()).collect();
    let expected = [
        "ApiStage",
        "FederationFunction",
        "FederationRole",
        "Observability",
        "UserPool",
    ];
    assert_eq!(changed, expected.into());
}

/// A user may have the record of a login from before, and be linked to it.
#[test]
fn what_logins_of_before_left_is_still_read() {
    let tokens = |settings| pre_token_generation(&stack(&parameters(&[settings])));
    let (with, without) = (tokens(MEMBERS), tokens(MEMBERS_ALONE));
    assert_eq!(without.record_attribute, with.record_attribute);
    assert_eq!(without.records.provider_name, with.records.provider_name);
    let keys = [with, without].map(|tokens| format!("{:?}", tokens.records.keys.reference));
    assert_eq!(keys[0], keys[1]);
    // Nobody can take an attribute out of a user pool.
    let schema =
        |settings| stack(&parameters(&[settings])).properties("UserPool")["Schema"].clone();
    assert_eq!(schema(MEMBERS_ALONE), schema(MEMBERS));
    // A person who has a user of their own at the card is a second account.
    let verification = |settings| verification(&stack(&parameters(&[settings]))).unwrap();
    assert_eq!(
        verification(MEMBERS_ALONE).pool.provider_name,
        verification(MEMBERS).pool.provider_name
    );
}

/// Parameters that only logins need may be left out, and may stay from before.
#[test]
fn members_alone_need_neither_a_callback_nor_a_domain() {
    let given = |settings: &[(&str, &str)]| -> Given {
        let all = MEMBERS_ALONE.iter().chain(settings);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let alone = stack(&given(&[]));
    assert!(!alone.resources.contains_key("LoginDomain"));
    assert!(alone.resources.contains_key("UserPool"));
    let outputs: BTreeSet<_> = alone.outputs.keys().map(String::as_str).collect();
    let expected = [
        "AlarmTopic",
        "AssertionKey1Arn",
        "ClientJwksUrl",
        "Connection",
        "DashboardUrl",
        "Issuer",
        "MemberKeysArn",
        "MemberTableArn",
        "MemberTableKeyArn",
        "MembersApiUrl",
        "PersonKeyArn",
        "PreTokenGenerationArn",
        "RecordKeysArn",
        "RedirectUri",
        "UserPoolId",
        "UserPoolIssuer",
        "VerificationName",
    ];
    assert_eq!(outputs, expected.into());
    // The members' own apps may use the page of Amazon Cognito.
    let with_domain = stack(&given(PREFIX));
    assert_eq!(with_domain.properties("LoginDomain")["Domain"], "cards");
    let existing = stack(&given(&EXISTING_USER_POOL[..1]));
    let pool = "ap-northeast-1_OLDPOOL";
    assert_eq!(existing.outputs["UserPoolId"], pool);
    for id in ["UserPool", "LoginDomain"] {
        assert!(!existing.resources.contains_key(id), "{id}");
    }
    // Of an existing pool, the stack makes the resource server alone.
    let of_the_pool = existing
        .resources
        .iter()
        .filter(|(_, resource)| text(&resource["Type"]).starts_with("AWS::Cognito::"));
    let of_the_pool: Vec<_> = of_the_pool.map(|(id, _)| id.as_str()).collect();
    assert_eq!(of_the_pool, ["ResourceServer"]);
    let from_before = [
        EXISTING_USER_POOL,
        &[("AppCallbackUrls", "https://app.example.jp/callback")],
    ];
    let from_before = stack(&given(&from_before.concat()));
    assert_eq!(from_before.resources, existing.resources);
}

/// The bridge keeps no key that could make a login or a record.
#[test]
fn the_bridge_has_the_keys_of_the_assertion_and_of_the_members_alone() {
    without_logins(|stack, _| {
        let policy = &stack.properties("FederationRole")["Policies"][0]["PolicyDocument"];
        let statements = policy["Statement"].as_array().unwrap();
        let of = |sid: &str| -> Value {
            let found = statements.iter().find(|statement| statement["Sid"] == sid);
            found.unwrap()["Resource"].clone()
        };
        let environment = stack.environment("FederationFunction");
        let keys: Vec<_> = environment["ASSERTION_KEYS"].split(' ').collect();
        let signs = of("Signatures");
        let signs = signs.as_array().unwrap();
        assert_eq!(signs.len(), keys.len());
        assert!(signs.iter().all(|key| keys.contains(&&*text(key))));
        let mut secrets = vec![environment["MEMBER_KEYS"].clone()];
        secrets.extend(environment.get("FRONT_DOOR_SECRETS").cloned());
        secrets.reverse();
        assert_eq!(of("Secrets"), json!(secrets));
    });
}
