//! Tests of what the operator sees of a failure: one log event, whose level follows from the
//! concern, and one metric.

use function_kit::failure::tell_lambda;
use function_kit::failure::{Bilingual, Concern, Kind};
use function_kit::invocation::Invocation;
use function_kit::metrics::{Measurements, Metrics};
use function_kit::support_id::SupportId;
use kit::{TestClock, Written, log, start};
use lambda_runtime::Diagnostic;
use serde_json::json;

const REQUEST_ID: &str = "8f5e2a52-7c50-4a9b-9d6b-2f4d3a1c0001";

function_kit::classes! {
    /// A defect.
    Internal = "internal" {
        ja: "試験のためのエラー分類です。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        advice: NOTHING,
    }
    /// The person took too long.
    TooSlow = "too_slow" {
        ja: "試験のためのエラー分類です。",
        concern: Concern::Nobody,
        kind: Kind::TooLate,
        advice: NOTHING,
    }
    /// Somebody said something that anybody can say.
    Said = "said" {
        ja: "試験のためのエラー分類です。",
        concern: Concern::Unproven,
        kind: Kind::Browser,
        advice: NOTHING,
    }
    /// Somebody changed something.
    Forged = "forged" {
        ja: "試験のためのエラー分類です。",
        concern: Concern::Client,
        kind: Kind::Browser,
        advice: NOTHING,
    }
    /// The service didn't answer.
    Away = "away" {
        ja: "試験のためのエラー分類です。",
        concern: Concern::Service,
        kind: Kind::Unavailable,
        advice: NOTHING,
    }
    /// The operator forgot something.
    NotReady = "not_ready" {
        ja: "試験のためのエラー分類です。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        advice: NOTHING,
    }
}

const NOTHING: Bilingual = Bilingual {
    en: "Nothing.",
    ja: "何もしません。",
};

#[test]
fn a_failure_is_one_log_event_by_its_concern_and_one_metric_by_class_and_concern() {
    for (class, name, level, concern) in [
        (Class::Internal, "internal", "ERROR", "operator"),
        (Class::TooSlow, "too_slow", "INFO", "nobody"),
        (Class::Said, "said", "WARN", "unproven"),
        (Class::Forged, "forged", "WARN", "client"),
        (Class::Away, "away", "ERROR", "service"),
        (Class::NotReady, "not_ready", "ERROR", "operator"),
    ] {
        let (log, _guard) = log();
        let (measurements, clock) = (Measurements::default(), TestClock::new());
        let begun = tokio::time::Instant::now();
        let invocation = Invocation::new(REQUEST_ID, begun, &*clock, &measurements);
        let told = tell_lambda(class, &invocation);
        let support_id = SupportId::of_request(REQUEST_ID);
        let support_id = support_id.as_str();
        let expected = Diagnostic {
            error_type: name.to_owned(),
            error_message: format!("{name} {support_id}"),
        };
        assert_eq!(told, expected);
        let logged = json!({
            "level": level, "event": "failure", "class": name, "support_id": support_id,
            "request_id": REQUEST_ID, "target": "function_kit::failure",
        });
        assert_eq!(log.lines(), [logged]);
        let written = Written::default();
        Metrics::to("test".to_owned(), Box::new(written.clone())).write(measurements, start());
        let counted = json!({
            "_aws": {
                "Timestamp": start().timestamp_millis(),
                "CloudWatchMetrics": [{
                    "Namespace": "test",
                    "Dimensions": [["Class"], ["Concern"], []],
                    "Metrics": [{ "Name": "Failure", "Unit": "Count" }],
                }],
            },
            "Failure": 1,
            "Class": name,
            "Concern": concern,
        });
        assert_eq!(written.lines(), [counted]);
    }
}
