//! The command `digital-auth` in a terminal: what it prints, its exit status, and that it leaves
//! nothing behind. Each test runs the built command as a process of its own.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use demo::laptop::SERVICE_CLIENT_ID;
use demo::scopes::Scopes;
use federation::variables;
use local_lambda::{FunctionOptions, HttpApi, LocalFunction};
use login_kit::{Answer, federation};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use service_simulator::fault::Fault;
use service_simulator::persona::personas;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::process::{self, PATIENCE, Ran, finished, prepared};

/// The command's messages about its progress.
const PROGRESS: [&str; 10] = [
    "digital-auth: 4つの関数をビルドしています",
    "digital-auth: 起動しています",
    "digital-auth: ログインしています",
    "digital-auth: Building the four functions",
    "digital-auth: Starting",
    "digital-auth: Signing in",
    "digital-auth: 本人確認しています",
    "digital-auth: Verifying",
    "digital-auth: 終了します",
    "digital-auth: Stopping",
];

impl Ran {
    /// Standard error without the progress.
    pub(crate) fn complaints(&self) -> String {
        let lines = self.stderr.lines().filter(|line| !PROGRESS.contains(line));
        lines.flat_map(|line| [line, "\n"]).collect()
    }
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).expect("one JSON value")
    }
}

pub(crate) async fn run(arguments: &[&str]) -> Ran {
    process::run(prepared(arguments)).await
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn a_headless_demo_prints_one_object_with_what_the_personas_promise() {
    let listed = run(&["personas", "--json"]).await;
    assert_eq!((listed.status, listed.stderr.as_str()), (Some(0), ""));
    let listed = listed.json();
    let listed = listed.as_array().unwrap();
    let ids: Vec<_> = listed
        .iter()
        .map(|persona| persona["id"].as_str().unwrap())
        .collect();
    let known = personas(loopback::clock::SimClock::default().now());
    let known: Vec<_> = known.iter().map(|persona| &*persona.id).collect();
    assert_eq!(ids, known);

    // The first person is the default. The others lack an attribute or a part of one.
    for (arguments, id) in [
        (vec!["demo", "--headless", "--json"], ids[0]),
        (
            vec!["demo", "--headless", "--json", "--persona", "gender-absent"],
            "gender-absent",
        ),
        (
            vec!["demo", "--headless", "--json", "--persona=unknown-day"],
            "unknown-day",
        ),
    ] {
        let ran = run(&arguments).await;
        assert_eq!(
            (ran.status, ran.complaints().as_str()),
            (Some(0), ""),
            "{id}"
        );
        let login = ran.json();
        let members = [
            "persona",
            "steps",
            "id_token",
            "access_token",
            "userinfo",
            "failure",
        ];
        assert_eq!(keys(&login), members.into());
        assert_eq!(login["persona"], id);
        assert_eq!(login["failure"], Value::Null);
        let steps = login["steps"].as_array().unwrap();
        assert!(steps.len() > 10);
        for step in steps {
            let checks = step["checks"].as_array().unwrap();
            assert!(checks.iter().all(|check| check["passed"] == true), "{step}");
        }
        assert_eq!(login["id_token"]["token_use"], "id");
        assert_eq!(login["access_token"]["token_use"], "access");
        let promised = listed.iter().find(|persona| persona["id"] == id).unwrap();
        for claim in ["name", "address", "birthdate", "gender"] {
            let (held, promised) = (&login["id_token"][claim], &promised["claims"][claim]);
            assert_eq!(held, promised, "{id} {claim}");
            for others in ["access_token", "userinfo"] {
                assert_eq!(login[others][claim], Value::Null, "{id} {others} {claim}");
            }
        }
    }
}

#[tokio::test]
async fn a_headless_demo_that_asks_for_an_age_gets_an_age_and_nothing_of_the_person() {
    let scopes = "openid digital-auth/age_over_20";
    let ran = run(&["demo", "--headless", "--json", "--scopes", scopes]).await;
    assert_eq!((ran.status, ran.complaints().as_str()), (Some(0), ""));
    let login = ran.json();
    assert_eq!(login["id_token"]["age_over_20"], true);
    assert_eq!(login["access_token"]["age_over_20"], true);
    assert_eq!(login["access_token"]["scope"], scopes);
    let person = &personas(loopback::clock::SimClock::default().now())[0];
    for tokens in ["id_token", "access_token", "userinfo"] {
        let told = login[tokens].to_string();
        // A gender is so short that random text can contain it by chance.
        assert_eq!(login[tokens].get("gender"), None);
        for (claim, value) in person
            .claims
            .iter()
            .filter(|(claim, _)| **claim != "gender")
        {
            assert!(!told.contains(value.as_str()), "{tokens}: {claim}");
        }
        let birthdate = person.userinfo["birthdate"].as_str().unwrap();
        assert!(
            !told.contains(birthdate),
            "{tokens}: as the service says it"
        );
    }
    // The steps don't show more of the person than the tokens do.
    for claim in ["name", "address", "birthdate"] {
        assert!(!ran.stdout.contains(&person.claims[claim]), "{claim}");
    }
    // In words for people, the output says which token has the attribute.
    let ran = run(&["demo", "--headless", "--language", "en", "--scopes", scopes]).await;
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let told = ran.stdout;
    assert!(told.starts_with("✓ Signed in  adult"), "{told}");
    let rows = told.lines().map(|line| line.split_whitespace());
    let age = |row: &Vec<&str>| *row == ["age_over_20", "true"];
    assert_eq!(rows.map(Iterator::collect).filter(age).count(), 2, "{told}");
    for title in ["ID token", "Access token", "/oauth2/userInfo"] {
        assert!(told.contains(title), "{title}");
    }
    // Neither a hop is told, nor a claim of the protocol.
    for verbose in ["Browser → Cognito", "event_id"] {
        assert!(!told.contains(verbose), "{verbose}: {told}");
    }
    assert!(told.ends_with("\nhint: --verbose tells every hop with its checks\n"));
}

#[tokio::test]
async fn a_failure_ends_with_the_status_that_the_list_of_faults_says_and_is_told_with_its_class() {
    let faults = run(&["faults", "--json"]).await.json();
    let faults = faults.as_array().unwrap();
    assert_eq!(faults.len(), Fault::ALL.len());
    for fault in faults.iter().filter(|fault| !fault["class"].is_null()) {
        let status = fault["exit_status"].as_i64();
        assert!(
            status.is_some_and(|status| (10..=17).contains(&status)),
            "{fault}"
        );
    }

    let mut runs = JoinSet::new();
    for fault in faults.iter().cloned() {
        let id = fault["id"].as_str().unwrap().to_owned();
        let tried = [
            "cancel",
            "callback-other-state",
            "token-500",
            "token-type-lower-case",
            "id-token-wrong-nonce",
            "userinfo-missing-name",
        ];
        if tried.contains(&id.as_str()) {
            runs.spawn(async move {
                let ran = run(&["demo", "--headless", "--json", "--fault", &id]).await;
                (fault, ran)
            });
        }
    }
    let mut tried = 0;
    while let Some(ran) = runs.join_next().await {
        let (fault, ran) = ran.unwrap();
        let status = fault["exit_status"].as_i64().unwrap();
        let complaints = ran.complaints();
        assert_eq!(
            ran.status.map(i64::from),
            Some(status),
            "{fault} {complaints}"
        );
        let login = ran.json();
        if fault["class"].is_null() {
            assert_eq!(status, 0);
            assert_eq!(login["id_token"]["name"], "山田　太郎");
        } else {
            assert_eq!(login["failure"]["class"], fault["class"]);
            for tokens in ["id_token", "access_token", "userinfo"] {
                assert_eq!(login[tokens], Value::Null);
            }
        }
        tried += 1;
    }
    assert_eq!(tried, 6);
}

#[tokio::test]
async fn wrong_usage_is_status_2_and_a_sentence_in_the_language_that_was_asked_for() {
    let openid = "digital-auth/name".to_owned();
    let nobody = (
        "digital-auth: \"nobody\" というテスト利用者はいません\nヒント：一覧は digital-auth personas\n",
        "digital-auth: no persona is called \"nobody\"\nhint: digital-auth personas lists them\n",
    );
    for (arguments, (ja, en)) in [
        (&["demo", "--headless", "--persona", "nobody"][..], nobody),
        (&["demo", "--persona", "nobody"], nobody),
        (
            &["demo", "--headless", "--persona", "adlut"],
            (
                "digital-auth: \"adlut\" というテスト利用者はいません\nヒント：adult のことですか\n\
                 ヒント：一覧は digital-auth personas\n",
                "digital-auth: no persona is called \"adlut\"\nhint: did you mean adult?\n\
                 hint: digital-auth personas lists them\n",
            ),
        ),
        (
            &["demo", "--headless", "--fault", "tokn-500"],
            (
                "digital-auth: \"tokn-500\" という誤りはありません\nヒント：token-500 のことですか\n\
                 ヒント：一覧は digital-auth faults\n",
                "digital-auth: no fault is called \"tokn-500\"\nhint: did you mean token-500?\n\
                 hint: digital-auth faults lists them\n",
            ),
        ),
        (
            &["demo", "--scopes", &openid],
            (
                "digital-auth: スコープ openid がないと IDトークンが届かず、ログインできません。\
                 --scopes に openid を入れてください\n",
                "digital-auth: without the scope openid there is no ID token, and the login can't \
                 succeed: put openid into --scopes\n",
            ),
        ),
        (
            &["demo", "--app-port", "8700", "--cognito-port", "8700"],
            (
                "digital-auth: --cognito-port と --app-port が同じポートです\n",
                "digital-auth: --cognito-port and --app-port name the same port\n",
            ),
        ),
        // What clap finds is told in the same voice.
        (
            &["demo", "--persnoa", "adult"],
            (
                "digital-auth: --persnoa という引数はありません\nヒント：--persona のことですか\n\
                 ヒント：書き方は digital-auth demo --persona <ID>\n",
                "digital-auth: there is no argument --persnoa\nhint: did you mean --persona?\n\
                 hint: the form is digital-auth demo --persona <ID>\n",
            ),
        ),
        (
            &["dmo"],
            (
                "digital-auth: dmo というコマンドはありません\nヒント：demo のことですか\n\
                 ヒント：書き方は digital-auth [OPTIONS] [COMMAND]\n",
                "digital-auth: there is no command dmo\nhint: did you mean demo?\n\
                 hint: the form is digital-auth [OPTIONS] [COMMAND]\n",
            ),
        ),
        (
            &["demo", "--headless", "--no-open"],
            (
                "digital-auth: --headless は --no-open と一緒には指定できません\n\
                 ヒント：書き方は digital-auth demo --headless\n",
                "digital-auth: --headless can't be given together with --no-open\n\
                 hint: the form is digital-auth demo --headless\n",
            ),
        ),
        (
            &["demo", "--headless", "--case", "secnd-account"],
            (
                "digital-auth: --case <CASE> に secnd-account は指定できません\n\
                 ヒント：second-account のことですか\n\
                 ヒント：使えるもの：age、booking、certificates、member、second-account\n",
                "digital-auth: --case <CASE> can't be secnd-account\n\
                 hint: did you mean second-account?\n\
                 hint: there are: age, booking, certificates, member, second-account\n",
            ),
        ),
        (
            &["demo", "--app-port", "80"],
            (
                "digital-auth: --app-port <PORT> に 80 は指定できません\n\
                 ヒント：使えるもの：0 か 1024〜65535\n",
                "digital-auth: --app-port <PORT> can't be 80\n\
                 hint: it takes: 0, or 1024 to 65535\n",
            ),
        ),
        (
            &["env"],
            (
                "digital-auth: <FUNCTION> が必要です\nヒント：書き方は digital-auth env <FUNCTION>\n",
                "digital-auth: <FUNCTION> is needed\n\
                 hint: the form is digital-auth env <FUNCTION>\n",
            ),
        ),
    ] {
        for (language, told) in [("ja", ja), ("en", en)] {
            let ran = run(&[arguments, &["--language", language]].concat()).await;
            assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""));
            assert_eq!(ran.stderr, told);
        }
    }
    // A scope that is unknown, and all that are known.
    let scopes = [
        "demo",
        "--language=en",
        "--scopes",
        "openid digital-auth/adress",
    ];
    let ran = run(&scopes).await;
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""));
    let words: Vec<&str> = ran.stderr.split_whitespace().collect();
    let known = Scopes::all().to_string();
    let expected = format!(
        "digital-auth: no scope is called \"digital-auth/adress\" hint: did you mean \
         digital-auth/address? hint: there are: {known}"
    );
    assert_eq!(words.join(" "), expected);
    let ran = run(&["demo", "--headless", "--app-port", "8700"]).await;
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""));
}

