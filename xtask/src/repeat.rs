//! `cargo xtask repeat`: runs the test binaries of `cargo test` again and again, in random order,
//! with a busy processor, while ports are being taken, and over the end of a minute, an hour and a
//! day. It finds tests that fail once in a thousand runs.
//! The seed of a run determines everything about it. The seed is printed, and `--seed` repeats the
//! run.

use std::collections::VecDeque;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

use crate::command::cargo;
use crate::{debian, skipped};

/// The options: what to run, and how often.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only test binaries whose package or name contains this; all of them if it is missing
    name: Option<String>,
    /// How many runs of a binary there are, spread evenly over the binaries
    #[arg(long, default_value_t = 100)]
    runs: u64,
    /// The seed of the first run; each run's seed is one more. From the clock if it is missing
    #[arg(long)]
    seed: Option<u64>,
}

/// The longest time that a run may take. A run that takes longer counts as hanging.
const LONGEST: Duration = Duration::from_secs(20 * 60);

/// How many threads keep the processor busy: more than it has cores, so that every test has to
/// wait.
const BUSY_THREADS: usize = 8;

/// How many ports are held at the same time while ports are being taken.
const PORTS_HELD: usize = 200;

/// The end of a unit of time, over which a test may run. Times are in seconds.
struct End {
    of: &'static str,
    length: u64,
    /// When the end comes: so many seconds after a multiple of the length, in UTC.
    at: u64,
}

#[rustfmt::skip]
const ENDS: [End; 4] = [
    End { of: "a minute", length: 60, at: 0 },
    End { of: "an hour", length: 3_600, at: 0 },
    End { of: "a day", length: 86_400, at: 0 },
    End { of: "a day in Japan", length: 86_400, at: 15 * 3_600 },
];

/// How many threads the test harness of a binary uses.
const THREADS: [u8; 4] = [2, 4, 8, 16];

/// A shell script that changes the clock of a command and of every process that the command starts,
/// even of those that get none of its environment. It makes a mount namespace in which /etc
/// preloads faketime into every process. `$1` is the library, `$2` the offset in seconds.
/// A compiler can hang under faketime. So the cargo that tests start sees the original /etc.
/// When a process under faketime is killed, it leaves a file named after its process id in
/// /dev/shm, and a later process with that id doesn't start. So /dev/shm is the namespace's own,
/// too.
const WITH_A_CLOCK: &str = r#"set -e
etc=$(mktemp -d)
mount -t tmpfs tmpfs "$etc"
cp -a /etc/. "$etc"
mount --move "$etc" /etc
rmdir "$etc"
mount -t tmpfs tmpfs /dev/shm
echo "$2" > /etc/faketimerc
echo "$1" > /etc/ld.so.preload
cat > /etc/cargo << END
#!/bin/sh
exec unshare --mount sh -c 'umount --lazy /etc && exec "\$0" "\$@"' '$CARGO' "\$@"
END
chmod +x /etc/cargo
export CARGO=/etc/cargo
shift 2
exec "$@""#;

/// A test binary of `cargo test`.
struct TestBinary {
    name: String,
    executable: PathBuf,
    /// The folder of its package, in which cargo runs it.
    folder: PathBuf,
}

/// The conditions of a run. They follow from a number: its lowest three bits say whether the
/// processor is busy, whether ports are taken, and whether the run goes over the end of a unit of
/// time.
struct Conditions {
    busy: bool,
    ports_taken: bool,
    end: Option<&'static End>,
    threads: u8,
}

impl Conditions {
    fn of(seed: u64) -> Self {
        Self {
            busy: seed & 1 != 0,
            ports_taken: seed & 2 != 0,
            end: (seed & 4 != 0).then(|| chosen(&ENDS, seed / 8)),
            threads: *chosen(&THREADS, seed / 32),
        }
    }

    fn words(&self) -> String {
        [
            Some(format!("{} threads", self.threads)),
            self.busy.then(|| "a busy processor".to_owned()),
            self.ports_taken.then(|| "ports being taken".to_owned()),
            self.end.map(|end| format!("over the end of {}", end.of)),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
    }
}

/// The element with this number. After the last element, counting goes on with the first.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the index is below the length"
)]
fn chosen<T>(among: &[T], number: u64) -> &T {
    &among[(number % among.len() as u64) as usize]
}

