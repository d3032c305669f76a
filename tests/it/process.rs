//! The built command `digital-auth` as a process of its own: one that ends by itself, and one that
//! serves until it gets a signal.

use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;

use login_kit::command;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than any of these tests takes, even while the functions are built for the first time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// The command before its start, in the usual environment of a terminal, without a language.
pub(crate) fn prepared(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut prepared = Command::new(command());
    prepared
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    prepared
}

/// The result of a command that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Waits until the command ends by itself.
pub(crate) async fn finished(child: Child) -> Ran {
    let output = timeout(PATIENCE, child.wait_with_output()).await;
    let output = output.expect("the command ends").unwrap();
    Ran {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs a command that ends by itself.
pub(crate) async fn run(mut prepared: Command) -> Ran {
    finished(prepared.spawn().unwrap()).await
}

/// The lines of a command's output, up to this one.
pub(crate) async fn lines_up_to(child: &mut Child, last: &str) -> Vec<String> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = Vec::new();
    let reading = async {
        while told.last().is_none_or(|line| line != last) {
            told.push(lines.next_line().await.unwrap().expect("more lines"));
        }
    };
    timeout(PATIENCE, reading).await.expect("it prints");
    told
}

/// The names and values among the lines that a command prints for people.
pub(crate) fn printed(lines: &[String]) -> Vec<(&str, &str)> {
    let indented = lines.iter().filter_map(|line| line.strip_prefix("  "));
    let pairs = indented.filter_map(|line| line.split_once(' '));
    pairs
        .map(|(name, value)| (name, value.trim_start()))
        .collect()
}

/// A running command that prints one JSON object, and then serves.
pub(crate) struct Serving {
    pub(crate) child: Child,
    stdout: BufReader<ChildStdout>,
    told: JoinHandle<String>,
    /// The JSON object.
    pub(crate) values: Value,
}

impl Serving {
    pub(crate) async fn of(mut prepared: Command) -> Self {
        let mut child = prepared.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let told = tokio::spawn(async move {
            let mut told = String::new();
            stderr.read_to_string(&mut told).await.unwrap();
            told
        });
        let mut line = String::new();
        let read = timeout(PATIENCE, stdout.read_line(&mut line)).await;
        read.expect("it prints its values").unwrap();
        Self {
            child,
            stdout,
            told,
            values: serde_json::from_str(&line).expect("one JSON object in a line"),
        }
    }

    /// One of the values.
    pub(crate) fn text(&self, name: &str) -> &str {
        let value = &self.values[name];
        value.as_str().unwrap_or_else(|| panic!("{name}: {value}"))
    }

    /// Ends the command with a signal, and gives what it wrote to standard error.
    pub(crate) async fn stop(mut self, signal: Signal) -> String {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
        let status = timeout(PATIENCE, self.child.wait()).await;
        assert_eq!(status.expect("it ends").unwrap().code(), Some(0));
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "", "one object and nothing else");
        self.told.await.unwrap()
    }
}