/// Ports that no system assigns to other processes, so that a test can release them and take them
/// again. Each test that does so begins at another number, so that none takes another's.
pub(crate) fn ports_of_our_own(begin: u16) -> impl Iterator<Item = TcpListener> {
    let ports = begin + u16::try_from(std::process::id() % 10_000).unwrap()..begin + 12_000;
    ports.filter_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
}

#[tokio::test]
async fn a_taken_port_is_status_4_and_said_with_its_address_and_option() {
    let taken = ports_of_our_own(20_000).next().expect("a free port");
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    for option in [
        "--service-port",
        "--bridge-port",
        "--cognito-port",
        "--app-port",
    ] {
        for (language, words) in [
            (
                "ja",
                format!("{address} はほかのプログラムが使っています\nヒント：{option} で"),
            ),
            (
                "en",
                format!(
                    "{address} is used by another program\nhint: choose another port with {option}"
                ),
            ),
        ] {
            let arguments = ["demo", "--language", language, option, &port];
            let headless = [&arguments[..], &["--headless"]].concat();
            for arguments in [&arguments[..], &headless] {
                // A headless demo has no app.
                if option == "--app-port" && arguments.contains(&"--headless") {
                    continue;
                }
                let ran = run(arguments).await;
                assert_eq!((ran.status, ran.stdout.as_str()), (Some(4), ""));
                assert!(ran.stderr.contains(&words), "{}", ran.stderr);
            }
        }
    }
    drop(taken);
    let arguments = ["demo", "--headless", "--json", "--service-port", &port];
    let ran = run(&arguments).await;
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains(&format!("http://service.localhost:{port}/"))
    );
}

