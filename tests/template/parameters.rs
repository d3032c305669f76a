//! The parameters as people meet them, and what is refused before anything is made.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloudformation::{Refused, Template, text};
use crate::combinations::{
    COGNITO_DOMAIN, CUSTOM, EDGE, EXISTING_USER_POOL, KEY, PRODUCTION, parameters,
};
use crate::{edge, in_every_combination, template};

fn refused(template: &Template, given: &BTreeMap<String, String>) -> Option<Refused> {
    template.stack("myna", given).err()
}

/// Whether a text speaks Japanese and English, in this order.
fn speaks_both(text: &str) -> bool {
    let is_japanese = |text: &str| {
        text.chars()
            .any(|one| ('\u{3040}'..='\u{9fff}').contains(&one))
    };
    text.split_once(" / ").is_some_and(|(first, second)| {
        is_japanese(first) && !second.is_empty() && !is_japanese(second)
    })
}

#[test]
fn every_parameter_has_a_place_a_name_and_words_in_two_languages() {
    for template in [template(), edge()] {
        has_a_place_a_name_and_words_in_two_languages(&template);
    }
}

fn has_a_place_a_name_and_words_in_two_languages(template: &Template) {
    let interface = &template.json["Metadata"]["AWS::CloudFormation::Interface"];
    let groups = interface["ParameterGroups"].as_array().unwrap();
    let grouped: Vec<_> = groups
        .iter()
        .flat_map(|group| group["Parameters"].as_array().unwrap())
        .map(text)
        .collect();
    let labels = interface["ParameterLabels"].as_object().unwrap();
    let declared: BTreeSet<_> = template.section("Parameters").keys().cloned().collect();
    assert_eq!(grouped.len(), declared.len(), "each once");
    assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), declared);
    assert_eq!(labels.keys().cloned().collect::<BTreeSet<_>>(), declared);
    for group in groups {
        assert!(speaks_both(&text(&group["Label"]["default"])), "{group}");
    }
    for (name, parameter) in template.section("Parameters") {
        assert!(speaks_both(&text(&parameter["Description"])), "{name}");
        let label = text(&labels[name]["default"]);
        assert!(label == "issuer" || speaks_both(&label), "{name}");
        let bounded = ["AllowedValues", "AllowedPattern", "MinValue"];
        assert!(
            bounded.iter().any(|bound| parameter.get(bound).is_some()),
            "{name} takes anything"
        );
        if parameter.get("AllowedPattern").is_some() {
            assert!(
                speaks_both(&text(&parameter["ConstraintDescription"])),
                "{name}"
            );
        }
    }
    for (name, rule) in template.section("Rules") {
        for assertion in rule["Assertions"].as_array().unwrap() {
            assert!(
                speaks_both(&text(&assertion["AssertDescription"])),
                "{name}"
            );
        }
    }
    for (name, output) in template.section("Outputs") {
        assert!(speaks_both(&text(&output["Description"])), "{name}");
    }
}

#[test]
fn by_default_there_is_a_sandbox_that_asks_for_nothing() {
    let template = template();
    let needed = [
        ("DomainPrefix", "myna"),
        ("AppCallbackUrls", "https://app.example.jp/callback"),
    ];
    let given = needed
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let stack = template
        .stack("myna", &given)
        .unwrap_or_else(|refused| panic!("{refused:?}"));
    let bridge = crate::settings::bridge(&stack);
    assert_eq!(
        bridge.service_client_id, None,
        "there is none until the Digital Agency gives one"
    );
    assert!(bridge.attributes.is_empty());
    assert_eq!(
        stack.environment("FederationFunction")["SERVICE"],
        "sandbox"
    );
    assert!(stack.outputs["Connection"].starts_with("not connected yet"));
    // Without the two, it isn't clear where people go.
    for missing in ["DomainPrefix", "AppCallbackUrls"] {
        let mut given = given.clone();
        given.remove(missing);
        assert!(refused(&template, &given).is_some(), "{missing}");
    }
}

