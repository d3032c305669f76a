//! `docs/limits.md`, read: what others set limits to, and how near to them we go.

use std::collections::BTreeMap;

use markdown::Document;

/// An amount as the document writes it: thousands are separated, and the unit is `s` (seconds), `B`
/// (bytes) or none.
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
/// If there is no such section, if a row has another form, or if it doesn't say why ours is near
/// enough.
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
