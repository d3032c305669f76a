//! What the command prints, what stays the same at the next start, and what it says when it can't
//! start.

use std::net::{Ipv4Addr, TcpListener};

use serde_json::json;

use super::*;
use crate::process::{lines_up_to, printed, run};

#[tokio::test]
async fn the_values_are_for_people_and_for_dotenv_in_both_languages() {
    for (language, first, last) in [
        (
            "ja",
            "アプリに設定する値：",
            "止めるには Ctrl-C を押してください。拒否したリクエストがあれば、表示します（--verbose ならすべて）：",
        ),
        (
            "en",
            "Values to configure in your app:",
            "Press Ctrl-C to stop. What is refused is told below (with --verbose, all requests):",
        ),
    ] {
        let folder = Folder::new();
        let arguments = ["--language", language];
        let mut child = prepared(&folder, &arguments).spawn().unwrap();
        let told = lines_up_to(&mut child, last).await;
        assert_eq!(told[0], first);
        let shown = printed(&told);
        for name in [
            "issuer",
            "client_id",
            "client_secret",
            "callback",
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "control",
        ] {
            let value = shown.iter().find(|(known, _)| *known == name);
            let (_, value) = value.unwrap_or_else(|| panic!("{name}: {told:?}"));
            let same = format!("COGNITO_{}={value}", name.to_ascii_uppercase());
            assert!(told.contains(&same), "{same}: {told:?}");
        }
        assert!(
            told.iter()
                .any(|line| line.contains(folder.path().to_str().unwrap()))
        );
    }
}

#[tokio::test]
async fn the_json_has_every_url_and_servers_reach_all_of_them_by_localhost() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    assert_eq!(app.text("callback"), CALLBACK);
    assert_eq!(app.serving.values["callbacks"], json!([CALLBACK]));
    assert_eq!(app.serving.values["logout_urls"], json!([LOGGED_OUT]));
    assert_eq!(app.serving.values["certificate"], Value::Null);
    let discovered = [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "revocation_endpoint",
        "jwks_uri",
    ];
    for name in [&discovered[..], &["logout_endpoint", "domain", "control"]].concat() {
        let url = Url::parse(app.text(name)).unwrap();
        let host = url.host_str().unwrap();
        assert!(["localhost", "127.0.0.1"].contains(&host), "{name}: {url}");
    }
    // Discovery says the same.
    let url = format!("{}/.well-known/openid-configuration", app.text("issuer"));
    let (_, metadata) = answer(app.http.get(&url).send().await.unwrap()).await;
    for name in discovered {
        assert_eq!(metadata[name], app.serving.values[name], "{name}");
    }
    assert_eq!(
        metadata["end_session_endpoint"],
        app.serving.values["logout_endpoint"]
    );
    app.stop().await;
}

#[tokio::test]
async fn two_starts_have_the_same_client_keys_users_and_refresh_tokens() {
    let folder = Folder::new();
    // A fixed port, since it is part of the issuer.
    let port = fixed_port().to_string();
    let start = async |more: &[&str]| {
        let fixed = ["--json", "--cognito-port", &port, "--control-port", "0"];
        let arguments = [&fixed, more].concat();
        let command = ["simulate", "cognito"];
        Running::of(prepared_at_ports(&folder, &command, &arguments)).await
    };
    let keys = async |app: &Running| {
        let response = app.http.get(app.text("jwks_uri")).send().await.unwrap();
        answer(response).await.1
    };
    let app = start(&[]).await;
    let (values, first_keys) = (app.serving.values.clone(), keys(&app).await);
    let first = app.sign_in(json!({})).await;
    let other = app.sign_in(json!({ "person": "longest" })).await;
    app.stop().await;

    let app = start(&[]).await;
    for name in ["issuer", "client_id", "client_secret", "user_pool_id"] {
        assert_eq!(app.serving.values[name], values[name], "{name}");
    }
    assert_eq!(keys(&app).await, first_keys);
    let again = app.sign_in(json!({})).await;
    let subject = |tokens: &Value| claims(tokens, "id_token")["sub"].clone();
    assert_eq!(subject(&again), subject(&first));
    assert_ne!(subject(&again), subject(&other));
    let (status, refreshed) = app.refresh(first["refresh_token"].as_str().unwrap()).await;
    assert_eq!(status, 200, "{refreshed}");
    assert_eq!(subject(&refreshed), subject(&first));
    app.stop().await;

    let app = start(&["--fresh"]).await;
    assert_eq!(app.text("client_id"), values["client_id"]);
    assert_ne!(app.serving.values["client_secret"], values["client_secret"]);
    assert_ne!(keys(&app).await, first_keys);
    assert_ne!(subject(&app.sign_in(json!({})).await), subject(&first));
    app.stop().await;
}

/// A free port that the system gives to nobody who asks for any: those begin at 32768.
fn fixed_port() -> u16 {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (first..).find(is_free).unwrap()
}

