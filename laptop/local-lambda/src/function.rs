//! A function: how it is built, and the options with which it is run.
//! Cargo builds the binary, and cargo's messages say where it is. A file that merely lies in the
//! target folder is never used.
//! The options are the function's environment, its limits, and its time-outs.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use loopback::journal::Journal;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;

use crate::payload::BodyEncoding;
use crate::words::Words;

/// How a function is compiled: the two profiles of the workspace.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Profile {
    /// `dev`: quick to build, and with assertions.
    Dev,
    /// `release`: what is shipped.
    Release,
}

/// What cargo builds: one binary or one example of a package of this workspace.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Target {
    package: String,
    name: String,
    kind: Kind,
    profile: Profile,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Kind {
    Binary,
    Example,
}

impl Kind {
    /// The word for it in cargo's messages and options.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Binary => "bin",
            Self::Example => "example",
        }
    }
}

impl Target {
    /// The function of a package: its binary has the package's name.
    #[must_use]
    pub fn function(package: &str, profile: Profile) -> Self {
        Self {
            package: package.to_owned(),
            name: package.to_owned(),
            kind: Kind::Binary,
            profile,
        }
    }

    /// A binary whose name differs from that of its package.
    #[must_use]
    pub fn binary(package: &str, name: &str, profile: Profile) -> Self {
        Self {
            package: package.to_owned(),
            name: name.to_owned(),
            kind: Kind::Binary,
            profile,
        }
    }

    /// An example of a package. This is how a crate provides a function for its own tests.
    #[must_use]
    pub fn example(package: &str, name: &str, profile: Profile) -> Self {
        Self {
            package: package.to_owned(),
            name: name.to_owned(),
            kind: Kind::Example,
            profile,
        }
    }
}

/// Why there is no binary.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BuildError {
    /// Cargo itself couldn't be run.
    #[error("cargo could not be run: {0}")]
    CargoNotRun(io::ErrorKind),
    /// Cargo can't write to the folder where it builds: it runs in a sandbox, or the folder is
    /// read-only or belongs to another user.
    #[error("cargo can't write where it builds {package}:\n{compiler}")]
    NotWritable {
        /// The package that was to be built.
        package: String,
        /// What cargo wrote.
        compiler: String,
    },
    /// Cargo or the compiler failed. What they wrote is kept.
    #[error("building {package} failed:\n{compiler}")]
    Failed {
        /// The package that was to be built.
        package: String,
        /// What cargo and the compiler wrote.
        compiler: String,
    },
    /// Cargo succeeded and named no executable.
    #[error("cargo built {package} and named no executable")]
    NoExecutable {
        /// The package that was built.
        package: String,
    },
}

/// The part of cargo's messages that says where an executable is
/// (The Cargo Book, External tools, JSON messages).
#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<MessageTarget>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct MessageTarget {
    kind: Vec<String>,
    name: String,
}

/// Builds a target of this workspace and gives the path of its executable.
///
/// Cargo is the one in the variable `CARGO` (set by `cargo run` and `cargo test`), else the one in
/// the path. Each line that cargo writes about its progress goes to `progress`. This call blocks.
///
/// # Errors
/// See [`BuildError`]; a failing build carries the compiler's text.
pub fn build(target: &Target, progress: impl FnMut(&str)) -> Result<PathBuf, BuildError> {
    let targets = std::slice::from_ref(target);
    let built = run(cargo(targets), targets, progress, |_| {})?;
    built
        .into_iter()
        .next()
        .ok_or_else(|| no_executable(targets))
}

/// Like [`build`], for several targets at once with one run of cargo, which [`BuildStop::stop`] can
/// end. The targets are all of one profile, and the executables come in their order. Cargo gets a
/// process group of its own, so Ctrl-C in a terminal doesn't reach it: the caller has to pass it
/// on.
///
/// # Errors
/// As [`build`]. A build that was stopped counts as failed.
pub fn build_all_until(
    stop: &BuildStop,
    targets: &[Target],
    progress: impl FnMut(&str),
) -> Result<Vec<PathBuf>, BuildError> {
    let mut cargo = cargo(targets);
    cargo.process_group(0);
    run(cargo, targets, progress, |group| stop.set(group))
}

