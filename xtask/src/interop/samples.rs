//! `cargo xtask samples`: the samples of `samples/`, each in a copy below `target/tools/samples`,
//! where its packages are installed (npm, PyPI, Maven Central), and in Debian's Chromium.
//! A sample that can't be installed is told loudly, and the task fails after the others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;

use super::{each, npm, sources, tests_of};
use crate::command::done;
use crate::debian;
use crate::driver::{CHROMEDRIVER_SAYS, Driver};
use crate::python::FLASK;

/// An app that stands alone, to copy and to start from.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Sample {
    /// oidc-client-ts in a page, with an API
    Browser,
    /// Flask with Authlib
    Flask,
    /// Next.js with Auth.js
    Nextjs,
    /// Spring Boot with Spring Security
    Spring,
}

/// What tells the tests where a sample's program is: a variable, and its value.
type Program = (&'static str, PathBuf);

impl Sample {
    /// The name of its folder, and of its test.
    fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Flask => "flask",
            Self::Nextjs => "nextjs",
            Self::Spring => "spring",
        }
    }

    /// Installs and builds it.
    fn install(self, workspace: &Path, sources: &Path, folder: &Path) -> Result<Program, String> {
        match self {
            Self::Browser => {
                let node = npm::node(workspace)?;
                sources::copy(sources, folder)?;
                npm::packages_of(folder, "--include=optional")?;
                Ok(("NODE_PROGRAM", node))
            }
            Self::Flask => {
                sources::copy(sources, folder)?;
                Ok(("FLASK_PYTHON", FLASK.install(workspace)?.python()))
            }
            Self::Nextjs => {
                let node = npm::node(workspace)?;
                sources::built(sources, folder, || {
                    npm::packages_of(folder, "--include=optional")?;
                    let mut next = Command::new(&node);
                    next.args(["node_modules/next/dist/bin/next", "build"])
                        .env("NEXT_TELEMETRY_DISABLED", "1");
                    done(next.current_dir(folder), "the app can't be built")
                })?;
                Ok(("NODE_PROGRAM", node))
            }
            Self::Spring => {
                let archive = sources::maven(workspace, sources, folder)?;
                Ok(("SPRING_SAMPLE", archive))
            }
        }
    }
}

/// Runs the task for these samples, or for all if none is named.
pub(crate) fn run(workspace: &Path, only: &[Sample]) -> Result<(), String> {
    for [name, package] in [
        ["chromium", "chromium"],
        ["chromedriver", "chromium-driver"],
    ] {
        debian::program(name, package)?;
    }
    // Pages are in Japanese.
    debian::package("fonts-noto-cjk")?;
    let pictures = workspace.join("target/samples");
    fs::create_dir_all(&pictures).map_err(|error| format!("{}: {error}", pictures.display()))?;
    let driver = Driver::start(Path::new("chromedriver"), CHROMEDRIVER_SAYS, &[])?;
    let copies = workspace.join("target/tools/samples");
    let chosen = if only.is_empty() {
        Sample::value_variants()
    } else {
        only
    };
    each("sample", chosen, |sample| {
        let name = sample.name();
        let sources = workspace.join("samples").join(name);
        let installed = sample.install(workspace, &sources, &copies.join(name));
        let (variable, program) = installed.map_err(|problem| {
            let problem = problem.trim_start_matches("NOT CHECKED: ");
            format!("NOT CHECKED: {problem}")
        })?;
        tests_of::test(
            workspace,
            &format!("samples::{name}"),
            &[
                (variable, program.display().to_string()),
                ("SAMPLES", copies.display().to_string()),
                ("SCREENSHOTS", pictures.display().to_string()),
                ("CHROMEDRIVER", driver.url()),
            ],
        )
    })?;
    eprintln!("xtask: pictures are in {}", pictures.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::documented::{names, packages_in, tests_in, text};

    #[test]
    fn every_sample_has_its_folder_and_its_test() {
        let samples = Sample::value_variants();
        let names: BTreeSet<_> = samples
            .iter()
            .map(|sample| sample.name().to_owned())
            .collect();
        assert_eq!(tests_in("tests/interop/samples"), names);
        let folders = fs::read_dir(crate::workspace().join("samples")).unwrap();
        let folders = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
        assert_eq!(folders.collect::<BTreeSet<_>>(), names);
    }

    #[test]
    fn every_step_has_its_line_and_every_line_its_step() {
        let specification = text("tests/interop/samples/specification.rs");
        let (_, steps) = specification.split_once("= steps! {\n").unwrap();
        let (steps, _) = steps.split_once("};").unwrap();
        let steps: BTreeSet<_> = steps.split_whitespace().map(str::to_owned).collect();
        assert!(steps.contains("an_adult_signs_in"));
        for (document, heading) in [
            ("docs/interop.md", "見本"),
            ("docs/interop.en.md", "Samples"),
        ] {
            assert_eq!(names(document, heading), steps, "{document}");
        }
    }

    #[test]
    fn the_locks_name_no_registry_and_hold_a_digest_for_each_package() {
        for sample in ["browser", "nextjs"] {
            assert!(packages_in(&format!("samples/{sample}/package-lock.json")) > 2);
        }
    }

    /// The task installs from the lock, which has the digests; people install what the sample says.
    #[test]
    fn the_packages_of_flask_are_those_of_the_lock() {
        let versions = |file: &str| {
            let text = text(file);
            let lines = text.lines().filter(|line| line.contains("=="));
            let packages = lines.map(|line| line.split([' ', '\\']).next().unwrap().to_owned());
            packages.collect::<BTreeSet<_>>()
        };
        let locked = versions("xtask/python/flask.txt");
        assert!(locked.len() > 10);
        assert_eq!(versions("samples/flask/requirements.txt"), locked);
    }
}
