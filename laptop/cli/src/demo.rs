//! `demo`: builds the functions, starts everything, and hands over to the browser ([`crate::browser`]); with `--headless`
//! it does one login itself, tells it, and stops everything.
//! What a person reads goes to the terminal; with `--json` one object goes to standard output, and progress to standard error.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cli::exit::{self, Status};
use cognito_simulator::{self, Variation};
use demo::app;
use demo::scopes::{InvalidScopes, Scopes};
use demo::stack::{Functions, LoginError, Outcome, Ports, Stack, StackError, StackOptions};
use indicatif::{ProgressBar, ProgressStyle};
use local_lambda::{BuildError, BuildStop, Profile};
use loopback::clock::SimClock;
use loopback::journal::{Hop, Moment, Step};
use loopback::pages::Language;
use loopback::user_agent::{UserAgent, UserAgentError};
use serde_json::{Value, json};
use service_simulator::fault::Fault;
use service_simulator::persona::personas;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::arguments::{AssertionAlgorithm, Demo};
use crate::browser;
use crate::complaint::Complaint;
use crate::story;

/// Why the demo didn't get to a login.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// No such test person.
    #[error("no persona is called {0:?}; see: digital-auth personas")]
    UnknownPersona(String),
    /// No such fault.
    #[error("no fault is called {0:?}; see: digital-auth faults")]
    UnknownFault(String),
    /// No such scope.
    #[error("no scope is called {unknown:?}; there are: {}", Scopes::all())]
    UnknownScope {
        /// What was asked for.
        unknown: String,
    },
    /// Scopes without `openid`.
    #[error(
        "without the scope openid there is no ID token, and nobody is signed in: put openid into --scopes"
    )]
    WithoutOpenid,
    /// Two stand-ins can't listen on the same port.
    #[error("{0} and {1} name the same port")]
    SamePort(&'static str, &'static str),
    /// The command was built in a checkout that isn't there any more.
    #[error("the functions' sources are not in {}: use cargo run in the checkout", .0.display())]
    Moved(PathBuf),
    /// There is no Cargo.
    #[error("cargo could not be run ({0}): is Rust installed, and cargo in the PATH?")]
    NoCargo(io::ErrorKind),
    /// The functions couldn't be built.
    #[error(transparent)]
    Build(BuildError),
    /// Another program listens where a stand-in should.
    #[error(
        "{address} is taken by another program: choose another port with {option}, or leave it out for any free one"
    )]
    Taken {
        /// Where.
        address: SocketAddr,
        /// The option that says so.
        option: &'static str,
    },
    /// Something else doesn't start.
    #[error("the login could not be started: {0}")]
    Start(StackError),
    /// Ctrl-C can't be listened for.
    #[error("signals can't be listened for: {0}")]
    Signals(io::Error),
    /// The login couldn't be tried to its end.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The browser can't be made.
    #[error(transparent)]
    Browser(#[from] UserAgentError),
    /// The output can't be written.
    #[error(transparent)]
    Output(#[from] io::Error),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl Complaint for DemoError {
    fn status(&self) -> Status {
        match self {
            Self::UnknownPersona(_)
            | Self::UnknownFault(_)
            | Self::UnknownScope { .. }
            | Self::WithoutOpenid
            | Self::SamePort(..) => exit::USAGE,
            Self::Moved(_) | Self::NoCargo(_) | Self::Build(_) => exit::BUILD,
            Self::Taken { .. } | Self::Start(_) => exit::START,
            Self::Login(_) | Self::Browser(_) | Self::Signals(_) | Self::Output(_) => exit::DEFECT,
            Self::Interrupted => exit::INTERRUPTED,
        }
    }

    fn in_japanese(&self) -> String {
        match self {
            Self::UnknownPersona(id) => {
                format!("{id:?} というテスト利用者はいません。一覧：digital-auth personas")
            }
            Self::UnknownFault(id) => {
                format!("{id:?} という誤りはありません。一覧：digital-auth faults")
            }
            Self::UnknownScope { unknown } => {
                format!("{unknown:?} というスコープはありません。使えるもの：{}", Scopes::all())
            }
            Self::WithoutOpenid => "スコープ openid がないと ID トークンが届かず、ログインできません。--scopes に openid を入れてください".to_owned(),
            Self::SamePort(one, other) => format!("{one} と {other} が同じポートです"),
            Self::Moved(root) => format!(
                "関数のソースが {} にありません。リポジトリのフォルダーで cargo run を使ってください",
                root.display()
            ),
            Self::NoCargo(error) => format!(
                "cargo を起動できませんでした（{error}）。Rust が入っていて、cargo に PATH が通っているか確かめてください"
            ),
            Self::Build(error) => format!("関数をビルドできませんでした：{error}"),
            Self::Taken { address, option } => format!(
                "{address} はほかのプログラムが使っています。{option} で別のポートを指定するか、指定をやめて空きポートに任せてください"
            ),
            Self::Start(error) => format!("起動できませんでした：{error}"),
            Self::Interrupted => "中断しました".to_owned(),
            Self::Login(_) | Self::Browser(_) | Self::Signals(_) | Self::Output(_) => {
                format!("デモの途中で問題が起きました：{self}")
            }
        }
    }
}

impl From<InvalidScopes> for DemoError {
    fn from(error: InvalidScopes) -> Self {
        match error {
            InvalidScopes::Unknown(unknown) => Self::UnknownScope { unknown },
            InvalidScopes::WithoutOpenid => Self::WithoutOpenid,
        }
    }
}

impl From<BuildError> for DemoError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::CargoNotRun(kind) => Self::NoCargo(kind),
            other => Self::Build(other),
        }
    }
}

