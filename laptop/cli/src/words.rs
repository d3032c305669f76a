//! The words of the command line in two languages. An argument, a value or a command says both of
//! its texts where it is declared, as one text ([`both!`]), because clap has only one. Before clap
//! reads the command line, each text is replaced by the one in the language that was chosen.

use clap::builder::{PossibleValue, PossibleValuesParser, Resettable, StyledStr};
use clap::{Arg, Command};
use function_kit::failure::Bilingual;
use loopback::pages::Language;

/// Both texts as one.
macro_rules! both {
    ($ja:literal, $en:literal $(,)?) => {
        concat!($ja, "\u{1e}", $en)
    };
}
pub(crate) use both;

/// What stands between both texts: the record separator, which no text has.
const BETWEEN: char = '\u{1e}';

/// clap's own words.
const HELP: &str = both!(
    "ヘルプを表示する（--help はくわしく）",
    "Print help (--help says more)"
);
const HELP_ONLY: &str = both!("ヘルプを表示する", "Print help");
const HELP_OF: &str = both!("コマンドのヘルプを表示する", "Print the help of a command");
const VERSION: &str = both!("バージョンを表示する", "Print the version");

/// Both texts as one, like [`both!`].
pub(crate) fn joined(ja: &str, en: &str) -> String {
    format!("{ja}{BETWEEN}{en}")
}

/// The text in this language.
pub(crate) fn said(text: &str, language: Language) -> &str {
    match text.split_once(BETWEEN) {
        Some((ja, en)) => language.say(ja, en),
        None => text,
    }
}

/// The text in this language, without Markdown.
pub(crate) fn said_plainly(text: Bilingual, language: Language) -> String {
    language.say(text.ja, text.en).replace('`', "")
}

/// The command line with words in this language. The values that an argument may have keep both
/// texts ([`with_said_values`]): their parser holds them.
pub(crate) fn in_language(command: Command, language: Language) -> Command {
    let mut command = command;
    // Adds clap's own arguments and commands.
    command.build();
    command_in(command, language)
}

/// The command line for those who only look at it: the values have words in this language, too. It
/// can't be used to read arguments, since all values are texts in it.
pub(crate) fn with_said_values(command: Command, language: Language) -> Command {
    command
        .mut_args(|arg| {
            let values = said_values(&arg, language);
            if values.is_empty() {
                arg
            } else {
                arg.value_parser(PossibleValuesParser::new(values))
            }
        })
        .mut_subcommands(|command| with_said_values(command, language))
}

/// The values that an argument may have, with their words in this language.
pub(crate) fn said_values(arg: &Arg, language: Language) -> Vec<PossibleValue> {
    let values = arg.get_possible_values().into_iter();
    let values = values.map(|value| match value.get_help().map(raw) {
        Some(help) => value.help(said(&help, language).to_owned()),
        None => value,
    });
    values.collect()
}

fn command_in(command: Command, language: Language) -> Command {
    let is_help = command.get_name() == "help";
    let text = |text: Option<&StyledStr>| text.map(|text| said(&raw(text), language).to_owned());
    let about = if is_help {
        Some(said(HELP_OF, language).to_owned())
    } else {
        text(command.get_about())
    };
    let says_more = command.get_arguments().any(has_more);
    let command = match about {
        Some(about) => command.about(about),
        None => command,
    };
    command
        .mut_args(|arg| {
            let help = match arg.get_id().as_str() {
                "help" if says_more => Some(said(HELP, language).to_owned()),
                "help" => Some(said(HELP_ONLY, language).to_owned()),
                "version" => Some(said(VERSION, language).to_owned()),
                _ => text(arg.get_help()),
            };
            let heading = arg.get_help_heading().map(str::to_owned);
            let arg = match help {
                // The long help of clap's own arguments, too.
                Some(help) => arg.help(help).long_help(Resettable::Reset),
                None => arg,
            };
            match heading {
                Some(heading) => arg.help_heading(said(&heading, language).to_owned()),
                None => arg,
            }
        })
        .mut_subcommands(|command| command_in(command, language))
}

/// A text as it was declared. Its usual form lacks the separator, as it lacks every control
/// character.
pub(crate) fn raw(text: &StyledStr) -> String {
    text.ansi().to_string()
}

/// Whether `--help` says more about an argument than `-h`.
fn has_more(arg: &Arg) -> bool {
    let values = arg.get_possible_values();
    !arg.is_hide_possible_values_set() && values.iter().any(|value| value.get_help().is_some())
}
