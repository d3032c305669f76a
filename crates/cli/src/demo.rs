//! `demo --headless`: builds the function, starts everything, does one login, tells it, and stops everything.
//! What a person reads goes to the terminal; with `--json` one object goes to standard output, and progress to standard error.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use simulators::clock::SimClock;
use simulators::cognito::Variation;
use simulators::fault::Fault;
use simulators::lambda::{BuildError, Profile, Target, build};
use simulators::persona::personas;
use simulators::stack::{LoginError, Outcome, Ports, Stack, StackError, StackOptions};
use simulators::user_agent::{UserAgent, UserAgentError};

use crate::arguments::{AssertionAlgorithm, Demo};
use crate::exit;
use crate::language::Language;
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
    /// The function couldn't be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Something doesn't start.
    #[error(transparent)]
    Start(#[from] StackError),
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

impl DemoError {
    /// The exit status.
    #[must_use]
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::UnknownPersona(_) | Self::UnknownFault(_) => exit::USAGE,
            Self::Build(_) => exit::BUILD,
            Self::Start(_) => exit::START,
            Self::Login(_) | Self::Browser(_) | Self::Output(_) => exit::DEFECT,
            Self::Interrupted => exit::INTERRUPTED,
        }
    }

    /// The same in Japanese, where it is something that people meet.
    #[must_use]
    pub(crate) fn in_japanese(&self) -> String {
        match self {
            Self::UnknownPersona(id) => {
                format!("{id:?} というテスト利用者はいません。一覧：digital-auth personas")
            }
            Self::UnknownFault(id) => {
                format!("{id:?} という誤りはありません。一覧：digital-auth faults")
            }
            Self::Build(error) => format!("関数をビルドできませんでした：{error}"),
            Self::Start(error) => format!(
                "起動できませんでした：{error}。ほかのプログラムがポートを使っていないか確かめるか、--service-port などで別のポートを指定してください"
            ),
            Self::Interrupted => "中断しました".to_owned(),
            Self::Login(_) | Self::Browser(_) | Self::Output(_) => {
                format!("デモの途中で問題が起きました：{self}")
            }
        }
    }
}

/// Runs the demo and gives the exit status.
///
/// # Errors
///
/// [`DemoError`]; a login that fails is told, and is a status.
pub(crate) async fn run(demo: &Demo, language: Language) -> Result<u8, DemoError> {
    let clock = SimClock::default();
    let people = personas(clock.now());
    let persona = match &demo.persona {
        None => people.first(),
        Some(id) => people.iter().find(|persona| persona.id == *id),
    };
    let persona = persona
        .ok_or_else(|| DemoError::UnknownPersona(demo.persona.clone().unwrap_or_default()))?
        .id;
    let fault = demo.fault.as_ref().map(|id| {
        id.parse::<Fault>()
            .map_err(|_| DemoError::UnknownFault(id.clone()))
    });
    let fault = fault.transpose()?;

    let progress = Progress::new();
    let federation = built(&progress, language).await?;
    progress.say(language.say("起動しています", "Starting"));
    let stack = Stack::start(options(demo, clock, federation)).await?;
    progress.say(language.say("ログインしています", "Signing in"));
    let browser = UserAgent::new(language.say("ja", "en"))?;
    let outcome = tokio::select! {
        outcome = stack.login(&browser, persona, fault) => outcome.map_err(DemoError::from),
        () = interrupted() => Err(DemoError::Interrupted),
    };
    let steps = stack.journal.steps();
    stack.stop().await;
    progress.finish();
    let outcome = outcome?;

    if demo.json {
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &json_of(persona, &steps, &outcome))
            .map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        let mut out = anstream::stdout().lock();
        story::write_steps(&mut out, language, &steps)?;
        story::write_outcome(&mut out, language, persona, &outcome)?;
    }
    Ok(status(&outcome))
}

fn status(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::SignedIn(_) => 0,
        Outcome::Failed(failed) => failed
            .class
            .as_deref()
            .and_then(exit::status_of_name)
            .unwrap_or(exit::ELSEWHERE),
    }
}

fn json_of(persona: &str, steps: &[simulators::journal::Step], outcome: &Outcome) -> Value {
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

fn options(demo: &Demo, clock: SimClock, federation: PathBuf) -> StackOptions {
    let mut options = StackOptions::new(federation);
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

/// Builds the function while saying so. Cargo gets Ctrl-C from the terminal itself.
async fn built(progress: &Progress, language: Language) -> Result<PathBuf, DemoError> {
    progress.say(language.say(
        "関数 federation をビルドしています",
        "Building the function federation",
    ));
    let bar = progress.bar.clone();
    let title = language.say("ビルド中", "Building").to_owned();
    let building = tokio::task::spawn_blocking(move || {
        build(&Target::function("federation", Profile::Dev), |line| {
            bar.set_message(format!("{title}  {}", line.trim()));
        })
    });
    tokio::select! {
        built = building => match built {
            Ok(built) => Ok(built?),
            Err(_) => Err(DemoError::Interrupted),
        },
        () = interrupted() => Err(DemoError::Interrupted),
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

/// What is being done, on standard error; nothing where that isn't a terminal.
struct Progress {
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
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
