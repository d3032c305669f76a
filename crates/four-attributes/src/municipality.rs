//! The municipality (市区町村) that an address lies in, from a table of all of them:
//! `data/municipalities.tsv`.
//! An address begins with its prefecture and its municipality, or leaves out the prefecture. Only
//! whole names count, and only at the very beginning. If the municipality isn't certain, the answer
//! is `None`.

use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use zeroize::Zeroizing;

use crate::address::Address;
use crate::fold::{folded, without_variants};
use crate::prefecture::Prefecture;

/// All municipalities. `data/README.md` names their source and date.
const TABLE: &str = include_str!("../data/municipalities.tsv");

/// How many characters of an address can matter: the longest prefecture, and the longest name with
/// its county.
const LONGEST: usize = 14;

/// A municipality of Japan: a city, town or village, or one of the 23 special wards of Tokyo. A
/// ward of a designated city (`横浜市中区`) is a part of a municipality, and not one itself.
///
/// `Debug` doesn't show which one it is, because that says where somebody lives.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Municipality {
    code: &'static str,
    prefecture: Prefecture,
    county: &'static str,
    name: &'static str,
}

impl Municipality {
    /// The municipality that an address begins with, if that is certain.
    ///
    /// - After a prefecture, its name has to be one of that prefecture (`東京都府中市`). The name of a
    ///   municipality of another prefecture gives `None`.
    /// - Without a prefecture, its name has to be the only one in Japan: `府中市` is in Tokyo and in
    ///   Hiroshima, `北区` is also a ward of ten cities, and quarters of many cities are called
    ///   `大島町`.
    /// - A town or village that has a county (`松前郡福島町`) counts only if its county is written, too.
    /// - The island before a town and a village (`八丈島八丈町`, `三宅島三宅村`) may be written or left out.
    ///
    /// White space may stand before and between prefecture, county and name. Variation selectors,
    /// compatibility ideographs and the older forms of characters that are listed in `fold.rs`
    /// don't matter.
    #[must_use]
    pub fn of(address: &Address) -> Option<Self> {
        let beginning = Beginning::of(address);
        beginning.municipality(beginning.prefecture())
    }

    /// The code of JIS X 0402 in six digits: the prefecture's two, the municipality's three, and
    /// the check digit. As text, since it may begin with 0.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// The prefecture of the municipality.
    #[must_use]
    pub const fn prefecture(self) -> Prefecture {
        self.prefecture
    }

    /// Its own name, for example `横浜市` or `福島町`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The full name: the prefecture, the county of a town or village, and the name. For example
    /// `神奈川県横浜市` or `北海道松前郡福島町`.
    #[must_use]
    pub fn full_name(self) -> String {
        [self.prefecture.japanese_name(), self.county, self.name].concat()
    }
}

impl fmt::Debug for Municipality {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Municipality(…)")
    }
}

impl Prefecture {
    /// The prefecture that an address lies in: the one that it begins with, whatever follows, or
    /// else the one of the municipality that it begins with. White space before the address and
    /// variants of characters make no difference.
    ///
    /// `None` for every other address. Examples are `府中市`, which is in Tokyo and in Hiroshima, a
    /// ward without its city (`北区` is in Tokyo and in many designated cities), and a town without
    /// its county. `Municipality::of` has the rule.
    #[must_use]
    pub fn of(address: &Address) -> Option<Self> {
        let beginning = Beginning::of(address);
        let named = beginning.prefecture();
        named.or_else(|| Some(beginning.municipality(None)?.prefecture()))
    }
}

/// The beginning of an address, as far as it can matter, in the form in which names are compared.
struct Beginning {
    /// The text without white space. It is wiped from memory when dropped, like the address itself.
    text: Zeroizing<String>,
    /// The byte positions in the text before which there was white space.
    gaps: Vec<usize>,
}

