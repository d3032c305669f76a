//! The command `digital-auth`: try a My Number Card login on this machine, without AWS, contract or
//! network.

mod arguments;
mod browser;
mod case;
mod cognito;
mod complaint;
mod demo;
mod demo_error;
mod environment;
mod language;
mod lists;
mod own_app;
mod paste;
mod printable;
mod simulate;
mod state;
mod story;
mod teller;
mod terminal;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use cli::exit::{self, Status};
use loopback::clock::SimClock;
use loopback::pages::Language;

use crate::arguments::{Arguments, Command, Demo, Function, Simulate};
use crate::complaint::Complaint;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let language = arguments
        .language
        .unwrap_or_else(|| language::of_locale(|name| std::env::var(name).ok()));
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
        Command::Personas(list) => {
            let now = SimClock::default().now();
            lists::write_personas(&mut io::stdout().lock(), language, list.json, now)
        }
        Command::Faults(list) => lists::write_faults(&mut io::stdout().lock(), language, list.json),
        Command::Env(env) => match env.function {
            Function::Federation => {
                let algorithm = demo::algorithm(env.assertion_algorithm);
                let written = environment::write_federation(&mut io::stdout().lock(), algorithm);
                written.map_err(io::Error::from)
            }
        },
    };
    match status {
        Ok(()) => ExitCode::SUCCESS,
        // The reader may stop reading: `digital-auth faults | head` is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => complain(&error.to_string(), exit::DEFECT),
    }
}

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
        Err(error) => return complain(&error.to_string(), exit::DEFECT),
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
            complain(&text, error.status())
        }
    }
}

fn complain(text: &str, status: Status) -> ExitCode {
    // If standard error can't be written either, the exit status still reports the failure.
    let _ = writeln!(anstream::stderr(), "digital-auth: {text}");
    ExitCode::from(status.code)
}
