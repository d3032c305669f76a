//! What a function says in its own log about its checks (`LOG_LEVEL=debug`): which held, and which one ended what was asked.

use loopback::journal::Check;
use serde_json::Value;

use crate::function::FunctionOptions;
use crate::words::Words;

/// Where every class of failure is explained.
const FAILURES: &str = "docs/failures.md";

/// The checks in the lines that a function wrote.
pub(crate) fn reported_checks(log: &[String], options: &FunctionOptions) -> Vec<Check> {
    let checks = log
        .iter()
        .filter_map(|line| reported_check(line, options.words));
    checks.collect()
}

/// `{"event":"check","check":…}` is one that held, by the class of the failure that it rules out;
/// `{"event":"failure","class":…}` the one that didn't, which ends the request.
fn reported_check(line: &str, words: Words) -> Option<Check> {
    let line: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| line.get(name).and_then(Value::as_str);
    let held = |name| {
        let (what, rule) = words(name).unwrap_or((name, FAILURES));
        Check::new(what, rule, true)
    };
    match text("event")? {
        "check" => text("check").map(held),
        // It keeps claims back, and ends nothing: no class has its name.
        event @ "claims_granted" => Some(held(event)),
        "failure" => Some(Check::new(text("class")?, FAILURES, false)),
        _ => None,
    }
}
