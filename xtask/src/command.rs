//! Commands that have to succeed: what every task does with the tools that it starts.

use std::path::Path;
use std::process::Command;

/// The cargo that started this task, in the workspace.
pub(crate) fn cargo(workspace: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace);
    cargo
}

/// Runs a command to its end, or says `otherwise`.
pub(crate) fn done(command: &mut Command, otherwise: &str) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{otherwise} ({status})")),
        Err(error) => Err(format!("{otherwise}: {error}")),
    }
}
