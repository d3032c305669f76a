//! `digital-auth simulate service`, as an engineer uses it to test a relying party: what it prints,
//! that a login works with nothing but that, what it says about each request, and how it ends.
//! The relying party is this project's own client of the service, which doesn't know that it talks
//! to a stand-in.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use digital_auth::authorization::OneTimeValues;
use digital_auth::id_token::SigningAlgorithm;
use digital_auth::{
    Client, ClientOptions, CodeExchange, Deadline, GrantedScope, HttpClient, Provider, SystemClock,
};
use four_attributes::{AssuranceRule, AttributeSet, AuthenticationTime};
use keys::{Algorithm, KeyRing, LocalKey, SystemRandomness};
use kit::parameter;
use login_kit::{Arrival, BrowserLogin, browser};
use loopback::clock::SimClock;
use markdown::Document;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use service_simulator::people::People;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;
use url::Url;

use crate::process::{self, PATIENCE, Serving, lines_up_to, printed, run};

const REDIRECT_URI: &str = "http://rp.localhost:3000/callback";

/// The files and the key of a relying party.
struct Files {
    folder: TempDir,
    key: Arc<LocalKey>,
}

impl Files {
    fn new(algorithm: Algorithm) -> Self {
        let files = Self {
            folder: TempDir::new().unwrap(),
            key: Arc::new(LocalKey::generate(algorithm).unwrap()),
        };
        files.write("public.json", files.public().jwk_set());
        files
    }

    fn public(&self) -> KeyRing {
        KeyRing::new(vec![Arc::clone(&self.key) as _]).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn jwks(&self) -> String {
        self.path("public.json").to_str().unwrap().to_owned()
    }
}

/// The command with the arguments that it always needs, on a free port.
fn prepared(jwks: &str, arguments: &[&str]) -> Command {
    let always = ["simulate", "service", "--client-jwks", jwks];
    let more = ["--redirect-uri", REDIRECT_URI, "--port", "0"];
    process::prepared([&always[..], &more, arguments].concat())
}

/// The running command, with `--json`.
struct Running(Serving);

impl Running {
    async fn start(jwks: &str, arguments: &[&str]) -> Self {
        let arguments = [&["--json", "--verbose"], arguments].concat();
        Self(Serving::of(prepared(jwks, &arguments)).await)
    }

    fn text(&self, name: &str) -> &str {
        self.0.text(name)
    }