/// The function with exactly this environment.
async fn function_with(environment: &[(String, String)]) -> LocalFunction {
    let front_door = HttpApi::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
    let mut options = FunctionOptions::new("federation", federation());
    options.environment = environment.to_vec();
    front_door.unwrap().serve(options)
}

#[tokio::test]
async fn the_printed_environment_is_complete_and_new_every_time() {
    for algorithm in ["ES256", "RS256"] {
        let arguments = ["env", "federation", "--assertion-algorithm", algorithm];
        let ran = run(&arguments).await;
        assert_eq!((ran.status, ran.complaints().as_str()), (Some(0), ""));
        let environment: Vec<(String, String)> = ran
            .stdout
            .lines()
            .map(|line| line.split_once('=').expect("KEY=VALUE"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        for (name, _) in &environment {
            assert!(
                variables::ALL
                    .iter()
                    .copied()
                    .flatten()
                    .any(|known| known.name == name),
                "{name}"
            );
        }
        let again = run(&arguments).await.stdout;
        let value = |text: &str, name: &str| {
            let mut lines = text.lines().map(|line| line.split_once('=').unwrap());
            lines
                .find(|(known, _)| *known == name)
                .unwrap()
                .1
                .to_owned()
        };
        for name in [
            "CLIENT_SECRETS",
            "SEALING_KEYS",
            "RECORD_KEYS",
            "ID_TOKEN_KEYS",
            "ASSERTION_KEYS",
        ] {
            assert_ne!(value(&ran.stdout, name), value(&again, name), "{name}");
        }

        let function = function_with(&environment).await;
        let get = |path: &str| {
            let url = format!("{}{path}", function.base_url());
            Answer::of(reqwest::Client::new().get(url))
        };
        let metadata = get("/.well-known/openid-configuration").await;
        assert_eq!(metadata.status, 200, "{:?}", function.logs().lines());
        assert_eq!(metadata.json()["issuer"], value(&ran.stdout, "ISSUER"));
        let keys = get("/client-jwks.json").await;
        assert_eq!(keys.json()["keys"][0]["alg"], algorithm);
        function.stop().await;
    }
}

#[tokio::test]
async fn the_function_names_every_variable_of_the_printed_environment_that_is_left_out() {
    let ran = run(&["env", "federation"]).await;
    let needed = [
        "ISSUER",
        "SEALING_KEYS",
        "SERVICE_TOKEN_ENDPOINT",
        "ATTRIBUTES",
    ];
    let environment: Vec<(String, String)> = ran
        .stdout
        .lines()
        .map(|line| line.split_once('=').unwrap())
        .filter(|(name, _)| !needed.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let function = function_with(&environment).await;
    let url = format!("{}/jwks.json", function.base_url());
    let answer = Answer::of(reqwest::Client::new().get(url)).await;
    assert_eq!(answer.status, 500, "{answer:?}");
    let named: BTreeSet<String> = function
        .logs()
        .lines()
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|event| event["event"] == "configuration")
        .map(|event| event["variable"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(named, needed.map(str::to_owned).into());
    function.stop().await;
}

/// The name, the state and the parent of a process, if the process exists.
fn process(pid: i32) -> Option<(String, char, i32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (start, rest) = stat.rsplit_once(") ")?;
    let (_, name) = start.split_once('(')?;
    let mut rest = rest.split(' ');
    let state = rest.next()?.chars().next()?;
    Some((name.to_owned(), state, rest.next()?.parse().ok()?))
}

/// All descendants of a process, by id and name.
fn descendants(of: i32) -> Vec<(i32, String)> {
    let all: Vec<(i32, String, i32)> = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| process(pid).map(|(name, _, parent)| (pid, name, parent)))
        .collect();
    let mut found: Vec<(i32, String)> = Vec::new();
    let mut parents = vec![of];
    while let Some(parent) = parents.pop() {
        for (pid, name, _) in all.iter().filter(|(_, _, of)| *of == parent) {
            found.push((*pid, name.clone()));
            parents.push(*pid);
        }
    }
    found
}

/// Waits until the command has started a process with this name, and gives all of its descendants.
async fn started(child: &Child, wanted: &str) -> Vec<(i32, String)> {
    let pid = i32::try_from(child.id().expect("it runs")).unwrap();
    let waiting = async {
        loop {
            let found = descendants(pid);
            if found.iter().any(|(_, name)| name == wanted) {
                return found;
            }
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("it starts")
}

/// Waits until all of these processes have ended. A zombie counts as ended.
async fn assert_gone(processes: &[(i32, String)]) {
    let is_left = |(pid, name): &&(i32, String)| {
        process(*pid).is_some_and(|(now, state, _)| now == *name && state != 'Z')
    };
    let waiting = async {
        while processes.iter().any(|one| is_left(&one)) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let gone = timeout(PATIENCE, waiting).await;
    let left: Vec<_> = processes.iter().filter(is_left).collect();
    assert!(gone.is_ok(), "left behind: {left:?}");
}

#[tokio::test]
async fn ctrl_c_and_termination_end_a_login_and_everything_that_it_started() {
    // Builds the function first, so that no build is running when the signal comes.
    let _built = federation();
    for (signal, language, words) in [
        (Signal::INT, "ja", "digital-auth: 中断しました\n"),
        (Signal::TERM, "en", "digital-auth: interrupted\n"),
    ] {
        let arguments = ["demo", "--headless", "--fault", "token-slow"];
        let child = prepared([&arguments[..], &["--language", language]].concat())
            .spawn()
            .unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
        started(&child, "federation").await;
        // Now the login is at the token request, which takes seconds.
        sleep(Duration::from_millis(1_000)).await;
        let processes = descendants(pid.as_raw_pid());
        assert!(processes.iter().any(|(_, name)| name == "federation"));
        kill_process(pid, signal).unwrap();
        let ran = finished(child).await;
        assert_eq!(ran.status, Some(130), "{ran:?}");
        assert_eq!(ran.stdout, "");
        assert_eq!(ran.complaints(), words);
        assert_gone(&processes).await;
    }
}

#[tokio::test]
async fn a_signal_while_the_function_is_built_ends_the_build_too() {
    for signal in [Signal::INT, Signal::TERM] {
        let child = prepared(["demo", "--headless"]).spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
        let processes = started(&child, "cargo").await;
        kill_process(pid, signal).unwrap();
        let ran = finished(child).await;
        assert_eq!(ran.status, Some(130), "{ran:?}");
        assert_gone(&processes).await;
    }
}

#[tokio::test]
async fn a_headless_login_is_told_in_the_language_of_the_locale() {
    for (locale, told) in [
        ("C.UTF-8", "✓ ログインしました  adult"),
        ("ja_JP.UTF-8", "✓ ログインしました  adult"),
        ("en_US.UTF-8", "✓ Signed in  adult"),
    ] {
        let child = prepared(["demo", "--headless"])
            .env("LC_ALL", locale)
            .spawn()
            .unwrap();
        let ran = finished(child).await;
        assert_eq!((ran.status, ran.complaints().as_str()), (Some(0), ""));
        assert!(ran.stdout.contains(told), "{}", ran.stdout);
        let rows = ran.stdout.lines().map(|line| line.split_whitespace());
        let born = ["birthdate", "1985-03-15"];
        assert!(
            rows.map(Iterator::collect)
                .any(|row: Vec<&str>| row == born)
        );
        assert!(
            !ran.stdout.contains('\u{1b}'),
            "no colours where no terminal is"
        );
    }
}

#[tokio::test]
async fn where_cargo_can_write_nothing_the_demo_says_what_to_do() {
    for (language, told) in [
        ("en", "set CARGO_TARGET_DIR to a writable folder"),
        (
            "ja",
            "書き込めるフォルダーを CARGO_TARGET_DIR に指定してください",
        ),
    ] {
        // No user can make folders there, not even root.
        let child = prepared(["demo", "--headless", "--language", language])
            .env("CARGO_TARGET_DIR", "/sys/target")
            .spawn()
            .unwrap();
        let ran = finished(child).await;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(3), ""), "{ran:?}");
        assert!(ran.complaints().contains(told), "{ran:?}");
    }
}

#[tokio::test]
async fn a_told_answer_stands_behind_the_hops_that_its_request_caused() {
    let told = run(&["demo", "--headless", "--verbose", "--language", "en"])
        .await
        .stdout;
    let place = |line: &str| {
        let lines = told.lines().position(|known| known.contains(line));
        lines.unwrap_or_else(|| panic!("{line}: {told}"))
    };
    let order = [
        "Browser → Cognito  GET /oauth2/idpresponse",
        "Cognito → federation  POST /token",
        "App service  POST /api/realms/main/protocol/openid-connect/token",
        "Cognito ← federation  POST /token  200",
        "Browser ← Cognito  GET /oauth2/idpresponse  302",
        "App → Cognito  POST /oauth2/token  200",
    ];
    let places = order.map(place);
    assert!(places.is_sorted(), "{places:?}: {told}");
}

/// A browser demo that has printed its address, and the address.
async fn demo_in_a_browser(
    arguments: &[&str],
) -> (Child, BufReader<tokio::process::ChildStdout>, String) {
    let mut child = prepared(arguments)
        // As at a person's desktop, except that there is no terminal.
        .env("DISPLAY", ":0")
        .env_remove("CI")
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    let reading = async {
        while !line.contains("http://app.localhost:") {
            line.clear();
            assert_ne!(out.read_line(&mut line).await.unwrap(), 0, "it ended");
        }
    };
    timeout(PATIENCE, reading).await.expect("it starts");
    (child, out, line.trim().to_owned())
}

/// Requests a page of the app as a browser does that resolves `*.localhost`.
async fn app_page(address: &str, path: &str) -> Answer {
    let host = address.strip_prefix("http://").unwrap();
    let (_, port) = host.rsplit_once(':').unwrap();
    let url = format!("http://127.0.0.1:{port}{path}");
    Answer::of(reqwest::Client::new().get(url).header("host", host)).await
}

#[tokio::test]
async fn the_bare_command_is_the_demo_in_a_browser_until_ctrl_c() {
    for (signal, arguments, words) in [
        (Signal::INT, &[][..], "Ctrl-C を押します"),
        (
            Signal::TERM,
            &["demo", "--no-open", "-v", "--language", "en"][..],
            "Press Ctrl-C to stop",
        ),
    ] {
        let (child, mut out, address) = demo_in_a_browser(arguments).await;
        let page = app_page(&address, "/").await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("青葉野市 オンライン窓口"));
        // A login that fails at once is printed, and the demo goes on.
        assert_eq!(app_page(&address, "/callback?code=x").await.status, 400);
        let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
        let processes = descendants(pid.as_raw_pid());
        kill_process(pid, signal).unwrap();
        let mut rest = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut out, &mut rest)
            .await
            .unwrap();
        let ran = finished(child).await;
        assert_eq!((ran.status, ran.complaints().as_str()), (Some(0), ""));
        assert!(rest.contains(words), "{rest}");
        let is_verbose = arguments.contains(&"-v");
        let hop = "Browser → App  GET /callback  400";
        assert_eq!(rest.contains(hop), is_verbose, "{rest}");
        assert!(is_verbose || !rest.contains('→'), "{rest}");
        for host in ["localhost", "bridge.localhost", "service.localhost"] {
            assert!(rest.contains(&format!("http://{host}:")), "{rest}");
        }
        assert_gone(&processes).await;
    }
}

#[tokio::test]
async fn a_browser_demo_for_programs_prints_the_addresses_and_stays() {
    let arguments = ["demo", "--json", "--persona", "leap-day", "--fault=cancel"];
    let (mut child, _out, line) = demo_in_a_browser(&arguments).await;
    let addresses: Value = serde_json::from_str(&line).unwrap();
    let addressed = ["app", "cognito", "bridge", "service"];
    let members = addresses["members"].as_str().unwrap();
    assert!(members.starts_with("http://127.0.0.1:"), "{members}");
    assert_eq!(
        keys(&addresses),
        [&addressed[..], &["members"]]
            .concat()
            .into_iter()
            .collect()
    );
    for name in addressed {
        let address = addresses[name].as_str().unwrap();
        let host = match name {
            "cognito" => "localhost".to_owned(),
            other => format!("{other}.localhost"),
        };
        assert!(address.starts_with(&format!("http://{host}:")), "{address}");
    }
    let page = app_page(addresses["app"].as_str().unwrap(), "/?lang=en").await;
    assert!(page.body.contains("Aobano City"));
    assert_eq!(child.try_wait().unwrap(), None);

    // The test-card page has the person of the command line preselected.
    let browser = login_kit::browser();
    let url = format!("{}/login", addresses["app"].as_str().unwrap());
    let url = url::Url::parse(&url).unwrap();
    let journey = browser.follow(&url, "text/html", |_| false).await.unwrap();
    let hosted = journey.page().unwrap();
    let text = hosted.text().replace("&#38;", "&");
    let (_, link) = text.split_once("class=\"button wide\" href=\"").unwrap();
    let (link, _) = link.split_once('"').unwrap();
    let link = hosted.url.join(link).unwrap();
    let journey = browser.follow(&link, "application/json", |_| false).await;
    let card: Value = journey.unwrap().page().unwrap().json().unwrap();
    assert_eq!(card["persona"], "leap-day");
    assert_eq!(card["answer"], "cancel");

    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    let processes = descendants(pid.as_raw_pid());
    kill_process(pid, Signal::TERM).unwrap();
    let ran = finished(child).await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert_gone(&processes).await;
}

#[tokio::test]
async fn the_help_speaks_one_language() {
    let is_japanese = |c: char| ('\u{3041}'..='\u{30ff}').contains(&c);
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["demo", "--help"],
        &["simulate", "cognito", "--help"],
        &["help", "faults"],
        &["completions", "--help"],
    ] {
        // The language that is asked for counts, wherever it stands; else that of the locale.
        for (before, after, heading) in [
            (None, None, "使い方："),
            (Some("--language=en"), None, "Usage: "),
            (None, Some("--language=en"), "Usage: "),
        ] {
            // The help of the command help takes no options.
            if after.is_some() && arguments.contains(&"help") {
                continue;
            }
            let all: Vec<&str> = before
                .into_iter()
                .chain(arguments.iter().copied())
                .chain(after)
                .collect();
            let ran = run(&all).await;
            assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{all:?}");
            assert!(ran.stdout.contains(heading), "{all:?}: {}", ran.stdout);
            let is_english = heading == "Usage: ";
            assert_eq!(ran.stdout.contains(is_japanese), !is_english, "{all:?}");
        }
    }
    let help = run(&["--help"]).await.stdout;
    for told in ["demo", "personas", "faults", "env", "completions", "130"] {
        assert!(help.contains(told), "{told}");
    }
}

#[tokio::test]
async fn a_list_has_what_was_asked_for() {
    let ids = async |arguments: &[&str]| -> Vec<String> {
        let ran = run(&[arguments, &["--json"]].concat()).await;
        assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""));
        let listed = ran.json();
        let ids = listed.as_array().unwrap().iter();
        ids.map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&["personas", "２月"]).await, [""; 0]);
    assert_eq!(ids(&["personas", "2月29日"]).await, ["leap-day"]);
    assert_eq!(ids(&["personas", "LEAP"]).await, ["leap-day"]);
    let cancels = ids(&["faults", "--group", "user"]).await;
    assert!(cancels.len() > 2 && cancels.iter().all(|id| id.starts_with("cancel")));
    // What is asked for is true of each of them at once.
    let nonces = ids(&["faults", "nonce"]).await;
    assert_eq!(
        ids(&["faults", "nonce", "--group", "id-token"]).await,
        nonces
    );
    assert_eq!(
        ids(&["faults", "nonce", "--group", "userinfo"]).await,
        [""; 0]
    );
    assert_eq!(ids(&["faults", "--class", "id_token_nonce"]).await, nonces);
    assert_eq!(ids(&["faults", "nonce", "--exit", "14"]).await, nonces);
    assert_eq!(ids(&["faults", "nonce", "--exit", "0"]).await, [""; 0]);
    let succeed = ids(&["faults", "--exit", "0"]).await;
    assert!(succeed.contains(&"keys-rotated".to_owned()), "{succeed:?}");
    let in_japanese = ids(&["faults", "氏名が返らない"]).await;
    assert_eq!(in_japanese, ["userinfo-missing-name"]);

    // Where no terminal is, each fault has its line.
    let lines = run(&["faults", "nonce"]).await.stdout;
    assert_eq!(lines.lines().count(), nonces.len());
    // Nothing found is no failure, and is said.
    let ran = run(&["faults", "nonse", "--language", "en"]).await;
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), ""));
    assert_eq!(
        ran.stderr,
        "digital-auth: no fault is like that\nhint: did you mean nonce?\n\
         hint: digital-auth faults lists all\n"
    );
}

