//! The prefectures (都道府県) of Japan.
//! `Prefecture::of` in `municipality.rs` finds the one that an address lies in. Most addresses
//! begin with it. If it is left out, the municipality tells which it is. If neither is certain, the
//! answer is `None`: a wrong prefecture is worse than no prefecture.

/// Makes the enum and its tables from one list, so that they can't disagree.
macro_rules! prefectures {
    ($($variant:ident = $code:literal $japanese_name:literal,)*) => {
        /// One of the 47 prefectures (JIS X 0401).
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Prefecture {
            $(
                #[doc = $japanese_name]
                $variant = $code,
            )*
        }

        impl Prefecture {
            /// All 47, in the order of their codes.
            pub const ALL: [Self; 47] = [$(Self::$variant),*];

            /// The code of JIS X 0401, 1 to 47. It is written with two digits there.
            #[must_use]
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The whole name in Japanese, for example `神奈川県`.
            #[must_use]
            pub const fn japanese_name(self) -> &'static str {
                match self {
                    $(Self::$variant => $japanese_name,)*
                }
            }

            /// The name in Latin letters, without long vowels and without 都, 府 and 県, for
            /// example `Kanagawa`.
            #[must_use]
            pub const fn romanised_name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }
        }
    };
}

prefectures! {
    Hokkaido = 1 "北海道",
    Aomori = 2 "青森県",
    Iwate = 3 "岩手県",
    Miyagi = 4 "宮城県",
    Akita = 5 "秋田県",
    Yamagata = 6 "山形県",
    Fukushima = 7 "福島県",
    Ibaraki = 8 "茨城県",
    Tochigi = 9 "栃木県",
    Gunma = 10 "群馬県",
    Saitama = 11 "埼玉県",
    Chiba = 12 "千葉県",
    Tokyo = 13 "東京都",
    Kanagawa = 14 "神奈川県",
    Niigata = 15 "新潟県",
    Toyama = 16 "富山県",
    Ishikawa = 17 "石川県",
    Fukui = 18 "福井県",
    Yamanashi = 19 "山梨県",
    Nagano = 20 "長野県",
    Gifu = 21 "岐阜県",
    Shizuoka = 22 "静岡県",
    Aichi = 23 "愛知県",
    Mie = 24 "三重県",
    Shiga = 25 "滋賀県",
    Kyoto = 26 "京都府",
    Osaka = 27 "大阪府",
    Hyogo = 28 "兵庫県",
    Nara = 29 "奈良県",
    Wakayama = 30 "和歌山県",
    Tottori = 31 "鳥取県",
    Shimane = 32 "島根県",
    Okayama = 33 "岡山県",
    Hiroshima = 34 "広島県",
    Yamaguchi = 35 "山口県",
    Tokushima = 36 "徳島県",
    Kagawa = 37 "香川県",
    Ehime = 38 "愛媛県",
    Kochi = 39 "高知県",
    Fukuoka = 40 "福岡県",
    Saga = 41 "佐賀県",
    Nagasaki = 42 "長崎県",
    Kumamoto = 43 "熊本県",
    Oita = 44 "大分県",
    Miyazaki = 45 "宮崎県",
    Kagoshima = 46 "鹿児島県",
    Okinawa = 47 "沖縄県",
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn of(address: &str) -> Option<Prefecture> {
        Prefecture::of(&address.parse().unwrap())
    }

    #[test]
    fn the_codes_are_those_of_the_standard() {
        assert!(Prefecture::ALL.into_iter().map(Prefecture::code).eq(1..=47));
        for (prefecture, code) in [
            (Prefecture::Hokkaido, 1),
            (Prefecture::Tokyo, 13),
            (Prefecture::Kanagawa, 14),
            (Prefecture::Aichi, 23),
            (Prefecture::Osaka, 27),
            (Prefecture::Fukuoka, 40),
            (Prefecture::Okinawa, 47),
        ] {
            assert_eq!(prefecture.code(), code);
        }
    }

    #[test]
    fn the_names_are_47_and_different() {
        let japanese: HashSet<_> = Prefecture::ALL.map(Prefecture::japanese_name).into();
        let romanised: HashSet<_> = Prefecture::ALL.map(Prefecture::romanised_name).into();
        assert_eq!((japanese.len(), romanised.len()), (47, 47));
        assert_eq!(Prefecture::Hyogo.japanese_name(), "兵庫県");
        assert_eq!(Prefecture::Hyogo.romanised_name(), "Hyogo");
    }

    #[test]
    fn there_is_one_to_one_do_two_fu_and_43_ken() {
        let ending = |suffix: char| {
            Prefecture::ALL
                .iter()
                .filter(|one| one.japanese_name().ends_with(suffix))
                .count()
        };
        assert_eq!(['都', '道', '府', '県'].map(ending), [1, 1, 2, 43]);
    }

    #[test]
    fn an_address_that_begins_with_a_prefecture_lies_in_it() {
        for prefecture in Prefecture::ALL {
            assert_eq!(
                of(&format!("{}府中市", prefecture.japanese_name())),
                Some(prefecture)
            );
        }
    }

    #[test]
    fn the_prefecture_counts_before_the_city() {
        assert_eq!(
            of("東京都府中市宮西町２丁目２４番地"),
            Some(Prefecture::Tokyo)
        );
        assert_eq!(of("広島県府中市府川町３１５"), Some(Prefecture::Hiroshima));
        assert_eq!(
            of("北海道伊達市鹿島町２０番地１"),
            Some(Prefecture::Hokkaido)
        );
        assert_eq!(
            of("福島県伊達市保原町字舟橋１８０番地"),
            Some(Prefecture::Fukushima)
        );
        assert_eq!(
            of("北海道北広島市中央４丁目２番地１"),
            Some(Prefecture::Hokkaido)
        );
    }

    #[test]
    fn a_designated_city_tells_its_prefecture() {
        for (address, prefecture) in [
            ("札幌市中央区北１条西２丁目", Prefecture::Hokkaido),
            ("仙台市青葉区国分町３丁目７番１号", Prefecture::Miyagi),
            ("さいたま市浦和区常盤６丁目４番４号", Prefecture::Saitama),
            ("千葉市中央区千葉港１番１号", Prefecture::Chiba),
            ("横浜市中区本町６丁目５０番地の１０", Prefecture::Kanagawa),
            ("川崎市川崎区宮本町１番地", Prefecture::Kanagawa),
            ("相模原市中央区中央２丁目１１番１５号", Prefecture::Kanagawa),
            (
                "新潟市中央区学校町通１番町６０２番地１",
                Prefecture::Niigata,
            ),
            ("静岡市葵区追手町５番１号", Prefecture::Shizuoka),
            ("浜松市中央区元城町１０３番地の２", Prefecture::Shizuoka),
            ("名古屋市中区三の丸３丁目１番１号", Prefecture::Aichi),
            (
                "京都市中京区寺町通御池上る上本能寺前町４８８番地",
                Prefecture::Kyoto,
            ),
            ("大阪市北区中之島１丁目３番２０号", Prefecture::Osaka),
            ("堺市堺区南瓦町３番１号", Prefecture::Osaka),
            ("神戸市中央区加納町６丁目５番１号", Prefecture::Hyogo),
            ("岡山市北区大供１丁目１番１号", Prefecture::Okayama),
            ("広島市中区国泰寺町１丁目６番３４号", Prefecture::Hiroshima),
            ("北九州市小倉北区城内１番１号", Prefecture::Fukuoka),
            ("福岡市中央区天神１丁目８番１号", Prefecture::Fukuoka),
            ("熊本市中央区手取本町１番１号", Prefecture::Kumamoto),
        ] {
            assert_eq!(of(address), Some(prefecture), "{address}");
        }
    }

    #[test]
    fn a_capital_named_like_its_prefecture_tells_it() {
        let capitals = [
            "青森",
            "秋田",
            "山形",
            "福島",
            "千葉",
            "新潟",
            "富山",
            "福井",
            "長野",
            "岐阜",
            "静岡",
            "京都",
            "大阪",
            "奈良",
            "和歌山",
            "鳥取",
            "岡山",
            "広島",
            "山口",
            "徳島",
            "高知",
            "福岡",
            "佐賀",
            "長崎",
            "熊本",
            "大分",
            "宮崎",
            "鹿児島",
        ];
        for capital in capitals {
            let prefecture = of(&format!("{capital}市中央１丁目１番１号")).unwrap();
            let name = prefecture.japanese_name();
            assert_eq!(name.trim_end_matches(['府', '県']), capital);
        }
    }

    #[test]
    fn any_municipality_tells_its_prefecture_if_it_has_its_name_alone() {
        for (address, prefecture) in [
            ("千代田区永田町１丁目７番１号", Prefecture::Tokyo),
            ("東広島市西条栄町８番２９号", Prefecture::Hiroshima),
            ("北広島市中央４丁目２番地１", Prefecture::Hokkaido),
            ("大阪狭山市狭山１丁目２３８４番地の１", Prefecture::Osaka),
            ("河内長野市原町１丁目１番１号", Prefecture::Osaka),
            ("盛岡市内丸１２番２号", Prefecture::Iwate),
            ("栃木市万町９番２５号", Prefecture::Tochigi),
            ("松前郡福島町字福島８２０番地", Prefecture::Hokkaido),
        ] {
            assert_eq!(of(address), Some(prefecture), "{address}");
        }
    }

    #[test]
    fn the_prefecture_that_is_written_stays_whatever_follows() {
        for rest in [
            "",
            "横浜市中区",
            "福島町",
            "福島県",
            "1600 Pennsylvania Avenue",
        ] {
            assert_eq!(of(&format!("東京都{rest}")), Some(Prefecture::Tokyo));
        }
    }

    #[test]
    fn white_space_before_the_address_does_not_count() {
        assert_eq!(
            of("　京都府宇治市宇治琵琶３３番地"),
            Some(Prefecture::Kyoto)
        );
        assert_eq!(of(" 横浜市中区"), Some(Prefecture::Kanagawa));
    }

    #[test]
    fn what_is_not_certain_is_none() {
        for address in [
            "府中市宮西町２丁目２４番地",     // in Tokyo and in Hiroshima
            "伊達市鹿島町２０番地１",         // in Hokkaido and in Fukushima
            "北区王子本町１丁目１５番２２号", // in Tokyo and in ten designated cities
            "福島町福島８２０番地",           // without its county
            "横浜",
            "山口町１番地",
            "堺町１番地",
            "福島区大開１丁目８番１号", // a ward of Osaka
            "京都",
            "京都御苑３番",
            "神奈川区広台太田町３番地８", // a ward of Yokohama
            "千葉",
            "1600 Pennsylvania Avenue",
            "Yokohama-shi Naka-ku",
            "住所：東京都千代田区",
        ] {
            assert_eq!(of(address), None, "{address}");
        }
    }
}
