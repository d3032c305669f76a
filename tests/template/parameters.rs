//! The parameters as people see them, and the values that are refused before anything is made.

use std::collections::{BTreeMap, BTreeSet};

use four_attributes::Attribute;
use serde_json::{Value, json};
use user_pool::scope::{OLDEST, RESOURCE_SERVER, Scope};

use crate::cloudformation::{Refused, Template, text};
use crate::combinations::{
    COGNITO_DOMAIN, CUSTOM, EDGE, EXISTING_USER_POOL, KEY, MEMBERS, MEMBERS_ALONE, MEMBERS_OF_OLD,
    PRODUCTION, parameters,
};
use crate::expected::speaks_both;
use crate::translated::{edge, in_every_combination, template};

fn refused(template: &Template, given: &BTreeMap<String, String>) -> Option<Refused> {
    template.stack("myna", given).err()
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
        bridge.service.client_id, None,
        "there is none until the Digital Agency gives one"
    );
    assert!(bridge.service.attributes.is_empty());
    assert_eq!(
        stack.environment("FederationFunction")["SERVICE"],
        "sandbox"
    );
    assert!(stack.outputs["Connection"].starts_with("not connected yet"));
    // If one of these is missing, the bridge doesn't know where to send people.
    for missing in ["DomainPrefix", "AppCallbackUrls"] {
        let mut given = given.clone();
        given.remove(missing);
        assert!(refused(&template, &given).is_some(), "{missing}");
    }
}

/// The production service, with its addresses given.
const PRODUCTION_BY_ITS_ISSUER: &[&[(&str, &str)]] = &[
    PRODUCTION,
    CUSTOM,
    &[(
        "ServiceIssuer",
        "https://auth-and-sign.go.jp/api/realms/main",
    )],
];

