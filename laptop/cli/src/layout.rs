//! Text in columns and lines that fit into a terminal. A Japanese character is as wide as two Latin
//! ones, and a Japanese line can be broken between almost any two characters.

use std::io::{self, Write};

use console::{Term, measure_text_width};

use crate::style::QUIET;

/// The widest line where no terminal says how wide it is, and in one that is wider.
const WIDEST: usize = 100;
/// In a terminal narrower than this, the terminal itself breaks the lines.
const NARROWEST: usize = 40;

/// No line begins with one of these.
const CLOSING: &str = "、。，．・：；！？）」』】〕］”’ー…々ゃゅょっャュョッ";
/// No line ends with one of these.
const OPENING: &str = "（「『【〔［“‘";

/// How many columns a line on standard output may have.
pub(crate) fn width() -> usize {
    let columns = Term::stdout().size_checked();
    columns.map_or(WIDEST, |(_, columns)| {
        usize::from(columns).clamp(NARROWEST, WIDEST)
    })
}

/// The text with spaces behind it, as wide as `columns`.
pub(crate) fn padded(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(measure_text_width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// The text in lines that are no wider than `columns`, except for words that are wider. Breaks that
/// the text has already are kept.
pub(crate) fn lines(text: &str, columns: usize) -> Vec<String> {
    text.lines()
        .flat_map(|line| broken(line, columns))
        .collect()
}

fn broken(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        let wide = measure_text_width(&line) + measure_text_width(piece.trim_end());
        if wide > columns && !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        line.push_str(&piece);
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// The parts between which a line may be broken: words with the spaces behind them, and Japanese
/// characters.
fn pieces(text: &str) -> Vec<String> {
    let is_wide = |c: char| !c.is_ascii() && measure_text_width(c.encode_utf8(&mut [0; 4])) == 2;
    let mut pieces: Vec<String> = Vec::new();
    for c in text.chars() {
        let last = pieces.last_mut();
        let stays = last.as_deref().and_then(|last| last.chars().next_back());
        let stays = stays.is_some_and(|before| {
            let is_word = !is_wide(c) && !is_wide(before) && before != ' ';
            c == ' ' || CLOSING.contains(c) || OPENING.contains(before) || is_word
        });
        match last {
            Some(last) if stays => last.push(c),
            _ => pieces.push(c.to_string()),
        }
    }
    pieces
}

/// Rows of a name and a value: the names stand in one column, the values in another one, in which
/// they are broken.
pub(crate) struct Rows<'a> {
    /// What stands before each row.
    pub(crate) indent: &'a str,
    pub(crate) rows: Vec<(String, String)>,
}

impl Rows<'_> {
    /// Prints the rows.
    ///
    /// # Errors
    ///
    /// If the output can't be written.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let names = self.rows.iter().map(|(name, _)| measure_text_width(name));
        let column = names.max().unwrap_or_default() + 2;
        let left = self.indent.len() + column;
        for (name, value) in &self.rows {
            let (indent, name) = (self.indent, padded(name, column));
            write!(out, "{indent}{QUIET}{name}{QUIET:#}")?;
            let value = lines(value, width().saturating_sub(left));
            let value = value.join(&format!("\n{}", " ".repeat(left)));
            writeln!(out, "{value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_at_spaces_and_between_japanese_characters() {
        for (text, columns, expected) in [
            ("one two three", 7, &["one two", "three"][..]),
            ("one two three", 8, &["one two", "three"]),
            ("incomprehensible word", 5, &["incomprehensible", "word"]),
            ("テスト利用者の一覧", 8, &["テスト利", "用者の一", "覧"]),
            // Neither does a full stop begin a line, nor a bracket end one.
            ("テストする。例", 10, &["テストす", "る。例"]),
            ("テスト（例）", 8, &["テスト", "（例）"]),
            ("値は openid です", 9, &["値は", "openid で", "す"]),
            ("- a\n- b", 9, &["- a", "- b"]),
            ("", 9, &[]),
        ] {
            assert_eq!(lines(text, columns), expected, "{text}");
        }
    }

    #[test]
    fn a_column_is_as_wide_for_japanese() {
        assert_eq!(padded("氏名", 6), "氏名  ");
        assert_eq!(padded("name", 6), "name  ");
        assert_eq!(padded("longer", 2), "longer");
    }
}
