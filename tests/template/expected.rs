//! What the parameters of a stack must lead to, written a second time and independently of the
//! template: the addresses, keys and secrets with which several tests compare.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cloudformation::{ACCOUNT, REGION, STACK};
use crate::translated::template;

/// The id of the API.
pub(crate) const API: &str = "api1234567";
/// The id of the members' API.
pub(crate) const MEMBERS_API: &str = "api7654321";
/// The hosted zone of all CloudFront distributions (Amazon Route 53, AliasTarget).
pub(crate) const ZONE_OF_CLOUDFRONT: &str = "Z2FDTNDATAQYW2";

/// The parameters that have a default, with the default.
const DEFAULTS: &[(&str, &str)] = &[
    ("Environment", "sandbox"),
    ("ServiceClientId", ""),
    ("AskName", "no"),
    ("AskAddress", "no"),
    ("AskBirthdate", "no"),
    ("AskGender", "no"),
    ("AcrValues", "aal3 crl"),
    ("AcceptedAcr", ""),
    ("ServiceIdTokenAlgorithms", "ES256"),
    ("RequireAuthTime", "no"),
    ("GrantedScope", "required"),
    ("CallbackIss", "optional"),
    ("FormerServiceIssuers", ""),
    ("ServiceIssuer", ""),
    ("ServiceAuthorizationEndpoint", ""),
    ("ServiceTokenEndpoint", ""),
    ("ServiceUserinfoEndpoint", ""),
    ("ServiceJwksUri", ""),
    ("BridgeDomain", ""),
    ("BridgeCertificateArn", ""),
    ("OriginDomain", ""),
    ("DomainPrefix", ""),
    ("CognitoDomain", ""),
    ("CognitoCertificateArn", ""),
    ("HostedZoneId", ""),
    ("AppCallbackUrls", ""),
    ("AppLogoutUrls", ""),
    ("AppScopes", "openid"),
    ("AppClientType", "confidential"),
    ("Ages", "18,20"),
    ("MaxVerificationAge", "365d"),
    ("ProviderName", "MynaApp"),
    ("NameGone", "clear"),
    ("AddressGone", "clear"),
    ("BirthdateGone", "leave"),
    ("GenderGone", "clear"),
    ("ExistingUserPoolId", ""),
    ("ExistingUserPoolDomain", ""),
    ("Members", "no"),
    ("CardLogins", "yes"),
    ("MemberApps", ""),
    ("MemberOrigins", ""),
    ("SdkScopes", "none"),
    ("MembersPerPerson", "one"),
    ("ReleaseWait", "none"),
    ("ExistingMemberTable", ""),
    ("ExistingMemberTableKey", ""),
    ("ExistingPersonKey", ""),
    ("AssertionKeys", "1"),
    ("AssertionKey1", ""),
    ("AssertionKey1Algorithm", "ES256"),
    ("AssertionKey2", ""),
    ("AssertionKey2Algorithm", "ES256"),
    ("IdTokenKeys", "1"),
    ("IdTokenKey1", ""),
    ("IdTokenKey2", ""),
    ("ExistingRecordKeys", ""),
    ("ClientSecretVersionId", ""),
    ("AlarmEmail", ""),
    ("LogRetentionDays", "90"),
    ("LogLevel", "info"),
    ("LoginsPerSecond", "25"),
    ("LoginsBurst", "50"),
    ("FederationConcurrency", ""),
    ("TriggerConcurrency", ""),
    ("VerificationConcurrency", ""),
    ("Architecture", "arm64"),
];

/// The given parameters.
pub(crate) type Given = BTreeMap<String, String>;

/// The value of a parameter: the given one, or its default.
pub(crate) fn chosen<'a>(given: &'a Given, parameter: &str) -> &'a str {
    let default = || {
        let found = DEFAULTS.iter().find(|(name, _)| *name == parameter);
        found
            .unwrap_or_else(|| panic!("{parameter} has no default"))
            .1
    };
    given.get(parameter).map_or_else(default, String::as_str)
}

/// The value of a parameter, if it isn't empty.
pub(crate) fn set<'a>(given: &'a Given, parameter: &str) -> Option<&'a str> {
    Some(chosen(given, parameter)).filter(|value| !value.is_empty())
}

/// The values of a parameter that is a list.
pub(crate) fn values(given: &Given, parameter: &str) -> Vec<String> {
    chosen(given, parameter)
        .split(',')
        .map(str::to_owned)
        .collect()
}

/// The value of `Ref` for a resource whose name AWS generates.
pub(crate) fn named(id: &str) -> String {
    format!("{STACK}-{id}")
}

pub(crate) fn function_arn(id: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK}-{id}")
}

pub(crate) fn log_group_arn(id: &str) -> String {
    format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{STACK}-{id}:*")
}

pub(crate) fn secret(id: &str) -> String {
    let kind = match id {
        "ClientSecrets" => "client-secrets",
        "FrontDoorSecrets" => "front-door-secrets",
        "SealingKeys" => "sealing-keys",
        "RecordKeys" => "record-keys",
        "MemberKeys" => "member-keys",
        other => panic!("no secret: {other}"),
    };
    // The part before the last is the beginning of the stack's id.
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{STACK}-{kind}-a1b2c3d4-AbCdEf")
}

/// The secret with the record keys: the existing one, or the new one.
pub(crate) fn record_keys(given: &Given) -> String {
    let existing = set(given, "ExistingRecordKeys").map(str::to_owned);
    existing.unwrap_or_else(|| secret("RecordKeys"))
}