/// Stops a build, with every compiler that it started. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct BuildStop(Arc<Mutex<Building>>);

#[derive(Debug, Default)]
struct Building {
    group: Option<Pid>,
    is_stopped: bool,
}

impl BuildStop {
    /// Stops the build, also one that is only about to begin.
    pub fn stop(&self) {
        let mut building = self.lock();
        building.is_stopped = true;
        building.end();
    }

    /// Sets the process group of the build that is under way; `None` if there is none.
    fn set(&self, group: Option<Pid>) {
        let mut building = self.lock();
        building.group = group;
        if building.is_stopped {
            building.end();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Building> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Building {
    fn end(&self) {
        if let Some(group) = self.group {
            // This fails only for a build that has just ended.
            kill_process_group(group, Signal::TERM).ok();
        }
    }
}

/// Runs cargo to its end. `under_way` first gets cargo's process id, and then `None`, before the
/// number can become another process's.
fn run(
    mut cargo: Command,
    targets: &[Target],
    mut progress: impl FnMut(&str),
    under_way: impl Fn(Option<Pid>),
) -> Result<Vec<PathBuf>, BuildError> {
    let mut child = cargo
        .spawn()
        .map_err(|error| BuildError::CargoNotRun(error.kind()))?;
    let id = i32::try_from(child.id()).ok();
    under_way(id.and_then(Pid::from_raw));
    let messages = child.stdout.take();
    let words = child.stderr.take();
    let wanted = targets.to_vec();
    // Both pipes are read at the same time, so that neither can fill up and stop cargo.
    let reader = thread::spawn(move || messages.and_then(|pipe| executables(&wanted, pipe)));
    let mut compiler = String::new();
    if let Some(words) = words {
        for line in BufReader::new(words).lines().map_while(Result::ok) {
            progress(&line);
            compiler.push_str(&line);
            compiler.push('\n');
        }
    }
    let executables = reader.join().ok().flatten();
    under_way(None);
    let status = child
        .wait()
        .map_err(|error| BuildError::CargoNotRun(error.kind()))?;
    if !status.success() {
        return Err(failed(packages(targets), compiler));
    }
    executables.ok_or_else(|| no_executable(targets))
}

/// The error for a cargo that didn't succeed. Its output contains the system's error: EPERM, EACCES
/// and EROFS (errno(3)) mean that it can't write.
fn failed(package: String, compiler: String) -> BuildError {
    const NOT_WRITABLE: [&str; 3] = ["(os error 1)", "(os error 13)", "(os error 30)"];
    if NOT_WRITABLE.iter().any(|error| compiler.contains(error)) {
        BuildError::NotWritable { package, compiler }
    } else {
        BuildError::Failed { package, compiler }
    }
}

/// Whether a line of cargo's progress says that it waits for another cargo, which builds in the
/// same folder.
#[must_use]
pub fn waits_for_another_cargo(line: &str) -> bool {
    line.contains("Blocking waiting for file lock")
}

fn no_executable(targets: &[Target]) -> BuildError {
    BuildError::NoExecutable {
        package: packages(targets),
    }
}

fn packages(targets: &[Target]) -> String {
    let packages: Vec<&str> = targets.iter().map(|target| &*target.package).collect();
    packages.join(", ")
}

type Built = Arc<OnceLock<Result<Vec<PathBuf>, BuildError>>>;

/// Like [`build`], but builds each target only once in the life of this process. Later calls, and
/// calls from other threads meanwhile, get the result of the first one.
///
/// # Errors
/// As [`build`].
pub fn build_once(target: &Target) -> Result<PathBuf, BuildError> {
    let targets = std::slice::from_ref(target);
    let built = build_all_once(targets)?;
    built
        .into_iter()
        .next()
        .ok_or_else(|| no_executable(targets))
}

/// Like [`build_once`], for several targets at once with one run of cargo.
///
/// # Errors
/// As [`build`].
pub fn build_all_once(targets: &[Target]) -> Result<Vec<PathBuf>, BuildError> {
    static BUILT: OnceLock<Mutex<HashMap<Vec<Target>, Built>>> = OnceLock::new();
    let cell = {
        let mut built = BUILT
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(built.entry(targets.to_vec()).or_default())
    };
    cell.get_or_init(|| run(cargo(targets), targets, |_| {}, |_| {}))
        .clone()
}

fn cargo(targets: &[Target]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        // Cargo runs in the workspace's folder, so that a relative `CARGO_TARGET_DIR` means the
        // same folder as when somebody runs cargo there.
        .current_dir(workspace())
        .arg("build")
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // No package is named. Cargo therefore compiles dependencies with the features that the whole
    // workspace asks for, as `cargo run` and `cargo test` do. Otherwise it would compile them a
    // second time.
    for target in targets {
        command.args([&format!("--{}", target.kind.as_str()), &target.name]);
    }
    if targets
        .iter()
        .any(|target| target.profile == Profile::Release)
    {
        command.arg("--release");
    }
    // Cargo has told *this* process about its own package. To build scripts these variables would
    // look like a change.
    for (name, _) in std::env::vars_os() {
        if describes_a_package(&name) {
            command.env_remove(name);
        }
    }
    command
}

fn describes_a_package(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_PRIMARY_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// The folder of the workspace: two above this crate's.
fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package)
}

/// The last executable that cargo names for each target.
fn executables(targets: &[Target], messages: impl Read) -> Option<Vec<PathBuf>> {
    let mut found = vec![None; targets.len()];
    for line in BufReader::new(messages).lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<Message>(&line) else {
            continue;
        };
        let (Some(built), Some(executable)) = (message.target, message.executable) else {
            continue;
        };
        let is_built = |target: &Target| {
            message.reason == "compiler-artifact"
                && built.name == target.name
                && built.kind.iter().any(|kind| kind == target.kind.as_str())
        };
        let places = targets.iter().zip(&mut found);
        if let Some((_, place)) = places.into_iter().find(|(target, _)| is_built(target)) {
            *place = Some(executable);
        }
    }
    found.into_iter().collect()
}

/// What a function is run with.
#[derive(Clone)]
pub struct FunctionOptions {
    /// The executable, from [`build`].
    pub binary: PathBuf,
    /// The function's name, as in `AWS_LAMBDA_FUNCTION_NAME`.
    pub name: String,
    /// The function's own variables. Names that Lambda reserves are overwritten by Lambda's values.
    pub environment: Vec<(String, String)>,
    /// How many processes there may be at once (Lambda's reserved concurrency), at least 1.
    pub max_processes: usize,
    /// The time from the start of a process until it asks for its first event. Lambda allows 10 s.
    pub initialization_timeout: Duration,
    /// The time from an event until the process asks for its next one. Lambda's default is 3 s; the
    /// default here is 10 s.
    pub invocation_timeout: Duration,
    /// The time from a request until the front door gives up. Amazon API Gateway allows an HTTP API
    /// 30 s.
    pub integration_timeout: Duration,
    /// Which request bodies are in base64 in an event.
    pub body_encoding: BodyEncoding,
    /// The host name in `requestContext.domainName`, without port.
    pub public_host: String,
    /// The journal in which each request is recorded.
    pub journal: Journal,
    /// The words in which the function's checks are shown.
    pub words: Words,
}

impl FunctionOptions {
    /// A function with the default limits, an empty environment, and a journal that it shares with
    /// nothing.
    #[must_use]
    pub fn new(name: &str, binary: PathBuf) -> Self {
        Self {
            binary,
            name: name.to_owned(),
            environment: Vec::new(),
            max_processes: 10,
            initialization_timeout: Duration::from_secs(10),
            invocation_timeout: Duration::from_secs(10),
            integration_timeout: Duration::from_secs(30),
            body_encoding: BodyEncoding::HttpApi,
            public_host: "bridge.localhost".to_owned(),
            journal: Journal::default(),
            words: |_| None,
        }
    }
}

/// Shows only the names of the variables, because their values are secrets.
impl fmt::Debug for FunctionOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variables: Vec<&str> = self
            .environment
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        formatter
            .debug_struct("FunctionOptions")
            .field("name", &self.name)
            .field("binary", &self.binary)
            .field("environment", &variables)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_the_one_that_cargo_names_for_the_target() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","#,
            r#""target":{"kind":["lib"],"name":"federation"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","#,
            r#""target":{"kind":["bin"],"name":"other"},"executable":"/t/other"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","#,
            r#""target":{"kind":["bin"],"name":"federation"},"executable":"/t/federation"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let found = |targets: &[Target]| executables(targets, messages.as_bytes());
        let function = Target::function("federation", Profile::Dev);
        let other = Target::function("other", Profile::Dev);
        let example = Target::example("federation", "federation", Profile::Dev);
        let path = |name: &str| PathBuf::from(format!("/t/{name}"));
        assert_eq!(
            found(std::slice::from_ref(&function)),
            Some(vec![path("federation")])
        );
        // Several executables come in the order of the targets. If one is missing, none is
        // returned.
        assert_eq!(
            found(&[function.clone(), other]),
            Some(vec![path("federation"), path("other")])
        );
        assert_eq!(found(std::slice::from_ref(&example)), None);
        assert_eq!(found(&[function, example]), None);
    }

    #[test]
    fn a_package_that_is_not_there_fails_with_cargos_words() {
        let mut lines = 0;
        let error = build(&Target::function("no-such-package", Profile::Dev), |_| {
            lines += 1
        });
        let Err(BuildError::Failed { package, compiler }) = error else {
            panic!("expected a failed build, got {error:?}");
        };
        assert_eq!(package, "no-such-package");
        assert!(compiler.contains("no-such-package"), "{compiler}");
        assert!(lines > 0);
    }

    #[test]
    fn a_build_that_was_stopped_has_failed() {
        let stop = BuildStop::default();
        stop.stop();
        let federation = Target::function("federation", Profile::Dev);
        let stopped = build_all_until(&stop, &[federation], |_| {});
        assert!(
            matches!(stopped, Err(BuildError::Failed { .. })),
            "{stopped:?}"
        );
    }

    #[test]
    fn options_show_no_value_of_a_variable() {
        let mut options = FunctionOptions::new("federation", PathBuf::from("/t/federation"));
        options
            .environment
            .push(("CLIENT_SECRETS".to_owned(), "marked-secret".to_owned()));
        let shown = format!("{options:?}");
        assert!(shown.contains("CLIENT_SECRETS"));
        assert!(!shown.contains("marked-secret"));
    }

    #[test]
    fn cargo_runs_where_a_relative_target_folder_is_the_one_of_everybody() {
        let cargo = cargo(&[Target::function("federation", Profile::Dev)]);
        assert_eq!(cargo.get_current_dir(), Some(workspace()));
        assert!(workspace().join("Cargo.lock").is_file());
    }

    #[test]
    fn cargo_is_asked_for_binaries_and_examples_and_for_no_package() {
        let arguments = |targets: &[Target]| -> Vec<String> {
            let command = cargo(targets);
            let arguments = command.get_args().map(OsStr::to_str);
            arguments.map(|text| text.unwrap().to_owned()).collect()
        };
        let of_dev = [
            Target::function("federation", Profile::Dev),
            Target::binary("a-package", "inbound-federation", Profile::Dev),
            Target::example("a-package", "echo", Profile::Dev),
        ];
        let start = ["build", "--message-format=json-render-diagnostics"];
        let targets = [
            ["--bin", "federation"],
            ["--bin", "inbound-federation"],
            ["--example", "echo"],
        ];
        assert_eq!(arguments(&of_dev), [&start[..], &targets.concat()].concat());
        let of_release = [Target::function("federation", Profile::Release)];
        let end = ["--bin", "federation", "--release"];
        assert_eq!(arguments(&of_release), [&start[..], &end].concat());
    }

    #[test]
    fn cargo_says_that_it_waits_for_another_one_in_words_that_are_known() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("debug")).unwrap();
        // The lock that a cargo holds while it builds.
        let lock = std::fs::File::create(folder.path().join("debug/.cargo-lock")).unwrap();
        lock.lock().unwrap();
        let mut waiting = cargo(&[Target::function("federation", Profile::Dev)])
            .env("CARGO_TARGET_DIR", folder.path())
            .spawn()
            .unwrap();
        let words = BufReader::new(waiting.stderr.take().unwrap());
        let mut lines = words.lines().map_while(Result::ok);
        let said = lines.any(|line| waits_for_another_cargo(&line));
        waiting.kill().unwrap();
        waiting.wait().unwrap();
        assert!(said);
    }
}
