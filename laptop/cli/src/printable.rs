//! Makes text from outside harmless for a terminal.

/// The most characters of a value. Longer values are cut: they are addresses and tokens, not
/// something to read.
const LONGEST_VALUE: usize = 100;

/// A text from outside in a form that is safe to print: cut, and without characters that would move
/// the cursor, change colours, or turn the direction of the text.
pub(crate) fn printable(text: &str) -> String {
    let is_harmless = |c: char| {
        !c.is_control()
            && !matches!(
                c,
                '\u{61c}'
                    | '\u{200e}'
                    | '\u{200f}'
                    | '\u{2028}'..='\u{202e}'
                    | '\u{2066}'..='\u{2069}'
            )
    };
    let mut shown: String = text
        .chars()
        .take(LONGEST_VALUE)
        .map(|c| if is_harmless(c) { c } else { '\u{fffd}' })
        .collect();
    if text.chars().nth(LONGEST_VALUE).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_somebody_sent_steers_the_terminal() {
        assert_eq!(printable("山田　太郎 a=b"), "山田　太郎 a=b");
        assert_eq!(
            printable("\u{1b}[2J\u{9b}31m\r\n\u{7}\u{202e}"),
            "\u{fffd}[2J\u{fffd}31m\u{fffd}\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(printable(&"a".repeat(100)), "a".repeat(100));
        assert_eq!(printable(&"a".repeat(101)), format!("{}…", "a".repeat(100)));
    }
}
