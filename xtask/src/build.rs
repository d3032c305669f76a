//! `cargo xtask build`: builds the functions as `sam build` does, for both architectures, and tests
//! them: a person signs in with the built functions. Those for the other architecture run under an
//! emulator of the processor.
//! The build for arm64, the default of template.yaml, is put where `sam deploy` looks for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::ValueEnum;

use crate::command::{cargo, done};
use crate::python::{Installed, SAM};
use crate::{debian, skipped};

/// The functions: the names of their binaries, and their logical ids in template.yaml.
pub(crate) const FUNCTIONS: [(&str, &str); 4] = [
    ("federation", "FederationFunction"),
    ("inbound-federation", "InboundFederationFunction"),
    ("pre-token-generation", "PreTokenGenerationFunction"),
    ("verification", "VerificationFunction"),
];

/// The processor that functions are built for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Architecture {
    /// AWS Graviton: the default of template.yaml.
    Arm64,
    /// Intel and AMD.
    #[value(name = "x86_64")]
    X86_64,
}

impl Architecture {
    /// SAM's name of the architecture.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }

    /// The architecture of this machine. Its functions run here without an emulator.
    pub(crate) fn of_this_machine() -> Result<Self, String> {
        let is_this = |one: &&Self| one.machine() == std::env::consts::ARCH;
        let this = Self::value_variants().iter().find(is_this);
        this.copied()
            .ok_or("functions are built for arm64 and x86_64 only".to_owned())
    }

    /// The path of a function's binary. `logical_id` is the function's name in template.yaml.
    pub(crate) fn binary(self, workspace: &Path, logical_id: &str) -> PathBuf {
        workspace
            .join(self.folder())
            .join(logical_id)
            .join("bootstrap")
    }

    /// The name of the processor in Rust and Linux.
    const fn machine(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64",
            Self::X86_64 => "x86_64",
        }
    }

    /// The folder in which `sam build` puts the functions, relative to the workspace.
    const fn folder(self) -> &'static str {
        match self {
            // The folder that `sam deploy` takes by default.
            Self::Arm64 => ".aws-sam/build",
            Self::X86_64 => ".aws-sam/x86_64/build",
        }
    }

    /// Installs Rust's standard library for the target. Only rustup can.
    fn install_standard_library(self) -> Result<(), String> {
        let target = self.target();
        let output = Command::new("rustc")
            .args(["--print", "target-libdir", "--target", &target])
            .output()
            .map_err(|error| format!("rustc can't be started: {error}"))?;
        let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() && Path::new(&folder).is_dir() {
            return Ok(());
        }
        eprintln!("xtask: rustup target add {target}");
        let added = Command::new("rustup")
            .args(["target", "add", &target])
            .status();
        if added.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        Err(format!(
            "rustup can't bring the standard library of {target}"
        ))
    }

    /// Rust's name of the target.
    fn target(self) -> String {
        format!("{}-unknown-linux-gnu", self.machine())
    }

    /// The command that emulates the processor, or `None` if this machine runs the binaries itself.
    /// Installs the emulator.
    fn emulator(self) -> Result<Option<&'static str>, String> {
        if cfg!(target_os = "linux") && self.machine() == std::env::consts::ARCH {
            return Ok(None);
        }
        match self {
            Self::Arm64 => {
                debian::program("qemu-aarch64", "qemu-user")?;
                debian::package("libc6-arm64-cross")?;
                Ok(Some("qemu-aarch64 -L /usr/aarch64-linux-gnu"))
            }
            Self::X86_64 => {
                debian::program("qemu-x86_64", "qemu-user")?;
                debian::package("libc6-amd64-cross")?;
                Ok(Some("qemu-x86_64 -L /usr/x86_64-linux-gnu"))
            }
        }
    }
}

/// Runs the task for one architecture or for both, or says what failed. Loudly skips what this
/// machine can't do.
pub(crate) fn run(workspace: &Path, only: Option<Architecture>) -> Result<(), String> {
    let sam = SAM.install(workspace)?;
    for architecture in Architecture::value_variants() {
        if only.is_some_and(|only| only != *architecture) {
            continue;
        }
        let name = architecture.name();
        if let Err(reason) = architecture.install_standard_library() {
            skipped::note(workspace, &format!("the build for {name}: {reason}"))?;
            continue;
        }
        let begun = Instant::now();
        build(workspace, &sam, *architecture)?;
        eprintln!("xtask: built for {name}, {} s", begun.elapsed().as_secs());
        match architecture.emulator() {
            Ok(emulator) => test(workspace, *architecture, emulator)?,
            Err(reason) => {
                skipped::note(workspace, &format!("the functions for {name}: {reason}"))?
            }
        }
    }
    Ok(())
}

