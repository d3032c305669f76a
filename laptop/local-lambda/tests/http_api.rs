//! Tests of the local Lambda runtime and its HTTP API from outside: requests go in over a socket.
//! The function is a real one (the example `echo`), built once for each run of the tests.
//! Each test checks the exact event, the exact answer, and the processes.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use local_lambda::{
    FunctionOptions, HEAD_LIMIT, HttpApi, InvocationError, LocalFunction, ProcessState, Profile,
    Target, build_once,
};
use loopback::journal::{Check, Parameter, Party};
use loopback::server::ListenError;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn echo() -> FunctionOptions {
    let binary = build_once(&Target::example("local-lambda", "echo", Profile::Dev)).unwrap();
    FunctionOptions::new("echo", binary)
}

async fn start(options: FunctionOptions) -> LocalFunction {
    HttpApi::bind(ANY_PORT).await.unwrap().serve(options)
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn headers(&self, name: &str) -> Vec<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }
}

/// Sends exactly these bytes and reads until the other side closes.
async fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("a response");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

async fn get(function: &LocalFunction, target: &str) -> Answer {
    let request =
        format!("GET {target} HTTP/1.1\r\nHost: bridge.localhost\r\nConnection: close\r\n\r\n");
    exchange(function.address(), request.as_bytes()).await
}

/// The system's letter for the state of a process: `T` is stopped. `None` if the process is gone,
/// or has ended and was not yet waited for.
fn state(pid: u32) -> Option<char> {
    let ps = || {
        let mut ps = std::process::Command::new("ps");
        let output = ps.args(["-o", "state=", "-p", &pid.to_string()]).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let state = match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        // The name in parentheses may contain anything; the state follows the last one.
        Ok(stat) => stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.chars().next()),
        Err(_) if cfg!(target_os = "linux") => None,
        Err(_) => ps().trim().chars().next(),
    };
    state.filter(|state| *state != 'Z')
}

/// Waits until the condition holds, for at most half a minute.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "not in time: {what}"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn only_pid(function: &LocalFunction) -> u32 {
    let processes = function.processes();
    assert_eq!(processes.len(), 1, "{processes:?}");
    processes.first().unwrap().pid
}

fn outcomes(function: &LocalFunction) -> Vec<Result<(), InvocationError>> {
    function
        .invocations()
        .into_iter()
        .map(|invocation| invocation.outcome)
        .collect()
}

/// Removes the members that are different each time, after checking their form.
fn without_what_changes(event: &mut Value) {
    let context = &mut event["requestContext"];
    let epoch = context["timeEpoch"].as_i64().unwrap();
    let time =
        chrono::DateTime::parse_from_str(context["time"].as_str().unwrap(), "%d/%b/%Y:%H:%M:%S %z");
    assert_eq!(time.unwrap().timestamp(), epoch / 1000);
    assert_eq!(context["requestId"].as_str().unwrap().len(), 36);
    for name in ["time", "timeEpoch", "requestId"] {
        context.as_object_mut().unwrap().remove(name).unwrap();
    }
    let headers = event["headers"].as_object_mut().unwrap();
    assert!(
        headers
            .remove("x-amzn-trace-id")
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("Root=1-")
    );
    headers.remove("x-forwarded-port").unwrap();
}

#[tokio::test]
async fn the_event_of_a_get_has_cookies_joined_headers_and_joined_query_keys() {
    let function = start(echo()).await;
    let request = "GET /my/p%20th?parameter1=value1&parameter1=value2&parameter2=a%20b%2Bc+d&\
        empty HTTP/1.1\r\n\
        Host: bridge.localhost:1234\r\nUser-Agent: test\r\nX-Twice: one\r\nX-Twice: two\r\n\
        X-Forwarded-For: 203.0.113.7\r\nCookie: a=1; b=\"2\"\r\nCookie: c=3=3\r\n\
        Connection: close\r\n\r\n";
    let mut event = exchange(function.address(), request.as_bytes())
        .await
        .json();
    without_what_changes(&mut event);
    let golden = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/p th",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=a%20b%2Bc+d&empty",
        "cookies": ["a=1", "b=\"2\"", "c=3=3"],
        "headers": {
            "content-length": "0",
            "host": "bridge.localhost:1234",
            "user-agent": "test",
            "x-forwarded-for": "203.0.113.7, 127.0.0.1",
            "x-forwarded-proto": "http",
            "x-twice": "one,two",
        },
        "queryStringParameters": {
            "empty": "",
            "parameter1": "value1,value2",
            "parameter2": "a b+c d",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "bridge",
            "domainName": "bridge.localhost",
            "domainPrefix": "bridge",
            "http": {
                "method": "GET",
                "path": "/my/p th",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
            "routeKey": "$default",
            "stage": "$default",
        },
        "isBase64Encoded": false,
    });
    assert_eq!(event, golden);
    function.stop().await;
}

