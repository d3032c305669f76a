//! What the patterns of the parameters accept. Every value that a pattern accepts must be accepted
//! by every function, too. And every value that AWS documents for a setting must be accepted by the
//! pattern.
//! The values are generated from the patterns themselves, so the tests notice if a pattern becomes
//! laxer.

use std::collections::BTreeMap;

use function_kit::settings::ConfigError;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;

use crate::cloudformation::{Refused, Stack, Template};
use crate::combinations::{
    COGNITO_DOMAIN, CUSTOM, EDGE, EXISTING_USER_POOL, MEMBERS, MEMBERS_OF_OLD, PRODUCTION,
    parameters,
};
use crate::settings::functions;
use crate::translated::{edge, template};

/// How many values are tried for each parameter.
const VALUES: usize = 60;
/// The limit of AWS Lambda for all variables of a function together, as JSON.
pub(crate) const LONGEST_ENVIRONMENT: usize = 4_096;

/// The longest domain of a user pool. Amazon Cognito's own domains have a prefix of up to 63
/// characters and up to 43 more, for example `.auth-fips.us-gov-west-1.amazoncognito.com`. A custom
/// domain has up to 63.
const LONGEST_POOL_DOMAIN: usize = 128;
/// The longest name of an existing secret. The names of secrets that the template makes are
/// shorter.
const LONGEST_SECRET_NAME: usize = 160;

/// A pattern without its look-aheads. It accepts more than the pattern, so values generated from it
/// have to be filtered.
fn without_looking_ahead(pattern: &str) -> String {
    let mut left = String::new();
    let mut rest = pattern;
    while let Some((before, ahead)) = rest
        .find("(?=")
        .into_iter()
        .chain(rest.find("(?!"))
        .min()
        .map(|at| rest.split_at(at))
    {
        left.push_str(before);
        let mut depth = 0;
        let mut is_escaped = false;
        let end = ahead.char_indices().find(|(_, character)| {
            match character {
                _ if is_escaped => {}
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            is_escaped = !is_escaped && *character == '\\';
            depth == 0
        });
        rest = &ahead[end.unwrap().0 + 1..];
    }
    left + rest
}

#[test]
fn a_pattern_is_read_without_what_looks_ahead() {
    for (pattern, expected) in [
        ("^a$", "^a$"),
        ("^(?=.{0,5}$)a(?!b(c|\\)))d$", "^ad$"),
        ("(?!(?i:x|y):)a", "a"),
    ] {
        assert_eq!(without_looking_ahead(pattern), expected);
    }
}

/// Values that a parameter's pattern accepts. Long ones are among them.
pub(crate) fn values(template: &Template, name: &str) -> Vec<String> {
    let parameter = &template.section("Parameters")[name];
    let pattern = parameter["AllowedPattern"].as_str().unwrap();
    let bounded = without_looking_ahead(pattern);
    let bounded = bounded.trim_start_matches('^').trim_end_matches('$');
    let strategy = string_regex(bounded).unwrap();
    // The runner generates the same values every time.
    let mut runner = TestRunner::deterministic();
    let made = (0..VALUES * 50).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    let taken = made.filter(|value| template.takes(name, value));
    let values: Vec<_> = taken.take(VALUES).collect();
    assert!(values.len() > VALUES / 3, "{name}: {}", values.len());
    values
}

/// Other parameters that have to be set for a parameter to have an effect.
fn besides(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "BridgeDomain" | "BridgeCertificateArn" | "AcceptedAcr" => PRODUCTION,
        "OriginDomain" => EDGE,
        "CognitoDomain" | "CognitoCertificateArn" => COGNITO_DOMAIN,
        "ExistingUserPoolId" | "ExistingUserPoolDomain" => EXISTING_USER_POOL,
        "ExistingMemberTable" | "ExistingMemberTableKey" | "ExistingPersonKey" => MEMBERS_OF_OLD,
        "MemberApps" | "MemberOrigins" | "SdkScopes" | "ReleaseWait" => MEMBERS,
        _ if name.starts_with("Service") && name != "ServiceClientId" => CUSTOM,
        _ => &[],
    }
}