/// The sandbox service, given as `custom`.
const SANDBOX_BY_ITS_ISSUER: &[(&str, &str)] = &[
    ("Environment", "custom"),
    (
        "ServiceIssuer",
        "https://sb-auth-and-sign.go.jp/api/realms/main",
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
];

/// Lists of former issuers that are refused.
const NO_FORMER_ISSUERS: &[&str] = &[
    "former.example",
    "http://former.example",
    "https://Former.example",
    "https://former.example:443",
    "https://former.example:443 https://first.example",
    "https://former.example,https://first.example",
    "https://former.example  https://first.example",
    " https://former.example",
    "https://former.example https://sb-auth-and-sign.go.jp/api/realms/main",
    "https://sb-auth-and-sign.go.jp/api/realms/main",
];

#[test]
fn what_does_not_fit_together_is_refused_before_anything_is_made() {
    let template = template();
    for (rule, settings, missing) in [
        ("ProductionNeedsADomain", &[PRODUCTION][..], "BridgeDomain"),
        ("ProductionNeedsAcceptedAcr", &[PRODUCTION], "AcceptedAcr"),
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
            &[PRODUCTION],
            "BridgeCertificateArn",
        ),
        ("OriginDomainIsBehindBridgeDomain", &[EDGE], "BridgeDomain"),
        (
            "BridgeDomainNeedsACertificate",
            &[EDGE],
            "BridgeCertificateArn",
        ),
        ("CustomNeedsEndpoints", &[CUSTOM], "ServiceIssuer"),
        (
            "CustomNeedsEndpoints",
            &[CUSTOM],
            "ServiceAuthorizationEndpoint",
        ),
        ("CustomNeedsEndpoints", &[CUSTOM], "ServiceTokenEndpoint"),
        ("CustomNeedsEndpoints", &[CUSTOM], "ServiceUserinfoEndpoint"),
        ("CustomNeedsEndpoints", &[CUSTOM], "ServiceJwksUri"),
        (
            "CognitoDomainNeedsACertificate",
            &[COGNITO_DOMAIN],
            "CognitoCertificateArn",
        ),
        (
            "ANewUserPoolNeedsADomain",
            &[COGNITO_DOMAIN],
            "CognitoDomain",
        ),
        (
            "AnExistingUserPoolHasADomain",
            &[EXISTING_USER_POOL],
            "ExistingUserPoolDomain",
        ),
        (
            "ANewUserPoolNeedsADomain",
            &[EXISTING_USER_POOL],
            "ExistingUserPoolId",
        ),
        ("LoginsHaveACallbackUrl", &[], "AppCallbackUrls"),
        ("MembersHaveApps", &[MEMBERS], "MemberApps"),
        ("WithoutMembersThereIsNothingOfThem", &[MEMBERS], "Members"),
        (
            "ATableOfMembersComesWithItsKeys",
            &[MEMBERS_OF_OLD],
            "ExistingMemberTable",
        ),
        (
            "ATableOfMembersComesWithItsKeys",
            &[MEMBERS_OF_OLD],
            "ExistingMemberTableKey",
        ),
        (
            "ATableOfMembersComesWithItsKeys",
            &[MEMBERS_OF_OLD],
            "ExistingPersonKey",
        ),
    ] {
        let mut given = parameters(settings);
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
        (
            "TheSandboxStandsAlone",
            &[],
            ("FormerServiceIssuers", "https://former.example"),
        ),
        ("WithoutLoginsMembersAreVerified", &[], MEMBERS_ALONE[1]),
        (
            "LoginsHaveACallbackUrl",
            &[],
            ("AppCallbackUrls", "https://app.example.jp/callback,"),
        ),
        ("WithoutMembersThereIsNothingOfThem", &[], MEMBERS[1]),
        (
            "WithoutMembersThereIsNothingOfThem",
            &[],
            ("MemberOrigins", "https://shop.example"),
        ),
        (
            "WithoutMembersThereIsNothingOfThem",
            &[],
            ("SdkScopes", "shop:verify"),
        ),
        (
            "MembersHaveApps",
            MEMBERS,
            ("MemberOrigins", "https://shop.example,"),
        ),
        (
            "TheSandboxStandsAlone",
            SANDBOX_BY_ITS_ISSUER,
            ("FormerServiceIssuers", "https://former.example"),
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
    for urls in [
        "https://a.example/,",
        ",https://a.example/",
        "https://a.example/, ,app://b",
    ] {
        let given = parameters(&[&[("AppLogoutUrls", urls)]]);
        let expected = Some(Refused::Rule("NoLogoutUrlIsEmpty".to_owned()));
        assert_eq!(refused(&template, &given), expected, "{urls}");
    }
    let tested = [
        "LoginsHaveACallbackUrl",
        "WithoutLoginsMembersAreVerified",
        "MembersHaveApps",
        "WithoutMembersThereIsNothingOfThem",
        "ATableOfMembersComesWithItsKeys",
        "AKeyHasOneRole",
        "NoLogoutUrlIsEmpty",
        "ProductionNeedsADomain",
        "ProductionNeedsAcceptedAcr",
        "BridgeDomainNeedsACertificate",
        "OriginDomainIsBehindBridgeDomain",
        "TheSandboxStandsAlone",
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

/// Addresses that are refused for the service. Plain HTTP could be read by anybody on the way, so
/// it is only accepted to this machine.
const NO_SERVICE: &[&str] = &[
    "http://service.example",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "https://a b",
    "https://user@service.example",
    "https://service.example/?a=b",
    "service.example",
    "https://Service.example",
    "https://service.example:443",
    "https://service.example:443/x",
    "https://service.example:0",
    "https://service.example:65536",
    "https://service.example/a/../b",
    "https://service.example/%41",
    "https://service.1",
    "https://サービス.example",
];
/// An IAM policy with an ARN that lacks its last part matches no secret.
const NO_SECRET: &[&str] = &[
    "record-keys",
    "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:record-keys",
    "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:-AbCdEf",
    "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:record-keys-*",
];
const NO_HOST: &[&str] = &[
    "https://login.example.jp",
    "Login.example.jp",
    "login",
    "login.example.jp/",
    "login.example.jp.",
    "*.example.jp",
    "login.example.1",
];
const NO_KEY: &[&str] = &[
    "alias/key",
    "arn:aws:kms:ap-northeast-1:123456789012:alias/key",
    "11111111-2222-3333-4444-555555555555",
];

/// Pairs that a function refuses, and lists from which the template couldn't make the authorizer's
/// audience.
const NO_MEMBER_APPS: &[&str] = &[
    "shop",
    "shop:",
    ":https://shop.example/",
    "sh-op:https://shop.example/",
    "shop:http://shop.example/",
    "shop:https://shop.example",
    "shop:https://shop.example:443/",
    "shop:https://shop.example?x=1",
    "shop:https://SHOP.example/",
    "shop:https://shop.example/#x",
    "shop:https://user@shop.example/",
    "shop:https://shop.example/a/../b",
    "shop:https://shop.example//",
    "shop:https://shop.1/",
    "shop:http://localhost:80/",
    "shop:javascript:alert(1)",
    "shop:myapp://verified",
    "shop:https://a/ ",
    " shop:https://a/",
    "shop:https://a/  phone:https://a/",
    "shop:https://a/,phone:https://a/",
    "shop:https://a/phone:https://a/",
    // The same pair twice.
    "shop:https://a/ shop:https://a/",
    "shop:https://a/ shop:https://b/ shop:https://a/",
    // Several URLs of an app client stand together, so that the template names the client once.
    "shop:https://a/ phone:https://a/ shop:https://b/",
    "phone:https://x/ shop:https://a/ phone:https://a/ last:https://b/",
    "1:https://a/ 2:https://a/ 3:https://a/ 4:https://a/ 5:https://a/ 6:https://a/ 7:https://a/ \
     8:https://a/ 9:https://a/",
];

#[test]
fn what_no_function_would_take_no_parameter_takes() {
    let template = template();
    for (name, values) in [
        ("Environment", &["", "staging"][..]),
        ("ServiceClientId", &["RP 1", "RP-1"]),
        ("AcrValues", &["", " aal3", "aal3  crl"]),
        (
            "AcceptedAcr",
            &["aal3,,aal2", ",", "aal3 ,aal2", "aal3,  aal2", "CHANGE-ME"],
        ),
        ("ServiceIssuer", NO_SERVICE),
        ("FormerServiceIssuers", NO_FORMER_ISSUERS),
        ("ServiceAuthorizationEndpoint", NO_SERVICE),
        ("ServiceTokenEndpoint", NO_SERVICE),
        ("ServiceUserinfoEndpoint", NO_SERVICE),
        ("ServiceJwksUri", NO_SERVICE),
        ("BridgeDomain", NO_HOST),
        ("OriginDomain", NO_HOST),
        ("CognitoDomain", NO_HOST),
        ("ExistingUserPoolDomain", NO_HOST),
        (
            "HostedZoneId",
            &["example.jp", "z0123456789", "/hostedzone/Z1"],
        ),
        (
            "ExistingUserPoolId",
            &["pool", "ap-northeast-1", "ap-northeast-1_"],
        ),
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
                "http://app.example.jp/callback",
                "https://app.example.jp/#a",
                "https://a.example,ftp://b.example",
                "http://localhost.evil.example/",
                "javascript:alert(1)",
                "https://app.example.jp/callback,data:text/html",
            ],
        ),
        (
            "AppLogoutUrls",
            &[
                "http://app.example.jp/",
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
        ("MaxVerificationAge", &["", "365", "0d", "1y", "100000d"]),
        ("ProviderName", &["", "My", "My_App", "Myna App"]),
        ("Members", &["", "maybe"]),
        ("MemberApps", NO_MEMBER_APPS),
        (
            "MemberOrigins",
            &[
                "*",
                "https://shop.example/",
                "https://Shop.example",
                "https://shop.example:443",
                "http://shop.example",
                "http://localhost:80",
                "http://localhost.evil.example",
                "null",
            ],
        ),
        (
            "SdkScopes",
            &[
                "",
                "shop",
                "shop:",
                ":verify",
                "shop:openid",
                "shop:aws.cognito.signin.user.admin",
                "shop:digital-auth/verify",
                "shop:age_over_151",
                "shop:age_over_0",
                "shop:verify shop:verify",
                "shop:verify phone:verify shop:verify",
                "shop:verifyphone:verify",
                "shop:verify  phone:verify",
                "none shop:verify",
                "sh-op:verify",
            ],
        ),
        ("MembersPerPerson", &["", "two"]),
        (
            "ReleaseWait",
            &["", "0d", "3651d", "9999d", "30", "30h", "+30d"],
        ),
        (
            "ExistingMemberTable",
            &[
                "old-members",
                "arn:aws:dynamodb:ap-northeast-1:123456789012:table/*",
                "arn:aws:dynamodb:ap-northeast-1:123456789012:table/old/index/x",
            ],
        ),
        ("ExistingMemberTableKey", NO_KEY),
        ("ExistingPersonKey", NO_KEY),
        ("AssertionKeys", &["", "1 1", "3"]),
        ("AssertionKey1", NO_KEY),
        ("AssertionKey2", NO_KEY),
        ("IdTokenKey1", NO_KEY),
        ("IdTokenKey2", NO_KEY),
        ("ExistingRecordKeys", NO_SECRET),
        ("ClientSecretVersionId", &["AWSCURRENT"]),
        ("AlarmEmail", &["ops", "ops@example", "a@b@example.jp"]),
        ("LogRetentionDays", &["0", "91"]),
        ("LoginsPerSecond", &["0", "ten"]),
        ("LoginsBurst", &["", "0", "050", "ten", "50.5", "5e1"]),
        ("FederationConcurrency", &["0", "-1", "100000"]),
        ("TriggerConcurrency", &["0", "-1", "100000"]),
        ("VerificationConcurrency", &["0", "-1", "100000"]),
    ] {
        for value in values {
            let mut given = parameters(&[]);
            given.insert(name.to_owned(), (*value).to_owned());
            let expected = Some(Refused::Parameter(name.to_owned()));
            assert_eq!(refused(&template, &given), expected, "{name}={value}");
        }
    }
}

/// The parameters that have a fixed choice of values, with all of them. Numbers between two ends
/// are in `what_is_counted_has_two_ends`, and texts with a pattern in
/// `what_no_function_would_take_no_parameter_takes`.
const CHOICES: &[(&str, &[&str])] = &[
    ("Environment", &["sandbox", "production", "custom"]),
    ("AskName", &["yes", "no"]),
    ("AskAddress", &["yes", "no"]),
    ("AskBirthdate", &["yes", "no"]),
    ("AskGender", &["yes", "no"]),
    (
        "ServiceIdTokenAlgorithms",
        &["ES256", "RS256", "ES256 RS256"],
    ),
    ("RequireAuthTime", &["yes", "no"]),
    ("GrantedScope", &["required", "optional"]),
    ("CallbackIss", &["optional", "required"]),
    ("AppClientType", &["confidential", "public"]),
    ("NameGone", &["clear", "leave"]),
    ("AddressGone", &["clear", "leave"]),
    ("BirthdateGone", &["leave", "clear"]),
    ("GenderGone", &["clear", "leave"]),
    ("Members", &["yes", "no"]),
    ("CardLogins", &["yes", "no"]),
    ("MembersPerPerson", &["one", "many"]),
    ("AssertionKeys", &["1", "1 2", "2 1", "2"]),
    ("AssertionKey1Algorithm", &["ES256", "RS256"]),
    ("AssertionKey2Algorithm", &["ES256", "RS256"]),
    ("IdTokenKeys", &["1", "1 2", "2 1", "2"]),
    ("LogRetentionDays", &RETENTION),
    ("LogLevel", &["error", "warn", "info", "debug"]),
    ("Architecture", &["arm64", "x86_64"]),
    ("LogRetentionDays of infra/edge.yaml", &RETENTION),
];

/// The retention periods of Amazon CloudWatch Logs, from a day to ten years (PutRetentionPolicy).
const RETENTION: [&str; 22] = [
    "1", "3", "5", "7", "14", "30", "60", "90", "120", "150", "180", "365", "400", "545", "731",
    "1096", "1827", "2192", "2557", "2922", "3288", "3653",
];

#[test]
fn what_can_be_chosen_is_what_somebody_knows() {
    let mut chosen = BTreeMap::new();
    for (template, of) in [(template(), ""), (edge(), " of infra/edge.yaml")] {
        for (name, parameter) in template.section("Parameters") {
            let values = parameter.get("AllowedValues");
            let values = values.map(|values| values.as_array().unwrap().iter().map(text));
            let values: Option<Vec<_>> = values.map(Iterator::collect);
            chosen.extend(values.map(|values| (format!("{name}{of}"), values)));
            // No parameter has a type for which CloudFormation looks up values, since this
            // evaluation wouldn't see them.
            let known = ["String", "Number", "CommaDelimitedList"];
            assert!(known.contains(&&*text(&parameter["Type"])), "{name}");
        }
    }
    let values = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
    let expected = CHOICES
        .iter()
        .map(|&(name, known)| (name.to_owned(), values(known)));
    assert_eq!(chosen, expected.collect());
}

#[test]
fn what_is_counted_has_two_ends() {
    for (template, name, least, most) in [
        (template(), "LoginsPerSecond", 1, 5_000),
        (template(), "LoginsBurst", 1, 5_000),
        (edge(), "RequestsPerAddress", 100, 1_000_000),
    ] {
        let base = match name {
            "RequestsPerAddress" => crate::edge::given(),
            _ => parameters(&[]),
        };
        for (value, is_taken) in [
            (least - 1, false),
            (least, true),
            (most, true),
            (most + 1, false),
        ] {
            let mut given = base.clone();
            given.insert(name.to_owned(), value.to_string());
            let expected = (!is_taken).then(|| Refused::Parameter(name.to_owned()));
            assert_eq!(refused(&template, &given), expected, "{name}={value}");
        }
    }
}

/// Characters that no name, number or ARN may contain, since they would have a special meaning
/// where the value is used.
const SIGNS: [&str; 8] = ["*", "$", "{", "'", "\"", ":", ",,", "?"];

/// Parameters that may contain [`SIGNS`]: addresses, in which these characters have their usual
/// meaning, and values that the service defines.
const FREE: &[&str] = &[
    "AcrValues",
    "AcceptedAcr",
    "AlarmEmail",
    "AppCallbackUrls",
    "AppLogoutUrls",
    "MemberApps",
    "MemberOrigins",
    "ServiceIssuer",
    "ServiceAuthorizationEndpoint",
    "ServiceTokenEndpoint",
    "ServiceUserinfoEndpoint",
    "ServiceJwksUri",
];

#[test]
fn no_text_brings_a_second_line_or_a_sign_with_it() {
    let tried = crate::combinations::every_combination();
    let stack: BTreeMap<_, _> = tried.into_iter().flatten().collect();
    let mut in_front = crate::edge::given();
    for name in ["AlarmEmail", "HostedZoneId"] {
        in_front.insert(name.to_owned(), stack[name].clone());
    }
    let version = stack["ClientSecretVersionId"].clone();
    in_front.insert("FrontDoorSecretsVersionId".to_owned(), version);
    for (template, base, values) in [
        (template(), parameters(&[]), &stack),
        (edge(), crate::edge::given(), &in_front),
    ] {
        for (name, parameter) in template.section("Parameters") {
            if parameter.get("AllowedPattern").is_none() {
                continue;
            }
            let value = values.get(name);
            let value = value.unwrap_or_else(|| panic!("{name} is in no combination"));
            let value = value.split(',').next().unwrap();
            let (first, rest) = value.split_at(1);
            let mut wrong: Vec<_> = ["\n", "\r\n", "\t"]
                .map(|line| format!("{first}{line}{rest}{first}"))
                .into();
            // CloudFormation trims the elements of a list.
            if parameter["Type"] != "CommaDelimitedList" {
                for white in ["\n", "\r\n", "\t", " "] {
                    wrong.extend([format!("{white}{value}"), format!("{value}{white}")]);
                }
            }
            if !FREE.contains(&name.as_str()) {
                wrong.extend(SIGNS.map(|sign| format!("{value}{sign}")));
                wrong.extend(SIGNS.map(|sign| format!("{sign}{value}")));
            }
            for wrong in wrong {
                let mut given = base.clone();
                given.insert(name.clone(), wrong.clone());
                let expected = Some(Refused::Parameter(name.clone()));
                assert_eq!(refused(&template, &given), expected, "{name}={wrong:?}");
            }
        }
    }
}

/// The properties of resolved resources that name something in the account, by type of the
/// resource.
const NAMES: &[(&str, &str)] = &[
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
        for &(kind, property) in NAMES {
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
    // Names that AWS generates contain the stack's name. This test checks the other properties that
    // are names.
    let template = template();
    for settings in [PRODUCTION, EXISTING_USER_POOL, EDGE, MEMBERS] {
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
        // The name of a deleted secret stays reserved for weeks. A new stack with the same name
        // gets other secret names.
        for (id, secret) in one.of_type("AWS::SecretsManager::Secret") {
            assert!(text(&secret["Name"]).ends_with("-a1b2c3d4"), "{id}");
        }
    }
}

#[test]
fn every_environment_of_samconfig_is_one_that_is_taken() {
    let template = template();
    let samconfig = Template::read(&crate::translated::said("SAMCONFIG")).json;
    let environments = samconfig.as_object().unwrap();
    let names: BTreeSet<_> = environments.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["default", "dev", "production", "staging", "version"].into()
    );
    let mut stack_names = BTreeSet::new();
    for (name, environment) in environments.iter().filter(|(name, _)| *name != "version") {
        let deploy = &environment["deploy"]["parameters"];
        deploys_carefully(name, deploy);
        let region = text(&environment["global"]["parameters"]["region"]);
        let of_japan = ["ap-northeast-1", "ap-northeast-3"];
        assert!(
            of_japan.contains(&region.as_str()),
            "{name}: what is proven stays in Japan"
        );
        let overrides = deploy["parameter_overrides"].as_object().unwrap().iter();
        let mut given: BTreeMap<_, _> = overrides
            .map(|(name, value)| (name.clone(), text(value)))
            .collect();
        let stack_name = text(&deploy["stack_name"]);
        what_an_app_may_know_is_asked_for(name, &given);
        if ["staging", "production"].contains(&name.as_str()) {
            is_for_everybody(name, &given);
        }
        // A placeholder that nobody has changed is refused before anything is made. Once it is
        // changed, everything is accepted.
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
        assert!(
            stack_names.insert(stack_name),
            "{name}: two environments are one stack"
        );
    }
}

fn deploys_carefully(name: &str, deploy: &Value) {
    let mut deploy = deploy.as_object().unwrap().clone();
    for own in ["stack_name", "parameter_overrides"] {
        assert!(deploy.remove(own).is_some(), "{name}: {own}");
    }
    let expected = json!({
        // The code is uploaded to a bucket of this account that SAM manages.
        "resolve_s3": true,
        // The operator confirms each change.
        "confirm_changeset": true,
        // Roles whose names AWS generates, and the transform in the nested stack.
        "capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    });
    assert_eq!(Value::Object(deploy), expected, "{name}");
}

fn what_an_app_may_know_is_asked_for(name: &str, given: &BTreeMap<String, String>) {
    let scopes = given.get("AppScopes").map_or("openid", String::as_str);
    let ages: Vec<u8> = (1..=OLDEST).collect();
    let known: Vec<_> = Scope::all(&ages).collect();
    for asked in scopes.split(',').filter(|scope| *scope != "openid") {
        let is_asked = |scope: &&Scope| scope.of_server(RESOURCE_SERVER) == asked;
        let scope = known.iter().find(is_asked);
        let scope = scope.unwrap_or_else(|| panic!("{name}: no scope is called {asked}"));
        let parameter = match scope.claim().follows_from() {
            Some(Attribute::Name) => "AskName",
            Some(Attribute::Address) => "AskAddress",
            Some(Attribute::BirthDate) => "AskBirthdate",
            Some(Attribute::Gender) => "AskGender",
            None => continue,
        };
        let is_asked = given.get(parameter).map(String::as_str);
        assert_eq!(is_asked, Some("yes"), "{name}: {asked} without {parameter}");
    }
}

/// An environment that isn't only for developers.
fn is_for_everybody(name: &str, given: &BTreeMap<String, String>) {
    if name == "production" {
        let acr = given.get("AcceptedAcr").map(String::as_str);
        assert_ne!(acr.unwrap_or("any"), "any", "an assurance is decided upon");
    }
    assert!(given.contains_key("AlarmEmail"), "{name}: somebody is told");
    let callbacks = &given["AppCallbackUrls"];
    assert!(
        callbacks.split(',').all(|url| url.starts_with("https://")),
        "{name}: {callbacks}"
    );
    assert!(given.contains_key("BridgeDomain"), "{name}");
    for left in ["LogLevel", "MaxVerificationAge"] {
        assert!(!given.contains_key(left), "{name}: {left} is the default");
    }
}
