//! Tests the functions that are deployed, as `sam build` built them for one architecture.
//! `cargo xtask build` builds them and runs these tests.
//! `BUILT_FEDERATION`, `BUILT_INBOUND_FEDERATION`, `BUILT_PRE_TOKEN_GENERATION` and
//! `BUILT_VERIFICATION` are their paths.
//! `BUILT_FOR` is their processor (`aarch64`, `x86_64`). `EMULATOR` is the command with which this
//! machine runs them, and empty if it runs them itself.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use demo::cases::{Case, members};
use demo::laptop::MemberOptions;
use local_lambda::FunctionOptions;
use login_kit::{FunctionClock, Functions, Laptop, LaptopOptions, Outcome, browser, laptop_with};

mod clocks;
mod midnight;

/// The version of the C library in Amazon Linux 2023, on which `provided.al2023` is based.
const GLIBC: (u32, u32) = (2, 34);

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} must be set; `cargo xtask build` does"))
}

/// The paths of the built functions.
fn built() -> Functions {
    let [
        federation,
        inbound_federation,
        pre_token_generation,
        verification,
    ] = Functions::PACKAGES.map(|name| {
        let name = format!("BUILT_{}", name.to_uppercase().replace('-', "_"));
        PathBuf::from(variable(&name))
    });
    Functions {
        federation,
        inbound_federation,
        pre_token_generation,
        verification,
    }
}

fn each(functions: &Functions) -> [&PathBuf; 4] {
    [
        &functions.federation,
        &functions.inbound_federation,
        &functions.pre_token_generation,
        &functions.verification,
    ]
}

fn binaries() -> Vec<Vec<u8>> {
    each(&built()).map(|path| fs::read(path).unwrap()).into()
}

/// Each text that follows `prefix` in a binary, up to the first character that isn't printable
/// ASCII.
fn after(binary: &[u8], prefix: &str) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(binary);
    text.split(prefix)
        .skip(1)
        .filter_map(|rest| rest.split(|one: char| !one.is_ascii_graphic()).next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_function_is_a_program_for_the_processor() {
    let machine = match variable("BUILT_FOR").as_str() {
        "aarch64" => 183,
        "x86_64" => 62,
        other => panic!("BUILT_FOR: {other}"),
    };
    for binary in binaries() {
        // ELF header: magic, 64 bits, little-endian. The processor is at byte 18.
        assert_eq!(binary[..6], *b"\x7fELF\x02\x01");
        assert_eq!(u16::from_le_bytes([binary[18], binary[19]]), machine);
    }
}

#[test]
fn no_function_needs_a_newer_c_library_than_amazon_linux_2023_has() {
    for binary in binaries() {
        let versions = after(&binary, "GLIBC_");
        assert!(!versions.is_empty(), "it is linked to the C library");
        for version in versions {
            let mut numbers = version.split('.').map(|number| number.parse().unwrap());
            let version = (numbers.next().unwrap(), numbers.next().unwrap());
            assert!(version <= GLIBC, "{version:?}");
        }
    }
}

#[test]
fn no_function_names_a_folder_of_the_machine_that_built_it() {
    let workspace = kit::workspace();
    let home = std::env::var("HOME").ok().filter(|home| home != "/");
    let cargo_home = std::env::var("CARGO_HOME").ok();
    let folders = [
        Some(workspace.to_str().unwrap().to_owned()),
        home,
        cargo_home,
    ];
    for folder in folders.into_iter().flatten() {
        let folder = format!("{}/", folder.trim_end_matches('/'));
        for binary in binaries() {
            assert_eq!(after(&binary, &folder), BTreeSet::new(), "{folder}");
        }
    }
}

/// The length of a section of an ELF-64 file, little-endian (System V ABI, Object Files: ELF header
/// and section header).
fn section(binary: &[u8], name: &str) -> Option<u64> {
    let number = |place: usize, bytes: usize| {
        let mut whole = [0; 8];
        whole[..bytes].copy_from_slice(&binary[place..place + bytes]);
        u64::from_le_bytes(whole)
    };
    let place = |number: u64| usize::try_from(number).unwrap();
    let table = place(number(0x28, 8));
    let [size, count, names] = [0x3a, 0x3c, 0x3e].map(|at| place(number(at, 2)));
    let header = |index: usize| table + index * size;
    let names = place(number(header(names) + 0x18, 8));
    let searched = [name.as_bytes(), b"\0"].concat();
    (0..count)
        .map(header)
        .find(|header| binary[names + place(number(*header, 4))..].starts_with(&searched))
        .map(|header| number(header + 0x20, 8))
}

#[test]
fn a_panic_can_be_caught() {
    // cargo-lambda builds with `panic = "abort"` unless Cargo.toml says otherwise. Then a panic
    // ends the process, instead of leading to a page with a support id. The landing pads that catch
    // panics are described in this section: about 170 KB. With "abort", only 6 KB of the standard
    // library are left.
    for binary in binaries() {
        let landing = section(&binary, ".gcc_except_table").unwrap();
        assert!(landing > 65_536, "{landing}");
    }
}

/// The functions as this machine can run them: directly, or through scripts that start them in the
/// emulator.
fn runnable(scripts: &Path) -> Functions {
    let functions = built();
    let emulator = variable("EMULATOR");
    if emulator.is_empty() {
        return functions;
    }
    let [
        federation,
        inbound_federation,
        pre_token_generation,
        verification,
    ] = each(&functions).map(|function| {
        let script = scripts.join(function.parent().unwrap().file_name().unwrap());
        let text = format!("#!/bin/sh\nexec {emulator} '{}'\n", function.display());
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, Permissions::from_mode(0o700)).unwrap();
        script
    });
    Functions {
        federation,
        inbound_federation,
        pre_token_generation,
        verification,
    }
}

