//! Tests of the settings that the template gives to the functions, as the functions themselves read
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use federation::config::Config as Bridge;
use federation::logins::LoginSettings;
use four_attributes::Attribute;
use function_kit::reference::Reference;
use function_kit::settings::{IfUnset, Variable};
use inbound_federation::config::Config as InboundFederation;
use pre_token_generation::config::Config as PreTokenGeneration;
use verification::config::Config as Verification;

use serde_json::json;

use crate::cloudformation::{Stack, text};
use crate::expected::{self, Given, chosen};
use crate::translated::{in_every_combination, template};

/// The functions, by their logical ids. `inbound-federation` is there only where people sign in
/// with the card, and the last one only where members are verified.
pub(crate) const FUNCTIONS: [&str; 4] = [
    "FederationFunction",
    INBOUND_FEDERATION,
    "PreTokenGenerationFunction",
    VERIFICATION,
];
const INBOUND_FEDERATION: &str = "InboundFederationFunction";
const VERIFICATION: &str = "VerificationFunction";

/// The functions of a stack, by their logical ids.
pub(crate) fn functions(stack: &Stack) -> impl Iterator<Item = &'static str> {
    let is_there = |function: &&str| stack.resources.contains_key(*function);
    FUNCTIONS.into_iter().filter(is_there)
}

/// A function's configuration, read from its environment.
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

/// The settings of logins, if people sign in with the card.
pub(crate) fn logins(stack: &Stack) -> Option<LoginSettings> {
    bridge(stack).logins
}

/// The configuration of `inbound-federation`, if people sign in with the card.
fn inbound_federation(stack: &Stack) -> Option<InboundFederation> {
    let is_there = stack.resources.contains_key(INBOUND_FEDERATION);
    is_there.then(|| read(stack, INBOUND_FEDERATION, InboundFederation::read))
}

/// The configuration of `verification`, if members are verified.
pub(crate) fn verification(stack: &Stack) -> Option<Verification> {
    let is_there = stack.resources.contains_key(VERIFICATION);
    is_there.then(|| read(stack, VERIFICATION, Verification::read))
}

#[test]
fn every_function_takes_its_environment_and_all_agree() {
    in_every_combination(|stack, given| {
        let bridge = bridge(stack);
        let inbound = inbound_federation(stack);
        let tokens = pre_token_generation(stack);
        assert_eq!(bridge.logins.is_some(), expected::has_logins(given));
        assert_eq!(inbound.is_some(), expected::has_logins(given));
        let of_inbound = inbound.as_ref().map(|inbound| &inbound.records);
        for records in of_inbound.into_iter().chain([&tokens.records]) {
            if let Some(logins) = &bridge.logins {
                assert_eq!(records.provider_name, logins.provider_name);
                assert_eq!(
                    format!("{:?}", records.keys.reference),
                    format!("{:?}", logins.record_keys)
                );
            }
            let mut issuers = vec![bridge.service.provider.issuer().as_str()];
            let former = given.get("FormerServiceIssuers").map(String::as_str);
            issuers.extend(former.unwrap_or_default().split_whitespace());
            assert_eq!(records.service_issuers, issuers);
        }
        for (asked, attribute) in [
            ("AskName", Attribute::Name),
            ("AskAddress", Attribute::Address),
            ("AskBirthdate", Attribute::BirthDate),
            ("AskGender", Attribute::Gender),
        ] {
            let expected = given.get(asked).is_some_and(|value| value == "yes");
            assert_eq!(
                bridge.service.attributes.contains(attribute),
                expected,
                "{asked}"
            );
        }
        if let Some(inbound) = inbound {
            assert_eq!(inbound.attributes, bridge.service.attributes);
        }
        assert_eq!(tokens.policy.attributes, bridge.service.attributes);
        assert_eq!(tokens.policy.assurance, bridge.service.assurance);
        let required = tokens.policy.authentication_time;
        assert_eq!(required, bridge.service.authentication_time);
        let client_id = given.get("ServiceClientId").cloned();
        assert_eq!(bridge.service.client_id, client_id);
    });
}

