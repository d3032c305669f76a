//! One form for characters that are written in several, so that the name of a place is found however it was written.
//! A register may mark a character's exact shape, or have it by a code of its own: that hides no name.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// The characters in their one form: without those that show nothing (variation selectors are among them), composed by
/// NFKC (UAX #15), which also replaces compatibility ideographs, and [`without_variants`]. It reads no further than it is
/// asked for, but for the marks that belong to a character.
pub(crate) fn folded(characters: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let shown = characters.filter(move |character| !ignorable.contains(*character));
    ComposingNormalizerBorrowed::new_nfkc()
        .normalize_iter(shown)
        .map(without_variants)
}

/// A character in its one form. Unicode keeps these apart, and in the name of a place they are the same one. `嶋` isn't
/// among them: 鹿嶋市 and 鹿島市 are two cities.
pub(crate) const fn without_variants(character: char) -> char {
    match character {
        // Read `ga` or `ka` within names, and written as each likes.
        'ヵ' | 'ヶ' => 'ケ',
        // The city itself takes either: 塩竈市, 塩釜市.
        '竃' | '竈' => '釜',
        // Older and newer forms.
        '來' => '来',
        '俱' => '倶',
        '冨' => '富',
        '國' => '国',
        '壹' => '壱',
        '壽' => '寿',
        '寶' => '宝',
        '峯' => '峰',
        '嵜' | '﨑' => '崎',
        '廣' => '広',
        '彌' => '弥',
        '德' => '徳',
        '惠' => '恵',
        '曾' => '曽',
        '會' => '会',
        '條' => '条',
        '榮' => '栄',
        '檜' => '桧',
        '檮' => '梼',
        '櫻' => '桜',
        '澤' => '沢',
        '濱' | '濵' => '浜',
        '瀧' => '滝',
        '瀨' => '瀬',
        '眞' => '真',
        '礪' => '砺',
        '繩' => '縄',
        '與' => '与',
        '舘' => '館',
        '莊' => '荘',
        '萬' => '万',
        '蘆' => '芦',
        '諫' => '諌',
        '豐' => '豊',
        '邉' | '邊' => '辺',
        '靜' => '静',
        '驒' => '騨',
        '髙' => '高',
        '鰺' => '鯵',
        '鹽' => '塩',
        '龍' => '竜',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(text: &str) -> String {
        folded(text.chars()).collect()
    }

    #[test]
    fn what_is_written_in_several_ways_becomes_one() {
        for (written, form) in [
            // A variation selector of Unicode's own, and two of the registers of ideographs.
            ("神\u{FE00}奈川", "神奈川"),
            ("葛\u{E0100}飾", "葛飾"),
            ("葛\u{E0101}飾", "葛飾"),
            // Compatibility ideographs.
            ("\u{FA19}奈川", "神奈川"),
            ("東京\u{FA26}", "東京都"),
            ("\u{FA1B}岡", "福岡"),
            ("宝\u{FA10}", "宝塚"),
            // That block has some that Unicode doesn't call compatible.
            ("長\u{FA11}", "長崎"),
            // Half the width, and two characters for one.
            ("ﾆｾｺ", "ニセコ"),
            ("つか\u{3099}る", "つがる"),
            ("茅ヶ崎", "茅ケ崎"),
            ("横\u{200B}浜", "横浜"),
        ] {
            assert_eq!(fold(written), form, "{written:?}");
        }
    }

    #[test]
    fn what_distinguishes_two_cities_stays() {
        assert_ne!(fold("鹿嶋市"), fold("鹿島市"));
    }

    #[test]
    fn what_was_folded_is_folded() {
        let all = '\0'..=char::MAX;
        let variants = all.filter(|character| without_variants(*character) != *character);
        let mut count = 0;
        for variant in variants {
            let form = without_variants(variant).to_string();
            assert_eq!(fold(&variant.to_string()), form);
            assert_eq!(fold(&form), form);
            count += 1;
        }
        assert_eq!(count, 48);
    }
}
