//! The rules for every attribute that is a text: the name and the address.
//! A text is kept byte for byte, because it is what the card's chip has. It is refused if it could
//! mislead a reader, break a line, or not fit into Cognito.

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use zeroize::Zeroizing;

use crate::error::MalformedReason;

/// The longest value in a user pool: 2,048 bytes of UTF-8 (Amazon Cognito, "User pool attributes").
pub const MAXIMUM_BYTES: usize = 2_048;

/// A copy of the text, wiped from memory when it is dropped.
///
/// # Errors
/// [`MalformedReason::TooLong`] over [`MAXIMUM_BYTES`] bytes of UTF-8,
/// [`MalformedReason::Noncharacter`] with one of [`is_noncharacter`],
/// [`MalformedReason::ControlCharacter`] with one of [`is_control`],
/// [`MalformedReason::Empty`] without any character that [`is_visible`].
pub(crate) fn checked(text: &str) -> Result<Zeroizing<String>, MalformedReason> {
    if text.len() > MAXIMUM_BYTES {
        return Err(MalformedReason::TooLong);
    }
    // Checked before `Empty`: a line break is white space too, but is reported as a control
    // character.
    if text.chars().any(is_control) {
        return Err(MalformedReason::ControlCharacter);
    }
    if text.chars().any(is_noncharacter) {
        return Err(MalformedReason::Noncharacter);
    }
    if !text.chars().any(is_visible) {
        return Err(MalformedReason::Empty);
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// Characters that no name and no address has, and that make a reader see another text, or hide a
/// text from the reader:
///
/// - Unicode's category Cc (C0, DEL, C1), its line and paragraph separator;
/// - the embeddings, overrides, isolates and marks of the writing direction (UAX #9 §2.1–§2.6):
///   they make a page show another order than the one that was verified, and nothing in a Japanese
///   register needs them;
/// - U+206A–U+206F, format characters that Unicode deprecates;
/// - the marks of interlinear annotation (U+FFF9–U+FFFB), between which a text can be hidden;
/// - tags (U+E0000–U+E007F): a whole second text that no font shows.
///
/// These characters are kept: variation selectors, because Japanese names need them; U+FFFD, with
/// which a system says that it has lost a character, because it can be seen, and a person with such
/// a name could not log in otherwise; and the private use areas, where registers keep the
/// characters (外字) that Unicode doesn't have.
fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61C}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2066}'..='\u{206F}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

/// Code points that are never characters (Unicode §23.7). Only a defect sends them, and other
/// software refuses them.
fn is_noncharacter(character: char) -> bool {
    let code = u32::from(character);
    matches!(code, 0xFDD0..=0xFDEF) || code & 0xFFFE == 0xFFFE
}

/// Whether a reader sees something. White space can't be seen, and neither can characters that
/// Unicode allows to have no shape (`Default_Ignorable_Code_Point`: zero width, fillers, variation
/// selectors). Nor can characters that are blank or stand for nothing by themselves: the empty
/// braille cell, the object replacement character, and blanks and fillers of three other scripts.
fn is_visible(character: char) -> bool {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    !(character.is_whitespace()
        || ignorable.contains(character)
        || matches!(
            character,
            '\u{2800}' | '\u{FFFC}' | '\u{13441}' | '\u{13442}' | '\u{16FE4}' | '\u{1D159}'
        ))
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
            "山\u{FFFD}　太郎",      // a character that a system has lost
            "\u{E000}田　\u{F0000}", // a register's own characters (外字)
            "山\u{200D}田",          // invisible, and changes nothing that is visible
            "〱",
        ] {
            assert_eq!(checked(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn nothing_that_can_be_seen_is_empty() {
        for text in [
            "",
            " ",
            "　",
            " 　\u{2003}",
            "\u{200B}",
            "\u{3164}",
            "\u{FEFF}",
            "\u{FFA0}\u{115F}\u{1160}",
            "\u{AD}\u{34F}\u{180E}",
            "\u{200C}　\u{200D}\u{2060}\u{2064}",
            "\u{FE0F}\u{E0100}\u{E01EF}",
            "\u{2800}",
            "\u{1D159}",
            "\u{FFFC}\u{13441}\u{13442}\u{16FE4}",
            "\u{E0FFF}", // not assigned, and never to be drawn
        ] {
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
            '\0',
            '\t',
            '\n',
            '\r',
            '\u{1B}',
            '\u{7F}',
            '\u{80}',
            '\u{85}',
            '\u{9F}',
            '\u{2028}',
            '\u{2029}',
            '\u{202A}',
            '\u{202E}',
            '\u{2066}',
            '\u{2069}',
            '\u{200E}',
            '\u{200F}',
            '\u{61C}',
            '\u{206A}',
            '\u{206F}',
            '\u{FFF9}',
            '\u{FFFB}',
            '\u{E0000}',
            '\u{E0001}',
            '\u{E0041}',
            '\u{E007F}',
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
    fn noncharacters_are_refused_wherever_they_stand() {
        for code in [
            '\u{FDD0}',
            '\u{FDEF}',
            '\u{FFFE}',
            '\u{FFFF}',
            '\u{1FFFE}',
            '\u{10FFFF}',
        ] {
            for text in [format!("山{code}田"), code.to_string()] {
                assert_eq!(
                    checked(&text).unwrap_err(),
                    MalformedReason::Noncharacter,
                    "{text:?}"
                );
            }
        }
    }

    #[test]
    fn neighbours_of_the_controls_are_kept() {
        for neighbour in [
            '\u{20}',
            '\u{7E}',
            '\u{A0}',
            '\u{2027}',
            '\u{202F}',
            '\u{2065}',
            '\u{2070}',
            '\u{200D}',
            '\u{2010}',
            '\u{61B}',
            '\u{61D}',
            '\u{FFF8}',
            '\u{FFFC}',
            '\u{FFFD}',
            '\u{E0080}',
            '\u{FDCF}',
            '\u{FDF0}',
            '\u{1FFFD}',
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