/// Production's service, with its addresses given.
const PRODUCTION_BY_ITS_ISSUER: &[(&str, &str)] = &[
    ("Environment", "custom"),
    (
        "ServiceIssuer",
        "https://auth-and-sign.go.jp/api/realms/main",
    ),
    (
        "ServiceAuthorizationEndpoint",
        "https://service.example/auth",
    ),
    ("ServiceTokenEndpoint", "https://service.example/token"),
    (
        "ServiceUserinfoEndpoint",
        "https://service.example/userinfo",
    ),
    ("ServiceJwksUri", "https://service.example/certs"),
    ("AcceptedAcr", "aal3"),
    ("BridgeDomain", "login.example.jp"),
    ("BridgeCertificateArn", PRODUCTION[3].1),
];

#[test]
fn what_does_not_fit_together_is_refused_before_anything_is_made() {
    let template = template();
    for (rule, settings, missing) in [
        ("ProductionNeedsADomain", PRODUCTION, "BridgeDomain"),
        ("ProductionNeedsAcceptedAcr", PRODUCTION, "AcceptedAcr"),
        (
            "ProductionNeedsADomain",
            PRODUCTION_BY_ITS_ISSUER,
            "BridgeDomain",
        ),
        (
            "ProductionNeedsAcceptedAcr",
            PRODUCTION_BY_ITS_ISSUER,
            "AcceptedAcr",
        ),
        (
            "BridgeDomainNeedsACertificate",
            PRODUCTION,
            "BridgeCertificateArn",
        ),
        ("OriginDomainIsBehindBridgeDomain", EDGE, "BridgeDomain"),
        (
            "BridgeDomainNeedsACertificate",
            EDGE,
            "BridgeCertificateArn",
        ),
        ("CustomNeedsEndpoints", CUSTOM, "ServiceIssuer"),
        (
            "CustomNeedsEndpoints",
            CUSTOM,
            "ServiceAuthorizationEndpoint",
        ),
        ("CustomNeedsEndpoints", CUSTOM, "ServiceTokenEndpoint"),
        ("CustomNeedsEndpoints", CUSTOM, "ServiceUserinfoEndpoint"),
        ("CustomNeedsEndpoints", CUSTOM, "ServiceJwksUri"),
        (
            "CognitoDomainNeedsACertificate",
            COGNITO_DOMAIN,
            "CognitoCertificateArn",
        ),
        ("ANewUserPoolNeedsADomain", COGNITO_DOMAIN, "CognitoDomain"),
        (
            "AnExistingUserPoolHasADomain",
            EXISTING_USER_POOL,
            "ExistingUserPoolDomain",
        ),
        (
            "ANewUserPoolNeedsADomain",
            EXISTING_USER_POOL,
            "ExistingUserPoolId",
        ),
    ] {
        let mut given = parameters(&[settings]);
        assert_eq!(refused(&template, &given), None, "{settings:?}");
        given.remove(missing);
        if missing == "BridgeDomain" {
            given.remove("BridgeCertificateArn");
        }
        let expected = Some(Refused::Rule(rule.to_owned()));
        assert_eq!(refused(&template, &given), expected, "without {missing}");
    }
    for (rule, settings, added) in [
        (
            "CognitoDomainNeedsACertificate",
            COGNITO_DOMAIN,
            ("DomainPrefix", "myna"),
        ),
        (
            "AnExistingUserPoolHasADomain",
            EXISTING_USER_POOL,
            ("DomainPrefix", "myna"),
        ),
        (
            "AnExistingUserPoolHasADomain",
            EXISTING_USER_POOL,
            COGNITO_DOMAIN[0],
        ),
        (
            "OriginDomainIsBehindBridgeDomain",
            PRODUCTION,
            ("OriginDomain", "login.example.jp"),
        ),
    ] {
        let mut given = parameters(&[settings]);
        given.insert(added.0.to_owned(), added.1.to_owned());
        if added.0 == "CognitoDomain" {
            given.insert(
                COGNITO_DOMAIN[1].0.to_owned(),
                COGNITO_DOMAIN[1].1.to_owned(),
            );
        }
        assert_eq!(
            refused(&template, &given),
            Some(Refused::Rule(rule.to_owned())),
            "with {added:?}"
        );
    }
    let keys = [
        "AssertionKey1",
        "AssertionKey2",
        "IdTokenKey1",
        "IdTokenKey2",
    ];
    for (index, one) in keys.iter().enumerate() {
        for other in keys.iter().skip(index + 1) {
            let given = parameters(&[&[(one, KEY), (other, KEY)]]);
            let expected = Some(Refused::Rule("AKeyHasOneRole".to_owned()));
            assert_eq!(refused(&template, &given), expected, "{one} and {other}");
        }
    }
    let tested = [
        "AKeyHasOneRole",
        "ProductionNeedsADomain",
        "ProductionNeedsAcceptedAcr",
        "BridgeDomainNeedsACertificate",
        "OriginDomainIsBehindBridgeDomain",
        "CustomNeedsEndpoints",
        "CognitoDomainNeedsACertificate",
        "ANewUserPoolNeedsADomain",
        "AnExistingUserPoolHasADomain",
    ];
    let rules: BTreeSet<_> = template
        .section("Rules")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(rules, tested.into());
}

