//! `docs/limits.md`, read: what others set limits to, and how near to them we go.

use std::collections::BTreeMap;

/// An amount as the document writes it: thousands are separated, and the unit is `s` (seconds), `B` (bytes) or none.
#[must_use]
pub fn amount(number: usize, unit: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text} {unit}").trim_end().to_owned()
}

/// The number of an amount.
///
/// # Panics
///
/// If there is none.
#[must_use]
pub fn number(amount: &str) -> usize {
    let digits: String = amount.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}

/// The rows of a section: by their name, their amount and ours.
///
/// # Panics
///
/// If there is no such section, if a row has another form, or if it doesn't say why ours is near enough.
#[must_use]
pub fn documented(document: &str, heading: &str) -> BTreeMap<String, (String, String)> {
    let (_, section) = document
        .split_once(&format!("\n{heading}\n"))
        .expect("the section");
    let section = section.split("\n## ").next().unwrap_or(section);
    let mut rows = BTreeMap::new();
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [what, theirs, ours, place, why] = cells[..] else {
            panic!("five cells: {line}");
        };
        let name = what.split('`').nth(1).expect("a name");
        assert!(place.contains('`'), "where it is: {line}");
        assert!(why.ends_with(['.', '。']), "a sentence says why: {line}");
        let row = (theirs.to_owned(), ours.to_owned());
        assert!(rows.insert(name.to_owned(), row).is_none(), "{name} twice");
    }
    rows
}
