//! Tests that lines have 100 characters at most, except in Markdown. rustfmt breaks lines of code,
//! but not comments, strings, or files in other languages.

use crate::sources::Source;

const WIDTH: usize = 100;

/// A word that can't be broken, such as a URL, a pattern or a key, may make its line longer.
/// Japanese can be broken anywhere.
const LONG_WORD: usize = 45;

/// CloudWatch's search expression is one string of JSON, which can't be broken either.
const SEARCH: &str = "\"SEARCH('";

#[test]
fn no_line_is_over_100_characters() {
    let mut long = Vec::new();
    for source in Source::all() {
        if source.ending() == "md" {
            continue;
        }
        for (line, text) in source.text.lines().enumerate() {
            let longest = text
                .split_whitespace()
                .filter(|word| word.is_ascii())
                .map(|word| word.chars().count())
                .max();
            let is_breakable =
                longest.is_none_or(|longest| longest <= LONG_WORD) && !text.contains(SEARCH);
            if text.chars().count() > WIDTH && is_breakable {
                long.push(format!("{}:{}", source.path, line + 1));
            }
        }
    }
    assert!(
        long.is_empty(),
        "lines over {WIDTH} characters:\n{}",
        long.join("\n")
    );
}
