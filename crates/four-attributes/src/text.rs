//! What holds for every attribute that is a text: the name and the address.
//! The text is kept byte for byte, because it is what stands in the card's chip; it is refused
//! where it could mislead a reader, break a line, or not fit into Cognito.

use zeroize::Zeroizing;

use crate::cognito::MAXIMUM_BYTES;
use crate::error::MalformedReason;

/// A copy of the text, wiped from memory when it is dropped.
///
/// # Errors
/// [`MalformedReason::TooLong`] over [`MAXIMUM_BYTES`] bytes of UTF-8,
/// [`MalformedReason::Empty`] without any character but white space (also U+3000),
/// [`MalformedReason::ControlCharacter`] with one of [`is_control`].
pub(crate) fn checked(text: &str) -> Result<Zeroizing<String>, MalformedReason> {
    if text.len() > MAXIMUM_BYTES {
        return Err(MalformedReason::TooLong);
    }
    // Before `Empty`, because a line break is white space: it is told as what it is.
    if text.chars().any(is_control) {
        return Err(MalformedReason::ControlCharacter);
    }
    if text.trim().is_empty() {
        return Err(MalformedReason::Empty);
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// Characters that no name and no address has.
///
/// Unicode's category Cc (C0, DEL, C1), its line and paragraph separator, and the embeddings,
/// overrides and isolates of the writing direction (UAX #9 §2.1–§2.5): these can make a page show
/// another text than the one that was verified. Variation selectors stay: Japanese names need them.
fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_byte_for_byte() {
        for text in [
            "山田　太郎",
            " 山田  太郎　",
            "ＳＭＩＴＨ　ＪＯＨＮ",
            "髙﨑 \u{8FBB}\u{E0100}",
            "か\u{3099}", // decomposed が: not composed here
            "〓田　太郎", // the geta mark stands for a character that JIS doesn't have
            "\u{20BB7}野家",
        ] {
            assert_eq!(checked(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn nothing_but_white_space_is_empty() {
        for text in ["", " ", "　", " 　\u{2003}"] {
            assert_eq!(
                checked(text).unwrap_err(),
                MalformedReason::Empty,
                "{text:?}"
            );
        }
    }

    #[test]
    fn controls_are_refused_wherever_they_stand() {
        for control in [
            '\0', '\t', '\n', '\r', '\u{1B}', '\u{7F}', '\u{80}', '\u{85}', '\u{9F}', '\u{2028}',
            '\u{2029}', '\u{202A}', '\u{202E}', '\u{2066}', '\u{2069}',
        ] {
            for text in [
                format!("{control}山田"),
                format!("山{control}田"),
                control.to_string(),
            ] {
                assert_eq!(
                    checked(&text).unwrap_err(),
                    MalformedReason::ControlCharacter,
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn neighbours_of_the_controls_are_kept() {
        for neighbour in [
            '\u{20}', '\u{7E}', '\u{A0}', '\u{2027}', '\u{202F}', '\u{2065}',
        ] {
            assert!(
                checked(&format!("山{neighbour}田")).is_ok(),
                "{neighbour:?}"
            );
        }
    }

    #[test]
    fn the_limit_counts_bytes_and_not_characters() {
        let longest = "あ".repeat(682) + "aa";
        assert_eq!(longest.len(), 2_048);
        assert!(checked(&longest).is_ok());
        assert_eq!(
            checked(&(longest + "a")).unwrap_err(),
            MalformedReason::TooLong
        );
    }
}