    /// A relying party that is configured only with what the command printed.
    fn relying_party(&self, key: KeyRing) -> Client {
        let provider = Provider::given(
            self.text("issuer"),
            self.text("authorization_endpoint"),
            self.text("token_endpoint"),
            self.text("userinfo_endpoint"),
            self.text("jwks_uri"),
        );
        let options = ClientOptions {
            provider: provider.unwrap(),
            client_id: self.text("client_id").to_owned(),
            redirect_uri: REDIRECT_URI.to_owned(),
            attributes: AttributeSet::all(),
            acr_values: None,
            assurance: AssuranceRule::OneOf(vec![self.text("acr").to_owned()]),
            authentication_time: AuthenticationTime::Required,
            granted_scope: GrantedScope::Required,
            id_token_algorithms: vec![SigningAlgorithm::EcdsaP256Sha256],
        };
        let http = HttpClient::new(Arc::new(SystemClock)).unwrap();
        Client::new(
            options,
            Arc::new(http),
            Arc::new(key),
            Arc::new(SystemRandomness),
        )
    }
}

fn at_callback(url: &Url) -> bool {
    url.as_str().starts_with(REDIRECT_URI)
}

/// The test-card page of a new login, as JSON.
async fn offered(client: &Client) -> Value {
    let one_time = OneTimeValues::new(&SystemRandomness).unwrap();
    let url = client.authorization_url(&one_time);
    let page = browser().get(&url, "application/json").await.unwrap();
    page.json().unwrap()
}

#[tokio::test]
async fn a_relying_party_signs_in_with_what_is_printed() {
    for (algorithm, name, signal) in [
        (Algorithm::Es256, "ES256", Signal::INT),
        (Algorithm::Rs256, "RS256", Signal::TERM),
    ] {
        let files = Files::new(algorithm);
        let running = Running::start(&files.jwks(), &["--client-id", "RP12345678"]).await;
        assert_eq!(running.text("client_id"), "RP12345678");
        assert_eq!(running.0.values["redirect_uris"], json!([REDIRECT_URI]));
        assert_eq!(running.0.values["client_assertion_keys"][0]["alg"], name);
        let client = running.relying_party(files.public());

        let one_time = OneTimeValues::new(&SystemRandomness).unwrap();
        let start = client.authorization_url(&one_time);
        let login = BrowserLogin::run(&browser(), &start, "adult", None, at_callback).await;
        let Arrival::At(callback) = login.end else {
            panic!("on a page");
        };
        assert_eq!(
            parameter(&callback, "state").unwrap(),
            one_time.state.expose_base64url()
        );
        assert_eq!(parameter(&callback, "iss").unwrap(), running.text("issuer"));
        let code = parameter(&callback, "code").unwrap();
        let exchange = CodeExchange::new(SecretString::from(code.clone()), one_time.clone());
        let now = SimClock::default().now();
        let deadline = Deadline::after(Duration::from_secs(10));
        let verified = client
            .finish_login(exchange, None, now, deadline, &())
            .await
            .unwrap();
        let attributes = verified.attributes;
        assert_eq!(attributes.name.unwrap().expose(), "山田　太郎");
        assert_eq!(attributes.birth_date.unwrap().expose(), "1985-03-15");

        let subject = verified.id_token.subject.expose().to_owned();
        let told = running.0.stop(signal).await;
        for expected in [
            "ブラウザー → サービスのシミュレーター  GET /api/realms/main/protocol/openid-connect/auth  200",
            "POST /api/realms/main/test-card  303",
            "POST /api/realms/main/consent  303",
            "あなたの RP → サービスのシミュレーター  POST /api/realms/main/protocol/openid-connect/token  200",
            "✓ jti が使われたことがない (RFC 7523 §3 item 7)",
            "GET /api/realms/main/protocol/openid-connect/userinfo  200",
        ] {
            assert!(told.contains(expected), "{expected}: {told}");
        }
        assert!(!told.contains('✗'), "{told}");
        for secret in [
            &*code,
            &one_time.state.expose_base64url(),
            &one_time.nonce.expose_base64url(),
            &one_time.code_verifier.expose_base64url(),
            &subject,
            "eyJ0eXAi",
            "山田",
            "永田町",
            "19850315",
        ] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

#[tokio::test]
async fn the_settings_are_for_people_in_both_languages() {
    let files = Files::new(Algorithm::Es256);
    for (language, first, come) in [
        (
            "ja",
            "デジタル認証アプリサービスのシミュレーターが動いています。止めるには Ctrl-C を押してください。",
            "拒否したリクエストがあれば、表示します（--verbose ならすべて）：",
        ),
        (
            "en",
            "The stand-in of the Digital Authentication App service is running. Press Ctrl-C to \
             stop it.",
            "What is refused is told below (with --verbose, all requests):",
        ),
    ] {
        let second = "https://rp.example/other";
        let arguments = ["--language", language, "--redirect-uri", second];
        let mut child = prepared(&files.jwks(), &arguments).spawn().unwrap();
        let told = lines_up_to(&mut child, come).await;
        assert_eq!(told[0], first);
        let values = printed(&told);
        let names: Vec<_> = values.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            [
                "client_id",
                "redirect_uris",
                "redirect_uris",
                "issuer",
                "authorization_endpoint",
                "token_endpoint",
                "userinfo_endpoint",
                "jwks_uri",
                "scope",
                "response_type",
                "code_challenge_method",
                "token_endpoint_auth_method",
                "client_assertion_aud",
                "client_assertion_keys",
                "id_token_signed_response_alg",
                "acr",
            ]
        );
        let value = |name| values.iter().find(|(known, _)| *known == name).unwrap().1;
        assert_eq!(value("client_id"), "RP00000001");
        assert_eq!(value("client_assertion_aud"), value("token_endpoint"));
        assert_eq!(values[2].1, second);
        // The printed name and the printed address lead to the same server.
        let issuer = Url::parse(value("issuer")).unwrap();
        assert_eq!(issuer.host_str(), Some("service.localhost"));
        let keys = Url::parse(value("jwks_uri")).unwrap();
        assert_eq!(keys.host_str(), Some("127.0.0.1"));
        let mut by_name = keys.clone();
        by_name.set_host(issuer.host_str()).unwrap();
        for url in [keys, by_name] {
            let answer = browser().get(&url, "application/json").await.unwrap();
            let keys: Value = answer.json().unwrap();
            let keys = keys["keys"].as_array().unwrap();
            let for_signatures = keys.iter().filter(|key| key["use"] == "sig");
            assert_eq!(for_signatures.count(), 2, "{url}");
        }
        // There is no discovery document, since it isn't known whether the service has one.
        let mut discovery = issuer.clone();
        discovery.set_path("/api/realms/main/.well-known/openid-configuration");
        let answer = browser().get(&discovery, "application/json").await.unwrap();
        assert_eq!(answer.status, 404);
    }
}

#[test]
fn the_file_of_people_in_the_documentation_is_one() {
    for document in [
        include_str!("../../docs/stand-ins.md"),
        include_str!("../../docs/stand-ins.en.md"),
    ] {
        let [file] = &Document::read(document).blocks("json")[..] else {
            panic!("one block of JSON");
        };
        let people = People::from_json(file.as_bytes()).unwrap();
        let people = people.at("2026-11-22T00:00:00Z".parse().unwrap());
        let ids: Vec<_> = people.iter().map(|person| &*person.id).collect();
        assert_eq!(ids, ["tanaka", "no-address", "odd"]);
        assert!(!people[1].userinfo.contains_key("address"));
    }
}

#[tokio::test]
async fn own_people_and_a_fault_are_preselected() {
    let files = Files::new(Algorithm::Es256);
    let people = json!([
        { "id": "first", "label": "ひとり目" },
        { "id": "second", "name": "氏名　二" },
    ]);
    let people = files.write("people.json", &people.to_string());
    let arguments = [
        "--persona-file",
        &people,
        "--persona",
        "second",
        "--fault",
        "id-token-wrong-nonce",
    ];
    let running = Running::start(&files.jwks(), &arguments).await;
    let page = offered(&running.relying_party(files.public())).await;
    assert_eq!(
        page["people"],
        json!([
            { "id": "first", "label": "ひとり目" },
            { "id": "second", "label": "second" },
        ])
    );
    assert_eq!(
        (&page["persona"], &page["answer"]),
        (&json!("second"), &json!("id-token-wrong-nonce"))
    );
    running.0.stop(Signal::TERM).await;

    let running = Running::start(&files.jwks(), &[]).await;
    let page = offered(&running.relying_party(files.public())).await;
    assert_eq!(
        (&page["persona"], &page["answer"]),
        (&json!("adult"), &json!("normal"))
    );
    running.0.stop(Signal::TERM).await;
}

#[tokio::test]
async fn the_keys_may_come_on_standard_input() {
    let files = Files::new(Algorithm::Es256);
    let mut command = prepared("-", &["--json"]);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(files.public().jwk_set().as_bytes())
        .await
        .unwrap();
    drop(stdin);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.expect("a line");
    let settings: Value = serde_json::from_str(&line.unwrap().unwrap()).unwrap();
    assert_eq!(settings["client_id"], "RP00000001");
}

#[tokio::test]
async fn a_private_key_is_refused_loudly_and_never_repeated() {
    let files = Files::new(Algorithm::Rs256);
    let jwk: Value = serde_json::from_str(files.key.private_jwk().expose_secret()).unwrap();
    let secret = jwk["d"].as_str().unwrap();
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n";
    for (what, text) in [
        ("a private JWK Set", json!({ "keys": [jwk] }).to_string()),
        (
            "behind another slip",
            json!({ "keys": [{ "kty": "RSA" }, jwk] }).to_string(),
        ),
        ("a private JWK", jwk.to_string()),
        ("PEM", pem.to_owned()),
    ] {
        let file = files.write("private.json", &text);
        for (language, words) in [
            (
                "ja",
                "に【秘密鍵】が含まれています。何も起動しませんでした。",
            ),
            ("en", "CONTAINS A PRIVATE KEY. Nothing was started."),
        ] {
            let ran = run(prepared(&file, &["--language", language])).await;
            assert_eq!((ran.status, &*ran.stdout), (Some(2), ""), "{what}");
            assert!(
                ran.stderr.contains(&file) && ran.stderr.contains(words),
                "{}",
                ran.stderr
            );
            assert!(
                !ran.stderr.contains(secret) && !ran.stderr.contains("MIIEvQ"),
                "{what}"
            );
        }
    }
}

#[tokio::test]
async fn wrong_usage_is_status_2_and_says_what_is_wrong() {
    let files = Files::new(Algorithm::Es256);
    let jwks = files.jwks();
    let missing = files.path("missing.json").to_str().unwrap().to_owned();
    let text = files.write("text.json", "no JSON");
    let empty = files.write("empty.json", "{\"keys\":[]}");
    let large = files.write("large.json", &" ".repeat((1 << 20) + 1));
    let slip = files.write(
        "slip.json",
        "[{\"id\":\"a\"},{\"id\":\"b\",\"nmae\":\"山田\"}]",
    );
    let twice = files.write("twice.json", "[{\"id\":\"a\"},{\"id\":\"a\"}]");
    let cases: &[(&str, &[&str], &str, &str)] = &[
        (
            &missing,
            &[],
            "を読めません",
            "can't be read: entity not found",
        ),
        (
            &text,
            &[],
            "が JSON ではありません",
            "isn't JSON; a JWK Set is expected",
        ),
        (
            &empty,
            &[],
            "1つ以上の鍵を含む JWK Set",
            "must be a JWK Set that isn't empty",
        ),
        (
            &large,
            &[],
            "が1 MiB を超えています",
            "is larger than 1 MiB",
        ),
        (
            &jwks,
            &["--client-id", "RP 1"],
            "client_id は英数字1〜255文字でなければなりません",
            "the client id must be 1..=255 ASCII letters and digits",
        ),
        (
            &jwks,
            &["--redirect-uri", "/callback"],
            "ホスト名のある絶対 URI",
            "every redirect URI must be absolute",
        ),
        (
            &jwks,
            &["--fault", "earthquake"],
            "\"earthquake\" という誤りはありません",
            "no fault is called \"earthquake\"",
        ),
        (
            &jwks,
            &["--persona", "nobody"],
            "\"nobody\" というテスト利用者はいません",
            "no persona is called \"nobody\"",
        ),
        (
            &jwks,
            &["--persona-file", &slip],
            "2人目（\"b\"）：\"nmae\" というメンバーはありません",
            "person 2 (\"b\"): there is no member \"nmae\"",
        ),
        (
            &jwks,
            &["--persona-file", &twice],
            "2人目（\"a\"）：前の人と同じ \"id\" です",
            "person 2 (\"a\"): an earlier person has the same \"id\"",
        ),
        (
            &jwks,
            &["--persona-file", &large],
            "1 MiB を超えています",
            "the file is larger than 1 MiB",
        ),
        (
            &jwks,
            &["--persona-file", &text],
            "JSON ではありません（1行2文字目を見てください）",
            "isn't JSON: look at line 1, column 2",
        ),
    ];
    for (jwks, arguments, ja, en) in cases {
        for (language, words) in [("ja", ja), ("en", en)] {
            let arguments = [arguments, &["--language", language][..]].concat();
            let ran = run(prepared(jwks, &arguments)).await;
            assert_eq!(
                (ran.status, &*ran.stdout),
                (Some(2), ""),
                "{words}: {}",
                ran.stderr
            );
            assert!(ran.stderr.starts_with("digital-auth: "), "{}", ran.stderr);
            assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
            assert!(!ran.stderr.contains("山田"), "{}", ran.stderr);
        }
    }
    for arguments in [
        &["simulate", "service"][..],
        &["simulate", "service", "--client-jwks", &jwks],
        &["simulate", "service", "--redirect-uri", REDIRECT_URI],
        &["simulate"],
    ] {
        let command = process::prepared(arguments);
        assert_eq!(run(command).await.status, Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_taken_port_is_status_4_and_said_with_its_address_and_option() {
    let files = Files::new(Algorithm::Es256);
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    for (language, words) in [
        (
            "ja",
            format!("{address} はほかのプログラムが使っています\nヒント：--port で"),
        ),
        (
            "en",
            format!("{address} is used by another program\nhint: choose another port with --port"),
        ),
    ] {
        let jwks = files.jwks();
        let arguments = ["simulate", "service", "--client-jwks", &jwks];
        let more = ["--redirect-uri", REDIRECT_URI, "--port", &port];
        let arguments = [&arguments[..], &more, &["--language", language]].concat();
        let ran = run(process::prepared(arguments)).await;
        assert_eq!((ran.status, &*ran.stdout), (Some(4), ""));
        assert!(ran.stderr.contains(&words), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn what_others_send_is_told_and_does_not_steer_the_terminal() {
    let files = Files::new(Algorithm::Es256);
    let running = Running::start(&files.jwks(), &["--language", "en"]).await;
    let mut url = Url::parse(running.text("authorization_endpoint")).unwrap();
    url.query_pairs_mut()
        .append_pair("client_id", "\u{1b}[2J\u{1b}]0;title\u{7}\r\nforged ✓")
        .append_pair("name\u{9b}31m", "\u{202e}");
    let page = browser().get(&url, "text/html").await.unwrap();
    assert_eq!(page.status, 400);
    let told = running.0.stop(Signal::TERM).await;
    assert!(told.contains("✗ client_id is registered"), "{told}");
    let harmless = "client_id=\u{fffd}[2J\u{fffd}]0;title\u{fffd}\u{fffd}\u{fffd}forged ✓\n";
    assert!(told.contains(harmless), "{told:?}");
    // The command's own colours are for terminals, and standard error isn't one here.
    let steering = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!told.contains(steering), "{told:?}");
    assert!(
        !told.lines().any(|line| line.starts_with("forged")),
        "{told}"
    );
}

#[tokio::test]
async fn without_verbose_only_what_is_refused_is_told_with_what_is_registered() {
    let files = Files::new(Algorithm::Es256);
    let command = prepared(&files.jwks(), &["--json", "--language", "en"]);
    let running = Running(Serving::of(command).await);
    // A page that is shown is nothing to tell.
    let shown = offered(&running.relying_party(files.public())).await;
    assert_eq!(shown["persona"], "adult");
    let mut url = Url::parse(running.text("authorization_endpoint")).unwrap();
    url.query_pairs_mut()
        .append_pair("client_id", running.text("client_id"))
        .append_pair("redirect_uri", "http://rp.localhost:3000/callbac");
    let page = browser().get(&url, "text/html").await.unwrap();
    assert_eq!(page.status, 400);
    let told = running.0.stop(Signal::TERM).await;
    let expected = [
        "✗ Browser → the stand-in  GET /api/realms/main/protocol/openid-connect/auth  not so: \
         redirect_uri is exactly one that is registered (RFC 9700 §2.1)",
        "    sent        redirect_uri=http://rp.localhost:3000/callbac",
        "    registered  http://rp.localhost:3000/callback",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn whoever_stops_reading_does_not_stop_it() {
    let files = Files::new(Algorithm::Es256);
    let mut child = prepared(&files.jwks(), &[]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut keys = None;
    let reading = async {
        while keys.is_none() {
            let line = lines.next_line().await.unwrap().expect("more lines");
            let value = line.strip_prefix("  jwks_uri");
            keys = value.map(|value| Url::parse(value.trim()).unwrap());
        }
    };
    timeout(PATIENCE, reading)
        .await
        .expect("it says its settings");
    drop(lines);
    for _ in 0..3 {
        let answer = browser().get(keys.as_ref().unwrap(), "*/*").await.unwrap();
        assert_eq!(answer.status, 200);
    }
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::INT).unwrap();
    let status = timeout(PATIENCE, child.wait()).await.expect("it ends");
    assert_eq!(status.unwrap().code(), Some(0));
}