#[tokio::test]
async fn the_event_of_a_form_has_its_body_in_base64() {
    let function = start(echo()).await;
    let request = "POST /token HTTP/1.1\r\nHost: bridge.localhost\r\nUser-Agent: Amazon/Cognito\r\n\
        Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\
        Connection: close\r\n\r\ngrant_type=x&code=a%2Bb&c=%7E";
    let mut event = exchange(function.address(), request.as_bytes())
        .await
        .json();
    without_what_changes(&mut event);
    let golden = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/token",
        "rawQueryString": "",
        "headers": {
            "content-length": "29",
            "content-type": "application/x-www-form-urlencoded",
            "host": "bridge.localhost",
            "user-agent": "Amazon/Cognito",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-proto": "http",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "bridge",
            "domainName": "bridge.localhost",
            "domainPrefix": "bridge",
            "http": {
                "method": "POST",
                "path": "/token",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "Amazon/Cognito",
            },
            "routeKey": "$default",
            "stage": "$default",
        },
        "body": "Z3JhbnRfdHlwZT14JmNvZGU9YSUyQmImYz0lN0U=",
        "isBase64Encoded": true,
    });
    assert_eq!(event, golden);
    function.stop().await;
}

#[tokio::test]
async fn an_answer_becomes_a_response() {
    let function = start(echo()).await;
    let answer = get(
        &function,
        "/answer?json={%22statusCode%22:302,%22cookies%22:[%22a=1%22,%22b=2%22],\
         %22headers%22:{%22Location%22:%22/x%22}}",
    )
    .await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.headers("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(answer.headers("location"), ["/x"]);
    assert_eq!(answer.headers("apigw-requestid").len(), 1);

    let answer = get(
        &function,
        "/answer?json={%22statusCode%22:200,%22body%22:%22w6Q=%22,%22isBase64Encoded%22:true}",
    )
    .await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ä"));
    function.stop().await;
}

#[tokio::test]
async fn an_answer_without_status_is_the_body_of_a_200() {
    let function = start(echo()).await;
    let object = get(&function, "/answer?json={%22hello%22:%22world%22}").await;
    assert_eq!(
        (object.status, object.body.as_str()),
        (200, r#"{"hello":"world"}"#)
    );
    assert_eq!(object.headers("content-type"), ["application/json"]);
    let string = get(&function, "/answer?json=%22hello%22").await;
    assert_eq!((string.status, string.body.as_str()), (200, "hello"));
    function.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_no_response_is_a_500() {
    let function = start(echo()).await;
    let answer = get(&function, "/answer?json={%22statusCode%22:9}").await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.json(), json!({ "message": "Internal Server Error" }));
    // The function itself did nothing wrong.
    assert_eq!(outcomes(&function), [Ok(())]);
    function.stop().await;
}

#[tokio::test]
async fn the_environment_is_lambdas_and_the_given_one_and_nothing_else() {
    let mut options = echo();
    options.environment = vec![
        ("ISSUER".into(), "x".into()),
        ("AWS_LAMBDA_FUNCTION_NAME".into(), "other".into()),
    ];
    let function = start(options).await;
    let variables = get(&function, "/environment").await.json();
    let variables: Vec<(String, String)> = serde_json::from_value(variables).unwrap();
    let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "AWS_DEFAULT_REGION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "ISSUER",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "PATH",
        "TZ",
        "_HANDLER",
    ];
    // The runtime crate adds the trace id of the event by itself, and faketime a variable of its
    // own: `cargo xtask repeat` runs this test with a clock that is moved for every process.
    let names: Vec<&str> = names
        .into_iter()
        .filter(|name| !["_X_AMZN_TRACE_ID", "FAKETIME_SHARED"].contains(name))
        .collect();
    assert_eq!(names, expected);
    let value = |name: &str| {
        variables
            .iter()
            .find(|(found, _)| found == name)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(value("AWS_LAMBDA_FUNCTION_NAME"), "echo");
    assert_eq!(value("AWS_LAMBDA_FUNCTION_VERSION"), "$LATEST");
    assert_eq!(value("TZ"), ":UTC");
    function.stop().await;
}

#[tokio::test]
async fn the_context_has_the_id_of_the_invocation_and_its_deadline() {
    let function = start(echo()).await;
    let context = get(&function, "/context").await.json();
    let invocation = &function.invocations()[0];
    assert_eq!(context["request_id"], invocation.request_id);
    assert_eq!(context["function"], "echo");
    assert_eq!(
        context["arn"],
        "arn:aws:lambda:ap-northeast-1:123456789012:function:echo"
    );
    let request_id = Uuid::try_parse(&invocation.request_id).unwrap();
    let seconds = i64::from(request_id.as_fields().0);
    let deadline = context["deadline"].as_i64().unwrap();
    assert!((seconds * 1000 + 10_000..seconds * 1000 + 11_000).contains(&deadline));
    function.stop().await;
}

#[tokio::test]
async fn a_process_is_stopped_between_events_and_goes_on_with_what_it_had() {
    let function = start(echo()).await;
    assert_eq!(get(&function, "/counter").await.body, "1");
    let pid = only_pid(&function);
    for count in 2..5 {
        assert_eq!(function.processes()[0].state, ProcessState::Frozen);
        eventually("the process is stopped", || state(pid) == Some('T')).await;
        assert_eq!(get(&function, "/counter").await.body, count.to_string());
    }
    eventually("the process is stopped again", || state(pid) == Some('T')).await;
    assert_eq!(only_pid(&function), pid);
    function.stop().await;
}

#[tokio::test]
async fn a_process_runs_while_it_has_an_event() {
    let function = start(echo()).await;
    let begin = async {
        eventually("the process has its event", || {
            function
                .processes()
                .first()
                .is_some_and(|process| process.state == ProcessState::Busy)
        })
        .await;
        assert_ne!(state(only_pid(&function)), Some('T'));
    };
    let (answer, ()) = tokio::join!(get(&function, "/sleep?milliseconds=1500"), begin);
    assert_eq!(answer.status, 200);
    function.stop().await;
}

#[tokio::test]
async fn one_after_the_other_needs_one_process() {
    let function = start(echo()).await;
    let first = get(&function, "/pid").await.body;
    for _ in 0..20 {
        assert_eq!(get(&function, "/pid").await.body, first);
    }
    assert_eq!(function.processes_started(), 1);
    let invocations = function.invocations();
    assert!(
        invocations[0]
            .cold_start
            .is_some_and(|time| time > Duration::ZERO)
    );
    assert!(
        invocations[1..]
            .iter()
            .all(|invocation| invocation.cold_start.is_none())
    );
    assert!(
        invocations
            .iter()
            .all(|invocation| invocation.pid == Some(only_pid(&function)))
    );
    function.stop().await;
}

/// Two requests, the second while the first one has its process.
async fn two_at_once(function: &LocalFunction) -> (Answer, Answer) {
    tokio::join!(get(function, "/sleep?milliseconds=1500"), async {
        eventually("the first one has a process", || {
            (function.processes().iter()).any(|process| process.state == ProcessState::Busy)
        })
        .await;
        get(function, "/pid").await
    })
}

#[tokio::test]
async fn two_at_once_need_two_processes() {
    let function = start(echo()).await;
    let (one, two) = two_at_once(&function).await;
    assert_ne!(one.body, two.body);
    assert_eq!(function.processes_started(), 2);
    assert!(
        function
            .processes()
            .iter()
            .all(|process| process.state == ProcessState::Frozen)
    );
    function.stop().await;
}

#[tokio::test]
async fn who_comes_when_all_are_busy_waits() {
    let mut options = echo();
    options.max_processes = 1;
    let function = start(options).await;
    let (one, two) = two_at_once(&function).await;
    assert_eq!((one.status, two.status), (200, 200));
    assert_eq!(one.body, two.body);
    assert_eq!(function.processes_started(), 1);
    function.stop().await;
}

#[tokio::test]
async fn who_waits_too_long_gets_a_503_and_is_never_called() {
    let mut options = echo();
    options.max_processes = 1;
    options.integration_timeout = Duration::from_secs(5);
    options.invocation_timeout = Duration::from_secs(20);
    let function = start(options).await;
    assert_eq!(get(&function, "/counter").await.body, "1");
    let (one, two) = tokio::join!(get(&function, "/sleep?milliseconds=12000"), async {
        eventually("the first one has the process", || {
            function.processes()[0].state == ProcessState::Busy
        })
        .await;
        get(&function, "/counter").await
    });
    assert_eq!((one.status, two.status), (503, 503));
    assert_eq!(two.json(), json!({ "message": "Service Unavailable" }));
    eventually("the first one has ended", || {
        function.invocations().len() == 3
    })
    .await;
    assert_eq!(
        outcomes(&function),
        [Ok(()), Err(InvocationError::Throttled), Ok(())]
    );
    assert_eq!(get(&function, "/counter").await.body, "2");
    function.stop().await;
}

#[tokio::test]
async fn an_error_is_a_500_that_says_nothing_and_the_process_stays() {
    let function = start(echo()).await;
    for path in ["/fail", "/panic"] {
        let answer = get(&function, path).await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.json(), json!({ "message": "Internal Server Error" }));
    }
    assert_eq!(get(&function, "/pid").await.status, 200);
    assert_eq!(function.processes_started(), 1);
    let outcomes = outcomes(&function);
    assert!(
        matches!(outcomes[0], Err(InvocationError::FunctionError { .. })),
        "{outcomes:?}"
    );
    assert!(
        matches!(outcomes[1], Err(InvocationError::FunctionError { .. })),
        "{outcomes:?}"
    );
    assert!(!format!("{outcomes:?}").contains("marked"), "{outcomes:?}");
    function.stop().await;
}

#[tokio::test]
async fn an_exit_is_a_500_and_the_next_request_gets_a_new_process() {
    let function = start(echo()).await;
    let first = get(&function, "/pid").await.body;
    let answer = get(&function, "/exit").await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.json(), json!({ "message": "Internal Server Error" }));
    assert_eq!(function.processes(), []);
    let second = get(&function, "/pid").await;
    assert_eq!(second.status, 200);
    assert_ne!(second.body, first);
    let exited = InvocationError::Exited {
        status: Some(3),
        signal: None,
    };
    assert_eq!(outcomes(&function), [Ok(()), Err(exited), Ok(())]);
    function.stop().await;
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_is_stopped_is_replaced_unnoticed() {
    let function = start(echo()).await;
    get(&function, "/pid").await;
    let pid = only_pid(&function);
    let target = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
    rustix::process::kill_process(target, rustix::process::Signal::KILL).unwrap();
    eventually("the process is gone", || state(pid).is_none()).await;
    assert_eq!(get(&function, "/pid").await.status, 200);
    assert_ne!(only_pid(&function), pid);
    function.stop().await;
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_killed() {
    let mut options = echo();
    options.invocation_timeout = Duration::from_secs(2);
    let function = start(options).await;
    get(&function, "/pid").await;
    let pid = only_pid(&function);
    let answer = get(&function, "/sleep?milliseconds=60000").await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.json(), json!({ "message": "Internal Server Error" }));
    assert_eq!(
        outcomes(&function),
        [Ok(()), Err(InvocationError::TimedOut)]
    );
    eventually("the process is gone", || state(pid).is_none()).await;
    assert_eq!(get(&function, "/pid").await.status, 200);
    function.stop().await;
}

#[tokio::test]
async fn the_front_door_gives_up_and_the_function_goes_on() {
    let mut options = echo();
    options.integration_timeout = Duration::from_secs(5);
    let function = start(options).await;
    get(&function, "/pid").await;
    let answer = get(&function, "/sleep?milliseconds=8000").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json(), json!({ "message": "Service Unavailable" }));
    eventually("the function has ended", || {
        function.invocations().len() == 2
    })
    .await;
    assert_eq!(outcomes(&function), [Ok(()), Ok(())]);
    assert_eq!(function.processes_started(), 1);
    function.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_stops_nothing() {
    let function = start(echo()).await;
    let mut stream = TcpStream::connect(function.address()).await.unwrap();
    let request = "GET /sleep?milliseconds=1500 HTTP/1.1\r\nHost: bridge.localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    eventually("the function has its event", || {
        function
            .processes()
            .first()
            .is_some_and(|process| process.state == ProcessState::Busy)
    })
    .await;
    drop(stream);
    eventually("the function has ended", || {
        function.invocations().len() == 1
    })
    .await;
    assert_eq!(outcomes(&function), [Ok(())]);
    assert_eq!(function.processes()[0].state, ProcessState::Frozen);
    function.stop().await;
}

