//! What the checks of a function say.

/// What a check of a function says in a few words, and where the rule stands, by the name that the
/// function tells. Only whoever knows the functions has them: without words, a check is shown by
/// its name.
pub type Words = fn(check: &str) -> Option<(&'static str, &'static str)>;
