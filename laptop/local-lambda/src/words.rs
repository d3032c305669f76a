//! The words in which the checks of a function are shown.

/// Gives, for the name of a check in a function's log, what was checked in a few words, and the
/// source of the rule. The caller provides it, because only the caller knows the functions. A check
/// without words is shown by its name.
pub type Words = fn(check: &str) -> Option<(&'static str, &'static str)>;