/// Runs the task, or says what failed.
pub(crate) fn run(workspace: &Path, arguments: &Arguments) -> Result<(), String> {
    let binaries = test_binaries(workspace, arguments.name.as_deref())?;
    let library = faketime(workspace)?;
    // Outputs of earlier failures are kept.
    let outputs = workspace.join("target/repeat");
    fs::create_dir_all(&outputs).map_err(|error| format!("{}: {error}", outputs.display()))?;
    let cargo = cargo_of_tests(&outputs)?;
    let first = arguments.seed.unwrap_or_else(|| now().as_secs());
    let mut failed = 0;
    for seed in first..first.saturating_add(arguments.runs) {
        let binary = chosen(&binaries, seed);
        let count = binaries.len() as u64;
        // In its next turn, a binary runs under the next conditions.
        let mut conditions = Conditions::of(seed % count + seed / count);
        // A condition that this machine can't produce isn't reported.
        conditions.end = conditions.end.filter(|_| library.is_some());
        let clock = match (conditions.end, &library) {
            (Some(end), Some(library)) => Some((library.as_str(), offset(now(), end, seed))),
            _ => None,
        };
        let name = binary.name.replace(['/', ':'], "-");
        let output = outputs.join(format!("{seed}-{name}.log"));
        let begun = Instant::now();
        let status = under(&conditions, || {
            run_once(binary, seed, &conditions, clock.as_ref(), &cargo, &output)
        })?;
        let (took, words) = (begun.elapsed().as_secs(), conditions.words());
        let told = format!("seed {seed}: {} ({words})", binary.name);
        if status.is_some_and(|status| status.success()) {
            eprintln!("xtask: {told}: passed in {took} s");
            let _is_of_no_use = fs::remove_file(&output);
        } else {
            failed += 1;
            let how = status.map_or_else(|| "hangs".to_owned(), |status| status.to_string());
            eprintln!("xtask: {told}: FAILED in {took} s ({how})");
            show_failures(&output);
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(format!(
        "{failed} of {} runs failed; their whole output is in {}, \
         and --seed SEED --runs 1 with the same name runs one again",
        arguments.runs,
        outputs.display()
    ))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the runs are over the end of a minute that is near"
)]
fn now() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// Builds the test binaries of `cargo test`. The examples of the documentation have none.
fn test_binaries(workspace: &Path, name: Option<&str>) -> Result<Vec<TestBinary>, String> {
    eprintln!("xtask: cargo test --no-run");
    let built = cargo(workspace)
        .args(["test", "--workspace", "--no-run", "--quiet"])
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo can't be started: {error}"))?;
    if !built.status.success() {
        return Err("the tests don't build".to_owned());
    }
    let mut binaries = Vec::new();
    for line in built.stdout.split(|byte| *byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            continue;
        };
        let text = |member| message.pointer(member).and_then(Value::as_str);
        let (Some(executable), Some(target), Some(manifest), Some(true)) = (
            text("/executable"),
            text("/target/name"),
            text("/manifest_path"),
            message.pointer("/profile/test").and_then(Value::as_bool),
        ) else {
            continue;
        };
        let folder = Path::new(manifest).parent().unwrap_or(workspace).to_owned();
        let package = folder.strip_prefix(workspace).unwrap_or(&folder);
        binaries.push(TestBinary {
            name: format!("{}:{target}", package.display()),
            executable: executable.into(),
            folder,
        });
    }
    binaries.retain(|binary| name.is_none_or(|name| binary.name.contains(name)));
    binaries.sort_by(|one, other| one.executable.cmp(&other.executable));
    if binaries.is_empty() {
        return Err("no test binary has this name".to_owned());
    }
    Ok(binaries)
}

/// The cargo that tests start. It must not see RUSTC_BOOTSTRAP, which is meant for the test
/// harness: with it, cargo would build everything again.
fn cargo_of_tests(outputs: &Path) -> Result<PathBuf, String> {
    let file = outputs.join("cargo");
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let script = format!("#!/bin/sh\nunset RUSTC_BOOTSTRAP\nexec '{cargo}' \"$@\"\n");
    // Tests of another `repeat` may be running this file, so it isn't written again.
    if fs::read_to_string(&file).is_ok_and(|written| written == script) {
        return Ok(file);
    }
    fs::write(&file, script)
        .and_then(|()| fs::set_permissions(&file, Permissions::from_mode(0o755)))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(file)
}

/// The library that changes clocks. `None` where it can't be used: the task then notes that the
/// runs over the end of a day were left out.
fn faketime(workspace: &Path) -> Result<Option<String>, String> {
    if let Err(reason) = debian::program("faketime", "faketime") {
        skipped::note(workspace, &format!("tests over the end of a day: {reason}"))?;
        return Ok(None);
    }
    // The command `faketime` says which library it preloads.
    let preloaded = Command::new("faketime")
        .args(["-f", "+0", "printenv", "LD_PRELOAD"])
        .output()
        .map_err(|error| format!("faketime: {error}"))?;
    let library = String::from_utf8_lossy(&preloaded.stdout).trim().to_owned();
    // Checks that even a process without an environment sees the changed clock.
    let mut tried = with_a_clock(&library, "+86400");
    let told = tried.args(["env", "--ignore-environment", "date", "+%s"]);
    let told = told.output().map_err(|error| format!("unshare: {error}"))?;
    let told = String::from_utf8_lossy(&told.stdout).trim().parse::<u64>();
    if told.is_ok_and(|told| told >= now().as_secs() + 86_390) {
        return Ok(Some(library));
    }
    let reason = "tests over the end of a day: only root may mount, and here nobody can";
    skipped::note(workspace, reason)?;
    Ok(None)
}