#[test]
fn what_no_function_would_take_no_parameter_takes() {
    let template = template();
    for (name, values) in [
        ("Environment", &["", "staging"][..]),
        ("ServiceClientId", &["RP 1", "RP-1"]),
        ("AcrValues", &["", " aal3", "aal3  crl"]),
        (
            "AcceptedAcr",
            &["aal3,,aal2", ",", "aal3, aal2", "CHANGE-ME"],
        ),
        (
            "ServiceIssuer",
            &["http://service.example", "https://a b", "service.example"],
        ),
        (
            "BridgeDomain",
            &[
                "https://login.example.jp",
                "Login.example.jp",
                "login",
                "login.example.jp/",
            ],
        ),
        ("OriginDomain", &["https://origin.example.jp", "origin"]),
        (
            "BridgeCertificateArn",
            &[
                "certificate",
                "arn:aws:iam::123456789012:server-certificate/a",
            ],
        ),
        (
            "CognitoCertificateArn",
            &[
                "arn:aws:acm:ap-northeast-1:123456789012:certificate/aaaaaaaa-0000-0000-0000-000000000003",
            ],
        ),
        (
            "DomainPrefix",
            &[
                "Myna",
                "-myna",
                "myna.",
                "my_na",
                "my-aws-login",
                "amazonian",
                "cognito",
                "CHANGE-ME",
            ],
        ),
        (
            "AppCallbackUrls",
            &[
                "",
                "http://app.example.jp/callback",
                "https://app.example.jp/#a",
                "https://a.example,ftp://b.example",
            ],
        ),
        (
            "Ages",
            &[
                "",
                "0",
                "151",
                "18,",
                "18 20",
                "1,2,3,4,5,6,7,8,9",
                "18,18",
                "18,20,18",
            ],
        ),
        ("MaxVerificationAge", &["", "365", "0d", "1y"]),
        ("ProviderName", &["", "My", "My_App", "Myna App"]),
        ("AssertionKeys", &["", "1 1", "3"]),
        (
            "AssertionKey1",
            &[
                "alias/key",
                "arn:aws:kms:ap-northeast-1:123456789012:alias/key",
            ],
        ),
        ("ExistingRecordKeys", &["record-keys"]),
        ("ClientSecretVersionId", &["AWSCURRENT"]),
        ("AlarmEmail", &["ops", "ops@example"]),
        ("LogRetentionDays", &["0", "91"]),
        ("LoginsPerSecond", &["0", "ten"]),
        ("FederationConcurrency", &["0", "-1"]),
    ] {
        for value in values {
            let mut given = parameters(&[]);
            given.insert(name.to_owned(), (*value).to_owned());
            let expected = Some(Refused::Parameter(name.to_owned()));
            assert_eq!(refused(&template, &given), expected, "{name}={value}");
        }
    }
}

