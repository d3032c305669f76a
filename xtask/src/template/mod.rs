//! `cargo xtask template`: checks the deployment as far as possible without an AWS account. It
//! lints the templates before and after the transform that AWS applies, scans them for insecure
//! settings with checkov and cfn-guard, and runs the tests that resolve them with every combination
//! of parameters.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{cargo, done};
use crate::python::{CHECKOV, SAM};

/// AWS CloudFormation Guard, and the version that was tested.
const GUARD: (&str, &str) = ("cfn-guard", "3.2.1");

/// The rules that every resource has to obey.
const GUARD_RULES: &str = "infra/rules.guard";

/// Python code that starts cfn-lint. It has no module that `python -m` could start.
const CFN_LINT: [&str; 2] = [
    "-c",
    "import sys; from cfnlint.runner import main; sys.exit(main())",
];

/// The folder of the other templates: nested ones, and those that are deployed separately.
const INFRA: &str = "infra";

/// Runs the task, or says what is wrong. `arguments` are for the harness of the tests; if there are
/// any, these tests run, and no other tool looks at the templates.
pub(crate) fn run(workspace: &Path, arguments: &[String]) -> Result<(), String> {
    let sam = SAM.install(workspace)?;
    let sam = |arguments: &[&str]| {
        let mut python = Command::new(sam.python());
        python
            .args(arguments)
            .current_dir(workspace)
            .env("SAM_CLI_TELEMETRY", "0");
        python
    };
    let templates = Templates {
        beside: names(&workspace.join(INFRA))?,
        folder: workspace.join("target/template"),
    };
    if arguments.is_empty() {
        lint(sam, &templates)?;
    }
    let folder = &templates.folder;
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut translate = sam(&["xtask/src/template/translate.py", "."]);
    done(translate.arg(folder), "the template can't be translated")?;
    if arguments.is_empty() {
        scan(workspace, sam, &templates)?;
    }
    eprintln!("xtask: cargo test --package template");
    let mut test = cargo(workspace);
    test.args(["test", "--package", "template", "--"])
        .args(arguments);
    for name in ["template", "samconfig"]
        .into_iter()
        .chain(templates.beside())
    {
        test.env(name.to_uppercase(), templates.translated(name));
    }
    done(&mut test, "a test of the template failed")
}

/// The templates: as they are written, and as AWS's transform translates them.
struct Templates {
    /// The names of all templates except `template.yaml`, without their ending.
    beside: Vec<String>,
    /// The folder of the translated templates.
    folder: PathBuf,
}

impl Templates {
    fn beside(&self) -> impl Iterator<Item = &str> {
        self.beside.iter().map(String::as_str)
    }

    /// The file of a translated template.
    fn translated(&self, name: &str) -> PathBuf {
        self.folder.join(name).with_extension("json")
    }
}

/// Lints the templates as they are written.
fn lint(sam: impl Fn(&[&str]) -> Command, templates: &Templates) -> Result<(), String> {
    let sources: Vec<_> = templates
        .beside()
        .map(|one| format!("{INFRA}/{one}.yaml"))
        .collect();
    let validate = [
        "-m",
        "samcli",
        "validate",
        "--lint",
        "--region",
        "ap-northeast-1",
    ];
    eprintln!("xtask: sam validate --lint");
    done(&mut sam(&validate), "sam validate --lint")?;
    eprintln!("xtask: cfn-lint template.yaml {}", sources.join(" "));
    let mut lint = sam(&CFN_LINT);
    done(lint.arg("template.yaml").args(&sources), "cfn-lint")
}

/// Lints the translated templates, and looks for insecure settings in them.
fn scan(
    workspace: &Path,
    sam: impl Fn(&[&str]) -> Command,
    templates: &Templates,
) -> Result<(), String> {
    let translated: Vec<_> = ["template"]
        .into_iter()
        .chain(templates.beside())
        .map(|name| templates.translated(name))
        .collect();
    eprintln!("xtask: cfn-lint of the translation");
    let mut lint = sam(&CFN_LINT);
    done(lint.args(&translated), "cfn-lint of the translation")?;
    checkov(workspace, &translated)?;
    let cases = templates.folder.join("rules.json");
    let mut write = sam(&["xtask/src/template/rules.py"]);
    done(
        write.arg(&cases),
        "what the guard rules refuse can't be written",
    )?;
    guard(workspace, &cases, &translated)
}

/// The names of the templates in a folder, without their ending.
fn names(folder: &Path) -> Result<Vec<String>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            names.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    names.sort();
    Ok(names)
}

fn checkov(workspace: &Path, templates: &[PathBuf]) -> Result<(), String> {
    let checkov = CHECKOV.install(workspace)?;
    eprintln!("xtask: checkov of the translation");
    let mut check = Command::new(checkov.python());
    check
        .args(["-m", "checkov.main", "--framework", "cloudformation"])
        // Downloads and sends nothing, and shows only failed checks.
        .args(["--skip-download", "--quiet", "--compact"])
        .current_dir(workspace);
    for template in templates {
        check.arg("--file").arg(template);
    }
    done(
        &mut check,
        "checkov found something: mend it, or say in the resource's Metadata why not",
    )
}

fn guard(workspace: &Path, cases: &Path, templates: &[PathBuf]) -> Result<(), String> {
    let (name, version) = GUARD;
    let root = workspace.join("target/tools");
    let program = root.join("bin").join(name);
    let installed = Command::new(&program).arg("--version").output();
    let is_there =
        installed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(version));
    if !is_there {
        eprintln!("xtask: installing {name} {version}");
        let mut install = cargo(workspace);
        // Built without optimisation: cfn-guard reads only a few files, and so it is built in half
        // the time.
        install
            .args([
                "install",
                "--quiet",
                "--locked",
                "--debug",
                "--version",
                version,
                "--root",
            ])
            .arg(&root)
            .arg(name);
        done(&mut install, "cfn-guard can't be had from crates.io")?;
    }
    // Checks first that each rule refuses what it is meant to refuse.
    eprintln!("xtask: cfn-guard of what the rules have to refuse");
    let mut refuse = Command::new(&program);
    refuse
        .args(["test", "--rules-file", GUARD_RULES])
        .arg("--test-data")
        .arg(cases)
        .current_dir(workspace);
    silently(&mut refuse, "a guard rule refuses too much or too little")?;
    eprintln!("xtask: cfn-guard of the translation");
    let mut check = Command::new(&program);
    check
        .args(["validate", "--rules", GUARD_RULES, "--show-summary", "fail"])
        .current_dir(workspace);
    for template in templates {
        check.arg("--data").arg(template);
    }
    done(&mut check, "a guard rule doesn't hold")
}

/// Runs a command that prints much even if it succeeds. Its output is only shown if it fails.
fn silently(command: &mut Command, otherwise: &str) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{otherwise}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let [said, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    Err(format!("{said}{errors}{otherwise} ({})", output.status))
}
