//! The clock of the built functions, moved with faketime. What they wait for, and their time-outs,
//! stay as long as they are.

use std::collections::BTreeMap;
use std::fs;

use tempfile::NamedTempFile;

/// A clock for functions that a laptop starts. It can be moved while they run.
#[derive(Debug)]
pub struct FunctionClock {
    file: NamedTempFile,
}

impl FunctionClock {
    /// A clock that is so many seconds ahead of this machine's; behind it, if they are negative.
    ///
    /// # Panics
    ///
    /// If it can't be written.
    #[must_use]
    pub fn ahead(seconds: i64) -> Self {
        let file = NamedTempFile::new().unwrap();
        let clock = Self { file };
        clock.set(seconds);
        clock
    }

    /// From now on, it is so many seconds ahead of this machine's.
    ///
    /// # Panics
    ///
    /// If it can't be written.
    pub fn set(&self, seconds: i64) {
        fs::write(self.file.path(), format!("{seconds:+}")).unwrap();
    }

    /// The variables that give it to a function: for
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

/// The library that Debian's package `faketime` brings, in the folder of this machine's
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
