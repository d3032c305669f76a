//! Tests of functions that are invoked directly, without a front door. The function is a real one
//! (the example `trigger`), built once for each run of the tests.
//! Each test checks the exact answer, or the exact error with its type and its message. The records
//! keep less of an error than the caller gets.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use local_lambda::{
    DirectFunction, FunctionOptions, InvocationError, PAYLOAD_LIMIT, Profile, Target, build_once,
};
use serde_json::{Value, json};

/// A function that follows the script in a file, and the file.
struct Scripted {
    function: DirectFunction,
    script: tempfile::NamedTempFile,
}

impl Scripted {
    fn new(change: impl FnOnce(&mut FunctionOptions)) -> Self {
        let binary = build_once(&Target::example("local-lambda", "trigger", Profile::Dev)).unwrap();
        let script = tempfile::NamedTempFile::new().unwrap();
        let mut options = FunctionOptions::new("trigger", binary);
        let path = script.path().to_str().unwrap().to_owned();
        options.environment = vec![("SCRIPT".to_owned(), path)];
        change(&mut options);
        Self {
            function: DirectFunction::new(options),
            script,
        }
    }

    fn does(&self, script: &Value) {
        std::fs::write(self.script.path(), script.to_string()).unwrap();
    }

    async fn invoke(&self, event: &Value) -> Result<Value, (String, String)> {
        match self.function.invoke(event.to_string()).await {
            Ok(answer) => Ok(serde_json::from_slice(&answer).unwrap()),
            Err(failed) => Err((
                failed.error_type().to_owned(),
                failed.error_message().to_owned(),
            )),
        }
    }

    fn outcomes(&self) -> Vec<Result<(), InvocationError>> {
        let invocations = self.function.invocations();
        let outcomes = invocations.into_iter();
        outcomes.map(|invocation| invocation.outcome).collect()
    }
}

#[tokio::test]
async fn an_event_goes_in_as_it_is_and_the_answer_comes_out() {
    let function = Scripted::new(|_| {});
    function.does(&json!({}));
    let event = json!({"version": "2", "userName": "山田", "response": {"x": null}});
    assert_eq!(function.invoke(&event).await, Ok(event.clone()));
    let seen: Vec<Value> = function
        .function
        .logs()
        .lines()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(seen, [event]);

    function.does(&json!({"answer": ["anything"]}));
    assert_eq!(function.invoke(&json!({})).await, Ok(json!(["anything"])));
    assert_eq!(function.function.processes_started(), 1);
    assert_eq!(function.outcomes(), [Ok(()), Ok(())]);
    let ids: Vec<String> = function
        .function
        .invocations()
        .into_iter()
        .map(|invocation| invocation.request_id)
        .collect();
    assert_ne!(ids.first(), ids.last());
}

#[tokio::test]
async fn the_caller_is_told_the_message_and_the_records_keep_the_type() {
    let function = Scripted::new(|_| {});
    function.does(&json!({"fail": "marked-message"}));
    let failed = function.function.invoke("{}").await.unwrap_err();
    assert_eq!(failed.error_message(), "marked-message");
    assert!(!failed.error_type().is_empty());
    let InvocationError::FunctionError { error_type } = failed.cause() else {
        panic!("{failed:?}")
    };
    assert_eq!(error_type, failed.error_type());
    assert!(!format!("{failed:?} {failed}").contains("marked"));
    assert!(!format!("{:?}", function.outcomes()).contains("marked"));
    // The process is there for the next event.
    function.does(&json!({}));
    assert_eq!(function.invoke(&json!({})).await, Ok(json!({})));
    assert_eq!(function.function.processes_started(), 1);
}

#[tokio::test]
async fn lambdas_own_failures_have_lambdas_names() {
    let function = Scripted::new(|options| {
        options.invocation_timeout = Duration::from_secs(1);
    });
    function.does(&json!({"exit": 3}));
    let (error_type, message) = function.invoke(&json!({})).await.unwrap_err();
    assert_eq!(error_type, "Runtime.ExitError");
    assert!(message.ends_with(" Error: Runtime exited with error: exit status 3"));

    function.does(&json!({"sleep": 60_000}));
    let (error_type, message) = function.invoke(&json!({})).await.unwrap_err();
    assert_eq!(error_type, "Sandbox.Timedout");
    assert!(message.ends_with(" Error: Task timed out after 1.00 seconds"));

    function.does(&json!({}));
    let too_large = format!("\"{}\"", "a".repeat(PAYLOAD_LIMIT));
    let failed = function.function.invoke(too_large).await.unwrap_err();
    assert_eq!(failed.error_type(), "RequestTooLargeException");
    assert_eq!(failed.cause(), &InvocationError::EventTooLarge);
    let exited = InvocationError::Exited {
        status: Some(3),
        signal: None,
    };
    assert_eq!(
        function.outcomes(),
        [Err(exited), Err(InvocationError::TimedOut)],
        "an event that is too large reaches no process"
    );
}

#[tokio::test]
async fn nothing_is_left_after_a_stop_and_the_next_event_fails() {
    let function = Scripted::new(|_| {});
    function.does(&json!({}));
    function.invoke(&json!({})).await.unwrap();
    function.function.scale_to_zero().await;
    assert_eq!(function.function.processes(), []);
    function.invoke(&json!({})).await.unwrap();
    assert_eq!(function.function.processes_started(), 2);

    let shared = function.function.clone();
    shared.stop().await;
    assert_eq!(function.function.processes(), []);
    let failed = function.function.invoke("{}").await.unwrap_err();
    assert_eq!(failed.cause(), &InvocationError::Stopped);
}

#[tokio::test]
async fn a_changed_variable_is_that_of_the_next_event_in_a_new_process() {
    let function = Scripted::new(|options| {
        options
            .environment
            .push(("KEPT".to_owned(), "1".to_owned()));
    });
    function.does(&json!({"answer": "before"}));
    assert_eq!(function.invoke(&json!({})).await, Ok(json!("before")));
    let other = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(other.path(), json!({"answer": "after"}).to_string()).unwrap();
    let path = other.path().to_str().unwrap().to_owned();
    let configuration = function.function.configuration();
    configuration
        .set(&[("SCRIPT".to_owned(), path.clone())])
        .await;
    assert_eq!(function.function.processes(), []);
    assert_eq!(function.invoke(&json!({})).await, Ok(json!("after")));
    assert_eq!(function.function.processes_started(), 2);
    // No value is shown.
    assert!(!format!("{configuration:?}").contains(&path));
}
