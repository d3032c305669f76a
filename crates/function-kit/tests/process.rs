//! Tests of a function as Lambda starts it, in a process of its own: what it logs when it can't
//! start, and that nothing of an event reaches its output, whatever the event is and whichever
//! crate would log it. A server on this machine stands in for Lambda's Runtime API, as far as it is
//! needed.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that can't go on fails"
)]

use std::collections::BTreeMap;
use std::process::{Command, ExitCode, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use function_kit::aws::OPERATION;
use function_kit::failure::tell_lambda;
use function_kit::failure::{Bilingual, Concern, Kind};
use function_kit::invocation::Invocation;
use function_kit::metrics::{Measurements, Metrics, Step};
use function_kit::reference::Reference;
use function_kit::runtime::{Call, Handler};
use function_kit::secrets::SecretReader;
use function_kit::settings::{self, ConfigError, IfUnset};
use function_kit::start::Function;
use function_kit::support_id::SupportId;
use function_kit::telemetry::{self, Telemetry};
use http_client::{HttpClient, SystemClock};
use kit::{Received, Reply, Server};
use lambda_runtime::Diagnostic;
use serde_json::{Value, json};

const SECRET: &str = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:a-AbCdEf";

function_kit::variables! {
    /// What happens
    PLOT { ja: "筋書き", form: NOTHING, if_unset: IfUnset::Refused, example: "silent", }
}

function_kit::classes! {
    /// A defect.
    Internal = "internal" {
        ja: "試験のためのエラー分類です。",
        concern: Concern::Operator,
        kind: Kind::Operator,
        advice: NOTHING,
    }
    /// The event asks for it.
    Refused = "refused" {
        ja: "試験のためのエラー分類です。",
        concern: Concern::Client,
        kind: Kind::Request,
        advice: NOTHING,
    }
}

const NOTHING: Bilingual = Bilingual {
    en: "Nothing.",
    ja: "何もしません。",
};

struct Config {
    plot: String,
    telemetry: Telemetry,
}

impl Config {
    fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        settings::read(lookup, &[VARIABLES, telemetry::VARIABLES], |reader| {
            let plot = reader.checked(PLOT, |plot| Ok(plot.to_owned()));
            let telemetry = Telemetry::read(reader);
            Some(Self {
                plot: plot?,
                telemetry: telemetry?,
            })
        })
    }
}

/// A function that panics with its event, and uses a crate that logs the event.
struct Careless(Metrics);

impl Handler for Careless {
    type Event = Value;
    type Answer = Value;

    async fn handle(&self, event: Option<Value>, call: &Call<'_>) -> Result<Value, Diagnostic> {
        let measurements = Measurements::default();
        let invocation = Invocation::new(call.request_id, call.begun, &SystemClock, &measurements);
        let event = event.unwrap_or_default();
        let timing = measurements.begin(Step::PreTokenGeneration);
        tracing::error!(target: "some_crate", %event, "others log what they like");
        let answer = match event.get("wanted").and_then(Value::as_str) {
            Some("answer") => Ok(event),
            Some("panic") => panic!("{event}"),
            _ => Err(tell_lambda(Class::Refused, &invocation)),
        };
        drop(timing);
        let now = invocation.now;
        self.0.write(measurements, now);
        answer
    }
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("function") {
        return function();
    }
    fail_with_every_problem_of_the_configuration();
    fail_outside_of_lambda();
    fail_when_it_can_not_be_made();
    fail_where_aws_does_not_answer_after_one_repetition();
    pass_events_and_show_nothing_of_them();
    println!("process: 5 passed");
    ExitCode::SUCCESS
}

#[tokio::main(flavor = "current_thread")]
async fn function() -> ExitCode {
    function_kit::start::run(
        Function {
            name: "careless",
            crates: &["process"],
            clock: &SystemClock,
        },
        Config::read,
        |config| &config.telemetry,
        async |config| match config.plot.as_str() {
            "impossible" => Err("it can't be made"),
            "silent" => {
                let reference = Reference::SecretsManager(SECRET.to_owned());
                let http = Arc::new(HttpClient::new(Arc::new(SystemClock)).unwrap());
                let reader = SecretReader::for_references([&reference], &http).await;
                let read = reader.read(&reference).await;
                Err(read.map_or("AWS doesn't answer", |_| "AWS answers"))
            }
            _ => Ok(Careless(Metrics::new(&config.telemetry))),
        },
    )
    .await
}

/// The command that starts the function, with this environment and no other.
fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("function").env_clear();
    command.envs(variables.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The log of a function that didn't start, without the times.
fn log_of_failure(output: &Output) -> Vec<Value> {
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| {
        let mut line: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
        assert!(line.remove("timestamp").is_some());
        serde_json::to_value(line).unwrap()
    });
    lines.collect()
}

fn fail_with_every_problem_of_the_configuration() {
    let output = command(&[("LOG_LEVEL", "marked")]).output().unwrap();
    let problem = |variable: &str, reason: &str| {
        json!({
            "level": "ERROR", "event": "configuration", "variable": variable, "reason": reason,
            "target": "function_kit::start",
        })
    };
    let expected = [
        problem("PLOT", "is missing"),
        problem("LOG_LEVEL", "must be `error`, `warn`, `info` or `debug`"),
    ];
    assert_eq!(log_of_failure(&output), expected);
}

fn fail_outside_of_lambda() {
    let output = command(&[("PLOT", "test")]).output().unwrap();
    let log = log_of_failure(&output);
    assert_eq!(log.len(), 1);
    let reason = log.first().unwrap()["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("AWS_LAMBDA_RUNTIME_API is missing"),
        "{reason}"
    );
}