#[test]
fn where_members_are_verified_both_functions_of_a_verification_agree() {
    in_every_combination(|stack, given| {
        let bridge = bridge(stack);
        let (Some(verification), Some(members)) = (verification(stack), bridge.members) else {
            assert!(!expected::has_members(given));
            return;
        };
        assert!(expected::has_members(given));
        assert_eq!(verification.apps, members.apps);
        assert!(!verification.apps.is_empty());
        // What can't be compared is compared as text: a reference shows where it points to.
        let tokens = pre_token_generation(stack);
        for (own, theirs) in [
            (&verification.member_keys, &members.keys),
            (&verification.record_keys, &tokens.records.keys.reference),
        ] {
            assert_eq!(format!("{own:?}"), format!("{theirs:?}"));
        }
        let service = [&verification.service, &bridge.service].map(|one| format!("{one:?}"));
        assert_eq!(service[0], service[1]);
        assert_eq!(
            verification.pool.provider_name,
            tokens.records.provider_name
        );
        assert_eq!(
            verification.pool.record_attribute,
            tokens.member_record_attribute
        );
        let scope = format!("{}/verify", tokens.resource_server);
        assert_eq!(verification.pool.scope, scope);
    });
}

/// The variables that a function reads.
fn variables_of(function: &str) -> impl Iterator<Item = &'static Variable> {
    let all = match function {
        "FederationFunction" => federation::variables::ALL,
        "InboundFederationFunction" => inbound_federation::variables::ALL,
        "PreTokenGenerationFunction" => pre_token_generation::variables::ALL,
        VERIFICATION => verification::variables::ALL,
        other => panic!("{other}"),
    };
    all.iter().copied().flatten()
}

/// The names of the parameters.
static PARAMETERS: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| template().section("Parameters").keys().cloned().collect());

/// The parameter whose value a variable has, if there is one with the same name.
fn parameter_of(variable: &str) -> Option<String> {
    let name: String = match variable {
        "SERVICE" => "Environment".to_owned(),
        // These parameters choose between two keys, while the variables have the keys' ARNs.
        "ID_TOKEN_KEYS" | "ASSERTION_KEYS" => return None,
        other => other.split('_').map(capitalized).collect(),
    };
    PARAMETERS.contains(&name).then_some(name)
}

/// Capitalises a word: `JWKS` becomes `Jwks`.
fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{first}{}", rest.to_ascii_lowercase())
}

