//! Reads `docs/limits.md`: the limits that others set, and how near to them the bridge gets.

use std::collections::BTreeMap;

use markdown::Document;

/// An amount in the form of the document: thousands are separated by commas, and the unit is `s`
/// (seconds), `B` (bytes) or none.
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

/// The number in an amount.
///
/// # Panics
///
/// If there is no number.
#[must_use]
pub fn number(amount: &str) -> usize {
    let digits: String = amount.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}

/// The rows of a section: their name, the limit, and our value.
///
/// # Panics
///
/// If there is no such section, if a row has another form, or if a row doesn't say why our value is
/// near enough.
#[must_use]
pub fn documented(document: &str, heading: &str) -> BTreeMap<String, (String, String)> {
    let mut rows = BTreeMap::new();
    for row in Document::read(document).section(heading).table().rows {
        let [what, theirs, ours, place, why] = &row[..] else {
            panic!("five cells: {row:?}");
        };
        let name = what.codes.first().expect("a name");
        assert!(!place.codes.is_empty(), "{name}: where it is");
        let why = &why.plain;
        assert!(why.ends_with(['.', '。']), "{name}: a sentence says why");
        let row = (theirs.plain.clone(), ours.plain.clone());
        assert!(rows.insert(name.clone(), row).is_none(), "{name} twice");
    }
    rows
}
