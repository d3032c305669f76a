//! The peers from npm, in the versions of `tests/interop/npm/package-lock.json`, installed below
//! `target/tools/`. They need Node 20 or later: the machine's own, or if that is older, one that
//! npm installs as a package.
//! Scripts and packages are in one folder there. Nothing is installed into the source tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tests_of;
use crate::command::done;
use crate::debian;

/// The oldest Node that runs all of the packages.
const OLDEST_NODE: u32 = 20;

/// Installs what is missing and runs the tests, or says what failed.
pub(super) fn run(workspace: &Path) -> Result<(), String> {
    let (node, folder) = install(workspace)?;
    tests_of::test(
        workspace,
        "npm::",
        &[
            ("NODE_PROGRAM", node.display().to_string()),
            ("NODE_SCRIPTS", folder.display().to_string()),
        ],
    )
}

/// Installs the scripts' packages, and gives the Node that runs them, and their folder.
fn install(workspace: &Path) -> Result<(PathBuf, PathBuf), String> {
    debian::program("node", "nodejs")?;
    let folder = workspace.join("target/tools/npm");
    let (node, options) = if is_new_enough(Path::new("node")) {
        // The only optional package is the other Node.
        (PathBuf::from("node"), "--omit=optional")
    } else {
        eprintln!("xtask: this machine's Node is older than {OLDEST_NODE}: npm brings another");
        let package = format!("node_modules/node-linux-{}", npm_architecture());
        (folder.join(package).join("bin/node"), "--include=optional")
    };
    packages(&workspace.join("tests/interop/npm"), &folder, options)?;
    if is_new_enough(&node) {
        Ok((node, folder))
    } else {
        Err(format!(
            "Node {OLDEST_NODE} or later is needed and can't be installed from here: \
             install it (node --version)"
        ))
    }
}

/// The Node that runs scripts of version [`OLDEST_NODE`] or later: the machine's own, or if that is
/// older, the one that these tests install.
pub(super) fn node(workspace: &Path) -> Result<PathBuf, String> {
    debian::program("node", "nodejs")?;
    if is_new_enough(Path::new("node")) {
        return Ok(PathBuf::from("node"));
    }
    install(workspace).map(|(node, _)| node)
}

/// Copies the scripts into `folder`, and installs the packages of their lock beside them.
/// Once the packages are installed, nothing is downloaded again.
pub(super) fn packages(sources: &Path, folder: &Path, options: &str) -> Result<(), String> {
    copy_scripts(sources, folder)?;
    packages_of(folder, options)
}

/// Installs the packages of the lock that is in this folder. Once they are installed, nothing is
/// downloaded again.
pub(super) fn packages_of(folder: &Path, options: &str) -> Result<(), String> {
    debian::program("npm", "npm")?;
    let lock = read(&folder.join("package-lock.json"))?;
    let wanted = format!("{options}\n{lock}");
    let installed = folder.join("node_modules/.installed");
    if fs::read_to_string(&installed).ok().as_deref() == Some(wanted.as_str()) {
        return Ok(());
    }
    eprintln!("xtask: npm ci {options}");
    done(
        Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", options])
            .current_dir(folder),
        "npm can't install the packages",
    )?;
    fs::write(&installed, wanted).map_err(|error| format!("{}: {error}", installed.display()))
}

/// Copies scripts and manifests, and removes those of an earlier run.
fn copy_scripts(sources: &Path, folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for old in files(folder)? {
        if is_script(&old) {
            fs::remove_file(&old).map_err(|error| format!("{}: {error}", old.display()))?;
        }
    }
    for source in files(sources)? {
        let is_manifest = source
            .extension()
            .is_some_and(|extension| extension == "json");
        if let Some(name) = source.file_name()
            && (is_manifest || is_script(&source))
        {
            fs::copy(&source, folder.join(name))
                .map_err(|error| format!("{}: {error}", source.display()))?;
        }
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(|error| format!("{}: {error}", folder.display()))
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "mjs")
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// npm's name of this machine's processor.
fn npm_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Whether this Node runs, and has version [`OLDEST_NODE`] or later.
fn is_new_enough(node: &Path) -> bool {
    let output = Command::new(node).arg("--version").output();
    output.is_ok_and(|output| {
        major_version(&String::from_utf8_lossy(&output.stdout))
            .is_some_and(|major| major >= OLDEST_NODE)
    })
}

/// The major version: 20 for `v20.20.2`.
fn major_version(version: &str) -> Option<u32> {
    let (major, _) = version.strip_prefix('v')?.split_once('.')?;
    major.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documented::{names, packages_in, tests_in};
    use crate::workspace;

    /// The names of the tests that exist once for each library.
    fn tests_of_each_library() -> Vec<String> {
        let file = workspace().join("tests/interop/npm/relying_party.rs");
        let source = fs::read_to_string(file).unwrap();
        let (_, named) = source.split_once("\nfor_each_library! {").unwrap();
        let names = named.split('}').next().unwrap().split_whitespace();
        names.map(str::to_owned).collect()
    }

    #[test]
    fn every_test_has_its_line_and_every_line_its_test() {
        let mut tests = tests_in("tests/interop/npm");
        assert!(tests.contains("a_code_is_taken_once"));
        tests.extend(tests_of_each_library());
        assert!(tests.contains("signs_in_with_nonce_and_pkce"));
        for (document, heading) in [
            ("docs/interop.md", "npm のパッケージ"),
            ("docs/interop.en.md", "Packages of npm"),
        ] {
            assert_eq!(names(document, heading), tests, "{document}");
        }
    }

    #[test]
    fn a_version_of_node_is_read_and_anything_else_is_none() {
        assert_eq!(major_version("v20.20.2\n"), Some(20));
        assert_eq!(major_version("v9.11.2"), Some(9));
        for other in ["", "20.20.2", "v", "vx.1", "node: not found"] {
            assert_eq!(major_version(other), None, "{other}");
        }
    }

    #[test]
    fn the_lock_names_no_registry_and_holds_a_digest_for_each_package() {
        assert!(packages_in("tests/interop/npm/package-lock.json") > 40);
    }
}
