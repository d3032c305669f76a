//! The drivers of browsers (WebDriver): starts one, and stops it with every browser that it opened,
//! however the task ends.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

/// What Chromium's driver says before its port.
pub(crate) const CHROMEDRIVER_SAYS: &str = "started successfully on port ";

/// A running driver. Dropping it stops the driver and every browser that it opened.
pub(crate) struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts a driver on a free port, with these variables added to its environment, and reads the
    /// port from its output: it follows the text `says`.
    pub(crate) fn start(
        driver: &Path,
        says: &str,
        environment: &[(&str, &Path)],
    ) -> Result<Self, String> {
        let name = driver.display();
        // The driver and its browsers are a process group of their own. `cat` ends, and the group
        // is killed, once this task no longer holds the pipe, even if the task is interrupted or
        // killed.
        let mut process = Command::new("sh")
            .args(["-c", r#""$0" --port=0 </dev/null & cat; kill -s KILL 0"#])
            .arg(driver)
            .envs(environment.iter().copied())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{name} can't be started: {error}"))?;
        let mut lines = process
            .stdout
            .take()
            .into_iter()
            .flat_map(|output| BufReader::new(output).lines().map_while(Result::ok));
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once(says)?;
            port.trim_end_matches('.').parse().ok()
        });
        // Keeps reading the driver's output, which would otherwise fill the pipe and block the
        // driver.
        thread::spawn(move || lines.for_each(drop));
        match port {
            Some(port) => Ok(Self { process, port }),
            None => Err(format!("{name} doesn't say its port")),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}