/// Longer time limits, because an emulated processor is slow. They still stop a function that
/// hangs.
fn patient(options: &mut FunctionOptions) {
    options.initialization_timeout = Duration::from_secs(60);
    options.invocation_timeout = Duration::from_secs(30);
}

/// Starts a laptop whose functions use this clock. `cargo xtask build` skips the tests that call
/// this function under an emulator, because faketime can't change the clock there.
async fn laptop_by(clock: &FunctionClock, change: impl FnOnce(&mut LaptopOptions)) -> Laptop {
    laptop_with(|options| {
        options.functions = built();
        for environment in [&mut options.environment, &mut options.trigger_environment] {
            environment.extend(clock.environment());
        }
        change(options);
    })
    .await
}

#[tokio::test]
async fn a_person_signs_in_with_the_functions_that_are_deployed() {
    let scripts = tempfile::tempdir().unwrap();
    let laptop = laptop_with(|options| {
        options.functions = runnable(scripts.path());
        options.function = patient;
        options.trigger = patient;
    })
    .await;
    let outcome = laptop.login(&browser(), "adult", None).await.unwrap();
    let Outcome::SignedIn(signed_in) = outcome else {
        panic!("not signed in: {outcome:?}");
    };
    assert_eq!(signed_in.id_token["age_over_20"], true);
    for trigger in laptop.triggers.each() {
        assert_eq!(trigger.processes_started(), 1, "each trigger was fired");
    }
    laptop.stop().await;
}

#[tokio::test]
async fn a_member_is_verified_with_the_functions_that_are_deployed() {
    let scripts = tempfile::tempdir().unwrap();
    let laptop = laptop_with(|options| {
        options.functions = runnable(scripts.path());
        options.function = patient;
        options.trigger = patient;
        options.members = Some(MemberOptions {
            function: patient,
            ..members()
        });
    })
    .await;
    for case in Case::ALL {
        let ended = case.play(&laptop, &browser(), "adult", None).await;
        let ended = ended.unwrap();
        assert!(ended.as_it_should, "{case:?}: {ended:?}");
    }
    laptop.stop().await;
}
