//! Tests of how an event becomes an answer or an error: exactly the expected one, one log event and
//! one metric for a failure, and nothing of the event anywhere else.

use std::sync::Arc;
use std::time::Duration;

use function_kit::invocation::Invocation;
use function_kit::metrics::{Metrics, Step};
use function_kit::runtime::Call;
use function_kit::support_id::SupportId;
use http_client::Clock;
use kit::{TestClock, Written, log, start};
use lambda_runtime::Diagnostic;
use record_trigger::Class;
use record_trigger::trigger::{Trigger, answer};
use serde_json::{Value, json};

const REQUEST_ID: &str = "8f5e2a52-7c50-4a9b-9d6b-2f4d3a1c0001";

/// How long every event takes.
const TAKES: Duration = Duration::from_millis(25);

/// A trigger that does what the event says, after [`TAKES`].
struct Obedient {
    clock: Arc<TestClock>,
    metrics: Metrics,
}

impl Obedient {
    fn new() -> (Self, Written) {
        let written = Written::default();
        let metrics = Metrics::to("test".to_owned(), Box::new(written.clone()));
        let clock = TestClock::new();
        (Self { clock, metrics }, written)
    }
}

impl Trigger for Obedient {
    const STEP: Step = Step::InboundFederation;

    async fn handle(&self, mut event: Value, invocation: &Invocation<'_>) -> Result<Value, Class> {
        tokio::time::sleep(TAKES).await;
        let wanted = event["wanted"].as_str().unwrap().to_owned();
        if let Some(class) = Class::ALL.iter().find(|class| class.name() == wanted) {
            return Err(*class);
        }
        assert_ne!(wanted, "defect", "{event}");
        event["response"] = json!({
            "request": invocation.request_id,
            "support": invocation.support_id().as_str(),
            "now": invocation.now.timestamp(),
        });
        Ok(event)
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

fn event(wanted: &str) -> Value {
    json!({ "wanted": wanted, "userName": "marked-user", "request": { "name": "マーク 太郎" } })
}

/// A call that begins now.
fn call(request_id: &str) -> Call<'_> {
    Call {
        request_id,
        begun: tokio::time::Instant::now(),
    }
}

fn support_id() -> String {
    SupportId::of_request(REQUEST_ID).as_str().to_owned()
}

#[tokio::test(start_paused = true)]
async fn pass_the_answer_as_the_trigger_gives_it_and_without_a_word() {
    let (log, _guard) = log();
    let (trigger, metrics) = Obedient::new();
    let mut expected = event("answer");
    expected["response"] = json!({
        "request": REQUEST_ID,
        "support": support_id(),
        "now": start().timestamp(),
    });
    let answered = answer(&trigger, Some(event("answer")), &call(REQUEST_ID)).await;
    assert_eq!(answered, Ok(expected));
    assert_eq!(log.text(), "");
    let measured = json!({
        "_aws": metadata(&[(json!([[]]), DURATION, "Milliseconds")]),
        DURATION: 25.0,
    });
    assert_eq!(metrics.lines(), [measured]);
}

const DURATION: &str = "InboundFederationDuration";

/// The member `_aws` of a line of metrics: for each directive the sets of dimensions, and the
/// metric's name and unit.
fn metadata(directives: &[(Value, &str, &str)]) -> Value {
    let directives = directives.iter().map(|(dimensions, name, unit)| {
        json!({
            "Namespace": "test",
            "Dimensions": dimensions,
            "Metrics": [{ "Name": name, "Unit": unit }],
        })
    });
    json!({
        "Timestamp": start().timestamp_millis(),
        "CloudWatchMetrics": directives.collect::<Vec<_>>(),
    })
}

#[tokio::test(start_paused = true)]
async fn fail_with_class_and_support_id_one_log_event_and_one_line_of_metrics() {
    for (class, level, concern) in [
        ("internal", "ERROR", "operator"),
        ("record_too_old", "INFO", "nobody"),
        ("record_forged", "WARN", "client"),
        ("too_slow", "ERROR", "operator"),
    ] {
        let (log, _guard) = log();
        let (trigger, metrics) = Obedient::new();
        let refused = answer(&trigger, Some(event(class)), &call(REQUEST_ID)).await;
        let error_message = format!("{class} {}", support_id());
        assert!(
            error_message
                .bytes()
                .all(|byte| (b' '..=b'~').contains(&byte))
        );
        let expected = Diagnostic {
            error_type: class.to_owned(),
            error_message,
        };
        assert_eq!(refused, Err(expected));
        let logged = json!({
            "level": level, "event": "failure", "class": class, "support_id": support_id(),
            "request_id": REQUEST_ID, "target": "function_kit::failure",
        });
        assert_eq!(log.lines(), [logged]);
        let counted = json!({
            "_aws": metadata(&[
                (json!([[]]), DURATION, "Milliseconds"),
                (json!([["Class"], ["Concern"], []]), "Failure", "Count"),
            ]),
            DURATION: 25.0,
            "Failure": 1,
            "Class": class,
            "Concern": concern,
        });
        assert_eq!(metrics.lines(), [counted]);
    }
}

/// Also after a panic whose message shows the event.
#[tokio::test(start_paused = true)]
async fn fail_after_a_panic_as_internal_and_answer_whoever_comes_next() {
    let (log, _guard) = log();
    let (trigger, metrics) = Obedient::new();
    let refused = answer(&trigger, Some(event("defect")), &call(REQUEST_ID)).await;
    assert_eq!(
        refused.unwrap_err().error_message,
        format!("internal {}", support_id())
    );
    assert_eq!(log.lines().len(), 1);
    assert_eq!(log.lines()[0]["class"], "internal");
    assert_eq!(metrics.lines().len(), 1);
    for text in [log.text(), metrics.text()] {
        assert!(!text.contains("mark") && !text.contains("マーク"), "{text}");
    }
    assert!(
        answer(&trigger, Some(event("answer")), &call(REQUEST_ID))
            .await
            .is_ok()
    );
}

#[tokio::test(start_paused = true)]
async fn fail_two_calls_with_two_support_ids() {
    let (trigger, _metrics) = Obedient::new();
    let first = answer(&trigger, Some(event("record_forged")), &call("request-1")).await;
    let again = answer(&trigger, Some(event("record_forged")), &call("request-1")).await;
    let other = answer(&trigger, Some(event("record_forged")), &call("request-2")).await;
    assert_eq!(first, again);
    assert_ne!(first, other);
}
