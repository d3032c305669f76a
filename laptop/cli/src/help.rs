//! How the help looks: headings, defaults and values in the language that was chosen, in lines that
//! fit into the terminal. clap's own would be English, and one line for each text.

use clap::{Arg, Command};
use loopback::pages::Language;

use crate::layout::lines;
use crate::style::{self, HEADING};
use crate::words::said_values;

/// How far clap indents the text of an argument.
const INDENT: usize = 10;

/// The command line, whose help has lines of this width. Its words are in this language already.
pub(crate) fn laid_out(command: Command, language: Language, width: usize) -> Command {
    let usage = language.say("使い方：", "Usage: ");
    let template = format!(
        "{{about-with-newline}}\n{HEADING}{usage}{HEADING:#}{{usage}}\n\n{{all-args}}{{after-help}}"
    );
    command
        .help_template(template)
        .styles(style::HELP)
        .subcommand_help_heading(language.say("コマンド", "Commands"))
        .mut_args(|arg| argument(arg, language, width))
        .mut_subcommands(|command| laid_out(command, language, width))
}

fn argument(arg: Arg, language: Language, width: usize) -> Arg {
    let arg = match arg.get_help_heading() {
        Some(_) => arg,
        None if arg.is_positional() => arg.help_heading(language.say("引数", "Arguments")),
        None => arg.help_heading(language.say("オプション", "Options")),
    };
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let takes_values = arg.get_action().takes_values();
    let defaults = arg.get_default_values().iter();
    let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
    if takes_values && !defaults.is_empty() && !arg.is_hide_default_value_set() {
        let default = language.say("既定：", "default: ");
        text = format!("{text} [{default}{}]", defaults.join(" "));
    }
    let values = if arg.is_hide_possible_values_set() {
        Vec::new()
    } else {
        said_values(&arg, language)
    };
    let text = lines(&text, width.saturating_sub(INDENT)).join("\n");
    let arg = arg
        .next_line_help(true)
        .hide_default_value(true)
        .hide_possible_values(true);
    if values.is_empty() {
        return arg.help(text);
    }
    let names: Vec<_> = values.iter().map(|value| value.get_name()).collect();
    let short = format!("{text} [{}]", names.join(", "));
    let inner = width.saturating_sub(INDENT);
    let long = values.iter().map(|value| {
        let name = value.get_name();
        let help = value.get_help().map(ToString::to_string);
        let value = help.map_or_else(|| name.to_owned(), |help| format!("{name}: {help}"));
        let value = lines(&value, inner.saturating_sub(2)).join("\n  ");
        format!("- {value}")
    });
    let long: Vec<String> = long.collect();
    arg.help(lines(&short, inner).join("\n"))
        .long_help(format!("{text}\n{}", long.join("\n")))
}
