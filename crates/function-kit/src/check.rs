//! The checks of a function. If a check fails, its class is the failure. If it passes, one log
//! event names the class that is ruled out, so that a login can be followed step by step
//! (`LOG_LEVEL=debug`). So a check has the name of its failure. No value is ever logged.
//!
//! A check that is made only if a value is there, or only if the configuration asks for it, counts
//! as passed otherwise.

use crate::class::Class;

/// Checks that `holds` is true.
///
/// # Errors
///
/// `failure`.
pub fn ensure<C: Class>(holds: bool, failure: C) -> Result<(), C> {
    present(holds.then_some(()), failure)
}

/// As [`ensure`], for a value that has to be there.
///
/// # Errors
///
/// `failure`.
pub fn present<T, C: Class>(value: Option<T>, failure: C) -> Result<T, C> {
    let value = value.ok_or(failure)?;
    held(failure);
    Ok(value)
}

/// As [`ensure`], for one step that can fail in several ways, such as opening a sealed value.
/// `failures` are those ways, and `class` gives the class of each. If the step succeeds, all of
/// these classes are ruled out, and each is logged once.
///
/// # Errors
///
/// The class of the failure.
pub fn none_of<T, E: Copy, C: Class + PartialEq>(
    failures: &[E],
    outcome: Result<T, E>,
    class: impl Fn(E) -> C,
) -> Result<T, C> {
    let value = outcome.map_err(&class)?;
    for (position, failure) in failures.iter().enumerate() {
        let ruled_out = class(*failure);
        let mut earlier = failures.iter().take(position);
        if !earlier.any(|earlier| class(*earlier) == ruled_out) {
            held(ruled_out);
        }
    }
    Ok(value)
}

/// Logs that a check passed that was made elsewhere: `ruled_out` is its failure.
pub fn held(ruled_out: impl Class) {
    tracing::debug!(event = "check", check = ruled_out.name());
}
