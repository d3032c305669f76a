//! The language of the command's output: Japanese, or English if the terminal's locale is an
//! English one. The terms of the specifications aren't translated.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use loopback::pages::Language;

/// The language of the locale. `variable` reads an environment variable; the first one that is set
/// counts (POSIX: `LC_ALL`, `LC_MESSAGES`, `LANG`).
#[must_use]
pub(crate) fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()));
    match locale {
        Some(locale) if locale.starts_with("en") => Language::English,
        _ => Language::Japanese,
    }
}

/// Reads the code of a language.
pub(crate) fn parser() -> impl TypedValueParser<Value = Language> {
    let codes = [
        (Language::Japanese, "日本語"),
        (Language::English, "English"),
    ];
    let codes = codes.map(|(language, name)| PossibleValue::new(language.code()).help(name));
    // The parser takes no other codes.
    PossibleValuesParser::new(codes)
        .map(|code| Language::from_code(&code).unwrap_or(Language::Japanese))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_english_locale_speaks_english_and_every_other_japanese() {
        let of = |name: &'static str, value: &'static str| {
            of_locale(|asked| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(of("LANG", "en_US.UTF-8"), Language::English);
        assert_eq!(of("LC_ALL", "ja_JP.UTF-8"), Language::Japanese);
        assert_eq!(of("LANG", "C.UTF-8"), Language::Japanese);
        assert_eq!(of("OTHER", "en"), Language::Japanese);
    }
}
