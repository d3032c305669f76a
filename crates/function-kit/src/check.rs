//! What a function checked, one log event each, for those who want to see a login step by step (`LOG_LEVEL=debug`).
//! Only what held is told here: what didn't is the failure's class.
//! Never a value.

/// Says that this held, and where the rule stands.
pub fn held(what: &'static str, rule: &'static str) {
    tracing::debug!(event = "check", check = what, rule);
}
