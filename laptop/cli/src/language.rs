//! In which language the command speaks: Japanese, or English where the terminal's locale is an English one.
//! The words of the protocol stay what they are in the specifications.

use clap::ValueEnum;

/// A language.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    /// 日本語
    Ja,
    /// English
    En,
}

impl Language {
    /// The language of the locale that these variables name, the first that is set (POSIX: `LC_ALL`, `LC_MESSAGES`, `LANG`).
    #[must_use]
    pub(crate) fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .find_map(|name| variable(name).filter(|value| !value.is_empty()));
        match locale {
            Some(locale) if locale.starts_with("en") => Self::En,
            _ => Self::Ja,
        }
    }

    /// The text of this language.
    #[must_use]
    pub(crate) fn say<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_english_locale_speaks_english_and_every_other_japanese() {
        let of = |name: &'static str, value: &'static str| {
            Language::of_locale(|asked| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(of("LANG", "en_US.UTF-8"), Language::En);
        assert_eq!(of("LC_ALL", "ja_JP.UTF-8"), Language::Ja);
        assert_eq!(of("LANG", "C.UTF-8"), Language::Ja);
        assert_eq!(of("OTHER", "en"), Language::Ja);
    }
}
