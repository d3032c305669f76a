//! `cargo xtask aws`: tests the KMS keys and the functions against `ministack`, an emulator of AWS.
//! The functions use its AWS KMS, its AWS Secrets Manager and its user pool.
//! The task installs `ministack`, which is written in Python, below `target/`, starts it on a free
//! loopback port, and stops it however the tests end.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::command::{cargo, done};
use crate::loopback::{answers, free_address};
use crate::python::{Installed, MINISTACK};

/// How long the emulator may take to start. It takes half a second on a machine at rest.
const START: Duration = Duration::from_secs(60);
/// How long the emulator may take to end, before it is killed.
const STOP: Duration = Duration::from_secs(10);

/// The tests of the package `emulator` that need the emulator but no deployed stack.
const TESTS: [&str; 2] = ["kms", "aws"];

/// Runs the task, or says what failed.
pub(crate) fn run(workspace: &Path) -> Result<(), String> {
    let python = MINISTACK.install(workspace)?;
    let emulator = Emulator::start(&python, |_, _| {})?;
    let endpoint = emulator.endpoint();
    eprintln!("xtask: ministack answers at {endpoint}");
    for test in TESTS {
        eprintln!("xtask: cargo test --package emulator --test {test}");
        let mut cargo = cargo(workspace);
        cargo
            .args(["test", "--package", "emulator", "--test", test])
            .env("AWS_EMULATOR", &endpoint);
        done(&mut cargo, &format!("the test {test} failed"))?;
    }
    Ok(())
}

/// A running emulator. Dropping it stops the emulator.
pub(crate) struct Emulator {
    process: Child,
    address: SocketAddr,
}

impl Emulator {
    /// Starts an emulator with no resources. `configure` gets the emulator's command and its URL,
    /// and may add variables.
    pub(crate) fn start(
        python: &Installed,
        configure: impl FnOnce(&mut Command, &str),
    ) -> Result<Self, String> {
        // The emulator writes into a folder of its own, which is emptied first.
        let own = python.folder().join("run");
        let _not_there_the_first_time = fs::remove_dir_all(&own);
        fs::create_dir_all(&own).map_err(|error| format!("{}: {error}", own.display()))?;
        let log = own.join("ministack.log");
        let output = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let errors = output
            .try_clone()
            .map_err(|error| format!("{}: {error}", log.display()))?;
        let address = free_address().map_err(|error| format!("no free port: {error}"))?;
        let mut command = Command::new(python.python());
        command
            .args(["-m", "ministack"])
            .current_dir(&own)
            .env("TMPDIR", &own)
            .env("BIND_HOST", address.ip().to_string())
            .env("GATEWAY_PORT", address.port().to_string())
            .env("PERSIST_STATE", "0")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        configure(&mut command, &format!("http://{address}"));
        let process = command
            .spawn()
            .map_err(|error| format!("ministack can't be started: {error}"))?;
        let mut emulator = Self { process, address };
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = emulator.process.try_wait() {
                return Err(format!(
                    "ministack ended at once ({status}): see {}",
                    log.display()
                ));
            }
            if answers(address, "/_ministack/health") {
                return Ok(emulator);
            }
            sleep(Duration::from_millis(100));
        }
        Err(format!("ministack doesn't answer: see {}", log.display()))
    }

    /// The URL of the emulator.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // On SIGTERM, the emulator also ends the processes of functions. If killed, it can't.
        let id = self.process.id().to_string();
        let _ended_already = Command::new("kill").args(["-TERM", &id]).status();
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        // Both fail only if the emulator has ended by itself.
        let _ended_already = self.process.kill();
        let _ended_already = self.process.wait();
    }
}