#[tokio::test]
async fn a_function_that_exits_at_its_start_is_a_500() {
    let mut options = echo();
    options.environment = vec![("START".into(), "exit".into())];
    let function = start(options).await;
    assert_eq!(get(&function, "/pid").await.status, 500);
    let exited = InvocationError::Exited {
        status: Some(7),
        signal: None,
    };
    assert_eq!(outcomes(&function), [Err(exited)]);
    assert_eq!(function.processes(), []);
    assert_eq!(function.logs().lines(), ["starting"]);
    function.stop().await;
}

#[tokio::test]
async fn a_function_that_never_asks_for_an_event_is_a_500_and_is_killed() {
    let mut options = echo();
    options.environment = vec![("START".into(), "hang".into())];
    options.initialization_timeout = Duration::from_secs(2);
    let function = start(options).await;
    let watch = async {
        eventually("the process was started", || {
            !function.processes().is_empty()
        })
        .await;
        let process = function.processes()[0];
        assert_eq!(process.state, ProcessState::Initializing);
        process.pid
    };
    let (answer, pid) = tokio::join!(get(&function, "/pid"), watch);
    assert_eq!(answer.status, 500);
    assert_eq!(
        outcomes(&function),
        [Err(InvocationError::InitializationTimedOut)]
    );
    eventually("the process is gone", || state(pid).is_none()).await;
    function.stop().await;
}