/// A setting that is both a parameter and a variable has the same choices and the same default in
/// both.
#[test]
fn a_parameter_and_its_variable_say_the_same() {
    let template = template();
    let mut compared = 0;
    for function in FUNCTIONS {
        for variable in variables_of(function) {
            let Some(name) = parameter_of(variable.name) else {
                continue;
            };
            let parameter = &template.section("Parameters")[&name];
            if let Some(choices) = parameter.get("AllowedValues") {
                let choices = choices.as_array().unwrap().iter();
                let choices: BTreeSet<_> = choices
                    .flat_map(|choice| {
                        text(choice)
                            .split(' ')
                            .map(str::to_owned)
                            .collect::<Vec<_>>()
                    })
                    .collect();
                let words = [variable.form.en, variable.form.ja].map(|form| {
                    let words = form.split('`').skip(1).step_by(2);
                    words.map(str::to_owned).collect::<BTreeSet<_>>()
                });
                assert_eq!(words, [choices.clone(), choices], "{name}");
                compared += 1;
            }
            let IfUnset::Value(value) = variable.if_unset else {
                continue;
            };
            let default = text(&parameter["Default"]);
            // For production the operator has to decide, which a rule of the template demands.
            if name != "AcceptedAcr" {
                assert_eq!(default.replace(',', " "), value, "{name}");
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "{compared}");
}

/// The attributes that the bridge asks for, as the functions get them.
fn attributes(given: &Given) -> String {
    let attributes = expected::attributes(given);
    if attributes.is_empty() {
        "none".to_owned()
    } else {
        attributes.join(" ")
    }
}

/// The variables that are derived from other values, or are constant.
fn made(function: &str, given: &Given) -> Vec<(&'static str, String)> {
    let keys = |kind| expected::keys(given, kind).join(" ");
    let mut variables = vec![
        ("STACK_NAME", crate::cloudformation::STACK.to_owned()),
        ("RECORD_KEYS", expected::record_keys(given)),
    ];
    match function {
        "FederationFunction" => {
            variables.extend([
                ("ISSUER", expected::issuer(given)),
                ("ASSERTION_KEYS", keys("AssertionKey")),
                (
                    "ATTRIBUTES",
                    // An empty variable would look like a forgotten one.
                    attributes(given),
                ),
            ]);
            if expected::has_logins(given) {
                let host = expected::login_host(given);
                variables.extend([
                    ("CLIENT_ID", "amazon-cognito".to_owned()),
                    ("CLIENT_SECRETS", expected::secret("ClientSecrets")),
                    (
                        "REDIRECT_URIS",
                        format!("https://{host}/oauth2/idpresponse"),
                    ),
                    ("SEALING_KEYS", expected::secret("SealingKeys")),
                    ("ID_TOKEN_KEYS", keys("IdTokenKey")),
                ]);
            }
            if expected::has_members(given) {
                variables.push(("MEMBER_KEYS", expected::secret("MemberKeys")));
            }
            if expected::set(given, "OriginDomain").is_some() {
                variables.push(("FRONT_DOOR_SECRETS", expected::secret("FrontDoorSecrets")));
            }
        }
        "InboundFederationFunction" => {
            variables.extend([
                ("SERVICE_ISSUER", expected::believed_issuers(given)),
                ("ATTRIBUTES", attributes(given)),
            ]);
        }
        "PreTokenGenerationFunction" => {
            variables.extend([
                ("SERVICE_ISSUER", expected::believed_issuers(given)),
                ("ATTRIBUTES", attributes(given)),
                ("AGES", expected::values(given, "Ages").join(" ")),
                ("RESOURCE_SERVER", "digital-auth".to_owned()),
                ("RECORD_ATTRIBUTE", "custom:verified_record".to_owned()),
                ("VERIFIED_AT_ATTRIBUTE", "custom:verified_at".to_owned()),
            ]);
            if expected::has_members(given) {
                let attribute = "custom:member_record".to_owned();
                variables.push(("MEMBER_RECORD_ATTRIBUTE", attribute));
            }
        }
        VERIFICATION => {
            let table = expected::member_table(given);
            let (_, table) = table.split_once('/').unwrap();
            variables.extend([
                ("ISSUER", expected::issuer(given)),
                ("ASSERTION_KEYS", keys("AssertionKey")),
                ("ATTRIBUTES", attributes(given)),
                ("MEMBER_KEYS", expected::secret("MemberKeys")),
                ("USER_POOL_ID", expected::user_pool(given)),
                ("USER_POOL_ISSUER", expected::pool_issuer(given)),
                ("RESOURCE_SERVER", "digital-auth".to_owned()),
                ("MEMBER_RECORD_ATTRIBUTE", "custom:member_record".to_owned()),
                ("MEMBER_TABLE", table.to_owned()),
                ("PERSON_KEY", expected::member_key(given, "PersonKey")),
            ]);
        }
        other => panic!("{other}"),
    }
    variables
}

#[test]
fn every_variable_is_what_its_parameter_says() {
    in_every_combination(|stack, given| {
        for function in functions(stack) {
            let as_given = variables_of(function).filter_map(|variable| {
                let parameter = parameter_of(variable.name)?;
                let value = expected::set(given, &parameter)?;
                // A variable that isn't set is `none`.
                let is_set = (variable.name, value) != ("SDK_SCOPES", "none");
                is_set.then(|| (variable.name, value.to_owned()))
            });
            let variables = as_given.chain(made(function, given));
            let expected = variables.map(|(name, value)| (name.to_owned(), value));
            let expected: BTreeMap<_, _> = expected.collect();
            assert_eq!(
                stack.environment(function),
                expected,
                "{function}: {given:?}"
            );
        }
    });
}

#[test]
fn every_variable_is_one_that_a_function_reads() {
    in_every_combination(|stack, _| {
        for function in functions(stack) {
            for variable in stack.environment(function).keys() {
                let is_known = variables_of(function).any(|known| known.name == variable);
                assert!(is_known, "{function}: {variable}");
            }
        }
    });
}

#[test]
fn no_variable_holds_a_secret_or_is_empty() {
    in_every_combination(|stack, _| {
        let bridge = bridge(stack);
        let mut secrets: Vec<_> = bridge.front_door_secrets.iter().collect();
        let mut keys: Vec<_> = bridge.service.assertion_keys.iter().collect();
        if let Some(logins) = &bridge.logins {
            secrets.extend([
                &logins.client_secrets,
                &logins.sealing_keys,
                &logins.record_keys,
            ]);
            keys.extend(&logins.id_token_keys);
        }
        for secret in secrets {
            assert!(matches!(secret, Reference::SecretsManager(_)), "{secret:?}");
        }
        assert!(keys.iter().all(|one| matches!(one, Reference::Kms(_))));
        if let Some(verification) = verification(stack) {
            let keys = &verification.member_keys;
            assert!(matches!(keys, Reference::SecretsManager(_)), "{keys:?}");
            let person = &verification.person_key;
            assert!(matches!(person, Reference::Kms(_)), "{person:?}");
        }
        for function in functions(stack) {
            for (name, value) in stack.environment(function) {
                assert!(!value.is_empty(), "{function}: {name}");
                assert!(!value.contains("{{resolve"), "{function}: {name}");
            }
        }
    });
}

#[test]
fn a_key_that_is_not_used_or_is_there_already_is_not_made() {
    in_every_combination(|stack, given| {
        for kind in ["AssertionKey", "IdTokenKey"] {
            let used = chosen(given, &format!("{kind}s"));
            for slot in ["1", "2"] {
                let made = stack.resources.contains_key(&format!("Made{kind}{slot}"));
                let needed = used.contains(slot)
                    && !given.contains_key(&format!("{kind}{slot}"))
                    && (kind != "IdTokenKey" || expected::has_logins(given));
                assert_eq!(made, needed, "{kind}{slot}");
            }
        }
    });
}

#[test]
fn a_function_is_what_amazon_cognito_and_lambda_expect() {
    in_every_combination(|stack, given| {
        let waits = |integration: &str| -> u64 {
            let milliseconds = text(&stack.properties(integration)["TimeoutInMillis"]);
            milliseconds.parse().unwrap()
        };
        for function in functions(stack) {
            let properties = stack.properties(function);
            let (memory, timeout, binary) = match function {
                "FederationFunction" => (512, 10, "federation"),
                // Amazon Cognito waits for 5 s.
                "InboundFederationFunction" => (256, 5, "inbound-federation"),
                VERIFICATION => (512, 25, "verification"),
                _ => (256, 5, "pre-token-generation"),
            };
            for (property, value) in [
                ("Runtime", json!("provided.al2023")),
                ("Handler", json!("bootstrap")),
                ("Architectures", json!([chosen(given, "Architecture")])),
                ("MemorySize", json!(memory)),
                ("Timeout", json!(timeout)),
                ("TracingConfig", json!({ "Mode": "Active" })),
            ] {
                assert_eq!(properties[property], value, "{function}: {property}");
            }
            // The function has no network, no layer, and no KMS key of its own.
            let known = [
                "Architectures",
                "Code",
                "Description",
                "Environment",
                "Handler",
                "LoggingConfig",
                "MemorySize",
                "ReservedConcurrentExecutions",
                "Role",
                "Runtime",
                "Tags",
                "Timeout",
                "TracingConfig",
            ];
            for property in properties.as_object().unwrap().keys() {
                assert!(known.contains(&property.as_str()), "{function}: {property}");
            }
            // A log filter of Lambda would drop lines, and the metrics in them.
            let log = json!({ "LogGroup": expected::named(&function.replace("Function", "Logs")) });
            assert_eq!(properties["LoggingConfig"], log);
            let build = &stack.resources[function]["Metadata"];
            assert_eq!(build["BuildMethod"], "rust-cargolambda");
            assert_eq!(build["BuildProperties"], json!({ "Binary": binary }));
            let (reserved, integration) = match function {
                "FederationFunction" => ("FederationConcurrency", Some("ApiIntegration")),
                VERIFICATION => ("VerificationConcurrency", Some("MembersIntegration")),
                _ => ("TriggerConcurrency", None),
            };
            assert!(
                integration.is_none_or(|integration| timeout * 1000 < waits(integration)),
                "the API waits longer than the function may take"
            );
            let concurrency = properties.get("ReservedConcurrentExecutions").map(text);
            assert_eq!(
                concurrency,
                given.get(reserved).cloned(),
                "optional, and unset by default"
            );
        }
    });
}
