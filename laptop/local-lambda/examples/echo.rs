//! A function for the tests of the local Lambda runtime. The path of a request says what it does.
//! It is a real function on the `lambda_runtime` crate, because the local runtime has to work with
//! that crate.
//! With the variable `START` it starts badly.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a function's log is its output"
)]

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    println!("starting");
    match std::env::var("START").as_deref() {
        Ok("exit") => std::process::exit(7),
        // The test itself speaks to the Runtime API, in place of this process.
        Ok("puppet") => {
            println!("{}", std::env::var("AWS_LAMBDA_RUNTIME_API")?);
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
        Ok("hang") => tokio::time::sleep(Duration::from_secs(3600)).await,
        _ => {}
    }
    lambda_runtime::run(service_fn(handle)).await
}

#[expect(
    clippy::panic,
    reason = "what the runtime does about a panic is tested"
)]
async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    let query = |name: &str| {
        event
            .pointer(&format!("/queryStringParameters/{name}"))
            .and_then(Value::as_str)
    };
    match event
        .get("rawPath")
        .and_then(Value::as_str)
        .unwrap_or_default()
    {
        "/pid" => Ok(json!({ "statusCode": 200, "body": std::process::id().to_string() })),
        "/environment" => {
            let mut names: Vec<(String, String)> = std::env::vars().collect();
            names.sort();
            Ok(respond(&json!(names)))
        }
        "/context" => Ok(respond(&json!({
            "request_id": context.request_id,
            "deadline": context.deadline,
            "function": context.env_config.function_name,
            "arn": context.invoked_function_arn,
            "trace": context.xray_trace_id,
        }))),
        "/sleep" => {
            let milliseconds = query("milliseconds").and_then(|text| text.parse().ok());
            tokio::time::sleep(Duration::from_millis(milliseconds.unwrap_or_default())).await;
            Ok(json!({ "statusCode": 200, "body": std::process::id().to_string() }))
        }
        "/fail" => Err("marked-message".into()),
        "/panic" => panic!("marked-panic"),
        "/exit" => std::process::exit(3),
        "/large" => Ok(json!({ "statusCode": 200, "body": "a".repeat(7 * 1024 * 1024) })),
        "/log" => {
            println!("one on standard output");
            eprintln!("one on standard error");
            println!(r#"{{"event":"check","check":"state_missing"}}"#);
            println!(r#"{{"event":"check","check":"no_words"}}"#);
            Ok(json!({ "statusCode": 204 }))
        }
        // The query contains the whole answer.
        "/answer" => Ok(serde_json::from_str(query("json").unwrap_or_default())?),
        "/counter" => {
            static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(1);
            let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            Ok(json!({ "statusCode": 200, "body": count.to_string() }))
        }
        _ => Ok(respond(&event)),
    }
}

fn respond(body: &Value) -> Value {
    json!({
        "statusCode": 200,
        "headers": { "content-type": "application/json" },
        "body": body.to_string(),
    })
}
