//! Moves the time of day of the built functions, with faketime. Waits and time-outs of the
//! functions keep their length.

use std::collections::BTreeMap;
use std::fs;

use tempfile::NamedTempFile;

/// A clock for the functions that a laptop starts. It can be moved while they run.
#[derive(Debug)]
pub struct FunctionClock {
    file: NamedTempFile,
}

impl FunctionClock {
    /// A clock that is `seconds` ahead of this machine's clock, or behind it if `seconds` is
    /// negative.
    ///
    /// # Panics
    ///
    /// If the clock's file can't be written.
    #[must_use]
    pub fn ahead(seconds: i64) -> Self {
        let file = NamedTempFile::new().unwrap();
        let clock = Self { file };
        clock.set(seconds);
        clock
    }

    /// Sets how many seconds the clock is ahead of this machine's clock from now on.
    ///
    /// # Panics
    ///
    /// If it can't be written.
    pub fn set(&self, seconds: i64) {
        fs::write(self.file.path(), format!("{seconds:+}")).unwrap();
    }

    /// The variables that give a function this clock, for
    /// [`LaptopOptions::environment`](crate::LaptopOptions::environment).
    ///
    /// # Panics
    ///
    /// If faketime isn't installed.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<String, Option<String>> {
        crate::variables([
            ("LD_PRELOAD", Some(&faketime())),
            ("FAKETIME_TIMESTAMP_FILE", self.file.path().to_str()),
            ("FAKETIME_NO_CACHE", Some("1")),
            ("FAKETIME_DONT_FAKE_MONOTONIC", Some("1")),
        ])
    }
}

/// The path of the library that Debian's package `faketime` installs for this machine's
/// architecture.
fn faketime() -> String {
    let mut folders = fs::read_dir("/usr/lib").unwrap();
    let library = folders.find_map(|folder| {
        let library = folder.ok()?.path().join("faketime/libfaketime.so.1");
        library.exists().then_some(library)
    });
    let library = library
        .expect("faketime is installed: `cargo xtask browser` and `cargo xtask build` see to it");
    library.to_str().unwrap().to_owned()
}
