//! The scripts with which shells complete the command. bash runs its own; of the others, the shell
//! reads its script where it is installed.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn script(shell: &str, language: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_digital-auth"))
        .args(["completions", shell, "--language", language])
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

/// What bash offers for the last of these words.
fn offered(words: &[&str]) -> Vec<String> {
    // As bash calls it: the command, the word, the word before it.
    const COMPLETE: &str = r#"
        source /dev/stdin
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        function=$(complete -p digital-auth | sed 's/.*-F \([^ ]*\).*/\1/')
        "$function" digital-auth "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = fed(
        Command::new("bash")
            .args(["--norc", "-c", COMPLETE, "bash", "digital-auth"])
            .args(words),
        &script("bash", "en"),
    );
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).unwrap();
    told.lines().map(str::to_owned).collect()
}

/// The command's output, with this text on standard input.
fn fed(command: &mut Command, text: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

#[test]
fn bash_completes_commands_options_and_names() {
    for (words, expected) in [
        (&["fau"][..], &["faults"][..]),
        (&["simulate", "c"], &["cognito"]),
        (&["demo", "--headl"], &["--headless"]),
        (&["demo", "--persona", "lea"], &["leap-day"]),
        (
            &["demo", "--fault", "token-50"],
            &["token-500", "token-503"],
        ),
        (
            &["simulate", "service", "--fault", "id-token-wrong-n"],
            &["id-token-wrong-nonce"],
        ),
        (&["demo", "--case", "sec"], &["second-account"]),
        (&["faults", "--group", "key"], &["key-set"]),
        (
            &["faults", "--class", "id_token_n"],
            &["id_token_nonce", "id_token_not_yet_valid"],
        ),
        (&["completions", "ba"], &["bash"]),
    ] {
        assert_eq!(offered(words), expected, "{words:?}");
    }
}

#[test]
fn the_descriptions_are_in_the_language_that_was_chosen() {
    let is_japanese = |c: char| ('\u{3041}'..='\u{30ff}').contains(&c);
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        let (ja, en) = (script(shell, "ja"), script(shell, "en"));
        assert!(ja.contains("テスト利用者の一覧"), "{shell}");
        assert!(en.contains("List the test persons"), "{shell}");
        for line in en.lines() {
            assert!(!line.contains(is_japanese), "{shell}: {line}");
        }
        // Both texts of a declaration in one.
        assert!(!ja.contains('\u{1e}') && !en.contains('\u{1e}'), "{shell}");
    }
}

#[test]
fn a_shell_that_is_installed_reads_its_script() {
    for shell in ["bash", "zsh", "fish"] {
        for language in ["ja", "en"] {
            let mut command = Command::new(shell);
            if command.arg("--version").output().is_err() {
                // Not installed. bash is, or the first test fails.
                continue;
            }
            let read = fed(Command::new(shell).arg("-n"), &script(shell, language));
            assert!(read.status.success(), "{shell}: {read:?}");
        }
    }
}
