//! The colours and weights of what the command prints. `anstream` leaves them out where no terminal
//! is, and with `NO_COLOR`.

use anstyle::{AnsiColor, Style};
use clap::builder::Styles;

/// A name that could be typed: a command, an option, a claim.
pub(crate) const NAME: Style = AnsiColor::Cyan.on_default();
/// The number of a hop.
pub(crate) const NUMBER: Style = AnsiColor::Cyan.on_default().bold();
/// What stands above others.
pub(crate) const HEADING: Style = Style::new().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What can be passed over.
pub(crate) const QUIET: Style = Style::new().dimmed();

/// The same for clap's help.
pub(crate) const HELP: Styles = Styles::plain()
    .header(HEADING)
    .usage(HEADING)
    .literal(NAME)
    .placeholder(QUIET);

/// A line that begins with a mark, and the mark in its colour.
pub(crate) fn marked(line: &str) -> String {
    let Some((mark, rest)) = line.split_once(' ') else {
        return line.to_owned();
    };
    let style = match mark {
        "✓" => GOOD,
        "✗" => BAD,
        "–" => QUIET,
        _ => return line.to_owned(),
    };
    format!("{style}{mark}{style:#} {rest}")
}