/// Every text of a resolved resource that names something in the account, by type and property.
const NAMES: [(&str, &str); 9] = [
    ("AWS::ApiGatewayV2::Api", "Name"),
    ("AWS::CloudFormation::Stack", "Name"),
    ("AWS::Cognito::UserPool", "UserPoolName"),
    ("AWS::Cognito::UserPoolClient", "ClientName"),
    ("AWS::KMS::Alias", "AliasName"),
    ("AWS::KMS::Key", "Description"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::SecretsManager::Secret", "Name"),
    ("AWS::Lambda::Function", "STACK_NAME"),
];

#[test]
fn every_name_carries_the_stacks() {
    in_every_combination(|stack, _| {
        for (kind, property) in NAMES {
            for (id, properties) in stack.of_type(kind) {
                let value = match property {
                    "STACK_NAME" => &properties["Environment"]["Variables"][property],
                    "Name" if kind == "AWS::CloudFormation::Stack" => {
                        &properties["Parameters"][property]
                    }
                    _ => &properties[property],
                };
                assert!(text(value).contains(&stack.name), "{id}: {value}");
            }
        }
    });
}

#[test]
fn two_stacks_share_no_name() {
    // The names that AWS makes carry the stack's by themselves. What is left are properties called a name.
    let template = template();
    for settings in [PRODUCTION, EXISTING_USER_POOL, EDGE] {
        let given = parameters(&[settings]);
        let [one, other] =
            ["myna-sandbox", "myna"].map(|name| template.stack(name, &given).ok().unwrap());
        let chosen: BTreeSet<_> = given.values().cloned().collect();
        for (id, resource) in &one.resources {
            let (mine, theirs) = (&resource["Properties"], &other.resources[id]["Properties"]);
            for (property, value) in mine.as_object().unwrap() {
                let is_name = property.ends_with("Name") && value.is_string();
                let within = ["StageName", "PolicyName", "ProviderName", "FunctionName"];
                let is_chosen = chosen.contains(value.as_str().unwrap_or_default());
                let is_within_another = within.contains(&property.as_str())
                    || (resource["Type"] == "AWS::Cognito::UserPoolResourceServer"
                        && property == "Name");
                if is_name && !is_chosen && !is_within_another {
                    assert_ne!(value, &theirs[property], "{id}.{property}");
                }
            }
        }
        // A secret of a name that was deleted blocks the name for weeks; a stack of the same name gets another one.
        for (id, secret) in one.of_type("AWS::SecretsManager::Secret") {
            assert!(text(&secret["Name"]).ends_with("-a1b2c3d4"), "{id}");
        }
    }
}

#[test]
fn every_environment_of_samconfig_is_one_that_is_taken() {
    let template = template();
    let samconfig = Template::read(&crate::said("SAMCONFIG")).json;
    let environments = samconfig.as_object().unwrap();
    let names: BTreeSet<_> = environments.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["default", "dev", "production", "staging", "version"].into()
    );
    let mut stack_names = BTreeSet::new();
    for (name, environment) in environments.iter().filter(|(name, _)| *name != "version") {
        let deploy = &environment["deploy"]["parameters"];
        let overrides = deploy["parameter_overrides"].as_object().unwrap().iter();
        let mut given: BTreeMap<_, _> = overrides
            .map(|(name, value)| (name.clone(), text(value)))
            .collect();
        let stack_name = text(&deploy["stack_name"]);
        // What nobody changed is refused before anything is made, and all of it is taken once it is.
        for (parameter, value) in [("AcceptedAcr", "aal3"), ("DomainPrefix", "myna")] {
            if given
                .get(parameter)
                .is_some_and(|value| value.starts_with("CHANGE-ME"))
            {
                let expected = Some(Refused::Parameter(parameter.to_owned()));
                assert_eq!(refused(&template, &given), expected, "{name}");
                given.insert(parameter.to_owned(), value.to_owned());
            }
        }
        let stack = template.stack(&stack_name, &given);
        let stack = stack.unwrap_or_else(|refused| panic!("{name}: {refused:?}"));
        let service = &stack.environment("FederationFunction")["SERVICE"];
        assert_eq!(service == "production", name == "production", "{name}");
        assert_eq!(
            deploy["confirm_changeset"], true,
            "{name}: nothing changes unseen"
        );
        assert!(
            stack_names.insert(stack_name),
            "{name}: two environments are one stack"
        );
    }
}
