//! The settings that a stack can have. Settings that can be chosen independently are one choice
//! each. The tests combine every two choices in all their alternatives, and also combine names and
//! places with each other.

use std::collections::BTreeMap;

/// Parameters that are set together.
type Setting = &'static [(&'static str, &'static str)];
/// The alternatives of a choice.
type Choice = &'static [Setting];

pub(crate) const KEY: &str =
    "arn:aws:kms:ap-northeast-1:123456789012:key/aaaaaaaa-0000-0000-0000-000000000001";
const OTHER_KEY: &str =
    "arn:aws:kms:ap-northeast-1:123456789012:key/aaaaaaaa-0000-0000-0000-000000000002";
const ID_TOKEN_KEY: &str =
    "arn:aws:kms:ap-northeast-1:123456789012:key/aaaaaaaa-0000-0000-0000-000000000005";
const OTHER_ID_TOKEN_KEY: &str =
    "arn:aws:kms:ap-northeast-1:123456789012:key/aaaaaaaa-0000-0000-0000-000000000006";
const CERTIFICATE: &str =
    "arn:aws:acm:ap-northeast-1:123456789012:certificate/aaaaaaaa-0000-0000-0000-000000000003";
const CERTIFICATE_OF_COGNITO: &str =
    "arn:aws:acm:us-east-1:123456789012:certificate/aaaaaaaa-0000-0000-0000-000000000004";
const RECORD_KEYS: &str =
    "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:old-record-keys-AbCdEf";