impl From<StackError> for DemoError {
    fn from(error: StackError) -> Self {
        let (refused, option) = match &error {
            StackError::Service(service_simulator::StartError::Listen(refused)) => {
                (refused, "--service-port")
            }
            StackError::Bridge(refused) => (refused, "--bridge-port"),
            StackError::Cognito(cognito_simulator::StartError::Listen(refused)) => {
                (refused, "--cognito-port")
            }
            StackError::App(app::StartError::Listen(refused)) => (refused, "--app-port"),
            _ => return Self::Start(error),
        };
        match refused.taken() {
            Some(address) => Self::Taken { address, option },
            None => Self::Start(error),
        }
    }
}

/// Runs the demo and gives the exit status.
///
/// # Errors
///
/// [`DemoError`]; a login that fails is told, and is a status.
pub(crate) async fn run(demo: &Demo, language: Language) -> Result<Status, DemoError> {
    let clock = SimClock::default();
    let people = personas(clock.now());
    let persona = match &demo.persona {
        None => people.first(),
        Some(id) => people.iter().find(|persona| persona.id == *id),
    };
    let persona = persona
        .ok_or_else(|| DemoError::UnknownPersona(demo.persona.clone().unwrap_or_default()))?;
    let persona: &str = &persona.id;
    let fault = demo.fault.as_ref().map(|id| {
        id.parse::<Fault>()
            .map_err(|_| DemoError::UnknownFault(id.clone()))
    });
    let fault = fault.transpose()?;
    let scopes = match &demo.scopes {
        Some(scopes) => Scopes::parse(scopes)?,
        None => Scopes::all(),
    };
    distinct(demo.ports)?;

    let mut interruption = Interruption::listen().map_err(DemoError::Signals)?;
    let progress = Progress::new();
    let functions = built(&progress, language, &mut interruption).await?;
    progress.say(language.say("起動しています", "Starting"));
    let options = options(demo, clock, functions);
    if !demo.headless {
        return browser::run(
            demo,
            language,
            (persona, fault, scopes),
            options,
            (progress, interruption),
        )
        .await;
    }
    let stack = tokio::select! {
        started = Stack::start(options) => started?,
        () = interruption.received() => return Err(DemoError::Interrupted),
    };
    progress.say(language.say("ログインしています", "Signing in"));
    let browser = UserAgent::new(language.say("ja", "en"))?;
    let scopes = scopes.to_string();
    let outcome = tokio::select! {
        outcome = stack.login_asking(&browser, persona, fault, &scopes) => outcome.map_err(DemoError::from),
        () = interruption.received() => Err(DemoError::Interrupted),
    };
    let hops = stack.journal.hops(Moment::default(), None);
    let (log, triggers) = (stack.bridge.logs(), stack.triggers.clone());
    stack.stop().await;
    progress.finish();
    let outcome = outcome?;
    let errors = match &outcome {
        Outcome::Failed(failed) if failed.class.is_none() => {
            errors_of(&[log.lines(), triggers.log_lines()].concat())
        }
        _ => Vec::new(),
    };

    match tell(demo, language, persona, &hops, &outcome, &errors) {
        // Whoever reads may stop reading: the login ended as it did.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(status(&outcome)),
    }
}