/// Another build may be replacing the binary at that moment.
#[tokio::test]
async fn a_binary_that_is_not_there_for_a_moment_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let executable = folder.path().join("echo");
    let built = build_once(&Target::example("local-lambda", "echo", Profile::Dev)).unwrap();
    let function = start(FunctionOptions::new("echo", executable.clone())).await;
    let put = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        std::fs::copy(built, executable).unwrap();
    };
    let (answer, ()) = tokio::join!(get(&function, "/pid"), put);
    assert_eq!(answer.status, 200);
    assert_eq!(outcomes(&function), [Ok(())]);
    function.stop().await;
}

#[tokio::test]
async fn a_binary_that_is_not_there_is_a_500() {
    let function = start(FunctionOptions::new(
        "none",
        PathBuf::from("/no/such/binary"),
    ))
    .await;
    assert_eq!(get(&function, "/pid").await.status, 500);
    let not_started = InvocationError::NotStarted(std::io::ErrorKind::NotFound);
    assert_eq!(outcomes(&function), [Err(not_started)]);
    function.stop().await;
}

#[tokio::test]
async fn request_line_and_headers_may_have_10240_bytes_and_not_one_more() {
    let function = start(echo()).await;
    let request = |size: usize| {
        let frame =
            "GET /pid HTTP/1.1\r\nHost: bridge.localhost\r\nConnection: close\r\nX-Long: \r\n";
        let value = "a".repeat(size - frame.len());
        let request = frame.replace("X-Long: ", &format!("X-Long: {value}"));
        assert_eq!(request.len(), size);
        format!("{request}\r\n")
    };
    let fits = exchange(function.address(), request(HEAD_LIMIT).as_bytes()).await;
    assert_eq!(fits.status, 200);
    assert_eq!(function.invocations().len(), 1);
    let too_large = exchange(function.address(), request(HEAD_LIMIT + 1).as_bytes()).await;
    assert_eq!(too_large.status, 431);
    assert_eq!(function.invocations().len(), 1);
    assert_eq!(HEAD_LIMIT, 10_240);
    function.stop().await;
}

