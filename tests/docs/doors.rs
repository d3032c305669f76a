//! Tests of what somebody from outside sees first: CI runs only `.ci/run`, which anybody can run;
//! one version of Rust is tested; and every document exists in both languages, with the same parts.

use std::fs;

use markdown::Document;

use crate::sources::root;
use crate::table::{LANGUAGES, file};

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The value of this key in each line of YAML that has it.
fn values<'a>(yaml: &'a str, key: &str) -> Vec<&'a str> {
    let lines = yaml
        .lines()
        .map(|line| line.trim_start().trim_start_matches("- "));
    lines
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
        .collect()
}

#[test]
fn the_workflow_runs_what_anybody_runs_and_nothing_else() {
    let workflow = text(".github/workflows/ci.yml");
    assert_eq!(values(&workflow, "run"), ["bash .ci/run"]);
    assert_eq!(
        fs::read_dir(root().join(".github/workflows"))
            .unwrap()
            .count(),
        1
    );
    for contributing in ["CONTRIBUTING.md", "CONTRIBUTING.en.md"] {
        assert!(
            text(contributing).contains("\nbash .ci/run "),
            "{contributing}"
        );
    }
    // Anybody can open a pull request: its run may read the repository, and has no secret.
    assert!(workflow.contains("\npermissions:\n  contents: read\n\n"));
    assert_eq!(values(&workflow, "persist-credentials"), ["false"]);
    // The container is privileged: only GitHub's own machines are thrown away after a job.
    let machines = values(&workflow, "runs-on");
    assert!(!machines.is_empty());
    assert!(machines.iter().all(|one| one.starts_with("ubuntu-")));
    for forbidden in ["permissions: ", "write", "pull_request_target", "secrets."] {
        assert!(!workflow.contains(forbidden), "{forbidden}");
    }
    let actions = values(&workflow, "uses");
    assert!(!actions.is_empty());
    for action in actions {
        // Actions are named by their commit, because the owner of an action can move a tag.
        let (_, version) = action.split_once('@').unwrap();
        let (commit, tag) = version.split_once(" # v").unwrap();
        let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(is_commit && !tag.is_empty(), "{action}");
    }
}

#[test]
fn one_version_of_rust_is_tested() {
    let toolchain = text("rust-toolchain.toml");
    let channel = toolchain
        .strip_prefix("[toolchain]\nchannel = \"")
        .and_then(|rest| rest.strip_suffix("\"\n"))
        .unwrap();
    let image = format!("rust:{channel}-bookworm");
    let workflow = text(".github/workflows/ci.yml");
    let images = values(&workflow, "image");
    let without_digest = images.iter().map(|image| image.split('@').next().unwrap());
    assert_eq!(without_digest.collect::<Vec<_>>(), [image]);
    let (oldest, _) = channel.rsplit_once('.').unwrap();
    for document in ["README.md", "docs/deploy.md"] {
        assert!(
            text(document).contains(&format!("Rust（{oldest} 以降")),
            "{document}"
        );
    }
    for document in ["README.en.md", "docs/deploy.en.md"] {
        assert!(
            text(document).contains(&format!("Rust ({oldest} or later")),
            "{document}"
        );
    }
    assert!(text("Cargo.toml").contains(&format!("rust-version = \"{oldest}\"")));
}

/// The first document of every sample.
fn samples() -> Vec<String> {
    let folders = fs::read_dir(root().join("samples")).unwrap();
    let names = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    names.map(|name| format!("samples/{name}/README")).collect()
}

#[test]
fn every_document_is_there_in_both_languages_with_the_same_parts() {
    let mut documents: Vec<_> = ["README", "CONTRIBUTING", "SECURITY", "CHANGELOG"]
        .map(str::to_owned)
        .into();
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".md") {
            documents.push(format!("docs/{}", name.strip_suffix(".en").unwrap_or(name)));
        }
    }
    assert!(documents.len() > 30);
    documents.extend(samples());
    for name in documents {
        let [japanese, english] = LANGUAGES.map(|language| text(&file(&name, language)));
        let parts = |text: &str| {
            let document = Document::read(text);
            let tables = document.tables().into_iter();
            let rows: Vec<_> = tables
                .map(|table| (table.head.len(), table.rows.len()))
                .collect();
            (document.headings().len(), rows, document.blocks("sh").len())
        };
        assert_eq!(parts(&japanese), parts(&english), "{name}");
        let within = name.rsplit('/').next().unwrap();
        let [to_japanese, to_english] = LANGUAGES.map(|language| file(within, language));
        assert!(
            japanese.contains(&format!("[English]({to_english})")),
            "{name}"
        );
        assert!(
            english.contains(&format!("[日本語]({to_japanese})")),
            "{name}"
        );
    }
}
