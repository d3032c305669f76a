//! `cargo xtask NAME`: checks of this project that need more than Rust and cargo, each of which
//! brings what it needs. One file per task; a task says what it does as it goes, and ends with
//! a status that a script can trust.
#![expect(
    clippy::print_stderr,
    reason = "a task talks to the person who started it"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod aws;
mod size;

/// Checks that need more than cargo.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Test keys and function against an emulator of AWS (needs Python 3 with venv, and PyPI)
    Aws,
    /// Compare the size of the release binaries with what it was
    Size,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Aws => aws::run(&workspace()),
        Task::Size => size::run(&workspace()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace, two folders above this package.
fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().skip(2).take(1).collect()
}
