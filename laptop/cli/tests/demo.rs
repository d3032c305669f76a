//! Runs the command as a script does: standard error is no terminal. Progress goes to standard
//! error, and the result to standard output.

use std::process::{Command, Stdio};

fn demo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_digital-auth"));
    command
        .args(["demo", "--headless", "--language", "en"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[test]
fn progress_goes_line_by_line_to_standard_error_and_one_object_to_standard_output() {
    let output = demo(&["--json"]).output().unwrap();
    assert!(output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    let expected = [
        "digital-auth: Building the four functions",
        "digital-auth: Starting",
        "digital-auth: Signing in",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    let login: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(login["persona"], "adult");
}
