//! One process of a function: started with Lambda's environment variables, stopped and continued by
//! signals.
//! It has a process group of its own. Killing it kills the whole group, also while the group is
//! stopped.
//! Its output goes to a file without a name, so a line can be read as soon as it is written.
//!
//! If the program that started the process is itself killed, it can't end the process any more. A
//! running process finds its Runtime API gone, and exits. A stopped process is then in an orphaned
//! process group, so the system sends it SIGHUP and SIGCONT, which end it (POSIX, `_exit`). This
//! rule requires that the program isn't in the session of process 1. In a container the program's
//! shell may be process 1; there, the end of the container ends all processes.

use std::fs::File;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use crate::function::FunctionOptions;

/// How often to look for a change of which there is no notice: the end of a process, or a new line
/// of a log.
const GLANCE: Duration = Duration::from_millis(5);

/// A handle to a process. Clones share the process. It lives until it is killed, at the latest when
/// the last handle is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    child: Arc<Mutex<Child>>,
    pid: u32,
    log: ProcessLog,
}

impl Process {
    /// Starts the function's binary. Its environment has only Lambda's variables and those of the
    /// options.
    pub(crate) fn spawn(
        options: &FunctionOptions,
        runtime_api: SocketAddr,
        log: ProcessLog,
    ) -> io::Result<Self> {
        let child = Command::new(&options.binary)
            .env_clear()
            // The function's own variables can override the ones above them. The ones below are
            // reserved by Lambda.
            .env("AWS_REGION", "ap-northeast-1")
            .env("AWS_DEFAULT_REGION", "ap-northeast-1")
            .env("LANG", "en_US.UTF-8")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("TZ", ":UTC")
            .envs(
                options
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .env("_HANDLER", "bootstrap")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_NAME", &options.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env(
                "AWS_LAMBDA_LOG_GROUP_NAME",
                format!("/aws/lambda/{}", options.name),
            )
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "local/[$LATEST]")
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string())
            .env(
                "LAMBDA_TASK_ROOT",
                options
                    .binary
                    .parent()
                    .unwrap_or(&options.binary)
                    .as_os_str(),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.file.try_clone()?))
            .stderr(Stdio::from(log.file.try_clone()?))
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let pid = child
            .id()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Self {
            child: Arc::new(Mutex::new(child)),
            pid,
            log,
        })
    }

    /// The process id.
    pub(crate) const fn pid(&self) -> u32 {
        self.pid
    }

    /// What this process has written.
    pub(crate) const fn log(&self) -> &ProcessLog {
        &self.log
    }

    /// Stops the process and all that it started, as Lambda freezes an execution environment.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets the process go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends the process and all that it started. SIGKILL also ends what is stopped.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Waits until the process has ended. Only one waiter at a time.
    pub(crate) async fn exited(&self) -> io::Result<ExitStatus> {
        // The lock is held only during each poll, so that others can send signals meanwhile.
        poll_fn(|context| pin!(self.lock().wait()).poll(context)).await
    }

    /// Waits until the process has ended. Any number of callers can wait.
    pub(crate) async fn gone(&self) {
        while self.is_alive() {
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Whether the process is still there.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(self.lock().try_wait(), Ok(None))
    }

    fn signal(&self, signal: Signal) {
        let child = self.lock();
        // A process without an id was already waited for. Its number may belong to another process
        // by now.
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let Some(group) = id.and_then(Pid::from_raw) else {
            return;
        };
        // This fails only for a process that has just ended, which is noticed by those who wait for
        // it.
        kill_process_group(group, signal).ok();
    }

    fn lock(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all processes of a function wrote to standard output and standard error. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    processes: Arc<Mutex<Vec<ProcessLog>>>,
}

impl Logs {
    /// Every line so far: process by process in the order of their start, and for each process in
    /// the order in which it wrote them. Once an answer is there, all lines that the process wrote
    /// before it are there too.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.processes()
            .iter()
            .flat_map(|log| lines(&log.read_from(0)))
            .collect()
    }

    /// Follows the log from its beginning.
    #[must_use]
    pub fn subscribe(&self) -> LogSubscription {
        LogSubscription {
            logs: self.clone(),
            read: Vec::new(),
        }
    }

    pub(crate) fn open(&self) -> io::Result<ProcessLog> {
        let log = ProcessLog {
            file: Arc::new(tempfile::tempfile()?),
        };
        self.processes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(log.clone());
        Ok(log)
    }

    fn processes(&self) -> Vec<ProcessLog> {
        self.processes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// A reader of [`Logs`] that waits for the next line.
#[derive(Debug)]
pub struct LogSubscription {
    logs: Logs,
    /// How many bytes of each process's log were handed out.
    read: Vec<u64>,
}

impl LogSubscription {
    /// The next whole line; waits until there is one.
    pub async fn next(&mut self) -> String {
        loop {
            if let Some(line) = self.available() {
                return line;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    fn available(&mut self) -> Option<String> {
        let logs = self.logs.processes();
        self.read.resize(logs.len(), 0);
        for (log, read) in logs.iter().zip(&mut self.read) {
            let bytes = log.read_from(*read);
            if let Some(line) = bytes.split_inclusive(|byte| *byte == b'\n').next()
                && let Some(text) = line.strip_suffix(b"\n")
            {
                *read += line.len() as u64;
                return Some(String::from_utf8_lossy(text).into_owned());
            }
        }
        None
    }
}

/// What one process wrote. The file has no name, and is deleted with its last handle.
#[derive(Clone, Debug)]
pub(crate) struct ProcessLog {
    file: Arc<File>,
}

impl ProcessLog {
    /// How many bytes there are.
    pub(crate) fn length(&self) -> u64 {
        self.file
            .metadata()
            .map(|metadata| metadata.len())
            .unwrap_or_default()
    }

    /// The lines from this byte on.
    pub(crate) fn lines_from(&self, offset: u64) -> Vec<String> {
        lines(&self.read_from(offset))
    }

    /// Reads at a given place. The file's own position doesn't move, because the process shares it
    /// and writes there.
    fn read_from(&self, mut offset: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut buffer = vec![0; 16_384];
        loop {
            match self.file.read_at(&mut buffer, offset) {
                Ok(0) | Err(_) => return bytes,
                Ok(count) => {
                    bytes.extend(buffer.iter().take(count));
                    offset += count as u64;
                }
            }
        }
    }
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes)
        .lines()
        .map(str::to_owned)
        .collect()
}
