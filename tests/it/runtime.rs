//! Runs each function with a Runtime API that sends arbitrary headers and events. A bad invocation
//! neither ends the process nor is quoted, whether in the answer or in the log.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use demo::laptop::{Addresses, Configuration};
use keys::Algorithm;
use kit::{Reply, Server};
use login_kit::functions;
use serde_json::{Value, json};
use service_simulator::Endpoints;
use tempfile::NamedTempFile;

/// An invocation, as the runtime reads it.
struct Invocation {
    headers: Vec<(&'static str, Vec<u8>)>,
    event: Vec<u8>,
    /// By how many bytes the stated length exceeds the event. If it does, the connection closes
    /// early.
    lacks: usize,
}

const REQUEST_ID: &str = "Lambda-Runtime-Aws-Request-Id";
const DEADLINE: &str = "Lambda-Runtime-Deadline-Ms";
const ARN: &str = "Lambda-Runtime-Invoked-Function-Arn";
const TRACE: &str = "Lambda-Runtime-Trace-Id";
const CLIENT_CONTEXT: &str = "Lambda-Runtime-Client-Context";
const IDENTITY: &str = "Lambda-Runtime-Cognito-Identity";

impl fmt::Debug for Invocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.headers {
            writeln!(formatter, "{name}: {}", String::from_utf8_lossy(value))?;
        }
        let beginning = self.event.get(..200).unwrap_or(&self.event);
        writeln!(formatter, "{}", String::from_utf8_lossy(beginning))
    }
}

