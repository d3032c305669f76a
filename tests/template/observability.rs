//! What watches the stack: every alarm is about something that is measured, tells somebody, and says what to do.

use std::collections::{BTreeMap, BTreeSet};

use federation::failure::Class as BridgeClass;
use function_kit::failure::{Class as _, Concern};
use function_kit::metrics::{COLD_START, Count, Refused, START_DURATION, Step};
use function_kit::verified::Class as TriggerClass;
use serde_json::Value;

use crate::cloudformation::{Stack, list, text};
use crate::{in_every_combination, observability, template};

fn watched() -> Stack {
    let parameters = [
        "ApiId",
        "ApiLogGroup",
        "FederationFunction",
        "InboundFederationFunction",
        "PreTokenGenerationFunction",
    ];
    let mut given: BTreeMap<_, _> = parameters
        .map(|name| (name.to_owned(), format!("myna-{name}")))
        .into();
    given.insert("Name".to_owned(), "myna".to_owned());
    given.insert("AlarmEmail".to_owned(), "ops@example.jp".to_owned());
    observability()
        .stack("nested", &given)
        .unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// The metrics that an alarm looks at: namespace, name, and dimensions.
fn metrics(alarm: &Value) -> Vec<(String, String, BTreeMap<String, String>)> {
    let own = |metric: &Value| {
        let dimensions = metric["Dimensions"].as_array().unwrap().iter();
        let dimensions = dimensions.map(|one| (text(&one["Name"]), text(&one["Value"])));
        (
            text(&metric["Namespace"]),
            text(&metric["MetricName"]),
            dimensions.collect(),
        )
    };
    match alarm.get("Metrics").and_then(Value::as_array) {
        Some(metrics) => metrics
            .iter()
            .filter_map(|one| one.get("MetricStat"))
            .map(|one| own(&one["Metric"]))
            .collect(),
        None => vec![own(alarm)],
    }
}

#[test]
fn the_stack_has_what_watches_it() {
    in_every_combination(|stack, _| {
        let nested = stack.properties("Observability");
        assert_eq!(nested["TemplateURL"], "infra/observability.yaml");
        let passed: BTreeSet<_> = nested["Parameters"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        let declared: BTreeSet<_> = observability()
            .section("Parameters")
            .keys()
            .cloned()
            .collect();
        assert_eq!(passed, declared);
    });
}

#[test]
fn every_alarm_tells_somebody_and_says_what_to_do() {
    let stack = watched();
    let alarms: Vec<_> = stack.of_type("AWS::CloudWatch::Alarm").collect();
    assert!(alarms.len() >= 15);
    let mut names = BTreeSet::new();
    for (id, alarm) in alarms {
        assert_eq!(
            list(alarm.get("AlarmActions")),
            ["nested-AlarmTopic"],
            "{id}"
        );
        assert_eq!(list(alarm.get("OKActions")), ["nested-AlarmTopic"], "{id}");
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{id}");
        let name = text(&alarm["AlarmName"]);
        assert!(name.starts_with("myna-"), "{name}");
        assert!(text(&alarm["AlarmDescription"]).contains(" / "), "{id}");
        assert!(names.insert(name.clone()), "{name} twice");
    }
    let subscription = stack.properties("AlarmSubscription");
    assert_eq!(
        (&subscription["Protocol"], &subscription["Endpoint"]),
        (&"email".into(), &"ops@example.jp".into())
    );
}

#[test]
fn every_alarm_is_of_this_stack_and_about_what_is_measured() {
    let classes: BTreeSet<_> = BridgeClass::ALL
        .iter()
        .map(|class| class.name())
        .chain(TriggerClass::ALL.iter().map(|class| class.name()))
        .collect();
    let mut watched_metrics = BTreeSet::new();
    for (id, alarm) in watched().of_type("AWS::CloudWatch::Alarm") {
        for (namespace, metric, mut dimensions) in metrics(alarm) {
            match namespace.as_str() {
                "digital-auth" => {
                    assert_eq!(dimensions.remove("Stack").as_deref(), Some("myna"), "{id}");
                    if let Some(class) = dimensions.remove("Class") {
                        assert!(classes.contains(class.as_str()), "{id}: {class}");
                    }
                    if let Some(concern) = dimensions.remove("Concern") {
                        let mut known = Concern::ALL.iter().map(|known| known.name());
                        assert!(known.any(|known| known == concern), "{id}: {concern}");
                    }
                }
                "AWS/Lambda" => {
                    let function = dimensions.remove("FunctionName");
                    assert!(
                        function.is_some_and(|name| name.starts_with("myna-")),
                        "{id}"
                    );
                }
                "AWS/ApiGateway" => {
                    assert_eq!(dimensions.remove("ApiId").as_deref(), Some("myna-ApiId"))
                }
                other => panic!("{id}: {other}"),
            }
            assert!(dimensions.is_empty(), "{id}: {dimensions:?}");
            watched_metrics.insert(format!("{namespace} {metric}"));
        }
    }
    for expected in [
        "digital-auth Failure",
        "digital-auth RecordRefused",
        "digital-auth Tampering",
        "digital-auth Throttled",
        "digital-auth TokenDuration",
        "AWS/Lambda Errors",
        "AWS/Lambda Throttles",
        "AWS/Lambda Duration",
        "AWS/ApiGateway 5xx",
        "AWS/ApiGateway Latency",
    ] {
        assert!(watched_metrics.contains(expected), "{expected}");
    }
    assert_eq!(watched_metrics.len(), 10, "{watched_metrics:?}");
}

/// Whoever writes a redirect or a cookie by hand must not call anybody with one, whether it is counted by its class or
/// by its concern. Only many of them are told.
#[test]
fn what_only_a_browser_said_is_told_when_there_is_much_of_it() {
    let unproven = |dimensions: &BTreeMap<String, String>| {
        let is_class = |name: &String| {
            let mut classes = BridgeClass::ALL.iter();
            classes.any(|class| class.name() == name && class.concern() == Concern::Unproven)
        };
        dimensions.get("Class").is_some_and(is_class)
            || dimensions.get("Concern").map(String::as_str) == Some(Concern::Unproven.name())
    };
    let stack = watched();
    let alarms = stack.of_type("AWS::CloudWatch::Alarm");
    let told: Vec<_> = alarms
        .filter(|(_, alarm)| {
            metrics(alarm)
                .iter()
                .any(|(_, _, dimensions)| unproven(dimensions))
        })
        .collect();
    let [(id, alarm)] = told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(id, "UnprovenFailuresAlarm");
    assert!(alarm["Threshold"].as_f64().unwrap() >= 20.0, "{alarm}");
}

#[test]
fn a_service_that_is_away_is_every_class_that_says_so() {
    let stack = watched();
    let alarm = stack.properties("ServiceUnreachableAlarm");
    let watched: BTreeSet<_> = metrics(alarm)
        .into_iter()
        .map(|(_, _, dimensions)| dimensions["Class"].clone())
        .collect();
    let unreachable = [
        "service_unreachable",
        "service_timeout",
        "service_failed",
        "key_set_unavailable",
    ];
    assert_eq!(watched, unreachable.map(str::to_owned).into());
}

#[test]
fn the_dashboard_is_json_and_of_this_stack() {
    let stack = watched();
    let dashboard = stack.properties("Dashboard");
    assert_eq!(dashboard["DashboardName"], "myna");
    let body: Value = serde_json::from_str(&text(&dashboard["DashboardBody"])).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    assert!(widgets.len() >= 8);
    for widget in widgets {
        let properties = &widget["properties"];
        assert_eq!(properties["region"], crate::cloudformation::REGION);
        assert!(!text(&properties["title"]).is_empty());
        let metrics = properties["metrics"].to_string();
        assert!(metrics.contains("myna"), "{metrics}");
    }
    // Every metric of ours is on it, and none that nobody writes.
    let whole = body.to_string();
    let mut written: BTreeSet<_> = Count::ALL.iter().map(|one| one.name()).collect();
    written.extend(Refused::ALL.iter().map(|one| one.name()));
    written.extend(Step::ALL.iter().map(|one| one.name()));
    written.extend([COLD_START, START_DURATION, "Throttled"]);
    let by_name = whole
        .split(r#"["digital-auth",""#)
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let by_search = whole
        .split(r#"MetricName=\""#)
        .skip(1)
        .filter_map(|rest| rest.split('\\').next());
    let shown: BTreeSet<_> = by_name.chain(by_search).collect();
    assert_eq!(shown, written);
}

#[test]
fn throttled_requests_are_counted_from_the_access_log() {
    let filter = watched().properties("ThrottledRequests").clone();
    let counted = &filter["MetricTransformations"][0];
    assert_eq!(counted["MetricName"], "Throttled");
    // The fields are those of the access log's lines.
    let format = template().section("Resources")["ApiStage"]["Properties"]["AccessLogSettings"]["Format"]["Fn::Sub"].clone();
    let format = text(&format);
    assert_eq!(filter["FilterPattern"], "{ $.status = 429 }");
    assert!(format.contains(r#""status":$context.status"#) && format.contains(r#""stack":"#));
    assert_eq!(counted["Dimensions"][0]["Value"], "$.stack");
}
