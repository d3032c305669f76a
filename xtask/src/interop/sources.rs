//! Apps that are built in a copy of their sources below `target/`, so that nothing is made in the
//! source tree. An app is built once, until its sources change.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::done;
use crate::debian;

/// What tools and people leave beside the sources. It isn't copied, and stays in the copy.
const MADE: [&str; 7] = [
    ".env",
    ".env.local",
    ".next",
    "__pycache__",
    "node_modules",
    "target",
    "venv",
];

/// The file in a copy with the sources from which it was built. It is written last.
const BUILT: &str = "target/built";

/// Copies the sources into `folder`, and builds them there.
pub(super) fn built(
    sources: &Path,
    folder: &Path,
    build: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let mut wanted = String::new();
    read_below(sources, &mut wanted)?;
    let built = folder.join(BUILT);
    if fs::read_to_string(&built).is_ok_and(|built| built == wanted) {
        return Ok(());
    }
    eprintln!("xtask: building {}", sources.display());
    copy(sources, folder)?;
    let _not_there_the_first_time = fs::remove_file(&built);
    build()?;
    fs::create_dir_all(folder.join("target"))
        .and_then(|()| fs::write(&built, wanted))
        .map_err(|error| format!("{}: {error}", built.display()))
}

/// An app that Maven builds into the only archive of its folder `target`.
pub(super) fn maven(workspace: &Path, sources: &Path, folder: &Path) -> Result<PathBuf, String> {
    debian::program("javac", "default-jdk-headless")?;
    let packages = workspace.join("target/tools/apps/maven");
    built(sources, folder, || {
        debian::program("mvn", "maven")?;
        done(
            Command::new("mvn")
                .args(["-q", "-B", "-Dstyle.color=never"])
                // A file from Maven Central whose checksum is wrong is refused.
                .arg("--strict-checksums")
                .arg(format!("-Dmaven.repo.local={}", packages.display()))
                .arg("package")
                .current_dir(folder),
            "Maven can't build the app (needs Java 17 or later: javac -version)",
        )
    })?;
    let made = entries(&folder.join("target"))?;
    let mut archives = made
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "jar"));
    archives
        .next()
        .ok_or_else(|| format!("Maven made no archive in {}", folder.display()))
}

/// Makes `folder` a copy of the sources.
pub(super) fn copy(sources: &Path, folder: &Path) -> Result<(), String> {
    if folder.is_dir() {
        for old in entries(folder)?.iter().filter(|path| is_written(path)) {
            let removed = match old.is_dir() {
                true => fs::remove_dir_all(old),
                false => fs::remove_file(old),
            };
            removed.map_err(|error| format!("{}: {error}", old.display()))?;
        }
    }
    copy_below(sources, folder)
}

fn copy_below(from: &Path, to: &Path) -> Result<(), String> {
    fs::create_dir_all(to).map_err(|error| format!("{}: {error}", to.display()))?;
    for path in entries(from)?.into_iter().filter(|path| is_written(path)) {
        let Some(name) = path.file_name() else {
            continue;
        };
        if path.is_dir() {
            copy_below(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name))
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(())
}

/// The names and the contents of all files below a folder.
fn read_below(folder: &Path, all: &mut String) -> Result<(), String> {
    for path in entries(folder)?.into_iter().filter(|path| is_written(path)) {
        if path.is_dir() {
            read_below(&path, all)?;
        } else {
            let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let text = String::from_utf8_lossy(&bytes);
            // Writing to a string can't fail.
            let _ = writeln!(all, "{}\n{text}", path.display());
        }
    }
    Ok(())
}

/// Whether this is a source, and nothing that was made from sources.
fn is_written(path: &Path) -> bool {
    !MADE.iter().any(|made| path.ends_with(made))
}

/// What is in a folder, in the order of the names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    entries.sort();
    Ok(entries)
}