impl Invocation {
    fn of(event: impl Into<Vec<u8>>) -> Self {
        let headers = [
            (REQUEST_ID, "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
            (DEADLINE, "4102444800000"),
            (ARN, "arn:aws:lambda:ap-northeast-1:1:function:f"),
        ];
        Self {
            headers: headers.map(|(name, value)| (name, value.into())).into(),
            event: event.into(),
            lacks: 0,
        }
    }

    fn breaking_off(mut self) -> Self {
        self.lacks = 100;
        self
    }

    fn with(mut self, header: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self = self.without(header);
        self.headers.push((header, value.into()));
        self
    }

    fn without(mut self, header: &str) -> Self {
        self.headers.retain(|(name, _)| *name != header);
        self
    }

    fn reply(&self) -> Reply {
        let mut reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n".to_vec();
        for (name, value) in &self.headers {
            reply.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        let length = self.event.len() + self.lacks;
        reply.extend(format!("Content-Length: {length}\r\n\r\n").as_bytes());
        reply.extend(&self.event);
        if self.lacks > 0 {
            Reply::BytesThenClose(reply)
        } else {
            Reply::Bytes(reply)
        }
    }
}

/// What Lambda must get: an answer, an error, either of them, or nothing, because the id of the
/// invocation can't be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Expected {
    Answer,
    Error,
    Either,
    Nothing,
}

/// A good event with unusual headers. It is answered whatever the headers are, unless there is no
/// id to answer to.
fn headers(good: &[u8]) -> Vec<(Invocation, Expected)> {
    use Expected::{Answer, Nothing};
    let good = || Invocation::of(good);
    let mut many = good();
    many.headers
        .extend((0..200).map(|_| ("X-Other", b"marked".to_vec())));
    vec![
        // If the answer isn't valid HTTP, or has more headers than a client reads, the id can't be
        // read.
        (good().with(TRACE, b"a\x01marked"), Nothing),
        (good().with(REQUEST_ID, b"\x00marked"), Nothing),
        (good().with("Marked Name", "marked"), Nothing),
        (good().with(TRACE, "marked".repeat(2_000)), Answer),
        (many, Nothing),
        (good().breaking_off(), Expected::Error),
        (good().breaking_off().without(REQUEST_ID), Nothing),
        (good().without(DEADLINE), Answer),
        (good().with(DEADLINE, "marked"), Answer),
        (good().with(DEADLINE, "-1"), Answer),
        (good().with(DEADLINE, "9".repeat(40)), Answer),
        (good().with(DEADLINE, b"\xff\xfemarked"), Answer),
        (good().without(ARN).with(DEADLINE, "0"), Answer),
        (good().with(ARN, b"\xffmarked"), Answer),
        (good().with(TRACE, "marked"), Answer),
        (good().with(TRACE, b"Root=\xff"), Answer),
        (good().with(CLIENT_CONTEXT, "marked"), Answer),
        (good().with(CLIENT_CONTEXT, r#"{"client":marked"#), Answer),
        (good().with(CLIENT_CONTEXT, b"\xffmarked"), Answer),
        (good().with(IDENTITY, "marked"), Answer),
        (good().with(IDENTITY, r#"{"cognitoIdentityId":1}"#), Answer),
        (good().with(IDENTITY, b"\xffmarked"), Answer),
        (good().with(REQUEST_ID, "1"), Answer),
        (good().with(REQUEST_ID, "x".repeat(2_000)), Answer),
        (good().without(REQUEST_ID), Nothing),
        (good().with(REQUEST_ID, ""), Nothing),
        (good().with(REQUEST_ID, "../next?marked=1"), Nothing),
        (good().with(REQUEST_ID, b"\xffmarked"), Nothing),
        (good().with(REQUEST_ID, "marked with spaces"), Nothing),
        (good().with(REQUEST_ID, "\"marked\\{}|^`"), Nothing),
    ]
}

/// Events that Lambda never sends. If they aren't JSON or are nested too deeply, the function
/// reports an error. Otherwise the function decides.
fn events() -> Vec<(Invocation, Expected)> {
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    let unreadable: Vec<Vec<u8>> = vec![
        b"".into(),
        b" ".into(),
        b"marked".into(),
        br#"{"marked": marked}"#.into(),
        br#"{} marked"#.into(),
        b"{}{}".into(),
        br#"{"rawPath":"#.into(),
        b"\xff\xfe{\"marked\":1}".into(),
        b"\xef\xbb\xbf{}".into(),
        b"{\"rawPath\":\"marked\xff\"}".into(),
        br#"{"rawPath":"\ud800marked"}"#.into(),
        deep("[", "]").into(),
        deep(r#"{"marked":"#, "}").into(),
    ];
    let of_another_form: Vec<Vec<u8>> = vec![
        b"null".into(),
        b"true".into(),
        b"17".into(),
        br#""marked""#.into(),
        br#"["marked"]"#.into(),
        b"{}".into(),
        br#"{"rawPath":["marked"],"requestContext":"marked"}"#.into(),
        br#"{"rawPath":"/","rawPath":"marked","requestContext":{"http":{"method":"GET"}}}"#.into(),
        br#"{"version":"2","userName":{"marked":1},"request":"marked"}"#.into(),
        br#"{"triggerSource":"TokenGeneration_HostedAuth","request":{"marked":[]}}"#.into(),
        br#"{"triggerSource":"InboundFederation_ExternalProvider","request":{"marked":[]}}"#.into(),
        format!(r#"{{"marked":"{}"}}"#, "marked".repeat(1_000_000)).into(),
    ];
    let unreadable = unreadable.into_iter().map(|event| (event, Expected::Error));
    let others = of_another_form
        .into_iter()
        .map(|event| (event, Expected::Either));
    let all = unreadable.chain(others);
    all.map(|(event, expected)| (Invocation::of(event), expected))
        .collect()
}

/// The environment of all functions. Each function reads only its own variables.
fn environment() -> Vec<(String, String)> {
    let configuration = Configuration::generate(Algorithm::Es256).unwrap();
    let service = Endpoints::new("service.localhost", ([127, 0, 0, 1], 9).into());
    configuration.environment(&Addresses {
        issuer: "http://bridge.localhost:9",
        redirect_uri: "http://localhost:9/oauth2/idpresponse",
        service: &service,
    })
}

/// Starts a function that logs into this file. A pipe that nobody reads would fill up and block the
/// function.
fn start(executable: &Path, runtime_api: &Server, log: &File) -> Child {
    let address = runtime_api.url("");
    let mut command = Command::new(executable);
    command.env_clear().envs(environment()).envs([
        (
            "AWS_LAMBDA_RUNTIME_API",
            address.trim_start_matches("http://"),
        ),
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_REGION", "ap-northeast-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "for nobody"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        // A log level that the function must not obey.
        ("RUST_LOG", "trace"),
    ]);
    command.stdout(log.try_clone().unwrap());
    command.stderr(log.try_clone().unwrap());
    command.spawn().unwrap()
}

/// Sends all invocations, each bad one between two good ones.
fn survives(executable: &Path, good: &[u8]) {
    let bad = headers(good).into_iter().chain(events());
    let behind = [good, b" marked"].concat();
    let bad = bad.chain([(Invocation::of(behind), Expected::Error)]);
    let good = || (Invocation::of(good), Expected::Answer);
    let invocations = bad.flat_map(|bad| [good(), bad]).chain([good()]);
    let invocations: Vec<_> = invocations.collect();
    let count = invocations.len();

    let replies: Vec<_> = invocations.iter().map(|(one, _)| one.reply()).collect();
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |request| match request.method.as_str() {
        "GET" => {
            let next = asked.fetch_add(1, Ordering::SeqCst);
            replies.get(next).cloned().unwrap_or(Reply::Silence)
        }
        _ => Reply::Bytes(kit::answer(202, None, "")),
    });
    let log = NamedTempFile::new().unwrap();
    let mut child = start(executable, &server, log.as_file());
    let since = Instant::now();
    let told = loop {
        let told = told(&server);
        let has_ended = child.try_wait().unwrap().is_some();
        if told.len() > count || has_ended || since.elapsed() > Duration::from_secs(60) {
            break told;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    let log = std::fs::read_to_string(log.path()).unwrap();
    assert_eq!(told.len(), count + 1, "it ended, or hangs: {log}");

    for ((invocation, expected), told) in invocations.iter().zip(&told) {
        let kinds: Vec<_> = told.iter().map(|(kind, _)| kind.as_str()).collect();
        let is_as_expected = match expected {
            Expected::Answer => kinds == ["response"],
            Expected::Error => kinds == ["error"],
            Expected::Either => matches!(kinds[..], ["response" | "error"]),
            Expected::Nothing => kinds.is_empty(),
        };
        assert!(
            is_as_expected,
            "{expected:?}, not {kinds:?}: {invocation:?}"
        );
        for (_, error) in told.iter().filter(|(kind, _)| kind == "error") {
            let told: Value = serde_json::from_str(error).unwrap();
            assert!(told["errorType"].is_string(), "{error}");
            assert!(!error.contains("marked"), "{error}: {invocation:?}");
        }
    }
    assert!(!log.is_empty() && !log.contains("marked"), "{log}");
}

/// What Lambda was told after each request for an event: the kind (an answer or an error), and the
/// body.
fn told(server: &Server) -> Vec<Vec<(String, String)>> {
    let mut told = Vec::new();
    for request in server.requests() {
        match (request.method.as_str(), told.last_mut()) {
            ("GET", _) => told.push(Vec::new()),
            (_, None) => panic!("{request:?}"),
            (_, Some(last)) => {
                let kind = request.target.rsplit('/').next().unwrap();
                last.push((kind.to_owned(), request.body));
            }
        }
    }
    told
}

#[test]
fn federation_survives_whatever_the_runtime_api_says() {
    let event = json!({
        "version": "2.0",
        "rawPath": "/jwks.json",
        "rawQueryString": "",
        "headers": { "host": "bridge.localhost" },
        "requestContext": { "http": { "method": "GET", "path": "/jwks.json" } },
        "isBase64Encoded": false,
    });
    survives(&functions().federation, event.to_string().as_bytes());
}

#[test]
fn inbound_federation_survives_whatever_the_runtime_api_says() {
    let event = include_bytes!("../events/inbound-federation/google.json");
    survives(&functions().inbound_federation, event);
}

#[test]
fn pre_token_generation_survives_whatever_the_runtime_api_says() {
    let event = include_bytes!("../events/pre-token-generation/native-user.json");
    survives(&functions().pre_token_generation, event);
}
