//! Lines that somebody wrote: the log and the metrics of a test.
//! The log has what anybody said on this thread, at every level, and not only what a function would
//! show of it: so a test that looks for a mark there looks everywhere.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that somebody wrote. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    /// All of it.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Each line is a JSON object.
    pub fn lines(&self) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(serde_json::from_str);
        lines.map(Result::unwrap).collect()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Takes everything that is logged on this thread while the guard lives.
pub fn log() -> (Written, DefaultGuard) {
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .without_time()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(written.clone())
        .finish();
    // While a process has only one subscriber, tracing asks nobody but the thread that meets an
    // event first whether anybody wants it: a test on a thread without one would silence it for
    // all. So there is always a second one.
    static SECOND: OnceLock<Dispatch> = OnceLock::new();
    SECOND.get_or_init(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(io::sink)
            .finish();
        Dispatch::new(subscriber)
    });
    (written, tracing::subscriber::set_default(subscriber))
}