/// A command that runs its further arguments with a clock that is `offset` seconds ahead.
fn with_a_clock(library: &str, offset: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", WITH_A_CLOCK, "sh", library, offset]);
    // The monotonic clock, used for time-outs, and the times of files are not changed.
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    command.env("NO_FAKE_STAT", "1");
    command
}

/// The offset for a clock that reaches `end` a few seconds from now. `seed` decides how many.
fn offset(now: Duration, end: &End, seed: u64) -> String {
    let before = Duration::from_millis(200 + seed.wrapping_mul(7_919) % 8_000);
    let now = now + before;
    let over = (now.as_secs() + end.length - end.at) % end.length;
    format!("+{}", end.length - over - 1)
}

/// Does `work` while the conditions hold.
fn under<T>(conditions: &Conditions, work: impl FnOnce() -> T) -> T {
    struct Ended<'a>(&'a AtomicBool);
    impl Drop for Ended<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // Ends the threads below even if `work` panics.
        let _ended = Ended(&over);
        if conditions.busy {
            for _ in 0..BUSY_THREADS {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        std::hint::spin_loop();
                    }
                });
            }
        }
        if conditions.ports_taken {
            scope.spawn(|| take_ports(&over));
        }
        work()
    })
}

/// Takes one free port after the other, and releases the oldest.
fn take_ports(over: &AtomicBool) {
    let mut held = VecDeque::with_capacity(PORTS_HELD);
    while !over.load(Ordering::Relaxed) {
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)) {
            held.push_back(listener);
        }
        if held.len() >= PORTS_HELD {
            held.pop_front();
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs a binary to its end. `None` if it hangs.
fn run_once(
    binary: &TestBinary,
    seed: u64,
    conditions: &Conditions,
    clock: Option<&(&str, String)>,
    cargo: &Path,
    output: &Path,
) -> Result<Option<ExitStatus>, String> {
    let problem = |error: std::io::Error| format!("{}: {error}", binary.executable.display());
    let mut command = if let Some((library, offset)) = clock {
        let mut command = with_a_clock(library, offset);
        command.arg(&binary.executable);
        command
    } else {
        Command::new(&binary.executable)
    };
    let written = fs::File::create(output).map_err(problem)?;
    let threads = conditions.threads.to_string();
    command
        .args(["-Zunstable-options", "--shuffle-seed", &seed.to_string()])
        .args(["--test-threads", &threads])
        // Only an unstable harness has the option that shuffles the tests.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO", cargo)
        // A process group of its own, so that a hanging binary is killed with everything that it
        // started.
        .process_group(0)
        .current_dir(&binary.folder)
        .stdin(Stdio::null())
        .stdout(written.try_clone().map_err(problem)?)
        .stderr(written);
    let mut child = command.spawn().map_err(problem)?;
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(problem)? {
            return Ok(Some(status));
        }
        if begun.elapsed() > LONGEST {
            let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            group.map(|group| kill_process_group(group, Signal::KILL));
            child.wait().map_err(problem)?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Shows the names of the tests that failed. The reasons are in the whole output.
fn show_failures(output: &Path) {
    let text = match fs::read(output) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return,
        Err(error) => return eprintln!("{}: {error}", output.display()),
    };
    for line in String::from_utf8_lossy(&text).lines() {
        if line.ends_with("... FAILED") || line.contains("panicked at") {
            eprintln!("  {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_ahead_and_reaches_the_end_of_its_unit_within_nine_seconds() {
        for now in [0, 59, 86_399, 54_000, 53_999, 1_795_940_000] {
            for end in &ENDS {
                for seed in 0..1_000 {
                    let offset: u64 = offset(Duration::from_secs(now), end, seed).parse().unwrap();
                    let over = (now + offset + end.length - end.at) % end.length;
                    let before = end.length - over;
                    assert!(
                        (1..=9).contains(&before),
                        "{now} {} {seed}: {before}",
                        end.of
                    );
                }
            }
        }
    }

    #[test]
    fn every_condition_is_met_alone_and_with_the_others() {
        let words: std::collections::BTreeSet<_> =
            (0..128).map(|seed| Conditions::of(seed).words()).collect();
        // 4 numbers of threads, busy or not, ports taken or not, and no end or one of 4.
        assert_eq!(words.len(), 4 * 2 * 2 * 5);
    }
}
