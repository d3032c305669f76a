//! AWS's limits for a deployment, and how near to them the template gets. `docs/limits.md` lists
//! them and says why that is near enough. What grows with the template also has a limit of ours,
//! below AWS's.

use std::collections::BTreeMap;
use std::fs;

use login_kit::limits::{amount, documented};
use serde_json::Value;

use crate::accepted::{LONGEST_ENVIRONMENT, environment_bytes, longest};
use crate::cloudformation::{Stack, Template, text};
use crate::edge::with as in_front;
use crate::observability::watched;
use crate::settings::FUNCTIONS;
use crate::translated::{STACKS, edge, observability, said, template};

/// The longest value that the pattern of a parameter accepts. `value` makes a value of a given
/// length.
fn longest_taken(template: &Template, name: &str, value: impl Fn(usize) -> String) -> usize {
    let is_taken = |length: &usize| template.takes(name, &value(*length));
    let longest = (1..5_000).filter(is_taken).max();
    longest.unwrap_or_else(|| panic!("{name} takes nothing"))
}

/// The largest number.
fn most(found: impl IntoIterator<Item = usize>) -> usize {
    found.into_iter().max().unwrap()
}

fn whole(value: &Value) -> usize {
    value.as_u64().unwrap().try_into().unwrap()
}

/// The largest of these policies, as CloudFormation sends them: JSON without spaces.
fn largest_policy<'a>(policies: impl Iterator<Item = &'a Value>) -> usize {
    most(policies.map(|policy| serde_json::to_string(policy).unwrap().len()))
}

/// The length of the longest role's policies. AWS counts all policies of a role together, without
/// white space.
fn role_policies(stack: &Stack) -> usize {
    most(stack.of_type("AWS::IAM::Role").map(|(_, role)| {
        let policies = role["Policies"].as_array().into_iter().flatten();
        policies
            .map(|policy| {
                serde_json::to_string(&policy["PolicyDocument"])
                    .unwrap()
                    .len()
            })
            .sum::<usize>()
    }))
}

/// How many periods an alarm evaluates, and the length of a period in seconds.
fn alarm_periods(alarm: &Value) -> (usize, usize) {
    let periods = whole(&alarm["EvaluationPeriods"]);
    let of_metrics = alarm["Metrics"].as_array().into_iter().flatten();
    let of_metrics = of_metrics.filter_map(|metric| metric["MetricStat"]["Period"].as_u64());
    let period = alarm["Period"].as_u64().into_iter().chain(of_metrics).max();
    (periods, period.unwrap().try_into().unwrap())
}

/// The lengths of time over which alarms look, in seconds: of the alarms whose periods have an hour
/// or more, or else of those with shorter periods.
fn alarm_windows<'a>(
    alarms: impl Iterator<Item = &'a Value>,
    of_hours: bool,
) -> impl Iterator<Item = usize> {
    let periods = alarms.map(alarm_periods);
    let these = periods.filter(move |(_, period)| (*period >= 3_600) == of_hours);
    these.map(|(periods, period)| periods * period)
}

/// The lengths of the names that are limited like a web ACL's name, for the longest name of a
/// stack: those of CloudFront, of the firewall, and of the firewall's metrics.
fn names_in_front() -> Vec<usize> {
    let edge = edge();
    let longest = "a".repeat(longest_taken(&edge, "Name", |length| "a".repeat(length)));
    let stack = in_front(&[("Name", &longest)]).unwrap();
    let of = |kind: &str, pointer: &str| -> Vec<usize> {
        let found = stack.of_type(kind).map(|(_, one)| one.pointer(pointer));
        let lengths: Vec<_> = found.map(|name| text(name.unwrap()).len()).collect();
        assert!(!lengths.is_empty(), "{kind}");
        lengths
    };
    let acl = "AWS::WAFv2::WebACL";
    let rules = stack.of_type(acl).flat_map(|(_, one)| {
        let rules = one["Rules"].as_array().unwrap().iter();
        rules.map(|rule| text(&rule["VisibilityConfig"]["MetricName"]).len())
    });
    [
        of(acl, "/Name"),
        of(acl, "/VisibilityConfig/MetricName"),
        of(
            "AWS::CloudFront::Distribution",
            "/DistributionConfig/Comment",
        ),
        of("AWS::CloudFront::CachePolicy", "/CachePolicyConfig/Name"),
        rules.collect(),
    ]
    .concat()
}

