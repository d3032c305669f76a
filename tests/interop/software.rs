//! A program that a test starts, and ends with SIGTERM when it is dropped. What it writes goes to
//! files, from which the test reads it line by line.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::time::sleep;

/// How long a program may take to write its next line: longer than cargo takes to build the
/// functions for the first time.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a program may take to end, before it is killed, and to write what is due.
const STOP: Duration = Duration::from_secs(10);
/// How long to wait before the next look.
const POLL: Duration = Duration::from_millis(20);

/// A running program.
pub(super) struct Software {
    name: String,
    child: Child,
    questions: ChildStdin,
    output: File,
    /// How many lines of the output were read.
    read: usize,
    messages: File,
}

impl Software {
    /// Starts a program.
    pub(super) fn start(name: &str, command: &mut Command) -> Self {
        let file = || tempfile::tempfile().expect("a temporary file");
        let (output, messages) = (file(), file());
        let copy = |file: &File| file.try_clone().expect("a temporary file");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(copy(&output))
            .stderr(copy(&messages))
            .spawn()
            .unwrap_or_else(|error| panic!("{name} can't be started: {error}"));
        let questions = child.stdin.take().expect("a pipe");
        Self {
            name: name.to_owned(),
            child,
            questions,
            output,
            read: 0,
            messages,
        }
    }

    /// The next line of its output.
    pub(super) async fn line(&mut self) -> String {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            // A program that has ended can't write more than it has written by now.
            let status = self.child.try_wait().expect("a status");
            let output = text(&self.output);
            let line = output.split_inclusive('\n').nth(self.read);
            if let Some(line) = line.and_then(|line| line.strip_suffix('\n')) {
                self.read += 1;
                return line.to_owned();
            }
            assert!(status.is_none(), "{} has ended: {status:?}", self.name);
            sleep(POLL).await;
        }
        panic!("{} doesn't answer", self.name);
    }

    /// The next line of its output, which is JSON.
    pub(super) async fn json(&mut self) -> Value {
        let line = self.line().await;
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{} says {line}", self.name))
    }

    /// Sends a line of JSON, and gives the answer.
    pub(super) async fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions, "{question}").expect("a pipe");
        self.json().await
    }

    /// Waits until it answers at this URL, which has to be with a page.
    pub(super) async fn answers(&mut self, http: &reqwest::Client, url: &str) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Ok(answer) = http.get(url).send().await {
                assert_eq!(answer.status(), 200, "{} at {url}", self.name);
                return;
            }
            let status = self.child.try_wait().expect("a status");
            assert!(status.is_none(), "{} has ended: {status:?}", self.name);
            sleep(POLL).await;
        }
        panic!("{} doesn't answer at {url}", self.name);
    }

    /// Waits until it has written this, or fails after a while.
    pub(super) async fn writes(&self, what: &str) {
        let begun = Instant::now();
        while !self.written().contains(what) {
            assert!(begun.elapsed() < STOP, "{} doesn't write {what}", self.name);
            sleep(POLL).await;
        }
    }

    /// All that it has written so far.
    pub(super) fn written(&self) -> String {
        text(&self.output) + &text(&self.messages)
    }
}

impl Drop for Software {
    #[expect(
        clippy::print_stderr,
        reason = "the test's own output, shown with its failure"
    )]
    fn drop(&mut self) {
        let _ended_already = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let begun = Instant::now();
        while begun.elapsed() < STOP && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(POLL);
        }
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}:\n{}", self.name, self.written());
        }
    }
}

/// The text of a file that another process writes. Its position is that process's too, so it must
/// not be moved.
fn text(file: &File) -> String {
    let length = file.metadata().expect("a temporary file").len();
    let mut bytes = vec![0; usize::try_from(length).expect("a small file")];
    file.read_exact_at(&mut bytes, 0).expect("a temporary file");
    String::from_utf8_lossy(&bytes).into_owned()
}