#[tokio::test]
async fn a_reader_that_stops_reading_is_no_failure() {
    for arguments in [
        &["faults"][..],
        &["faults", "--json"],
        &["personas", "--json"],
        &["env", "federation"],
        &["demo", "--headless"],
        &["demo", "--headless", "--json"],
    ] {
        let mut child = prepared(arguments).spawn().unwrap();
        // Closes the pipe before anything is written, as `| head -0` does.
        drop(child.stdout.take());
        let ran = finished(child).await;
        assert_eq!(
            (ran.status, ran.complaints().as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
    let mut child = prepared(["faults"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next_line().await.unwrap().unwrap();
    assert!(first.starts_with("cancel "), "{first}");
    drop(lines);
    let ran = finished(child).await;
    assert_eq!((ran.status, ran.complaints().as_str()), (Some(0), ""));
    // A demo in a browser goes on after its reader is gone.
    let (mut child, out, address) = demo_in_a_browser(&["demo", "--no-open"]).await;
    drop(out);
    // It can't print its line about this failure, either.
    assert_eq!(app_page(&address, "/callback?code=x").await.status, 400);
    assert_eq!(app_page(&address, "/").await.status, 200);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(child.try_wait().unwrap(), None);
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let ran = finished(child).await;
    assert_eq!((ran.status, ran.complaints().as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_japanese_story_tells_every_check_and_every_own_work_in_japanese() {
    // Hiragana, katakana, and the unified ideographs.
    let is_japanese =
        |c: char| ('\u{3041}'..='\u{30ff}').contains(&c) || ('\u{4e00}'..='\u{9fff}').contains(&c);
    for (fault, class) in [
        (None, None),
        (Some("cancel"), Some("cancelled")),
        (Some("token-invalid-client"), Some("service_refused_client")),
        (Some("id-token-wrong-nonce"), Some("id_token_nonce")),
    ] {
        let mut arguments = vec!["demo", "--headless", "-v", "--language", "ja"];
        arguments.extend(fault.iter().flat_map(|id| ["--fault", *id]));
        let told = run(&arguments).await.stdout;
        // The name of a class is the one in the documentation, in both languages. What it means
        // stands beside it.
        // A cancel is no failure.
        let mark = if class == Some("cancelled") {
            '–'
        } else {
            '✗'
        };
        let class = class.map(|class| format!("{mark} {class}："));
        let is_class =
            |line: &&str| (class.as_deref()).is_some_and(|class| line.starts_with(class));
        let checks: Vec<&str> = told
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with(['✓', '✗', '–']))
            .collect();
        assert!(checks.len() > 30, "{told}");
        let fails = checks.iter().any(|line| line.starts_with('✗'));
        assert_eq!(fails, class.is_some() && mark == '✗', "{told}");
        let (classes, others): (Vec<&str>, Vec<&str>) =
            checks.into_iter().partition(|line| is_class(line));
        assert_eq!(classes.len(), usize::from(class.is_some()), "{told}");
        for line in others {
            assert!(line.contains(is_japanese), "{fault:?}: {line}");
            // Neither the check nor its rule is in English.
            assert!(!line.contains(" is ") && !line.contains(" App"), "{line}");
        }
        if fault.is_none() {
            for own in ["ユーザープール：", "プロバイダーの IDトークン", "バイト"]
            {
                assert!(told.contains(own), "{own}: {told}");
            }
            for english in ["verify ID token", "of the provider", " bytes", "user pool"] {
                assert!(!told.contains(english), "{english}: {told}");
            }
        }
    }

    // A program reads the same words whatever the language is.
    let json = ["demo", "--headless", "--json", "--language", "ja"];
    let steps = &run(&json).await.json()["steps"];
    let steps = steps.as_array().unwrap();
    let own = steps.iter().find(|step| step["from"] == step["to"]);
    assert_eq!(own.unwrap()["request"], "ID token of the provider");
    let what = &steps[0]["checks"][0]["what"];
    assert_eq!(what, "no parameter comes twice");
}

/// The words of a text that could be secrets: 32 or more characters of base64url, unless the word
/// is a single UUID; and codes, which are UUIDs joined by dots.
pub(crate) fn secrets(text: &str) -> Vec<&str> {
    let is_base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    // A UUID without hyphens is as long as a secret, so it counts as one.
    let is_uuid = |word: &str| word.len() == Hyphenated::LENGTH && Uuid::try_parse(word).is_ok();
    text.split(|c| !is_base64url(c) && c != '.')
        .map(|word| word.trim_matches('.'))
        .filter(|word| {
            let mut parts = word.split('.');
            let has_secret = parts.any(|part| part.len() >= 32 && !is_uuid(part));
            has_secret || word.split('.').filter(|part| is_uuid(part)).count() > 1
        })
        .collect()
}

#[test]
fn what_looks_like_a_secret_is_found() {
    let uuid = "4e1f2a52-7c50-4a9b-9d6b-2f4d3a1c0001";
    let code = format!("{uuid}.{uuid}.{uuid}");
    let jwt = format!("eyJhbGciOiJFUzI1NiJ9.{0}.{0}", "a".repeat(86));
    for secret in ["dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", &code, &jwt] {
        assert_eq!(secrets(&format!("code={secret}&x")), [secret]);
    }
    assert_eq!(secrets(&format!("jti={uuid} code=abcd…(110)")), [""; 0]);
}

#[tokio::test]
async fn no_secret_is_in_the_output() {
    for arguments in [
        &["demo", "--headless", "-v"][..],
        &["demo", "--headless"],
        &["demo", "--headless", "--json"],
        &["demo", "--headless", "--json", "--fault", "token-500"],
        &[
            "demo",
            "--headless",
            "-v",
            "--fault",
            "userinfo-other-subject",
        ],
        &["demo", "--headless", "-v", "--assertion-algorithm", "RS256"],
    ] {
        let ran = run(arguments).await;
        // The output shows the person's subject on purpose. The nonce was used up when the token
        // that is shown was issued.
        let subject =
            personas(loopback::clock::SimClock::default().now())[0].subject(SERVICE_CLIENT_ID);
        let nonce = serde_json::from_str::<Value>(&ran.stdout)
            .ok()
            .and_then(|login| login["id_token"]["nonce"].as_str().map(str::to_owned))
            .or_else(|| {
                let nonces = ran.stdout.lines().filter(|line| !line.contains('…'));
                let mut nonces = nonces.filter_map(|line| line.trim().strip_prefix("nonce="));
                nonces.next().map(str::to_owned)
            });
        let username = format!("MynaApp_{subject}");
        let allowed = [
            subject,
            username,
            nonce.unwrap_or_default(),
            // These are long, but only names.
            "InboundFederation_ExternalProvider".to_owned(),
            "ap-northeast-1_Example01_MynaApp".to_owned(),
        ];
        for text in [&ran.stdout, &ran.stderr] {
            // A key set is public, unless it has a private member.
            let (key_sets, others): (Vec<_>, Vec<_>) =
                text.lines().partition(|line| line.contains("kty"));
            for private in ["\"d\"", "\\\"d\\\""] {
                assert!(key_sets.iter().all(|line| !line.contains(private)));
            }
            let found: Vec<_> = others
                .into_iter()
                .flat_map(secrets)
                .filter(|word| !allowed.iter().any(|known| known == word))
                .collect();
            assert_eq!(found, [""; 0], "{arguments:?}");
        }
        let is_quiet = arguments.len() == 2;
        assert_eq!(
            ran.stdout.contains("…("),
            !is_quiet,
            "secrets are masked, not left out"
        );
        let told = arguments.contains(&"--fault");
        assert_eq!(ran.stdout.contains("山田　太郎"), !told);
    }
}
