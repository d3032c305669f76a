//! What is wrong with a command line, in sentences of our own: clap's are English only. They follow
//! from the kind of clap's error, and from the words that clap gives with it.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use cli::expected::Expected;
use loopback::pages::Language;

use crate::printable::printable;
use crate::unknown::{did_you_mean, nearest};

/// The most values that are listed. Of more, the nearest is enough.
const MOST_VALUES: usize = 16;

/// The sentence, and what helps.
pub(crate) fn told(error: &clap::Error, language: Language) -> (String, Vec<String>) {
    let text = sentence(error, language);
    let mut hints = Vec::new();
    for kind in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg] {
        // The first one is the nearest.
        if let Some(name) = words(error, kind).into_iter().next() {
            hints.push(did_you_mean(&name, language));
        }
    }
    let known = words(error, ContextKind::ValidValue);
    let wrong = words(error, ContextKind::InvalidValue).concat();
    if let Some(name) = nearest(&wrong, known.iter().map(String::as_str)) {
        hints.push(did_you_mean(&name, language));
    }
    let expected = error
        .source()
        .and_then(|source| source.downcast_ref::<Expected>());
    if let Some(Expected { ja, en }) = expected {
        hints.push(format!(
            "{}{}",
            language.say("使えるもの：", "it takes: "),
            language.say(ja, en)
        ));
    }
    if (1..=MOST_VALUES).contains(&known.len()) {
        let there_are = language.say("使えるもの：", "there are: ");
        let known = known.join(language.say("、", ", "));
        hints.push(format!("{there_are}{known}"));
    }
    if let Some(usage) = usage(error) {
        hints.push(format!(
            "{}{usage}",
            language.say("書き方は ", "the form is ")
        ));
    } else if hints.is_empty() {
        let help = language.say("--help に説明があります", "--help says more");
        hints.push(help.to_owned());
    }
    (text, hints)
}

fn sentence(error: &clap::Error, language: Language) -> String {
    let one = |kind| words(error, kind).into_iter().next().unwrap_or_default();
    let arg = one(ContextKind::InvalidArg);
    let value = one(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => match language {
            Language::Japanese => format!("{arg} という引数はありません"),
            Language::English => format!("there is no argument {arg}"),
        },
        ErrorKind::InvalidSubcommand => {
            let command = one(ContextKind::InvalidSubcommand);
            match language {
                Language::Japanese => format!("{command} というコマンドはありません"),
                Language::English => format!("there is no command {command}"),
            }
        }
        ErrorKind::MissingSubcommand => match language {
            Language::Japanese => "コマンドがありません".to_owned(),
            Language::English => "a command is missing".to_owned(),
        },
        ErrorKind::InvalidValue | ErrorKind::NoEquals if value.is_empty() => match language {
            Language::Japanese => format!("{arg} には値が必要です"),
            Language::English => format!("{arg} needs a value"),
        },
        ErrorKind::TooManyValues => match language {
            Language::Japanese => format!("{arg} に値 {value} は付けられません"),
            Language::English => format!("{arg} takes no value {value}"),
        },
        ErrorKind::InvalidValue
        | ErrorKind::ValueValidation
        | ErrorKind::NoEquals
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues => match language {
            Language::Japanese => format!("{arg} に {value} は指定できません"),
            Language::English => format!("{arg} can't be {value}"),
        },
        ErrorKind::ArgumentConflict => {
            let others = words(error, ContextKind::PriorArg);
            let others = others.join(language.say("、", ", "));
            match language {
                Language::Japanese if others == arg => format!("{arg} は1回だけ指定できます"),
                Language::English if others == arg => format!("{arg} can be given only once"),
                Language::Japanese => format!("{arg} は {others} と一緒には指定できません"),
                Language::English => format!("{arg} can't be given together with {others}"),
            }
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = words(error, ContextKind::InvalidArg);
            let missing = missing.join(language.say("、", ", "));
            match language {
                Language::Japanese => format!("{missing} が必要です"),
                Language::English => format!("{missing} is needed"),
            }
        }
        ErrorKind::InvalidUtf8 => match language {
            Language::Japanese => "UTF-8 でない引数があります".to_owned(),
            Language::English => "an argument isn't UTF-8".to_owned(),
        },
        _ => match language {
            Language::Japanese => format!("コマンドの指定が正しくありません：{error}"),
            Language::English => format!("the command line is wrong: {error}"),
        },
    }
}

/// The words that clap gives, in a form that can be printed.
fn words(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(one)) => vec![printable(one)],
        Some(ContextValue::Strings(all)) => all.iter().map(|one| printable(one)).collect(),
        _ => Vec::new(),
    }
}

/// How the command is used, without clap's heading.
fn usage(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else {
        return None;
    };
    let usage = usage.to_string();
    let (_, usage) = usage.split_once(": ")?;
    let words: Vec<&str> = usage.split_whitespace().collect();
    // It is in every command's, and says nothing about this one.
    Some(words.join(" ").replace(" --language <LANGUAGE>", ""))
}