fn fail_when_it_can_not_be_made() {
    let variables = [
        ("PLOT", "impossible"),
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9"),
    ];
    let output = command(&variables).output().unwrap();
    let expected = json!({
        "level": "ERROR", "event": "start", "reason": "it can't be made",
        "target": "function_kit::start",
    });
    assert_eq!(log_of_failure(&output), [expected]);
}

/// The start ends before Lambda's limit of ten seconds, even if AWS never answers.
fn fail_where_aws_does_not_answer_after_one_repetition() {
    let server = Server::start(|_| Reply::Silence);
    let address = server.url("");
    let since = Instant::now();
    let child = command(&[
        ("PLOT", "silent"),
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9"),
        ("AWS_ENDPOINT_URL", &address),
        ("AWS_REGION", "ap-northeast-1"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
    ])
    .spawn();
    let mut child = child.unwrap();
    while child.try_wait().unwrap().is_none() {
        if since.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
            panic!("it waits for ever: {:?}", server.requests());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    // It ended by its time limit, and not because AWS can't be reached.
    assert!(since.elapsed() >= OPERATION);
    let output = child.wait_with_output().unwrap();
    let expected = json!({
        "level": "ERROR", "event": "start", "reason": "AWS doesn't answer",
        "target": "function_kit::start",
    });
    assert_eq!(log_of_failure(&output), [expected]);
    // On a busy machine there may be no time for the repetition.
    assert!((1..=2).contains(&server.requests().len()));
}

/// The bodies of the calls, in their order.
const EVENTS: [&str; 5] = [
    r#"{"wanted":"answer","userName":"marked"}"#,
    r#"{"wanted":"refuse","userName":"marked"}"#,
    r#"{"wanted":"panic","userName":"marked"}"#,
    // Lambda sends nothing but JSON. If it did, an error of `lambda_runtime` would show the first
    // words.
    r#"{"marked": marked}"#,
    r#"{"wanted":"answer","userName":"marked again"}"#,
];

/// Lambda's Runtime API: hands out the events one after the other, and then nothing.
fn runtime_api(request: &Received) -> Reply {
    if request.method == "POST" {
        return Reply::Bytes(kit::answer(202, None, ""));
    }
    // Every second request is a result.
    let index = request.number / 2;
    match EVENTS.get(index) {
        Some(event) => Reply::Bytes(
            format!(
                "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: request-{index}\r\n\
                 Lambda-Runtime-Deadline-Ms: 4102444800000\r\nContent-Type: application/json\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: \
                 arn:aws:lambda:ap-northeast-1:1:function:f\r\n\
                 Content-Length: {}\r\n\r\n{event}",
                event.len()
            )
            .into_bytes(),
        ),
        None => Reply::Silence,
    }
}

fn pass_events_and_show_nothing_of_them() {
    let server = Server::start(runtime_api);
    let address = server.url("");
    let child = command(&[
        ("PLOT", "test"),
        ("METRICS_NAMESPACE", "test"),
        ("LOG_LEVEL", "debug"),
        ("STACK_NAME", "sandbox"),
        (
            "AWS_LAMBDA_RUNTIME_API",
            address.trim_start_matches("http://"),
        ),
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        // A crate that reads this variable would log everything.
        ("RUST_LOG", "trace"),
    ])
    .spawn();
    let mut child = child.unwrap();
    let since = Instant::now();
    while server.requests().len() <= 2 * EVENTS.len() {
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "{:?}",
            server.requests()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();

    let results: Vec<_> = server
        .requests()
        .into_iter()
        .filter(|request| request.method == "POST")
        .map(|request| {
            let path = request.target.rsplit('/').next().unwrap().to_owned();
            (path, serde_json::from_str(&request.body).unwrap())
        })
        .collect();
    let refused = |class: &str, request_id: &str| {
        let id = SupportId::of_request(request_id);
        let error = json!({
            "errorType": class, "errorMessage": format!("{class} {}", id.as_str()),
        });
        ("error".to_owned(), error)
    };
    let answered = |event: &str| {
        let event: Value = serde_json::from_str(event).unwrap();
        ("response".to_owned(), event)
    };
    let expected = [
        answered(r#"{"wanted":"answer","userName":"marked"}"#),
        refused("refused", "request-1"),
        refused("internal", "request-2"),
        refused("refused", "request-3"),
        answered(r#"{"wanted":"answer","userName":"marked again"}"#),
    ];
    assert_eq!(results, expected);

    let text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    for said in ["failure", "panic"] {
        assert!(text.contains(&format!(r#""event":"{said}""#)), "{text}");
    }
    assert_eq!(
        text.lines().count(),
        8,
        "one start, four events that were handled, two failures, one panic: {text}"
    );
    assert!(!text.contains("marked"), "{text}");
    let metrics = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let metrics = metrics.filter(|line| line.get("_aws").is_some());
    let metrics: Vec<_> = metrics.collect();
    assert!(metrics.iter().all(|line| line["Stack"] == "sandbox"));
    let (started, events) = metrics.split_first().unwrap();
    assert_eq!(
        (&started["Function"], &started["ColdStart"]),
        (&json!("careless"), &json!(1))
    );
    assert!(started["StartDuration"].as_f64().unwrap() > 0.0);
    let classes: Vec<_> = events.iter().map(|line| line["Class"].as_str()).collect();
    assert_eq!(classes, [None, Some("refused"), Some("refused"), None]);
    assert!(
        events
            .iter()
            .all(|line| line["PreTokenGenerationDuration"].is_f64())
    );
}