pub(crate) const PRODUCTION: &[(&str, &str)] = &[
    ("Environment", "production"),
    ("AcceptedAcr", "aal3"),
    ("BridgeDomain", "login.example.jp"),
    ("BridgeCertificateArn", CERTIFICATE),
];
/// The service has changed its issuer twice.
const PRODUCTION_AFTER_CHANGES: Setting = &[
    ("Environment", "production"),
    ("AcceptedAcr", "aal3"),
    ("BridgeDomain", "login.example.jp"),
    ("BridgeCertificateArn", CERTIFICATE),
    (
        "FormerServiceIssuers",
        "https://former.example https://first.example:8443/realms/main",
    ),
];
pub(crate) const CUSTOM: &[(&str, &str)] = &[
    ("Environment", "custom"),
    ("ServiceIssuer", "https://service.example/realms/main"),
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
// The prefix differs from the stack's name.
pub(crate) const PREFIX: &[(&str, &str)] = &[("DomainPrefix", "cards")];
pub(crate) const COGNITO_DOMAIN: &[(&str, &str)] = &[
    ("CognitoDomain", "auth.example.jp"),
    ("CognitoCertificateArn", CERTIFICATE_OF_COGNITO),
];
pub(crate) const EXISTING_USER_POOL: &[(&str, &str)] = &[
    ("ExistingUserPoolId", "ap-northeast-1_OLDPOOL"),
    (
        "ExistingUserPoolDomain",
        "old.auth.ap-northeast-1.amazoncognito.com",
    ),
];

/// Members are verified, in one app that only its server calls.
pub(crate) const MEMBERS: &[(&str, &str)] = &[
    ("Members", "yes"),
    (
        "MemberApps",
        "1example23456789:https://shop.example/verified",
    ),
];
/// Members are verified, and nobody signs in with the card.
pub(crate) const MEMBERS_ALONE: &[(&str, &str)] = &[
    ("Members", "yes"),
    ("CardLogins", "no"),
    (
        "MemberApps",
        "1example23456789:https://shop.example/verified",
    ),
];
/// The stack was rebuilt: the table and its keys are there already.
pub(crate) const MEMBERS_OF_OLD: &[(&str, &str)] = &[
    ("Members", "yes"),
    (
        "MemberApps",
        "shop:https://shop.example/verified shop:https://shop.example/again?from=card \
         phone:jp.example.app://verified dev:http://localhost:3000/",
    ),
    (
        "MemberOrigins",
        "https://shop.example,http://localhost:3000",
    ),
    ("SdkScopes", "phone:verify phone:age_over_18 dev:verify"),
    ("MembersPerPerson", "many"),
    ("ReleaseWait", "30d"),
    (
        "ExistingMemberTable",
        "arn:aws:dynamodb:ap-northeast-1:123456789012:table/old-members",
    ),
    (
        "ExistingMemberTableKey",
        "arn:aws:kms:ap-northeast-1:123456789012:key/aaaaaaaa-0000-0000-0000-000000000007",
    ),
    (
        "ExistingPersonKey",
        "arn:aws:kms:ap-northeast-1:123456789012:key/aaaaaaaa-0000-0000-0000-000000000008",
    ),
    ("VerificationConcurrency", "30"),
];

/// CloudFront in front.
pub(crate) const EDGE: &[(&str, &str)] = &[
    ("Environment", "sandbox"),
    ("BridgeDomain", "login.example.jp"),
    ("BridgeCertificateArn", CERTIFICATE),
    ("OriginDomain", "origin.login.example.jp"),
];

/// Names and places. These three choices are combined in every way.
const PLACES: [Choice; 3] = [
    &[
        &[("Environment", "sandbox")],
        PRODUCTION,
        PRODUCTION_AFTER_CHANGES,
        CUSTOM,
        &[
            ("Environment", "sandbox"),
            ("BridgeDomain", "login.example.jp"),
            ("BridgeCertificateArn", CERTIFICATE),
        ],
        EDGE,
    ],
    &[PREFIX, COGNITO_DOMAIN, EXISTING_USER_POOL],
    &[&[], &[("HostedZoneId", "Z0123456789ABCDEFGHIJ")]],
];

/// All other choices.
const CHOICES: &[Choice] = &[
    &[&[], &[("ServiceClientId", "RP00000001")]],
    &[&[], &[("AskName", "yes")]],
    &[&[], &[("AskAddress", "yes")]],
    &[&[], &[("AskBirthdate", "yes")]],
    &[&[], &[("AskGender", "yes")]],
    &[
        &[],
        &[
            ("AcrValues", "none"),
            ("ServiceIdTokenAlgorithms", "ES256 RS256"),
            ("CallbackIss", "required"),
            ("RequireAuthTime", "yes"),
            ("GrantedScope", "optional"),
            ("LogLevel", "debug"),
        ],
    ],
    // These can be chosen for a sandbox, too.
    &[&[], &[("AcceptedAcr", "aal3")], &[("AcceptedAcr", "any")]],
    &[
        &[],
        &[
            ("ProviderName", "Myna-Card"),
            ("AppCallbackUrls", "https://other.example.jp/back"),
        ],
    ],
    &[
        &[],
        &[("AppScopes", "openid,digital-auth/age_over_20")],
        &[
            (
                "AppLogoutUrls",
                "https://app.example.jp/,http://localhost:3000/bye",
            ),
            ("AppClientType", "public"),
        ],
    ],
    &[
        &[],
        &[("Ages", "18")],
        &[
            ("Ages", "6,13,16,18,20,25,65,150"),
            ("MaxVerificationAge", "none"),
            ("NameGone", "leave"),
            ("AddressGone", "leave"),
            ("BirthdateGone", "clear"),
            ("GenderGone", "leave"),
        ],
    ],
    &[
        &[],
        &[("AssertionKeys", "1 2")],
        &[("AssertionKeys", "2 1")],
        &[("AssertionKeys", "2")],
    ],
    &[
        &[],
        &[("AssertionKey1", KEY)],
        &[("AssertionKey1Algorithm", "RS256")],
    ],
    &[
        &[],
        &[("AssertionKey2", OTHER_KEY)],
        &[("AssertionKey2Algorithm", "RS256")],
    ],
    &[
        &[],
        &[("IdTokenKeys", "1 2")],
        &[("IdTokenKeys", "2 1")],
        &[("IdTokenKeys", "2")],
    ],
    &[&[], &[("IdTokenKey1", ID_TOKEN_KEY)]],
    &[&[], &[("IdTokenKey2", OTHER_ID_TOKEN_KEY)]],
    &[&[], &[("ExistingRecordKeys", RECORD_KEYS)]],
    &[&[], MEMBERS, MEMBERS_OF_OLD, MEMBERS_ALONE],
    &[
        &[],
        &[("ClientSecretVersionId", "0123456789abcdef0123456789abcdef")],
    ],
    &[
        &[],
        &[
            ("FederationConcurrency", "50"),
            ("AlarmEmail", "ops@example.jp"),
            ("LogRetentionDays", "365"),
        ],
        &[
            ("TriggerConcurrency", "20"),
            ("LoginsPerSecond", "100"),
            ("LoginsBurst", "200"),
            ("Architecture", "x86_64"),
        ],
    ],
];

type Parameters = BTreeMap<String, String>;

/// The parameters that a stack with logins needs, and these settings.
pub(crate) fn parameters(settings: &[&[(&str, &str)]]) -> Parameters {
    let mut parameters = BTreeMap::from([(
        "AppCallbackUrls".to_owned(),
        "https://app.example.jp/callback,http://localhost:3000/callback".to_owned(),
    )]);
    let has_a_domain = [COGNITO_DOMAIN, EXISTING_USER_POOL]
        .iter()
        .any(|one| settings.contains(one));
    let prefix: &[(&str, &str)] = if has_a_domain { &[] } else { PREFIX };
    let pairs = settings.iter().copied().chain([prefix]).flatten();
    parameters.extend(pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    parameters
}

/// Every combination of names and places with every alternative of the other choices, and every
/// pair of alternatives of two other choices.
pub(crate) fn every_combination() -> Vec<Parameters> {
    let [environments, pools, zones] = PLACES;
    let mut combinations = Vec::new();
    for (environment, pool, zone) in product(environments, pools, zones) {
        for other in CHOICES.iter().copied().flatten() {
            combinations.push(parameters(&[environment, pool, zone, other]));
        }
    }
    for (index, one) in CHOICES.iter().enumerate() {
        for other in CHOICES.iter().skip(index + 1) {
            for (first, second, _) in product(one, other, &[&[]]) {
                combinations.push(parameters(&[first, second]));
            }
        }
    }
    combinations
}

fn product<'a>(
    one: &'a [Setting],
    two: &'a [Setting],
    three: &'a [Setting],
) -> impl Iterator<Item = (Setting, Setting, Setting)> + 'a {
    one.iter().flat_map(move |a| {
        two.iter()
            .flat_map(move |b| three.iter().map(move |c| (*a, *b, *c)))
    })
}