/// The length of all variables of a function together, in bytes.
pub(crate) fn environment_bytes(stack: &Stack, function: &str) -> usize {
    let environment = stack.environment(function);
    serde_json::to_string(&environment).unwrap().len()
}

/// The functions' errors about their environment.
fn problems(stack: &Stack) -> Vec<String> {
    functions(stack)
        .filter_map(|function| {
            let environment = stack.environment(function);
            let length = environment_bytes(stack, function);
            if length > LONGEST_ENVIRONMENT {
                return Some(format!("{function}: an environment of {length} bytes"));
            }
            let lookup = |name: &str| environment.get(name).cloned();
            let read: Result<(), ConfigError> = match function {
                "FederationFunction" => federation::config::Config::read(&lookup).map(drop),
                "InboundFederationFunction" => {
                    inbound_federation::config::Config::read(&lookup).map(drop)
                }
                "VerificationFunction" => verification::config::Config::read(&lookup).map(drop),
                _ => pre_token_generation::config::Config::read(&lookup).map(drop),
            };
            read.err().map(|error| format!("{function}: {error}"))
        })
        .collect()
}

/// The values include some that nobody would write. If the template accepts a value, a stack is
/// made with it, and the stack's functions must start.
#[test]
fn what_the_template_takes_every_function_takes() {
    let template = template();
    let mut tried = 0;
    for (name, parameter) in template.section("Parameters") {
        if parameter.get("AllowedPattern").is_none() {
            continue;
        }
        for value in values(&template, name) {
            // A pattern can't tell whether such a label is valid. No certificate is issued for an
            // invalid one.
            if value.contains("xn--") {
                continue;
            }
            let mut given = parameters(&[besides(name)]);
            given.insert(name.clone(), value.clone());
            match template.stack("myna", &given) {
                Ok(stack) => assert_eq!(problems(&stack), [""; 0], "{name}={value:?}"),
                // An empty value or a duplicate can be valid alone, but not in this combination.
                Err(Refused::Rule(_)) => continue,
                Err(refused) => panic!("{name}={value:?}: {refused:?}"),
            }
            tried += 1;
        }
    }
    assert!(tried > 1_000, "{tried}");
}

/// All parameters have their longest values at once. AWS Lambda would refuse an environment that is
/// too long only in the middle of a deployment.
#[test]
fn the_longest_of_everything_is_an_environment_that_lambda_takes() {
    assert_eq!(problems(&longest()), [""; 0]);
}

