//! The libraries of apps, which sign in at the laptop's Amazon Cognito. They are installed from
//! npm, PyPI, Maven Central and Debian, below `target/` where that is possible.
//! A library that can't be installed fails its own test. The tests of the others are run.

use std::path::{Path, PathBuf};

use super::{npm, sources, tests_of};
use crate::debian;
use crate::python::FLASK;

/// The folder of the apps.
const APPS: &str = "tests/interop/apps";

/// What the apps need, each with the variable that tells the tests where it is.
const NEEDED: [(&str, Install); 6] = [
    ("NODE_PROGRAM", npm::node),
    ("NODE_APPS", node_apps),
    ("FLASK_PYTHON", flask),
    ("SPRING_APP", spring),
    ("RUBY_PROGRAM", ruby),
    ("APACHE_PROGRAM", apache),
];

/// How the value of a variable begins if it tells why something isn't there.
const NOT_CHECKED: &str = "NOT CHECKED: ";

/// Installs the libraries and runs the tests, or says what failed.
pub(super) fn run(workspace: &Path) -> Result<(), String> {
    let environment = NEEDED.map(|(name, install)| {
        let value = match install(workspace) {
            Ok(path) => path.display().to_string(),
            Err(problem) => {
                let problem = problem.trim_start_matches(NOT_CHECKED);
                eprintln!("xtask: {NOT_CHECKED}{problem}");
                format!("{NOT_CHECKED}{problem}")
            }
        };
        (name, value)
    });
    tests_of::test(workspace, "apps::", &environment)
}

/// Installs something in the workspace, and gives where it is.
type Install = fn(&Path) -> Result<PathBuf, String>;

/// The apps for Node, with their packages beside them. Among the optional packages is the binary of
/// esbuild for this machine, which loads AppAuth.
fn node_apps(workspace: &Path) -> Result<PathBuf, String> {
    let folder = workspace.join("target/tools/apps/node");
    let sources = workspace.join(APPS).join("node");
    npm::packages(&sources, &folder, "--include=optional")?;
    Ok(folder)
}

fn flask(workspace: &Path) -> Result<PathBuf, String> {
    Ok(FLASK.install(workspace)?.python())
}

fn spring(workspace: &Path) -> Result<PathBuf, String> {
    let sources = workspace.join(APPS).join("spring");
    sources::maven(
        workspace,
        &sources,
        &workspace.join("target/tools/apps/spring"),
    )
}

/// Debian's Ruby, which finds Debian's libraries. Another Ruby on the search path doesn't.
fn ruby(_: &Path) -> Result<PathBuf, String> {
    for package in [
        "ruby",
        "ruby-omniauth-openid-connect",
        "ruby-sinatra",
        "puma",
    ] {
        debian::package(package)?;
    }
    Ok(PathBuf::from("/usr/bin/ruby"))
}

/// Apache's server alone, without Debian's site and service.
fn apache(_: &Path) -> Result<PathBuf, String> {
    for package in ["apache2-bin", "libapache2-mod-auth-openidc"] {
        debian::package(package)?;
    }
    Ok(PathBuf::from("/usr/sbin/apache2"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documented::{names, packages_in, tests_in};

    #[test]
    fn every_test_has_its_line_and_every_line_its_test() {
        let tests = tests_in(APPS);
        assert!(tests.contains("spring_security"));
        for (document, heading) in [
            ("docs/interop.md", "アプリのライブラリー"),
            ("docs/interop.en.md", "Libraries of apps"),
        ] {
            assert_eq!(names(document, heading), tests, "{document}");
        }
    }

    #[test]
    fn the_lock_names_no_registry_and_holds_a_digest_for_each_package() {
        assert!(packages_in("tests/interop/apps/node/package-lock.json") > 100);
    }
}
