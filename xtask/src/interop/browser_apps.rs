//! Apps in the browser: oidc-client-ts and AWS Amplify, in the versions of
//! `tests/interop/apps/browser/package-lock.json`, installed and bundled below `target/tools/`.
//! They sign in at Cognito's stand-in in Debian's Chromium, which has a home folder of its own. The
//! tests add a certification authority there (with Debian's certutil), and Chromium trusts it.
//! Chromium's driver is stopped however this task ends.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{npm, tests_of};
use crate::command::done;
use crate::debian;
use crate::driver::{CHROMEDRIVER_SAYS, Driver};

/// The programs that the tests need besides Node, each with the Debian package that contains it.
const PROGRAMS: [[&str; 2]; 3] = [
    ["chromium", "chromium"],
    ["chromedriver", "chromium-driver"],
    ["certutil", "libnss3-tools"],
];

/// esbuild's program for this machine is an optional package.
const NPM_OPTIONS: &str = "--include=optional";

/// Builds the apps, starts the driver and runs the tests, or says what failed.
pub(super) fn run(workspace: &Path) -> Result<(), String> {
    for [name, package] in PROGRAMS {
        debian::program(name, package)?;
    }
    let node = npm::node(workspace)?;
    let folder = workspace.join("target/tools/browser-apps");
    let apps = folder.join("apps");
    build(&node, &workspace.join("tests/interop/apps/browser"), &apps)?;
    let home = folder.join("home");
    make_home(&home)?;
    let driver = Path::new("chromedriver");
    let driver = Driver::start(driver, CHROMEDRIVER_SAYS, &[("HOME", &home)])?;
    tests_of::test(
        workspace,
        "browser_apps::",
        &[
            ("NODE_PROGRAM", node.display().to_string()),
            ("BROWSER_APPS", apps.display().to_string()),
            ("CHROMEDRIVER", driver.url()),
            ("CHROMIUM_HOME", home.display().to_string()),
        ],
    )
}

/// Installs the packages in `folder`, copies the apps there, and bundles them.
fn build(node: &Path, sources: &Path, folder: &Path) -> Result<(), String> {
    let packages = npm::packages(sources, folder, NPM_OPTIONS);
    packages.map_err(|problem| format!("NOT CHECKED: {problem}"))?;
    let (sources, copies) = (sources.join("src"), folder.join("src"));
    let told = |error: std::io::Error| format!("{}: {error}", sources.display());
    let _not_there_the_first_time = fs::remove_dir_all(&copies);
    fs::create_dir(&copies).map_err(|error| format!("{}: {error}", copies.display()))?;
    for entry in fs::read_dir(&sources).map_err(told)? {
        let entry = entry.map_err(told)?;
        fs::copy(entry.path(), copies.join(entry.file_name())).map_err(told)?;
    }
    done(
        Command::new(node).arg("build.mjs").current_dir(folder),
        "the apps can't be bundled",
    )
}

/// Makes a new home folder for Chromium, with an empty database of certificates that it trusts.
fn make_home(home: &Path) -> Result<(), String> {
    let _not_there_the_first_time = fs::remove_dir_all(home);
    let database = home.join(".pki/nssdb");
    fs::create_dir_all(&database).map_err(|error| format!("{}: {error}", database.display()))?;
    done(
        Command::new("certutil")
            .arg("-d")
            .arg(format!("sql:{}", database.display()))
            .args(["-N", "--empty-password"]),
        "certutil can't make a database",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use markdown::Document;

    use super::*;
    use crate::documented::{packages_in, rows, tests_in, text};
    use crate::workspace;

    const SECTIONS: [(&str, &str); 2] = [
        ("docs/interop.md", "ブラウザーで動くアプリ"),
        ("docs/interop.en.md", "Apps in the browser"),
    ];

    #[test]
    fn every_test_has_its_line_and_every_line_its_test() {
        let tests = tests_in("tests/interop/browser_apps");
        assert!(tests.contains("amplify"));
        for (document, heading) in SECTIONS {
            let text = text(document);
            let rows = rows(&Document::read(&text).section(heading));
            // The cells that are nothing but a name in code; those of packages have a version.
            let names = rows.iter().filter_map(|row| row.first()?.code());
            let names: BTreeSet<_> = names.map(str::to_owned).collect();
            assert_eq!(names, tests, "{document}");
        }
    }

    #[test]
    fn the_documents_say_the_versions() {
        let package = workspace().join("tests/interop/apps/browser/package.json");
        let package = fs::read_to_string(package).unwrap();
        let package: serde_json::Value = serde_json::from_str(&package).unwrap();
        let libraries = package["dependencies"].as_object().unwrap();
        assert_eq!(libraries.len(), 2);
        for (name, version) in libraries {
            let told = format!("`{name}` {}", version.as_str().unwrap());
            for (document, _) in SECTIONS {
                assert!(text(document).contains(&told), "{document}: {told}");
            }
        }
    }

    #[test]
    fn the_lock_names_no_registry_and_holds_a_digest_for_each_package() {
        assert!(packages_in("tests/interop/apps/browser/package-lock.json") > 40);
    }
}
