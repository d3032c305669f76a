//! Peers from npm: `oidc-provider` in the service's place, `openid-client` and `oauth4webapi` in
//! Amazon Cognito's, and `jose`. Each is a script in this folder. Node runs it, and the test talks
//! to it in lines of JSON, one object per line in each direction.
//! `cargo xtask interop npm` installs the packages, and says where they are.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::given;

mod jose;
mod provider;
mod relying_party;

/// How long an answer may take. A login with both libraries takes a second on a machine at rest.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running script. It ends when it is dropped.
struct Script {
    name: &'static str,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// What the script writes to standard error: shown if a test fails.
    messages: File,
    _process: Child,
}

impl Drop for Script {
    #[expect(
        clippy::print_stderr,
        reason = "the test's own output, shown with its failure"
    )]
    fn drop(&mut self) {
        let mut messages = String::new();
        if std::thread::panicking()
            && self.messages.rewind().is_ok()
            && self.messages.read_to_string(&mut messages).is_ok()
        {
            eprintln!("{}.mjs:\n{messages}", self.name);
        }
    }
}

impl Script {
    /// Starts `name`.mjs with these variables added to its environment.
    fn start<const N: usize>(name: &'static str, variables: [(&str, String); N]) -> Self {
        let script = Path::new(&given("NODE_SCRIPTS")).join(name);
        let messages = tempfile::tempfile().expect("a temporary file");
        let mut process = Command::new(given("NODE_PROGRAM"))
            .arg(script.with_extension("mjs"))
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(messages.try_clone().expect("a temporary file"))
            .kill_on_drop(true)
            .spawn()
            .expect("Node starts");
        let questions = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        Self {
            name,
            questions,
            answers,
            messages,
            _process: process,
        }
    }

    /// The next object that the script writes.
    async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.answers.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("{} doesn't answer", self.name));
        let line = line.expect("a pipe");
        let line = line.unwrap_or_else(|| panic!("{} has ended", self.name));
        serde_json::from_str(&line).expect("JSON")
    }

    /// Asks for `action`, and gives the answer. The error is the library's refusal, without what
    /// can't be compared.
    async fn ask(&mut self, action: &str, parameters: Value) -> Result<Value, Value> {
        self.conversation(action, parameters)
            .await
            .map_err(comparable)
    }

    /// Asks for `action`, and gives the answer.
    ///
    /// # Panics
    ///
    /// If the library refuses.
    async fn answer(&mut self, action: &str, parameters: Value) -> Value {
        self.conversation(action, parameters)
            .await
            .unwrap_or_else(|refused| panic!("{} {action}: {refused}", self.name))
    }

    async fn conversation(&mut self, action: &str, parameters: Value) -> Result<Value, Value> {
        let mut question = json!({ "do": action });
        if let (Value::Object(question), Value::Object(parameters)) = (&mut question, parameters) {
            question.extend(parameters);
        }
        let line = format!("{question}\n");
        let asked = self.questions.write_all(line.as_bytes()).await;
        asked.expect("a pipe");
        let Value::Object(mut said) = self.next().await else {
            panic!("{} says no object", self.name);
        };
        match (said.remove("answer"), said.remove("refused")) {
            (Some(answer), None) => Ok(answer),
            (None, Some(refused)) => Err(refused),
            _ => panic!("{} neither answers nor refuses", self.name),
        }
    }
}

/// A refusal without what changes each time or with the next version of a library: the message, and
/// the support id after the bridge's class.
fn comparable(refused: Value) -> Value {
    let Value::Object(mut refused) = refused else {
        panic!("no refusal: {refused}");
    };
    refused.remove("message");
    without_support_id(&mut refused);
    for challenge in refused
        .get_mut("challenges")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if let Some(Value::Object(parameters)) = challenge.get_mut("parameters") {
            without_support_id(parameters);
        }
    }
    Value::Object(refused)
}

/// Replaces the `error_description` of the bridge by `class`. The description of another party
/// stays.
fn without_support_id(members: &mut Map<String, Value>) {
    let description = members.get("error_description").and_then(Value::as_str);
    let Some((class, support_id)) = description.and_then(|text| text.split_once(' ')) else {
        return;
    };
    let halves: Vec<_> = support_id.split('-').map(str::len).collect();
    if halves == [4, 4] {
        let class = json!(class);
        members.remove("error_description");
        members.insert("class".to_owned(), class);
    }
}