#[tokio::test]
async fn a_body_that_no_event_can_carry_is_a_413_and_reaches_no_function() {
    let function = start(echo()).await;
    let post = |length: usize| {
        let mut request = format!(
            "POST /pid HTTP/1.1\r\nHost: bridge.localhost\r\nContent-Type: text/plain\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        request.push_str(&"a".repeat(length));
        request
    };
    let fits = exchange(function.address(), post(6_000_000).as_bytes()).await;
    assert_eq!(fits.status, 200);
    let too_large = exchange(function.address(), post(6_291_556).as_bytes()).await;
    assert_eq!(too_large.status, 413);
    assert_eq!(
        too_large.json(),
        json!({ "message": "Request Entity Too Large" })
    );
    assert_eq!(function.invocations().len(), 1);
    function.stop().await;
}

#[tokio::test]
async fn a_body_over_10_megabytes_is_refused_before_it_was_sent() {
    let function = start(echo()).await;
    let mut stream = TcpStream::connect(function.address()).await.unwrap();
    let length = 10 * 1024 * 1024 + 1;
    let head =
        format!("POST /pid HTTP/1.1\r\nHost: bridge.localhost\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    // Nothing of the body was sent: the announced length is enough.
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 413");
    assert_eq!(function.invocations().len(), 0);
    function.stop().await;
}

#[tokio::test]
async fn an_answer_over_6_megabytes_is_a_500_and_the_process_stays() {
    let function = start(echo()).await;
    assert_eq!(get(&function, "/large").await.status, 500);
    assert_eq!(outcomes(&function), [Err(InvocationError::AnswerTooLarge)]);
    assert_eq!(get(&function, "/pid").await.status, 200);
    function.stop().await;
}

#[tokio::test]
async fn after_scaling_to_zero_the_next_request_is_a_cold_start() {
    let function = start(echo()).await;
    get(&function, "/pid").await;
    let pid = only_pid(&function);
    function.scale_to_zero().await;
    assert_eq!(state(pid), None);
    assert_eq!(function.processes(), []);
    assert_eq!(get(&function, "/counter").await.body, "1");
    assert_eq!(function.processes_started(), 2);
    assert!(function.invocations()[1].cold_start.is_some());
    function.stop().await;
}

#[tokio::test]
async fn scaling_to_zero_lets_a_busy_process_finish_its_event() {
    let function = start(echo()).await;
    let scale = async {
        eventually("the process has its event", || {
            function
                .processes()
                .first()
                .is_some_and(|process| process.state == ProcessState::Busy)
        })
        .await;
        function.scale_to_zero().await;
        only_pid(&function)
    };
    let (answer, pid) = tokio::join!(get(&function, "/sleep?milliseconds=1500"), scale);
    assert_eq!((answer.status, answer.body), (200, pid.to_string()));
    eventually("the process is gone", || state(pid).is_none()).await;
    assert_eq!(function.processes(), []);
    function.stop().await;
}

/// A function with one stopped and one busy process.
async fn stopped_and_busy(busy_for: Duration) -> (LocalFunction, Vec<u32>) {
    // An address that nothing else uses, so that no other process takes the port as soon as it is
    // free.
    let address = SocketAddr::from(([127, 0, 0, 4], 0));
    let function = HttpApi::bind(address).await.unwrap().serve(echo());
    two_at_once(&function).await;
    let address = function.address();
    tokio::spawn(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let milliseconds = busy_for.as_millis();
        let request = format!(
            "GET /sleep?milliseconds={milliseconds} HTTP/1.1\r\nHost: bridge.localhost\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.ok();
    });
    eventually("one process has an event", || {
        function
            .processes()
            .iter()
            .any(|process| process.state == ProcessState::Busy)
    })
    .await;
    let pids: Vec<u32> = function
        .processes()
        .iter()
        .map(|process| process.pid)
        .collect();
    assert_eq!(pids.len(), 2);
    assert!(pids.iter().all(|pid| state(*pid).is_some()));
    (function, pids)
}

#[tokio::test]
async fn nothing_is_left_after_a_stop() {
    let (function, pids) = stopped_and_busy(Duration::from_secs(60)).await;
    let address = function.address();
    function.stop().await;
    for pid in pids {
        assert_eq!(state(pid), None);
    }
    TcpStream::connect(address)
        .await
        .expect_err("the front door is closed");
}

#[tokio::test]
async fn nothing_is_left_after_a_drop() {
    let (function, pids) = stopped_and_busy(Duration::from_secs(60)).await;
    drop(function);
    for pid in pids {
        eventually("the process is gone", || state(pid).is_none()).await;
    }
}

/// This variable is set when the test below runs itself as the program that is killed.
const INNER: &str = "LAMBDA_TEST_INNER";

#[tokio::test]
async fn nothing_is_left_when_the_program_itself_is_killed() {
    if std::env::var_os(INNER).is_some() {
        // A session of its own, as a terminal gives one to a program: see `process.rs`.
        rustix::process::setsid().unwrap();
        let (_function, pids) = stopped_and_busy(Duration::from_secs(2)).await;
        println!("pids {} {}", pids[0], pids[1]);
        tokio::time::sleep(Duration::from_secs(60)).await;
        return;
    }
    let mut program = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "nothing_is_left_when_the_program_itself_is_killed",
            "--nocapture",
        ])
        .env(INNER, "1")
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = tokio::io::BufReader::new(program.stdout.take().unwrap()).lines();
    let pids: Vec<u32> = loop {
        let line = lines
            .next_line()
            .await
            .unwrap()
            .expect("the inner test says its pids");
        if let Some((_, pids)) = line.split_once("pids ") {
            break pids.split(' ').map(|pid| pid.parse().unwrap()).collect();
        }
    };
    assert!(pids.iter().any(|pid| state(*pid) == Some('T')));
    program.kill().await.unwrap();
    // The system ends the stopped process. The busy one finishes its event, and exits because its
    // Runtime API is gone.
    for pid in pids {
        eventually("the process is gone", || state(pid).is_none()).await;
    }
}

