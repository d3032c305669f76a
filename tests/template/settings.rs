//! What the functions are told, as they read it themselves.

use std::collections::BTreeMap;

use federation::config::Config as Bridge;
use four_attributes::Attribute;
use function_kit::reference::Reference;
use inbound_federation::config::Config as InboundFederation;
use pre_token_generation::config::Config as PreTokenGeneration;

use crate::cloudformation::{Stack, text};
use crate::in_every_combination;

/// The functions of the stack, by logical id.
pub(crate) const FUNCTIONS: [&str; 3] = [
    "FederationFunction",
    "InboundFederationFunction",
    "PreTokenGenerationFunction",
];

/// What a function makes of its environment.
fn read<C, E: std::fmt::Debug>(
    stack: &Stack,
    function: &str,
    read: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> Result<C, E>,
) -> C {
    let environment = stack.environment(function);
    read(&|name| environment.get(name).cloned())
        .unwrap_or_else(|problems| panic!("{function}: {problems:?}"))
}

pub(crate) fn bridge(stack: &Stack) -> Bridge {
    read(stack, "FederationFunction", Bridge::read)
}

pub(crate) fn pre_token_generation(stack: &Stack) -> PreTokenGeneration {
    read(
        stack,
        "PreTokenGenerationFunction",
        PreTokenGeneration::read,
    )
}

#[test]
fn every_function_takes_its_environment_and_all_three_agree() {
    in_every_combination(|stack, given| {
        let bridge = bridge(stack);
        let inbound = read(stack, "InboundFederationFunction", InboundFederation::read);
        let tokens = pre_token_generation(stack);
        for records in [&inbound.records, &tokens.records] {
            assert_eq!(records.provider_name, bridge.provider_name);
            assert_eq!(
                format!("{:?}", records.keys.reference),
                format!("{:?}", bridge.record_keys)
            );
            assert_eq!(records.service_issuer, bridge.provider.issuer().as_str());
        }
        for (asked, attribute) in [
            ("AskName", Attribute::Name),
            ("AskAddress", Attribute::Address),
            ("AskBirthdate", Attribute::BirthDate),
            ("AskGender", Attribute::Gender),
        ] {
            let expected = given.get(asked).is_some_and(|value| value == "yes");
            assert_eq!(bridge.attributes.contains(attribute), expected, "{asked}");
        }
        let client_id = given.get("ServiceClientId").cloned();
        assert_eq!(bridge.service_client_id, client_id);
    });
}

#[test]
fn every_variable_is_one_that_a_function_reads() {
    let known: BTreeMap<_, Vec<&str>> = FUNCTIONS
        .into_iter()
        .zip([
            federation::config::VARIABLES
                .iter()
                .map(|one| one.name)
                .collect(),
            inbound_federation::config::VARIABLES
                .iter()
                .map(|one| one.name)
                .collect(),
            pre_token_generation::config::VARIABLES
                .iter()
                .map(|one| one.name)
                .collect(),
        ])
        .collect();
    in_every_combination(|stack, _| {
        for function in FUNCTIONS {
            for variable in stack.environment(function).keys() {
                assert!(
                    known[function].contains(&variable.as_str()),
                    "{function}: {variable}"
                );
            }
        }
    });
}

#[test]
fn no_variable_holds_a_secret_or_is_empty() {
    in_every_combination(|stack, _| {
        let bridge = bridge(stack);
        let secrets = [
            &bridge.client_secrets,
            &bridge.sealing_keys,
            &bridge.record_keys,
        ];
        assert!(
            secrets
                .into_iter()
                .chain(&bridge.front_door_secrets)
                .all(|one| matches!(one, Reference::SecretsManager(_))),
            "{secrets:?}"
        );
        let mut keys = bridge.id_token_keys.iter().chain(&bridge.assertion_keys);
        assert!(keys.all(|one| matches!(one, Reference::Kms(_))));
        for function in FUNCTIONS {
            for (name, value) in stack.environment(function) {
                assert!(!value.is_empty(), "{function}: {name}");
                assert!(!value.contains("{{resolve"), "{function}: {name}");
            }
        }
    });
}

#[test]
fn keys_sign_in_the_order_that_was_chosen() {
    in_every_combination(|stack, given| {
        let environment = stack.environment("FederationFunction");
        for (variable, kind) in [
            ("ASSERTION_KEYS", "AssertionKey"),
            ("ID_TOKEN_KEYS", "IdTokenKey"),
        ] {
            let order = given.get(&format!("{kind}s")).map_or("1", String::as_str);
            let expected: Vec<_> = order
                .split(' ')
                .map(|slot| {
                    let existing = given.get(&format!("{kind}{slot}")).cloned();
                    let made =
                        format!("arn:aws:kms:ap-northeast-1:123456789012:key/Made{kind}{slot}");
                    existing.unwrap_or(made)
                })
                .collect();
            assert_eq!(environment[variable], expected.join(" "));
            // What isn't used, or is there already, isn't made.
            for slot in ["1", "2"] {
                let made = stack.resources.contains_key(&format!("Made{kind}{slot}"));
                let needed = order.contains(slot) && !given.contains_key(&format!("{kind}{slot}"));
                assert_eq!(made, needed, "{kind}{slot}");
            }
        }
    });
}

#[test]
fn a_function_is_what_amazon_cognito_and_lambda_expect() {
    in_every_combination(|stack, given| {
        let integration = text(&stack.properties("ApiIntegration")["TimeoutInMillis"]);
        let integration: u64 = integration.parse().unwrap();
        for function in FUNCTIONS {
            let properties = stack.properties(function);
            assert_eq!(properties["Runtime"], "provided.al2023");
            assert_eq!(properties["TracingConfig"]["Mode"], "Active");
            let architecture = given.get("Architecture").map_or("arm64", String::as_str);
            assert_eq!(properties["Architectures"][0], architecture);
            let timeout: u64 = text(&properties["Timeout"]).parse().unwrap();
            if function == "FederationFunction" {
                assert!(
                    timeout * 1000 < integration,
                    "the API waits longer than the function may take"
                );
            } else {
                assert!(timeout <= 5, "Amazon Cognito waits for 5 s");
            }
            let reserved = if function == "FederationFunction" {
                "FederationConcurrency"
            } else {
                "TriggerConcurrency"
            };
            let concurrency = properties.get("ReservedConcurrentExecutions").map(text);
            assert_eq!(
                concurrency,
                given.get(reserved).cloned(),
                "optional, and unset by default"
            );
        }
    });
}
