//! `completions`: the script with which a shell completes the command, in the language that was
//! chosen. The names of test persons, faults and cases are in it.

use std::io::{self, Write};

use clap_complete::{Shell, generate};
use loopback::pages::Language;

use crate::arguments::described;

/// The name of the command.
const NAME: &str = "digital-auth";
/// A name for bash. clap's script for it completes nothing below a command with a hyphen in its
/// name.
const WITHOUT_HYPHEN: &str = "digital_auth";

/// Prints the script.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write(out: &mut impl Write, shell: Shell, language: Language) -> io::Result<()> {
    let name = match shell {
        Shell::Bash => WITHOUT_HYPHEN,
        _ => NAME,
    };
    let mut command = described(name, language);
    // clap writes as if nothing could go wrong, so it writes into memory.
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    let script = String::from_utf8_lossy(&script);
    // What bash completes is the last word of a line; everywhere else the name is a part of one.
    let completed = [format!(" {WITHOUT_HYPHEN}\n"), format!(" {NAME}\n")];
    let [without, with] = &completed;
    out.write_all(script.replace(without, with).as_bytes())
}