#[tokio::test]
async fn a_user_is_kept_even_if_the_command_is_killed() {
    let folder = Folder::new();
    let mut app = Running::start(&folder, &[]).await;
    let first = app.sign_in(json!({})).await;
    let sub = claims(&first, "id_token")["sub"]
        .as_str()
        .unwrap()
        .to_owned();
    let file = folder.path().join("cognito.json");
    let kept = async {
        while !std::fs::read_to_string(&file).unwrap().contains(&sub) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, kept).await.expect("the user is kept");
    app.serving.child.kill().await.unwrap();
    let app = Running::start(&folder, &[]).await;
    let again = app.sign_in(json!({})).await;
    assert_eq!(claims(&again, "id_token")["sub"], *sub);
    app.stop().await;
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_said_with_the_option_that_helps() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let other = Folder::new();
    let taken = |name: &str| {
        Url::parse(app.text(name))
            .unwrap()
            .port()
            .unwrap()
            .to_string()
    };
    let (cognito, control) = (taken("issuer"), taken("control"));
    std::fs::create_dir(other.path()).unwrap();
    std::fs::write(other.path().join("cognito.json"), "{}").unwrap();
    let not_ours = run(prepared(&other, &["--language", "en"])).await;
    assert_eq!(not_ours.status, Some(2), "{not_ours:?}");
    assert!(not_ours.stderr.contains("--fresh"), "{not_ours:?}");

    let other = Folder::new();
    for (folder, arguments, status, told) in [
        (&folder, vec![], 4, "is used by another digital-auth"),
        (
            &other,
            vec!["--cognito-port", &cognito],
            4,
            "choose another port with --cognito-port",
        ),
        (
            &other,
            vec!["--control-port", &control],
            4,
            "choose another port with --control-port",
        ),
        (
            &other,
            vec!["--cognito-port", "8700", "--control-port", "8700"],
            2,
            "--cognito-port and --control-port name the same port",
        ),
        (
            &other,
            vec!["--scopes", "openid digital-auth/nickname"],
            2,
            "digital-auth/nickname",
        ),
        (&other, vec!["--scopes", "digital-auth/name"], 2, "openid"),
        (
            &other,
            vec!["--ask", "nickname"],
            2,
            "name address birthdate gender",
        ),
        (
            &other,
            vec!["--callback", "http://app.example/cb"],
            2,
            "myapp://callback",
        ),
        (
            &other,
            vec!["--logout-url", "http://localhost:3000/#x"],
            2,
            "myapp://callback",
        ),
        (&other, vec!["--public-host", "a:80"], 2, "--public-host"),
        (&other, vec!["--listen", "localhost"], 2, "--listen"),
        (&other, vec!["--persona", "nobody"], 2, "nobody"),
    ] {
        let mut all = arguments.clone();
        for option in ["--cognito-port", "--control-port"] {
            if !arguments.contains(&option) {
                all.extend([option, "0"]);
            }
        }
        let command = ["--language", "en", "simulate", "cognito"];
        let ran = run(prepared_at_ports(folder, &command, &all)).await;
        assert_eq!(ran.status, Some(status), "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(told), "{arguments:?}: {ran:?}");
    }
    app.stop().await;
}

#[tokio::test]
async fn without_verbose_a_wrong_setting_is_told_with_the_registered_value_and_nothing_else() {
    let folder = Folder::new();
    let command = prepared(&folder, &["--json", "--language", "en"]);
    let app = Running::of(command).await;
    let code = app.code(&[]).await;
    assert_eq!(app.redeem(&code).await.0, 200);
    for changed in [
        ("redirect_uri", "http://localhost:3000/callbac"),
        ("client_id", "2ownapp"),
        ("scope", "openid digital-auth/name height"),
    ] {
        let url = app.authorization_url(&[changed]);
        app.http.get(url).send().await.unwrap();
    }
    let id = app.text("client_id").to_owned();
    let scopes = app.text("scopes").replace(' ', ", ");
    let told = app.serving.stop(Signal::INT).await;
    let words: Vec<&str> = told.split_whitespace().collect();
    let expected = format!(
        "✗ Browser → Cognito GET /oauth2/authorize not so: redirect_uri is a callback URL, exactly \
         (RFC 9700 §2.1) sent redirect_uri=http://localhost:3000/callbac registered {CALLBACK} \
         ✗ Browser → Cognito GET /oauth2/authorize not so: client_id is an app client's \
         (RFC 6749 §4.1.1) sent client_id=2ownapp registered {id} \
         ✗ Browser → Cognito GET /oauth2/authorize not so: every scope is allowed to the client \
         (RFC 6749 §3.3) sent scope=openid digital-auth/name height registered {scopes}"
    );
    assert_eq!(words.join(" "), expected);
}

#[tokio::test]
async fn the_demo_registers_an_app_besides_its_own() {
    let folder = Folder::new();
    let command = ["demo", "--no-open", "--json"];
    let ports = ["--cognito-port", "0", "--control-port", "0"];
    let demo = prepared_at_ports(&folder, &command, &ports);
    let app = Running::of(demo).await;
    assert!(app.text("app").starts_with("http://app.localhost:"));
    let code = app.code(&[]).await;
    let (status, tokens) = app.redeem(&code).await;
    assert_eq!(status, 200, "{tokens}");
    app.stop().await;
}