fn tell(
    demo: &Demo,
    language: Language,
    persona: &str,
    hops: &[Hop],
    outcome: &Outcome,
    errors: &[String],
) -> io::Result<()> {
    if demo.json {
        let mut out = io::stdout().lock();
        let steps: Vec<&Step> = hops.iter().filter_map(|hop| hop.step.as_ref()).collect();
        serde_json::to_writer_pretty(&mut out, &json_of(persona, &steps, outcome))?;
        writeln!(out)
    } else {
        let mut out = anstream::stdout().lock();
        story::write_hops(&mut out, language, hops)?;
        story::write_outcome(&mut out, language, persona, outcome, errors)
    }
}

/// The lines of the function's log that say what is wrong with it: once each, though it was started more than once.
fn errors_of(lines: &[String]) -> Vec<String> {
    let mut errors: Vec<String> = Vec::new();
    for line in lines {
        let Ok(Value::Object(event)) = serde_json::from_str(line) else {
            continue;
        };
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        if text("level") == Some("ERROR") {
            let words = ["event", "variable", "reason", "place"];
            let told: Vec<_> = words.into_iter().filter_map(text).collect();
            let told = told.join(" ");
            if !errors.contains(&told) {
                errors.push(told);
            }
        }
    }
    errors
}

/// That no two stand-ins are to listen on the same port.
fn distinct(ports: crate::arguments::Ports) -> Result<(), DemoError> {
    let chosen = [
        ("--service-port", ports.service_port),
        ("--bridge-port", ports.bridge_port),
        ("--cognito-port", ports.cognito_port),
        ("--app-port", ports.app_port),
    ];
    let mut seen = BTreeMap::new();
    for (option, port) in chosen.into_iter().filter(|(_, port)| *port != 0) {
        if let Some(other) = seen.insert(port, option) {
            return Err(DemoError::SamePort(other, option));
        }
    }
    Ok(())
}

fn status(outcome: &Outcome) -> Status {
    match outcome {
        Outcome::SignedIn(_) => exit::SUCCESS,
        Outcome::Failed(failed) => failed
            .class
            .as_deref()
            .and_then(exit::of_class)
            .unwrap_or(exit::ELSEWHERE),
    }
}

fn json_of(persona: &str, steps: &[&Step], outcome: &Outcome) -> Value {
    let (id_token, access_token, userinfo, failure) = match outcome {
        Outcome::SignedIn(signed_in) => (
            json!(signed_in.id_token),
            json!(signed_in.access_token),
            json!(signed_in.userinfo),
            Value::Null,
        ),
        Outcome::Failed(failed) => (Value::Null, Value::Null, Value::Null, json!(failed)),
    };
    json!({
        "persona": persona,
        "steps": steps,
        "id_token": id_token,
        "access_token": access_token,
        "userinfo": userinfo,
        "failure": failure,
    })
}

