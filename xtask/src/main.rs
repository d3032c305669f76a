//! `cargo xtask NAME`: checks of this project that need more than Rust and cargo. Each task is one
//! file. It installs what it needs, prints what it does, and ends with an exit status that a script
//! can rely on.
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a task talks to the person who started it"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

mod aws;
mod browser;
mod build;
mod command;
mod commands;
mod compiled;
mod debian;
#[cfg(test)]
mod deployment;
mod docs;
#[cfg(test)]
mod documented;
mod driver;
mod first;
mod interop;
mod layout;
mod loopback;
mod municipalities;
mod python;
mod repeat;
mod size;
mod skipped;
mod tasks;
mod template;

/// Checks that need more than cargo, and a task that writes the tables of the documents.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    /// All tasks are listed if none is named
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Test keys and functions against an emulator of AWS (the stack: `interop stack`)
    Aws,
    /// Sign in with Chromium and Firefox, on a PC and a phone, and take pictures
    Browser {
        /// Make the pictures of docs/images anew, and do nothing else
        #[arg(long, conflicts_with = "arguments")]
        pictures: bool,
        /// What cargo test's harness takes: `-- a_name`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Build what is deployed, with `sam build` for both architectures, and sign in with it
    Build {
        /// Only for this one; for both if none is named
        #[arg(value_enum)]
        architecture: Option<build::Architecture>,
    },
    /// Run the commands of docs/ that need no account of AWS
    Commands,
    /// Show what cargo compiles for the demo and for the tests, and which crates more than once
    Compiled,
    /// Write the tables of docs/ that follow from code
    Docs,
    /// Measure how long a newcomer waits for the first builds and tests, and the disk they take
    First,
    /// Sign in through software that others wrote: providers, relying parties, an emulator
    Interop {
        /// Only this one; all of them if none is named
        #[arg(value_enum)]
        peer: Option<interop::Peer>,
    },
    /// Show the crates with their lines, and what breaks the rules of their layout
    Layout,
    /// Make the table of Japan's municipalities from Japan Post's postal codes
    Municipalities {
        /// Only compare it with the table that is there
        #[arg(long)]
        check: bool,
    },
    /// Run the tests of `cargo test` again and again, under load and at the ends of days
    Repeat(repeat::Arguments),
    /// Sign in through the apps of samples/, in Chromium at the width of a phone
    Samples {
        /// Only these; all of them if none is named
        #[arg(value_enum)]
        names: Vec<interop::samples::Sample>,
    },
    /// Check the template without an account: lint, translation, security rules, and its tests
    Template {
        /// What cargo test's harness takes: `-- a_name`. With it, only these tests run
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Compare the size of the functions that `cargo xtask build x86_64` built with its limit
    Size,
}

fn main() -> ExitCode {
    let Some(task) = Arguments::parse().task else {
        print!("{}", tasks::list(&Arguments::command()));
        return ExitCode::SUCCESS;
    };
    let done = match task {
        Task::Aws => aws::run(&workspace()),
        Task::Browser {
            pictures,
            arguments,
        } => browser::run(&workspace(), pictures, &arguments),
        Task::Build { architecture } => build::run(&workspace(), architecture),
        Task::Commands => commands::run(&workspace()),
        Task::Compiled => compiled::run(&workspace()),
        Task::Docs => docs::run(&workspace()),
        Task::First => first::run(&workspace()),
        Task::Interop { peer } => interop::run(&workspace(), peer),
        Task::Layout => layout::run(&workspace()),
        Task::Municipalities { check } => municipalities::run(&workspace(), check),
        Task::Repeat(arguments) => repeat::run(&workspace(), &arguments),
        Task::Samples { names } => interop::samples::run(&workspace(), &names),
        Task::Size => size::run(&workspace()),
        Task::Template { arguments } => template::run(&workspace(), &arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace, one folder above this package.
fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().skip(1).take(1).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use markdown::Document;

    use super::*;

    /// The folders of packages, beside `xtask`.
    const FOLDERS: [&str; 4] = ["crates", "functions", "laptop", "tests"];

    /// Every manifest of the workspace: the root's, and those of its packages.
    fn manifests() -> Vec<String> {
        let root = workspace();
        let mut paths = vec![root.join("Cargo.toml"), root.join("xtask/Cargo.toml")];
        for folder in FOLDERS {
            let packages = fs::read_dir(root.join(folder)).unwrap();
            paths.extend(packages.map(|package| package.unwrap().path().join("Cargo.toml")));
        }
        let manifests = paths.iter().filter(|path| path.is_file());
        manifests
            .map(|path| fs::read_to_string(path).unwrap())
            .collect()
    }

    /// The dependencies in a manifest: those on crates of others, and those on our own packages,
    /// which have a path.
    fn dependencies(manifest: &str) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut others, mut ours) = (BTreeSet::new(), BTreeSet::new());
        let mut in_dependencies = false;
        for line in manifest.lines() {
            if let Some(section) = line.strip_prefix('[') {
                in_dependencies = section.trim_end_matches(']').ends_with("dependencies");
            } else if in_dependencies && line.starts_with(|first: char| first.is_ascii_lowercase())
            {
                let name = line.split(['.', ' ', '=']).next().unwrap().to_owned();
                if line.contains("path = ") {
                    ours.insert(name);
                } else {
                    others.insert(name);
                }
            }
        }
        (others, ours)
    }

    #[test]
    fn every_dependency_has_its_line() {
        let (mut expected, mut ours) = (BTreeSet::new(), BTreeSet::new());
        for manifest in manifests() {
            let (others, own) = dependencies(&manifest);
            expected.extend(others);
            ours.extend(own);
        }
        let expected: BTreeSet<_> = expected.difference(&ours).cloned().collect();
        assert!(expected.contains("openidconnect") && !expected.contains("keys"));
        let expected: Vec<_> = expected.iter().map(String::as_str).collect();
        for (name, heading) in [
            ("docs/dependencies.md", "クレート"),
            ("docs/dependencies.en.md", "Crates"),
        ] {
            let document = documented::text(name);
            let rows = Document::read(&document).section(heading).table().rows;
            let documented: Vec<_> = rows.iter().map(|row| row[0].code().unwrap()).collect();
            assert_eq!(documented, expected, "{name}: a line for each, in order");
            for row in &rows {
                let is_told = row.iter().all(|cell| !cell.plain.is_empty());
                assert!(row.len() == 3 && is_told, "{name}: {row:?} needs a reason");
            }
        }
    }

    /// The names of all functions in the Rust sources below a folder.
    fn functions_below(folder: &Path) -> BTreeSet<String> {
        let mut functions = BTreeSet::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                functions.extend(functions_below(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = fs::read_to_string(&path).unwrap();
                let named = source.split("fn ").skip(1);
                functions
                    .extend(named.filter_map(|rest| rest.split('(').next().map(str::to_owned)));
            }
        }
        functions
    }

    #[test]
    fn every_test_that_a_limit_names_is_there() {
        let folders = FOLDERS.map(|folder| workspace().join(folder));
        let there: BTreeSet<_> = folders
            .iter()
            .flat_map(|one| functions_below(one))
            .collect();
        for (document, heading) in [
            ("docs/architecture.md", "上限と数"),
            ("docs/architecture.en.md", "Limits and numbers"),
        ] {
            let text = documented::text(document);
            let mut rows = Document::read(&text).section(heading).table().rows;
            let tests = rows.iter_mut().filter_map(Vec::pop);
            let named: Vec<_> = tests.flat_map(|cell| cell.codes).collect();
            assert!(named.len() > 40, "{document}");
            for name in named {
                assert!(there.contains(&name), "{document}: {name}");
            }
        }
    }
}
