//! CloudFront and the firewall that may stand in front (infra/edge.yaml): nothing of a login is
//! cached, Amazon Cognito and people aren't turned away, and the bridge can tell which requests
//! came through CloudFront.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use federation::front_door::HEADER;
use function_kit::invocation::ANSWER;
use serde_json::{Value, json};

use crate::cloudformation::{ACCOUNT, REGION, Refused, Stack, list, text};
use crate::combinations::{EDGE, parameters};
use crate::expected::{ZONE_OF_CLOUDFRONT, speaks_both, topic_policy};
use crate::translated::{edge, template};

const CERTIFICATE: &str =
    "arn:aws:acm:us-east-1:123456789012:certificate/aaaaaaaa-0000-0000-0000-000000000005";
const VERSION: &str = "0123456789abcdef0123456789abcdef";

/// The ids of AWS's managed policies. They are the same in every account.
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
const ALL_VIEWER_EXCEPT_HOST_HEADER: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

/// The documents that anybody may read.
const DOCUMENTS: [&str; 3] = [
    "/.well-known/openid-configuration",
    "/client-jwks.json",
    "/jwks.json",
];

/// The stack behind CloudFront.
fn behind() -> Stack {
    let stack = template().stack("myna", &parameters(&[EDGE]));
    stack.unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// The parameters without a default, taken from the stack behind.
pub(crate) fn given() -> BTreeMap<String, String> {
    let (main, outputs) = (parameters(&[EDGE]), behind().outputs);
    [
        ("Name", "myna"),
        ("BridgeDomain", &main["BridgeDomain"]),
        ("OriginDomain", &main["OriginDomain"]),
        ("CertificateArn", CERTIFICATE),
        (
            "FrontDoorSecretsArn",
            &outputs["FrontDoorSecretsInUsEast1Arn"],
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

pub(crate) fn with(settings: &[(&str, &str)]) -> Result<Stack, Refused> {
    let mut given = given();
    given.extend(
        settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    edge().stack("myna-edge", &given)
}

fn in_front() -> Stack {
    with(&[]).unwrap_or_else(|refused| panic!("{refused:?}"))
}

fn distribution(stack: &Stack) -> Value {
    stack.properties("Distribution")["DistributionConfig"].clone()
}

fn rules(stack: &Stack) -> Vec<Value> {
    let mut rules = stack.properties("WebAcl")["Rules"]
        .as_array()
        .unwrap()
        .clone();
    rules.sort_by_key(|rule| rule["Priority"].as_u64());
    rules
}

/// The paths that Amazon Cognito itself requests, from the settings of the stack's identity
/// provider.
fn paths_of_cognito() -> BTreeSet<String> {
    let behind = behind();
    let details = &behind.properties("IdentityProvider")["ProviderDetails"];
    let issuer = text(&details["oidc_issuer"]);
    ["token_url", "attributes_url", "jwks_uri"]
        .map(|url| {
            let path = text(&details[url]);
            path.strip_prefix(&issuer).unwrap().to_owned()
        })
        .into()
}

#[test]
fn it_has_the_registered_name_and_hands_on_to_the_api() {
    let (stack, behind) = (in_front(), behind());
    let distribution = distribution(&stack);
    let issuer = behind.environment("FederationFunction")["ISSUER"].clone();
    let alias = text(&distribution["Aliases"][0]);
    assert_eq!(issuer, format!("https://{alias}"));
    assert_eq!(list(distribution.get("Aliases")).len(), 1);
    let origins = distribution["Origins"].as_array().unwrap();
    assert_eq!(origins.len(), 1);
    let origin = &origins[0];
    let api = &behind.properties("ApiDomain")["DomainName"];
    assert_eq!(origin["DomainName"], *api);
    let milliseconds = text(&behind.properties("ApiIntegration")["TimeoutInMillis"]);
    let milliseconds: u64 = milliseconds.parse().unwrap();
    let seconds = origin["CustomOriginConfig"]["OriginReadTimeout"]
        .as_u64()
        .unwrap();
    assert!(seconds * 1_000 > milliseconds, "the API gives up first");
    // Amazon Cognito waits five seconds. Even if the first connection hangs, the bridge must have
    // the time that it takes at most.
    let connecting = Duration::from_secs(origin["ConnectionTimeout"].as_u64().unwrap());
    assert!(connecting + ANSWER <= Duration::from_secs(5));
    assert_eq!(origin["ConnectionAttempts"], 2);
    // The origin has no path of its own, and no further settings.
    let has: Vec<_> = origin.as_object().unwrap().keys().collect();
    let known = [
        "ConnectionAttempts",
        "ConnectionTimeout",
        "CustomOriginConfig",
        "DomainName",
        "Id",
        "OriginCustomHeaders",
    ];
    assert_eq!(has, known);
    let told = [
        ("BridgeDomainTarget", "Distribution.DomainName".to_owned()),
        ("DistributionId", "myna-edge-Distribution".to_owned()),
        ("WebAclArn", web_acl_arn()),
        ("AlarmTopic", "myna-edge-AlarmTopic".to_owned()),
    ];
    let told = told.map(|(output, value)| (output.to_owned(), value));
    assert_eq!(stack.outputs, told.into());
}

/// No visitor is refused by country, and every request passes the web ACL.
#[test]
fn it_is_open_to_the_world_behind_its_web_acl() {
    let stack = in_front();
    let distribution = distribution(&stack);
    assert_eq!(distribution["Enabled"], true);
    // There is an AAAA record.
    assert_eq!(distribution["IPV6Enabled"], true);
    assert_eq!(distribution["HttpVersion"], "http2and3");
    // The price class covers the places from which people sign in: Japan, and all regions to which
    // they travel except South America and Oceania.
    assert_eq!(distribution["PriceClass"], "PriceClass_200");
    assert_eq!(distribution["WebACLId"], web_acl_arn());
    assert_eq!(stack.properties("WebAcl")["Scope"], "CLOUDFRONT");
    let has: Vec<_> = distribution.as_object().unwrap().keys().collect();
    let known = [
        "Aliases",
        "CacheBehaviors",
        "Comment",
        "CustomErrorResponses",
        "DefaultCacheBehavior",
        "Enabled",
        "HttpVersion",
        "IPV6Enabled",
        "Origins",
        "PriceClass",
        "ViewerCertificate",
        "WebACLId",
    ];
    assert_eq!(has, known);
}

fn web_acl_arn() -> String {
    format!("arn:aws:wafv2:{REGION}:{ACCOUNT}:global/webacl/myna-edge-WebAcl")
}

#[test]
fn nothing_is_spoken_but_tls() {
    let distribution = distribution(&in_front());
    let viewer = &distribution["ViewerCertificate"];
    assert_eq!(viewer["MinimumProtocolVersion"], "TLSv1.2_2021");
    assert_eq!(viewer["SslSupportMethod"], "sni-only");
    assert_eq!(viewer["AcmCertificateArn"], CERTIFICATE);
    let origin = &distribution["Origins"][0]["CustomOriginConfig"];
    assert_eq!(origin["OriginProtocolPolicy"], "https-only");
    assert_eq!(list(origin.get("OriginSSLProtocols")), ["TLSv1.2"]);
    let others = distribution["CacheBehaviors"].as_array().unwrap();
    for behavior in others.iter().chain([&distribution["DefaultCacheBehavior"]]) {
        assert_eq!(behavior["ViewerProtocolPolicy"], "https-only");
    }
}

/// CloudFront sends the bridge's header with a reference to its secret. No template and no
/// parameter contains the value.
#[test]
fn it_shows_what_the_bridge_knows_by_a_reference() {
    let copy = behind().outputs["FrontDoorSecretsInUsEast1Arn"].clone();
    for version in ["", VERSION] {
        let stack = with(&[("FrontDoorSecretsVersionId", version)])
            .ok()
            .unwrap();
        let headers = distribution(&stack)["Origins"][0]["OriginCustomHeaders"].clone();
        // A dynamic reference has the secret, SecretString, the JSON key, the stage and the
        // version.
        let reference =
            format!("{{{{resolve:secretsmanager:{copy}:SecretString:current::{version}}}}}");
        let expected = json!([{ "HeaderName": HEADER, "HeaderValue": reference }]);
        assert_eq!(headers, expected);
    }
}

#[test]
fn nothing_of_a_login_is_kept_and_all_of_it_is_handed_on() {
    let stack = in_front();
    let distribution = distribution(&stack);
    // No CloudFront function changes the request, and the bridge itself refuses methods that it
    // doesn't know.
    let login = json!({
        "TargetOriginId": "api",
        "ViewerProtocolPolicy": "https-only",
        "AllowedMethods": ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
        "Compress": false,
        "CachePolicyId": CACHING_DISABLED,
        "OriginRequestPolicyId": ALL_VIEWER_EXCEPT_HOST_HEADER,
    });
    assert_eq!(distribution["DefaultCacheBehavior"], login);
    assert_eq!(distribution["Origins"][0]["Id"], "api");
    // The URLs and cookies of logins aren't logged.
    assert!(distribution.get("Logging").is_none());
    assert_eq!(
        stack.of_type("AWS::CloudFront::RealtimeLogConfig").count(),
        0
    );
    assert_eq!(stack.of_type("AWS::Logs::DeliverySource").count(), 0);
}

#[test]
fn only_the_documents_are_kept_for_as_long_as_the_bridge_says() {
    let stack = in_front();
    let distribution = distribution(&stack);
    let kept = distribution["CacheBehaviors"].as_array().unwrap();
    let mut paths = BTreeSet::new();
    for behavior in kept {
        let path = text(&behavior["PathPattern"]);
        let expected = json!({
            "PathPattern": path,
            "TargetOriginId": "api",
            "ViewerProtocolPolicy": "https-only",
            "AllowedMethods": ["GET", "HEAD"],
            "Compress": false,
            "CachePolicyId": "myna-edge-DocumentsCachePolicy",
        });
        assert_eq!(*behavior, expected);
        assert!(paths.insert(path.clone()), "{path} twice");
    }
    assert_eq!(paths, DOCUMENTS.map(str::to_owned).into());
    let policy = &stack.properties("DocumentsCachePolicy")["CachePolicyConfig"];
    // Without a cache header of the bridge, nothing is cached. With one, nothing is cached for
    // longer than the bridge ever allows.
    let times = ["MinTTL", "DefaultTTL", "MaxTTL"].map(|time| policy[time].as_u64());
    assert_eq!(times, [Some(0), Some(0), Some(300)]);
    // Everything in the cache key is passed on. The host must not be, since it isn't the API's.
    let key = &policy["ParametersInCacheKeyAndForwardedToOrigin"];
    for (part, behavior) in [
        ("CookiesConfig", "CookieBehavior"),
        ("HeadersConfig", "HeaderBehavior"),
        ("QueryStringsConfig", "QueryStringBehavior"),
    ] {
        assert_eq!(key[part], json!({ behavior: "none" }), "{part}");
    }
    for encoding in ["EnableAcceptEncodingGzip", "EnableAcceptEncodingBrotli"] {
        assert_eq!(key[encoding], false, "a document is kept once");
    }
}

/// By default, CloudFront caches errors by their path alone, and despite `no-store`.
#[test]
fn no_error_is_shown_to_anybody_else() {
    let distribution = distribution(&in_front());
    let errors = distribution["CustomErrorResponses"].as_array().unwrap();
    let mut codes = BTreeSet::new();
    for error in errors {
        assert_eq!(error["ErrorCachingMinTTL"], 0, "{error}");
        assert_eq!(error.as_object().unwrap().len(), 2, "the bridge's own page");
        codes.insert(error["ErrorCode"].as_u64().unwrap());
    }
    // All codes that can be configured.
    let all = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];
    assert_eq!(codes, all.into());
    // The bridge's codes are among them, or CloudFront never caches them.
    let never_kept = [401, 409, 413, 429];
    for class in relying_party::Class::ALL {
        let status = u64::from(class.status().as_u16());
        assert!(
            codes.contains(&status) || never_kept.contains(&status),
            "{class}"
        );
    }
}

/// Amazon Cognito's requests for all users come from a few addresses. A limit for one address or a
/// list of bad addresses would affect everybody.
#[test]
fn amazon_cognito_is_never_turned_away() {
    let stack = in_front();
    let rules = rules(&stack);
    let (first, others) = rules.split_first().unwrap();
    assert_eq!(first["Action"], json!({ "Allow": {} }));
    let statements = &first["Statement"]["OrStatement"]["Statements"];
    let mut paths = BTreeSet::new();
    for statement in statements.as_array().unwrap() {
        let path = &statement["ByteMatchStatement"];
        assert_eq!(path["FieldToMatch"], json!({ "UriPath": {} }));
        assert_eq!(path["PositionalConstraint"], "EXACTLY");
        // With a transformation, other paths would match, too.
        assert_eq!(path["TextTransformations"][0]["Type"], "NONE");
        paths.insert(text(&path["SearchString"]));
    }
    assert_eq!(paths, paths_of_cognito());
    // An allowed request skips the other rules. No other rule allows a request.
    for rule in others {
        assert!(rule["Action"].get("Allow").is_none(), "{rule}");
    }
    assert_eq!(
        stack.properties("WebAcl")["DefaultAction"],
        json!({ "Allow": {} })
    );
}

#[test]
fn one_address_is_limited_with_a_page_that_says_so() {
    for (limit, expected) in [(None, "1000"), (Some("200"), "200")] {
        let settings = limit.map(|limit| ("RequestsPerAddress", limit));
        let stack = with(settings.as_slice()).ok().unwrap();
        let rules = rules(&stack);
        let limits: Vec<_> = rules
            .iter()
            .filter_map(|rule| Some((rule, rule["Statement"].get("RateBasedStatement")?)))
            .collect();
        let [(rule, limit)] = &limits[..] else {
            panic!("{limits:?}")
        };
        assert_eq!(text(&limit["Limit"]), expected);
        assert_eq!(limit["AggregateKeyType"], "IP");
        assert_eq!(limit["EvaluationWindowSec"], 300);
        assert!(limit.get("ScopeDownStatement").is_none());
        let response = &rule["Action"]["Block"]["CustomResponse"];
        let expected = json!({
            "ResponseCode": 429,
            "CustomResponseBodyKey": "too-many",
            "ResponseHeaders": [
                { "Name": "cache-control", "Value": "no-store" },
                { "Name": "retry-after", "Value": "300" },
            ],
        });
        assert_eq!(*response, expected);
    }
    for refused in ["99", "0", "many"] {
        let expected = Refused::Parameter("RequestsPerAddress".to_owned());
        let refused = with(&[("RequestsPerAddress", refused)]).err();
        assert_eq!(refused, Some(expected));
    }
}

/// AWS's common rule set refuses query strings over 2,048 bytes. Amazon Cognito's state alone can
/// be longer.
#[test]
fn no_rule_of_aws_breaks_a_login() {
    let stack = in_front();
    let groups: Vec<_> = rules(&stack)
        .iter()
        .filter_map(|rule| rule["Statement"].get("ManagedRuleGroupStatement").cloned())
        .collect();
    // These lists block requests and don't just count them. A person whose address is on a list
    // sees a page that says so.
    let refused = |list: &str| {
        json!({
            "Name": list,
            "ActionToUse": { "Block": { "CustomResponse": {
                "ResponseCode": 403,
                "CustomResponseBodyKey": "refused",
                "ResponseHeaders": [{ "Name": "cache-control", "Value": "no-store" }],
            } } },
        })
    };
    let lists = ["AWSManagedIPReputationList", "AWSManagedReconnaissanceList"];
    let expected = [
        json!({
            "VendorName": "AWS",
            "Name": "AWSManagedRulesAmazonIpReputationList",
            "RuleActionOverrides": lists.map(refused),
        }),
        json!({ "VendorName": "AWS", "Name": "AWSManagedRulesKnownBadInputsRuleSet" }),
    ];
    assert_eq!(groups, expected);
    for rule in rules(&stack).iter().skip(2) {
        assert_eq!(rule["OverrideAction"], json!({ "None": {} }), "{rule}");
    }
    // AWS would refuse two rules with the same priority or name.
    let order = rules(&stack).into_iter();
    let order: Vec<_> = order
        .map(|rule| (rule["Priority"].as_u64(), text(&rule["Name"])))
        .collect();
    let expected = [
        "amazon-cognito",
        "too-many",
        "known-attackers",
        "known-attacks",
    ];
    let expected = expected.map(str::to_owned);
    assert_eq!(order, (0..).map(Some).zip(expected).collect::<Vec<_>>());
    for rule in rules(&stack) {
        let metric = &rule["VisibilityConfig"]["MetricName"];
        assert_eq!(text(metric), format!("myna-edge-{}", text(&rule["Name"])));
    }
}

#[test]
fn a_page_of_the_firewall_is_in_both_languages_and_asks_nobody_else() {
    let stack = in_front();
    let bodies = &stack.properties("WebAcl")["CustomResponseBodies"];
    let bodies = bodies.as_object().unwrap();
    let names: Vec<_> = bodies.keys().map(String::as_str).collect();
    assert_eq!(names, ["refused", "too-many"]);
    for body in bodies.values() {
        assert_eq!(body["ContentType"], "TEXT_HTML");
        let page = text(&body["Content"]);
        assert!(page.contains("ログインできませんでした"));
        assert!(page.contains("You could not be signed in"));
        assert!(!page.contains("://") && !page.contains("<script"), "{page}");
        assert!(page.len() < 4_096, "{}", page.len());
    }
}

#[test]
fn only_who_was_refused_is_logged_and_nothing_of_a_login() {
    let stack = in_front();
    let logging = stack.properties("WebAclLogging");
    assert_eq!(logging["LoggingFilter"]["DefaultBehavior"], "DROP");
    let kept = json!([{
        "Behavior": "KEEP",
        "Requirement": "MEETS_ANY",
        "Conditions": [{ "ActionCondition": { "Action": "BLOCK" } }],
    }]);
    assert_eq!(logging["LoggingFilter"]["Filters"], kept);
    assert_eq!(logging["ResourceArn"], web_acl_arn());
    // The name of the log group is written out, so AWS CloudFormation can't infer which resource
    // comes first.
    let after = list(stack.resources["WebAclLogging"].get("DependsOn"));
    assert_eq!(after, ["WebAclLogs"]);
    let redacted = logging["RedactedFields"].as_array().unwrap();
    assert!(redacted.contains(&json!({ "QueryString": {} })));
    for header in ["cookie", "authorization", "referer", HEADER] {
        let header = json!({ "SingleHeader": { "Name": header } });
        assert!(redacted.contains(&header), "{header}");
    }
    let group = text(&stack.properties("WebAclLogs")["LogGroupName"]);
    assert_eq!(group, "aws-waf-logs-myna-edge");
    let destination = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}");
    assert_eq!(logging["LogDestinationConfigs"], json!([destination]));
    for (days, expected) in [(None, "90"), (Some("365"), "365")] {
        let settings = days.map(|days| ("LogRetentionDays", days));
        let stack = with(settings.as_slice()).ok().unwrap();
        let kept = &stack.properties("WebAclLogs")["RetentionInDays"];
        assert_eq!(text(kept), expected);
    }
    // A sample would contain the query string and the cookies.
    let web_acl = stack.properties("WebAcl");
    for visible in rules(&stack).iter().chain([web_acl]) {
        let visible = &visible["VisibilityConfig"];
        assert_eq!(visible["SampledRequestsEnabled"], false);
        // An alarm uses this metric.
        assert_eq!(visible["CloudWatchMetricsEnabled"], true);
    }
}

#[test]
fn every_name_carries_the_stacks_behind() {
    let stack = in_front();
    let mut names = vec![
        stack.properties("WebAcl")["Name"].clone(),
        stack.properties("WebAcl")["VisibilityConfig"]["MetricName"].clone(),
        stack.properties("DocumentsCachePolicy")["CachePolicyConfig"]["Name"].clone(),
        stack.properties("WebAclLogs")["LogGroupName"].clone(),
        stack.properties("AlarmTopic")["DisplayName"].clone(),
        distribution(&stack)["Comment"].clone(),
    ];
    for rule in rules(&stack) {
        names.push(rule["VisibilityConfig"]["MetricName"].clone());
    }
    for (_, alarm) in stack.of_type("AWS::CloudWatch::Alarm") {
        names.push(alarm["AlarmName"].clone());
    }
    assert!(names.len() > 10);
    let one = names.len();
    for name in &names {
        assert!(text(name).contains("myna"), "{name}");
    }
    let metrics: BTreeSet<_> = names.iter().map(text).collect();
    // Only the web ACL and its metric have the same name.
    assert_eq!(metrics.len(), one - 1, "{metrics:?}");
}

#[test]
fn its_alarms_tell_somebody_and_watch_this_stack() {
    let stack = with(&[("AlarmEmail", "ops@example.jp")]).ok().unwrap();
    let alarms: Vec<_> = stack.of_type("AWS::CloudWatch::Alarm").collect();
    assert_eq!(alarms.len(), 2);
    for (id, alarm) in alarms {
        let mut alarm = alarm.clone();
        let description = alarm.as_object_mut().unwrap().remove("AlarmDescription");
        assert!(speaks_both(&text(&description.unwrap())), "{id}");
        let (name, metric, dimensions, statistic, threshold) = match id {
            "EdgeErrorsAlarm" => (
                "myna-edge-errors",
                ["AWS/CloudFront", "5xxErrorRate"],
                [
                    ["DistributionId", "myna-edge-Distribution"],
                    ["Region", "Global"],
                ],
                "Average",
                20,
            ),
            "EdgeBlockedAlarm" => (
                "myna-edge-blocked",
                ["AWS/WAFV2", "BlockedRequests"],
                [["WebACL", "myna-edge"], ["Rule", "ALL"]],
                "Sum",
                500,
            ),
            other => panic!("{other}"),
        };
        let dimensions = dimensions.map(|[name, value]| json!({ "Name": name, "Value": value }));
        let expected = json!({
            "AlarmName": name,
            "AlarmActions": ["myna-edge-AlarmTopic"],
            "OKActions": ["myna-edge-AlarmTopic"],
            "TreatMissingData": "notBreaching",
            "Namespace": metric[0],
            "MetricName": metric[1],
            "Dimensions": dimensions,
            "Statistic": statistic,
            "Period": 300,
            "EvaluationPeriods": 6,
            "DatapointsToAlarm": 3,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": threshold,
        });
        assert_eq!(alarm, expected);
    }
    let policy = topic_policy("myna-edge");
    assert_eq!(*stack.properties("AlarmTopicPolicy"), policy);
    let subscription = json!({
        "TopicArn": "myna-edge-AlarmTopic",
        "Protocol": "email",
        "Endpoint": "ops@example.jp",
    });
    assert_eq!(*stack.properties("AlarmSubscription"), subscription);
    let nobody = in_front();
    assert_eq!(nobody.of_type("AWS::SNS::Subscription").count(), 0);
    // Amazon CloudWatch couldn't publish to a topic that is encrypted with the key that AWS
    // manages.
    let topic = json!({ "DisplayName": "myna" });
    assert_eq!(*stack.properties("AlarmTopic"), topic);
}

#[test]
fn records_are_made_where_there_is_a_zone() {
    assert_eq!(in_front().of_type("AWS::Route53::RecordSet").count(), 0);
    let stack = with(&[("HostedZoneId", "Z0123456789ABCDEFGHIJ")])
        .ok()
        .unwrap();
    let kinds: Vec<_> = stack
        .of_type("AWS::Route53::RecordSet")
        .map(|(_, record)| {
            let kind = text(&record["Type"]);
            let expected = json!({
                "HostedZoneId": "Z0123456789ABCDEFGHIJ",
                "Name": "login.example.jp",
                "Type": kind,
                "AliasTarget": {
                    "DNSName": "Distribution.DomainName",
                    "HostedZoneId": ZONE_OF_CLOUDFRONT,
                },
            });
            assert_eq!(*record, expected);
            kind
        })
        .collect();
    assert_eq!(kinds, ["A", "AAAA"]);
}

#[test]
fn what_cannot_be_in_front_no_parameter_takes() {
    let elsewhere = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:myna-AbCdEf";
    for (name, value) in [
        ("Name", ""),
        ("Name", "1 stack"),
        ("BridgeDomain", ""),
        ("OriginDomain", "https://origin.example.jp"),
        ("FrontDoorSecretsArn", elsewhere),
        ("FrontDoorSecretsVersionId", "AWSCURRENT"),
        (
            "CertificateArn",
            "arn:aws:acm:ap-northeast-1:123456789012:certificate/aaaaaaaa-0000-0000-0000-000000000005",
        ),
        ("HostedZoneId", "example.jp"),
        ("AlarmEmail", "ops"),
        ("LogRetentionDays", "2"),
    ] {
        let expected = Refused::Parameter(name.to_owned());
        assert_eq!(
            with(&[(name, value)]).err(),
            Some(expected),
            "{name}={value}"
        );
    }
}
