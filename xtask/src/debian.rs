//! Debian's packages, for the tasks that need a program which cargo can't bring.
//! What is there is left alone; what is missing is installed where that is possible (Debian, as
//! root), and else named loudly, so that nobody takes a check for done that was not.

use std::process::{Command, Stdio};

/// Sees to it that a program can be started, which this package brings.
///
/// # Errors
///
/// It isn't there and can't be installed; says what would install it.
pub(crate) fn program(name: &str, package: &str) -> Result<(), String> {
    if is_on_path(name) {
        return Ok(());
    }
    install(package)?;
    if is_on_path(name) {
        return Ok(());
    }
    Err(format!(
        "NOT CHECKED: Debian's package {package} brought no {name}"
    ))
}

/// Sees to it that a package is there. Elsewhere than on Debian nobody can tell, and what it brings
/// is taken to be there.
///
/// # Errors
///
/// As [`program`].
pub(crate) fn package(name: &str) -> Result<(), String> {
    if !is_on_path("dpkg-query") || succeeds("dpkg-query", &["--show", name]) {
        return Ok(());
    }
    install(name)
}

fn install(package: &str) -> Result<(), String> {
    let install = ["install", "-y", "-qq", "--no-install-recommends", package];
    eprintln!("xtask: installing Debian's package {package}");
    if succeeds("apt-get", &["update", "-qq"]) && succeeds("apt-get", &install) {
        return Ok(());
    }
    Err(format!(
        "NOT CHECKED: {package} is missing and can't be installed from here: as root on Debian, apt-get install {package}"
    ))
}

fn is_on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
