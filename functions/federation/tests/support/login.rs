//! One login that is repeated for measurements. Clock and randomness stand still, so that the same
//! request gets the same answer. The service answers from memory, on a thread of its own, without
//! allocating.
//! So only the bridge's own work is measured.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use federation::bridge::Bridge;
use federation::startup::start;
use function_kit::metrics::Metrics;
use kit::service::{KEY, id_token_claims, tokens, userinfo};
use kit::{Parameters, Repeating, TestClock, json as json_answer};
use relying_party::http_api::{Event, Request, Response};
use serde_json::json;

use crate::support::{authorization_request, call, parameters, read, settings, token_request};

/// The value of all random bytes: the nonce of every login is known before it begins.
const SAME: u8 = 7;

/// A bridge, and the requests of its one login.
pub(crate) struct Login {
    bridge: Bridge,
    cookie: String,
    state: String,
    code: String,
    access_token: String,
}

impl Login {
    /// The bridge after one whole login: connections, keys and caches are warm.
    pub(crate) async fn warm() -> Self {
        let service = serve();
        let config = read(&settings(&service)).unwrap();
        let bridge = start(config, TestClock::new(), Arc::new(Repeating(SAME)))
            .await
            .unwrap();
        let metrics = Metrics::to("test".to_owned(), Box::new(std::io::sink()));
        let mut login = Self {
            bridge: bridge.with_metrics(metrics),
            cookie: String::new(),
            state: String::new(),
            code: String::new(),
            access_token: String::new(),
        };
        let begun = login.send(login.authorize()).await;
        login.cookie = begun.cookies()[0].split(';').next().unwrap().to_owned();
        login.state = parameters(begun.header("location").unwrap())["state"].clone();
        let back = login.send(login.callback()).await;
        login.code = parameters(back.header("location").unwrap())["code"].clone();
        let tokens = login.send(login.token()).await;
        let tokens: serde_json::Value = serde_json::from_str(tokens.body()).unwrap();
        login.access_token = tokens["access_token"].as_str().unwrap().to_owned();
        login.send(login.userinfo()).await;
        login
    }

    /// Sends a request, which has to succeed.
    pub(crate) async fn send(&self, request: Request) -> Response {
        let response = self.bridge.respond(request, &call("request")).await;
        assert!(
            matches!(response.status().as_u16(), 200 | 302),
            "{}",
            response.body()
        );
        response
    }

    pub(crate) fn authorize(&self) -> Request {
        // As long as Amazon Cognito's usual one.
        let state = "Ab-_".repeat(175);
        let query = authorization_request().with("state", &state).encode();
        request("GET", "/authorize", &json!({ "rawQueryString": query }))
    }

    pub(crate) fn callback(&self) -> Request {
        let code = "0d9c2b1a-6a55-4d5e-9c3a-2f1e5b7c9d10.0d9c2b1a-6a55-4d5e-9c3a-2f1e5b7c9d10";
        let query = Parameters::of([
            ("state", self.state.as_str()),
            ("session_state", "x"),
            ("code", code),
        ])
        .encode();
        let cookies = [&self.cookie];
        request(
            "GET",
            "/callback",
            &json!({ "rawQueryString": query, "cookies": cookies }),
        )
    }

    pub(crate) fn token(&self) -> Request {
        let form = token_request(&self.code).encode();
        let fields = json!({
            "headers": { "content-type": "application/x-www-form-urlencoded" },
            "body": STANDARD.encode(form),
            "isBase64Encoded": true,
        });
        request("POST", "/token", &fields)
    }

    pub(crate) fn userinfo(&self) -> Request {
        let authorization = format!("Bearer {}", self.access_token);
        request(
            "GET",
            "/userinfo",
            &json!({ "headers": { "authorization": authorization } }),
        )
    }

    pub(crate) fn key_set() -> Request {
        request("GET", "/jwks.json", &json!({}))
    }
}

fn request(method: &str, path: &str, fields: &serde_json::Value) -> Request {
    let mut event = json!({
        "rawPath": path,
        "requestContext": { "http": { "method": method } },
    });
    let fields = fields.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(fields);
    Request::from(serde_json::from_value::<Event>(event).unwrap())
}

/// The service's answers, ready before the first request.
struct Answers {
    token: Vec<u8>,
    userinfo: Vec<u8>,
    certs: Vec<u8>,
}

fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let nonce = URL_SAFE_NO_PAD.encode([SAME; 32]);
    let issuer = format!("{address}/realms/main");
    let id_token = KEY.sign(&id_token_claims(&issuer, &nonce, kit::start()));
    let answers = Arc::new(Answers {
        token: json_answer(200, &tokens(&id_token)),
        userinfo: json_answer(200, &userinfo()),
        certs: json_answer(200, &KEY.key_set()),
    });
    std::thread::spawn(move || {
        while let Ok((connection, _)) = listener.accept() {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || answer_all(connection, &answers));
        }
    });
    address
}

/// Answers every request of a connection, until its end.
fn answer_all(mut connection: TcpStream, answers: &Answers) {
    connection.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    let mut filled = 0;
    while let Ok(read) = connection.read(&mut buffer[filled..]) {
        filled += read;
        if read == 0 {
            return;
        }
        if !is_whole(&buffer[..filled]) {
            continue;
        }
        let answer = match &buffer[..filled] {
            [b'P', ..] => &answers.token,
            request if request.starts_with(b"GET /userinfo") => &answers.userinfo,
            _ => &answers.certs,
        };
        if connection.write_all(answer).is_err() {
            return;
        }
        filled = 0;
    }
}

/// Whether the whole request has arrived, with the body that its headers announce.
fn is_whole(request: &[u8]) -> bool {
    let text = std::str::from_utf8(request).unwrap();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let announced = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse().unwrap())
    });
    body.len() >= announced.unwrap_or(0)
}