fn options(demo: &Demo, clock: SimClock, functions: Functions) -> StackOptions {
    let mut options = StackOptions::new(functions);
    options.clock = clock;
    options.ports = Ports {
        service: demo.ports.service_port,
        bridge: demo.ports.bridge_port,
        cognito: demo.ports.cognito_port,
    };
    options.assertion_algorithm = algorithm(demo.assertion_algorithm);
    options.variation = Variation {
        state_length: usize::from(demo.state_length),
        ..Variation::default()
    };
    options
}

/// The algorithm that was chosen.
#[must_use]
pub(crate) fn algorithm(chosen: AssertionAlgorithm) -> keys::Algorithm {
    match chosen {
        AssertionAlgorithm::Es256 => keys::Algorithm::Es256,
        AssertionAlgorithm::Rs256 => keys::Algorithm::Rs256,
    }
}

/// Builds the functions while saying so.
async fn built(
    progress: &Progress,
    language: Language,
    interruption: &mut Interruption,
) -> Result<Functions, DemoError> {
    // The workspace, as it was when this command was built.
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().nth(2).unwrap_or(package);
    if !root.join("functions/federation/Cargo.toml").is_file() {
        return Err(DemoError::Moved(root.to_owned()));
    }
    progress.say(language.say(
        "3つの関数をビルドしています",
        "Building the three functions",
    ));
    let bar = progress.bar.clone();
    let title = language.say("ビルド中", "Building").to_owned();
    let stop = BuildStop::default();
    let stopped = stop.clone();
    let building = tokio::task::spawn_blocking(move || {
        Functions::build_until(&stopped, Profile::Dev, |line| {
            bar.set_message(format!("{title}  {}", line.trim()));
        })
    });
    tokio::select! {
        built = building => match built {
            Ok(built) => Ok(built?),
            Err(_) => Err(DemoError::Interrupted),
        },
        () = interruption.received() => {
            stop.stop();
            Err(DemoError::Interrupted)
        }
    }
}

/// Whoever reads may stop reading: that is no failure.
pub(crate) fn unless_nobody_reads(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Ctrl-C and SIGTERM, listened for from the beginning: none is lost between two things that are done.
pub(crate) struct Interruption {
    interrupt: Signal,
    terminate: Signal,
}

impl Interruption {
    /// From now on none is missed.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for one of them.
    pub(crate) async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// What is being done, on standard error: in one line that changes, or line by line where that isn't a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {wide_msg} {elapsed:.dim}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }

    fn say(&self, message: &str) {
        self.bar.set_message(message.to_owned());
        if self.bar.is_hidden() {
            // Where it can't be written, nobody reads it.
            let _ = writeln!(anstream::stderr(), "digital-auth: {message}");
        }
    }

    /// Nothing more is being done.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_says_why_it_did_not_start_and_says_it_once() {
        let missing = r#"{"level":"ERROR","event":"configuration","variable":"ISSUER","reason":"is missing"}"#;
        let lines = [
            missing,
            r#"{"level":"INFO","event":"login_started"}"#,
            "not JSON",
            r#"{"level":"ERROR","event":"panic","place":"src/token.rs:1"}"#,
            missing,
        ];
        assert_eq!(
            errors_of(&lines.map(str::to_owned)),
            ["configuration ISSUER is missing", "panic src/token.rs:1"]
        );
    }

    #[test]
    fn free_ports_may_be_many_and_a_chosen_one_is_for_one() {
        let ports = |service_port, bridge_port, cognito_port, app_port| crate::arguments::Ports {
            service_port,
            bridge_port,
            cognito_port,
            app_port,
        };
        assert!(distinct(ports(0, 0, 0, 0)).is_ok());
        assert!(distinct(ports(8703, 8701, 8702, 8700)).is_ok());
        let told = distinct(ports(8703, 0, 8703, 0)).unwrap_err();
        assert_eq!(told.status(), exit::USAGE);
        assert_eq!(
            told.to_string(),
            "--service-port and --cognito-port name the same port"
        );
        let told = distinct(ports(0, 8701, 0, 8701)).unwrap_err();
        assert_eq!(
            told.to_string(),
            "--bridge-port and --app-port name the same port"
        );
    }
}
