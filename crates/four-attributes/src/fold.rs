//! Folding: gives characters that can be written in several forms one form, so that the name of a
//! place is found however it is written. A register may mark the exact shape of a character with a
//! variation selector, or have a code point of its own for it.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// Folds characters: removes those that show nothing (variation selectors among them), composes by
/// NFKC (UAX #15), which also replaces compatibility ideographs, and applies [`without_variants`].
/// The iterator is lazy: it reads no further than it is asked for, except for the marks that belong
/// to a character.
pub(crate) fn folded(characters: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let shown = characters.filter(move |character| !ignorable.contains(*character));
    ComposingNormalizerBorrowed::new_nfkc()
        .normalize_iter(shown)
        .map(without_variants)
}

/// A character in its folded form. Unicode tells these characters apart, but they mean the same in
/// the name of a place. `嶋` isn't among them: 鹿嶋市 and 鹿島市 are two cities.
pub(crate) const fn without_variants(character: char) -> char {
    match character {
        // Read `ga` or `ka` within names, and written in any of these forms. No municipality of the
        // table writes the sound in hiragana (`が`).
        'ヵ' | 'ヶ' => 'ケ',
        // The city itself accepts both: 塩竈市, 塩釜市.
        '竃' | '竈' => '釜',
        // Older and newer forms of the characters in the table, and shapes that registers write.
        '來' => '来',
        '俱' => '倶',
        '值' => '値',
        '兒' => '児',
        '內' => '内',
        '冨' => '富',
        '劍' | '劔' | '釼' => '剣',
        '區' => '区',
        '卷' => '巻',
        '吳' => '呉',
        '國' => '国',
        '圡' => '土',
        '埜' => '野',
        '增' => '増',
        '壯' => '壮',
        '壹' => '壱',
        '壽' => '寿',
        '奧' => '奥',
        '姬' => '姫',
        '寢' => '寝',
        '寳' | '寶' => '宝',
        '對' => '対',
        '屬' => '属',
        '峯' => '峰',
        '嵜' | '﨑' => '崎',
        '巢' => '巣',
        '帶' => '帯',
        '廣' => '広',
        '彌' => '弥',
        '彥' => '彦',
        '德' => '徳',
        '惠' => '恵',
        '戀' => '恋',
        '戶' => '戸',
        '拂' => '払',
        '攝' => '摂',
        '曵' => '曳',
        '曾' => '曽',
        '會' => '会',
        '杤' => '栃',
        '栁' => '柳',
        '桒' => '桑',
        '條' => '条',
        '榮' => '栄',
        '槗' => '橋',
        '樂' => '楽',
        '樣' => '様',
        '橫' => '横',
        '檜' => '桧',
        '檢' => '検',
        '檮' => '梼',
        '櫻' => '桜',
        '歸' => '帰',
        '氣' => '気',
        '淸' => '清',
        '淺' => '浅',
        '渊' | '渕' => '淵',
        '溫' => '温',
        '滿' => '満',
        '澁' => '渋',
        '澤' => '沢',
        '濱' | '濵' => '浜',
        '瀧' => '滝',
        '瀨' => '瀬',
        '灣' => '湾',
        '燒' => '焼',
        '狹' => '狭',
        '產' => '産',
        '當' => '当',
        '發' => '発',
        '眞' => '真',
        '礪' => '砺',
        '禮' => '礼',
        '禰' => '祢',
        '稻' => '稲',
        '穗' => '穂',
        '竝' => '並',
        '篭' => '籠',
        '絲' => '糸',
        '縣' => '県',
        '總' => '総',
        '繩' => '縄',
        '羣' => '群',
        '膽' => '胆',
        '臺' => '台',
        '與' => '与',
        '舍' => '舎',
        '舘' => '館',
        '舩' => '船',
        '莊' => '荘',
        '萠' => '萌',
        '萬' => '万',
        '藏' => '蔵',
        '藝' => '芸',
        '蘆' => '芦',
        '觀' => '観',
        '諫' => '諌',
        '讀' => '読',
        '豐' => '豊',
        '豫' => '予',
        '豬' => '猪',
        '賣' => '売',
        '輕' => '軽',
        '辨' => '弁',
        '逹' => '達',
        '邉' | '邊' => '辺',
        '郞' => '郎',
        '鄉' | '鄕' => '郷',
        '關' => '関',
        '隱' => '隠',
        '雙' => '双',
        '霸' => '覇',
        '靍' | '靏' | '鸖' => '鶴',
        '靑' => '青',
        '靜' => '静',
        '餘' => '余',
        '驒' => '騨',
        '髙' => '高',
        '鰺' => '鯵',
        '鹽' => '塩',
        '黑' => '黒',
        '龍' => '竜',
        '龜' => '亀',
        '𠮷' => '吉',
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
            // A standardized variation selector, and two of the Ideographic Variation Database.
            ("神\u{FE00}奈川", "神奈川"),
            ("葛\u{E0100}飾", "葛飾"),
            ("葛\u{E0101}飾", "葛飾"),
            // Compatibility ideographs.
            ("\u{FA19}奈川", "神奈川"),
            ("東京\u{FA26}", "東京都"),
            ("\u{FA1B}岡", "福岡"),
            ("宝\u{FA10}", "宝塚"),
            // U+FA11 is in the same block, but has no compatibility mapping.
            ("長\u{FA11}", "長崎"),
            // Half-width characters, a combining mark, a small kana and a zero-width space.
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
        assert_eq!(count, 138);
    }
}
