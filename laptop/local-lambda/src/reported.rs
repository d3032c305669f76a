//! The checks that a function reports in its log (`LOG_LEVEL=debug`): those that passed, and one
//! that failed.

use loopback::journal::Check;
use serde_json::Value;

use crate::function::FunctionOptions;
use crate::words::Words;

/// The document that explains every class of failure.
const FAILURES: &str = "docs/failures.md";

/// The checks in the log lines of a function. Several checks can rule out the same failure: it
/// counts once, and the last one counts.
pub(crate) fn reported_checks(log: &[String], options: &FunctionOptions) -> Vec<Check> {
    let mut reported: Vec<(String, Check)> = Vec::new();
    for line in log {
        if let Some((class, check)) = reported_check(line, options.words) {
            reported.retain(|(earlier, _)| *earlier != class);
            reported.push((class, check));
        }
    }
    reported.into_iter().map(|(_, check)| check).collect()
}

/// The check that a line of the log reports, if it reports one, with its class.
/// `{"event":"check","check":…}` reports a check that passed, by the class of the failure that it
/// rules out. The events `failure` and `record_refused` report a check that failed, by its class:
/// `failure` ends the request, and `record_refused` keeps claims back.
fn reported_check(line: &str, words: Words) -> Option<(String, Check)> {
    let line: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| line.get(name).and_then(Value::as_str);
    match text("event")? {
        "check" => text("check").map(|name| {
            let (what, rule) = words(name).unwrap_or((name, FAILURES));
            (name.to_owned(), Check::new(what, rule, true))
        }),
        "failure" | "record_refused" => {
            text("class").map(|class| (class.to_owned(), Check::new(class, FAILURES, false)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn checks_that_held_come_with_their_words_and_one_that_did_not_with_its_class() {
        let mut options = FunctionOptions::new("function", PathBuf::new());
        options.words =
            |check| (check == "state_missing").then_some(("state is there", "RFC 6749"));
        let log = [
            r#"{"event":"login_started"}"#,
            r#"{"event":"check","check":"without_words"}"#,
            r#"{"event":"check","check":"internal"}"#,
            r#"{"event":"check","check":"state_missing"}"#,
            r#"{"event":"check","check":"without_words"}"#,
            "no JSON",
            r#"{"event":"claims_granted"}"#,
            r#"{"event":"record_refused","class":"record_too_old"}"#,
            r#"{"event":"failure","class":"internal"}"#,
        ]
        .map(str::to_owned);
        let expected = [
            Check::new("state is there", "RFC 6749", true),
            Check::new("without_words", FAILURES, true),
            Check::new("record_too_old", FAILURES, false),
            Check::new("internal", FAILURES, false),
        ];
        assert_eq!(reported_checks(&log, &options), expected);
    }
}
