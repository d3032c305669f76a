//! The languages of this project's pages and of its command, and which of them a browser prefers.

/// A language.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Language {
    /// 日本語
    Japanese,
    /// English
    English,
}

/// How many of a header's language ranges are looked at: browsers send a handful.
const MOST_RANGES: usize = 32;

impl Language {
    /// The language with the higher weight in `Accept-Language` (RFC 9110 §12.5.4); of equal
    /// weights, the first. `None` if the header accepts neither language: it doesn't name them, or
    /// only with a weight of 0 or an invalid weight.
    #[must_use]
    pub fn preferred(accept_language: &str) -> Option<Self> {
        let mut best = (None, 0.0);
        for range in accept_language.split(',').take(MOST_RANGES) {
            let (tag, parameter) = match range.split_once(';') {
                Some((tag, parameter)) => (tag, Some(parameter)),
                None => (range, None),
            };
            let weight = parameter.map_or(Some(1.0), weight).unwrap_or(0.0);
            let primary = tag.trim().split('-').next().unwrap_or_default();
            if let Some(language) = Self::from_code(primary)
                && weight > best.1
            {
                best = (Some(language), weight);
            }
        }
        best.0
    }

    /// The language of a code: `ja` or `en`.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        if code.eq_ignore_ascii_case("ja") {
            Some(Self::Japanese)
        } else if code.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }

    /// The code, as in the attribute `lang`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Japanese => "ja",
            Self::English => "en",
        }
    }

    /// Of the two texts, the one in this language.
    #[must_use]
    pub const fn say<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Japanese => ja,
            Self::English => en,
        }
    }

    /// The other language.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Japanese => Self::English,
            Self::English => Self::Japanese,
        }
    }
}

/// The weight of a language range: `q=`, in upper or lower case, and a number from 0 to 1 (RFC 9110
/// §12.4.2).
fn weight(parameter: &str) -> Option<f32> {
    let (name, value) = parameter.trim().split_once('=')?;
    let weight = value.parse().ok()?;
    (name.eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&weight)).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_weight_is_preferred_and_the_first_of_equals() {
        for (header, expected) in [
            ("en", Some(Language::English)),
            ("ja, en;q=0.8", Some(Language::Japanese)),
            ("en-US,en;q=0.9,ja;q=0.8", Some(Language::English)),
            ("en;q=0.1, JA-jp;q=0.2", Some(Language::Japanese)),
            ("en;q=0.5,ja;Q=0.6", Some(Language::Japanese)),
            ("en\t;\tq=0.2 , ja;q=0.1", Some(Language::English)),
            ("ja;q=0.5,en;q=0.5", Some(Language::Japanese)),
            ("en;q=0.5,ja;q=0.5", Some(Language::English)),
            (",, en ,", Some(Language::English)),
        ] {
            assert_eq!(Language::preferred(header), expected, "{header}");
        }
    }

    #[test]
    fn what_is_not_acceptable_or_has_no_weight_is_not_preferred() {
        for header in [
            "",
            "fr, de;q=0.5",
            "*",
            "english",
            "en;q=0",
            "en;q=0.000",
            "en;q=x",
            "en;q=",
            "en;q",
            "en;",
            "en;q=-1",
            "en;q=2",
            "en;q=nan",
            "en;q=inf",
            "en;x=1",
        ] {
            assert_eq!(Language::preferred(header), None, "{header}");
            let japanese = format!("{header},ja;q=0.1");
            assert_eq!(Language::preferred(&japanese), Some(Language::Japanese));
        }
    }

    /// Weights that aren't numbers have no order: a sort by them may panic.
    #[test]
    fn many_weights_that_are_no_numbers_are_harmless() {
        let ranges: Vec<_> = (0..60)
            .map(|number| match number * 7 % 3 {
                0 => "en;q=nan".to_owned(),
                _ => format!("fr;q=0.{}", number * 37 % 100),
            })
            .collect();
        assert_eq!(Language::preferred(&ranges.join(",")), None);
    }

    #[test]
    fn no_more_ranges_are_looked_at_than_a_browser_sends() {
        let header = "fr,".repeat(MOST_RANGES - 1);
        assert_eq!(
            Language::preferred(&(header.clone() + "en")),
            Some(Language::English)
        );
        assert_eq!(Language::preferred(&(header + "fr,en")), None);
    }

    #[test]
    fn a_code_is_that_of_its_language() {
        for language in [Language::Japanese, Language::English] {
            assert_eq!(Language::from_code(language.code()), Some(language));
            assert_eq!(language.other().other(), language);
            assert_eq!(language.say("ja", "en"), language.code());
        }
        assert_eq!(Language::from_code("fr"), None);
    }
}
