//! The stack of template.yaml, deployed as an operator deploys it: built by `sam build` for this
//! machine's processor, and deployed by `sam deploy` to an emulator of AWS that runs the functions
//! as processes.
//! The emulator starts without resources, and ends with this task.

use std::path::Path;

use crate::aws::Emulator;
use crate::build::{self, Architecture};
use crate::command::{cargo, done};
use crate::python::{MINISTACK, SAM};

/// Builds the functions, starts the emulator and runs the tests, or says what failed.
pub(super) fn run(workspace: &Path) -> Result<(), String> {
    let sam = SAM.install(workspace)?;
    let python = MINISTACK.install(workspace)?;
    let built = build::for_this_machine(workspace, &sam)?;
    let emulator = Emulator::start(&python, |command, endpoint| {
        command
            // The functions call AWS at this address.
            .env("AWS_ENDPOINT_URL", endpoint)
            // The tests inspect the calls that the functions made.
            .env("CLOUDTRAIL_RECORDING", "1")
            .env("PYTHONPATH", workspace.join("tests/emulator/stack/names"));
    })?;
    let endpoint = emulator.endpoint();
    eprintln!("xtask: ministack answers at {endpoint}");
    let mut test = cargo(workspace);
    test.args(["test", "--package", "emulator", "--test", "stack"])
        .env("AWS_EMULATOR", endpoint)
        .env("BUILT_STACK", built)
        .env("BUILT_FOR", Architecture::of_this_machine()?.name())
        .env("SAM_PYTHON", sam.python());
    done(&mut test, "a test of the deployed stack failed")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use markdown::Document;

    use crate::documented::{names, tests_in, text};
    use crate::workspace;

    const SECTIONS: [(&str, &str); 2] = [
        ("docs/interop.md", "デプロイしたスタック"),
        ("docs/interop.en.md", "The deployed stack"),
    ];

    #[test]
    fn every_test_has_its_line_and_every_line_its_test() {
        let tests = tests_in("tests/emulator/stack");
        assert!(tests.contains("two_stacks_share_an_account"));
        for (document, heading) in SECTIONS {
            assert_eq!(names(document, heading), tests, "{document}");
        }
    }

    #[test]
    fn what_is_not_in_the_stack_as_it_is_is_told() {
        let file = workspace().join("tests/emulator/stack/limits.rs");
        let source = fs::read_to_string(file).unwrap();
        let (_, lists) = source.split_once("pub(crate) const CONDITIONS").unwrap();
        let (lists, _) = lists.split_once("\n];\n\n/// Takes it out").unwrap();
        let taken_out: Vec<_> = lists
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|name| name.chars().all(char::is_alphanumeric))
            .filter(|name| !["Resources", "Conditions"].contains(name))
            .collect();
        assert!(taken_out.contains(&"IdentityProvider") && taken_out.contains(&"HasAge8"));
        for (document, heading) in SECTIONS {
            let document = text(document);
            let told = Document::read(&document).section(heading).text().codes;
            for name in &taken_out {
                assert!(told.iter().any(|code| code == name), "{heading}: {name}");
            }
        }
    }
}
