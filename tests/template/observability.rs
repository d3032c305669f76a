//! The observability of the stack: every alarm is about something that is measured, notifies
//! somebody, and says what to do.

use std::collections::{BTreeMap, BTreeSet};

use function_kit::failure::Concern;
use function_kit::metrics::{COLD_START, Count, Refused, START_DURATION, Step};
use function_kit::once::PERIOD;
use markdown::Document;
use relying_party::Class as BridgeClass;
use serde_json::{Value, json};

use crate::cloudformation::STACK;
use crate::cloudformation::{REGION, Stack, text};
use crate::cloudwatch::metrics_of;
use crate::combinations::{MEMBERS, MEMBERS_ALONE};
use crate::expected::{
    API, Given, MEMBERS_API, chosen, has_logins, has_members, member_key, named, record_keys,
    speaks_both, topic_policy,
};
use crate::translated::{in_every_combination, observability, template};

/// With logins and members.
pub(crate) fn watched() -> Stack {
    watched_with(given())
}

/// Without members.
fn watched_without_members() -> Stack {
    let mut given = given();
    for parameter in ["MembersApiId", "VerificationFunction"] {
        given.remove(parameter);
    }
    watched_with(given)
}

/// With members, and without logins.
fn watched_without_logins() -> Stack {
    let mut given = given();
    given.remove("InboundFederationFunction");
    watched_with(given)
}

