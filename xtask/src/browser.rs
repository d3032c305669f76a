//! `cargo xtask browser`: tests the demo in Chromium, on a PC and on a phone, in both languages,
//! with a picture of every page; and a login in Firefox.
//! The browsers, a Japanese font and faketime come from Debian's packages, axe-core from npm, and
//! Firefox's driver from crates.io. The drivers are started on free loopback ports, and stopped
//! however the tests end.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{cargo, done};
use crate::debian;
use crate::driver::{CHROMEDRIVER_SAYS, Driver};

/// The programs that the tests need, each with the Debian package that contains it.
const PROGRAMS: [[&str; 2]; 5] = [
    ["chromium", "chromium"],
    ["chromedriver", "chromium-driver"],
    ["firefox-esr", "firefox-esr"],
    ["faketime", "faketime"],
    ["npm", "npm"],
];

/// The npm package that checks pages for accessibility.
const AXE: &str = "axe-core@4.14.1";

/// Mozilla's driver for Firefox.
const GECKODRIVER: [&str; 2] = ["geckodriver", "0.37.1"];

/// The tests that make the pictures of the documents.
const OF_THE_DOCUMENTS: &str = "a_whole_login_is_one_picture";

/// Runs the task, or says what failed.
pub(crate) fn run(workspace: &Path, anew: bool, arguments: &[String]) -> Result<(), String> {
    for [name, package] in PROGRAMS {
        debian::program(name, package)?;
    }
    debian::package("fonts-noto-cjk")?;
    let folder = workspace.join("target/browser");
    let axe = install_axe(&folder)?;
    let pictures = folder.join("screenshots");
    let _not_there_the_first_time = fs::remove_dir_all(&pictures);
    let geckodriver = install_geckodriver(workspace)?;
    let chromium = Driver::start(Path::new("chromedriver"), CHROMEDRIVER_SAYS, &[])?;
    let firefox = Driver::start(&geckodriver, "Listening on 127.0.0.1:", &[])?;
    eprintln!("xtask: cargo test --package browser");
    let mut test = cargo(workspace);
    test.args(["test", "--package", "browser"])
        .arg("--")
        .args(arguments)
        .env("CHROMEDRIVER", chromium.url())
        .env("GECKODRIVER", firefox.url())
        .env("AXE", axe)
        .env("SCREENSHOTS", &pictures);
    if anew {
        test.arg(OF_THE_DOCUMENTS).env("PICTURES", "anew");
    }
    done(&mut test, "the demo fails in a browser")?;
    eprintln!(
        "xtask: pictures of every page are in {}",
        pictures.display()
    );
    Ok(())
}

/// Installs axe-core below `folder`, and gives its file. Once installed, this needs no network.
fn install_axe(folder: &Path) -> Result<PathBuf, String> {
    let own = folder.join(AXE.replace('@', "-"));
    let file = own.join("node_modules/axe-core/axe.min.js");
    if file.exists() {
        return Ok(file);
    }
    eprintln!("xtask: npm install {AXE}");
    fs::create_dir_all(&own).map_err(|error| format!("{}: {error}", own.display()))?;
    let status = Command::new("npm")
        .args([
            "install",
            "--silent",
            "--no-save",
            "--no-audit",
            "--no-fund",
        ])
        .args(["--ignore-scripts", "--prefix"])
        .arg(&own)
        .arg(AXE)
        .status();
    if status.is_ok_and(|status| status.success()) && file.exists() {
        return Ok(file);
    }
    Err(format!("NOT CHECKED: npm can't install {AXE}"))
}

/// Installs Firefox's driver below `target/tools`, and gives its file. Does nothing once it is
/// installed.
fn install_geckodriver(workspace: &Path) -> Result<PathBuf, String> {
    let [name, version] = GECKODRIVER;
    let root = workspace
        .join("target/tools")
        .join(format!("{name}-{version}"));
    let file = root.join("bin").join(name);
    if file.exists() {
        return Ok(file);
    }
    eprintln!("xtask: cargo install {name} {version}");
    let status = cargo(workspace)
        .args(["install", "--quiet", "--locked", "--version", version])
        .args([OsStr::new("--root"), root.as_os_str(), OsStr::new(name)])
        .status();
    if status.is_ok_and(|status| status.success()) {
        return Ok(file);
    }
    Err(format!("NOT CHECKED: cargo can't install {name} {version}"))
}

#[cfg(test)]
mod tests {
    use crate::documented::{names, tests_in};

    #[test]
    fn every_test_has_its_line_and_every_line_its_test() {
        let tests = tests_in("tests/browser");
        assert!(tests.contains("in_firefox"));
        for (document, heading) in [
            ("docs/browser.md", "確かめていること"),
            ("docs/browser.en.md", "What is shown"),
        ] {
            assert_eq!(names(document, heading), tests, "{document}");
        }
    }
}