/// The key in a slot (`1` or `2`) of a kind (`AssertionKey` or `IdTokenKey`), if the slot is in
/// use.
pub(crate) fn key(given: &Given, kind: &str, slot: &str) -> Option<String> {
    let is_used = chosen(given, &format!("{kind}s")).contains(slot)
        && (kind != "IdTokenKey" || has_logins(given));
    let existing = set(given, &format!("{kind}{slot}")).map(str::to_owned);
    let made = || format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/Made{kind}{slot}");
    is_used.then(|| existing.unwrap_or_else(made))
}

/// The keys of a kind, in the chosen order.
pub(crate) fn keys(given: &Given, kind: &str) -> Vec<String> {
    let slots = chosen(given, &format!("{kind}s")).split(' ');
    slots.filter_map(|slot| key(given, kind, slot)).collect()
}

/// Whether people sign in with the card.
pub(crate) fn has_logins(given: &Given) -> bool {
    chosen(given, "CardLogins") == "yes"
}

/// Whether members are verified.
pub(crate) fn has_members(given: &Given) -> bool {
    chosen(given, "Members") == "yes"
}

/// The ARN of the table of members: of the existing one, or of the new one.
pub(crate) fn member_table(given: &Given) -> String {
    let existing = set(given, "ExistingMemberTable").map(str::to_owned);
    let made = || format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{STACK}-MemberTable");
    existing.unwrap_or_else(made)
}

/// The ARN of a key of the members: `PersonKey` or `MemberTableKey`.
pub(crate) fn member_key(given: &Given, key: &str) -> String {
    let existing = set(given, &format!("Existing{key}")).map(str::to_owned);
    existing.unwrap_or_else(|| format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}"))
}

/// The issuer of the user pool's tokens.
pub(crate) fn pool_issuer(given: &Given) -> String {
    let pool = user_pool(given);
    format!("https://cognito-idp.{REGION}.amazonaws.com/{pool}")
}

/// The bridge's issuer.
pub(crate) fn issuer(given: &Given) -> String {
    match set(given, "BridgeDomain") {
        Some(domain) => format!("https://{domain}"),
        None => format!("https://{API}.execute-api.{REGION}.amazonaws.com"),
    }
}

/// The service's issuer (contract S1).
pub(crate) fn service_issuer(given: &Given) -> &str {
    match chosen(given, "Environment") {
        "sandbox" => "https://sb-auth-and-sign.go.jp/api/realms/main",
        "production" => "https://auth-and-sign.go.jp/api/realms/main",
        _ => chosen(given, "ServiceIssuer"),
    }
}

/// The issuers whose records are believed: the service's issuer and its former ones.
pub(crate) fn believed_issuers(given: &Given) -> String {
    let former = set(given, "FormerServiceIssuers");
    let all = std::iter::once(service_issuer(given)).chain(former);
    all.collect::<Vec<_>>().join(" ")
}

/// The attributes that the bridge asks for, by the names of their scopes.
pub(crate) fn attributes(given: &Given) -> Vec<&'static str> {
    let asked = [
        ("AskName", "name"),
        ("AskAddress", "address"),
        ("AskBirthdate", "birthdate"),
        ("AskGender", "gender"),
    ];
    let asked = asked
        .into_iter()
        .filter(|(ask, _)| chosen(given, ask) == "yes");
    asked.map(|(_, scope)| scope).collect()
}

/// The id of the user pool: of the existing one, or of the new one.
pub(crate) fn user_pool(given: &Given) -> String {
    let existing = set(given, "ExistingUserPoolId").map(str::to_owned);
    existing.unwrap_or_else(|| format!("{REGION}_EXAMPLE"))
}

/// The host of the user pool's login pages.
pub(crate) fn login_host(given: &Given) -> String {
    let domains = ["ExistingUserPoolDomain", "CognitoDomain"];
    let domain = domains.into_iter().find_map(|name| set(given, name));
    domain.map_or_else(
        || {
            let prefix = chosen(given, "DomainPrefix");
            format!("{prefix}.auth.{REGION}.amazoncognito.com")
        },
        str::to_owned,
    )
}

#[test]
fn what_is_left_out_is_what_the_template_says() {
    let template = template();
    let parameters = template.section("Parameters").iter();
    let defaults: BTreeMap<_, _> = parameters
        .filter_map(|(name, parameter)| {
            let default = crate::cloudformation::text(parameter.get("Default")?);
            Some((name.clone(), default))
        })
        .collect();
    let expected = DEFAULTS.iter();
    let expected = expected.map(|&(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(defaults, expected.collect());
}

/// A parameter that always has the same value could be a constant in the template.
#[test]
fn every_parameter_is_tried_with_two_values_at_least() {
    let combinations = crate::combinations::every_combination();
    for name in template().section("Parameters").keys() {
        let value = |given: &Given| given.get(name).cloned();
        let tried: std::collections::BTreeSet<_> = combinations.iter().map(value).collect();
        assert!(tried.len() >= 2, "{name} is always {tried:?}");
    }
}

/// The policy of the topic in the stack with this name.
pub(crate) fn topic_policy(stack: &str) -> Value {
    let topic = format!("{stack}-AlarmTopic");
    json!({
        "Topics": [topic],
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "AlarmsOfThisAccount",
                "Effect": "Allow",
                "Principal": { "Service": "cloudwatch.amazonaws.com" },
                "Action": "sns:Publish",
                "Resource": topic,
                "Condition": { "StringEquals": { "aws:SourceAccount": ACCOUNT } },
            }],
        },
    })
}

/// Whether a text is in Japanese and English, in this order.
pub(crate) fn speaks_both(text: &str) -> bool {
    let is_japanese = |text: &str| {
        text.chars()
            .any(|one| ('\u{3040}'..='\u{9fff}').contains(&one))
    };
    text.split_once(" / ").is_some_and(|(first, second)| {
        is_japanese(first) && !second.is_empty() && !is_japanese(second)
    })
}
