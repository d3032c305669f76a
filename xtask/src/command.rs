//! Runs commands that must succeed: every task starts its tools with this module.

use std::path::Path;
use std::process::Command;

/// A command that runs the cargo which started this task, in the workspace.
pub(crate) fn cargo(workspace: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace);
    cargo
}

/// Runs a command to its end. If the command fails, the error is `otherwise` with the exit status.
pub(crate) fn done(command: &mut Command, otherwise: &str) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{otherwise} ({status})")),
        Err(error) => Err(format!("{otherwise}: {error}")),
    }
}
