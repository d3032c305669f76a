//! Checks the dependencies between crates. Each crate belongs to a ring; from the inside out, these
//! are `crates` (what the functions are made of), `functions` (what is deployed), `laptop` (what
//! runs on a laptop) and `tests`. A crate may use crates of its own ring and of rings further in,
//! but no function may use another. Tests of any ring may also use `kit` and `loopback`, which help
//! with testing.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::sources;
use crate::command::cargo;

/// A crate may have at most a quarter of all lines.
const LARGEST_SHARE: usize = 4;

/// The crates that tests of any ring may use.
const FOR_TESTS: [&str; 2] = ["kit", "loopback"];

/// The rings, from the inside out.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Ring {
    Crates,
    Functions,
    Laptop,
    Tests,
}

impl Ring {
    /// The ring of a top folder of the repository. The tasks (`xtask`) are in the outermost ring,
    /// because they check all others.
    fn of(folder: &str) -> Option<Self> {
        match folder {
            "crates" => Some(Self::Crates),
            "functions" => Some(Self::Functions),
            "laptop" => Some(Self::Laptop),
            "tests" | "xtask" => Some(Self::Tests),
            _ => None,
        }
    }

    /// Whether a crate of this ring may use a crate of the ring `other`. It may not if that ring is
    /// further out, and no function may use another.
    fn may_use(self, other: Self) -> bool {
        match (self, other) {
            (Self::Functions, Self::Functions) => false,
            _ => self >= other,
        }
    }
}

/// A package of the workspace.
pub(super) struct Package {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    /// The top folder that it stands in.
    pub(super) top: String,
    pub(super) ring: Ring,
    /// Lines of Rust.
    pub(super) lines: usize,
    /// The root files of its targets.
    pub(super) roots: Vec<PathBuf>,
    uses: Vec<Use>,
}

/// A dependency on a package of the workspace.
struct Use {
    name: String,
    only_in_tests: bool,
}

impl Package {
    /// Every package of the workspace, ring by ring.
    pub(super) fn all(workspace: &Path) -> Result<Vec<Self>, String> {
        let output = cargo(workspace)
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--offline",
            ])
            .output()
            .map_err(|error| format!("cargo can't be started: {error}"))?;
        let metadata: Value = serde_json::from_slice(&output.stdout)
            .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
        let mut packages = values(&metadata, "packages")
            .map(|package| Self::read(workspace, package))
            .collect::<Result<Vec<_>, _>>()?;
        packages.sort_by(|a, b| (a.ring, &a.name).cmp(&(b.ring, &b.name)));
        Ok(packages)
    }

    fn read(workspace: &Path, package: &Value) -> Result<Self, String> {
        let name = text(package, "name");
        let manifest = PathBuf::from(text(package, "manifest_path"));
        let folder = manifest.parent().unwrap_or(workspace).to_owned();
        let within = folder.strip_prefix(workspace).unwrap_or(&folder);
        let top = within.components().next().map_or_else(String::new, |top| {
            top.as_os_str().to_string_lossy().into_owned()
        });
        let ring = Ring::of(&top)
            .ok_or_else(|| format!("{name} stands in no ring: {}", within.display()))?;
        if within.file_name().is_none_or(|last| *last != *name) {
            return Err(format!(
                "{name} stands in a folder of another name: {}",
                within.display()
            ));
        }
        let uses = values(package, "dependencies")
            .filter(|used| used.get("path").is_some_and(Value::is_string));
        Ok(Self {
            top,
            ring,
            lines: sources::lines(&folder)?,
            roots: values(package, "targets")
                .map(|target| PathBuf::from(text(target, "src_path")))
                .collect(),
            uses: uses
                .map(|used| Use {
                    name: text(used, "name"),
                    only_in_tests: text(used, "kind") == "dev",
                })
                .collect(),
            name,
            folder,
        })
    }
}

/// One line for each dependency in the wrong direction, and for each crate that is too large.
pub(super) fn broken(packages: &[Package]) -> Vec<String> {
    let all: usize = packages.iter().map(|package| package.lines).sum();
    let mut broken = Vec::new();
    for package in packages {
        if package.lines > all / LARGEST_SHARE {
            broken.push(format!(
                "{} has {} of {all} lines: more than a quarter",
                package.name, package.lines
            ));
        }
        for used in &package.uses {
            let other = packages.iter().find(|other| other.name == used.name);
            let Some(other) = other else { continue };
            let for_tests = used.only_in_tests && FOR_TESTS.contains(&used.name.as_str());
            if !for_tests && !package.ring.may_use(other.ring) {
                broken.push(format!(
                    "{}/{} uses {}/{}",
                    package.top, package.name, other.top, other.name
                ));
            }
        }
    }
    broken
}

fn values<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text(value: &Value, name: &str) -> String {
    let text = value.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, top: &str, lines: usize, uses: &[(&str, bool)]) -> Package {
        Package {
            name: name.to_owned(),
            folder: PathBuf::new(),
            top: top.to_owned(),
            ring: Ring::of(top).unwrap(),
            lines,
            roots: Vec::new(),
            uses: uses
                .iter()
                .map(|(name, only_in_tests)| Use {
                    name: (*name).to_owned(),
                    only_in_tests: *only_in_tests,
                })
                .collect(),
        }
    }

    #[test]
    fn what_is_further_in_uses_nothing_further_out_but_what_helps_tests() {
        let packages = [
            package("sealing", "crates", 1, &[("kit", true)]),
            package(
                "keys",
                "crates",
                1,
                &[("federation", false), ("demo", true)],
            ),
            package(
                "federation",
                "functions",
                1,
                &[("keys", false), ("trigger", false)],
            ),
            package("trigger", "functions", 1, &[("loopback", false)]),
            package(
                "demo",
                "laptop",
                1,
                &[("federation", false), ("loopback", false)],
            ),
            package("loopback", "laptop", 1, &[("it", true)]),
            package("it", "tests", 1, &[("demo", false), ("kit", false)]),
            package("kit", "tests", 1, &[("sealing", false)]),
        ];
        assert_eq!(
            broken(&packages),
            [
                "crates/keys uses functions/federation",
                "crates/keys uses laptop/demo",
                "functions/federation uses functions/trigger",
                "functions/trigger uses laptop/loopback",
                "laptop/loopback uses tests/it",
            ]
        );
    }

    #[test]
    fn no_crate_has_more_than_a_quarter_of_all_lines() {
        let lines = [("a", 25), ("b", 26), ("c", 25), ("d", 24)];
        let packages = lines.map(|(name, lines)| package(name, "crates", lines, &[]));
        assert_eq!(
            broken(&packages),
            ["b has 26 of 100 lines: more than a quarter"]
        );
    }
}