/// Builds the functions for this machine, and gives the folder from which `sam deploy` deploys
/// them.
///
/// # Errors
///
/// The reason why this machine can't build them.
pub(crate) fn for_this_machine(workspace: &Path, sam: &Installed) -> Result<PathBuf, String> {
    let architecture = Architecture::of_this_machine()?;
    architecture.install_standard_library()?;
    build(workspace, sam, architecture)?;
    Ok(workspace.join(architecture.folder()))
}

fn build(workspace: &Path, sam: &Installed, architecture: Architecture) -> Result<(), String> {
    let with_environment = |program: &Path| -> Result<Command, String> {
        let mut command = Command::new(program);
        command
            .current_dir(workspace)
            // cargo-lambda looks for its linker on the search path.
            .env("PATH", sam.search_path()?)
            .env("CARGO_BUILD_RUSTFLAGS", remapped(workspace)?)
            // These two would override CARGO_BUILD_RUSTFLAGS, and the flags that cargo-lambda
            // chooses.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("SAM_CLI_TELEMETRY", "0")
            .stdin(Stdio::null());
        Ok(command)
    };
    // SAM builds one function after the other. Building all of them first, with the options that
    // SAM gives cargo-lambda, lets the compiler use every core. SAM then finds them up to date.
    let mut all = with_environment(&sam.folder().join("bin/cargo-lambda"))?;
    all.args(["lambda", "build", "--locked", "--release"]);
    if architecture == Architecture::Arm64 {
        all.arg("--arm64");
    }
    for (binary, _) in FUNCTIONS {
        all.args(["--bin", binary]);
    }
    done(&mut all, "the functions don't build")?;
    let overridden = format!("Architecture={}", architecture.name());
    let mut build = with_environment(&sam.python())?;
    build
        .args(["-m", "samcli", "build", "--template", "template.yaml"])
        .args(["--build-dir", architecture.folder()])
        .args(["--parameter-overrides", &overridden])
        // The region isn't called: SAM can't read the template without one.
        .args(["--region", "ap-northeast-1"]);
    done(&mut build, "sam build failed")
}

/// Flags that replace this machine's folders in the source paths that a panic names, so that they
/// are not shipped. Cargo's own `trim-paths` will do it once it is stable.
fn remapped(workspace: &Path) -> Result<String, String> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(home?.join(".cargo")))
        .ok_or("neither CARGO_HOME nor HOME is set")?;
    let flags = [(cargo_home.as_path(), "/cargo"), (workspace, "/workspace")]
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    if flags.iter().any(|flag| flag.contains(char::is_whitespace)) {
        return Err(format!(
            "a folder's name has a space, and cargo can't be told of it: {}",
            flags.join(" ")
        ));
    }
    Ok(flags.join(" "))
}

fn test(
    workspace: &Path,
    architecture: Architecture,
    emulator: Option<&str>,
) -> Result<(), String> {
    eprintln!("xtask: cargo test --package built");
    let mut test = cargo(workspace);
    test.args(["test", "--package", "built"])
        .env("BUILT_FOR", architecture.machine())
        .env("EMULATOR", emulator.unwrap_or_default());
    for (binary, logical_id) in FUNCTIONS {
        let variable = format!("BUILT_{}", binary.to_uppercase().replace('-', "_"));
        test.env(variable, architecture.binary(workspace, logical_id));
    }
    // faketime is a library for this machine's processor. An emulated process can't load it.
    let moves_clocks = if emulator.is_some() {
        eprintln!("xtask: clocks are moved for this machine's own processor alone");
        false
    } else if let Err(reason) = debian::program("faketime", "faketime") {
        skipped::note(
            workspace,
            &format!("the functions by a moved clock: {reason}"),
        )?;
        false
    } else {
        true
    };
    if !moves_clocks {
        test.args(["--", "--skip", "clocks::", "--skip", "midnight::"]);
    }
    done(&mut test, "a test of the built functions failed")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;
    use crate::workspace;

    #[test]
    fn every_function_of_the_template_is_built_and_no_other() {
        let template = fs::read_to_string(workspace().join("template.yaml")).unwrap();
        let resources: Vec<_> = template.split("\n  ").collect();
        let functions: BTreeSet<_> = resources
            .windows(2)
            .filter(|pair| pair[1].trim() == "Type: AWS::Serverless::Function")
            .map(|pair| pair[0].trim().trim_end_matches(':'))
            .collect();
        assert_eq!(
            FUNCTIONS
                .map(|(_, name)| name)
                .into_iter()
                .collect::<BTreeSet<_>>(),
            functions
        );
        for (binary, _) in FUNCTIONS {
            assert!(
                template.contains(&format!("Binary: {binary} }}")),
                "{binary}"
            );
        }
    }
}