impl Beginning {
    fn of(address: &Address) -> Self {
        // The string never outgrows this capacity, so no copy of it is left in memory.
        let mut text = Zeroizing::new(String::with_capacity(LONGEST * char::MAX.len_utf8()));
        let mut gaps = Vec::new();
        let characters =
            folded(address.expose().chars()).skip_while(|character| character.is_whitespace());
        let mut left = LONGEST;
        for character in characters {
            if character.is_whitespace() {
                gaps.push(text.len());
            } else if left == 0 {
                break;
            } else {
                text.push(character);
                left -= 1;
            }
        }
        Self { text, gaps }
    }

    /// The municipality after the prefecture `named`, if the address begins with one.
    fn municipality(&self, named: Option<Prefecture>) -> Option<Municipality> {
        let start = named.map_or(0, |prefecture| prefecture.japanese_name().len());
        let rest = self.text.get(start..)?;
        let (entry, row) = TABLES.entries_at(rest).find(|(_, row)| match named {
            Some(prefecture) => row.municipality.prefecture == prefecture,
            None => row.is_unique,
        })?;
        // White space may stand before and after the county or island, but neither within it nor
        // within the name.
        let name = start + entry.district_bytes;
        let is_whole = !self.has_gap_within(&(start..name))
            && !self.has_gap_within(&(name..start + entry.key.len()));
        is_whole.then_some(row.municipality)
    }

    fn prefecture(&self) -> Option<Prefecture> {
        Prefecture::ALL.into_iter().find(|one| {
            let name = one.japanese_name();
            self.text.starts_with(name) && !self.has_gap_within(&(0..name.len()))
        })
    }

    /// Whether there was white space within these bytes.
    fn has_gap_within(&self, bytes: &Range<usize>) -> bool {
        (self.gaps.iter()).any(|gap| bytes.start < *gap && *gap < bytes.end)
    }
}

/// The table in the form in which names are looked up.
struct Tables {
    rows: Vec<Row>,
    /// All names in the form in which they are compared, one after the other.
    keys: String,
    /// Sorted by their keys.
    entries: Vec<Entry>,
}

struct Row {
    municipality: Municipality,
    /// Whether its name can mean no other place of Japan.
    is_unique: bool,
}

/// One way to write a municipality without its prefecture.
struct Entry {
    /// The place of its key in `Tables::keys`.
    key: Range<usize>,
    /// How many bytes of the key are the county or the island.
    district_bytes: usize,
    /// The index of its row in `Tables::rows`.
    row: usize,
}

/// The table is read when the first address is looked up, so that no start waits for it. Reading
/// takes about a millisecond. In return, the file stays one that people can read and compare.
static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::read(TABLE));

impl Tables {
    fn read(table: &'static str) -> Self {
        let (mut rows, mut keys, mut entries) = (Vec::new(), String::new(), Vec::new());
        for line in table.lines().skip(1) {
            let mut columns = line.split('\t');
            let mut next = || columns.next();
            let (Some(code), Some(_), Some(district), Some(name), Some(unique)) =
                (next(), next(), next(), next(), next())
            else {
                continue;
            };
            let Some(prefecture) = prefecture_of(code) else {
                continue;
            };
            let county = if district.ends_with('郡') {
                district
            } else {
                ""
            };
            let start = keys.len();
            keys.extend(district.chars().map(without_variants));
            let own_start = keys.len();
            keys.extend(name.chars().map(without_variants));
            let row = rows.len();
            entries.push(Entry {
                key: start..keys.len(),
                district_bytes: own_start - start,
                row,
            });
            if county != district {
                entries.push(Entry {
                    key: own_start..keys.len(),
                    district_bytes: 0,
                    row,
                });
            }
            rows.push(Row {
                municipality: Municipality {
                    code,
                    prefecture,
                    county,
                    name,
                },
                is_unique: unique == "yes",
            });
        }
        entries.sort_unstable_by(|one, other| {
            keys.get(one.key.clone()).cmp(&keys.get(other.key.clone()))
        });
        Self {
            rows,
            keys,
            entries,
        }
    }