/// A function whose process does nothing. The test itself calls the Runtime API in its place.
async fn puppet() -> LocalFunction {
    let mut options = echo();
    options.environment = vec![("START".into(), "puppet".into())];
    start(options).await
}

/// The address of the Runtime API, which the process writes into its log.
async fn runtime_api(function: &LocalFunction) -> SocketAddr {
    let mut subscription = function.logs().subscribe();
    assert_eq!(subscription.next().await, "starting");
    subscription.next().await.parse().unwrap()
}

async fn ask_for_event(runtime_api: SocketAddr) -> Answer {
    let request =
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    exchange(runtime_api, request.as_bytes()).await
}

async fn post(runtime_api: SocketAddr, path: &str, body: &str) -> u16 {
    let request = format!(
        "POST /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    exchange(runtime_api, request.as_bytes()).await.status
}

#[tokio::test]
async fn the_runtime_api_takes_one_answer_for_the_event_that_it_gave() {
    let function = puppet().await;
    let speak = async {
        let api = runtime_api(&function).await;
        let event = ask_for_event(api).await;
        assert_eq!(event.status, 200);
        assert_eq!(event.json()["rawPath"], "/x");
        let request_id = event.headers("lambda-runtime-aws-request-id")[0].to_owned();
        assert_eq!(event.headers("lambda-runtime-deadline-ms").len(), 1);
        assert_eq!(
            event.headers("lambda-runtime-invoked-function-arn").len(),
            1
        );
        assert_eq!(
            event.headers("lambda-runtime-trace-id"),
            [event.json()["headers"]["x-amzn-trace-id"].as_str().unwrap()]
        );
        let answer = r#"{"statusCode":201}"#;
        assert_eq!(post(api, "invocation/another/response", answer).await, 400);
        assert_eq!(post(api, "invocation/another/error", "{}").await, 400);
        let path = format!("invocation/{request_id}/response");
        assert_eq!(post(api, &path, answer).await, 202);
        assert_eq!(post(api, &path, r#"{"statusCode":202}"#).await, 400);
        // The first event is over only now, when the next one is asked for.
        tokio::spawn(ask_for_event(api));
    };
    let (answer, ()) = tokio::join!(get(&function, "/x"), speak);
    assert_eq!(answer.status, 201);
    assert_eq!(function.processes()[0].state, ProcessState::Frozen);
    function.stop().await;
}

#[tokio::test]
async fn who_asks_for_another_event_without_an_answer_is_killed() {
    let function = puppet().await;
    let speak = async {
        let api = runtime_api(&function).await;
        ask_for_event(api).await;
        let pid = only_pid(&function);
        assert_eq!(ask_for_event(api).await.status, 500);
        pid
    };
    let (answer, pid) = tokio::join!(get(&function, "/x"), speak);
    assert_eq!(answer.status, 500);
    assert_eq!(
        outcomes(&function),
        [Err(InvocationError::ProtocolViolated)]
    );
    eventually("the process is gone", || state(pid).is_none()).await;
    function.stop().await;
}

#[tokio::test]
async fn a_reported_failure_of_the_start_is_a_500() {
    let function = puppet().await;
    let speak = async {
        let api = runtime_api(&function).await;
        let error = r#"{"errorType":"Configuration","errorMessage":"marked-message"}"#;
        assert_eq!(post(api, "init/error", error).await, 202);
    };
    let (answer, ()) = tokio::join!(get(&function, "/x"), speak);
    assert_eq!(answer.status, 500);
    let failed = InvocationError::InitializationFailed {
        error_type: "Configuration".into(),
    };
    assert_eq!(outcomes(&function), [Err(failed)]);
    function.stop().await;
}

#[tokio::test]
async fn what_the_function_writes_is_there_with_its_answer() {
    let function = start(echo()).await;
    let mut subscription = function.logs().subscribe();
    assert_eq!(get(&function, "/log").await.status, 204);
    let check = |name: &str| format!(r#"{{"event":"check","check":"{name}"}}"#);
    let (known, unknown) = (check("state_missing"), check("no_words"));
    let lines = [
        "starting",
        "one on standard output",
        "one on standard error",
        &known,
        &unknown,
    ];
    assert_eq!(function.logs().lines(), lines);
    for line in lines {
        assert_eq!(subscription.next().await, line);
    }
    let waiting = tokio::time::timeout(Duration::from_millis(50), subscription.next());
    assert!(waiting.await.is_err(), "there is no further line");
    function.stop().await;
}

#[tokio::test]
async fn the_journal_has_each_request_with_its_secrets_masked() {
    let mut options = echo();
    options.words =
        |check| (check == "state_missing").then_some(("state is there", "RFC 6749 §10.12"));
    let journal = options.journal.clone();
    let function = start(options).await;
    let location = "%7B%22statusCode%22:302,%22headers%22:%7B%22Location%22:%22\
        http://app.localhost/cb?code=0123456789abcdefg%26error=x%22%7D%7D";
    get(
        &function,
        &format!("/answer?json={location}&state=abcdefghijklmnopqrst"),
    )
    .await;
    get(&function, "/authorize?scope=openid").await;
    get(&function, "/log").await;
    let form = "client_secret=marked-secret-marked&grant_type=authorization_code";
    let request = format!(
        "POST /token HTTP/1.1\r\nHost: bridge.localhost\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n{form}",
        form.len()
    );
    exchange(function.address(), request.as_bytes()).await;

    let steps = journal.steps();
    let parameter = |name: &str, value: &str| Parameter {
        name: name.into(),
        value: value.into(),
    };
    assert_eq!(steps[0].request, "GET /answer");
    assert_eq!(
        (steps[0].from, steps[0].to),
        (Party::Cognito, Party::Bridge)
    );
    assert_eq!(steps[0].status, Some(302));
    assert_eq!(steps[0].parameters[1], parameter("state", "abcd…(20)"));
    let answer = [
        parameter("location", "http://app.localhost/cb"),
        parameter("code", "0123…(17)"),
        parameter("error", "x"),
    ];
    assert_eq!(steps[0].answer, answer);
    assert_eq!(steps[1].from, Party::Browser);
    assert_eq!(steps[1].parameters, [parameter("scope", "openid")]);
    let own = [
        Check::new("state is there", "RFC 6749 §10.12", true),
        Check::new("no_words", "docs/failures.md", true),
    ];
    assert_eq!(steps[2].checks[1..], own);
    assert_eq!(steps[3].from, Party::Cognito);
    assert_eq!(
        steps[3].parameters[0],
        parameter("client_secret", "mark…(20)")
    );
    assert_eq!(
        steps[3].parameters[1],
        parameter("grant_type", "authorization_code")
    );
    assert!(!format!("{steps:?}").contains("marked-secret"));
    function.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let first = HttpApi::bind(ANY_PORT).await.unwrap();
    let address = first.address();
    let error = HttpApi::bind(address).await.unwrap_err();
    assert!(
        matches!(error, ListenError::Taken { address: taken } if taken == address),
        "{error:?}"
    );
    assert!(error.to_string().contains(&address.to_string()));
}

#[tokio::test]
async fn an_address_beyond_loopback_is_refused() {
    let address: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let error = HttpApi::bind(address).await.unwrap_err();
    assert!(
        matches!(error, ListenError::NotLoopback { address: refused } if refused == address),
        "{error:?}"
    );
}
