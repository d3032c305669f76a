//! `cargo xtask layout`: lists the crates of this repository with their numbers of lines, ring by
//! ring, and reports what breaks the three rules of the layout: crates depend on each other only in
//! one direction (`rings`), no two files of a crate import each other (`circles`), and each file
//! can be read from the top (`order`). A test requires that nothing breaks the rules.

mod circles;
mod order;
mod rings;
mod sources;

use std::path::Path;

use rings::Package;

/// Shows the layout.
///
/// # Errors
///
/// One line for each thing that breaks a rule.
pub(crate) fn run(workspace: &Path) -> Result<(), String> {
    let packages = Package::all(workspace)?;
    let all: usize = packages.iter().map(|package| package.lines).sum();
    println!("{:<12} {:<24} {:>7} {:>6}", "ring", "crate", "lines", "%");
    for package in &packages {
        let share = percent(package.lines, all);
        println!(
            "{:<12} {:<24} {:>7} {:>6}",
            package.top,
            package.name,
            package.lines,
            format!("{}.{}", share / 10, share % 10)
        );
    }
    println!("{:<12} {:<24} {all:>7}", "", "all");
    let broken = broken_rules(&packages)?;
    if broken.is_empty() {
        Ok(())
    } else {
        Err(broken.join("\nxtask: "))
    }
}

/// A share in tenths of a percent.
fn percent(part: usize, all: usize) -> usize {
    part.saturating_mul(1_000).checked_div(all).unwrap_or(0)
}

/// One line for each dependency in the wrong direction, for each crate that is too large, for each
/// circle of files, and for each item that stands too high in its file.
fn broken_rules(packages: &[Package]) -> Result<Vec<String>, String> {
    let mut broken = rings::broken(packages);
    for package in packages {
        broken.extend(circles::of(package)?);
        broken.extend(order::broken(package)?);
    }
    Ok(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn arrows_go_one_way_no_two_files_import_each_other_and_files_are_read_from_the_top() {
        let packages = Package::all(&workspace()).unwrap();
        assert!(packages.len() > 15, "all packages are looked at");
        let broken = broken_rules(&packages).unwrap();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }
}