    /// Every entry whose key is a beginning of the text. No key is a beginning of another one, so
    /// these entries have the same key, and stand directly before the place where the text would be
    /// sorted in.
    fn entries_at<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'a Entry, &'a Row)> {
        let after = self
            .entries
            .partition_point(|entry| self.key(entry) <= text);
        let before = self.entries.get(..after).unwrap_or_default();
        let fitting =
            (before.iter().rev()).take_while(move |entry| text.starts_with(self.key(entry)));
        fitting.filter_map(|entry| Some((entry, self.rows.get(entry.row)?)))
    }

    fn key(&self, entry: &Entry) -> &str {
        self.keys.get(entry.key.clone()).unwrap_or_default()
    }
}

/// The prefecture of a municipality's code: its first two digits.
fn prefecture_of(code: &str) -> Option<Prefecture> {
    let number: usize = code.get(..2)?.parse().ok()?;
    Prefecture::ALL.get(number.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn of(address: &str) -> Option<Municipality> {
        Municipality::of(&address.parse().unwrap())
    }

    fn prefecture_of(address: &str) -> Option<Prefecture> {
        Prefecture::of(&address.parse().unwrap())
    }

    /// The code of the municipality, since the test has to show which one it is.
    fn code_of(address: &str) -> Option<&'static str> {
        of(address).map(Municipality::code)
    }

    fn fold(text: &str) -> String {
        folded(text.chars()).collect()
    }

    /// The rows as they stand in the file: code, prefecture, county or island, name, whether it is
    /// unique.
    fn table() -> Vec<[&'static str; 5]> {
        let rows = TABLE.lines().skip(1);
        rows.map(|row| Vec::from_iter(row.split('\t')).try_into().unwrap())
            .collect()
    }

    #[test]
    fn the_table_has_every_municipality_once_sorted_by_code() {
        assert_eq!(
            TABLE.lines().next(),
            Some("code\tprefecture\tdistrict\tname\tunique")
        );
        let codes: Vec<_> = table().iter().map(|row| row[0]).collect();
        assert_eq!(codes.len(), 1_741);
        assert!(codes.is_sorted_by(|one, next| one < next));
        assert_eq!(TABLES.rows.len(), codes.len());
        // Two municipalities have a second entry, without their island.
        assert_eq!(TABLES.entries.len(), codes.len() + 2);
    }

    #[test]
    fn a_code_has_its_prefecture_and_its_check_digit() {
        for [code, prefecture, _, name, _] in table() {
            let digits: Vec<u32> = code
                .chars()
                .map(|digit| digit.to_digit(10).unwrap())
                .collect();
            let [one, two, three, four, five, check] = digits[..] else {
                panic!("{code} has six digits");
            };
            let sum = 6 * one + 5 * two + 4 * three + 3 * four + 2 * five;
            assert_eq!(check, (11 - sum % 11) % 10, "{code}");
            let by_code = super::prefecture_of(code).unwrap();
            assert_eq!(by_code.japanese_name(), prefecture, "{name}");
        }
    }

    #[test]
    fn known_codes_are_those_of_the_standard() {
        for (address, code) in [
            ("北海道札幌市", "011002"),
            ("宮城県仙台市", "041009"),
            ("東京都千代田区", "131016"),
            ("神奈川県横浜市", "141003"),
            ("静岡県浜松市", "221309"),
            ("大阪府大阪市", "271004"),
            ("大阪府堺市", "271403"),
            ("沖縄県八重山郡与那国町", "473821"),
        ] {
            assert_eq!(code_of(address), Some(code), "{address}");
        }
    }

    /// Folding makes no two different names equal. And no name is the beginning of another one: the
    /// search relies on that.
    #[test]
    fn folded_names_are_unique_where_they_were_and_none_begins_another() {
        let written: BTreeSet<String> = table()
            .iter()
            .flat_map(|[_, _, district, name, _]| {
                let alone = (!district.ends_with('郡')).then(|| (*name).to_owned());
                alone.into_iter().chain([[*district, *name].concat()])
            })
            .collect();
        let keys: Vec<_> = TABLES
            .entries
            .iter()
            .map(|entry| TABLES.key(entry))
            .collect();
        assert!(keys.is_sorted());
        let different: BTreeSet<_> = keys.iter().copied().collect();
        assert_eq!(different.len(), written.len());
        let prefectures = Prefecture::ALL.map(Prefecture::japanese_name);
        let all: BTreeSet<_> = different.into_iter().chain(prefectures).collect();
        for (one, next) in all.iter().zip(all.iter().skip(1)) {
            assert!(!next.starts_with(one), "{one} begins {next}");
        }
    }

    /// The names of the table are folded without NFKC, and prefectures are not folded at all. Both
    /// must already have the form that complete folding gives them.
    #[test]
    fn the_table_needs_no_normalization_and_a_prefecture_is_written_as_it_is_compared() {
        for entry in &TABLES.entries {
            let key = TABLES.key(entry);
            assert_eq!(fold(key), key);
        }
        for [_, _, district, name, _] in table() {
            let written = [district, name].concat();
            let compared: String = written.chars().map(without_variants).collect();
            assert_eq!(fold(&written), compared);
        }
        for prefecture in Prefecture::ALL {
            let name = prefecture.japanese_name();
            assert_eq!(fold(name), name);
        }
    }

    /// Every folded form occurs in a name.
    #[test]
    fn every_variant_is_of_a_character_in_a_name() {
        let prefectures = Prefecture::ALL.map(Prefecture::japanese_name).concat();
        let variants = ('\0'..=char::MAX).filter(|one| without_variants(*one) != *one);
        for form in variants.map(without_variants) {
            assert!(
                TABLES.keys.contains(form) || prefectures.contains(form),
                "{form}"
            );
        }
    }

    #[test]
    fn the_longest_beginning_fits() {
        let prefectures = Prefecture::ALL.map(|one| one.japanese_name().chars().count());
        let keys = TABLES.entries.iter();
        let longest = keys.map(|entry| TABLES.key(entry).chars().count()).max();
        assert_eq!(
            prefectures.into_iter().max().unwrap() + longest.unwrap(),
            LONGEST
        );
    }

    #[test]
    fn names_that_several_places_have_are_marked() {
        let mut marked = BTreeMap::new();
        for [code, _, _, name, unique] in table() {
            match unique {
                "yes" => {}
                "no" => marked.entry(name).or_insert_with(Vec::new).push(code),
                other => panic!("{other}"),
            }
        }
        let expected = BTreeMap::from([
            ("伊達市", vec!["012335", "072133"]),
            ("府中市", vec!["132063", "342084"]),
            // Designated cities have wards of these names.
            ("中央区", vec!["131024"]),
            ("港区", vec!["131032"]),
            ("北区", vec!["131172"]),
            // Many cities have quarters of this name.
            ("大島町", vec!["133612"]),
        ]);
        assert_eq!(marked, expected);
    }

    #[test]
    fn every_municipality_is_found_with_its_prefecture() {
        for [code, prefecture, district, name, _] in table() {
            for rest in ["", "１丁目１番１号", "　中央１－１", "市", "郡", "中区"]
            {
                let address = format!("{prefecture}{district}{name}{rest}");
                let municipality = of(&address).unwrap();
                assert_eq!(municipality.code(), code, "{address}");
                assert_eq!(municipality.name(), name);
                assert_eq!(municipality.prefecture().japanese_name(), prefecture);
                assert_eq!(Some(municipality.prefecture()), prefecture_of(&address));
            }
        }
    }

    #[test]
    fn every_municipality_of_a_unique_name_is_found_without_its_prefecture_and_no_other() {
        let mut found = 0;
        for [code, prefecture, district, name, unique] in table() {
            let address = format!("{district}{name}１丁目１番１号");
            let expected = (unique == "yes").then_some(code);
            assert_eq!(code_of(&address), expected, "{address}");
            let by_name = prefecture_of(&address).map(Prefecture::japanese_name);
            assert_eq!(by_name, expected.map(|_| prefecture), "{address}");
            found += usize::from(expected.is_some());
        }
        assert_eq!(found, 1_733);
    }

    #[test]
    fn white_space_may_stand_before_and_between_the_parts() {
        for [code, prefecture, district, name, unique] in table() {
            for [before, space] in [["", "　"], ["　 ", " "], ["\u{2003}", " \u{FE00} 　"]] {
                let address =
                    format!("{before}{prefecture}{space}{district}{space}{name}{space}１");
                assert_eq!(code_of(&address), Some(code), "{address}");
                let address = format!("{before}{district}{space}{name}１");
                let expected = (unique == "yes").then_some(code);
                assert_eq!(code_of(&address), expected, "{address}");
            }
        }
    }

    #[test]
    fn white_space_within_a_name_hides_it() {
        for address in [
            "横 浜市中区",
            "神奈川県横浜　市",
            "松前 郡福島町",
            "松前郡福島 町",
            "松前 郡　福島町",
            "大和郡 山市北郡山町",
            "奈良県大和郡　山市",
        ] {
            assert_eq!(code_of(address), None, "{address}");
        }
        // 京都 isn't 京都府, and 府中市 is in two prefectures.
        assert_eq!(prefecture_of("京都 府中市"), None);
        assert_eq!(prefecture_of("東京 都府中市"), None);
    }

    #[test]
    fn a_designated_city_is_one_municipality_whatever_the_ward() {
        for (address, code) in [
            ("横浜市中区本町６丁目５０番地の１０", "141003"),
            ("神奈川県横浜市港北区", "141003"),
            ("大阪府大阪市中央区", "271004"),
            ("堺市北区", "271403"),
            ("静岡県浜松市中央区", "221309"),
            ("北九州市小倉北区", "401005"),
        ] {
            assert_eq!(code_of(address), Some(code), "{address}");
        }
        let yokohama = of("横浜市中区").unwrap();
        assert_eq!(yokohama.full_name(), "神奈川県横浜市");
    }

    #[test]
    fn a_town_counts_with_its_county_and_without_it_never() {
        let fukushima = of("北海道松前郡福島町字福島８２０番地").unwrap();
        assert_eq!(fukushima.full_name(), "北海道松前郡福島町");
        assert_eq!(fukushima.name(), "福島町");
        assert_eq!(of("松前郡福島町"), Some(fukushima));
        for [_, prefecture, district, name, _] in table() {
            if district.ends_with('郡') {
                assert_eq!(of(name), None, "{name}");
                assert_eq!(prefecture_of(name), None, "{name}");
                let address = format!("{prefecture}{name}");
                assert_eq!(of(&address), None, "{address}");
                assert!(prefecture_of(&address).is_some(), "{address}");
                assert_eq!(of(district), None, "{district}");
            }
        }
    }

    #[test]
    fn an_island_may_stand_before_its_town() {
        for (address, code) in [
            ("東京都八丈島八丈町大賀郷", "134015"),
            ("東京都八丈町大賀郷", "134015"),
            ("八丈島八丈町", "134015"),
            ("八丈町", "134015"),
            ("東京都三宅島三宅村", "133817"),
            ("三宅村", "133817"),
        ] {
            assert_eq!(code_of(address), Some(code), "{address}");
        }
        let hachijo = of("東京都八丈島八丈町").unwrap();
        assert_eq!(hachijo.full_name(), "東京都八丈町");
    }

    #[test]
    fn a_municipality_of_another_prefecture_than_the_one_that_is_written_is_none() {
        let rows = table();
        for (place, [_, _, district, name, _]) in rows.iter().enumerate() {
            // The prefecture of another row, far away in the table.
            let prefecture = rows[(place + rows.len() / 2) % rows.len()][1];
            let address = format!("{prefecture}{district}{name}");
            let lies_there = |row: &[&str; 5]| row[1] == prefecture && row[3] == *name;
            if !rows.iter().any(lies_there) {
                assert_eq!(of(&address), None, "{address}");
            }
            let written = prefecture_of(&address).map(Prefecture::japanese_name);
            assert_eq!(written, Some(prefecture), "{address}");
        }
        assert_eq!(code_of("東京都府中市"), Some("132063"));
        assert_eq!(code_of("広島県府中市"), Some("342084"));
        assert_eq!(code_of("神奈川県府中市"), None);
        assert_eq!(code_of("東京都北区王子本町"), Some("131172"));
        assert_eq!(code_of("大阪府北区"), None);
    }

    #[test]
    fn variants_of_characters_hide_no_name() {
        for (address, code) in [
            ("\u{FA19}奈川県横浜市", "141003"),
            ("東京\u{FA26}千代田区", "131016"),
            ("東京\u{FA26}\u{E0100}葛\u{E0101}飾区", "131229"),
            ("神\u{FE00}奈川県横\u{E0100}浜市\u{FE00}中区", "141003"),
            ("\u{FA1B}岡県\u{FA1B}岡市", "401307"),
            ("長﨑市", "422011"),
            ("髙知市", "392014"),
            ("兵庫県宝\u{FA10}市", "282146"),
            ("茅ケ崎市", "142077"),
            ("神奈川県茅ヵ崎市", "142077"),
            ("鎌ヶ谷市", "122246"),
            ("竜ヶ崎市", "082082"),
            ("塩釜市", "042030"),
            ("高岡郡梼原町", "394050"),
            ("福岡県糟屋郡須恵町", "403440"),
            ("西津軽郡鯵ヶ沢町", "023213"),
            ("諌早市", "422045"),
            ("東京都西多摩郡桧原村", "133078"),
            ("ﾆｾｺ町", ""),
            ("北海道虻田郡ﾆｾｺ町", "013951"),
            ("つか\u{3099}る市", "022098"),
            ("鹿嶋市", "082228"),
            ("鹿島市", "412074"),
        ] {
            let expected = Some(code).filter(|code| !code.is_empty());
            assert_eq!(code_of(address), expected, "{address}");
        }
    }

    /// A name is found even if a variation selector follows each of its characters. It is also
    /// found in its folded form.
    #[test]
    fn a_variation_selector_behind_any_character_hides_no_name() {
        for [code, prefecture, district, name, _] in table() {
            let marked: String = [prefecture, district, name]
                .iter()
                .flat_map(|part| part.chars())
                .flat_map(|character| [character, '\u{E0102}'])
                .collect();
            assert_eq!(code_of(&marked), Some(code), "{marked}");
            let compared = fold(&[prefecture, district, name].concat());
            assert_eq!(code_of(&compared), Some(code), "{compared}");
        }
    }

    #[test]
    fn what_is_not_certain_is_none() {
        for address in [
            "府中市宮西町２丁目２４番地",
            "伊達市鹿島町２０番地１",
            "中央区築地１丁目１番１号",
            "港区芝公園１丁目５番２５号",
            "北区王子本町１丁目１５番２２号",
            "中区本町６丁目", // a ward that several cities have, and no municipality
            "福島区大開１丁目８番１号",
            "横浜",
            "横浜の市",
            "東京都",
            "東京",
            "住所：東京都千代田区",
            "〒100-8914 東京都千代田区",
            "日本国東京都千代田区",
            "千代田",
            "東京都千代田",
            "東京都■田区",
            "Yokohama-shi Naka-ku",
            "市",
            "郡山",
            "赤穂郡",
        ] {
            assert_eq!(code_of(address), None, "{address}");
        }
    }

    #[test]
    fn what_is_shown_by_accident_says_nothing() {
        assert_eq!(format!("{:?}", of("横浜市")), "Some(Municipality(…))");
    }
}
