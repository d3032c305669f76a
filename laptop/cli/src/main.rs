//! The command `digital-auth`: try a My Number Card login on this machine, without AWS, contract or
//! network.

mod arguments;
mod browser;
mod case;
mod cognito;
mod complaint;
mod completions;
mod demo;
mod demo_error;
mod environment;
mod help;
mod language;
mod layout;
mod lists;
mod own_app;
mod paste;
mod printable;
mod result;
mod simulate;
mod state;
mod story;
mod style;
mod teller;
mod terminal;
mod unknown;
mod usage;
mod values;
mod words;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::FromArgMatches as _;
use cli::exit::{self, Status};
use loopback::clock::SimClock;
use loopback::pages::Language;

use crate::arguments::{Arguments, Command, Demo, Function, Simulate};
use crate::complaint::{Complaint, tell};

fn main() -> ExitCode {
    let given: Vec<OsString> = std::env::args_os().collect();
    let language = language::chosen(&given, |name| std::env::var(name).ok());
    let mut command = arguments::command(language, layout::width());
    let arguments = command
        .try_get_matches_from_mut(given)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => return show(&error, language),
    };
    let status = match arguments
        .command
        .unwrap_or_else(|| Command::Demo(Demo::default()))
    {
        Command::Demo(demo) => return run(demo::run(&demo, language), language),
        Command::Simulate(Simulate::Service(service)) => {
            return run(simulate::run(&service, language), language);
        }
        Command::Simulate(Simulate::Cognito(cognito)) => {
            return run(cognito::run(&cognito, language), language);
        }
        Command::Personas(asked) => {
            let now = SimClock::default().now();
            lists::write_personas(&mut anstream::stdout().lock(), language, &asked, now)
        }
        Command::Faults(asked) => {
            let columns = io::stdout().is_terminal().then(layout::width);
            lists::write_faults(&mut anstream::stdout().lock(), language, &asked, columns)
        }
        Command::Env(env) => match env.function {
            Function::Federation => {
                let algorithm = demo::algorithm(env.assertion_algorithm);
                let written = environment::write_federation(&mut io::stdout().lock(), algorithm);
                written.map_err(io::Error::from)
            }
        },
        Command::Completions(completions) => {
            completions::write(&mut io::stdout().lock(), completions.shell, language)
        }
    };
    match status {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => unwritten(&error, language),
    }
}

/// Shows the help or the version, or says what is wrong with the arguments.
fn show(error: &clap::Error, language: Language) -> ExitCode {
    if error.use_stderr() && error.kind() != MISSES_A_COMMAND {
        let (text, hints) = usage::told(error, language);
        tell(&text, &hints, language);
        return ExitCode::from(exit::USAGE.code);
    }
    let shown = error.render();
    let written = if error.use_stderr() {
        write!(anstream::stderr(), "{}", shown.ansi())
    } else {
        write!(anstream::stdout(), "{}", shown.ansi())
    };
    match written {
        Ok(()) if error.use_stderr() => ExitCode::from(exit::USAGE.code),
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => unwritten(&error, language),
    }
}

/// clap's answer where a command is missing: its help.
const MISSES_A_COMMAND: clap::error::ErrorKind =
    clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;

/// Runs a long-running command, and gives its exit status.
fn run<E: Complaint>(
    command: impl Future<Output = Result<Status, E>>,
    language: Language,
) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return defect(&error, language),
    };
    let ended = runtime.block_on(command);
    // An interrupted build may still be running: don't wait for it.
    runtime.shutdown_background();
    match ended {
        Ok(status) => ExitCode::from(status.code),
        Err(error) => {
            let text = match language {
                Language::Japanese => error.in_japanese(),
                Language::English => error.to_string(),
            };
            tell(&text, &error.hints(language), language);
            ExitCode::from(error.status().code)
        }
    }
}

/// The end of a command whose output can't be written. The reader may stop reading:
/// `digital-auth faults | head` is no failure.
fn unwritten(error: &io::Error, language: Language) -> ExitCode {
    match error.kind() {
        io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        _ => defect(error, language),
    }
}

fn defect(error: &io::Error, language: Language) -> ExitCode {
    tell(&error.to_string(), &[], language);
    ExitCode::from(exit::DEFECT.code)
}
