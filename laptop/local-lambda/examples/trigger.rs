//! A function for the tests of Amazon Cognito's triggers. It follows the script in the file that
//! the variable `SCRIPT` names. It reads the file for every event, so a test can change the script
//! between two events. It writes every event as a line of its log.
//! It is a real function on the `lambda_runtime` crate, because the local runtime has to work with
//! that crate.

#![expect(clippy::print_stdout, reason = "a function's log is its output")]

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handle)).await
}

/// The keys of the script: `sleep` (milliseconds), `fail` (an error's message), `exit` (a status),
/// `answer` (the whole answer), `response` (the member `response` of the answer). Without any of
/// them, the answer is the event as it came.
async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let mut event = event.payload;
    println!("{event}");
    let script: Value = match std::env::var("SCRIPT") {
        Ok(path) => serde_json::from_str(&std::fs::read_to_string(path)?)?,
        Err(_) => Value::Null,
    };
    if let Some(milliseconds) = script.get("sleep").and_then(Value::as_u64) {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    if let Some(status) = script.get("exit").and_then(Value::as_i64) {
        std::process::exit(status.try_into()?);
    }
    if let Some(message) = script.get("fail").and_then(Value::as_str) {
        return Err(message.into());
    }
    if let Some(answer) = script.get("answer") {
        return Ok(answer.clone());
    }
    if let (Some(response), Some(members)) = (script.get("response"), event.as_object_mut()) {
        members.insert("response".to_owned(), response.clone());
    }
    Ok(event)
}