/// A stack with the longest value of every parameter.
pub(crate) fn longest() -> Stack {
    let template = template();
    let address = format!("https://service.example/{}", "a".repeat(76));
    let former = format!("https://former.example/{}", "a".repeat(232));
    let mut longest: BTreeMap<_, _> =
        parameters(&[PRODUCTION, CUSTOM, EXISTING_USER_POOL, EDGE, MEMBERS_OF_OLD]);
    let partition = "arn:aws-us-gov";
    let key = |number: u8| {
        format!(
            "{partition}:kms:ap-northeast-1:123456789012:key/mrk-{}",
            number.to_string().repeat(32)
        )
    };
    let sdk_scopes: Vec<_> = (100..110)
        .map(|app| format!("{app}{}:verify", "a".repeat(89)))
        .collect();
    let sdk_scopes = format!("a{}", sdk_scopes.join(" "));
    for (name, value) in [
        ("Environment", "custom".to_owned()),
        ("ServiceClientId", "9".repeat(255)),
        ("AcrValues", "a".repeat(128)),
        ("AcceptedAcr", "a".repeat(128)),
        ("ServiceIdTokenAlgorithms", "ES256 RS256".to_owned()),
        ("CallbackIss", "required".to_owned()),
        ("FormerServiceIssuers", former),
        ("ServiceIssuer", address.clone()),
        ("ServiceAuthorizationEndpoint", address.clone()),
        ("ServiceTokenEndpoint", address.clone()),
        ("ServiceUserinfoEndpoint", address.clone()),
        ("ServiceJwksUri", address),
        ("BridgeDomain", host(238)),
        ("OriginDomain", "origin.example.jp".to_owned()),
        ("ExistingUserPoolDomain", host(LONGEST_POOL_DOMAIN)),
        ("ProviderName", "a".repeat(32)),
        ("AskName", "yes".to_owned()),
        ("AskAddress", "yes".to_owned()),
        ("AskBirthdate", "yes".to_owned()),
        ("AskGender", "yes".to_owned()),
        ("AssertionKeys", "1 2".to_owned()),
        ("AssertionKey1", key(1)),
        ("AssertionKey2", key(2)),
        ("IdTokenKeys", "1 2".to_owned()),
        ("IdTokenKey1", key(3)),
        ("IdTokenKey2", key(4)),
        ("Ages", "101,102,103,104,105,106,107,108".to_owned()),
        ("MaxVerificationAge", "99999999m".to_owned()),
        (
            "MemberApps",
            format!("shop:https://shop.example/{}", "a".repeat(374)),
        ),
        ("SdkScopes", sdk_scopes),
        ("ReleaseWait", "3650d".to_owned()),
        (
            "ExistingMemberTable",
            format!(
                "{partition}:dynamodb:ap-northeast-1:123456789012:table/{}",
                "a".repeat(160)
            ),
        ),
        ("ExistingMemberTableKey", key(5)),
        ("ExistingPersonKey", key(6)),
        (
            "ExistingRecordKeys",
            format!(
                "{partition}:secretsmanager:ap-northeast-1:123456789012:secret:{}-AbCdEf",
                "a".repeat(LONGEST_SECRET_NAME)
            ),
        ),
    ] {
        longest.insert(name.to_owned(), value);
    }
    // The name of a stack has 128 characters at most.
    let stack = template.stack(&"s".repeat(128), &longest);
    stack.unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// A host name of this length. Its last labels have 50 characters each.
fn host(length: usize) -> String {
    let labels = [".".to_owned() + &"a".repeat(50)].into_iter().cycle();
    let labels: String = labels.take(6).collect();
    let host = &labels[labels.len() - length..];
    host.replacen('.', "a", usize::from(host.starts_with('.')))
}

/// The values that AWS documents for the setting behind a parameter, with the page of the
/// documentation. Values that are left out on purpose are in [`NARROWER`].
const DOCUMENTED: &[(&str, &str, &[&str])] = &[
    (
        "AppCallbackUrls",
        "CreateUserPoolClient: CallbackURLs",
        &[
            "https://app.example.jp/callback?a=b&c=d",
            "https://app.example.jp:8443/callback",
            "https://App.Example.jp:65535?a=b",
            "https://a",
            "http://localhost",
            "http://localhost:3000/callback",
            "http://localhost:3000?a=b",
            "http://127.0.0.1",
            "http://127.0.0.1:49152/callback",
            "http://[::1]:49152/callback",
            "myapp://callback",
            "myapp://example",
            // A scheme that is a reversed domain of the app's owner (RFC 8252 §7.1).
            "jp.example.app:/oauth2redirect",
            "com.example.app:/oauth2redirect/example-provider",
            "MyApp+v2.beta-1://callback",
        ],
    ),
    (
        "AppLogoutUrls",
        "CreateUserPoolClient: LogoutURLs",
        &[
            "https://app.example.jp/",
            "http://127.0.0.1:49152/",
            "http://[::1]/",
            "myapp://signout",
            "jp.example.app:/signed-out",
        ],
    ),
    (
        "AcceptedAcr",
        "what a service may send as acr, and the function takes",
        &[
            "",
            "any",
            "aal3",
            "aal3 crl",
            "aal3 crl, aal3",
            "aal3 crl,aal3,loa 2 x",
            "urn:example:acr:3 urn:example:crl",
        ],
    ),
    (
        "DomainPrefix",
        "CreateUserPoolDomain: Domain",
        &[
            "a",
            "1",
            "a-b",
            "0123456789012345678901234567890123456789012345678901234567890ab",
        ],
    ),
    (
        "CognitoDomain",
        "CreateUserPoolDomain: Domain",
        &[
            "auth.example.jp",
            "a.jp",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.jp",
        ],
    ),
    (
        "ExistingUserPoolId",
        "DescribeUserPool: UserPoolId",
        &[
            "ap-northeast-1_a",
            "us-gov-west-1_AbCdEfGhI",
            "ap-northeast-1_0123456789012345678901234567890123456789",
        ],
    ),
    (
        "AssertionKey1",
        "KMS: key ARN",
        &[
            "arn:aws:kms:ap-northeast-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab",
            "arn:aws-cn:kms:cn-north-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        ],
    ),
    (
        "ExistingRecordKeys",
        "Secrets Manager: names have letters, digits and /_+=.@-",
        &["arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:a/b_c+d=e.f@g-h-AbCdEf"],
    ),
    (
        "MemberApps",
        "what both functions take as MEMBER_APPS",
        &[
            "",
            "shop:https://shop.example/",
            "shop:https://shop.example/verified?from=card shop:https://shop.example/again/",
            "shop:https://a/ phone:jp.example.app://verified a+b_c:http://localhost:3000/cb",
            "1:https://a/ 2:https://a/ 3:https://a/ 4:https://a/ 5:https://a/ 6:https://a/ \
             7:https://a/ 8:https://a/",
            "dev:http://127.0.0.1:5173/verified dev:http://app.localhost:3000/",
            "dev:http://localhost:1/ dev:http://localhost:65535/",
        ],
    ),
    (
        "MemberOrigins",
        "API Gateway: CorsConfiguration",
        &[
            "https://shop.example",
            "https://shop.example:8443",
            "http://localhost:3000",
        ],
    ),
    (
        "SdkScopes",
        "what the trigger takes as SDK_SCOPES",
        &[
            "none",
            "a:verify",
            "a:verify a:age_over_150 b:verified",
            "a+b_c:municipality",
        ],
    ),
    (
        "ReleaseWait",
        "what the function takes as RELEASE_WAIT",
        &["none", "never", "1d", "99d", "3649d", "3650d"],
    ),
    (
        "ExistingMemberTable",
        "DynamoDB: names have 3 to 255 letters, digits and _.-",
        &["arn:aws:dynamodb:ap-northeast-1:123456789012:table/a_b.C-1"],
    ),
    (
        "HostedZoneId",
        "Route 53: a hosted zone's ID has up to 32 characters",
        &["Z1", "Z0123456789ABCDEFGHIJKLMNOPQRSTU"],
    ),
    (
        "FederationConcurrency",
        "PutFunctionConcurrency",
        &["1", "1000", "99999"],
    ),
];

#[test]
fn what_aws_documents_the_template_takes() {
    let template = template();
    for (name, page, values) in DOCUMENTED {
        for value in *values {
            assert!(template.takes(name, value), "{name}={value} ({page})");
        }
    }
    for (name, length) in [
        ("BridgeDomain", 238),
        ("ExistingUserPoolDomain", LONGEST_POOL_DOMAIN),
        ("CognitoDomain", 63),
    ] {
        let longest = host(length);
        assert_eq!(longest.len(), length);
        assert!(template.takes(name, &longest), "{name}={longest}");
        assert!(
            !template.takes(name, &format!("a{longest}")),
            "{name} is too long"
        );
    }
}

/// Values that AWS would accept and a parameter doesn't, with the reason.
const NARROWER: &[(&str, &str, &str)] = &[
    (
        "ExistingRecordKeys",
        "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
         a-AbCdEf",
        "a function's variables have 4,096 bytes together",
    ),
    (
        "MemberOrigins",
        "*",
        "scripts of any site could use a member's token, if they had it",
    ),
    (
        "MemberApps",
        "shop:https://shop.example:65536/",
        "no port has this number",
    ),
    ("FederationConcurrency", "0", "it would let nobody sign in"),
    ("TriggerConcurrency", "0", "it would let nobody sign in"),
    ("ProviderName", "マイナ", "it stands in addresses as it is"),
    (
        "AppScopes",
        "profile",
        "no attribute may be read by the app but through our scopes",
    ),
    (
        "AppCallbackUrls",
        "https://例え.jp/",
        "an address is ASCII (RFC 3986 §2)",
    ),
];

#[test]
fn what_is_narrower_than_aws_is_so_on_purpose() {
    let template = template();
    for (name, value, why) in NARROWER {
        assert!(!template.takes(name, value), "{name} ({why})");
    }
}

/// Addresses that a browser would run as code or read from the person's machine, instead of
/// requesting them, and what is no address.
const NO_ADDRESSES: &[&str] = &[
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "DATA:text/html;base64,eA==",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://app.example.jp/x",
    "about:blank",
    "filesystem:https://app.example.jp/x",
    "view-source:https://app.example.jp",
    "jar:https://app.example.jp/x!/",
    "mhtml:https://app.example.jp/x!y",
    "mailto:somebody@example.jp",
    "tel:1",
    "SMS:1",
    "content://x",
    "intent://x",
    "https://",
    "https:///callback",
    "https://?a=b",
    "https://:443",
    "https://@app.example.jp",
    "https://somebody@app.example.jp/callback",
    "https://app.example.jp\\@evil.example/",
    "https://app..example.jp/",
    "https://-app.example.jp/",
    "https://app.example.jp:0/",
    "https://app.example.jp:65536/",
    "https://app.example.jp:x/",
    "http://localhost:99999/",
    "http://[::1]:65536/",
    "ws://app.example.jp",
    "ftp://app.example.jp",
    "http://app.example.jp/callback",
    "HTTP://app.example.jp/callback",
    "http://localhost.evil.example/",
    "http://localhost@evil.example/",
    "http://127.0.0.1.evil.example/",
    "http://127.0.0.2/",
    "http://[::1].evil.example/",
    "http:app.example.jp",
    "https:app.example.jp",
    "https://app.example.jp/#fragment",
    "myapp://callback#fragment",
    "my_app://callback",
    "1app://callback",
    "myapp:",
    "//app.example.jp",
    "/callback",
];

#[test]
fn no_address_of_the_app_is_one_that_is_run() {
    let template = template();
    for name in ["AppCallbackUrls", "AppLogoutUrls"] {
        for value in NO_ADDRESSES {
            assert!(!template.takes(name, value), "{name}={value}");
        }
    }
}

/// The laptop's Cognito takes the same addresses (`--callback`, `--logout-url`), so that an app can
/// move to AWS with them.
#[test]
fn the_laptop_takes_the_addresses_that_the_template_takes() {
    let template = template();
    let documented = DOCUMENTED
        .iter()
        .filter(|(name, ..)| name.ends_with("Urls"));
    let documented = documented.flat_map(|(_, _, values)| *values);
    let more = [
        "https://10.0.0.1/",
        "https://app.example.jp:080/",
        "http://localhost:",
        "http://localhost:0",
        "http://localhost:3000x/",
        "urn:example:callback",
        "myapp://a,b",
        "myapp://a b",
        "https://app.example.jp/a\tb",
    ];
    for value in documented.chain(NO_ADDRESSES).chain(&more) {
        let of_the_template = template.takes("AppCallbackUrls", value);
        assert_eq!(
            cli::app_url::parse(value).is_ok(),
            of_the_template,
            "{value:?}"
        );
    }
}

/// The template of CloudFront has the same host names in its parameters.
#[test]
fn both_templates_take_the_same_host_names() {
    let (template, edge) = (template(), edge());
    for name in ["BridgeDomain", "OriginDomain"] {
        for value in values(&template, name) {
            assert_eq!(
                edge.takes(name, &value),
                !value.is_empty(),
                "{name}={value:?}"
            );
        }
        for value in values(&edge, name) {
            assert!(template.takes(name, &value), "{name}={value:?}");
        }
    }
}