#[test]
fn every_limit_of_a_deployment_is_written_down_and_kept() {
    let stack = longest();
    let templates = [template(), observability(), edge()];
    let section = |name: &str| most(templates.iter().map(|one| one.section(name).len()));
    let descriptions = |name: &str| {
        let all = templates.iter().flat_map(|one| one.section(name).values());
        most(all.filter_map(|one| Some(one["Description"].as_str()?.len())))
    };
    let files = ["TEMPLATE", "OBSERVABILITY", "EDGE"];
    let files = files.map(|one| fs::metadata(said(one)).unwrap().len().try_into().unwrap());
    let environments = FUNCTIONS.map(|function| environment_bytes(&stack, function));
    let waits = |integration: &str| whole(&stack.properties(integration)["TimeoutInMillis"]);
    let (integration, of_members) = (waits("ApiIntegration"), waits("MembersIntegration"));
    let timeout = |function: &str| whole(&stack.properties(function)["Timeout"]);
    let triggers = ["InboundFederationFunction", "PreTokenGenerationFunction"].map(timeout);
    let attributes = template().json["Resources"]["UserPool"]["Properties"]["Schema"].clone();
    // The last attribute is there only where members are verified.
    let attributes = attributes.as_array().unwrap().iter();
    let attributes = attributes.map(|one| one.pointer("/Fn::If/1").unwrap_or(one));
    let scopes = stack.properties("ResourceServer")["Scopes"].clone();
    let scopes = scopes.as_array().unwrap();
    let watched = watched();
    let alarms = || {
        watched
            .of_type("AWS::CloudWatch::Alarm")
            .map(|(_, alarm)| alarm)
    };
    let math = alarms().filter_map(|alarm| alarm["Metrics"].as_array());
    // The stack with the longest values uses existing keys, and so has no key policies.
    let all = STACKS.iter().map(|(_, stack)| stack);
    let keys = all.flat_map(|stack| stack.of_type("AWS::KMS::Key"));
    let host = |length: usize| format!("{}.jp", "a".repeat(length.saturating_sub(3)));
    let url = |length: usize| format!("https://{}", "a".repeat(length.saturating_sub(8)));
    let label = |length: usize| "a".repeat(length);
    let main = &templates[0];

    // Each row has the actual value, AWS's limit (from its pages of quotas and the models of its
    // APIs), and our limit: the actual value, or the value to which the template may grow.
    let rows = [
        (
            "environment",
            "B",
            most(environments),
            LONGEST_ENVIRONMENT,
            Some(LONGEST_ENVIRONMENT),
        ),
        ("api_time", "s", integration / 1_000, 30, None),
        ("members_api_time", "s", of_members / 1_000, 30, None),
        ("trigger_function_time", "s", most(triggers), 5, None),
        ("template", "B", most(files), 1_000_000, Some(250_000)),
        ("parameters", "", section("Parameters"), 200, Some(100)),
        ("resources", "", section("Resources"), 500, Some(150)),
        ("outputs", "", section("Outputs"), 200, Some(50)),
        (
            "descriptions",
            "B",
            descriptions("Parameters"),
            4_000,
            Some(1_000),
        ),
        (
            "role_policies",
            "",
            role_policies(&stack),
            10_240,
            Some(5_000),
        ),
        (
            "key_policy",
            "B",
            largest_policy(keys.map(|(_, key)| &key["KeyPolicy"])),
            32_768,
            Some(3_000),
        ),
        (
            "domain_prefix",
            "",
            longest_taken(main, "DomainPrefix", label),
            63,
            None,
        ),
        (
            "cognito_domain",
            "",
            longest_taken(main, "CognitoDomain", host),
            63,
            None,
        ),
        (
            "callback_url",
            "",
            longest_taken(main, "AppCallbackUrls", url),
            1_024,
            None,
        ),
        (
            "attribute_name",
            "",
            most(attributes.map(|one| text(&one["Name"]).len())),
            20,
            None,
        ),
        ("resource_server_scopes", "", scopes.len(), 100, Some(25)),
        ("web_acl_name", "", most(names_in_front()), 128, None),
        (
            "alarm_window",
            "s",
            most(alarm_windows(alarms(), true)),
            604_800,
            None,
        ),
        (
            "alarm_window_of_minutes",
            "s",
            most(alarm_windows(alarms(), false)),
            86_400,
            None,
        ),
        ("alarm_metrics", "", most(math.map(Vec::len)), 10, None),
    ];
    let mut expected = BTreeMap::new();
    for (id, unit, actual, theirs, ours) in rows {
        let ours = ours.unwrap_or(actual);
        assert!(
            actual <= ours && ours <= theirs,
            "{id}: {actual}, {ours}, {theirs}"
        );
        let row = (format!("≤ {}", amount(theirs, unit)), amount(ours, unit));
        println!("{id}: {} of {}", amount(actual, unit), row.1);
        expected.insert(id.to_owned(), row);
    }
    for (document, heading) in [
        (include_str!("../../docs/limits.md"), "デプロイ"),
        (include_str!("../../docs/limits.en.md"), "A deployment"),
    ] {
        assert_eq!(documented(document, heading), expected, "{heading}");
    }
    // Each time limit is longer than that of the step for which it waits.
    let answer = function_kit::invocation::ANSWER
        .as_millis()
        .try_into()
        .unwrap();
    let bridge = timeout("FederationFunction") * 1_000;
    let of_a_request = verification::verification::ANSWER.as_millis();
    let verification = timeout("VerificationFunction") * 1_000;
    for times in [
        [answer, bridge, integration, 30_000],
        [
            of_a_request.try_into().unwrap(),
            verification,
            of_members,
            30_000,
        ],
    ] {
        assert!(
            times.is_sorted_by(|shorter, longer| shorter < longer),
            "{times:?}"
        );
    }
    // Nobody settles a pass on which a function still works.
    let lease = member_table::LEASE.num_milliseconds();
    assert!(lease > verification.try_into().unwrap());
    assert!(triggers.iter().all(|trigger| trigger * 1_000 > answer));
}
