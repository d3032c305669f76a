//! `digital-auth simulate cognito`, as a developer starts it for an app in the browser: with a
//! public client, with one callback URL and one logout URL.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::process::Stdio;
use std::time::Duration;

use login_kit::command;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Longer than cargo takes to build the functions for the first time.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the app asks for.
pub(super) const SCOPES: &str = "openid digital-auth/name digital-auth/age_over_20";

/// The running command. It ends when this is dropped.
pub(super) struct Cognito {
    process: Child,
    settings: Value,
    /// What the command says of each request: shown if a test fails.
    told: File,
    _state: TempDir,
}

impl Cognito {
    /// Starts everything on free ports, for an app with this origin.
    pub(super) async fn start(app: &str, arguments: &[&str]) -> Self {
        let state = TempDir::new().unwrap();
        let told = tempfile::tempfile().unwrap();
        let mut process = Command::new(command())
            .args(["--language", "en", "simulate", "cognito", "--json"])
            .args(["--client", "public", "--scopes", SCOPES])
            .args(["--callback", &format!("{app}/callback")])
            .args(["--logout-url", &format!("{app}/logged-out")])
            .args(["--service-port", "0", "--bridge-port", "0"])
            .args(["--cognito-port", "0", "--control-port", "0"])
            .arg("--state")
            .arg(state.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(told.try_clone().unwrap())
            .spawn()
            .expect("the command starts");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut cognito = Self {
            process,
            settings: Value::Null,
            told,
            _state: state,
        };
        let settings = timeout(PATIENCE, lines.next_line()).await;
        let settings = settings.expect("it says its settings").unwrap();
        cognito.settings = serde_json::from_str(&settings.expect("a line")).unwrap();
        cognito
    }

    /// A value that the command printed.
    pub(super) fn text(&self, name: &str) -> &str {
        self.settings[name].as_str().unwrap()
    }

    /// The person signs in at once, without pages.
    pub(super) async fn shows_no_pages(&self) {
        let url = format!("{}person", self.text("control"));
        let request = reqwest::Client::new().put(url);
        let answer = request.json(&json!({ "unattended": true })).send().await;
        assert_eq!(answer.unwrap().status(), 200);
    }
}

impl Drop for Cognito {
    #[expect(
        clippy::print_stderr,
        reason = "the test's own output, shown with its failure"
    )]
    fn drop(&mut self) {
        // With this signal it stops the functions that it started.
        if let Some(process) = self
            .process
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
        {
            let _ended_already = kill_process(process, Signal::TERM);
        }
        let mut told = String::new();
        if std::thread::panicking()
            && self.told.rewind().is_ok()
            && self.told.read_to_string(&mut told).is_ok()
        {
            eprintln!("simulate cognito:\n{told}");
        }
    }
}
