//! The language of the command's output: Japanese, or English if the terminal's locale is an
//! English one. The terms of the specifications aren't translated.

use std::ffi::OsString;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use loopback::pages::Language;

use crate::words::both;

/// The option that chooses the language.
const OPTION: &str = "--language";

/// The language in which to answer these arguments: the one that `--language` names, wherever it
/// stands, else that of the locale. The help and what is wrong with an argument are told in it, so
/// it is looked for before the arguments are read.
#[must_use]
pub(crate) fn chosen(
    arguments: &[OsString],
    variable: impl Fn(&str) -> Option<String>,
) -> Language {
    let arguments = arguments.iter().map(|one| one.to_str().unwrap_or_default());
    let mut arguments = arguments.take_while(|one| *one != "--").peekable();
    let mut chosen = None;
    while let Some(argument) = arguments.next() {
        let code = match argument.strip_prefix(OPTION) {
            Some("") => arguments.peek().copied(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        chosen = chosen.or_else(|| code.and_then(Language::from_code));
    }
    chosen.unwrap_or_else(|| of_locale(variable))
}

/// The language of the locale. `variable` reads an environment variable; the first one that is set
/// counts (POSIX: `LC_ALL`, `LC_MESSAGES`, `LANG`).
#[must_use]
fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Language {
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
        (Language::Japanese, both!("日本語", "Japanese")),
        (Language::English, both!("英語", "English")),
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
    fn the_option_chooses_wherever_it_stands_and_else_the_locale() {
        let of = |arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
            chosen(&arguments, |name| {
                (name == "LANG").then(|| "ja_JP.UTF-8".to_owned())
            })
        };
        for english in [
            &["--language", "en", "demo"][..],
            &["demo", "--help", "--language=en"],
            &["demo", "--no-such", "--language", "en", "x"],
        ] {
            assert_eq!(of(english), Language::English, "{english:?}");
        }
        for japanese in [
            &["demo"][..],
            &["--language"],
            &["--language", "fr"],
            &["--language", "ja"],
            &["--languages", "en"],
            &["demo", "--", "--language", "en"],
        ] {
            assert_eq!(of(japanese), Language::Japanese, "{japanese:?}");
        }
    }

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
