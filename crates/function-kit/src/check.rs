//! What a function checks, written once: if it doesn't hold, that is the failure; if it does, one
//! log event says which failure is ruled out, for those who want to see a login step by step
//! (`LOG_LEVEL=debug`). So a check is called like its failure, and never tells a value.
//!
//! What is checked only if it is there, or only if the configuration asks for it, holds where it
//! isn't or doesn't.

use crate::class::Class;

/// A check, and the failure if it doesn't hold.
///
/// # Errors
///
/// `failure`.
pub fn ensure<C: Class>(holds: bool, failure: C) -> Result<(), C> {
    present(holds.then_some(()), failure)
}

/// As [`ensure`], of something that has to be there.
///
/// # Errors
///
/// `failure`.
pub fn present<T, C: Class>(value: Option<T>, failure: C) -> Result<T, C> {
    let value = value.ok_or(failure)?;
    held(failure);
    Ok(value)
}

/// As [`ensure`], of what is one step and can fail in several ways, such as opening what is sealed:
/// `failures` are those ways, and `class` says what each is called. Where none of them came about,
/// all are ruled out, each name once.
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

/// Says that a check held which was made elsewhere: this failure is ruled out.
pub fn held(ruled_out: impl Class) {
    tracing::debug!(event = "check", check = ruled_out.name());
}