fn watched_with(given: Given) -> Stack {
    observability()
        .stack("nested", &given)
        .unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// The parameters that the stack passes to the nested stack.
pub(crate) fn given() -> Given {
    let given = [
        ("Name", STACK),
        ("AlarmEmail", "ops@example.jp"),
        ("ApiId", "myna-ApiId"),
        ("ApiLogGroup", "myna-ApiLogs"),
        ("FederationFunction", "myna-FederationFunction"),
        (
            "InboundFederationFunction",
            "myna-InboundFederationFunction",
        ),
        (
            "PreTokenGenerationFunction",
            "myna-PreTokenGenerationFunction",
        ),
        ("MembersApiId", "myna-MembersApiId"),
        ("VerificationFunction", "myna-VerificationFunction"),
        ("Keys", "a-key,another-key"),
        ("Secrets", "a-secret,another-secret"),
    ];
    given
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

#[test]
fn the_stack_has_what_watches_it() {
    in_every_combination(|stack, given| {
        // The keys with which the bridge signs, and the secrets that it reads.
        let bridge = stack.environment("FederationFunction");
        let of = |variables: &[&str]| -> BTreeSet<String> {
            let found = variables.iter().filter_map(|name| bridge.get(*name));
            found
                .flat_map(|arns| arns.split(' '))
                .map(str::to_owned)
                .collect()
        };
        let watched = &stack.properties("Observability")["Parameters"];
        let listed = |name: &str| -> Vec<String> {
            text(&watched[name]).split(',').map(str::to_owned).collect()
        };
        let (keys, secrets) = (listed("Keys"), listed("Secrets"));
        let mut expected = of(&["ASSERTION_KEYS", "ID_TOKEN_KEYS"]);
        if has_members(given) {
            expected.extend(["PersonKey", "MemberTableKey"].map(|key| member_key(given, key)));
        }
        assert_eq!(keys.iter().cloned().collect::<BTreeSet<_>>(), expected);
        let mut expected = of(&[
            "CLIENT_SECRETS",
            "SEALING_KEYS",
            "FRONT_DOOR_SECRETS",
            "MEMBER_KEYS",
        ]);
        expected.insert(record_keys(given));
        assert_eq!(secrets.iter().cloned().collect::<BTreeSet<_>>(), expected);
        let mut passed = json!({
            "Name": STACK,
            "AlarmEmail": chosen(given, "AlarmEmail"),
            "ApiId": API,
            "ApiLogGroup": named("ApiLogs"),
            "FederationFunction": named("FederationFunction"),
            "PreTokenGenerationFunction": named("PreTokenGenerationFunction"),
            "Keys": keys.join(","),
            "Secrets": secrets.join(","),
        });
        if has_logins(given) {
            let inbound = "InboundFederationFunction";
            passed[inbound] = named(inbound).into();
        }
        if has_members(given) {
            passed["MembersApiId"] = MEMBERS_API.into();
            passed["VerificationFunction"] = named("VerificationFunction").into();
        }
        let nested = json!({ "TemplateURL": "infra/observability.yaml", "Parameters": passed });
        assert_eq!(*stack.properties("Observability"), nested);
    });
}

/// An alarm on one metric: it rings when a sum or the 95th percentile reaches a threshold.
struct Alarm {
    name: &'static str,
    metric: (&'static str, &'static str),
    /// A dimension besides `Stack`, which all metrics of ours have.
    dimension: Option<(&'static str, &'static str)>,
    statistic: &'static str,
    /// The length of a period in seconds.
    period: u32,
    periods: u32,
    /// In how many of the periods the threshold must be reached.
    needed: u32,
    threshold: u32,
}

const fn alarm(
    name: &'static str,
    metric: (&'static str, &'static str),
    dimension: Option<(&'static str, &'static str)>,
    (statistic, period, periods, needed): (&'static str, u32, u32, u32),
    threshold: u32,
) -> Alarm {
    Alarm {
        name,
        metric,
        dimension,
        statistic,
        period,
        periods,
        needed,
        threshold,
    }
}

/// Rings after a single occurrence.
const AT_ONCE: (&str, u32, u32, u32) = ("Sum", 60, 1, 1);
const IN_FIVE_MINUTES: (&str, u32, u32, u32) = ("Sum", 300, 1, 1);
/// For failures that anybody outside can cause. A single burst lies in two periods at most, so the
/// alarm needs three.
const GOING_ON: (&str, u32, u32, u32) = ("Sum", 300, 6, 3);
const SLOW: (&str, u32, u32, u32) = ("p95", 300, 6, 3);

const OURS: &str = "digital-auth";
const LAMBDA: &str = "AWS/Lambda";
const API_GATEWAY: &str = "AWS/ApiGateway";
const FEDERATION: Option<(&str, &str)> = Some(("FunctionName", "myna-FederationFunction"));
const INBOUND: Option<(&str, &str)> = Some(("FunctionName", "myna-InboundFederationFunction"));
const TOKENS: Option<(&str, &str)> = Some(("FunctionName", "myna-PreTokenGenerationFunction"));
const VERIFICATION: Option<(&str, &str)> = Some(("FunctionName", "myna-VerificationFunction"));
const THE_API: Option<(&str, &str)> = Some(("ApiId", "myna-ApiId"));
const THE_MEMBERS_API: Option<(&str, &str)> = Some(("ApiId", "myna-MembersApiId"));

/// The alarms on a single metric. What anybody outside can cause must go on for some time.
#[rustfmt::skip]
const ALARMS: [Alarm; 20] = [
    alarm("tampering", (OURS, "Tampering"), None, AT_ONCE, 1),
    alarm("operator-failures", (OURS, "Failure"), Some(("Concern", "operator")),
        IN_FIVE_MINUTES, 1),
    alarm("service-failures", (OURS, "Failure"), Some(("Concern", "service")), GOING_ON, 3),
    alarm("client-failures", (OURS, "Failure"), Some(("Concern", "client")), GOING_ON, 50),
    alarm("unproven-failures", (OURS, "Failure"), Some(("Concern", "unproven")), GOING_ON, 50),
    alarm("throttled", (OURS, "Throttled"), None, GOING_ON, 20),
    alarm("token-latency", (OURS, "TokenDuration"), None, SLOW, 3_000),
    alarm("federation-errors", (LAMBDA, "Errors"), FEDERATION, IN_FIVE_MINUTES, 1),
    alarm("federation-throttles", (LAMBDA, "Throttles"), FEDERATION, GOING_ON, 1),
    alarm("inbound-federation-errors", (LAMBDA, "Errors"), INBOUND, IN_FIVE_MINUTES, 1),
    alarm("inbound-federation-throttles", (LAMBDA, "Throttles"), INBOUND, GOING_ON, 1),
    alarm("inbound-federation-latency", (LAMBDA, "Duration"), INBOUND, SLOW, 3_000),
    alarm("pre-token-generation-errors", (LAMBDA, "Errors"), TOKENS, IN_FIVE_MINUTES, 1),
    alarm("pre-token-generation-throttles", (LAMBDA, "Throttles"), TOKENS, GOING_ON, 1),
    alarm("pre-token-generation-latency", (LAMBDA, "Duration"), TOKENS, SLOW, 3_000),
    alarm("api-latency", (API_GATEWAY, "Latency"), THE_API, SLOW, 3_000),
    alarm("second-accounts", (OURS, "SecondAccountRefused"), None, GOING_ON, 20),
    alarm("expired-passes", (OURS, "ExpiredPassSettled"), None, GOING_ON, 5),
    alarm("verification-errors", (LAMBDA, "Errors"), VERIFICATION, IN_FIVE_MINUTES, 1),
    alarm("verification-throttles", (LAMBDA, "Throttles"), VERIFICATION, GOING_ON, 1),
];

/// The alarms that are there only where members are verified.
const OF_MEMBERS: [&str; 6] = [
    "expired-passes",
    "members-api-errors",
    "second-accounts",
    "verification-errors",
    "verification-throttles",
    "verifications-failed",
];

/// The alarms that are there only where people sign in with the card.
const OF_LOGINS: [&str; 8] = [
    "inbound-federation-errors",
    "inbound-federation-gone",
    "inbound-federation-latency",
    "inbound-federation-throttles",
    "logins-none",
    "logins-refused",
    "pre-token-generation-gone",
    "token-latency",
];

/// Words that an alarm's description must have in each language, because they say where to look.
const TELLS: [(&str, [&str; 2]); 29] = [
    ("tampering", ["event=tampering", "event=tampering"]),
    (
        "operator-failures",
        ["docs/failures.md", "docs/failures.en.md"],
    ),
    (
        "service-failures",
        ["docs/failures.md", "docs/failures.en.md"],
    ),
    ("service-unreachable", ["ネットワーク", "network"]),
    ("client-failures", ["アクセスログ", "access log"]),
    (
        "unproven-failures",
        ["docs/failures.md", "docs/failures.en.md"],
    ),
    (
        "logins-refused",
        ["docs/failures.md", "docs/failures.en.md"],
    ),
    ("logins-none", ["docs/failures.md", "docs/failures.en.md"]),
    ("records-refused", ["RECORD_KEYS", "RECORD_KEYS"]),
    (
        "inbound-federation-gone",
        ["docs/existing-pool.md", "docs/existing-pool.en.md"],
    ),
    (
        "pre-token-generation-gone",
        ["docs/existing-pool.md", "docs/existing-pool.en.md"],
    ),
    ("throttled", ["LoginsPerSecond", "LoginsPerSecond"]),
    ("token-latency", ["ダッシュボード", "dashboard"]),
    ("federation-errors", ["event=start", "event=start"]),
    ("federation-throttles", ["クォータ", "quota"]),
    ("inbound-federation-errors", ["event=start", "event=start"]),
    ("inbound-federation-throttles", ["クォータ", "quota"]),
    ("inbound-federation-latency", ["5 秒", "5 s"]),
    (
        "pre-token-generation-errors",
        ["event=start", "event=start"],
    ),
    ("pre-token-generation-throttles", ["クォータ", "quota"]),
    ("pre-token-generation-latency", ["5 秒", "5 s"]),
    ("api-errors", ["5xx", "5xx"]),
    ("api-latency", ["ダッシュボード", "dashboard"]),
    (
        "second-accounts",
        ["person_already_verified", "person_already_verified"],
    ),
    (
        "verifications-failed",
        ["docs/failures.md", "docs/failures.en.md"],
    ),
    (
        "expired-passes",
        ["verification のログ", "log of verification"],
    ),
    ("verification-errors", ["event=start", "event=start"]),
    ("verification-throttles", ["クォータ", "quota"]),
    ("members-api-errors", ["5xx", "5xx"]),
];

#[test]
fn every_alarm_says_what_to_do() {
    let stack = watched();
    let alarms = stack.of_type("AWS::CloudWatch::Alarm");
    let told: BTreeMap<_, _> = alarms
        .map(|(_, alarm)| (text(&alarm["AlarmName"]), text(&alarm["AlarmDescription"])))
        .collect();
    assert_eq!(told.len(), TELLS.len());
    for (name, [japanese, english]) in TELLS {
        let description = &told[&format!("{STACK}-{name}")];
        assert!(speaks_both(description), "{name}");
        let (first, second) = description.split_once(" / ").unwrap();
        assert!(
            first.contains(japanese) && second.contains(english),
            "{name}"
        );
        // The alarms of a function name the function.
        let function = name
            .strip_suffix("-errors")
            .or_else(|| name.strip_suffix("-throttles"))
            .filter(|function| !function.ends_with("api"));
        assert!(
            function.is_none_or(|function| first.contains(function)),
            "{name}"
        );
    }
}

/// The tables of costs count every metric.
#[test]
fn every_metric_of_an_alarm_is_paid_for() {
    let count = |stack: &Stack| -> usize {
        let alarms = stack.of_type("AWS::CloudWatch::Alarm");
        alarms.map(|(_, alarm)| metrics_of(alarm).len()).sum()
    };
    let usual = count(&watched_without_members());
    let of_members = count(&watched()) - usual;
    let (japanese, english) = (
        include_str!("../../docs/costs.md"),
        include_str!("../../docs/costs.en.md"),
    );
    for (costs, row, metrics) in [
        (japanese, "アラームのメトリクス", usual),
        (english, "metrics of alarms", usual),
        (japanese, "会員のアラームのメトリクス", of_members),
        (english, "metrics of the members' alarms", of_members),
    ] {
        let dollars = format!("{}.{}0", metrics / 10, metrics % 10);
        let paid = [row, &metrics.to_string(), &dollars];
        let tables = Document::read(costs).tables().into_iter();
        let mut rows = tables.flat_map(|table| table.rows);
        let is_told = rows.any(|row| row.iter().map(|cell| &*cell.plain).eq(paid));
        assert!(is_told, "{paid:?}");
    }
}

/// The costs of a stack without logins are what those of logins are less.
#[test]
fn what_logins_cost_is_left_out_with_them() {
    let metrics = |stack: &Stack| -> usize {
        let alarms = stack.of_type("AWS::CloudWatch::Alarm");
        alarms.map(|(_, alarm)| metrics_of(alarm).len()).sum()
    };
    let of_logins = metrics(&watched()) - metrics(&watched_without_logins());
    let stack = |settings| {
        let given = crate::combinations::parameters(&[settings]);
        template().stack(STACK, &given).ok().unwrap()
    };
    let (with, without) = (stack(MEMBERS), stack(MEMBERS_ALONE));
    let fewer = |kind: &str| with.of_type(kind).count() - without.of_type(kind).count();
    let keys = fewer("AWS::KMS::Key");
    let secrets = fewer("AWS::SecretsManager::Secret");
    let tenths = 10 * keys + 4 * secrets + of_logins;
    let dollars = format!("{}.{}0", tenths / 10, tenths % 10);
    for (deploy, told) in [
        (
            include_str!("../../docs/deploy-members.md"),
            format!(
                "月額は {dollars} 減ります（KMS の鍵{keys}つ、シークレット{secrets}つ、\
                 アラームのメトリクス{of_logins}個）"
            ),
        ),
        (
            include_str!("../../docs/deploy-members.en.md"),
            format!(
                "it costs {dollars} less per month ({keys} KMS key, {secrets} secrets, \
                 {of_logins} metrics of alarms)"
            ),
        ),
    ] {
        assert!(deploy.contains(&told), "{told}");
    }
}

/// The classes that say that the service is away. The service can also say so in a redirect, but
/// anybody can forge that.
const AWAY: [&str; 4] = [
    "service_unreachable",
    "service_timeout",
    "service_failed",
    "key_set_unavailable",
];

/// The properties that all alarms have. The threshold must be reached in `needed` of `periods`
/// periods.
fn usual(name: &str, (needed, periods): (u32, u32), threshold: u32) -> Value {
    let mut alarm = json!({
        "AlarmName": format!("{STACK}-{name}"),
        "AlarmActions": ["nested-AlarmTopic"],
        "OKActions": ["nested-AlarmTopic"],
        "TreatMissingData": "notBreaching",
        "EvaluationPeriods": periods,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": threshold,
    });
    if needed < periods {
        alarm["DatapointsToAlarm"] = needed.into();
    }
    alarm
}

impl Alarm {
    /// The properties of the alarm, without the description.
    fn properties(&self) -> Value {
        let mut alarm = usual(self.name, (self.needed, self.periods), self.threshold);
        let (namespace, metric) = self.metric;
        let stack = (namespace == OURS).then_some(("Stack", STACK));
        let dimensions = stack.into_iter().chain(self.dimension);
        alarm["Namespace"] = namespace.into();
        alarm["MetricName"] = metric.into();
        alarm["Dimensions"] = dimensions
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
        alarm["Period"] = self.period.into();
        let statistic = if self.statistic == "Sum" {
            "Statistic"
        } else {
            "ExtendedStatistic"
        };
        alarm[statistic] = self.statistic.into();
        alarm
    }
}

/// The alarm that adds up several metrics.
fn service_unreachable() -> Value {
    let mut alarm = usual("service-unreachable", (3, 6), 3);
    let sum =
        json!({ "Id": "all", "Expression": "SUM(METRICS())", "Label": "service unreachable" });
    let of_class = |(index, class): (usize, &&str)| {
        json!({
            "Id": format!("m{}", index + 1),
            "ReturnData": false,
            "MetricStat": {
                "Stat": "Sum",
                "Period": 300,
                "Metric": {
                    "Namespace": OURS,
                    "MetricName": "Failure",
                    "Dimensions": [
                        { "Name": "Stack", "Value": STACK },
                        { "Name": "Class", "Value": class },
                    ],
                },
            },
        })
    };
    let metrics = [sum].into_iter();
    let metrics = metrics.chain(AWAY.iter().enumerate().map(of_class));
    alarm["Metrics"] = metrics.collect();
    alarm
}

/// The alarm on a share of what AWS counts.
fn api_errors(name: &str, api: Option<(&str, &str)>) -> Value {
    let of = |id: &str, metric: &str| {
        let mut part = part(id, "Sum", metric, 300);
        part["MetricStat"]["Metric"]["Namespace"] = API_GATEWAY.into();
        let (name, value) = api.unwrap();
        let dimensions = json!([{ "Name": name, "Value": value }]);
        part["MetricStat"]["Metric"]["Dimensions"] = dimensions;
        part
    };
    let label = "a tenth of the answers, or more, are 5xx";
    let mut alarm = usual(name, (3, 6), 1);
    alarm["Metrics"] = json!([
        { "Id": "many", "Expression": "IF(10 * errors >= requests, errors, 0)", "Label": label },
        of("errors", "5xx"),
        of("requests", "Count"),
    ]);
    alarm
}

/// A part of an alarm with several metrics: a statistic of one metric of ours.
fn part(id: &str, statistic: &str, metric: &str, period: u32) -> Value {
    json!({
        "Id": id,
        "ReturnData": false,
        "MetricStat": {
            "Stat": statistic,
            "Period": period,
            "Metric": {
                "Namespace": OURS,
                "MetricName": metric,
                "Dimensions": [{ "Name": "Stack", "Value": STACK }],
            },
        },
    })
}

/// The alarm on whole days: logins began or were refused, and none finished.
fn logins_none() -> Value {
    const DAY: u32 = 86_400;
    let mut alarm = usual("logins-none", (3, 7), 1);
    let expression =
        "IF(FILL(finished, 0) < 1 AND (FILL(started, 0) >= 20 OR FILL(ended, 0) >= 5), 1, 0)";
    alarm["Metrics"] = json!([
        { "Id": "nobody", "Expression": expression, "Label": "nobody gets in" },
        part("started", "Sum", "LoginStarted", DAY),
        part("ended", "SampleCount", "LoginFinished", DAY),
        part("finished", "Sum", "LoginFinished", DAY),
    ]);
    alarm
}

/// An alarm on a share in three of twelve periods of 20 minutes. Each person counts once in a
/// period.
fn share(name: &str, label: &str, expression: &str, parts: &[(&str, &str, &str)]) -> Value {
    let mut alarm = usual(name, (3, 12), 1);
    let period = PERIOD.num_seconds().try_into().unwrap();
    let expression = json!({ "Id": "most", "Expression": expression, "Label": label });
    let parts = parts.iter();
    let parts = parts.map(|(id, statistic, metric)| part(id, statistic, metric, period));
    alarm["Metrics"] = [expression].into_iter().chain(parts).collect();
    alarm
}

/// Fewer than a fifth of at least two logins succeed, or fewer than a twentieth of at least ten
/// logins that began finish.
fn logins_refused() -> Value {
    let expression = "IF((FILL(count, 0) >= 2 AND FILL(share, 1) < 0.2) \
                      OR (FILL(started, 0) >= 10 \
                      AND 20 * FILL(finished, 0) < FILL(started, 0)), 1, 0)";
    let parts = [
        ("count", "SampleCount", "LoginFinished"),
        ("share", "Average", "LoginFinished"),
        ("started", "Sum", "LoginStarted"),
        ("finished", "Sum", "LoginFinished"),
    ];
    share(
        "logins-refused",
        "most logins are refused",
        expression,
        &parts,
    )
}

/// Fewer than half of at least two records are accepted.
fn records_refused() -> Value {
    let parts = [
        ("count", "SampleCount", "RecordAccepted"),
        ("share", "Average", "RecordAccepted"),
    ];
    share(
        "records-refused",
        "most records are refused",
        "IF(count >= 2 AND share < 0.5, 1, 0)",
        &parts,
    )
}

/// Fewer than a fifth of at least twenty verifications succeed. One member can fail in several
/// processes.
fn verifications_failed() -> Value {
    let parts = [
        ("count", "SampleCount", "VerificationCompleted"),
        ("share", "Average", "VerificationCompleted"),
    ];
    share(
        "verifications-failed",
        "most verifications fail",
        "IF(count >= 20 AND share < 0.2, 1, 0)",
        &parts,
    )
}

/// An alarm that rings if a trigger wasn't invoked in this many hours of a day, although it should
/// have been.
fn trigger_gone(name: &str, metric: &str, hours: u32) -> Value {
    let mut alarm = usual(name, (hours, 24), 1);
    alarm["ComparisonOperator"] = "LessThanThreshold".into();
    alarm["Namespace"] = OURS.into();
    alarm["MetricName"] = metric.into();
    alarm["Dimensions"] = json!([{ "Name": "Stack", "Value": STACK }]);
    alarm["Statistic"] = "Maximum".into();
    alarm["Period"] = 3_600.into();
    alarm
}

/// The alarms that use more than a sum or a percentile.
fn others() -> [Value; 9] {
    [
        service_unreachable(),
        api_errors("api-errors", THE_API),
        api_errors("members-api-errors", THE_MEMBERS_API),
        verifications_failed(),
        logins_refused(),
        logins_none(),
        records_refused(),
        trigger_gone("inbound-federation-gone", "InboundFederationInvoked", 2),
        trigger_gone("pre-token-generation-gone", "PreTokenGenerationInvoked", 4),
    ]
}

#[test]
fn every_alarm_looks_at_what_it_says_and_tells_somebody() {
    let stack = watched();
    let mut alarms = BTreeMap::new();
    for (id, alarm) in stack.of_type("AWS::CloudWatch::Alarm") {
        let mut alarm = alarm.clone();
        let description = alarm.as_object_mut().unwrap().remove("AlarmDescription");
        assert!(description.is_some(), "{id}");
        let name = text(&alarm["AlarmName"]);
        assert!(alarms.insert(name.clone(), alarm).is_none(), "{name} twice");
    }
    let expected = ALARMS.iter().map(Alarm::properties);
    let expected: BTreeMap<_, _> = expected
        .chain(others())
        .map(|alarm| (text(&alarm["AlarmName"]), alarm))
        .collect();
    let names: Vec<_> = alarms.keys().collect();
    assert_eq!(names, expected.keys().collect::<Vec<_>>());
    for (name, alarm) in &alarms {
        assert_eq!(*alarm, expected[name], "{name}");
    }
    // Without members or logins, the same alarms are there but for those of them.
    for (stack, left_out) in [
        (watched_without_members(), &OF_MEMBERS[..]),
        (watched_without_logins(), &OF_LOGINS),
    ] {
        let there = stack.of_type("AWS::CloudWatch::Alarm");
        let there: BTreeSet<_> = there.map(|(_, alarm)| text(&alarm["AlarmName"])).collect();
        let left_out: Vec<_> = left_out
            .iter()
            .map(|name| format!("{STACK}-{name}"))
            .collect();
        let others = alarms.keys().filter(|name| !left_out.contains(name));
        assert_eq!(there, others.cloned().collect());
    }
}

#[test]
fn every_class_that_says_that_the_service_is_away_is_one() {
    let bridge = BridgeClass::ALL.iter().map(|class| class.name());
    let classes: BTreeSet<_> = bridge.collect();
    assert!(AWAY.iter().all(|class| classes.contains(class)));
}

/// Otherwise, alarms of another account or another service could publish to the topic.
#[test]
fn only_the_alarms_of_this_account_are_told_to_whoever_is_given() {
    let stack = watched();
    // The rules for keys and secrets also publish here, without an alarm. Amazon EventBridge
    // supports no condition in this policy.
    let mut policy = topic_policy("nested");
    let statements = policy["PolicyDocument"]["Statement"].as_array_mut();
    statements.unwrap().push(json!({
        "Sid": "KeysAndSecrets",
        "Effect": "Allow",
        "Principal": { "Service": "events.amazonaws.com" },
        "Action": "sns:Publish",
        "Resource": "nested-AlarmTopic",
    }));
    assert_eq!(*stack.properties("AlarmTopicPolicy"), policy);
    // The topic has neither a subscription of its own nor a key with which Amazon CloudWatch
    // couldn't publish.
    assert_eq!(*stack.properties("AlarmTopic"), Value::Null);
    let subscription = json!({
        "TopicArn": "nested-AlarmTopic",
        "Protocol": "email",
        "Endpoint": "ops@example.jp",
    });
    assert_eq!(*stack.properties("AlarmSubscription"), subscription);
    let mut nobody = given();
    nobody.remove("AlarmEmail");
    let nobody = watched_with(nobody);
    assert_eq!(nobody.of_type("AWS::SNS::Subscription").count(), 0);
    assert_eq!(
        nobody.of_type("AWS::CloudWatch::Alarm").count(),
        ALARMS.len() + others().len()
    );
}

/// A single redirect or cookie that a person writes by hand must not ring an alarm, whether it is
/// counted by class or by concern. Only many of them do.
#[test]
fn what_only_a_browser_said_is_told_when_there_is_much_of_it() {
    let unproven = BridgeClass::ALL
        .iter()
        .filter(|class| class.concern() == Concern::Unproven);
    let mut unproven = unproven.map(|class| class.name());
    assert!(unproven.all(|class| !AWAY.contains(&class)));
    let told = ALARMS
        .iter()
        .filter(|alarm| alarm.dimension == Some(("Concern", Concern::Unproven.name())));
    let told: Vec<_> = told.map(|alarm| (alarm.name, alarm.threshold)).collect();
    assert_eq!(told, [("unproven-failures", 50)]);
}

#[test]
fn what_it_tells_is_the_topic_and_the_dashboard() {
    let outputs = watched().outputs;
    let dashboard = format!(
        "https://console.aws.amazon.com/cloudwatch/home?region={REGION}\
         #dashboards:name=nested-Dashboard"
    );
    let expected = [
        ("AlarmTopic", "nested-AlarmTopic"),
        ("DashboardUrl", &dashboard),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(outputs, expected.into());
}

/// Every metric of ours that is written.
fn written() -> BTreeSet<&'static str> {
    let mut written: BTreeSet<_> = Count::ALL.iter().map(|one| one.name()).collect();
    written.extend(Refused::ALL.iter().map(|one| one.name()));
    written.extend(Step::ALL.iter().map(|one| one.name()));
    written.extend([COLD_START, START_DURATION, "Throttled"]);
    written
}

/// A row of a widget's metrics: namespace, metric, and the names and values of the dimensions in
/// turn.
type Row = Vec<String>;

/// The rows of a widget. `.` and `...` are replaced by what they stand for: the values of the row
/// before.
pub(crate) fn rows(widget: &Value) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for written in widget["properties"]["metrics"].as_array().unwrap() {
        let written = written.as_array().unwrap().iter().filter_map(Value::as_str);
        let mut row = Row::new();
        for (index, field) in written.enumerate() {
            let before = rows.last();
            match field {
                "." => row.push(before.unwrap()[index].clone()),
                // All values but the last one.
                "..." => row.extend(before.unwrap().iter().rev().skip(1).rev().cloned()),
                field => row.push(field.to_owned()),
            }
        }
        if !row.is_empty() {
            rows.push(row);
        }
    }
    rows
}

/// The statistic that a widget shows for a metric: the metric's own, or that of the widget.
fn statistic_of(widget: &Value, metric: &Row) -> String {
    let properties = &widget["properties"];
    let index = rows(widget).iter().position(|row| row == metric).unwrap();
    let written = properties["metrics"].as_array().unwrap().iter();
    let written: Vec<_> = written.filter(|row| row[0].is_string()).collect();
    let own = written[index].as_array().unwrap().last().unwrap();
    text(own.get("stat").unwrap_or(&properties["stat"]))
}

/// The searches of a widget.
fn searches(widget: &Value) -> Vec<String> {
    let rows = widget["properties"]["metrics"].as_array().unwrap().iter();
    rows.filter_map(|row| Some(row[0].get("expression")?.as_str()?.to_owned()))
        .collect()
}

#[test]
fn the_dashboard_shows_everything_of_this_stack_and_nothing_else() {
    for (stack, has_logins, has_members) in [
        (watched(), true, true),
        (watched_without_members(), true, false),
        (watched_without_logins(), false, true),
    ] {
        shows_everything(&stack, has_logins, has_members);
    }
}

/// The steps of a login with the card.
const STEPS_OF_LOGINS: [Step; 6] = [
    Step::Authorize,
    Step::Token,
    Step::Userinfo,
    Step::Jwks,
    Step::SignIdToken,
    Step::InboundFederation,
];
/// What is counted of logins with the card.
const COUNTS_OF_LOGINS: [Count; 3] = [
    Count::LoginStarted,
    Count::LoginFinished,
    Count::InboundFederationInvoked,
];
/// The steps of a verification of a member.
const STEPS_OF_MEMBERS: [Step; 5] = [
    Step::Verify,
    Step::CompleteVerification,
    Step::PersonMac,
    Step::MemberTable,
    Step::UpdateUser,
];
/// What is counted of verifications of members.
const COUNTS_OF_MEMBERS: [Count; 3] = [
    Count::VerificationCompleted,
    Count::SecondAccountRefused,
    Count::ExpiredPassSettled,
];

fn shows_everything(stack: &Stack, has_logins: bool, has_members: bool) {
    let dashboard = stack.properties("Dashboard");
    assert_eq!(dashboard["DashboardName"], STACK);
    let body: Value = serde_json::from_str(&text(&dashboard["DashboardBody"])).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    for widget in widgets {
        let properties = &widget["properties"];
        assert_eq!(properties["region"], REGION);
        assert!(!text(&properties["title"]).is_empty());
        // Counts are shown as sums, and times as what 95 % of the requests don't exceed.
        for metric in rows(widget) {
            let is_time = metric[1].ends_with("Duration") || metric[1] == "Latency";
            let statistic = match &*metric[1] {
                _ if is_time => "p95",
                // The sum of this metric counts places, and its samples count logins.
                "LoginStarted" => "SampleCount",
                _ => "Sum",
            };
            assert_eq!(statistic_of(widget, &metric), statistic, "{metric:?}");
        }
        assert_eq!(properties["period"], 300);
    }
    let row = |fields: &[&str]| -> Row { fields.iter().map(|&field| field.to_owned()).collect() };
    let mut expected: BTreeSet<Row> = BTreeSet::new();
    for count in [
        "LoginCancelled",
        "PreTokenGenerationInvoked",
        "Tampering",
        "RecordAccepted",
        "Throttled",
    ] {
        expected.insert(row(&[OURS, count, "Stack", STACK]));
    }
    for concern in Concern::ALL {
        expected.insert(row(&[
            OURS,
            "Failure",
            "Stack",
            STACK,
            "Concern",
            concern.name(),
        ]));
    }
    for step in Step::ALL {
        if (has_members || !STEPS_OF_MEMBERS.contains(step))
            && (has_logins || !STEPS_OF_LOGINS.contains(step))
        {
            expected.insert(row(&[OURS, step.name(), "Stack", STACK]));
        }
    }
    let (mut apis, mut functions) = (vec!["myna-ApiId"], vec![FEDERATION, TOKENS]);
    if has_logins {
        for count in COUNTS_OF_LOGINS {
            expected.insert(row(&[OURS, count.name(), "Stack", STACK]));
        }
        functions.push(INBOUND);
    }
    if has_members {
        for count in COUNTS_OF_MEMBERS {
            expected.insert(row(&[OURS, count.name(), "Stack", STACK]));
        }
        apis.push("myna-MembersApiId");
        functions.push(VERIFICATION);
    }
    for (api, metric) in apis
        .iter()
        .flat_map(|api| ["Count", "4xx", "5xx", "Latency"].map(|metric| (api, metric)))
    {
        expected.insert(row(&[API_GATEWAY, metric, "ApiId", api]));
    }
    for function in functions {
        let (name, value) = function.unwrap();
        for metric in ["Errors", "Throttles"] {
            expected.insert(row(&[LAMBDA, metric, name, value]));
        }
    }
    let shown: Vec<_> = widgets.iter().flat_map(rows).collect();
    assert_eq!(shown.len(), expected.len(), "each once");
    assert_eq!(shown.into_iter().collect::<BTreeSet<_>>(), expected);

    // The classes and functions aren't known in advance, so a search finds them. A namespace with a
    // hyphen needs quotes.
    let search = |dimensions: &str, metric: &str, statistic: &str| {
        format!(
            "SEARCH('{{\"{OURS}\",{dimensions}}} MetricName=\"{metric}\" Stack=\"{STACK}\"', \
             '{statistic}', 300)"
        )
    };
    let expected = [
        search("Stack,Class", "Failure", "Sum"),
        search("Stack,Class", "RecordRefused", "Sum"),
        search("Function,Stack", COLD_START, "Sum"),
        search("Function,Stack", START_DURATION, "Maximum"),
    ];
    let searched: Vec<_> = widgets.iter().flat_map(searches).collect();
    assert_eq!(searched, expected);

    // The dashboard has every metric of ours.
    let whole = body.to_string();
    let words = whole.split(|one: char| !one.is_ascii_alphanumeric());
    let words: BTreeSet<_> = words.collect();
    let names = |counts: &[Count], steps: &[Step]| -> BTreeSet<_> {
        let counts = counts.iter().map(|count| count.name());
        counts.chain(steps.iter().map(|step| step.name())).collect()
    };
    let of_members = names(&COUNTS_OF_MEMBERS, &STEPS_OF_MEMBERS);
    let of_logins = names(&COUNTS_OF_LOGINS, &STEPS_OF_LOGINS);
    for metric in written() {
        let is_shown = (has_members || !of_members.contains(metric))
            && (has_logins || !of_logins.contains(metric));
        assert_eq!(words.contains(metric), is_shown, "{metric}");
    }
}

#[test]
fn throttled_requests_are_counted_from_the_access_log() {
    let expected = json!({
        "LogGroupName": "myna-ApiLogs",
        "FilterPattern": "{ $.status = 429 }",
        "MetricTransformations": [{
            "MetricNamespace": OURS,
            "MetricName": "Throttled",
            "MetricValue": "1",
            "Unit": "Count",
            "Dimensions": [{ "Key": "Stack", "Value": "$.stack" }],
        }],
    });
    assert_eq!(*watched().properties("ThrottledRequests"), expected);
    // The access log has the fields that the filter uses.
    let stack = template()
        .stack(STACK, &crate::combinations::parameters(&[]))
        .ok()
        .unwrap();
    // The members' API writes into the same log, in the same form.
    let format = text(&stack.properties("ApiStage")["AccessLogSettings"]["Format"]);
    assert!(format.contains(r#""status":$context.status,"#));
    assert!(format.contains(r#""stack":"myna","#));
}
