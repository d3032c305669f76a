//! The outputs of a stack, for the operator: for the service's form, for the app, and for the next
//! steps of the documentation.

use std::collections::BTreeMap;

use crate::cloudformation::REGION;
use crate::expected::{self, Given, MEMBERS_API, function_arn, key, named, secret, set};
use crate::translated::in_every_combination;

/// All outputs of a stack with these parameters.
fn outputs(given: &Given) -> BTreeMap<&'static str, String> {
    let issuer = expected::issuer(given);
    let connection = match set(given, "ServiceClientId") {
        Some(_) => "connected",
        None => "not connected yet - ServiceClientId is empty",
    };
    let mut outputs = BTreeMap::from([
        ("RedirectUri", format!("{issuer}/callback")),
        ("ClientJwksUrl", format!("{issuer}/client-jwks.json")),
        ("UserPoolIssuer", expected::pool_issuer(given)),
        ("Issuer", issuer),
        ("UserPoolId", expected::user_pool(given)),
        ("Connection", connection.to_owned()),
        ("RecordKeysArn", expected::record_keys(given)),
        (
            "PreTokenGenerationArn",
            function_arn("PreTokenGenerationFunction"),
        ),
        ("AlarmTopic", "Observability.Outputs.AlarmTopic".to_owned()),
        (
            "DashboardUrl",
            "Observability.Outputs.DashboardUrl".to_owned(),
        ),
    ]);
    for (output, kind, slot) in [
        ("AssertionKey1Arn", "AssertionKey", "1"),
        ("AssertionKey2Arn", "AssertionKey", "2"),
        ("IdTokenKey1Arn", "IdTokenKey", "1"),
        ("IdTokenKey2Arn", "IdTokenKey", "2"),
    ] {
        outputs.extend(key(given, kind, slot).map(|arn| (output, arn)));
    }
    if expected::has_logins(given) {
        let host = expected::login_host(given);
        let client = named("AppClient");
        let callback = given["AppCallbackUrls"].split(',').next().unwrap();
        let login = format!(
            "https://{host}/login?client_id={client}&response_type=code\
             &scope=openid&redirect_uri={callback}"
        );
        let inbound = function_arn("InboundFederationFunction");
        outputs.extend([
            ("LoginUrl", login),
            ("AppClientId", client),
            ("ClientSecretsArn", secret("ClientSecrets")),
            ("SealingKeysArn", secret("SealingKeys")),
            ("InboundFederationArn", inbound),
        ]);
    }
    if expected::has_members(given) {
        let url = format!("https://{MEMBERS_API}.execute-api.{REGION}.amazonaws.com");
        outputs.extend([
            ("MembersApiUrl", url),
            ("VerificationName", named("VerificationFunction")),
            ("MemberKeysArn", secret("MemberKeys")),
            ("MemberTableArn", expected::member_table(given)),
            (
                "MemberTableKeyArn",
                expected::member_key(given, "MemberTableKey"),
            ),
            ("PersonKeyArn", expected::member_key(given, "PersonKey")),
        ]);
    }
    let target = "ApiDomain.RegionalDomainName".to_owned();
    match (set(given, "BridgeDomain"), set(given, "OriginDomain")) {
        (Some(_), Some(_)) => {
            let front_door = secret("FrontDoorSecrets");
            // The ARN of a replica only differs in the Region.
            let copy = front_door.replace(REGION, "us-east-1");
            outputs.insert("OriginDomainTarget", target);
            outputs.insert("FrontDoorSecretsArn", front_door);
            outputs.insert("FrontDoorSecretsInUsEast1Arn", copy);
        }
        (Some(_), None) => {
            outputs.insert("BridgeDomainTarget", target);
        }
        (None, _) => {}
    }
    if set(given, "CognitoDomain").is_some() {
        let target = "LoginDomain.CloudFrontDistribution".to_owned();
        outputs.insert("CognitoDomainTarget", target);
    }
    outputs
}

#[test]
fn every_output_says_what_its_name_promises() {
    in_every_combination(|stack, given| {
        let told: BTreeMap<_, _> = stack
            .outputs
            .iter()
            .map(|(id, value)| (id.as_str(), value.clone()))
            .collect();
        assert_eq!(told, outputs(given), "{given:?}");
    });
}
