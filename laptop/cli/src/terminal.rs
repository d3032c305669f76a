//! The terminal of a long-running command: Ctrl-C, progress, and readers who stop reading.

use std::io::{self, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::arguments::Telling;

/// Ignores the error of a closed pipe: the reader may stop reading.
pub(crate) fn unless_nobody_reads(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Listens for Ctrl-C and SIGTERM from the beginning, so that no signal is lost between two steps
/// of a command.
pub(crate) struct Interruption {
    interrupt: Signal,
    terminate: Signal,
}

impl Interruption {
    /// Begins to listen. From now on no signal is missed.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for one of them.
    pub(crate) async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Shows the progress on standard error: in one line that changes, and is gone at the end. If
/// standard error isn't a terminal, nothing is shown, or with `--verbose` each message.
pub(crate) struct Progress {
    pub(crate) bar: ProgressBar,
    is_verbose: bool,
}

impl Progress {
    pub(crate) fn new(telling: Telling) -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {wide_msg} {elapsed:.dim}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self {
            bar,
            is_verbose: telling.verbose,
        }
    }

    pub(crate) fn say(&self, message: &str) {
        self.bar.set_message(message.to_owned());
        if self.is_verbose && self.bar.is_hidden() {
            // If it can't be written, nobody reads it.
            let _ = writeln!(anstream::stderr(), "digital-auth: {message}");
        }
    }

    /// Ends the display of progress.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
