//! `cargo xtask compiled`: shows how many crates of others cargo compiles for the demo, for the
//! functions that the demo starts, and for the tests; and which crates it compiles more than once,
//! because two builds enable different features of them.
//! The test requires that each crate is compiled once, whichever build runs first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::command::cargo;

/// The builds, in the order in which a newcomer to the project runs them.
const BUILDS: [(&str, &[&str]); 3] = [
    ("cargo run", &["build", "--bin", "digital-auth"]),
    (
        "the demo's functions",
        &[
            "build",
            "--bin",
            "federation",
            "--bin",
            "inbound-federation",
            "--bin",
            "pre-token-generation",
            "--bin",
            "verification",
        ],
    ),
    ("cargo test", &["test", "--no-run"]),
];

/// Shows how many crates each build compiles that no earlier build compiled, and which ones it
/// compiles again.
///
/// # Errors
///
/// Cargo doesn't report its units, or a crate is compiled more than once.
pub(crate) fn run(workspace: &Path) -> Result<(), String> {
    println!("{:<24} {:>9} {:>9}", "", "compiled", "again");
    let mut again = Vec::new();
    for build in builds(workspace)? {
        println!(
            "{:<24} {:>9} {:>9}",
            build.name,
            build.new,
            build.again.len()
        );
        again.extend(build.again);
    }
    if again.is_empty() {
        Ok(())
    } else {
        Err(format!("compiled again:\n  {}", again.join("\n  ")))
    }
}

/// What a build compiles in addition to the builds before it.
struct Build {
    name: &'static str,
    /// How many libraries and procedural macros of others it compiles.
    new: usize,
    /// The crates that an earlier build compiled too, each with its added and its missing features.
    again: Vec<String>,
}

fn builds(workspace: &Path) -> Result<Vec<Build>, String> {
    let mut known: BTreeMap<String, BTreeSet<Unit>> = BTreeMap::new();
    let mut builds = Vec::new();
    for (name, arguments) in BUILDS {
        let mut build = Build {
            name,
            new: 0,
            again: Vec::new(),
        };
        for (package, unit) in units(workspace, arguments)? {
            let before = known.entry(package.clone()).or_default();
            if before.contains(&unit) {
                continue;
            }
            build.new += 1;
            if let Some(other) = before.first() {
                build
                    .again
                    .push(format!("{package}: {}", unit.unlike(other)));
            }
            before.insert(unit);
        }
        builds.push(build);
    }
    Ok(builds)
}

/// One way in which a crate is compiled. A crate is compiled once for each of them.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
struct Unit {
    features: BTreeSet<String>,
    profile: String,
}

impl Unit {
    fn unlike(&self, other: &Self) -> String {
        let list = |one: &Self, other: &Self| {
            let features = one.features.difference(&other.features);
            features.cloned().collect::<Vec<_>>().join(", ")
        };
        format!("+[{}] -[{}]", list(self, other), list(other, self))
    }
}

/// The libraries and procedural macros of others that a build compiles. Only an unstable option of
/// cargo reports them.
fn units(workspace: &Path, arguments: &[&str]) -> Result<BTreeSet<(String, Unit)>, String> {
    let output = cargo(workspace)
        .args(arguments)
        .args(["--unit-graph", "-Z", "unstable-options", "--offline"])
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .map_err(|error| format!("cargo can't be started: {error}"))?;
    let graph: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let of = |unit: &Value, pointer: &str| unit.pointer(pointer).cloned().unwrap_or_default();
    let text = |unit: &Value, pointer: &str| {
        let text = of(unit, pointer);
        text.as_str().unwrap_or_default().to_owned()
    };
    let all = graph.get("units").and_then(Value::as_array);
    let all = all.into_iter().flatten();
    let of_others = all.filter(|unit| {
        let kind = text(unit, "/target/kind/0");
        text(unit, "/pkg_id").starts_with("registry+")
            && text(unit, "/mode") == "build"
            && ["lib", "rlib", "proc-macro"].contains(&&*kind)
    });
    let units = of_others.map(|unit| {
        let id = text(unit, "/pkg_id");
        let mut profile = of(unit, "/profile");
        if let Some(profile) = profile.as_object_mut() {
            // The tests' profile has the same settings under another name.
            profile.remove("name");
        }
        let features = of(unit, "/features");
        let features = features.as_array().into_iter().flatten();
        let unit = Unit {
            features: features
                .filter_map(|feature| feature.as_str().map(str::to_owned))
                .collect(),
            profile: profile.to_string(),
        };
        (id.rsplit('#').next().unwrap_or(&id).to_owned(), unit)
    });
    Ok(units.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn no_crate_of_others_is_compiled_twice() {
        let builds = builds(&workspace()).unwrap();
        assert!(builds.iter().any(|build| build.new > 200));
        let again: Vec<_> = builds.into_iter().flat_map(|build| build.again).collect();
        assert!(again.is_empty(), "{}", again.join("\n"));
    }
}
