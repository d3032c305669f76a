//! Installs Debian's packages, for the tasks that need a program which cargo can't install.
//! An installed program is left alone. A missing one is installed if possible (on Debian, as root).
//! Otherwise the error names it loudly, so that a check that did not run isn't taken for one that
//! passed.

use std::process::{Command, Stdio};

/// Makes sure that the program `name` can be started. Installs `package`, which contains it, if
/// need be.
///
/// # Errors
///
/// The program is missing and can't be installed. The error says which command would install it.
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

/// Makes sure that a package is installed. Without `dpkg-query`, on other systems than Debian, this
/// can't be checked, and the package counts as installed.
///
/// # Errors
///
/// As [`program`].
pub(crate) fn package(name: &str) -> Result<(), String> {
    if !is_on_path("dpkg-query") || is_installed(name) {
        return Ok(());
    }
    install(name)
}

/// dpkg also knows packages that aren't installed, if an installed one speaks of them.
fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|asked| asked.stdout == b"installed")
}

fn install(package: &str) -> Result<(), String> {
    let install = ["install", "-y", "-qq", "--no-install-recommends", package];
    eprintln!("xtask: installing Debian's package {package}");
    if succeeds("apt-get", &["update", "-qq"]) && succeeds("apt-get", &install) {
        return Ok(());
    }
    Err(format!(
        "NOT CHECKED: {package} is missing and can't be installed from here: \
         as root on Debian, apt-get install {package}"
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
