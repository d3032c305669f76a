//! The bridge's API, as Amazon Cognito and browsers use it: which function answers, on which paths,
//! under which names.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cloudformation::Stack;
use crate::expected::{
    API, ZONE_OF_CLOUDFRONT, chosen, function_arn, has_logins, has_members, log_group_arn, named,
    set,
};
use crate::translated::in_every_combination;

/// The route keys: the bridge's paths, and `$default` for all others. `/verify` is there only where
/// members are verified, and of the others two alone where nobody signs in with the card.
const ROUTES: [&str; 9] = [
    "$default",
    "ANY /.well-known/openid-configuration",
    "ANY /authorize",
    "ANY /callback",
    "ANY /client-jwks.json",
    "ANY /jwks.json",
    "ANY /token",
    "ANY /userinfo",
    VERIFY,
];
const VERIFY: &str = "ANY /verify";
/// What the service and the operator need in any case.
const OF_THE_SERVICE: [&str; 2] = ["ANY /callback", "ANY /client-jwks.json"];

/// What an API has of a kind.
pub(crate) fn of_api<'a>(
    stack: &'a Stack,
    kind: &str,
    api: &str,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let kind = format!("AWS::ApiGatewayV2::{kind}");
    let all = stack.of_type(&kind);
    let of_api: Vec<_> = all.filter(|(_, one)| one["ApiId"] == api).collect();
    of_api.into_iter()
}

#[test]
fn the_function_federation_answers_in_the_form_that_it_speaks() {
    in_every_combination(|stack, _| {
        let expected = json!({
            "ApiId": API,
            "IntegrationType": "AWS_PROXY",
            "IntegrationMethod": "POST",
            "IntegrationUri": function_arn("FederationFunction"),
            "PayloadFormatVersion": "2.0",
            "TimeoutInMillis": 11_000,
        });
        assert_eq!(*stack.properties("ApiIntegration"), expected);
        assert_eq!(of_api(stack, "Integration", API).count(), 1);
        let api = stack.properties("Api");
        assert_eq!(api["ProtocolType"], "HTTP");
        // It has neither an integration of its own nor CORS headers for scripts of other sites.
        let has: Vec<_> = api.as_object().unwrap().keys().collect();
        let known = [
            "Description",
            "DisableExecuteApiEndpoint",
            "Name",
            "ProtocolType",
        ];
        assert_eq!(has, known);
    });
}

/// The bridge itself authorises requests: a browser has no AWS signature.
#[test]
fn every_route_is_open_and_leads_to_the_function() {
    in_every_combination(|stack, given| {
        let routes = of_api(stack, "Route", API);
        let mut routes: Vec<_> = routes.map(|(_, route)| route.clone()).collect();
        routes.sort_by_key(|route| route["RouteKey"].to_string());
        let there = ROUTES.into_iter().filter(|key| match *key {
            VERIFY => has_members(given),
            key => has_logins(given) || OF_THE_SERVICE.contains(&key),
        });
        let expected = there.map(|key| {
            json!({
                "ApiId": API,
                "RouteKey": key,
                "AuthorizationType": "NONE",
                "Target": format!("integrations/{}", named("ApiIntegration")),
            })
        });
        assert_eq!(routes, expected.collect::<Vec<_>>());
        assert_eq!(of_api(stack, "Authorizer", API).count(), 0);
    });
}

#[test]
fn the_stage_is_the_only_one_and_deploys_what_changes() {
    in_every_combination(|stack, _| {
        let stage = stack.properties("ApiStage");
        assert_eq!(stage["ApiId"], API);
        assert_eq!(stage["StageName"], "$default", "no path comes before ours");
        assert_eq!(stage["AutoDeploy"], true);
        let log = &stage["AccessLogSettings"]["DestinationArn"];
        assert_eq!(*log, log_group_arn("ApiLogs"));
        let has: Vec<_> = stage.as_object().unwrap().keys().collect();
        // Other tests check limits and access log.
        let known = [
            "AccessLogSettings",
            "ApiId",
            "AutoDeploy",
            "DefaultRouteSettings",
            "RouteSettings",
            "StageName",
        ];
        assert_eq!(has, known);
        let log: Vec<_> = stage["AccessLogSettings"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(log, ["DestinationArn", "Format"]);
        assert_eq!(of_api(stack, "Stage", API).count(), 1);
    });
}

#[test]
fn the_name_of_the_api_has_the_bridges_certificate() {
    in_every_combination(|stack, given| {
        let Some(bridge) = set(given, "BridgeDomain") else {
            assert_eq!(stack.of_type("AWS::ApiGatewayV2::DomainName").count(), 0);
            return;
        };
        // Browsers and Amazon Cognito have no client certificate to show.
        let domain = json!({
            "DomainName": set(given, "OriginDomain").unwrap_or(bridge),
            "DomainNameConfigurations": [{
                "CertificateArn": chosen(given, "BridgeCertificateArn"),
                "EndpointType": "REGIONAL",
                // There is an AAAA record.
                "IpAddressType": "dualstack",
                "SecurityPolicy": "TLS_1_2",
            }],
        });
        assert_eq!(*stack.properties("ApiDomain"), domain);
        let mapping = json!({
            "ApiId": API,
            "DomainName": named("ApiDomain"),
            "Stage": named("ApiStage"),
        });
        assert_eq!(*stack.properties("ApiMapping"), mapping, "at the root");
    });
}

#[test]
fn every_record_points_to_whoever_has_its_name() {
    in_every_combination(|stack, given| {
        let records: BTreeMap<_, _> = stack
            .of_type("AWS::Route53::RecordSet")
            .map(|(id, record)| (id, record.clone()))
            .collect();
        let mut expected: BTreeMap<&str, Value> = BTreeMap::new();
        if let Some(zone) = set(given, "HostedZoneId") {
            let record = |name: &str, kind: &str, to: &str, zone_of_it: &str| {
                json!({
                    "HostedZoneId": zone,
                    "Name": name,
                    "Type": kind,
                    "AliasTarget": { "DNSName": to, "HostedZoneId": zone_of_it },
                })
            };
            if let Some(bridge) = set(given, "BridgeDomain") {
                let name = set(given, "OriginDomain").unwrap_or(bridge);
                let to = ["RegionalDomainName", "RegionalHostedZoneId"]
                    .map(|attribute| format!("ApiDomain.{attribute}"));
                expected.insert("BridgeRecord", record(name, "A", &to[0], &to[1]));
                expected.insert("BridgeRecord6", record(name, "AAAA", &to[0], &to[1]));
            }
            if let Some(name) = set(given, "CognitoDomain") {
                let to = "LoginDomain.CloudFrontDistribution";
                let to = record(name, "A", to, ZONE_OF_CLOUDFRONT);
                expected.insert("LoginRecord", to);
            }
        }
        assert_eq!(records, expected);
    });
}
