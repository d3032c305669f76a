//! Runs the command as a script does: standard error is no terminal. Only what is asked for is
//! printed: the result on standard output and, with `--verbose`, the progress on standard error.

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
fn one_object_goes_to_standard_output_and_the_progress_to_standard_error_if_it_is_asked_for() {
    let progress = [
        "digital-auth: Building the four functions",
        "digital-auth: Starting",
        "digital-auth: Signing in",
    ];
    for (arguments, expected) in [
        (&["--json"][..], &[][..]),
        (&["--json", "--verbose"], &progress),
    ] {
        let output = demo(arguments).output().unwrap();
        assert!(output.status.success());
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.lines().collect::<Vec<_>>(), expected);
        let login: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(login["persona"], "adult");
    }
}
